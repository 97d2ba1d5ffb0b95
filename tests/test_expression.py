"""The language of fields and rules: what it means, what it refuses, what it prints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jixiao.expression import ExpressionError, NoNativeForm, Ref, parse
from jixiao.functions import FUNCTIONS
from jixiao.nodes import Node, Run
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, Texts
from jixiao.scope import Members

formualizer = pytest.importorskip("formualizer")

WHERE = "rules/FND.yaml 第 3 行 FND-002"
NUMBER_MARKS = [BLANK, NOT_APPLICABLE, INVALID]


class Columns:
    """A scope made of columns: lists of strings are texts, all others numbers."""

    def __init__(
        self,
        decimals: int = 2,
        tables: Mapping[str, tuple[Columns, Iterable[int]]] | None = None,
        **columns: list[Any],
    ) -> None:
        self.columns = {
            name: Texts.of(values)
            if any(isinstance(v, str) for v in values)
            else np.array(values, dtype=np.float64)
            for name, values in columns.items()
        }
        self.size = len(next(iter(self.columns.values())))
        self.places = decimals
        self.tables = dict(tables or {})

    def remembered(self, node: Node, run: Run) -> Any:
        return run(self)

    def kind(self, ref: Ref) -> str:
        return "text" if isinstance(self.columns[ref.name], Texts) else "number"

    def numbers(self, ref: Ref) -> Any:
        return self.columns[ref.name]

    def texts(self, ref: Ref) -> Any:
        return self.columns[ref.name]

    def decimals(self, ref: Ref) -> int:
        return self.places

    def members(self, owner: str) -> Any:
        scope, index = self.tables[owner]
        return scope, np.array(list(index), dtype=np.intp)


def value(source: str, scope: Columns | None = None, **columns: list[Any]) -> list[Any]:
    """What an expression gives, as a plain list (blank is None, so that lists compare)."""
    result = parse(source, WHERE).evaluate(scope or Columns(**columns or {"x": [0]}))
    return [
        None if isinstance(v, float) and math.isnan(v) else v for v in (result[i] for i in range(len(result)))
    ]


def one(source: str, **cells: Any) -> Any:
    return value(source, **{name: [cell] for name, cell in cells.items()})[0]


# --- arithmetic and its marks -----------------------------------------------------------------------------


def test_arithmetic_follows_the_usual_precedence() -> None:
    assert value("a + b * 2 - -c / 4", a=[1, 2], b=[3, 4], c=[8, 0]) == [9, 10]
    assert one("(a + b) * 2", a=1, b=3) == 8
    assert value("1 + 1", x=[0, 0, 0]) == [2, 2, 2]


@pytest.mark.parametrize("sign", "+-*/")
@pytest.mark.parametrize(("a", "b"), list(product([*NUMBER_MARKS, 5.0, 0.0], repeat=2)))
def test_the_worst_mark_of_the_operands_decides(sign: str, a: float, b: float) -> None:
    marks = {repr(x) for x in (a, b) if not math.isfinite(x)}
    result = parse(f"a {sign} b", WHERE).evaluate(Columns(a=[a], b=[b]))[0]
    for mark in (INVALID, BLANK, NOT_APPLICABLE):
        if repr(mark) in marks:
            assert repr(float(result)) == repr(mark)
            return
    if sign == "/" and b == 0:
        assert result == NOT_APPLICABLE
    else:
        assert result == {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1)}[sign]


def test_marks_in_one_row_do_not_touch_the_others() -> None:
    assert value("a / b", a=[1, None, 0, 6], b=[0, 2, 0, 3]) == [NOT_APPLICABLE, None, NOT_APPLICABLE, 2]


@pytest.mark.parametrize("mark", NUMBER_MARKS)
@pytest.mark.parametrize("source", ["-a", "abs(a)", "round(a, 2)", "min(a, 1)", "max(a, 1)", "a + 1"])
def test_functions_pass_marks_through(source: str, mark: float) -> None:
    assert repr(float(parse(source, WHERE).evaluate(Columns(a=[mark]))[0])) == repr(mark)


def test_overflow_is_wrong_data_and_not_a_mark_of_its_own() -> None:
    assert one("a * a", a=1e200) == INVALID


# --- comparisons ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "equal", "less"),
    [
        (1.0, 1.0, 1, 0),
        (0.1 + 0.2, 0.3, 1, 0),  # float noise
        (2070.73, 2070.74, 0, 1),
        (NOT_APPLICABLE, NOT_APPLICABLE, 1, None),
        (1.0, NOT_APPLICABLE, 0, None),  # a stated 100% for 0/0
        (BLANK, 1.0, None, None),
        (BLANK, BLANK, None, None),
        (BLANK, NOT_APPLICABLE, None, None),
        (INVALID, 1.0, None, None),
        (INVALID, INVALID, None, None),
        (INVALID, NOT_APPLICABLE, None, None),
    ],
)
def test_comparison_of_marks(a: float, b: float, equal: int | None, less: int | None) -> None:
    assert one("a == b", a=a, b=b) == equal
    assert one("a != b", a=a, b=b) == (None if equal is None else 1 - equal)
    assert one("a < b", a=a, b=b) == less


def test_orderings_do_not_see_float_noise() -> None:
    cells = {"a": 0.1 + 0.2, "b": 0.3}
    assert [one(f"a {sign} b", **cells) for sign in ("<", "<=", ">", ">=")] == [0, 1, 0, 1]


def test_a_chain_holds_when_all_its_links_hold() -> None:
    assert value("0 <= a < 1", a=[-1, 0, 0.5, 1, None]) == [0, 1, 1, 0, None]


def test_texts_compare_as_they_are_written() -> None:
    columns = {"t": ["产出指标", "效益指标", ""], "u": ["产出指标", "x", ""]}
    assert value('t == "产出指标"', **columns) == [1, 0, 0]
    assert value('t != "产出指标"', **columns) == [0, 1, 1]
    assert value("t == u", **columns) == [1, 0, 1]
    assert value('"" == t', **columns) == [0, 0, 1]


# --- conditions -------------------------------------------------------------------------------------------

TRUTH = {1: "a == a", 0: "a != a", None: "b == b"}  # with a filled and b blank


@pytest.mark.parametrize(("p", "q"), list(product([1, 0, None], repeat=2)))
def test_kleene(p: int | None, q: int | None) -> None:
    conjunction = 0 if 0 in (p, q) else None if None in (p, q) else 1
    disjunction = 1 if 1 in (p, q) else None if None in (p, q) else 0
    assert one(f"{TRUTH[p]} and {TRUTH[q]}", a=1, b=None) == conjunction
    assert one(f"{TRUTH[p]} or {TRUTH[q]}", a=1, b=None) == disjunction
    assert one(f"not {TRUTH[p]}", a=1, b=None) == (None if p is None else 1 - p)


# --- aggregates -------------------------------------------------------------------------------------------


def test_sum_counts_a_blank_as_nothing_but_nothing_filled_is_blank() -> None:
    assert one("sum(a, b, c)", a=1, b=None, c=2) == 3
    assert one("sum(a, b)", a=None, b=None) is None
    assert one("sum(a, b)", a=NOT_APPLICABLE, b=2) == 2
    assert one("sum(a, b)", a=INVALID, b=2) == INVALID
    assert one("sum(a, 1)", a=None) == 1


def test_min_and_max_of_several_figures_are_blank_when_one_is() -> None:
    assert one("min(1, a)", a=None) is None
    assert one("min(1, a)", a=0.5) == 0.5
    assert one("max(a, b, 0)", a=-3, b=-2) == 0


def sheets() -> Columns:
    """Three sheets; the first has three rows, the second none, the third two."""
    rows = Columns(
        分值=[10, None, 20, INVALID, 5],
        得分=[8, 3, 20, 1, 5],
        一级指标=["产出指标", "产出指标", "效益指标", "产出指标", "效益指标"],
    )
    return Columns(总分=[31, None, 6], 满分=[9, 1, 5], tables={"指标": (rows, [0, 0, 0, 2, 2])})


def test_aggregates_run_over_the_rows_of_each_sheet() -> None:
    assert value("sum(指标.得分)", sheets()) == [31, None, 6]
    assert value("sum(指标.分值)", sheets()) == [30, None, INVALID]
    assert value("max(指标.得分)", sheets()) == [20, None, 5]
    assert value("min(指标.得分)", sheets()) == [3, None, 1]
    assert value("count(指标.得分)", sheets()) == [3, 0, 2]
    assert value("count(指标.一级指标)", sheets()) == [3, 0, 2]
    assert value("sum(指标.得分, 满分)", sheets()) == [40, 1, 11]
    assert value("sum(指标.得分) == 总分", sheets()) == [1, None, 1]


def test_conditions_and_formulas_are_taken_row_by_row() -> None:
    assert value('count(指标.一级指标 == "产出指标" and 指标.得分 < 5)', sheets()) == [1, 0, 1]
    assert value("count(blank(指标.分值))", sheets()) == [1, 0, 0]
    assert value("sum(指标.得分 * 2)", sheets()) == [62, None, 12]


def test_measures_take_rows_too() -> None:
    assert value("total(指标.得分)", sheets()) == [31, None, 6]
    assert value("total_score(满分, 指标.得分)", sheets()) == [40, 1, 11]
    assert value('subtotal(指标.一级指标, 指标.得分, "产出指标")', sheets()) == [11, None, 1]
    assert one("rate(a, b)", a=8.7, b=9.6) == 0.9063
    assert one("rate(1, a)", a=0) == NOT_APPLICABLE
    assert one("score(t, u, 3)", t="≥1.5万件", u="19578件") == 3


def test_a_conditional_sum_adds_the_members_that_meet_it() -> None:
    source = 'sumif(指标.得分, 指标.一级指标 == "产出指标")'
    assert value(source, sheets()) == [11, None, 1]  # 8 + 3; no rows; 1
    assert value(source.replace("产出", "满意度"), sheets()) == [None, None, None]
    assert value("sumif(指标.分值, 指标.得分 < 9)", sheets()) == [10, None, INVALID]  # blank, then wrong data


def named() -> Columns:
    """Four names; the first three see the same four items, the fourth sees none."""
    names = ["运行维护经费", "运行维护费", "车辆购置", "知识产权"]
    rows = Columns(
        名称=["商事制度改革", "运行维护经费", "知识产权", "运行维护经费"] * 3, 金额=[27, 30, 500, 3.5] * 3
    )
    seen_by = [k for k in range(3) for _ in range(4)]
    beside = Columns(项目=[names[k] for k in seen_by])
    return Columns(项目=names, tables={"资金": (Members("资金", rows, beside), seen_by)})  # type: ignore[dict-item,type-var]


def test_members_are_found_by_the_name_at_hand() -> None:
    source = "sumif(资金.金额, same(资金.名称, 项目))"
    assert value(source, named()) == [33.5, None, None, None]
    low, high = parse(source, WHERE).bounds(named())
    assert (low[0], high[0]) == pytest.approx((33.49, 33.51))  # two figures, each within 0.005


def test_the_nearest_name_is_proposed() -> None:
    assert value("nearest(项目, 资金.名称)", named()) == ["运行维护经费", "运行维护经费", "", ""]


# --- text functions ---------------------------------------------------------------------------------------


def test_text_functions() -> None:
    t = ["≥95%", " ", "2023年底", "满意度", "19件"]
    assert value("blank(t)", t=t) == [0, 1, 0, 0, 0]
    assert value("filled(t)", t=t) == [1, 0, 1, 1, 1]
    assert value('contains(t, "满意", "件")', t=t) == [0, 0, 0, 1, 1]
    assert value('startswith(t, "满", "≥")', t=t) == [1, 0, 0, 1, 0]
    assert value("kind(t)", t=t) == ["number", "blank", "date", "words", "number"]
    assert value("comparator(t)", t=t) == ["≥", "", "", "", ""]
    assert value("number(t)", t=t) == [0.95, None, None, None, 19]
    assert value("unit(t)", t=t)[4] == "件"
    assert value('kind(t) == "number" and number(t) < 1', t=t) == [1, 0, 0, 0, 0]
    assert value("blank(a)", a=[None, 0, INVALID]) == [1, 0, 0]
    assert one("length(t)", t="厉行 节约\n") == 4


def test_same_and_comparable_compare_two_columns() -> None:
    t = ["不断加强。", "≧95％", "19件", "", "50"]
    u = ["不断加强", "≥95%", "20批", "5件", "40件"]
    assert value("same(t, u)", t=t, u=u) == [1, 1, 0, 0, 0]
    assert one("same(t, u)", t="知识产权 (科技)", u="知识产权（科技）") == 1
    assert value("comparable(t, u)", t=t, u=u) == [0, 1, 0, None, 1]


def test_round_is_half_up() -> None:
    assert value("round(a, 2)", a=[1.005, -1.005, 0.125]) == [1.01, -1.01, 0.13]


def test_a_column_without_rows() -> None:
    empty = Columns(a=[])
    for source in ("a + 1", "sum(a, 2)", "a == 1", "rate(a, 2)", "count(a)", "1"):
        assert value(source, empty) == []


# --- bounds -----------------------------------------------------------------------------------------------


def bounds(source: str, decimals: int = 2, **cells: Any) -> tuple[float, float]:
    low, high = parse(source, WHERE).bounds(
        Columns(decimals, **{name: [cell] for name, cell in cells.items()})
    )
    return float(low[0]), float(high[0])


@pytest.mark.parametrize(
    ("source", "low", "high"),
    [
        ("a", 2.995, 3.005),
        ("a + b", 4.99, 5.01),
        ("a - b", 0.99, 1.01),
        ("-a", -3.005, -2.995),
        ("a * 2", 5.99, 6.01),
        ("a / b", 2.995 / 2.005, 3.005 / 1.995),
        ("sum(a, b, 1)", 5.99, 6.01),
        ("max(a, b)", 2.995, 3.005),
        ("abs(b - a)", 0.99, 1.01),
        ("abs(b - 2)", 0, 0.005),
        ("round(a, 1)", 3.0, 3.0),
        ("7", 7, 7),
    ],
)
def test_a_figure_stands_for_all_that_round_to_it(source: str, low: float, high: float) -> None:
    assert bounds(source, a=3, b=2) == pytest.approx((low, high), abs=1e-12)


def test_a_divisor_that_may_be_zero_is_unbounded() -> None:
    assert bounds("a / b", a=1, b=0.004) == (-math.inf, math.inf)
    assert bounds("a / b < 0", a=1, b=0.004) == (0, 1)


def test_counts_are_exact() -> None:
    assert bounds("a + b", decimals=0, a=3, b=2) == (5, 5)


def test_an_equality_fails_surely_only_when_the_intervals_cannot_meet() -> None:
    # 1.234 + 1.234 = 2.468: typed as 1.23, 1.23 and 2.47 by people who kept more places
    assert one("c == a + b", a=1.23, b=1.23, c=2.47) == 0
    assert bounds("c == a + b", a=1.23, b=1.23, c=2.47) == (0, 1)
    assert bounds("c == a + b", a=1.23, b=1.23, c=2.50) == (0, 0)
    assert bounds("c >= a and not c == a", a=1.23, c=2.50) == (1, 1)


def test_measures_are_bounded_by_their_corners() -> None:
    low, high = bounds("rate(a, b)", a=32.15, b=56.7)
    assert (low, high) == (0.5669, 0.5672)  # 32.145/56.705 = 0.56688, 32.155/56.695 = 0.56716
    assert bounds("rate(a, b)", a=0, b=0) == (NOT_APPLICABLE, NOT_APPLICABLE)


def test_nesting_does_not_multiply_the_work() -> None:
    assert bounds("sum(" * 49 + "a" + ")" * 49, a=3) == pytest.approx((2.995, 3.005))


def test_bounds_of_groups_and_marks() -> None:
    low, high = parse("sum(指标.得分)", WHERE).bounds(sheets())
    assert low == pytest.approx([30.985, BLANK, 5.99], nan_ok=True)
    assert high == pytest.approx([31.015, BLANK, 6.01], nan_ok=True)
    assert bounds("a == b", a=NOT_APPLICABLE, b=1) == (0, 0)


amounts = st.integers(-99999, 99999).map(lambda n: n / 100)


@given(a=amounts, b=amounts, shift=st.tuples(*[st.floats(-0.00499, 0.00499)] * 2))
def test_what_was_rounded_away_stays_inside_the_bounds(
    a: float, b: float, shift: tuple[float, float]
) -> None:
    for source in ("a + b", "a - b", "a * b", "a / b", "abs(a) - min(a, b)", "sum(a, b) * a"):
        low, high = bounds(source, a=a, b=b)
        truth = one(source, a=a + shift[0], b=b + shift[1])
        if truth != NOT_APPLICABLE and low != NOT_APPLICABLE:
            slack = 1e-9 * max(1, abs(truth))
            assert low - slack <= truth <= high + slack


# --- Excel ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "formula"),
    [
        ("a - (b - c)", "a-(b-c)"),
        ("(a - b) - c", "a-b-c"),
        ("(a + b) * c / (a * b)", "(a+b)*c/(a*b)"),
        ("-(a + b)", "-(a+b)"),
        ("a == b - c", "ROUND(a-(b-c),6)=0"),
        ("a != 1.5", "ROUND(a-1.5,6)<>0"),
        ("0 < a <= 1", "AND(ROUND(0-a,6)<0,ROUND(a-1,6)<=0)"),
        ("not (a > b or a < c)", "NOT(OR(ROUND(a-b,6)>0,ROUND(a-c,6)<0))"),
        ('t == "他说\\"好\\""', 't="他说""好"""'),
        ("sum(a, 指标.b)", "SUM(a,指标.b)"),
        ("max(指标.b) - min(a, b)", "MAX(指标.b)-MIN(a,b)"),
        ("count(指标.b)", "COUNT(指标.b)"),
        ("count(指标.t)", 'COUNTIF(指标.t,"?*")'),
        ("round(abs(a), 4)", "ROUND(ROUND(ABS(a),10),4)"),
        ('contains(t, "a", "b")', 'OR(ISNUMBER(FIND("a",t)),ISNUMBER(FIND("b",t)))'),
        ('startswith(t, "……")', 'EXACT(LEFT(t,2),"……")'),
        ("number(t) > 1", "ROUND(t!number-1,6)>0"),
        ("t == u", "t=u"),
        ("a == b", "ROUND(a-b,6)=0"),
    ],
)
def test_the_printed_formula(source: str, formula: str) -> None:
    texts = {"t", "u"}
    printed = parse(source, WHERE).excel(
        str,
        lambda ref: "text" if ref.name in texts else "number",
        lambda ref: {name: f"{ref}!{name}" for name in ("number", "unit", "kind", "direction")},
    )
    assert printed == formula


@pytest.mark.parametrize(
    "source",
    [
        "same(t, u)",
        "number(t)",
        "sum(指标.a * 2)",
        "sumif(指标.a, 指标.a > 1)",
        "nearest(t, 指标.u)",
        f't == "{"长" * 256}"',
    ],
)
def test_what_excel_cannot_say(source: str) -> None:
    with pytest.raises(NoNativeForm):
        parse(source, WHERE).excel(str, lambda ref: "text" if ref.name in "tu" else "number")


def excel(formula: str, cells: Mapping[str, float | str]) -> Any:
    """The value of a formula, by a spreadsheet engine; cells A1, B1, … in the order given."""
    book = formualizer.Workbook()
    book.add_sheet("S")
    for column, cell in enumerate(cells.values(), start=1):
        book.set_value("S", 1, column, cell)
    book.set_formula("S", 2, 1, "=" + formula)
    return book.evaluate_cell("S", 2, 1)


ADDRESS = {"a": "A1", "b": "B1", "c": "C1"}
leaves = st.sampled_from(["a", "b", "c", "2", "0.5", "10"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        st.tuples(inner, st.sampled_from("+-*/"), leaves).map(lambda t: f"({t[0]}) {t[1]} {t[2]}"),
        inner.map(lambda x: f"-({x})"),
        inner.map(lambda x: f"abs({x})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        # x / 0 is 不适用, over which sum passes, but an error in Excel: so no division inside
        st.tuples(leaves, leaves).map(lambda t: f"sum({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("cell", ["", " ", "……", "——", "-", "无", "19件", "≥95%", 0.0, -5.5])
def test_blank_means_the_same_in_excel(cell: float | str) -> None:
    printed = parse("blank(a)", WHERE).excel(lambda ref: ADDRESS[ref.name])
    assert excel(printed, {"a": cell}) == bool(one("blank(a)", a=cell))


@given(formulas, amounts, amounts, amounts)
def test_excel_and_the_evaluator_agree(source: str, a: float, b: float, c: float) -> None:
    cells = {"a": a, "b": b, "c": c}
    expected = one(source, **cells)
    assume(expected is not None and abs(expected) < 1e12)
    printed = parse(source, WHERE).excel(lambda ref: ADDRESS[ref.name])
    assert excel(printed, cells) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(formulas, formulas, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), amounts, amounts, amounts)
def test_excel_and_the_evaluator_agree_on_comparisons(
    left: str, right: str, sign: str, a: float, b: float, c: float
) -> None:
    cells = {"a": a, "b": b, "c": c}
    sides = [one(left, **cells), one(right, **cells)]
    assume(all(side is not None and abs(side) < 1e6 for side in sides))
    source = f"{left} {sign} {right} or not {right} {sign} {left}"
    printed = parse(source, WHERE).excel(lambda ref: ADDRESS[ref.name])
    assert excel(printed, cells) == bool(one(source, **cells))


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        'open("x")', '__import__("os")', "a.__class__", "__class__", "a.b.c", "a().b", "a.b()", "资金.a.b",
        "lambda: 1", "a[0]", "[x for x in a]", "{a}", "{1: 2}", "[a, b]", "(a, b)", 'f"{a}"', "(a := 1)",
        "sum(a, where=b)", "sum(*a)", "sum(**a)", "a if b else c", "a in b", "a is b", "a ** b", "a // b",
        "a % b", "a @ b", "a & b", "~a", "+a", "a; b", "a = 1", "yield a", "await a", "True", "None", "1j",
        'b"x"', "...", "1e999", "9" * 1900, "a\x00", "", "   ",
        "(" * 300 + ")" * 300, "-" * 1900 + "1", "1" + "+1" * 60, "a" * 2001,
    ],
)  # fmt: skip
def test_only_the_language_is_allowed(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, WHERE)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}：") and message.endswith("。")
    assert len(message) < 700


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("totl(a)", "是否想写 total"),
        ("a ＝= b", "全角符号"),
        ("sum（a, b）", "全角符号“（）”。请改用半角符号“()”"),
        ("a = b", "两个等号"),
        ('a + "x"', "这里要写数，却写了文字"),
        ("a and b == 1", "这里要写条件，却写了数据项"),
        ("sum(a > 1)", "这里要写数，却写了条件"),
        ('t < "x"', "文字只能比较相等"),
        ("rate(a)", "rate() 要 2 个参数，这里写了 1 个"),
        ("round(a, b)", "round() 的第二个参数"),
        ("contains(t, u)", "只能写引号内的文字"),
        ("blank()", "blank() 要 1 个参数"),
        ("sum(指标.a * 资金.b)", "只能出现一张表的列"),
        ("count(指标.a > max(指标.b))", "不能在里面再汇总"),
        ('subtotal(一级指标, 得分, "产出指标")', "小计要写成"),
        ('sumif(得分, 一级指标 == "产出指标")', "要写成 sumif(表.数值列, 条件)"),
        ("sumif(指标.得分, 指标.分值)", "要写成 sumif(表.数值列, 条件)"),
        ("nearest(t, u)", "要写成 nearest(名称, 表.名称列)"),
        ("a.__class__", "__class__"),
    ],
)
def test_the_message_says_what_is_wrong(source: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source, WHERE)
    assert hint in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(source: str) -> None:
    with suppress(ExpressionError):
        parse(source, WHERE)


# --- the rest of the interface ----------------------------------------------------------------------------


def test_references_come_once_in_order() -> None:
    expression = parse("a == sum(指标.b, a) and filled(c)", WHERE)
    assert expression.references == (Ref(None, "a"), Ref("指标", "b"), Ref(None, "c"))
    assert expression.kind == "truth"


def test_a_count_is_a_number_where_nothing_is_filled() -> None:
    assert [parse(each, WHERE).counts for each in ("count(指标.a)", "sum(指标.a)", "count(指标.a) + 1")] == [
        *(True, False, False)
    ]


def test_sides_of_a_comparison() -> None:
    expression = parse("年度资金总额 == sum(a, b)", WHERE)
    assert expression.sides is not None
    left, right = expression.sides
    assert left.evaluate(Columns(年度资金总额=[5]))[0] == 5
    assert right.evaluate(Columns(a=[2], b=[1]))[0] == 3
    assert parse("a == b and c == d", WHERE).sides is None
    assert parse("a < b < c", WHERE).sides is None


def test_renamed_names_stand_for_other_fields() -> None:
    expression = parse("total(购置, 运行) == 购置", WHERE).renamed({"购置": Ref(None, "购置_预算数")})
    assert expression.references == (Ref(None, "购置_预算数"), Ref(None, "运行"))
    assert expression.sides is not None and expression.sides[1].references == (Ref(None, "购置_预算数"),)


def test_every_function_is_described_by_a_call_that_works() -> None:
    for name, function in FUNCTIONS.items():
        assert function.usage.startswith(f"{name}(") and function.doc
