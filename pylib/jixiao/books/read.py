"""A filing from a closed workbook, found by defined names alone.

Excel moves names when people insert rows and copies them with a copied sheet, so no cell address is known here: a
sheet says by its name ``_form`` what it is, fields and table columns are looked up by their codes. What cannot be
found is reported as a problem of its sheet, at the place where the person can mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jixiao.books.cells import Cell, Cells, ErrorValue, Reference, Workbook, column_letter, parse_reference
from jixiao.books.cells import Sheet as Tab
from jixiao.books.parts import Parts, Unreadable
from jixiao.books.results import explanations
from jixiao.declarations import Catalogue, Field, Form, Package, Table
from jixiao.filing import MISSING, Filing, Problem, Sheet

_REISSUE = "请从下发的空白工作簿重新填报，或把内容粘贴（只粘贴数值）到下发的表中"
_NUMBERING = re.compile(r"^\s*\d+\s*[、.．]\s*")
_POINTS = re.compile(r"\s*[（(].*", re.DOTALL)
_LISTED_NAMES = 4


def read(path: Path, catalogue: Catalogue) -> Filing:
    """Read a filled workbook.

    Returns:
        The filing as stated; what could not be read is in ``Sheet.problems``.

    Raises:
        Unreadable: the file is no workbook, is damaged, or is not one of ours.
    """
    parts = Parts.open(path)
    workbook = Workbook(parts)
    named = {tab.index: workbook.names.get(tab.index, {}) for tab in workbook.sheets}
    facts = {
        key: name for names in named.values() for key, name in names.items() if key in ("_package", "_form")
    }
    if "_form" not in facts:
        raise Unreadable(path, "工作簿里没有自评表的标记，不是下发的套表，或表的名称定义已全部丢失", _REISSUE)
    package = _package(path, str(parse_reference(facts.get("_package", ""))), catalogue)
    front = _Front(workbook)
    filing = Filing(
        package.code,
        front.text("填报单位"),
        front.year(package.year),
        file=str(path),
        projects=front.projects(),
    )
    for tab in workbook.sheets:
        form = package.forms.get(str(parse_reference(named[tab.index].get("_form", ""))))
        if form is not None:
            filing.sheets.append(_SheetReader(workbook, tab, form, named[tab.index]).read())
    if not filing.sheets:
        raise Unreadable(path, "工作簿里没有一张能识别的自评表", _REISSUE)
    _report_missing(workbook, filing, package, named)
    filing.explanations = explanations(workbook)
    return filing


def _package(path: Path, code: str, catalogue: Catalogue) -> Package:
    if code not in catalogue.packages:
        raise Unreadable(
            path, f"不认识套表“{code}”", "请确认使用的是下发本年度套表的程序版本，或重新领取空白工作簿"
        )
    return catalogue.packages[code]


def _report_missing(
    workbook: Workbook, filing: Filing, package: Package, named: Mapping[int, Mapping[str, str]]
) -> None:
    """Say which forms are missing, which sheets lost their names, and whether figures come from other workbooks."""
    problems: list[Problem] = []
    present = {sheet.form for sheet in filing.sheets}
    read_tabs = {sheet.name for sheet in filing.sheets}
    for form in package.forms.values():
        if form.code not in present:
            problems.append(
                Problem("", f"缺少“{form.code}”（{form.sheet}）", f"请补上这张表；如已改名或新建，{_REISSUE}")
            )
    for tab in workbook.sheets:
        codes = set(named[tab.index]) & {
            code for form in package.forms.values() for code in (*form.fields, *form.tables)
        }
        if tab.name not in read_tabs and codes:
            problems.append(Problem("", f"工作表“{tab.name}”丢失了表样标记，没有读取", _REISSUE))
    for target in workbook.parts.external_links:
        name = target.replace("\\", "/").rpartition("/")[2]
        problems.append(
            Problem(
                "",
                f"工作簿里有公式引用了另一个文件“{name}”",
                "请在“数据—编辑链接”中断开链接，改填本工作簿的数据",
            )
        )
    filing.sheets[0].problems += problems


class _Front:
    """The cover sheet 首页: who files for which year, and the 项目清单."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.names = workbook.names.get(None, {})
        self.tabs = {tab.name: tab for tab in workbook.sheets}

    def cells(self, name: str) -> Iterator[Cell | None]:
        """The cells of a workbook name, top to bottom; none when the name is gone."""
        reference = parse_reference(self.names.get(name, ""))
        if isinstance(reference, Reference) and reference.sheet in self.tabs:
            cells = self.workbook.cells(self.tabs[reference.sheet])
            for row in range(reference.first_row, reference.last_row + 1):
                yield cells.get(row, reference.first_column)

    def text(self, name: str) -> str:
        cell = next(self.cells(name), None)
        return "" if cell is None or cell.value is None else str(cell.value).strip()

    def year(self, default: int) -> int:
        digits = re.search(r"\d{4}", self.text("填报年度"))
        return int(digits[0]) if digits else default

    def projects(self) -> list[tuple[str, str]]:
        columns = [
            [
                "" if cell is None or cell.value is None else str(cell.value).strip()
                for cell in self.cells(f"项目清单.{column}")
            ]
            for column in ("项目名称", "表名")
        ]
        return [(name, sheet) for name, sheet in zip(*columns, strict=False) if sheet]


class _SheetReader:
    """Reads one form sheet."""

    def __init__(self, workbook: Workbook, tab: Tab, form: Form, names: Mapping[str, str]) -> None:
        self.workbook, self.form, self.names = workbook, form, names
        self.cells: Cells = workbook.cells(tab)
        self.sheet = Sheet(form.code, tab.name)

    def read(self) -> Sheet:
        lost = []
        for code, field in self.form.fields.items():
            reference = self._reference(code)
            if reference is None:
                lost.append(code)
                continue
            address = f"{column_letter(reference.first_column)}{reference.first_row}"
            self.sheet.addresses[code] = address
            value = self._value(self.cells[address], field)
            if value is not MISSING:
                self.sheet.fields[code] = value
        for table in self.form.tables.values():
            self._table(table, lost)
        for address in self.cells.problems if lost else ():
            self.sheet.problems.append(
                Problem("", f"单元格 {address} 超出表格范围，已忽略", "请删除该单元格内容")
            )
        if lost:
            shown = "、".join(lost[:_LISTED_NAMES]) + (
                f"等 {len(lost)} 项" if len(lost) > _LISTED_NAMES else ""
            )
            self.sheet.problems.append(
                Problem("", f"找不到“{shown}”，所在的行、列被删除或名称定义丢失，按空白处理", _REISSUE)
            )
        return self.sheet

    def _reference(self, name: str) -> Reference | None:
        reference = parse_reference(self.names.get(name, ""))
        return reference if isinstance(reference, Reference) and reference.sheet == self.sheet.name else None

    def _value(self, cell: Cell | None, field: Field) -> Any:
        """What a cell states: a number, a text, ``None`` when blank, MISSING for a formula that was never computed."""
        if cell is None:
            return None
        value = cell.value
        if value is None:
            return None if cell.formula is None else MISSING
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float):
            return self.workbook.display_text(value, cell.style) if field.textual else value
        if isinstance(value, ErrorValue) or value.strip():
            return str(value)
        return None

    def _table(self, table: Table, lost: list[str]) -> None:
        block = self._reference(table.code)
        columns = {code: self._reference(f"{table.code}.{code}") for code in table.columns}
        lost += [f"{table.code}.{code}" for code, reference in columns.items() if reference is None]
        if block is None:
            lost.append(table.code)
            return
        letters = {
            code: column_letter(reference.first_column) for code, reference in columns.items() if reference
        }
        self.sheet.columns[table.code] = letters
        for code, letter in letters.items():
            self.sheet.addresses[f"{table.code}.{code}"] = f"{letter}{block.first_row}"
        numbers = range(block.first_row + 1, block.last_row)  # head and total row are sentinels
        records = [
            {
                code: self._value(self.cells[f"{letter}{number}"], table.columns[code])
                for code, letter in letters.items()
            }
            for number in numbers
        ]
        _fill_down(table, records)
        rows = [
            (number, record)
            for number, record in zip(numbers, records, strict=True)
            if _touched(table, record)
        ]
        for _, record in rows:
            if table.listed and record.get(table.listed):
                record[table.listed] = _NUMBERING.sub("", str(record[table.listed]))
        self.sheet.tables[table.code] = [
            {code: value for code, value in record.items() if value is not MISSING} for _, record in rows
        ]
        self.sheet.row_numbers[table.code] = [number for number, _ in rows]


def _fill_down(table: Table, records: list[dict[str, Any]]) -> None:
    """Give every row its 一级/二级指标, which stand in merged cells; 产出指标（50 分） reads as 产出指标.

    Rows above the first label, as when someone inserts one at the very top, belong to that first label.
    """
    for column in filter(None, (table.section, table.subsection)):
        labels = [_label(record.get(column)) for record in records]
        last = next((label for label in labels if label), "")
        for record, label in zip(records, labels, strict=True):
            last = label or last
            record[column] = last or None


def _label(value: Any) -> str:
    return "" if value is None or value is MISSING else _POINTS.sub("", re.sub(r"\s+", "", str(value)))


def _touched(table: Table, record: Mapping[str, Any]) -> bool:
    """Whether a person wrote anything into a row, beyond what the form prints there."""
    for code, value in record.items():
        if code in (table.section, table.subsection) or value is None or value is MISSING:
            continue
        if not (isinstance(value, str) and table.untouched(code, value)):
            return True
    return False
