"""The figures of a summary, asked of the store once: what the workbook and the page both show.

Only filings that count (``used``) are in them; what does not count is listed with the reason. Money stays decimal
until it is shown.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np

from jixiao.adjustments import adjusted
from jixiao.declarations import Adjustments, Catalogue, Form, Package
from jixiao.findings import SEVERITY_NAMES
from jixiao.measures import grade, rate
from jixiao.quantity import NOT_APPLICABLE_TEXT
from jixiao.treasury.collecting.choice import SUPERSEDED, UNDECIDED, USED, missing
from jixiao.treasury.collecting.task import OTHER_RULES, VALID
from jixiao.treasury.keeping.query import connect
from jixiao.treasury.keeping.store import FILINGS, Store
from jixiao.treasury.keeping.tables import FUNDS, INDICATORS
from jixiao.treasury.unitlist import Listed
from jixiao.treasury.units import Roster

ORIGINAL, BUDGET, SPENT = "年初预算数", "全年预算数", "全年执行数"
"""The columns of funds that every form calls so."""
STATES = ("通过", "待说明", "未通过")
GRADES = ("优", "良", "中", "差")
#: Lower bounds of the columns in the picture of scores: self-assessed ones crowd at the top.
_BOUNDS = (60, 70, 80, 85, 90, 95)
#: Bars in a picture, and a unit's share of them.
MOST_UNITS, MOST_PROBLEMS = 15, 10
_BOUND_CODES = ("优秀下限", "良好下限", "合格下限")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Batch:
    """The filings of one package for one year. ``package`` is ``None`` for one that this program does not know."""

    code: str
    year: int
    package: Package | None

    @property
    def title(self) -> str:
        return self.package.title.format(year=self.year) if self.package else f"{self.code} {self.year}年"

    @property
    def key(self) -> str:
        """What tells it apart in a cell."""
        return f"{self.code} {self.year}"


@dataclass(frozen=True)
class UnitLine:
    """A unit's filing that counts. ``rate`` is a number, 不适用, or ``None`` when its forms say nothing of it."""

    filing: int
    batch: Batch
    code: str
    name: str
    status: str
    score: float | None
    grade: str
    budget: Decimal | None
    spent: Decimal | None
    rate: float | str | None
    errors: int
    warnings: int
    infos: int
    outstanding: int
    seal: str
    source: str


@dataclass(frozen=True)
class FundLine:
    """Sums of one source of funds over the filings of a batch; ``sheet`` is the form as the package calls it."""

    batch: Batch
    sheet: str
    source: str
    original: Decimal | None
    budget: Decimal | None
    spent: Decimal | None
    rate: float | str | None


@dataclass(frozen=True)
class Problem:
    """A rule with what was found of it: findings, those that still ask something, and units that have any."""

    rule: str
    title: str
    severity: str
    count: int
    outstanding: int
    units: int


@dataclass(frozen=True)
class Beside:
    """A file that is in no total: what kind of file, whose it is as far as known, and why."""

    kind: str
    unit: str
    source: str
    reason: str


@dataclass
class Figures:
    """Everything that a summary shows of a whole store, apart from the long lists and the forms."""

    made: dt.datetime
    complete: bool
    batches: list[Batch]
    units: list[UnitLine]
    """Best score first."""
    funds: list[FundLine]
    problems: list[Problem]
    """Most frequent first."""
    beside: list[Beside]
    listed: int = 0
    """Units of the list of units; 0 without one."""
    missing: list[Listed] = field(default_factory=list)
    unlisted: int = 0
    """Filings that count, of units that the list does not have."""
    undecided: int = 0
    displaced: int = 0
    """Filings that passed no check, in whose place one counts that did: perhaps corrections of it."""
    failures: int = 0

    def states(self) -> dict[str, int]:
        """Number of units by status."""
        counts = Counter(unit.status for unit in self.units)
        return {state: counts[state] for state in STATES}

    def grades(self) -> dict[str, int]:
        counts = Counter(unit.grade for unit in self.units)
        return {name: counts[name] for name in GRADES}

    def severities(self) -> dict[str, int]:
        """Number of findings by severity."""
        return {
            "强制性": sum(unit.errors for unit in self.units),
            "核实性": sum(unit.warnings for unit in self.units),
            "提示": sum(unit.infos for unit in self.units),
        }

    def scores(self) -> list[tuple[str, int]]:
        """The distribution of scores: each range with its number of units."""
        points = [unit.score for unit in self.units if unit.score is not None]
        edges = [float("-inf"), *_BOUNDS, 100.000001, float("inf")]
        labels = [
            f"{_BOUNDS[0]}以下",
            *(f"{low}～{high}" for low, high in zip(_BOUNDS, [*_BOUNDS[1:], 100], strict=True)),
            "100以上",
        ]
        counts = [sum(low <= p < high for p in points) for low, high in pairwise(edges)]
        rows = list(zip(labels, counts, strict=True))
        return rows if counts[-1] else rows[:-1]

    def slowest(self) -> list[tuple[str, float]]:
        """The units with the lowest rates of execution, lowest first; all when there are few."""
        rates = [(unit.name, unit.rate) for unit in self.units if isinstance(unit.rate, float)]
        return sorted(rates, key=lambda each: (each[1], each[0]))[:MOST_UNITS]

    @property
    def with_rate(self) -> int:
        return sum(isinstance(unit.rate, float) for unit in self.units)

    @property
    def average(self) -> float | None:
        points = [Decimal(repr(unit.score)) for unit in self.units if unit.score is not None]
        return float(_rounded(sum(points, Decimal()) / len(points))) if points else None


class Source:
    """Questions to a store; ``own``: what the treasury has set for one package and year."""

    def __init__(self, store: Store, catalogue: Catalogue, own: Adjustments | None = None) -> None:
        self.catalogue, self.store, self._own = catalogue, store, own
        self.connection: duckdb.DuckDBPyConnection = connect(store, catalogue)

    def all(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(question, list(values)).fetchall()

    def declared(self, batch: Batch) -> Catalogue:
        """What goes for the filings of a batch."""
        own = self._own
        mine = own is not None and (own.package, own.year) == (batch.code, batch.year)
        return adjusted(self.catalogue, own if mine else None)

    def batches(self) -> list[Batch]:
        rows = self.all("SELECT DISTINCT package, year FROM filings WHERE used ORDER BY ALL")
        return [Batch(code, year, self.catalogue.packages.get(code)) for code, year in rows]


def figures(source: Source, units: Sequence[Listed] = (), made: dt.datetime | None = None) -> Figures:
    """The figures of a store.

    Args:
        source: the store.
        units: the list of units that are to file, if there is one.
        made: when; now when omitted.
    """
    batches = source.batches()
    lines = [line for batch in batches for line in _units(source, batch)]
    lines.sort(
        key=lambda u: (
            -(u.score if u.score is not None else -1.0),
            -(u.rate if isinstance(u.rate, float) else -1.0),
            u.code,
            u.name,
        )
    )
    result = Figures(
        made or dt.datetime.now(),
        source.store.complete,
        batches,
        lines,
        [line for batch in batches for line in _funds(source, batch)],
        list(_problems(source)),
        list(_beside(source)),
    )
    result.failures = sum(each.kind == FAILED for each in result.beside)
    result.undecided = source.all("SELECT count(*) FROM filings WHERE role = $1", UNDECIDED)[0][0]
    result.displaced = source.all(
        "SELECT count(*) FROM filings WHERE role = $1 AND seal NOT IN ($2, $3)",
        SUPERSEDED,
        VALID,
        OTHER_RULES,
    )[0][0]
    if units:
        by_unit = {listed.unit: listed for listed in units}
        filings = source.store.read("filings", FILINGS.names) or FILINGS.empty_table()
        result.listed = len(by_unit)
        result.missing = [by_unit[unit] for unit in missing(filings, Roster(by_unit))]
        result.unlisted = source.all(
            "SELECT count(*) FROM filings WHERE used AND unit_code IS NULL AND unit_name IS NULL"
        )[0][0]
    return result


def scored_form(package: Package) -> Form | None:
    """The form whose total is the score of a filing: that of the unit, else those of its projects."""
    forms = [form for form in package.forms.values() if _total(form)]
    return next((form for form in forms if not form.many), forms[0] if forms else None)


def _total(form: Form) -> str:
    table = form.tables.get(INDICATORS)
    return table.total.get("field", "") if table else ""


def funds_form(package: Package) -> Form | None:
    """The form that states what was budgeted and spent in all: that of the unit, else those of its projects."""
    forms = [
        form
        for form in package.forms.values()
        if FUNDS in form.matrices and {BUDGET, SPENT} <= set(form.matrices[FUNDS].columns)
    ]
    return next((form for form in forms if not form.many), forms[0] if forms else None)


def _units(source: Source, batch: Batch) -> Iterator[UnitLine]:
    scores, money = _scores(source, batch), _money(source, batch)
    rows = source.all(
        "SELECT filing, coalesce(unit_code, code, ''), coalesce(unit_name, unit, ''), status, errors, warnings, infos, "
        "outstanding, seal, source FROM filings WHERE used AND package = $1 AND year = $2 ORDER BY filing",
        batch.code,
        batch.year,
    )
    if not rows:
        return
    points = [scores.get(row[0]) for row in rows]
    bounds = [np.full(len(rows), source.declared(batch).parameter(code, batch.year)) for code in _BOUND_CODES]
    grades = list(grade(np.array([np.nan if p is None else p for p in points]), *bounds))
    rates = rated([money.get(row[0], (None, None)) for row in rows])
    for row, score, name, share in zip(rows, points, grades, rates, strict=True):
        filing, code, unit, status, errors, warnings, infos, outstanding, seal, path = row
        budget, spent = money.get(filing, (None, None))
        yield UnitLine(
            filing, batch, code, unit or "（未填单位名称）", status, score, str(name), budget, spent, share,
            errors, warnings, infos, outstanding, seal, path,
        )  # fmt: skip


def rated(pairs: Iterable[tuple[Decimal | None, Decimal | None]]) -> list[float | str | None]:
    """执行率 of pairs of 全年预算数 and 全年执行数, as the measure gives it."""
    pairs = list(pairs)
    figures_ = np.array(
        [[np.nan if each is None else float(each) for each in pair] for pair in pairs], dtype=np.float64
    ).reshape(-1, 2)
    shares = rate(figures_[:, 1], figures_[:, 0])
    return [None if np.isnan(s) else NOT_APPLICABLE_TEXT if np.isinf(s) else float(s) for s in shares]


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _scores(source: Source, batch: Batch) -> dict[int, float]:
    """The score of each filing: the total of its form, the mean of several."""
    form = scored_form(batch.package) if batch.package else None
    if form is None:
        return {}
    rows = source.all(
        "SELECT filing, sum(number), count(number) FROM fields JOIN filings f USING (filing) WHERE f.used AND f.package = $1 "
        "AND f.year = $2 AND form = $3 AND table_code IS NULL AND fields.code = $4 GROUP BY filing HAVING count(number) > 0",
        batch.code,
        batch.year,
        form.code,
        _total(form),
    )
    return {filing: float(_rounded(total / count)) for filing, total, count in rows}


def _money(source: Source, batch: Batch) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """What each filing had to spend and spent."""
    form = funds_form(batch.package) if batch.package else None
    if form is None:
        return {}
    matrix = form.matrices[FUNDS]
    only = f'AND "{matrix.key}" = $4' if matrix.total else "AND $4 = ''"
    rows = source.all(
        f'SELECT filing, sum("{BUDGET}"), sum("{SPENT}") FROM funds JOIN filings f USING (filing) WHERE f.used '
        f"AND f.package = $1 AND f.year = $2 AND form = $3 {only} GROUP BY filing",
        batch.code,
        batch.year,
        form.code,
        matrix.total or "",
    )
    return {filing: (budget, spent) for filing, budget, spent in rows}


def _funds(source: Source, batch: Batch) -> Iterator[FundLine]:
    """The sums of every source of funds, form by form, in the order of its rows."""
    for form in batch.package.forms.values() if batch.package else ():
        matrix = form.matrices.get(FUNDS)
        columns = [name if matrix and name in matrix.columns else None for name in (ORIGINAL, BUDGET, SPENT)]
        if matrix is None or not any(columns):
            continue
        sums = ", ".join(f'sum("{name}")' if name else "NULL" for name in columns)
        found: Mapping[str, Sequence[Any]] = {
            row[0]: row[1:]
            for row in source.all(
                f'SELECT "{matrix.key}", {sums} FROM funds JOIN filings f USING (filing) WHERE f.used AND f.package = $1 '
                "AND f.year = $2 AND form = $3 GROUP BY ALL",
                batch.code,
                batch.year,
                form.code,
            )
        }
        for code, label in matrix.rows.items():
            original, budget, spent = found.get(code, (None, None, None))
            if found:
                name = form.variables.get(label, label).replace("\n", "").removeprefix("其中：")
                share = rated([(budget, spent)])[0]
                yield FundLine(batch, form.sheet, name, original, budget, spent, share)


def _problems(source: Source) -> Iterator[Problem]:
    titles = {rule.id: rule.title for rule in source.catalogue.rules}
    names: dict[str, str] = dict(SEVERITY_NAMES.items())
    for rule, severity, count, outstanding, units in source.all(
        "SELECT d.rule, d.severity, count(*), count(*) FILTER (d.outstanding), count(DISTINCT d.filing) FROM findings d "
        "JOIN filings f USING (filing) WHERE f.used GROUP BY d.rule, d.severity ORDER BY count(*) DESC, d.rule, d.severity"
    ):
        yield Problem(rule, titles.get(rule, rule), names[severity], count, outstanding, units)


FAILED = "不能审核"


def _beside(source: Source) -> Iterator[Beside]:
    for path, reason in source.all(
        "SELECT source, cause || '。' || remedy || '。' FROM failures ORDER BY source"
    ):
        yield Beside(FAILED, "", path, reason)
    for kind, unit, path, reason in source.all(
        "SELECT role, coalesce(unit_name, unit), source, remark FROM filings WHERE role <> $1 "
        "ORDER BY role, coalesce(unit_name, unit), source",
        USED,
    ):
        yield Beside(kind, unit, path, reason)
