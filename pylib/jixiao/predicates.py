"""Checks that no expression can say, by the name that a rule uses for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from jixiao.expression import Ref
from jixiao.filing import Columns, FormFrame
from jixiao.passages import paragraphs
from jixiao.quantity import INVALID_TEXT, normalise, read_number
from jixiao.scope import WRONG_NAME, Calculation


@dataclass(frozen=True)
class Suspect:
    """One place that a predicate objects to: a field of a sheet, or a column in a row of ``table``.

    ``values`` are figures for the rule's message.
    """

    sheet: int
    row: int | None
    at: Ref
    values: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None


Predicate = Callable[[Calculation, FormFrame], Iterator[Suspect]]
PREDICATES: dict[str, Predicate] = {}


def _predicate(function: Predicate) -> Predicate:
    PREDICATES[function.__name__] = function
    return function


@_predicate
def invalid_number(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """Text or an error value in a cell that wants a number; ``expected`` is how the text would read.

    A formula shows 数据有误 when a cell it looks at is wrong. That is asked about there, and here only if the same
    formula has a result.
    """
    blocks: list[tuple[str | None, Columns]] = [(None, frame)]
    blocks += [(code, frame.table(code)) for code in frame.form.tables]
    for table, columns in blocks:
        for code, declared in columns.fields.items():
            if declared.textual:
                continue
            for place in columns.invalid(code):
                written = str(columns.records[place].get(code)) if columns.records else ""
                if declared.calculated and written in (INVALID_TEXT, WRONG_NAME):
                    due = calculation.calculated(frame.form.code, table, code)
                    if not np.isfinite(due[place]):
                        continue
                suggestion = read_number(written, declared.type == "rate").suggestion
                sheet = int(frame.table(table).parent[place]) if table else int(place)
                year = calculation.frame.filings[int(frame.filing[sheet])].year
                yield Suspect(
                    sheet,
                    int(place) if table else None,
                    Ref(None, code),
                    {
                        "stated": written,
                        "expected": "" if suggestion is None else f"{suggestion:.10g}",
                        "名称": declared.title_in(year),
                    },
                    table,
                )


@_predicate
def unlisted_sheet(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A project sheet that the 项目清单 does not list: sums over projects would miss it."""
    for place, (filing, sheet) in enumerate(zip(frame.filing, frame.sheets, strict=True)):
        listed = {name for _, name in calculation.frame.filings[int(filing)].projects}
        if sheet.name not in listed:
            yield Suspect(place, None, Ref(None, next(iter(frame.form.fields))), {"stated": sheet.name})


@_predicate
def sheet_without_project(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """An entry of the 项目清单 whose sheet does not exist (renamed, deleted); told once, at the first sheet."""
    seen: set[int] = set()
    for place, filing in enumerate(frame.filing):
        if int(filing) in seen:
            continue
        seen.add(int(filing))
        names = {sheet.name for sheet in calculation.frame.filings[int(filing)].sheets}
        missing = [name for _, name in calculation.frame.filings[int(filing)].projects if name not in names]
        if missing:
            yield Suspect(
                place, None, Ref(None, next(iter(frame.form.fields))), {"stated": "、".join(missing)}
            )


@_predicate
def duplicate_project(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """Two project sheets of one filing that carry the same project name."""
    seen: dict[tuple[int, str], str] = {}
    names = frame.texts(frame.form.named_by)
    for place, (filing, sheet) in enumerate(zip(frame.filing, frame.sheets, strict=True)):
        key = (int(filing), normalise(names[place]))
        if key[1] and key in seen:
            yield Suspect(
                place,
                None,
                Ref(None, frame.form.named_by),
                {"stated": names[place], "expected": "", "名称": seen[key]},
            )
        seen.setdefault(key, sheet.name)


@_predicate
def reading_problem(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """What the reader could not make sense of: a deleted name, a broken reference, a row outside its section."""
    for place, sheet in enumerate(frame.sheets):
        for problem in sheet.problems:
            table, _, code = problem.code.rpartition(".")
            row = problem.row
            if row is not None:
                row += int((frame.table(table).parent < place).sum())
            values = {"问题": problem.cause, "办法": problem.remedy}
            yield Suspect(place, row, Ref(None, code), values, table or None)


@_predicate
def blank_sections(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A report that somebody began and in which sections are blank; told once, at the first of them.

    A section that has a sentence of its own may do without paragraphs.
    """
    for place, sheet in enumerate(frame.sheets):
        form, written = frame.form, paragraphs(frame.form, sheet)
        blank = [code for code, found in written.items() if not found and not form.passages[code].sentences]
        if not blank or not any(written.values()):
            continue
        names = "、".join(f"“{form.tables[code].label}”" for code in blank)
        yield Suspect(place, None, Ref(blank[0], form.tables[blank[0]].paragraphs), {"名称": names})
