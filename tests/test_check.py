"""Rules x filings: where a rule fails, how that is told, and what stays the same question across edits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import BASIC, OVERALL, PROJECT
from jixiao import predicates
from jixiao.catalogue import load_catalogue
from jixiao.check import check, check_frame
from jixiao.declarations import Catalogue
from jixiao.filing import MISSING, Explanation, Filing, Frame, Sheet
from jixiao.findings import Finding, status

Rules = Callable[..., Catalogue]
Row = dict[str, Any]

WITHIN = {"form": OVERALL, "check": "全年执行数 <= 全年预算数", "at": "全年执行数"}
SUM = {"form": OVERALL, "check": "全年执行数 == 基本支出 + 项目支出", "at": "全年执行数"}
ROW = {"form": OVERALL, "for_each": "指标", "check": "得分 <= 分值", "at": "得分"}


def overall(rows: list[Row] | None = None, **fields: Any) -> Filing:
    """A filing that is one 整体支出绩效自评表."""
    return Filing("hengshan_2023", "某局", 2023, [Sheet(OVERALL, "附件二", fields, {"指标": rows or []})])


def indicator(name: str, weight: float | None = 10, score: Any = 10, **more: Any) -> Row:
    return {"二级指标": "数量指标", "三级指标": name, "分值": weight, "得分": score, **more}


def placed(filing: Filing, first: int = 14) -> Filing:
    """The same filing with addresses, as if read from a workbook."""
    for sheet in filing.sheets:
        sheet.addresses = {"全年执行数": "F6", "全年预算数": "E6", "基本支出": "I8", "指标.分值": "G13"}
        sheet.columns = {"指标": {"三级指标": "C", "分值": "G", "得分": "H"}}
        sheet.row_numbers = {"指标": [first + k for k in range(len(sheet.tables["指标"]))]}
    return filing


# -- when a rule fails


@pytest.mark.parametrize(
    ("spent", "budget", "found"),
    [
        (90, 100, 0),
        (100, 100, 0),
        (100.01, 100, 1),
        (None, 100, 0),
        (100, None, 0),
        ("百万", 100, 0),
        ("——", 0, 0),
    ],
)
def test_a_rule_fails_only_where_both_sides_are_filled_and_contradict_it(
    rules: Rules, spent: Any, budget: Any, found: int
) -> None:
    filing = overall(全年执行数=spent, 全年预算数=budget)
    assert len(check(filing, rules({**WITHIN, "arithmetic": "exact"}))) == found


def test_a_cell_that_is_not_there_is_blank(rules: Rules) -> None:
    assert check(overall(), rules(WITHIN)) == []
    assert check(Filing("hengshan_2023", "某局", 2023), rules(WITHIN)) == []


@pytest.mark.parametrize(("basic", "found"), [(50, 1), (0, 0), (None, 0)])
def test_when_narrows_a_rule_to_where_it_surely_holds(rules: Rules, basic: float | None, found: int) -> None:
    filing = overall(全年执行数=200, 全年预算数=100, 基本支出=basic)
    assert len(check(filing, rules({**WITHIN, "when": "基本支出 > 0"}))) == found


def test_a_rule_over_rows_looks_at_each_row(rules: Rules) -> None:
    rows = [indicator("甲"), indicator("乙", 5, 6), indicator("丙", None, 6), indicator("丁", 5, None)]
    findings = check(overall(rows), rules({**ROW, "message": "{三级指标} 得 {得分} 分，超过 {分值} 分。"}))
    assert [(f.row, f.field, f.message) for f in findings] == [
        ("数量指标/乙", "得分", "乙 得 6 分，超过 5 分。")
    ]


def test_a_rule_over_the_sheets_of_a_form_looks_at_each_sheet(rules: Rules, yueyanglou: Filing) -> None:
    rule = {"form": PROJECT, "for_each": "sheets", "check": "执行率 >= 0.9", "at": "执行率"}
    assert [(f.sheet, f.field) for f in check(yueyanglou, rules(rule))] == [("附件3-2", "执行率")]


def test_a_rule_over_a_column_group_looks_at_each_column(rules: Rules, hengshan: Filing) -> None:
    rule = {
        "form": PROJECT,
        "for_each": "金额列",
        "check": "年度资金总额 == sum(当年财政拨款, 上年结转资金, 其他资金)",
        "at": "年度资金总额",
        "message": "{年度资金总额}，各来源 {expected}。",
        "arithmetic": "exact",
    }
    hengshan.sheets[2].fields |= {"全年预算数": 800.0, "全年执行数": 700.0}
    findings = check(hengshan, rules(rule))
    assert [(f.field, f.message, f.difference) for f in findings] == [
        ("全年预算数", "800.00，各来源 789.14。", "10.86"),
        ("全年执行数", "700.00，各来源 789.14。", "-89.14"),
    ]


def test_recomputed_cells_are_compared_with_what_their_formula_gives(
    rules: Rules, yueyanglou: Filing
) -> None:
    rule = {"form": PROJECT, "recompute": "[执行率, 得分, 总分]", "check": "stated == calculated"}
    rule["arithmetic"] = "exact"
    catalogue = rules({**rule, "message": "填 {stated}，应为 {expected}。"})
    assert check(yueyanglou, catalogue) == []
    yueyanglou.sheets[3].fields |= {"执行率": 0.5, "总分": 100.0}
    assert [(f.field, f.message) for f in check(yueyanglou, catalogue)] == [
        ("执行率", "填 50.00%，应为 56.70%。"),
        ("总分", "填 100，应为 95.67。"),
    ]


def test_a_rule_is_not_about_packages_without_its_form_or_its_cells(
    rules: Rules, hengshan: Filing, yueyanglou: Filing
) -> None:
    signed = rules({"form": BASIC, "check": "filled(填表人)", "at": "填表人"})
    assert [f.field for f in check(hengshan, signed)] == ["填表人"]
    assert check(yueyanglou, signed) == []  # its forms have no signature lines
    project = copy.deepcopy(yueyanglou)
    project.package, project.sheets = "mof_project_2023", project.sheets[3:4]
    assert check(project, rules({"form": BASIC, "check": "1 == 2", "at": "编制数"})) == []


def test_a_rule_is_not_about_packages_that_omit_a_cell_of_another_form(
    rules: Rules, hengshan: Filing, yueyanglou: Filing
) -> None:
    named = rules({"form": OVERALL, "check": "预算单位名称 == 基础数据表.预算单位名称", "at": "预算单位名称"})
    assert check(hengshan, named) == []  # its 附件一 has no such head
    yueyanglou.sheets[1].fields["预算单位名称"] = "另一局"
    assert [f.outcome for f in check(yueyanglou, named)] == ["fail"]


# -- rounding


def test_a_sum_that_is_exactly_right_is_no_finding(rules: Rules) -> None:
    filing = overall(全年执行数=2859.87, 基本支出=2070.73, 项目支出=789.14)
    assert check(filing, rules(SUM)) == check(filing, rules({**SUM, "arithmetic": "exact"})) == []


@pytest.mark.parametrize(
    ("spent", "interval", "exact"), [(2859.88, 0, 1), (2859.86, 0, 1), (2859.89, 1, 1), (2859.85, 1, 1)]
)
def test_three_figures_of_two_decimals_may_be_a_hundredth_apart_unless_the_rule_is_exact(
    rules: Rules, spent: float, interval: int, exact: int
) -> None:
    filing = overall(全年执行数=spent, 基本支出=2070.73, 项目支出=789.14)
    assert len(check(filing, rules(SUM))) == interval
    assert len(check(filing, rules({**SUM, "arithmetic": "exact"}))) == exact


@pytest.mark.parametrize(("spent", "found"), [(2859.87, 0), (2859.875, 0), (2859.88, 1)])
def test_a_rule_can_cap_what_rounding_explains(rules: Rules, spent: float, found: int) -> None:
    filing = overall(全年执行数=spent, 基本支出=2070.73, 项目支出=789.14)
    assert len(check(filing, rules({**SUM, "max_tolerance": 0.005}))) == found


@pytest.mark.parametrize(
    ("stated", "found"),
    [(0.7772, 0), (0.77717, 0), (0.77725, 0), (0.77726, 1), (0.7773, 1), (0.7771, 1), (0.77, 1), (77.72, 1)],
)
def test_a_rate_of_counts_may_be_half_a_unit_off(rules: Rules, stated: float, found: int) -> None:
    """143 of 184 is 77.717…%, stated as 77.72%; 77.71% was cut off."""
    rule = {"form": BASIC, "check": "控制率 == rate(在职人数, 编制数)", "at": "控制率"}
    fields = {"编制数": 184.0, "在职人数": 143.0, "控制率": stated}
    filing = Filing("hengshan_2023", "某局", 2023, [Sheet(BASIC, "附件一", fields)])
    assert len(check(filing, rules(rule))) == found


@pytest.mark.parametrize(
    ("stated", "found"), [(0.567, 0), (0.5672, 0), (0.5673, 1), (0.5669, 0), (0.5668, 1)]
)
def test_a_rate_of_rounded_amounts_may_be_what_the_unrounded_ones_give(
    rules: Rules, stated: float, found: int
) -> None:
    """32.15 of 56.70 is 56.70%, but 32.145 of 56.705 is 56.69% and 32.155 of 56.695 is 56.72%."""
    rule = {"form": OVERALL, "check": "执行率 == rate(全年执行数, 全年预算数)", "at": "执行率"}
    assert len(check(overall(全年执行数=32.15, 全年预算数=56.7, 执行率=stated), rules(rule))) == found


# -- what a finding shows


def test_a_message_shows_figures_as_people_write_them(rules: Rules) -> None:
    rule = {
        **WITHIN,
        "message": "{预算单位名称}：{全年执行数}/{全年预算数}，{执行率}，{总分} 分，{基本支出}，多 {difference}，±{tolerance}，{rows}",
    }
    filing = overall(全年执行数=2860.7, 全年预算数=2000, 执行率=0.7772, 总分=95.5, 预算单位名称="某局")
    (finding,) = check(filing, rules(rule))
    assert (
        finding.message
        == "某局：2860.70/2000.00，77.72%，95.5 分，，多 860.70，±0.005，年度资金总额（全年执行数）"
        or (finding.message == "某局：2860.70/2000.00，77.72%，95.5 分，，多 860.70，±0.005，全年执行数")
    )
    assert (finding.stated, finding.expected, finding.difference) == ("2860.70", "2000.00", "860.70")
    assert finding.tolerance == "0.005"


def test_an_exact_rule_tolerates_nothing(rules: Rules) -> None:
    (finding,) = check(overall(全年执行数=2, 全年预算数=1), rules({**WITHIN, "arithmetic": "exact"}))
    assert finding.tolerance == "0"


def test_a_rule_may_say_what_was_stated_and_expected(rules: Rules) -> None:
    rule = {
        **WITHIN,
        "check": "not (全年执行数 > 全年预算数)",
        "stated": "全年执行数",
        "expected": "基本支出",
    }
    (finding,) = check(overall(全年执行数=2, 全年预算数=1, 基本支出=0.5), rules(rule))
    assert (finding.stated, finding.expected, finding.difference) == ("2.00", "0.50", "1.50")


def test_a_check_that_compares_nothing_states_nothing(rules: Rules) -> None:
    (finding,) = check(overall(), rules({**WITHIN, "check": "filled(全年执行数)"}))
    assert (finding.stated, finding.expected, finding.difference, finding.tolerance) == ("", "", "", "")


def test_texts_are_shown_as_they_were_written(rules: Rules) -> None:
    rule = {
        **ROW,
        "check": "年度指标值 != 实际完成值",
        "at": "实际完成值",
        "message": "{三级指标}照抄了{实际完成值}",
    }
    rows = [
        indicator("甲", 年度指标值="≥95%", 实际完成值="≥95%"),
        indicator("乙", 年度指标值="3件", 实际完成值="4件"),
    ]
    assert [f.message for f in check(overall(rows), rules(rule))] == ["甲照抄了≥95%"]


def test_braces_that_name_nothing_the_rule_knows_do_not_load(rules: Rules) -> None:
    with pytest.raises(Exception, match="没有意义"):
        rules({**WITHIN, "message": "{执行数}"})


def test_a_finding_points_at_its_cell_and_the_related_ones(rules: Rules) -> None:
    filing = placed(overall(全年执行数=2, 全年预算数=1, 基本支出=3))
    (finding,) = check(filing, rules({**WITHIN, "related": "[全年预算数, 基本支出, 项目支出]"}))
    assert (finding.sheet, finding.cell) == ("附件二", "F6")
    assert finding.related == ["附件二!E6", "附件二!I8"]


def test_related_cells_may_stand_in_another_form(rules: Rules, hengshan: Filing) -> None:
    hengshan.sheets[0].addresses = {"项目支出_决算数": "G14"}
    rule = {
        "form": OVERALL,
        "check": "项目支出 == 0",
        "at": "项目支出",
        "related": "[基础数据表.项目支出_决算数]",
    }
    assert [f.related for f in check(hengshan, rules(rule))] == [["附件一!G14"]]


def test_a_finding_in_a_row_points_into_the_row(rules: Rules) -> None:
    filing = placed(overall([indicator("甲"), indicator("乙", 5, 6)]))
    (finding,) = check(filing, rules({**ROW, "related": "[分值]"}))
    assert (finding.cell, finding.related, finding.table) == ("H15", ["附件二!G15"], "指标")


AMONG = {
    "form": OVERALL,
    "check": 'subtotal(指标.二级指标, 指标.分值, "数量") == 10',
    "at": "指标.分值",
    "among": 'startswith(指标.二级指标, "数量")',
}


def test_a_finding_about_a_section_points_at_its_rows(rules: Rules) -> None:
    rows = [{"二级指标": "质量指标", "分值": 9.0}, indicator("甲"), indicator("乙"), indicator("丙")]
    (finding,) = check(placed(overall(rows)), rules(AMONG))
    assert (finding.cell, finding.related) == ("G15", ["附件二!G16", "附件二!G17"])
    assert (finding.stated, finding.expected, finding.difference) == ("30", "10", "20")


def test_a_finding_about_a_section_without_rows_points_at_the_head(rules: Rules) -> None:
    catalogue = rules({**AMONG, "check": 'count(startswith(指标.二级指标, "数量")) > 0'})
    (finding,) = check(placed(overall([{"二级指标": "质量指标", "分值": 9.0}])), catalogue)
    assert (finding.cell, finding.related) == ("G13", [])


# -- one finding or many

NO_SIGN = {**ROW, "check": "filled(实际完成值)", "at": "实际完成值", "message": "没有填：{rows}。"}


def test_reported_by_row_every_row_is_a_finding(rules: Rules) -> None:
    findings = check(overall([indicator("甲"), indicator("乙")]), rules({**NO_SIGN, "report": "row"}))
    assert [f.message for f in findings] == ["没有填：甲。", "没有填：乙。"]


def test_reported_by_table_the_rows_of_a_sheet_are_one_finding(rules: Rules) -> None:
    filing = overall([indicator("甲"), indicator("乙", 实际完成值="1件"), indicator("丙")])
    filing = placed(filing)
    filing.sheets[0].columns["指标"]["实际完成值"] = "E"
    (finding,) = check(filing, rules({**NO_SIGN, "report": "table"}))
    assert finding.message == "没有填：甲、丙。"
    assert finding.rows == ["甲", "丙"]
    assert (finding.cell, finding.related) == ("E14", ["附件二!E16"])
    assert (finding.stated, finding.expected, finding.row) == ("", "", "")


def test_reported_by_table_each_sheet_is_its_own_finding(rules: Rules, yueyanglou: Filing) -> None:
    rule = {"form": PROJECT, "for_each": "指标", "check": "分值 <= 9", "at": "分值", "report": "table"}
    findings = check(yueyanglou, rules(rule))
    assert [(f.sheet, len(f.rows)) for f in findings] == [("附件3-2", 8), ("附件3-3", 9)]


def test_reported_by_filing_all_sheets_are_one_finding(rules: Rules, yueyanglou: Filing) -> None:
    rule = {"form": PROJECT, "check": "filled(主管部门)", "at": "主管部门", "report": "filing"}
    (finding,) = check(yueyanglou, rules({**rule, "message": "{rows}没有填。"}))
    assert finding.message == "附件3-1“主管部门”、附件3-2“主管部门”、附件3-3“主管部门”没有填。"
    assert finding.sheet == "附件3-1"


def test_a_message_names_six_rows_and_counts_the_others(rules: Rules) -> None:
    filing = overall([indicator(name) for name in "甲乙丙丁戊己庚辛"])
    (finding,) = check(filing, rules({**NO_SIGN, "report": "table"}))
    assert finding.message == "没有填：甲、乙、丙、丁、戊、己等 8 处。"
    assert len(finding.rows) == 8


def test_a_row_without_a_name_is_called_by_its_number(rules: Rules) -> None:
    rows = [indicator("甲", 实际完成值="1件"), {"分值": 5.0}]
    (finding,) = check(overall(rows), rules({**NO_SIGN, "report": "table"}))
    assert finding.rows == ["第 2 行"]


# -- who speaks when two rules see the same thing


def test_a_rule_yields_to_another_about_the_same_cell(rules: Rules) -> None:
    first, second = {**WITHIN}, {**WITHIN, "check": "全年执行数 <= 基本支出"}
    filing = overall(全年执行数=9, 全年预算数=5, 基本支出=5)
    assert [f.rule.id for f in check(filing, rules(first, second))] == ["TST-001", "TST-002"]
    yielding = rules(first, {**second, "yields_to": "[TST-001]"})
    assert [f.rule.id for f in check(filing, yielding)] == ["TST-001"]
    filing.sheets[0].fields["全年预算数"] = 10
    assert [f.rule.id for f in check(filing, yielding)] == ["TST-002"]


def test_a_rule_may_yield_to_a_later_one(rules: Rules) -> None:
    first, second = {**WITHIN, "yields_to": "[TST-002]"}, {**WITHIN, "check": "全年执行数 <= 基本支出"}
    filing = overall(全年执行数=9, 全年预算数=5, 基本支出=5)
    assert [f.rule.id for f in check(filing, rules(first, second))] == ["TST-002"]


def test_a_row_rule_yields_in_the_same_row_only(rules: Rules) -> None:
    low = {**ROW, "check": "得分 >= 0", "yields_to": "[TST-001]", "at": "得分"}
    catalogue = rules({**ROW, "check": "分值 >= 1", "at": "分值"}, low)
    rows = [indicator("甲", 0, -1), indicator("乙", 5, -1), indicator("丙", 0, 0)]
    assert [(f.rule.id, f.row) for f in check(overall(rows), catalogue)] == [
        *(("TST-001", "数量指标/甲"), ("TST-002", "数量指标/乙"), ("TST-001", "数量指标/丙"))
    ]


def test_rules_about_different_cells_yield_by_sheet(rules: Rules, yueyanglou: Filing) -> None:
    weak = {"form": PROJECT, "check": "执行率 >= 0.9", "at": "执行率"}
    low = {"form": PROJECT, "check": "总分 >= 101", "at": "总分", "yields_to": "[TST-001]"}
    assert [(f.rule.id, f.sheet) for f in check(yueyanglou, rules(weak, low))] == [
        *(("TST-002", "附件3-1"), ("TST-001", "附件3-2"), ("TST-002", "附件3-3"))
    ]


# -- the row's own reason

REASON = {**ROW, "severity": "warning", "check": "得分 == 分值", "answered_by": "偏差原因"}


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        ("厉行节约", "厉行节约"),
        (" 受疫情影响 ", "受疫情影响"),
        ("无", None),
        ("0", None),
        ("——", None),
        ("", None),
        (None, None),
    ],
)
def test_a_reason_in_the_row_answers_a_question_about_the_row(
    rules: Rules, reason: str | None, answer: str | None
) -> None:
    (finding,) = check(overall([indicator("甲", 10, 9, 偏差原因=reason)]), rules(REASON))
    assert finding.explanation == answer
    assert finding.outstanding is (answer is None)


def test_a_row_that_answers_is_no_part_of_the_question_about_its_table(rules: Rules) -> None:
    catalogue = rules({**REASON, "report": "table"})
    rows = [indicator("甲", 10, 9, 偏差原因="厉行节约"), indicator("乙", 10, 9)]
    found = {f.explanation: f.rows for f in check(overall(rows), catalogue)}
    assert found == {"厉行节约": ["甲"], None: ["乙"]}
    rows[1]["偏差原因"] = "受疫情影响"
    assert [f.explanation for f in check(overall(rows), catalogue)] == ["厉行节约；受疫情影响"]


@pytest.mark.parametrize(("since", "count"), [(2022, 1), (2023, 1), (2024, 0)])
def test_a_rule_asks_from_the_year_in_which_it_came_into_force(rules: Rules, since: int, count: int) -> None:
    catalogue = rules({**REASON, "since": since})
    filing = overall([indicator("甲", 10, 9)])
    assert filing.year == 2023
    assert len(check(filing, catalogue)) == count


# -- a rule that crashes


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Iterator[Any]:
        raise ZeroDivisionError("/home/me/secret.py line 3")
        yield

    monkeypatch.setitem(predicates.PREDICATES, "invalid_number", crash)


@pytest.mark.usefixtures("crashing")
def test_a_rule_that_crashes_is_our_fault_and_the_others_still_run(rules: Rules) -> None:
    catalogue = rules({"form": OVERALL, "predicate": "invalid_number"}, WITHIN)
    findings = check(overall(全年执行数=2, 全年预算数=1), catalogue)
    assert [(f.rule.id, f.outcome, f.severity) for f in findings] == [
        *(("TST-002", "fail", "error"), ("TST-001", "rule_error", "info"))
    ]
    assert "规则 TST-001 未能执行" in findings[1].message and "不是填报的问题" in findings[1].message
    assert "secret" not in findings[1].message
    assert not findings[1].outstanding
    assert "核对" not in findings[1].fix


@pytest.mark.usefixtures("crashing")
def test_a_rule_that_crashes_does_not_hold_a_filing_up(rules: Rules) -> None:
    findings = check(overall(), rules({"form": OVERALL, "predicate": "invalid_number"}))
    assert [f.outcome for f in findings] == ["rule_error"]
    assert status(findings) == "通过"


# -- the same question after edits


def prints(filing: Filing, catalogue: Catalogue) -> dict[str, str]:
    """Each finding's fingerprint by rule, row and field."""
    return {f"{f.rule.id} {f.row} {f.field} {f.sheet}": f.fingerprint for f in check(filing, catalogue)}


def test_rows_inserted_above_leave_the_question_the_same(rules: Rules) -> None:
    catalogue = rules(ROW)
    before = prints(overall([indicator("甲"), indicator("乙", 5, 6)]), catalogue)
    after = prints(overall([indicator("新"), indicator("甲"), {}, indicator("乙", 5, 6)]), catalogue)
    assert before == after != {}


def test_renamed_and_reordered_sheets_leave_the_question_the_same(rules: Rules, yueyanglou: Filing) -> None:
    catalogue = rules({"form": PROJECT, "check": "执行率 >= 0.9", "at": "执行率"})
    (before,) = check(yueyanglou, catalogue)
    yueyanglou.of(PROJECT)[1].name = "车辆"
    yueyanglou.sheets.reverse()
    (after,) = check(yueyanglou, catalogue)
    assert after.sheet == "车辆"
    assert after.fingerprint == before.fingerprint and after.figures == before.figures


def test_addresses_are_no_part_of_the_question(rules: Rules) -> None:
    rows = [indicator("甲", 5, 6)]
    here, there = placed(overall(rows), 14), placed(overall(rows), 40)
    assert prints(here, rules(ROW)) == prints(there, rules(ROW))


def test_rule_unit_year_row_and_field_are_parts_of_the_question(rules: Rules) -> None:
    rows = [indicator("甲", 5, 6), indicator("乙", 5, 6), {**indicator("甲", 5, 6), "二级指标": "质量指标"}]
    catalogue = rules(ROW, ROW, {**ROW, "at": "分值"}, {**NO_SIGN, "report": "table"})
    filing, later, other = overall(rows), overall(rows), overall(rows)
    later.year, other.unit = 2024, "另一局"
    found = [
        f.fingerprint for f in (*check(filing, catalogue), *check(later, catalogue), *check(other, catalogue))
    ]
    assert len(found) == len(set(found)) == 3 * (3 * 3 + 1)


def test_rows_of_the_same_name_are_told_apart(rules: Rules) -> None:
    findings = check(
        overall([indicator("甲", 5, 6), indicator("甲", 5, 7), indicator("甲", 5, 6)]), rules(ROW)
    )
    assert [f.row for f in findings] == ["数量指标/甲", "数量指标/甲#2", "数量指标/甲#3"]
    assert len({f.fingerprint for f in findings}) == 3


def test_projects_of_the_same_name_are_told_apart(rules: Rules, yueyanglou: Filing) -> None:
    for sheet in yueyanglou.of(PROJECT):
        sheet.fields["项目支出名称"] = "业务工作经费"
    findings = check(yueyanglou, rules({"form": PROJECT, "check": "filled(主管部门)", "at": "主管部门"}))
    assert len({f.fingerprint for f in findings}) == len(findings) == 3


@pytest.mark.parametrize("name", ["hengshan", "yueyanglou"])
def test_every_finding_of_the_real_filings_is_a_question_of_its_own(
    name: str, request: pytest.FixtureRequest
) -> None:
    findings = check(request.getfixturevalue(name), load_catalogue())
    assert len({f.fingerprint for f in findings}) == len(findings) > 0
    assert not [f.rule.id for f in findings if f.outcome != "fail"]


# -- explanations


@pytest.fixture
def asked(rules: Rules) -> tuple[Filing, Catalogue, Finding]:
    catalogue = rules({**WITHIN, "severity": "warning"})
    filing = overall(全年执行数=2, 全年预算数=1)
    (finding,) = check(filing, catalogue)
    assert finding.explanation is None and finding.outstanding
    filing.explanations = {finding.fingerprint: Explanation("年中追加", finding.figures)}
    return filing, catalogue, finding


def test_an_explanation_is_kept_across_checks(asked: tuple[Filing, Catalogue, Finding]) -> None:
    filing, catalogue, _ = asked
    (again,) = check(filing, catalogue)
    assert again.explanation == "年中追加" and not again.outstanding
    assert status([again]) == "通过"


def test_an_explanation_lapses_when_the_figures_it_explained_change(
    asked: tuple[Filing, Catalogue, Finding],
) -> None:
    filing, catalogue, before = asked
    filing.sheets[0].fields["全年执行数"] = 3
    (again,) = check(filing, catalogue)
    assert again.fingerprint == before.fingerprint and again.figures != before.figures
    assert again.explanation is None


def test_an_explanation_stays_when_other_figures_change(asked: tuple[Filing, Catalogue, Finding]) -> None:
    filing, catalogue, _ = asked
    filing.sheets[0].fields["基本支出"] = 7
    assert check(filing, catalogue)[0].explanation == "年中追加"


def test_an_explanation_without_figures_answers_whatever_they_are(
    asked: tuple[Filing, Catalogue, Finding],
) -> None:
    filing, catalogue, finding = asked
    filing.explanations = {finding.fingerprint: Explanation("年中追加")}
    filing.sheets[0].fields["全年执行数"] = 3
    assert check(filing, catalogue)[0].explanation == "年中追加"


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_explanation_explains_nothing(asked: tuple[Filing, Catalogue, Finding], empty: str) -> None:
    filing, catalogue, finding = asked
    filing.explanations = {finding.fingerprint: Explanation(empty, finding.figures)}
    assert check(filing, catalogue)[0].outstanding


def test_an_explanation_of_a_table_lapses_when_a_row_joins(rules: Rules) -> None:
    catalogue = rules({**NO_SIGN, "report": "table", "severity": "warning"})
    filing = overall([indicator("甲"), indicator("乙")])
    (finding,) = check(filing, catalogue)
    filing.explanations = {finding.fingerprint: Explanation("明年填", finding.figures)}
    assert check(filing, catalogue)[0].explanation == "明年填"
    filing.sheets[0].tables["指标"].append(indicator("丙"))
    assert check(filing, catalogue)[0].explanation is None


# -- order


def test_what_must_be_corrected_comes_first_and_then_the_order_of_the_forms(
    rules: Rules, yueyanglou: Filing
) -> None:
    catalogue = rules(
        {"form": PROJECT, "check": "总分 < 0", "at": "总分", "severity": "info"},
        {"form": PROJECT, "check": "执行率 < 0", "at": "执行率", "severity": "warning"},
        {"form": PROJECT, "check": "总分 < 0", "at": "总分"},
        {"form": PROJECT, "for_each": "指标", "check": "三级指标 != '出勤率'", "at": "三级指标"},
        {"form": PROJECT, "check": "执行率 < 0", "at": "执行率"},
        {"form": BASIC, "check": "编制数 < 0", "at": "编制数"},
    )
    shown = [(f.severity, f.sheet, f.rule.id) for f in check(yueyanglou, catalogue)]
    projects = ("附件3-1", "附件3-2", "附件3-3")
    assert shown == [
        ("error", "附件1", "TST-006"),
        *(("error", "附件3-1", id_) for id_ in ("TST-005", "TST-003")),
        *(("error", "附件3-2", id_) for id_ in ("TST-005", "TST-003")),
        *(("error", "附件3-3", id_) for id_ in ("TST-005", "TST-003", "TST-004")),
        *(("warning", sheet, "TST-002") for sheet in projects),
        *(("info", sheet, "TST-001") for sheet in projects),
    ]


# -- many filings at once


def variants(filing: Filing) -> list[Filing]:
    """The filing; one with errors put in; one without its overall form; one with its sheets turned round."""
    wrong, short, turned = (copy.deepcopy(filing) for _ in range(3))
    wrong.unit = "另一局"
    for sheet in wrong.sheets:
        sheet.fields |= {"全年执行数": 1e9, "总分": "满分"} if sheet.form != BASIC else {"编制数": "很多"}
        for row in sheet.tables.get("指标", []):
            row["得分"] = 3.0
    short.sheets = [sheet for sheet in short.sheets if sheet.form != OVERALL]
    turned.sheets.reverse()
    turned.year = 2024
    return [filing, wrong, short, Filing(filing.package, "空", 2023), turned, copy.deepcopy(filing)]


@pytest.mark.parametrize("value", [None, "", "不适用", "一些文字", "……", "——", 0.0, -1.0, 1e12, MISSING])
@pytest.mark.parametrize("name", ["hengshan", "yueyanglou"])
def test_no_rule_crashes_whatever_stands_in_the_cells(
    name: str, value: Any, request: pytest.FixtureRequest
) -> None:
    catalogue, filing = load_catalogue(), request.getfixturevalue(name)
    package = catalogue.packages[filing.package]
    everywhere, rowless = copy.deepcopy(filing), copy.deepcopy(filing)
    in_rows = copy.deepcopy(filing)
    for sheet in everywhere.sheets:
        sheet.fields = dict.fromkeys(package.forms[sheet.form].fields, value)
    for sheet in in_rows.sheets:
        for code, rows in sheet.tables.items():
            for row in rows:
                row |= dict.fromkeys(package.forms[sheet.form].tables[code].columns, value)
    for sheet in rowless.sheets:
        sheet.tables = {}
    filings = [everywhere, in_rows, rowless, filing]
    findings = check_frame(Frame(filings, package.forms), package, catalogue)
    assert {f.rule.id for f in findings if f.outcome != "fail"} == set()
    assert not [f.message for f in findings if "{" in f.message]


def told(finding: Finding) -> dict[str, Any]:
    return {**finding.to_json(), "figures": finding.figures, "row": finding.row, "rows": finding.rows}


@pytest.mark.parametrize("name", ["hengshan", "yueyanglou"])
def test_a_frame_of_many_filings_is_checked_like_each_alone(
    name: str, request: pytest.FixtureRequest
) -> None:
    filings, catalogue = variants(request.getfixturevalue(name)), load_catalogue()
    package = catalogue.packages[filings[0].package]
    together = check_frame(Frame(filings, package.forms), package, catalogue)
    for k, filing in enumerate(filings):
        alone = [told(finding) for finding in check(filing, catalogue)]
        assert [told(finding) for finding in together if finding.filing == k] == alone
    assert {finding.filing for finding in together} >= {0, 1, 2, 4, 5}


def test_checking_changes_nothing_about_the_filing(yueyanglou: Filing) -> None:
    before = copy.deepcopy(yueyanglou)
    first = [told(finding) for finding in check(yueyanglou, load_catalogue())]
    assert yueyanglou == before
    assert [told(finding) for finding in check(yueyanglou, load_catalogue())] == first
