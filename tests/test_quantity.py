from __future__ import annotations

import math
import time
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jixiao.quantity import (
    BLANK,
    INVALID,
    NOT_APPLICABLE,
    PHRASES,
    QUANTITY_HELPERS,
    REPLACEMENTS,
    Texts,
    display,
    half_width,
    normalise,
    parse,
    read_number,
    round_half_up,
)
from native import Grid, formualizer_values

# Texts near the grammar: every piece that the parser looks at, in any order.
PIECES = st.sampled_from(
    [
        *"0123456789.,%‰万亿年月日件-+≥>=≤<／ \u3000\u00a0\n０９．，％≧＜",
        *(
            [
                ">=",
                "不低于",
                "不超过",
                "达到",
                "以上",
                "以内",
                "以下",
                "天内",
                "元/批次",
                "1,124",
                "12.5",
                "7,00.0,77",
            ]
        ),
        *(["及时", "前完成", "……", "——", "/", "不断加强", "2023年", "12月31日"]),
    ]
)
PLAUSIBLE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "≥", "≤ ", "不少于", "＝", "<", "控制在", "-", "≤-"]),
        st.one_of(
            st.integers(0, 10**9).map(str),
            st.integers(0, 10**9).map("{:,}".format),
            st.decimals(0, 10**6, places=2).map(str),
        ),
        st.sampled_from(["", "万", "亿", "%", "‰", " "]),
        st.sampled_from(["", "件", "元", "元/批次", "天", "个月", "年", "月", "年底", "㎡"]),
        st.sampled_from(["", "以上", "以内", "及以上", "前"]),
    ),
)
QUANTITIES = st.one_of(st.lists(PIECES, max_size=8).map("".join), PLAUSIBLE)


@pytest.mark.parametrize(
    ("text", "comparator", "number", "unit"),
    [
        ("≥ 120件", "≥", 120, "件"),
        ("≧1580批次", "≥", 1580, "批次"),
        ("≤760元/批次", "≤", 760, "元/批次"),
        ("≥1.5万件", "≥", 15000, "件"),
        ("19578件", "", 19578, "件"),
        ("≥303.9万", "≥", 3039000, ""),
        ("399.32万", "", 3993200, ""),
        ("1066.1万元", "", 10661000, "元"),
        ("≥90% ", "≥", 0.9, "%"),
        ("97.5", "", 97.5, ""),
        ("5‰", "", 0.005, "‰"),
        ("2亿元", "", 200000000, "元"),
        ("1,124批次", "", 1124, "批次"),
        ("２８６０．６９", "", 2860.69, ""),
        (">=5次", "≥", 5, "次"),
        ("＜3%", "<", 0.03, "%"),
        ("═100%", "=", 1, "%"),
        ("﹦100％", "=", 1, "%"),
        ("不低于95%", "≥", 0.95, "%"),
        ("不少于6次", "≥", 6, "次"),
        ("不超过3天", "≤", 3, "天"),
        ("超过3天", ">", 3, "天"),
        ("95%以上", "≥", 0.95, "%"),
        ("90%及以上", "≥", 0.9, "%"),
        ("15天以内", "≤", 15, "天"),
        ("15个工作日内", "≤", 15, "个工作日"),
        ("达到98%", "", 0.98, "%"),
        ("≤-5.2%", "≤", -0.052, "%"),
        ("+3%", "", 0.03, "%"),
        ("3年", "", 3, "年"),
        ("6个月", "", 6, "个月"),
        ("1.1亿", "", 110000000, ""),
    ],
)
def test_numbers(text: str, comparator: str, number: float, unit: str) -> None:
    quantity = parse(text)
    assert (quantity.kind, quantity.comparator, quantity.number, quantity.unit) == (
        "number",
        comparator,
        number,
        unit,
    )
    assert quantity.text == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2023年底", "date"),
        ("2023年底\n\n", "date"),
        ("2023年12月31日前完成", "date"),
        ("12月31日前", "date"),
        ("3月", "date"),
        ("按要求及时公开", "timely"),
        ("与计划时间匹配", "timely"),
        ("及时完成", "timely"),
        ("不断加强", "words"),
        ("按预算定", "words"),
        ("控制在标准以内", "words"),
        ("无", "words"),
        ("7,00.0,77", "words"),
        ("1,24件", "words"),
        ("1/3以上", "words"),
        ("2e3件", "words"),
        ("8～10", "words"),
        ("90%-95%", "words"),
        ("1234567890123456", "words"),
        ("上年水平", "words"),
        ("", "blank"),
        (" \u3000\n", "blank"),
        ("……", "blank"),
        ("——", "blank"),
        ("/", "blank"),
        ("......", "blank"),
    ],
)
def test_other_kinds(text: str, kind: str) -> None:
    assert parse(text).kind == kind
    assert math.isnan(parse(text).number)


@pytest.mark.parametrize(
    ("target", "actual", "comparable"),
    [
        ("≥1.5万件", "19578件", True),
        ("≥303.9万", "399.32万", True),
        ("50", "55件", True),
        ("≥90%", "95", False),
        ("≥160万元", "200", False),
        ("≥5次", "6场", False),
        ("2023年底", "100%", False),
    ],
)
def test_comparable(target: str, actual: str, comparable: bool) -> None:
    assert parse(target).comparable(parse(actual)) is comparable
    assert parse(actual).comparable(parse(target)) is comparable


@given(st.one_of(st.text(max_size=30), QUANTITIES))
def test_any_text_gives_a_quantity(text: str) -> None:
    quantity = parse(text)
    assert (quantity.kind == "number") is math.isfinite(quantity.number)
    assert normalise(text) == normalise(text)
    read_number(text), read_number(text, percent=True)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_grouped_digits_read_as_the_number(number: int) -> None:
    assert parse(f"{number:,}").number == parse(str(number)).number == number


def test_the_tables_nest_in_excel() -> None:
    """Excel nests 64 functions; a replacement must not bring back what an earlier one removed."""
    assert max(len(REPLACEMENTS), len(PHRASES), 44) < 60
    for text in ("大于或等于5", "大于等于5", "不超过5"):
        assert normalise(text).count("≥") + normalise(text).count("≤") == 1


@settings(max_examples=12, deadline=None)
@given(st.lists(QUANTITIES, min_size=60, max_size=60))
def test_native_helpers_read_what_python_reads(texts: list[str]) -> None:
    grid = Grid()
    for row, text in enumerate(texts):
        grid.quantity(row, 1, grid.put(row, 0, text))
    width = len(QUANTITY_HELPERS)
    wanted = [(row, 1 + place) for row in range(len(texts)) for place in range(width)]
    found = formualizer_values(grid, wanted)
    for row, text in enumerate(texts):
        cells = dict(zip((helper.name for helper in QUANTITY_HELPERS), found[row * width :], strict=False))
        assert cells == {helper.name: helper.value(text) for helper in QUANTITY_HELPERS}, text


def test_native_helpers_stay_within_the_limits_of_a_formula() -> None:
    cells: dict[str, str] = {}
    for helper in QUANTITY_HELPERS:
        assert len(helper.native("AAA10000", cells)) < 8192
        cells[helper.name] = "AAA10000"


@given(st.decimals(-(10**6), 10**6, places=6), st.integers(0, 4))
def test_rounding_is_half_away_from_zero(number: Decimal, decimals: int) -> None:
    expected = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert round_half_up(float(number), decimals) == float(expected)


def test_rounding_passes_marks_and_arrays() -> None:
    rounded = round_half_up(np.array([BLANK, NOT_APPLICABLE, INVALID, 0.28125, -0.00001]), 4)
    np.testing.assert_array_equal(rounded, [np.nan, np.inf, -np.inf, 0.2813, 0.0])
    assert not np.signbit(rounded[-1])
    assert half_width(2) == 0.005


def test_display() -> None:
    assert [
        display(value, kind, decimals) for value, kind, decimals in ((12.5, "area", 2), (184, "count", 0))
    ] == [
        "12.50",
        "184",
    ]
    assert display(-0.7663, "rate", 4) == "-76.63%"
    assert display(99.0, "score", 2) == "99" and display(100, "count", 0) == "100"


@pytest.mark.parametrize(
    ("text", "percent", "value", "suggestion"),
    [
        ("", False, BLANK, None),
        ("——", False, BLANK, None),
        ("/", False, BLANK, None),
        ("……", False, BLANK, None),
        ("不适用", False, NOT_APPLICABLE, None),
        ("99.97%", True, 0.9997, None),
        ("2860.69万元", False, INVALID, 2860.69),
        ("２８６０．６９", False, INVALID, 2860.69),
        ("12.5", False, INVALID, 12.5),
        (" 12.5", False, INVALID, 12.5),
        ("-3.5", False, INVALID, -3.5),
        ("7,00.0,77", False, INVALID, None),
        ("28606900元", False, INVALID, None),
        ("≥5", False, INVALID, None),
        ("没有", False, INVALID, None),
        ("#DIV/0!", False, INVALID, None),
    ],
)
def test_text_in_a_number_cell(text: str, percent: bool, value: float, suggestion: float | None) -> None:
    reading = read_number(text, percent=percent)
    assert reading.value == value or (math.isnan(value) and math.isnan(reading.value))
    assert reading.suggestion == suggestion


def test_text_columns() -> None:
    texts = Texts.of(["a", None, "b", "a", "……"])
    assert len(texts) == 5 and texts[0] == "a" and texts[1] == ""
    assert texts.blank.tolist() == [False, True, False, False, True]
    assert texts.map(str.upper)[3] == "A"
    assert texts.take(np.array([2, 0]))[0] == "b"
    assert texts.same("a").tolist() == [True, False, False, True, False]
    assert texts.same(Texts.of(["a", "", "c", "b", "……"])).tolist() == [True, True, False, False, True]
    assert len(Texts.of([])) == 0 and Texts.of([]).numbers(len).tolist() == []
    joined = Texts.joined([Texts.of(["a", "b"]), Texts.of([]), Texts.of(["b", "c"])])
    assert [joined[k] for k in range(4)] == ["a", "b", "b", "c"] and joined.values == ("a", "b", "c")


def test_a_function_is_called_once_per_distinct_text() -> None:
    calls: list[str] = []
    Texts.of(["≥5件", "6件"] * 1000).numbers(lambda text: float(calls.append(text) or 0))
    assert calls == ["≥5件", "6件"]


def test_a_million_targets_take_well_under_a_second() -> None:
    texts = Texts.of(f"≥{number % 5000}件" for number in range(1_000_000))
    started = time.process_time()
    numbers = texts.numbers(lambda text: parse(text).number)
    assert time.process_time() - started < 0.5
    assert numbers[4999] == 4999
