"""A drawn sheet as Word lays it out: lines of text and grids of merged cells.

What a row is follows from the drawing alone: rows with borders make a grid, rows without are lines of text. Rows that
nobody filled are left out, as they are hidden in what is handed in. Cells without a border between them become one, as
in the official table: a label and its value (一般公共预算：2803.16), the paragraphs of a section beside their label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jixiao.books.making.drawing import Block, Cell, Drawing
from jixiao.books.making.styles import Styles

#: More text than this in one cell may not fit on the rest of a page, so its row may be split.
LONG = 300
#: What separates label and value pairs of one line, and what leaves room for a value written by hand.
_GAP, _ROOM = "　　", "　　　　"


@dataclass(frozen=True)
class Line:
    """A paragraph; ``style`` is that of the drawing, ``right`` what stands at its right edge, ``opens``: begins a page."""

    text: str
    style: str
    right: str = ""
    opens: bool = False


@dataclass(frozen=True)
class Text:
    """A text in a cell. ``style`` is that of the drawing, ``head`` a head of columns, ``indent`` counts characters."""

    text: str
    style: str = ""
    head: bool = False
    align: str = "center"
    indent: int = 0


@dataclass(frozen=True)
class Box:
    """A cell of a grid, with one text below the other.

    ``splits`` allows a page break inside, and ``open`` names the sides (top, bottom) that have no border.
    """

    row: int
    column: int
    rows: int
    columns: int
    texts: tuple[Text, ...]
    splits: bool = False
    open: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grid:
    """A table: number of rows, its cells, whether its first row is repeated on every page, whether it begins one."""

    rows: int
    boxes: tuple[Box, ...]
    repeats: bool
    opens: bool = False


@dataclass
class Page:
    """One sheet. ``cover`` is what stands before the first page break of a report, with no number on it.

    ``widths`` are those of the form's columns, as it declares them.
    """

    landscape: bool
    widths: tuple[float, ...]
    cover: list[Line | Grid] = field(default_factory=list)
    parts: list[Line | Grid] = field(default_factory=list)


@dataclass(frozen=True)
class _Placed:
    """A drawn cell with its text and the properties of its look."""

    cell: Cell
    text: str
    look: Mapping[str, Any]

    @property
    def bordered(self) -> bool:
        return bool(self.look["border"])


def lay_out(drawing: Drawing, shown: Callable[[Cell], str], styles: Styles) -> Page:
    """What stands on the pages of one sheet.

    Args:
        drawing: the sheet as drawn.
        shown: the text of a cell.
        styles: the looks that the drawing names.
    """
    drawn = [
        _Placed(cell, shown(cell), styles.layered(*cell.layers(), cell.style))
        for cell in drawing.cells
        if cell.row < drawing.printed
    ]
    hidden = {row for block in drawing.blocks.values() for row in _unfilled(block, drawn)}
    cells = [placed for placed in drawn if placed.cell.row not in hidden]
    begins = {placed.cell.row for placed in cells}
    # A long text is spread over several rows because an Excel row is no higher than 409 points; here it is one.
    order = {row: k for k, row in enumerate(sorted(begins))}
    bordered = {order[placed.cell.row] for placed in cells if placed.bordered}
    moved = [replace(placed, cell=_moved(placed.cell, order)) for placed in cells]
    breaks = [sum(row < at for row in order) for at in drawing.breaks]
    repeat = order.get(drawing.repeat, -1) if drawing.repeat is not None else -1
    page = Page(drawing.form.orientation == "landscape", drawing.form.widths)
    for rows in _runs(len(order), bordered, {repeat, *breaks}, moved):
        inside = [placed for placed in moved if placed.cell.row in rows]
        parts: list[Line | Grid] = (
            [_grid(drawing, rows, inside, rows.start == repeat)]
            if rows.start in bordered
            else [*_lines(inside)]
        )
        if rows.start in breaks and drawing.form.passages and not page.cover:
            page.cover, page.parts = page.parts, []
        elif rows.start in breaks:
            parts[:1] = [replace(part, opens=True) for part in parts[:1]]
        page.parts += parts
    return page


def _unfilled(block: Block, cells: Sequence[_Placed]) -> set[int]:
    """The rows of a table that show nothing but what the form prints into unused rows.

    One that holds a label stays; of a table without labels the first does, so that the table is not lost.
    """
    table = block.table
    columns = {id(column) for column in table.columns.values()}
    filled = {
        placed.cell.row
        for placed in cells
        if placed.text.strip()
        and (
            placed.cell.field is None
            or (id(placed.cell.field) in columns and not table.untouched(placed.cell.field.code, placed.text))
        )
    }
    rows = {block.row(k) for k in range(len(block.lines))} - filled
    if len(rows) == len(block.lines) and not table.paragraphs:
        rows.discard(block.first)
    return rows


def _moved(cell: Cell, order: Mapping[int, int]) -> Cell:
    """The cell in the rows that are left."""
    left = [order[row] for row in range(cell.row, cell.row + cell.rows) if row in order]
    return replace(cell, row=left[0], rows=len(left))


def _runs(count: int, bordered: set[int], anew: set[int], cells: Sequence[_Placed]) -> Iterator[range]:
    """The rows that stand together: each line alone, a grid up to where its look changes or one of ``anew`` begins."""
    crossed = {
        row for placed in cells for row in range(placed.cell.row + 1, placed.cell.row + placed.cell.rows)
    }
    start = 0
    for row in range(1, count + 1):
        together = row < count and row in bordered and row - 1 in bordered
        if not together or (row in anew and row not in crossed):
            yield range(start, row)
            start = row


# ----------------------------------------------------------------------------------------------------------- lines


def _lines(row: Sequence[_Placed]) -> Iterator[Line]:
    """The paragraphs of one row without borders."""
    if len(row) == 1:
        (placed,) = row
        whole = placed.cell.field is None and placed.cell.sentence is None
        pieces = [placed.text] if whole else placed.text.splitlines()
        yield from (Line(piece.strip("\n"), placed.cell.style) for piece in pieces if piece.strip())
        return
    *others, last = sorted(row, key=lambda placed: placed.cell.column)
    right = last.text if last.cell.field is None and last.look.get("align") == "right" else ""
    joined = ""
    for placed in others if right else row:
        value = placed.cell.field is not None
        joined += (placed.text or _ROOM) if value else (_GAP if joined else "") + placed.text
    yield Line(joined.rstrip("　"), row[0].cell.style, right)


# ----------------------------------------------------------------------------------------------------------- grids


def _grid(drawing: Drawing, rows: range, cells: Sequence[_Placed], repeats: bool) -> Grid:
    boxes = [_box(placed, rows.start) for placed in _joined(cells)]
    taken = {
        (row, column)
        for box in boxes
        for row in range(box.row, box.row + box.rows)
        for column in range(box.column, box.column + box.columns)
    }
    boxes += [
        Box(row, column, 1, 1, (Text(""),))
        for row in range(len(rows))
        for column in range(drawing.width)
        if (row, column) not in taken
    ]
    boxes, count = _run_together(boxes, len(rows))
    if repeats:
        boxes = [part for box in boxes for part in _parted(box)]
    boxes.sort(key=lambda box: (box.row, box.column))
    return Grid(count, tuple(boxes), repeats)


def _run_together(boxes: Sequence[Box], count: int) -> tuple[list[Box], int]:
    """The cells, each with those below it that no border parts from it, and the number of rows that are left."""
    result: list[Box] = []
    order: list[int] = []  # what each row becomes
    for row in range(count):
        begins = [box for box in boxes if box.row == row]
        above = {(box.column, box.columns): k for k, box in enumerate(result) if box.row + box.rows == row}
        joins = len(begins) == len(above) > 0 and all(
            (k := above.get((box.column, box.columns))) is not None
            and "top" in box.open
            and "bottom" in result[k].open
            for box in begins
        )
        order.append(order[-1] + (not joins) if order else 0)
        for box in begins:
            if joins:
                k = above[box.column, box.columns]
                result[k] = _below(result[k], box)
            else:
                result.append(box)
    moved = [
        replace(box, row=order[box.row], rows=order[box.row + box.rows - 1] - order[box.row] + 1)
        for box in result
    ]
    return [replace(box, open=frozenset()) for box in moved], order[-1] + 1


def _below(box: Box, other: Box) -> Box:
    """A cell with the texts of the one below it."""
    texts = tuple(each for each in (*box.texts, *other.texts) if each.text) or box.texts
    return replace(
        box, rows=box.rows + other.rows, texts=texts, splits=box.splits or other.splits, open=other.open
    )


def _parted(box: Box) -> Iterator[Box]:
    """A label that begins in the repeated row and reaches below it, as two cells without a border between them.

    No program repeats a row properly that is merged with the rows below it.
    """
    if box.row or box.rows == 1:
        yield box
        return
    yield replace(box, rows=1, texts=(Text(""),), open=frozenset({"bottom"}))
    yield replace(box, row=1, rows=box.rows - 1, open=frozenset({"top"}))


def _joined(cells: Sequence[_Placed]) -> Iterator[_Placed]:
    """The cells, each with the one to its right where no border stands between them."""
    waiting: _Placed | None = None
    for placed in sorted(cells, key=lambda placed: (placed.cell.row, placed.cell.column)):
        if waiting is not None and _continues(waiting, placed):
            cell = replace(waiting.cell, columns=waiting.cell.columns + placed.cell.columns)
            waiting = replace(waiting, cell=cell, text=waiting.text + placed.text)
            continue
        if waiting is not None:
            yield waiting
        waiting = placed
    if waiting is not None:
        yield waiting


def _continues(left: _Placed, right: _Placed) -> bool:
    return (
        left.look.get("right", 1) == 0
        and right.look.get("left", 1) == 0
        and (left.cell.row, left.cell.rows) == (right.cell.row, right.cell.rows)
        and left.cell.column + left.cell.columns == right.cell.column
    )


def _box(placed: _Placed, first: int) -> Box:
    cell, look = placed.cell, placed.look
    shown = Text(
        placed.text,
        cell.style,
        cell.role == "head",
        str(look.get("align", "center")),
        int(look.get("indent", 0)),
    )
    splits = bool(cell.field and cell.field.long) or len(placed.text) > LONG
    free = frozenset(side for side in ("top", "bottom") if look.get(side, 1) == 0)
    return Box(cell.row - first, cell.column, cell.rows, cell.columns, (shown,), splits, free)
