"""The sheets of a summary that are lists: units, findings, indicators, who is missing, what is in no total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.format import Format

from jixiao.books.making.heights import half_widths
from jixiao.books.making.paper import Paper
from jixiao.findings import SEVERITY_NAMES
from jixiao.treasury.keeping.tables import INDICATORS
from jixiao.treasury.summary.bulk import MOST_ROWS, BulkSheet
from jixiao.treasury.summary.figures import Figures, Source, UnitLine
from jixiao.treasury.summary.links import MOST_LINKS, Places
from jixiao.treasury.summary.reviews import BATCH, CODE, KEPT, NAME, OPINION, POINTS, RANKING, Review

FINDINGS, DETAILS, BY_RULE, MISSING, BESIDE = "问题清单", "指标明细", "问题分布", "未报单位", "未计入的文件"
#: Rows of the title, of the remark below it, and of the heads.
TITLE, REMARK, HEAD = 0, 1, 2
_SIZE, _LINE, _LEAST = 10.0, 14.0, 20.0
MONEY, RATE, NUMBER = "#,##0.00;-#,##0.00;0.00;@", "0.00%;-0.00%;0.00%;@", "#,##0;-#,##0;0;@"
TIMES = "yyyy-mm-dd hh:mm"


@dataclass(frozen=True)
class Column:
    """A column of a list: its head, its width in characters, and how its cells look."""

    head: str
    width: float
    style: str = "结果"
    number: str = ""
    hidden: bool = False
    wraps: bool = False
    role: str = "locked"
    printed: bool = True


def add_list(
    paper: Paper,
    name: str,
    title: str,
    remark: str,
    columns: Sequence[Column],
    count: int,
    lines: Iterable[tuple[float | None, Sequence[Any]]],
    frozen: int = 0,
) -> BulkSheet:
    """Add a sheet with a title, heads that stay and can be filtered, and as many rows as Excel takes.

    Args:
        paper: the workbook.
        name: of the sheet.
        title: above the list.
        remark: below the title.
        columns: of the list.
        count: how many lines there are.
        lines: the height of each, if it is its own, and its values.
        frozen: columns that stay when the sheet is moved sideways.
    """
    sheet: BulkSheet = paper.workbook.add_worksheet(name, BulkSheet)
    palette = paper.palette
    shown = min(count, MOST_ROWS)
    if shown < count:
        remark += f"　共 {count} 行，一张表放不下，只列前 {shown} 行；其余请用 jixiao query 查询汇总库。"
    visible = [k for k, column in enumerate(columns) if not column.hidden]
    printed = [k for k in visible if columns[k].printed][-1]
    paper.put(sheet, TITLE, 0, title, palette(style="首页标题"), 1, printed + 1)
    sheet.set_row(TITLE, 34)
    width = sum(columns[k].width for k in visible if k <= printed)
    paper.put(sheet, REMARK, 0, remark, palette(style="提示"), 1, printed + 1)
    sheet.set_row(REMARK, max(22.0, _LINE * lines_of(remark, width) + 8))
    for k, column in enumerate(columns):
        sheet.set_column(k, k, column.width, None, {"hidden": column.hidden})
        paper.put(sheet, HEAD, k, column.head, palette(style="表头", font_size=_SIZE))
    sheet.set_row(HEAD, 32)
    sheet.rows(HEAD + 1, shown, [look(paper, column) for column in columns], _first(lines, shown))
    last = HEAD + max(1, shown)
    sheet.autofilter(HEAD, 0, last, visible[-1])
    sheet.freeze_panes(HEAD + 1, frozen)
    sheet.set_default_row(_LEAST)
    paper.page(sheet, landscape=True)
    sheet.print_area(0, 0, last, printed)
    sheet.repeat_rows(HEAD)
    paper.checked(sheet.ignore_errors({"number_stored_as_text": f"A1:Z{last + 1}"}))
    return sheet


def look(paper: Paper, column: Column) -> Format:
    """The format of a column's cells."""
    number = {"num_format": column.number} if column.number else {"num_format": "@"}
    return paper.palette(
        column.role, style=column.style, text_wrap=column.wraps, valign="vcenter", **number, **_input(column)
    )


def _input(column: Column) -> dict[str, Any]:
    return {"bg_color": "#FFFBE0", "locked": False} if column.role == "input" else {}


def _first(lines: Iterable[Any], count: int) -> Iterator[Any]:
    """So many lines; XlsxWriter is not to hear of more than there is room for."""
    yield from (line for line, _ in zip(lines, range(count), strict=False))


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a column of so many characters, at the size of lists."""
    room = max(4.0, width * 7 / (_SIZE * 96 / 72 / 2) - 1)
    return sum(max(1, -int(-half_widths(part) // room)) for part in text.split("\n"))


def high(columns: Sequence[Column], values: Sequence[Any]) -> float | None:
    """The height of a row whose texts wrap; ``None`` for one line."""
    most = max(
        lines_of(value, column.width - 3)
        for column, value in zip(columns, values, strict=True)
        if column.wraps and isinstance(value, str)
    ) if any(column.wraps for column in columns) else 1  # fmt: skip
    return None if most == 1 else min(409.0, most * _LINE + 6)


# ------------------------------------------------------------------------------------------------------------ ranking


RANKED = (
    Column("名次", 6, "结果居中", "0"),
    Column(CODE, 12, "结果居中"),
    Column(NAME, 28),
    Column("审核状态", 10, "结果居中"),
    Column("自评总分", 10, "结果居中", "0.00"),
    Column("等级", 7, "结果居中"),
    Column("全年预算数\n（万元）", 13, "结果数", MONEY),
    Column("全年执行数\n（万元）", 13, "结果数", MONEY),
    Column("执行率", 10, "结果居中", RATE),
    Column("强制性\n问题", 8, "结果居中", "0"),
    Column("核实性\n问题", 8, "结果居中", "0"),
    Column("提示", 7, "结果居中", "0"),
    Column("待处理", 8, "结果居中", "0"),
    Column(POINTS, 10, "结果居中", "General", role="input"),
    Column(OPINION, 32, "结果", wraps=True, role="input"),
    Column("交来时", 14, "结果居中"),
    Column("文件", 44, "结果链接", printed=False),
    Column(BATCH, 24, "结果居中", printed=False),
)


def ranking(paper: Paper, figures: Figures, taken: dict[int, Review], places: Places) -> BulkSheet:
    """单位排名: a line per unit; what the reviewer typed stands beside it."""
    several = len(figures.batches) > 1
    columns = [
        Column(**{**_as_dict(column), "hidden": column.head == BATCH and not several}) for column in RANKED
    ]
    remark = (
        "黄色两列由复核人填写：再次收集、重新生成本表时，会按单位代码（没有代码的按单位名称）带回来，不会丢失。"
        "可以排序、筛选；请不要改动表名和表头。名次按自评总分从高到低，总分相同的名次相同。"
    )
    ranks = _ranks(figures.units)

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for unit in figures.units:
            review = taken.get(unit.filing)
            values = (
                ranks[unit.filing], unit.code or None, unit.name, unit.status, unit.score, unit.grade or None,
                unit.budget, unit.spent, unit.rate, unit.errors, unit.warnings, unit.infos, unit.outstanding,
                review.points if review else None, review.opinion if review else None, unit.seal,
                places.name(unit.source), unit.batch.key,
            )  # fmt: skip
            opinion = values[14]
            own = high(columns, values) if isinstance(opinion, str) and opinion else None
            yield own, values

    sheet = add_list(paper, RANKING, "单位排名", remark, columns, len(figures.units), lines(), frozen=3)
    file = next(k for k, column in enumerate(columns) if column.head == "文件")
    link(sheet, file, [places.link(unit.source) for unit in figures.units[:MOST_LINKS]])
    last = HEAD + max(1, len(figures.units))
    state = next(k for k, column in enumerate(columns) if column.head == "审核状态")
    for text, mark in (("未通过", "failed"), ("待说明", "doubtful"), ("通过", "good")):
        rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": paper.palette.mark(mark)}
        paper.checked(sheet.conditional_format(HEAD + 1, state, last, state, rule))
    return sheet


def _as_dict(column: Column) -> dict[str, Any]:
    return {name: getattr(column, name) for name in Column.__dataclass_fields__}


def _ranks(units: Sequence[UnitLine]) -> dict[int, int | None]:
    """The rank of each filing among those of its batch; equal scores share one."""
    ranks: dict[int, int | None] = {}
    seen: dict[str, tuple[int, float | None, int]] = {}
    for unit in units:
        count, before, rank = seen.get(unit.batch.key, (0, None, 0))
        rank = rank if count and unit.score == before else count + 1
        seen[unit.batch.key] = count + 1, unit.score, rank
        ranks[unit.filing] = None if unit.score is None else rank
    return ranks


def link(sheet: BulkSheet, column: int, links: Sequence[Any]) -> None:
    """Put links on cells of a column, from its first line on, as many as Excel takes."""
    for k, each in enumerate(links):
        if each is not None:
            sheet.hyperlinks[HEAD + 1 + k][column] = each


def kept_reviews(paper: Paper, left: Sequence[Review]) -> None:
    """Reviews of units that are not in the ranking now."""
    columns = (
        Column(CODE, 14, "结果居中"),
        Column(NAME, 34),
        Column(POINTS, 10, "结果居中", "General", role="input"),
        Column(OPINION, 60, wraps=True, role="input"),
        Column(BATCH, 24, "结果居中"),
    )
    remark = (
        "以前填写的复核分和复核意见，这次没有对应的单位（没有交来、改了代码和名称、换了年度或有重复），原样保留在这里；"
        "单位再次收集到时会自动回到“单位排名”。确实不要的，请删除整行。"
    )

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for review in left:
            values = (review.code, review.name, review.points, review.opinion, review.batch)
            yield high(columns, values), values

    add_list(paper, KEPT, "未对应到单位的复核", remark, columns, len(left), lines())


# ----------------------------------------------------------------------------------------------------------- findings


FOUND = (
    Column(CODE, 10, "结果居中"),
    Column(NAME, 20, wraps=True),
    Column("级别", 7.5, "结果居中"),
    Column("规则", 9.5, "结果居中"),
    Column("问题", 18, wraps=True),
    Column("位置", 14, "结果链接", wraps=True),
    Column("说明", 44, wraps=True),
    Column("填报值", 11, "结果居中", wraps=True),
    Column("应为", 11, "结果居中", wraps=True),
    Column("差额", 10, "结果居中", wraps=True),
    Column("处理办法", 28, wraps=True),
    Column("单位说明", 18, wraps=True),
    Column("待处理", 8.5, "结果居中"),
    Column("文件", 40, printed=False),
)
#: Filings whose indicators are in memory at a time.
_TOGETHER = 2000
#: From here on rows get the height of one line: nobody reads so many, and measuring texts takes its time.
_MEASURED = 20_000


def findings(paper: Paper, source: Source, figures: Figures, places: Places) -> None:
    """问题清单: a line per finding; its place opens the unit's file there."""
    titles = {rule.id: rule.title for rule in source.catalogue.rules}
    names: dict[str, str] = dict(SEVERITY_NAMES.items())
    units = {unit.filing: unit for unit in figures.units}
    order = {unit.filing: k for k, unit in enumerate(figures.units)}
    rows = source.all(
        "SELECT d.filing, d.severity, d.rule, d.sheet, d.cell, d.message, d.stated, d.expected, d.difference, d.fix, "
        "d.explanation, d.outstanding FROM findings d JOIN filings f USING (filing) WHERE f.used"
    )
    rows.sort(key=lambda row: order[row[0]])  # stable: within a filing in working order
    count = len(rows)
    remark = (
        "点击“位置”打开该单位的文件并定位到单元格（文件须仍在收集时的相对位置；压缩包里的文件请先解压）。"
    )
    if count > MOST_LINKS:
        remark += f"　Excel 一张表最多 {MOST_LINKS} 个链接，其后的问题只写位置。"
    links = []
    for row in rows[:MOST_LINKS]:
        links.append(places.link(units[row[0]].source, row[3] or "", row[4] or ""))

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for row in rows:
            filing, severity, rule, tab, cell, message, stated, expected, difference, fix, own, open_ = row
            unit = units[filing]
            values = (
                unit.code, unit.name, names[severity], rule, titles.get(rule, ""),
                f"{tab}!{cell}" if cell else tab, message, stated, expected, difference, fix, own,
                "待处理" if open_ else "", places.name(unit.source),
            )  # fmt: skip
            yield (high(FOUND, values) if count <= _MEASURED else None), values

    sheet = add_list(paper, FINDINGS, "问题清单", remark, FOUND, count, lines(), frozen=2)
    place = next(k for k, column in enumerate(FOUND) if column.head == "位置")
    link(sheet, place, links)
    level = next(k for k, column in enumerate(FOUND) if column.head == "级别")
    for text, mark in (("强制性", "failed"), ("核实性", "doubtful")):
        rule_ = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": paper.palette.mark(mark)}
        paper.checked(sheet.conditional_format(HEAD + 1, level, HEAD + max(1, count), level, rule_))


# --------------------------------------------------------------------------------------------------------- indicators


def details(paper: Paper, source: Source, figures: Figures) -> None:
    """指标明细: a line per indicator of every form, with the columns that the forms of this store have."""
    declared = _declared(source, figures)
    if not declared:
        return
    heads = (Column(CODE, 12, "结果居中"), Column(NAME, 30), Column("表", 10, "结果居中"), Column("项目", 26))
    columns = [*heads, *(_column(head, textual) for head, textual in declared.items())]
    picked = ", ".join(f'd."{name}"' for name in declared)
    units = {unit.filing: unit for unit in figures.units}
    (count,) = source.all("SELECT count(*) FROM indicators JOIN filings f USING (filing) WHERE f.used")[0]

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for some in batched([unit.filing for unit in figures.units], _TOGETHER):
            rows = source.all(
                f"SELECT d.filing, d.sheet, d.project, {picked} FROM indicators d "
                "WHERE d.filing IN (SELECT unnest($1)) ORDER BY list_position($1, d.filing), d.sheet, d.row_number",
                some,
            )
            for filing, *values in rows:
                unit = units[filing]
                yield None, (unit.code, unit.name, *values)

    remark = "各单位各表的全部绩效指标，可按单位、指标筛选。分值、得分为填报数。"
    add_list(paper, DETAILS, "指标明细", remark, columns, count, lines(), frozen=2)


def batched(values: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _declared(source: Source, figures: Figures) -> dict[str, bool]:
    """The columns of indicators that the packages at hand have: whether each is text."""
    found: dict[str, bool] = {}
    for batch in figures.batches:
        for form in batch.package.forms.values() if batch.package else ():
            table = form.tables.get(INDICATORS)
            for code, field in table.columns.items() if table else ():
                found.setdefault(code, field.textual)
    return found


def _column(head: str, textual: bool) -> Column:
    wide = {"三级指标": 30, "偏差原因": 36, "年度指标值": 16, "实际完成值": 16}
    return Column(head, wide.get(head, 13), "结果" if textual else "结果居中", "" if textual else "0.00")


# ------------------------------------------------------------------------------------------------- missing and beside


def absent(paper: Paper, figures: Figures) -> None:
    """未报单位: whom to ask for their filings."""
    columns = (Column("序号", 7, "结果居中", "0"), Column(CODE, 14, "结果居中"), Column(NAME, 40), Column("主管部门", 28), Column("项目", 40, wraps=True))  # fmt: skip

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for k, listed in enumerate(figures.missing, 1):
            values = (k, listed.unit.code, listed.unit.name, listed.department, "、".join(listed.projects))
            yield high(columns, values), values

    remark = f"名单上 {figures.listed} 家单位中，下列 {len(figures.missing)} 家还没有收到填报件，请催报。"
    add_list(paper, MISSING, "未报单位", remark, columns, len(figures.missing), lines())


def beside(paper: Paper, figures: Figures, places: Places) -> None:
    """未计入的文件: what is in no total, and what to do about it."""
    columns = (Column("情况", 12, "结果居中"), Column("单位", 30, wraps=True), Column("文件", 50, "结果链接", wraps=True), Column("原因和处理办法", 70, wraps=True))  # fmt: skip

    def lines() -> Iterator[tuple[float | None, Sequence[Any]]]:
        for each in figures.beside:
            values = (each.kind, each.unit, places.name(each.source), each.reason)
            yield high(columns, values), values

    remark = (
        "这些文件没有计入任何合计和排名：不能审核的请处理后重新收集；同一单位有多份的，采用审核通过、没有再改动、"
        "审核时间最晚的一份，没有这样一份的待定，请留下一份后重新收集。"
    )
    sheet = add_list(paper, BESIDE, "未计入的文件", remark, columns, len(figures.beside), lines())
    link(sheet, 2, [places.link(each.source) for each in figures.beside[:MOST_LINKS]])
