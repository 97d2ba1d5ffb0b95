"""The report as a sheet: what is printed, what its sentences say, and what is read back from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import libreoffice
import opened
from conftest import BASIC, OVERALL, REPORT
from jixiao import resources
from jixiao.books.build import blank, build
from jixiao.books.making.heights import MAX_HEIGHT, text_height
from jixiao.books.making.paragraphs import cut
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Sheet
from jixiao.passages import paragraphs

SHEETS = {"hengshan_2023": "附件四", "yueyanglou_2023": "附件4"}
#: As the official outlines have them.
TEN = {
    "hengshan_2023": [
        *(
            "一、部门基本情况",
            "二、一般公共预算支出情况",
            "三、政府性基金预算支出情况",
            "四、国有资本经营预算支出情况",
        ),
        *(
            "五、社会保险基金预算支出情况",
            "六、部门整体支出绩效情况",
            "七、存在的问题及原因分析",
            "八、下一步改进措施",
        ),
        *("九、部门整体支出绩效自评结果拟应用和公开情况", "十、其他需要说明的情况"),
    ],
    "yueyanglou_2023": [
        *(
            "一、单位基本情况",
            "二、一般公共预算支出情况",
            "三、政府性基金预算支出情况",
            "四、国有资本经营预算支出情况",
        ),
        *(
            "五、社会保险基金预算支出情况",
            "六、单位整体支出绩效情况",
            "七、存在的问题及原因分析",
            "八、下一步改进措施",
        ),
        *("九、单位整体支出绩效自评结果拟应用和公开情况", "十、其他需要说明的情况"),
    ],
}
SUBHEADS = {
    "hengshan_2023": ["（一）主要职责", "（二）基本情况", "（一）基本支出情况", "（二）项目支出情况"],
    "yueyanglou_2023": [
        *("（一）单位职能职责", "（二）机构设置", "（一）基本支出情况", "（二）项目支出情况"),
        *("（一）支出预算执行情况", "（二）支出绩效目标完成情况", "（三）整体支出绩效情况"),
    ],
}


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def folder(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for code in SHEETS:
        package = declared.packages[code]
        build(package, blank(package), declared, folder / f"{code}.xlsx")
        for suffix in (".xlsx", ".xlsm"):
            build(package, case(code, declared), declared, folder / f"{code}_filled{suffix}")
    return folder


def case(code: str, declared: Catalogue) -> Filing:
    return read_case(resources.CASES / f"{code}.yaml", declared)


def page(file: Path, code: str, values: bool = True) -> Worksheet:
    return opened.page(file, SHEETS[code], values)


def printed(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet["A"] if cell.value]


def report(filing: Filing) -> Sheet:
    (sheet,) = filing.of(REPORT)
    return sheet


# ------------------------------------------------------------------------------------------------ as it is printed


@pytest.mark.parametrize("code", SHEETS)
def test_ten_sections_stand_in_the_official_order(folder: Path, code: str) -> None:
    texts = printed(page(folder / f"{code}.xlsx", code))
    assert [text for text in texts if text[1] == "、"] == TEN[code]
    assert [text for text in texts if text.startswith("（")] == SUBHEADS[code]


def test_hengshan_begins_with_its_cover_on_a_page_of_its_own(folder: Path) -> None:
    sheet = page(folder / "hengshan_2023_filled.xlsx", "hengshan_2023")
    unit = "衡山县市场监督管理局"
    assert printed(sheet)[:6] == [
        "附件四",
        f"2023年度{unit}部门整体支出绩效自评报告",
        f"部门（单位）名称：{unit}（盖章）",
        "　　　　年　　月　　日",
        unit,
        "2023年度部门整体支出绩效自评报告",
    ]
    (date,) = [cell.row for cell in sheet["A"] if str(cell.value).endswith("日")]
    assert [each.id for each in sheet.row_breaks.brk] == [date]
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage  # with it Excel gives up the break


def test_yueyanglou_has_no_cover(folder: Path) -> None:
    sheet = page(folder / "yueyanglou_2023_filled.xlsx", "yueyanglou_2023")
    assert sheet["A1"].value == "2023年度岳阳市岳阳楼区市场监督管理局整体支出绩效自评报告"
    assert not sheet.row_breaks.brk


def test_the_front_page_lists_the_report_and_no_check_of_it_fails(folder: Path) -> None:
    front = opened.page(folder / "hengshan_2023_filled.xlsx", "首页", values=True)
    (row,) = [row for row in front.iter_rows(values_only=True) if row[1] == "附件四"]
    assert (row[2], row[7]) == ("2023年度部门整体支出绩效自评报告", "✓")


def test_paragraphs_are_open_and_heads_and_sentences_are_locked(folder: Path) -> None:
    sheet = page(folder / "hengshan_2023.xlsx", "hengshan_2023")
    rows = {str(cell.value): cell.row for cell in sheet["A"] if cell.value}
    head = rows["（一）主要职责"]
    assert sheet.cell(head, 1).protection.locked
    assert [sheet.cell(row, 1).protection.locked for row in range(head + 1, head + 8)] == [False] * 6 + [True]
    assert sheet.cell(rows["（一）基本支出情况"] + 1, 1).protection.locked


# ------------------------------------------------------------------------------------------------- figures in sentences

SENTENCES = {
    # 公用经费 is blank in 附件一: the clause that needs it is left out.
    "hengshan_2023": [
        "2023年基本支出2070.73万元。",
        "2023年项目支出789.14万元。",
        "2023年全年预算数2860.69万元，全年执行数2859.87万元，预算执行率99.97%。",
    ],
    # 4980.37 - 619.82 = 4360.55, as the published report says it.
    "yueyanglou_2023": [
        "2023年基本支出4980.37万元，其中人员经费4360.55万元、公用经费619.82万元。",
        "2023年“三公”经费决算数32.15万元，年初预算数58.70万元。",
        "2023年项目支出855.87万元，年初预算数696.00万元。",
        "2023年全年预算数5836.24万元，全年执行数5836.24万元，预算执行率100.00%。",
        "2023年单位整体支出绩效自评得分100分。",
    ],
}


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm"])
@pytest.mark.parametrize("code", SHEETS)
def test_sentences_take_their_figures_from_the_forms(folder: Path, code: str, suffix: str) -> None:
    file = folder / f"{code}_filled{suffix}"
    formulas, values = page(file, code, values=False), page(file, code)
    said = [
        values.cell(cell.row, 1).value
        for cell in formulas["A"]
        if (str(cell.value).startswith("=") and "TEXT(" in str(cell.value)) or "总分" in str(cell.value)
    ]
    assert [text for text in said if text] == SENTENCES[code]


@pytest.mark.parametrize("code", SHEETS)
def test_a_blank_workbook_has_no_sentence(folder: Path, code: str) -> None:
    values, formulas = (page(folder / f"{code}.xlsx", code, values=each) for each in (True, False))
    sentences = [cell.row for cell in formulas["A"] if "COUNT(" in str(cell.value)]
    assert len(sentences) == {"hengshan_2023": 4, "yueyanglou_2023": 5}[code]
    assert [values.cell(row, 1).value or "" for row in sentences] == [""] * len(sentences)


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
def test_figures_are_rounded_in_the_sentence_as_they_are_in_python(
    declared: Catalogue, tmp_path: Path
) -> None:
    """1.005 and 2.675 as doubles lie below the half; a difference of nothing must not become -0.00."""
    filing = blank(declared.packages["yueyanglou_2023"], "某局")
    basic, overall = filing.of(BASIC)[0], filing.of(OVERALL)[0]
    overall.fields |= {"基本支出": 1.005, "全年预算数": 3, "全年执行数": 2.675, "总分": 95.5}
    basic.fields |= {"公用经费_决算数": 1.0050000000000003, "三公经费_决算数": 8}
    build(declared.packages[filing.package], filing, declared, tmp_path / "a.xlsx")
    wanted = [
        "2023年基本支出1.01万元，其中人员经费0.00万元、公用经费1.01万元。",
        "2023年“三公”经费决算数8.00万元。",
        "2023年全年预算数3.00万元，全年执行数2.68万元，预算执行率89.17%。",
        "2023年单位整体支出绩效自评得分95.5分。",
    ]
    written = printed(page(tmp_path / "a.xlsx", "yueyanglou_2023"))
    assert [text for text in written if text.startswith("2023年") and text.endswith("。")] == wanted
    again = [str(row[0]) for row in libreoffice.recalculate(tmp_path / "a.xlsx")["附件4"]]
    assert [text for text in again if text.startswith("2023年") and text.endswith("。")] == wanted


# --------------------------------------------------------------------------------------------------------- read back


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm"])
@pytest.mark.parametrize("code", SHEETS)
def test_what_a_case_says_is_read_back(declared: Catalogue, folder: Path, code: str, suffix: str) -> None:
    stated, found = report(case(code, declared)), report(read(folder / f"{code}_filled{suffix}", declared))
    assert found.tables == stated.tables
    assert not found.problems


@pytest.mark.parametrize("code", SHEETS)
def test_a_blank_report_says_nothing_and_raises_no_question(
    declared: Catalogue, folder: Path, code: str
) -> None:
    filing = read(folder / f"{code}.xlsx", declared)
    form = declared.packages[code].forms[REPORT]
    assert set(report(filing).tables) == set(form.tables)
    assert not any(report(filing).tables.values())
    assert not [finding for finding in check(filing, declared) if finding.sheet == SHEETS[code]]


def test_paragraphs_know_their_section_and_their_cell(declared: Catalogue, folder: Path) -> None:
    form = declared.packages["hengshan_2023"].forms[REPORT]
    file = folder / "hengshan_2023_filled.xlsx"
    found = paragraphs(form, report(read(file, declared)))
    assert list(found) == [code for code, passage in form.passages.items() if passage.written]
    sheet = page(file, "hengshan_2023")
    for rows in found.values():
        assert [sheet[each.cell].value for each in rows] == [each.text for each in rows]
    measures = found["下一步改进措施"]
    assert [each.text for each in measures][:2] == ["一是按制度编预算。", "二是少结转、硬约束。"]
    assert measures[1].number == measures[0].number + 1


def test_rows_that_people_insert_and_lines_that_they_type_are_read(
    declared: Catalogue, folder: Path, tmp_path: Path
) -> None:
    """Into the spare rows of a section, with a free row between; a cell of two lines is two paragraphs."""
    book = openpyxl.load_workbook(folder / "yueyanglou_2023.xlsx")
    sheet = book["附件4"]
    (head,) = [cell.row for cell in sheet["A"] if cell.value == "七、存在的问题及原因分析"]
    sheet.cell(head + 1, 1).value = "一、预算编得粗。"
    sheet.cell(head + 3, 1).value = "二、执行慢。\n三、制度旧。"
    sheet.cell(head + 4, 1).value = 2023
    book.save(tmp_path / "typed.xlsx")
    filing = read(tmp_path / "typed.xlsx", declared)
    form = declared.packages[filing.package].forms[REPORT]
    found = paragraphs(form, report(filing))["存在的问题及原因分析"]
    assert [(each.text, each.cell, each.place) for each in found] == [
        ("一、预算编得粗。", f"A{head + 1}", 0),
        ("二、执行慢。", f"A{head + 3}", 1),
        ("三、制度旧。", f"A{head + 3}", 1),
        ("2023", f"A{head + 4}", 2),
    ]


def test_a_section_with_more_paragraphs_than_issued_rows_takes_more_rows(
    declared: Catalogue, tmp_path: Path
) -> None:
    filing = blank(declared.packages["hengshan_2023"], "某局")
    many = [{"段落": f"第{k}项职责。"} for k in range(1, 31)]
    report(filing).tables = {"主要职责": many, "机构设置": [{"段落": "内设三个股室。"}]}
    build(declared.packages[filing.package], filing, declared, tmp_path / "a.xlsx")
    found = report(read(tmp_path / "a.xlsx", declared)).tables
    assert found["主要职责"] == many
    assert found["机构设置"] == [{"段落": "内设三个股室。"}]
    assert found["下一步改进措施"] == []


# ----------------------------------------------------------------------------------------------------- long paragraphs


def test_a_paragraph_higher_than_a_row_goes_on_in_the_next(declared: Catalogue, tmp_path: Path) -> None:
    filing = blank(declared.packages["hengshan_2023"], "某局")
    sentences = [f"第{k}项重点工作已按年初计划全部完成，并通过了年终考核。" for k in range(1, 81)]
    report(filing).tables = {"部门绩效情况": [{"段落": "".join(sentences) + "\n另起一段。"}]}
    build(declared.packages[filing.package], filing, declared, tmp_path / "a.xlsx")
    rows = [row["段落"] for row in report(read(tmp_path / "a.xlsx", declared)).tables["部门绩效情况"]]
    assert len(rows) > 3
    assert rows[-1] == "另起一段。"
    assert "".join(rows[:-1]) == "".join(sentences)
    assert all(row.endswith("。") for row in rows)
    sheet = page(tmp_path / "a.xlsx", "hengshan_2023")
    for cell in sheet["A"]:
        if cell.value in rows:
            assert text_height(cell.value, 84, 14) <= sheet.row_dimensions[cell.row].height <= MAX_HEIGHT


@pytest.mark.parametrize(
    "text", ["甲，" * 900, "乙" * 2000, "丙“丁。”" * 500], ids=["commas", "no stop", "quotes"]
)
def test_a_text_is_cut_where_there_is_a_stop_and_nothing_is_lost(text: str) -> None:
    rows = cut(text, 84, 14)
    assert "".join(rows) == text
    assert len(rows) > 1
    assert all(text_height(row, 84, 14) <= MAX_HEIGHT for row in rows)
    assert not any(row.startswith(("，", "。", "”")) for row in rows)


def test_pasted_lines_are_rows_and_blank_lines_are_none() -> None:
    assert cut("  第一段。\r\n\n　第二段。 \n", 84, 14) == ["第一段。", "第二段。"]
    assert cut("", 84, 14) == []


def test_a_workbook_issued_before_there_were_reports_is_asked_nothing(tmp_path: Path) -> None:
    """Its unit handed the report in as a document."""
    catalogue = load_catalogue()
    package = catalogue.packages["hengshan_2023"]
    forms = {code: form for code, form in package.forms.items() if not form.passages}
    old = replace(package, forms=forms)
    build(old, blank(old, "某局"), catalogue, tmp_path / "旧.xlsx")
    filing = read(tmp_path / "旧.xlsx", catalogue)
    assert {sheet.form for sheet in filing.sheets} == set(forms)
    assert not any("自评报告" in finding.message for finding in check(filing, catalogue))
