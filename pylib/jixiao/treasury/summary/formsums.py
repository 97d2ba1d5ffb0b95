"""各表汇总: every form summed over the filings that count, as a filled sheet of that form.

Money, numbers of people and areas are added, as decimals. Rates are not: the form's own expressions give them anew from
the sums. Points and scores are means, because a sum of scores means nothing. Texts are left out; rows that units name
themselves are added up by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from jixiao.declarations import Catalogue, Field, Form, Section, Table
from jixiao.filing import Filing, Frame, Sheet
from jixiao.quantity import normalise
from jixiao.scope import Calculation
from jixiao.treasury.keeping.tables import INDICATORS
from jixiao.treasury.summary.figures import Batch, Source

MOST_NAMES = 20
"""Lines that a table of freely named rows gets; the rest is added up in one."""
OTHER_GROUP = "其他"
_CENT = Decimal("0.01")
_NUMBERING = re.compile(r"^\s*(?:[（(]?\d+\s*[、.．)）])\s*")


@dataclass(frozen=True)
class FormSum:
    """The sums of one form: the form with one row per line that is shown, and a sheet of it that holds the sums.

    ``units`` filings have ``sheets`` sheets of it. ``rates`` are the calculated cells: by code, or by table, row and
    code.
    """

    form: Form
    sheet: Sheet
    units: int
    sheets: int
    rates: Mapping[Any, float] = field(default_factory=dict)


def summed(source: Source, batch: Batch) -> list[FormSum]:
    """The forms of a batch that have any figures, in the order of the package."""
    if batch.package is None:
        return []
    found = []
    sums = _Sums(source, batch)
    for form in batch.package.forms.values():
        if not any(not each.textual for each in _cells(form)):
            continue
        units, sheets = sums.counts.get(form.code, (0, 0))
        if sheets:
            slim = _slim(form)
            fields = sums.fields(form)
            tables = {
                code: sums.rows(form, table) for code, table in form.tables.items() if not table.paragraphs
            }
            found.append(FormSum(slim, Sheet(form.code, form.sheet_name(1), fields, tables), units, sheets))
    return _with_rates(found, batch, source.declared(batch))


def _cells(form: Form) -> Iterator[Field]:
    yield from form.fields.values()
    for table in form.tables.values():
        if not table.paragraphs:
            yield from table.columns.values()


def kind(field_: Field) -> str:
    """What a cell of the sum shows: "" nothing, else 合计, 平均 or 重算."""
    if field_.textual:
        return ""
    if field_.type == "rate":
        return "重算" if field_.expression is not None else ""
    return "平均" if field_.type == "score" else "合计"


def _slim(form: Form) -> Form:
    """The form without rows that wait for a person: one line per 二级指标, none that only prints a label."""

    def slim(table: Table) -> Table:
        sections = tuple(
            replace(each, parts={part: min(count, 1) for part, count in each.parts.items()})
            for each in table.sections
        )
        return replace(table, sections=sections, printed=(), placeholder="", numbered="", issued_rows=1)

    return replace(form, tables={code: slim(table) for code, table in form.tables.items()})


class _Sums:
    """The sums of one batch, asked of the store."""

    def __init__(self, source: Source, batch: Batch) -> None:
        self.source, self.batch = source, batch
        self.counts: dict[str, tuple[int, int]] = {}
        self._fields: dict[tuple[str, str], tuple[Decimal, int]] = {}
        for form, units, sheets in self._all(
            "SELECT form, count(DISTINCT filing), count(DISTINCT (filing, sheet)) FROM (SELECT form, filing, sheet FROM fields "
            "UNION SELECT form, filing, sheet FROM indicators) JOIN filings f USING (filing) WHERE {own} GROUP BY form"
        ):
            self.counts[form] = units, sheets
        for form, code, total, count in self._all(
            "SELECT form, d.code, sum(number), count(number) FROM fields d JOIN filings f USING (filing) WHERE {own} "
            "AND table_code IS NULL AND number IS NOT NULL GROUP BY form, d.code"
        ):
            self._fields[form, code] = total, count

    def _all(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        own = "f.used AND f.package = $1 AND f.year = $2"
        return self.source.all(question.replace("{own}", own), self.batch.code, self.batch.year, *values)

    def fields(self, form: Form) -> dict[str, Any]:
        """What the cells outside the tables hold; rates are left to be calculated."""
        values: dict[str, Any] = {}
        for code, field_ in form.fields.items():
            if field_.default == "{unit}":
                values[code] = f"{self.counts[form.code][0]} 家单位汇总"
            elif kind(field_) in ("合计", "平均"):
                values[code] = _figure(field_, *self._fields.get((form.code, code), (None, 0)))
            elif kind(field_) == "":
                values[code] = None
        return values

    def rows(self, form: Form, table: Table) -> list[dict[str, Any]]:
        if table.code == INDICATORS and table.sections:
            return self._indicators(form, table)
        return self._named(form, table)

    def _indicators(self, form: Form, table: Table) -> list[dict[str, Any]]:
        """One row per 二级指标: how many indicators, and the mean of points and scores per sheet."""
        figures = [code for code, field_ in table.columns.items() if kind(field_)]
        known = {normalise(section.name): section for section in table.sections}
        groups: dict[tuple[str, str], list[Any]] = {
            (section.name, part): [0, *[None] * len(figures)]
            for section in table.sections
            for part in section.parts
        }
        sums = ", ".join(f'sum("{code}")' for code in figures)
        for section, part, count, *totals in self._all(
            f'SELECT "{table.section}", "{table.subsection}", count(*), {sums} FROM indicators JOIN filings f USING (filing) '
            "WHERE {own} AND form = $3 GROUP BY ALL ORDER BY ALL",
            form.code,
        ):
            place = _place(known, section, part)
            group = groups.setdefault(place, [0, *[None] * len(figures)])
            group[0] += count
            for k, total in enumerate(totals, 1):
                if total is not None:
                    group[k] = total if group[k] is None else group[k] + total
        sheets = self._all(
            "SELECT count(DISTINCT (filing, sheet)) FROM indicators JOIN filings f USING (filing) WHERE {own} AND form = $3",
            form.code,
        )[0][0]
        return [
            {
                table.section: section,
                table.subsection: part,
                table.name_column: f"共 {group[0]} 项" if group[0] else None,
                **{
                    code: None if total is None else _rounded(total / sheets)
                    for code, total in zip(figures, group[1:], strict=True)
                },
            }
            for (section, part), group in groups.items()
        ]

    def _named(self, form: Form, table: Table) -> list[dict[str, Any]]:
        """The rows of a plain or listed table added up by name, most frequent first."""
        figures = {code: field_ for code, field_ in table.columns.items() if kind(field_) in ("合计", "平均")}
        name = table.name_column
        if not figures or not name:
            return []
        found: dict[str, _Named] = {}
        for text, code, total, count in self._all(
            "WITH own AS (SELECT d.* FROM fields d JOIN filings f USING (filing) WHERE {own} AND form = $3 AND table_code = $4), "
            "named AS (SELECT filing, sheet, row_number, text FROM own WHERE code = $5) "
            "SELECT n.text, o.code, sum(o.number), count(o.number) FROM own o LEFT JOIN named n "
            "USING (filing, sheet, row_number) WHERE o.number IS NOT NULL GROUP BY ALL ORDER BY ALL",
            form.code,
            table.code,
            name,
        ):
            if code in figures:
                shown = _NUMBERING.sub("", text or "").strip() or "（未写名称）"
                found.setdefault(normalise(shown), _Named(shown)).add(code, total, count)
        lines = sorted(found.values(), key=lambda each: (-each.rows, each.name))
        if len(lines) > MOST_NAMES + 1:
            rest = _Named(f"其余 {len(lines) - MOST_NAMES} 项合计")
            for line in lines[MOST_NAMES:]:
                rest.join(line)
            lines = [*lines[:MOST_NAMES], rest]
        return [
            {
                **{code: None for code in table.columns if kind(table.columns[code]) == ""},
                **{code: _figure(each, *line.sums.get(code, (None, 0))) for code, each in figures.items()},
                name: f"{line.name}（{line.rows} 项）" if line.rows > 1 else line.name,
            }
            for line in lines
        ]


@dataclass
class _Named:
    """The rows of one name: for each column its sum and how many figures are in it."""

    name: str
    sums: dict[str, tuple[Decimal, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return max((count for _, count in self.sums.values()), default=0)

    def add(self, code: str, total: Decimal, count: int) -> None:
        before, counted = self.sums.get(code, (Decimal(), 0))
        self.sums[code] = before + total, counted + count

    def join(self, other: _Named) -> None:
        for code, (total, count) in other.sums.items():
            self.add(code, total, count)


def _place(known: Mapping[str, Section], section: str | None, part: str | None) -> tuple[str, str]:
    """The printed group that words of a filing mean; 其他 for words of their own."""
    words = normalise(section or "")
    meant = next((each for name, each in known.items() if words.startswith(name)), None)
    if meant is None:
        return OTHER_GROUP, OTHER_GROUP
    words = normalise(part or "")
    return meant.name, next((name for name in meant.parts if words.startswith(normalise(name))), OTHER_GROUP)


def _figure(field_: Field, total: Decimal | None, count: int) -> float | None:
    """A sum, or for scores the mean."""
    if total is None or not count:
        return None
    return _rounded(total / count) if kind(field_) == "平均" else float(total)


def _rounded(value: Decimal) -> float:
    return float(value.quantize(_CENT, ROUND_HALF_UP))


def _with_rates(sums: Sequence[FormSum], batch: Batch, catalogue: Catalogue) -> list[FormSum]:
    """The sums with what the forms calculate from them."""
    if not sums or batch.package is None:
        return list(sums)
    filing = Filing(batch.code, "", batch.year)
    filing.sheets = [each.sheet for each in sums]
    calculation = Calculation(Frame([filing], batch.package.forms), catalogue)
    done = []
    for each in sums:
        rates: dict[Any, float] = {}
        for code, field_ in each.form.fields.items():
            if kind(field_) == "重算":
                rates[code] = float(calculation.value(each.form.code, None, code)[0])
        for code, table in each.form.tables.items():
            for column, field_ in table.columns.items():
                if kind(field_) == "重算" and each.sheet.tables.get(code):
                    values = calculation.value(each.form.code, code, column)
                    rates |= {(code, k, column): float(value) for k, value in enumerate(values)}
        done.append(replace(each, rates=rates))
    return done
