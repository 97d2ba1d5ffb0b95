"""填写说明, 帮助, 自检 and 关于: the buttons that tell something and change nothing."""

from __future__ import annotations

import contextlib
import importlib.metadata
import webbrowser
from collections.abc import Iterator

from jixiao import __version__
from jixiao.adjustments import adjusted
from jixiao.binding import Binding, BindingError
from jixiao.books.live import LiveWorkbook
from jixiao.books.making.front import NAME as FRONT
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Field, Rule
from jixiao.excel import manual as pages
from jixiao.excel import personal
from jixiao.excel.actions.page import Page, Selection
from jixiao.excel.actions.reply import Answers, Reply, say
from jixiao.excel.light import xw
from jixiao.findings import SEVERITY_NAMES

_GUIDE = "填写说明"
_SECTION = "填报说明"
#: More titles make the box unreadable.
_MOST_RULES = 12


def guide(book: xw.Book, answers: Answers) -> Reply:
    """What belongs into the selected cell; anywhere else the instructions on 首页 are shown."""
    catalogue = load_catalogue()
    workbook = LiveWorkbook(book)
    sheet = workbook.sheet(book.sheets.active.name)
    page = None if sheet is None else Page.find(workbook, sheet, catalogue)
    selection = Selection.of(book)
    field = None if page is None or selection is None else page.field(selection.row, selection.column)
    if page is not None and field is not None:
        return _about(page, field)
    row = _instructions(workbook)
    where = "这里不是填报单元格。" if page is not None else ""
    if not row:
        return say(_GUIDE, f"{where}点中表中的黄色单元格，再点“填写说明”，可查看这一格怎么填。")
    tab = book.sheets[FRONT]
    tab.activate()
    tab.range((row, 1)).select()
    return say(
        _GUIDE,
        f"{where}已转到首页的“{_SECTION}”。",
        "点中表中的黄色单元格，再点“填写说明”，可查看这一格怎么填。",
    )


def _about(page: Page, field: Field) -> Reply:
    year = page.filing.year
    kind = (
        "自动计算" + ("，可以改写" if field.table else "，一般不用填") if field.calculated else "由填报人填写"
    )
    rules = list(
        dict.fromkeys(f"{SEVERITY_NAMES[rule.severity]}：{rule.title}" for rule in _rules(page, field))
    )
    more = [f"……共 {len(rules)} 条"] if len(rules) > _MOST_RULES else []
    return say(
        f"{_GUIDE}：{field.title_in(year)}"[:60],
        field.help,
        f"单位：{field.unit}" if field.unit else "",
        f"这一格{kind}。",
        f"依据：{field.source}",
        "\n".join(["审核时核对：", *rules[:_MOST_RULES], *more]) if rules else "",
    )


def _rules(page: Page, field: Field) -> Iterator[Rule]:
    """The rules that look at a cell."""
    catalogue = adjusted(page.catalogue, page.filing.adjustments)
    for rule in catalogue.rules:
        if page.form.code not in rule.forms:
            continue
        try:
            bindings = tuple(Binding.all(rule, page.form, catalogue.forms, catalogue.parameters))
        except BindingError:  # a rule about what this package does not print
            continue
        for binding in bindings:
            refs = [ref for expression in binding.expressions() for ref in expression.references]
            if any(binding.field(ref) == field for ref in [*refs, binding.at]):
                yield rule
                break


def _instructions(workbook: LiveWorkbook) -> int:
    """The row of 首页 at which the instructions begin; 0 when they are gone."""
    front = workbook.sheet(FRONT)
    if front is None:
        return 0
    cells = workbook.cells(front)
    for row in range(1, 100):
        cell = cells.get(row, 1)
        if cell is not None and isinstance(cell.value, str) and cell.value.endswith(_SECTION):
            return row
    return 0


def manual(book: xw.Book | None, answers: Answers) -> Reply:
    """The manual, in the browser; where there is none, what to do first."""
    with contextlib.suppress(OSError):
        path = pages.write(personal.folder() / "说明")
        if webbrowser.open(path.as_uri()):
            return say("帮助", "已在浏览器中打开使用手册。")
    return say(
        "帮助",
        "一、打开下发的工作簿，先在首页核对填报单位、登记项目，再填各表的黄色单元格。",
        "二、点“审核”；用“上一条”“下一条”逐条查看，改好后再审核。",
        "三、核实性问题确属实际情况的，在“审核结果”的“说明”栏写明原因。",
        "四、状态为“通过”后点“生成上报件”。",
        "点中一格再点“填写说明”，可查看这一格怎么填；按钮不起作用时点“自检”。",
    )


def doctor(book: xw.Book | None, answers: Answers) -> Reply:
    """What is wrong with the add-in on this computer, and what to do."""
    from jixiao.excel.setup import doctor as examination
    from jixiao.excel.setup.machine import Refusal

    try:
        found = examination.report()
    except Refusal as error:
        return Reply("warn", "自检", str(error))
    order = [examination.FAULT, examination.NOTE, examination.GOOD]
    found.sort(key=lambda diagnosis: order.index(diagnosis.state))
    lines = [
        f"{diagnosis.state} {diagnosis.name}：{diagnosis.cause}"
        + (f"\n　　{diagnosis.remedy}" if diagnosis.remedy else "")
        for diagnosis in found
    ]
    sound = found[0].state == examination.GOOD if found else True
    return say("自检", "没有发现问题。" if sound else "", *lines)


def about(book: xw.Book | None, answers: Answers) -> Reply:
    """Versions, packages and licence."""
    catalogue = load_catalogue()
    packages = [package.title.format(year=package.year) for package in catalogue.packages.values()]
    return say(
        "关于绩效自评",
        f"jixiao {__version__}，规则版本 {catalogue.version}，规则 {len(catalogue.rules)} 条",
        f"xlwings {importlib.metadata.version('xlwings')}",
        "套表：" + "；".join(packages),
        "许可：MIT，可以自由使用、修改和分发，不提供任何担保。",
    )
