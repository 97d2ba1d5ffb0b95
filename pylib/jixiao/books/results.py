"""Where the 审核结果 sheet keeps what: the layout that building, checking and reading agree on.

From top to bottom: a title, a summary line, the head row, one row per finding, and below them the explanations that
no longer explain anything. The defined name :data:`RESULTS` starts at the head row. The hidden columns say which
finding a row answers and for which figures; the hidden list of marks is a list of its own, one cell a row, over
which the conditional formats of the form sheets count. What draws the sheet imports this module, never the other way
round: every reading of a filing goes through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import plain_text
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Unreadable
from jixiao.books.ooxml.workbook import Sheet as WorkbookSheet
from jixiao.books.source import Source
from jixiao.filing import Explanation, Filing
from jixiao.findings import seal_under

RESULTS = "审核结果"
"""Name of the sheet, and of the range from its head row on."""
STATUS = "_status"
"""Name of the cell on 首页 that holds the status of the last check."""
MARKS = "审核标记"
"""Name of the list of marks: its whole column, because it is as long as it has to be."""
CHECKSUM = "_checksum"
"""Name of the cell on 首页 that holds the sum over the facts at the last check."""
FACTS = "_facts"
"""Name of the cell on 首页 that adds up the facts as they are now; 通过 shows only while both sums are equal."""

TITLE_ROW, SUMMARY_ROW, HEAD_ROW, BODY_ROW = 1, 2, 3, 4
"""Rows of an issued sheet, counted from 1; people may insert rows above, but the summary stays right above the head."""
STYLED, BODY_HEIGHT = 60, 22.0
"""Rows that are issued with borders and fonts, and their height in points."""
SIZE = 10.0
"""Points of the font of the body, for which heights are computed."""
UNCHECKED = "尚未审核"
"""Status and summary of a workbook that was never checked."""
FAILED = "未通过"
"""What the status light shows while an in-sheet check fails."""


@dataclass(frozen=True)
class Column:
    """One column: its head, its width in characters, and how its cells look.

    ``role`` is ``label`` (centred), ``text`` (wrapped), ``figure`` (to the right), ``link`` (jumps to a cell),
    ``answer`` (unlocked: the person types here) or ``hidden``.
    """

    title: str
    width: float
    role: Literal["label", "text", "figure", "link", "answer", "hidden"] = "text"


COLUMNS: tuple[Column, ...] = (
    Column("序号", 5, "label"),
    Column("级别", 8, "label"),
    Column("表", 11, "label"),
    Column("位置", 8, "link"),
    Column("问题", 44),
    Column("填报值", 13, "figure"),
    Column("应为", 13, "figure"),
    Column("差额", 12, "figure"),
    Column("依据", 27),
    Column("修改建议", 28),
    Column("说明", 28, "answer"),
    Column("问题编号", 14, "hidden"),
    Column("标记", 14, "hidden"),
    Column("数据编号", 14, "hidden"),
)
LETTERS: dict[str, str] = {column.title: column_letter(k) for k, column in enumerate(COLUMNS, 1)}
"""Letter of each column by its head."""
SEAL, MOMENT, VERSION, BETWEEN = "校验码", "审核时间", "规则版本", " · "
"""How the summary line above the head names the seal, its time and the rules, and what stands between its parts."""
_REISSUE = "请把内容转到下发的空白工作簿后再写入；只看结果可以不写入，直接查看审核输出"
#: So many rows without a finding end the body: people may insert some of their own.
_GAP = 50


def mark(sheet: str, cell: str) -> str:
    """What stands in the list of marks for a cell; conditional formats count this text."""
    return f"{sheet}!{cell}"


@dataclass(frozen=True)
class Answer:
    """A row of the sheet in which something is explained: all its visible texts by head, and what it answers."""

    fingerprint: str
    explanation: Explanation
    texts: dict[str, str]


def place(workbook: Source) -> tuple[WorkbookSheet, Reference] | None:
    """The sheet and the named range from the head row on; ``None`` when the name or the sheet is gone."""
    found = parse_reference(workbook.names[None].get(RESULTS, ""))
    if not isinstance(found, Reference):
        return None
    return next(((sheet, found) for sheet in workbook.sheets if sheet.name == found.sheet), None)


@dataclass(frozen=True)
class LastCheck:
    """What the last check of a workbook wrote about itself: the version of its rules, and the seal if it passed.

    ``moment`` is the time that the seal covers, by the clock of the computer that checked and as the line shows it;
    "" where there is none, as in workbooks of before.
    """

    version: str
    seal: str
    moment: str = ""

    def holds(self, filing: Filing) -> bool:
        """Whether it passed the facts as they are now."""
        return bool(self.seal) and self.seal == seal_under(filing, self.version, self.moment)


def last_check(workbook: Source) -> LastCheck | None:
    """What the summary line says of the last check; ``None`` when there was none, or the line is gone."""
    found = place(workbook)
    if found is None:
        return None
    sheet, area = found
    values = workbook.cells(sheet).line(area.first_row - 1, len(COLUMNS))
    line = plain_text(values.get(column_letter(area.first_column)))
    version = _VERSION.search(line)
    sealed, moment = _SEAL.search(line), _MOMENT.search(line)
    return (
        LastCheck(version[1], sealed[1] if sealed else "", moment[1] if moment else "") if version else None
    )


_VERSION, _SEAL = (re.compile(rf"{name} ([0-9A-Za-z]+)") for name in (VERSION, SEAL))
_MOMENT = re.compile(rf"{MOMENT} ([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})")


def answers(workbook: Source) -> Iterator[Answer]:
    """The rows that hold an explanation, from top to bottom, those that have lapsed included."""
    found = place(workbook)
    if found is None:
        return
    sheet, area = found
    cells = workbook.cells(sheet)
    row, gap = area.first_row, 0
    while gap < _GAP:
        row, gap = row + 1, gap + 1
        values = cells.line(row, len(COLUMNS))
        if LETTERS["问题编号"] not in values:
            continue
        texts = {title: plain_text(values.get(at)) for title, at in LETTERS.items()}
        if texts["问题编号"]:
            gap = 0
            if texts["说明"].strip():
                yield Answer(texts["问题编号"], Explanation(texts["说明"], texts["数据编号"]), texts)


def explanations(workbook: Source) -> dict[str, Explanation]:
    """What the person wrote into 说明, by the finding's fingerprint; empty without the sheet.

    A lapsed explanation counts again when the figures it explained return; one given to the finding itself goes first.
    """
    found: dict[str, Explanation] = {}
    for answer in answers(workbook):
        found.setdefault(answer.fingerprint, answer.explanation)
    return found


def strange(path: Path) -> Unreadable:
    """The error of a workbook whose 审核结果 is gone or is not as it was issued."""
    return Unreadable(
        path, "工作簿里没有下发时的“审核结果”表，或它的名称、表头被改动，没有写入任何内容", _REISSUE
    )


def table(workbook: Source) -> tuple[WorkbookSheet, int]:
    """The sheet and its head row, provided that it is laid out as we know it.

    Raises:
        Unreadable: it is not.
    """
    found = place(workbook)
    if found is None:
        raise strange(workbook.path)
    tab, area = found
    cells = [workbook.cells(tab).get(area.first_row, area.first_column + k) for k in range(len(COLUMNS))]
    titles = [None if cell is None else cell.value for cell in cells]
    if area.first_column != 1 or titles != [column.title for column in COLUMNS]:
        raise strange(workbook.path)
    return tab, area.first_row


def status_cells(workbook: Source) -> tuple[WorkbookSheet, dict[str, str]]:
    """首页 and the addresses of its cells that hold the outcome of a check.

    Raises:
        Unreadable: one of them is gone.
    """
    names = (STATUS, CHECKSUM, FACTS)
    found = {name: parse_reference(workbook.names[None].get(name, "")) for name in names}
    tabs = {tab.name: tab for tab in workbook.sheets}
    places = {name: at for name, at in found.items() if isinstance(at, Reference) and at.sheet in tabs}
    sheets = {at.sheet for at in places.values()}
    if len(places) < len(found) or len(sheets) != 1:
        raise Unreadable(
            workbook.path, "“首页”上记录审核状态的单元格或它的名称已丢失，没有写入任何内容", _REISSUE
        )
    addresses = {name: f"{column_letter(at.first_column)}{at.first_row}" for name, at in places.items()}
    return tabs[sheets.pop()], addresses
