"""增加/删除指标行 and 增加项目表: what a filing says afterwards, and that the sheets are as whole as before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books.live import LiveWorkbook
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.issued import moved
from jixiao.filing import Filing
from xlwings_libreoffice import counted

PROJECT = "附件3-1"
#: The form's last column and the last of its hidden ones, by hand from an issued workbook.
FORM, ALL = 9, 72


def filing(opened: Desk) -> Filing:
    return LiveWorkbook(opened.book).read(load_catalogue())


def indicators(opened: Desk, sheet: str = PROJECT) -> list[dict[str, Any]]:
    return next(each for each in filing(opened).sheets if each.name == sheet).tables["指标"]


def group(opened: Desk, cell: str, sheet: str = PROJECT) -> str:
    """The merged cells in which a cell stands."""
    return opened.book.sheets[sheet].range(cell).merge_area.get_address(False, False)


def formulas(opened: Desk, row: int, columns: tuple[int, int], sheet: str = PROJECT) -> list[str]:
    area = opened.book.sheets[sheet].range((row, columns[0]), (row, columns[1]))
    return [str(each) if str(each).startswith("=") else "" for each in area.formula[0]]


def test_a_row_is_added_in_the_middle_of_its_group(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    tab, before = opened.book.sheets[PROJECT], indicators(opened)
    assert group(opened, "C13") == "C13:C16"  # 数量指标: three indicators and one without a name
    opened.select(PROJECT, "F13")
    with counted(opened.book.app) as calls:
        reply = opened.press("add_row")
    assert reply.kind == "say" and "第 14 行" in reply.text
    assert calls["Range.copy"] == calls["Range.insert"] == 1
    assert calls["Range.get_value"] + calls["Range.set_value"] + calls["Range.get_formula"] < 20
    assert group(opened, "C13") == "C13:C17"
    assert opened.place == (PROJECT, "D14")
    assert [opened.value(PROJECT, f"{letter}14") for letter in "DEFGI"] == [None] * 5
    assert indicators(opened) == before
    tab.range("D14:G14").value = ["新增指标", "≥10件", "10件", 5]
    opened.book.app.calculate()
    assert opened.value(PROJECT, "H14") == 5  # reached: full points
    added = indicators(opened)
    assert [each["三级指标"] for each in added][1] == "新增指标"
    assert (added[1]["一级指标"], added[1]["二级指标"]) == ("产出指标", "数量指标")
    assert len(added) == len(before) + 1
    assert tab.range("14:14").row_height == tab.range("13:13").row_height
    assert tab.range("D14").api.Locked is False
    assert tab.api.ProtectContents is True


def test_a_row_added_at_the_end_of_its_group_belongs_to_it(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    first = formulas(opened, 14, (FORM + 1, ALL))
    opened.select(PROJECT, "H16")
    opened.press("add_row")
    assert group(opened, "C13") == "C13:C17"
    assert group(opened, "B13").startswith("B13:")
    opened.book.sheets[PROJECT].range("D17:G17").value = ["新增指标", "≥10件", "10件", 5]
    added = next(each for each in indicators(opened) if each["三级指标"] == "新增指标")
    assert (added["一级指标"], added["二级指标"]) == ("产出指标", "数量指标")
    # All hidden cells came along, the subtotals of the section's first row did not.
    assert formulas(opened, 17, (FORM + 1, ALL)) == [moved(each, 3) for each in first]
    assert sum(map(bool, first)) > 40


def test_a_row_behind_the_last_one_is_in_the_table(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    total = next(each for each in filing(opened).sheets if each.name == PROJECT).addresses["总分"]
    last = int(total[1:]) - 1
    labels = group(opened, f"A{last}"), group(opened, f"B{last}"), group(opened, f"C{last}")
    opened.select(PROJECT, f"D{last}")
    opened.press("add_row")
    ends = [area.replace(f"{last}", f"{last + 1}") for area in labels]
    assert [group(opened, f"{letter}{last}") for letter in "ABC"] == ends
    opened.book.sheets[PROJECT].range(f"D{last + 1}:G{last + 1}").value = ["新增指标", "≥90%", "95%", 5]
    assert indicators(opened)[-1]["三级指标"] == "新增指标"
    assert indicators(opened)[-1]["二级指标"] == "服务对象满意度指标"


def test_a_score_that_was_typed_does_not_go_into_the_new_row(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    assert not str(opened.book.sheets[PROJECT].range("H13").formula).startswith("=")  # as published
    opened.select(PROJECT, "D13")
    opened.press("add_row")
    assert str(opened.book.sheets[PROJECT].range("H14").formula).startswith("=")


def test_the_first_row_of_a_group_is_deleted_and_its_label_stays(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = indicators(opened)
    subtotal = [each for each in formulas(opened, 13, (FORM + 1, ALL)) if each]
    opened.select(PROJECT, "D13")
    asked = opened.press("delete_row")
    assert asked.kind == "confirm" and before[0]["三级指标"][:10] in asked.text
    assert opened.press("delete_row", "否").kind == ""
    assert indicators(opened) == before
    reply = opened.press("delete_row", "是")
    assert reply.text == "已删除第 13 行。"
    assert indicators(opened) == before[1:]
    assert group(opened, "C13") == "C13:C15"
    assert len([each for each in formulas(opened, 13, (FORM + 1, ALL)) if each]) == len(subtotal)
    assert opened.book.sheets[PROJECT].api.ProtectContents is True


def test_rows_are_added_and_deleted_while_the_person_calculates_by_hand(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = indicators(opened)
    opened.book.app.calculation = "manual"
    try:
        for row in (40, 41):  # the last row, and the one added behind it
            opened.select(PROJECT, f"D{row}")
            assert opened.press("add_row").kind == "say"
        opened.select(PROJECT, "D42")
        assert opened.press("delete_row").text == "已删除第 42 行。"
        assert opened.book.app.calculation == "manual"
    finally:
        opened.book.app.calculation = "automatic"
    assert group(opened, "C38") == "C38:C41"
    assert indicators(opened) == before


def test_an_empty_row_is_deleted_without_asking(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = indicators(opened)
    opened.select(PROJECT, "D14")
    opened.press("add_row")
    opened.select(PROJECT, "D15")
    assert opened.press("delete_row").text == "已删除第 15 行。"
    assert indicators(opened) == before


@pytest.mark.parametrize("action", ["add_row", "delete_row"])
def test_outside_of_a_table_the_person_is_told_what_to_select(desk: Callable[..., Desk], action: str) -> None:
    opened = desk(YUEYANGLOU)
    before = indicators(opened)
    for cell in ("D12", "D41", "C3", "K2"):
        opened.select(PROJECT, cell)
        reply = opened.press(action)
        assert reply.kind == "warn", cell
        assert reply.text.endswith("请点中表中要处理的那一行（表头行和合计行不算），再点一次按钮。"), cell
    assert indicators(opened) == before


def test_a_selected_label_means_the_end_of_its_group(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = indicators(opened)
    opened.select(PROJECT, "C13:C16")
    refused = opened.press("delete_row")
    assert refused.kind == "warn" and "选中了 4 行" in refused.text
    assert indicators(opened) == before
    assert "第 16 行下面增加一行" in opened.press("add_row").text
    assert group(opened, "C13") == "C13:C17"


def test_rows_of_projects_belong_to_the_list_on_the_cover(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    opened.select("附件1", "F15")
    reply = opened.press("delete_row")
    assert reply.kind == "warn" and "请在首页的项目清单中清去" in reply.text


def test_the_last_row_of_a_group_is_not_deleted(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    assert group(opened, "C38") == "C38:C40"  # 服务对象满意度指标, two of them filled
    for _ in range(2):
        opened.select(PROJECT, "D38")
        opened.press("delete_row", "是")
    before = indicators(opened)
    assert group(opened, "C38") == "C38"
    reply = opened.press("delete_row")
    assert reply.kind == "warn"
    assert (
        reply.text.startswith("“满意度指标 （10分）”只剩这一行")
        or "“服务对象满意度指标”只剩这一行" in reply.text
    )
    assert indicators(opened) == before


def test_a_project_sheet_is_added_empty_and_listed(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    before = filing(opened)
    asked = opened.press("add_project")
    assert asked.kind == "ask"
    reply = opened.press("add_project", "=1+1 新项目")  # a text, whatever it looks like
    assert reply.kind == "say" and "“附件3-4”" in reply.text
    after = filing(opened)
    assert after.projects == [*before.projects, ("=1+1 新项目", "附件3-4")]
    names = [each.name for each in before.sheets]
    place = names.index("附件3-3") + 1
    assert [each.name for each in after.sheets] == [*names[:place], "附件3-4", *names[place:]]
    new = after.sheets[place]
    typed = {code: value for code, value in new.fields.items() if value is not None}
    assert typed.pop("项目支出名称") == "=1+1 新项目"
    form = load_catalogue().packages[YUEYANGLOU].project_form
    assert all(form.fields[code].calculated or form.fields[code].default is not None for code in typed)
    assert new.tables["指标"] == []
    assert [each.fields for each in after.sheets[2:place]] == [each.fields for each in before.sheets[2:place]]
    assert opened.value("附件3-4", "A1") == "附件3-4"
    assert opened.place == ("附件3-4", "C4")
    assert opened.book.sheets["附件3-4"].api.ProtectContents is True
    assert opened.value("附件1", "A17") == "4、=1+1 新项目"


def test_a_project_is_not_entered_twice_nor_into_a_full_list(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    name = filing(opened).projects[0][0]
    again = opened.press("add_project", name)
    assert again.kind == "warn" and f"项目清单里已经有“{name}”" in again.text
    front = opened.book.sheets["首页"]
    place = front.book.names["项目清单.项目名称"].refers_to_range
    place.raw_value = [[f"项目{k}"] for k in range(place.shape[0])]
    full = opened.press("add_project", "又一个")
    assert full.kind == "warn" and "项目清单已满" in full.text
    assert "附件三-2" not in [tab.name for tab in opened.book.sheets]


def test_a_table_that_lists_the_projects_grows_with_them(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    front = opened.book.names["项目清单.项目名称"].refers_to_range
    for k in range(5):  # as many as 衡山县's 附件一 prints
        cells = front.sheet.range((front.row + k, front.column), (front.row + k, front.column + 1))
        cells.raw_value = [[f"项目{k + 1}", f"表{k + 1}"]]
    rows = opened.book.sheets["附件一"].range("A1:A60")
    before = [row[0] for row in rows.options(ndim=2).value]
    opened.press("add_project", "第六个")
    after = [row[0] for row in rows.options(ndim=2).value]
    at = before.index("5、项目5") + 1
    assert after == [*before[:at], "6、第六个", *before[at:-1]]


def test_a_row_of_a_report_is_added_to_its_section_and_taken_out_again(desk: Callable[..., Desk]) -> None:
    """Behind the last row of a section, under which the head of the next one stands."""
    opened = desk(YUEYANGLOU)

    def section(code: str) -> list[Any]:
        report = next(each for each in filing(opened).sheets if each.name == "附件4")
        return [row["段落"] for row in report.tables[code]]

    before = section("主要职责"), section("机构设置")
    assert opened.value("附件4", "A10") == "（二）机构设置"
    opened.select("附件4", "A9")
    assert opened.press("add_row").kind == "say"
    assert opened.place == ("附件4", "A10") and opened.value("附件4", "A11") == "（二）机构设置"
    opened.book.sheets["附件4"].range("A10").value = "承担交办的其他工作。"
    assert (section("主要职责"), section("机构设置")) == ([*before[0], "承担交办的其他工作。"], before[1])
    opened.select("附件4", "A10")
    assert "承担交办的其他工作。" in opened.press("delete_row").text
    opened.press("delete_row", "是")
    assert (section("主要职责"), section("机构设置")) == before
