"""增加项目表: one more project sheet, made from the last one, emptied and entered into the 项目清单."""

from __future__ import annotations

from jixiao.books.live import LiveWorkbook, settled, unlocked
from jixiao.books.making.formulas import PROJECTS
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import plain_text
from jixiao.books.ooxml.markup import column_number
from jixiao.books.ooxml.workbook import Sheet
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue, Form
from jixiao.excel.actions.overtyped import overtyped
from jixiao.excel.actions.page import Page, literal, write
from jixiao.excel.actions.reply import Answers, Reply, refuse, say
from jixiao.excel.actions.rows import insert
from jixiao.excel.light import xw
from jixiao.quantity import normalise

_LABEL = "增加项目表"


def add(book: xw.Book, answers: Answers) -> Reply:
    """Copy the last project sheet for another project; the list on 首页 must have a free row."""
    catalogue = load_catalogue()
    workbook = LiveWorkbook(book)
    filing = workbook.read(catalogue)
    package = catalogue.packages[filing.package]
    form = package.project_form
    if form is None:
        raise refuse(
            _LABEL,
            f"“{package.title.format(year=filing.year)}”没有项目表，不能增加。",
            "项目的情况请填写在现有各表的相应栏目中。",
        )
    pages = _pages(workbook, form, catalogue)
    if not pages:
        raise refuse(
            _LABEL,
            f"工作簿里没有一张能识别的{form.code}，没有可以照着增加的。",
            "请从下发的空白工作簿重新填报，或把误删的项目表恢复后再试。",
        )
    if getattr(book.api, "ProtectStructure", False) is True:
        raise refuse(
            _LABEL, "工作簿的结构设置了保护，不能增加工作表。", "请在“审阅—保护工作簿”中撤销保护后再试。"
        )
    name = answers.ask(_LABEL, "请填写新项目的名称（与预算批复一致）：")
    if not name:
        raise refuse(_LABEL, "没有填写项目名称，没有增加项目表。", "请再点一次“增加项目表”，填写项目全称。")
    entries = _list(workbook)
    if any(normalise(project) == normalise(name) and sheet for _, project, sheet in entries):
        raise refuse(
            _LABEL, f"项目清单里已经有“{name}”。", "请在首页点击它的表名打开；确为另一个项目的，换一个名称。"
        )
    free = next(
        (row for row, project, sheet in entries if not sheet and normalise(project) == normalise(name)), 0
    )
    free = free or next((row for row, project, sheet in entries if not sheet and not project), 0)
    if not free:
        raise refuse(
            _LABEL,
            f"首页的项目清单已满（{len(entries)} 行），没有增加项目表。",
            "请清去清单中不再使用的一行，或向下发单位领取行数更多的工作簿。",
        )
    last = pages[-1]
    new = _free_name(form, len(pages), {sheet.name for sheet in workbook.sheets})
    with settled(book.app):
        book.app.status_bar = "绩效自评：正在增加项目表……"
        tab = last.tab.copy(after=last.tab, name=new)
        try:
            copied = LiveWorkbook(book)
            page = _page(copied, new, catalogue)
            with unlocked([tab]):
                empty(page, name, last.sheet.name)
            line = sum(1 for row, project, sheet in entries if row < free and (project or sheet))
            _line(copied, form, line, catalogue)
            _enter(copied, free, name, new)
        except BaseException:
            tab.delete()  # a sheet with another project's figures is worse than none
            raise
    tab.activate()
    first = min(
        place
        for field, _ in page.places.fields
        if not field.calculated and field.code != form.named_by and (place := page.place(field.code))
    )
    tab.range(first).select()
    return say(
        _LABEL,
        f"已增加工作表“{new}”，并登记到首页的项目清单。",
        "请填写它的黄色单元格；各表的合计数和项目支出会自动算入这个项目。",
    )


def _pages(workbook: LiveWorkbook, form: Form, catalogue: Catalogue) -> list[Page]:
    found = (Page.find(workbook, sheet, catalogue) for sheet in workbook.sheets)
    return [page for page in found if page is not None and page.form is form]


def _page(workbook: LiveWorkbook, name: str, catalogue: Catalogue) -> Page:
    sheet = workbook.sheet(name)
    page = None if sheet is None else Page.find(workbook, sheet, catalogue)
    if page is None:
        raise refuse(
            _LABEL,
            f"复制出来的工作表“{name}”缺少名称定义，不能使用。",
            "请删除这张工作表，从下发的空白工作簿重新填报。",
        )
    return page


def _free_name(form: Form, count: int, taken: set[str]) -> str:
    """The next name in the manner of the package (附件3-4) that no sheet has yet."""
    used = {name.lower() for name in taken}
    number = count + 1
    while form.sheet_name(number).lower() in used:
        number += 1
    return form.sheet_name(number)


def empty(page: Page, name: str, copied_from: str) -> None:
    """Take out what was typed, bring back formulas that were typed over, and write the project's name.

    What the form prints itself stays: labels, placeholders of unused rows, figures given by the treasury.
    """
    contents: dict[tuple[int, int], object] = {
        (cell.row, cell.column): cell.formula for cell in overtyped(page, hidden=False)
    }
    for field, _ in page.places.fields:
        place = page.place(field.code)
        if place is not None and not field.calculated and field.default is None:
            contents[place] = literal(name) if field.code == page.form.named_by else None
    for block in page.places.blocks:
        table = block.table
        for code, letter in block.letters.items():
            if table.columns[code].calculated or code in table.grouping:
                continue
            for row in block.rows:
                place = (row, column_number(letter))
                if not table.untouched(code, page.text(*place)):
                    contents[place] = None
    first = min(block.rows.start for block in page.places.blocks)
    for row in range(1, first):
        for column in range(1, len(page.form.widths) + 1):
            if page.value(row, column) == copied_from:  # printed above the title: 附件3-1
                contents[row, column] = literal(page.sheet.name)
    write(page.tab, contents)


def _list(workbook: LiveWorkbook) -> list[tuple[int, str, str]]:
    """The rows of the 项目清单 with name and sheet of each project."""
    columns = [_column(workbook, code) for code in ("项目名称", "表名")]
    (front, names), (_, sheets) = columns
    cells = workbook.cells(front)

    def text(row: int, column: int) -> str:
        cell = cells.get(row, column)
        value = None if cell is None else cell.value
        return plain_text(value).strip()

    return [
        (row, text(row, names.first_column), text(row, sheets.first_column))
        for row in range(names.first_row, names.last_row + 1)
    ]


def _column(workbook: LiveWorkbook, code: str) -> tuple[Sheet, Reference]:
    found = parse_reference(workbook.names[None].get(f"{PROJECTS}.{code}", ""))
    sheet = workbook.sheet(found.sheet) if isinstance(found, Reference) else None
    if sheet is None or not isinstance(found, Reference):
        raise refuse(
            _LABEL,
            "首页的项目清单找不到了：首页或它的名称定义已被删除。",
            "请撤销删除，或从下发的空白工作簿重新填报。",
        )
    return sheet, found


def _enter(workbook: LiveWorkbook, row: int, name: str, sheet: str) -> None:
    """Enter a project into the list."""
    contents: dict[tuple[int, int], object] = {}
    for code, text in (("项目名称", name), ("表名", sheet)):
        front, column = _column(workbook, code)
        contents[row, column.first_column] = literal(text)
    tab = workbook.tab(front)
    with unlocked([tab]):
        write(tab, contents)


def _line(workbook: LiveWorkbook, form: Form, line: int, catalogue: Catalogue) -> None:
    """See to it that every table that lists the projects has a row for the one in that place of the list."""
    for sheet in workbook.sheets:
        page = Page.find(workbook, sheet, catalogue)
        if page is None or page.form is form:
            continue
        for block in page.places.blocks:
            if block.table.listed and line >= len(block.rows):
                insert(page, block, block.rows[-1])
