"""Rules as check cells beside the printed form: ✓, ✗ (强制性) or ！ (核实性) with no macro at all.

They are a preview: a rule that no formula can say is left to the audit, and where a formula cannot be as careful as
the audit (intervals of rounded figures inside ratios) it keeps silent.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import Any, TypeVar

import numpy as np

from jixiao.binding import CALCULATED, Binding, BindingError
from jixiao.books.making.drawing import Block, Drawing
from jixiao.books.making.formulas import Formulas, draws_merged
from jixiao.declarations import Catalogue, Package, Rule
from jixiao.expression import Expression, NoNativeForm, Ref, parse
from jixiao.findings import NATIVE_REASON, reason
from jixiao.functions import FUNCTIONS
from jixiao.measures import MEASURES
from jixiao.quantity import half_width
from jixiao.scope import Calculation

PASSED = "✓"
#: Name of the cell that says whether anybody has begun to fill the sheet in.
BEGUN = "_begun"
SIGNS = {"error": "✗", "warning": "！"}
_MAX_FORMULA = 8000
#: Calls that add up what is filled.
_ADD_UP = {name for name, function in FUNCTIONS.items() if function.blanks == "skipped"} | {
    name for name, measure in MEASURES.items() if measure.parameters[0].kind == "numbers"
}
#: Calls that ask for no figure: whether something is filled, how many are, what a text says.
_LOOK_AT_TEXTS = {name for name, function in FUNCTIONS.items() if function.blanks == "seen"}
_Found = TypeVar("_Found")
_LINEAR = (ast.Add, ast.Sub)


@dataclass(frozen=True)
class Check:
    """One rule at one place of a sheet: in every line of ``block``, or in the sheet's row ``row``."""

    binding: Binding
    block: Block | None
    row: int

    @property
    def failure(self) -> str:
        rule = self.binding.rule
        return f"{SIGNS[rule.severity]} {rule.title}"


def checks(package: Package, catalogue: Catalogue, drawing: Drawing) -> Iterator[Check]:
    """The rules that a sheet may show: those that others yield to first, errors before warnings."""
    addresses = drawing.addresses()
    wanted = [rule for rule in catalogue.rules if rule.severity in SIGNS and rule.check is not None]
    ranks = _ranks({rule.id: rule.yields_to for rule in catalogue.rules})
    for rule in sorted(wanted, key=lambda rule: (ranks[rule.id], list(SIGNS).index(rule.severity), rule.id)):
        for binding in _bindings(rule, package, catalogue, drawing):
            if binding.table:
                yield Check(binding, drawing.blocks[binding.table], 0)
            elif binding.at.owner in drawing.blocks:
                yield Check(binding, None, drawing.blocks[binding.at.owner or ""].foot)
            elif binding.at.name in addresses:
                yield Check(binding, None, addresses[binding.at.name][0])


def _ranks(yields: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many steps each rule stands behind a rule that yields to nobody."""
    ranks = dict.fromkeys(yields, 0)
    for rule in TopologicalSorter(yields).static_order():
        ranks[rule] = max((ranks[other] + 1 for other in yields[rule]), default=0)
    return ranks


def _bindings(rule: Rule, package: Package, catalogue: Catalogue, drawing: Drawing) -> Sequence[Binding]:
    form = drawing.form
    with contextlib.suppress(BindingError):
        if form.code in rule.forms:
            return tuple(Binding.all(rule, package.forms[form.code], catalogue.forms, catalogue.parameters))
    return ()


def outcomes(check: Check, calculation: Calculation) -> list[str]:
    """What the check cell shows, for each sheet of the form or each row of the table."""
    rule = check.binding.rule
    scope = calculation.scope(check.binding.form.code, check.binding.table, check.binding.names)
    assert rule.check is not None
    holds = np.broadcast_to(rule.check.evaluate(scope), scope.size)
    asked = (
        np.ones(scope.size) if rule.when is None else np.broadcast_to(rule.when.evaluate(scope), scope.size)
    )
    if not rule.exact and (holds == 0).any():
        _, possible = rule.check.bounds(scope)
        holds = np.where((holds == 0) & (possible != 0), 1.0, holds)
    if rule.answered_by:
        answers = scope.texts(Ref(None, rule.answered_by))
        answered = np.array([bool(reason(answers[k])) for k in range(scope.size)], dtype=bool)
        holds = np.where((holds == 0) & answered, 1.0, holds)
    return [
        "" if when != 1 or np.isnan(value) else PASSED if value else check.failure
        for value, when in zip(holds, asked, strict=True)
    ]


class CheckPrinter:
    """Prints one check as the formula of its cell, or of its cell in every row of a table.

    Conditions are printed twice over: as what surely holds and as what may hold, where a blank operand leaves it
    open. A rule fails when its check may not hold, and asks only where its ``when`` surely does (Kleene's logic).
    """

    def __init__(self, check: Check, formulas: Formulas) -> None:
        self.check, self.formulas = check, formulas
        self.binding, self.block = check.binding, check.block

    def formula(self) -> str:
        """The formula of the check cell.

        Raises:
            NoNativeForm: the rule cannot be said, or not as carefully as it must be.
        """
        rule = self.binding.rule
        assert rule.check is not None
        failure = f'"{self.check.failure}"'
        if rule.answered_by:
            answered = NATIVE_REASON.format(cell=self._cell(Ref(None, rule.answered_by), False))
            failure = f'IF({answered},"{PASSED}",{failure})'
        tree = _tree(rule.check)
        if _is_leaf(tree):
            formula = f'IF({self._leaf(tree, rule.exact)},"{PASSED}",{failure})'
        else:
            may, sure = self._condition(tree, rule.exact, False), self._condition(tree, rule.exact, True)
            formula = f'IF({may},IF({sure},"{PASSED}",""),{failure})'
        if rule.when is not None:
            formula = f'IF({self._condition(_tree(rule.when), True, True)},{formula},"")'
        begun = self.formulas.used_cell(self.block) if self.block else BEGUN
        formula = f'=IFERROR(IF({begun}=1,{formula},""),"")'
        if len(formula) > _MAX_FORMULA:
            raise NoNativeForm("公式超过 Excel 的长度上限")
        return formula

    # -- conditions

    def _condition(self, tree: ast.expr, exact: bool, sure: bool) -> str:
        """Whether ``tree`` surely holds, or may hold."""
        match tree:
            case ast.BoolOp(op=op, values=values):
                parts = ",".join(self._condition(value, exact, sure) for value in values)
                return f"{'AND' if isinstance(op, ast.And) else 'OR'}({parts})"
            case ast.UnaryOp(op=ast.Not(), operand=inside):
                if not exact and self._rounded(inside):
                    raise NoNativeForm("否定的区间比较没有对应的公式")
                return f"NOT({self._condition(inside, exact, not sure)})"
        leaf = self._leaf(tree, exact)
        return f"IFERROR({leaf},{'FALSE' if sure else 'TRUE'})" if self._may_be_open(tree) else leaf

    def _leaf(self, tree: ast.expr, exact: bool) -> str:
        """A single comparison or test; an error where it is not applicable."""
        rounded = not exact and self._rounded(tree)
        condition = self._tolerant(tree) if rounded else self._print(tree)
        for guard in self._guards(tree):
            condition = f"IF({guard},{condition},NA())"
        return condition

    def _may_be_open(self, tree: ast.expr) -> bool:
        """Whether a blank cell can leave a condition open: figures are compared."""
        refs = map(_as_ref, _figures(tree))
        return _calls_for_figures(tree) or any(
            self.formulas.kind(self._ref(ref), self.block) == "number" for ref in refs
        )

    # -- references

    def _ref(self, ref: Ref) -> Ref:
        return self.binding.names.get(ref.name, ref) if ref.owner is None else ref

    def _cell(self, ref: Ref, merged: bool) -> str:
        target = self._ref(ref)
        if ref.owner is None and ref.name == CALCULATED and CALCULATED in self.binding.names:
            field = self.binding.field(target)
            if field is None or field.expression is None:
                raise NoNativeForm("没有可重算的公式")
            return f"({self.formulas.calculated(field.expression, self.block)[1:]})"
        return self.formulas.cell(target, self.block, merged)

    def _print(self, tree: ast.expr) -> str:
        expression = _expression(tree, self.binding.rule.id)
        merged = draws_merged(expression)
        return expression.excel(
            lambda ref: self._cell(ref, merged),
            lambda ref: self.formulas.kind(self._ref(ref), self.block),
            self._helpers,
        )

    def _helpers(self, ref: Ref) -> dict[str, str]:
        if self.block is None or ref.owner is not None:
            raise NoNativeForm("此处没有读取指标值的辅助单元格")
        return self.formulas.helpers(self.block, ref.name)

    # -- blanks: a rule with a blank operand is not applicable

    def _guards(self, tree: ast.expr) -> list[str]:
        cells: dict[str, None] = {}
        groups: list[str] = []
        for node, call in _operands(tree):
            if call:
                groups.append(f"COUNT({','.join(self._cell(_as_ref(arg), False) for arg in call)})>0")
            elif self._blankable(_as_ref(node)):
                cells[self._cell(_as_ref(node), False)] = None
        return ([f"COUNT({','.join(cells)})={len(cells)}"] if cells else []) + groups

    def _blankable(self, ref: Ref) -> bool:
        """Whether a reference is a number cell; parameters are always there, and texts are compared as they stand."""
        if ref.owner is None and ref.name == CALCULATED:
            return False
        target = self._ref(ref)
        if target.owner is None and self.binding.field(target) is None:
            return False
        return self.formulas.kind(target, self.block) == "number"

    # -- rounding: figures of different sheets were rounded apart

    def _rounded(self, tree: ast.expr) -> bool:
        """Whether figures with decimals are compared, not only texts, counts, and what is filled."""
        fields = (self.binding.field(self._ref(ref)) for ref in map(_as_ref, _figures(tree)))
        return any(field is None or field.decimals > 0 for field in fields)

    def _tolerant(self, tree: ast.expr) -> str:
        if (
            not isinstance(tree, ast.Compare)
            or len(tree.ops) != 1
            or not (_linear(tree.left) and _linear(tree.comparators[0]))
        ):
            raise NoNativeForm("比率类核对须按区间比较，留给审核")
        left, right = self._print(tree.left), self._print(tree.comparators[0])
        counted = ",".join(dict.fromkeys(self._cell(_as_ref(node), False) for node in _figures(tree)))
        field = self.binding.field(self.binding.at)
        width = f"{half_width(field.decimals if field else 2):g}*COUNT({counted})"
        gap = f"({left})-({right})"
        match tree.ops[0]:
            case ast.Eq():
                return f"ROUND(ABS({gap})-{width},6)<=0"
            case ast.LtE():
                return f"ROUND({gap}-{width},6)<=0"
            case ast.GtE():
                return f"ROUND({gap}+{width},6)>=0"
        raise NoNativeForm("这种比较没有带容差的公式")


# Every sheet of every workbook prints the same rules: what is asked of a tree is remembered by the tree itself.


def _remembered(find: Callable[[Any], Iterator[_Found]]) -> Callable[[Any], tuple[_Found, ...]]:
    """Make a function remember what it found in a tree."""
    return lru_cache(maxsize=1 << 14)(lambda tree: tuple(find(tree)))


@lru_cache(maxsize=4096)
def _tree(expression: Expression) -> ast.expr:
    return ast.parse(expression.source.strip(), mode="eval").body


@lru_cache(maxsize=1 << 14)
def _expression(tree: ast.expr, where: str) -> Expression:
    return parse(ast.unparse(tree), where)


@lru_cache(maxsize=1 << 14)
def _calls_for_figures(tree: ast.expr) -> bool:
    calls = [_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return "number" in calls or not _LOOK_AT_TEXTS.issuperset(calls)


def _is_leaf(tree: ast.expr) -> bool:
    return not isinstance(tree, ast.BoolOp) and not (
        isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    )


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _as_ref(node: ast.expr) -> Ref:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return Ref(node.value.id, node.attr)
    if isinstance(node, ast.Name):
        return Ref(None, node.id)
    raise NoNativeForm("汇总的是算式而不是单元格")


@_remembered
def _operands(node: ast.expr) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """What must be filled for a formula to have a result: single references, and the arguments of sums."""
    if isinstance(node, ast.Name | ast.Attribute):
        yield node, []
    elif isinstance(node, ast.Call):
        name = _name(node)
        if name in _ADD_UP:
            yield node, node.args
        elif name in ("abs", "round"):
            yield from _operands(node.args[0])
        # Measures give "" for blank operands, which makes the comparison an error and the cell blank.
    elif isinstance(node, ast.UnaryOp):
        yield from _operands(node.operand)
    elif isinstance(node, ast.BinOp):
        yield from (*_operands(node.left), *_operands(node.right))
    elif isinstance(node, ast.Compare):
        for side in (node.left, *node.comparators):
            yield from _operands(side)


@_remembered
def _figures(node: ast.AST) -> Iterator[ast.expr]:
    """The references whose figures an expression looks at."""
    if isinstance(node, ast.Call) and _name(node) in _LOOK_AT_TEXTS:
        return
    if isinstance(node, ast.Name | ast.Attribute):
        yield node
        return
    for inner in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and inner is node.func):
            yield from _figures(inner)


def _linear(node: ast.expr) -> bool:
    """Whether rounding errors of the operands simply add up."""
    match node:
        case ast.Name() | ast.Attribute() | ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return _linear(inside)
        case ast.BinOp(left=left, op=op, right=right):
            return isinstance(op, _LINEAR) and _linear(left) and _linear(right)
        case ast.Call(func=ast.Name(id=name), args=args):
            return name in ("sum", "total") and all(_linear(arg) for arg in args)
    return False
