"""增加指标行 and 删除指标行: whole rows of a table, with their hidden cells, and the merged labels beside them."""

from __future__ import annotations

from jixiao.books.live import LiveWorkbook, settled, unlocked
from jixiao.books.making.sheet import LEAST_HEIGHT
from jixiao.books.ooxml.markup import column_number
from jixiao.books.places import Block
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.issued import subtotals
from jixiao.excel.actions.overtyped import issued_page, list_place, overtyped
from jixiao.excel.actions.page import Page, Selection, write
from jixiao.excel.actions.reply import Answers, Reply, Stop, refuse, say
from jixiao.excel.light import xw

_ADD, _DELETE = "增加指标行", "删除指标行"


def add(book: xw.Book, answers: Answers) -> Reply:
    """Insert an empty row below the selected one; it has everything that the row above has but what was typed."""
    page, block, row = _selected(book, _ADD)
    if block.table.listed:
        row = block.rows[-1]  # these rows follow the 项目清单 in its order
    with settled(book.app):
        book.app.status_bar = "绩效自评：正在增加一行……"
        insert(page, block, row)
    first = min(column_number(letter) for letter in _typed(block).values())
    page.tab.range((row + 1, first)).select()
    return say(_ADD, f"已在第 {row} 行下面增加一行（第 {row + 1} 行），请填写。")


def insert(page: Page, block: Block, row: int) -> None:
    """Insert an empty row of the table below ``row``, in a workbook that is settled; all of it, or nothing."""
    tab, labels = page.tab, _labels(block)
    ends = _areas(page, row, labels)
    height, width = tab.range((row, 1)).row_height, page.width
    with unlocked([tab]):
        new = tab.range(f"{row + 1}:{row + 1}")
        new.insert("down", "format_from_left_or_above")
        try:
            source = tab.range((row, len(labels) + 1), (row, width))
            source.copy(tab.range((row + 1, len(labels) + 1), (row + 1, width)))
            tab.range((row + 1, 1)).row_height = height or LEAST_HEIGHT
            for first, left, last, right in ends:
                if last == row:  # further up, Excel has widened the merged cells itself
                    tab.range((first, left), (last, right)).unmerge()
                    tab.range((first, left), (last + 1, right)).merge()
            tab.book.app.calculate()  # so that the sheet says anew where everything stands
            fill(_again(page), row + 1)
        except BaseException:
            tab.range(f"{row + 1}:{row + 1}").delete("up")
            raise


def _areas(page: Page, row: int, columns: range) -> list[tuple[int, int, int, int]]:
    """The merged cells that stand in some columns of a row, each of them once."""
    return list(dict.fromkeys(_area(page.tab.range((row, column)).merge_area) for column in columns))


def _area(area: xw.Range) -> tuple[int, int, int, int]:
    """First row, first column, last row and last column."""
    rows, columns = area.shape
    return area.row, area.column, area.row + rows - 1, area.column + columns - 1


def _again(page: Page) -> Page:
    """The same sheet, read anew."""
    workbook = LiveWorkbook(page.workbook.book)
    found = Page.find(workbook, workbook.sheets[page.sheet.index], page.catalogue)
    assert found is not None, "a sheet that was a form is none after a row was inserted"
    return found


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
    if table.listed:
        raise refuse(
            _DELETE,
            "这里的各行与首页的项目清单逐行对应，不能单独删除。",
            "不再有的项目，请在首页的项目清单中清去；多余的行留空即可，上报时会自动隐藏。",
        )
    if len(block.rows) == 1:
        raise refuse(_DELETE, "这张表只剩这一行，不能删除。", "不用的行可以留空，上报时会自动隐藏。")
    labels = _areas(page, row, _labels(block))
    for first, column, end, _ in labels:
        label = page.text(first, column)
        if first == end and label:
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
    begun = [area for area in labels if area[0] == row and area[2] > row]
    with settled(book.app), unlocked([tab]):
        for _, column, end, right in begun:
            # Merged cells are taken apart and their label goes into their second row, because the first one goes.
            tab.range((row, column), (end, right)).unmerge()
            tab.range((row, column)).copy(tab.range((row + 1, column)))
        if begun:
            _keep_subtotals(page, row, subtotals(page.form, table))
        tab.range(f"{row}:{row}").delete("up")
        for _, column, end, right in begun:
            if (end - 1, right) != (row, column):
                tab.range((row, column), (end - 1, right)).merge()
    first = min(column_number(letter) for letter in _typed(block).values())
    tab.range((min(row, block.rows[-1] - 1), first)).select()
    return say(_DELETE, f"已删除第 {row} 行。")


def _keep_subtotals(page: Page, row: int, columns: range) -> None:
    """The subtotals stand beside the first row of a section: they move down with its label."""
    if not columns:
        return
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
    if selection.rows > 1 and not (label == _ADD and selection.column in labels):
        raise refuse(label, f"选中了 {selection.rows} 行。", "请只点中一行的一个单元格，再点一次按钮。")
    if selection.rows > 1:
        return page, block, min(last, block.rows[-1])  # merged label: the row goes to the end of its group
    return page, block, selection.row


def _labels(block: Block) -> range:
    """The columns of merged labels, which stand before all others: of groups, and of the form around the table."""
    own = (letter for code, letter in block.letters.items() if code not in block.table.grouping)
    return range(1, min(map(column_number, own)))


def _typed(block: Block) -> dict[str, str]:
    """The columns that people fill, with their letters."""
    table = block.table
    return {
        code: letter
        for code, letter in block.letters.items()
        if code not in table.grouping and not table.columns[code].calculated
    }


def _one_line(text: str) -> str:
    """A text for a message: in one line, and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= 20 else text[:20] + "…"


__all__ = ["Stop", "add", "delete", "fill", "insert"]
