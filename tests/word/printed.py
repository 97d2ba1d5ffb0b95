"""What stands on paper, row by row: read once from a handed-in workbook and once from a Word document.

Neither side knows the program's drawing. Of the workbook it is what a printer shows: cells with their number formats,
merges, borders and hidden rows; of the document what python-docx finds in it.
"""

from __future__ import annotations

import io
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import docx
import openpyxl
from docx.oxml.ns import qn
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet


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
    """What a sheet prints."""
    return _Page(openpyxl.load_workbook(file, data_only=True)[name]).printed()


def shown(cell: Any) -> str:
    """A cell as it shows itself in one of the formats that the forms use."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        return str(cell.value)
    value = Decimal(repr(cell.value))
    code = cell.number_format.partition(";")[0]
    if code == "0.00%":
        return f"{(value * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"
    if code in ("0.00", "0"):
        return str(value.quantize(Decimal(code), ROUND_HALF_UP))
    assert code == "General", code
    return f"{float(value):.10g}"


class _Page:
    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        left, top, right, bottom = range_boundaries(sheet.print_area.rpartition("!")[2].replace("$", ""))
        self.columns = range(left, right + 1)
        self.rows = [row for row in range(top, bottom + 1) if not sheet.row_dimensions[row].hidden]
        self.merged = {
            (row, column): each
            for each in sheet.merged_cells.ranges
            for row in range(each.min_row, each.max_row + 1)
            for column in range(each.min_col, each.max_col + 1)
        }
        titles = str(sheet.print_title_rows or "").rpartition("!")[2].replace("$", "")
        self.title = int(titles.partition(":")[0]) if titles else 0

    def printed(self) -> list[Printed]:
        result: list[Printed] = []
        for row in self.rows:
            if self._bordered(row):
                boxes = tuple(self._boxes(row))
                if boxes:  # else all of it is the rest of a cell that takes several rows for its height
                    result.append(Row(boxes))
                continue
            cell = self.sheet.cell(row, self.columns[0])
            texts = [shown(self.sheet.cell(row, column)) for column in self.columns]
            pieces = (
                ["".join(texts)]
                if len([t for t in texts if t]) != 1 or not self._typed(cell)
                else texts[0].split("\n")
            )
            result += [line(piece) for piece in pieces if piece.strip()]
        return result

    @staticmethod
    def _typed(cell: Any) -> bool:
        return not cell.protection.locked

    def _bordered(self, row: int) -> bool:
        cells = [self.sheet.cell(row, column).border for column in self.columns]
        return any(each.top.style and each.left.style for each in cells) or any(
            each.left.style for each in cells
        )

    def _boxes(self, row: int) -> list[Box]:
        boxes: list[Box] = []
        open_right = False
        for column in self.columns:
            each = self.merged.get((row, column))
            if each is not None and (column != each.min_col or not self._first(each, row)):
                continue
            cell = self.sheet.cell(each.min_row if each else row, column)
            last = each.max_col if each else column
            height = len([r for r in self.rows if each.min_row <= r <= each.max_row]) if each else 1
            at = column - self.columns[0]
            joined = bool(boxes) and open_right and not cell.border.left.style
            open_right = not self.sheet.cell(row, last).border.right.style
            if joined and boxes[-1].column + boxes[-1].columns == at:
                before = boxes.pop()
                boxes.append(
                    Box(before.column, last - column + 1 + before.columns, height, before.text + shown(cell))
                )
            else:
                boxes.append(Box(at, last - column + 1, height, shown(cell)))
        return boxes

    def _first(self, each: Any, row: int) -> bool:
        """Whether this is the first row of a merged cell that is not hidden."""
        return next(r for r in self.rows if r >= each.min_row) == row


def repeated(file: Path, name: str, printed: list[Printed]) -> list[Printed]:
    """The same with what Word asks for: a label that begins in the repeated row is parted below it."""
    page = _Page(openpyxl.load_workbook(file, data_only=True)[name])
    visible = [
        row for row in page.rows if (page._bordered(row) and page._boxes(row)) or not page._bordered(row)
    ]
    if page.title not in visible:
        return printed
    heads = [Row(tuple(page._boxes(page.title)))]
    (at,) = [k for k, each in enumerate(printed) if each == heads[0]]
    head, below = printed[at], printed[at + 1]
    assert isinstance(head, Row) and isinstance(below, Row)
    parted = [box for box in head.boxes if box.rows > 1]
    first = Row(tuple(box._replace(rows=1, text="") if box in parted else box for box in head.boxes))
    moved = [box._replace(rows=box.rows - 1) for box in parted]
    return [*printed[:at], first, Row(tuple(sorted([*below.boxes, *moved]))), *printed[at + 2 :]]


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
