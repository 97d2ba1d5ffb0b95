"""Case files: a filing written down, every stated value kept, every slip named with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import BASIC, OVERALL, PROJECT, REPORT
from jixiao.case import read_case
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.strict import CatalogueError

Read = Callable[[str], Filing]

HEAD = "package: yueyanglou_2023\nunit: 某局\nsheets:\n"


@pytest.fixture
def read(tmp_path: Path, catalogue: Catalogue) -> Read:
    def read(text: str) -> Filing:
        file = tmp_path / "例.yaml"
        file.write_text(text, "utf-8")
        return read_case(file, catalogue)

    return read


# -- the two real filings


def test_hengshan_is_read_with_every_stated_value(hengshan: Filing) -> None:
    assert (hengshan.package, hengshan.unit, hengshan.year) == ("hengshan_2023", "衡山县市场监督管理局", 2023)
    assert [(sheet.form, sheet.name) for sheet in hengshan.sheets] == [
        *((BASIC, "附件一"), (OVERALL, "附件二"), (PROJECT, "附件三"), (REPORT, "附件四"))
    ]
    basic, overall, project, report = hengshan.sheets
    assert (basic.fields["编制数"], basic.fields["在职人数"], basic.fields["控制率"]) == (184, 143, 0.7772)
    assert basic.fields["政府采购金额_上年决算数"] == "——"
    assert basic.fields["三公经费_预算数"] is None
    assert len(basic.tables["项目支出"]) == 2
    assert overall.fields["全年预算数"] == 2860.69
    assert overall.fields["得分"] == 10
    assert len(overall.tables["指标"]) == 11
    assert overall.tables["指标"][5]["实际完成值"] == "97.5"
    assert project.fields["当年财政拨款_年初预算数"] == 231.5
    assert len(project.tables["指标"]) == 18
    assert report.tables["国有资本经营预算支出情况"] == [{"段落": "无"}]


def test_yueyanglou_is_read_with_its_three_projects(yueyanglou: Filing) -> None:
    assert [sheet.name for sheet in yueyanglou.sheets] == [
        *("附件1", "附件2", "附件3-1", "附件3-2", "附件3-3", "附件4")
    ]
    assert [len(sheet.tables.get("指标", [])) for sheet in yueyanglou.sheets] == [0, 26, 19, 10, 9, 0]
    assert yueyanglou.of(PROJECT)[1].fields["执行率"] == 0.567
    assert yueyanglou.of(PROJECT)[2].fields["全年执行数"] == 93.18


def test_the_list_of_projects_names_them_as_the_basic_table_does(
    hengshan: Filing, yueyanglou: Filing
) -> None:
    assert hengshan.projects == [("业务工作经费", "附件三")]
    assert yueyanglou.projects == [
        ("业务工作经费", "附件3-1"),
        ("运行维护经费", "附件3-2"),  # the project calls itself 运行维护费
        ("编外用工人员经费", "附件3-3"),
    ]


# -- what a case may leave out


def test_the_year_is_the_packages_unless_it_is_said(read: Read) -> None:
    assert read(HEAD + "  - {form: 基础数据表}\n").year == 2023
    assert read("year: 2024\n" + HEAD + "  - {form: 基础数据表}\n").year == 2024


def test_sheets_get_the_packages_names_unless_it_is_said(read: Read) -> None:
    projects = "  - {form: 项目支出绩效自评表}\n" * 2 + "  - {form: 项目支出绩效自评表, name: 车辆}\n"
    assert [sheet.name for sheet in read(HEAD + projects).sheets] == ["附件3-1", "附件3-2", "车辆"]


def test_a_project_that_nobody_lists_is_known_by_its_own_name_or_its_sheets(read: Read) -> None:
    text = HEAD + (
        "  - {form: 项目支出绩效自评表, fields: {项目支出名称: 车辆运行}}\n  - {form: 项目支出绩效自评表}\n"
    )
    assert read(text).projects == [("车辆运行", "附件3-1"), ("附件3-2", "附件3-2")]


# -- values


@pytest.mark.parametrize(
    ("written", "value"),
    [("184", 184.0), ("0.7772", 0.7772), ("-3", -3.0), ("null", None), ("——", "——"), ("'184'", "184")],
)
def test_a_number_cell_keeps_what_is_stated(read: Read, written: str, value: Any) -> None:
    fields = read(HEAD + f"  - {{form: 基础数据表, fields: {{编制数: {written}}}}}\n").sheets[0].fields
    assert fields == {"编制数": value} and type(fields["编制数"]) is type(value)


def test_a_number_in_a_text_cell_is_read_as_its_text(read: Read) -> None:
    rows = "  - form: 整体支出绩效自评表\n    tables: {指标: [{年度指标值: 90, 实际完成值: 97.5, 分值: 5}]}\n"
    assert read(HEAD + rows).sheets[0].tables["指标"] == [
        {"年度指标值": "90", "实际完成值": "97.5", "分值": 5.0}
    ]


def test_rows_of_a_matrix_become_fields(read: Read) -> None:
    rows = "{资金: [{来源: 年度资金总额, 全年预算数: 90}, {来源: 其他资金, 全年预算数: null}]}"
    assert read(HEAD + f"  - {{form: 项目支出绩效自评表, tables: {rows}}}\n").sheets[0].fields == {
        "全年预算数": 90.0,
        "其他资金_全年预算数": None,
    }


# -- what is refused

SHEET = "  - form: 基础数据表\n"
REFUSED = {
    "an unknown package": ("package: 某县_2023\nunit: 某局\nsheets: []\n", 1, "没有套表“某县_2023”"),
    "no unit": ("package: hengshan_2023\nsheets: []\n", 1, "缺少“unit”"),
    "no sheets": ("package: hengshan_2023\nunit: 某局\n", 1, "缺少“sheets”"),
    "an unknown key": (HEAD + SHEET + "remarks: 无\n", 5, "不认识的键“remarks”"),
    "a year that is no number": ("year: 今年\n" + HEAD + SHEET, 1, "“year”的内容类型不对"),
    "an unknown form": (HEAD + "  - form: 基础表\n", 4, "套表中没有“基础表”"),
    "an unknown key of a sheet": (HEAD + SHEET + "    sheet: 附件1\n", 5, "不认识的键“sheet”"),
    "an unknown field": (HEAD + SHEET + "    fields:\n      编制: 184\n", 6, "没有数据项“编制”"),
    "a field that the package leaves out": (
        HEAD + SHEET + "    fields:\n      填表人: 某人\n",
        6,
        "没有数据项“填表人”",
    ),
    "an unknown table": (HEAD + SHEET + "    tables:\n      指标: []\n", 6, "“基础数据表”没有表“指标”"),
    "an unknown column": (
        *(HEAD + SHEET + "    tables:\n      项目支出:\n        - {项目: 车辆}\n", 7, "没有数据项“项目”"),
    ),
    "an unknown row of a matrix": (
        *(
            HEAD + SHEET + "    tables:\n      经费:\n        - {经费: 差旅, 预算数: 1}\n",
            7,
            "经费没有“差旅”一行",
        ),
    ),
    "an unknown column of a matrix": (
        *(
            HEAD + SHEET + "    tables:\n      经费:\n        - {经费: 公务接待, 今年: 1}\n",
            7,
            "没有数据项“今年”",
        ),
    ),
    "a row of a matrix that does not say which": (
        *(HEAD + SHEET + "    tables:\n      经费:\n        - {预算数: 1}\n", 7, "缺少“经费”"),
    ),
    "a cell stated twice": (
        HEAD
        + SHEET
        + "    fields: {公务接待_预算数: 1}\n    tables:\n      经费:\n        - {经费: 公务接待, 预算数: 2}\n",
        *(8, "“公务接待_预算数”写了两次"),
    ),
    "a truth value": (
        HEAD + SHEET + "    fields:\n      编制数: yes\n",
        6,
        "“编制数”应为数字或文字，现在是 True",
    ),
    "a list as a value": (HEAD + SHEET + "    fields:\n      编制数: [184]\n", 6, "应为数字或文字"),
    "a mapping as a value": (HEAD + SHEET + "    fields:\n      编制数: {a: 1}\n", 6, "应为数字或文字"),
    "a date as a value": (
        HEAD + SHEET + "    fields:\n      厉行节约保障措施: 2023-12-31\n",
        6,
        "应为数字或文字",
    ),
    "fields that are a list": (HEAD + SHEET + "    fields: [编制数]\n", 5, "“fields”的内容类型不对"),
    "rows that are no list": (
        HEAD + SHEET + "    tables:\n      项目支出: 5\n",
        6,
        "“项目支出”应当是一行一项的列表",
    ),
    "rows left empty": (HEAD + SHEET + "    tables:\n      项目支出:\n", 6, "“项目支出”应当是一行一项的列表"),
    "a row that is no mapping": (
        HEAD + SHEET + "    tables:\n      项目支出: [车辆]\n",
        6,
        "这里应当写成“键: 值”",
    ),
    "two sheets of a form that occurs once": (HEAD + SHEET + SHEET, 5, "“基础数据表”在一套表中只能有一张"),
    "two sheets of one name": (
        HEAD + "  - {form: 项目支出绩效自评表, name: 车辆}\n  - {form: 项目支出绩效自评表, name: 车辆}\n",
        *(5, "有两张工作表叫“车辆”"),
    ),
    "a field stated twice": (
        HEAD + SHEET + "    fields:\n      编制数: 1\n      编制数: 2\n",
        7,
        "“编制数”写了两次",
    ),
}


@pytest.mark.parametrize(("text", "line", "said"), REFUSED.values(), ids=REFUSED)
def test_a_case_is_refused_for(read: Read, text: str, line: int, said: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith(f"例.yaml 第 {line} 行：")
    assert said in message and "\n" not in message


# -- the report


def test_a_section_of_the_report_is_a_list_of_paragraphs(read: Read) -> None:
    whole = "  - form: 自评报告\n    tables:\n      下一步改进措施:\n      - 一、改进。\n      - {段落: 二、培训。}\n"
    assert read(HEAD + whole).sheets[0].tables == {
        "下一步改进措施": [{"段落": "一、改进。"}, {"段落": "二、培训。"}]
    }


def test_a_row_of_another_table_is_no_text(read: Read) -> None:
    with pytest.raises(CatalogueError, match=r"第 5 行.*键: 值"):
        read(HEAD + "  - form: 整体支出绩效自评表\n    tables: {指标: [一、改进。]}\n")
