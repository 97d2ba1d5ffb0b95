"""An xlwings engine over LibreOffice: the macros that people click in Excel, run in a real spreadsheet program.

It behaves as Excel does in what our macros use: a text written into a cell is read as if it had been typed unless an
apostrophe or the format @ protects it, a locked cell of a protected sheet refuses, formulas are English with commas.
What xlwings reaches only through Excel's own objects is offered as `api`, in Excel's names and no more of it than is
used. Every property or method that would cross into Excel's process is written into `calls`; making a Range object
is not, although on Windows it crosses as well. What LibreOffice is asked in order to play Excel's part does not count.

Not Excel's: formulas that give TRUE read as 1; allowed actions of a protected sheet are kept beside the program,
which forgets them when it saves; inserting rows into a protected sheet is refused even where Excel would allow it.
"""

# ruff: noqa: N802, N803 - members of `api` are called as Excel calls them

from __future__ import annotations

import datetime as dt
import functools
import os
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import xlwings as xw
from xlwings import base_classes, utils

import libreoffice

_FOLDER_OF_UNO = "/usr/lib/python3/dist-packages"
_EPOCH = dt.datetime(1899, 12, 30)
_ERRORS = {
    532: "#DIV/0!",
    32767: "#N/A",
    525: "#NAME?",
    524: "#REF!",
    519: "#VALUE!",
    502: "#VALUE!",
    503: "#NUM!",
    521: "#NULL!",
}
_OOXML, _XL_A1 = 5, 1  # com.sun.star.sheet.FormulaLanguage, AddressConvention
_CONSTANTS_AND_FORMULAS = 1 | 2 | 4 | 16  # com.sun.star.sheet.CellFlags
_DATES = 2
_ERROR_RESULTS = 4  # com.sun.star.sheet.FormulaResult
_LOGICAL, _TEXT = 1024, 256  # com.sun.star.util.NumberFormat
_ROWS, _COLUMNS = 1_048_576, 16_384
_LONGEST_OF_MANY = 8203
_HUNDREDTHS_OF_MM = 2540 / 72
_PROTECTED = "该单元格或图表位于受保护的工作表中。"


def missing() -> str:
    """Why this engine cannot be used here; empty when it can."""
    reason = libreoffice.missing()
    if not reason:
        try:
            _uno()
        except ImportError:
            reason = "the uno module is made for another Python than this one"
            if os.environ.get(libreoffice.REQUIRED) == "1":
                raise
    return reason


def _uno() -> Any:
    if _FOLDER_OF_UNO not in sys.path:
        sys.path.append(_FOLDER_OF_UNO)
    import uno

    return uno


class CellError(str):
    """An error in a cell: xlwings gives its text, or None, as it is asked to."""


class ExcelError(Exception):
    """What Excel raises as a COM error; 0x800A03EC stands for all that it refuses."""

    def __init__(self, text: str, hresult: int = -2146827284) -> None:
        super().__init__(text)
        self.hresult = hresult


@contextmanager
def excel(locale: str = "zh-CN") -> Iterator[xw.App]:
    """LibreOffice as xlwings' application, active for as long as the block lasts."""
    _uno()
    with libreoffice.profile_folder() as profile:
        libreoffice.set_locale(Path(profile), locale)
        with libreoffice.session(profile) as desktop:
            engine = xw.Engine(impl=Engine(desktop))
            before = xw.engines.active
            xw.engines.add(engine)
            engine.activate()
            try:
                yield xw.App(impl=engine.impl.app)
            finally:
                xw.engines.engines.remove(engine)
                del xw.engines.engines_by_name[engine.name]
                xw.engines.active = before
                for book in list(engine.impl.app.books.items):
                    book.document.close(True)


@contextmanager
def counted(app: xw.App) -> Iterator[Counter[str]]:
    """What crosses into the program within the block, by label; complete when the block has ended."""
    log = app.impl.engine.calls
    start = len(log)
    counts: Counter[str] = Counter()
    try:
        yield counts
    finally:
        counts.update(log[start:])


def _crossing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Write a call into the log, refuse it while the program is busy, and turn UNO's exceptions into ExcelError."""
    label = re.sub(r"\._(?!_)", ".", function.__qualname__)

    @functools.wraps(function)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        engine = self.engine
        engine.calls.append(label)
        if engine.refuses is not None:
            raise engine.refuses
        try:
            return function(self, *arguments, **named)
        except Exception as error:
            if type(error).__module__.startswith("com.sun.star") or "com.sun.star" in repr(type(error)):
                reason = str(getattr(error, "Message", ""))
                # A UNO exception cannot travel through a context manager: it takes no traceback.
                raise ExcelError(reason or _PROTECTED) from None
            raise

    return call


def _property(getter: Callable[..., Any], setter: Callable[..., Any] | None = None) -> property:
    return property(_crossing(getter), _crossing(setter) if setter else None)


class Engine:
    """The engine as xlwings sees it.

    Attributes:
        calls: labels of all crossings so far, such as ``Range.get_value``.
        refuses: what every crossing raises, as Excel does while a cell is being edited.
        printed: formulas as Excel writes them, by LibreOffice's own text; that text is complete in itself.
    """

    name, type = "libreoffice", "desktop"

    def __init__(self, desktop: Any) -> None:
        self.desktop = desktop
        self.calls: list[str] = []
        self.refuses: Exception | None = None
        self.app = App(self)
        self.apps = Apps(self)
        self.printed: dict[str, str] = {}
        self._op_codes: Any = None

    def op_codes(self, document: Any) -> Any:
        """What functions and operators are called in Excel's files: hundreds, and the same in every workbook."""
        if self._op_codes is None:
            mapper = document.createInstance("com.sun.star.sheet.FormulaOpCodeMapper")
            self._op_codes = mapper.getAvailableMappings(_OOXML, 0x7FFFFFFF)
        return self._op_codes

    @staticmethod
    def clean_value_data(
        data: Sequence[Sequence[Any]], dates: Any, empty: Any, numbers: Any, err_to_str: bool
    ) -> list[list[Any]]:
        def clean(value: Any) -> Any:
            if value is None or value == "":
                return empty
            if isinstance(value, CellError):
                return str(value) if err_to_str else None
            if isinstance(value, dt.datetime):
                return dates(
                    year=value.year,
                    month=value.month,
                    day=value.day,
                    hour=value.hour,
                    minute=value.minute,
                    second=value.second,
                    microsecond=value.microsecond,
                )
            if numbers is not None and isinstance(value, float):
                return numbers(value)
            return value

        if not isinstance(data, list):
            return [[clean(data)]]
        return [[clean(value) for value in row] for row in data]

    @staticmethod
    def prepare_xl_data_element(value: Any, options: Any) -> Any:
        return "" if value is None or value != value else value


class Apps(base_classes.Apps):
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __iter__(self) -> Iterator[App]:
        return iter([self.engine.app])

    def __len__(self) -> int:
        return 1

    def __getitem__(self, pid: int) -> App:
        return self.engine.app

    def keys(self) -> list[int]:
        return [self.engine.app.pid]


def _setting(name: str) -> property:
    """A setting of the application that LibreOffice need not know."""

    def getter(self: App) -> Any:
        return self.settings[name]

    def setter(self: App, value: Any) -> None:
        self.settings[name] = value

    getter.__qualname__, setter.__qualname__ = f"App.get_{name}", f"App.set_{name}"
    return _property(getter, setter)


class App(base_classes.App):
    pid = -2
    screen_updating = _setting("screen_updating")
    display_alerts = _setting("display_alerts")
    enable_events = _setting("enable_events")
    interactive = _setting("interactive")
    visible = _setting("visible")
    status_bar = _setting("status_bar")
    cut_copy_mode = _setting("cut_copy_mode")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.settings: dict[str, Any] = {
            "screen_updating": True,
            "display_alerts": True,
            "enable_events": True,
            "interactive": True,
            "visible": True,
            "status_bar": False,
            "cut_copy_mode": False,
            "calculation": "automatic",
        }
        self._books = Books(self)

    @property
    def engine(self) -> Engine:
        return self._engine

    @property
    def books(self) -> Books:
        return self._books

    @property
    def api(self) -> App:
        return self

    @property
    def version(self) -> str:
        return "16.0"

    def activate(self, steal_focus: bool = False) -> None:
        pass

    def _get_calculation(self) -> str:
        return str(self.settings["calculation"])

    def _set_calculation(self, mode: str) -> None:
        self.settings["calculation"] = mode
        for book in self._books.items:
            book.document.calculate()  # LibreOffice puts it off until somebody looks
            book.document.enableAutomaticCalculation(mode != "manual")

    calculation = _property(_get_calculation, _set_calculation)

    @_crossing
    def calculate(self) -> None:
        for book in self._books.items:
            book.document.calculateAll()  # what is dirty alone would leave out CELL("filename")

    def _get_selection(self) -> Range | None:
        book = self._books.current
        area = book.document.CurrentSelection
        if not hasattr(area, "RangeAddress"):
            return None
        return Range.of(book, area.RangeAddress)

    selection = _property(_get_selection)

    def quit(self) -> None:
        raise NotImplementedError("the program ends with its block")


class Books(base_classes.Books):
    def __init__(self, app: App) -> None:
        self.app, self.engine = app, app.engine
        self.items: list[Book] = []
        self.current: Any = None

    api = None

    @property
    def active(self) -> Book:
        if self.current is None:
            raise KeyError("no workbook is open")
        return self.current  # type: ignore[no-any-return]

    @_crossing
    def open(self, fullname: str, *_: Any, read_only: bool | None = None, **__: Any) -> Book:
        path = os.path.realpath(fullname)
        document = self._load(_uno().systemPathToFileUrl(path), ReadOnly=bool(read_only))
        if document is None:
            raise ExcelError(f"cannot open {path}")
        return self._opened(Book(self, document, path, bool(read_only)))

    @_crossing
    def add(self) -> Book:
        return self._opened(Book(self, self._load("private:factory/scalc"), f"工作簿{len(self.items) + 1}"))

    def _load(self, url: str, **options: Any) -> Any:
        properties = libreoffice.properties(Hidden=True, **options)
        return self.engine.desktop.loadComponentFromURL(url, "_blank", 0, properties)

    def _opened(self, book: Book) -> Book:
        book.document.enableAutomaticCalculation(self.app.settings["calculation"] != "manual")
        self.items.append(book)
        self.current = book
        return book

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Book]:
        return iter(self.items)

    def __call__(self, key: int | str) -> Book:
        if isinstance(key, int):
            return self.items[key - 1]
        for book in self.items:
            if key in (Path(book.path).name, book.path):
                return book
        raise KeyError(key)


class Book(base_classes.Book):
    def __init__(self, books: Books, document: Any, path: str, read_only: bool = False) -> None:
        self.books, self.engine, self.document, self.path = books, books.engine, document, path
        self.read_only = read_only
        self.allowed = _allowed_actions(path)
        self.selectable: dict[str, int] = {}
        self._names: tuple[str, ...] = ()
        self._tabs: dict[str, Any] = {}
        self._scopes: dict[str, Any] = {}
        self._kinds: dict[int, int] = {}

    # To get an object from the program costs ten times as much as to ask one that is here already.

    @functools.cached_property
    def tabs(self) -> Any:
        return self.document.Sheets

    @functools.cached_property
    def controller(self) -> Any:
        return self.document.CurrentController

    @functools.cached_property
    def formats(self) -> Any:
        return self.document.NumberFormats

    @functools.cached_property
    def parser(self) -> Any:
        parser = self.document.createInstance("com.sun.star.sheet.FormulaParser")
        parser.FormulaConvention = _XL_A1
        parser.OpCodeMap = self.engine.op_codes(self.document)
        return parser

    @property
    def tab_names(self) -> tuple[str, ...]:
        """The sheets in their order; what is kept of them holds for as long as they are the same."""
        names = tuple(self.tabs.ElementNames)
        if names != self._names:
            self._names = names
            self._tabs.clear()
            self._scopes.clear()
        return names

    def tab(self, name: str) -> Any:
        """UNO's object for one of the `tab_names`."""
        if name not in self._tabs:
            self._tabs[name] = self.tabs.getByName(name)
        return self._tabs[name]

    def scope(self, sheet: str | None = None) -> Any:
        """The names of a sheet, or those of the workbook."""
        if sheet is None:
            return self._workbook_names
        if sheet not in self.tab_names:
            raise ExcelError(f"no sheet {sheet}")
        if sheet not in self._scopes:
            self._scopes[sheet] = self.tab(sheet).NamedRanges
        return self._scopes[sheet]

    @functools.cached_property
    def _workbook_names(self) -> Any:
        return self.document.NamedRanges

    def kind(self, number_format: int) -> int:
        """What kind of number format a key stands for."""
        if number_format not in self._kinds:
            self._kinds[number_format] = int(self.formats.getByKey(number_format).Type)
        return self._kinds[number_format]

    @property
    def app(self) -> App:
        return self.books.app

    @property
    def api(self) -> BookApi:
        return BookApi(self)

    @_crossing
    def get_name(self) -> str:
        return Path(self.path).name

    name = property(get_name)

    @_crossing
    def get_fullname(self) -> str:
        return self.path

    fullname = property(get_fullname)

    @property
    def sheets(self) -> Sheets:
        return Sheets(self)

    @property
    def names(self) -> Names:
        return Names(self, None)

    def activate(self) -> None:
        self.books.current = self

    @_crossing
    def save(self, path: str | None = None, password: str | None = None) -> None:
        if self.read_only and path is None:
            raise ExcelError("只读")
        self.path = os.path.realpath(path) if path else self.path
        libreoffice.store(self.document, self.path)

    @_crossing
    def close(self) -> None:
        self.document.close(True)
        self.books.items.remove(self)
        if self.books.current is self:
            self.books.current = self.books.items[-1] if self.books.items else None

    # formulas as Excel writes them

    def printed(self, cell: Any) -> str:
        """The formula of a cell."""
        text = self.parser.printFormula(cell.getTokens(), cell.CellAddress)
        # A function that nobody has registered is a name for LibreOffice, and printed in small letters.
        return "=" + re.sub(r"\bjx_[a-z_]+(?=\()", lambda match: match[0].upper(), text)

    def enter(self, cell: Any, formula: str) -> None:
        """Put a formula into a cell."""
        cell.setTokens(self.parser.parseFormula(formula.removeprefix("="), cell.CellAddress))


class BookApi:
    """The members of Excel's Workbook that our code uses."""

    def __init__(self, book: Book) -> None:
        self._book, self.engine = book, book.engine

    @_crossing
    def SaveCopyAs(self, path: str) -> None:
        libreoffice.store(self._book.document, os.path.realpath(path))

    @_crossing
    def LinkSources(self, kind: int) -> tuple[str, ...] | None:
        urls = self._book.document.ExternalDocLinks.ElementNames if kind == 1 else ()
        return tuple(unquote(url.removeprefix("file://")) for url in urls) or None

    def _read_only(self) -> bool:
        return self._book.read_only

    def _get_saved(self) -> bool:
        return not self._book.document.isModified()

    def _set_saved(self, value: bool) -> None:
        self._book.document.setModified(not value)

    def _structure(self) -> bool:
        return bool(self._book.document.isProtected())

    ReadOnly = _property(_read_only)
    Saved = _property(_get_saved, _set_saved)
    ProtectStructure = _property(_structure)


class Sheets(base_classes.Sheets):
    def __init__(self, book: Book) -> None:
        self.book, self.engine = book, book.engine

    api = None

    def _active(self) -> Sheet:
        return Sheet(self.book, self.book.controller.ActiveSheet)

    active = _property(_active)

    def __call__(self, key: int | str) -> Sheet:
        names = self.book.tab_names
        if isinstance(key, int):
            return Sheet(self.book, self.book.tab(names[key - 1]))
        for name in names:
            if name.lower() == key.lower():
                return Sheet(self.book, self.book.tab(name))
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.book.tab_names)

    def __iter__(self) -> Iterator[Sheet]:
        return iter([Sheet(self.book, self.book.tab(name)) for name in self.book.tab_names])

    @_crossing
    def add(self, before: Sheet | None = None, after: Sheet | None = None, name: str | None = None) -> Sheet:
        place = _place(before, after, 0)
        new = name or f"Sheet{len(self) + 1}"
        self.book.tabs.insertNewByName(new, place)
        return self(new)


def _common(cells: Any, name: str) -> Any:
    """A property that all cells have in common; None when they differ."""
    return None if cells.getPropertyState(name).value == "AMBIGUOUS_VALUE" else getattr(cells, name)


def _place(before: Sheet | None, after: Sheet | None, otherwise: int) -> int:
    """Where a new sheet goes, counted from 0."""
    if before is not None:
        return before.position
    return after.position + 1 if after is not None else otherwise


class Sheet(base_classes.Sheet):
    def __init__(self, book: Book, sheet: Any) -> None:
        self._book, self.engine, self.sheet = book, book.engine, sheet

    @property
    def book(self) -> Book:
        return self._book

    @property
    def api(self) -> SheetApi:
        return SheetApi(self)

    @property
    def position(self) -> int:
        return int(self.sheet.RangeAddress.Sheet)

    def _get_name(self) -> str:
        return str(self.sheet.Name)

    def _set_name(self, name: str) -> None:
        if len(name) > 31 or re.search(r"[\[\]:*?/\\]", name) or not name:
            raise ExcelError("工作表名称无效")
        allowed = self._book.allowed.pop(self.sheet.Name, None)
        self.sheet.setName(name)
        if allowed is not None:
            self._book.allowed[name] = allowed

    name = _property(_get_name, _set_name)

    def _index(self) -> int:
        return self.position + 1

    index = _property(_index)

    def _get_visible(self) -> bool:
        return bool(self.sheet.IsVisible)

    def _set_visible(self, value: bool) -> None:
        self.sheet.IsVisible = bool(value)

    visible = _property(_get_visible, _set_visible)

    @property
    def names(self) -> Names:
        return Names(self._book, self)

    @property
    def cells(self) -> Range:
        return Range(self, (1, 1), (_ROWS, _COLUMNS))

    def _used_range(self) -> Range:
        cursor = self.sheet.createCursor()
        cursor.gotoStartOfUsedArea(False)
        first = cursor.RangeAddress
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        return Range(self, (first.StartRow + 1, first.StartColumn + 1), (last.EndRow + 1, last.EndColumn + 1))

    used_range = _property(_used_range)

    def range(self, first: Any, last: Any = None) -> Range:
        if isinstance(first, int):
            return Range(self, (first, last))
        if isinstance(first, str):
            return self._named(first, last)
        if isinstance(first, Range):
            last = last or first
            rows = [first.first[0], first.last[0], last.first[0], last.last[0]]
            columns = [first.first[1], first.last[1], last.first[1], last.last[1]]
            return Range(self, (min(rows), min(columns)), (max(rows), max(columns)))
        if len(first) == 4:
            row, column, rows, columns = first
            return Range(self, (row, column), (row + rows - 1, column + columns - 1))
        if 0 in first:
            raise IndexError("ranges count from 1")
        return Range(self, first, last)

    def _named(self, address: str, last: Any) -> Range:
        start, end = utils.a1_to_tuples(address.replace("$", ""))
        if start is not None:
            if last is not None:
                end = utils.a1_to_tuples(last.replace("$", ""))[0]
            return Range(self, start, end)
        for names in (self.names, self._book.names):
            if names.contains(address):
                return names(address).refers_to_range
        raise ExcelError(f"no range {address}")

    @_crossing
    def activate(self) -> None:
        if not self.sheet.IsVisible:
            raise ExcelError("a hidden sheet cannot be activated")
        self._book.controller.setActiveSheet(self.sheet)

    def select(self) -> None:
        self.activate()

    @_crossing
    def delete(self) -> None:
        if len(self._book.tab_names) == 1:
            raise ExcelError("工作簿至少须有一张可视工作表")
        self._book.tabs.removeByName(self.sheet.Name)

    @_crossing
    def clear(self) -> None:
        self.sheet.clearContents(1023)

    @_crossing
    def clear_contents(self) -> None:
        self.sheet.clearContents(_CONSTANTS_AND_FORMULAS)

    @_crossing
    def copy(self, before: Sheet | None = None, after: Sheet | None = None) -> None:
        target = (before or after or self)._book
        sheets = target.tabs
        name, taken = self.sheet.Name, {each.lower() for each in sheets.ElementNames}
        new, number = name, 2
        while new.lower() in taken:
            new = f"{name} ({number})"
            number += 1
        place = _place(before, after, sheets.Count)
        if target is self._book:
            sheets.copyByName(name, new, place)
        else:
            sheets.importSheet(self._book.document, name, place)
        if name in self._book.allowed:
            target.allowed[new] = dict(self._book.allowed[name])
        target.controller.setActiveSheet(sheets.getByIndex(place))  # as Excel does

    @_crossing
    def move(self, before: Sheet | None = None, after: Sheet | None = None) -> None:
        self._book.tabs.moveByName(self.sheet.Name, _place(before, after, 0))


#: The arguments of Excel's Worksheet.Protect behind Password, in their order.
PROTECT_ARGUMENTS = (
    "DrawingObjects",
    "Contents",
    "Scenarios",
    "UserInterfaceOnly",
    "AllowFormattingCells",
    "AllowFormattingColumns",
    "AllowFormattingRows",
    "AllowInsertingColumns",
    "AllowInsertingRows",
    "AllowInsertingHyperlinks",
    "AllowDeletingColumns",
    "AllowDeletingRows",
    "AllowSorting",
    "AllowFiltering",
    "AllowUsingPivotTables",
)
_ATTRIBUTES = {
    name: "".join((short[0].lower(), short[1:]))
    for name in PROTECT_ARGUMENTS[4:]
    for short in (name.removeprefix("Allow").replace("Formatting", "Format").replace("Inserting", "Insert"),)
} | {
    "AllowDeletingColumns": "deleteColumns",
    "AllowDeletingRows": "deleteRows",
    "AllowSorting": "sort",
    "AllowFiltering": "autoFilter",
    "AllowUsingPivotTables": "pivotTables",
}
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PROTECTION = re.compile(rb"<sheetProtection\b[^>]*/>")  # the rest of a sheet is long, and of no use here
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def _allowed_actions(path: str) -> dict[str, dict[str, bool]]:
    """How each protected sheet of a file is protected, which LibreOffice does not tell; by sheet."""
    if not zipfile.is_zipfile(path):
        return {}
    found = {}
    with zipfile.ZipFile(path) as parts:
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        targets = {each.get("Id"): each.get("Target", "") for each in relations}
        for sheet in book.iter(f"{_MAIN}sheet"):
            target = targets[sheet.get(f"{_REL}id")]
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            element = _PROTECTION.search(parts.read(part))
            protection = {} if element is None else ElementTree.fromstring(element[0]).attrib
            if protection.get("sheet") in ("1", "true"):
                options = {
                    "DrawingObjects": protection.get("objects") in ("1", "true"),
                    "Contents": True,
                    "Scenarios": protection.get("scenarios") in ("1", "true"),
                    "UserInterfaceOnly": False,
                }
                for name, attribute in _ATTRIBUTES.items():
                    options[name] = protection.get(attribute) in ("0", "false")
                found[sheet.get("name", "")] = options
    return found


class SheetApi:
    """The members of Excel's Worksheet that our code uses."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self.engine = sheet, sheet.engine

    @property
    def _options(self) -> dict[str, bool]:
        return self._sheet.book.allowed.get(self._sheet.sheet.Name, {})

    @_crossing
    def Protect(self, Password: str = "", *given: Any, **named: Any) -> None:
        options = dict.fromkeys(PROTECT_ARGUMENTS, False) | {"Contents": True, "DrawingObjects": True}
        options |= dict(zip(PROTECT_ARGUMENTS, given, strict=False)) | named
        self._sheet.sheet.protect(Password or "")
        self._sheet.book.allowed[self._sheet.sheet.Name] = options

    @_crossing
    def Unprotect(self, Password: str = "") -> None:
        try:
            self._sheet.sheet.unprotect(Password or "")
        except Exception:
            raise ExcelError("您提供的密码不正确。") from None
        if self._sheet.sheet.isProtected():
            raise ExcelError("您提供的密码不正确。")

    def _contents(self) -> bool:
        return bool(self._sheet.sheet.isProtected())

    def _drawings(self) -> bool:
        return self._contents() and self._options.get("DrawingObjects", False)

    def _scenarios(self) -> bool:
        return self._contents() and self._options.get("Scenarios", False)

    def _interface(self) -> bool:
        return self._contents() and self._options.get("UserInterfaceOnly", False)

    def _get_selection(self) -> int:
        return self._sheet.book.selectable.get(self._sheet.sheet.Name, 0)

    def _set_selection(self, value: int) -> None:
        self._sheet.book.selectable[self._sheet.sheet.Name] = value

    ProtectContents = _property(_contents)
    ProtectDrawingObjects = _property(_drawings)
    ProtectScenarios = _property(_scenarios)
    ProtectionMode = _property(_interface)
    EnableSelection = _property(_get_selection, _set_selection)

    @property
    def Protection(self) -> Protection:
        return Protection(self)

    def Range(self, address: str) -> AreasApi:
        if len(address) > 255:
            raise ExcelError("an address has at most 255 characters")
        return AreasApi(self._sheet, [self._sheet.range(part) for part in address.split(",")])


class Protection:
    """What a protected sheet allows: AllowInsertingRows and its like."""

    def __init__(self, api: SheetApi) -> None:
        self._api, self.engine = api, api.engine

    def __getattr__(self, name: str) -> bool:
        if name not in PROTECT_ARGUMENTS[4:]:
            raise AttributeError(name)
        self.engine.calls.append(f"Protection.{name}")
        return self._api._options.get(name, False)


class AreasApi:
    """Several ranges at once, such as Excel's Range("A4,A7:A9")."""

    def __init__(self, sheet: Sheet, areas: list[Range]) -> None:
        self._areas, self.engine = areas, sheet.engine

    def _get_height(self) -> float | None:
        heights = {area.height_of_rows() for area in self._areas}
        return heights.pop() if len(heights) == 1 else None

    def _set_height(self, points: float) -> None:
        for area in self._areas:
            area.set_height_of_rows(points)

    def _get_locked(self) -> bool | None:
        protections = [_common(area.area, "CellProtection") for area in self._areas]
        found = {None if each is None else bool(each.IsLocked) for each in protections}
        return found.pop() if len(found) == 1 else None

    def _set_locked(self, value: bool) -> None:
        for area in self._areas:
            protection = area.area.CellProtection
            protection.IsLocked = value
            area.area.CellProtection = protection

    def _prefix(self) -> str:
        cell = self._areas[0].cell
        return "'" if cell.Type.value == "TEXT" and cell.Formula.startswith("'") else ""

    @_crossing
    def ClearHyperlinks(self) -> None:
        """Links are part of a text in LibreOffice, and go with it when something else is written."""

    RowHeight = _property(_get_height, _set_height)
    Locked = _property(_get_locked, _set_locked)
    PrefixCharacter = _property(_prefix)

    @property
    def EntireRow(self) -> EntireRow:
        return EntireRow(self._areas, self.engine)


class EntireRow:
    def __init__(self, areas: list[Range], engine: Engine) -> None:
        self._areas, self.engine = areas, engine

    def _get_hidden(self) -> bool | None:
        found = {not area.area.Rows.IsVisible for area in self._areas}
        return found.pop() if len(found) == 1 else None

    def _set_hidden(self, value: bool) -> None:
        for area in self._areas:
            area.area.Rows.IsVisible = not value

    Hidden = _property(_get_hidden, _set_hidden)


class Range(base_classes.Range):
    """Cells from `first` to `last`, each (row, column) from 1."""

    has_array = False
    options: Any = None
    table = None

    def __init__(self, sheet: Sheet, first: tuple[int, int], last: tuple[int, int] | None = None) -> None:
        self.sheet, self.engine, self.first, self.last = sheet, sheet.engine, first, last or first

    @classmethod
    def of(cls, book: Book, area: Any) -> Range:
        """The range that a UNO address names."""
        sheet = Sheet(book, book.tab(book.tab_names[area.Sheet]))
        return cls(sheet, (area.StartRow + 1, area.StartColumn + 1), (area.EndRow + 1, area.EndColumn + 1))

    @property
    def area(self) -> Any:
        return self.sheet.sheet.getCellRangeByPosition(
            self.first[1] - 1, self.first[0] - 1, self.last[1] - 1, self.last[0] - 1
        )

    @property
    def cell(self) -> Any:
        return self.sheet.sheet.getCellByPosition(self.first[1] - 1, self.first[0] - 1)

    @property
    def api(self) -> AreasApi:
        return AreasApi(self.sheet, [self])

    @property
    def row(self) -> int:
        return self.first[0]

    @property
    def column(self) -> int:
        return self.first[1]

    @property
    def shape(self) -> tuple[int, int]:
        return self.last[0] - self.first[0] + 1, self.last[1] - self.first[1] + 1

    @property
    def coords(self) -> tuple[Any, ...]:
        return (self.sheet.sheet.Name, *self.first, *self.shape)

    @property
    def address(self) -> str:
        return self.get_address(True, True, False)

    def get_address(self, rows: bool, columns: bool, external: bool) -> str:
        def one(place: tuple[int, int]) -> str:
            return f"{'$' * columns}{utils.col_name(place[1])}{'$' * rows}{place[0]}"

        address = one(self.first) + (f":{one(self.last)}" if self.last != self.first else "")
        if not external:
            return address
        return f"'[{Path(self.sheet.book.path).name}]{self.sheet.sheet.Name}'!{address}"

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, row: int, column: int | None = None) -> Range:
        if column is None:
            row, column = (row - 1) // self.shape[1] + 1, (row - 1) % self.shape[1] + 1
        return Range(self.sheet, (self.row + row - 1, self.column + column - 1))

    # -- values

    @_crossing
    def get_value(self) -> Any:
        area = self.area
        rows = [list(row) for row in area.getDataArray()]
        for row, column in self._within(area.queryFormulaCells(_ERROR_RESULTS)):
            rows[row][column] = CellError(
                _ERRORS.get(area.getCellByPosition(column, row).getError(), "#VALUE!")
            )
        for row, column in self._within(area.queryContentCells(_DATES)):
            rows[row][column] = _EPOCH + dt.timedelta(rows[row][column])
        asked = {(r, c) for r, row in enumerate(rows) for c, v in enumerate(row) if v in (0, 1)}
        kinds = self._kinds(area, asked)
        for (row, column), kind in kinds.items():
            if kind & _LOGICAL:
                rows[row][column] = bool(rows[row][column])
        return rows[0][0] if self.shape == (1, 1) else rows

    def _within(self, found: Any) -> Iterator[tuple[int, int]]:
        """The cells of a UNO query, by row and column within this range."""
        for part in found.RangeAddresses:
            for row in range(part.StartRow, part.EndRow + 1):
                for column in range(part.StartColumn, part.EndColumn + 1):
                    yield row - self.first[0] + 1, column - self.first[1] + 1

    def _kinds(self, area: Any, cells: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """The kind of number format of some cells within this range; those without a common one are asked singly."""
        if not cells:
            return {}
        whole = _common(area, "NumberFormat")
        if whole is not None:
            return dict.fromkeys(cells, self.sheet.book.kind(whole))
        kinds = {}
        for column in {column for _, column in cells}:
            rows = sorted(row for row, other in cells if other == column)
            one = _common(area.getCellRangeByPosition(column, rows[0], column, rows[-1]), "NumberFormat")
            for row in rows:
                key = one if one is not None else area.getCellByPosition(column, row).NumberFormat
                kinds[row, column] = self.sheet.book.kind(key)
        return kinds

    @_crossing
    def set_value(self, value: Any) -> None:
        rows, columns = self.shape
        scalar = not isinstance(value, (list, tuple))
        given = [[value] * columns] * rows if scalar else [list(row) for row in value]
        if rows * columns > 1 and any(len(str(v)) > _LONGEST_OF_MANY for row in given for v in row):
            raise ExcelError("a text is too long to be written among others")
        asked = {(r, c) for r, row in enumerate(given) for c, v in enumerate(row) if _may_change(v)}
        area = self.area
        kinds = self._kinds(area, asked)
        plain: list[list[Any]] = [[""] * columns for _ in range(rows)]
        formulas: dict[tuple[int, int], str] = {}
        formats: dict[tuple[int, int], str] = {}
        for r, row in enumerate(given):
            for c, v in enumerate(row):
                content, code = _entered(v, bool(kinds.get((r, c), 0) & _TEXT))
                if isinstance(content, _Formula):
                    formulas[r, c] = str(content)
                else:
                    plain[r][c] = content
                if code:
                    formats[r, c] = code
        area.setDataArray(tuple(map(tuple, plain)))
        for (r, c), formula in formulas.items():
            self.sheet.book.enter(area.getCellByPosition(c, r), formula)
        for (r, c), code in formats.items():
            self(r + 1, c + 1).put_format(code)

    raw_value = property(get_value, set_value)
    max_cells_per_read = property(lambda self: None)
    max_cells_per_write = property(lambda self: None)

    @_crossing
    def get_formula(self) -> Any:
        area = self.area
        rows = [list(row) for row in area.getFormulaArray()]
        printed = self.engine.printed
        for row, column in self._within(area.queryContentCells(16)):
            own = rows[row][column]  # as LibreOffice writes it, and that says how Excel would
            if own not in printed:
                printed[own] = self.sheet.book.printed(area.getCellByPosition(column, row))
            rows[row][column] = printed[own]
        for row in rows:
            row[:] = [text[1:] if text.startswith("'") else text for text in row]
        return rows[0][0] if self.shape == (1, 1) else tuple(map(tuple, rows))

    def set_formula(self, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            self.set_value(value if isinstance(value[0], (list, tuple)) else [value])
            return
        self.set_value(value)
        if isinstance(value, str) and value.startswith("=") and len(self) > 1:
            # One formula for many cells: its references move along, as if it had been copied.
            target = self.sheet.sheet
            first = self(1, 1)
            self.area.clearContents(_CONSTANTS_AND_FORMULAS)
            self.sheet.book.enter(first.cell, value)
            for row in range(self.first[0] - 1, self.last[0]):
                for column in range(self.first[1] - 1, self.last[1]):
                    if (row + 1, column + 1) != self.first:
                        cell = target.getCellByPosition(column, row)
                        cell.setTokens(first.cell.getTokens())

    formula = property(get_formula, set_formula)
    formula2 = formula

    @_crossing
    def clear_contents(self) -> None:
        self.area.clearContents(_CONSTANTS_AND_FORMULAS)

    @_crossing
    def clear(self) -> None:
        self.area.clearContents(1023)

    @_crossing
    def clear_formats(self) -> None:
        self.area.clearContents(32)

    # -- looks

    @_crossing
    def get_number_format(self) -> str | None:
        key = _common(self.area, "NumberFormat")
        if key is None:
            return None
        entry = self.sheet.book.formats.getByKey(key)
        code = str(entry.FormatString)
        if code in ("常规", "Standard", "G/通用格式"):
            return "General"
        # LibreOffice writes dates in capitals.
        return re.sub(
            r'"[^"]*"|\[[^\]]*\]|General|[YMDHS]+',
            lambda m: m[0].lower() if m[0].isupper() else m[0],
            code,
        )

    def put_format(self, code: str) -> None:
        locale = _uno().createUnoStruct("com.sun.star.lang.Locale", "en", "US", "")
        formats = self.sheet.book.formats
        key = formats.queryKey(code, locale, False)
        self.area.NumberFormat = key if key >= 0 else formats.addNew(code, locale)

    @_crossing
    def set_number_format(self, code: str) -> None:
        self.put_format(code)

    number_format = property(get_number_format, set_number_format)

    def _get_color(self) -> tuple[int, int, int] | None:
        color = _common(self.area, "CellBackColor")
        return None if color in (-1, None) else (color >> 16 & 255, color >> 8 & 255, color & 255)

    def _set_color(self, value: Any) -> None:
        if isinstance(value, str):
            value = utils.hex_to_rgb(value)
        self.area.CellBackColor = -1 if value is None else value[0] << 16 | value[1] << 8 | value[2]

    color = _property(_get_color, _set_color)

    @property
    def font(self) -> Font:
        return Font(self)

    def height_of_rows(self) -> float | None:
        heights = {row.Height for row in self._rows()}
        return round(heights.pop() / _HUNDREDTHS_OF_MM, 2) if len(heights) == 1 else None

    def set_height_of_rows(self, points: float) -> None:
        if not 0 <= points <= 409.5:
            raise ExcelError("row height out of bounds")
        self.area.Rows.Height = round(points * _HUNDREDTHS_OF_MM)

    def _rows(self) -> Iterator[Any]:
        rows = self.area.Rows
        return (rows.getByIndex(k) for k in range(rows.Count))

    row_height = _property(height_of_rows, set_height_of_rows)

    def _get_row_hidden(self) -> bool | None:
        found = {not row.IsVisible for row in self._rows()}
        return found.pop() if len(found) == 1 else None

    def _set_row_hidden(self, value: bool) -> None:
        self.area.Rows.IsVisible = not value

    row_hidden = _property(_get_row_hidden, _set_row_hidden)

    def _get_column_hidden(self) -> bool | None:
        columns = self.area.Columns
        found = {not columns.getByIndex(k).IsVisible for k in range(columns.Count)}
        return found.pop() if len(found) == 1 else None

    def _set_column_hidden(self, value: bool) -> None:
        self.area.Columns.IsVisible = not value

    column_hidden = _property(_get_column_hidden, _set_column_hidden)

    @_crossing
    def autofit(self, axis: str | None = None) -> None:
        if axis != "c":
            self.area.Rows.OptimalHeight = True
        if axis != "r":
            self.area.Columns.OptimalWidth = True

    # -- structure

    @_crossing
    def insert(self, shift: str | None = None, copy_origin: str | None = None) -> None:
        self._shift(insert=True)

    @_crossing
    def delete(self, shift: str | None = None) -> None:
        self._shift(insert=False)

    def _shift(self, insert: bool) -> None:
        """Insert or delete whole rows or columns; our macros shift nothing else."""
        if self.sheet.sheet.isProtected():
            raise ExcelError(_PROTECTED)
        if self.shape[1] == _COLUMNS:
            line, start, count = self.sheet.sheet.Rows, self.first[0], self.shape[0]
        elif self.shape[0] == _ROWS:
            line, start, count = self.sheet.sheet.Columns, self.first[1], self.shape[1]
        else:
            raise NotImplementedError("only whole rows or columns are inserted and deleted")
        (line.insertByIndex if insert else line.removeByIndex)(start - 1, count)

    @_crossing
    def copy(self, destination: Range | None = None) -> None:
        if destination is None:
            raise NotImplementedError("the clipboard is not used")
        destination = getattr(destination, "impl", destination)
        down = max(1, destination.shape[0] // self.shape[0])
        across = max(1, destination.shape[1] // self.shape[1])
        target = destination.sheet.sheet
        if target.isProtected() and target.Name != "":
            probe = _common(destination.area, "CellProtection")
            if probe is None or probe.IsLocked:
                raise ExcelError(_PROTECTED)
        for k in range(down):
            for j in range(across):
                cell = target.getCellByPosition(
                    destination.first[1] - 1 + j * self.shape[1], destination.first[0] - 1 + k * self.shape[0]
                )
                target.copyRange(cell.CellAddress, self.area.RangeAddress)

    def _merged(self) -> bool | None:
        if len(self) == 1:
            cursor = self.sheet.sheet.createCursorByRange(self.area)
            cursor.collapseToMergedArea()
            area = cursor.RangeAddress
            return bool(area.EndRow > area.StartRow or area.EndColumn > area.StartColumn)
        return bool(self.area.IsMerged)

    merge_cells = _property(_merged)

    def _merge_area(self) -> Range:
        cursor = self.sheet.sheet.createCursorByRange(self(1, 1).area)
        cursor.collapseToMergedArea()
        return Range.of(self.sheet.book, cursor.RangeAddress)

    merge_area = _property(_merge_area)

    @_crossing
    def merge(self, across: bool = False) -> None:
        for row in range(self.first[0], self.last[0] + 1) if across else ():
            Range(self.sheet, (row, self.first[1]), (row, self.last[1])).area.merge(True)
        if not across:
            self.area.merge(True)

    @_crossing
    def unmerge(self) -> None:
        self.area.merge(False)

    @_crossing
    def select(self) -> None:
        controller = self.sheet.book.controller
        if controller.ActiveSheet.Name != self.sheet.sheet.Name:
            raise ExcelError("only cells of the active sheet can be selected")
        controller.select(self.area)

    def _get_name(self) -> Any:
        return None

    def _set_name(self, value: str) -> None:
        self.sheet.book.names.add(value, f"={_quoted(self.sheet.sheet.Name)}!{self.address}")

    name = _property(_get_name, _set_name)

    @_crossing
    def end(self, direction: str) -> Range:
        down, right = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}[direction]
        row, column = self.first

        def filled(row: int, column: int) -> bool:
            inside = 0 < row <= _ROWS and 0 < column <= _COLUMNS
            return inside and Range(self.sheet, (row, column)).cell.Type.value != "EMPTY"

        while filled(row + down, column + right):
            row, column = row + down, column + right
        return Range(self.sheet, (row, column))


class Font(base_classes.Font):
    def __init__(self, cells: Range) -> None:
        self._cells, self.engine = cells, cells.engine

    def _get_bold(self) -> bool | None:
        weight = _common(self._cells.area, "CharWeight")
        return None if weight is None else weight > 100

    def _set_bold(self, value: bool) -> None:
        self._cells.area.CharWeight = 150.0 if value else 100.0

    bold = _property(_get_bold, _set_bold)


class _Formula(str):
    pass


#: A formula that gives each error, for errors that are typed.
_GIVING = {
    "#DIV/0!": "=1/0",
    "#N/A": "=NA()",
    "#NAME?": "=没有这个名称",
    "#REF!": '=INDIRECT("")',
    "#VALUE!": '=1*"x"',
    "#NUM!": "=SQRT(-1)",
}
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?")
_DATE = re.compile(r"(\d{2}|\d{4})(?:[-/]|年)(\d{1,2})(?:[-/]|月)(\d{1,2})日?")
_MONTH_AND_DAY = re.compile(r"(\d{1,2})(?:[-/]|月)(\d{1,2})日?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_FRACTION = re.compile(r"(-?\d+) (\d+)/(\d+)")


def _may_change(value: Any) -> bool:
    """Whether what is stored depends on the format of the cell."""
    if isinstance(value, str):
        return value != "" and not value.startswith("'")
    return value is not None


def _entered(value: Any, as_text: bool) -> tuple[Any, str]:
    """What a cell holds after `value` was entered, and the number format that this gives it, if any."""
    if value is None or value == "":
        return "", ""
    if isinstance(value, str) and value.startswith("'"):
        return value[1:], ""
    if as_text:
        return _as_typed(value), ""
    if isinstance(value, bool):
        return float(value), "BOOLEAN"
    if isinstance(value, (dt.datetime, dt.date)):
        moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)
        return (moment - _EPOCH) / dt.timedelta(1), "yyyy/m/d"
    if isinstance(value, str):
        return _typed(value)
    return float(value), ""


def _as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:.15g}" if isinstance(value, (int, float)) else str(value)


def _typed(text: str) -> tuple[Any, str]:
    """Read a text as Excel reads what is typed."""
    if text.startswith("=") and len(text) > 1:
        return _Formula(text), ""
    plain = text.strip()
    number, percent = (plain[:-1].strip(), True) if plain.endswith("%") else (plain, False)
    if number.startswith("(") and number.endswith(")") and number[1:2].isdigit():
        number = "-" + number[1:-1]
    if re.search(r"\d", number) and _NUMBER.fullmatch(number):
        return float(number.replace(",", "")) / (100 if percent else 1), "0.00%" if percent else ""
    if plain.upper() in ("TRUE", "FALSE"):
        return float(plain.upper() == "TRUE"), "BOOLEAN"
    if plain in _GIVING:
        return _Formula(_GIVING[plain]), ""
    if match := _FRACTION.fullmatch(plain):
        return float(match[1]) + float(match[2]) / float(match[3]), "# ?/?"
    if match := _TIME.fullmatch(plain):
        return int(match[1]) / 24 + int(match[2]) / 1440 + int(match[3] or 0) / 86400, "h:mm"
    for pattern, code in ((_DATE, "yyyy/m/d"), (_MONTH_AND_DAY, 'm"月"d"日"')):
        match = pattern.fullmatch(plain)
        if match:
            parts = [int(part) for part in match.groups()]
            if len(parts) == 2:
                parts.insert(0, dt.date.today().year)
            if parts[0] < 100:
                parts[0] += 2000 if parts[0] < 30 else 1900
            try:
                day = dt.datetime(parts[0], parts[1], parts[2])
            except ValueError:
                return text, ""
            return float((day - _EPOCH).days), code
    if text[:1] in ("+", "-", "@") and len(text) > 1:
        raise ExcelError(f"Excel reads this as a formula: {text[:20]}")
    return text, ""


# --- names ----------------------------------------------------------------------------------------


def _quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


class Names(base_classes.Names):
    """The names of a sheet, or those of the workbook followed by those of all its sheets, as in Excel."""

    api = None

    def __init__(self, book: Book, sheet: Sheet | None) -> None:
        self.book, self.engine, self.sheet = book, book.engine, sheet

    def _scope(self, sheet: Sheet | None) -> Any:
        return self.book.scope(sheet.sheet.Name if sheet else None)

    @_crossing
    def snapshot(self) -> list[tuple[str, Name]]:
        scopes = [self.sheet] if self.sheet else [None, *self.book.sheets]
        found = []
        for sheet in scopes:
            prefix = f"{_quoted(sheet.sheet.Name)}!" if sheet else ""
            found += [
                (prefix + name, Name(self.book, sheet, name)) for name in self._scope(sheet).ElementNames
            ]
        return found

    def _find(self, key: str) -> Name | None:
        prefix, _, name = key.rpartition("!")
        sheet = self.sheet
        if prefix:
            sheet = self.book.sheets(prefix.strip("'").replace("''", "'"))
        for known in self._scope(sheet).ElementNames:
            if known.lower() == name.lower():
                return Name(self.book, sheet, known)
        return None

    @_crossing
    def __call__(self, key: int | str) -> Name:
        found = self._find(key) if isinstance(key, str) else self.snapshot()[key - 1][1]
        if found is None:
            raise ExcelError(f"no name {key}")
        return found

    @_crossing
    def contains(self, key: int | str) -> bool:
        return isinstance(key, str) and self._find(key) is not None

    def __len__(self) -> int:
        return len(self.snapshot())

    @_crossing
    def add(self, name: str, refers_to: str) -> Name:
        prefix, _, short = name.rpartition("!")
        sheet = self.book.sheets(prefix.strip("'").replace("''", "'")) if prefix else self.sheet
        scope = self._scope(sheet)
        if scope.hasByName(short):
            scope.removeByName(short)
        address = self.book.sheets(1).range("A1").cell.CellAddress
        scope.addNewByName(short, _to_calc(self.book, refers_to), address, 0)
        return Name(self.book, sheet, short)


def _to_calc(book: Book, refers_to: str) -> str:
    """What a name refers to, as UNO writes it."""
    native = book.document.createInstance("com.sun.star.sheet.FormulaParser")
    native.CompileEnglish = True
    address = book.tab(book.tab_names[0]).getCellByPosition(0, 0).CellAddress
    tokens = book.parser.parseFormula(refers_to.removeprefix("="), address)
    return str(native.printFormula(tokens, address))


#: Cells of one sheet as LibreOffice writes them in a name: $附件一.$A$1:$G$28, $'it''s'.$A$1.
_FIXED = re.compile(
    r"\$(?:(?P<plain>\w+)|'(?P<quoted>(?:[^']|'')+)')\.(?P<cells>\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)"
)


class Name(base_classes.Name):
    api = None

    def __init__(self, book: Book, sheet: Sheet | None, name: str) -> None:
        self.book, self.engine, self.sheet, self.short = book, book.engine, sheet, name

    @property
    def _entry(self) -> Any:
        return self._scope.getByName(self.short)

    @property
    def _scope(self) -> Any:
        return self.book.scope(self.sheet.sheet.Name if self.sheet else None)

    def _get_name(self) -> str:
        return f"{_quoted(self.sheet.sheet.Name)}!{self.short}" if self.sheet else self.short

    def _set_name(self, value: str) -> None:
        self._entry.setName(value)

    name = _property(_get_name, _set_name)

    def _get_refers_to(self) -> str:
        entry = self._entry
        content = str(entry.Content)
        if "#REF!" in content:
            return "=#REF!"
        area = self._area(entry, content)
        return f"={content}" if area is None else f"={_quoted(area.sheet.sheet.Name)}!{area.address}"

    def _area(self, entry: Any, content: str) -> Range | None:
        """The cells that are named; None where no cells are."""
        if match := _FIXED.fullmatch(content):
            name = match["plain"] or match["quoted"].replace("''", "'")
            if name in self.book.tab_names:
                first, last = utils.a1_to_tuples(match["cells"].replace("$", ""))
                return Range(Sheet(self.book, self.book.tab(name)), first, last)
        cells = entry.getReferredCells()
        return None if cells is None else Range.of(self.book, cells.RangeAddress)

    def _set_refers_to(self, value: str) -> None:
        self._entry.setContent(_to_calc(self.book, value))

    refers_to = _property(_get_refers_to, _set_refers_to)

    def _range(self) -> Range:
        entry = self._entry
        area = self._area(entry, str(entry.Content))
        if area is None:
            raise ExcelError(f"{self.short} names no cells")
        return area

    refers_to_range = _property(_range)

    @_crossing
    def delete(self) -> None:
        self._scope.removeByName(self.short)
