"""The nodes of a parsed expression, and what they stand in: references, scopes, intervals, the Excel printer.

A node does three things: it evaluates (``run``, a closure over NumPy columns, so that one workbook costs
microseconds a rule and a million rows cost what NumPy costs), it bounds its value given how figures were rounded
(``interval``), and it prints itself as an Excel formula (``excel``). What runs over the members of a table or form
is in :mod:`jixiao.aggregates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from jixiao import marks
from jixiao.marks import NOISE, PLACES
from jixiao.quantity import BoolArray, FloatArray, Texts, half_width

Index = npt.NDArray[np.intp]
Kind = Literal["number", "text", "truth", "field"]
Run = Callable[["Scope"], Any]

MAX_EXCEL_STRING = 255


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

    def numbers(self, ref: Ref) -> FloatArray: ...

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

    value: FloatArray
    low: FloatArray
    high: FloatArray


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
        self.run = lambda scope: marks.subtract(zero, inside(scope))

    def interval(self, scope: Scope) -> Interval:
        inside = self.parts[0].interval(scope)
        return settled(marks.subtract(np.zeros(1), inside.value), -inside.high, -inside.low)

    def excel(self, printer: Printer) -> str:
        return "-" + printer.operand(self.parts[0], SIGN)


def settled(value: FloatArray, low: FloatArray, high: FloatArray) -> Interval:
    """An interval whose marks are those of the exact value."""
    number = np.isfinite(value)
    return Interval(value, np.where(number, low, value), np.where(number, high, value))


class Arithmetic(Node):
    OPERATIONS: ClassVar[dict[str, tuple[int, marks.Operation]]] = {
        "+": (SUM, marks.add),
        "-": (SUM, marks.subtract),
        "*": (PRODUCT, marks.multiply),
        "/": (PRODUCT, marks.divide),
    }

    def __init__(self, sign: str, left: Node, right: Node) -> None:
        self.parts = (left, right)
        self.sign = sign
        self.level, self.apply = self.OPERATIONS[sign]
        a, b, apply = left.run, right.run, self.apply
        self.run = lambda scope: apply(a(scope), b(scope))

    def interval(self, scope: Scope) -> Interval:
        a, b = (part.interval(scope) for part in self.parts)
        value = self.apply(a.value, b.value)
        if self.sign == "+":
            return settled(value, a.low + b.low, a.high + b.high)
        if self.sign == "-":
            return settled(value, a.low - b.high, a.high - b.low)
        combine = np.multiply if self.sign == "*" else np.divide
        corners = [combine(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        corners = [np.where(np.isnan(corner), 0.0, corner) for corner in corners]  # 0 times unbounded is 0
        low, high = reduce(np.minimum, corners), reduce(np.maximum, corners)
        if self.sign == "/":
            around_zero = (b.low <= 0) & (b.high >= 0)
            low, high = np.where(around_zero, -np.inf, low), np.where(around_zero, np.inf, high)
        return settled(value, low, high)

    def excel(self, printer: Printer) -> str:
        left, right = self.parts
        return printer.operand(left, self.level) + self.sign + printer.operand(right, self.level + 1)


class Comparison(Node):
    """Two numbers, or two texts, compared."""

    kind = "truth"
    level = COMPARISON
    NUMBERS: ClassVar[dict[str, marks.Operation]] = {
        "=": marks.equal,
        "<>": marks.unequal,
        "<": marks.ordering(lambda difference: difference <= -NOISE),
        "<=": marks.ordering(lambda difference: difference < NOISE),
        ">": marks.ordering(lambda difference: difference >= NOISE),
        ">=": marks.ordering(lambda difference: difference > -NOISE),
    }
    # Given two intervals: whether the comparison may hold.
    POSSIBLE: ClassVar[dict[str, Callable[[Interval, Interval], BoolArray]]] = {
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
        combine = self.combine = marks.both if word == "and" else marks.either
        first, *rest = (part.run for part in self.parts)

        def run(scope: Scope) -> FloatArray:
            result: FloatArray = first(scope)
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
        limits: Callable[[Sequence[Interval]], tuple[FloatArray, FloatArray]] | None = None,
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
        return settled(self.apply(*(each.value for each in inside)), *self.limits(inside))

    def excel(self, printer: Printer) -> str:
        return super().excel(printer) if self.native is None else self.native(printer, self.parts)


class Condition(Call):
    """A test of texts; its printed form is a comparison."""

    level = COMPARISON


_KIND_NAMES = {"number": "数", "text": "文字", "truth": "条件"}


def as_kind(node: Node, kind: Kind, where: str) -> Node:
    """``node`` where a value of ``kind`` is wanted; a reference takes that kind."""
    if isinstance(node, Field) and node.kind == "field" and kind in ("number", "text"):
        return Field(node.ref, kind)
    if node.kind != kind:
        found = "数据项" if node.kind == "field" else _KIND_NAMES[node.kind]
        raise ExpressionError(f"{where}：这里要写{_KIND_NAMES[kind]}，却写了{found}。")
    return node
