"""What a button is about to overwrite, kept so that 恢复上次审核前 can put it back: macros end Excel's own undoing.

One step, as in most programs that have one: the last button that overwrote something. It is kept beside the program
(:mod:`jixiao.excel.actions.memory`), because every click may be a new process.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from jixiao.books import live
from jixiao.books.ooxml.parts import Unreadable
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.memory import Memory
from jixiao.excel.actions.page import Page, literal, write
from jixiao.excel.actions.reply import Answers, Reply, refuse, say
from jixiao.excel.light import xw
from jixiao.findings import digest

_LABEL = "恢复上次审核前"
_KEY = "snapshot"
AUDIT = "审核"


@contextlib.contextmanager
def keeping_results(opened: live.LiveWorkbook) -> Iterator[None]:
    """Keep 审核结果 and the status, which an audit overwrites within the block; if it may not, keep what was kept."""
    memory = Memory(opened)
    before = memory[_KEY]
    memory[_KEY] = _dated(AUDIT) | {"results": live.snapshot(opened)}
    try:
        yield
    except (live.ExcelError, Unreadable):  # with these nothing was written
        memory[_KEY] = before
        raise


def keep_cells(page: Page, label: str, cells: Iterable[tuple[int, int, str]]) -> None:
    """Keep cells of a form: row, column, and the formula or text in each."""
    kept = [
        [row, column, {"formula": now} if now.startswith("=") else page.value(row, column)]
        for row, column, now in cells
    ]
    facts = {"sheet": page.sheet.name, "layout": _layout(page), "cells": kept}
    Memory(page.workbook)[_KEY] = _dated(label) | facts


def _dated(label: str) -> dict[str, Any]:
    return {"label": label, "time": f"{dt.datetime.now():%H:%M}"}


def _layout(page: Page) -> str:
    """Where everything stands on a sheet; other after rows were inserted or deleted."""
    return digest(
        page.sheet.name,
        sorted(page.places.addresses.items()),
        page.places.blocks
        and [(block.table.code, block.rows.start, block.rows.stop) for block in page.places.blocks],
    )


def restore(book: xw.Book, answers: Answers) -> Reply:
    """Put back what the last button overwrote."""
    opened = live.LiveWorkbook(book)
    memory = Memory(opened)
    kept = memory[_KEY]
    if not kept:
        return say(
            _LABEL,
            "没有可以恢复的内容。",
            "只能恢复最近一次“审核”或“恢复公式”之前的内容，而且只能恢复一次。",
        )
    if "results" in kept:
        with live.settled(book.app):
            live.restore(opened, kept["results"])
        what = "“审核结果”和首页的状态"
    else:
        page = _page(opened, kept)
        contents = {(row, column): _content(content) for row, column, content in kept["cells"]}
        with live.settled(book.app), live.unlocked([page.tab]):
            write(page.tab, contents)
        what = f"“{kept['sheet']}”中的 {len(contents)} 个单元格"
    memory[_KEY] = None
    return say(
        _LABEL, f"{what}已恢复到 {kept['time']} 点“{kept['label']}”之前的样子。", "表中其他内容没有改动。"
    )


def _page(opened: live.LiveWorkbook, kept: dict[str, Any]) -> Page:
    sheet = opened.sheet(kept["sheet"])
    page = None if sheet is None else Page.find(opened, sheet, load_catalogue())
    if page is None or _layout(page) != kept["layout"]:
        raise refuse(
            _LABEL,
            f"点“{kept['label']}”之后，“{kept['sheet']}”增减过行、改过名或被删除，原来的内容已对不上位置，没有恢复。",
            "请直接在单元格中改写。",
        )
    return page


def _content(content: Any) -> Any:
    if isinstance(content, dict):
        return content["formula"]
    return literal(content) if isinstance(content, str) else content
