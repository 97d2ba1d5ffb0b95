"""What stands on paper, row by row: read once from a handed-in workbook and once from a Word document.

Neither side knows the program's drawing. Of the workbook it is what a printer shows: cells with their number formats,
merges, borders and hidden rows; of the document what python-docx finds in it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import docx
from docx.oxml.ns import qn
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

import opened


class Box(NamedTuple):
    """A cell of a table: its first column, its width in columns, its height in rows, its text."""

    column: int
    columns: int
    rows: int
    text: str


class Row(NamedTuple):
    """The cells that begin in a row of a table, from left to right."""

    boxes: tuple[Box, ...]


class Line(NamedTuple):
    """A text outside of tables, without its spaces: how far pairs stand apart on a line is a matter of looks."""

    text: str


Printed = Row | Line


def line(text: str) -> Line:
    return Line("".join(text.split()))


# ------------------------------------------------------------------------------------------------------- the workbook


def sheet(file: Path, name: str) -> list[Printed]:
    """What a sheet prints, as a document is to hold it.

    Cells without a border between them are one. A label that begins in the row which is repeated on every page is parted
    below that row.
    """
    return _Page(opened.page(file, name, values=True)).printed()


def shown(cell: Any) -> str:
    """A cell as it shows itself in one of the formats that the forms use."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        return str(cell.value)
    value = Decimal(repr(cell.value))
    code, _, behind = cell.number_format.partition(";")[0].partition('"')
    if code == "0.00%":
        return f"{(value * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"
    if code in ("0.00", "0"):
        return f"{value.quantize(Decimal(code), ROUND_HALF_UP)}{behind.rstrip(chr(34))}"
    assert code == "General", code
    return f"{float(value):.10g}"


@dataclass
class _Cell:
    """A cell, perhaps merged: its first row and column, its size, its text, and whether it has lines above and below."""

    row: int
    column: int
    rows: int
    columns: int
    text: str
    above: bool
    below: bool


class _Page:
    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        left, top, right, bottom = range_boundaries(sheet.print_area.rpartition("!")[2].replace("$", ""))
        self.columns = range(left, right + 1)
        visible = [row for row in range(top, bottom + 1) if not sheet.row_dimensions[row].hidden]
        self.merged = {
            (row, column): each
            for each in sheet.merged_cells.ranges
            for row in range(each.min_row, each.max_row + 1)
            for column in range(each.min_col, each.max_col + 1)
        }
        # A row in which nothing begins is the rest of cells that take several rows for their height.
        self.rows = [
            row for row in visible if any(self._begins(row, column, visible) for column in self.columns)
        ]
        titles = str(sheet.print_title_rows or "").rpartition("!")[2].replace("$", "")
        self.title = int(titles.partition(":")[0]) if titles else 0

    def _begins(self, row: int, column: int, visible: list[int]) -> bool:
        each = self.merged.get((row, column))
        return each is None or (
            column == each.min_col and row == next(r for r in visible if r >= each.min_row)
        )

    def printed(self) -> list[Printed]:
        result: list[Printed] = []
        table: list[int] = []
        for row in [*self.rows, 0]:
            bordered = row > 0 and self._bordered(row)
            if table and not bordered:
                result += self._table(table)
                table = []
            if bordered:
                table.append(row)
            elif row:
                result += self._lines(row)
        return result

    def _bordered(self, row: int) -> bool:
        return any(self.sheet.cell(row, column).border.left.style for column in self.columns)

    def _lines(self, row: int) -> list[Line]:
        cells = [self.sheet.cell(row, column) for column in self.columns]
        filled = [cell for cell in cells if cell.value is not None]
        if len(filled) == 1 and not filled[0].protection.locked:
            return [line(text) for text in shown(filled[0]).split("\n") if text.strip()]
        whole = "".join(shown(cell) for cell in filled)
        return [line(whole)] if whole.strip() else []

    def _table(self, rows: list[int]) -> list[Row]:
        cells = [cell for row in rows for cell in self._cells(row, rows)]
        cells, gone = _joined(cells, len(rows))
        title = (
            rows.index(self.title) - sum(k <= rows.index(self.title) for k in gone)
            if self.title in rows
            else -1
        )
        for cell in [cell for cell in cells if cell.row == title and cell.rows > 1]:
            cells.append(replace(cell, row=title + 1, rows=cell.rows - 1))
            cell.rows, cell.text = 1, ""
        cells.sort(key=lambda cell: cell.column)
        return [
            Row(
                tuple(
                    Box(cell.column, cell.columns, cell.rows, cell.text) for cell in cells if cell.row == row
                )
            )
            for row in range(len(rows) - len(gone))
        ]

    def _cells(self, row: int, rows: list[int]) -> list[_Cell]:
        """The cells that begin in a row; those beside each other without a line between them are one."""
        cells: list[_Cell] = []
        open_right = False
        for column in self.columns:
            each = self.merged.get((row, column))
            if not self._begins(row, column, self.rows):
                continue
            first = self.sheet.cell(each.min_row if each else row, column)
            last = self.sheet.cell(each.max_row if each else row, each.max_col if each else column)
            height = sum(each.min_row <= r <= each.max_row for r in rows) if each else 1
            made = _Cell(
                rows.index(row),
                column - self.columns[0],
                height,
                last.column - column + 1,
                shown(first),
                bool(first.border.top.style),
                bool(last.border.bottom.style),
            )
            if cells and open_right and not first.border.left.style:
                cells[-1].columns += made.columns
                cells[-1].text += made.text
            else:
                cells.append(made)
            open_right = not last.border.right.style
        return cells


def _joined(cells: list[_Cell], count: int) -> tuple[list[_Cell], list[int]]:
    """Cells below each other without a line between them, as one, where that is so in a whole row; the rows that go."""
    gone = []
    for row in range(1, count):
        begins = {(cell.column, cell.columns): cell for cell in cells if cell.row == row}
        ends = {(cell.column, cell.columns): cell for cell in cells if cell.row + cell.rows == row}
        lined = any(cell.above for cell in begins.values()) or any(cell.below for cell in ends.values())
        if lined or begins.keys() != ends.keys():
            continue
        gone.append(row)
        for at, cell in begins.items():
            ends[at].text = "\n".join(text for text in (ends[at].text, cell.text) if text)
            ends[at].rows += cell.rows
            ends[at].below = cell.below
            cells.remove(cell)
    for cell in cells:
        end = cell.row + cell.rows
        cell.rows -= sum(cell.row < k < end for k in gone)
        cell.row -= sum(k <= cell.row for k in gone)
    return cells, gone


# ------------------------------------------------------------------------------------------------------- the document


def document(data: Path | bytes) -> list[Printed]:
    """What a Word document holds, from beginning to end."""
    opened = docx.Document(io.BytesIO(data) if isinstance(data, bytes) else str(data))
    result: list[Printed] = []
    for block in opened.iter_inner_content():
        if isinstance(block, docx.text.paragraph.Paragraph):
            result += [line(block.text)] if block.text.strip() else []
        else:
            result += _rows(block)
    return result


def _rows(table: Any) -> list[Row]:
    begun: dict[int, list[Any]] = {}  # by column: row, columns, rows, text
    boxes: list[list[list[Any]]] = []
    for tr in table._tbl.tr_lst:
        boxes.append([])
        column = 0
        for tc in tr.tc_lst:
            text = "\n".join("".join(_texts(p)) for p in tc.p_lst)
            if tc.vMerge == "continue":
                assert text == ""
                assert begun[column][1] == tc.grid_span
                begun[column][2] += 1
            else:
                begun[column] = [column, tc.grid_span, 1, text]
                boxes[-1].append(begun[column])
            column += tc.grid_span
        assert column == len(table.columns)
    return [Row(tuple(Box(*box) for box in row)) for row in boxes]


def _texts(paragraph: Any) -> list[str]:
    marks = {qn("w:tab"): "\t", qn("w:br"): "\n"}
    return [
        each.text or "" if each.tag == qn("w:t") else marks[each.tag]
        for each in paragraph.iter(qn("w:t"), *marks)
    ]
