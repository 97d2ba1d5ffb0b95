"""Checks over the cells of forms and tables, and against last year's filing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from jixiao import lastyear
from jixiao.declarations import Field, Form, Table
from jixiao.expression import Ref
from jixiao.filing import Columns, FormFrame, text
from jixiao.passages import sections
from jixiao.predicates.registry import Suspect, predicate
from jixiao.quantity import INVALID_TEXT, display, half_width, normalise, parse, read_number
from jixiao.scope import WRONG_NAME, Calculation
from jixiao.vocabulary import rows_of


@predicate
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


@predicate
def unlisted_sheet(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A project sheet that the 项目清单 does not list: sums over projects would miss it."""
    for place, (filing, sheet) in enumerate(zip(frame.filing, frame.sheets, strict=True)):
        listed = {name for _, name in calculation.frame.filings[int(filing)].projects}
        if sheet.name not in listed:
            yield Suspect(place, None, Ref(None, next(iter(frame.form.fields))), {"stated": sheet.name})


@predicate
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


@predicate
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


@predicate
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


@predicate
def differs_from_last_year(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A figure that repeats one of last year's filing (上年决算数), and is another one there."""
    for place, before in lastyear.sheets(calculation.frame, frame):
        for code, declared in frame.fields.items():
            figures = _differing(
                declared, _figure(calculation, frame, None, code, place), before.fields.get(declared.carries)
            )
            if figures:
                yield Suspect(place, None, Ref(None, code), {**figures, "名称": declared.title})
        for table, row, record, then in _continued(calculation, frame, place, before.tables):
            for code, declared in table.columns.items():
                figures = _differing(
                    declared, _figure(calculation, frame, table.code, code, row), then.get(declared.carries)
                )
                if figures:
                    name = f"{text(record.get(table.name_columns[-1]))}的{declared.title}"
                    yield Suspect(place, row, Ref(None, code), {**figures, "名称": name}, table.code)


def _differing(declared: Field, now: float, then: object) -> dict[str, str]:
    """The two figures of a field, if it repeats one of last year's and the difference is none of rounding."""
    if not (declared.carries and isinstance(then, float) and np.isfinite(now)):
        return {}
    if abs(now - then) <= half_width(declared.decimals) + 1e-9:
        return {}
    how = declared.type, declared.decimals
    return {
        "stated": display(now, *how),
        "expected": display(then, *how),
        "difference": display(now - then, *how),
    }


@predicate
def target_as_last_year(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """Targets that are those of last year to the letter."""
    for table in frame.form.tables.values():
        for code, column in table.columns.items():
            if column.kept and column.type == "quantity":
                yield from _unchanged(calculation, frame, table, code)


@predicate
def actual_as_last_year(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """Actual values that are those of last year to the letter."""
    for table in frame.form.tables.values():
        for code in table.last_year.values():
            yield from _unchanged(calculation, frame, table, code)


def _unchanged(calculation: Calculation, frame: FormFrame, table: Table, code: str) -> Iterator[Suspect]:
    """The rows that repeat last year's text, when they are too many for a coincidence.

    One that still speaks of last year (2023年12月31日前) is left over, be it the only one.
    """
    for place, before in lastyear.sheets(calculation.frame, frame):
        year = calculation.frame.filings[int(frame.filing[place])].year
        same, compared, stale = [], 0, []
        for its, row, record, then in _continued(calculation, frame, place, before.tables):
            now, was = text(record.get(code)), text(then.get(code))
            if its.code != table.code or not now.strip() or not was.strip():
                continue
            repeated = normalise(now) == normalise(was)
            if repeated and f"{year - 1}年" in normalise(now):
                stale.append(row)
            elif _telling(now, text(record.get(table.name_columns[-1]))):
                compared += 1
                same += [row] if repeated else []
        bound = calculation.catalogue.parameter("沿用上年比例上限", year)
        many = len(same) >= _COINCIDENCE and len(same) > bound * compared
        for row in sorted([*stale, *(same if many else ())]):
            yield Suspect(place, row, Ref(None, code), {"年度": str(year - 1)}, table.code)


#: Shares and time limits are standards of law or promises, which hold from year to year.
_STANDING = ("%", "‰", "天", "日", "工作日", "个工作日", "小时", "分钟")
#: One row may repeat last year's by chance.
_COINCIDENCE = 2


def _telling(written: str, name: str) -> bool:
    """Whether a quantity is expected to change from year to year: a share, a time limit or nothing at all is not."""
    quantity = parse(written)
    standing = quantity.unit in _STANDING or name.rstrip("：: ").endswith(("率", "度"))
    return quantity.kind == "number" and not standing and quantity.number != 0


@predicate
def jump_against_last_year(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A compared figure that has moved further from last year's than the bound; 0 and blank are not compared."""
    for place, before in lastyear.sheets(calculation.frame, frame):
        bound = calculation.catalogue.parameter(
            "上年变动上限", calculation.frame.filings[int(frame.filing[place])].year
        )
        for code in frame.form.compared:
            now, then = _figure(calculation, frame, None, code, place), before.fields.get(code)
            if not (np.isfinite(now) and now > 0 and isinstance(then, float) and then > 0):
                continue
            change = (now - then) / then
            if abs(change) > bound + 1e-9:
                declared = frame.fields[code]
                how = declared.type, declared.decimals
                yield Suspect(
                    place,
                    None,
                    Ref(None, code),
                    {
                        "stated": display(now, *how),
                        "expected": display(then, *how),
                        "difference": display(now - then, *how),
                        "名称": declared.title,
                        "变动率": display(change, "rate", 4),
                    },
                )


def _figure(calculation: Calculation, frame: FormFrame, table: str | None, code: str, place: int) -> float:
    """What stands in a number cell; blank for a text."""
    declared = frame.form.tables[table].columns[code] if table else frame.fields[code]
    return np.nan if declared.textual else float(calculation.value(frame.form.code, table, code)[place])


_Continued = tuple[Table, int, Mapping[str, object], Mapping[str, object]]


def _continued(
    calculation: Calculation, frame: FormFrame, place: int, before: Mapping[str, list[dict[str, object]]]
) -> list[_Continued]:
    """The rows of a sheet that were there last year: table, position in its frame, the row, and that of last year.

    They are sought once, because several predicates ask for them.
    """
    kept = calculation.kept.setdefault("continued", {})
    key = frame.form.code, place
    if key not in kept:
        kept[key] = list(_seek(frame, place, before))
    found: list[_Continued] = kept[key]
    return found


def _seek(
    frame: FormFrame, place: int, before: Mapping[str, list[dict[str, object]]]
) -> Iterator[_Continued]:
    for table in frame.form.tables.values():
        rows = frame.table(table.code)
        its = rows_of(rows, place)
        records = rows.records[its.start : its.stop]
        for number, then in lastyear.continued(table, records, before.get(table.code, [])):
            yield table, its[number], records[number], then


@predicate
def blank_sections(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
    """A report that somebody began and in which sections are blank; told once, at the first of them.

    A section with a sentence that states figures may do without paragraphs, and so may one that is optional.
    """
    for place, sheet in enumerate(frame.sheets):
        form, written = frame.form, sections(frame.form, sheet)
        blank = [code for code, filled in written.items() if not filled and _to_be_written(form, code)]
        if not blank or not any(written.values()):
            continue
        names = "、".join(f"“{form.tables[code].label}”" for code in blank)
        yield Suspect(place, None, Ref(blank[0], form.tables[blank[0]].paragraphs), {"名称": names})


def _to_be_written(form: Form, code: str) -> bool:
    passage = form.passages[code]
    return not passage.optional and not any(form.sentences[each].states_figures for each in passage.sentences)
