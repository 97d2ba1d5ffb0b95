"""The empty 审核结果 sheet: rows already styled, so that whoever writes findings into the file finds every style there."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.paper import Paper
from jixiao.books.results import (
    BODY_HEIGHT,
    BODY_ROW,
    COLUMNS,
    HEAD_ROW,
    MARKS,
    RESULTS,
    STYLED,
    SUMMARY_ROW,
    TITLE_ROW,
    UNCHECKED,
)
from jixiao.books.vba.buttons import CHECK, NEXT, PREVIOUS, WIDTH
from jixiao.declarations import Severity
from jixiao.findings import SEVERITY_NAMES

#: Rows that the names cover.
NAMED = 1000

_STYLES = {
    "label": "结果居中",
    "text": "结果",
    "figure": "结果数",
    "link": "结果链接",
    "answer": "结果",
    "hidden": "隐藏",
}


def write_results(paper: Paper, sheet: Worksheet) -> None:
    """Write title, summary line, head and empty body, and the names that point at them."""
    visible = sum(column.role != "hidden" for column in COLUMNS)
    put, palette = paper.put, paper.palette
    put(sheet, TITLE_ROW - 1, 0, RESULTS, palette(style="首页标题"), 1, visible)
    put(sheet, SUMMARY_ROW - 1, 0, UNCHECKED, palette(style="提示"), 1, visible)
    sheet.set_row(TITLE_ROW - 1, 32)
    for k, button in enumerate((CHECK, PREVIOUS, NEXT)):
        paper.button(sheet, button, TITLE_ROW - 1, 0, left=8 + k * (WIDTH + 6), top=9)
    sheet.set_row(SUMMARY_ROW - 1, 34)
    sheet.set_row(HEAD_ROW - 1, 24)
    for k, column in enumerate(COLUMNS):
        hidden = column.role == "hidden"
        options: dict[str, Any] = {"hidden": True} if hidden else {}
        sheet.set_column(k, k, column.width, None, options)
        put(sheet, HEAD_ROW - 1, k, column.title, palette(style="隐藏" if hidden else "表头"))
        role = "input" if column.role == "answer" else "locked"
        body = palette(role, "text", style=_STYLES[column.role])
        for row in range(STYLED):
            sheet.set_row(BODY_ROW - 1 + row, BODY_HEIGHT)
            put(sheet, BODY_ROW - 1 + row, k, None, body)
    answer = next(k for k, column in enumerate(COLUMNS) if column.role == "answer")
    paper.checked(
        sheet.data_validation(
            BODY_ROW - 1,
            answer,
            BODY_ROW - 1 + NAMED,
            answer,
            {
                "validate": "any",
                "input_title": "说明",
                "input_message": "核实性问题确属实际情况的，在这里写明原因（不能只写“无”），再次审核时保留。强制性问题必须改正，写说明不能代替。",
            },
        )
    )
    last = HEAD_ROW - 1 + NAMED
    level = next(k for k, column in enumerate(COLUMNS) if column.title == "级别")
    levels: dict[Severity, str] = {"error": "failed", "warning": "doubtful"}
    for severity, mark in levels.items():
        text = {
            "type": "cell",
            "criteria": "==",
            "value": f'"{SEVERITY_NAMES[severity]}"',
            "format": paper.palette.mark(mark),
        }
        paper.checked(sheet.conditional_format(BODY_ROW - 1, level, last, level, text))
    marks = next(k for k, column in enumerate(COLUMNS) if column.title == "标记")
    paper.define(RESULTS, f"={RESULTS}!{xl_range_abs(HEAD_ROW - 1, 0, last, len(COLUMNS) - 1)}")
    paper.define(MARKS, f"={RESULTS}!{xl_range_abs(BODY_ROW - 1, marks, last, marks)}")
    paper.page(sheet, landscape=True)
    sheet.repeat_rows(HEAD_ROW - 1)
    sheet.freeze_panes(HEAD_ROW, 0)
    paper.checked(sheet.ignore_errors({"number_stored_as_text": f"A1:N{last + 1}"}))
    paper.protect(sheet)
