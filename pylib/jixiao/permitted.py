"""What a treasury may set otherwise than declared, and what of it a workbook that comes back is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from jixiao.declarations import Adjustments, Catalogue, Parameter, Rule, RuleChange, Severity
from jixiao.findings import SEVERITY_NAMES

OFF = "停用"
#: What a rule can be set to: the name of its level -> the level; None switches it off.
LEVELS: Mapping[str, Severity | None] = {**{name: level for level, name in SEVERITY_NAMES.items()}, OFF: None}
#: Points that together are all of them, and lower ends of grades from the best.
_SHARES, _WHOLE = ("预算执行率分值", "产出指标分值", "效益指标分值", "满意度指标分值"), "总分值"
_GRADES = ("优秀下限", "良好下限", "合格下限")


def bound_refused(parameter: Parameter, value: float) -> str:
    """Why a parameter cannot be set to ``value``; "" when it can."""
    if parameter.most is None:
        return "" if value >= parameter.least else f"应不小于 {parameter.least:g}"
    inside = parameter.least <= value <= parameter.most
    return "" if inside else f"应在 {parameter.least:g} 到 {parameter.most:g} 之间"


def change_refused(rule: Rule, change: RuleChange) -> str:
    """Why a rule cannot be changed so; "" when it can."""
    levels = list(SEVERITY_NAMES)
    if change.severity is not None and levels.index(change.severity) < levels.index(rule.severity):
        return (
            f"只能从“{SEVERITY_NAMES[rule.severity]}”降级或停用，不能改为“{SEVERITY_NAMES[change.severity]}”"
        )
    if not change.reason:
        return f"{'停用' if change.severity is None else '降级'}规则须写明理由"
    return ""


def together_refused(
    catalogue: Catalogue, bounds: Mapping[str, float], year: int
) -> tuple[str, tuple[str, ...]]:
    """Why the parameters do not fit each other, and which ones; "" when they do."""

    def value(code: str) -> float:
        return bounds.get(code, catalogue.parameter(code, year))

    if {*_SHARES, _WHOLE} <= catalogue.parameters.keys():
        total = sum(value(code) for code in _SHARES)
        if abs(total - value(_WHOLE)) > 1e-9:
            return f"四类分值之和是 {total:g}，应等于总分值 {value(_WHOLE):g}", (*_SHARES, _WHOLE)
    if catalogue.parameters.keys() >= set(_GRADES):
        ends = [value(code) for code in _GRADES]
        if any(upper <= lower for upper, lower in pairwise(ends)):
            return "评价等级的最低分应当优大于良、良大于中", _GRADES
    return "", ()


def trusted(
    catalogue: Catalogue,
    package: str,
    year: int,
    notice: str,
    bounds: Iterable[tuple[str, float]],
    rules: Sequence[RuleChange],
) -> tuple[Adjustments | None, list[str]]:
    """The adjustments that a workbook carries, as far as they can be used, and what cannot: causes in Chinese."""
    causes = []
    kept: dict[str, float] = {}
    for code, value in bounds:
        parameter = catalogue.parameters.get(code)
        if parameter is None or bound_refused(parameter, value):
            causes.append(f"参数“{code}”的值 {value:g} 不能采用")
        else:
            kept[code] = value
    misfit, _ = together_refused(catalogue, kept, year)
    if misfit:
        causes.append(misfit)
        kept = {}
    declared = {rule.id: rule for rule in catalogue.rules}
    changes = {}
    for change in rules:
        if change.rule not in declared or change_refused(declared[change.rule], change):
            causes.append(f"规则 {change.rule} 的调整不能采用")
        else:
            changes[change.rule] = change
    own = Adjustments(package, year, notice, tuple(sorted(kept.items())), tuple(changes.values()))
    return (own if own.bounds or own.rules or own.notice else None), causes
