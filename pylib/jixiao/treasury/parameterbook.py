"""The 参数 workbook as a reviewer gets it: what may be set for a year, and nothing set yet.

:mod:`jixiao.treasury.parameters` reads it back by the names and heads that stand here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.heights import height
from jixiao.books.making.paper import Paper
from jixiao.books.ooxml.markup import column_letter
from jixiao.check import applicable
from jixiao.declarations import Catalogue, Package, Parameter, Rule
from jixiao.findings import SEVERITY_NAMES
from jixiao.permitted import OFF
from jixiao.treasury.sheets import new_workbook

BOUNDS, RULES = "参数", "规则"
"""Names of the two sheets."""
#: Defined names of the workbook.
PACKAGE, YEAR, NOTICE = "参数.套表", "参数.年度", "参数.文号"
BOUND_ROWS, RULE_ROWS = "参数.参数表", "参数.规则表"
_SIZE, _LEAST = 10.0, 22.0


@dataclass(frozen=True)
class Column:
    """One column of a table: its head, width and style, and whether the reviewer types into it."""

    head: str
    width: float
    style: str
    typed: bool = False


BOUND_COLUMNS = (
    Column("参数", 20, "结果"),
    Column("含义", 40, "结果"),
    Column("默认值", 10, "结果居中"),
    Column("采用值", 11, "结果居中", True),
    Column("单位", 7, "结果居中"),
    Column("可填范围", 13, "结果居中"),
    Column("依据", 44, "结果"),
)
RULE_COLUMNS = (
    Column("规则", 10, "结果居中"),
    Column("名称", 28, "结果"),
    Column("默认级别", 9, "结果居中"),
    Column("采用级别", 10, "结果居中", True),
    Column("理由", 34, "结果", True),
    Column("适用的表", 20, "结果"),
    Column("不问的情形", 40, "结果"),
)
_GUIDE = (
    "只填黄色单元格；留空就是采用默认值。填好后保存，下发和收集时用 --parameters 指定本文件。",
    "一类分值改动后，四类分值之和仍应等于总分值；规则在另一张表“规则”中设定。",
    "这里的设置随下发的工作簿走：单位点“审核”、财政部门收集时，用的是同一套参数和规则。",
)
_RULES_GUIDE = "留空就是采用默认级别；规则只能从“强制性”往“核实性”“提示”降级，或停用，并写明理由。"


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
    put, palette, last = paper.put, paper.palette, len(BOUND_COLUMNS) - 1
    for k, column in enumerate(BOUND_COLUMNS):
        sheet.set_column(k, k, column.width)
    put(sheet, 0, 0, f"{plain_title(package)}　参数", palette(style="首页标题"), 1, last + 1)
    sheet.set_row(0, 40)
    for k, text in enumerate(_GUIDE, 1):
        put(sheet, k, 0, text, palette(style="提示"), 1, last + 1)
        sheet.set_row(k, 18)
    row = len(_GUIDE) + 2
    facts = (
        ("套表", plain_title(package), PACKAGE, None),
        ("年度", float(year), YEAR, "四位数的年度，例如 2024。"),
        ("下发文号", None, NOTICE, "例如 衡财绩〔2024〕3号；印在下发工作簿的首页，没有则留空。"),
    )
    for label, value, name, told in facts:
        put(sheet, row, 0, label, palette(style="标签"))
        look = palette("input" if told else "locked", *([] if label == "年度" else ["text"]), num_format="@")
        if label == "年度":
            look = palette("input", num_format="0")
        put(sheet, row, 1, value, look)
        sheet.set_row(row, _LEAST)
        if name != PACKAGE:
            paper.define(name, f"={BOUNDS}!{xl_rowcol_to_cell(row, 1, row_abs=True, col_abs=True)}")
        if told:
            options = {"validate": "any", "input_title": label, "input_message": told}
            paper.checked(sheet.data_validation(row, 1, row, 1, options))
        row += 1
    put(sheet, 0, last + 2, package.code, palette(style="隐藏"))
    sheet.set_column(last + 2, last + 2, 10, None, {"hidden": True})
    paper.define(PACKAGE, f"={BOUNDS}!{xl_rowcol_to_cell(0, last + 2, row_abs=True, col_abs=True)}")
    row += 1
    first = _table(
        paper,
        sheet,
        row,
        BOUND_COLUMNS,
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
        BOUND_ROWS,
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


def plain_title(package: Package) -> str:
    """The title without the year, which the reviewer may change."""
    return package.title.replace("{year}年度", "").replace("{year}", "")


def _range(parameter: Parameter) -> str:
    if parameter.most is None:
        return f"{parameter.least:g} 以上"
    return f"{parameter.least:g} 到 {parameter.most:g}"


def _rules(paper: Paper, package: Package, catalogue: Catalogue, year: int) -> None:
    sheet = paper.workbook.add_worksheet(RULES)
    last = len(RULE_COLUMNS) - 1
    for k, column in enumerate(RULE_COLUMNS):
        sheet.set_column(k, k, column.width)
    paper.put(sheet, 0, 0, f"{plain_title(package)}　规则", paper.palette(style="首页标题"), 1, last + 1)
    sheet.set_row(0, 40)
    paper.put(sheet, 1, 0, _RULES_GUIDE, paper.palette(style="提示"), 1, last + 1)
    sheet.set_row(1, 18)
    rules = [rule for rule in applicable(package, catalogue) if rule.since <= year]
    first = _table(
        paper,
        sheet,
        2,
        RULE_COLUMNS,
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
        RULE_ROWS,
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
                    "source": lower_levels(rule),
                    "input_title": rule.id,
                    "input_message": "留空采用默认级别；降级或停用须在右边写明理由。",
                    "error_title": "级别不对",
                    "error_message": f"只能选{'、'.join(lower_levels(rule))}。",
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


def lower_levels(rule: Rule) -> list[str]:
    """The levels that a rule can be set to."""
    levels = list(SEVERITY_NAMES)
    return [*(SEVERITY_NAMES[level] for level in levels[levels.index(rule.severity) + 1 :]), OFF]


def _table(
    paper: Paper,
    sheet: Worksheet,
    row: int,
    columns: Sequence[Column],
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
