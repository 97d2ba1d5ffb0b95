"""Next year's filing from this year's (从上年结转): who files, the projects, the indicators and last year's figures.

What goes over is declared in the forms: ``kept`` stays as it is, ``carries`` says which figure of last year stands
here. All else is this year's and starts empty: figures, actual values, scores, reasons, texts, explanations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jixiao.books.build import SUFFIXES, build
from jixiao.books.previous import RESERVED
from jixiao.books.read import read
from jixiao.declarations import Catalogue, Field, Form, Package, Table
from jixiao.filing import Filing, Frame, Sheet, text
from jixiao.quantity import normalise
from jixiao.scope import Calculation


class NotRolledError(Exception):
    """Next year's workbook cannot be made: cause and remedy."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}。\n{remedy}。")
        self.cause, self.remedy = cause, remedy


@dataclass(frozen=True)
class Rolled:
    """The new filing, and what of the old one could not be read and so stays blank: causes in Chinese."""

    filing: Filing
    unread: tuple[str, ...]


def rollover(old: Path, new: Path, catalogue: Catalogue, year: int | None = None) -> Rolled:
    """Write next year's workbook to ``new``; ``old`` is only read.

    Args:
        old: a filled workbook, with or without macros.
        new: where to; its suffix decides about macros. A file that is there already is left alone.
        catalogue: what is declared.
        year: a later year than the next.

    Raises:
        Unreadable: ``old`` is no workbook, or none of ours.
        NotRolledError: the year is not a later one, ``new`` exists or has a suffix that we do not write.
        OSError: the folder cannot be written to.
    """
    if new.suffix.lower() not in SUFFIXES:
        either = " 或 ".join(SUFFIXES)
        raise NotRolledError(f"新文件“{new.name}”不是 {either}", f"请把文件名改为以 {either} 结尾")
    if new.exists():
        raise NotRolledError(f"“{new.name}”已经存在，没有改动它", "请换一个文件名")
    filing = read(old, catalogue)
    following = next_year(filing, catalogue, year)
    build(catalogue.packages[filing.package], following, catalogue, new)
    problems = ((sheet.name, problem) for sheet in filing.sheets for problem in sheet.problems)
    return Rolled(following, tuple(f"{name}：{problem.cause}" for name, problem in problems))


def summary(rolled: Rolled, catalogue: Catalogue) -> str:
    """What a rolled-over filing begins with, for the person: one line, and one for each thing that was not read."""
    filing = rolled.filing
    forms = catalogue.packages[filing.package].forms
    figures = indicators = 0
    for sheet in filing.sheets:
        form = forms[sheet.form]
        figures += sum(bool(form.fields[code].carries) for code in sheet.fields)
        for code, rows in sheet.tables.items():
            table = form.tables[code]
            figures += sum(bool(table.columns[column].carries) for row in rows for column in row)
            indicators += len(rows) if table.last_year else 0
    projects = sum(forms[sheet.form].many for sheet in filing.sheets)
    carrying = any(
        field.carries
        for form in forms.values()
        for fields in (form.fields, *(table.columns for table in form.tables.values()))
        for field in fields.values()
    )
    counted = [f"{projects} 个项目"] if any(form.many for form in forms.values()) else []
    measured = any(table.last_year for form in forms.values() for table in form.tables.values())
    counted += [f"{indicators} 项指标"] if measured else []
    counted += [f"{figures} 个上年决算数"] if carrying else []
    without = "" if filing.previous else "（与上年文件不相邻，上年数没有带入）"
    taken = "，".join(counted) or "单位和各行名称"
    line = f"{filing.unit or '（未填单位名称）'} {filing.year} 年度：{taken}{without}。"
    unread = [f"上年文件没有读全，请对照补填——{cause}。" for cause in rolled.unread]
    return "\n".join([line, *unread])


def next_year(filing: Filing, catalogue: Catalogue, year: int | None = None) -> Filing:
    """The filing of the next year, or of a later one, to which last year's figures would not belong.

    Raises:
        NotRolledError: ``year`` is not later than that of the filing.
    """
    due = filing.year + 1 if year is None else year
    if due <= filing.year:
        raise NotRolledError(
            f"上年文件是 {filing.year} 年度的，不能结转成 {due} 年度",
            f"请核对文件；结转到下一年度的，年度写 {filing.year + 1} 或不写",
        )
    package = catalogue.packages[filing.package]
    before = settled(filing, package, catalogue)
    consecutive = due == filing.year + 1
    previous = before if consecutive else None
    following = Filing(filing.package, filing.unit, due, previous=previous, unit_code=filing.unit_code)
    counts: dict[str, int] = {}
    for sheet in before.sheets:
        form = package.forms[sheet.form]
        count = counts[form.code] = counts.get(form.code, 0) + 1
        if count == 1 or form.many:
            name = form.sheet_name(count) if sheet.name in RESERVED else sheet.name
            following.sheets.append(
                Sheet(
                    form.code,
                    name,
                    _carried(form.fields, sheet.fields, consecutive),
                    _rows(form, sheet, consecutive),
                )
            )
    if package.project_form is not None:
        following.projects = _projects(filing, following, package.project_form)
    return following


def settled(filing: Filing, package: Package, catalogue: Catalogue) -> Filing:
    """The figures of a filing as its cells show them, and its texts that are short or kept; blanks are left out.

    So is what should be a number and is none.
    """
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    counts: dict[str, int] = {}
    sheets = []
    for sheet in filing.sheets:
        form, index = package.forms[sheet.form], counts.get(sheet.form, 0)
        counts[form.code] = index + 1
        frame = calculation.frame.forms[form.code]
        tables = {}
        for code, table in form.tables.items():
            places = (frame.table(code).parent == index).nonzero()[0]
            records = sheet.tables.get(code, [])
            rows = [
                _settled(calculation, form.code, table.columns, record, int(place), code)
                for record, place in zip(records, places, strict=True)
            ]
            if any(rows):
                tables[code] = rows
        fields = _settled(calculation, form.code, form.fields, sheet.fields, index)
        if fields or tables:  # a report is nothing but long texts
            sheets.append(Sheet(form.code, sheet.name, fields, tables))
    return Filing(filing.package, filing.unit, filing.year, sheets, list(filing.projects))


def _settled(
    calculation: Calculation,
    form: str,
    fields: Mapping[str, Field],
    stated: Mapping[str, Any],
    place: int,
    table: str | None = None,
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for code, field in fields.items():
        if field.textual:
            value = stated.get(code)
            told = field.kept or not field.long
            if told and isinstance(value, str | float) and text(value).strip():
                result[code] = text(value)
        elif math.isfinite(figure := float(calculation.value(form, table, code)[place])):
            result[code] = figure
    return result


def _carried(fields: Mapping[str, Field], before: Mapping[str, Any], consecutive: bool) -> dict[str, Any]:
    """What one record takes from that of last year; where the form prints —— it has no figure of last year."""
    result: dict[str, Any] = {}
    for code, field in fields.items():
        source = code if field.kept else ""
        if field.carries and consecutive and field.default is None:
            source = field.carries
        if source in before:
            result[code] = before[source]
    return result


def _rows(form: Form, sheet: Sheet, consecutive: bool) -> dict[str, list[dict[str, Any]]]:
    return {
        code: [
            _carried(table.columns, record, consecutive)
            for record in sheet.tables.get(code, [])
            if _named(table, record)
        ]
        for code, table in form.tables.items()
    }


def _named(table: Table, record: Mapping[str, Any]) -> bool:
    """Whether a row is about something: points alone, or what the form prints there, are not carried over."""
    own = [
        code
        for code, column in table.columns.items()
        if column.kept and column.textual and code not in table.grouping
    ]
    return any(code in record and not table.untouched(code, text(record[code])) for code in own)


def _projects(old: Filing, new: Filing, form: Form) -> list[tuple[str, str]]:
    """The 项目清单 in last year's order. Who renamed a sheet without saying so there has its project by its own name."""
    sheets = {
        sheet.name: text(sheet.fields.get(form.named_by)) for sheet in new.sheets if sheet.form == form.code
    }
    unlisted = {name: own for name, own in sheets.items() if name not in {sheet for _, sheet in old.projects}}
    listed = []
    for project, sheet in old.projects:
        if sheet not in sheets:
            sheet = next((name for name, own in unlisted.items() if normalise(own) == normalise(project)), "")
            unlisted.pop(sheet, None)
        if sheet:
            listed.append((project, sheet))
    return [*listed, *((own or name, name) for name, own in unlisted.items())]
