"""Where everything of a form stands in its sheet: as its defined names say, and as one cell of the sheet repeats.

In a closed file all names are one part of it. In a workbook open in Excel each name costs two calls from another
process, and a filing has some 800. So a hidden cell in the first row of every form sheet, the map, holds a formula
over the names of that very sheet, whose result says it all::

    jixiao|hengshan_2023|项目支出绩效自评表|2023|项目支出名称=3,2;…|指标=13,40;指标.得分=8;…

for each field its row and column, for each table its first and last row, for each of its columns the column. Excel
moves the names when people insert rows, copies them and the cell with a copied sheet, and makes the cell an error
when one of them is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.markup import column_letter, column_number
from jixiao.books.ooxml.workbook import Names
from jixiao.declarations import Field, Form, Table

PREFIX = "jixiao|"
"""What the map starts with."""
#: Excel's limit, less some room.
_FORMULA_LIMIT = 8000
_MAP = re.compile(r"jixiao\|([^|]*)\|([^|]*)\|(\d*)\|([^|]*)\|([^|]*)")


Columns = Mapping[str, Sequence[Field]]
"""What stands in the cells of a line, by the letters of their columns; two names may mean one cell."""


class Block(NamedTuple):
    """Where a table stands: its rows, its columns with their letters, and the columns of the sheet over which a text of
    it reaches, behind its first, by their letters with the code of the text."""

    table: Table
    rows: range
    letters: dict[str, str]
    columns: Columns
    behind: dict[str, str]


@dataclass(frozen=True)
class Places:
    """Where everything of one form stands in one sheet, as its names say.

    ``lines`` are the rows with fields, each with what stands in its cells; ``lost`` are the names that say nothing; of the
    form nothing stands to the right of the first ``width`` columns.
    """

    fields: list[tuple[Field, str]]
    lines: Mapping[int, Columns]
    blocks: list[Block]
    addresses: dict[str, str]
    lost: list[str]
    width: int


@lru_cache(maxsize=1024)  # filings whose names agree have everything at the same places
def places(form: Form, names: Names, sheet: str) -> Places:
    """Find the fields and tables of a form.

    Args:
        form: what the sheet is.
        names: what the names of the sheet refer to.
        sheet: its name.
    """

    def reference(name: str) -> Reference | None:
        found = parse_reference(names.get(name, ""))
        return found if isinstance(found, Reference) and found.sheet == sheet else None

    fields, blocks, lost = [], [], []
    addresses: dict[str, str] = {}
    lines: dict[int, dict[str, list[Field]]] = {}
    width = len(form.widths)
    for code, field in form.fields.items():
        cell = reference(code)
        if cell is None:
            lost.append(code)
        else:
            letter = column_letter(cell.first_column)
            addresses[code] = f"{letter}{cell.first_row}"
            fields.append((field, addresses[code]))
            lines.setdefault(cell.first_row, {}).setdefault(letter, []).append(field)
            width = max(width, cell.first_column)
    for table in form.tables.values():
        columns = {code: reference(f"{table.code}.{code}") for code in table.columns}
        lost += [f"{table.code}.{code}" for code, column in columns.items() if column is None]
        block = reference(table.code)
        if block is None:
            lost.append(table.code)
            continue
        letters = {code: column_letter(column.first_column) for code, column in columns.items() if column}
        addresses |= {
            f"{table.code}.{code}": f"{letter}{block.first_row}" for code, letter in letters.items()
        }
        # Head and total row are sentinels; without the total row the name ends with the last row that is left.
        total_lost = bool(table.total_fields) and all(code in lost for code in table.total_fields)
        rows = range(block.first_row + 1, block.last_row + total_lost)
        if letters:
            own: dict[str, list[Field]] = {}
            for code, letter in letters.items():
                own.setdefault(letter, []).append(table.columns[code])
            blocks.append(Block(table, rows, letters, own, _behind(form, table, letters)))
            width = max(width, *map(column_number, letters.values()))
    return Places(fields, lines, blocks, addresses, lost, width)


def _behind(form: Form, table: Table, letters: Mapping[str, str]) -> dict[str, str]:
    """The columns over which the texts of a table reach, behind the first of each."""
    starts = {code: column_number(letter) for code, letter in letters.items()}
    ends = sorted([*starts.values(), len(form.widths) + 1])
    return {
        column_letter(column): code
        for code, start in starts.items()
        if table.columns[code].textual
        for column in range(start + 1, next((end for end in ends if end > start), start))
    }


# ------------------------------------------------------------------------------------------------------------ the map


def map_cells(
    head: tuple[str, str, int],
    fields: Mapping[str, tuple[int, int]],
    tables: Mapping[str, tuple[int, int, Mapping[str, int]]],
    following: Sequence[str],
) -> list[tuple[str, str]]:
    """Formula and text of the map: one cell, or several of which each appends the next when one would be too long.

    Args:
        head: package, form, year.
        fields: row and column of each, from 1.
        tables: first row, last row, and columns of each.
        following: addresses of the cells behind the first, in case they are needed.
    """
    cells = [("", "")]
    for formula, text in _pieces(head, fields, tables):
        if len(cells[-1][0]) + len(formula) > _FORMULA_LIMIT:
            cells.append(('"', ""))
        cells[-1] = cells[-1][0] + formula, cells[-1][1] + text
    written, shown = [('="' + cells[-1][0].removeprefix('"') + '"', cells[-1][1])], cells[-1][1]
    for (formula, text), address in zip(cells[-2::-1], following[len(cells) - 2 :: -1], strict=False):
        shown = text + shown
        written.insert(0, ('="' + formula.removeprefix('"') + f'"&{address}', shown))
    return written


def _pieces(
    head: tuple[str, str, int],
    fields: Mapping[str, tuple[int, int]],
    tables: Mapping[str, tuple[int, int, Mapping[str, int]]],
) -> Iterable[tuple[str, str]]:
    """What the map says piece by piece, as a stretch of a formula that begins and ends within a text, and as text.

    No function here may be volatile, and none may give an array.
    """
    package, form, year = head
    yield f'{PREFIX}"&_package&"|"&_form&"|"&_year&"|', f"{PREFIX}{package}|{form}|{year}|"
    for code, (row, column) in fields.items():
        yield f'{code}="&ROW({code})&","&COLUMN({code})&";', f"{code}={row},{column};"
    yield "|", "|"
    for code, (start, end, columns) in tables.items():
        top = f"ROW(INDEX({code},1,1))"
        yield f'{code}="&{top}&","&{top}+ROWS({code})-1&";', f"{code}={start},{end};"
        for name, column in columns.items():
            yield f'{code}.{name}="&COLUMN(INDEX({code}.{name},1,1))&";', f"{code}.{name}={column};"


@lru_cache(maxsize=256)  # who presses 审核 again has mostly moved nothing
def names_of(text: str, sheet: str) -> Names | None:
    """The names of a sheet as its map repeats them; ``None`` when the text is no map.

    Args:
        text: what the cell shows.
        sheet: the name of the sheet.
    """
    match = _MAP.fullmatch(text)
    if match is None:
        return None
    own = "'" + sheet.replace("'", "''") + "'"
    names = Names({"_package": f'"{match[1]}"', "_form": f'"{match[2]}"', "_year": match[3]})
    try:
        for code, numbers in _entries(match[4]):
            row, column = numbers
            names[code] = f"{own}!${column_letter(column)}${row}"
        rows: Sequence[int] = ()
        for code, numbers in _entries(match[5]):
            if "." not in code:
                rows = numbers
            first, last = rows
            letter = column_letter(numbers[0]) if "." in code else "A"
            names[code] = f"{own}!${letter}${first}:${letter}${last}"
    except ValueError:
        return None
    return names


def _entries(text: str) -> Iterable[tuple[str, list[int]]]:
    for entry in filter(None, text.split(";")):
        code, _, numbers = entry.partition("=")
        yield code, [int(number) for number in numbers.split(",")]
