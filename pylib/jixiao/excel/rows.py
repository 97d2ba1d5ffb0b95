"""增加指标行 and 删除指标行: whole rows of a table, with their hidden cells, and the merged labels beside them."""

from __future__ import annotations

from jixiao.books.live import settled, unlocked
from jixiao.books.markup import column_number
from jixiao.books.places import Block
from jixiao.books.sheet import LEAST_HEIGHT
from jixiao.catalogue import load_catalogue
from jixiao.excel.issued import subtotals
from jixiao.excel.light import xw
from jixiao.excel.overtyped import issued_page, list_place, overtyped
from jixiao.excel.page import Page, Selection, write
from jixiao.excel.reply import Answers, Reply, Stop, refuse, say

_ADD, _DELETE = "增加指标行", "删除指标行"


def add(book: xw.Book, answers: Answers) -> Reply:
    """Insert an empty row below the selected one; it has everything that the row above has but what was typed."""
    page, block, row = _selected(book, _ADD)
    if block.table.listed:
        row = block.rows[-1]  # these rows follow the 项目清单 in its order
    with settled(book.app), unlocked([page.tab]):
        insert(page, block, row)
        new = Page.active(book, page.catalogue, _ADD)
        fill(new, row + 1)
    first = min(column_number(letter) for letter in _typed(block).values())
    page.tab.range((row + 1, first)).select()
    return say(_ADD, f"已在第 {row} 行下面增加一行（第 {row + 1} 行），请填写。")


def insert(page: Page, block: Block, row: int) -> None:
    """Insert a row below ``row`` and copy into it all that is not merged."""
    tab, own = page.tab, len(_labels(block))
    labels = [tab.range((row, column)).merge_area for column in _labels(block)]
    ends = [
        (area.row, area.column, area.row + area.shape[0] - 1, area.column + area.shape[1] - 1)
        for area in labels
    ]
    height = tab.range((row, 1)).row_height
    tab.range(f"{row + 1}:{row + 1}").insert("down", "format_from_left_or_above")
    tab.range((row, own + 1), (row, page.width)).copy(tab.range((row + 1, own + 1), (row + 1, page.width)))
    tab.range((row + 1, 1)).row_height = height or LEAST_HEIGHT
    for first, left, last, right in ends:
        if last == row:  # further up, Excel has widened the merged cells itself
            tab.range((first, left), (last, right)).unmerge()
            tab.range((first, left), (last + 1, right)).merge()


def fill(page: Page, row: int) -> None:
    """Take out of a copied row what was typed into the one above it, and give it all its formulas."""
    block = page.block(row)
    assert block is not None
    columns = {column_number(letter) for letter in _typed(block).values()}
    beside = subtotals(page.form, block.table)
    cleared: dict[tuple[int, int], object] = {(row, column): None for column in (*columns, *beside)}
    write(page.tab, cleared)
    if block.table.listed:
        formulas = _listed_line(page, block, row)
    else:
        found = overtyped(page, range(row, row + 1))
        formulas = {(cell.row, cell.column): cell.formula for cell in found}
    write(page.tab, formulas)


def _listed_line(page: Page, block: Block, row: int) -> dict[tuple[int, int], str]:
    """The formulas of a row that shows a project of the 项目清单: its own one, not that of the row above."""
    original, listing = issued_page(page), list_place(page)
    code, line = block.table.code, block.rows.index(row)
    found = {
        (row, column_number(letter)): original.line(code, letter, line, row, listing)
        for letter in original.rows[code]
    }
    return {place: formula for place, formula in found.items() if formula}


def delete(book: xw.Book, answers: Answers) -> Reply:
    """Delete the selected row; labels of merged cells that begin in it move to the next row."""
    page, block, row = _selected(book, _DELETE)
    table, tab = block.table, page.tab
    if len(block.rows) == 1:
        raise refuse(_DELETE, "这张表只剩这一行，不能删除。", "不用的行可以留空，上报时会自动隐藏。")
    labels = [tab.range((row, column)).merge_area for column in _labels(block)]
    ends = [(area.row, area.column, area.shape[0], area.shape[1]) for area in labels]
    for first, column, rows, _ in ends:
        label = page.text(first, column)
        if rows == 1 and label:
            raise refuse(
                _DELETE,
                f"“{_one_line(label)}”只剩这一行，删除会连它一起删掉。",
                "没有这类指标的，这一行留空即可，上报时会自动隐藏。",
            )
    typed = [
        text
        for code, letter in _typed(block).items()
        if (text := page.text(row, column_number(letter))).strip() and not table.untouched(code, text)
    ]
    if typed:
        answers.confirm(
            _DELETE, f"第 {row} 行已经填写：{'，'.join(map(_one_line, typed))}", "确定删除这一行吗？"
        )
    with settled(book.app), unlocked([tab]):
        for first, column, rows, columns in ends:
            if first == row and rows > 1:
                _move_label(tab, first, column, rows, columns)
        beside = subtotals(page.form, table)
        if beside and any(first == row and rows > 1 for first, _, rows, _ in ends):
            _keep_subtotals(page, row, beside)
        tab.range(f"{row}:{row}").delete("up")
        for first, column, rows, columns in ends:
            if first == row and rows > 2:
                tab.range((row, column), (row + rows - 2, column + columns - 1)).merge()
    tab.range(
        (min(row, block.rows[-1] - 1), min(column_number(each) for each in _typed(block).values()))
    ).select()
    return say(_DELETE, f"已删除第 {row} 行。")


def _move_label(tab: xw.Sheet, row: int, column: int, rows: int, columns: int) -> None:
    """Take merged cells apart and put their label into their second row, because the first one goes."""
    area = tab.range((row, column), (row + rows - 1, column + columns - 1))
    area.unmerge()
    tab.range((row, column)).copy(tab.range((row + 1, column)))


def _keep_subtotals(page: Page, row: int, columns: range) -> None:
    """The subtotals stand beside the first row of a section: they move down with its label."""
    now = page.formulas(row, row, columns)
    kept: dict[tuple[int, int], object] = {
        (row + 1, column): content
        for column in columns
        if (content := now.get((row, column), "")).startswith("=")
    }
    write(page.tab, kept)


def _selected(book: xw.Book, label: str) -> tuple[Page, Block, int]:
    """The sheet, the table and the row that are selected."""
    page = Page.active(book, load_catalogue(), label)
    selection = Selection.of(book)
    tables = "、".join(block.table.label or block.table.code for block in page.places.blocks)
    if selection is None or (block := page.block(selection.row)) is None:
        raise refuse(
            label,
            f"现在选中的不是表格中的一行（“{page.sheet.name}”中可以增减行的表：{tables or '无'}）。",
            "请点中表中要处理的那一行（表头行和合计行不算），再点一次按钮。",
        )
    last = selection.row + selection.rows - 1
    labels = _labels(block)
    if selection.rows > 1 and not (selection.columns == 1 and selection.column in labels):
        raise refuse(label, f"选中了 {selection.rows} 行。", "请只点中一行的一个单元格，再点一次按钮。")
    if selection.rows > 1 and label == _ADD:
        return page, block, min(last, block.rows[-1])  # merged label: the row goes to the end of its group
    return page, block, selection.row


def _labels(block: Block) -> range:
    """The columns of merged labels, which stand before all others."""
    grouping = [code for code in (block.table.section, block.table.subsection) if code]
    return range(1, max((column_number(block.letters[code]) for code in grouping), default=0) + 1)


def _typed(block: Block) -> dict[str, str]:
    """The columns that people fill, with their letters."""
    table = block.table
    return {
        code: letter
        for code, letter in block.letters.items()
        if code not in (table.section, table.subsection) and not table.columns[code].calculated
    }


def _one_line(text: str) -> str:
    """A text for a message: in one line, and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= 20 else text[:20] + "…"


__all__ = ["Stop", "add", "delete", "fill", "insert"]
