"""恢复公式 and 调整行高: formulas as issued, and rows as high as their texts, in a live workbook."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books.build import blank, build
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.issued import moved
from xlwings_libreoffice import counted

PROJECT = "附件3-1"


def formula(opened: Desk, sheet: str, cell: str) -> str:
    return str(opened.book.sheets[sheet].range(cell).formula)


def test_selected_scores_get_their_formula_back_and_give_it_up_again(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = [formula(opened, PROJECT, cell) for cell in ("H13", "H14", "H15")]
    assert not any(each.startswith("=") for each in before)  # all scores were typed, as published
    opened.select(PROJECT, "H13:H14")
    asked = opened.press("formulas")
    assert asked.kind == "confirm"
    assert asked.text.startswith(
        "选中的单元格有 2 个自动计算的单元格没有公式。\nH13 自评得分：现在是 5\nH14 自评得分：现在是 5"
    )
    reply = opened.press("formulas", "是")
    assert reply.text.startswith("已恢复 2 个单元格的公式。")
    now = [formula(opened, PROJECT, cell) for cell in ("H13", "H14", "H15")]
    assert now[0].startswith("=") and now[1] == moved(now[0], 1) and now[2] == before[2]
    assert opened.value(PROJECT, "H13") == 5 and opened.place == (PROJECT, "H13:H14")
    back = opened.press("restore")
    assert "中的 2 个单元格已恢复到" in back.text and "点“恢复公式”之前" in back.text
    assert [formula(opened, PROJECT, cell) for cell in ("H13", "H14", "H15")] == before


def test_hidden_cells_that_were_pasted_over_come_back_with_their_row(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    tab = opened.book.sheets[PROJECT]
    issued = [str(each) for each in tab.range("Q20:T20").formula[0]]
    assert all(each.startswith("=") for each in issued)
    tab.range("Q20:T20").raw_value = [["数量", 1.0, None, "x"]]
    opened.select(PROJECT, "D20:E20")
    asked = opened.press("formulas")
    assert "另有 4 个隐藏的辅助单元格" in asked.text
    opened.press("formulas", "是")
    assert [str(each) for each in tab.range("Q20:T20").formula[0]] == issued


def test_the_formulas_of_a_whole_sheet_are_those_of_a_new_workbook(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN, ".xlsm")
    catalogue = load_catalogue()
    package = catalogue.packages[HENGSHAN]
    path = opened.path.with_name("blank.xlsm")
    build(package, blank(package, projects=["某项目"]), catalogue, path)
    new = opened.book.app.books.open(str(path))
    try:
        opened.book.activate()
        opened.select("附件一", "A1")
        assert opened.press("formulas", "是").kind == "say"
        for cell in ("G4", "F6", "F7", "F13"):
            assert formula(opened, "附件一", cell) == str(new.sheets["附件一"].range(cell).formula)
        assert "JX_RATE" in formula(opened, "附件一", "G4") and "首页!" in formula(opened, "附件一", "F13")
        assert opened.press("formulas").text == "“附件一”里自动计算的单元格都有公式，不需要恢复。"
    finally:
        new.close()


def test_cells_that_moved_are_not_put_back(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    opened.select(PROJECT, "H13:H14")
    opened.press("formulas", "是")
    opened.select(PROJECT, "D13")
    opened.press("add_row")
    reply = opened.press("restore")
    assert reply.kind == "warn" and "增减过行" in reply.text
    assert formula(opened, PROJECT, "H13").startswith("=")


@pytest.mark.parametrize(("sheet", "last"), [("附件1", 29), ("附件2", 39), (PROJECT, 41), ("附件4", 77)])
def test_rows_are_as_high_as_in_a_new_workbook_again(
    desk: Callable[..., Desk], sheet: str, last: int
) -> None:
    opened = desk(YUEYANGLOU)
    tab = opened.book.sheets[sheet]
    issued = [tab.range((row, 1)).row_height for row in range(1, last + 1)]
    tab.api.Unprotect()
    tab.range((1, 1), (last, 1)).row_height = 12
    tab.api.Protect()
    opened.select(sheet, "A1")
    with counted(opened.book.app) as calls:
        reply = opened.press("heights")
    assert reply.text == f"已按文字调整“{sheet}”的行高。"
    now = [tab.range((row, 1)).row_height for row in range(1, last + 1)]
    assert now == pytest.approx(issued, abs=0.3)
    assert sum(calls.values()) < 120


def test_a_column_without_any_formula_left_takes_that_of_a_new_workbook(desk: Callable[..., Desk]) -> None:
    """As published: every score of the table was typed, so there is no row to take the formula from."""
    opened = desk(YUEYANGLOU)
    tab, catalogue = opened.book.sheets[PROJECT], load_catalogue()
    package = catalogue.packages[YUEYANGLOU]
    path = opened.path.with_name("blank.xlsx")
    build(package, blank(package), catalogue, path)
    new = opened.book.app.books.open(str(path))
    try:
        wanted = str(new.sheets[PROJECT].range("H13").formula)
    finally:
        new.close()
    opened.book.activate()
    tab.range("H13:H40").raw_value = [[1.0]] * 28
    opened.select(PROJECT, "H13:H14")
    opened.press("formulas", "是")
    assert formula(opened, PROJECT, "H13") == wanted
