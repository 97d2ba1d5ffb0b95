"""生成上报件: the workbook that a unit hands in, made from the one that it works in.

It is a copy of the person's own file, so inserted rows, copied sheets, sheets of their own and explanations are in
it. Macros, buttons and the add-in's functions are left out (:mod:`jixiao.books.vba.unmacro`), table rows that nobody
filled are hidden for printing, and the copy is checked and annotated like any other workbook.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jixiao.books.annotate import annotate
from jixiao.books.making.heights import Fit, fit, merged_width
from jixiao.books.ooxml import parts as package
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import Cells
from jixiao.books.ooxml.markup import column_number
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.pieces import Edit, Piece, edited, pieces, retagged, utf8
from jixiao.books.ooxml.workbook import Names, Workbook
from jixiao.books.ooxml.workbook import Sheet as Tab
from jixiao.books.read import read
from jixiao.books.vba.unmacro import plain
from jixiao.check import check
from jixiao.declarations import Catalogue, Form, Table
from jixiao.filing import Filing, Sheet
from jixiao.findings import Finding, Status, status

SUFFIX = ".xlsx"
#: Points and characters where a sheet or its styles say nothing; what a column's width in the file holds besides its
#: characters (ECMA-376 part 1, 18.3.1.13).
_HEIGHT, _WIDTH, _SIZE, _PADDING = 15.0, 8.43, 11.0, 5 / 7


@dataclass(frozen=True)
class HandedIn:
    """What was handed in.

    Attributes:
        filing: as read from the new file.
        findings: what the check found in it, and wrote into it.
        status: 未通过, 待说明 or 通过.
        hidden: number of rows that were hidden.
        valued: cells (表!A1) in which the person calls the add-in themselves; only their values are handed in.
    """

    filing: Filing
    findings: list[Finding]
    status: Status
    hidden: int
    valued: list[str]


def hand_in(source: Path, target: Path, catalogue: Catalogue) -> HandedIn:
    """Make the 上报件 of a workbook.

    Args:
        source: the workbook, .xlsm or .xlsx, as saved; it is not changed.
        target: the .xlsx file to write; an older one is replaced only when the new one is complete.
        catalogue: what is checked.

    Raises:
        Unreadable: the source is no filing of ours, or the target cannot be written; then it is as it was.
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() != SUFFIX:
        raise Unreadable(target, f"上报件不带宏，文件名应以 {SUFFIX} 结尾", f"请把扩展名改为 {SUFFIX}")
    if _same(source, target):
        raise Unreadable(target, "上报件不能覆盖正在填报的工作簿", "请换一个文件名")
    with tempfile.TemporaryDirectory(prefix="jixiao-") as folder:
        copy = Path(folder) / target.name
        hidden, valued = _write_copy(source, copy, read(source, catalogue), catalogue)
        filing = read(copy, catalogue)
        findings = check(filing, catalogue)
        annotate(copy, filing, findings, catalogue)
        package.replace(target, Parts.open(copy), {})
    return HandedIn(replace(filing, file=str(target)), findings, status(findings), hidden, valued)


def _same(source: Path, target: Path) -> bool:
    try:
        return source.samefile(target)
    except OSError:
        return os.path.realpath(source) == os.path.realpath(target)


def _write_copy(source: Path, copy: Path, filing: Filing, catalogue: Catalogue) -> tuple[int, list[str]]:
    """Write the workbook without macros and with its unfilled rows hidden; how many, and what lost its formula."""
    workbook = Workbook(Parts.open(source))
    result = plain(workbook.parts, {tab.part: tab.name for tab in workbook.sheets})
    tabs = {tab.name: tab for tab in workbook.sheets}
    sizes, hidden = _sizes(workbook), 0
    for sheet in filing.sheets:
        tab = tabs[sheet.name]
        form = catalogue.packages[filing.package].forms[sheet.form]
        unfilled = _unfilled(workbook, tab, form, sheet)
        data = result.changes.get(tab.part) or utf8(workbook.parts[tab.part])
        try:
            page = _Page(data, workbook.cells(tab), sizes)
            hidden += page.hide(unfilled)
        except (ValueError, KeyError) as error:
            raise workbook.parts.damaged(f"工作表“{tab.name}”无法解析") from error
        result.changes[tab.part] = page.result()
    package.replace(copy, workbook.parts, result.changes)
    return hidden, result.valued


# ------------------------------------------------------------------------------------------------ which rows are hidden


def _unfilled(workbook: Workbook, tab: Tab, form: Form, sheet: Sheet) -> set[int]:
    """The rows that nobody filled and that print nothing the form needs."""
    cells, names = workbook.cells(tab), workbook.names.get(tab.index, Names())
    rows: set[int] = set()
    for table in form.tables.values():
        block = parse_reference(names.get(table.code, ""))
        if not isinstance(block, Reference) or block.sheet != tab.name:
            continue
        filled = set(sheet.row_numbers.get(table.code, ()))
        inside = range(block.first_row + 1, block.last_row)  # head and total row stay
        rows |= set(inside) - filled - _labelled(table, sheet, cells, inside)
        if inside and not filled and not table.sections:
            rows.discard(inside[0])
    return rows


def _labelled(table: Table, sheet: Sheet, cells: Cells, inside: range) -> set[int]:
    """The rows in which a label of several rows stands.

    Excel would show it in the rows that are left, but LibreOffice does not when it has several lines. So the first
    row of each section is printed, also if nothing is filled into the section.
    """
    letters = [sheet.columns.get(table.code, {}).get(code, "") for code in table.grouping]
    columns = {column_number(letter) for letter in letters if letter}
    places = {(row, column) for row in inside for column in columns}
    places |= {(first, column) for first, column, last, _ in cells.merges if last > first and first in inside}
    return {row for row, column in places if _text(cells, row, column)}


def _text(cells: Cells, row: int, column: int) -> str:
    cell = cells.get(row, column)
    return "" if cell is None or cell.value is None else str(cell.value).strip()


# --------------------------------------------------------------------------------------------------- how they are hidden


def _sizes(workbook: Workbook) -> list[float]:
    """Points of the font of each cell style."""
    part = next(
        (
            each.target
            for each in workbook.parts.relations(workbook.parts.workbook).values()
            if each.kind == "styles"
        ),
        "",
    )
    if part not in workbook.parts:
        return []
    try:
        found = pieces(utf8(workbook.parts[part]))
        fonts = [
            next((float(size.attributes["val"]) for size in font.children if size.name == "sz"), _SIZE)
            for font in _children(found, "fonts")
        ]
        numbers = [int(style.attributes.get("fontId", 0)) for style in _children(found, "cellXfs")]
    except (ValueError, KeyError) as error:
        raise workbook.parts.unparsable(part) from error
    return [fonts[number] if number < len(fonts) else _SIZE for number in numbers]


def _children(found: Iterable[Piece], name: str) -> list[Piece]:
    return next((piece.children for piece in found if piece.name == name), [])


class _Page:
    """One form sheet, in which rows are hidden."""

    def __init__(self, data: bytes, cells: Cells, sizes: list[float]) -> None:
        self.data, self.cells, self.sizes = data, cells, sizes
        found = pieces(data)
        self.named = {piece.name: piece for piece in reversed(found)}
        self.rows: dict[int, Piece] = {}
        for row in self.named["sheetData"].children:
            number = int(row.attributes.get("r", max(self.rows, default=0) + 1))
            self.rows[number] = row
        self.edits: list[Edit] = []

    def hide(self, rows: set[int]) -> int:
        """Hide rows, and make those that are left high enough for labels that reach over hidden ones.

        Returns:
            How many of them were still shown.
        """
        already = {
            number for number, row in self.rows.items() if row.attributes.get("hidden") in ("1", "true")
        }
        rows = {number for number in rows if number <= max(self.rows, default=0)} - already
        for number in sorted(rows):
            self._write(number, hidden="1")
        if rows:
            for number, height in self._heights(rows, already | rows).items():
                self._write(number, ht=f"{height:g}", customHeight="1")
        return len(rows)

    def result(self) -> bytes:
        return edited(self.data, self.edits)

    def _write(self, number: int, **attributes: str) -> None:
        row = self.rows.get(number)
        if row is not None:
            self.edits.append(retagged(self.data, row, **attributes))
            return
        sheet = self.named["sheetData"]
        at = next((self.rows[after].start for after in sorted(self.rows) if after > number), sheet.stop)
        # The row goes by the same prefix as its sheet's other elements.
        prefix = self.data[sheet.start + 1 : sheet.inside].partition(b"sheetData")[0]
        written = "".join(f' {name}="{value}"' for name, value in {"r": str(number), **attributes}.items())
        self.edits.append((at, at, b"<%brow%b/>" % (prefix, written.encode())))

    def _heights(self, hiding: set[int], hidden: set[int]) -> dict[int, float]:
        """New heights of the last shown row of every merged text that reaches over a row that is being hidden."""
        form = self.named.get("sheetFormatPr")
        least = float(form.attributes.get("defaultRowHeight", _HEIGHT)) if form is not None else _HEIGHT
        old = {number: float(row.attributes.get("ht", least)) for number, row in self.rows.items()}
        widths = self._widths()
        new: dict[int, float] = {}
        for first, column, last, last_column in sorted(self.cells.merges, key=lambda m: m[2] - m[0]):
            over = range(first, min(last, max(self.rows)) + 1)
            cell = self.cells.get(first, column)
            shown = [number for number in over if number not in hidden]
            if len(shown) == len(over) or not shown or hiding.isdisjoint(over):
                continue
            if cell is None or not isinstance(cell.value, str):
                continue
            width = merged_width([widths.get(k, _WIDTH) for k in range(column, last_column + 1)])
            size = self.sizes[cell.style] if cell.style < len(self.sizes) else _SIZE
            # As if the shown rows stood below each other.
            given = {k: new.get(number, old.get(number, least)) for k, number in enumerate(shown)}
            end = len(shown) - 1
            needed = fit([Fit(0, len(shown), cell.value, width, size)], least, given)[end]
            if needed > given[end]:
                new[shown[end]] = needed
        return new

    def _widths(self) -> Mapping[int, float]:
        """Width of each column in characters."""
        columns = self.named.get("cols")
        return {
            column: float(piece.attributes["width"]) - _PADDING
            for piece in (columns.children if columns is not None else ())
            for column in range(int(piece.attributes["min"]), min(int(piece.attributes["max"]), 256) + 1)
            if "width" in piece.attributes
        }
