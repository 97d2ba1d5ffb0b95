"""Writes 下发参数, the hidden sheet of a workbook that was issued with a treasury's own 参数."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.paper import Paper
from jixiao.books.parameters import BOUND, HEADS, NOTICE, PARAMETERS, RULE, YEAR
from jixiao.declarations import Adjustments
from jixiao.findings import SEVERITY_NAMES
from jixiao.permitted import OFF


def write_adjustments(paper: Paper, sheet: Worksheet, adjustments: Adjustments) -> None:
    """Write what was set, one thing a row, and the name under which it is found."""
    head, plain = paper.palette("locked", style="旁注头"), paper.palette("locked", style="隐藏")
    for column, title in enumerate(HEADS):
        paper.put(sheet, 0, column, title, head)
    rows = list(_rows(adjustments))
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value not in (None, ""):
                paper.put(sheet, number, column, value, plain)
    paper.define(PARAMETERS, f"={PARAMETERS}!{xl_range_abs(1, 0, len(rows), len(HEADS) - 1)}")
    paper.protect(sheet)
    sheet.hide()


def _rows(adjustments: Adjustments) -> Iterator[tuple[Any, ...]]:
    yield YEAR, None, float(adjustments.year), None
    if adjustments.notice:
        yield NOTICE, None, adjustments.notice, None
    for code, value in adjustments.bounds:
        yield BOUND, code, value, None
    for change in adjustments.rules:
        level = OFF if change.severity is None else SEVERITY_NAMES[change.severity]
        yield RULE, change.rule, level, change.reason
