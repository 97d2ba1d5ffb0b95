"""A filing from a workbook, found by defined names alone.

Excel moves names when people insert rows and copies them with a copied sheet, so no cell address is known here: a
sheet says by its name ``_form`` what it is, fields and table columns are looked up by their codes. What cannot be
found is reported as a problem of its sheet, at the place where the person can mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jixiao.binding import UNIT_CODE
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import Line
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.workbook import Names, Workbook
from jixiao.books.ooxml.workbook import Sheet as Tab
from jixiao.books.parameters import read_adjustments
from jixiao.books.places import Block, Columns, places
from jixiao.books.previous import read_previous
from jixiao.books.results import explanations
from jixiao.books.source import Grid, Source
from jixiao.declarations import Catalogue, Form, Package, Table
from jixiao.filing import Filing, Problem, Sheet

_REISSUE = "请从下发的空白工作簿重新填报，或把内容粘贴（只粘贴数值）到下发的表中"
#: Far more projects than any unit has; somebody may have stretched the list over the whole sheet.
_MOST_ROWS = 2000
_YEARS = range(2000, 2100)
_NUMBERING = re.compile(r"^\s*\d+\s*[、.．]\s*")
_POINTS = re.compile(r"\s*[（(].*", re.DOTALL)
_LISTED_NAMES = 4


def read(path: Path, catalogue: Catalogue) -> Filing:
    """Read a filled workbook from its file.

    Returns:
        The filing as stated; what could not be read is in ``Sheet.problems``.

    Raises:
        Unreadable: the file is no workbook, is damaged, or is not one of ours.
    """
    return read_workbook(Workbook(Parts.open(path)), catalogue)


def read_workbook(workbook: Source, catalogue: Catalogue) -> Filing:
    """Read a filled workbook, be it a file or open in Excel: the same contents give the same filing.

    Raises:
        Unreadable: a part of it is damaged, or it is not one of ours.
    """
    path = workbook.path
    named = {tab.index: workbook.names.get(tab.index, Names()) for tab in workbook.sheets}
    facts = {key: names[key] for names in named.values() for key in ("_package", "_form") if key in names}
    if "_form" not in facts:
        raise Unreadable(path, "工作簿里没有自评表的标记，不是下发的套表，或表的名称定义已全部丢失", _REISSUE)
    package = _package(path, str(parse_reference(facts.get("_package", ""))), catalogue)
    front = _Front(workbook)
    filing = Filing(
        package.code,
        front.text("填报单位"),
        front.year(package.year),
        file=str(path),
        projects=front.projects() if package.project_form else [],
        unit_code=front.text(UNIT_CODE) if UNIT_CODE in front else "",
    )
    for tab in workbook.sheets:
        form = _form(tab, named[tab.index], package, filing)
        if form is not None:
            filing.sheets.append(_SheetReader(workbook, tab, form, named[tab.index], filing).read())
    if not filing.sheets:
        raise Unreadable(path, "工作簿里没有一张能识别的自评表", _REISSUE)
    filing.sheets[0].problems += [*front.problems, *_missing(workbook, filing, package)]
    filing.explanations = explanations(workbook)
    filing.previous = read_previous(workbook, filing)
    filing.adjustments = read_adjustments(workbook, filing, catalogue)
    return filing


def _package(path: Path, code: str, catalogue: Catalogue) -> Package:
    if code not in catalogue.packages:
        raise Unreadable(
            path, f"不认识套表“{code}”", "请确认使用的是下发本年度套表的程序版本，或重新领取空白工作簿"
        )
    return catalogue.packages[code]


def _form(tab: Tab, names: Names, package: Package, filing: Filing) -> Form | None:
    """The form that a sheet says it is; one whose mark is lost is known by its other names, or by its own."""
    code = str(parse_reference(names.get("_form", "")))
    if code in package.forms:
        return package.forms[code]
    known = {form.code: len(names.keys() & form.fields.keys()) for form in package.forms.values()}
    code = max(known, key=lambda code: known[code])
    if known[code]:
        return package.forms[code]
    listed = {sheet for _, sheet in filing.projects}
    for form in package.forms.values():
        if tab.name == form.sheet or (form.many and tab.name in listed):
            return form
    return None


def _missing(workbook: Source, filing: Filing, package: Package) -> Iterator[Problem]:
    """Which forms are missing or there twice, and whether figures come from other workbooks."""
    for form in package.forms.values():
        names = [sheet.name for sheet in filing.of(form.code)]
        if not names and not form.passages:  # a report may be handed in as a document, and once always was
            cause = f"缺少“{form.code}”（{form.sheet}）"
            yield Problem("", cause, f"请补上这张表；如已改名或新建，{_REISSUE}")
        elif len(names) > 1 and not form.many:
            cause = f"“{form.code}”只能有一张，现在有 {len(names)} 张：{'、'.join(names)}"
            yield Problem("", cause, "请删除多余的工作表")
    for target in workbook.external_links:
        name = target.replace("\\", "/").rpartition("/")[2]
        yield Problem(
            "",
            f"工作簿里有公式引用了另一个文件“{name}”",
            "请在“数据—编辑链接”中断开链接，改填本工作簿的数据",
        )


class _Front:
    """The cover sheet 首页: who files for which year, and the 项目清单."""

    def __init__(self, workbook: Source) -> None:
        self.workbook = workbook
        self.names = workbook.names.get(None, Names())
        self.tabs = {tab.name: tab for tab in workbook.sheets}
        self.problems: list[Problem] = []

    def __contains__(self, name: str) -> bool:
        """Whether there is such a name: workbooks issued before it was introduced have none."""
        return bool(self.names.get(name, ""))

    def texts(self, name: str) -> Iterator[str]:
        """What the cells of a workbook name show, top to bottom; nothing, and a problem, when the name is gone."""
        reference = parse_reference(self.names.get(name, ""))
        if not isinstance(reference, Reference) or reference.sheet not in self.tabs:
            self.problems.append(Problem("", f"找不到首页的“{name}”，首页或名称定义被删除", _REISSUE))
            return
        cells = self.workbook.cells(self.tabs[reference.sheet])
        letters = column_letter(reference.first_column)
        for row in range(reference.first_row, min(reference.last_row, reference.first_row + _MOST_ROWS) + 1):
            line = cells.line(row, reference.first_column)
            value = line.get(letters)
            if isinstance(value, float):  # a sheet may be called 3
                value = self.workbook.display_text(value, cells.style(row, letters))
            yield "" if value is None else str(value).strip()

    def text(self, name: str) -> str:
        return next(self.texts(name), "")

    def year(self, default: int) -> int:
        digits = re.search(r"\d{4}", self.text("填报年度"))
        if digits is None:
            return default
        if int(digits[0]) not in _YEARS:  # there is no rule for the year 0000, and no date in it
            cause = f"首页的填报年度“{digits[0]}”不对，按 {default} 年度审核"
            self.problems.append(Problem("", cause, "请在首页的填报年度填写四位数的年度"))
            return default
        return int(digits[0])

    def projects(self) -> list[tuple[str, str]]:
        columns = [list(self.texts(f"项目清单.{column}")) for column in ("项目名称", "表名")]
        pairs = list(zip(*columns, strict=False))
        for name, sheet in pairs:
            if name and not sheet:
                cause = f"首页项目清单中的“{name}”没有填表名，合计数会漏掉这个项目"
                self.problems.append(Problem("", cause, "请在表名一栏填写该项目自评表的工作表标签"))
        return [(name, sheet) for name, sheet in pairs if sheet]


class _SheetReader:
    """Reads one form sheet."""

    def __init__(self, workbook: Source, tab: Tab, form: Form, names: Names, filing: Filing) -> None:
        self.workbook, self.filing, self.form = workbook, filing, form
        self.cells: Grid = workbook.cells(tab)
        self.places = places(form, names, tab.name)
        self.sheet = Sheet(form.code, tab.name, addresses=self.places.addresses)

    def read(self) -> Sheet:
        self.sheet.fields = dict.fromkeys(field.code for field, _ in self.places.fields)
        for number, columns in self.places.lines.items():
            self._state(self.sheet.fields, columns, number, self._line(number))
        for field, _ in self.places.fields:
            if field.default == "{unit}":  # a formula that repeats 首页, perhaps without its result
                self.sheet.fields.setdefault(field.code, self.filing.unit)
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

    def _line(self, number: int) -> Line:
        return self.cells.line(number, self.places.width)

    def _state(self, record: dict[str, Any], columns: Columns, number: int, line: Line) -> None:
        """Enter into a blank record what the cells of a row state: numbers, texts, nothing at all for a formula that was
        never computed."""
        for letter, value in line.items():
            for field in columns.get(letter, ()):
                if isinstance(value, float):
                    record[field.code] = self._displayed(value, number, letter) if field.textual else value
                elif value is None:
                    del record[field.code]
                elif isinstance(value, bool):
                    record[field.code] = "TRUE" if value else "FALSE"
                elif value.strip():
                    record[field.code] = value

    def _displayed(self, value: float, row: int, letters: str) -> str:
        return self.workbook.display_text(value, self.cells.style(row, letters))

    def _table(self, block: Block) -> None:
        table, sheet = block.table, self.sheet
        blank = dict.fromkeys(block.letters)
        records = []
        for number, line in self.cells.lines(self._rows(block), self.places.width):
            record = blank.copy()
            self._state(record, block.columns, number, line)
            if not block.behind.keys().isdisjoint(line):
                _go_on(record, block.behind, line)
            records.append((number, record))
        if table.listed:  # the rows name the listed projects in order, also while formulas have no result
            listed = iter(self.filing.projects)
            for _, record in records:
                if table.listed not in record:
                    record[table.listed] = next(listed, (None, ""))[0]
        orphans = _fill_down(table, [record for _, record in records])
        touched = [(number, record) for number, record in records if _touched(table, record)]
        for _, record in touched:
            if table.listed and record.get(table.listed):
                record[table.listed] = _NUMBERING.sub("", str(record[table.listed]))
        sheet.columns[table.code] = block.letters
        sheet.tables[table.code] = [record for _, record in touched]
        sheet.row_numbers[table.code] = [number for number, _ in touched]
        for first, section in orphans:
            for place, (number, record) in enumerate(touched):
                if number >= records[first][0] and record[table.section] == section:
                    cause = f"“{record[table.subsection]}”左边的一级指标“{section}”不见了"
                    remedy = "请在一级指标一栏补写；删除合并单元格的第一行，会连同其中的文字一起删掉"
                    sheet.problems.append(Problem(f"{table.code}.{table.section}", cause, remedy, place))
                    break

    def _rows(self, block: Block) -> range:
        """The rows of a table: if its head was deleted, the name starts with a row that somebody filled."""
        rows, table = block.rows, block.table
        heads = [
            self._line(rows.start - 1).get(letter)
            for code, letter in block.letters.items()
            if not table.columns[code].textual
        ]
        headed = bool(table.sections) or (table.plain and bool(heads))
        if not headed or any(isinstance(head, str) for head in heads):
            return rows
        cause = f"“{table.label or table.code}”的表头行不见了"
        self.sheet.problems.append(Problem("", cause, "请撤销删除，或按下发的表样恢复表头"))
        return range(rows.start - 1, rows.stop)


def _go_on(record: dict[str, Any], behind: Mapping[str, str], line: Line) -> None:
    """Take in what stands behind a wide text, in a row that a person inserted and whose cells are not merged."""
    for letter, code in behind.items():
        value = line.get(letter)
        if value is not None and (said := str(value).strip()):
            record[code] = f"{record.get(code) or ''}{said}"


def _fill_down(table: Table, records: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Give every row its 一级/二级指标, which stand in merged cells; 产出指标（50 分） reads as 产出指标.

    Rows above the first label, as when someone inserts one at the very top, belong to that first label. Who deletes
    the first row of merged cells loses the label in them: then the 二级指标 says under which 一级指标 it is printed.

    Returns:
        Each 一级指标 whose label is lost, with the position of its first record.
    """
    columns = list(table.grouping)
    labels = [[_label(record.get(column)) for record in records] for column in columns]
    orphans = []
    if len(labels) == 2:
        above = {part: section.name for section in table.sections for part in section.parts}
        section = next((label for label in labels[0] if label), "")
        for k, (label, part) in enumerate(zip(*labels, strict=True)):
            section = label or section
            if not label and above.get(part, section) != section:
                section = labels[0][k] = above[part]
                orphans.append((k, section))
    for column, own in zip(columns, labels, strict=True):
        last = next((label for label in own if label), "")
        for record, label in zip(records, own, strict=True):
            last = label or last
            record[column] = last or None
    return orphans


def _label(value: Any) -> str:
    return "" if value is None else _bare(str(value))


@lru_cache(maxsize=1024)  # every filing has the same labels
def _bare(label: str) -> str:
    return _POINTS.sub("", re.sub(r"\s+", "", label))


def _touched(table: Table, record: Mapping[str, Any]) -> bool:
    """Whether a person wrote anything into a row, beyond what the form prints there."""
    for code, value in record.items():
        if value is None or code in table.grouping:
            continue
        if not (isinstance(value, str) and table.untouched(code, value)):
            return True
    return False
