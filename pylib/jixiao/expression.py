"""The small language of fields and rules: parsed once, evaluated over columns, printed as an Excel formula.

An expression is written over field codes (``全年执行数 == sum(基本支出, 项目支出)``) in a whitelisted
subset of Python syntax: numbers, strings, names, ``表.列``, ``+ - * /``, comparisons, and/or/not and calls
of registered functions. Parsing turns it into a tree of nodes; each node is a closure over NumPy columns
from then on, so that one workbook costs microseconds a rule and a million rows cost what NumPy costs.

How values behave (all columns are float64, see :mod:`jixiao.quantity`):

* arithmetic: 数据有误 beats blank, blank beats 不适用; anything divided by zero is 不适用;
* ``==`` and ``!=`` know 不适用 as a value; every comparison with a blank or wrong cell is not applicable;
* comparisons ignore differences below half a unit of the sixth decimal, exactly as the printed
  ``ROUND(a-b,6)`` does, so that float noise never decides;
* conditions are 1, 0 or nan (not applicable) and combine by Kleene's tables.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from jixiao import quantity
from jixiao.measures import MEASURES, SCORE_DECIMALS, Measure, added
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, Texts, half_width, round_half_up

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
Kind = Literal["number", "text", "truth", "field"]
Run = Callable[["Scope"], Any]

MAX_LENGTH = 2000
MAX_DEPTH = 50
NOISE = 0.5e-6  # half a unit of the 6th decimal: ROUND(a-b,6) is 0 exactly when |a-b| is below it
PLACES = 6
MAX_EXCEL_STRING = 255
MAX_CORNERS = 4


class ExpressionError(ValueError):
    """An expression that the language does not allow; the message (Chinese) names where it stands."""


class NoNativeForm(ValueError):  # noqa: N818 - an answer to the caller, not a fault of the expression
    """This expression cannot be printed as an Excel formula."""


class Ref(NamedTuple):
    """A field (``全年执行数``) or a column of a table or form (``指标.分值``)."""

    owner: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


class Scope(Protocol):
    """The columns an expression is evaluated over: ``size`` rows, filings or sheets."""

    @property
    def size(self) -> int: ...

    def remembered(self, node: Node, run: Run) -> Any:
        """What ``run`` gives here; kept for the next rule that asks, if the scope can afford it."""
        ...

    def kind(self, ref: Ref) -> str:
        """'number' or 'text'."""
        ...

    def numbers(self, ref: Ref) -> Array: ...

    def texts(self, ref: Ref) -> Texts: ...

    def decimals(self, ref: Ref) -> int: ...

    def members(self, owner: str) -> tuple[Scope, Index]:
        """The rows or sheets of ``owner`` and, for each, the position 0..size-1 that it belongs to.

        The member scope takes the same references: ``owner.列`` is its own column, an unqualified name
        is the value of the position that the member belongs to.
        """
        ...


class Interval(NamedTuple):
    """A column of values and what each may really be, given how it was rounded when it was typed."""

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class Printer:
    """How references are printed; ``per_member`` inside SUMPRODUCT, where AND and OR would collapse."""

    cell: Callable[[Ref], str]
    kind: Callable[[Ref], str]
    helpers: Callable[[Ref], Mapping[str, str]] | None
    per_member: bool = False

    def quantity(self, node: Node) -> Mapping[str, str]:
        """The helper cells that hold the parts of a quantity text."""
        if self.helpers is None or self.per_member or not isinstance(node, Field):
            raise NoNativeForm("读取指标值要有辅助单元格，此处没有")
        return self.helpers(node.ref)

    def operand(self, node: Node, level: int) -> str:
        text = node.excel(self)
        return text if node.level >= level else f"({text})"

    def all_of(self, conditions: Sequence[str]) -> str:
        return self._joined("AND", "*", conditions)

    def any_of(self, conditions: Sequence[str]) -> str:
        joined = self._joined("OR", "+", conditions)
        return f"(({joined})>0)" if self.per_member and len(conditions) > 1 else joined

    def _joined(self, function: str, sign: str, conditions: Sequence[str]) -> str:
        if len(conditions) == 1:
            return conditions[0]
        if self.per_member:
            return sign.join(f"({condition})" for condition in conditions)
        return f"{function}({','.join(conditions)})"


# --- marks ------------------------------------------------------------------------------------------------


def _finite(column: Array) -> bool:
    """Whether every value is a number: one pass, no temporary. May say no for values near the float limit."""
    return math.isfinite(column.dot(column))


def _marked(result: Array, a: Array, b: Array) -> Array:
    """``result`` with the mark that the operands impose where one of them is not a number."""
    result = np.where(np.isfinite(result), result, INVALID)  # two numbers overflowed
    result = np.where(np.fmax(a, b) == NOT_APPLICABLE, NOT_APPLICABLE, result)
    result = np.where(np.isnan(np.minimum(a, b)), BLANK, result)
    return np.where(np.fmin(a, b) == INVALID, INVALID, result)


def _closed(apply: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """A NumPy operation that stays finite only on finite operands, taught about marks."""

    def operation(a: Array, b: Array) -> Array:
        result = apply(a, b)
        return result if _finite(result) else _marked(result, a, b)

    return operation


def _divide(a: Array, b: Array) -> Array:
    result = a / b
    if _finite(result) and _finite(b):  # x / 不适用 is a finite 0
        return result
    marked = _marked(result, a, b)
    numbers = np.isfinite(a) & (b == 0)
    return np.where(numbers, NOT_APPLICABLE, marked)


_add, _subtract, _multiply = _closed(np.add), _closed(np.subtract), _closed(np.multiply)


def _lesser(a: Array, b: Array) -> Array:
    return _marked(np.minimum(a, b), a, b)


def _greater(a: Array, b: Array) -> Array:
    return _marked(np.maximum(a, b), a, b)


def _equal(a: Array, b: Array) -> Array:
    difference = a - b
    same = np.abs(difference) < NOISE
    if _finite(difference):
        return same.astype(np.float64)
    return np.where(np.minimum(a, b) > INVALID, same | (a == b), BLANK)  # 不适用 == 不适用


def _unequal(a: Array, b: Array) -> Array:
    return 1.0 - _equal(a, b)


def _ordering(test: Callable[[Array], Flags]) -> Callable[[Array, Array], Array]:
    def ordering(a: Array, b: Array) -> Array:
        difference = a - b
        holds = test(difference).astype(np.float64)
        return holds if _finite(difference) else np.where(np.isfinite(difference), holds, BLANK)

    return ordering


def _both(a: Array, b: Array) -> Array:
    lesser = np.minimum(a, b)
    return lesser if _finite(lesser) else np.where(np.fmin(a, b) == 0, 0.0, lesser)


def _either(a: Array, b: Array) -> Array:
    greater = np.maximum(a, b)
    return greater if _finite(greater) else np.where(np.fmax(a, b) == 1, 1.0, greater)


def _is_filled(column: Array | Texts) -> Array:
    filled = ~(column.blank if isinstance(column, Texts) else np.isnan(column))
    return filled.astype(np.float64)


# --- nodes ------------------------------------------------------------------------------------------------

# How tightly a printed formula holds together, as in Excel.
COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(5)


class Node:
    """One operation. ``run`` is the compiled form; the base class is an exact value without native form."""

    kind: Kind = "number"
    level: int = ATOM
    parts: tuple[Node, ...] = ()
    run: Run

    @property
    def rounded(self) -> bool:
        """Whether the value depends on figures that were rounded when they were typed."""
        return any(part.rounded for part in self.parts)

    def interval(self, scope: Scope) -> Interval:
        value = self.run(scope)
        return Interval(value, value, value)

    def excel(self, printer: Printer) -> str:
        raise NoNativeForm("这个写法没有对应的 Excel 公式")

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()


class Number(Node):
    def __init__(self, value: float) -> None:
        self.value = value
        column = np.array([value])
        column.flags.writeable = False
        self.run = lambda scope: column

    def excel(self, printer: Printer) -> str:
        return str(int(self.value)) if self.value.is_integer() else repr(self.value).upper()


class Text(Node):
    kind = "text"

    def __init__(self, value: str) -> None:
        self.value = value
        column = Texts.of([value])
        self.run = lambda scope: column

    def excel(self, printer: Printer) -> str:
        if len(self.value) > MAX_EXCEL_STRING:
            raise NoNativeForm(f"Excel 公式中的文字不能超过 {MAX_EXCEL_STRING} 字")
        return '"' + self.value.replace('"', '""') + '"'


class Field(Node):
    """A reference. ``kind`` is 'field' until its surroundings say whether a number or a text is wanted."""

    def __init__(self, ref: Ref, kind: Kind = "field") -> None:
        self.ref, self.kind = ref, kind
        if kind == "number":
            self.run = lambda scope: scope.numbers(ref)
        elif kind == "text":
            self.run = lambda scope: scope.texts(ref)
        else:
            self.run = lambda scope: scope.texts(ref) if scope.kind(ref) == "text" else scope.numbers(ref)

    @property
    def rounded(self) -> bool:
        return self.kind != "text"

    def interval(self, scope: Scope) -> Interval:
        value = self.run(scope)
        if isinstance(value, Texts):
            return Interval(value, value, value)  # type: ignore[arg-type]
        decimals = scope.decimals(self.ref)
        half = half_width(decimals) if decimals else 0.0  # a count is typed as it is
        return Interval(value, value - half, value + half)

    def excel(self, printer: Printer) -> str:
        return printer.cell(self.ref)


class Negate(Node):
    level = SIGN

    def __init__(self, part: Node) -> None:
        self.parts = (part,)
        inside = part.run
        zero = np.zeros(1)
        self.run = lambda scope: _subtract(zero, inside(scope))

    def interval(self, scope: Scope) -> Interval:
        inside = self.parts[0].interval(scope)
        return _settled(_subtract(np.zeros(1), inside.value), -inside.high, -inside.low)

    def excel(self, printer: Printer) -> str:
        return "-" + printer.operand(self.parts[0], SIGN)


def _settled(value: Array, low: Array, high: Array) -> Interval:
    """An interval whose marks are those of the exact value."""
    number = np.isfinite(value)
    return Interval(value, np.where(number, low, value), np.where(number, high, value))


class Arithmetic(Node):
    OPERATIONS: ClassVar[dict[type[ast.operator], tuple[str, int, Callable[[Array, Array], Array]]]] = {
        ast.Add: ("+", SUM, _add),
        ast.Sub: ("-", SUM, _subtract),
        ast.Mult: ("*", PRODUCT, _multiply),
        ast.Div: ("/", PRODUCT, _divide),
    }

    def __init__(self, sign: type[ast.operator], left: Node, right: Node) -> None:
        self.parts = (left, right)
        self.sign, self.level, self.apply = self.OPERATIONS[sign]
        a, b, apply = left.run, right.run, self.apply
        self.run = lambda scope: apply(a(scope), b(scope))

    def interval(self, scope: Scope) -> Interval:
        a, b = (part.interval(scope) for part in self.parts)
        value = self.apply(a.value, b.value)
        if self.sign == "+":
            return _settled(value, a.low + b.low, a.high + b.high)
        if self.sign == "-":
            return _settled(value, a.low - b.high, a.high - b.low)
        combine = np.multiply if self.sign == "*" else np.divide
        corners = [combine(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        corners = [np.where(np.isnan(corner), 0.0, corner) for corner in corners]  # 0 times unbounded is 0
        low, high = reduce(np.minimum, corners), reduce(np.maximum, corners)
        if self.sign == "/":
            around_zero = (b.low <= 0) & (b.high >= 0)
            low, high = np.where(around_zero, -np.inf, low), np.where(around_zero, np.inf, high)
        return _settled(value, low, high)

    def excel(self, printer: Printer) -> str:
        left, right = self.parts
        return printer.operand(left, self.level) + self.sign + printer.operand(right, self.level + 1)


class Comparison(Node):
    """Two numbers, or two texts, compared."""

    kind = "truth"
    level = COMPARISON
    NUMBERS: ClassVar[dict[str, Callable[[Array, Array], Array]]] = {
        "=": _equal,
        "<>": _unequal,
        "<": _ordering(lambda difference: difference <= -NOISE),
        "<=": _ordering(lambda difference: difference < NOISE),
        ">": _ordering(lambda difference: difference >= NOISE),
        ">=": _ordering(lambda difference: difference > -NOISE),
    }
    # Given two intervals: whether the comparison may hold.
    POSSIBLE: ClassVar[dict[str, Callable[[Interval, Interval], Flags]]] = {
        "=": lambda a, b: (a.low - b.high < NOISE) & (b.low - a.high < NOISE),
        "<>": lambda a, b: (a.high - b.low >= NOISE) | (b.high - a.low >= NOISE),
        "<": lambda a, b: a.low - b.high <= -NOISE,
        "<=": lambda a, b: a.low - b.high < NOISE,
        ">": lambda a, b: a.high - b.low >= NOISE,
        ">=": lambda a, b: a.high - b.low > -NOISE,
    }
    OPPOSITE: ClassVar[dict[str, str]] = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

    def __init__(self, sign: str, left: Node, right: Node) -> None:
        self.sign, self.parts = sign, (left, right)
        a, b = left.run, right.run
        if left.kind == "text":
            if sign == "=":
                self.run = lambda scope: a(scope).same(b(scope)).astype(np.float64)
            else:
                self.run = lambda scope: (~a(scope).same(b(scope))).astype(np.float64)
        else:
            compare = self.NUMBERS[sign]
            self.run = lambda scope: compare(a(scope), b(scope))

    def interval(self, scope: Scope) -> Interval:
        left, right = self.parts
        if left.kind == "text":
            return super().interval(scope)
        a, b = left.interval(scope), right.interval(scope)
        value = self.NUMBERS[self.sign](a.value, b.value)
        inexact = np.isfinite(a.value) & np.isfinite(b.value)
        possible = np.where(inexact, self.POSSIBLE[self.sign](a, b), value)
        certain = np.where(inexact, ~self.POSSIBLE[self.OPPOSITE[self.sign]](a, b), value)
        return Interval(value, certain, possible)

    def excel(self, printer: Printer) -> str:
        left, right = self.parts
        if left.kind == "text":
            return printer.operand(left, SUM) + self.sign + printer.operand(right, SUM)
        if printer.per_member:
            raise NoNativeForm("逐行比较数值没有对应的 Excel 公式")  # one blank row would spoil the whole sum
        difference = printer.operand(left, SUM) + "-" + printer.operand(right, PRODUCT)
        return f"ROUND({difference},{PLACES}){self.sign}0"


class FieldComparison(Node):
    """Two references compared: whether as numbers or as texts is known only where they stand."""

    kind = "truth"
    level = COMPARISON

    def __init__(self, sign: str, left: Field, right: Field) -> None:
        self.parts = (left, right)
        self.as_texts = Comparison(sign, Field(left.ref, "text"), Field(right.ref, "text"))
        self.as_numbers = Comparison(sign, Field(left.ref, "number"), Field(right.ref, "number"))
        self.refs = (left.ref, right.ref)
        self.run = lambda scope: self.chosen(scope.kind).run(scope)

    def chosen(self, kind: Callable[[Ref], str]) -> Comparison:
        return self.as_texts if "text" in map(kind, self.refs) else self.as_numbers

    def interval(self, scope: Scope) -> Interval:
        return self.chosen(scope.kind).interval(scope)

    def excel(self, printer: Printer) -> str:
        return self.chosen(printer.kind).excel(printer)


class Logic(Node):
    kind = "truth"
    level = COMPARISON

    def __init__(self, word: Literal["and", "or"], parts: Iterable[Node]) -> None:
        self.word, self.parts = word, tuple(parts)
        combine = self.combine = _both if word == "and" else _either
        first, *rest = (part.run for part in self.parts)

        def run(scope: Scope) -> Array:
            result: Array = first(scope)
            for part in rest:
                result = combine(result, part(scope))
            return result

        self.run = run

    def interval(self, scope: Scope) -> Interval:
        intervals = (part.interval(scope) for part in self.parts)
        return Interval(*(reduce(self.combine, side) for side in zip(*intervals, strict=True)))

    def excel(self, printer: Printer) -> str:
        conditions = [part.excel(printer) for part in self.parts]
        return printer.all_of(conditions) if self.word == "and" else printer.any_of(conditions)


class Not(Node):
    kind = "truth"
    level = COMPARISON

    def __init__(self, part: Node) -> None:
        self.parts = (part,)
        inside = part.run
        self.run = lambda scope: 1.0 - inside(scope)

    def interval(self, scope: Scope) -> Interval:
        inside = self.parts[0].interval(scope)
        return Interval(1.0 - inside.value, 1.0 - inside.high, 1.0 - inside.low)

    def excel(self, printer: Printer) -> str:
        inside = self.parts[0].excel(printer)
        return f"1-({inside})" if printer.per_member else f"NOT({inside})"


class Call(Node):
    """A function of columns, row by row.

    ``apply`` takes the columns of ``parts``, ``native`` prints them, ``limits`` gives the lowest and highest
    result (without it the result is exact).
    """

    def __init__(
        self,
        kind: Kind,
        parts: Sequence[Node],
        apply: Callable[..., Any],
        native: Callable[[Printer, Sequence[Node]], str] | None = None,
        limits: Callable[[Sequence[Interval]], tuple[Array, Array]] | None = None,
    ) -> None:
        self.kind, self.parts = kind, tuple(parts)
        self.apply, self.native, self.limits = apply, native, limits
        runs = [part.run for part in parts]
        if len(runs) == 1:
            only = runs[0]
            self.run = lambda scope: apply(only(scope))
        else:
            self.run = lambda scope: apply(*[run(scope) for run in runs])

    @property
    def rounded(self) -> bool:
        return self.limits is not None and super().rounded

    def interval(self, scope: Scope) -> Interval:
        if self.limits is None:
            return super().interval(scope)
        inside = [part.interval(scope) for part in self.parts]
        return _settled(self.apply(*(each.value for each in inside)), *self.limits(inside))

    def excel(self, printer: Printer) -> str:
        return super().excel(printer) if self.native is None else self.native(printer, self.parts)


class Condition(Call):
    """A test of texts; its printed form is a comparison."""

    level = COMPARISON


# --- aggregates -------------------------------------------------------------------------------------------


def _sum(figures: Array, finite: Flags, index: Index, size: int) -> Array:
    total: Array = np.bincount(index, np.where(finite, figures, 0.0), size).astype(np.float64, copy=False)
    return total


def _minimum(figures: Array, finite: Flags, index: Index, size: int) -> Array:
    result = np.full(size, np.inf)
    np.minimum.at(result, index, np.where(finite, figures, np.inf))
    return result


def _maximum(figures: Array, finite: Flags, index: Index, size: int) -> Array:
    return -_minimum(-figures, finite, index, size)


def _free_owner(part: Node, where: str) -> str | None:
    """The table or form whose members an argument runs over, None when it stands for one value."""
    owners: dict[str, None] = {}

    def look(node: Node) -> None:
        if isinstance(node, Field) and node.ref.owner:
            owners[node.ref.owner] = None
        for inner in node.parts:
            if not isinstance(inner, Members):
                look(inner)

    if not isinstance(part, Members):
        look(part)
    if len(owners) > 1:
        raise ExpressionError(
            f"{where}：一个汇总内只能出现一张表的列，这里有{'、'.join(owners)}。请分开汇总。"
        )
    owner = next(iter(owners), None)
    for node in part.walk():
        if owner and isinstance(node, Members) and owner in node.owners:
            raise ExpressionError(f"{where}：汇总 {owner} 的列时不能在里面再汇总 {owner}。请分成两条。")
    return owner


def _only_columns(parts: Sequence[Node], owners: Sequence[str | None]) -> None:
    """Excel's SUM and COUNT take a range of cells, not what is computed from one."""
    if any(owner and not isinstance(part, Field) for part, owner in zip(parts, owners, strict=True)):
        raise NoNativeForm("汇总的是算式而不是一列，没有对应的 Excel 公式")


class Members(Node):
    """What runs over members: each argument is seen in the scope of its own table or form."""

    def __init__(self, parts: Sequence[Node], where: str) -> None:
        self.parts = tuple(parts)
        self.owners = tuple(_free_owner(part, where) for part in parts)

    def seen(self, scope: Scope, look: Callable[[Node, Scope], Any]) -> tuple[list[Any], list[Index]]:
        """What ``look`` finds for each argument, and for each the positions that its members belong to."""
        found, belongs = [], []
        for part, owner in zip(self.parts, self.owners, strict=True):
            inner, index = scope.members(owner) if owner else (scope, np.arange(scope.size))
            found.append(look(part, inner))
            belongs.append(index)
        return found, belongs


def _stacked(columns: Sequence[Any], belongs: Sequence[Index]) -> Any:
    """The columns of several arguments one below the other; a literal stands once for each of its members."""
    whole = [
        column if len(column) == len(index) else np.broadcast_to(column, len(index))
        for column, index in zip(columns, belongs, strict=True)
    ]
    return whole[0] if len(whole) == 1 else np.concatenate(whole)


class Aggregate(Members):
    """sum, min, max over members of a table or form; sum over several values too.

    Blanks and 不适用 do not count, as in the measure total; nothing filled gives blank; one 数据有误 makes
    the result 数据有误.
    """

    REDUCTIONS: ClassVar[dict[str, Callable[[Array, Flags, Index, int], Array]]] = {
        "sum": _sum,
        "min": _minimum,
        "max": _maximum,
    }

    def __init__(self, name: str, parts: Sequence[Node], where: str) -> None:
        super().__init__(parts, where)
        self.name, self.reduce = name, self.REDUCTIONS[name]

        def run(scope: Scope) -> Array:
            columns, belongs = self.seen(scope, lambda part, inner: part.run(inner))
            value = _stacked(columns, belongs)
            return self._result(value, value, _stacked(belongs, belongs), scope.size)

        runs = [part.run for part in self.parts]
        plain = name == "sum" and not any(self.owners)
        self.run = (lambda scope: added([run(scope) for run in runs])) if plain else run

    def _result(self, value: Array, figures: Array, index: Index, size: int) -> Array:
        """``figures`` reduced, with the mark that the values impose."""
        finite = np.isfinite(value)
        result = self.reduce(figures, finite, index, size)
        result = np.where(np.bincount(index, finite, size) > 0, result, BLANK)
        wrong = value == INVALID
        return np.where(np.bincount(index, wrong, size) > 0, INVALID, result) if wrong.any() else result

    def interval(self, scope: Scope) -> Interval:
        found, belongs = self.seen(scope, lambda part, inner: part.interval(inner))
        value, low, high = (_stacked(side, belongs) for side in zip(*found, strict=True))
        index = _stacked(belongs, belongs)
        return _settled(*(self._result(value, figures, index, scope.size) for figures in (value, low, high)))

    def excel(self, printer: Printer) -> str:
        _only_columns(self.parts, self.owners)
        return f"{self.name.upper()}({','.join(part.excel(printer) for part in self.parts)})"


class Count(Members):
    """How many members are filled, or for how many a condition holds; 0 when none."""

    def __init__(self, parts: Sequence[Node], where: str) -> None:
        super().__init__(parts, where)
        self.level = ATOM if len(self.parts) == 1 else SUM

        def run(scope: Scope) -> Array:
            return self._counted(*self.seen(scope, lambda part, inner: part.run(inner)), scope.size)

        self.run = run

    def _counted(self, columns: Sequence[Any], belongs: Sequence[Index], size: int) -> Array:
        counts = [
            (column == 1).astype(np.float64) if part.kind == "truth" else _is_filled(column)
            for part, column in zip(self.parts, columns, strict=True)
        ]
        return np.bincount(_stacked(belongs, belongs), _stacked(counts, belongs), size).astype(np.float64)

    def interval(self, scope: Scope) -> Interval:
        found, belongs = self.seen(scope, lambda part, inner: part.interval(inner))
        return Interval(*(self._counted(side, belongs, scope.size) for side in zip(*found, strict=True)))

    def excel(self, printer: Printer) -> str:
        return "+".join(self._printed(part, printer) for part in self.parts)

    @staticmethod
    def _printed(part: Node, printer: Printer) -> str:
        if part.kind == "truth":
            inside = part.excel(replace(printer, per_member=True))
            return f"SUMPRODUCT(({inside})*1)"
        if isinstance(part, Field) and printer.kind(part.ref) == "text":
            return f'COUNTIF({printer.cell(part.ref)},"?*")'  # COUNTA would count the "" of a formula
        return f"COUNT({part.excel(printer)})"


class Added(Aggregate):
    """The members that a measure adds up: to the measure their sum, to its native form the range itself."""

    def __init__(self, part: Node, where: str) -> None:
        super().__init__("sum", [part], where)

    def excel(self, printer: Printer) -> str:
        _only_columns(self.parts, self.owners)
        return self.parts[0].excel(printer)


class MeasureCall(Node):
    """A measure, called row by row; what it adds up may be the members of a table or form."""

    level = COMPARISON  # how tightly a native form holds together is not known here

    def __init__(self, measure: Measure, parts: Sequence[Node], where: str) -> None:
        self.measure, self.kind = measure, measure.result
        extra = len(parts) - len(measure.parameters)
        self.parameters = [*measure.parameters, *measure.parameters[-1:] * extra]
        self.parts = tuple(
            Added(part, where) if parameter.kind == "numbers" and _free_owner(part, where) else part
            for part, parameter in zip(parts, self.parameters, strict=False)
        )
        runs, apply = [part.run for part in self.parts], measure.function
        self.run = lambda scope: apply(*[run(scope) for run in runs])

    def interval(self, scope: Scope) -> Interval:
        """The measure at the corners of its numeric arguments; an undefined corner leaves it unbounded."""
        inside = [part.interval(scope) for part in self.parts]
        exact = self.measure(*(each.value for each in inside))
        if self.kind == "text":
            return Interval(exact, exact, exact)
        inexact = [
            i
            for i, each in enumerate(inside)
            if not isinstance(each.low, Texts) and not np.array_equal(each.low, each.high, equal_nan=True)
        ]
        corners: Iterable[tuple[str, ...]] = product(("low", "high"), repeat=len(inexact))
        if len(inexact) > MAX_CORNERS:  # long lists are added up: the two ends are the corners that matter
            corners = [(side,) * len(inexact) for side in ("low", "high")]
        lowest = highest = exact
        for corner in corners:
            sides = dict(zip(inexact, corner, strict=True))
            result = self.measure(*(getattr(each, sides.get(i, "value")) for i, each in enumerate(inside)))
            known = np.isfinite(result)
            lowest = np.minimum(lowest, np.where(known, result, -np.inf))
            highest = np.maximum(highest, np.where(known, result, np.inf))
        return _settled(exact, lowest, highest)

    def excel(self, printer: Printer) -> str:
        if printer.per_member:
            raise NoNativeForm("逐行测算没有对应的 Excel 公式")
        helpers = {
            parameter.name: printer.quantity(part)
            for part, parameter in zip(self.parts, self.parameters, strict=False)
            if parameter.quantity
        }
        return self.measure.native(*[part.excel(printer) for part in self.parts], helpers=helpers)


# --- functions of the language ----------------------------------------------------------------------------


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
        return [_as(node, "number", self.where) for node in self.nodes]

    def texts(self) -> list[Node]:
        return [_as(node, "text", self.where) for node in self.nodes]

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
    """A function that is not a measure: how it is called and what it does (Chinese, for the docs)."""

    usage: str
    doc: str
    build: Callable[[Arguments], Node]


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
    pairwise, plain = (_lesser, np.minimum) if args.name == "min" else (_greater, np.maximum)

    def native(printer: Printer, parts: Sequence[Node]) -> str:
        return f"{args.name.upper()}({','.join(part.excel(printer) for part in parts)})"

    def limits(inside: Sequence[Interval]) -> tuple[Array, Array]:
        return reduce(plain, (each.low for each in inside)), reduce(plain, (each.high for each in inside))

    return Call("number", args.numbers(), lambda *columns: reduce(pairwise, columns), native, limits)


def _build_subtotal(args: Arguments) -> Node:
    """The measure subtotal, which takes the rows of one table, for the tables of every position at once."""
    args.count(3, 3)
    labels, points = _as(args.nodes[0], "text", args.where), _as(args.nodes[1], "number", args.where)
    section = args.nodes[2]
    owned = isinstance(labels, Field) and isinstance(points, Field) and labels.ref.owner
    if not owned or not isinstance(section, Text):
        raise args.error(f"小计要写成 {FUNCTIONS['subtotal'].usage}，名称写在引号内")
    word = section.value

    def inside(labels: Texts, points: Array) -> Array:
        chosen = labels.numbers(lambda label: label.startswith(word)) == 1
        # 不适用 is a text on the sheet, where the native form cannot tell it from any other.
        return np.where(chosen, np.where(points == NOT_APPLICABLE, INVALID, points), BLANK)

    def limits(both: Sequence[Interval]) -> tuple[Array, Array]:
        column, figures = both
        return inside(column.value, figures.low), inside(column.value, figures.high)  # type: ignore[arg-type]

    rows = Call("number", [labels, points], inside, limits=limits)
    native = MEASURES["subtotal"].native
    return _rounded(
        Aggregate("sum", [rows], args.where),
        SCORE_DECIMALS,
        lambda printer, _: native(*(part.excel(printer) for part in (labels, points, section))),
    )


def _build_abs(args: Arguments) -> Node:
    args.count(1, 1)

    def absolute(column: Array) -> Array:
        return np.where(column == INVALID, INVALID, np.abs(column))

    def limits(inside: Sequence[Interval]) -> tuple[Array, Array]:
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

    return _rounded(_as(args.nodes[0], "number", args.where), decimals, native)


def _rounded(node: Node, decimals: int, native: Callable[[Printer, Sequence[Node]], str]) -> Node:
    def limits(inside: Sequence[Interval]) -> tuple[Array, Array]:
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
        "truth", args.nodes, _is_filled if wanted else lambda column: 1.0 - _is_filled(column), native
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

    subject = _as(args.nodes[0], "text", args.where)
    # The words are known already: only the subject is evaluated.
    return Condition(
        "truth", [subject], lambda texts: texts.numbers(lambda text: find(text) is not None), native
    )


_TRAILING = "。．.，,；;、：:！!？?"


def _build_same(args: Arguments) -> Node:
    args.count(2, 2)

    def plain(text: str) -> str:
        return quantity.normalise(text).rstrip(_TRAILING)

    def same(a: Texts, b: Texts) -> Array:
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

    def comparable(a: Texts, b: Texts) -> Array:
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
    "sum": Function("sum(数, …) 或 sum(表.列)", "合计；空白不计，全空则为空白", _build_aggregate),
    "count": Function("count(表.列) 或 count(条件)", "已填的个数，或满足条件的行数", _build_count),
    "min": Function("min(数, 数, …) 或 min(表.列)", "最小值", _build_extreme),
    "max": Function("max(数, 数, …) 或 max(表.列)", "最大值", _build_extreme),
    "subtotal": Function(
        'subtotal(表.标签列, 表.数值列, "名称")', "标签以该名称开头的各行之和", _build_subtotal
    ),
    "abs": Function("abs(数)", "绝对值", _build_abs),
    "round": Function("round(数, 位数)", "四舍五入", _build_round),
    "blank": Function("blank(项)", "没有填写（空白、空格、未改动的……）", _build_filled),
    "filled": Function("filled(项)", "已经填写", _build_filled),
    "contains": Function('contains(文字, "词", …)', "含有其中任一个词", _build_contains),
    "startswith": Function('startswith(文字, "词", …)', "以其中任一个词开头", _build_contains),
    "same": Function("same(文字, 文字)", "不计空格、全半角和句末标点，两段文字相同", _build_same),
    "length": Function("length(文字)", "字数，不计空格和换行", _build_length),
    "kind": Function("kind(指标值)", "指标值的种类：number、date、timely、words、blank", _build_quantity),
    "comparator": Function("comparator(指标值)", "比较符：≥ > = ≤ <，没有则为空", _build_quantity),
    "number": Function("number(指标值)", "指标值中的数", _build_quantity),
    "unit": Function("unit(指标值)", "指标值的计量单位", _build_quantity),
    "comparable": Function(
        "comparable(指标值, 指标值)", "两个指标值都是数且单位可比；有一个空白则不适用", _build_comparable
    ),
}


# --- parsing ----------------------------------------------------------------------------------------------

_KIND_NAMES = {"number": "数", "text": "文字", "truth": "条件"}
_FULL_WIDTH = str.maketrans("（），“”‘’：；＝＞＜＋－×÷＊／。！", "(),\"\"'':;=><+-*/*/.!")
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ALLOWED = "可用的有：数字、引号内的文字、数据项、表.列、加减乘除、比较、and、or、not 和已登记的函数"


def _as(node: Node, kind: Kind, where: str) -> Node:
    """``node`` where a value of ``kind`` is wanted; a reference takes that kind."""
    if isinstance(node, Field) and node.kind == "field" and kind in ("number", "text"):
        return Field(node.ref, kind)
    if node.kind != kind:
        found = "数据项" if node.kind == "field" else _KIND_NAMES[node.kind]
        raise ExpressionError(f"{where}：这里要写{_KIND_NAMES[kind]}，却写了{found}。")
    return node


#: The same call in many rules is one node, evaluated once per scope: filled(指标.三级指标) and its like.
_SHARED: dict[tuple[str, tuple[tuple[str, Ref], ...]], Node] = {}


def _remembering(node: Node) -> Node:
    run = node.run
    node.run = lambda scope: scope.remembered(node, run)
    return node


class _Builder:
    """Turns Python's syntax tree into nodes, refusing everything that is not in the language."""

    def __init__(self, where: str, names: Mapping[str, Ref]) -> None:
        self.where, self.names = where, names

    def error(self, problem: str) -> ExpressionError:
        return ExpressionError(f"{self.where}：{problem}。")

    def build(self, tree: ast.expr, depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise self.error(f"嵌套超过 {MAX_DEPTH} 层。请拆成几条，或用 sum() 代替很长的连加")
        match tree:
            case ast.Constant(value=str(text)):
                return Text(text)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return Number(self._finite(number))
            case ast.Name(id=name):
                return Field(self.names.get(name) or Ref(None, self._name(name)))
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return Field(Ref(self._name(owner), self._name(name)))
            case ast.UnaryOp(op=ast.USub(), operand=inside):
                return Negate(self.number(inside, depth))
            case ast.UnaryOp(op=ast.Not(), operand=inside):
                return Not(self.truth(inside, depth))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in Arithmetic.OPERATIONS:
                return Arithmetic(type(sign), self.number(left, depth), self.number(right, depth))
            case ast.BoolOp(op=word, values=values):
                return Logic(
                    "and" if isinstance(word, ast.And) else "or", [self.truth(v, depth) for v in values]
                )
            case ast.Compare(left=first, ops=signs, comparators=others) if all(
                type(s) in _SIGNS for s in signs
            ):
                nodes = [self.build(each, depth + 1) for each in (first, *others)]
                pairs = [
                    self.compare(_SIGNS[type(s)], a, b)
                    for s, a, b in zip(signs, nodes, nodes[1:], strict=False)
                ]
                return pairs[0] if len(pairs) == 1 else Logic("and", pairs)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                key = ast.unparse(tree), tuple(self.names.items())
                if key not in _SHARED:
                    _SHARED[key] = _remembering(self.call(name, args, depth))
                return _SHARED[key]
        shown = ast.unparse(tree)
        raise self.error(f"不允许“{shown if len(shown) <= 40 else shown[:40] + '…'}”这种写法。{_ALLOWED}")

    def number(self, tree: ast.expr, depth: int) -> Node:
        return _as(self.build(tree, depth + 1), "number", self.where)

    def truth(self, tree: ast.expr, depth: int) -> Node:
        return _as(self.build(tree, depth + 1), "truth", self.where)

    def compare(self, sign: str, left: Node, right: Node) -> Node:
        if isinstance(left, Field) and isinstance(right, Field) and sign in ("=", "<>"):
            return FieldComparison(sign, left, right)
        kind: Kind = "text" if "text" in (left.kind, right.kind) else "number"
        if kind == "text" and sign not in ("=", "<>"):
            raise self.error("文字只能比较相等（==）或不等（!=）")
        return Comparison(sign, _as(left, kind, self.where), _as(right, kind, self.where))

    def call(self, name: str, args: Sequence[ast.expr], depth: int) -> Node:
        if name not in FUNCTIONS and name not in MEASURES:
            known = list(dict.fromkeys([*FUNCTIONS, *MEASURES]))
            close = difflib.get_close_matches(name, known, n=3)
            hint = f"是否想写 {'、'.join(close)}？" if close else ""
            raise self.error(f"没有名为 {name} 的函数。{hint}可用的函数：{'、'.join(known)}")
        nodes = [self.build(arg, depth + 1) for arg in args]
        if name in FUNCTIONS:
            return FUNCTIONS[name].build(Arguments(name, nodes, self.where))
        return self.measure(MEASURES[name], nodes)

    def measure(self, measure: Measure, nodes: Sequence[Node]) -> Node:
        """A call of a measure, its arguments checked against its parameters; a list takes all the rest."""
        most = len(measure.parameters)
        variadic = measure.parameters[-1].variadic
        args = Arguments(measure.name, nodes, self.where)
        args.count(most - variadic or 1, None if variadic else most)
        kinds = [parameter.kind for parameter in measure.parameters]
        kinds += kinds[-1:] * (len(nodes) - most)
        parts = [
            _as(node, "text" if kind == "text" else "number", self.where)
            for node, kind in zip(nodes, kinds, strict=False)
        ]
        return MeasureCall(measure, parts, self.where)

    def _name(self, name: str) -> str:
        if name.startswith("_"):
            raise self.error(f"不允许名称“{name}”，数据项的代码不以下划线开头")
        return name

    def _finite(self, number: float) -> float:
        if abs(number) >= 1e15:
            raise self.error("数字太大，最多 15 位")
        return float(number)


def _syntax(source: str, where: str) -> ast.expr:
    """Python's reading of ``source``, with its complaints turned into one that a person can act on."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"{where}：表达式有 {len(source)} 个字符，最多 {MAX_LENGTH} 个。请拆成几条。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        outside_strings = re.sub(r"\"[^\"]*\"|'[^']*'", "", source)
        wide = sorted({c for c in outside_strings if ord(c) in _FULL_WIDTH})
        if not source.strip():
            problem = "表达式是空的"
        elif wide:
            problem = f"含有全角符号“{''.join(wide)}”。请改用半角符号“{''.join(wide).translate(_FULL_WIDTH)}”"
        elif re.search(r"(?<![=!<>])=(?!=)", outside_strings):
            problem = "相等要写两个等号 =="
        elif isinstance(error, SyntaxError) and error.offset:
            problem = f"第 {error.offset} 个字符附近写法有误。{_ALLOWED}"
        else:
            problem = f"写法有误。{_ALLOWED}"
        raise ExpressionError(f"{where}：{problem}。") from None


class Expression:
    """A parsed expression.

    Attributes:
        source: as it was written.
        kind: 'number', 'text', 'truth' (a condition), or 'field' (one reference of either kind).
        rounded: whether the value depends on figures that were rounded when they were typed.
        references: every field named, in order of appearance.
        sides: of a single comparison its left and right side, else None: what a finding states and expects.
    """

    def __init__(self, source: str, where: str, tree: ast.expr, names: Mapping[str, Ref]) -> None:
        self.source, self._where, self._tree, self._names = source, where, tree, names
        self._root = _Builder(where, names).build(tree)
        self._run = self._root.run
        self.kind, self.rounded = self._root.kind, self._root.rounded
        self.references = tuple(
            dict.fromkeys(node.ref for node in self._root.walk() if isinstance(node, Field))
        )

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    @property
    def sides(self) -> tuple[Expression, Expression] | None:
        match self._tree:
            case ast.Compare(left=left, comparators=[right]):
                return self._part(left), self._part(right)
        return None

    def _part(self, tree: ast.expr) -> Expression:
        return Expression(ast.unparse(tree), self._where, tree, self._names)

    def renamed(self, names: Mapping[str, Ref]) -> Expression:
        """The same expression with some unqualified names standing for other fields."""
        return Expression(self.source, self._where, self._tree, {**self._names, **names}) if names else self

    def evaluate(self, scope: Scope) -> Any:
        """The value at each position of ``scope``.

        Returns:
            float64 array of length ``scope.size`` (numbers with marks; conditions as 1, 0 or nan), or Texts.
        """
        with np.errstate(all="ignore"):
            return _filling(self._run(scope), scope.size)

    def bounds(self, scope: Scope) -> tuple[Array, Array]:
        """Lowest and highest value when every figure may be off by half a unit of its last declared decimal.

        A condition gives (surely holds, may hold). Marks stand on both sides; where a divisor may be zero the
        result is unbounded. Meant for the few rows that failed the exact evaluation.
        """
        with np.errstate(all="ignore"):
            _, low, high = self._root.interval(scope)
            return _filling(low, scope.size), _filling(high, scope.size)

    def excel(
        self,
        cell: Callable[[Ref], str],
        kind: Callable[[Ref], str] = lambda ref: "number",
        helpers: Callable[[Ref], Mapping[str, str]] | None = None,
    ) -> str:
        """The expression as an Excel formula without "=".

        Args:
            cell: prints a reference: a name, an address, for a table column its range.
            kind: 'number' or 'text' of a reference, as in the scope.
            helpers: for a quantity text the cells of its helpers (quantity.QUANTITY_HELPERS) by name; without
                it, what reads quantities has no native form.

        Raises:
            NoNativeForm: no formula says the same.
        """
        return self._root.excel(Printer(cell, kind, helpers))


def _filling(column: Any, size: int) -> Any:
    """A literal stands once; a column has ``size`` entries."""
    if len(column) == size:
        return column
    return Texts.repeat(column[0], size) if isinstance(column, Texts) else np.full(size, column[0])


def parse(source: str, where: str) -> Expression:
    """Read an expression.

    Args:
        source: the expression, over field codes.
        where: what error messages name: file, line and rule.

    Raises:
        ExpressionError: the expression uses something that the language does not have.
    """
    return Expression(source, where, _syntax(source, where), {})
