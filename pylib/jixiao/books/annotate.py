"""Findings written into a closed workbook: the 审核结果 sheet, its links and marks, and the status on 首页.

Two sheets of the file change; every other part is copied byte for byte. The same check writes the same bytes, so
checking twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jixiao.books import results
from jixiao.books.cells import Cells, Reference, Workbook, column_letter, parse_reference
from jixiao.books.cells import Sheet as Tab
from jixiao.books.heights import MAX_HEIGHT, height
from jixiao.books.markup import Malformed
from jixiao.books.parts import Parts, Unreadable, replace
from jixiao.books.results import COLUMNS, LETTERS, Answer
from jixiao.books.splice import Content, SheetXml
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.findings import SEVERITY_NAMES, Finding, seal, status

_REISSUE = "请把内容转到下发的空白工作簿后再写入；只看结果可以不写入，直接查看审核输出"
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
class _Row:
    """One row of the body: texts by head, where its link jumps to, whether it is a head itself."""

    texts: Mapping[str, Content] = field(default_factory=dict)
    target: str = ""
    head: bool = False


def annotate(path: Path, filing: Filing, findings: Sequence[Finding], catalogue: Catalogue) -> bool:
    """Write the findings of a check into the workbook that was checked.

    Args:
        path: the workbook.
        filing: what was read from it.
        findings: what the check of ``filing`` found.
        catalogue: the rules that were checked.

    Returns:
        Whether the file changed.

    Raises:
        Unreadable: it has no 审核结果 sheet of ours, is open elsewhere, or changed since; the file is as it was.
    """
    workbook = Workbook(Parts.open(path))
    tab, head = _results(workbook)
    page = _xml(workbook, tab)
    rows = [*_findings(filing, findings, workbook), *_lapsed(workbook, filing, findings)]
    _write_body(page, head + 1, rows, _marks(findings), _Styles.of(workbook, tab, head))
    if not page.set(f"A{head - 1}", _summary(filing, findings, catalogue)):
        raise _strange(path)
    changes: dict[str, bytes | None] = {tab.part: page.result()}
    front_tab, cells = _front(workbook)
    front = _xml(workbook, front_tab)
    _write_status(front, cells, workbook.cells(front_tab), verdict(findings))
    changes[front_tab.part] = front.result()
    if page.lost_formulas or front.lost_formulas:
        changes |= _without_chain(workbook.parts)
    return replace(path, workbook.parts, changes)


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


def _summary(filing: Filing, findings: Sequence[Finding], catalogue: Catalogue) -> str:
    parts = [verdict(findings), _counts(findings)]
    if status(findings) == "通过":
        parts.append(f"校验码 {seal(filing, catalogue)}")
    return " · ".join([*parts, f"规则版本 {catalogue.version}"])


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


# ------------------------------------------------------------------------------------------------------ what the rows say


def _findings(filing: Filing, findings: Sequence[Finding], workbook: Workbook) -> Iterator[_Row]:
    names = {tab.name for tab in workbook.sheets}
    for number, finding in enumerate(findings, 1):
        typed = _typed(filing, finding)
        reason = finding.explanation if finding.explanation and not typed else ""
        texts: dict[str, Content] = {
            "序号": number,
            "级别": SEVERITY_NAMES[finding.severity],
            "表": finding.sheet,
            "位置": finding.cell or ("整张表" if finding.sheet else ""),
            "问题": finding.message + _involved(finding),
            "填报值": _figures(finding, finding.stated),
            "应为": _figures(finding, finding.expected),
            "差额": _figures(finding, finding.difference),
            "依据": str(finding.rule.reference),
            "修改建议": f"已在偏差原因中说明：{reason}" if reason else finding.fix,
            "说明": typed,
            "问题编号": finding.fingerprint,
            "数据编号": finding.figures,
        }
        yield _Row(texts, _location(finding.sheet, finding.cell or "A1") if finding.sheet in names else "")
    if not findings:
        yield _Row({"问题": "没有发现问题。"})


def _figures(finding: Finding, written: str) -> str:
    """The figures of several cells one below the other, where a narrow column does not break them in the middle."""
    return written.replace("、", "\n") if len(finding.rows) > 1 else written


def _typed(filing: Filing, finding: Finding) -> str:
    """What the person wrote into 说明 for this finding, if it still stands; a reason given in the form is not that."""
    given = filing.explanations.get(finding.fingerprint)
    if given is None or given.figures not in ("", finding.figures) or not given.text.strip():
        return ""
    return given.text


def _involved(finding: Finding) -> str:
    """The other cells that a finding is about, those of its own sheet without the sheet's name."""
    own = results.mark(finding.sheet, "")
    cells = [
        place.removeprefix(own)
        for place in dict.fromkeys(finding.related)
        if place != own + finding.cell and place
    ]
    if not cells:
        return ""
    return f"\n涉及：{'、'.join(cells[:_LISTED])}{f'等 {len(cells)} 处' if len(cells) > _LISTED else ''}"


def _lapsed(workbook: Workbook, filing: Filing, findings: Sequence[Finding]) -> Iterator[_Row]:
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
    yield _Row()
    heads = {c.title: _HEADS_OF_LAPSED.get(c.title, c.title) for c in COLUMNS if c.role != "hidden"}
    yield _Row(heads, head=True)
    for answer in lapsed.values():
        why = "数据已变化，请在上面重新说明" if answer.fingerprint in asked else "问题已消除，不再需要说明"
        yield _Row({**answer.texts, "序号": "", "级别": "已失效", "位置": "", "标记": "", "修改建议": why})


def _marks(findings: Sequence[Finding]) -> list[str]:
    """Every cell to be marked, once, in the order of the findings."""
    cells = dict.fromkeys(
        place
        for finding in findings
        for place in (results.mark(finding.sheet, finding.cell) if finding.cell else "", *finding.related)
    )
    return [place for place in cells if place]


def _location(sheet: str, cell: str) -> str:
    return "'" + sheet.replace("'", "''") + "'!" + cell


# ----------------------------------------------------------------------------------------------- how they are written


@dataclass(frozen=True)
class _Styles:
    """Styles of head and body as they stand in the file: programs renumber them when they save."""

    head: tuple[int, ...]
    body: tuple[int, ...]

    @classmethod
    def of(cls, workbook: Workbook, tab: Tab, head: int) -> _Styles:
        def style(row: int, place: int) -> int:
            cell = workbook.cells(tab).get(row, place + 1)
            return 0 if cell is None else cell.style

        # A hidden text that is not wrapped would show in the empty 说明 beside it.
        wrapped = next(place for place, column in enumerate(COLUMNS) if column.title == "问题")
        return cls(
            tuple(style(head, place) for place, _ in enumerate(COLUMNS)),
            tuple(
                style(head + 1, wrapped if column.role == "hidden" else place)
                for place, column in enumerate(COLUMNS)
            ),
        )


def _write_body(
    page: SheetXml, first: int, rows: Sequence[_Row], marks: Sequence[str], styles: _Styles
) -> None:
    last = column_letter(len(COLUMNS))
    written, links = [], []
    for k in range(max(len(rows), len(marks))):
        number = first + k
        row = rows[k] if k < len(rows) else None
        texts: dict[str, Content] = {**(row.texts if row else {}), "标记": marks[k] if k < len(marks) else ""}
        look = styles.head if row and row.head else styles.body
        cells = "".join(
            page.cell(f"{LETTERS[column.title]}{number}", look[place], texts.get(column.title, ""))
            for place, column in enumerate(COLUMNS)
            if column.title == "标记" or (row and row.texts)
        )
        # A row that holds nothing but a mark is hidden: it would print as an empty line.
        written.append(page.row(number, cells, _height(row) if row else None, hidden=row is None))
        if row and row.target:
            links.append((f"{LETTERS['位置']}{number}", row.target))
    page.set_rows(first, "".join(written))
    page.set_links(first, links)
    page.set_dimension(f"A1:{last}{first + len(written) - 1}")


def _height(row: _Row) -> float:
    needed = [
        height(str(row.texts.get(column.title, "")), column.width, results.SIZE) + _AIR
        for column in COLUMNS
        if column.role != "hidden"
    ]
    return min(MAX_HEIGHT, max(_LEAST_HEIGHT, *needed))


def _write_status(front: SheetXml, places: Mapping[str, str], cells: Cells, said: str) -> None:
    """Write the outcome on 首页, and let the status light show it before anything is calculated anew."""
    facts = cells[places[results.FACTS]]
    front.set(places[results.STATUS], said)
    front.set(places[results.CHECKSUM], facts.value if facts and isinstance(facts.value, float) else "")
    for address, cell in cells.items():
        # A light that an in-sheet check holds at 未通过 does not quote the status.
        if cell.formula and results.STATUS in cell.formula and cell.value != results.FAILED:
            front.set_result(address, said)


# ------------------------------------------------------------------------------------------------- finding the places


def _strange(path: Path) -> Unreadable:
    return Unreadable(
        path, "工作簿里没有下发时的“审核结果”表，或它的名称、表头被改动，没有写入任何内容", _REISSUE
    )


def _results(workbook: Workbook) -> tuple[Tab, int]:
    """The sheet and its head row, provided that it is laid out as we know it."""
    found = results.place(workbook)
    if found is None:
        raise _strange(workbook.parts.path)
    tab, area = found
    cells = [workbook.cells(tab).get(area.first_row, area.first_column + k) for k in range(len(COLUMNS))]
    titles = [None if cell is None else cell.value for cell in cells]
    if area.first_column != 1 or titles != [column.title for column in COLUMNS]:
        raise _strange(workbook.parts.path)
    return tab, area.first_row


def _front(workbook: Workbook) -> tuple[Tab, dict[str, str]]:
    """首页 and the addresses of its cells that hold the outcome of a check."""
    names = (results.STATUS, results.CHECKSUM, results.FACTS)
    found = {name: parse_reference(workbook.names[None].get(name, "")) for name in names}
    tabs = {tab.name: tab for tab in workbook.sheets}
    places = {
        name: place for name, place in found.items() if isinstance(place, Reference) and place.sheet in tabs
    }
    sheets = {place.sheet for place in places.values()}
    if len(places) < len(found) or len(sheets) != 1:
        raise Unreadable(
            workbook.parts.path, "“首页”上记录审核状态的单元格或它的名称已丢失，没有写入任何内容", _REISSUE
        )
    addresses = {
        name: f"{column_letter(place.first_column)}{place.first_row}" for name, place in places.items()
    }
    return tabs[sheets.pop()], addresses


def _xml(workbook: Workbook, tab: Tab) -> SheetXml:
    try:
        return SheetXml(workbook.parts[tab.part])
    except Malformed as error:
        raise workbook.parts.damaged(f"工作表“{tab.name}”无法解析") from error


_CHAIN = re.compile(rb"<(?:\w+:)?(Relationship|Override)\s[^<>]*[/.]calcChain\b[^<>]*(?:/>|></(?:\w+:)?\1>)")


def _without_chain(parts: Parts) -> dict[str, bytes | None]:
    """Leave out the calculation chain, which must not list a cell whose formula is gone; Excel makes a new one."""
    chain = next(
        (part.target for part in parts.relations(parts.workbook).values() if part.kind == "calcChain"), ""
    )
    if chain not in parts:
        return {}
    folder, _, name = parts.workbook.rpartition("/")
    listing = [f"{folder}/_rels/{name}.rels", "[Content_Types].xml"]
    return {chain: None, **{part: _CHAIN.sub(b"", parts[part]) for part in listing}}
