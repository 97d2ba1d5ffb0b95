"""Issued and filled workbooks: what is printed where, what is locked, what a file says of itself."""

from __future__ import annotations

import functools
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from jixiao import resources
from jixiao.books import build as builder
from jixiao.books.build import blank, build, build_issued
from jixiao.books.ooxml.parts import Parts
from jixiao.books.read import read
from jixiao.books.results import BODY_ROW, COLUMNS, HEAD_ROW
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing

# Worksheet functions of Excel 2010 that the templates may use: no LET, XLOOKUP, FILTER, IFS, TEXTJOIN…
EXCEL_2010 = {
    "ABS", "ADDRESS", "AND", "CELL", "CHAR", "CHOOSE", "COLUMN", "COUNT", "COUNTBLANK", "COUNTIF", "EXACT",
    "FALSE", "FIND", "IF", "IFERROR", "INDEX", "INDIRECT", "ISBLANK", "ISERROR", "ISNUMBER", "ISTEXT",
    "LEFT", "LEN", "MATCH", "MAX", "MID", "MIN", "NA", "NOT", "OR", "RIGHT", "ROUND", "ROW", "ROWS",
    "SUBSTITUTE", "SUM", "SUMPRODUCT", "TEXT", "TRIM", "TRUE", "VALUE",
}  # fmt: skip


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def folder(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issued")
    build_issued(declared, folder)
    for code in ("hengshan_2023", "yueyanglou_2023"):
        build(declared.packages[code], case(code, declared), declared, folder / f"{code}_filled.xlsx")
    return folder


BOOKS = (
    *("hengshan_2023", "yueyanglou_2023", "mof_project_2023"),
    *("hengshan_2023_filled", "yueyanglou_2023_filled"),
)

#: The reports of the two packages.
REPORTS = ("附件四", "附件4")


def case(code: str, declared: Catalogue) -> Filing:
    return read_case(resources.CASES / f"{code}.yaml", declared)


@functools.cache
def opened(path: Path, values: bool) -> openpyxl.Workbook:
    """One of the workbooks that nobody writes into."""
    return openpyxl.load_workbook(path, data_only=values)


def sheet(folder: Path, book: str, name: str, values: bool = True) -> Worksheet:
    return opened(folder / f"{book}.xlsx", values)[name]


def column(page: Worksheet, letter: str, first: int, last: int) -> list[object]:
    return [page[f"{letter}{row}"].value for row in range(first, last + 1)]


# ------------------------------------------------------------------------------------------------ as the forms print it


def test_basic_table_prints_the_official_rows(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023", "附件一")
    assert page["A1"].value == "附件一"
    assert page["A2"].value == "2023年度部门整体支出绩效评价基础数据表"
    assert page["A3"].value == "财政供养人员情况（人）"
    assert [page[f"{letter}3"].value for letter in "EFG"] == ["编制数", "2023年实际\n在职人数", "控制率"]
    assert [page[f"{letter}5"].value for letter in "EFG"] == ["2022年决算数", "2023年预算数", "2023年决算数"]
    assert column(page, "A", 6, 22) == [
        *(
            "三公经费：",
            "1、公务用车购置和维护经费",
            "其中：公车购置",
            "公车运行维护",
            "2、出国经费",
            "3、公务接待",
        ),
        *("项目支出：", "1、业务工作经费", "2、运行维护经费", "……", "3、省级专项资金（每个专项一行）", "……"),
        *("公用经费", "其中：办公经费", "水费、电费、差旅费", "会议费、培训费", "政府采购金额"),
    ]
    assert [page[f"E{row}"].value for row in (22, 23)] == ["——", "——"]


def test_packages_differ_where_they_say_so(folder: Path) -> None:
    hengshan, yueyanglou = sheet(folder, "hengshan_2023", "附件一"), sheet(folder, "yueyanglou_2023", "附件1")
    assert yueyanglou["A3"].value == "预算单位名称"  # heads Yueyanglou's table only
    assert column(yueyanglou, "A", 14, 20) == [
        *("1、业务工作经费", "2、运行维护经费", "3、编外用工人员经费", None, None, None, "公用经费")
    ]
    texts = {cell.value for row in hengshan.iter_rows() for cell in row}
    others = {cell.value for row in yueyanglou.iter_rows() for cell in row}
    assert "填表人：" in texts and "填表人：" not in others
    ministry = sheet(folder, "mof_project_2023", "项目支出绩效自评表")
    assert ministry["A1"].value == "项目支出绩效自评表\n（2023年度）"
    assert column(ministry, "D", 12, 14) == ["指标1：", "指标2：", "……"]


def test_indicator_table_of_a_blank_form(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023", "附件二")
    assert [page.cell(13, k).value for k in range(2, 10)] == [
        *("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "自评得分"),
        "偏差原因分析\n及改进措施",
    ]
    merged = {str(area): page[area.coord.split(":")[0]].value for area in page.merged_cells.ranges}
    assert merged["B14:B25"] == "产出指标\n（50分）"
    assert merged["B26:B37"] == "效益指标\n（30分）"
    assert merged["B38:B40"] == "满意度指标\n（10分）"
    assert [merged[f"C{k}:C{k + 2}"] for k in range(14, 41, 3)] == [
        *("数量指标", "质量指标", "时效指标", "成本指标", "经济效益指标", "社会效益指标", "生态效益指标"),
        *("可持续影响指标", "服务对象满意度指标"),
    ]
    assert column(page, "D", 14, 19) == [None, None, "……", None, None, "……"]
    assert (page["A41"].value, page["G41"].value, page["H41"].value) == ("总分", 100, None)
    assert page["G5"].value == 10  # points of the execution rate


def test_a_filled_table_grows_and_keeps_its_groups(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023_filled", "附件二")
    merged = {str(area): page[area.coord.split(":")[0]].value for area in page.merged_cells.ranges}
    assert merged["C14:C18"] == "数量指标"  # four indicators, and the …… row
    assert column(page, "D", 14, 18) == [
        "药械化不良反应检测",
        "食品安全抽检",
        "产品质量抽检",
        "行政执法案件",
        "……",
    ]
    assert merged["B14:B29"] == "产出指标\n（50分）"
    assert (page["E17"].value, page["F17"].value, page["G17"].value, page["H17"].value) == (
        "10",
        "24",
        10,
        10,
    )
    assert (page["G45"].value, page["H45"].value) == (100, 100)


def test_tables_have_no_horizontal_merges(folder: Path, declared: Catalogue) -> None:
    for name, first, last in (("附件一", 13, 17), ("附件二", 14, 44), ("附件三", 13, 45)):
        page = sheet(folder, "hengshan_2023_filled", name)
        wide = [a for a in page.merged_cells.ranges if a.min_col < a.max_col]
        assert not [a for a in wide if a.max_row >= first and a.min_row <= last], name


# ------------------------------------------------------------------------------------------------------ values, formulas


def test_what_is_not_stated_is_calculated(folder: Path) -> None:
    formulas, values = (sheet(folder, "hengshan_2023", "附件一", kind) for kind in (False, True))
    assert formulas["G4"].value.startswith("=IF(COUNT(在职人数,编制数)<2")
    assert values["G4"].value in (None, "")
    overall = sheet(folder, "hengshan_2023", "附件二", False)
    assert overall["F5"].value.startswith("=IFERROR(")  # 全年执行数 = 基本支出 + 项目支出
    assert "项目清单.全年执行数" in overall["I8"].value


def test_stated_values_stand_in_place_of_formulas(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023_filled", "附件一", False)
    assert page["G4"].value == 0.7772
    assert page["F6"].value is None  # the unit left 三公经费 blank, so no formula fills it
    assert page["G13"].value == 789.14
    assert page["F7"].value == 17.5
    assert sheet(folder, "yueyanglou_2023_filled", "附件3-2", False)["H6"].value == 0.567


def test_empty_results_are_cached_as_texts(folder: Path) -> None:
    part = Parts.open(folder / "hengshan_2023.xlsx")["xl/worksheets/sheet2.xml"].decode()
    cell = re.search(r'<c r="G4"[^>]*>.*?</c>', part)
    assert cell and ' t="str"' in cell[0] and "<v></v>" in cell[0]


def test_quantities_stay_texts(folder: Path) -> None:
    page = sheet(folder, "yueyanglou_2023_filled", "附件2")
    assert [page[f"E{row}"].value for row in (14, 16, 17)] == ["≥ 120件", "≥1.5万件", "0件"]
    assert page["E14"].number_format == "@"


@pytest.mark.parametrize("book", BOOKS)
def test_only_functions_of_excel_2010(folder: Path, book: str) -> None:
    workbook = opened(folder / f"{book}.xlsx", False)
    formulas = [
        cell.value for page in workbook for row in page.iter_rows() for cell in row if cell.data_type == "f"
    ]
    used = {name for formula in formulas for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", unquoted(formula))}
    assert used <= EXCEL_2010
    assert max(map(len, formulas)) <= 8192
    assert not [f for f in formulas if "#REF" in f or "{row}" in f]


def unquoted(formula: str) -> str:
    return re.sub(r'"[^"]*"', '""', formula)


# ------------------------------------------------------------------------------------------------- names and protection


@pytest.mark.parametrize("book", BOOKS)
def test_every_field_has_its_name(folder: Path, declared: Catalogue, book: str) -> None:
    workbook = opened(folder / f"{book}.xlsx", False)
    package = declared.packages[book.removesuffix("_filled")]
    for page in workbook.worksheets[1:-1]:
        names = {name: defined.attr_text for name, defined in page.defined_names.items()}
        form = package.forms[names["_form"].strip('"')]
        assert names["_package"] == f'"{package.code}"'
        wanted = {*form.fields, *form.tables, "核对", "_sheet", "_sum", "_year"}
        wanted |= {f"{table.code}.{code}" for table in form.tables.values() for code in table.columns}
        assert wanted <= set(names)
    assert {"填报单位", "填报年度", "项目清单", "项目清单.项目名称", "项目清单.表名", "审核结果"} <= set(
        workbook.defined_names
    )
    assert {"_status", "_checksum", "_facts"} <= set(workbook.defined_names)


def test_names_point_at_the_printed_cells(folder: Path) -> None:
    page = opened(folder / "hengshan_2023.xlsx", False)["附件二"]
    names = {name: defined.attr_text.replace("$", "") for name, defined in page.defined_names.items()}
    assert names["全年预算数"] == "'附件二'!E5"
    assert names["一般公共预算"] == "'附件二'!E7"
    assert names["总分"] == "'附件二'!H41"
    assert names["指标"] == "'附件二'!B13:I41"  # head and total row are sentinels
    assert names["指标.得分"] == "'附件二'!H13:H41"
    basic = opened(folder / "hengshan_2023.xlsx", False)["附件一"].defined_names
    assert basic["项目支出.预算数"].attr_text == "'附件一'!$F$12:$F$18"
    assert basic["公务接待_决算数"].attr_text == "'附件一'!$G$11"


def test_table_rows_are_unlocked_whole(folder: Path) -> None:
    fresh = openpyxl.load_workbook(folder / "hengshan_2023.xlsx")  # looking a cell up in vain makes one
    for name, rows in (("附件一", range(13, 18)), ("附件二", range(14, 41)), ("附件三", range(13, 40))):
        page = fresh[name]
        assert page.protection.sheet and not page.protection.password
        assert not page.protection.insertRows and not page.protection.deleteRows  # False: allowed
        written = [cell for (row, _), cell in page._cells.items() if row in rows]
        assert written and not [cell.coordinate for cell in written if cell.protection.locked]
        assert not any(page.row_dimensions[row].protection.locked for row in rows)  # what is not written
        assert page["A2"].protection.locked


def test_inputs_are_open_and_calculated_cells_are_not(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023", "附件一", False)
    assert not page["E4"].protection.locked
    assert page["G4"].protection.locked
    assert page["E4"].fill.fgColor.rgb != page["G4"].fill.fgColor.rgb


def test_every_input_explains_itself(folder: Path, declared: Catalogue) -> None:
    page = opened(folder / "hengshan_2023.xlsx", False)["附件二"]
    helped = {str(area): v for v in page.data_validations.dataValidation for area in v.sqref.ranges}
    assert helped["E5"].prompt == declared.forms["整体支出绩效自评表"].fields["全年预算数"].help
    assert helped["E5"].errorStyle == "warning"  # "——" may be typed after a question
    assert "E14:E40" in helped
    assert all(len(v.promptTitle) <= 32 and len(v.prompt) <= 255 for v in helped.values())


# ------------------------------------------------------------------------------------------------------ checks and front


def test_check_cells_name_the_true_mistakes(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023_filled", "附件二")
    # 2803.16 + 46.49 + 6.40 = 2856.05, stated 2860.69; 产出 70 of 50 points
    assert page["K5"].value == "✗ 全年预算数与收入合计不符"
    assert page["K45"].value == "✗ 产出指标分值合计不符"
    assert page["K14"].value == "！ 指标值只有数字"
    later = sheet(folder, "yueyanglou_2023_filled", "附件3-3")
    assert later["F17"].value == "100%" and later["E17"].value == "≤95%"
    # the comparator is asked about, not the score that follows from it: SCR-007 yields to TXT-008
    assert later["K17"].value == "！ 越高越好的指标写了≤"


def test_a_blank_workbook_accuses_nobody(folder: Path) -> None:
    for book in ("hengshan_2023", "yueyanglou_2023", "mof_project_2023"):
        workbook = opened(folder / f"{book}.xlsx", True)
        assert workbook["首页"]["C5"].value == "表内检查无误，须审核"
        texts = [c.value for page in workbook.worksheets[1:-1] for row in page.iter_rows() for c in row]
        assert not [t for t in texts if isinstance(t, str) and t.startswith(("✗", "！"))]
    assert sheet(folder, "hengshan_2023_filled", "首页")["C5"].value == "未通过"


def test_front_lists_projects_with_their_figures(folder: Path) -> None:
    page = sheet(folder, "yueyanglou_2023_filled", "首页")
    assert page["C3"].value == "岳阳市岳阳楼区市场监督管理局"
    rows = [[cell.value for cell in row[:7]] for row in page.iter_rows(min_row=1, max_row=30) if row[2].value]
    assert [2, "运行维护经费", "附件3-2", 56.7, 56.7, 32.15, 95.67] in rows
    # 549.30 + 56.70 + 90.00; 730.54 + 56.70 + 93.18; 730.54 + 32.15 + 93.18
    totals = [[c.value for c in row] for row in page.iter_rows(max_col=6) if row[0].value == "合计"]
    assert totals == [["合计", None, None, 696, 880.42, 855.87]]


def test_results_sheet_has_its_styles_ready(folder: Path) -> None:
    page = sheet(folder, "hengshan_2023", "审核结果", False)
    assert [cell.value for cell in page[HEAD_ROW]] == [column.title for column in COLUMNS]
    assert page.max_row >= HEAD_ROW + 60
    assert page.page_setup.orientation == "landscape"
    answer = next(k for k, column in enumerate(COLUMNS, 1) if column.role == "answer")
    assert not page.cell(BODY_ROW, answer).protection.locked
    assert page.cell(BODY_ROW, 1).protection.locked


# ------------------------------------------------------------------------------------------------------ pages and parts


@pytest.mark.parametrize("book", BOOKS)
def test_sheets_print_on_a4(folder: Path, book: str) -> None:
    for page in opened(folder / f"{book}.xlsx", False):
        assert page.page_setup.paperSize == 9
        assert page.print_options.horizontalCentered
        if page.title in REPORTS:  # its pages end where they are told to, which Excel forgets when it scales
            assert not page.sheet_properties.pageSetUpPr.fitToPage
            continue
        assert page.sheet_properties.pageSetUpPr.fitToPage and page.page_setup.fitToWidth in (None, 1)
    form = [page for page in opened(folder / f"{book}.xlsx", False) if page.title not in REPORTS][-2]
    assert form.print_area.endswith(f"$I${form.max_row - 1}") or "$I$" in form.print_area
    assert form.print_title_rows is not None


def test_rows_are_high_enough_and_not_too_high(folder: Path) -> None:
    page = sheet(folder, "yueyanglou_2023_filled", "附件3-1")
    # six sentences of up to two lines each in half of the page
    goals = page.row_dimensions[11].height
    assert 120 <= goals <= 240
    for book in BOOKS:
        for each in opened(folder / f"{book}.xlsx", False):
            assert all((row.height or 0) <= 409 for row in each.row_dimensions.values())


def test_workbook_opens_without_recalculating(folder: Path) -> None:
    xml = Parts.open(folder / "hengshan_2023.xlsx")["xl/workbook.xml"].decode()
    properties = re.search(r"<calcPr[^>]*>", xml)
    assert properties and "fullCalcOnLoad" not in properties[0]


def test_the_same_declarations_give_the_same_parts(folder: Path, declared: Catalogue, tmp_path: Path) -> None:
    for path in build_issued(declared, tmp_path):
        first, second = zipfile.ZipFile(folder / path.name), zipfile.ZipFile(path)
        assert first.namelist() == second.namelist()
        assert all(first.read(part) == second.read(part) for part in first.namelist())


def test_another_year_moves_every_label(declared: Catalogue, tmp_path: Path) -> None:
    package = declared.packages["hengshan_2023"]
    build(package, blank(package, "某局", 2025), declared, tmp_path / "a.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)
    texts = "".join(str(c.value) for page in workbook for row in page.iter_rows() for c in row if c.value)
    assert "2025年度部门整体支出绩效评价基础数据表" in texts and "2024年决算数" in texts
    assert "2023" not in texts.replace("2023年12月31日", "").replace(package.code, "")
    assert workbook["附件二"]["C3"].value == "某局"


def test_more_projects_than_the_form_prints(declared: Catalogue, tmp_path: Path) -> None:
    package = declared.packages["hengshan_2023"]
    build(package, blank(package, "某局", projects=12), declared, tmp_path / "a.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)
    assert [page.title for page in workbook][3:6] == ["附件三", "附件三-2", "附件三-3"]
    page = workbook["附件一"]
    assert column(page, "A", 13, 25)[0] == "1、业务工作经费"
    assert column(page, "A", 24, 25) == ["12、项目12", "公用经费"]


def test_an_unknown_group_is_kept(declared: Catalogue, tmp_path: Path) -> None:
    filing = case("hengshan_2023", declared)
    filing.sheets[1].tables["指标"][0] |= {"一级指标": "其他指标", "二级指标": "专项指标"}
    build(declared.packages[filing.package], filing, declared, tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["附件二"]
    row = next(cell.row for cell in page["D"] if cell.value == "药械化不良反应检测")
    assert (page[f"B{row}"].value, page[f"C{row}"].value) == ("其他指标", "专项指标")


def test_a_failing_build_leaves_the_old_file(
    declared: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.xlsx"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(builder, "write_results", fail)
    package = declared.packages["mof_project_2023"]
    with pytest.raises(RuntimeError):
        build(package, blank(package), declared, target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("code", ["hengshan_2023", "yueyanglou_2023"])
def test_check_cells_say_nothing_that_the_audit_does_not_say(
    folder: Path, declared: Catalogue, code: str
) -> None:
    filing = read(folder / f"{code}_filled.xlsx", declared)
    found = {(finding.sheet, finding.rule.title) for finding in check(filing, declared)}
    shown = set()
    for page in opened(folder / f"{code}_filled.xlsx", True).worksheets[1:-1]:
        texts = [cell.value for row in page.iter_rows() for cell in row]
        shown |= {
            (page.title, text[2:]) for text in texts if isinstance(text, str) and text[:2] in ("✗ ", "！ ")
        }
    assert shown
    # A rule that yields to a more telling one has its own hidden cell; the visible cell shows errors first.
    yielding = {rule.title for rule in declared.rules if rule.yields_to}
    # One finding of a rule over several sheets stands at the first of them.
    gathered = {rule.title for rule in declared.rules if rule.report == "filing"}
    assert {place for place in shown - found if place[1] not in yielding | gathered} == set()


def test_a_text_higher_than_a_row_spreads_over_several(declared: Catalogue, tmp_path: Path) -> None:
    filing = case("hengshan_2023", declared)
    filing.sheets[1].fields["实际完成情况"] = "全年完成各项市场监督管理任务。" * 120  # 1,800 characters
    build(declared.packages[filing.package], filing, declared, tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["附件二"]
    area = next(a for a in page.merged_cells.ranges if a.coord.startswith("F12:"))
    assert area.max_col == 9 and area.max_row > 12
    heights = [page.row_dimensions[row].height for row in range(area.min_row, area.max_row + 1)]
    assert all(height <= 409 for height in heights)
    assert sum(heights) > 60 * 10.5  # some 30 characters a line, 60 lines
    labels = {str(a) for a in page.merged_cells.ranges}
    assert f"A11:A{area.max_row}" in labels and f"B12:E{area.max_row}" in labels
    assert page[f"B{area.max_row + 1}"].value == "一级指标"
