"""A case file: a filing written down in YAML (DESIGN §8)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jixiao.declarations import Catalogue, Field, Form
from jixiao.filing import Filing, Sheet
from jixiao.strict import Entry, Place, load

#: What Excel allows in the name of a sheet, and what this program calls its own.
_NAME_LENGTH = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]|^'|'$")
_TAKEN = ("首页", "审核结果", "上年数据", "下发参数")


def read_case(file: Path, catalogue: Catalogue) -> Filing:
    """Read a case file.

    Returns:
        The filing; a value given for a calculated cell is stated, ``null`` states that the cell is blank.

    Raises:
        CatalogueError: an unknown package, form, field, table, column or key; names the file and the line.
    """
    entry = Entry(load(file), Place(file))
    code = entry.text("package")
    if code not in catalogue.packages:
        raise (entry.place / "package").error(
            f"没有套表“{code}”，可用的有：{'、'.join(catalogue.packages)}。"
        )
    package = catalogue.packages[code]
    filing = Filing(
        code,
        entry.text("unit"),
        entry.take("year", int, package.year),
        file=str(file),
        unit_code=entry.text("unit_code", ""),
    )
    counts: dict[str, int] = {}
    for index, data in enumerate(entry.take("sheets", list)):
        inner = Entry(data, entry.place / "sheets" / index)
        name = inner.text("form")
        if name not in package.forms:
            raise (inner.place / "form").error(f"套表中没有“{name}”，可用的有：{'、'.join(package.forms)}。")
        form = package.forms[name]
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1 and not form.many:
            raise inner.place.error(f"“{name}”在一套表中只能有一张。")
        sheet = _sheet(inner, form, counts[name])
        if any(sheet.name == other.name for other in filing.sheets):
            raise inner.place.error(f"有两张工作表叫“{sheet.name}”，请用 name 给它们不同的名称。")
        if sheet.name in _TAKEN or len(sheet.name) > _NAME_LENGTH or _NOT_IN_NAMES.search(sheet.name):
            raise inner.place.error(
                f"工作表不能叫“{sheet.name}”：最长 {_NAME_LENGTH} 个字，不能含 [ ] : * ? / \\，"
                f"首尾不能是单引号，也不能是{'、'.join(_TAKEN)}。"
            )
        filing.sheets.append(inner.done(sheet))
    filing.projects = projects(filing, package.forms)
    return entry.done(filing)


def projects(filing: Filing, forms: dict[str, Form] | Any) -> list[tuple[str, str]]:
    """The 项目清单 of a filing: its project sheets in order, named as 基础数据表 lists them, else as they call themselves."""
    listed = [
        str(row.get(table.listed) or "")
        for sheet in filing.sheets
        for table in forms[sheet.form].tables.values()
        if table.listed
        for row in sheet.tables.get(table.code, [])
    ]
    sheets = [sheet for sheet in filing.sheets if forms[sheet.form].many]
    return [
        (
            listed[k]
            if k < len(listed) and listed[k]
            else str(sheet.fields.get(forms[sheet.form].named_by) or sheet.name),
            sheet.name,
        )
        for k, sheet in enumerate(sheets)
    ]


def _sheet(entry: Entry, form: Form, number: int) -> Sheet:
    sheet = Sheet(form.code, entry.text("name", "") or form.sheet_name(number))
    for code, value, place in entry.items("fields"):
        sheet.fields[code] = _value(form.fields.get(code), code, value, place)
    for code, rows, place in entry.items("tables"):
        if not isinstance(rows, list):
            raise place.error(f"“{code}”应当是一行一项的列表，每行以“- ”开头。")
        paragraphs = form.tables[code].paragraphs if code in form.tables else ""
        records = [
            # A section of a report is a list of paragraphs.
            Entry({paragraphs: row} if paragraphs and isinstance(row, str) else row, place / k)
            for k, row in enumerate(rows)
        ]
        if code in form.matrices:
            for record in records:
                _matrix_row(sheet, form, code, record)
        elif code in form.tables:
            columns = form.tables[code].columns
            sheet.tables[code] = [
                {
                    name: _value(columns.get(name), name, value, where)
                    for name, value, where in record.entries()
                }
                for record in records
            ]
        else:
            raise place.error(
                f"“{form.code}”没有表“{code}”，可用的有：{'、'.join([*form.matrices, *form.tables])}。"
            )
    return sheet


def _matrix_row(sheet: Sheet, form: Form, code: str, record: Entry) -> None:
    matrix = form.matrices[code]
    row = record.text(matrix.key)
    if row not in matrix.rows:
        raise record.place.error(f"{code}没有“{row}”一行，可用的有：{'、'.join(matrix.rows)}。")
    for column, value, place in record.entries():
        if column != matrix.key:
            cell = matrix.cell(row, column)
            if cell in sheet.fields:
                raise place.error(f"“{cell}”写了两次。")
            sheet.fields[cell] = _value(form.fields.get(cell), column, value, place)


def _value(field: Field | None, code: str, value: Any, place: Place) -> Any:
    if field is None:
        raise place.error(f"没有数据项“{code}”，请检查写法。")
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float, str))):
        raise place.error(f"“{code}”应为数字或文字，现在是 {value!r}。")
    if isinstance(value, (int, float)):
        return str(value) if field.textual else float(value)
    return value
