"""The filing that is open in Excel: read it, write the outcome of a check into it, put back what was overwritten.

Reading is :mod:`jixiao.books.openbook`. Writing goes to 审核结果 and to two cells of 首页, in one call each and a few
more for the looks; their number does not grow with the findings. The caller wraps it all in
:func:`~jixiao.books.application.settled`. What a filing says is data: every text is kept from being read as a formula,
a number or a date.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jixiao.books.application import BusyError, ExcelError, LockedError, settled, unlocked
from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.splice import TEXT_LIMIT
from jixiao.books.ooxml.workbook import Sheet
from jixiao.books.openbook import LiveWorkbook
from jixiao.books.resultrows import Row, body, marks, row_height, summary, verdict
from jixiao.books.results import (
    BODY_HEIGHT,
    CHECKSUM,
    COLUMNS,
    FACTS,
    STATUS,
    STYLED,
    last_check,
    status_cells,
    table,
)
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.findings import Finding

if TYPE_CHECKING:
    import xlwings as xw

#: Characters of one text among many that Excel takes in one call; one for itself may be as long as a cell can hold.
_BULK_LIMIT = 8000
#: Excel's limit for the text of an address.
_ADDRESS_LIMIT = 255
_LINK = 1 + [column.role for column in COLUMNS].index("link")
_LINK_START = '=HYPERLINK("#'
_WIDTH = len(COLUMNS)

Snapshot = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        verdict: the status and what is still asked for, in one line.
        sheet: name of the sheet with the findings.
        first: row of the first of them, from 1.
        rows: what the body shows, one entry a row, each with one value a column of ``COLUMNS``.
    """

    verdict: str
    sheet: str
    first: int
    rows: list[list[Any]]


def read(book: xw.Book, catalogue: Catalogue) -> Filing:
    """Read the filing that is open in Excel, as it stands now.

    Raises:
        Unreadable: the workbook is not one of ours.
        BusyError: Excel is editing a cell or showing a dialogue.
    """
    return LiveWorkbook(book).read(catalogue)


def listing(opened: LiveWorkbook) -> Written:
    """What 审核结果 shows now, as :func:`write` would return it; the verdict is that of the last check.

    Raises:
        Unreadable: the sheet is gone or is not as it was issued.
    """
    tab, head = table(opened)
    front, places = status_cells(opened)
    cell = opened.cells(front)[places[STATUS]]
    return Written(str(cell.value) if cell else "", tab.name, head + 1, _shown(opened, tab, head))


def write(opened: LiveWorkbook, filing: Filing, findings: Sequence[Finding], catalogue: Catalogue) -> Written:
    """Write the outcome of a check: findings, marks and explanations that lapsed, summary, status and checksum.

    Args:
        opened: the workbook from which ``filing`` was read.
        filing: what was read.
        findings: what the check of it found.
        catalogue: the rules that were checked.

    Raises:
        Unreadable: 审核结果 or 首页 is gone or is not as it was issued.
        LockedError: one of them is protected with a password.
        BusyError: Excel is editing a cell or showing a dialogue.

    In every case of these nothing has been changed.
    """
    front, places = status_cells(opened)
    facts = opened.cells(front)[places[FACTS]]
    rows, marked = body(filing, findings, opened), marks(findings)
    said = verdict(findings)
    page = _Page(
        [
            _contents(rows[k] if k < len(rows) else None, marked, k)
            for k in range(max(len(rows), len(marked)))
        ],
        [row_height(row) for row in rows],
        [k for k, row in enumerate(rows) if row.head],
        summary(filing, findings, catalogue, last_check(opened)),
        said,
        facts.value if facts and isinstance(facts.value, float) else None,
    )
    tab, head = _write(opened, page)
    return Written(
        said, tab.name, head + 1, [[_plain(value) for value in row] for row in page.rows[: len(rows)]]
    )


def snapshot(opened: LiveWorkbook) -> Snapshot:
    """What :func:`write` is going to overwrite, as plain data that JSON can hold.

    Raises:
        Unreadable: 审核结果 or 首页 is gone or is not as it was issued.
    """
    tab, head = table(opened)
    front, places = status_cells(opened)
    rows = _shown(opened, tab, head)
    if rows:
        # Where the findings lead to stands in formulas.
        area = opened.tab(tab).range((head + 1, _LINK), (head + len(rows) + 1, _LINK))
        for row, (formula,) in zip(rows, area.formula, strict=False):
            if str(formula).startswith(_LINK_START):
                row[_LINK - 1] = {"formula": str(formula)}
    cells = opened.cells(front)
    kept = {
        "summary": opened.cells(tab).get(head - 1, 1),
        "status": cells[places[STATUS]],
        "checksum": cells[places[CHECKSUM]],
    }
    return {"rows": rows} | {name: cell.value if cell else None for name, cell in kept.items()}


def restore(opened: LiveWorkbook, kept: Snapshot) -> None:
    """Put back what a snapshot holds.

    Raises:
        Unreadable, LockedError, BusyError: as :func:`write`.
    """
    rows = [
        [_Formula(cell["formula"]) if isinstance(cell, dict) else cell for cell in row]
        for row in kept["rows"]
    ]
    texts = [
        Row({column.title: _plain(cell) for column, cell in zip(COLUMNS, row, strict=True)}) for row in rows
    ]
    mark = [column.title for column in COLUMNS].index("标记")
    count = 1 + max((k for k, row in enumerate(rows) if any(row[:mark])), default=-1)
    page = _Page(
        rows,
        [row_height(row) for row in texts[:count]],
        [k for k, row in enumerate(rows) if _is_head(row)],
        kept["summary"],
        kept["status"],
        kept["checksum"],
    )
    _write(opened, page)


# ------------------------------------------------------------------------------------------------------- what is written


class _Formula(str):
    """A content that Excel is to calculate, unlike any text of a filing."""

    __slots__ = ()


@dataclass(frozen=True)
class _Page:
    """All that is written: the body row by row, heights of the rows that are seen, which rows are heads, and the rest."""

    rows: list[list[Any]]
    heights: list[float]
    heads: list[int]
    summary: Any
    status: Any
    checksum: Any


def _contents(row: Row | None, marked: Sequence[str], k: int) -> list[Any]:
    texts = dict(row.texts) if row else {}
    texts["标记"] = marked[k] if k < len(marked) else ""
    contents: list[Any] = [texts.get(column.title, "") for column in COLUMNS]
    if row and row.target:
        contents[_LINK - 1] = _Formula(
            f'{_LINK_START}{_doubled(row.target)}","{_doubled(str(contents[_LINK - 1]))}")'
        )
    return contents


def _doubled(text: str) -> str:
    return text.replace('"', '""')


def _plain(content: Any) -> Any:
    """What a cell shows for a content."""
    if isinstance(content, _Formula):
        return content.removesuffix('")').rpartition('"')[2]
    return content


def _entry(content: Any) -> Any:
    """A content as it is handed to Excel: the apostrophe keeps a text from being read as something else."""
    if isinstance(content, _Formula):
        return str(content)
    if content is None or content == "":
        return ""
    if isinstance(content, str):
        units = content.encode("utf-16-le", "surrogatepass")
        if len(units) > 2 * (TEXT_LIMIT - 1):
            content = units[: 2 * TEXT_LIMIT - 4].decode("utf-16-le", "ignore") + "…"
        return "'" + content
    return float(content)


def _is_head(row: Sequence[Any]) -> bool:
    """Whether a row is the head of the lapsed explanations."""
    return bool(row[0] == COLUMNS[0].title)


def _shown(opened: LiveWorkbook, tab: Sheet, head: int) -> list[list[Any]]:
    """What stands in the body now, down to its last row."""
    cells = opened.cells(tab)
    last = cells.end(head, _WIDTH)
    found = [[cells.get(row, k) for k in range(1, _WIDTH + 1)] for row in range(head + 1, last + 1)]
    return [[None if cell is None else cell.value for cell in row] for row in found]


# ---------------------------------------------------------------------------------------------------- how it is written


def _write(opened: LiveWorkbook, page: _Page) -> tuple[Sheet, int]:
    """Write a page; returns the sheet and the row of its head."""
    tab, head = table(opened)
    front, places = status_cells(opened)
    before = _shown(opened, tab, head)
    count = max(len(page.rows), len(before), 1)
    filled = [*page.rows, *[[""] * _WIDTH for _ in range(count - len(page.rows))]]
    sheet, cover = opened.tab(tab), opened.tab(front)
    with unlocked([sheet, cover]):
        try:
            _style(sheet, head, page, before)
            links = sheet.range((head + 1, _LINK), (head + count, _LINK))
            links.number_format = "General"  # as text, a formula would not be one
            with contextlib.suppress(AttributeError):  # Excel for macOS
                links.api.ClearHyperlinks()  # those of a check of the closed file
            _fill(sheet, head + 1, filled)
            sheet.range((head - 1, 1), (head - 1, 1)).raw_value = _entry(page.summary)
            _size(sheet, head + 1, page, count)
            _write_status(cover, places, page)
        finally:
            opened.forget(tab)
            opened.forget(front)
    return tab, head


def _fill(sheet: xw.Sheet, first: int, rows: Sequence[Sequence[Any]]) -> None:
    """Write the body in one call, and a text that is too long for that, as hardly anybody writes, in one of its own."""
    entries = [[_entry(content) for content in row] for row in rows]
    long = [
        (k, c)
        for k, row in enumerate(entries)
        for c, entry in enumerate(row)
        if len(str(entry)) > _BULK_LIMIT
    ]
    texts = {place: entries[place[0]][place[1]] for place in long}
    for k, c in long:
        entries[k][c] = ""
    sheet.range((first, 1), (first + len(rows) - 1, _WIDTH)).raw_value = entries
    for (k, c), text in texts.items():
        sheet.range((first + k, c + 1), (first + k, c + 1)).raw_value = text


def _style(sheet: xw.Sheet, head: int, page: _Page, before: Sequence[Sequence[Any]]) -> None:
    """Give rows beyond the issued ones and heads among them the looks of those; mostly there is nothing to do."""

    def row(number: int, last: int = 0) -> xw.Range:
        return sheet.range((number, 1), (last or number, _WIDTH))

    for k, contents in enumerate(before):
        if _is_head(contents) and k not in page.heads:
            row(head + 2 if k == 0 else head + 1).copy(row(head + 1 + k))
    if len(page.rows) > max(STYLED, len(before)):
        row(head + 1).copy(row(head + 1 + max(STYLED, len(before)), head + len(page.rows)))
    for k in page.heads:
        if k >= len(before) or not _is_head(before[k]):
            row(head).copy(row(head + 1 + k))


def _size(sheet: xw.Sheet, first: int, page: _Page, count: int) -> None:
    """Heights of all rows, those of one height in one call; a row that holds nothing but a mark is hidden."""
    sheet.range((first, 1), (first + count - 1, 1)).rows.hidden = False
    rows: dict[float, list[int]] = defaultdict(list)
    seen = len(page.heights)
    for k in range(count):
        rows[page.heights[k] if k < seen else BODY_HEIGHT].append(first + k)
    for points, numbers in rows.items():
        for address in _addresses(numbers):
            try:
                sheet.api.Range(address).RowHeight = points
            except AttributeError:  # Excel for macOS knows one stretch of rows at a time
                for part in address.split(","):
                    sheet.range(part).row_height = points
    if seen < len(page.rows):
        sheet.range((first + seen, 1), (first + len(page.rows) - 1, 1)).rows.hidden = True


def _addresses(rows: Sequence[int]) -> list[str]:
    """Cells of column A in these rows, as few texts as Excel's limit allows: ``A4:A6,A9``."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    addresses = [""]
    for start, end in runs:
        part = f"A{start}:A{end}" if end > start else f"A{start}"
        if addresses[-1] and len(addresses[-1]) + 1 + len(part) > _ADDRESS_LIMIT:
            addresses.append("")
        addresses[-1] += f",{part}" if addresses[-1] else part
    return addresses


def _write_status(cover: xw.Sheet, places: dict[str, str], page: _Page) -> None:
    """Status and checksum on 首页, in one call while they stand one below the other, as issued."""
    contents = {STATUS: _entry(page.status), CHECKSUM: _entry(page.checksum)}
    status, checksum = split_a1(places[STATUS]), split_a1(places[CHECKSUM])
    assert status is not None and checksum is not None
    if checksum == (status[0] + 1, status[1]):
        cover.range(status, checksum).raw_value = [[contents[STATUS]], [contents[CHECKSUM]]]
        return
    for place, content in ((status, contents[STATUS]), (checksum, contents[CHECKSUM])):
        cover.range(place, place).raw_value = content


__all__ = [
    "BusyError",
    "ExcelError",
    "LiveWorkbook",
    "LockedError",
    "Snapshot",
    "Written",
    "listing",
    "read",
    "restore",
    "settled",
    "snapshot",
    "unlocked",
    "write",
]
