"""Tolerance comes from rounding: whatever rounding can explain is no finding, and whatever it cannot is one.

A figure shown as 2070.73 stands for [2070.725, 2070.735]. True amounts are drawn in thousandths of 万元 as integers, so
that what the forms show is exact too.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import BASIC, OVERALL
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Sheet

amounts = st.integers(0, 10**10)  # thousandths: up to 1000 亿元
small = st.integers(1, 10**6)
budgets = st.integers(5, 10**6)  # shown as 0.01 at least


def shown(exact: Fraction | int, decimals: int) -> float:
    """Half up, in integers."""
    scaled = Fraction(exact) * 10**decimals
    return (int(scaled + Fraction(1, 2))) / 10**decimals


def money(thousandths: int) -> float:
    return shown(Fraction(thousandths, 1000), 2)


def found(catalogue: Catalogue, form: str = OVERALL, **fields: Any) -> bool:
    return bool(check(Filing("hengshan_2023", "某局", 2023, [Sheet(form, "表", fields)]), catalogue))


@pytest.fixture(scope="session")
def relation(rules: Callable[..., Catalogue]) -> Callable[..., Catalogue]:
    """The catalogue whose one rule is a relation."""
    return lambda check, form=OVERALL, **more: rules(
        {"form": form, "check": check, "at": "编制数" if form == BASIC else "全年执行数", **more}
    )


SUM = "全年执行数 == sum(基本支出, 项目支出)"
LONG = "全年预算数 == 一般公共预算 + 政府性基金拨款 + 非税收入拨款 + 其他资金 + 上年结转"
SOURCES = ["一般公共预算", "政府性基金拨款", "非税收入拨款", "其他资金", "上年结转"]
BOUND = "公用经费_决算数 >= sum(办公经费_决算数, 水电差旅费_决算数, 会议培训费_决算数)"


# -- sums


@given(amounts, amounts)
def test_parts_that_were_rounded_apart_from_their_total_are_no_finding(
    relation: Callable[..., Catalogue], basic: int, project: int
) -> None:
    figures = {"基本支出": money(basic), "项目支出": money(project), "全年执行数": money(basic + project)}
    assert not found(relation(SUM), **figures)


@given(st.lists(amounts, min_size=5, max_size=5))
def test_five_sources_that_were_rounded_apart_from_their_total_are_no_finding(
    relation: Callable[..., Catalogue], parts: list[int]
) -> None:
    sources = dict(zip(SOURCES, map(money, parts), strict=True))
    assert not found(relation(LONG), 全年预算数=money(sum(parts)), **sources)


@given(amounts, amounts, st.integers(-5, 5))
def test_three_figures_disagree_from_two_hundredths_on(
    relation: Callable[..., Catalogue], basic: int, project: int, off: int
) -> None:
    """Three half-hundredths reach over one hundredth and not over two."""
    a, b = basic // 10, project // 10
    figures = {"基本支出": a / 100, "项目支出": b / 100, "全年执行数": (a + b + off) / 100}
    assert found(relation(SUM), **figures) is (abs(off) >= 2)
    assert found(relation(SUM, arithmetic="exact"), **figures) is (off != 0)
    assert found(relation(SUM, max_tolerance=0.005), **figures) is (off != 0)


@given(st.lists(amounts, min_size=5, max_size=5), st.integers(-8, 8))
def test_six_figures_disagree_from_four_hundredths_on(
    relation: Callable[..., Catalogue], parts: list[int], off: int
) -> None:
    """Six half-hundredths meet at three hundredths: figures that could just be equal are no finding."""
    hundredths = [part // 10 for part in parts]
    sources = dict(zip(SOURCES, (h / 100 for h in hundredths), strict=True))
    assert found(relation(LONG), 全年预算数=(sum(hundredths) + off) / 100, **sources) is (abs(off) >= 4)


def test_a_blank_part_counts_as_nothing_in_a_sum_and_adds_no_tolerance(
    relation: Callable[..., Catalogue],
) -> None:
    assert not found(relation(SUM), 基本支出=5.0, 全年执行数=5.01)  # two figures meet at one hundredth
    assert found(relation(SUM), 基本支出=5.0, 全年执行数=5.02)


# -- bounds


@given(st.lists(small, min_size=3, max_size=3), st.integers(0, 10**6))
def test_a_total_that_is_not_smaller_than_its_parts_is_no_finding(
    relation: Callable[..., Catalogue], parts: list[int], more: int
) -> None:
    codes = ["办公经费_决算数", "水电差旅费_决算数", "会议培训费_决算数"]
    figures = dict(zip(codes, map(money, parts), strict=True))
    total = money(sum(parts) + more)
    assert not found(relation(BOUND, BASIC), BASIC, 公用经费_决算数=total, **figures)


@pytest.mark.parametrize(("total", "finds"), [(119.59, False), (119.57, False), (119.56, True)])
def test_a_total_below_its_parts_by_more_than_rounding_is_a_finding(
    relation: Callable[..., Catalogue], total: float, finds: bool
) -> None:
    """50.15 + 57.82 + 11.62 is 119.59; four half-hundredths reach down to 119.57."""
    parts = {"办公经费_决算数": 50.15, "水电差旅费_决算数": 57.82, "会议培训费_决算数": 11.62}
    assert found(relation(BOUND, BASIC), BASIC, 公用经费_决算数=total, **parts) is finds


# -- rates


@given(small, budgets)
def test_a_rate_of_what_was_rounded_is_no_finding(
    relation: Callable[..., Catalogue], spent: int, budget: int
) -> None:
    figures = {
        "全年执行数": money(spent),
        "全年预算数": money(budget),
        "执行率": shown(Fraction(spent, budget), 4),
    }
    assert not found(relation("执行率 == rate(全年执行数, 全年预算数)"), **figures)


@given(small, budgets)
def test_a_score_from_what_was_rounded_is_no_finding(
    relation: Callable[..., Catalogue], spent: int, budget: int
) -> None:
    score = shown(min(Fraction(1), Fraction(spent, budget)) * 10, 2)
    figures = {"全年执行数": money(spent), "全年预算数": money(budget), "分值": 10.0, "得分": score}
    assert not found(relation("得分 == execution_score(全年执行数, 全年预算数, 分值)"), **figures)


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(-3, 3))
def test_a_rate_of_persons_is_a_finding_from_the_last_decimal_on(
    relation: Callable[..., Catalogue], staff: int, posts: int, off: int
) -> None:
    """Persons are counted, not rounded: a rate that was cut off is wrong."""
    rule = relation("控制率 == rate(在职人数, 编制数)", BASIC)
    rate = round(shown(Fraction(staff, posts), 4) + off / 10**4, 4)
    assert found(rule, BASIC, 在职人数=float(staff), 编制数=float(posts), 控制率=rate) is (off != 0)


@pytest.mark.parametrize(("stated", "finds"), [(0.7772, False), (0.8738, True), (0.7771, True)])
def test_hengshans_rate_of_staff(relation: Callable[..., Catalogue], stated: float, finds: bool) -> None:
    rule = relation("控制率 == rate(在职人数, 编制数)", BASIC)
    assert found(rule, BASIC, 在职人数=143.0, 编制数=184.0, 控制率=stated) is finds


@pytest.mark.parametrize(("stated", "finds"), [("不适用", False), (None, False), (1.0, True), (0.0, True)])
def test_a_rate_on_zero_does_not_apply_and_is_never_full(
    relation: Callable[..., Catalogue], stated: str | float | None, finds: bool
) -> None:
    rule = relation("执行率 == rate(全年执行数, 全年预算数)")
    assert found(rule, 全年执行数=0.0, 全年预算数=0.0, 执行率=stated) is finds
