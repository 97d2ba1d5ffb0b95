"""Lines and grids as WordprocessingML (ECMA-376 part 1, 17). Looks are styles of the template, named by their ids.

Texts of a filing are data: they are escaped, and no program looks for anything in them. What is set beside the styles is
the structure of the official table: which cells are merged, how wide columns are, how far a label is indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from xml.sax.saxutils import escape

from jixiao.word.pages import Box, Grid, Line, Text

#: Styles of the template by what they are for. A line that is not listed has the style of the same name.
STYLES = {
    **{"标题": "附表标题", "正文": "报告正文", "签字左": "签字"},
    **{"段落头": "一级标题", "段落头二": "二级标题", "段落头三": "三级标题"},
}
BODY, HEAD, CENTRED, LEFT, GAP = "报告正文", "表头", "表格文字", "表格左", "分隔"
TABLE = "附表"
#: Paragraph styles that every template has.
PARAGRAPH_STYLES = (
    *("封面标题", "封面行", "报告标题", "一级标题", "二级标题", "报告正文"),
    *("附件", "附表标题", "说明", "签字", HEAD, CENTRED, LEFT, GAP),
)
#: Half a character as Word counts indents: in hundredths of one, and for other programs in twentieths of a point.
_HALF = (50, 90)
#: A figure is not to be broken over lines. Twentieths of a point that a digit takes, and the edges of a cell.
_DIGIT, _EDGES = 115, 130
_FIGURE = re.compile(r"[-+≥≤]?[\d.,]+%?")


def column_widths(form: Sequence[float], grids: Iterable[Grid], room: int) -> list[float]:
    """The widths of the columns of all tables of a sheet: those of the form, but figures stay whole.

    Args:
        form: the widths that the form has, in any unit.
        grids: the tables, which share their columns.
        room: what they are to fill, in twentieths of a point.
    """
    widths = [room * width / sum(form) for width in form]
    least = [0.0] * len(widths)
    for box in (box for grid in grids for box in grid.boxes):
        for text in (each.text for each in box.texts if box.columns == 1 and _FIGURE.fullmatch(each.text)):
            least[box.column] = max(least[box.column], len(text) * _DIGIT + _EDGES)
    spare = [
        max(0.0, width - max(need, room / len(widths))) for width, need in zip(widths, least, strict=True)
    ]
    lacking = [max(0.0, need - width) for width, need in zip(widths, least, strict=True)]
    if sum(lacking) > sum(spare) or not sum(spare):
        return widths
    share = sum(lacking) / sum(spare)
    return [w + lack - free * share for w, lack, free in zip(widths, lacking, spare, strict=True)]


class Writer:
    """Writes content in the styles of one template.

    Args:
        ids: the id of every style of the template by its name.
    """

    def __init__(self, ids: Mapping[str, str]) -> None:
        self.ids = ids

    def line(self, line: Line, room: int, opens_page: bool = False) -> str:
        """A paragraph on a page with so much ``room`` across, in twentieths of a point."""
        name = STYLES.get(line.style, line.style)
        extra = "<w:pageBreakBefore/>" if opens_page else ""
        text = line.text
        if line.right:
            extra += f'<w:tabs><w:tab w:val="right" w:pos="{room}"/></w:tabs>'
            text += f"\t{line.right}"
        return self.paragraph(text, name if name in self.ids else BODY, extra)

    def gap(self, inside: str = "") -> str:
        """An empty paragraph that takes no room: Word needs one between tables, and for the end of a section."""
        return f'<w:p><w:pPr><w:pStyle w:val="{self._id(GAP)}"/>{inside}</w:pPr></w:p>'

    def paragraph(self, text: str, style: str, extra: str = "") -> str:
        """A text in a style of the template; ``extra`` are properties beside it, in the order of the schema."""
        return f'<w:p><w:pPr><w:pStyle w:val="{self._id(style)}"/>{extra}</w:pPr>{_run(text)}</w:p>'

    def grid(self, grid: Grid, widths: Sequence[float]) -> str:
        """A table; ``widths`` are those of its columns, in twentieths of a point."""
        edges = [round(edge) for edge in accumulate(widths, initial=0.0)]
        columns = "".join(f'<w:gridCol w:w="{right - left}"/>' for left, right in pairwise(edges))
        rows = "".join(self._row(grid, row, cells, edges) for row, cells in enumerate(_rows(grid)))
        return (
            f'<w:tbl><w:tblPr><w:tblStyle w:val="{self._id(TABLE)}"/><w:tblW w:w="{edges[-1]}" w:type="dxa"/>'
            f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>'
        )

    def _row(self, grid: Grid, row: int, boxes: Iterable[Box], edges: list[int]) -> str:
        cells, splits = "", False
        for box in boxes:
            width = edges[box.column + box.columns] - edges[box.column]
            cells += self._cell(box, box.row == row, box.row + box.rows == row + 1, width)
            splits = splits or (box.splits and box.row == row)
        whole = "" if splits else "<w:cantSplit/>"
        repeated = "<w:tblHeader/>" if grid.repeats and row == 0 else ""
        height = f"<w:trPr>{whole}{repeated}</w:trPr>" if whole or repeated else ""
        return f"<w:tr>{height}{cells}</w:tr>"

    def _cell(self, box: Box, first: bool, last: bool, width: int) -> str:
        span = f'<w:gridSpan w:val="{box.columns}"/>' if box.columns > 1 else ""
        merge = "" if box.rows == 1 else '<w:vMerge w:val="restart"/>' if first else "<w:vMerge/>"
        inside = "".join(self._text(text) for text in box.texts) if first else self.paragraph("", CENTRED)
        sides = (first, "top"), (last, "bottom")
        free = "".join(f'<w:{side} w:val="nil"/>' for there, side in sides if there and side in box.open)
        borders = f"<w:tcBorders>{free}</w:tcBorders>" if free else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{borders}</w:tcPr>{inside}</w:tc>'
        )

    def _text(self, text: Text) -> str:
        """A text in a cell, line by line: in the style that the template has for it, else in that of its kind."""
        style, extra = text.style, ""
        if style not in self.ids:
            style = HEAD if text.head else LEFT if text.align == "left" else CENTRED
            if text.indent:
                characters, points = (text.indent * half for half in _HALF)
                extra = f'<w:ind w:leftChars="{characters}" w:left="{points}"/>'
        return "".join(self.paragraph(line, style, extra) for line in text.text.split("\n"))

    def _id(self, name: str) -> str:
        return escape(self.ids[name], {'"': "&quot;"})


def _rows(grid: Grid) -> Iterator[list[Box]]:
    """The cells of every row from left to right, those that began further up included."""
    rows: list[list[Box]] = [[] for _ in range(grid.rows)]
    for box in grid.boxes:
        for row in range(box.row, box.row + box.rows):
            rows[row].append(box)
    for cells in rows:
        yield sorted(cells, key=lambda box: box.column)


def _run(text: str) -> str:
    """The text as one run; a new line and a tab are elements of their own."""
    if not text:
        return ""
    inside = escape(text)
    inside = inside.replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    inside = inside.replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">')
    return f'<w:r><w:t xml:space="preserve">{inside}</w:t></w:r>'
