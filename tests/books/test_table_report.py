"""Xiangtan's report, which is one table: as it is printed, what its sentences say, and what becomes of it later on."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import libreoffice
import opened
from books.test_build import EXCEL_2010, unquoted
from jixiao import resources
from jixiao.books.annotate import annotate
from jixiao.books.build import blank, build
from jixiao.books.handin import hand_in
from jixiao.books.making.heights import MAX_HEIGHT
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.rollover import rollover, summary

PACKAGE, REPORT, FIGURES = "xiangtan_gaoxin_2023", "附件1", "数据表"
UNIT = "湘潭市市场监督管理局高新分局"


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


def case(declared: Catalogue) -> Filing:
    return read_case(resources.CASES / f"{PACKAGE}.yaml", declared)


@pytest.fixture(scope="module")
def folder(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, package = tmp_path_factory.mktemp("xiangtan"), declared.packages[PACKAGE]
    build(package, blank(package, "某局"), declared, folder / "blank.xlsx")
    for suffix in ("xlsx", "xlsm"):
        build(package, case(declared), declared, folder / f"filled.{suffix}")
    return folder


def page(file: Path, name: str = REPORT, values: bool = True) -> Worksheet:
    return opened.page(file, name, values)


def labels(sheet: Worksheet, column: int) -> list[str]:
    """The labels of a column, each merged over its rows, in one line."""
    areas = [a for a in sheet.merged_cells.ranges if (a.min_col, a.max_col) == (column, column)]
    tall = sorted(areas, key=lambda area: area.min_row)
    return [str(sheet.cell(area.min_row, column).value).replace("\n", "") for area in tall]


# ------------------------------------------------------------------------------------------------ as it is printed


@pytest.mark.parametrize("book", ["blank.xlsx", "filled.xlsx"])
def test_the_labels_stand_in_the_official_order(folder: Path, book: str) -> None:
    sheet = page(folder / book)
    assert labels(sheet, 1) == ["部门概况", "绩效完成情况", "存在的问题分析及改进措施"]
    assert [sheet[f"B{row}"].value.replace("\n", "") for row in (4, 5, 6)] == [
        "单位名称",
        "年度预算金额",
        "主管部门",
    ]
    assert labels(sheet, 2) == [
        *("单位基本职能", "部门整体支出管理和使用基本情况", "绩效目标完成情况"),
        *("存在的问题", "改进措施", "其他需要说明的问题"),
    ]


def test_the_table_begins_with_its_title_and_ends_with_its_lower_line(folder: Path) -> None:
    sheet = page(folder / "filled.xlsx")
    assert [sheet[f"A{row}"].value for row in (1, 2, 3)] == ["附件1", UNIT, "部门整体支出绩效评价报告"]
    last = sheet.max_row
    while sheet.cell(last, 1).border.top.style is None:
        last -= 1
    assert sheet.print_area.endswith(f"$F${last}")
    assert sheet.cell(last, 1).border.bottom.style is None
    assert page(folder / "blank.xlsx")["A2"].value == "某局"


def test_rows_are_no_higher_than_excel_allows(folder: Path) -> None:
    heights = [each.height or 0 for each in page(folder / "filled.xlsx").row_dimensions.values()]
    assert max(heights) <= MAX_HEIGHT
    assert min(height for height in heights if height) == 6  # the upper edge of a column


# --------------------------------------------------------------------------------------------------- what it says


def test_the_budget_is_told_from_the_figures(folder: Path) -> None:
    sheet = page(folder / "filled.xlsx")
    assert [sheet[f"C{row}"].value for row in range(25, 31)] == [
        "（一）预算执行方面",
        "1．年初预算情况：2023年度年初预算522.30万元，其中基本支出522.30万元、项目支出0.00万元；"
        "全年支出决算541.71万元，其中基本支出541.71万元、项目支出0.00万元。",
        "2．年中追加和预算调整情况：调整后年度预算541.71万元，与年初预算相差19.41万元。",
        "3．项目支出预算控制情况：年初预算0.00万元，支出决算0.00万元，项目支出预算控制率100.00%。",
        "4．资金结余情况：2023年末财政拨款结转结余0.00万元。",
        "5．“三公”经费控制情况：年初预算9.60万元，支出决算8.70万元，“三公”经费控制率90.62%。",
    ]
    assert [sheet[f"C{row}"].value for row in (44, 45)] == [
        "一、绩效自评情况",
        "2023年度部门整体支出绩效自评得分96分。",
    ]
    assert (sheet["C5"].value, sheet["C5"].number_format[:10]) == (541.71, '0.00"（万元）"')


def test_a_rate_that_the_unit_does_not_state_is_calculated(folder: Path, declared: Catalogue) -> None:
    figures = page(folder / "filled.xlsx", FIGURES)
    assert figures["D4"].value == pytest.approx(1.0372)  # 541.71 ÷ 522.3 = 1.037163
    filing = case(declared)
    for sheet in filing.sheets:
        for record in (sheet.fields, *sheet.tables.get("绩效目标", [])):
            for stated in ("项目支出_控制率", "三公经费_控制率", "完成率"):
                record.pop(stated, None)
    build(declared.packages[PACKAGE], filing, declared, folder / "calculated.xlsx")
    figures = page(folder / "calculated.xlsx", FIGURES)
    assert [figures[f"D{row}"].value for row in (5, 7)] == ["不适用", 0.9063]
    report = page(folder / "calculated.xlsx")
    # 18.65 ÷ 3, 97.6 ÷ 70, 81 ÷ 80; two targets in one cell have no rate.
    assert [report[f"F{row}"].value for row in range(48, 55)] == [6.2167, 1.3943, 1, 1, 1, 1.0125, None]
    assert str(report["C28"].value).endswith("支出决算0.00万元。")  # no rate is told where there is none


def test_a_blank_report_has_no_sentences_and_accuses_nobody(folder: Path, declared: Catalogue) -> None:
    sheet = page(folder / "blank.xlsx")
    shown = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")]
    assert not [text for text in shown if "万元，" in text or text.startswith(("✗", "！"))]
    assert check(read(folder / "blank.xlsx", declared), declared) == []


@pytest.mark.parametrize("book", ["blank.xlsx", "filled.xlsx"])
def test_only_functions_of_excel_2010(folder: Path, book: str) -> None:
    workbook = openpyxl.load_workbook(folder / book)
    formulas = [
        cell.value for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]
    used = {name for each in formulas for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", unquoted(each))}
    assert used <= EXCEL_2010
    assert max(map(len, formulas)) <= 8192


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize(("book", "locale"), [("filled.xlsx", "zh-CN"), ("filled.xlsm", "en-US")])
def test_recalculation_changes_nothing(folder: Path, book: str, locale: str) -> None:
    recalculated = libreoffice.recalculate(folder / book, locale)
    formulas, values = (openpyxl.load_workbook(folder / book, data_only=kind) for kind in (False, True))
    wrong, count = [], 0
    for sheet in formulas:
        rows = recalculated[sheet.title]
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            count += 1
            shown = values[sheet.title][cell.coordinate].value
            now = rows[cell.row - 1][cell.column - 1] if cell.row <= len(rows) else ""
            if (shown if shown is not None else "") != pytest.approx(now):
                wrong.append((sheet.title, cell.coordinate, shown, now))
    assert count > 200
    assert wrong == []


# --------------------------------------------------------------------------------------------- read, checked, handed in


def test_what_was_built_is_read_back(folder: Path, declared: Catalogue) -> None:
    made = case(declared)
    for suffix in ("xlsx", "xlsm"):
        found = read(folder / f"filled.{suffix}", declared)
        assert (found.package, found.unit, found.projects) == (PACKAGE, UNIT, [])
        for stated, sheet in zip(made.sheets, found.sheets, strict=True):
            assert not sheet.problems
            assert stated.fields.items() <= sheet.fields.items()
            for code, rows in stated.tables.items():
                without_blanks = [
                    {k: v for k, v in row.items() if v is not None} for row in sheet.tables[code]
                ]
                assert without_blanks == rows, code


def test_the_file_is_checked_as_the_case_is(folder: Path, declared: Catalogue, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    book.write_bytes((folder / "filled.xlsx").read_bytes())
    filing = read(book, declared)
    findings = check(filing, declared)
    assert {f.fingerprint for f in findings} == {f.fingerprint for f in check(case(declared), declared)}
    cells = {f.rule.id: f.cell for f in findings if f.rule.id.startswith(("BUD", "CPL"))}
    assert cells == {"BUD-001": "D7", "BUD-010": "D5", "CPL-001": "F48", "CPL-002": "E54", "CPL-004": "E48"}
    annotate(book, filing, findings, declared)
    assert [each for each in read(book, declared).sheets if each.problems] == []


def test_checks_stand_beside_their_rows(folder: Path) -> None:
    goals, figures = page(folder / "filled.xlsx"), page(folder / "filled.xlsx", FIGURES)
    assert goals["H48"].value == "✗ 完成率计算有误"
    assert goals["H53"].value == "✓"
    assert goals["H54"].value == "✗ 绩效目标填写不全"
    assert [figures[f"F{row}"].value for row in (5, 7)] == ["✗ 没有预算却填了控制率", "✗ 预算控制率计算有误"]


def test_unfilled_rows_are_not_printed_and_labels_stay(
    folder: Path, declared: Catalogue, tmp_path: Path
) -> None:
    done = hand_in(folder / "filled.xlsm", tmp_path / "a.xlsx", declared)
    sheet = page(tmp_path / "a.xlsx")
    hidden = [row for row, each in sheet.row_dimensions.items() if each.hidden]
    # 4 rows for 3 paragraphs, 3 for 1; 12 are issued for the report and 33 filled; 4 for 3 twice, 2 for 1.
    assert hidden[:3] == [38, 41, 42]
    assert done.hidden == len(hidden) == 6
    assert labels(sheet, 2) == labels(page(folder / "filled.xlsx"), 2)


# ------------------------------------------------------------------------------------------------------- the next year


def test_goals_go_over_with_their_targets(folder: Path, declared: Catalogue, tmp_path: Path) -> None:
    rolled = rollover(folder / "filled.xlsx", tmp_path / "新.xlsm", declared)
    assert summary(rolled, declared) == f"{UNIT} 2024 年度：7 项指标。"
    filing = read(tmp_path / "新.xlsm", declared)
    report = filing.of("部门整体支出绩效评价报告")[0]
    assert report.fields["主管部门"] == "湘潭市市场监督管理局"
    goals = [{k: v for k, v in row.items() if v is not None} for row in report.tables["绩效目标"]]
    assert goals[1] == {"绩效目标": "商事制度改革，6月30日前企业年报率", "指标值": "不低于70%"}
    assert len(goals) == 7
    assert not any(rows for code, rows in report.tables.items() if code != "绩效目标")
    sheet = page(tmp_path / "新.xlsm")
    (column,) = [cell.column for cell in sheet[_head(sheet)] if cell.value == "上年完成情况"]
    assert [sheet.cell(_head(sheet) + 1 + k, column).value for k in range(3)] == ["18.65%", "97.6%", "100%"]


def _head(sheet: Worksheet) -> int:
    return next(cell.row for cell in sheet["C"] if cell.value == "绩效目标")


def test_targets_and_results_of_last_year_are_asked_about(
    folder: Path, declared: Catalogue, tmp_path: Path
) -> None:
    rollover(folder / "filled.xlsx", tmp_path / "新.xlsx", declared)
    filing = read(tmp_path / "新.xlsx", declared)
    figures, report = filing.sheets
    figures.fields["三公经费_决算数"] = 20.0
    for row, result in zip(
        report.tables["绩效目标"], ("19%", "97%", "100%", "2次", "100%", "81次"), strict=False
    ):
        row["完成情况"] = result
    asked = {f.rule.id: f.rows for f in check(filing, declared) if f.rule.id.startswith("LYR")}
    assert asked == {
        "LYR-002": ["食品、药品主题宣传", "特种设备执法检查"],
        "LYR-003": ["食品、药品主题宣传", "特种设备执法检查"],
        "LYR-004": ["“三公”经费（决算数）"],  # 20 ÷ 8.7 − 1 = 129.89 %
    }
