"""The list of units that a treasury issues to (单位名单): a plain Excel file, its columns known by their heads.

Needed is 单位名称; 单位代码, 主管部门 and 项目 are taken where they are there. Several projects stand in several columns, or
in one cell, separated by 、 or ； or lines. What would make two units one, or a unit nobody's, is refused with its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.cells import Cell, ErrorValue, plain_text
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.units import Unit

CODE, NAME, DEPARTMENT, PROJECT = "单位代码", "单位名称", "主管部门", "项目"
"""The heads as we write them."""
MOST_PROJECTS = 30
_HEADS: Mapping[str, frozenset[str]] = {
    CODE: frozenset(
        [
            "单位代码",
            "单位编码",
            "单位编号",
            "预算单位代码",
            "预算单位编码",
            "部门代码",
            "部门编码",
            "代码",
            "编码",
        ]
    ),
    NAME: frozenset(
        ["单位名称", "预算单位名称", "预算单位", "填报单位", "填报单位名称", "单位全称", "部门名称", "单位"]
    ),
    DEPARTMENT: frozenset(["主管部门", "主管部门名称", "主管单位", "主管预算单位", "主管预算部门"]),
}
_PROJECT_HEAD = re.compile(r"项目(?:支出)?(?:名称|清单)?[0-9一二三四五六七八九十]*")
#: The head stands among the first rows, and below it nothing that is not a list of units goes on for so long.
_HEAD_ROWS, _MOST_ROWS = 30, 200_000
_LONGEST, _FAULTS_SHOWN = 200, 8
_TOTALS = frozenset({"合计", "总计", "小计"})
_NUMBERING = re.compile(r"^\s*(?:[（(]\s*\d+\s*[)）]|\d+\s*[、.．)）])\s*")
#: A comma inside of brackets or quotation marks separates nothing.
_BETWEEN = re.compile(r"、(?![^（(《“]*[）)》”])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHAPE = "名单应为一张 Excel 表，第一行是表头，至少有“单位名称”一列，另可有“单位代码”“主管部门”“项目”"


@dataclass(frozen=True)
class Listed:
    """One unit of the list: who it is, its projects, the department above it, and its row in the list."""

    unit: Unit
    projects: tuple[str, ...] = ()
    department: str = ""
    row: int = 0


@dataclass(frozen=True)
class UnitList:
    """The units in the order of the list, and what was read otherwise than it stands: remarks in Chinese."""

    units: tuple[Listed, ...]
    remarks: tuple[str, ...] = ()


def read_units(path: Path) -> UnitList:
    """Read the list.

    Raises:
        Unreadable: it is no workbook.
        DeskError: it has no such heads, no units, or rows that cannot be told apart; all of these rows are named.
    """
    workbook = Workbook(Parts.open(path))
    for tab in sorted(workbook.sheets, key=lambda tab: tab.state != "visible"):
        grid = _Grid(workbook, tab.part)
        heads = _heads(grid)
        if heads is not None:
            return _Reader(f"“{path.name}”的“{tab.name}”表", grid, *heads).read()
    raise DeskError(f"“{path.name}”里找不到写着“{NAME}”的表头", _SHAPE)


class _Grid:
    """The texts of one sheet as they are shown, by row and column."""

    def __init__(self, workbook: Workbook, part: str) -> None:
        self.workbook = workbook
        self.rows: dict[int, dict[int, Cell]] = {}
        tab = next(tab for tab in workbook.sheets if tab.part == part)
        for address, cell in workbook.cells(tab).items():
            place = split_a1(address)
            if place is not None and (cell.value is not None or cell.formula is not None):
                self.rows.setdefault(place[0], {})[place[1]] = cell

    def text(self, row: int, column: int) -> str:
        """What the cell shows, without spaces around it: a code that is a number keeps the zeros of its format."""
        cell = self.rows.get(row, {}).get(column)
        if cell is None:
            return ""
        if isinstance(cell.value, float):
            return self.workbook.display_text(cell.value, cell.style).strip()
        return plain_text(cell.value).strip()

    def unusable(self, row: int, column: int) -> str:
        """Why the cell says nothing; "" when it does, or is blank."""
        cell = self.rows.get(row, {}).get(column)
        if cell is None:
            return ""
        if isinstance(cell.value, ErrorValue):
            return f"是错误值 {cell.value}"
        return "是没有计算结果的公式" if cell.value is None else ""


def _heads(grid: _Grid) -> tuple[int, dict[str, int], list[int]] | None:
    """The head row, the column of each head, and those of projects; ``None`` without a column of names."""
    for row in sorted(grid.rows)[:_HEAD_ROWS]:
        found: dict[str, int] = {}
        projects = []
        for column in sorted(grid.rows[row]):
            head = re.split(r"[（(]", normalise(grid.text(row, column)), maxsplit=1)[0]
            name = next((name for name, heads in _HEADS.items() if head in heads), "")
            if name:
                found.setdefault(name, column)
            elif _PROJECT_HEAD.fullmatch(head):
                projects.append(column)
        # A title may be a single word such as 单位; a head row has a neighbour, or says 名称.
        if NAME in found and (len(grid.rows[row]) > 1 or grid.text(row, found[NAME]) == NAME):
            return row, found, projects
    return None


class _Reader:
    def __init__(
        self, where: str, grid: _Grid, head: int, columns: Mapping[str, int], projects: list[int]
    ) -> None:
        self.where, self.grid, self.head, self.columns, self.projects = where, grid, head, columns, projects
        self.faults: list[str] = []
        self.remarks: list[str] = []

    def read(self) -> UnitList:
        rows = [row for row in sorted(self.grid.rows) if row > self.head]
        if len(rows) > _MOST_ROWS:
            raise DeskError(f"{self.where}有 {len(rows)} 行，不像单位名单", _SHAPE)
        units = [unit for row in rows if (unit := self._unit(row)) is not None]
        self._told_apart(units)
        if self.faults:
            shown = "；".join(self.faults[:_FAULTS_SHOWN])
            more = f"；另有 {len(self.faults) - _FAULTS_SHOWN} 处" if len(self.faults) > _FAULTS_SHOWN else ""
            raise DeskError(
                f"{self.where}有 {len(self.faults)} 处须先改正：{shown}{more}",
                "请在名单中改正后重新运行；没有生成任何文件",
            )
        if not units:
            raise DeskError(f"{self.where}的表头下面没有单位", _SHAPE)
        return UnitList(tuple(units), tuple(self.remarks))

    def _unit(self, row: int) -> Listed | None:
        used = [*self.columns.values(), *self.projects]
        texts = {column: self.grid.text(row, column) for column in used}
        unusable = [(column, why) for column in used if (why := self.grid.unusable(row, column))]
        for column, why in unusable:
            self._fault(row, f"{column_letter(column)}{row} {why}")
        if unusable or not any(texts.values()):
            return None
        name = _line(texts[self.columns[NAME]])
        code = "".join(texts.get(self.columns.get(CODE, 0), "").split())
        if normalise(name) in _TOTALS or normalise(code) in _TOTALS:
            self.remarks.append(f"第 {row} 行是“{name or code}”，没有当作单位")
            return None
        if not name:
            self._fault(row, f"第 {row} 行没有单位名称")
            return None
        if len(name) > _LONGEST:
            self._fault(row, f"第 {row} 行的单位名称有 {len(name)} 个字")
            return None
        department = _line(texts.get(self.columns.get(DEPARTMENT, 0), ""))
        return Listed(Unit(code, name), self._projects(row, texts), department, row)

    def _projects(self, row: int, texts: Mapping[int, str]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for column in self.projects:
            for name in _separated(texts[column]):
                if normalise(name) in found:
                    self.remarks.append(f"第 {row} 行的项目“{name}”写了两次，只算一个")
                found.setdefault(normalise(name), name)
        if len(found) > MOST_PROJECTS:
            self._fault(row, f"第 {row} 行有 {len(found)} 个项目，一个单位最多 {MOST_PROJECTS} 个")
        return tuple(found.values())

    def _told_apart(self, units: list[Listed]) -> None:
        """No two units may have one code, nor one name unless each has a code of its own."""
        codes: dict[str, Listed] = {}
        names: dict[str, Listed] = {}
        for listed in units:
            code, name = normalise(listed.unit.code), normalise(listed.unit.name)
            other = codes.setdefault(code, listed) if code else listed
            if other is not listed:
                same = "、单位名称" if normalise(other.unit.name) == name else ""
                hint = "，一个单位只写一行，多个项目用顿号隔开" if same else ""
                self._fault(
                    listed.row,
                    f"第 {other.row} 行和第 {listed.row} 行的单位代码{same}相同（{listed.unit.code}）{hint}",
                )
                continue
            before = names.setdefault(name, listed)
            if before is listed:
                continue
            if not (code and before.unit.code):
                self._fault(
                    listed.row,
                    f"第 {before.row} 行和第 {listed.row} 行的单位名称相同（{listed.unit.name}），又没有各自的代码",
                )
            else:
                self.remarks.append(
                    f"第 {before.row} 行和第 {listed.row} 行的单位名称相同（{listed.unit.name}），按单位代码区分"
                )

    def _fault(self, row: int, text: str) -> None:
        self.faults.append(text)


def _line(text: str) -> str:
    """A name in one line, without what can be written into a cell by programs only."""
    return _CONTROL.sub("", " ".join(text.split()))


def _separated(text: str) -> Iterator[str]:
    """The projects in one cell: 1、业务工作经费；2、运行维护费 are two."""
    for line in re.split(r"[\n\r；;]+", text):
        for name in _BETWEEN.split(_NUMBERING.sub("", line)):
            name = _line(_NUMBERING.sub("", name))
            if name and name not in ("……", "…", "无", "/", "—", "——"):
                yield name
