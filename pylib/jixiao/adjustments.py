"""A treasury's own 参数 over what is declared: bounds of its own, rules lowered or switched off with a reason.

:func:`adjusted` makes of them a catalogue of its own, with a version of its own, so that seals tell which rules a
filing passed. Whoever builds, checks or seals a filing asks it for the adjustments of that filing. A workbook has been
in other hands: who checks with a 参数 workbook of his own puts those in their place (:func:`own_instead`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

from jixiao.declarations import Adjustments, Catalogue, Parameter, Rule, RuleChange
from jixiao.filing import Filing

#: A batch meets a few sets of adjustments; hostile files must not fill the memory with theirs.
_REMEMBERED = 32


def adjusted(catalogue: Catalogue, adjustments: Adjustments | None) -> Catalogue:
    """The catalogue as a treasury has set it; the same one when nothing is set, or when it has been set already."""
    if adjustments is None or catalogue.adjustments is not None:
        return catalogue
    if not (adjustments.bounds or adjustments.rules):
        return catalogue
    key = (catalogue.version, adjustments)
    if key not in _made:
        if len(_made) >= _REMEMBERED:
            del _made[next(iter(_made))]
        _made[key] = _adjusted(catalogue, adjustments)
    return _made[key]


def own_instead(filing: Filing, own: Adjustments | None) -> bool:
    """Put a treasury's own adjustments in the place of those that a workbook carries, if they are for its package and
    year; whether others stood there."""
    if own is None or (own.package, own.year) != (filing.package, filing.year):
        return False
    carried, filing.adjustments = filing.adjustments, own
    nothing = Adjustments(own.package, own.year)
    return adjustments_digest(carried or nothing) != adjustments_digest(own)


_made: dict[tuple[str, Adjustments], Catalogue] = {}


def _adjusted(catalogue: Catalogue, adjustments: Adjustments) -> Catalogue:
    changes = {change.rule: change for change in adjustments.rules}
    off = {id_ for id_, change in changes.items() if change.severity is None}
    bounds = dict(adjustments.bounds)
    return replace(
        catalogue,
        parameters={
            code: _dated(parameter, adjustments.year, bounds[code]) if code in bounds else parameter
            for code, parameter in catalogue.parameters.items()
        },
        rules=tuple(_changed(rule, changes, off) for rule in catalogue.rules if rule.id not in off),
        version=catalogue.version + adjustments_digest(adjustments),
        adjustments=adjustments,
    )


def _dated(parameter: Parameter, year: int, value: float) -> Parameter:
    """The parameter with ``value`` in force at the end of ``year``; other years keep what was declared."""
    others = [(since, old) for since, old in parameter.values if since.year != year]
    after = (dt.date(year + 1, 1, 1), parameter.at(year + 1))
    own = [(dt.date(year, 1, 1), value), *([] if any(since == after[0] for since, _ in others) else [after])]
    before = [] if parameter.values[0][0].year < year else [(dt.date.min, parameter.values[0][1])]
    return replace(parameter, values=tuple(sorted([*before, *others, *own])))


def _changed(rule: Rule, changes: dict[str, RuleChange], off: set[str]) -> Rule:
    severity = changes[rule.id].severity if rule.id in changes else rule.severity
    left = tuple(other for other in rule.yields_to if other not in off)
    if severity is None or (severity == rule.severity and left == rule.yields_to):
        return rule
    return replace(rule, severity=severity, yields_to=left)


def adjustments_digest(adjustments: Adjustments) -> str:
    """Six hexadecimal digits for what the adjustments change in a check: not the number of the notice, not the reasons."""
    rules = sorted((change.rule, change.severity or "") for change in adjustments.rules)
    facts = repr((adjustments.year, sorted(adjustments.bounds), rules))
    return hashlib.sha256(facts.encode()).hexdigest()[:6]
