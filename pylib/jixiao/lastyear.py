"""Which sheet and which row of last year's filing a sheet or a row continues: those of the same name.

Names that differ by a word may be two projects or two indicators: they are not matched, so nothing is held against
a figure that may be another one's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jixiao.declarations import Form, Table
from jixiao.filing import Filing, FormFrame, Frame, Sheet, text
from jixiao.quantity import normalise

Record = Mapping[str, Any]


def sheets(frame: Frame, form: FormFrame) -> Iterator[tuple[int, Sheet]]:
    """The position of every sheet of a form that has one in last year's filing, and that sheet."""
    for place, (filing, sheet) in enumerate(zip(form.filing, form.sheets, strict=True)):
        before = same_sheet(frame.filings[int(filing)].previous, form.form, sheet)
        if before is not None:
            yield place, before


def same_sheet(previous: Filing | None, form: Form, sheet: Sheet) -> Sheet | None:
    """The sheet of last year's filing that ``sheet`` continues: that of its form, or of the project of its name."""
    if previous is None:
        return None
    of_form = [other for other in previous.sheets if other.form == form.code]
    if form.many:
        name = _name(sheet, form)
        of_form = [other for other in of_form if name and _name(other, form) == name]
    return of_form[0] if len(of_form) == 1 else None


def same_row(table: Table, record: Record, rows: Sequence[Record]) -> Record | None:
    """The row among last year's ``rows`` that ``record`` continues; ``None`` as well when two have its name."""
    return next((then for _, then in continued(table, [record], rows)), None)


def continued(
    table: Table, records: Sequence[Record], rows: Sequence[Record]
) -> Iterator[tuple[int, Record]]:
    """The positions of the records that continue one of last year's ``rows``, each with that row; a row is not continued
    when another one has its name."""
    if not rows:
        return
    columns = table.name_columns
    named: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for row in rows:
        named[_key(columns, row)].append(row)
    for place, record in enumerate(records):
        key = _key(columns, record)
        found = named.get(key, ())
        if len(found) == 1 and key[-1:] != ("",):
            yield place, found[0]


def _name(sheet: Sheet, form: Form) -> str:
    return normalise(text(sheet.fields.get(form.named_by)))


def _key(columns: Sequence[str], record: Record) -> tuple[str, ...]:
    return tuple([normalise(text(record.get(code))) for code in columns])
