"""Nodes over the members of a table or form: sum, min, max, count, and calls of measures, which may add members up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, ClassVar

import numpy as np

from jixiao import marks
from jixiao.measures import Measure, added
from jixiao.names import nearest
from jixiao.nodes import (
    ATOM,
    COMPARISON,
    SUM,
    ExpressionError,
    Field,
    Index,
    Interval,
    Node,
    NoNativeForm,
    Printer,
    Scope,
    settled,
)
from jixiao.quantity import BLANK, INVALID, BoolArray, FloatArray, Texts

MAX_CORNERS = 4  # arguments known only within bounds, of which a measure is tried at every corner


def _sum(figures: FloatArray, finite: BoolArray, index: Index, size: int) -> FloatArray:
    counted = np.where(finite, figures, 0.0)
    total: FloatArray = np.bincount(index, counted, size).astype(np.float64, copy=False)
    return total


def _minimum(figures: FloatArray, finite: BoolArray, index: Index, size: int) -> FloatArray:
    result = np.full(size, np.inf)
    np.minimum.at(result, index, np.where(finite, figures, np.inf))
    return result


def _maximum(figures: FloatArray, finite: BoolArray, index: Index, size: int) -> FloatArray:
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

    REDUCTIONS: ClassVar[dict[str, Callable[[FloatArray, BoolArray, Index, int], FloatArray]]] = {
        "sum": _sum,
        "min": _minimum,
        "max": _maximum,
    }

    def __init__(self, name: str, parts: Sequence[Node], where: str) -> None:
        super().__init__(parts, where)
        self.name, self.reduce = name, self.REDUCTIONS[name]

        def run(scope: Scope) -> FloatArray:
            columns, belongs = self.seen(scope, lambda part, inner: part.run(inner))
            value = _stacked(columns, belongs)
            return self._result(value, value, _stacked(belongs, belongs), scope.size)

        runs = [part.run for part in self.parts]
        plain = name == "sum" and not any(self.owners)
        self.run = (lambda scope: added([run(scope) for run in runs])) if plain else run

    def _result(self, value: FloatArray, figures: FloatArray, index: Index, size: int) -> FloatArray:
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
        return settled(*(self._result(value, figures, index, scope.size) for figures in (value, low, high)))

    def excel(self, printer: Printer) -> str:
        _only_columns(self.parts, self.owners)
        return f"{self.name.upper()}({','.join(part.excel(printer) for part in self.parts)})"


class Count(Members):
    """How many members are filled, or for how many a condition holds; 0 when none."""

    def __init__(self, parts: Sequence[Node], where: str) -> None:
        super().__init__(parts, where)
        self.level = ATOM if len(self.parts) == 1 else SUM

        def run(scope: Scope) -> FloatArray:
            return self._counted(*self.seen(scope, lambda part, inner: part.run(inner)), scope.size)

        self.run = run

    def _counted(self, columns: Sequence[Any], belongs: Sequence[Index], size: int) -> FloatArray:
        counts = [
            (column == 1).astype(np.float64) if part.kind == "truth" else marks.is_filled(column)
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


class Nearest(Members):
    """The name among the members that is a name in other words; "" when there is none. It has no native form."""

    kind = "text"

    def __init__(self, name: Node, names: Node, where: str) -> None:
        super().__init__([name, names], where)

        def run(scope: Scope) -> Texts:
            (own, others), (_, belongs) = self.seen(scope, lambda part, inner: part.run(inner))
            listed: list[list[str]] = [[] for _ in range(scope.size)]
            for k, position in enumerate(belongs.tolist()):
                listed[position].append(others[k])
            return Texts.of(nearest(own[k], names) for k, names in enumerate(listed))

        self.run = run


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
        return settled(exact, lowest, highest)

    def arguments(self, printer: Printer) -> list[str]:
        """The arguments as formulas; that of a quantity is its text."""
        return [part.excel(printer) for part in self.parts]

    def excel(self, printer: Printer) -> str:
        if printer.per_member:
            raise NoNativeForm("逐行测算没有对应的 Excel 公式")
        helpers = {
            parameter.name: printer.quantity(part)
            for part, parameter in zip(self.parts, self.parameters, strict=False)
            if parameter.quantity
        }
        return self.measure.native(*self.arguments(printer), helpers=helpers)
