"""Rules x filings -> findings.

Every rule is evaluated over columns, first exactly; only where it failed is it evaluated again with intervals, so
that a difference which rounding explains is no finding (DESIGN §4). A rule that crashes is our fault, is shown as
such (``rule_error``), and the other rules still run.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from jixiao.adjustments import adjusted
from jixiao.binding import Binding, BindingError
from jixiao.declarations import PLACEHOLDER, TYPES, Catalogue, Field, Package, Rule
from jixiao.expression import Expression, Ref
from jixiao.filing import Cell, Column, Explanation, Filing, FormFrame, Frame, Index, text
from jixiao.findings import Finding, digest, ordered, reason
from jixiao.predicates import PREDICATES
from jixiao.quantity import Texts, display, half_width
from jixiao.scope import Calculation, Scope, Stack

#: Rows named in one message; the others are counted.
_NAMED_ROWS = 6


@dataclass
class _Hit:
    """One place where a rule failed: a field of a sheet, or a column in a row of ``table``."""

    binding: Binding
    table: str | None
    sheet: int
    row: int | None
    at: Ref
    values: dict[str, str] = field(default_factory=dict)
    tolerance: str = ""
    answer: str = ""
    #: For a hit on a whole sheet that is shown in a table: the rows concerned.
    rows: tuple[int, ...] = ()
    #: What a predicate calls the question and its place, and the cells elsewhere that it names.
    key: str = ""
    name: str = ""
    related: tuple[Cell, ...] = ()


def check(filing: Filing, catalogue: Catalogue) -> list[Finding]:
    """Check one filing, with the adjustments that it was issued with.

    Returns:
        The findings in working order, explanations attached.
    """
    catalogue = adjusted(catalogue, filing.adjustments)
    return check_frame(
        Frame([filing], catalogue.packages[filing.package].forms),
        catalogue.packages[filing.package],
        catalogue,
    )


def check_frame(
    frame: Frame, package: Package, catalogue: Catalogue, calculation: Calculation | None = None
) -> list[Finding]:
    """Check all filings of a frame at once; ``Finding.filing`` is the position of each finding's filing.

    The catalogue is taken as it is: filings in one frame are those for which :func:`jixiao.adjustments.adjusted` gives
    the same one. Who has use for the calculated cells gives the ``calculation`` of the frame, and finds them there
    afterwards.
    """
    calculation = calculation or Calculation(frame, catalogue)
    found: dict[str, list[_Hit]] = {}
    broken: list[Finding] = []
    with np.errstate(all="ignore"):
        for rule, bindings, alike in _bindings(package, catalogue):
            try:
                hits = _hits(rule, bindings, alike, calculation)
                found[rule.id] = [hit for hit in hits if _filing(hit, frame).year >= rule.since]
            except Exception as error:  # a rule that crashes must not take the others with it
                broken += [_rule_error(rule, filing, error) for filing in frame.filings]
    findings = [
        finding
        for rule, *_ in _bindings(package, catalogue)
        if rule.id in found
        for finding in _report(rule, _unyielded(rule, found), frame)
    ]
    counts: dict[tuple[int, str], int] = {}
    for finding in findings:  # two sheets of the same name ask two questions
        count = counts[finding.filing, finding.fingerprint] = (
            counts.get((finding.filing, finding.fingerprint), 0) + 1
        )
        if count > 1:
            finding.fingerprint = digest(finding.fingerprint, count)
        _explain(finding, frame.filings[finding.filing].explanations)
    return ordered([*findings, *broken])


def applicable(package: Package, catalogue: Catalogue) -> list[Rule]:
    """The rules that have something to ask in a package."""
    return [rule for rule, *_ in _bindings(package, catalogue)]


def _bindings(package: Package, catalogue: Catalogue) -> tuple[tuple[Rule, tuple[Binding, ...], bool], ...]:
    """The rules that apply to a package, each bound to its forms, and whether all of these can be asked as one.

    Remembered, because a batch asks again and again.
    """
    key = (package.code, catalogue.version)
    if key not in _remembered:
        if len(_remembered) >= _CATALOGUES:
            del _remembered[next(iter(_remembered))]
        _remembered[key] = tuple(
            (rule, bindings, _alike(rule, bindings))
            for rule in catalogue.rules
            if (bindings := tuple(_bound(rule, package, catalogue)))
        )
    return _remembered[key]


#: A treasury's adjustments make a catalogue of their own; a batch must not keep those of every file it meets.
_CATALOGUES = 64
_remembered: dict[tuple[str, str], tuple[tuple[Rule, tuple[Binding, ...], bool], ...]] = {}


def _bound(rule: Rule, package: Package, catalogue: Catalogue) -> Iterator[Binding]:
    forms = {**catalogue.forms, **package.forms}
    for code in rule.forms:
        if code in package.forms:
            # A package may leave out what a rule speaks of (signature lines): then the rule is not about it.
            with contextlib.suppress(BindingError):
                yield from Binding.all(rule, package.forms[code], forms, catalogue.parameters)


def _alike(rule: Rule, bindings: Sequence[Binding]) -> bool:
    """Whether every name of the rule is a number wherever it is bound, or a text wherever it is bound."""
    names = [ref for e in (rule.check, rule.when) if e for ref in e.references]
    kinds = {tuple(field_ and field_.textual for field_ in map(binding.field, names)) for binding in bindings}
    return len(kinds) == 1


# ------------------------------------------------------------------------------------------------ where a rule fails


def _hits(rule: Rule, bindings: Sequence[Binding], alike: bool, calculation: Calculation) -> Iterator[_Hit]:
    forms = calculation.frame.forms
    bindings = [binding for binding in bindings if binding.form.code in forms]
    if rule.predicate:
        for binding in bindings:
            for suspect in PREDICATES[rule.predicate](calculation, forms[binding.form.code]):
                yield _Hit(
                    binding,
                    suspect.table,
                    suspect.sheet,
                    suspect.row,
                    suspect.at,
                    dict(suspect.values),
                    key=suspect.key,
                    name=suspect.name,
                    related=suspect.related,
                )
        return
    scopes = tuple([calculation.scope(each.form.code, each.table, each.names) for each in bindings])
    stack = calculation.stack(scopes) if alike else None
    together = [(stack, bindings)] if stack else [(s, [b]) for s, b in zip(scopes, bindings, strict=True)]
    for scope, its in together:
        places = _failed(rule, scope)
        for binding, part in zip(its, scope.parts(places) if len(places) else (), strict=False):
            if part.size:
                yield from _hits_at(binding, part, forms[binding.form.code])


def _hits_at(binding: Binding, at: Scope, frame: FormFrame) -> Iterator[_Hit]:
    """The places where the exact values fail, without those that rounding explains."""
    rule = binding.rule
    assert rule.check is not None
    if rule.check.rounded and not rule.exact:
        at = at.take(_certain(rule, at).nonzero()[0])
        if not at.size:
            return
    table = frame.table(binding.table) if binding.table else None
    stated, expected, difference, tolerance = _figures(rule, binding, at)
    named = {name: _shown(binding, at, name) for name in rule.shown}
    figures = {"stated": stated, "expected": expected, "difference": difference, **named}
    among = _rows_concerned(rule, at)
    answers = at.texts(Ref(None, rule.answered_by)) if rule.answered_by else None
    for k, place in enumerate(at.positions):
        yield _Hit(
            binding,
            binding.table,
            int(table.parent[place]) if table else int(place),
            int(place) if table else None,
            binding.at,
            {name: column[k] for name, column in figures.items()},
            tolerance[k],
            reason(answers[k]) if answers is not None else "",
            tuple(among.get(k, ())),
        )


def _failed(rule: Rule, scope: Scope | Stack) -> Index:
    """Where ``when`` holds and ``check`` does not. The shorter of the two is asked first and often is answer enough."""
    assert rule.check is not None
    asked = [(rule.check, 0.0)]
    if rule.when is not None:
        asked.insert(len(rule.when.source) > len(rule.check.source), (rule.when, 1.0))
    places: Index = (asked[0][0].evaluate(scope) == asked[0][1]).nonzero()[0]
    for expression, answer in asked[1:]:
        if len(places):
            places = places[expression.evaluate(scope)[places] == answer]
    return places


def _rows_concerned(rule: Rule, scope: Scope) -> Mapping[int, list[int]]:
    """For each place, the rows of the rule's table that the finding is about."""
    concerned: dict[int, list[int]] = defaultdict(list)
    if rule.among is not None:
        rows, belongs = scope.members(rule.at.partition(".")[0])
        for k in (rule.among.evaluate(rows) == 1).nonzero()[0]:
            concerned[int(belongs[k])].append(int(rows.inner.positions[k]))
    return concerned


def _certain(rule: Rule, scope: Scope) -> Any:
    """Where no figures that round to the stated ones could satisfy the check."""
    assert rule.check is not None
    _, possible = rule.check.bounds(scope)
    certain = possible == 0
    if rule.max_tolerance is not None and rule.stated and rule.expected:
        gap = np.abs(_numbers(rule.stated, scope) - _numbers(rule.expected, scope))
        certain = certain | (np.isfinite(gap) & (gap > rule.max_tolerance + 1e-9))
    return certain


def _numbers(expression: Expression, scope: Scope) -> Column:
    column = expression.evaluate(scope)
    return np.full(scope.size, np.nan) if isinstance(column, Texts) else column


def _figures(rule: Rule, binding: Binding, scope: Scope) -> tuple[list[str], list[str], list[str], list[str]]:
    """填报值, 应为, 差额 and tolerance as people read them, at each place of ``scope``."""
    how = (rule.shown_as, TYPES[rule.shown_as][0]) if rule.shown_as else _kind(binding.field(binding.at))
    stated = rule.stated.evaluate(scope) if rule.stated else None
    expected = rule.expected.evaluate(scope) if rule.expected else None
    blank = [""] * scope.size
    difference, tolerance = blank, blank
    if isinstance(stated, np.ndarray) and isinstance(expected, np.ndarray):
        gap = stated - expected
        difference = [display(value, *how) if isfinite(value) else "" for value in gap.tolist()]
        width = 0.0 if rule.exact or not how[1] else half_width(how[1])
        tolerance = [f"{width:g}"] * scope.size
    return _formatted(stated, how, blank), _formatted(expected, how, blank), difference, tolerance


def _kind(field_: Field | None) -> tuple[str, int]:
    return (field_.type, field_.decimals) if field_ and not field_.textual else ("score", 2)


def _formatted(column: Column | Texts | None, how: tuple[str, int], blank: list[str]) -> list[str]:
    if column is None:
        return blank
    if isinstance(column, Texts):
        return [column[i] for i in range(len(column))]
    return [display(value, *how) for value in column.tolist()]


def _shown(binding: Binding, scope: Scope, name: str) -> list[str]:
    """What stands in the cell that a message names."""
    owner, _, code = name.rpartition(".")
    ref = Ref(owner or None, code)
    if scope.kind(ref) == "text":
        texts = scope.texts(ref)
        return [texts[i] for i in range(scope.size)]
    how = _kind(scope.field(ref))
    return [display(value, *how) for value in scope.numbers(ref).tolist()]


# ---------------------------------------------------------------------------------------------- which of them to say


def _unyielded(rule: Rule, found: dict[str, list[_Hit]]) -> list[_Hit]:
    """The hits that no rule named in ``yields_to`` has already said something about.

    A row rule yields to a rule that hit the same row. A rule about a cell yields to one that hit the same cell, or,
    when the two never report at the same cells, to one that hit the same sheet.
    """
    hits = found[rule.id]
    for other in rule.yields_to:
        theirs = found.get(other, [])
        if not theirs or not hits:
            continue
        rows = {_row_place(hit) for hit in theirs}
        cells = {_cell_place(hit) for hit in theirs}
        sheets = {_sheet_place(hit) for hit in theirs}
        shared = {hit.at for hit in hits} & {hit.at for hit in theirs}
        hits = [
            hit
            for hit in hits
            if not (
                _row_place(hit) in rows
                if hit.row is not None and any(t.row is not None for t in theirs)
                else _cell_place(hit) in cells
                if shared
                else _sheet_place(hit) in sheets
            )
        ]
    return hits


def _filing(hit: _Hit, frame: Frame) -> Filing:
    return frame.filings[int(frame.forms[hit.binding.form.code].filing[hit.sheet])]


def _sheet_place(hit: _Hit) -> tuple[Any, ...]:
    return hit.binding.form.code, hit.sheet


def _cell_place(hit: _Hit) -> tuple[Any, ...]:
    return hit.binding.form.code, hit.sheet, hit.at


def _row_place(hit: _Hit) -> tuple[Any, ...]:
    return hit.binding.form.code, hit.table, hit.row


def _report(rule: Rule, hits: Sequence[_Hit], frame: Frame) -> Iterator[Finding]:
    """One finding per hit, per sheet or per filing, as the rule says; what its row answers is no part of a question."""
    groups: dict[tuple[Any, ...], list[_Hit]] = defaultdict(list)
    for number, hit in enumerate(hits):
        filing = int(frame.forms[hit.binding.form.code].filing[hit.sheet])
        if rule.report == "filing":
            groups[filing, bool(hit.answer)].append(hit)
        elif rule.report == "table":
            groups[filing, bool(hit.answer), hit.binding.form.code, hit.sheet].append(hit)
        else:
            groups[(number,)].append(hit)
    for group in groups.values():
        if rule.report == "filing":  # forms were asked one after the other
            group.sort(key=lambda hit: _position(hit, frame))
        yield _finding(rule, group, frame)


def _finding(rule: Rule, hits: Sequence[_Hit], frame: Frame) -> Finding:
    first = hits[0]
    forms = frame.forms[first.binding.form.code]
    filing = int(forms.filing[first.sheet])
    sheet = forms.sheets[first.sheet]
    labels = list(dict.fromkeys(_label(hit, frame) for hit in hits))
    listed = "、".join(labels[:_NAMED_ROWS]) + (f"等 {len(labels)} 处" if len(labels) > _NAMED_ROWS else "")
    values = {**first.values, "rows": listed, "tolerance": first.tolerance}
    # Several columns of one line (三公经费 of three years) are shown together; rows have their own figures.
    shown = hits if all(hit.row is None for hit in hits) and rule.report != "filing" else hits[:1]
    together = len(shown) == len(hits)
    figures = {
        name: "、".join([hit.values.get(name, "") for hit in shown]).strip("、") if together else ""
        for name in ("stated", "expected", "difference")
    }
    related = [address for hit in hits[1:] if (address := _address(hit, hit.at, frame))]
    related += [_address(first, first.at, frame, row) for row in first.rows[1:]]
    related += [a for ref in first.binding.related if (a := _address(first, ref, frame)) and a not in related]
    related += [a for place in first.related if (a := _mark(place)) and a not in related]
    row = _row_key(first, frame) if rule.report == "row" else ""
    answers = [hit.answer for hit in hits]
    result = Finding(
        rule=rule,
        unit=frame.filings[filing].unit,
        form=forms.form.code,
        sheet=sheet.name,
        cell=_cell(first, first.at, frame)[1],
        message=PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), rule.message),
        field=first.at.name,
        table=first.table or "",
        row=row,
        related=related,
        rows=labels,
        stated=figures["stated"],
        expected=figures["expected"],
        difference=figures["difference"],
        tolerance=first.tolerance if len(hits) == 1 else "",
        figures=digest(
            *(value for hit in hits for value in hit.values.values()),
            *(labels if not first.key else (hit.key for hit in hits)),
        ),
        explanation="；".join(dict.fromkeys(answers)) if all(answers) else None,
        filing=filing,
        position=_position(first, frame),
    )
    key = _sheet_key(first, frame) if rule.report != "filing" else ""
    at = first.at.name if rule.report == "row" else ""
    result.fingerprint = digest(
        rule.id, result.unit, result.form, key, frame.filings[filing].year, result.table, row, at
    )
    return result


def _explain(finding: Finding, explanations: dict[str, Explanation]) -> None:
    given = explanations.get(finding.fingerprint)
    if given and reason(given.text) and given.figures in ("", finding.figures):
        finding.explanation = given.text


def _rule_error(rule: Rule, filing: Filing, error: Exception) -> Finding:
    return Finding(
        rule=rule,
        unit=filing.unit,
        form=rule.forms[0],
        sheet="",
        cell="",
        outcome="rule_error",
        message=f"规则 {rule.id} 未能执行，这是程序的问题，不是填报的问题（{type(error).__name__}）。请把本文件反馈给下发单位。",
        fingerprint=digest(rule.id, filing.unit, filing.year, "rule_error"),
    )


# ------------------------------------------------------------------------------------------------------ naming places


def _cell(hit: _Hit, ref: Ref, frame: Frame, row: int | None = None) -> tuple[str, str]:
    """Sheet name and address of what ``ref`` means at the place of ``hit``; the address is "" without a workbook."""
    forms = frame.forms[hit.binding.form.code]
    sheet = forms.sheets[hit.sheet]
    ref = hit.binding.names.get(ref.name, ref) if ref.owner is None else ref
    table = ref.owner or hit.table
    if table and table in forms.form.tables and ref.name in forms.form.tables[table].columns:
        if row is None:
            row = hit.rows[0] if hit.row is None and hit.rows else hit.row
        if row is None:  # nothing is filled: the head of the column
            return sheet.name, sheet.addresses.get(f"{table}.{ref.name}", "")
        return sheet.name, sheet.cell(ref.name, table, forms.table(table).within[row])
    if ref.owner is None or ref.owner == forms.form.code:
        return sheet.name, sheet.cell(ref.name)
    other = frame.forms.get(ref.owner)
    if other is not None:
        filing = forms.filing[hit.sheet]
        place = int(other.filing.searchsorted(filing))
        if place < other.size and other.filing[place] == filing:
            return other.sheets[place].name, other.sheets[place].cell(ref.name)
    return "", ""


def _address(hit: _Hit, ref: Ref, frame: Frame, row: int | None = None) -> str:
    name, cell = _cell(hit, ref, frame, row)
    return f"{name}!{cell}" if cell else ""


def _mark(cell: Cell) -> str:
    address = cell.sheet.cell(cell.code, cell.table, cell.row)
    return f"{cell.sheet.name}!{address}" if address else ""


def _label(hit: _Hit, frame: Frame) -> str:
    """How a message names the place: the row's own name, else sheet and field."""
    if hit.name:
        return hit.name
    forms = frame.forms[hit.binding.form.code]
    if hit.row is not None:
        return _row_name(hit, forms) or f"第 {forms.table(hit.table or '').within[hit.row] + 1} 行"
    field_ = hit.binding.field(hit.at)
    year = frame.filings[int(forms.filing[hit.sheet])].year
    title = field_.title_in(year) if field_ else hit.at.name
    return f"{forms.sheets[hit.sheet].name}“{title}”" if hit.binding.rule.report == "filing" else title


def _row_name(hit: _Hit, forms: FormFrame) -> str:
    rows = forms.table(hit.table or "")
    name = rows.table.name_column
    return text(rows.records[hit.row].get(name)).strip() if rows.records and hit.row is not None else ""


def _row_key(hit: _Hit, frame: Frame) -> str:
    """What names a row across inserted rows: its 二级指标 and name, and its number among rows so named."""
    if hit.key or hit.row is None:
        return hit.key
    forms = frame.forms[hit.binding.form.code]
    rows = forms.table(hit.table or "")
    if not rows.records:
        return str(hit.row)

    codes, first = rows.names.codes, hit.row - rows.within[hit.row]
    earlier = np.count_nonzero(codes[first : hit.row] == codes[hit.row])
    return f"{rows.names[hit.row]}#{earlier + 1}" if earlier else rows.names[hit.row]


def _sheet_key(hit: _Hit, frame: Frame) -> str:
    """What names a sheet across renaming and reordering: a project's name; nothing for a form that occurs once."""
    forms = frame.forms[hit.binding.form.code]
    sheet = forms.sheets[hit.sheet]
    return (text(sheet.fields.get(forms.form.named_by)).strip() or sheet.name) if forms.form.many else ""


def _position(hit: _Hit, frame: Frame) -> tuple[int, int, int]:
    forms = frame.forms[hit.binding.form.code]
    order = frame.order.get(id(forms.sheets[hit.sheet]), hit.sheet)
    if hit.row is not None:  # tables stand below one another in the order of their declaration
        return order, len(forms.fields) + [*forms.form.tables].index(hit.table or ""), hit.row
    return order, forms.lines.get(hit.at.name, len(forms.fields)), 0
