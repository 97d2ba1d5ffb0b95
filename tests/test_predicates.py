"""Checks that no expression can say: each with what it objects to and what it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import BASIC, OVERALL, PROJECT, REPORT
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Problem, Sheet
from jixiao.findings import Finding
from jixiao.narrative import KINDS
from jixiao.predicates import PREDICATES

Find = Callable[..., list[Finding]]


@pytest.fixture
def find(rules: Callable[..., Catalogue]) -> Find:
    """What one predicate, in a rule over one form, finds in a filing."""

    def find(predicate: str, form: str, filing: Filing, message: str = "{stated}") -> list[Finding]:
        return check(filing, rules({"form": form, "predicate": predicate, "message": message}))

    return find


def test_these_are_the_predicates() -> None:
    assert set(PREDICATES) == {
        *(
            "invalid_number",
            "unlisted_sheet",
            "sheet_without_project",
            "duplicate_project",
            "reading_problem",
        ),
        *("differs_from_last_year", "target_as_last_year", "actual_as_last_year", "jump_against_last_year"),
        "blank_sections",
        *(f"text_{kind}" for kind in KINDS),
    }


# -- text where a number belongs


@pytest.mark.parametrize(
    ("field", "written", "reads_as"),
    [
        ("一般公共预算", "2860.69万元", "2860.69"),
        ("一般公共预算", "２８６０．６９", "2860.69"),
        ("一般公共预算", "2,860.69", "2860.69"),
        ("一般公共预算", "7,00.0,77", ""),
        ("一般公共预算", "暂无", ""),
        ("一般公共预算", "#REF!", ""),
        ("分值", "10分", "10"),
        ("执行率", "≥95%", ""),
    ],
)
def test_text_in_a_number_cell_is_shown_with_how_it_would_read(
    find: Find, field: str, written: str, reads_as: str
) -> None:
    filing = Filing("hengshan_2023", "某局", 2023, [Sheet(OVERALL, "附件二", {field: written})])
    (finding,) = find("invalid_number", OVERALL, filing)
    assert (finding.field, finding.stated, finding.expected) == (field, written, reads_as)
    assert finding.message == written


@pytest.mark.parametrize(
    ("field", "written"),
    [
        *(("一般公共预算", value) for value in (0, 12.5, None, "", " ", "——", "-", "不适用", "……")),
        *(("执行率", value) for value in ("99.97%", 0.9997)),
        *(("实际完成情况", value) for value in ("已完成", "120")),
    ],
)
def test_numbers_blanks_and_texts_in_text_cells_pass(find: Find, field: str, written: Any) -> None:
    filing = Filing("hengshan_2023", "某局", 2023, [Sheet(OVERALL, "附件二", {field: written})])
    assert find("invalid_number", OVERALL, filing) == []


def test_text_in_a_row_is_found_in_its_row(find: Find) -> None:
    rows = [
        {"三级指标": "甲", "分值": 5.0},
        {"二级指标": "数量指标", "三级指标": "乙", "分值": 5.0, "得分": "五分"},
    ]
    sheet = Sheet(OVERALL, "附件二", {}, {"指标": rows})
    sheet.columns, sheet.row_numbers = {"指标": {"得分": "H"}}, {"指标": [14, 15]}
    (finding,) = find(
        "invalid_number", OVERALL, Filing("hengshan_2023", "某局", 2023, [sheet]), "{名称}：{stated}"
    )
    assert (finding.table, finding.row, finding.cell) == ("指标", "数量指标/乙", "H15")
    assert finding.message == "自评得分：五分"


def test_texts_in_several_tables_and_sheets_are_each_found(find: Find, yueyanglou: Filing) -> None:
    yueyanglou.sheets[0].fields["公务接待_决算数"] = "零"
    yueyanglou.sheets[0].tables["项目支出"][1]["上年决算数"] = "46.70万元"
    found = find("invalid_number", BASIC, yueyanglou, "{名称}：{stated}")
    assert [(f.message, f.row) for f in found] == [
        ("公务接待（决算数）：零", ""),
        ("上年决算数：46.70万元", "运行维护经费"),
    ]
    for sheet in yueyanglou.of(PROJECT)[1:]:
        sheet.tables["指标"][0]["分值"] = "十"
    assert [(f.sheet, f.row) for f in find("invalid_number", PROJECT, yueyanglou)] == [
        *(("附件3-2", "数量指标/车辆维修数量"), ("附件3-3", "数量指标/聘用人员数量"))
    ]


def test_the_real_filings_hold_no_text_in_number_cells(
    find: Find, hengshan: Filing, yueyanglou: Filing
) -> None:
    forms = (BASIC, OVERALL, PROJECT)
    assert [find("invalid_number", form, filing) for form in forms for filing in (hengshan, yueyanglou)] == [
        []
    ] * 6


def test_a_label_with_the_year_in_it_is_called_by_the_filings_year(find: Find, hengshan: Filing) -> None:
    hengshan.sheets[0].fields["在职人数"] = "143人"
    hengshan.year = 2024
    (finding,) = find("invalid_number", BASIC, hengshan, "{名称}：{stated}")
    assert finding.message == "2024年实际在职人数：143人"
    assert finding.rows == ["2024年实际在职人数"]


# -- the list of projects


def test_a_project_sheet_that_is_not_listed_is_found(find: Find, yueyanglou: Filing) -> None:
    assert find("unlisted_sheet", PROJECT, yueyanglou) == []
    del yueyanglou.projects[1]
    (finding,) = find("unlisted_sheet", PROJECT, yueyanglou)
    assert (finding.sheet, finding.stated, finding.field) == ("附件3-2", "附件3-2", "项目支出名称")


def test_each_filing_has_its_own_list_of_projects(
    rules: Callable[..., Catalogue], hengshan: Filing, find: Find
) -> None:
    hengshan.projects = [("业务工作经费", "附件3-1")]
    assert [f.stated for f in find("unlisted_sheet", PROJECT, hengshan)] == ["附件三"]


def test_a_listed_sheet_that_does_not_exist_is_told_once(find: Find, yueyanglou: Filing) -> None:
    assert find("sheet_without_project", PROJECT, yueyanglou) == []
    yueyanglou.projects += [("车辆", "附件3-8"), ("房屋", "附件3-9")]
    (finding,) = find("sheet_without_project", PROJECT, yueyanglou)
    assert finding.stated == "附件3-8、附件3-9"


@pytest.mark.parametrize("name", ["业务工作经费", "业务工作 经费", "业务工作经费\n"])
def test_two_projects_of_the_same_name_are_found_at_the_second(
    find: Find, yueyanglou: Filing, name: str
) -> None:
    assert find("duplicate_project", PROJECT, yueyanglou) == []
    yueyanglou.of(PROJECT)[2].fields["项目支出名称"] = name
    (finding,) = find("duplicate_project", PROJECT, yueyanglou, "与{名称}重名")
    assert (finding.sheet, finding.message) == ("附件3-3", "与附件3-1重名")


def test_projects_without_a_name_are_not_the_same(find: Find, yueyanglou: Filing) -> None:
    for sheet in yueyanglou.of(PROJECT):
        sheet.fields["项目支出名称"] = None
    assert find("duplicate_project", PROJECT, yueyanglou) == []


# -- what could not be read


def test_what_the_reader_could_not_read_is_passed_on(find: Find, hengshan: Filing) -> None:
    assert find("reading_problem", OVERALL, hengshan) == []
    hengshan.sheets[1].problems = [
        Problem("总分", "名称被删除", "请恢复"),
        Problem("", "行不在表内", "请移入表中"),
    ]
    found = find("reading_problem", OVERALL, hengshan, "{问题}，{办法}。")
    assert {f.message for f in found} == {"名称被删除，请恢复。", "行不在表内，请移入表中。"}
    assert {f.sheet for f in found} == {"附件二"} and "总分" in {f.field for f in found}
    assert len({f.fingerprint for f in found}) == 2


def test_a_problem_in_a_row_is_found_in_its_row(find: Find, yueyanglou: Filing) -> None:
    yueyanglou.of(PROJECT)[1].problems = [Problem("指标.得分", "公式被改写", "请恢复公式", row=2)]
    (finding,) = find("reading_problem", PROJECT, yueyanglou, "{问题}")
    assert (finding.sheet, finding.table, finding.row) == ("附件3-2", "指标", "质量指标/保障车辆安全运行")


# -- the report


def test_blank_sections_of_a_report_are_one_question(find: Find, yueyanglou: Filing) -> None:
    """A sentence stands under 项目支出情况 without anybody's doing."""
    assert find("blank_sections", REPORT, yueyanglou, "{名称}") == []
    tables = yueyanglou.of(REPORT)[0].tables
    tables |= {"主要职责": [], "项目支出情况": [], "其他需要说明的情况": [{"段落": None}]}
    (finding,) = find("blank_sections", REPORT, yueyanglou, "{名称}")
    assert finding.message == "“（一）单位职能职责”、“十、其他需要说明的情况”"
    assert (finding.sheet, finding.field) == ("附件4", "段落")


def test_a_report_that_nobody_began_is_not_asked_about(find: Find, yueyanglou: Filing) -> None:
    yueyanglou.of(REPORT)[0].tables.clear()
    assert find("blank_sections", REPORT, yueyanglou, "{名称}") == []
