"""The columns of the store: what is kept of every filing, with types, as Arrow tables.

Names of columns are English for what the program says about a filing and Chinese for what its forms call it. Figures
are decimals of six places: 万元 to the 分, and never a binary fraction in a total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from jixiao.declarations import Catalogue, Field
from jixiao.filing import Column
from jixiao.quantity import Texts, round_half_up

PLACES = 6
NUMBER = pa.decimal128(18, PLACES)
"""Up to 999,999,999,999.999999; DuckDB adds such figures as whole numbers."""
_LIMIT = 10.0 ** (18 - PLACES)
#: From here on a float has no six places to be rounded to.
_EXACT = 1e9
TEXT, KEY, COUNT, TIME = pa.string(), pa.int64(), pa.int32(), pa.timestamp("us")
#: Few texts that repeat: kept once each.
CHOICE = pa.dictionary(pa.int32(), pa.string())

FUNDS, INDICATORS = "资金", "指标"
"""The matrix and the table that every form calls so (DESIGN §8); each has a table of its own here."""

RECEIVED = pa.schema(
    [
        ("filing", KEY),
        ("source", TEXT),
        ("size", KEY),
        ("stamp", KEY),
        ("digest", TEXT),
        ("modified", TIME),
        ("saved", TIME),
        ("package", TEXT),
        ("year", COUNT),
        ("unit", TEXT),
        ("code", TEXT),
        ("status", TEXT),
        ("errors", COUNT),
        ("warnings", COUNT),
        ("infos", COUNT),
        ("outstanding", COUNT),
        ("seal", TEXT),
        ("sealed_with", TEXT),
        ("sealed_at", TIME),
    ]
)
"""A filing as it was read. ``filing`` numbers its source, ``code`` is the unit's as its workbook has it, ``errors`` to ``infos`` count its findings by severity,
``outstanding`` those that still ask something; ``seal`` says what the check it was handed in with is worth."""
CHOSEN = [("unit_code", TEXT), ("unit_name", TEXT), ("used", pa.bool_()), ("role", TEXT), ("remark", TEXT)]
"""What is known of a filing only beside the others: its unit in the list of units, and whether totals count it."""
FAILURES = pa.schema(
    [("filing", KEY), ("source", TEXT), ("size", KEY), ("stamp", KEY), ("digest", TEXT), ("cause", TEXT), ("remedy", TEXT)]
)  # fmt: skip
FIELDS = pa.schema(
    [
        ("filing", KEY),
        ("form", CHOICE),
        ("sheet", CHOICE),
        ("table_code", CHOICE),
        ("row_number", COUNT),
        ("code", CHOICE),
        ("number", NUMBER),
        ("text", TEXT),
    ]
)
"""One row per cell that is not blank; ``table_code`` and ``row_number`` (from 1) for the rows of a table. ``number`` is the figure
that counts: what is stated, else what the cell's formula gives; ``text`` is what stands there when that is no number."""
FINDINGS = pa.schema(
    [
        ("filing", KEY),
        ("unit", CHOICE),
        ("rule", CHOICE),
        ("severity", CHOICE),
        ("outcome", CHOICE),
        ("form", CHOICE),
        ("sheet", CHOICE),
        ("cell", TEXT),
        ("field", CHOICE),
        ("table_code", CHOICE),
        ("row_name", TEXT),
        ("message", TEXT),
        ("stated", TEXT),
        ("expected", TEXT),
        ("difference", TEXT),
        ("tolerance", TEXT),
        ("fix", CHOICE),
        ("related", TEXT),
        ("fingerprint", TEXT),
        ("explanation", TEXT),
        ("outstanding", pa.bool_()),
    ]
)
"""Findings in working order; ``related`` are the other cells, one a line."""
_SHEET = [("filing", KEY), ("unit", CHOICE), ("form", CHOICE), ("sheet", CHOICE), ("project", CHOICE)]


def schemas(catalogue: Catalogue) -> Mapping[str, pa.Schema]:
    """The columns of every table of the store: those of funds and indicators are as the forms declare them."""
    forms = [form for package in catalogue.packages.values() for form in package.forms.values()]
    funds: dict[str, Any] = {}
    indicators: dict[str, Any] = {}
    for form in forms:
        if matrix := form.matrices.get(FUNDS):
            funds.setdefault(matrix.key, CHOICE)
            for column in matrix.columns:
                cells = [
                    form.fields[code]
                    for row in matrix.rows
                    if (code := matrix.cell(row, column)) in form.fields
                ]
                if cells:
                    funds.setdefault(column, column_type(cells[0]))
        if table := form.tables.get(INDICATORS):
            for code, field in table.columns.items():
                indicators.setdefault(
                    code, CHOICE if code in (table.section, table.subsection) else column_type(field)
                )
    return MappingProxyType(
        {
            "received": RECEIVED,
            "failures": FAILURES,
            "fields": FIELDS,
            "funds": pa.schema([*_SHEET, *funds.items()]),
            "indicators": pa.schema([*_SHEET, ("row_number", COUNT), *indicators.items()]),
            "findings": FINDINGS,
        }
    )


def column_type(field: Field) -> Any:
    """The type of a declared cell's column."""
    return TEXT if field.textual else NUMBER


def numbers(column: Column) -> Any:
    """A column of decimals from one of floats: rounded half away from zero, null where there is no number.

    A float stands for the decimal that a person sees, of 15 digits at most, as in Excel; figures of a million billion
    and more are no money and are left out.

    >>> numbers(np.array([0.1 + 0.2, -2070.73, 123456789012.34, float("nan"), 1e15])).to_pylist()
    [Decimal('0.300000'), Decimal('-2070.730000'), Decimal('123456789012.340000'), None, None]
    """
    valid = np.abs(column) < _LIMIT  # not so for marks
    kept = np.where(valid, column, 0.0)
    whole = np.rint(round_half_up(kept, PLACES) * 10.0**PLACES).astype(np.int64)
    for k in (np.abs(kept) >= _EXACT).nonzero()[0]:
        whole[k] = int(Decimal(f"{kept[k]:.15g}").scaleb(PLACES))
    words = np.empty((len(whole), 2), dtype="<i8")
    words[:, 0], words[:, 1] = whole, whole >> 63
    bits = np.packbits(valid, bitorder="little")
    buffers = [pa.py_buffer(bits.tobytes()), pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(NUMBER, len(whole), buffers)


def texts(values: Sequence[str | None]) -> Any:
    """A column of texts; half a character, which no file may hold, is replaced."""
    try:
        return pa.array(values, TEXT)
    except UnicodeEncodeError:
        return pa.array([None if v is None else v.encode("utf-8", "replace").decode() for v in values], TEXT)


def choices(values: Sequence[str | None]) -> Any:
    """A column of texts that repeat."""
    return texts(values).dictionary_encode()


def picked(column: Texts, places: Any) -> Any:
    """The texts of a column at some places, each distinct text once."""
    return pa.DictionaryArray.from_arrays(pa.array(column.codes[places], pa.int32()), texts(column.values))
