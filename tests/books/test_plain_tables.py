"""Plain tables, labels at the left of tables, and a package without project sheets: drawn, calculated, read back.

The form is one of the test's own: two labels over fields, paragraphs, a table and two sections, as reports that are one
table have them. Positions and figures are worked out by hand.
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import libreoffice
import opened
from conftest import RULE, Templates, rule_text
from jixiao.books.build import blank, build
from jixiao.books.making.heights import MAX_HEIGHT
from jixiao.books.read import read
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing

FORM, PACKAGE, SHEET = "资金使用情况表", "plain_2023", "附件1"
FORM_FILE, PACKAGE_FILE = f"forms/{FORM}.yaml", f"packages/{PACKAGE}.yaml"
DECLARED = """\
    form: 资金使用情况表
    reference: {title: 试验办法}
    widths: [6, 11, 22, 10, 10, 10, 10, 11]
    fields:
      单位名称: {type: text, kept: true, default: "{unit}", help: 填写单位全称。}
      预算合计: {type: money, calculated: total(项目.年初预算), help: 各项目预算之和。}
      到位合计: {type: money, calculated: total(项目.到位), help: 各项目到位之和。}
    passages:
      单位职能: {rows: 3, help: 写明职能。}
      资金管理: {head: （一）资金管理, level: 2, rows: 3, help: 写明资金管理情况。}
      资金效益: {head: （二）资金效益, level: 2, rows: 2, help: 写明效益。}
    tables:
      项目:
        label: 项目
        rows: 4
        names: 项目名称
        columns:
          项目名称: {type: text, kept: true, long: true, help: 填写项目名称。}
          年初预算: {type: money, help: 年初批复的预算。}
          追加: {type: money, help: 年中追加。}
          到位: {type: money, help: 到位资金。}
          到位率: {type: rate, calculated: "rate(到位, total(年初预算, 追加))", help: 到位 ÷（年初预算 + 追加）。}
          说明: {type: text, long: true, help: 需要说明的事项。}
        total: {label: 合计, fields: {年初预算: 预算合计, 到位: 到位合计}}
    layout:
    - [{text: "{title}", cols: 8, style: 标题}]
    - [{text: 单位概况, rows: 2}, {text: 单位名称}, {field: 单位名称, cols: 6}]
    - {passages: [单位职能], cells: [{text: 单位职能}]}
    - {table: 项目, cells: [{text: 资金情况, rows: 2}, {text: 各项目}]}
    - {passages: [资金管理, 资金效益], cells: [{text: 管理情况}]}
    - [{text: "", cols: 8, style: 表底}]
    """
ISSUED = """\
    package: plain_2023
    title: "{year}年度资金使用情况套表"
    authority: 试验局
    reference: {title: 试验办法}
    year: 2023
    forms:
    - form: 资金使用情况表
      sheet: 附件1
      title: "{year}年度资金使用情况表"
    """
OVER = rule_text(
    id="TST-001", **RULE | {"title": "到位超过预算", "form": FORM, "for_each": "项目", "at": "到位"}
).replace("\n  ", "\n  check: 到位 <= total(年初预算, 追加)\n  arithmetic: exact\n  ", 1)


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    templates = Templates(tmp_path_factory.mktemp("plain") / "templates")
    templates.write(FORM_FILE, DECLARED).write(PACKAGE_FILE, ISSUED).write("rules/TST.yaml", OVER)
    return templates.load()


def filing(declared: Catalogue) -> Filing:
    """Two of four rows filled, one with a rate of the unit's own; five paragraphs where three rows are issued."""
    made = blank(declared.packages[PACKAGE], "某局")
    made.sheets[0].tables = {
        "项目": [
            {"项目名称": "设备购置", "年初预算": 50.0, "追加": 10.0, "到位": 45.0},
            {"项目名称": "房屋维修", "年初预算": 8.0, "到位": 9.6, "到位率": 1.1},
        ],
        "单位职能": [{"段落": "负责市场监管。"}],
        "资金管理": [{"段落": "专款专用。" * 20 * k} for k in range(1, 6)],
    }
    return made


@pytest.fixture(scope="module")
def folder(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, package = tmp_path_factory.mktemp("books"), declared.packages[PACKAGE]
    build(package, blank(package, "某局"), declared, folder / "blank.xlsx")
    for suffix in ("xlsx", "xlsm"):
        build(package, filing(declared), declared, folder / f"filled.{suffix}")
    return folder


def page(file: Path, values: bool = True) -> Worksheet:
    return opened.page(file, SHEET, values)


def merged(sheet: Worksheet) -> set[str]:
    return {str(area) for area in sheet.merged_cells.ranges}


# ------------------------------------------------------------------------------------------------ as it is printed


def test_a_table_stands_right_of_its_labels(folder: Path) -> None:
    sheet = page(folder / "blank.xlsx")
    # Title, unit, edge and three paragraphs; head, four rows and total; edge, two heads with 3 and 2 paragraphs; foot.
    assert {
        "A2:A6": "单位概况",
        "B3:B6": "单位职能",
        "A7:A20": "资金情况",
        "B7:B12": "各项目",
        "B13:B20": "管理情况",
    }.items() <= {str(a): sheet.cell(a.min_row, a.min_col).value for a in sheet.merged_cells.ranges}.items()
    assert [sheet[f"{letter}7"].value for letter in "CDEFGH"] == [
        *("项目名称", "年初预算", "追加", "到位", "到位率", "说明")
    ]
    assert sheet["C12"].value == "合计"
    assert (sheet["C14"].value, sheet["C18"].value) == ("（一）资金管理", "（二）资金效益")


def test_labels_grow_with_their_tables(folder: Path) -> None:
    areas = merged(page(folder / "filled.xlsx"))
    assert {"A7:A22", "B7:B12", "B13:B22"} <= areas  # two paragraphs more than there are issued rows
    assert {
        f"C{row}:H{row}" for row in range(15, 20)
    } <= areas  # a paragraph is as wide as its column of the table
    assert not [area for area in areas if area[1:] in {f"8:{letter}8" for letter in "CDEFGH"}]


def test_all_of_a_table_row_is_open_for_deleting_it(folder: Path) -> None:
    sheet = page(folder / "blank.xlsx")
    for row in (*range(4, 7), *range(8, 12), *range(15, 18), 19, 20):
        assert not [letter for letter in "ABCDEFGH" if sheet[f"{letter}{row}"].protection.locked], row
    assert sheet["C12"].protection.locked and sheet["C7"].protection.locked


def test_long_texts_fit_into_their_rows(folder: Path) -> None:
    sheet = page(folder / "filled.xlsx")
    heights = [sheet.row_dimensions[row].height for row in range(15, 20)]
    assert heights == sorted(heights) and heights[0] < heights[-1] <= MAX_HEIGHT
    # 500 characters in a column of 73 half-width characters at 12 points are some sixteen lines.
    assert 200 <= heights[-1] <= 320


def test_a_form_that_is_a_table_is_printed_one_page_wide(folder: Path) -> None:
    assert page(folder / "filled.xlsx").sheet_properties.pageSetUpPr.fitToPage


# ------------------------------------------------------------------------------------------------------ what it says


def test_spare_rows_hold_their_formulas(folder: Path) -> None:
    for name in ("blank.xlsx", "filled.xlsx"):
        sheet = page(folder / name, values=False)
        assert [str(sheet[f"G{row}"].value).startswith("=IF(COUNT(") for row in (10, 11)] == [True, True]
        assert sheet["D12"].value.startswith("=")


def test_a_rate_is_calculated_unless_the_unit_states_one(folder: Path) -> None:
    formulas, values = (page(folder / "filled.xlsx", values) for values in (False, True))
    assert str(formulas["G8"].value).startswith("=")
    assert (values["G8"].value, values["D12"].value, values["F12"].value) == (
        0.75,
        58,
        54.6,
    )  # 45 ÷ (50 + 10)
    assert formulas["G9"].value == 1.1


def test_the_other_flavour_asks_the_add_in_first(folder: Path) -> None:
    assert str(page(folder / "filled.xlsm", values=False)["G8"].value).startswith("=IFERROR(JX_RATE(")


def test_a_check_stands_beside_its_row(folder: Path, declared: Catalogue) -> None:
    sheet = page(folder / "filled.xlsx")
    assert [sheet[f"J{row}"].value for row in range(8, 12)] == ["✓", "✗ 到位超过预算", None, None]
    assert [(f.rule.id, f.row, f.stated) for f in check(filing(declared), declared)] == [
        ("TST-001", "房屋维修", "9.60")
    ]


def test_what_was_built_is_read_back(folder: Path, declared: Catalogue) -> None:
    made = filing(declared).sheets[0].tables
    for suffix in ("xlsx", "xlsm"):
        found = read(folder / f"filled.{suffix}", declared)
        assert not found.sheets[0].problems and not found.projects
        rows = [{k: v for k, v in row.items() if v is not None} for row in found.sheets[0].tables.pop("项目")]
        assert rows == [{**made["项目"][0], "到位率": 0.75}, made["项目"][1]]
        assert found.sheets[0].tables == {
            "单位职能": made["单位职能"],
            "资金管理": made["资金管理"],
            "资金效益": [],
        }
    assert read(folder / "blank.xlsx", declared).sheets[0].tables["项目"] == []


def test_what_the_form_prints_into_a_row_is_no_filled_row(tmp_path: Path, declared: Catalogue) -> None:
    package = declared.packages[PACKAGE]
    made = blank(package, "某局")
    made.sheets[0].tables["项目"] = [{"项目名称": "……"}, {"项目名称": "设备购置"}, {"项目名称": " … "}]
    build(package, made, declared, tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", declared).sheets[0]
    assert [row["项目名称"] for row in found.tables["项目"]] == ["设备购置"]
    assert found.row_numbers["项目"] == [9]


def test_a_deleted_head_is_told_and_loses_no_row(tmp_path: Path, folder: Path, declared: Catalogue) -> None:
    book = openpyxl.load_workbook(folder / "filled.xlsx")
    for name in book[SHEET].defined_names.values():
        name.value = name.value.replace("$7:", "$8:") if name.name.startswith("项目") else name.value
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", declared).sheets[0]
    assert [row["项目名称"] for row in found.tables["项目"]] == ["设备购置", "房屋维修"]
    assert [problem.cause for problem in found.problems] == ["“项目”的表头行不见了"]


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize("book", ["blank.xlsx", "filled.xlsx", "filled.xlsm"])
def test_recalculation_changes_nothing(folder: Path, book: str) -> None:
    recalculated = libreoffice.recalculate(folder / book)
    formulas, values = (openpyxl.load_workbook(folder / book, data_only=kind) for kind in (False, True))
    wrong, count = [], 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or "CELL(" in str(cell.value):
                    continue
                count += 1
                shown = values[sheet.title][cell.coordinate].value
                rows = recalculated[sheet.title]
                now = rows[cell.row - 1][cell.column - 1] if cell.row <= len(rows) else ""
                if (shown if shown is not None else "") != pytest.approx(now):
                    wrong.append((sheet.title, cell.coordinate, shown, now))
    assert count > 20
    assert wrong == []


# ------------------------------------------------------------------------------------------------ without project sheets


def test_the_front_lists_no_projects(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "blank.xlsx", data_only=True)
    texts = [str(cell.value) for row in book["首页"].iter_rows() for cell in row if cell.value]
    assert not [text for text in texts if "项目清单" in text or "项目表" in text]
    assert [text for text in texts if text[1:2] == "、"] == [
        *("一、填报表格（点击表名打开）", "二、填报说明", "三、颜色")
    ]
    assert not [name for name in book.defined_names if "项目清单" in name]


# --------------------------------------------------------------------------------------------------------- refusals

REFUSED = {
    "no rows": (FORM_FILE, "    rows: 4\n", "", "没有写印几行"),
    "no name column": (FORM_FILE, "    names: 项目名称\n", "", "names 应写"),
    "an unknown name column": (FORM_FILE, "names: 项目名称", "names: 名称", "names 应写"),
    "a total of no column": (FORM_FILE, "{年初预算: 预算合计", "{预算: 预算合计", "“预算”不是表“项目”的列"),
    "a total that is no field": (FORM_FILE, "年初预算: 预算合计,", "年初预算: 预算总计,", "预算总计"),
    "a label over rows that are not there": (FORM_FILE, "资金情况, rows: 2", "资金情况, rows: 4", "超出了"),
    "an unknown section": (FORM_FILE, "[资金管理, 资金效益]", "[资金管理, 效益]", "没有章节“效益”"),
    "a section that stands nowhere": (FORM_FILE, "[资金管理, 资金效益]", "[资金管理]", "正好画一次"),
    "a table below which nothing is printed": (
        *(FORM_FILE, '- [{text: "", cols: 8, style: 表底}]\n', "", "下面应当还有一行"),
    ),
    "projects without a sheet for them": (
        PACKAGE_FILE,
        "year: 2023\n",
        "year: 2023\nprojects: [甲]\n",
        "“甲”",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(templates: Templates, file: str, old: str, new: str, said: str) -> None:
    templates.write(FORM_FILE, DECLARED).write(PACKAGE_FILE, ISSUED)
    message = templates.edit(file, old, new).error()
    assert ".yaml 第 " in message
    assert said in message
