"""What the tables of a filing hold that a text may name: the declared labels with their figures.

A figure is called what its form calls it: the label of a field; of a cell of a matrix the label of its row, with column
and year from the label of its column. Forms add what people also say (``also``). The figures of a project go by its
name. A label that the forms of projects have as well, or that ends another one's, is no name: it may mean either.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jixiao import lastyear
from jixiao.declarations import Field, Form
from jixiao.filing import Cell, Filing, FormFrame, Sheet, TableFrame, text
from jixiao.narrative.claims import Kind
from jixiao.narrative.named import Figure
from jixiao.narrative.naming import COLUMN_WORDS
from jixiao.quantity import half_width
from jixiao.scope import Calculation

_KINDS: dict[str, Kind] = {"money": "amount", "rate": "rate", "score": "score", "count": "count"}
_SCALES = {"元": 1.0, "万元": 1e4, "亿元": 1e8}
_NOISE = re.compile(r"[“”\"‘’《》\s：:]|[（(][^（）()]*[）)]|^其中|^\d+、|\{(?:last_)?year\}年?")
#: A shorter name of a project may be a word of any sentence.
_SHORTEST = 4


@dataclass(slots=True)  # not frozen: a filing has a hundred, and frozen ones take four times as long to make
class Held:
    """A figure and the cell that it stands in."""

    figure: Figure
    cell: Cell


@dataclass(frozen=True)
class _Named:
    """A number of a form, with what it is called."""

    field: Field
    names: tuple[str, ...]
    column: str
    last_year: bool = False

    def held(
        self,
        sheet: Sheet,
        value: object,
        year: int,
        of: int,
        project: bool = False,
        table: str | None = None,
        row: int = 0,
    ) -> Iterator[Held]:
        """Its figure on a sheet, if there is one: ``year`` is that of the figure, ``of`` that of the filing."""
        if not (isinstance(value, float) and math.isfinite(value)):
            return
        kind, bare, scale, half, title = self._fixed
        if project:
            title = f"{self.names[0]}（{title}）"
        elif "{" in title:
            title = self.field.title_in(of)
        figure = Figure(
            self.names,
            kind,
            year,
            self.column,
            bare,
            value * scale,
            half,
            f"{sheet.name}“{title}”",
            project,
        )
        yield Held(figure, Cell(sheet, self.field.code, table, row))

    @functools.cached_property
    def _fixed(self) -> tuple[Kind, bool, float, float, str]:
        """Kind, whether the label says no column, factor to the units of claims, half of the last place, title."""
        field = self.field
        scale = _SCALES.get(field.unit, 1.0) if field.type == "money" else 1.0
        half = half_width(field.decimals) * scale if field.decimals else 0.0
        return _KINDS[field.type], not (field.line or field.table), scale, half, field.title


def sheets_of(forms: FormFrame, filing: int) -> range:
    """The positions of the sheets of a filing."""
    return forms.of_filing.get(filing, range(0))


def rows_of(rows: TableFrame, sheet: int) -> range:
    """The positions of the rows of a sheet; none of a table that was given as columns."""
    return rows.of_sheet.get(sheet, range(0)) if rows.records else range(0)


def held(calculation: Calculation, filing: int, said: str | None = None) -> list[Held]:
    """Every figure of a filing, and of last year's as far as it came along, that a text may name.

    With ``said`` only those that have a name in it.
    """
    frame, its = calculation.frame, calculation.frame.filings[filing]
    found: list[Held] = []
    shared = _shared(tuple(forms.form for forms in frame.forms.values()))
    for forms in frame.forms.values():
        for place in sheets_of(forms, filing):
            if forms.form.many:
                found += _of_project(calculation, forms, place, its, said)
            else:
                found += _of_sheet(calculation, forms, place, its, shared, said)
                found += _of_rows(calculation, forms, place, its, said)
    return found


def _said(names: tuple[str, ...], said: str | None) -> bool:
    return bool(names) and (said is None or any(name in said for name in names))


# --- what is declared -----------------------------------------------------------------------------------


def _plain(label: str) -> str:
    return _NOISE.sub("", label.replace("\n", ""))


def _column(label: str) -> tuple[str, bool]:
    """The column that a label says, and whether it is one of last year: {last_year}年决算数, 上年决算数."""
    word = COLUMN_WORDS.get(_plain(label).removesuffix("数"), "")
    before = word == "before"
    return "actual" if before else word, before or "{last_year}" in label


@functools.lru_cache(maxsize=256)
def _declared(form: Form) -> tuple[_Named, ...]:
    """The numbers of a form that occurs once, with the names that they have by themselves."""
    found = []
    spent = _spent(form)
    for field in form.fields.values():
        if field.type not in _KINDS:
            continue
        if field.line is None:
            called = dict.fromkeys((_plain(field.label), field.code, *field.also))
            found.append(_Named(field, tuple(called), "actual" if field.code in spent else ""))
            continue
        matrix, row, label = form.matrices[field.line[0]], field.line[1], field.line[2]
        column, last_year = _column(matrix.columns[label])
        names = (_plain(matrix.rows[row]),) if column else ()
        if names or field.also:
            found.append(_Named(field, (*names, *field.also), column, last_year))
    return tuple(found)


@functools.lru_cache(maxsize=256)
def _telling(form: Form, shared: frozenset[str]) -> tuple[tuple[_Named, ...], tuple[str, ...]]:
    """The same with those names alone that tell a figure for sure, and all these names."""
    found = []
    for each in _declared(form):
        names = tuple(name for name in each.names if name not in shared or name in each.field.also)
        if names:
            found.append(_Named(each.field, names, each.column, each.last_year))
    return tuple(found), tuple(dict.fromkeys(name for each in found for name in each.names))


def _spent(form: Form) -> frozenset[str]:
    """The fields that are added up to what was spent: they were spent."""
    return frozenset(
        ref.name
        for field in form.fields.values()
        if field.line
        and field.expression
        and _column(form.matrices[field.line[0]].columns[field.line[2]]) == ("actual", False)
        for ref in field.expression.references
        if ref.owner is None
    )


@functools.lru_cache(maxsize=256)
def _labels(form: Form) -> frozenset[str]:
    """What the rows and fields of a form are called."""
    rows = [label for matrix in form.matrices.values() for label in matrix.rows.values()]
    return frozenset(_plain(label) for label in (*rows, *(field.label for field in form.fields.values())))


@functools.lru_cache(maxsize=64)
def _shared(forms: tuple[Form, ...]) -> frozenset[str]:
    """Labels that tell no figure for sure: those of projects, and those that end longer ones (控制率)."""
    everything = frozenset().union(*map(_labels, forms))
    of_projects = frozenset().union(*(_labels(form) for form in forms if form.many))
    return of_projects | {
        label for label in everything if any(other != label and other.endswith(label) for other in everything)
    }


# --- the figures of a filing ----------------------------------------------------------------------------


def _of_sheet(
    calculation: Calculation,
    forms: FormFrame,
    place: int,
    filing: Filing,
    shared: frozenset[str],
    said: str | None,
) -> Iterator[Held]:
    form, sheet = forms.form, forms.sheets[place]
    telling, names = _telling(form, shared)
    if not _said(names, said):
        return
    before = lastyear.same_sheet(filing.previous, form, sheet)
    for each in telling:
        if not _said(each.names, said):
            continue
        value = float(calculation.value(form.code, None, each.field.code)[place])
        yield from each.held(sheet, value, filing.year - each.last_year, filing.year)
        if before and filing.previous and not each.last_year:
            year = filing.previous.year
            yield from each.held(before, before.fields.get(each.field.code), year, year)


def _of_project(
    calculation: Calculation, forms: FormFrame, place: int, filing: Filing, said: str | None
) -> Iterator[Held]:
    """The total amounts of a project, by the names that its sheet and the 项目清单 give it."""
    form, sheet = forms.form, forms.sheets[place]
    listed = [project for project, name in filing.projects if name == sheet.name]
    names = _project_names([text(sheet.fields.get(form.named_by)), *listed], filing)
    if not _said(names, said):
        return
    for matrix in form.matrices.values():
        for code, label in matrix.columns.items():
            field = form.fields.get(matrix.cell(matrix.total or "", code)) if matrix.total else None
            if field and field.type == "money" and _column(label)[0]:
                value = float(calculation.value(form.code, None, field.code)[place])
                number = _Named(field, names, _column(label)[0])
                yield from number.held(sheet, value, filing.year, filing.year, project=True)


def _of_rows(
    calculation: Calculation, forms: FormFrame, place: int, filing: Filing, said: str | None
) -> Iterator[Held]:
    """The figures of the rows that list projects."""
    for table in forms.form.tables.values():
        if not table.listed:
            continue
        rows = forms.table(table.code)
        for row in rows_of(rows, place):
            names = _project_names([text(rows.records[row].get(table.listed))], filing)
            if not _said(names, said):
                continue
            for field in table.columns.values():
                column, of_last = _column(field.label)
                if field.type == "money" and column:
                    value = float(calculation.value(forms.form.code, table.code, field.code)[row])
                    number = _Named(field, names, column)
                    yield from number.held(
                        forms.sheets[place],
                        value,
                        filing.year - of_last,
                        filing.year,
                        project=True,
                        table=table.code,
                        row=rows.within[row],
                    )


def _project_names(written: list[str], filing: Filing) -> tuple[str, ...]:
    plain = dict.fromkeys(_plain(name) for name in written)
    return tuple(name for name in plain if len(name) >= _SHORTEST and name != _plain(filing.unit))
