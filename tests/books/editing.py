"""What people do to a filled workbook, done by LibreOffice itself: one function an edit.

The functions run under the Python that has uno, on workbooks of Yueyanglou's package; `changed` calls them from the
tests. They look cells up by name or by what is written there, as a person would, never by an address.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # that Python reads this file as well
import libreoffice

Edit = Callable[[Any], None]
Facts = dict[tuple[str | int, ...], str | float]
EDITS: dict[str, Edit] = {}
COLUMNS = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因")
PERCENT = 11  # number format 0.00% in every locale of the program


def saved_as(book: Path, target: Path) -> Path:
    """Save a workbook in another format."""
    libreoffice.change(book, target)
    return target


def changed(book: Path, target: Path, edit: str) -> Path:
    """Do one edit to a workbook of Yueyanglou's package and save it."""
    libreoffice.change(book, target, Path(__file__), edit)
    return target


def facts(filing: Any) -> Facts:
    """All that a filing states, blanks left out: (sheet, field) or (sheet, table, row, column) -> value."""
    found: Facts = {}
    for sheet in filing.sheets:
        found |= {(sheet.name, code): value for code, value in sheet.fields.items() if value is not None}
        for table, rows in sheet.tables.items():
            for number, row in enumerate(rows):
                found |= {
                    (sheet.name, table, number, column): value
                    for column, value in row.items()
                    if value is not None
                }
    return found


def to_formulas(filing: Any, package: Any) -> Any:
    """Leave every calculated cell of a filing to its formula, except the scores that units give themselves."""
    for sheet in filing.sheets:
        form = package.forms[sheet.form]
        for code in [code for code, field in form.fields.items() if field.calculated]:
            sheet.fields.pop(code, None)
        for row in sheet.tables.get("项目支出", ()):
            for code in ("预算数", "决算数"):
                row.pop(code, None)
    return filing


def lighter(catalogue: Any) -> Any:
    """The same forms with every fourth rule: hidden cells beside each row, but not as many to load and to save."""
    rules = [replace(rule, yields_to=()) for rule in catalogue.rules[::4]]
    return replace(catalogue, rules=tuple(rules))


def _edit(function: Edit) -> Edit:
    EDITS[function.__name__] = function
    return function


class _Form:
    """A sheet and its names."""

    def __init__(self, book: Any, name: str) -> None:
        self.book, self.sheet = book, book.Sheets.getByName(name)
        self.sheet.unprotect("")

    def area(self, name: str) -> Any:
        return self.sheet.NamedRanges.getByName(name).ReferredCells.RangeAddress

    def cell(self, name: str) -> Any:
        area = self.area(name)
        return self.sheet.getCellByPosition(area.StartColumn, area.StartRow)

    def head(self, table: str = "指标") -> int:
        return int(self.area(table).StartRow)

    def foot(self, table: str = "指标") -> int:
        return int(self.area(table).EndRow)

    def column(self, code: str, table: str = "指标") -> int:
        return int(self.area(f"{table}.{code}").StartColumn)

    def row(self, text: str, code: str = "三级指标", table: str = "指标") -> int:
        """The row of a table in which `text` is written."""
        column = self.column(code, table)
        for row in range(self.head(table) + 1, self.foot(table)):
            if self.sheet.getCellByPosition(column, row).String == text:
                return row
        raise LookupError(text)

    def at(self, row: int, code: str, table: str = "指标") -> Any:
        return self.sheet.getCellByPosition(self.column(code, table), row)

    def insert(self, row: int, count: int = 1) -> None:
        self.sheet.Rows.insertByIndex(row, count)

    def delete(self, row: int) -> None:
        self.sheet.Rows.removeByIndex(row, 1)

    def fill(self, row: int, table: str = "指标", **values: str | float) -> None:
        for code, value in values.items():
            write(self.at(row, code, table), value)


def write(cell: Any, value: str | float) -> None:
    if isinstance(value, str):
        cell.String = value
    else:
        cell.Value = value


NEW = {
    "三级指标": "培训人次",
    "年度指标值": "≥10人次",
    "实际完成值": "8人次",
    "分值": 10.0,
    "得分": 8.0,
    "偏差原因": "一期延后",
}


# ------------------------------------------------------------------------------------------------- rows of indicators


@_edit
def row_at_the_top(book: Any) -> None:
    form = _Form(book, "附件3-3")
    row = form.head() + 1
    form.insert(row)
    form.fill(row, **NEW)


@_edit
def row_in_the_middle(book: Any) -> None:
    form = _Form(book, "附件3-3")
    row = form.row("出勤率")
    form.insert(row)
    form.fill(row, **NEW)


@_edit
def row_at_the_end(book: Any) -> None:
    form = _Form(book, "附件3-3")
    row = form.foot()
    form.insert(row)
    form.fill(row, **NEW)


@_edit
def row_with_labels_of_its_own(book: Any) -> None:
    form = _Form(book, "附件3-3")
    row = form.row("分担在编工作人员压力")
    form.insert(row)
    form.fill(row, 一级指标="产出指标", 二级指标="成本指标", **NEW)


@_edit
def row_deleted(book: Any) -> None:
    form = _Form(book, "附件3-3")
    form.delete(form.row("出勤率"))


@_edit
def first_row_of_a_section_deleted(book: Any) -> None:
    form = _Form(book, "附件3-1")
    form.delete(form.row("为消费者挽回经济损失"))


@_edit
def first_row_of_all_deleted(book: Any) -> None:
    form = _Form(book, "附件3-1")
    form.delete(form.head() + 1)


@_edit
def head_row_deleted(book: Any) -> None:
    form = _Form(book, "附件3-3")
    form.delete(form.head())


@_edit
def total_row_deleted(book: Any) -> None:
    form = _Form(book, "附件3-3")
    row = form.foot()
    form.insert(row)
    form.fill(row, **NEW)
    form.delete(row + 1)


@_edit
def all_rows_deleted(book: Any) -> None:
    form = _Form(book, "附件3-3")
    head, foot = form.head(), form.foot()
    form.sheet.Rows.removeByIndex(head + 1, foot - head - 1)


@_edit
def row_above_everything(book: Any) -> None:
    for name in ("附件1", "附件2", "附件3-2"):
        _Form(book, name).insert(0)


@_edit
def column_left_of_everything(book: Any) -> None:
    _Form(book, "附件3-2").sheet.Columns.insertByIndex(0, 1)


# --------------------------------------------------------------------------------------------------- rows of projects


@_edit
def project_rows_inserted(book: Any) -> None:
    form = _Form(book, "附件1")
    row = form.head("项目支出") + 1
    form.insert(row)
    form.fill(row, "项目支出", 项目名称="历年项目", 上年决算数=1.5, 预算数=2.5, 决算数=3.5)
    row = form.foot("项目支出")
    form.insert(row)
    form.fill(row, "项目支出", 项目名称="9、其他项目", 预算数=4.0, 决算数=5.0)


# ------------------------------------------------------------------------------------------------------------- sheets


def _copy(book: Any) -> None:
    sheets = book.Sheets
    sheets.copyByName("附件3-3", "附件3-4", sheets.Count - 1)
    form = _Form(book, "附件3-4")
    form.cell("项目支出名称").String = "抽检专项"
    for code, value in (("年初预算数", 20.0), ("全年预算数", 20.0), ("全年执行数", 15.0)):
        form.cell(f"当年财政拨款_{code}").Value = value
    form.fill(form.row("聘用人员数量"), 三级指标="抽检批次", 年度指标值="≥100批次", 实际完成值="100批次")


def _list(book: Any, row: int, name: str, sheet: str) -> None:
    front = book.Sheets.getByName("首页")
    front.unprotect("")
    for column, text in (("项目名称", name), ("表名", sheet)):
        area = book.NamedRanges.getByName(f"项目清单.{column}").ReferredCells.RangeAddress
        front.getCellByPosition(area.StartColumn, area.StartRow + row).String = text


@_edit
def sheet_copied(book: Any) -> None:
    _copy(book)


@_edit
def sheet_copied_and_listed(book: Any) -> None:
    _copy(book)
    _list(book, 3, "抽检专项", "附件3-4")


@_edit
def sheets_reordered(book: Any) -> None:
    book.Sheets.moveByName("附件3-3", 0)
    book.Sheets.moveByName("附件1", book.Sheets.Count)


@_edit
def sheet_renamed(book: Any) -> None:
    book.Sheets.getByName("附件3-2").Name = "运行维护费自评"


@_edit
def sheet_renamed_and_listed(book: Any) -> None:
    sheet_renamed(book)
    _list(book, 1, "运行维护经费", "运行维护费自评")


@_edit
def sheet_with_a_quote_in_its_name(book: Any) -> None:
    book.Sheets.getByName("附件2").Name = "附件2 (it's) 整体"


@_edit
def sheet_deleted(book: Any) -> None:
    book.Sheets.removeByName("附件2")


@_edit
def sheet_called_by_a_number(book: Any) -> None:
    book.Sheets.getByName("附件3-2").Name = "2"
    front = book.Sheets.getByName("首页")
    front.unprotect("")
    area = book.NamedRanges.getByName("项目清单.表名").ReferredCells.RangeAddress
    front.getCellByPosition(area.StartColumn, area.StartRow + 1).Value = 2.0


@_edit
def single_form_copied(book: Any) -> None:
    book.Sheets.copyByName("附件2", "附件2备份", book.Sheets.Count)


@_edit
def list_row_inserted(book: Any) -> None:
    front = book.Sheets.getByName("首页")
    front.unprotect("")
    area = book.NamedRanges.getByName("项目清单.表名").ReferredCells.RangeAddress
    front.Rows.insertByIndex(area.StartRow + 1, 1)
    front.Rows.insertByIndex(0, 1)


@_edit
def foreign_sheet_added(book: Any) -> None:
    book.Sheets.insertNewByName("底稿", 1)
    book.Sheets.getByName("底稿").getCellByPosition(0, 0).String = "草稿"


# -------------------------------------------------------------------------------------------------- names and columns


@_edit
def name_deleted(book: Any) -> None:
    _Form(book, "附件2").sheet.NamedRanges.removeByName("基本支出")


@_edit
def form_names_deleted(book: Any) -> None:
    names = _Form(book, "附件3-2").sheet.NamedRanges
    for name in names.ElementNames:
        names.removeByName(name)


@_edit
def mark_of_a_form_deleted(book: Any) -> None:
    _Form(book, "附件3-2").sheet.NamedRanges.removeByName("_form")


@_edit
def column_deleted(book: Any) -> None:
    form = _Form(book, "附件3-3")
    form.sheet.Columns.removeByIndex(form.column("偏差原因"), 1)


@_edit
def field_row_deleted(book: Any) -> None:
    form = _Form(book, "附件2")
    form.delete(form.area("基本支出").StartRow)


# ------------------------------------------------------------------------------------------------------------- values


@_edit
def formula_overtyped(book: Any) -> None:
    _Form(book, "附件3-2").cell("总分").Value = 96.0


@_edit
def formula_cleared(book: Any) -> None:
    _Form(book, "附件3-2").cell("总分").String = ""


@_edit
def values_as_text(book: Any) -> None:
    form = _Form(book, "附件2")
    for code, text in (
        ("一般公共预算", "5756.82万元"),
        ("其他资金", "７９．４２"),
        ("基本支出", "4,98.0,37"),
    ):
        form.cell(code).String = text


@_edit
def error_values(book: Any) -> None:
    form = _Form(book, "附件2")
    form.cell("一般公共预算").Formula = "=1/0"
    form.cell("其他资金").Formula = "=NA()"
    form.at(form.row("食品安全抽检"), "分值").Formula = "=没有这个名称+1"


@_edit
def percent_typed(book: Any) -> None:
    form = _Form(book, "附件3-3")
    cell = form.at(form.row("出勤率"), "实际完成值")
    cell.Value = 0.975
    cell.NumberFormat = PERCENT
    form.at(form.row("聘用人员数量"), "实际完成值").Value = 18.0
