"""上一条 / 下一条: from finding to finding, as they stand in 审核结果.

Nothing is checked here; what the last check wrote is read in one go, so walking works on a file that was checked
elsewhere, or yesterday. Which finding was shown last is remembered beside the workbook's snapshot: a cell may have
several findings, and the person moves about between two clicks.
"""

from __future__ import annotations

from dataclasses import dataclass

from jixiao.books import live
from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.cells import plain_text
from jixiao.books.results import COLUMNS, RESULTS, UNCHECKED
from jixiao.excel.actions.memory import Memory
from jixiao.excel.actions.page import Selection
from jixiao.excel.actions.reply import Answers, Reply, say
from jixiao.excel.light import xw
from jixiao.findings import SEVERITY_NAMES

#: What Excel and xlwings call a sheet that is seen.
_VISIBLE = (-1, 1)


@dataclass(frozen=True)
class Listed:
    """One finding as 审核结果 shows it; ``row`` is its row there, ``position`` where it stands among all."""

    row: int
    position: int
    total: int
    level: str
    sheet: str
    cell: str
    message: str
    fix: str
    answer: str
    fingerprint: str

    @property
    def place(self) -> str:
        return f"{self.sheet}!{self.cell}" if self.cell else self.sheet

    @property
    def headline(self) -> str:
        return " ".join(part for part in (f"{self.position}/{self.total}", self.level, self.place) if part)

    @property
    def asks(self) -> bool:
        """Whether the person may answer it by an explanation, and has not."""
        return self.level == SEVERITY_NAMES["warning"] and not self.answer

    @property
    def advice(self) -> str:
        """What to do about it."""
        where = f"确属实际情况的，在“{RESULTS}”第 {self.row} 行“说明”栏填写原因。" if self.asks else ""
        return "".join(
            part for part in (self.fix, where, f"已说明：{self.answer}" if self.answer else "") if part
        )

    @property
    def current(self) -> str:
        """One line for the ribbon."""
        return f"{self.headline}：{self.message.splitlines()[0] if self.message else ''}"


def listed(written: live.Written) -> list[Listed]:
    """The findings in 审核结果 from top to bottom; lapsed explanations are left out."""
    rows = [
        (row, {column.title: plain_text(value) for column, value in zip(COLUMNS, values, strict=True)})
        for row, values in enumerate(written.rows, written.first)
    ]
    rows = [
        (row, texts) for row, texts in rows if texts["问题编号"] and texts["级别"] in SEVERITY_NAMES.values()
    ]
    return [
        Listed(
            row,
            position,
            len(rows),
            texts["级别"],
            texts["表"],
            texts["位置"] if split_a1(texts["位置"]) else "",
            texts["问题"],
            texts["修改建议"],
            texts["说明"].strip(),
            texts["问题编号"],
        )
        for position, (row, texts) in enumerate(rows, 1)
    ]


def following(book: xw.Book, answers: Answers) -> Reply:
    """下一条."""
    return _step(book, 1, "下一条")


def preceding(book: xw.Book, answers: Answers) -> Reply:
    """上一条."""
    return _step(book, -1, "上一条")


def _step(book: xw.Book, by: int, label: str) -> Reply:
    opened = live.LiveWorkbook(book)
    written = live.listing(opened)
    if written.verdict in ("", UNCHECKED):
        return say(label, "这份工作簿还没有审核。", "请先点“审核”，再逐条查看。")
    findings = listed(written)
    if not findings:
        return say(label, "上次审核没有发现问题。", "修改过内容的，请再点一次“审核”。")
    at = _current(opened, written.sheet, findings)
    if at is None:
        index, turned = (0 if by > 0 else len(findings) - 1), False
    else:
        index = (at + by) % len(findings)
        turned = index != at + by
    finding = findings[index]
    reply = show(opened, finding)
    if turned and len(findings) > 1:
        note = "（已到最后一条，回到第一条）" if by > 0 else "（已到第一条，转到最后一条）"
        reply = reply._replace(title=reply.title + note)
    return reply


def show(opened: live.LiveWorkbook, finding: Listed) -> Reply:
    """Select the cell of a finding, or its sheet, and say what it is about."""
    Memory(opened)["current"] = finding.fingerprint
    return Reply("show", finding.headline, finding.message, finding.advice + select(opened, finding))


def select(opened: live.LiveWorkbook, finding: Listed) -> str:
    """Select the cell of a finding, or its sheet; says why not, if not."""
    sheet = opened.sheet(finding.sheet)
    if not finding.sheet:
        return ""
    if sheet is None:
        return f"（找不到工作表“{finding.sheet}”，它已改名或删除，请再点一次“审核”。）"
    tab = opened.tab(sheet)
    if int(tab.visible) not in _VISIBLE:
        return f"（工作表“{finding.sheet}”是隐藏的，请右键工作表标签，取消隐藏。）"
    tab.activate()
    if finding.cell:
        tab.range(finding.cell).select()
    return ""


def _current(opened: live.LiveWorkbook, results: str, findings: list[Listed]) -> int | None:
    """Which finding the person is at: the one that is selected, else the one that was shown last."""
    book, remembered = opened.book, Memory(opened)["current"]
    last = next((k for k, finding in enumerate(findings) if finding.fingerprint == remembered), None)
    selection, sheet = Selection.of(book), book.sheets.active.name
    if selection is None:
        return last
    place = selection.row, selection.column
    if sheet == results:
        return next((k for k, finding in enumerate(findings) if finding.row == selection.row), last)
    here = [
        k for k, finding in enumerate(findings) if finding.sheet == sheet and split_a1(finding.cell) == place
    ]
    return last if last in here or not here else here[0]
