"""退回通知: the letter with which a treasury sends a filing back, with what is to be done about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jixiao.books.resultrows import involved
from jixiao.findings import SEVERITY_NAMES, Finding
from jixiao.word.markup import CENTRED, GAP, HEAD, LEFT, Writer
from jixiao.word.pages import LONG, Box, Grid, Text
from jixiao.word.shown import clean
from jixiao.word.template import Kind, Template

TITLE, ADDRESSEE, BODY, OPINION, SIGNATURE = "通知标题", "主送单位", "通知正文", "复核意见", "通知落款"
"""Styles of the lines of the letter."""
NOTICE = Kind("退回通知", (TITLE, ADDRESSEE, BODY, OPINION, SIGNATURE, HEAD, CENTRED, LEFT, GAP))
_HEADING = "预算绩效自评材料退回通知"
_BLANK_DAY = "　　年　　月　　日"
#: Heads of the table with their shares of its width.
_HEADS = (
    *(("序号", 5), ("级别", 7), ("位置", 13)),
    *(("问题", 34), ("修改建议", 23), ("依据", 18)),
)
_KEEP = "<w:keepNext/>"


@dataclass(frozen=True)
class Notice:
    """What a letter says beside its findings.

    ``material`` is the title of what was handed in, ``issued_with`` the number of the document that it was issued with
    (文号), ``file`` the workbook that goes with the letter, "" when there is none. Without ``deadline`` the day is left
    to be written in by hand. ``opinion`` is what the reviewer wrote.
    """

    unit: str
    material: str
    file: str
    authority: str
    day: dt.date
    issued_with: str = ""
    deadline: dt.date | None = None
    opinion: str = ""


def compose(notice: Notice, findings: Sequence[Finding], template: Path) -> bytes:
    """The letter as a .docx file.

    Args:
        notice: whom it goes to, and what it is about.
        findings: what a check found, in working order.
        template: the Word file that it is written into.

    Raises:
        Unreadable: the template cannot be used.
    """
    opened = Template(template, NOTICE)
    writer, room = Writer(opened.styles), opened.room(False)
    asked = listed(findings)
    content = chain(
        [writer.paragraph(_HEADING, TITLE), writer.paragraph(clean(f"{notice.unit}："), ADDRESSEE)],
        (writer.paragraph(clean(line), BODY) for line in _letter(notice, findings)),
        (writer.paragraph(clean(line), OPINION) for line in _opinion(notice)),
        [writer.grid(_table(asked), _widths(room)), writer.gap(_KEEP)],
        [
            writer.paragraph(clean(notice.authority), SIGNATURE, _KEEP),
            writer.paragraph(day(notice.day), SIGNATURE),
        ],
    )
    opened.fill([*content], opened.section(False, True, True, False))
    opened.describe(f"{clean(notice.unit)}{_HEADING}", notice.authority, notice.day)
    return opened.result()


def listed(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that a unit is told of: not those that it has explained, nor faults of the program."""
    return [
        finding
        for finding in findings
        if finding.outcome != "rule_error" and (finding.outstanding or finding.severity == "info")
    ]


def day(date: dt.date) -> str:
    """A day as letters write it.

    >>> day(dt.date(2024, 4, 3))
    '2024年4月3日'
    """
    return f"{date.year}年{date.month}月{date.day}日"


def _letter(notice: Notice, findings: Sequence[Finding]) -> Iterator[str]:
    """What was found, what is to be done about it, and until when."""
    asked = listed(findings)
    counts = {severity: sum(finding.severity == severity for finding in asked) for severity in SEVERITY_NAMES}
    told = "、".join(f"{name}问题{counts[key]}条" for key, name in SEVERITY_NAMES.items() if counts[key])
    told = told.replace("提示问题", "提示")
    answered = sum(finding.severity == "warning" and not finding.outstanding for finding in findings)
    number = f"（{notice.issued_with}）" if notice.issued_with else ""
    yield (
        f"你单位报送的《{notice.material}》{number}收悉。经审核，有{told}，详见下表"
        f"{f'；另有{answered}条核实性问题已作说明，不再列出' if answered else ''}。现将材料退回。"
    )
    ways = []
    if counts["error"]:
        ways.append("强制性问题须逐条改正")
    if counts["warning"]:
        where = "随附工作簿“审核结果”表的“说明”栏" if notice.file else "工作簿“审核结果”表的“说明”栏"
        ways.append(f"核实性问题请逐条核对，填写有误的予以改正，情况属实的在{where}写明原因")
    if counts["info"]:
        ways.append("提示供参考")
    due = day(notice.deadline) if notice.deadline else _BLANK_DAY
    where = f"请在随附的工作簿“{notice.file}”上修改，" if notice.file else "请在原工作簿上修改，"
    yield f"{'；'.join(ways)}。{where}于{due}前重新报送。"


def _opinion(notice: Notice) -> Iterator[str]:
    lines = [line.strip() for line in clean(notice.opinion).splitlines() if line.strip()]
    for number, line in enumerate(lines):
        yield f"复核意见：{line}" if number == 0 else line


def _widths(room: int) -> list[float]:
    whole = sum(share for _, share in _HEADS)
    return [room * share / whole for _, share in _HEADS]


def _table(findings: Sequence[Finding]) -> Grid:
    boxes = [Box(0, column, 1, 1, (Text(head, head=True),)) for column, (head, _) in enumerate(_HEADS)]
    for row, finding in enumerate(findings, 1):
        place = f"{finding.sheet}\n{finding.cell or '整张表'}" if finding.sheet else "整套"
        texts = (
            *((str(row), "center"), (SEVERITY_NAMES[finding.severity], "center"), (place, "center")),
            *((finding.message + _apart(involved(finding)), "left"), (finding.fix, "left")),
            (str(finding.rule.reference), "left"),
        )
        for column, (text, align) in enumerate(texts):
            shown = (Text(clean(text), align=align),)
            boxes.append(Box(row, column, 1, 1, shown, len(text) > LONG))
    return Grid(len(findings) + 1, tuple(boxes), True)


def _apart(cells: str) -> str:
    """Addresses with spaces between them: Writer breaks G15、G16 in the middle of an address."""
    return cells.replace("、", " ")
