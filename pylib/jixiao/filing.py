"""A unit's filing, and the frame that holds one filing or a hundred thousand as columns.

A :class:`Filing` is what a person filled in: sheets with fields and table rows, values as stated. A :class:`Frame`
turns many filings into NumPy columns, form by form: one entry per sheet for fields, one per row for tables.
Rules and measures see columns only, never a workbook or a cell address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jixiao.declarations import Adjustments, Field, Form, Table
from jixiao.quantity import BLANK, INVALID, Texts, read_number

Value = float | str | None
Column = NDArray[np.float64]
Index = NDArray[np.intp]


class _Missing:
    """A calculated cell of which nothing is stated: its formula stands there and was never computed."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


@dataclass(frozen=True)
class Problem:
    """Something about a sheet that could not be read as it should: where, why, and what to do.

    ``code`` names a field, or with ``row`` a column (表.列) in that row of the table; "" when no cell can be named.
    """

    code: str
    cause: str
    remedy: str
    row: int | None = None


@dataclass
class Sheet:
    """One filled form.

    ``fields`` maps a field's code to its stated value: a number, a text, ``None`` for a cell that is blank. A code
    that is absent is blank too, or, for a calculated cell, left to its formula. ``rows`` of a table are mappings
    column -> stated value in the same sense. ``addresses`` and ``row_numbers`` say where that stands in the workbook,
    if it came from one: ``addresses[code] -> "F14"``, ``columns[table][column] -> "H"``.
    """

    form: str
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    row_numbers: dict[str, list[int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def cell(self, code: str, table: str | None = None, row: int = 0) -> str:
        """The address of a field, or of a table's column in its ``row``-th row; "" when there is no workbook."""
        if table is None:
            return self.addresses.get(code, "")
        letters = self.columns.get(table, {}).get(code, "")
        return f"{letters}{self.row_numbers[table][row]}" if letters else ""


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of a sheet: a field, or a column in the ``row``-th row of ``table``."""

    sheet: Sheet
    code: str
    table: str | None = None
    row: int = 0


@dataclass(frozen=True)
class Explanation:
    """The filler's answer to a finding (说明), and the digest of the figures that it answered for."""

    text: str
    figures: str = ""


@dataclass
class Filing:
    """One unit's filled workbook (填报件).

    ``projects`` is the 项目清单: (project name, sheet name) in order. ``previous`` is last year's filing as far as it is
    compared with this one: its figures and short texts, those that were calculated too. ``unit_code`` is the code that
    the treasury knows the unit by, "" where it has none; ``adjustments`` is what the treasury set when it issued it.
    """

    package: str
    unit: str
    year: int
    sheets: list[Sheet] = field(default_factory=list)
    projects: list[tuple[str, str]] = field(default_factory=list)
    file: str = ""
    explanations: dict[str, Explanation] = field(default_factory=dict)
    previous: Filing | None = None
    unit_code: str = ""
    adjustments: Adjustments | None = None

    def of(self, form: str) -> list[Sheet]:
        return [sheet for sheet in self.sheets if sheet.form == form]


def number(value: Any, rate: bool = False) -> float:
    """A stated value as an entry of a number column; blank, 不适用 and text become their marks."""
    if value is None or value is MISSING or value == "":
        return BLANK
    if isinstance(value, str):
        return read_number(value, rate).value
    return float(value)


def text(value: Any) -> str:
    """A stated value as an entry of a text column; a number reads as people would write it."""
    if value is None or value is MISSING:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Columns:
    """Number and text columns by code, made from records on first use or given beforehand."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        records: Sequence[Mapping[str, Any]],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.fields, self.records = fields, records
        self._given = frozenset(given or ())
        self._numbers: dict[str, Column] = {}
        self._texts: dict[str, Texts] = {}
        for code, column in (given or {}).items():
            if isinstance(column, Texts):
                self._texts[code] = column
            else:
                self._numbers[code] = np.asarray(column, dtype=np.float64)
        self.size = len(next(iter((given or {}).values()), records))

    def numbers(self, code: str) -> Column:
        """The stated numbers of ``code``, blank where nothing is stated."""
        column = self._numbers.get(code)
        if column is None:
            rate = self.fields[code].type == "rate"
            cells = [record.get(code) for record in self.records]
            column = np.array([c if type(c) is float else number(c, rate) for c in cells], dtype=np.float64)
            if not self.records:
                column = np.full(self.size, BLANK)
            self._numbers[code] = column
        return column

    def texts(self, code: str) -> Texts:
        """The stated texts of ``code``, "" where nothing is stated."""
        column = self._texts.get(code)
        if column is None:
            cells = [record.get(code) for record in self.records] or [None] * self.size
            column = self._texts[code] = Texts.of(c if type(c) is str else text(c) for c in cells)
        return column

    def unstated(self, code: str) -> NDArray[np.bool_] | None:
        """Where a calculated cell states nothing of its own; ``None`` when every entry states something."""
        if not self.records:
            return None if code in self._given else np.ones(self.size, dtype=bool)
        flags = [record.get(code, MISSING) is MISSING for record in self.records]
        return np.array(flags) if any(flags) else None

    def invalid(self, code: str) -> Index:
        """Positions whose number cell holds something that is not a number."""
        places: Index = (self.numbers(code) == INVALID).nonzero()[0]
        return places


def _spans(owners: Index) -> dict[int, range]:
    """The positions of what belongs to each owner; ``owners`` never decrease."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
    ends = [*starts[1:], len(owners)]
    return {int(owners[start]): range(start, end) for start, end in zip(starts, ends, strict=True)}


class TableFrame(Columns):
    """The rows of one table over all sheets of a form; ``parent`` is the position of each row's sheet."""

    def __init__(
        self,
        table: Table,
        parent: Index,
        records: Sequence[Mapping[str, Any]],
        within: Sequence[int],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(table.columns, records, given)
        self.table, self.parent, self.within = table, parent, within

    @cached_property
    def of_sheet(self) -> dict[int, range]:
        """The positions of the rows of each sheet that has any."""
        return _spans(self.parent)

    @cached_property
    def names(self) -> Texts:
        """What names each row across inserted rows: its 二级指标 and its own name."""
        names = [self.texts(column).map(str.strip) for column in self.table.name_columns]
        return Texts.of("/".join(name[k] for name in names) for k in range(self.size))


class FormFrame(Columns):
    """All sheets of one form; ``filing`` is the position of each sheet's filing in the frame."""

    def __init__(
        self,
        form: Form,
        sheets: Sequence[Sheet],
        filing: Index,
        given: Mapping[str, Any] | None = None,
        tables: Mapping[str, TableFrame] | None = None,
    ) -> None:
        super().__init__(form.fields, [sheet.fields for sheet in sheets], given)
        self.form, self.sheets, self.filing = form, sheets, filing
        self._tables: dict[str, TableFrame] = dict(tables or {})

    @cached_property
    def of_filing(self) -> dict[int, range]:
        """The positions of the sheets of each filing that has any."""
        return _spans(self.filing)

    @cached_property
    def lines(self) -> dict[str, int]:
        """Where each field stands in the form, from top to bottom."""
        return {code: line for line, code in enumerate(self.fields)}

    def table(self, code: str) -> TableFrame:
        """The rows of table ``code``."""
        frame = self._tables.get(code)
        if frame is None:
            rows = [sheet.tables.get(code, []) for sheet in self.sheets]
            frame = self._tables[code] = TableFrame(
                self.form.tables[code],
                np.repeat(np.arange(len(rows)), [len(block) for block in rows]),
                [record for block in rows for record in block],
                [k for block in rows for k in range(len(block))],
            )
        return frame


class Frame:
    """Many filings of one package as columns.

    Args:
        filings: at least one filing; all of the same package.
        forms: the package's forms by code.
    """

    def __init__(self, filings: Sequence[Filing], forms: Mapping[str, Form]) -> None:
        self.filings = filings
        self.forms: dict[str, FormFrame] = {}
        for code, form in forms.items():
            pairs = [
                (k, sheet)
                for k, filing in enumerate(filings)
                for sheet in filing.sheets
                if sheet.form == code
            ]
            if pairs:
                self.forms[code] = FormFrame(
                    form, [sheet for _, sheet in pairs], np.array([k for k, _ in pairs], dtype=np.intp)
                )

    @cached_property
    def order(self) -> dict[int, int]:
        """Where each sheet (by its identity) stands in its filing."""
        return {id(sheet): k for filing in self.filings for k, sheet in enumerate(filing.sheets)}

    @cached_property
    def years(self) -> Column:
        return np.array([filing.year for filing in self.filings], dtype=np.float64)
