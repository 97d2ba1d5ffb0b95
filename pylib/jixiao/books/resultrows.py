"""What 审核结果 says: its summary line and the rows of its body, whoever writes them, into a file or into Excel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jixiao.adjustments import adjusted
from jixiao.books import results
from jixiao.books.making.heights import MAX_HEIGHT, height
from jixiao.books.ooxml.splice import Content
from jixiao.books.results import COLUMNS, Answer, LastCheck
from jixiao.books.source import Source
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.findings import SEVERITY_NAMES, Finding, seal, status

#: Addresses listed in one message; all of them are marked on their sheets anyway.
_LISTED = 12
_LEAST_HEIGHT, _AIR = 18.0, 4.0
_HEADS_OF_LAPSED = {
    "级别": "已失效的说明",
    "问题": "原问题",
    "修改建议": "失效原因",
    "说明": "原说明（不再需要时请清空）",
}


@dataclass(frozen=True)
class Row:
    """One row of the body: texts by head, where its link jumps to, whether it is a head itself."""

    texts: Mapping[str, Content] = field(default_factory=dict)
    target: str = ""
    head: bool = False


def verdict(findings: Sequence[Finding]) -> str:
    """The status of a filing and what it still asks for, in one line."""
    counts = {
        severity: sum(finding.severity == severity and finding.outstanding for finding in findings)
        for severity in SEVERITY_NAMES
    }
    asked = "，".join(
        text
        for text in (
            f"强制性 {counts['error']} 条" if counts["error"] else "",
            f"核实性 {counts['warning']} 条待说明" if counts["warning"] else "",
        )
        if text
    )
    return f"{status(findings)}：{asked}" if asked else status(findings)


def summary(
    filing: Filing,
    findings: Sequence[Finding],
    catalogue: Catalogue,
    before: LastCheck | None,
    now: dt.datetime | None = None,
) -> str:
    """The line above the head: status, counts, the seal of what passed and its time, the version of the rules.

    Args:
        filing: what was checked.
        findings: what was found.
        catalogue: the rules.
        before: what the line says now. What has passed these rules and is as it was then keeps its time: a reviewer who
            checks the filings of a unit once more does not change which of them is the last.
        now: the time of this check; that of the clock unless given.
    """
    parts = [verdict(findings), _counts(findings)]
    version = adjusted(catalogue, filing.adjustments).version
    if status(findings) == "通过":
        if before is not None and before.version == version and before.holds(filing):
            moment = before.moment
        else:
            moment = f"{now or dt.datetime.now():%Y-%m-%d %H:%M:%S}"
        parts.append(f"{results.SEAL} {seal(filing, catalogue, moment)}")
        if moment:
            parts.append(f"{results.MOMENT} {moment}")
    return results.BETWEEN.join([*parts, f"{results.VERSION} {version}"])


def _counts(findings: Sequence[Finding]) -> str:
    if not findings:
        return "没有发现问题"
    counts = "，".join(
        f"{name} {count}"
        for key, name in SEVERITY_NAMES.items()
        if (count := sum(f.severity == key for f in findings))
    )
    answered = sum(finding.severity == "warning" and not finding.outstanding for finding in findings)
    return f"共 {len(findings)} 条：{counts}{f'（核实性已说明 {answered}）' if answered else ''}"


def body(filing: Filing, findings: Sequence[Finding], workbook: Source) -> list[Row]:
    """The rows of the body from top to bottom.

    Args:
        filing: what was read from the workbook.
        findings: what the check of ``filing`` found.
        workbook: which sheets there are, and what is explained in its 审核结果.
    """
    return [*_findings(filing, findings, workbook), *_lapsed(workbook, filing, findings)]


def _findings(filing: Filing, findings: Sequence[Finding], workbook: Source) -> Iterator[Row]:
    names = {tab.name for tab in workbook.sheets}
    for number, finding in enumerate(findings, 1):
        typed = _typed(filing, finding)
        reason = finding.explanation if finding.explanation and not typed else ""
        texts: dict[str, Content] = {
            "序号": number,
            "级别": SEVERITY_NAMES[finding.severity],
            "表": finding.sheet,
            "位置": finding.cell or ("整张表" if finding.sheet else ""),
            "问题": finding.message + involved(finding),
            "填报值": _figures(finding, finding.stated),
            "应为": _figures(finding, finding.expected),
            "差额": _figures(finding, finding.difference),
            "依据": str(finding.rule.reference),
            "修改建议": f"已在偏差原因中说明：{reason}" if reason else finding.fix,
            "说明": typed,
            "问题编号": finding.fingerprint,
            "数据编号": finding.figures,
        }
        yield Row(texts, _location(finding.sheet, finding.cell or "A1") if finding.sheet in names else "")
    if not findings:
        yield Row({"问题": "没有发现问题。"})


def _figures(finding: Finding, written: str) -> str:
    """The figures of several cells one below the other, where a narrow column does not break them in the middle."""
    return written.replace("、", "\n") if len(finding.rows) > 1 else written


def _typed(filing: Filing, finding: Finding) -> str:
    """What the person wrote into 说明 for this finding, if it still stands; a reason given in the form is not that."""
    given = filing.explanations.get(finding.fingerprint)
    if given is None or given.figures not in ("", finding.figures) or not given.text.strip():
        return ""
    return given.text


def involved(finding: Finding) -> str:
    """The other cells that a finding is about, on a line of their own; those of its own sheet without the sheet's name."""
    own = results.mark(finding.sheet, "")
    cells = [
        place.removeprefix(own)
        for place in dict.fromkeys(finding.related)
        if place != own + finding.cell and place
    ]
    if not cells:
        return ""
    return f"\n涉及：{'、'.join(cells[:_LISTED])}{f'等 {len(cells)} 处' if len(cells) > _LISTED else ''}"


def _lapsed(workbook: Source, filing: Filing, findings: Sequence[Finding]) -> Iterator[Row]:
    """Explanations that explain nothing any more: kept until the person clears them, because they wrote them."""
    shown = {(finding.fingerprint, _typed(filing, finding)) for finding in findings}
    asked = {finding.fingerprint for finding in findings}
    lapsed: dict[tuple[str, str, str], Answer] = {}
    for answer in results.answers(workbook):
        if (answer.fingerprint, answer.explanation.text) not in shown:
            lapsed.setdefault(
                (answer.fingerprint, answer.explanation.text, answer.explanation.figures), answer
            )
    if not lapsed:
        return
    yield Row()
    heads = {c.title: _HEADS_OF_LAPSED.get(c.title, c.title) for c in COLUMNS if c.role != "hidden"}
    yield Row(heads, head=True)
    for answer in lapsed.values():
        why = "数据已变化，请在上面重新说明" if answer.fingerprint in asked else "问题已消除，不再需要说明"
        yield Row({**answer.texts, "序号": "", "级别": "已失效", "位置": "", "标记": "", "修改建议": why})


def marks(findings: Sequence[Finding]) -> list[str]:
    """Every cell to be marked, once, in the order of the findings."""
    cells = dict.fromkeys(
        place
        for finding in findings
        for place in (results.mark(finding.sheet, finding.cell) if finding.cell else "", *finding.related)
    )
    return [place for place in cells if place]


def _location(sheet: str, cell: str) -> str:
    return "'" + sheet.replace("'", "''") + "'!" + cell


def row_height(row: Row) -> float:
    """Points that a row needs for its texts."""
    needed = [
        height(str(row.texts.get(column.title, "")), column.width, results.SIZE) + _AIR
        for column in COLUMNS
        if column.role != "hidden"
    ]
    return min(MAX_HEIGHT, max(_LEAST_HEIGHT, *needed))
