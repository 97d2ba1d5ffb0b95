"""A worksheet of a head and many rows, written row by row as XML when the workbook is put together.

XlsxWriter makes an object of every cell; a list of some hundred thousand rows is written several times as fast from
texts, and is never in memory as a whole. Head, columns, links and conditional formats are XlsxWriter's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_000_000
"""Rows of a list: a sheet of Excel has 1,048,576."""
LONGEST = 32_000
"""Characters of a cell; Excel takes 32,767."""
#: Texts that are kept once for the whole workbook: short ones, and not more than memory has room for.
_SHORT, _KEPT = 40, 200_000
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKUP = re.compile("[&<>]")
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """A text as the content of a cell's XML: whatever it is, it comes out as these characters.

    >>> escaped("<b>&\\x01 _x000D_"), escaped("=1+1")
    ('&lt;b&gt;&amp;_x0001_ _x005F_x000D_', '=1+1')
    """
    if len(text) > LONGEST:
        text = text[:LONGEST] + "……"
    text = _SPECIAL.sub(_character, text)
    return _MARKUP.sub(lambda match: _NAMES[match[0]], text)


def _character(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\ufffd" if code >= 0xD800 else f"_x{code:04X}_"


class BulkSheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose rows below the head come from an iterator."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Iterable[tuple[float | None, Sequence[Any]]] = ()
        self._first = self._count = 0
        self._styles: list[str] = []
        self._fragments: dict[str, str] = {}

    def rows(
        self,
        first: int,
        count: int,
        formats: Sequence[Format],
        lines: Iterable[tuple[float | None, Sequence[Any]]],
    ) -> None:
        """Say what stands below the head.

        Args:
            first: the row, from 0, of the first line.
            count: how many there will be.
            formats: of each column.
            lines: height of the row in points, if it has its own, and values: numbers, texts, ``None``.
        """
        self._first, self._count, self._lines = first, count, lines
        # An index is given when it is asked for, and formats without one are not written.
        self._styles = [
            f'{xl_col_to_name(column)}{{}}" s="{format_._get_xf_index()}"'
            for column, format_ in enumerate(formats)
        ]
        if count:
            self._check_dimensions(first, 0)
            self._check_dimensions(first + count - 1, len(formats) - 1)

    def _write_sheet_data(self) -> None:
        last: int | None = self.dim_rowmax  # type: ignore[has-type]
        self._xml_start_tag("sheetData")
        if self.dim_rowmin is not None:
            self.dim_rowmax = self._first - 1 if self._count else last
            self._write_rows()
            self.dim_rowmax = last
        begin = [style.split("{}") for style in self._styles]
        written = 0
        for number, (height, values) in enumerate(self._lines, self._first + 1):
            own = f' ht="{height:g}" customHeight="1"' if height else ""
            cells = "".join(
                f'<c r="{letter}{number}{style}{self._content(value)}'
                for (letter, style), value in zip(begin, values, strict=True)
            )
            self.fh.write(f'<row r="{number}"{own}>{cells}</row>')
            written += 1
        if written != self._count:
            raise AssertionError(f"{written} lines for {self._count}")
        self._xml_end_tag("sheetData")

    def _content(self, value: Any) -> str:
        if value is None or value == "":
            return "/>"
        if isinstance(value, str):
            if len(value) > _SHORT:
                return f' t="inlineStr"><is><t xml:space="preserve">{escaped(value)}</t></is></c>'
            fragment = self._fragments.get(value)
            if fragment is None:
                if len(self._fragments) >= _KEPT or value.startswith("<r>"):
                    return f' t="inlineStr"><is><t xml:space="preserve">{escaped(value)}</t></is></c>'
                fragment = self._fragments[value] = f' t="s"><v>{self._shared(value)}</v></c>'
            return fragment
        if isinstance(value, datetime):
            return f"><v>{(value - _EPOCH).total_seconds() / 86400:.10g}</v></c>"
        if isinstance(value, (Decimal, int)):
            return f"><v>{value}</v></c>"
        return f"><v>{value:.15g}</v></c>"

    def _shared(self, text: str) -> int:
        """The number of a text among those that the workbook keeps once. XlsxWriter has put its own in order by now."""
        table = self.str_table
        text = text.encode("utf-8", "replace").decode()
        index = table.string_table.get(text)
        if index is None:
            index = table.string_table[text] = len(table.string_array)
            table.string_array.append(text)
            table.unique_count += 1
        table.count += 1
        return int(index)


_EPOCH = datetime(1899, 12, 30)
