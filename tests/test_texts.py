"""Questions about text: where they stand, what names them, what answers them, and what is read once for all rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import BASIC, OVERALL, PROJECT, REPORT
from jixiao import resources
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check, check_frame
from jixiao.filing import Explanation, Filing, Frame, Sheet
from jixiao.findings import Finding
from jixiao.predicates import texts

PACKAGE = "yueyanglou_2023"
RATE = "受理投诉40起，办结37起，办结率95%。"  # 37 ÷ 40 = 92.5 %
OTHER_RATE = "抽检100批次，合格97批次，合格率96%。"


def filing(sections: dict[str, list[str]], *sheets: Sheet, unit: str = "某局") -> Filing:
    tables = {code: [{"段落": text} for text in rows] for code, rows in sections.items()}
    report = Sheet(REPORT, "附件4", tables=tables)
    report.columns = {code: {"段落": "A"} for code in tables}
    report.row_numbers = {code: [10 + k for k in range(len(rows))] for code, rows in tables.items()}
    return Filing(PACKAGE, unit, 2023, [*sheets, report])


def asked(filing: Filing) -> list[Finding]:
    """What the rules over text ask, in order."""
    found = check(filing, load_catalogue())
    assert not [f.message for f in found if f.outcome == "rule_error"]
    return [f for f in found if f.rule.predicate.startswith("text_")]


def test_a_question_outlives_inserted_paragraphs_and_keeps_its_answer() -> None:
    (before,) = asked(filing({"项目支出情况": [RATE]}))
    assert (before.cell, before.table, before.field) == ("A10", "项目支出情况", "段落")
    longer = filing({"项目支出情况": ["资金专款专用。", "没有挪用。", RATE]})
    longer.explanations = {before.fingerprint: Explanation("口径不同，见附件", before.figures)}
    (after,) = asked(longer)
    assert after.cell == "A12" and "第 3 段" in after.message
    assert (after.fingerprint, after.figures) == (before.fingerprint, before.figures)
    assert after.explanation == "口径不同，见附件"


def test_an_answer_lapses_when_the_figures_change() -> None:
    (before,) = asked(filing({"项目支出情况": [RATE]}))
    changed = filing({"项目支出情况": [RATE.replace("95%", "94%")]})
    changed.explanations = {before.fingerprint: Explanation("口径不同，见附件", before.figures)}
    (after,) = asked(changed)
    assert after.fingerprint == before.fingerprint and after.figures != before.figures
    assert after.explanation is None


@pytest.mark.parametrize(
    "rows", [[RATE + OTHER_RATE], [RATE, OTHER_RATE], [f"{RATE}\n{OTHER_RATE}"], [RATE, "中间一段。", RATE]]
)
def test_several_questions_of_one_kind_are_told_apart(rows: list[str]) -> None:
    found = asked(filing({"项目支出情况": rows}))
    assert [f.rule.id for f in found] == ["TXT-017", "TXT-017"]
    assert len({f.fingerprint for f in found}) == 2
    others = asked(filing({"基本支出情况": [RATE], "项目支出情况": rows}))
    assert {f.fingerprint for f in found} < {f.fingerprint for f in others} and len(others) == 3


def test_questions_stand_in_the_order_of_the_report() -> None:
    found = asked(filing({"项目支出情况": [OTHER_RATE], "基本支出情况": ["没有问题。", RATE]}))
    assert [f.table for f in found] == ["基本支出情况", "项目支出情况"]


def test_a_total_in_the_row_above_has_no_parts_below_and_figures_of_two_rows_are_linked() -> None:
    assert (
        asked(filing({"项目支出情况": ["全年支出100.00万元。", "其中：办公费90.00万元、差旅费9.50万元。"]}))
        == []
    )
    (found,) = asked(
        filing({"项目支出情况": ["年初预算收入20.00万元。", "决算收入18.00万元，较预算减少3.00万元。"]})
    )
    assert (found.rule.id, found.cell, found.related) == ("TXT-021", "A11", ["附件4!A10"])


def test_long_cells_are_read_for_arithmetic_and_goals_are_not() -> None:
    overall = Sheet(OVERALL, "附件2", {"实际完成情况": RATE, "预期目标": OTHER_RATE})
    overall.addresses = {"实际完成情况": "F12", "预期目标": "B12"}
    (found,) = asked(Filing(PACKAGE, "某局", 2023, [overall]))
    assert (found.rule.id, found.cell, found.field, found.table) == ("TXT-017", "F12", "实际完成情况", "")


def test_what_the_rules_of_the_tables_ask_is_not_asked_twice() -> None:
    words = "截至11月，完成抽检90批次，XX合格。"
    found = check(
        Filing(PACKAGE, "某局", 2023, [Sheet(OVERALL, "附件2", {"实际完成情况": words})]), load_catalogue()
    )
    assert sorted(f.rule.id for f in found if f.rule.id.startswith("TXT")) == ["TXT-011", "TXT-012"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("某局2023年基本支出59.00万元。", [("59.00万元", "60.00万元", "附件2!H8")]),
        ("2022年基本支出52.00万元。", [("52.00万元", "50.00万元", "上年!H8")]),
        ("2022年基本支出50.00万元；2021年基本支出45.00万元。", []),
        ("专项设备购置决算数13.00万元。", [("13.00万元", "12.00万元", "附件3-1!F6")]),
        ("专项设备购置12.00万元。", []),
        ("自评得分91分。", [("91分", "92.5分", "附件2!H40")]),
    ],
)
def test_figures_are_held_against_the_cells_they_name(said: str, wanted: list[Any]) -> None:
    overall = Sheet(OVERALL, "附件2", {"基本支出": 60.0, "总分": 92.5})
    overall.addresses = {"基本支出": "H8", "总分": "H40"}
    project = Sheet(PROJECT, "附件3-1", {"项目支出名称": "专项设备购置", "全年执行数": 12.0})
    project.addresses = {"全年执行数": "F6"}
    last = Sheet(OVERALL, "上年", {"基本支出": 50.0}, addresses={"基本支出": "H8"})
    its = filing({"项目支出情况": [said]}, overall, project)
    its.previous = Filing(PACKAGE, "某局", 2022, [last])
    found = [f for f in asked(its) if f.rule.id == "TXT-026"]
    assert [(f.stated, f.expected, *f.related) for f in found] == wanted


def test_a_figure_that_contradicts_the_tables_is_asked_about_once() -> None:
    overall = Sheet(OVERALL, "附件2", {"基本支出": 60.0, "实际完成情况": "全年基本支出60.00万元。"})
    said = "2023年基本支出59.00万元，其中人员经费40.00万元、公用经费20.00万元。"
    assert [f.rule.id for f in asked(filing({"基本支出情况": [said]}, overall))] == ["TXT-026"]


def test_an_indicator_is_held_against_the_report_and_the_sheets_of_projects_are_not() -> None:
    rows = [{"二级指标": "数量指标", "三级指标": "聘用食品协管员", "实际完成值": "210人"}]
    for form, name, wanted in ((OVERALL, "附件2", ["附件2!G20"]), (PROJECT, "附件3-1", None)):
        sheet = Sheet(form, name, tables={"指标": rows}, row_numbers={"指标": [20]})
        sheet.columns = {"指标": {"实际完成值": "G"}}
        found = asked(filing({"整体支出绩效情况": ["全年聘用食品协管员320人。"]}, sheet))
        assert [f.related for f in found] == ([wanted] if wanted else [])
        if wanted:
            assert found[0].rule.id == "TXT-022" and "附件2“聘用食品协管员”写 210人" in found[0].message


def test_sentences_that_are_composed_are_no_text_of_the_filing() -> None:
    basic = Sheet(BASIC, "附件1", {"三公经费_决算数": 5.0, "三公经费_预算数": 4.0})
    assert asked(filing({"基本支出情况": ["无"]}, basic)) == []


def test_every_text_is_judged_once_for_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    ours = texts.judged
    monkeypatch.setattr(
        texts, "judged", lambda reading, year: judged.append(reading.text) or ours(reading, year)
    )
    asked(filing({"项目支出情况": [RATE]}, Sheet(OVERALL, "附件2", {"实际完成情况": OTHER_RATE})))
    assert sorted(judged) == sorted([RATE, OTHER_RATE])


def test_many_filings_at_once_are_asked_what_each_is_asked_alone() -> None:
    catalogue = load_catalogue()
    package = catalogue.packages[PACKAGE]
    alone = [
        filing({"项目支出情况": [RATE]}, Sheet(OVERALL, "附件2", {"实际完成情况": OTHER_RATE})),
        filing({"项目支出情况": ["无"]}, unit="乙局"),
        filing(
            {"基本支出情况": ["没有。", "2023年基本支出59.00万元。"]},
            Sheet(OVERALL, "附件2", {"基本支出": 60.0}),
            unit="丙局",
        ),
    ]
    together = check_frame(Frame(alone, package.forms), package, catalogue)
    for number, each in enumerate(alone):
        mine = {(f.fingerprint, f.figures, f.cell, f.message) for f in together if f.filing == number}
        assert mine == {(f.fingerprint, f.figures, f.cell, f.message) for f in check(each, catalogue)}


def test_a_rule_may_name_kinds_of_forms() -> None:
    catalogue = load_catalogue()
    reports = {code for code, form in catalogue.forms.items() if form.passages}
    assert {*catalogue.rule("TXT-026").forms} == reports and REPORT in reports
    assert {*catalogue.rule("TXT-013").forms} >= reports | {BASIC, OVERALL, PROJECT}


@pytest.mark.parametrize("name", ["hengshan_2023", "yueyanglou_2023"])
def test_a_question_stands_at_the_cell_that_holds_its_words(name: str, tmp_path: Path) -> None:
    catalogue = load_catalogue()
    file = tmp_path / f"{name}.xlsx"
    build(catalogue.packages[name], read_case(resources.CASES / f"{name}.yaml", catalogue), catalogue, file)
    book, found = openpyxl.load_workbook(file), asked(read(file, catalogue))
    assert found
    for finding in found:
        assert finding.stated in book[finding.sheet][finding.cell].value
        for place in finding.related:
            sheet, _, cell = place.rpartition("!")
            there = book[sheet][cell].value
            if isinstance(there, str):
                assert finding.expected in there
            else:
                assert float(finding.expected.removesuffix("万元")) == there
