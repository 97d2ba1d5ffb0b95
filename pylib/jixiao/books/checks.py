"""Rules as check cells beside the printed form: ✓, ✗ (强制性) or ！ (核实性) with no macro at all.

They are a preview: a rule that no formula can say is left to the audit, and where a formula cannot be as careful as
the audit (intervals of rounded figures inside ratios) it keeps silent.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jixiao.binding import CALCULATED, Binding, BindingError
from jixiao.books.drawing import Block, Drawing
from jixiao.books.formulas import Formulas, draws_merged
from jixiao.declarations import Catalogue, Package, Rule
from jixiao.expression import Expression, NoNativeForm, Ref
from jixiao.quantity import half_width
from jixiao.scope import Calculation

PASSED = "✓"
#: Name of the cell that says whether anybody has begun to fill the sheet in.
BEGUN = "_begun"
SIGNS = {"error": "✗", "warning": "！"}
_MAX_FORMULA = 8000
#: Calls that add up what is filled.
_ADD_UP = frozenset({"sum", "total", "min", "max"})
#: Calls that ask for no figure: whether something is filled, how many are, what a text says.
_LOOK_AT_TEXTS = frozenset(
    {
        "blank",
        "filled",
        "count",
        "contains",
        "startswith",
        "same",
        "length",
        "kind",
        "comparator",
        "unit",
        "number",
        "comparable",
    }
)
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
    """The rules that a sheet may show, errors before warnings."""
    addresses = drawing.addresses()
    wanted = [rule for rule in catalogue.rules if rule.severity in SIGNS and rule.check is not None]
    for rule in sorted(wanted, key=lambda rule: (list(SIGNS).index(rule.severity), rule.id)):
        for binding in _bindings(rule, package, catalogue, drawing):
            if binding.table:
                yield Check(binding, drawing.blocks[binding.table], 0)
            elif binding.at.owner in drawing.blocks:
                yield Check(binding, None, drawing.blocks[binding.at.owner or ""].foot)
            elif binding.at.name in addresses:
                yield Check(binding, None, addresses[binding.at.name][0])


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
        answered = np.array([len(answers[k].strip()) > 1 for k in range(scope.size)], dtype=bool)
        holds = np.where((holds == 0) & answered, 1.0, holds)
    return [
        "" if when != 1 or np.isnan(value) else PASSED if value else check.failure
        for value, when in zip(holds, asked, strict=True)
    ]


class CheckPrinter:
    """Prints one check as the formula of its cell, or of its cell in every row of a table."""

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
        conditions = [*self._guards(rule.check), *(self._guards(rule.when) if rule.when else ())]
        rounded = not rule.exact and self._rounded(rule.check)
        holds = self._tolerant(rule.check) if rounded else self._print(rule.check)
        if rule.answered_by:
            holds = f"OR({holds},LEN(TRIM({self._cell(Ref(None, rule.answered_by))}))>1)"
        formula = f'IF({holds},"{PASSED}","{self.check.failure}")'
        if rule.when is not None:
            formula = f'IF({self._print(rule.when)},{formula},"")'
        for condition in dict.fromkeys(reversed(conditions)):
            formula = f'IF({condition},{formula},"")'
        begun = self.formulas.used_cell(self.block) if self.block else BEGUN
        formula = f'=IFERROR(IF({begun}=1,{formula},""),"")'
        if len(formula) > _MAX_FORMULA:
            raise NoNativeForm("公式超过 Excel 的长度上限")
        return formula

    # -- references

    def _ref(self, ref: Ref) -> Ref:
        return self.binding.names.get(ref.name, ref) if ref.owner is None else ref

    def _cell(self, ref: Ref, merged: bool = False) -> str:
        target = self._ref(ref)
        if ref.owner is None and ref.name == CALCULATED and CALCULATED in self.binding.names:
            field = self.binding.field(target)
            if field is None or field.expression is None:
                raise NoNativeForm("没有可重算的公式")
            return f"({self.formulas.calculated(field.expression, self.block)[1:]})"
        return self.formulas.cell(target, self.block, merged)

    def _print(self, expression: Expression) -> str:
        merged = draws_merged(expression)
        return expression.excel(
            lambda ref: self._cell(ref, merged),
            lambda ref: self.formulas.kind(self._ref(ref), self.block),
            lambda ref: self._helpers(ref),
        )

    def _helpers(self, ref: Ref) -> dict[str, str]:
        if self.block is None or ref.owner is not None:
            raise NoNativeForm("此处没有读取指标值的辅助单元格")
        return self.formulas.helpers(self.block, ref.name)

    # -- blanks: a rule with a blank operand is not applicable

    def _guards(self, expression: Expression) -> list[str]:
        cells: dict[str, None] = {}
        groups: list[str] = []
        for node, call in _operands(ast.parse(expression.source.strip(), mode="eval").body):
            if call:
                groups.append(f"COUNT({','.join(self._cell(_as_ref(arg)) for arg in call)})>0")
            elif self._blankable(_as_ref(node)):
                cells[self._cell(_as_ref(node))] = None
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

    def _rounded(self, expression: Expression) -> bool:
        """Whether figures with decimals are compared, not only texts, counts, and what is filled."""
        tree = ast.parse(expression.source.strip(), mode="eval").body
        fields = (self.binding.field(self._ref(ref)) for ref in map(_as_ref, _figures(tree)))
        return any(field is None or field.decimals > 0 for field in fields)

    def _tolerant(self, expression: Expression) -> str:
        body = ast.parse(expression.source.strip(), mode="eval").body
        if (
            not isinstance(body, ast.Compare)
            or len(body.ops) != 1
            or not (_linear(body.left) and _linear(body.comparators[0]))
        ):
            raise NoNativeForm("比率类核对须按区间比较，留给审核")
        sides = expression.sides
        assert sides is not None
        left, right = (self._print(side) for side in sides)
        counted = ",".join(dict.fromkeys(self._cell(ref) for ref in expression.references))
        field = self.binding.field(self.binding.at)
        width = f"{half_width(field.decimals if field else 2):g}*COUNT({counted})"
        gap = f"({left})-({right})"
        match body.ops[0]:
            case ast.Eq():
                return f"ROUND(ABS({gap})-{width},6)<=0"
            case ast.LtE():
                return f"ROUND({gap}-{width},6)<=0"
            case ast.GtE():
                return f"ROUND({gap}+{width},6)>=0"
        raise NoNativeForm("这种比较没有带容差的公式")


def _as_ref(node: ast.expr) -> Ref:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return Ref(node.value.id, node.attr)
    if isinstance(node, ast.Name):
        return Ref(None, node.id)
    raise NoNativeForm("汇总的是算式而不是单元格")


def _operands(node: ast.expr) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """What must be filled for a formula to have a result: single references, and the arguments of sums."""
    if isinstance(node, ast.Name | ast.Attribute):
        yield node, []
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _ADD_UP:
            yield node, node.args
        elif name in ("abs", "round"):
            yield from _operands(node.args[0])
        # Measures give "" for blank operands, which makes the comparison an error and the cell blank.
    elif isinstance(node, ast.BoolOp):
        if isinstance(node.op, ast.And):
            for value in node.values:
                yield from _operands(value)
    elif isinstance(node, ast.UnaryOp):
        yield from _operands(node.operand)
    elif isinstance(node, ast.BinOp):
        yield from (*_operands(node.left), *_operands(node.right))
    elif isinstance(node, ast.Compare):
        for side in (node.left, *node.comparators):
            yield from _operands(side)


def _figures(node: ast.AST) -> Iterator[ast.expr]:
    """The references whose figures an expression looks at."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LOOK_AT_TEXTS:
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
