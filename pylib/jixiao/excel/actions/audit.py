"""审核: the button that checks the open workbook and leads to the first thing to do."""

from __future__ import annotations

from collections.abc import Sequence

from jixiao.books import live
from jixiao.catalogue import load_catalogue
from jixiao.check import check as find
from jixiao.excel.actions import snapshot
from jixiao.excel.actions.memory import Memory
from jixiao.excel.actions.reply import Answers, Reply, say
from jixiao.excel.actions.walk import listed, select
from jixiao.excel.light import xw
from jixiao.findings import Finding, status

LABEL = "审核"
_DONE = "没有待处理的问题"


def check(book: xw.Book, answers: Answers) -> Reply:
    """Check the workbook as it stands, write what was found into it, and select the first finding that asks for something."""
    catalogue = load_catalogue()
    app = book.app
    with live.settled(app):
        app.status_bar = "绩效自评：正在读取……"
        opened = live.LiveWorkbook(book)
        filing = opened.read(catalogue)
        app.status_bar = "绩效自评：正在审核……"
        findings = find(filing, catalogue)
        app.status_bar = "绩效自评：正在写入审核结果……"
        with snapshot.keeping_results(opened):
            written = live.write(opened, filing, findings, catalogue)
    entries = listed(written)
    first = next(
        (entry for entry, finding in zip(entries, findings, strict=True) if finding.outstanding), None
    )
    problem = ""
    if first is not None:
        Memory(opened)["current"] = first.fingerprint
        problem = select(opened, first)
    return say(
        f"{LABEL}：{status(findings)}",
        f"{written.verdict}。" + (f"共 {len(findings)} 条，见“{written.sheet}”。" if findings else ""),
        *_advice(findings, written.sheet),
        f"\n先看这一条（{first.headline}）：\n{first.message}\n{first.advice}{problem}" if first else "",
        _unsaved(book),
        current=first.current if first else _DONE,
    )


def _advice(findings: Sequence[Finding], sheet: str) -> list[str]:
    """What to do next."""
    asked = {finding.severity for finding in findings if finding.outstanding}
    lines = []
    if "error" in asked:
        lines.append("强制性问题必须改正：点“下一条”逐条查看，改好后再点“审核”。")
    if "warning" in asked:
        lines.append(f"核实性问题能改的改正；确属实际情况的，在“{sheet}”的“说明”栏写明原因，再点“审核”。")
    if not asked:
        lines.append("可以点“生成上报件”，打印、签字、盖章后报送。")
    return lines


def _unsaved(book: xw.Book) -> str:
    """A warning for who will not be able to save what was written."""
    if getattr(book.api, "ReadOnly", False) is True:
        return "这份工作簿是以只读方式打开的，审核结果不能保存在原文件中，请先另存为。"
    return ""
