"""The functions that can be called: those of the language, one builder each (``FUNCTIONS``), and the measures."""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from jixiao import marks, quantity
from jixiao.aggregates import Aggregate, Count, MeasureCall, Nearest
from jixiao.measures import MEASURES, SCORE_DECIMALS, Measure
from jixiao.nodes import (
    Call,
    Condition,
    ExpressionError,
    Field,
    Interval,
    Node,
    Number,
    Printer,
    Text,
    as_kind,
)
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, FloatArray, Texts, round_half_up


class Arguments:
    """The arguments of one call, taken with the kind that the function wants."""

    def __init__(self, name: str, nodes: Sequence[Node], where: str) -> None:
        self.name, self.nodes, self.where = name, list(nodes), where

    def count(self, least: int, most: int | None = None) -> None:
        most_allowed = math.inf if most is None else most
        if not least <= len(self.nodes) <= most_allowed:
            wanted = f"{least} 个" if least == most else f"{least} 至 {most} 个"
            if most is None:
                wanted = f"至少 {least} 个"
            raise self.error(f"{self.name}() 要 {wanted}参数，这里写了 {len(self.nodes)} 个")

    def numbers(self) -> list[Node]:
        return [as_kind(node, "number", self.where) for node in self.nodes]

    def texts(self) -> list[Node]:
        return [as_kind(node, "text", self.where) for node in self.nodes]

    def literals(self) -> list[str]:
        """The strings behind the first argument."""
        strings = [node.value for node in self.nodes[1:] if isinstance(node, Text) and node.value]
        if len(strings) != len(self.nodes) - 1:
            raise self.error(
                f'{self.name}() 从第二个参数起只能写引号内的文字，例如 {self.name}(三级指标, "满意")'
            )
        return strings

    def error(self, problem: str) -> ExpressionError:
        return ExpressionError(f"{self.where}：{problem}。")


@dataclass(frozen=True, slots=True)
class Function:
    """A function that is not a measure: how it is called and what it does (Chinese, for the docs).

    ``blanks`` says what a blank argument means to it: the result is blank too (``spread``), it adds up or picks from
    what is filled (``skipped``), or it asks for no figure, only whether something is filled or what a text says
    (``seen``).
    """

    usage: str
    doc: str
    build: Callable[[Arguments], Node]
    blanks: Literal["spread", "skipped", "seen"] = "spread"


def _build_aggregate(args: Arguments) -> Node:
    args.count(1)
    return Aggregate(args.name, args.numbers(), args.where)


def _build_count(args: Arguments) -> Node:
    args.count(1)
    return Count(args.nodes, args.where)


def _build_extreme(args: Arguments) -> Node:
    """min and max: of one group, or of several arguments, where a blank makes the result blank."""
    args.count(1)
    if len(args.nodes) == 1:
        return _build_aggregate(args)
    pairwise, plain = (marks.lesser, np.minimum) if args.name == "min" else (marks.greater, np.maximum)

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        return f"{args.name.upper()}({','.join(part.excel(printer) for part in parts)})"

    def limits(inside: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        return reduce(plain, (each.low for each in inside)), reduce(plain, (each.high for each in inside))

    return Call("number", args.numbers(), lambda *columns: reduce(pairwise, columns), native, limits)


def _build_subtotal(args: Arguments) -> Node:
    """The measure subtotal, which takes the rows of one table, for the tables of every position at once."""
    args.count(3, 3)
    labels, points = as_kind(args.nodes[0], "text", args.where), as_kind(args.nodes[1], "number", args.where)
    section = args.nodes[2]
    owned = isinstance(labels, Field) and isinstance(points, Field) and labels.ref.owner
    if not owned or not isinstance(section, Text):
        raise args.error(f"小计要写成 {FUNCTIONS['subtotal'].usage}，名称写在引号内")
    word = section.value

    def inside(labels: Texts, points: FloatArray) -> FloatArray:
        chosen = labels.numbers(lambda label: label.startswith(word)) == 1
        # 不适用 is a text on the sheet, where the native form cannot tell it from any other.
        return np.where(chosen, np.where(points == NOT_APPLICABLE, INVALID, points), BLANK)

    def limits(both: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        column, figures = both
        return inside(column.value, figures.low), inside(column.value, figures.high)  # type: ignore[arg-type]

    rows = Call("number", [labels, points], inside, limits=limits)
    native = MEASURES["subtotal"].native
    return _rounded(
        Aggregate("sum", [rows], args.where),
        SCORE_DECIMALS,
        lambda printer, _: native(*(part.excel(printer) for part in (labels, points, section))),
    )


def _build_sumif(args: Arguments) -> Node:
    """The members for which a condition holds, added up; blank when there are none. What is open does not count."""
    args.count(2, 2)
    figures, condition = as_kind(args.nodes[0], "number", args.where), args.nodes[1]
    if not isinstance(figures, Field) or not figures.ref.owner or condition.kind != "truth":
        raise args.error(f"要写成 {FUNCTIONS['sumif'].usage}")

    def chosen(figures: FloatArray, holds: FloatArray) -> FloatArray:
        return np.where(holds == 1, figures, BLANK)

    def limits(both: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        return chosen(both[0].low, both[1].value), chosen(both[0].high, both[1].value)

    return Aggregate("sum", [Call("number", [figures, condition], chosen, limits=limits)], args.where)


def _build_nearest(args: Arguments) -> Node:
    args.count(2, 2)
    name, names = args.texts()
    if not isinstance(names, Field) or not names.ref.owner:
        raise args.error(f"要写成 {FUNCTIONS['nearest'].usage}")
    return Nearest(name, names, args.where)


def _build_abs(args: Arguments) -> Node:
    args.count(1, 1)

    def absolute(column: FloatArray) -> FloatArray:
        return np.where(column == INVALID, INVALID, np.abs(column))

    def limits(inside: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        low, high = np.abs(inside[0].low), np.abs(inside[0].high)
        around_zero = (inside[0].low <= 0) & (inside[0].high >= 0)
        return np.where(around_zero, 0.0, np.minimum(low, high)), np.maximum(low, high)

    return Call(
        "number", args.numbers(), absolute, lambda printer, parts: f"ABS({parts[0].excel(printer)})", limits
    )


def _build_round(args: Arguments) -> Node:
    args.count(2, 2)
    places = args.nodes[1]
    if not isinstance(places, Number) or places.value not in range(10):
        raise args.error("round() 的第二个参数是保留的小数位数，只能写 0 至 9，例如 round(执行率, 4)")
    decimals = int(places.value)

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        return f"ROUND(ROUND({parts[0].excel(printer)},10),{decimals})"

    return _rounded(as_kind(args.nodes[0], "number", args.where), decimals, native)


def _rounded(node: Node, decimals: int, native: Callable[[Printer, Sequence[Node]], str]) -> Node:
    def limits(inside: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
        return round_half_up(inside[0].low, decimals), round_half_up(inside[0].high, decimals)

    return Call("number", [node], lambda column: round_half_up(column, decimals), native, limits)


_PLACEHOLDER_MARKS = "…—-/."  # a cell with nothing else is not filled, be it a number cell or a text


def _build_filled(args: Arguments) -> Node:
    args.count(1, 1)
    wanted = args.name == "filled"

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        inside = parts[0].excel(printer)
        for mark in _PLACEHOLDER_MARKS:
            inside = f'SUBSTITUTE({inside},"{mark}","")'
        return f'TRIM({inside}){"<>" if wanted else "="}""'

    return Condition(
        "truth",
        args.nodes,
        marks.is_filled if wanted else lambda column: 1.0 - marks.is_filled(column),
        native,
    )


def _build_contains(args: Arguments) -> Node:
    args.count(2)
    needles = args.literals()
    pattern = re.compile("|".join(map(re.escape, needles)))
    find = pattern.match if args.name == "startswith" else pattern.search

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        subject, words = parts[0].excel(printer), [node.excel(printer) for node in args.nodes[1:]]
        if args.name == "contains":
            return printer.any_of([f"ISNUMBER(FIND({word},{subject}))" for word in words])
        lengths = map(len, needles)
        return printer.any_of(
            [f"EXACT(LEFT({subject},{n}),{w})" for n, w in zip(lengths, words, strict=True)]
        )

    subject = as_kind(args.nodes[0], "text", args.where)
    # The words are known already: only the subject is evaluated.
    return Condition(
        "truth", [subject], lambda texts: texts.numbers(lambda text: find(text) is not None), native
    )


_TRAILING = "。．.，,；;、：:！!？?"


def _build_same(args: Arguments) -> Node:
    args.count(2, 2)

    def plain(text: str) -> str:
        return unicodedata.normalize("NFKC", quantity.normalise(text)).rstrip(_TRAILING)

    def same(a: Texts, b: Texts) -> FloatArray:
        return a.map(plain).same(b.map(plain)).astype(np.float64)

    return Condition("truth", args.texts(), same)


def _build_length(args: Arguments) -> Node:
    args.count(1, 1)
    spaces = {" ": '" "', "\u3000": '"\u3000"', "\n": "CHAR(10)"}

    def length(text: str) -> float:
        return float(sum(character not in spaces for character in text))

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        inside = parts[0].excel(printer)
        for space in spaces.values():
            inside = f'SUBSTITUTE({inside},{space},"")'
        return f"LEN({inside})"

    return Call("number", args.texts(), lambda texts: texts.numbers(length), native)


def _build_quantity(args: Arguments) -> Node:
    """kind, comparator, unit: parts of a quantity as text; number: its figure."""
    args.count(1, 1)
    part = operator.attrgetter(args.name)

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        cells = printer.quantity(parts[0])
        if args.name == "comparator":
            return f'IF({cells["direction"]}=0,"",MID("{quantity.COMPARATORS}",{cells["direction"]},1))'
        return cells[args.name]

    if args.name == "number":
        return Call(
            "number", args.texts(), lambda texts: texts.numbers(lambda t: part(quantity.parse(t))), native
        )
    return Call("text", args.texts(), lambda texts: texts.map(lambda t: part(quantity.parse(t))), native)


def _build_comparable(args: Arguments) -> Node:
    args.count(2, 2)

    def comparable(a: Texts, b: Texts) -> FloatArray:
        pairs, position = np.unique(a.codes.astype(np.int64) * len(b.values) + b.codes, return_inverse=True)
        judged = [
            _comparable(a.values[pair // len(b.values)], b.values[pair % len(b.values)]) for pair in pairs
        ]
        return np.array(judged, dtype=np.float64)[position]

    return Condition("truth", args.texts(), comparable)


def _comparable(a: str, b: str) -> float:
    left, right = quantity.parse(a), quantity.parse(b)
    return BLANK if "blank" in (left.kind, right.kind) else float(left.comparable(right))


FUNCTIONS: dict[str, Function] = {
    "sum": Function("sum(数, …) 或 sum(表.列)", "合计；空白不计，全空则为空白", _build_aggregate, "skipped"),
    "count": Function("count(表.列) 或 count(条件)", "已填的个数，或满足条件的行数", _build_count, "seen"),
    "min": Function("min(数, 数, …) 或 min(表.列)", "最小值", _build_extreme, "skipped"),
    "max": Function("max(数, 数, …) 或 max(表.列)", "最大值", _build_extreme, "skipped"),
    "subtotal": Function(
        'subtotal(表.标签列, 表.数值列, "名称")', "标签以该名称开头的各行之和", _build_subtotal
    ),
    "sumif": Function(
        "sumif(表.数值列, 条件)", "满足条件的各行之和；没有这样的行则为空白", _build_sumif, "skipped"
    ),
    "nearest": Function(
        "nearest(名称, 表.名称列)",
        "列中写法最相近的名称，相同的优先；没有相近的则为空",
        _build_nearest,
        "seen",
    ),
    "abs": Function("abs(数)", "绝对值", _build_abs),
    "round": Function("round(数, 位数)", "四舍五入", _build_round),
    "blank": Function("blank(项)", "没有填写（空白、空格、未改动的……）", _build_filled, "seen"),
    "filled": Function("filled(项)", "已经填写", _build_filled, "seen"),
    "contains": Function('contains(文字, "词", …)', "含有其中任一个词", _build_contains, "seen"),
    "startswith": Function('startswith(文字, "词", …)', "以其中任一个词开头", _build_contains, "seen"),
    "same": Function("same(文字, 文字)", "不计空格、全半角和句末标点，两段文字相同", _build_same, "seen"),
    "length": Function("length(文字)", "字数，不计空格和换行", _build_length, "seen"),
    "kind": Function(
        "kind(指标值)", "指标值的种类：number、date、timely、words、blank", _build_quantity, "seen"
    ),
    "comparator": Function("comparator(指标值)", "比较符：≥ > = ≤ <，没有则为空", _build_quantity, "seen"),
    "number": Function("number(指标值)", "指标值中的数", _build_quantity, "seen"),
    "unit": Function("unit(指标值)", "指标值的计量单位", _build_quantity, "seen"),
    "comparable": Function(
        "comparable(指标值, 指标值)",
        "两个指标值都是数且单位可比；有一个空白则不适用",
        _build_comparable,
        "seen",
    ),
}


def build_measure_call(measure: Measure, args: Arguments) -> Node:
    """A call of a measure, its arguments checked against its parameters; a list takes all the rest."""
    most = len(measure.parameters)
    variadic = measure.parameters[-1].variadic
    args.count(most - variadic or 1, None if variadic else most)
    kinds = [parameter.kind for parameter in measure.parameters]
    kinds += kinds[-1:] * (len(args.nodes) - most)
    parts = [
        as_kind(node, "text" if kind == "text" else "number", args.where)
        for node, kind in zip(args.nodes, kinds, strict=False)
    ]
    return MeasureCall(measure, parts, args.where)
