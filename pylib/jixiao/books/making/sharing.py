"""Shared formulas: a formula that repeats down a column is written out once.

A row of indicators carries some forty hidden formulas of up to 3,000 characters. Written out in every row they make
a sheet of 800 KB; as shared formulas (ECMA-376 part 1, 18.3.1.40), which Excel itself writes when a formula is filled
down, a tenth of that. XlsxWriter has no such option, so the finished sheet is rewritten.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from jixiao.books.ooxml.parts import Parts, replace
from jixiao.measures import WORKSHEET_PREFIX

#: Shorter formulas gain nothing.
_WORTH = 40
#: Excel shares no formula that names another sheet or holds an array constant; of one that calls VBA it is not known.
_UNSHARED = ("!", "'", "{", WORKSHEET_PREFIX)
_CELL = re.compile(r'<c r="([A-Z]+)([0-9]+)"([^>]*)><f>([^<]*)</f>')
_STRING = re.compile(r'("[^"]*")')
_RELATIVE = re.compile(r"(?<![A-Za-z0-9_.$一-鿿])(\$?[A-Z]{1,3})([0-9]+)(?![0-9A-Za-z_(.])")


@lru_cache(maxsize=1 << 14)  # who issues to hundreds of units writes the same formulas again and again
def _normal(formula: str, row: int) -> str:
    """The formula with relative rows as distances, the same for every cell that it could be filled down to.

    "" for one that is not shared.
    """
    if len(formula) < _WORTH:
        return ""
    pieces = _STRING.split(formula)
    if any(sign in piece for piece in pieces[::2] for sign in _UNSHARED):
        return ""
    pieces[::2] = [
        _RELATIVE.sub(lambda match: f"{match[1]}[{int(match[2]) - row}]", piece) for piece in pieces[::2]
    ]
    return "".join(pieces)


def share(xml: str) -> str:
    """The XML of a worksheet with formulas that repeat down a column shared."""
    runs: dict[tuple[str, str], list[int]] = defaultdict(list)
    found = []
    for match in _CELL.finditer(xml):
        column, row, _, formula = match.groups()
        if normal := _normal(formula, int(row)):
            key = column, normal
            runs[key].append(int(row))
            found.append((match, key))
    numbers = {key: k for k, key in enumerate(key for key, rows in runs.items() if len(rows) > 1)}
    pieces, position = [], 0
    for match, key in found:
        if key not in numbers:
            continue
        column, row, attributes, formula = match.groups()
        rows = runs[key]
        if int(row) == rows[0]:
            element = (
                f'<f t="shared" ref="{column}{rows[0]}:{column}{rows[-1]}" si="{numbers[key]}">{formula}</f>'
            )
        else:
            element = f'<f t="shared" si="{numbers[key]}"/>'
        pieces += [xml[position : match.start()], f'<c r="{column}{row}"{attributes}>', element]
        position = match.end()
    return "".join([*pieces, xml[position:]])


def share_formulas(path: Path) -> None:
    """Rewrite the worksheets of a workbook that has just been built."""
    book = Parts.open(path)
    sheets = {
        name: share(book.text(name)).encode() for name in book if name.startswith("xl/worksheets/sheet")
    }
    replace(path, book, dict(sheets))
