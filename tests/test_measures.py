from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jixiao.docs import functions_page
from jixiao.measures import (
    GRADES,
    MEASURES,
    attainment,
    band,
    change,
    execution_score,
    grade,
    rate,
    score,
    share,
    subtotal,
    total,
    total_score,
)
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, QUANTITY_HELPERS, Texts
from measure_calls import CALLS, MATRIX, agree
from native import Grid, formualizer_values

# --- by hand, from the filings and the rules ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "base", "expected"),
    [
        (8.7, 9.6, 0.9063),  # 0.90625
        (263, 301, 0.8738),
        (143, 184, 0.7772),
        (32.15, 56.7, 0.567),
        (2859.87, 2860.69, 0.9997),
        (1235, 1853, 0.6665),  # 0.66648…
        (789.14, 789.14, 1),
        (0, 5, 0),
        (-0.12345, 1, -0.1235),
    ],
)
def test_rate(actual: float, base: float, expected: float) -> None:
    assert rate.scalar(actual, base) == expected
    assert share.scalar(actual, base) == expected


def test_change_rounds_half_away_from_zero() -> None:
    assert change.scalar(15.14, 12.84) == 0.1791  # 2.30 / 12.84 = 0.17912…
    assert change.scalar(87.655, 100) == -0.1235  # -0.12345
    assert change.scalar(112.345, 100) == 0.1235
    assert change.scalar(5, 0) == "不适用"


def test_totals() -> None:
    assert total.scalar(15.14, 0, 10.63) == 25.77
    assert total.scalar(4980.37, 855.87) == 5836.24
    assert total.scalar([[730.54], [32.15], [93.18]]) == 855.87
    assert total.scalar("", "——", "不适用") == ""
    assert total.scalar(0, "") == 0
    assert total.scalar(5, "2860.69万元") == "数据有误"
    assert total_score.scalar(5.67, [10, 10, 10, "", 60]) == 95.67
    # Each row rounded first would give 0.02.
    assert total_score.scalar(0.004, [0.004, 0.004]) == 0.01


def test_total_without_members_is_blank() -> None:
    assert math.isnan(total()[0])
    assert total_score(np.array([5.0]))[0] == 5


@pytest.mark.parametrize(
    ("spent", "budget", "weight", "expected"),
    [
        (32.15, 56.7, 10, 5.67),
        (2859.87, 2860.69, 10, 10),
        (5836.24, 5836.24, 10, 10),
        (6000, 5836.24, 10, 10),
        (-5, 10, 10, 0),
        (0, 10, 10, 0),
        (5, 0, 10, "不适用"),
        ("", 10, 10, ""),
        (5, 10, "", ""),
    ],
)
def test_execution_score(spent: Any, budget: Any, weight: Any, expected: Any) -> None:
    assert execution_score.scalar(spent, budget, weight) == expected


@pytest.mark.parametrize(
    ("target", "actual", "weight", "expected"),
    [
        ("≥ 120件", "138件", 3, 3),
        ("≥1.5万件", "19578件", 3, 3),
        ("≥303.9万", "399.32万", 5, 5),
        ("≧1580批次", "1580批次", 5, 5),
        ("≥95%", "95%", 10, 10),
        ("≥98%", "93.1%", 5, 4.75),
        ("＞5次", "5次", 4, 4),
        ("=100%", "95%", 10, 9.5),
        ("=100件", "110件", 10, 10),
        ("≥100件", "-5件", 10, 0),
        ("≤56.7万元", "32.15万元", 10, 10),
        ("≤15天", "20天", 3, 2.25),
        ("<5天", "5天", 3, 3),
        ("≤0件", "0件", 3, 3),
        ("≤0件", "1件", 3, 0),
        ("<0", "-1", 3, 3),
        ("=0件", "2件", 3, 0),
        ("≥0件", "-1件", 3, ""),
        ("≥-5%", "-3%", 3, 3),
        ("≥-5%", "-8%", 3, ""),
        ("≤-5%", "-3%", 3, ""),
        ("0件", "0件", 3, 3),
        ("19辆", "19辆", 10, 10),
        ("100%", "100%", 3, 3),
        ("50", "55", 10, ""),  # direction unknown
        ("10", "5", 1, ""),
        ("50", "50件", 5, 5),
        ("90", "97.5%", 5, ""),
        ("≥160万元", "200", 30, ""),
        ("≥5次", "6场", 3, ""),
        ("2023年底", "100%", 1, ""),
        ("≤15天", "与计划时间匹配", 3, ""),
        ("按预算定", "730.54万元", 5, ""),
        ("≤3天", "≤3天", 3, ""),
        ("≥95%", "≥95%", 5, ""),
        ("不断加强", "不断加强", 5, ""),
        ("", "", 5, ""),
        ("≥5次", "6次", "", ""),
    ],
)
def test_score(target: str, actual: str, weight: Any, expected: Any) -> None:
    assert score.scalar(target, actual, weight) == expected


def test_attainment() -> None:
    assert attainment.scalar("10", "24") == 2.4
    assert attainment.scalar("200例", "320例") == 1.6
    assert attainment.scalar("≤760元/批次", "700元/批次") == 0.9211  # 0.92105…
    assert attainment.scalar("0件", "0件") == "不适用"
    assert attainment.scalar("≥95%", "≥95%") == ""


def test_band() -> None:
    assert band.scalar("持续提高", "持续提高", 4) == "3.2～4"
    assert band.scalar("具有可持续性 ", "具有可持续性", 10) == "8～10"
    assert band.scalar("无", "无", 5) == "4～5"
    assert band.scalar("按要求及时公开", "按要求及时公开", 3) == ""
    assert band.scalar("不断加强", "有所加强", 5) == ""
    assert band.scalar("……", "……", 5) == ""


def test_subtotals_of_the_weights() -> None:
    labels = ["产出指标\n(50 分)", None, None, "效益指标\n（30 分）", "满意度指标"]
    points = [30, 20, "", 30, 10]
    assert [subtotal.scalar(labels, points, name) for name in ("产出指标", "效益", "满意度")] == [50, 30, 10]
    assert subtotal.scalar(labels, points, "成本指标") == ""


def test_grade_bounds() -> None:
    found = [grade.scalar(points, 90, 80, 60) for points in (100, 90, 89.99, 80, 79.99, 60, 59.99, 0, "")]
    assert found == ["优", "优", "良", "良", "中", "中", "差", "差", ""]


# --- over columns -------------------------------------------------------------------------------------------


def test_columns_and_single_values_broadcast() -> None:
    actual = np.array([5.0, BLANK, 7.0, NOT_APPLICABLE, INVALID])
    np.testing.assert_array_equal(rate(actual, 10.0), [0.5, np.nan, 0.7, np.nan, np.nan])
    np.testing.assert_array_equal(total(actual, 1.0), [6, 1, 8, 1, -np.inf])
    points = score(Texts.of(["≥5次", "≤5次", "及时"]), "6次", np.array([3.0, 3.0, 3.0]))
    np.testing.assert_array_equal(points, [3, 2.5, np.nan])
    grades = grade(np.array([95.0, 70.0, BLANK]), 90, 80, 60)
    assert [grades[place] for place in range(3)] == [GRADES[0], GRADES[2], ""]
    bands = band(Texts.of(["提高", "5次", "提高"]), "提高", np.array([10.0, 5.0, BLANK]))
    assert [bands[place] for place in range(3)] == ["8～10", "", ""]


@pytest.mark.parametrize("name", MEASURES)
def test_empty_columns_give_empty_results(name: str) -> None:
    empty = {"text": Texts.of([]), "labels": Texts.of([])}
    columns = [empty.get(parameter.kind, np.array([])) for parameter in MEASURES[name].parameters]
    if name == "subtotal":
        columns[2] = Texts.of(["产出指标"])
    assert len(MEASURES[name](*columns)) == (1 if name == "subtotal" else 0)


def test_wrong_number_of_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match="rate takes 2 arguments, not 1"):
        rate.scalar(1)
    with pytest.raises(TypeError, match="helper cells of target"):
        score.native("A1", "B1", "C1")


def test_operands_of_native_forms_are_kept_together() -> None:
    assert "(A1+B1)/'附件3-1'!C1" in rate.native("A1+B1", "'附件3-1'!C1")
    assert "全年执行数/全年预算数" in rate.native("全年执行数", "全年预算数")


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_explains_itself(name: str) -> None:
    measure = MEASURES[name]
    assert measure.title and measure.explain and measure.blank and measure.source
    assert f"{name}.scalar(" in measure.doc and "Source:" in measure.doc
    assert all(parameter.title for parameter in measure.parameters)
    assert len(measure.explain) <= 255  # Excel's limit for the description of a function


def test_the_page_of_functions_has_them_all() -> None:
    page = functions_page()
    for name, measure in MEASURES.items():
        assert f"## {name}\n" in page and f"JX_{name.upper()}(" in page and measure.blank in page
    assert all(f"`{helper.name}`" in page for helper in QUANTITY_HELPERS)


# --- native = Python ----------------------------------------------------------------------------------------


def compare(name: str, calls: list[list[Any]]) -> None:
    grid = Grid()
    cells = [grid.call(MEASURES[name], call) for call in calls]
    for call, native in zip(calls, formualizer_values(grid, cells), strict=True):
        assert agree(native, MEASURES[name].scalar(*call)), (name, call, native)


@pytest.mark.parametrize("name", MEASURES)
def test_matrix_of_blank_zero_text_and_error(name: str) -> None:
    compare(name, [list(call) for call in product(*(MATRIX[p.kind] for p in MEASURES[name].parameters))])


@pytest.mark.parametrize("name", MEASURES)
def test_native_is_python_on_generated_values(name: str) -> None:
    @settings(max_examples=5, deadline=None)
    @given(st.lists(CALLS[name], min_size=80, max_size=80))
    def check(calls: list[list[Any]]) -> None:
        compare(name, calls)

    check()


def test_native_forms_use_only_functions_of_excel_2010() -> None:

    allowed = {
        *(
            "AND",
            "CHAR",
            "CHOOSE",
            "COUNT",
            "COUNTBLANK",
            "EXACT",
            "FIND",
            "IF",
            "IFERROR",
            "INDEX",
            "ISERROR",
        ),
        *(
            "ISNUMBER",
            "LEFT",
            "LEN",
            "MATCH",
            "MAX",
            "MID",
            "MIN",
            "NOT",
            "OR",
            "RIGHT",
            "ROUND",
            "ROWS",
            "SUM",
        ),
        *("SUBSTITUTE", "SUMPRODUCT", "TEXT", "VALUE"),
    }
    grid = Grid()
    for measure in MEASURES.values():
        grid.call(measure, ["A1:A9" if p.kind in ("cells", "labels") else "A1" for p in measure.parameters])
    for formula in map(str, grid.cells.values()):
        assert len(formula) < 8192
        assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", formula)) <= allowed
