"""Paragraphs of a report as rows: a line of text is a row of its own, and what no row can show goes on in the next."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jixiao.books.making.drawing import Block, draw
from jixiao.books.making.heights import MAX_HEIGHT, merged_width, text_height
from jixiao.books.making.styles import Styles
from jixiao.declarations import Form
from jixiao.filing import Sheet

#: Where a paragraph may be parted: behind the end of a sentence and its quote, else behind a lesser stop.
_ENDS = (
    re.compile(r"(?<=[。！？；])(?![”’」』）])|(?<=[。！？；][”’」』）])"),
    re.compile(r"(?<=[，、：])"),
)


def spread(form: Form, sheet: Sheet, styles: Styles) -> Sheet:
    """The sheet with its paragraphs cut so that each fits into a row; of other forms the sheet as it is."""
    if not form.passages:
        return sheet
    size = float(styles.base["font_size"])
    blocks = draw(form, Sheet(form.code, sheet.name), {}, defaultdict(float), [], size).blocks
    tables = {code: list(_rows(blocks[code], form, rows, styles)) for code, rows in sheet.tables.items()}
    return replace(sheet, tables=tables)


def _rows(
    block: Block, form: Form, records: list[dict[str, Any]], styles: Styles
) -> Iterator[dict[str, Any]]:
    code = block.table.paragraphs
    if not code:
        yield from records
        return
    column = block.columns[code]
    width = merged_width(form.widths[column : column + block.spans[code]])
    size = float(styles.layered("input", (), block.style)["font_size"])
    for record in records:
        for text in cut(str(record.get(code) or ""), width, size):
            yield {**record, code: text}


def cut(text: str, width: float, size: float) -> list[str]:
    """The rows that a pasted text takes: its lines, and of a long line as many whole sentences as a row can show.

    Args:
        text: what a person pasted, or a paragraph of a case file.
        width: of the column, in characters.
        size: of the font, in points.

    >>> cut("第一段。\\n第二段。", 84, 14)
    ['第一段。', '第二段。']
    """
    rows = []
    for line in text.splitlines():
        rest = line.strip()
        while rest:
            end = _end(rest, width, size)
            rows.append(rest[:end])
            rest = rest[end:].lstrip()
    return rows


def _end(text: str, width: float, size: float) -> int:
    """How many characters of ``text`` go into a row."""
    if text_height(text, width, size) <= MAX_HEIGHT:
        return len(text)
    for stops in _ENDS:
        fitting = [
            match.start()
            for match in stops.finditer(text)
            if match.start() and text_height(text[: match.start()], width, size) <= MAX_HEIGHT
        ]
        if fitting:
            return fitting[-1]
    low, high = 1, len(text)  # no stop at all: as many characters as there is room for
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if text_height(text[:middle], width, size) <= MAX_HEIGHT else (low, middle - 1)
        )
    return low
