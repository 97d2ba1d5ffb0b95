"""The form sheet in front of the person: what it is, where everything stands in it, and writing single cells into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jixiao.books.live import LiveWorkbook
from jixiao.books.ooxml.addresses import parse_reference, split_a1
from jixiao.books.ooxml.cells import ErrorValue, plain_text
from jixiao.books.ooxml.markup import column_number
from jixiao.books.ooxml.workbook import Sheet
from jixiao.books.places import Block, Places, places
from jixiao.declarations import Catalogue, Field, Form, Package
from jixiao.excel.actions.reply import refuse
from jixiao.excel.light import xw
from jixiao.filing import Filing

#: No form of ours is wider, its hidden cells included; a stray entry far to the right is none of ours.
_WIDEST = 256
#: The number format of a text.
_TEXT = "@"


@dataclass(frozen=True)
class Selection:
    """The cells that are selected, in numbers from 1."""

    row: int
    column: int
    rows: int
    columns: int

    @classmethod
    def of(cls, book: xw.Book) -> Selection | None:
        """``None`` when a button or a picture is selected."""
        found = book.app.selection
        if found is None:
            return None
        rows, columns = found.shape
        return cls(found.row, found.column, rows, columns)

    def __contains__(self, place: tuple[int, int]) -> bool:
        row, column = place
        return self.row <= row < self.row + self.rows and self.column <= column < self.column + self.columns


@dataclass(frozen=True)
class Page:
    """One form sheet of an open workbook."""

    workbook: LiveWorkbook
    catalogue: Catalogue
    package: Package
    form: Form
    sheet: Sheet
    places: Places

    @classmethod
    def active(cls, book: xw.Book, catalogue: Catalogue, label: str) -> Page:
        """The sheet that the person looks at.

        Raises:
            Stop: it is no form of ours.
        """
        workbook = LiveWorkbook(book)
        name = book.sheets.active.name
        sheet = workbook.sheet(name)
        found = None if sheet is None else cls.find(workbook, sheet, catalogue)
        if found is None:
            raise refuse(
                label,
                f"当前工作表“{name}”不是下发的自评表，或表的名称定义已丢失。",
                "请先打开要处理的自评表（例如从首页点击表名），再点一次按钮。",
            )
        return found

    @classmethod
    def find(cls, workbook: LiveWorkbook, sheet: Sheet, catalogue: Catalogue) -> Page | None:
        """A sheet of the workbook as a form; ``None`` when it is none."""
        names = workbook.names[sheet.index]
        package = catalogue.packages.get(str(parse_reference(names.get("_package", ""))))
        form = package.forms.get(str(parse_reference(names.get("_form", "")))) if package else None
        if package is None or form is None:
            return None
        return cls(workbook, catalogue, package, form, sheet, places(form, names, sheet.name))

    @property
    def tab(self) -> xw.Sheet:
        return self.workbook.tab(self.sheet)

    @cached_property
    def filing(self) -> Filing:
        return self.workbook.read(self.catalogue)

    def value(self, row: int, column: int) -> Any:
        """What a cell shows; an error is its text."""
        cell = self.workbook.cells(self.sheet).get(row, column)
        value = None if cell is None else cell.value
        return str(value) if isinstance(value, ErrorValue) else value

    def text(self, row: int, column: int) -> str:
        return plain_text(self.value(row, column))

    def place(self, code: str) -> tuple[int, int] | None:
        """Row and column of a field."""
        return split_a1(self.places.addresses.get(code, ""))

    def block(self, row: int) -> Block | None:
        """The table to which a row belongs; its head and its total row do not."""
        return next((block for block in self.places.blocks if row in block.rows), None)

    def field(self, row: int, column: int) -> Field | None:
        """The field or table column at a cell."""
        for field, address in self.places.fields:
            if split_a1(address) == (row, column):
                return field
        block = self.block(row)
        if block is not None:
            for code, letter in block.letters.items():
                if column_number(letter) == column:
                    return block.table.columns[code]
        return None

    @cached_property
    def width(self) -> int:
        """The last column in use, hidden ones included."""
        used = self.tab.used_range
        return min(_WIDEST, int(used.column) + int(used.shape[1]) - 1)

    def formulas(self, first: int, last: int, columns: range) -> dict[tuple[int, int], str]:
        """What stands in some rows, as typed: a formula with its ``=``, a value as its text, "" for nothing."""
        area = self.tab.range((first, columns.start), (last, columns.stop - 1))
        rows: Any = area.formula
        if first == last and len(columns) == 1:
            rows = ((rows,),)
        return {
            (first + r, columns.start + c): "" if content is None else str(content)
            for r, row in enumerate(rows)
            for c, content in enumerate(row)
        }


def literal(text: str) -> str:
    """A text that Excel keeps as it is, even if it looks like a number or a formula."""
    return "'" + text if text else text


def write(tab: xw.Sheet, contents: Mapping[tuple[int, int], Any]) -> None:
    """Write single cells: formulas with their ``=``, texts as :func:`literal`, ``None`` to empty a cell.

    Cells that are neighbours are written in one call, first across, then down; formulas column by column.
    """
    formulas = {place: content for place, content in contents.items() if _is_formula(content)}
    rest = {place: content for place, content in contents.items() if place not in formulas}
    for (row, column), rows in _rectangles(rest):
        tab.range((row, column), (row + len(rows) - 1, column + len(rows[0]) - 1)).raw_value = rows
    for column in sorted({column for _, column in formulas}):
        own = {place: content for place, content in formulas.items() if place[1] == column}
        for (row, _), rows in _rectangles(own):
            _write_formulas(tab, row, column, [line[0] for line in rows])


def _is_formula(content: Any) -> bool:
    return isinstance(content, str) and content.startswith("=")


def _write_formulas(tab: xw.Sheet, row: int, column: int, formulas: Sequence[str]) -> None:
    """Write formulas one below the other. A cell formatted as text would keep them as texts, also in Excel."""
    area = tab.range((row, column), (row + len(formulas) - 1, column))
    look = area.number_format
    if look is None and len(formulas) > 1:  # not all of them look alike
        for k, formula in enumerate(formulas):
            _write_formulas(tab, row + k, column, [formula])
        return
    if look == _TEXT:
        area.number_format = "General"
    area.formula = [[formula] for formula in formulas] if len(formulas) > 1 else formulas[0]
    if look == _TEXT:
        area.number_format = _TEXT


def _rectangles(contents: Mapping[tuple[int, int], Any]) -> Iterator[tuple[tuple[int, int], list[list[Any]]]]:
    """The cells cut into rectangles: where each begins, and its rows."""
    left = dict(sorted(contents.items()))
    while left:
        row, column = next(iter(left))
        width = 1
        while (row, column + width) in left:
            width += 1
        height = 1
        while all((row + height, column + c) in left for c in range(width)):
            height += 1
        yield (
            (row, column),
            [[left.pop((row + r, column + c)) for c in range(width)] for r in range(height)],
        )
