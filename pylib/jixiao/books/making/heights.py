"""How high a row must be for its text: Excel fits neither merged cells nor files that it did not write itself."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

#: Points; Excel's own limit.
MAX_HEIGHT = 409.0
#: A line of text is higher than its font.
_LEADING = 1.32
_PADDING = 4.0
#: Pixels of a column that is one character wide, and of its two margins, in the standard font.
_CHARACTER, _MARGIN = 7, 5


class Fit(NamedTuple):
    """One cell whose text must fit: its width in characters (merged columns added up), its rows, its font size."""

    row: int
    rows: int
    text: str
    width: float
    size: float


def half_widths(text: str) -> int:
    """Width of a text in half-width characters; a Chinese character counts 2.

    >>> half_widths("≥95%"), half_widths("产出指标")
    (5, 8)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def merged_width(widths: Sequence[float]) -> float:
    """Width of merged columns, in characters: their margins come on top.

    >>> merged_width([10, 10])
    20.714285714285715
    """
    return sum(widths) + (len(widths) - 1) * _MARGIN / _CHARACTER


def lines(text: str, width: float, size: float) -> int:
    """Number of lines of ``text`` in a column of ``width`` characters at a font of ``size`` points.

    >>> lines("产出指标", 10, 10.5), lines("服务对象满意度指标", 10, 10.5)
    (1, 2)
    """
    room = max(1, int((width * _CHARACTER + _MARGIN - 4) / (size * 96 / 72 / 2)))
    room -= room % 2 and half_widths(text[:1]) == 2  # a full-width character needs both halves
    return sum(max(1, math.ceil(half_widths(part) / max(room, 2))) for part in text.split("\n"))


def text_height(text: str, width: float, size: float) -> float:
    """Points that ``text`` needs in a column of ``width`` characters at a font of ``size`` points."""
    return float(math.ceil(lines(text, width, size) * size * _LEADING + _PADDING))


def height(text: str, width: float, size: float) -> float:
    """Points that ``text`` needs, at most what a row can be."""
    return min(MAX_HEIGHT, text_height(text, width, size))


def fit(cells: Iterable[Fit], least: float, given: dict[int, float]) -> dict[int, float]:
    """Height of every row that holds text.

    Args:
        cells: what must fit; a cell over several rows stretches the last of them if the others do not suffice.
        least: height of a row with little in it.
        given: heights that the drawing asks for, at least.
    """
    result = dict(given)
    for cell in sorted(cells, key=lambda cell: cell.rows):
        needed = text_height(cell.text, cell.width, cell.size) if cell.text else 0.0
        rows = range(cell.row, cell.row + cell.rows)
        missing = needed - sum(result.get(row, least) for row in rows[:-1])
        last = rows[-1]
        result[last] = min(MAX_HEIGHT, max(result.get(last, least), missing))
    return result
