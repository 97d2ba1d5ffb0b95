"""The small language of fields and rules: parsed once, evaluated over columns, printed as an Excel formula.

An expression is written over field codes (``全年执行数 == sum(基本支出, 项目支出)``) in a whitelisted
subset of Python syntax: numbers, strings, names, ``表.列``, ``+ - * /``, comparisons, and/or/not and calls
of registered functions. Here it is read, and refused in words that a person can act on. What it then means is in

* :mod:`jixiao.marks`: how values are computed and compared where some are blank, wrong or not applicable;
* :mod:`jixiao.nodes`: what each operation evaluates to, between which bounds, and how Excel says it;
* :mod:`jixiao.aggregates`: what runs over the rows of a table or the sheets of a form;
* :mod:`jixiao.functions`: the functions that can be called.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jixiao.aggregates import Count, MeasureCall
from jixiao.functions import FUNCTIONS, Arguments, build_measure_call
from jixiao.measures import MEASURES, Measure
from jixiao.nodes import (
    Arithmetic,
    Comparison,
    ExpressionError,
    Field,
    FieldComparison,
    Kind,
    Logic,
    Negate,
    Node,
    NoNativeForm,
    Not,
    Number,
    Printer,
    Ref,
    Scope,
    Text,
    as_kind,
)
from jixiao.quantity import FloatArray, Texts

__all__ = ["Expression", "ExpressionError", "NoNativeForm", "Ref", "parse"]

MAX_LENGTH = 2000
MAX_DEPTH = 50

_FULL_WIDTH = str.maketrans("（），“”‘’：；＝＞＜＋－×÷＊／。！", "(),\"\"'':;=><+-*/*/.!")
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ALLOWED = "可用的有：数字、引号内的文字、数据项、表.列、加减乘除、比较、and、or、not 和已登记的函数"


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
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                return Arithmetic(_OPERATORS[type(sign)], self.number(left, depth), self.number(right, depth))
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
        return as_kind(self.build(tree, depth + 1), "number", self.where)

    def truth(self, tree: ast.expr, depth: int) -> Node:
        return as_kind(self.build(tree, depth + 1), "truth", self.where)

    def compare(self, sign: str, left: Node, right: Node) -> Node:
        if isinstance(left, Field) and isinstance(right, Field) and sign in ("=", "<>"):
            return FieldComparison(sign, left, right)
        kind: Kind = "text" if "text" in (left.kind, right.kind) else "number"
        if kind == "text" and sign not in ("=", "<>"):
            raise self.error("文字只能比较相等（==）或不等（!=）")
        return Comparison(sign, as_kind(left, kind, self.where), as_kind(right, kind, self.where))

    def call(self, name: str, args: Sequence[ast.expr], depth: int) -> Node:
        if name not in FUNCTIONS and name not in MEASURES:
            known = list(dict.fromkeys([*FUNCTIONS, *MEASURES]))
            close = difflib.get_close_matches(name, known, n=3)
            hint = f"是否想写 {'、'.join(close)}？" if close else ""
            raise self.error(f"没有名为 {name} 的函数。{hint}可用的函数：{'、'.join(known)}")
        nodes = [self.build(arg, depth + 1) for arg in args]
        given = Arguments(name, nodes, self.where)
        return (
            FUNCTIONS[name].build(given) if name in FUNCTIONS else build_measure_call(MEASURES[name], given)
        )

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
    def counts(self) -> bool:
        """Whether it says how many are filled, which is a number even where nothing is."""
        return isinstance(self._root, Count)

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

    def bounds(self, scope: Scope) -> tuple[FloatArray, FloatArray]:
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

    def call(
        self,
        cell: Callable[[Ref], str],
        kind: Callable[[Ref], str] = lambda ref: "number",
        helpers: Callable[[Ref], Mapping[str, str]] | None = None,
    ) -> tuple[Measure, list[str]] | None:
        """The measure that the whole expression is one call of, and its arguments as :meth:`excel` prints them.

        ``None`` when it is something else.
        """
        if not isinstance(self._root, MeasureCall):
            return None
        return self._root.measure, self._root.arguments(Printer(cell, kind, helpers))


def _filling(column: Any, size: int) -> Any:
    """A literal stands once; a column has ``size`` entries."""
    if len(column) == size:
        return column
    return Texts.repeat(column[0], size) if isinstance(column, Texts) else np.full(size, column[0])


@lru_cache(maxsize=4096)  # printing a rule for every sheet of every workbook takes it apart again and again
def parse(source: str, where: str) -> Expression:
    """Read an expression.

    Args:
        source: the expression, over field codes.
        where: what error messages name: file, line and rule.

    Raises:
        ExpressionError: the expression uses something that the language does not have.
    """
    return Expression(source, where, _syntax(source, where), {})
