"""Findings written into a closed workbook: the 审核结果 sheet, its links and marks, and the status on 首页.

Two sheets of the file change; every other part is copied byte for byte. The same check of the same facts writes the
same bytes, so checking twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jixiao.books import results
from jixiao.books.ooxml.cells import Cells
from jixiao.books.ooxml.markup import Malformed, column_letter
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.books.ooxml.splice import Content, SheetXml
from jixiao.books.ooxml.workbook import Sheet as Tab
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.resultrows import Row, body, marks, row_height, summary, verdict
from jixiao.books.results import COLUMNS, LETTERS, last_check, status_cells, strange, table
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.findings import Finding


def annotate(
    path: Path,
    filing: Filing,
    findings: Sequence[Finding],
    catalogue: Catalogue,
    now: dt.datetime | None = None,
) -> bool:
    """Write the findings of a check into the workbook that was checked.

    Args:
        path: the workbook.
        filing: what was read from it.
        findings: what the check of ``filing`` found.
        catalogue: the rules that were checked.
        now: the time of the check; that of the clock unless given.

    Returns:
        Whether the file changed.

    Raises:
        Unreadable: it has no 审核结果 sheet of ours, is open elsewhere, or changed since; the file is as it was.
    """
    workbook = Workbook(Parts.open(path))
    tab, head = table(workbook)
    page = _xml(workbook, tab)
    rows = body(filing, findings, workbook)
    _write_body(page, head + 1, rows, marks(findings), _Styles.of(workbook, tab, head))
    if not page.set(f"A{head - 1}", summary(filing, findings, catalogue, last_check(workbook), now)):
        raise strange(path)
    changes: dict[str, bytes | None] = {tab.part: page.result()}
    front_tab, cells = status_cells(workbook)
    front = _xml(workbook, front_tab)
    _write_status(front, cells, workbook.cells(front_tab), verdict(findings))
    changes[front_tab.part] = front.result()
    if page.lost_formulas or front.lost_formulas:
        changes |= _without_chain(workbook.parts)
    return replace(path, workbook.parts, changes)


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
    page: SheetXml, first: int, rows: Sequence[Row], places: Sequence[str], styles: _Styles
) -> None:
    last = column_letter(len(COLUMNS))
    written, links = [], []
    for k in range(max(len(rows), len(places))):
        number = first + k
        row = rows[k] if k < len(rows) else None
        texts: dict[str, Content] = {
            **(row.texts if row else {}),
            "标记": places[k] if k < len(places) else "",
        }
        look = styles.head if row and row.head else styles.body
        cells = "".join(
            page.cell(f"{LETTERS[column.title]}{number}", look[place], texts.get(column.title, ""))
            for place, column in enumerate(COLUMNS)
            if column.title == "标记" or (row and row.texts)
        )
        # A row that holds nothing but a mark is hidden: it would print as an empty line.
        written.append(page.row(number, cells, row_height(row) if row else None, hidden=row is None))
        if row and row.target:
            links.append((f"{LETTERS['位置']}{number}", row.target))
    page.set_rows(first, "".join(written))
    page.set_links(first, links)
    page.set_dimension(f"A1:{last}{first + len(written) - 1}")


def _write_status(front: SheetXml, places: Mapping[str, str], cells: Cells, said: str) -> None:
    """Write the outcome on 首页, and let the status light show it before anything is calculated anew."""
    facts = cells[places[results.FACTS]]
    front.set(places[results.STATUS], said)
    front.set(places[results.CHECKSUM], facts.value if facts and isinstance(facts.value, float) else "")
    for address, cell in cells.items():
        # A light that an in-sheet check holds at 未通过 does not quote the status.
        if cell.formula and results.STATUS in cell.formula and cell.value != results.FAILED:
            front.set_result(address, said)


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


__all__ = ["annotate", "verdict"]
