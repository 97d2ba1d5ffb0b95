"""A workbook that is open in Excel, through xlwings: read like a file, with at most two calls a sheet.

The first call brings the upper left block of a sheet, in which the map (:mod:`jixiao.books.places`) says where
everything stands; more rows or columns are fetched only when something is looked for there, so a stray entry at
the end of a sheet costs nothing. Sheets without a map are looked up name by name, which is slow but the same.

Where Excel tells less than its files do: a text such as ``#N/A`` reads as the error, and dates are counted from 1900
also in workbooks that count from 1904.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jixiao.books.application import ERRORS, raising_ours
from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.cells import Cell, ErrorValue, Line, Value
from jixiao.books.ooxml.formats import BUILT_IN, display
from jixiao.books.ooxml.markup import column_letter, column_number
from jixiao.books.ooxml.workbook import Names, Sheet
from jixiao.books.places import PREFIX, names_of
from jixiao.books.read import read_workbook
from jixiao.declarations import Catalogue
from jixiao.filing import Filing

if TYPE_CHECKING:
    import xlwings as xw

#: The block that is read of every sheet, and the last row that is ever read.
_ROWS, _COLUMNS, _LAST_ROW = 160, 26, 10_000
#: People insert rows above a form and columns before it, not many.
_ROWS_OF_MAP = 12
_DAY_ZERO = dt.datetime(1899, 12, 30)
_LINKS = 1  # xlExcelLinks
_GAP = 50
#: What Excel calls the formats that follow the date order of the system.
_DATES_OF_THE_SYSTEM = {"m/d/yyyy": BUILT_IN["14"], "m/d/yyyy h:mm": BUILT_IN["22"]}


class LiveWorkbook:
    """An open workbook as :class:`jixiao.books.source.Source`. What was read is kept: make a new one to read anew.

    Attributes:
        book: xlwings' own object.
        sheets: all sheets in tab order.
        names: by index of the sheet, ``None`` for the workbook; those of a sheet are asked for when first needed.
    """

    def __init__(self, book: xw.Book) -> None:
        """List the sheets.

        Raises:
            BusyError: Excel is editing a cell or showing a dialogue.
        """
        self.book = book
        with raising_ours():
            self._tabs = list(book.sheets)
            self.sheets = [
                Sheet(index, name, name, "visible")
                for index, name in enumerate(sheet.name for sheet in self._tabs)
            ]
            self.path = _path(book)
        self.names: Mapping[int | None, Names] = _NamesByScope(self)
        self._grids: dict[int, LiveCells] = {}

    def read(self, catalogue: Catalogue) -> Filing:
        """Read the filing.

        Raises:
            Unreadable: the workbook is not one of ours.
            BusyError: Excel is editing a cell or showing a dialogue.
        """
        with raising_ours():
            return read_workbook(self, catalogue)

    def tab(self, sheet: Sheet) -> xw.Sheet:
        """xlwings' object of a sheet."""
        return self._tabs[sheet.index]

    def sheet(self, name: str) -> Sheet | None:
        """A sheet by its name."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)

    def cells(self, sheet: Sheet) -> LiveCells:
        if sheet.index not in self._grids:
            self._grids[sheet.index] = LiveCells(self.tab(sheet), sheet.index)
        return self._grids[sheet.index]

    @cached_property
    def external_links(self) -> list[str]:
        try:
            return [str(link) for link in self.book.api.LinkSources(_LINKS) or ()]
        except AttributeError:  # Excel for macOS does not tell
            return []

    def display_text(self, value: float, style: int) -> str:
        index, place = divmod(style, 1 << 40)
        row, column = divmod(place, 1 << 16)
        return display(value, self.cells(self.sheets[index]).number_format(row, column), False)

    def forget(self, sheet: Sheet) -> None:
        """Read a sheet anew when it is asked for again, because it was written."""
        self._grids.pop(sheet.index, None)


class LiveCells:
    """The cells of one sheet, fetched in blocks."""

    def __init__(self, sheet: xw.Sheet, index: int) -> None:
        self._sheet, self._index = sheet, index
        self._rows: list[Sequence[Any]] = []
        self._width, self._done = _COLUMNS, False
        self._formats: dict[tuple[int, int], str] = {}
        self._fetch(_ROWS)

    problems: Sequence[str] = ()

    def __getitem__(self, reference: str) -> Cell | None:
        place = split_a1(reference)
        return self.get(*place) if place is not None else None

    def get(self, row: int, column: int) -> Cell | None:
        value = self._value(row, column)
        if value is None:
            return None
        return Cell(value, None, self._style(row, column))

    def _style(self, row: int, column: int) -> int:
        """Where a cell stands: its number format is asked for when it is needed."""
        return (self._index << 40) + (row << 16) + column

    def line(self, row: int, columns: int) -> Line:
        values = ((column_letter(column), self._value(row, column)) for column in range(1, columns + 1))
        return {letters: value for letters, value in values if value is not None}

    def style(self, row: int, letters: str) -> int:
        return self._style(row, column_number(letters))

    def lines(self, rows: range, columns: int) -> Iterator[tuple[int, Line]]:
        for row in range(rows.start, min(rows.stop, _LAST_ROW + 1)):
            if line := self.line(row, columns):
                yield row, line

    def items(self) -> Iterator[tuple[str, Cell]]:
        """Address and content of what has been fetched."""
        for row in range(1, len(self._rows) + 1):
            for column in range(1, self._width + 1):
                cell = self.get(row, column)
                if cell is not None:
                    yield f"{column_letter(column)}{row}", cell

    def end(self, least: int, columns: int) -> int:
        """The last row that holds anything in the first columns, or ``least``; 50 empty rows end the search."""
        last = row = least
        while row < last + _GAP:
            row += 1
            if any(self._value(row, column) is not None for column in range(1, columns + 1)):
                last = row
        return last

    def number_format(self, row: int, column: int) -> str:
        """The number format of a cell that holds a number; numbers above and below it are asked in the same call."""
        if (row, column) not in self._formats:
            first = last = row
            while isinstance(self._value(first - 1, column), float):
                first -= 1
            while isinstance(self._value(last + 1, column), float):
                last += 1
            common = self._sheet.range((first, column), (last, column)).number_format
            if common is not None:
                self._formats |= {(each, column): str(common) for each in range(first, last + 1)}
            else:
                cell = self._sheet.range((row, column), (row, column))
                self._formats[row, column] = str(cell.number_format or "General")
        code = self._formats[row, column]
        return _DATES_OF_THE_SYSTEM.get(code, code)

    def _value(self, row: int, column: int) -> Value:
        if row < 1:
            return None
        if column > self._width:
            self._width, rows, self._rows = column, len(self._rows), []
            self._fetch(rows)
        while row > len(self._rows) and not self._done:
            self._fetch(4 * len(self._rows))
        return _value(self._rows[row - 1][column - 1]) if row <= len(self._rows) else None

    def _fetch(self, count: int) -> None:
        """Fetch so many more rows."""
        start = len(self._rows) + 1
        end = min(start + count - 1, _LAST_ROW)
        area = self._sheet.range((start, 1), (end, self._width))
        self._rows += area.options(ndim=2, err_to_str=True).value
        self._done = end == _LAST_ROW


def _path(book: xw.Book) -> Path:
    """The file; its name alone when it lies on a cloud drive of which xlwings does not know the folder."""
    try:
        return Path(book.fullname)
    except Exception as error:
        if type(error).__name__ != "XlwingsError":
            raise
        return Path(book.name)


def _value(content: Any) -> Value:
    """What Excel gives, as a file would state it."""
    if content is None or isinstance(content, (bool, float)):
        return content
    if isinstance(content, str):
        return ErrorValue(content) if content in ERRORS else content or None
    if isinstance(content, dt.datetime):
        return float((content.replace(tzinfo=None) - _DAY_ZERO) / dt.timedelta(1))
    if isinstance(content, dt.date):
        return float((dt.datetime(content.year, content.month, content.day) - _DAY_ZERO).days)
    return float(content) if isinstance(content, (int, Decimal)) else str(content)


class _NamesByScope(dict[int | None, Names]):
    """The names of every sheet, looked up when they are first asked for."""

    def __init__(self, workbook: LiveWorkbook) -> None:
        super().__init__({None: _WorkbookNames(workbook.book)})
        self._workbook = workbook

    def __missing__(self, index: int) -> Names:
        tab = self._workbook.sheets[index]
        cells = self._workbook.cells(tab)
        for row in range(1, _ROWS_OF_MAP + 1):
            for column in range(1, _COLUMNS + 1):
                cell = cells.get(row, column)
                if cell is not None and isinstance(cell.value, str) and cell.value.startswith(PREFIX):
                    names = names_of(cell.value, tab.name)
                    if names is not None:
                        self[index] = names
                        return names
        # Named one by one: 'sheet'!name and what it refers to.
        self[index] = Names(
            {
                name.name.rpartition("!")[2]: (name.refers_to or "").removeprefix("=")
                for name in self._workbook.tab(tab).names
            }
        )
        return self[index]

    def get(self, index: Any, default: Any = None) -> Any:
        return self[index] if index is None or 0 <= index < len(self._workbook.sheets) else default


class _WorkbookNames(Names):
    """The names of the whole workbook, each looked up when it is asked for."""

    def __init__(self, book: xw.Book) -> None:
        super().__init__()
        self._book = book

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            found = self._book.names
            self[name] = (found[name].refers_to or "").removeprefix("=") if name in found else ""
        return self[name] or default
