"""下发清单.xlsx: which units were issued which file, against which collecting reports who is missing.

Its heads are those of a list of units, so it is one: units that are added to it by hand count too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from jixiao.books.making.heights import height
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import plain_text
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.sheets import new_workbook
from jixiao.treasury.unitlist import CODE, DEPARTMENT, NAME, PROJECT, Listed, read_units
from jixiao.treasury.units import Roster

FILE = "下发清单.xlsx"
ISSUED, THERE, FAILED = "已下发", "已有文件", "未生成"
"""States of a unit: written now, there before and left alone, and not written."""
_LIST, _PACKAGE, _YEAR, _VERSION = "下发清单", "下发清单.套表", "下发清单.年度", "下发清单.规则版本"
_HEADS = (
    ("序号", 6, "结果居中"),
    (CODE, 12, "结果居中"),
    (NAME, 30, "结果"),
    (DEPARTMENT, 18, "结果"),
    (PROJECT, 26, "结果"),
    ("文件", 38, "结果"),
    ("状态", 10, "结果居中"),
    ("备注", 36, "结果"),
)
_TITLE, _SUMMARY, _HEAD = 0, 1, 2
_SIZE, _LEAST = 10.0, 20.0


@dataclass
class IssuedUnit:
    """A unit of the list with the name of its file, how it stands with that, and what there is to say about it."""

    listed: Listed
    file: str
    state: str = FAILED
    remarks: list[str] = field(default_factory=list)


@dataclass
class IssuedList:
    """What was issued: of which package, for which year, under which version of the rules, to whom."""

    package: str
    year: int
    version: str
    units: list[IssuedUnit] = field(default_factory=list)


def write_list(path: Path, issued: IssuedList, title: str, notice: str) -> None:
    """Write the list, replacing an older one.

    Raises:
        OSError: it cannot be written.
    """
    with new_workbook(path, f"{title}下发清单") as paper:
        sheet = paper.workbook.add_worksheet("下发清单")
        palette, put = paper.palette, paper.put
        put(sheet, _TITLE, 0, f"{title}　下发清单", palette(style="首页标题"), 1, len(_HEADS))
        sheet.set_row(_TITLE, 36)
        counts = [f"{state} {count} 家" for state, count in _counts(issued.units) if count]
        parts = [f"共 {len(issued.units)} 家单位", *counts, *([f"下发文号 {notice}"] if notice else [])]
        put(sheet, _SUMMARY, 0, " · ".join(parts), palette(style="提示"), 1, len(_HEADS))
        sheet.set_row(_SUMMARY, 22)
        for column, (head, width, _) in enumerate(_HEADS):
            sheet.set_column(column, column, width)
            put(sheet, _HEAD, column, head, palette(style="表头"))
        sheet.set_row(_HEAD, 24)
        for k, unit in enumerate(issued.units):
            texts = (
                unit.listed.unit.code,
                unit.listed.unit.name,
                unit.listed.department,
                "、".join(unit.listed.projects),
                unit.file,
                unit.state,
                "；".join(unit.remarks),
            )
            put(sheet, _HEAD + 1 + k, 0, float(k + 1), palette(style="结果居中", valign="vcenter"))
            needed = _LEAST
            for column, text in enumerate(texts, 1):
                _, width, style = _HEADS[column]
                indent = {"indent": 1} if style == "结果" else {}
                look = palette("locked", "text", style=style, valign="vcenter", **indent)
                put(sheet, _HEAD + 1 + k, column, text or None, look)
                needed = max(needed, height(text, width - 2, _SIZE) + 6)
            sheet.set_row(_HEAD + 1 + k, min(needed, 409))
        last = _HEAD + max(1, len(issued.units))
        state = next(k for k, (head, *_) in enumerate(_HEADS) if head == "状态")
        for text, mark in ((FAILED, "failed"), (ISSUED, "good")):
            rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": palette.mark(mark)}
            paper.checked(sheet.conditional_format(_HEAD + 1, state, last, state, rule))
        facts = ((_PACKAGE, issued.package), (_YEAR, float(issued.year)), (_VERSION, issued.version))
        for row, (name, value) in enumerate(facts):
            column = len(_HEADS) + 1
            put(sheet, row, column, value, palette(style="隐藏"))
            paper.define(name, f"=下发清单!{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}")
        sheet.set_column(len(_HEADS) + 1, len(_HEADS) + 1, 10, None, {"hidden": True})
        paper.define(_LIST, f"=下发清单!{xl_range_abs(_HEAD, 0, last, len(_HEADS) - 1)}")
        paper.page(sheet, landscape=True)
        sheet.print_area(0, 0, last, len(_HEADS) - 1)
        sheet.repeat_rows(_HEAD)
        sheet.freeze_panes(_HEAD + 1, 3)
        sheet.autofilter(_HEAD, 0, last, len(_HEADS) - 1)
        paper.checked(sheet.ignore_errors({"number_stored_as_text": f"A1:H{last + 1}"}))


def _counts(units: Sequence[IssuedUnit]) -> Iterator[tuple[str, int]]:
    for state in (ISSUED, THERE, FAILED):
        yield state, sum(unit.state == state for unit in units)


def read_list(path: Path) -> IssuedList:
    """Read a list of issued files.

    Raises:
        Unreadable: it is no workbook.
        DeskError: it is none of these lists, or its units cannot be told apart any more.
    """
    workbook = Workbook(Parts.open(path))
    facts = {name: _cell(workbook, name) for name in (_PACKAGE, _YEAR, _VERSION)}
    if not facts[_PACKAGE] or not facts[_YEAR].isdigit():
        raise DeskError(f"“{path.name}”不是下发时生成的清单", f"请选择下发文件夹里的“{FILE}”")
    result = IssuedList(facts[_PACKAGE], int(facts[_YEAR]), facts[_VERSION])
    tab = next(tab for tab in workbook.sheets if tab.state == "visible")
    cells = workbook.cells(tab)
    own = dict(_columns(workbook))

    def text(row: int, head: str) -> str:
        cell = cells.get(row, own[head]) if head in own else None
        return "" if cell is None else plain_text(cell.value).strip()

    for listed in read_units(path).units:
        remarks = [text(listed.row, "备注")] if text(listed.row, "备注") else []
        result.units.append(
            IssuedUnit(listed, text(listed.row, "文件"), text(listed.row, "状态") or FAILED, remarks)
        )
    return result


def roster(path: Path) -> Roster:
    """The units that are to file, from a list of issued files or from a plain list of units.

    Raises:
        Unreadable: it is no workbook.
        DeskError: it is no list of units, or its units cannot be told apart.
    """
    units = [listed.unit for listed in read_units(path).units]
    workbook = Workbook(Parts.open(path))
    package, year = _cell(workbook, _PACKAGE), _cell(workbook, _YEAR)
    return Roster(units, (package, int(year)) if package and year.isdigit() else None)


def _columns(workbook: Workbook) -> Iterator[tuple[str, int]]:
    at = parse_reference(workbook.names[None].get(_LIST, ""))
    if isinstance(at, Reference):
        with contextlib.suppress(StopIteration):
            tab = next(tab for tab in workbook.sheets if tab.name == at.sheet)
            for column in range(at.first_column, at.last_column + 1):
                cell = workbook.cells(tab).get(at.first_row, column)
                yield plain_text(None if cell is None else cell.value), column


def _cell(workbook: Workbook, name: str) -> str:
    at = parse_reference(workbook.names[None].get(name, ""))
    tab = next((tab for tab in workbook.sheets if isinstance(at, Reference) and tab.name == at.sheet), None)
    if tab is None or not isinstance(at, Reference):
        return ""
    cell = workbook.cells(tab).get(at.first_row, at.first_column)
    value = None if cell is None else cell.value
    return str(int(value)) if isinstance(value, float) else plain_text(value)


def merged(new: IssuedList, old: IssuedList) -> None:
    """Keep in ``new`` what an older list says of files that were left alone, and the units that it does not have: who
    was issued something stays on the list."""
    said = {unit.file: unit for unit in old.units}
    for unit in new.units:
        before = said.get(unit.file)
        if unit.state == THERE and before is not None:
            unit.state, unit.remarks = before.state, before.remarks
    codes = {normalise(unit.listed.unit.code) for unit in new.units if unit.listed.unit.code}
    names = {normalise(unit.listed.unit.name) for unit in new.units}
    for unit in old.units:
        code = normalise(unit.listed.unit.code)
        if (code not in codes) if code else (normalise(unit.listed.unit.name) not in names):
            new.units.append(unit)
