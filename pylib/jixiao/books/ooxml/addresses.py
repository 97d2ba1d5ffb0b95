"""Addresses of cells, and what defined names refer to.

Rules of the format: ECMA-376 part 1, 18.2.5 (defined names), 18.17.2.3 (cell references).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from jixiao.books.ooxml.markup import column_number

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384


class Reference(NamedTuple):
    """A rectangle of cells; rows and columns count from 1, last ones included."""

    sheet: str
    first_row: int
    first_column: int
    last_row: int
    last_column: int


_A1 = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_SHEET = r"(?:'((?:[^']|'')+)'|([^'!\s\"()+*/&=<>,;^%{}#-]+))!"
_RANGE = re.compile(
    rf"=?{_SHEET}(?:\$?([A-Z]{{1,3}})\$?([0-9]{{1,7}})(?::\$?([A-Z]{{1,3}})\$?([0-9]{{1,7}}))?"
    r"|\$?([A-Z]{1,3}):\$?([A-Z]{1,3})|\$?([0-9]{1,7}):\$?([0-9]{1,7}))"
)
_TEXT = re.compile(r'=?"((?:[^"]|"")*)"')
_NUMBER = re.compile(r"=?([+-]?[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?|TRUE|FALSE)")


def split_a1(reference: str) -> tuple[int, int] | None:
    """Return row and column, from 1, of an address such as ``F14`` or ``$F$14``; ``None`` if absurd."""
    match = _A1.fullmatch(reference)
    if match is None:
        return None
    row, column = int(match[2]), column_number(match[1])
    return (row, column) if 1 <= row <= LAST_ROW and column <= LAST_COLUMN else None


@lru_cache(maxsize=2**16)  # every filing of one issued workbook has the same names
def parse_reference(text: str) -> Reference | str | None:
    """Read what a defined name refers to.

    Args:
        text: such as ``'附件3-1'!$F$14``, ``'it''s'!$A$1:$B$9``, ``首页!$1:$3`` or ``"项目支出绩效自评表"``.

    Returns:
        The cells; a constant as text (numbers as written); ``None`` for what names no single rectangle of
        this workbook: ``#REF!``, other workbooks, lists of ranges, formulas.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        constant = _TEXT.fullmatch(text)
        if constant is not None:
            return constant[1].replace('""', '"')
        number = _NUMBER.fullmatch(text)
        return number[1] if number is not None else None
    quoted, plain, letters, row, letters2, row2, from_column, to_column, from_row, to_row = match.groups()
    sheet = quoted.replace("''", "'") if quoted else plain
    if "[" in sheet:
        return None
    if row:
        rows = int(row), int(row2 or row)
        columns = column_number(letters), column_number(letters2 or letters)
    elif from_column:
        rows, columns = (1, LAST_ROW), (column_number(from_column), column_number(to_column))
    else:
        rows, columns = (int(from_row), int(to_row)), (1, LAST_COLUMN)
    if min(rows) < 1 or max(rows) > LAST_ROW or max(columns) > LAST_COLUMN:
        return None
    return Reference(sheet, min(rows), min(columns), max(rows), max(columns))
