"""A filing from a closed workbook, found by defined names alone.

Excel moves names when people insert rows and copies them with a copied sheet, so no cell address is known here: a
sheet says by its name ``_form`` what it is, fields and table columns are looked up by their codes. What cannot be
found is reported as a problem of its sheet, at the place where the person can mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jixiao.books.cells import Cell, Cells, Names, Reference, Workbook, column_letter, parse_reference
from jixiao.books.cells import Sheet as Tab
from jixiao.books.parts import Parts, Unreadable
from jixiao.books.results import explanations
from jixiao.declarations import Catalogue, Field, Form, Package, Table
from jixiao.filing import Filing, Problem, Sheet

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
    named = {tab.index: workbook.names.get(tab.index, Names()) for tab in workbook.sheets}
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
        self.names = workbook.names.get(None, Names())
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


class _Block(NamedTuple):
    """Where the rows of a table stand: the letter of each column, and row by row the cells to look at."""

    table: Table
    letters: dict[str, str]
    rows: list[tuple[int, list[tuple[Field, str]]]]


@dataclass(frozen=True)
class _Places:
    """Where everything of one form stands in one sheet, as its names say; ``lost`` are the names that say nothing."""

    fields: list[tuple[Field, str]]
    blocks: list[_Block]
    addresses: dict[str, str]
    lost: list[str]


@lru_cache(maxsize=1024)  # filings whose names agree have everything at the same places
def _places(form: Form, names: Names, sheet: str) -> _Places:
    def reference(name: str) -> Reference | None:
        found = parse_reference(names.get(name, ""))
        return found if isinstance(found, Reference) and found.sheet == sheet else None

    fields, blocks, lost = [], [], []
    addresses: dict[str, str] = {}
    for code, field in form.fields.items():
        cell = reference(code)
        if cell is None:
            lost.append(code)
        else:
            addresses[code] = f"{column_letter(cell.first_column)}{cell.first_row}"
            fields.append((field, addresses[code]))
    for table in form.tables.values():
        columns = {code: reference(f"{table.code}.{code}") for code in table.columns}
        lost += [f"{table.code}.{code}" for code, column in columns.items() if column is None]
        block = reference(table.code)
        if block is None:
            lost.append(table.code)
            continue
        letters = {code: column_letter(column.first_column) for code, column in columns.items() if column}
        addresses |= {
            f"{table.code}.{code}": f"{letter}{block.first_row}" for code, letter in letters.items()
        }
        rows = [
            (number, [(table.columns[code], f"{letter}{number}") for code, letter in letters.items()])
            for number in range(block.first_row + 1, block.last_row)  # head and total row are sentinels
        ]
        blocks.append(_Block(table, letters, rows))
    return _Places(fields, blocks, addresses, lost)


class _SheetReader:
    """Reads one form sheet."""

    def __init__(self, workbook: Workbook, tab: Tab, form: Form, names: Names) -> None:
        self.workbook = workbook
        self.cells: Cells = workbook.cells(tab)
        self.places = _places(form, names, tab.name)
        self.sheet = Sheet(form.code, tab.name, addresses=self.places.addresses)

    def read(self) -> Sheet:
        self.sheet.fields = self._record(self.places.fields)
        for block in self.places.blocks:
            self._table(block)
        if lost := self.places.lost:
            for address in self.cells.problems:
                self.sheet.problems.append(
                    Problem("", f"单元格 {address} 超出表格范围，已忽略", "请删除该单元格内容")
                )
            shown = "、".join(lost[:_LISTED_NAMES])
            more = f"等 {len(lost)} 项" if len(lost) > _LISTED_NAMES else ""
            self.sheet.problems.append(
                Problem("", f"找不到“{shown}”{more}，所在的行、列被删除或名称定义丢失，按空白处理", _REISSUE)
            )
        return self.sheet

    def _record(self, places: list[tuple[Field, str]]) -> dict[str, Any]:
        """What the cells state: numbers, texts, ``None`` when blank; nothing for a formula that was never computed."""
        record: dict[str, Any] = {}
        cells, display = self.cells, self.workbook.display_text
        for field, address in places:
            cell = cells[address]
            value: Any = None if cell is None else cell.value
            if value is None:
                if cell is not None and cell.formula is not None:
                    continue
            elif isinstance(value, bool):
                value = "TRUE" if value else "FALSE"
            elif isinstance(value, float):
                if field.textual and cell is not None:
                    value = display(value, cell.style)
            elif not value.strip():
                value = None
            record[field.code] = value
        return record

    def _table(self, block: _Block) -> None:
        table, sheet = block.table, self.sheet
        records = [(number, self._record(places)) for number, places in block.rows]
        _fill_down(table, [record for _, record in records])
        touched = [(number, record) for number, record in records if _touched(table, record)]
        for _, record in touched:
            if table.listed and record.get(table.listed):
                record[table.listed] = _NUMBERING.sub("", str(record[table.listed]))
        sheet.columns[table.code] = block.letters
        sheet.tables[table.code] = [record for _, record in touched]
        sheet.row_numbers[table.code] = [number for number, _ in touched]


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
    return "" if value is None else _POINTS.sub("", re.sub(r"\s+", "", str(value)))


def _touched(table: Table, record: Mapping[str, Any]) -> bool:
    """Whether a person wrote anything into a row, beyond what the form prints there."""
    for code, value in record.items():
        if code in (table.section, table.subsection) or value is None:
            continue
        if not (isinstance(value, str) and table.untouched(code, value)):
            return True
    return False
