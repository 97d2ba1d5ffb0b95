"""总览, the first sheet: how much there is, in figures with their pictures beside them; and 问题分布."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.paper import Paper
from jixiao.treasury.summary.figures import MOST_PROBLEMS, MOST_UNITS, Figures, UnitLine
from jixiao.treasury.summary.lists import BESIDE, BY_RULE, FINDINGS, MONEY, NUMBER, RATE, lines_of

OVERVIEW = "总览"
_COLUMNS, _WIDTH = 12, 11.0
#: The colours of the house: the blue of headings, and the amber, red and green of marks.
BLUE, GREEN, AMBER, RED, GREY = "#2F5D8A", "#2E7D32", "#B26B00", "#C00000", "#7F7F7F"
_ROW, _ROWS_OF_PICTURE = 20.0, 13
#: Percent; what fits onto a page then: a picture is not cut.
_SCALE, _ROWS_OF_PAGE = 66, 38


def kinds_of_figures(figures: Figures) -> list[tuple[str, Any]]:
    """How many there are: what stands at the top of workbook and page."""
    filed = len({(u.batch.key, u.code or u.name) for u in figures.units})
    shown: list[tuple[str, Any]] = []
    if figures.listed:
        shown += [("名单单位", figures.listed), ("未报单位", len(figures.missing))]
    shown.append(("计入汇总的单位", filed))
    if figures.unlisted:
        shown.append(("名单外单位", figures.unlisted))
    shown += [("待核定（重复）", figures.undecided), ("不能审核的文件", figures.failures)]
    average = figures.average
    shown.append(("平均自评分", "—" if average is None else average))
    return shown


def remarks(figures: Figures) -> list[str]:
    """What a reader must know before the figures."""
    found = []
    if not figures.units:
        found.append("没有任何填报件计入汇总，下面各项均为空。请核对收集的文件夹和“未计入的文件”。")
    if not figures.complete:
        found.append("上次收集没有做完，本汇总不完整；请再次运行 jixiao collect。")
    if len(figures.batches) > 1:
        found.append("注意：这里有不同的套表或年度，资金合计和各表汇总分别列出，其余各图各表合在一起。")
    if figures.undecided:
        found.append(f"有 {figures.undecided} 份填报件因同一单位重复而待定，没有计入，见“{BESIDE}”。")
    if figures.displaced:
        found.append(
            f"有 {figures.displaced} 份没有审核通过的填报件，采用了同一单位审核通过的另一份；"
            f"请在“{BESIDE}”中核对它们是不是更正件。"
        )
    return found


class Front:
    """Writes 总览."""

    def __init__(self, paper: Paper, figures: Figures, sheet: Worksheet) -> None:
        self.paper, self.figures, self.sheet = paper, figures, sheet
        self.row = 0
        self.breaks: list[int] = []

    def write(self, title: str, sheets: Sequence[str]) -> None:
        palette, sheet = self.paper.palette, self.sheet
        sheet.set_column(0, _COLUMNS - 1, _WIDTH)
        self._put(0, title, palette(style="首页标题"), _COLUMNS, 40)
        made = f"生成时间 {self.figures.made:%Y-%m-%d %H:%M}"
        names = "；".join(f"{batch.title}" for batch in self.figures.batches)
        text = "　".join(filter(None, [made, names]))
        self._put(0, text, palette(style="首页副题"), _COLUMNS, 22 * lines_of(text, _COLUMNS * _WIDTH - 8))
        for text in remarks(self.figures):
            self._put(0, text, palette(style="提示", font_color=RED), _COLUMNS, 22)
        self._contents(sheets)
        self._counts()
        self._funds()
        self._scores()
        self._rates()
        self._problems()
        self.paper.page(sheet, landscape=True, scaled=False)
        sheet.set_print_scale(_SCALE)
        sheet.set_h_pagebreaks(self.breaks)
        sheet.print_area(0, 0, self.row - 1, _COLUMNS - 1)

    # -- pieces

    def _put(self, column: int, value: Any, format_: Any, columns: int = 1, height: float = _ROW) -> None:
        self.paper.put(self.sheet, self.row, column, value, format_, 1, columns)
        self.sheet.set_row(self.row, height)
        self.row += 1

    def _head(self, text: str, rows: int) -> None:
        """The head of a block of so many rows, on a new page if this one has no room for it."""
        self.row += 1
        if self.row + 1 + rows > (self.breaks[-1] if self.breaks else 0) + _ROWS_OF_PAGE:
            self.breaks.append(self.row)
        self._put(0, text, self.paper.palette(style="段头"), _COLUMNS, 26)

    def _contents(self, sheets: Sequence[str]) -> None:
        """Links to the other sheets, six a line."""
        style = self.paper.palette(style="链接居中", font_size=10, shrink=True, text_wrap=False)
        for k, name in enumerate(sheets):
            column = k % 6 * 2
            self.paper.put(self.sheet, self.row, column, name, style, 1, 2)
            quoted = name.replace("'", "''")
            self.sheet.write_url(self.row, column, f"internal:'{quoted}'!A1", style, name)
            if column == 10 or k == len(sheets) - 1:
                self.sheet.set_row(self.row, _ROW)
                self.row += 1

    def _counts(self) -> None:
        self._head("报送和审核情况", 5)
        figures = self.figures
        severities = [
            (f"{name}问题" if name != "提示" else name, n) for name, n in figures.severities().items()
        ]
        lines = [kinds_of_figures(figures), [*figures.states().items(), *severities]]
        for cells in lines:
            self._cards(cells)

    def _cards(self, cells: Sequence[tuple[str, Any]]) -> None:
        """Heads with a figure below each, over the whole width."""
        palette = self.paper.palette
        bounds = [round(k * _COLUMNS / len(cells)) for k in range(len(cells) + 1)]
        colours = {"通过": GREEN, "待说明": AMBER, "未通过": RED, "未报单位": RED}
        for (name, value), left, right in zip(cells, bounds, bounds[1:], strict=False):
            self.paper.put(
                self.sheet,
                self.row,
                left,
                name,
                palette(style="标签", font_size=10, shrink=True, text_wrap=False),
                1,
                right - left,
            )
            number = "0.00" if isinstance(value, float) else "#,##0"
            own: dict[str, Any] = {"font_size": 15, "bold": True, "align": "center", "num_format": number}
            own["font_color"] = colours.get(name, "#1F1F1F") if value else "#1F1F1F"
            self.paper.put(self.sheet, self.row + 1, left, value, palette(**own), 1, right - left)
        self.sheet.set_row(self.row, _ROW)
        self.sheet.set_row(self.row + 1, 30)
        self.row += 2

    def _table(
        self, heads: Sequence[tuple[str, int]], rows: Sequence[Sequence[Any]], formats: Sequence[str]
    ) -> int:
        """A table from the left edge; heads with the number of columns that each is wide. Returns its first row."""
        palette, row = self.paper.palette, self.row
        column = 0
        for place, (head, width) in enumerate(heads):
            self.paper.put(self.sheet, row, column, head, palette(style="表头", font_size=10), 1, width)
            for k, values in enumerate(rows, 1):
                value = values[place]
                text: dict[str, Any] = {"align": "left" if formats[place] == "@" else "right", "indent": 1}
                style = palette(font_size=10, num_format=formats[place], shrink=True, text_wrap=False, **text)
                self.paper.put(self.sheet, row + k, column, value, style, 1, width)
            column += width
        for k in range(len(rows) + 1):
            self.sheet.set_row(row + k, _ROW)
        return row + 1

    def _beside(self, chart: Chart, row: int, column: int, used: int) -> None:
        """Put a chart beside a table of ``used`` rows, and go on below both."""
        pixels = (_COLUMNS - column) * (_WIDTH * 7 + 5) - 10
        rows = max(_ROWS_OF_PICTURE, used)
        chart.set_size({"width": pixels, "height": rows * _ROW * 96 / 72 - 6})
        self.paper.checked(
            self.sheet.insert_chart(row, column, chart, {"x_offset": 8, "y_offset": 2, "object_position": 1})
        )
        for k in range(rows):
            self.sheet.set_row(row + k, _ROW)
        self.row = row + rows

    def _chart(
        self,
        kind: str,
        title: str,
        first: int,
        last: int,
        labels: int,
        values: int,
        colour: str,
        number: str = "0",
    ) -> Chart:
        """A chart of one column of 总览 against another."""
        chart = self.paper.workbook.add_chart({"type": kind})
        font = {"name": "宋体", "size": 9}
        chart.add_series(
            {
                "name": title,
                "categories": [OVERVIEW, first, labels, last, labels],
                "values": [OVERVIEW, first, values, last, values],
                "fill": {"color": colour},
                "gap": 45,
                "data_labels": {"value": True, "num_format": number, "font": font},
            }
        )
        chart.set_title(
            {"name": title, "name_font": {"name": "黑体", "size": 11, "bold": False}, "overlay": False}
        )
        chart.set_legend({"none": True})
        names = {"num_font": font, "line": {"color": "#A0A0A0"}, "major_tick_mark": "none"}
        counts = {
            "visible": False,
            "major_gridlines": {"visible": False},
            "min": 0,
        }  # each bar has its figure
        if kind == "bar":  # the first row of the table on top
            chart.set_y_axis({**names, "reverse": True})
            chart.set_x_axis(counts)
        else:
            chart.set_x_axis(names)
            chart.set_y_axis(counts)
        chart.set_chartarea({"border": {"color": "#D0D0D0"}})
        return chart

    # -- blocks

    def _funds(self) -> None:
        self._head("资金合计（万元，执行率按合计数计算）", len(self.figures.funds) + 1)
        several = len(self.figures.batches) > 1
        rows = [
            (
                f"{line.batch.year}年 {line.sheet}" if several else line.sheet,
                line.source,
                line.original,
                line.budget,
                line.spent,
                line.rate,
            )
            for line in self.figures.funds
        ]
        heads = (
            ("表", 2),
            ("资金来源", 2),
            ("年初预算数", 2),
            ("全年预算数", 2),
            ("全年执行数", 2),
            ("执行率", 2),
        )
        if rows:
            self._table(heads, rows, ("@", "@", MONEY, MONEY, MONEY, RATE))
            self.row += len(rows) + 1
        else:
            self._nothing("没有资金数据。")

    def _nothing(self, text: str) -> None:
        self._put(0, text, self.paper.palette(style="提示"), _COLUMNS)

    def _scores(self) -> None:
        figures = self.figures
        self._head("得分分布", _ROWS_OF_PICTURE)
        if figures.average is None:
            self._nothing("没有自评得分。")
            return
        start, rows = self.row, figures.scores()
        first = self._table((("自评总分", 2), ("单位数", 1)), rows, ("@", NUMBER))
        self.row = first + len(rows)
        grades = [(f"{name}", count) for name, count in figures.grades().items()]
        below = self._table((("等级", 2), ("单位数", 1)), grades, ("@", NUMBER))
        chart = self._chart("column", "得分分布（单位数）", first, first + len(rows) - 1, 0, 2, BLUE)
        self._beside(chart, start, 4, below + len(grades) - start)

    def _rates(self) -> None:
        figures = self.figures
        rows = figures.slowest()
        title = "各单位执行率" if figures.with_rate <= MOST_UNITS else f"执行率最低的 {len(rows)} 家单位"
        self._head(title, max(_ROWS_OF_PICTURE, len(rows) + 1))
        if not rows:
            self._nothing("没有执行率数据。")
            return
        start = self.row
        first = self._table((("单位", 3), ("执行率", 1)), rows, ("@", RATE))
        chart = self._chart("bar", title, first, first + len(rows) - 1, 0, 3, GREEN, "0.00%")
        self._beside(chart, start, 5, len(rows) + 1)

    def _problems(self) -> None:
        rows = [(p.rule, p.title, p.count, p.units) for p in self.figures.problems[:MOST_PROBLEMS]]
        self._head("最常见的问题", _ROWS_OF_PICTURE)
        if not rows:
            self._nothing("没有发现问题。")
            return
        start = self.row
        first = self._table(
            (("规则", 1), ("问题", 3), ("条数", 1), ("单位数", 1)), rows, ("@", "@", NUMBER, NUMBER)
        )
        chart = self._chart("bar", "最常见的问题（条数）", first, first + len(rows) - 1, 1, 4, AMBER)
        self._beside(chart, start, 6, len(rows) + 1)


def distribution(paper: Paper, figures: Figures) -> None:
    """问题分布: how often each rule was broken, and how much each unit has of it."""
    sheet = paper.workbook.add_worksheet(BY_RULE)
    palette, put = paper.palette, paper.put
    units = sorted(
        (unit for unit in figures.units if unit.errors + unit.warnings + unit.infos),
        key=lambda unit: (-unit.errors, -unit.warnings, -unit.infos, unit.code, unit.name),
    )
    put(sheet, 0, 0, "问题分布", palette(style="首页标题"), 1, 14)
    sheet.set_row(0, 34)
    put(
        sheet,
        1,
        0,
        f"左边按规则，右边按单位（只列有问题的 {len(units)} 家）；逐条见“{FINDINGS}”。",
        palette(style="提示"),
        1,
        14,
    )
    sheet.set_row(1, 22)
    total = len(figures.units) or 1
    left: list[Sequence[Any]] = [
        (p.rule, p.severity, p.title, p.count, p.outstanding, p.units, p.units / total)
        for p in figures.problems
    ]
    right = [_counts(unit) for unit in units]
    blocks = (
        (0, (("规则", 10), ("级别", 9), ("问题", 34), ("条数", 8), ("待处理", 8), ("单位数", 8), ("占单位", 9)), left, (*"@@@", NUMBER, NUMBER, NUMBER, RATE)),
        (8, (("单位代码", 12), ("单位名称", 34), ("审核状态", 10), ("强制性", 8), ("核实性", 8), ("提示", 8)), right, (*"@@@", NUMBER, NUMBER, NUMBER)),
    )  # fmt: skip
    for start, heads, rows, formats in blocks:
        for k, (head, width) in enumerate(heads):
            sheet.set_column(start + k, start + k, width)
            put(sheet, 2, start + k, head, palette(style="表头", font_size=10))
            wide = {"align": "left", "indent": 1} if width > 30 else {"align": "center"}
            style = palette(font_size=10, num_format=formats[k], shrink=True, text_wrap=False, **wide)
            for row, values in enumerate(rows, 3):
                put(sheet, row, start + k, values[k], style)
    sheet.set_column(7, 7, 3)
    sheet.set_row(2, 24)
    last = 2 + max(1, len(left), len(right))
    sheet.autofilter(2, 8, 2 + max(1, len(right)), 13)
    sheet.freeze_panes(3, 0)
    sheet.set_default_row(20)
    paper.page(sheet, landscape=True)
    sheet.print_area(0, 0, last, 13)
    sheet.repeat_rows(2)


def _counts(unit: UnitLine) -> Sequence[Any]:
    return unit.code, unit.name, unit.status, unit.errors, unit.warnings, unit.infos
