"""The buttons on a report that is one table: rows of a plain table and of sections beside labels, and no projects.

The rows are those of Xiangtan's filing: goals in 48 to 54, the paragraphs of 预算执行 in 31 to 33, those of 单位基本职能 in
8 to 23.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desk import XIANGTAN, Desk
from jixiao.books.live import LiveWorkbook
from jixiao.books.making.heights import MAX_HEIGHT
from jixiao.catalogue import load_catalogue
from jixiao.filing import Sheet

REPORT, FIGURES = "附件1", "数据表"


def report(opened: Desk) -> Sheet:
    filing = LiveWorkbook(opened.book).read(load_catalogue())
    return next(sheet for sheet in filing.sheets if sheet.name == REPORT)


def goals(opened: Desk) -> list[dict[str, Any]]:
    return report(opened).tables["绩效目标"]


def merged(opened: Desk, cell: str) -> str:
    return opened.book.sheets[REPORT].range(cell).merge_area.get_address(False, False)


def longer(area: str) -> str:
    """The same cells and one row below them: B43:B60 -> B43:B61."""
    start, letter, last = area.rpartition(area[0])
    return f"{start}{letter}{int(last) + 1}"


def test_a_goal_is_added_with_its_formulas(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    before, label = goals(opened), merged(opened, "B43")
    opened.select(REPORT, "C50")
    assert "第 51 行" in opened.press("add_row").text
    assert opened.place == (REPORT, "C51")
    assert goals(opened) == before
    tab = opened.book.sheets[REPORT]
    tab.range("C51:E51").value = ["新增目标", "≥20件", "15件"]
    opened.book.app.calculate()
    assert opened.value(REPORT, "F51") == 0.75
    assert [each["绩效目标"] for each in goals(opened)][3] == "新增目标"
    assert merged(opened, "B43") == longer(label)


def test_a_goal_behind_the_last_one_is_in_the_table(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    opened.select(REPORT, "C54")
    opened.press("add_row")
    opened.book.sheets[REPORT].range("C55:E55").value = ["末尾目标", "≥20件", "21件"]
    assert goals(opened)[-1]["绩效目标"] == "末尾目标"
    assert len(goals(opened)) == 8


def test_rows_that_people_insert_at_both_edges_are_read(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    tab = opened.book.sheets[REPORT]
    tab.api.Unprotect()
    for row, name in ((55, "最后"), (48, "最先")):
        tab.range(f"{row}:{row}").insert("down", "format_from_left_or_above")
        tab.range(f"C{row}:E{row}").value = [name, "≥20件", "21件"]
    assert [each["绩效目标"] for each in goals(opened)][:: len(goals(opened)) - 1] == ["最先", "最后"]
    tab.range("34:34").insert(
        "down", "format_from_left_or_above"
    )  # behind the paragraphs, before the next head
    tab.range("C34").value = "补充一段。"
    tab.range("31:31").insert("down", "format_from_left_or_above")
    tab.range("C31").value = "开头"
    tab.range("E31").value = "一段。"  # its cells are not merged, and it was typed into two of them
    paragraphs = [each["段落"] for each in report(opened).tables["预算执行"]]
    assert (paragraphs[0], paragraphs[-1], len(paragraphs)) == ("开头一段。", "补充一段。", 5)
    assert report(opened).problems == []


def test_a_paragraph_is_added_as_wide_as_the_others(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    first, second = merged(opened, "A24"), merged(opened, "B24")
    assert (merged(opened, "C33"), second) == ("C33:F33", "B24:B42")
    opened.select(REPORT, "C33")
    opened.press("add_row")
    assert merged(opened, "C34") == "C34:F34"
    assert merged(opened, "B24") == "B24:B43"
    assert merged(opened, "A24") == longer(first)
    assert opened.value(REPORT, "C34") is None
    assert opened.book.sheets[REPORT].api.ProtectContents is True


def test_a_label_stays_when_the_rows_beside_it_go(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    tables = report(opened).tables
    opened.select(REPORT, "C8")  # the first paragraph of 单位基本职能
    assert opened.press("delete_row").kind == "confirm"
    assert opened.press("delete_row", "是").text == "已删除第 8 行。"
    opened.select(REPORT, "C22")  # and the last one
    assert opened.press("delete_row").kind == "confirm"
    opened.press("delete_row", "是")
    assert report(opened).tables["单位基本职能"] == tables["单位基本职能"][1:-1]
    assert (merged(opened, "B7"), opened.value(REPORT, "B7")) == ("B7:B21", "单位\n基本职能")
    assert (merged(opened, "A4"), opened.value(REPORT, "A4")) == ("A4:A21", "部门\n概况")
    assert report(opened).tables["预算执行"] == tables["预算执行"]


def test_stated_rates_of_completion_get_their_formulas_back(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    assert opened.value(REPORT, "F48") == 10
    opened.select(REPORT, "A1")
    asked = opened.press("formulas")
    assert asked.kind == "confirm" and "F48 完成率：现在是 10" in asked.text
    opened.press("formulas", "是")
    opened.book.app.calculate()
    assert [opened.value(REPORT, f"F{row}") for row in range(48, 55)] == [
        6.2167,
        1.3943,
        1,
        1,
        1,
        1.0125,
        None,
    ]


def test_rows_are_fitted_to_the_width_of_their_column(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    tab = opened.book.sheets[REPORT]
    issued = {row: tab.range((row, 1)).row_height for row in (7, 8, 31, 48, 58, 59)}
    opened.select(REPORT, "A1")
    opened.press("heights")
    assert {row: tab.range((row, 1)).row_height for row in issued} == pytest.approx(issued, abs=0.5)
    tab.range("C31").value = "补充说明。" * 60
    opened.press("heights")
    assert issued[31] < tab.range("C31").row_height <= MAX_HEIGHT
    assert tab.range("C32").row_height == tab.range("C8").row_height


def test_there_are_no_projects_to_add(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    sheets = [sheet.name for sheet in opened.book.sheets]
    reply = opened.press("add_project")
    assert reply.kind == "warn"
    assert "没有项目表，不能增加" in reply.text
    assert [sheet.name for sheet in opened.book.sheets] == sheets


def test_an_audit_in_excel_says_what_that_of_the_file_says(desk: Callable[..., Desk]) -> None:
    opened = desk(XIANGTAN)
    opened.press("check")
    rows = opened.book.sheets["审核结果"].range("A4:D12").value
    texts = " ".join(str(each) for row in rows for each in row if each)
    assert "数据表" in texts and "附件1" in texts
