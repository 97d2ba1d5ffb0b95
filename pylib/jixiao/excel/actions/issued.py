"""The formulas of a sheet as they are issued: what 恢复公式 and new table rows are filled from.

They are read from a workbook built anew for the same sheets, so there is no second opinion on what belongs into a
cell, in either flavour.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jixiao.books.build import build
from jixiao.books.making.beside import PROPOSALS, SUBTOTALS
from jixiao.books.making.formulas import PROJECTS
from jixiao.books.making.front import NAME as FRONT
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import Cells
from jixiao.books.ooxml.markup import column_letter, column_number
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.declarations import Catalogue, Form, Table
from jixiao.filing import Filing, Sheet

_LITERAL = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')""")
_RELATIVE = re.compile(r"(?<![\w.$])(\$?[A-Z]{1,3})([0-9]+)(?![\w(.])")
_ON_LIST = re.compile(rf"(?<!\w){FRONT}!\$([A-Z]+)\$([0-9]+)")


def moved(formula: str, rows: int) -> str:
    """A formula as Excel would fill it ``rows`` rows further down.

    >>> moved('=IF($B13="B13",INDEX($Z:$Z,ROW()-1),B$5+LOG10(C13))', 2)
    '=IF($B15="B13",INDEX($Z:$Z,ROW()-1),B$5+LOG10(C15))'
    """
    pieces = _LITERAL.split(formula)
    pieces[::2] = [
        _RELATIVE.sub(lambda match: f"{match[1]}{int(match[2]) + rows}", piece) for piece in pieces[::2]
    ]
    return "".join(pieces)


def referred(formula: str) -> set[str]:
    """The columns whose cells a formula names.

    >>> sorted(referred('=IF($B13="C13",JX_RATE($AA13,H13),"")'))
    ['AA', 'B', 'H']
    """
    return {
        match[1].removeprefix("$")
        for piece in _LITERAL.split(formula)[::2]
        for match in _RELATIVE.finditer(piece)
    }


@dataclass(frozen=True)
class ListPlace:
    """Where the 项目清单 stands: the sheet, quoted as formulas want it, and the row of the first project."""

    sheet: str
    first: int


@dataclass(frozen=True)
class Issued:
    """The formulas of one sheet.

    ``fields``: code -> formula. ``rows``: table -> column letter -> formula of every line in turn; of a table whose
    lines are all alike only that of the first, which stands in row ``first[table]``. ``letters``: the columns of each
    table. ``listing``: where the 项目清单 stands that the formulas refer to.
    """

    fields: Mapping[str, str]
    rows: Mapping[str, Mapping[str, tuple[str | None, ...]]]
    first: Mapping[str, int]
    letters: Mapping[str, Mapping[str, str]]
    listing: ListPlace

    def line(self, table: str, letter: str, line: int, row: int, place: ListPlace) -> str | None:
        """The formula of one cell of a table row.

        Args:
            table: the table.
            letter: the column.
            line: the row's position in the table, from 0.
            row: its number in the sheet.
            place: where the 项目清单 of the person's workbook stands.
        """
        formulas = self.rows[table].get(letter, ())
        if not formulas:
            return None
        if len(formulas) == 1:
            return moved(formulas[0] or "", row - self.first[table]) or None
        formula = formulas[line] if line < len(formulas) else None
        if formula is None:
            return None
        formula = moved(formula, row - self.first[table] - line)
        shift = place.first - self.listing.first
        return _ON_LIST.sub(lambda m: f"{place.sheet}!${m[1]}${int(m[2]) + shift}", formula)


def subtotals(form: Form, table: Table) -> range:
    """The columns, counted from 1, of the subtotals: they stand beside the first row of a section only."""
    start = len(form.widths) + PROPOSALS + len(table.proposals) + 1
    return range(start, start + len(SUBTOTALS)) if table.proposals else range(0)


def issued(
    filing: Filing, sheet: Sheet, suffix: str, lines: Mapping[str, int], catalogue: Catalogue
) -> Issued:
    """The formulas that ``sheet`` was issued with.

    Args:
        filing: the workbook that it stands in; its figures do not matter.
        sheet: the sheet.
        suffix: ".xlsm" for the flavour that asks the add-in first, else ".xlsx".
        lines: table -> number of its rows.
        catalogue: what is declared.
    """
    package = catalogue.packages[filing.package]
    form = package.forms[sheet.form]
    sheets = [Sheet(other.form, other.name) for other in filing.sheets if not package.forms[other.form].many]
    if form.many:
        sheets.append(Sheet(sheet.form, sheet.name))
    own = next(other for other in sheets if other.name == sheet.name)
    own.tables = {
        code: [{} for _ in range(lines.get(code, 0))] for code, table in form.tables.items() if table.listed
    }
    blank = Filing(
        filing.package,
        filing.unit,
        filing.year,
        sheets,
        list(filing.projects),
        adjustments=filing.adjustments,
    )
    with tempfile.TemporaryDirectory(prefix="jixiao-") as folder:
        path = Path(folder) / f"issued{suffix}"
        build(package, blank, catalogue, path)
        workbook = Workbook(Parts.open(path))
        tab = next(tab for tab in workbook.sheets if tab.name == sheet.name)
        return _read(workbook, workbook.cells(tab), workbook.names[tab.index], form)


def _read(workbook: Workbook, cells: Cells, names: Mapping[str, str], form: Form) -> Issued:
    def place(name: str, where: Mapping[str, str] = names) -> Reference:
        found = parse_reference(where[name])
        assert isinstance(found, Reference)
        return found

    fields = {}
    for code in form.fields:
        at = place(code)
        cell = cells.get(at.first_row, at.first_column)
        if cell is not None and cell.formula:
            fields[code] = f"={cell.formula}"
    rows: dict[str, dict[str, tuple[str | None, ...]]] = {}
    first, letters = {}, {}
    last = max(column_number(address.rstrip("0123456789")) for address, _ in cells.items())
    for code, table in form.tables.items():
        block = place(code)
        first[code] = block.first_row + 1
        count = block.last_row - block.first_row - 1 if table.listed else 1
        skipped = subtotals(form, table)
        letters[code] = {name: column_letter(place(f"{code}.{name}").first_column) for name in table.columns}
        rows[code] = {}
        for column in range(1, last + 1):
            formulas = tuple(_down(cells, first[code], count, column))
            if any(formulas) and column not in skipped:
                rows[code][column_letter(column)] = formulas
    name = f"{PROJECTS}.项目名称"  # a package may have no projects, and then no list of them
    first_listed = place(name, workbook.names[None]).first_row if name in workbook.names[None] else 0
    return Issued(fields, rows, first, letters, ListPlace(FRONT, first_listed))


def _down(cells: Cells, first: int, count: int, column: int) -> Iterator[str | None]:
    """The formulas of a column from row ``first`` on; those that are shared are written out.

    The one that they share may stand further up, outside of the table.
    """
    text, written = "", 0
    for row in range(1, first + count):
        cell = cells.get(row, column)
        formula = None if cell is None else cell.formula
        if formula:
            text, written = formula, row
        if row >= first:
            yield None if formula is None else "=" + moved(text, row - written)
