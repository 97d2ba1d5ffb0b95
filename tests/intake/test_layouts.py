"""Tables that others drew: every figure goes to its field, whatever the order of columns, and the rest is listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from intake.documents import rows, write_excel, write_word
from jixiao.catalogue import load_catalogue
from jixiao.filing import MISSING, Filing, Frame
from jixiao.intake.assembling import Imported, import_documents
from jixiao.scope import Calculation

CATALOGUE = load_catalogue()
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "layouts.yaml").read_text("utf-8"))
#: How a case says that a cell states nothing.
NOTHING = "无"


def imported(case: dict[str, Any], path: Path) -> Imported:
    return import_documents([path], CATALOGUE, CATALOGUE.packages[case["套表"]])


def shown(filing: Filing, form: str, table: str | None, code: str, row: int = 0) -> Any:
    """What a cell of the first sheet of a form says; a calculated one that says nothing of its own what it computes."""
    (sheet, *_) = filing.of(form)
    record = sheet.tables[table][row] if table else sheet.fields
    declared = CATALOGUE.packages[filing.package].forms[form]
    field = declared.tables[table].columns[code] if table else declared.fields[code]
    if field.calculated and record.get(code, MISSING) is MISSING:
        value = float(Calculation(Frame([filing], {form: declared}), CATALOGUE).value(form, table, code)[row])
        return None if value != value else value
    return record.get(code)


def expected(case: dict[str, Any]) -> Iterator[tuple[str, str | None, int, str, Any]]:
    for form, parts in case["读入"].items():
        for part, content in parts.items():
            records = [content] if part == "fields" else content
            for row, record in enumerate(records):
                for code, value in record.items():
                    yield form, None if part == "fields" else part, row, code, value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["名称"])
def test_a_table_drawn_elsewhere(case: dict[str, Any], tmp_path: Path) -> None:
    blocks = [rows(block) if block.startswith("|") else block for block in case["文件"]]
    result = imported(case, write_word(tmp_path / "表.docx", blocks))
    for form, table, row, code, value in expected(case):
        wanted = None if value == NOTHING else value
        if table and code == "得分" and value == NOTHING:  # left to its formula
            assert "得分" not in result.filing.of(form)[0].tables[table][row]
            continue
        assert shown(result.filing, form, table, code, row) == wanted, f"{form} {table} {row} {code}"
    for form, parts in case["读入"].items():
        for table in parts.keys() - {"fields"}:
            assert len(result.filing.of(form)[0].tables[table]) == len(parts[table])
    assert sorted(each.text for each in result.account.unread) == sorted(case["未读"])
    for piece in case.get("核对", []):
        assert any(piece in remark for remark in result.account.remarks), result.account.remarks


@pytest.mark.parametrize("case", CASES[:5], ids=lambda case: case["名称"])
def test_the_same_table_as_a_sheet(case: dict[str, Any], tmp_path: Path) -> None:
    """A sheet without merged cells, its figures numbers: the same fields."""
    content = [row for block in case["文件"] for row in (rows(block) if block.startswith("|") else [[block]])]
    result = imported(case, write_excel(tmp_path / "表.xlsx", {"Sheet1": content}))
    for form, table, row, code, value in expected(case):
        if value == NOTHING or (table is None and code == "执行率"):
            continue
        stated = shown(result.filing, form, table, code, row)
        if isinstance(value, float):
            value = pytest.approx(value)
        assert stated == value, f"{form} {table} {row} {code}"
