"""衡山县's outline of 2022: a report in three parts whose sentences are composed from 报告数据表."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import libreoffice
import opened
from conftest import PROJECT
from jixiao import resources
from jixiao.books.build import SUFFIXES, blank, build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.rollover import rollover

CODE, FIGURES, REPORT, PAGE = "hengshan_2022", "报告数据表", "部门整体支出绩效自评报告", "自评报告"
OUTLINE = [
    *("一、部门基本情况", "（一）主要职责", "（二）基本情况"),
    *("二、预算支出及绩效情况", "（一）部门预决算情况"),
    *(
        "1.部门预算情况",
        "2.部门决算情况（含年中预算追加情况）",
        "3.“三公”经费执行情况",
        "4.政府采购执行情况",
        "5.资产管理情况",
    ),
    *("（二）资金使用及绩效情况", "1.整体绩效目标完成情况", "2.项目绩效目标完成情况（只写50万元以上的项目）"),
    *("（三）重点工作开展情况", "三、存在的问题及改进措施"),
]
#: As the published report has the figures: 1771.68 ÷ 2007.45 = 88.26 %, 646.48 ÷ 1353.07 = 47.78 %.
SENTENCES = [
    "根据《关于开展2022年度衡山县财政预算整体支出绩效评价工作的通知》（山财绩〔2023〕170号）要求，现将2022年度部门整体支出绩效自评情况报告如下：",
    "2022年年初预算收入2081.28万元，其中一般公共财政拨款2081.28万元。",
    "2022年年初预算支出2081.28万元，其中基本支出1751.94万元、项目支出329.34万元。",
    "2022年决算收入2007.45万元，较预算减少73.83万元。",
    "2022年决算支出2007.45万元，其中基本支出1771.68万元，占支出合计的88.26%；项目支出231.13万元，占支出合计的11.51%。",
    "年末结转和结余4.64万元。",
    "2022年“三公”经费预算数54.00万元：因公出国（境）费0.00万元，公务用车购置及运行维护费22.00万元，公务接待费32.00万元。",
    "2022年“三公”经费决算数31.02万元：因公出国（境）费0.00万元，公务用车购置及运行维护费12.84万元，公务接待费18.18万元。",
    "2022年政府采购支出29.00万元：货物9.00万元，工程0.00万元，服务20.00万元。",
    "2022年末资产总额898.04万元，负债总额1.00万元，净资产897.04万元。",
    "2022年末固定资产账面原值1353.07万元，其中在用646.48万元，资产使用率47.78%。",
    "2022年度预算编制、执行和管理中，主要有以下问题：",
    "针对上述问题，拟采取以下改进措施：",
]


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def published(declared: Catalogue) -> Filing:
    return read_case(resources.CASES / f"{CODE}.yaml", declared)


def written(filing: Filing, declared: Catalogue, path: Path) -> Path:
    build(declared.packages[filing.package], filing, declared, path)
    return path


def column(rows: list[list[Any]]) -> list[str]:
    return [str(row[0]) for row in rows if row and row[0] not in (None, "")]


def cached(path: Path, sheet: str = PAGE) -> list[str]:
    rows = opened.page(path, sheet, values=True).iter_rows(values_only=True)
    return column([list(row) for row in rows])


def composed(path: Path) -> list[str]:
    """What the formulas of the report say, as the file has it."""
    formulas = opened.page(path, PAGE)["A"]
    values = opened.page(path, PAGE, values=True)
    said = [values.cell(cell.row, 1).value for cell in formulas if str(cell.value).startswith("=")]
    return [text for text in said[1:] if text]  # the first is the name of the unit


# ------------------------------------------------------------------------------------------------------ as it is printed


def test_the_report_has_the_official_outline(declared: Catalogue, tmp_path: Path) -> None:
    texts = cached(written(blank(declared.packages[CODE], "某局"), declared, tmp_path / "a.xlsx"))
    assert [text for text in texts if text in OUTLINE] == OUTLINE
    assert texts[:2] == ["某局", "2022年度部门整体支出绩效自评报告"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sentences_say_what_the_published_report_says(
    declared: Catalogue, published: Filing, tmp_path: Path, suffix: str
) -> None:
    assert composed(written(published, declared, tmp_path / f"a{suffix}")) == SENTENCES


def test_a_blank_report_has_only_the_words_that_need_no_figures(declared: Catalogue, tmp_path: Path) -> None:
    assert composed(written(blank(declared.packages[CODE]), declared, tmp_path / "a.xlsx")) == [
        "根据要求，现将2022年度部门整体支出绩效自评情况报告如下：",
        *SENTENCES[-2:],
    ]


CHANGES = {
    # year's budget, outcome -> what is said of the change
    "more": (2000, 2007.45, "，较预算增加7.45万元"),
    "less": (2081.28, 2007.45, "，较预算减少73.83万元"),
    "as budgeted": (2007.45, 2007.45, "，与预算持平"),
    "as budgeted but for the binary noise": (0.1 + 0.2, 0.3, "，与预算持平"),
    "a half that is no half as a double": (1, 1.005, "，较预算增加0.01万元"),
    "without a budget": (None, 2007.45, ""),
}


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize(("budget", "outcome", "said"), CHANGES.values(), ids=CHANGES)
def test_the_change_is_said_by_its_sign_in_the_sentence_as_in_python(
    declared: Catalogue, tmp_path: Path, budget: float | None, outcome: float, said: str
) -> None:
    filing = blank(declared.packages[CODE], "某局")
    filing.of(FIGURES)[0].fields |= {
        "收入合计_年初预算数": budget,
        "收入合计_决算数": outcome,
        "通知文号": " ",
    }
    file = written(filing, declared, tmp_path / "a.xlsx")
    again = column(libreoffice.recalculate(file)[PAGE])
    for texts in (cached(file), again):
        (income,) = [text for text in texts if text.startswith("2022年决算收入")]
        assert income == f"2022年决算收入{outcome + 1e-9:.2f}万元{said}。"
        assert "根据要求，现将2022年度部门整体支出绩效自评情况报告如下：" in texts


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
def test_a_spreadsheet_program_composes_the_same_sentences_anew(
    declared: Catalogue, published: Filing, tmp_path: Path
) -> None:
    for code in ("收入合计_较预算增减", "基本支出_占总支出比", "三公经费_决算数", "净资产", "资产使用率"):
        del published.of(FIGURES)[0].fields[code]  # left to their formulas
    file = written(published, declared, tmp_path / "a.xlsx")
    sheets = libreoffice.recalculate(file)
    assert [text for text in column(sheets[PAGE]) if text in SENTENCES] == SENTENCES == composed(file)


def test_a_quote_in_the_name_of_the_notice_is_a_quote(declared: Catalogue, tmp_path: Path) -> None:
    filing = blank(declared.packages[CODE], "某局")
    filing.of(FIGURES)[0].fields |= {"通知名称": '关于"自评"的通知=1+1'}
    assert composed(written(filing, declared, tmp_path / "a.xlsx"))[0] == (
        '根据《关于"自评"的通知=1+1》要求，现将2022年度部门整体支出绩效自评情况报告如下：'
    )


def test_a_longer_name_than_expected_has_room(declared: Catalogue, tmp_path: Path) -> None:
    heights = []
    for name in ("通知", "关于开展预算绩效自评工作" * 20):
        filing = blank(declared.packages[CODE], "某局")
        filing.of(FIGURES)[0].fields["通知名称"] = name
        sheet = opened.page(written(filing, declared, tmp_path / "a.xlsx"), PAGE)
        heights.append(sheet.row_dimensions[3].height)
    assert heights[1] >= heights[0] + 4 * 14


# ------------------------------------------------------------------------------------------------------------- read back


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_the_case_says_is_read_back(
    declared: Catalogue, published: Filing, tmp_path: Path, suffix: str
) -> None:
    found = read(written(published, declared, tmp_path / f"a{suffix}"), declared)
    for stated, sheet in zip(published.sheets, found.sheets, strict=True):
        assert (sheet.form, sheet.name, sheet.problems) == (stated.form, stated.name, [])
        assert {code: sheet.fields[code] for code in stated.fields} == stated.fields
    assert found.of(REPORT)[0].tables == published.of(REPORT)[0].tables | {
        code: []
        for code in ("部门预算情况", "部门决算情况", "三公经费执行情况", "政府采购执行情况", "资产管理情况")
    }


def test_sections_that_state_figures_or_are_optional_may_stay_blank(
    declared: Catalogue, published: Filing
) -> None:
    """The five items have their sentences; a lead-in of words alone does not stand for what it leads to."""
    tables = published.of(REPORT)[0].tables
    tables |= {"部门概况": [], "改进措施": [], "存在的问题": []}
    (finding,) = [each for each in check(published, declared) if each.rule.id == "STR-019"]
    assert re.findall("“(.*?)”", finding.message) == ["三、存在的问题及改进措施", "改进措施"]


# -------------------------------------------------------------------------------------------------------------- next year


def test_another_year_moves_every_label(declared: Catalogue, tmp_path: Path) -> None:
    filing = blank(declared.packages[CODE], "某局", 2023)
    book = openpyxl.load_workbook(written(filing, declared, tmp_path / "a.xlsx"), data_only=True)
    shown = [
        str(cell)
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell not in (None, "") and "jixiao|" not in str(cell)
    ]
    assert not [text for text in shown if "2022" in text or "2021" in text]
    for text in (
        "2023年度部门整体支出绩效自评报告",
        "2023年度部门整体支出绩效自评报告数据",
        "2023年度预算支出绩效自评表",
        "4.资产（2023年末）",
    ):
        assert text in shown


def test_next_year_begins_with_the_project_and_asks_about_jumps(
    declared: Catalogue, published: Filing, tmp_path: Path
) -> None:
    old = written(published, declared, tmp_path / "2022.xlsx")
    following = rollover(old, tmp_path / "2023.xlsx", declared).filing
    figures, project = following.of(FIGURES)[0], following.of(PROJECT)[0]
    assert (following.year, figures.fields) == (2023, {})  # figures and notice are each year's own
    assert [row["年度指标值"] for row in project.tables["指标"]][:2] == ["100批次", "1124批次"]
    figures.fields |= {"基本支出_决算数": 1771.68 * 2.01, "支出合计_决算数": 4000}
    jumps = [each for each in check(following, declared) if each.rule.id == "LYR-004"]
    assert [(each.field, each.stated, each.expected) for each in jumps] == [
        ("基本支出_决算数", "3561.08", "1771.68")
    ]
