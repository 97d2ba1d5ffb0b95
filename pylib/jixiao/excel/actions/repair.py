"""恢复公式 and 调整行高: what people undo by accident on a form, put right again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from jixiao.books.live import settled, unlocked
from jixiao.books.making.drawing import Block as Drawn
from jixiao.books.making.drawing import Cell, Drawing, draw
from jixiao.books.making.heights import Fit, fit, merged_width
from jixiao.books.making.sentences import longest
from jixiao.books.making.sheet import LEAST_HEIGHT
from jixiao.books.making.styles import load_styles
from jixiao.books.ooxml.markup import column_number
from jixiao.books.places import Block
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions import snapshot
from jixiao.excel.actions.overtyped import Overtyped, overtyped
from jixiao.excel.actions.page import Page, Selection, write
from jixiao.excel.actions.reply import Answers, Reply, say
from jixiao.excel.light import xw
from jixiao.filing import Sheet

_FORMULAS, _HEIGHTS = "恢复公式", "调整行高"
#: Cells listed in a message.
_LISTED = 12


def formulas(book: xw.Book, answers: Answers) -> Reply:
    """Every calculated cell of the sheet, or of the selected ones, that holds no formula gets it back."""
    page = Page.active(book, load_catalogue(), _FORMULAS)
    selection = Selection.of(book)
    whole = selection is None or selection.rows * selection.columns == 1 or _is_merged(page, selection)
    if whole or selection is None:
        found = overtyped(page)
    else:
        chosen = range(selection.row, selection.row + selection.rows)
        found = [cell for cell in overtyped(page, chosen) if _chosen(page, cell, selection)]
    where = f"“{page.sheet.name}”" if whole else "选中的单元格"
    if not found:
        return say(_FORMULAS, f"{where}里自动计算的单元格都有公式，不需要恢复。")
    shown = [cell for cell in found if cell.field is not None]
    hidden = len(found) - len(shown)
    lines = [
        f"{cell.address} {cell.field.title_in(page.filing.year)}：现在是 {cell.now or '空白'}"
        for cell in shown[:_LISTED]
        if cell.field is not None
    ]
    answers.confirm(
        _FORMULAS,
        f"{where}有 {len(shown)} 个自动计算的单元格没有公式"
        + (f"，另有 {hidden} 个隐藏的辅助单元格。" if hidden else "。"),
        *lines,
        f"……等 {len(shown)} 处" if len(shown) > _LISTED else "",
        "定性、时效指标的得分没有算式，恢复后是空白，要重新填写。"
        if any(cell.code == "得分" for cell in shown)
        else "",
        "只恢复其中几格的，请选“否”，选中它们再点一次。" if whole and len(shown) > 1 else "",
        "恢复后现在的内容会被公式的结果代替（可以用“恢复上次审核前”退回）。要恢复吗？",
    )
    with settled(book.app), unlocked([page.tab]):
        book.app.status_bar = "绩效自评：正在恢复公式……"
        snapshot.keep_cells(page, _FORMULAS, [(cell.row, cell.column, cell.now) for cell in found])
        write(page.tab, {(cell.row, cell.column): cell.formula for cell in found})
    return say(_FORMULAS, f"已恢复 {len(found)} 个单元格的公式。", "要退回恢复前的内容，点“恢复上次审核前”。")


def _is_merged(page: Page, selection: Selection) -> bool:
    """Whether what is selected is one cell of the form, merged over several."""
    area = page.tab.range((selection.row, selection.column)).merge_area
    return (selection.rows, selection.columns) == tuple(area.shape)


def _chosen(page: Page, cell: Overtyped, selection: Selection) -> bool:
    """Whether a cell is meant: one that is selected, or a hidden one of a table row that is."""
    if (cell.row, cell.column) in selection:
        return True
    return cell.field is None and page.block(cell.row) is not None


def heights(book: xw.Book, answers: Answers) -> Reply:
    """Make every row of the form as high as its texts need."""
    page = Page.active(book, load_catalogue(), _HEIGHTS)
    with settled(book.app), unlocked([page.tab]):
        needed = fitting(page)
        for first, last, height in _runs(needed):
            page.tab.range((first, 1), (last, 1)).row_height = height
    return say(_HEIGHTS, f"已按文字调整“{page.sheet.name}”的行高。")


def fitting(page: Page) -> dict[int, float]:
    """The height in points of every row of the form, by its number."""
    form, styles, catalogue = page.form, load_styles(), page.catalogue
    size = float(styles.base["font_size"])
    points = {code: parameter.at(page.package.year) for code, parameter in catalogue.parameters.items()}
    drawing = draw(form, Sheet(form.code, page.sheet.name), {}, points, [], size)
    rows = _rows(page, drawing)
    fits: list[Fit] = []
    for cell in drawing.cells:
        if cell.line is not None:
            continue
        drawn = cell.field is None and cell.role in styles.roles
        look = styles.layered(cell.role if drawn else "locked", (), cell.style)
        if look.get("text_wrap"):
            row = rows[cell.row]
            text = _text(page, cell, row)
            width = merged_width(form.widths[cell.column : cell.column + cell.columns])
            fits.append(Fit(row, _span(page, cell, row), text, width, float(look["font_size"])))
    for block in page.places.blocks:
        if not block.table.listed:  # those texts run on over the next columns
            issued = drawing.blocks[block.table.code]
            look = styles.layered("input", (), issued.style)
            fits += _in_table(page, block, issued, float(look["font_size"]))
    least = dict.fromkeys((row for block in page.places.blocks for row in block.rows), LEAST_HEIGHT)
    least |= {rows[row]: height for row, height in drawing.least.items()}
    return fit(fits, LEAST_HEIGHT, least)


def _text(page: Page, cell: Cell, row: int) -> str:
    """What a row must have room for: what stands there, or a sentence whose figures may come later."""
    text = page.text(row, cell.column + 1)
    if cell.sentence is None:
        return text
    years = dict.fromkeys(("year", "last_year"), "0000")
    return max(text, longest(cell.sentence, "", years, page.package.forms), key=len)


def _rows(page: Page, drawing: Drawing) -> dict[int, int]:
    """The number of each drawn row, which counts from 0, outside of the lines of tables."""
    known = {
        row: place[0]
        for code, (row, _) in drawing.addresses().items()
        if (place := page.place(code)) is not None
    }
    for block in page.places.blocks:
        drawn = drawing.blocks[block.table.code]
        known |= {drawn.head: block.rows.start - 1, drawn.foot: block.rows.stop}
    anchors = sorted(known)
    found = {}
    for row in range(drawing.cells[-1].row + 1):
        nearest = max((anchor for anchor in anchors if anchor <= row), default=anchors[0])
        found[row] = known[nearest] + row - nearest
    return found


def _span(page: Page, cell: Cell, row: int) -> int:
    """Over how many rows a cell is merged: long texts are given as many as they need, labels grow with their tables."""
    if not (cell.field.long if cell.field else cell.role == "group"):
        return cell.rows
    return int(page.tab.range((row, cell.column + 1)).merge_area.shape[0])


def _in_table(page: Page, block: Block, issued: Drawn, size: float) -> Iterator[Fit]:
    table = block.table
    for code, letter in block.letters.items():
        column = column_number(letter)
        width = merged_width(page.form.widths[column - 1 : column - 1 + issued.spans[code]])
        texts = {row: page.text(row, column) for row in block.rows}
        starts = [row for row in block.rows if texts[row]]
        for row, following in pairwise([*starts, block.rows.stop]):
            merged = code in table.grouping
            yield Fit(row, following - row if merged else 1, texts[row], width, size)


def _runs(heights: Mapping[int, float]) -> Iterator[tuple[int, int, float]]:
    """Neighbouring rows of one height: first, last, height."""
    rows = sorted(heights)
    start = 0
    for k in range(1, len(rows) + 1):
        if k == len(rows) or rows[k] != rows[k - 1] + 1 or heights[rows[k]] != heights[rows[start]]:
            yield rows[start], rows[k - 1], heights[rows[start]]
            start = k
