"""What many filings of one package state and what was found, as rows of the store.

Everything is taken from the columns that the rules saw, never from a filing one by one: a cell counts here with the
figure that it was checked with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from jixiao.declarations import Field, Form
from jixiao.filing import FormFrame, Frame, Index, TableFrame, text
from jixiao.findings import Finding
from jixiao.quantity import INVALID, NOT_APPLICABLE, Texts
from jixiao.scope import Calculation
from jixiao.treasury.keeping.tables import (
    CHOICE,
    COUNT,
    FUNDS,
    INDICATORS,
    KEY,
    NUMBER,
    TEXT,
    choices,
    numbers,
    picked,
    texts,
)

Schemas = Mapping[str, pa.Schema]


def stated(calculation: Calculation, ids: Sequence[int], schemas: Schemas) -> dict[str, Any]:
    """The tables ``fields``, ``funds`` and ``indicators`` of a frame.

    Args:
        calculation: the frame with its calculated cells, as it was checked.
        ids: the number of each filing of the frame.
        schemas: of :func:`jixiao.treasury.keeping.tables.schemas`.
    """
    keys = np.array(ids, dtype=np.int64)
    blocks: dict[str, list[Any]] = {"fields": [], "funds": [], "indicators": []}
    for frame in calculation.frame.forms.values():
        sheets = _Sheets(frame, calculation.frame, keys)
        blocks["fields"] += _fields(calculation, frame, sheets, schemas["fields"])
        blocks["funds"] += _funds(calculation, frame, sheets, schemas["funds"])
        blocks["indicators"] += _indicators(calculation, frame, sheets, schemas["indicators"])
    return {
        name: pa.concat_tables(found).unify_dictionaries().combine_chunks()
        for name, found in blocks.items()
        if found
    }


def found(findings: Sequence[Finding], ids: Sequence[int], schema: pa.Schema) -> Any:
    """The table ``findings``, filing by filing in working order."""
    ordered = sorted(findings, key=lambda finding: finding.filing)  # stable: within a filing as they are

    def column(get: Callable[[Finding], str | None], make: Callable[[Any], Any] = texts) -> Any:
        return make([get(finding) for finding in ordered])

    columns = {
        "filing": pa.array([ids[finding.filing] for finding in ordered], KEY),
        "unit": column(lambda f: f.unit, choices),
        "rule": column(lambda f: f.rule.id, choices),
        "severity": column(lambda f: f.severity, choices),
        "outcome": column(lambda f: f.outcome, choices),
        "form": column(lambda f: f.form, choices),
        "sheet": column(lambda f: f.sheet, choices),
        "cell": column(lambda f: f.cell),
        "field": column(lambda f: f.field, choices),
        "table_code": column(lambda f: f.table, choices),
        "row_name": column(lambda f: f.row),
        "message": column(lambda f: f.message),
        "stated": column(lambda f: f.stated),
        "expected": column(lambda f: f.expected),
        "difference": column(lambda f: f.difference),
        "tolerance": column(lambda f: f.tolerance),
        "fix": column(lambda f: f.fix, choices),
        "related": column(lambda f: "\n".join(f.related)),
        "fingerprint": column(lambda f: f.fingerprint),
        "explanation": column(lambda f: f.explanation),
        "outstanding": pa.array([finding.outstanding for finding in ordered]),
    }
    return pa.table(columns, schema)


class _Sheets:
    """Whose the sheets of one form are, and what they are called, position by position."""

    def __init__(self, frame: FormFrame, whole: Frame, keys: Any) -> None:
        named_by = frame.form.named_by
        self.form = frame.form
        self.keys = keys[frame.filing]
        self.units = Texts.of(whole.filings[k].unit for k in frame.filing)
        self.names = Texts.of(sheet.name for sheet in frame.sheets)
        self.projects = frame.texts(named_by) if named_by in frame.fields else None

    def head(self, places: Index) -> dict[str, Any]:
        """The columns that say whose the rows at ``places`` are."""
        size = len(places)
        projects = picked(self.projects, places) if self.projects else pa.nulls(size, CHOICE)
        return {
            "filing": pa.array(self.keys[places]),
            "unit": picked(self.units, places),
            "form": _same(self.form.code, size),
            "sheet": picked(self.names, places),
            "project": projects,
        }


def _same(value: str, size: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), pa.array([value], TEXT))


# ------------------------------------------------------------------------------------------------------------- fields


def _fields(calculation: Calculation, frame: FormFrame, sheets: _Sheets, schema: pa.Schema) -> list[Any]:
    form = frame.form
    groups: list[tuple[FormFrame | TableFrame, str, Mapping[str, Field], Index]] = [
        (frame, "", form.fields, np.arange(frame.size))
    ]
    for code, table in form.tables.items():
        if code == INDICATORS or table.paragraphs:  # the one has its own table; a report is text, not data
            continue
        rows = frame.table(code)
        if rows.records:
            groups.append((rows, code, table.columns, rows.parent))
    return [
        _cells(calculation, columns, code, declared, parent, sheets, schema)
        for columns, code, declared, parent in groups
        if declared
    ]


def _cells(
    calculation: Calculation,
    columns: FormFrame | TableFrame,
    table: str,
    declared: Mapping[str, Field],
    parent: Index,
    sheets: _Sheets,
    schema: pa.Schema,
) -> Any:
    """The cells of a form, or of one of its tables, that are not blank, code by code."""
    codes = list(declared)
    places: list[Any] = []
    figures: list[Any] = []
    words: list[str | None] = []
    for code, field in declared.items():
        if field.textual:
            column = columns.texts(code)
            filled = np.array([bool(value.strip()) for value in column.values], dtype=bool)
            here = filled[column.codes].nonzero()[0] if len(column.values) else np.empty(0, np.intp)
            figures.append(np.full(len(here), np.nan))
            words += [column.values[code_] for code_ in column.codes[here].tolist()]
        else:
            values = calculation.value(sheets.form.code, table or None, code)
            here = (~np.isnan(values)).nonzero()[0]
            values = values[here]
            figures.append(values)
            words += [None] * len(here)
            for k in np.isinf(values).nonzero()[0]:
                words[k - len(here)] = _no_number(columns, code, here[k], values[k])
        places.append(here)
    every = np.concatenate(places)
    within = np.asarray(columns.within, dtype=np.int32) + 1 if isinstance(columns, TableFrame) else None
    head = sheets.head(parent[every])
    code_column = np.repeat(np.arange(len(codes), dtype=np.int32), [len(here) for here in places])
    return pa.table(
        {
            "filing": head["filing"],
            "form": head["form"],
            "sheet": head["sheet"],
            "table_code": _same(table, len(every)) if table else pa.nulls(len(every), CHOICE),
            "row_number": pa.nulls(len(every), COUNT) if within is None else pa.array(within[every]),
            "code": pa.DictionaryArray.from_arrays(pa.array(code_column), pa.array(codes, TEXT)),
            "number": numbers(np.concatenate(figures)),
            "text": texts(words),
        },
        schema,
    )


def _no_number(columns: FormFrame | TableFrame, code: str, place: int, mark: float) -> str:
    """What stands in a number cell that holds no number."""
    value = text(columns.records[place].get(code)) if columns.records else ""
    return value or {NOT_APPLICABLE: "不适用", INVALID: "数据有误"}[mark]


# -------------------------------------------------------------------------------------------------- funds, indicators


def _funds(calculation: Calculation, frame: FormFrame, sheets: _Sheets, schema: pa.Schema) -> list[Any]:
    """A row per sheet and source of funds in which any figure stands."""
    form = frame.form
    matrix = form.matrices.get(FUNDS)
    if matrix is None:
        return []
    blocks = []
    for row in matrix.rows:
        cells = {
            column: code for column in matrix.columns if (code := matrix.cell(row, column)) in form.fields
        }
        values = {
            column: calculation.value(form.code, None, code)
            for column, code in cells.items()
            if not form.fields[code].textual and schema.field(column).type == NUMBER
        }
        stated_ = [~np.isnan(column) for column in values.values()]
        here = np.logical_or.reduce(stated_).nonzero()[0] if stated_ else np.empty(0, np.intp)
        columns = {
            **sheets.head(here),
            matrix.key: _same(row, len(here)),
            **{column: numbers(figures[here]) for column, figures in values.items()},
        }
        blocks.append(_whole(columns, len(here), schema))
    return blocks


def _indicators(calculation: Calculation, frame: FormFrame, sheets: _Sheets, schema: pa.Schema) -> list[Any]:
    """A row per indicator."""
    form: Form = frame.form
    table = form.tables.get(INDICATORS)
    if table is None:
        return []
    rows = frame.table(INDICATORS)
    if not rows.records:
        return []
    every = np.arange(rows.size)
    columns = {
        **sheets.head(rows.parent),
        "row_number": pa.array(np.asarray(rows.within, dtype=np.int32) + 1),
    }
    for code, field in table.columns.items():
        wanted = schema.field(code).type  # what another form calls so may be text where this one has figures
        if wanted != NUMBER:
            columns[code] = picked(rows.texts(code), every).cast(wanted)
        elif field.textual:
            columns[code] = numbers(rows.numbers(code))
        else:
            columns[code] = numbers(calculation.value(form.code, INDICATORS, code))
    return [_whole(columns, rows.size, schema)]


def _whole(columns: Mapping[str, Any], size: int, schema: pa.Schema) -> Any:
    """The table with every column of the schema, null where the form has none."""
    return pa.table([columns.get(each.name, pa.nulls(size, each.type)) for each in schema], schema=schema)
