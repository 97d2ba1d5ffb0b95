"""What a treasury has set in a 参数 workbook.

Only what is typed into the yellow cells counts; a cell left blank keeps what is declared. Whatever cannot be used is
told by sheet and cell, all of it at once.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import Cell, plain_text
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.source import Grid
from jixiao.declarations import Adjustments, Catalogue, RuleChange
from jixiao.permitted import LEVELS, bound_refused, change_refused, together_refused
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.parameterbook import (
    BOUND_COLUMNS,
    BOUND_ROWS,
    NOTICE,
    PACKAGE,
    RULE_COLUMNS,
    RULE_ROWS,
    YEAR,
    Column,
    lower_levels,
    plain_title,
)

_YEARS = range(2000, 2100)
_LONGEST_NOTICE, _LONGEST_REASON = 40, 200


def read_parameters(path: Path, package: str, catalogue: Catalogue) -> Adjustments:
    """What is set in a 参数 workbook; ``package``: the one that it must be for, "" for any.

    Raises:
        Unreadable: it is no workbook.
        DeskError: it is no 参数 workbook or one for another package, or something in it cannot be used; every such cell
            is named.
    """
    return _Reader(path, Workbook(Parts.open(path)), catalogue).read(package)


def _number(value: object) -> float:
    """A number, also one that stands in a cell for texts; nan when it is none."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return float(normalise(value))
    return value if isinstance(value, float) else math.nan


class _Reader:
    def __init__(self, path: Path, workbook: Workbook, catalogue: Catalogue) -> None:
        self.path, self.workbook, self.catalogue = path, workbook, catalogue
        self.tabs = {tab.name: tab for tab in workbook.sheets}
        self.faults: list[str] = []

    def read(self, package: str) -> Adjustments:
        own = plain_text(self._only(PACKAGE)[1]).strip()
        if own not in self.catalogue.packages or (package and own != package):
            known = self.catalogue.packages.get(own)
            title = f"“{plain_title(known) if known else own}”"
            raise DeskError(
                f"“{self.path.name}”是{title}的参数，不是这一套表的",
                f"请用 jixiao parameters {package or '套表'} 生成这一套表的参数工作簿",
            )
        year = self._year()
        notice = self._notice()
        bounds = dict(self._bounds(year))
        rules = tuple(self._rules())
        self._refuse()
        return Adjustments(own, year, notice, tuple(sorted(bounds.items())), rules)

    def _refuse(self) -> None:
        if self.faults:
            raise DeskError(
                f"“{self.path.name}”有 {len(self.faults)} 处须先改正：{'；'.join(self.faults)}",
                "请在 Excel 中改正并保存后重新运行",
            )

    def _reference(self, name: str) -> tuple[Reference, Grid]:
        at = parse_reference(self.workbook.names[None].get(name, ""))
        if not isinstance(at, Reference) or at.sheet not in self.tabs:
            raise DeskError(
                f"“{self.path.name}”不是参数工作簿，或它的表、名称定义已丢失",
                "请用 jixiao parameters 重新生成，再把设置填进去",
            )
        return at, self.workbook.cells(self.tabs[at.sheet])

    def _only(self, name: str) -> tuple[str, str | float | bool | None]:
        """Sheet and address of a cell with a name, and its value."""
        at, cells = self._reference(name)
        cell = cells.get(at.first_row, at.first_column)
        where = f"“{at.sheet}”表 {column_letter(at.first_column)}{at.first_row}"
        return where, self._value(where, cell)

    def _value(self, where: str, cell: Cell | None) -> str | float | bool | None:
        if cell is None:
            return None
        if cell.value is None and cell.formula is not None:
            self.faults.append(f"{where} 是没有计算结果的公式")
        value = cell.value
        return value.strip() if isinstance(value, str) else value

    def _year(self) -> int:
        where, value = self._only(YEAR)
        digits = re.fullmatch(r"(\d{4})(?:年|年度)?", normalise(plain_text(value)))
        number = value if isinstance(value, float) else float(digits[1]) if digits else 0.0
        if number not in _YEARS:
            self.faults.append(f"{where} 的年度应为四位数，例如 2024，现在是“{plain_text(value)}”")
            return _YEARS.start
        return int(number)

    def _notice(self) -> str:
        where, value = self._only(NOTICE)
        notice = " ".join(plain_text(value).split())
        if len(notice) > _LONGEST_NOTICE:
            self.faults.append(f"{where} 的文号有 {len(notice)} 个字，最多 {_LONGEST_NOTICE} 个")
        return notice

    def _lines(self, name: str, columns: Sequence[Column]) -> Iterator[tuple[int, str, dict[str, object]]]:
        """Row, sheet and values by head of each line that has a code; columns are found by their heads."""
        at, cells = self._reference(name)
        heads = {
            plain_text(cell.value).strip(): column
            for column in range(at.first_column, at.last_column + 1)
            if (cell := cells.get(at.first_row, column)) is not None
        }
        if lost := [column.head for column in columns if column.typed and column.head not in heads]:
            self.faults.append(f"“{at.sheet}”表的表头“{'、'.join(lost)}”不见了")
            return
        wanted = [columns[0].head, *(column.head for column in columns if column.typed)]
        for row, _ in cells.lines(range(at.first_row + 1, at.last_row + 1), at.last_column):
            values: dict[str, object] = {}
            for head in wanted:
                column = heads.get(head, at.first_column)
                where = f"“{at.sheet}”表 {column_letter(column)}{row}"
                values[head] = self._value(where, cells.get(row, column))
                values[f"{head}@"] = where
            if any(values[head] is not None for head in wanted):
                yield row, at.sheet, values

    def _bounds(self, year: int) -> Iterator[tuple[str, float]]:
        places: dict[str, str] = {}
        found: dict[str, float] = {}
        for _, _, line in self._lines(BOUND_ROWS, BOUND_COLUMNS):
            code, value, where = plain_text(line["参数"]), line["采用值"], str(line["采用值@"])  # type: ignore[arg-type]
            if value is None or value == "":
                continue
            parameter = self.catalogue.parameters.get(code)
            if parameter is None:
                self.faults.append(f"{line['参数@']} 的参数“{code}”不存在，请恢复原来的名称")
                continue
            number = _number(value)
            if not math.isfinite(number):
                self.faults.append(f"{where} 的“{code}”填的是“{value}”，不是数字")
            elif why := bound_refused(parameter, number):
                self.faults.append(f"{where} 的“{code}”填的是 {number:g}，{why}")
            elif code in found:
                self.faults.append(f"{where} 的“{code}”写了两次")
            else:
                found[code], places[code] = number, where
        why, codes = together_refused(self.catalogue, found, year)
        if why and not self.faults:
            own = "、".join(places[code] for code in codes if code in places)
            self.faults.append(f"{own}：{why}")
        yield from found.items()

    def _rules(self) -> Iterator[RuleChange]:
        declared = {rule.id: rule for rule in self.catalogue.rules}
        seen: set[str] = set()
        for _, _, line in self._lines(RULE_ROWS, RULE_COLUMNS):
            id_, level = plain_text(line["规则"]), plain_text(line["采用级别"])  # type: ignore[arg-type]
            reason = " ".join(plain_text(line["理由"]).split())  # type: ignore[arg-type]
            where = str(line["采用级别@"])
            if not level:
                if reason:
                    self.faults.append(f"{line['理由@']} 写了理由，左边的采用级别却空着")
                continue
            if id_ not in declared:
                self.faults.append(f"{line['规则@']} 的规则“{id_}”不存在，请恢复原来的编号")
                continue
            if level not in LEVELS:
                self.faults.append(
                    f"{where} 的级别“{level}”不对，只能是{'、'.join(lower_levels(declared[id_]))}"
                )
                continue
            change = RuleChange(id_, LEVELS[level], reason)
            if change.severity == declared[id_].severity:
                continue
            why = change_refused(declared[id_], change)
            if len(reason) > _LONGEST_REASON:
                why = f"的理由有 {len(reason)} 个字，最多 {_LONGEST_REASON} 个"
            if id_ in seen:
                why = "写了两次"
            if why:
                at = where if change.reason else str(line["理由@"])
                self.faults.append(f"{at} 的规则 {id_}：{why}")
                continue
            seen.add(id_)
            yield change
