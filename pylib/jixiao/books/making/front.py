"""首页: who files, the status light, the forms, the 项目清单, and how to fill it all in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jixiao.binding import UNIT, YEAR
from jixiao.books.making.formulas import LISTED, PROJECTS, measured, quoted
from jixiao.books.making.heights import height, merged_width
from jixiao.books.making.paper import Paper
from jixiao.books.results import CHECKSUM, FACTS, FAILED, RESULTS, STATUS, UNCHECKED
from jixiao.books.vba.buttons import CHECK
from jixiao.declarations import Package
from jixiao.filing import Filing, Sheet
from jixiao.measures import MEASURES
from jixiao.scope import WRONG_NAME, Calculation

NAME = "首页"
LIST_SIZE = 10
UNAUDITED = "表内检查无误，须审核"

_WIDTHS = (6, 26, 17, 13, 13, 13, 10, 13)
_SECTION_HEIGHT, _ROW_HEIGHT, _STEP_HEIGHT = 30.0, 23.0, 24.0
_LAST = len(_WIDTHS) - 1
#: Hidden columns: failing checks and checksum of each sheet.
_FAILURES, _SUM = _LAST + 2, _LAST + 3
_LABELS = {"总分": "得分"}
#: What a step is about: it is said only in a package that has this.
_PROJECTS, _NO_PROJECTS, _INDICATORS, _ROWS, _ALWAYS = range(5)
_STEPS = (
    (_PROJECTS, "先在上方核对填报单位，再在“项目清单”登记全部项目：一行一个项目，表名与下方工作表标签一致。"),
    (_NO_PROJECTS, "先在上方核对填报单位，再逐张填写下面的表格。"),
    (
        _ALWAYS,
        "只填黄色单元格；灰蓝色单元格自动计算，一般不用填。点中单元格会显示填写要求。金额单位一律为万元。",
    ),
    (
        _PROJECTS,
        "增加项目：右键工作表标签，复制一张项目支出绩效自评表，改好表名，再登记到项目清单；多余的项目表可以删除，同时清去清单中的一行。",
    ),
    (
        _INDICATORS,
        "指标行不够时，在“……”一行上方插入整行，并把上一行整行复制过来；多余的行可以整行删除，也可以留空。",
    ),
    (_ROWS, "表格的行不够时，插入整行，并把上一行整行复制过来；多余的行可以整行删除，也可以留空。"),
    (
        _INDICATORS,
        "年度指标值要写比较符号、数值和单位（如 ≥120件、≤760元/批次）；实际完成值填全年实际数，不要照抄指标值。",
    ),
    (
        _INDICATORS,
        "定量指标的得分自动计算，可以改写；定性、时效指标的得分由单位填写。得分低于分值的，要写明偏差原因和改进措施。",
    ),
    (
        _ALWAYS,
        "表格右侧的红色 ✗ 须改正，橙色 ！须核实。改好后{check}，逐条处理“审核结果”；核实性问题可在黄色“说明”栏解释。",
    ),
    (_ALWAYS, "状态显示“通过”后打印、签字、盖章，并将本工作簿一并报送。"),
)


#: How a step says 审核, without buttons and with them.
_CHECKING = ("进行审核", "点“审核”")


@dataclass
class Front:
    """The cover sheet; positions are known before it is written, because the forms refer to its list."""

    package: Package
    filing: Filing
    calculation: Calculation
    listed: Mapping[str, Sequence[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.single = [sheet for sheet in self.filing.sheets if not self.package.forms[sheet.form].many]
        on_list = {sheet for _, sheet in self.filing.projects}
        self.unlisted = [
            sheet
            for sheet in self.filing.sheets
            if self.package.forms[sheet.form].many and sheet.name not in on_list
        ]
        self.list_size = max(LIST_SIZE, len(self.filing.projects)) if self.package.project_form else 0
        self.forms_head = 6
        self.results = self.forms_head + 1 + len(self.rows)
        self.list_head = self.results + 2
        self.list_first = self.list_head + 1
        self.list_total = self.list_first + self.list_size if self.list_size else self.results

    @property
    def rows(self) -> list[Sheet]:
        """The sheets that have a row of their own: all that the 项目清单 does not name."""
        return [*self.single, *self.unlisted]

    def place(self, paper: Paper) -> None:
        """Tell the forms where the list stands, and what its figures are; a package may have none."""
        if not self.list_size:
            return
        columns = dict(zip(("项目名称", "表名", *LISTED), range(1, 7), strict=True))
        for code, column in columns.items():
            paper.listed_cells[code] = [
                f"{NAME}!{xl_rowcol_to_cell(self.list_first + k, column, row_abs=True, col_abs=True)}"
                for k in range(self.list_size)
            ]
            cells = xl_range_abs(self.list_first, column, self.list_total - 1, column)
            paper.define(f"{PROJECTS}.{code}", f"={NAME}!{cells}")
        paper.define(PROJECTS, f"={NAME}!{xl_range_abs(self.list_head, 0, self.list_total, _LAST)}")
        paper.listed_values.update(
            {code: [self._figure(name, code) for _, name in self.filing.projects] for code in LISTED}
        )

    def _figure(self, sheet: str, code: str) -> Any:
        form = self.package.project_form
        frame = self.calculation.frame.forms.get(form.code) if form else None
        names = [each.name for each in frame.sheets] if frame else []
        if form is None or sheet not in names:
            return WRONG_NAME
        return Paper.shown(self.calculation.value(form.code, None, code)[names.index(sheet)])

    def write(
        self, paper: Paper, sheet: Worksheet, failures: Mapping[str, int], sums: Mapping[str, float]
    ) -> None:
        """Write the sheet; ``failures`` and ``sums`` are what the check cells and checksums of each form sheet hold."""
        self.paper, self.sheet, self.failures, self.sums = paper, sheet, failures, sums
        for k, width in enumerate(_WIDTHS):
            sheet.set_column(k, k, width)
        sheet.set_column(_LAST + 1, _LAST + 1, 1.5)
        sheet.set_column(_FAILURES, _SUM, 10, None, {"hidden": True})
        self._top()
        self._forms()
        if self.list_size:
            self._list()
        self._guide(self.list_total + 1)
        paper.page(sheet)
        sheet.fit_to_pages(1, 1)
        paper.protect(sheet)
        for text_, mark in ((FAILED, "failed"), (UNAUDITED, "waiting"), ("通过", "good"), ("", "waiting")):
            sheet.conditional_format(
                3,
                2,
                3,
                2,
                {
                    "type": "text",
                    "criteria": "begins with",
                    "value": text_,
                    "format": paper.palette.mark(mark),
                    "stop_if_true": True,
                }
                if text_
                else {"type": "no_blanks", "format": paper.palette.mark(mark)},
            )
        sheet.conditional_format(
            self.forms_head,
            _LAST,
            self.list_total,
            _LAST,
            {
                "type": "text",
                "criteria": "begins with",
                "value": "✗",
                "format": paper.palette.mark("failed"),
            },
        )

    def _put(
        self,
        row: int,
        column: int,
        value: Any,
        style: str = "",
        role: str = "locked",
        types: tuple[str, ...] = (),
        columns: int = 1,
    ) -> None:
        self.paper.put(
            self.sheet, row, column, value, self.paper.palette(role, *types, style=style), 1, columns
        )

    def _top(self) -> None:
        package, filing, put = self.package, self.filing, self._put
        put(0, 0, package.title.format(year=filing.year), "首页标题", columns=_LAST + 1)
        self.sheet.set_row(0, 46)
        put(1, 0, f"{package.authority}　　依据：{package.reference}", "首页副题", columns=_LAST + 1)
        self.sheet.set_row(1, 24)
        put(2, 0, UNIT, "标签", columns=2)
        put(2, 2, filing.unit or None, role="input", types=("text",), columns=4)
        put(2, 6, YEAR, "标签")
        self.paper.put(self.sheet, 2, 7, float(filing.year), self.paper.palette("locked", num_format="0"))
        self.sheet.set_row(2, 30)
        put(3, 0, "填报状态", "标签", columns=2)
        first, last = self.forms_head + 1, self.list_total - 1
        failures = f"SUM({xl_range_abs(first, _FAILURES, last, _FAILURES)})"
        status = (
            f'=IF({failures}>0,"{FAILED}",IF(COUNT({CHECKSUM})=0,"{UNAUDITED}",'
            f'IF(ABS({FACTS}-{CHECKSUM})<0.00005,{STATUS},"{UNAUDITED}")))'
        )
        put(3, 2, (status, FAILED if any(self.failures.values()) else UNAUDITED), "状态", columns=6)
        self.paper.button(self.sheet, CHECK, 3, _LAST, left=12, top=12)
        self.sheet.set_row(3, 36)
        self.sheet.set_row(4, 6)
        total = round(sum(self.sums[name] for name in self._known_sheets()), 4)
        facts = f"=ROUND(SUM({xl_range_abs(first, _SUM, last, _SUM)}),4)"
        put(1, _FAILURES, UNCHECKED, "隐藏")
        put(2, _FAILURES, None, "隐藏")
        put(2, _SUM, (facts, total), "隐藏")
        for name, row, column in (
            (UNIT, 2, 2),
            (YEAR, 2, 7),
            (STATUS, 1, _FAILURES),
            (CHECKSUM, 2, _FAILURES),
            (FACTS, 2, _SUM),
        ):
            self.paper.define(name, f"={NAME}!{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}")
        self.paper.checked(
            self.sheet.data_validation(
                2,
                2,
                2,
                2,
                {
                    "validate": "any",
                    "input_title": UNIT,
                    "input_message": "填写单位全称，与公章一致；各表的单位名称自动取这里。",
                },
            )
        )

    def _known_sheets(self) -> list[str]:
        return [sheet.name for sheet in self.rows] + [
            name for _, name in self.filing.projects if name in self.sums
        ]

    def _forms(self) -> None:
        put, row = self._put, self.forms_head
        self._section(row - 1, "一、填报表格（点击表名打开）")
        self.sheet.set_row(row, _ROW_HEIGHT)
        for column, columns, label in ((0, 1, "序号"), (1, 1, "工作表"), (2, 5, "内容"), (7, 1, "表内检查")):
            put(row, column, label, "表头", columns=columns)
        for k, sheet in enumerate(self.rows):
            row += 1
            form = self.package.forms[sheet.form]
            self._form_row(row, k + 1, sheet.name, form.title.format(year=self.filing.year).replace("\n", ""))
            own = quoted(sheet.name)
            count = self.failures[sheet.name]
            self._put(row, _LAST, (self._light(row), self._shown_light(count)))
            self._put(row, _FAILURES, (f'=COUNTIF({own}!核对,"✗*")', float(count)), "隐藏")
            self._put(row, _SUM, (f"={own}!_sum", self.sums[sheet.name]), "隐藏")
        self._form_row(row + 1, len(self.rows) + 1, RESULTS, "审核发现的问题、修改建议，以及本单位的说明")
        put(row + 1, _LAST, None)

    def _form_row(self, row: int, number: int, name: str, content: str) -> None:
        self.sheet.set_row(row, _ROW_HEIGHT)
        self._put(row, 0, float(number))
        link = self.paper.palette("locked", style="链接居中")
        self.paper.checked(self.sheet.write_url(row, 1, f"internal:{quoted(name)}!A1", link, name))
        self._put(row, 2, content, "左", columns=5)

    @staticmethod
    def _light(row: int) -> str:
        failures = xl_rowcol_to_cell(row, _FAILURES, col_abs=True)
        return f'=IF({failures}=0,"✓","✗ "&{failures}&" 处")'

    @staticmethod
    def _shown_light(count: int) -> str:
        return f"✗ {count} 处" if count else "✓"

    def _list(self) -> None:
        put = self._put
        self._section(self.list_head - 1, "二、项目清单（金额取自各项目表，单位：万元）")
        self.sheet.set_row(self.list_head, _ROW_HEIGHT)
        self.sheet.set_row(self.list_total, _ROW_HEIGHT)
        heads = ("序号", "项目名称", "表名", *(_LABELS.get(code, code) for code in LISTED), "表内检查")
        for column, label in enumerate(heads):
            put(self.list_head, column, label, "表头")
        for k in range(self.list_size):
            self._project(k)
        put(self.list_total, 0, "合计", "表头", columns=3)
        for column, code in enumerate(LISTED, 3):
            if code == "总分":
                put(self.list_total, column, None)
                continue
            formula = "=" + measured(MEASURES["total"], f"{PROJECTS}.{code}", macros=self.paper.macros)
            put(
                self.list_total,
                column,
                (formula, MEASURES["total"].scalar(list(self.paper.listed_values[code]) or [None])),
                role="calculated",
                types=("money",),
            )
        put(self.list_total, _LAST, None)
        self.paper.checked(
            self.sheet.data_validation(
                self.list_first,
                1,
                self.list_total - 1,
                1,
                {
                    "validate": "any",
                    "input_title": "项目名称",
                    "input_message": "填写项目全称，一行一个项目，与项目表中的项目支出名称一致。",
                },
            )
        )
        self.paper.checked(
            self.sheet.data_validation(
                self.list_first,
                2,
                self.list_total - 1,
                2,
                {
                    "validate": "any",
                    "input_title": "表名",
                    "input_message": "填写该项目自评表的工作表标签，例如 附件3-2，一字不差。",
                },
            )
        )

    def _section(self, row: int, title: str) -> None:
        self._put(row, 0, title, "段头", columns=_LAST + 1)
        self.sheet.set_row(row, _SECTION_HEIGHT)

    def _project(self, k: int) -> None:
        row = self.list_first + k
        self.sheet.set_row(row, _ROW_HEIGHT)
        name, sheet = self.filing.projects[k] if k < len(self.filing.projects) else ("", "")
        self._put(row, 0, float(k + 1))
        self._put(row, 1, name or None, role="input", types=("text", "name"))
        self._put(row, 2, sheet or None, role="input", types=("text",))
        own = xl_rowcol_to_cell(row, 2, col_abs=True)
        for column, code in enumerate(LISTED, 3):
            cell = f'INDIRECT("\'"&{own}&"\'!{code}")'
            formula = f'=IF({own}="","",IFERROR(IF({cell}="","",{cell}),"{WRONG_NAME}"))'
            self._put(
                row,
                column,
                (formula, self.paper.listed_value(k, code)),
                role="calculated",
                types=("score" if code == "总分" else "money",),
            )
        known = sheet in self.sums
        count = self.failures.get(sheet, 1) if sheet else 0
        failures = f'=IF({own}="",0,IFERROR(COUNTIF(INDIRECT("\'"&{own}&"\'!核对"),"✗*"),1))'
        self._put(row, _FAILURES, (failures, float(count)), "隐藏")
        facts = f'=IF({own}="",0,IFERROR(INDIRECT("\'"&{own}&"\'!_sum"),-1))'
        self._put(row, _SUM, (facts, self.sums[sheet] if known else -1.0 if sheet else 0.0), "隐藏")
        light = self._light(row)[1:]
        self._put(row, _LAST, (f'=IF({own}="","",{light})', self._shown_light(count) if sheet else ""))

    def _about(self) -> set[int]:
        """What the package has that a step may be about."""
        tables = [table for form in self.package.forms.values() for table in form.tables.values()]
        about = {_ALWAYS, _PROJECTS if self.list_size else _NO_PROJECTS}
        if any(table.sections for table in tables):
            about.add(_INDICATORS)
        elif any(table.plain for table in tables):
            about.add(_ROWS)
        return about

    def _guide(self, row: int) -> None:
        put, about = self._put, self._about()
        steps = [template for topic, template in _STEPS if topic in about]
        numbers = "三四" if self.list_size else "二三"
        self._section(row, f"{numbers[0]}、填报说明")
        for k, template in enumerate(steps, 1):
            step = template.format(check=_CHECKING[self.paper.macros])
            put(row + k, 0, f"{k}．{step}", "步骤", columns=_LAST + 1)
            self.sheet.set_row(row + k, max(_STEP_HEIGHT, height(step, merged_width(_WIDTHS), 10.5)))
        row += len(steps) + 1
        self._section(row, f"{numbers[1]}、颜色")
        row += 1
        self.sheet.set_row(row, 6)
        self.sheet.set_row(row + 1, _ROW_HEIGHT)
        put(row + 1, 0, None, role="input")
        put(row + 1, 1, "由填报人填写", "图例")
        put(row + 1, 2, None, role="calculated")
        shown = "自动计算，指标得分可改写" if _INDICATORS in about else "自动计算"
        put(row + 1, 3, shown, "图例", columns=2)
        marked = self.paper.styles.marks["marked"]
        self.paper.put(
            self.sheet, row + 1, 5, None, self.paper.palette("locked", bg_color=marked["bg_color"])
        )
        put(row + 1, 6, "审核发现问题的单元格", "图例", columns=2)
