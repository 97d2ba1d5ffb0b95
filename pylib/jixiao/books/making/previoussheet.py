"""Writes 上年数据, the hidden sheet of a workbook that was made from last year's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.paper import Paper
from jixiao.books.previous import HEADS, KEYS, PREVIOUS, SEPARATOR, VALUES
from jixiao.declarations import Package
from jixiao.filing import Filing, text


def write_previous(paper: Paper, sheet: Worksheet, previous: Filing, package: Package) -> None:
    """Write last year's filing, one figure a row, and the names under which it is found."""
    head, plain = paper.palette("locked", style="旁注头"), paper.palette("locked", style="隐藏")
    for column, title in enumerate(HEADS):
        paper.put(sheet, 0, column, title, head)
    last = 0
    for last, row in enumerate(rows(previous, package), 1):
        for column, value in enumerate(row):
            if value not in (None, ""):
                paper.put(sheet, last, column, value, plain)
    for name, first, final in (
        (PREVIOUS, 0, len(HEADS) - 1),
        (KEYS, 0, 0),
        (VALUES, len(HEADS) - 1, len(HEADS) - 1),
    ):
        paper.define(name, f"={PREVIOUS}!{xl_range_abs(1, first, max(last, 1), final)}")
    paper.protect(sheet)
    sheet.hide()


def rows(previous: Filing, package: Package) -> Iterator[tuple[Any, ...]]:
    """One row of the sheet for every figure, in the order of its heads; ``None`` for a cell that stays blank."""
    for sheet in previous.sheets:
        form = package.forms[sheet.form]
        for code, value in sheet.fields.items():
            yield None, form.code, sheet.name, None, None, code, value
        project = text(sheet.fields.get(form.named_by))
        for name, table in form.tables.items():
            for number, record in enumerate(sheet.tables.get(name, []), 1):
                own = [text(record.get(column)) for column in table.name_columns]
                for code, value in record.items():
                    names = form.code, *([project] if form.named_by else []), *own, code
                    key = SEPARATOR.join(names) if code in table.last_year.values() else None
                    yield key, form.code, sheet.name, name, float(number), code, value
