"""Issued and filled workbooks in a real spreadsheet program: it finds every value that the file already holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

import libreoffice
from jixiao import resources
from jixiao.books.build import blank, build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue
from jixiao.filing import Filing

SCRIPT = Path(__file__).with_name("copied_sheet.py")

pytestmark = pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())


def as_calculated(filing: Filing) -> Filing:
    """The filing without the values that people stated in place of formulas."""
    package = load_catalogue(resources.TEMPLATES).packages[filing.package]
    for sheet in filing.sheets:
        form = package.forms[sheet.form]
        sheet.fields = {
            code: value for code, value in sheet.fields.items() if not form.fields[code].calculated
        }
        for code, rows in sheet.tables.items():
            columns = form.tables[code].columns
            sheet.tables[code] = [{c: v for c, v in row.items() if not columns[c].calculated} for row in rows]
    return filing


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def books(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("books")
    for code in ("hengshan_2022", "hengshan_2023", "mof_project_2023"):
        package = declared.packages[code]
        build(package, blank(package), declared, folder / f"{code}.xlsx")
    for code in ("hengshan_2022", "hengshan_2023", "yueyanglou_2023"):
        case = resources.CASES / f"{code}.yaml"
        package = declared.packages[code]
        build(package, read_case(case, declared), declared, folder / f"{code}_filled.xlsx")
        build(package, as_calculated(read_case(case, declared)), declared, folder / f"{code}_calculated.xlsx")
    return {path.stem: path for path in folder.glob("*.xlsx")}


@pytest.mark.parametrize(
    ("book", "locale"),
    [
        ("hengshan_2022", "zh-CN"),
        ("hengshan_2023", "zh-CN"),
        ("mof_project_2023", "en-US"),
        ("hengshan_2022_filled", "zh-CN"),
        ("hengshan_2022_calculated", "en-US"),
        ("hengshan_2023_filled", "en-US"),
        ("hengshan_2023_calculated", "zh-CN"),
        ("yueyanglou_2023_filled", "zh-CN"),
        ("yueyanglou_2023_calculated", "en-US"),
    ],
)
def test_recalculation_changes_nothing(books: dict[str, Path], book: str, locale: str) -> None:
    sheets = libreoffice.recalculate(books[book], locale)
    formulas = openpyxl.load_workbook(books[book])
    values = openpyxl.load_workbook(books[book], data_only=True)
    wrong, count = [], 0
    for page in formulas:
        for row in page.iter_rows():
            for each in row:
                if each.data_type != "f":
                    continue
                count += 1
                held = values[page.title][each.coordinate].value
                found = at(sheets[page.title], each.row - 1, each.column - 1)
                if not agree("" if held is None else held, found):
                    wrong.append((page.title, each.coordinate, held, found, each.value[:120]))
    assert count > 1000
    assert wrong == []


def at(rows: list[list[Any]], row: int, column: int) -> Any:
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else ""


def agree(held: Any, found: Any) -> bool:
    if isinstance(held, str) or not isinstance(found, int | float):
        return bool(held == found)
    return abs(held - found) < 1e-6


def test_edited_workbook_follows(books: dict[str, Path]) -> None:
    found = libreoffice.run(SCRIPT, {"book": str(books["yueyanglou_2023_calculated"])})
    # 附件3-3 as published: quantitative rows 10 (18人), 10 (工资100%), ≤95% against 100%: 10 x 95/100 = 9.5,
    # 同事及领导满意度 10; qualitative and dated rows have no formula score; execution 10. With 8 and 3 inserted.
    assert found["total"] == 10 + 10 + 10 + 9.5 + 10 + 8 + 3
    assert found["copy"] == [found["total"] - 10 + 5.37, 50, "附件3-4"]  # 10 x 50 / 93.18 = 5.37
    # 549.30 + 56.70 + 90.00 twice; 730.54 + 56.70 + 93.18 twice; 730.54 + 32.15 + 93.18 + 50
    assert found["totals"] == ["786.00", "973.60", "905.87"]
    assert found["missing"] == ["表名有误"] * 4
    assert found["total with a missing sheet"] == "数据有误"
    assert found["names"][:5] == [
        "1、业务工作经费",
        "2、运行维护经费",
        "3、编外用工人员经费",
        "4、新项目",
        "5、错项目",
    ]
    assert found["spent"][:5] == ["730.54", "32.15", "93.18", "50.00", "表名有误"]
