"""Calculated cells that hold no formula any more: typed over, pasted over, or broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from jixiao.books.making.formulas import PROJECTS, quoted
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.markup import column_letter, column_number
from jixiao.books.places import Block
from jixiao.declarations import Field
from jixiao.excel.actions.issued import Issued, ListPlace, issued, moved, referred, subtotals
from jixiao.excel.actions.page import Page
from jixiao.filing import Sheet

_BROKEN = "#REF!"
#: Formulas of one column are compared as they would read in this row.
_COMMON = 500_000


@dataclass(frozen=True)
class Overtyped:
    """One cell: where it stands, the formula it was issued with, what stands there now, and whose cell it is.

    ``field`` is ``None`` for a hidden cell or one beside the form.
    """

    row: int
    column: int
    formula: str
    now: str
    field: Field | None
    code: str

    @property
    def address(self) -> str:
        return f"{column_letter(self.column)}{self.row}"


def issued_page(page: Page) -> Issued:
    """What the sheet was issued with."""
    lines = {block.table.code: len(block.rows) for block in page.places.blocks}
    sheet = Sheet(page.form.code, page.sheet.name)
    return issued(page.filing, sheet, page.workbook.path.suffix.lower(), lines, page.catalogue)


def list_place(page: Page) -> ListPlace:
    """Where the 项目清单 of this workbook stands."""
    found = parse_reference(page.workbook.names[None].get(f"{PROJECTS}.项目名称", ""))
    if not isinstance(found, Reference):
        return ListPlace("", 0)
    plain = found.sheet.isidentifier()
    return ListPlace(found.sheet if plain else quoted(found.sheet), found.first_row)


def overtyped(page: Page, among: range | None = None, hidden: bool = True) -> list[Overtyped]:
    """All such cells of a sheet, from top to bottom; costs one call, and building the blank sheet where it is needed.

    A table row takes the formula that the other rows of its table have in that column: so the hidden cells of a
    workbook that was issued by an older version keep their order. What no other row has, and the cells outside of
    tables, take the formulas that are issued today.

    Args:
        page: the sheet.
        among: look at these rows only.
        hidden: look at the hidden cells of table rows too.
    """
    fields = {
        place: field
        for field, _ in page.places.fields
        if field.calculated and (place := page.place(field.code)) is not None
    }
    tables = [row for block in page.places.blocks for row in block.rows]
    rows = among or range(1, max([*tables, *(row for row, _ in fields)], default=1) + 1)
    columns = range(1, (page.width if hidden else len(page.form.widths)) + 1)
    search = _Search(page, rows, columns, page.formulas(rows.start, rows.stop - 1, columns))
    found = [
        Overtyped(*place, search.issued.fields[field.code], search.now.get(place, ""), field, field.code)
        for place, field in fields.items()
        if place[0] in rows and search.lost(place)
    ]
    for block in page.places.blocks:
        found += search.in_table(block)
    return sorted(found, key=lambda cell: (cell.row, cell.column))


@dataclass
class _Search:
    """What stands in some rows and columns of a page now."""

    page: Page
    rows: range
    columns: range
    now: dict[tuple[int, int], str]

    @cached_property
    def issued(self) -> Issued:
        return issued_page(self.page)

    @cached_property
    def listing(self) -> ListPlace:
        return list_place(self.page)

    def lost(self, place: tuple[int, int]) -> bool:
        content = self.now.get(place, "")
        if not content.startswith("=") or _BROKEN in content:
            return True
        # A text that only looks like a formula shows itself.
        return place[1] <= len(self.page.form.widths) and self.page.value(*place) == content

    def in_table(self, block: Block) -> Iterator[Overtyped]:
        table = block.table
        own = {column_number(letter): code for code, letter in block.letters.items()}
        beside = range(len(self.page.form.widths) + 1, self.columns.stop)
        skipped = subtotals(self.page.form, table)
        for column in (*own, *(column for column in beside if column not in skipped)):
            code = own.get(column, "")
            field = table.columns[code] if code else None
            if field is not None and not field.calculated:
                continue
            rows = [row for row in block.rows if row in self.rows and self.lost((row, column))]
            usual = self.usual(block, column) if rows and not table.listed else None
            if field is None and usual is None:
                continue
            for row in rows:
                formula = moved(usual, row - _COMMON) if usual else self.as_issued(block, column, row)
                if formula:
                    yield Overtyped(row, column, formula, self.now.get((row, column), ""), field, code)

    def usual(self, block: Block, column: int) -> str | None:
        """The formula that most rows of a table have in a column, as it would read in row _COMMON."""
        first, last = block.rows[0], block.rows[-1]
        if (first, column) not in self.now or (last, column) not in self.now:
            self.now |= self.page.formulas(first, last, range(column, column + 1))
        read = (
            moved(self.now[row, column], _COMMON - row) for row in block.rows if not self.lost((row, column))
        )
        return next((formula for formula, _ in Counter(read).most_common(1)), None)

    def as_issued(self, block: Block, column: int, row: int) -> str | None:
        """The formula of today's version; ``None`` where the hidden cells that it needs stand elsewhere or are others."""
        code, own = block.table.code, block.letters
        formula = self.issued.line(code, column_letter(column), block.rows.index(row), row, self.listing)
        if formula is None or self.issued.letters[code] != own:
            return None
        needed = referred(formula) & self.issued.rows[code].keys() - set(own.values())
        return formula if all(self.alike(block, letter) for letter in needed) else None

    def alike(self, block: Block, letter: str) -> bool:
        """Whether a hidden column means today what it meant when the workbook was issued."""
        usual = self.usual(block, column_number(letter))
        first = block.rows[0]
        wanted = self.issued.line(block.table.code, letter, 0, first, self.listing)
        return usual is None or wanted is None or _plain(moved(usual, first - _COMMON)) == _plain(wanted)


def _plain(formula: str) -> str:
    """A formula without what programs write as they like."""
    return "".join(formula.split()).upper().replace("TRUE()", "TRUE").replace("FALSE()", "FALSE")
