"""What names mean in an expression, and what the forms calculate: figures by hand from the two real filings."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import BASIC, OVERALL, PROJECT, Templates
from jixiao.binding import Binding, BindingError
from jixiao.declarations import Catalogue
from jixiao.expression import Ref, parse
from jixiao.filing import Filing, FormFrame, Frame, Sheet, TableFrame
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, Texts
from jixiao.scope import Calculation, Scope

BLANKS = pytest.approx([BLANK], nan_ok=True)


@pytest.fixture(scope="session")
def calculate(catalogue: Catalogue) -> Callable[..., Calculation]:
    def calculate(*filings: Filing, catalogue: Catalogue = catalogue) -> Calculation:
        forms = catalogue.packages[filings[0].package].forms
        return Calculation(Frame(filings, forms), catalogue)

    return calculate


@pytest.fixture
def both(yueyanglou: Filing, file_of: Callable[..., Filing]) -> list[Filing]:
    """Yueyanglou's filing between two others: one without projects, one with nothing but a project."""
    without = file_of(
        Sheet(BASIC, "附件1", {"编制数": 20.0, "在职人数": 15.0}),
        Sheet(OVERALL, "附件2", {"预算单位名称": "某局"}),
        package="yueyanglou_2023",
    )
    alone = file_of(
        Sheet(PROJECT, "附件3-1", {"全年执行数": 7.0}, {"指标": [{"三级指标": "抽检", "分值": 4.0}]}),
        unit="另一局",
        year=2024,
        package="yueyanglou_2023",
    )
    return [without, yueyanglou, alone]


def evaluate(source: str, scope: Any) -> list[Any]:
    column = parse(source, "试验").evaluate(scope)
    return [column[i] for i in range(len(column))] if isinstance(column, Texts) else column.tolist()


# -- calculated cells, by hand


def figures(calculation: Calculation, form: str, code: str, table: str | None = None) -> list[float]:
    return calculation.calculated(form, table, code).tolist()


@pytest.mark.parametrize(
    ("form", "code", "by_hand"),
    [
        (BASIC, "控制率", [0.7772]),  # 143 / 184
        (BASIC, "公务用车购置和维护经费_预算数", [17.5]),  # 0 + 17.5
        (BASIC, "公务用车购置和维护经费_决算数", [15.14]),
        (BASIC, "三公经费_预算数", [50.5]),  # 17.5 + 0 + 33
        (BASIC, "三公经费_决算数", [25.77]),  # 15.14 + 0 + 10.63
        (BASIC, "项目支出_预算数", [231.5]),
        (BASIC, "项目支出_决算数", [789.14]),
        (BASIC, "规模控制率", [BLANK]),
        (OVERALL, "项目支出", [789.14]),
        (OVERALL, "年初预算数", [BLANK]),  # 部门基本支出预算调整 was left blank
        (OVERALL, "全年执行数", [2859.87]),  # 2070.73 + 789.14
        (OVERALL, "执行率", [0.9997]),  # 2859.87 / 2860.69
        (OVERALL, "得分", [10.0]),  # 9.997 at two decimals
        (OVERALL, "总分", [100.0]),
        (PROJECT, "年初预算数", [231.5]),
        (PROJECT, "全年执行数", [789.14]),
        (PROJECT, "执行率", [1.0]),
        (PROJECT, "总分", [99.0]),  # 10 + 40 + 4 + 5 + 30 + 10
    ],
)
def test_hengshan_calculates(
    calculate: Callable[..., Calculation], hengshan: Filing, form: str, code: str, by_hand: list[float]
) -> None:
    assert figures(calculate(hengshan), form, code) == pytest.approx(by_hand, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("form", "code", "by_hand"),
    [
        (BASIC, "控制率", [0.8738]),  # 263 / 301
        (BASIC, "三公经费_预算数", [58.7]),  # 56.7 + 2, 公务接待 blank
        (BASIC, "三公经费_决算数", [32.15]),
        (BASIC, "项目支出_预算数", [696.0]),  # 549.3 + 56.7 + 90
        (BASIC, "项目支出_决算数", [855.87]),
        (OVERALL, "项目支出", [855.87]),  # 730.54 + 32.15 + 93.18
        (OVERALL, "年初预算数", [5364.70]),  # 4668.70 + 696
        (OVERALL, "全年执行数", [5836.24]),  # 4980.37 + 855.87
        (OVERALL, "执行率", [1.0]),
        (OVERALL, "总分", [100.0]),
        (PROJECT, "全年预算数", [730.54, 56.7, 93.18]),
        (PROJECT, "执行率", [1.0, 0.567, 1.0]),  # 32.15 / 56.7
        (PROJECT, "得分", [10.0, 5.67, 10.0]),
        (PROJECT, "总分", [100.0, 95.67, 100.0]),
    ],
)
def test_yueyanglou_calculates(
    calculate: Callable[..., Calculation], yueyanglou: Filing, form: str, code: str, by_hand: list[float]
) -> None:
    assert figures(calculate(yueyanglou), form, code) == pytest.approx(by_hand, abs=1e-9, nan_ok=True)


def test_scores_of_indicators_are_calculated_where_target_and_result_are_numbers(
    calculate: Callable[..., Calculation], yueyanglou: Filing
) -> None:
    scores = figures(calculate(yueyanglou), PROJECT, "得分", "指标")[29:]  # 附件3-3
    expected = [10, 10, 9.5, *[BLANK] * 5, 10]  # ≤95% against 100%: 10 × 95/100; words are not scored
    assert scores == pytest.approx(expected, nan_ok=True)


def test_project_rows_take_their_figures_from_the_projects_sheets(
    calculate: Callable[..., Calculation], yueyanglou: Filing, hengshan: Filing
) -> None:
    calculation = calculate(yueyanglou)
    assert figures(calculation, BASIC, "预算数", "项目支出") == [549.3, 56.7, 90]
    assert figures(calculation, BASIC, "决算数", "项目支出") == [730.54, 32.15, 93.18]
    # Hengshan filled one project sheet; the second project of the basic table has none.
    assert figures(calculate(hengshan), BASIC, "预算数", "项目支出") == pytest.approx(
        [231.5, BLANK], nan_ok=True
    )


def test_a_project_row_finds_its_sheet_by_name_wherever_the_sheet_stands(
    calculate: Callable[..., Calculation], yueyanglou: Filing
) -> None:
    yueyanglou.sheets.reverse()
    assert figures(calculate(yueyanglou), BASIC, "预算数", "项目支出") == [549.3, 56.7, 90]


@pytest.mark.parametrize(
    ("projects", "budgets"),
    [
        ([], [BLANK, BLANK, BLANK]),
        ([("业务工作经费", "附件3-9")], [INVALID, BLANK, BLANK]),
        ([("业务工作经费", "附件3-1"), ("业务工作经费", "附件3-2")], [BLANK, BLANK, BLANK]),
        ([(" 业务工作经费", "附件3-3")], [90, BLANK, BLANK]),
    ],
    ids=[
        "nothing listed",
        "no such sheet is an error, not a smaller sum",
        "listed twice",
        "spaces do not count",
    ],
)
def test_a_project_row_has_a_figure_only_if_the_list_names_exactly_one_sheet(
    calculate: Callable[..., Calculation],
    yueyanglou: Filing,
    projects: list[tuple[str, str]],
    budgets: list[float],
) -> None:
    yueyanglou.projects = projects
    found = figures(calculate(yueyanglou), BASIC, "预算数", "项目支出")
    assert found == pytest.approx(budgets, nan_ok=True)


def test_a_listed_project_without_any_project_sheet_is_an_error_alone_and_among_others(
    calculate: Callable[..., Calculation], yueyanglou: Filing
) -> None:
    lonely = copy.deepcopy(yueyanglou)
    lonely.sheets = lonely.sheets[:2]
    assert figures(calculate(lonely), BASIC, "预算数", "项目支出") == [INVALID] * 3
    together = figures(calculate(lonely, yueyanglou), BASIC, "预算数", "项目支出")
    assert together == [INVALID] * 3 + [549.3, 56.7, 90]


def test_what_is_stated_stands_and_what_is_not_is_calculated(
    calculate: Callable[..., Calculation], hengshan: Filing, yueyanglou: Filing
) -> None:
    hengshan.sheets[1].fields["总分"] = 98.0  # typed over
    del hengshan.sheets[2].fields["总分"]  # left to its formula
    calculation = calculate(hengshan)
    assert calculation.value(OVERALL, None, "总分").tolist() == [98]
    assert calculation.calculated(OVERALL, None, "总分").tolist() == [100]
    assert calculation.value(PROJECT, None, "总分").tolist() == [99]
    assert calculation.value(BASIC, None, "三公经费_预算数").tolist() == BLANKS  # stated as blank


def test_a_stated_cell_feeds_the_cells_calculated_from_it(
    calculate: Callable[..., Calculation], hengshan: Filing
) -> None:
    hengshan.sheets[2].fields["得分"] = 4.0
    assert calculate(hengshan).calculated(PROJECT, None, "总分").tolist() == [93]


def test_a_rate_on_zero_does_not_apply(
    calculate: Callable[..., Calculation], file_of: Callable[..., Filing]
) -> None:
    filing = file_of(Sheet(BASIC, "附件一", {"编制数": 0.0, "在职人数": 0.0}))
    assert calculate(filing).calculated(BASIC, None, "控制率").tolist() == [NOT_APPLICABLE]


# -- names


def test_a_name_is_a_cell_of_the_form_at_hand(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(*both).scope(PROJECT)
    assert scope.size == 4
    assert evaluate("全年执行数", scope) == [730.54, 32.15, 93.18, 7]
    assert evaluate("项目支出名称", scope) == ["业务工作经费", "运行维护费", "编外用工人员经费", ""]


def test_in_a_row_a_name_is_a_column_first_and_then_a_cell_of_the_rows_sheet(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(*both).scope(PROJECT, "指标")
    assert scope.size == 19 + 10 + 9 + 1
    assert evaluate("分值", scope)[-2:] == [10, 4]  # the row's, not the sheet's 10 for execution
    assert evaluate("全年执行数", scope)[18:20] == [730.54, 32.15]
    assert evaluate("全年执行数", scope)[-2:] == [93.18, 7]
    assert evaluate("指标.分值 - 分值", scope) == [0] * 3 + [0] * 7 + BLANK_ROW + [0] * 28


BLANK_ROW = [pytest.approx(BLANK, nan_ok=True)]  # 食品抽检批次成本 has no points


def test_columns_of_a_table_are_summed_by_sheet(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    assert evaluate("sum(指标.分值)", calculate(*both).scope(PROJECT)) == [90, 90, 90, 4]


def test_a_row_sees_all_rows_of_its_sheet(calculate: Callable[..., Calculation], both: list[Filing]) -> None:
    scope = calculate(*both).scope(PROJECT, "指标")
    assert evaluate("sum(指标.分值)", scope) == [90] * 38 + [4]


def test_beside_a_member_a_bare_name_is_the_rows_own(
    calculate: Callable[..., Calculation], hengshan: Filing
) -> None:
    """How many indicators of the sheet carry this row's name: four things inspected, four times each, and two alone."""
    scope = calculate(hengshan).scope(PROJECT, "指标")
    assert evaluate("count(指标.三级指标 == 三级指标)", scope) == [4] * 16 + [1, 1]


def test_a_form_that_occurs_once_is_found_from_every_sheet_of_its_filing(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    calculation = calculate(*both)
    assert evaluate("基础数据表.在职人数", calculation.scope(OVERALL)) == [15, 263]
    people = evaluate("基础数据表.在职人数", calculation.scope(PROJECT))
    assert people == pytest.approx([263, 263, 263, BLANK], nan_ok=True)
    people = evaluate("基础数据表.在职人数", calculation.scope(PROJECT, "指标"))
    assert people == pytest.approx([263] * 38 + [BLANK], nan_ok=True)


def test_a_text_of_another_form_is_found_too(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    calculation = calculate(*both)
    assert evaluate("整体支出绩效自评表.预算单位名称", calculation.scope(BASIC)) == [
        "某局",
        "岳阳市岳阳楼区市场监督管理局",
    ]
    assert evaluate("基础数据表.预算单位名称", calculation.scope(PROJECT))[2:] == [
        "岳阳市岳阳楼区市场监督管理局",
        "",
    ]
    assert evaluate("预算单位名称 == 基础数据表.预算单位名称", calculation.scope(OVERALL)) == [0, 1]


def test_a_calculated_cell_of_another_form_is_calculated(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    assert evaluate("基础数据表.控制率", calculate(*both).scope(OVERALL)) == [0.75, 0.8738]


def test_sheets_of_another_form_are_summed_by_filing(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(*both).scope(OVERALL)
    spent = evaluate("sum(项目支出绩效自评表.全年执行数)", scope)
    assert spent == pytest.approx([BLANK, 855.87], nan_ok=True)  # no projects: nothing to add
    assert evaluate("count(项目支出绩效自评表.全年执行数)", scope) == [0, 3]
    assert evaluate("count(项目支出绩效自评表.全年执行数 > 100)", scope) == [0, 1]


def test_each_sheet_of_a_form_sees_all_sheets_of_its_filing(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(*both).scope(PROJECT)
    spent = evaluate("sum(项目支出绩效自评表.全年执行数)", scope)
    assert spent == pytest.approx([855.87, 855.87, 855.87, 7])
    assert evaluate("count(项目支出绩效自评表.全年执行数 >= 全年执行数)", scope) == [1, 3, 2, 1]


def test_a_form_that_no_filing_has_states_nothing(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(both[0]).scope(OVERALL)
    assert evaluate("sum(项目支出绩效自评表.全年执行数)", scope) == BLANKS
    assert evaluate("count(项目支出绩效自评表.全年执行数)", scope) == [0]
    assert evaluate('count(contains(项目支出绩效自评表.项目支出名称, "经费"))', scope) == [0]
    alone = calculate(both[2]).scope(PROJECT)
    assert evaluate("基础数据表.编制数", alone) == BLANKS
    assert evaluate("基础数据表.预算单位名称", alone) == [""]


def test_facts_about_the_filing(calculate: Callable[..., Calculation], both: list[Filing]) -> None:
    calculation = calculate(*both)
    assert evaluate("填报年度", calculation.scope(PROJECT)) == [2023, 2023, 2023, 2024]
    assert evaluate("填报单位", calculation.scope(PROJECT))[2:] == ["岳阳市岳阳楼区市场监督管理局", "另一局"]
    assert evaluate("填报年度", calculation.scope(PROJECT, "指标")) == [2023] * 38 + [2024]


def test_a_parameter_is_that_of_the_filings_year(
    calculate: Callable[..., Calculation], templates: Templates, both: list[Filing]
) -> None:
    dated = """
        试验上限:
          title: 试验
          unit: 倍
          reference: {title: 试验办法}
          values: [{since: 2020-01-01, value: 0.2}, {since: 2024-01-01, value: 0.3}]
    """
    calculation = calculate(*both, catalogue=templates.write("parameters/test.yaml", dated).load())
    assert evaluate("试验上限", calculation.scope(PROJECT)) == [0.2, 0.2, 0.2, 0.3]
    assert evaluate("试验上限", calculation.scope(OVERALL)) == [0.2, 0.2]


def test_a_name_knows_its_kind_and_decimals(
    calculate: Callable[..., Calculation], both: list[Filing]
) -> None:
    scope = calculate(*both).scope(OVERALL, "指标")
    names = ["分值", "三级指标", "全年预算数", "执行率", "填报单位", "填报年度", "优秀下限"]
    assert [scope.kind(Ref(None, name)) for name in names] == [
        *("number", "text", "number", "number", "text", "number", "number")
    ]
    assert [scope.decimals(Ref(None, name)) for name in names] == [2, 0, 2, 4, 0, 0, 0]
    assert scope.decimals(Ref(BASIC, "控制率")) == 4
    assert scope.decimals(Ref(PROJECT, "全年执行数")) == 2
    assert scope.kind(Ref(BASIC, "预算单位名称")) == "text"


# -- columns without filings behind them


def test_a_million_rows_need_no_records(catalogue: Catalogue, file_of: Callable[..., Filing]) -> None:
    form = catalogue.packages["hengshan_2023"].forms[OVERALL]
    size = 1000
    given = {
        "年度指标值": Texts.of(["≥100件", "≤95%"] * (size // 2)),
        "实际完成值": Texts.of(["50件", "100%"] * (size // 2)),
        "分值": np.full(size, 10.0),
    }
    rows = TableFrame(form.tables["指标"], np.zeros(size, dtype=np.intp), [], range(size), given)
    frame = Frame([file_of()], {})
    frame.forms[OVERALL] = FormFrame(form, [], np.zeros(1, dtype=np.intp), {"分值": [10.0]}, {"指标": rows})
    calculation = Calculation(frame, catalogue)
    scores = calculation.value(OVERALL, "指标", "得分")
    assert scores[:2].tolist() == [5, 9.5] and scores.size == size
    assert evaluate("sum(指标.得分)", calculation.scope(OVERALL)) == [pytest.approx(7250)]


# -- some of the positions

EXPRESSIONS = [
    (OVERALL, None, "全年执行数 - 全年预算数"),
    (OVERALL, None, "sum(指标.分值) + 分值"),
    (OVERALL, None, "sum(项目支出绩效自评表.全年执行数)"),
    (OVERALL, None, "count(项目支出绩效自评表.全年执行数 > 基本支出 / 10)"),
    (OVERALL, None, "基础数据表.控制率"),
    (OVERALL, None, 'subtotal(指标.一级指标, 指标.分值, "产出") == 产出指标分值'),
    (OVERALL, None, "填报年度 + 总分"),
    (PROJECT, None, "执行率 * 分值"),
    (PROJECT, None, "sum(项目支出绩效自评表.全年执行数) - 全年执行数"),
    (PROJECT, None, "基础数据表.在职人数"),
    (PROJECT, None, "总分"),
    (PROJECT, "指标", "得分 <= 分值"),
    (PROJECT, "指标", "分值 / sum(指标.分值)"),
    (PROJECT, "指标", "score(年度指标值, 实际完成值, 分值)"),
    (PROJECT, "指标", "count(指标.三级指标 == 三级指标)"),
    (PROJECT, "指标", "全年执行数 + 基础数据表.编制数"),
    (BASIC, "项目支出", "预算数 - 决算数"),
    (BASIC, "项目支出", "same(项目名称, 填报单位)"),
]


@pytest.fixture(scope="session")
def county(calculate: Callable[..., Calculation], _real: dict[str, Filing]) -> Calculation:
    """Four filings: Yueyanglou's, the same with projects removed, without the overall form, and once more."""
    whole = _real["yueyanglou_2023"]
    some, none, again = copy.deepcopy(whole), copy.deepcopy(whole), copy.deepcopy(whole)
    some.sheets = some.sheets[:3]
    none.sheets = [none.sheets[0], *none.sheets[2:]]
    again.year, again.sheets = 2024, again.sheets[::-1]
    return calculate(whole, some, none, again)


@given(
    st.sampled_from(EXPRESSIONS),
    st.lists(st.integers(0, 10**6), max_size=8),
    st.lists(st.integers(0, 7), max_size=5),
)
def test_an_expression_at_some_positions_is_the_whole_at_those_positions(
    county: Calculation, what: tuple[str, str | None, str], picks: list[int], again: list[int]
) -> None:
    form, table, source = what
    scope, expression = county.scope(form, table), parse(source, "试验")
    index = np.array([pick % scope.size for pick in picks], dtype=np.intp)
    whole, some = expression.evaluate(scope), expression.evaluate(scope.take(index))
    np.testing.assert_array_equal(some, whole[index])
    for side, sides in zip(expression.bounds(scope.take(index)), expression.bounds(scope), strict=True):
        np.testing.assert_array_equal(side, sides[index])
    if len(index):  # and once more
        inner = np.array([pick % len(index) for pick in again], dtype=np.intp)
        np.testing.assert_array_equal(expression.evaluate(scope.take(index).take(inner)), whole[index][inner])


# -- names given by a rule


def bindings(catalogue: Catalogue, package: str) -> list[Binding]:
    rule = catalogue.rules[0]
    package_ = catalogue.packages[package]
    return [
        binding
        for form in rule.forms
        for binding in Binding.all(rule, package_.forms[form], catalogue.forms, catalogue.parameters)
    ]


SUM = {
    "form": PROJECT,
    "check": "年度资金总额 == sum(当年财政拨款, 上年结转资金, 其他资金)",
    "at": "年度资金总额",
}


def test_over_a_column_group_the_names_of_rows_are_their_cells_in_each_column(
    rules: Callable[..., Catalogue], calculate: Callable[..., Calculation], hengshan: Filing
) -> None:
    catalogue = rules({**SUM, "for_each": "金额列"})
    found = bindings(catalogue, "hengshan_2023")
    assert [binding.at.name for binding in found] == ["年初预算数", "全年预算数", "全年执行数"]
    assert found[2].names["其他资金"] == Ref(None, "其他资金_全年执行数")
    hengshan.sheets[2].fields |= {"其他资金_全年预算数": 1.0, "全年执行数": 800.0}
    calculation = calculate(hengshan)
    holds = [
        evaluate(catalogue.rules[0].check.source, calculation.scope(PROJECT, None, binding.names))  # type: ignore[union-attr]
        for binding in found
    ]
    assert holds == [[1], [0], [0]]


def test_recomputed_cells_are_compared_one_by_one(
    rules: Callable[..., Catalogue], calculate: Callable[..., Calculation], hengshan: Filing
) -> None:
    catalogue = rules({"form": PROJECT, "recompute": "[执行率, 得分, 总分]", "check": "stated == calculated"})
    found = bindings(catalogue, "hengshan_2023")
    assert [binding.at.name for binding in found] == ["执行率", "得分", "总分"]
    hengshan.sheets[2].fields["总分"] = 100.0
    calculation = calculate(hengshan)
    sides = [
        evaluate("stated", scope) + evaluate("calculated", scope)
        for binding in found
        for scope in [calculation.scope(PROJECT, None, binding.names)]
    ]
    assert sides == [[1, 1], [10, 10], [100, 99]]


def test_a_name_without_meaning_binds_to_nothing(rules: Callable[..., Catalogue]) -> None:
    catalogue = rules({"form": BASIC, "check": "filled(填表人)", "at": "填表人"})
    assert len(bindings(catalogue, "hengshan_2023")) == 1
    with pytest.raises(BindingError, match="“填表人”在“基础数据表”中没有意义"):
        bindings(catalogue, "yueyanglou_2023")


def test_a_scope_takes_names_only_where_they_stand_alone(
    calculate: Callable[..., Calculation], hengshan: Filing
) -> None:
    calculation = calculate(hengshan)
    scope = Scope(calculation, calculation.frame.forms[PROJECT], None, {"分值": Ref(None, "全年执行数")})
    assert evaluate("分值", scope) == [789.14]
    assert evaluate("sum(指标.分值)", scope) == [90]
