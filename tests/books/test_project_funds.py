"""项目资金情况表 and the report composed from it: what stands in the workbook of a real unit, blank, filled and a year later."""

from __future__ import annotations

import copy
from pathlib import Path

import openpyxl
import pytest

import libreoffice
from jixiao import resources
from jixiao.books.build import blank, build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Filing, Sheet
from jixiao.rollover import next_year, rollover, summary

PACKAGE = "hengyang_project_2023"
FUNDS, REPORT = "附表", "自评报告"
CATALOGUE = load_catalogue()
ITEMS, EVALUATED = "市级项目", "评价项目"
#: As the outline of the official report has them.
HEADS = [
    "一、项目支出概况",
    "（一）项目实施单位基本情况",
    "（二）项目资金基本情况",
    "（三）预算资金绩效目标，包括总体目标和年度目标",
    "二、项目资金使用及管理情况",
    "（一）项目资金及自筹资金的安排落实、总投入等情况",
    "（二）项目资金实际使用情况",
    "（三）项目资金管理情况分析",
    "三、项目支出组织实施情况",
    "四、项目支出绩效情况",
    "五、主要经验做法、存在的问题及原因分析",
]


@pytest.fixture
def hengyang() -> Filing:
    """衡阳市市场监督管理局 2023 as it was published; the test may change it."""
    return read_case(resources.CASES / f"{PACKAGE}.yaml", CATALOGUE)


def written(filing: Filing, path: Path) -> Path:
    build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, path)
    return path


def printed(book: Path, sheet: str = REPORT) -> list[str]:
    page = openpyxl.load_workbook(book, data_only=True)[sheet]
    return [str(cell.value) for cell in page["A"] if cell.value]


def funds(filing: Filing) -> Sheet:
    (sheet,) = filing.of("项目资金情况表")
    return sheet


def as_calculated(filing: Filing) -> Filing:
    """The filing without what the unit stated in place of formulas."""
    sheet, form = funds(filing), CATALOGUE.packages[PACKAGE].forms["项目资金情况表"]
    sheet.fields = {code: v for code, v in sheet.fields.items() if not form.fields[code].calculated}
    return filing


def test_the_sections_stand_in_the_official_order(tmp_path: Path) -> None:
    texts = printed(written(blank(CATALOGUE.packages[PACKAGE], "某局"), tmp_path / "空白.xlsx"))
    assert texts == ["某局", "2023年度项目支出绩效自评报告", *HEADS]  # and no sentence without its figures


#: Figures of the published report, in the words of the form.
SENTENCES = [
    "2023年项目支出2753.15万元，其中：中央专项275.22万元、省级专项579.80万元、市级项目（年初预算和追加）1898.13万元。",
    "2023年纳入绩效评价的项目共4个，年初预算584.00万元，追加预算233.50万元。",
    "2023年纳入绩效评价的项目到位资金817.50万元，资金到位率100.00%。",
    "2023年纳入绩效评价的项目使用资金817.50万元，结余0.00万元，资金执行率100.00%。",
]


@pytest.mark.parametrize("stated", [True, False])
def test_the_sentences_state_the_published_figures(hengyang: Filing, tmp_path: Path, stated: bool) -> None:
    filing = hengyang if stated else as_calculated(hengyang)
    texts = printed(written(filing, tmp_path / "填报.xlsx"))
    assert [text for text in texts if text.startswith("2023年") and text.endswith("。")] == SENTENCES


def test_totals_and_rates_follow_the_rows(hengyang: Filing, tmp_path: Path) -> None:
    rows = as_calculated(hengyang) and funds(hengyang).tables[EVALUATED]
    rows[3] |= {"到位资金": 490.1, "使用资金": 122.6}
    rows[0] |= {"使用资金": 0.0}
    filing = read(written(hengyang, tmp_path / "填报.xlsx"), CATALOGUE)
    last = funds(filing).tables[EVALUATED][3]
    # 490.1 ÷ (500 + 233.5) = 0.668166; 122.6 ÷ 490.1 = 0.250153
    assert [last[code] for code in ("结余资金", "到位率", "执行率")] == [367.5, 0.6682, 0.2502]
    # 27 + 27 + 30 + 490.1 = 574.1; 0 + 27 + 30 + 122.6 = 179.6; 574.1 ÷ 817.5 = 0.702263; 179.6 ÷ 574.1 = 0.312837
    totals = ("到位资金合计", "使用资金合计", "结余资金合计", "总到位率", "总执行率")
    assert [funds(filing).fields[code] for code in totals] == [574.1, 179.6, 394.5, 0.7023, 0.3128]


def test_what_was_filled_in_is_read_back(hengyang: Filing, tmp_path: Path) -> None:
    before = copy.deepcopy(hengyang)
    filing = read(written(hengyang, tmp_path / "填报.xlsm"), CATALOGUE)
    for table, columns in (
        (ITEMS, ("项目名称", "金额")),
        (EVALUATED, ("项目名称", "年初预算数", "总体目标")),
    ):
        found = [[row[column] for column in columns] for row in funds(filing).tables[table]]
        assert found == [[row[column] for column in columns] for row in funds(before).tables[table]]
    assert [f.rule.id for f in check(filing, CATALOGUE)] == [f.rule.id for f in check(before, CATALOGUE)]


def test_next_year_keeps_the_projects_and_drops_their_figures(hengyang: Filing) -> None:
    sheet = funds(next_year(hengyang, CATALOGUE))
    assert len(sheet.tables[ITEMS]) == 11 and not any("金额" in row for row in sheet.tables[ITEMS])
    assert [set(row) for row in sheet.tables[EVALUATED]] == [{"项目名称"}] * 4
    assert not {"中央专项支出", "省级专项支出"} & set(sheet.fields)


def test_what_next_year_begins_with_is_said_without_things_that_the_forms_lack(
    hengyang: Filing, tmp_path: Path
) -> None:
    rolled = rollover(written(hengyang, tmp_path / "旧.xlsx"), tmp_path / "新.xlsx", CATALOGUE)
    assert summary(rolled, CATALOGUE) == "衡阳市市场监督管理局 2024 年度：单位和各行名称。"


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize(
    ("state", "suffix"),
    [("blank", ".xlsx"), ("filled", ".xlsx"), ("calculated", ".xlsx"), ("calculated", ".xlsm")],
)
def test_recalculation_changes_nothing(hengyang: Filing, tmp_path: Path, state: str, suffix: str) -> None:
    filing = {
        "blank": blank(CATALOGUE.packages[PACKAGE]),
        "filled": copy.deepcopy(hengyang),
        "calculated": as_calculated(hengyang),
    }[state]
    book = written(filing, tmp_path / f"表{suffix}")
    found = libreoffice.recalculate(book)
    formulas, values = openpyxl.load_workbook(book), openpyxl.load_workbook(book, data_only=True)
    wrong, count = [], 0
    for page in formulas:
        for cell in (each for row in page.iter_rows() for each in row if each.data_type == "f"):
            count += 1
            held = values[page.title][cell.coordinate].value
            rows = found[page.title]
            inside = cell.row <= len(rows) and cell.column <= len(rows[cell.row - 1])
            now = rows[cell.row - 1][cell.column - 1] if inside else ""
            same = abs(held - now) < 1e-6 if isinstance(held, float) else (held or "") == now
            wrong += [] if same else [(page.title, cell.coordinate, held, now)]
    assert wrong == []
    assert count > 200


def test_spending_that_has_more_than_doubled_is_asked_about(hengyang: Filing) -> None:
    following = next_year(hengyang, CATALOGUE)
    rows = funds(following).tables[EVALUATED]
    for row, amount in zip(rows, (27.0, 27.0, 30.0, 1551.01), strict=True):
        row |= {"年初预算数": amount, "到位资金": amount, "使用资金": amount}
    found = [f for f in check(following, CATALOGUE) if f.rule.id == "LYR-004"]
    assert [(f.field, f.stated, f.expected) for f in found] == [("使用资金合计", "1635.01", "817.50")]
    rows[3]["使用资金"] = 1551.0  # 1635 ÷ 817.5 is 2, no more
    assert not [f for f in check(following, CATALOGUE) if f.rule.id == "LYR-004"]
