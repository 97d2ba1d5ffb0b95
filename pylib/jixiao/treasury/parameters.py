"""The 参数 workbook: what a treasury may set for a year, laid out for a reviewer to edit in Excel, and read back.

Only what is typed into the yellow cells counts; a cell left blank keeps what is declared. Whatever cannot be used is
told by sheet and cell, all of it at once.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.heights import height
from jixiao.books.making.paper import Paper
from jixiao.books.ooxml.cells import Cell, Reference, Workbook, column_letter, parse_reference, plain_text
from jixiao.books.ooxml.parts import Parts
from jixiao.books.source import Grid
from jixiao.check import applicable
from jixiao.declarations import Adjustments, Catalogue, Package, Parameter, Rule, RuleChange
from jixiao.findings import SEVERITY_NAMES
from jixiao.permitted import LEVELS, OFF, bound_refused, change_refused, together_refused
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.sheets import new_workbook

BOUNDS, RULES = "参数", "规则"
"""Names of the two sheets."""
_PACKAGE, _YEAR, _NOTICE = "参数.套表", "参数.年度", "参数.文号"
_BOUND_ROWS, _RULE_ROWS = "参数.参数表", "参数.规则表"
_YEARS = range(2000, 2100)
_LONGEST_NOTICE, _LONGEST_REASON = 40, 200
_SIZE, _LEAST = 10.0, 22.0


@dataclass(frozen=True)
class _Column:
    head: str
    width: float
    style: str
    typed: bool = False


_BOUND_COLUMNS = (
    _Column("参数", 20, "结果"),
    _Column("含义", 40, "结果"),
    _Column("默认值", 10, "结果居中"),
    _Column("采用值", 11, "结果居中", True),
    _Column("单位", 7, "结果居中"),
    _Column("可填范围", 13, "结果居中"),
    _Column("依据", 44, "结果"),
)
_RULE_COLUMNS = (
    _Column("规则", 10, "结果居中"),
    _Column("名称", 28, "结果"),
    _Column("默认级别", 9, "结果居中"),
    _Column("采用级别", 10, "结果居中", True),
    _Column("理由", 34, "结果", True),
    _Column("适用的表", 20, "结果"),
    _Column("不问的情形", 40, "结果"),
)
_GUIDE = (
    "只填黄色单元格；留空就是采用默认值。填好后保存，下发和收集时用 --parameters 指定本文件。",
    "一类分值改动后，四类分值之和仍应等于总分值；规则在另一张表“规则”中设定。",
    "这里的设置随下发的工作簿走：单位点“审核”、财政部门收集时，用的是同一套参数和规则。",
)


_RULES_GUIDE = "留空就是采用默认级别；规则只能从“强制性”往“核实性”“提示”降级，或停用，并写明理由。"


# ------------------------------------------------------------------------------------------------------------- writing


def write_parameters(path: Path, package: Package, catalogue: Catalogue, year: int) -> None:
    """Write a 参数 workbook in which nothing is set yet.

    Raises:
        OSError: it cannot be written.
    """
    title = package.title.format(year=year)
    with new_workbook(path, f"{title}参数") as paper:
        _bounds(paper, package, catalogue, year)
        _rules(paper, package, catalogue, year)


def _bounds(paper: Paper, package: Package, catalogue: Catalogue, year: int) -> None:
    sheet = paper.workbook.add_worksheet(BOUNDS)
    put, palette, last = paper.put, paper.palette, len(_BOUND_COLUMNS) - 1
    for k, column in enumerate(_BOUND_COLUMNS):
        sheet.set_column(k, k, column.width)
    put(sheet, 0, 0, f"{_plain_title(package)}　参数", palette(style="首页标题"), 1, last + 1)
    sheet.set_row(0, 40)
    for k, text in enumerate(_GUIDE, 1):
        put(sheet, k, 0, text, palette(style="提示"), 1, last + 1)
        sheet.set_row(k, 18)
    row = len(_GUIDE) + 2
    facts = (
        ("套表", _plain_title(package), _PACKAGE, None),
        ("年度", float(year), _YEAR, "四位数的年度，例如 2024。"),
        ("下发文号", None, _NOTICE, "例如 衡财绩〔2024〕3号；印在下发工作簿的首页，没有则留空。"),
    )
    for label, value, name, told in facts:
        put(sheet, row, 0, label, palette(style="标签"))
        look = palette("input" if told else "locked", *([] if label == "年度" else ["text"]), num_format="@")
        if label == "年度":
            look = palette("input", num_format="0")
        put(sheet, row, 1, value, look)
        sheet.set_row(row, _LEAST)
        if name != _PACKAGE:
            paper.define(name, f"={BOUNDS}!{xl_rowcol_to_cell(row, 1, row_abs=True, col_abs=True)}")
        if told:
            options = {"validate": "any", "input_title": label, "input_message": told}
            paper.checked(sheet.data_validation(row, 1, row, 1, options))
        row += 1
    put(sheet, 0, last + 2, package.code, palette(style="隐藏"))
    sheet.set_column(last + 2, last + 2, 10, None, {"hidden": True})
    paper.define(_PACKAGE, f"={BOUNDS}!{xl_rowcol_to_cell(0, last + 2, row_abs=True, col_abs=True)}")
    row += 1
    first = _table(
        paper,
        sheet,
        row,
        _BOUND_COLUMNS,
        [
            (
                parameter.code,
                parameter.title,
                f"{parameter.at(year):g}",
                None,
                parameter.unit,
                _range(parameter),
                str(parameter.reference),
            )
            for parameter in catalogue.parameters.values()
        ],
        _BOUND_ROWS,
    )
    for k, parameter in enumerate(catalogue.parameters.values()):
        refusing = {
            "validate": "decimal",
            "criteria": ">=" if parameter.most is None else "between",
            **({"value": parameter.least} if parameter.most is None else {}),
            **({"minimum": parameter.least, "maximum": parameter.most} if parameter.most is not None else {}),
            "input_title": parameter.code,
            "input_message": f"留空采用默认值 {parameter.at(year):g}{parameter.unit}；可填 {_range(parameter)}。",
            "error_title": "参数超出范围",
            "error_message": f"可填 {_range(parameter)}，只写数字，不带单位。",
        }
        paper.checked(sheet.data_validation(first + k, 3, first + k, 3, refusing))
    _finish(paper, sheet, row, first + len(catalogue.parameters) - 1, last)


def _plain_title(package: Package) -> str:
    """The title without the year, which the reviewer may change."""
    return package.title.replace("{year}年度", "").replace("{year}", "")


def _range(parameter: Parameter) -> str:
    if parameter.most is None:
        return f"{parameter.least:g} 以上"
    return f"{parameter.least:g} 到 {parameter.most:g}"


def _rules(paper: Paper, package: Package, catalogue: Catalogue, year: int) -> None:
    sheet = paper.workbook.add_worksheet(RULES)
    last = len(_RULE_COLUMNS) - 1
    for k, column in enumerate(_RULE_COLUMNS):
        sheet.set_column(k, k, column.width)
    paper.put(sheet, 0, 0, f"{_plain_title(package)}　规则", paper.palette(style="首页标题"), 1, last + 1)
    sheet.set_row(0, 40)
    paper.put(sheet, 1, 0, _RULES_GUIDE, paper.palette(style="提示"), 1, last + 1)
    sheet.set_row(1, 18)
    rules = [rule for rule in applicable(package, catalogue) if rule.since <= year]
    first = _table(
        paper,
        sheet,
        2,
        _RULE_COLUMNS,
        [
            (
                rule.id,
                rule.title,
                SEVERITY_NAMES[rule.severity],
                None,
                None,
                "、".join(code for code in rule.forms if code in package.forms),
                rule.note,
            )
            for rule in rules
        ],
        _RULE_ROWS,
    )
    final = first + len(rules) - 1
    for k, rule in enumerate(rules):
        paper.checked(
            sheet.data_validation(
                first + k,
                3,
                first + k,
                3,
                {
                    "validate": "list",
                    "source": _lower(rule),
                    "input_title": rule.id,
                    "input_message": "留空采用默认级别；降级或停用须在右边写明理由。",
                    "error_title": "级别不对",
                    "error_message": f"只能选{'、'.join(_lower(rule))}。",
                },
            )
        )
    unexplained = {
        "type": "formula",
        "criteria": f'=AND($D{first + 1}<>"",TRIM($E{first + 1})="")',
        "format": paper.palette.mark("marked"),
    }
    paper.checked(sheet.conditional_format(first, 4, final, 4, unexplained))
    _finish(paper, sheet, 2, final, last)


def _lower(rule: Rule) -> list[str]:
    """The levels that a rule can be set to."""
    levels = list(SEVERITY_NAMES)
    return [*(SEVERITY_NAMES[level] for level in levels[levels.index(rule.severity) + 1 :]), OFF]


def _table(
    paper: Paper,
    sheet: Worksheet,
    row: int,
    columns: Sequence[_Column],
    lines: Sequence[Sequence[str | None]],
    name: str,
) -> int:
    """Write head and lines, and name the block with its head; the first row of the lines."""
    put, palette = paper.put, paper.palette
    for k, column in enumerate(columns):
        put(sheet, row, k, column.head, palette(style="表头"))
    sheet.set_row(row, 24)
    for number, line in enumerate(lines, row + 1):
        needed = _LEAST
        for k, (column, text) in enumerate(zip(columns, line, strict=True)):
            # A number that is typed stays a number, so only what is text is formatted as text.
            role, types = (
                ("input", ()) if column.typed and column.style == "结果居中" else ("locked", ("text",))
            )
            if column.typed and column.style != "结果居中":
                role = "input"
            indent = {"indent": 1} if column.style == "结果" else {}
            look = palette(role, *types, style=column.style, valign="vcenter", **indent)
            put(sheet, number, k, text, look)
            needed = max(needed, height(text or "", column.width - 2, _SIZE) + 6)
        sheet.set_row(number, needed)
    last = row + len(lines)
    block = xl_range_abs(row, 0, last, len(columns) - 1)
    paper.define(name, f"='{sheet.get_name()}'!{block}")
    typed = next(k for k, column in enumerate(columns) if column.typed)
    changed = {
        "type": "formula",
        "criteria": f'=${column_letter(typed + 1)}{row + 2}<>""',
        "format": paper.palette.plain(bold=True, font_color="#1F5FA8"),
    }
    paper.checked(sheet.conditional_format(row + 1, 0, last, typed, changed))
    return row + 1


def _finish(paper: Paper, sheet: Worksheet, head: int, last: int, columns: int) -> None:
    paper.page(sheet, landscape=True)
    sheet.print_area(0, 0, last, columns)
    sheet.repeat_rows(head)
    sheet.freeze_panes(head + 1, 1)
    paper.checked(sheet.ignore_errors({"number_stored_as_text": f"A1:C{last + 1}"}))
    paper.protect(sheet)


# ------------------------------------------------------------------------------------------------------------- reading


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
        own = plain_text(self._only(_PACKAGE)[1]).strip()
        if own not in self.catalogue.packages or (package and own != package):
            known = self.catalogue.packages.get(own)
            title = f"“{_plain_title(known) if known else own}”"
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
        where, value = self._only(_YEAR)
        digits = re.fullmatch(r"(\d{4})(?:年|年度)?", normalise(plain_text(value)))
        number = value if isinstance(value, float) else float(digits[1]) if digits else 0.0
        if number not in _YEARS:
            self.faults.append(f"{where} 的年度应为四位数，例如 2024，现在是“{plain_text(value)}”")
            return _YEARS.start
        return int(number)

    def _notice(self) -> str:
        where, value = self._only(_NOTICE)
        notice = " ".join(plain_text(value).split())
        if len(notice) > _LONGEST_NOTICE:
            self.faults.append(f"{where} 的文号有 {len(notice)} 个字，最多 {_LONGEST_NOTICE} 个")
        return notice

    def _lines(self, name: str, columns: Sequence[_Column]) -> Iterator[tuple[int, str, dict[str, object]]]:
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
        for row in range(at.first_row + 1, at.last_row + 1):
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
        for _, _, line in self._lines(_BOUND_ROWS, _BOUND_COLUMNS):
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
        for _, _, line in self._lines(_RULE_ROWS, _RULE_COLUMNS):
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
                self.faults.append(f"{where} 的级别“{level}”不对，只能是{'、'.join(_lower(declared[id_]))}")
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
