"""What a button meets in the wild: it says what is wrong and what to do, and leaves Excel as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xlwings as xw

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao import __version__, resources
from jixiao.books import live
from jixiao.excel import macros
from jixiao.excel.actions import rows
from jixiao.excel.actions.reply import Reply
from jixiao.excel.macros import ACTIONS
from xlwings_libreoffice import ExcelError

NEEDING = [action for action, known in ACTIONS.items() if known.needs != "any"]
CHANGING = ["check", "add_project", "add_row", "delete_row", "formulas", "heights", "restore"]


def state(book: xw.Book) -> dict[str, Any]:
    """What a person would notice."""
    app = book.app
    return {
        "screen": app.screen_updating,
        "events": app.enable_events,
        "calculation": app.calculation,
        "status": app.status_bar,
        "alerts": app.display_alerts,
        "sheet": book.sheets.active.name,
        "selection": app.selection.address,
        "protected": {tab.name: tab.api.ProtectContents for tab in book.sheets},
        "copying": app.cut_copy_mode,
    }


@pytest.fixture
def plain(excel: xw.App) -> Iterator[Desk]:
    book = excel.books.add()
    yield Desk(book, Path())
    book.close()


@pytest.mark.parametrize("action", NEEDING)
def test_without_a_workbook(action: str) -> None:
    kind, title, text, _ = macros.press(action)
    assert (kind, title) == ("warn", ACTIONS[action].label)
    assert text == "没有打开的工作簿。\n请先打开下发的绩效自评工作簿，再点按钮。"


@pytest.mark.parametrize("action", NEEDING)
def test_a_workbook_that_is_not_an_issued_one(plain: Desk, action: str) -> None:
    before = state(plain.book)
    reply = plain.press(action)
    if action in ("guide", "restore"):
        assert reply.kind == "say"
    else:
        assert reply.kind == "warn", reply
        assert "请" in reply.text and "程序出错" not in reply.text
    assert state(plain.book) == before
    assert plain.book.sheets[0].used_range.address == "$A$1"


def test_a_cell_is_being_edited(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.select("附件三", "D13")
    before = state(opened.book)
    opened.book.set_mock_caller()
    engine = opened.book.app.impl.engine
    for action in NEEDING:
        engine.refuses = ExcelError("busy", -2146777998)  # VBA_E_IGNORE
        try:
            reply = Reply(*macros.press(action))
        finally:
            engine.refuses = None
        assert reply.kind == "warn", (action, reply)
        assert "请按回车键或 Esc 键结束编辑" in reply.text, action
        assert state(opened.book) == before, action


@pytest.mark.parametrize("sheet", ["审核结果", "首页"])
def test_a_sheet_with_a_password_of_its_owner(desk: Callable[..., Desk], sheet: str) -> None:
    opened = desk(HENGSHAN)
    opened.book.sheets[sheet].api.Unprotect()
    opened.book.sheets[sheet].api.Protect("geheim")
    before = state(opened.book)
    reply = opened.press("check")
    assert reply.kind == "warn" and f"工作表“{sheet}”设置了保护密码" in reply.text
    assert "请在“审阅—撤销工作表保护”中输入密码" in reply.text
    assert state(opened.book) == before
    assert opened.value("审核结果", "A2") == "尚未审核"


def test_an_audit_that_is_refused_leaves_what_can_be_put_back(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.select("附件三", "H13:H14")
    opened.press("formulas", "是")
    opened.book.sheets["审核结果"].api.Unprotect()
    opened.book.sheets["审核结果"].api.Protect("geheim")
    assert opened.press("check").kind == "warn"
    assert "点“恢复公式”之前" in opened.press("restore").text


def test_a_form_with_a_password_of_its_owner(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.book.sheets["附件三"].api.Unprotect()
    opened.book.sheets["附件三"].api.Protect("geheim")
    opened.select("附件三", "D13")
    before, rows_before = state(opened.book), opened.book.sheets["附件三"].used_range.address
    for action in ("add_row", "heights"):
        reply = opened.press(action)
        assert reply.kind == "warn" and "工作表“附件三”设置了保护密码" in reply.text
    assert state(opened.book) == before
    assert opened.book.sheets["附件三"].used_range.address == rows_before


def test_a_read_only_workbook_is_checked_and_the_person_warned(
    desk: Callable[..., Desk], excel: xw.App
) -> None:
    opened = desk(HENGSHAN)
    opened.book.impl.read_only = True
    reply = opened.press("check")
    assert reply.kind == "say" and "只读方式打开" in reply.text


def test_a_workbook_on_a_cloud_drive(desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: object) -> str:
        raise xw.XlwingsError("Couldn't find the local folder of https://d.docs.live.net/…")

    opened = desk(HENGSHAN)
    monkeypatch.setattr(type(opened.book.impl), "fullname", property(unknown))
    assert opened.press("check").text.startswith("未通过")
    assert opened.press("next").kind == "show"
    proposed = opened.press("hand_in", "是")
    assert proposed.kind == "save" and proposed.default.endswith("（上报）.xlsx")
    assert opened.press("restore").kind == "say"


def test_a_package_that_this_program_does_not_know(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    for tab in opened.book.sheets:
        if tab.names.impl.contains("_package"):
            tab.names["_package"].refers_to = '="hengshan_2019"'
    opened.book.app.calculate()
    opened.select("附件三", "D13")
    before = state(opened.book)
    reply = opened.press("check")
    assert reply.kind == "warn"
    assert (
        "不认识套表“hengshan_2019”" in reply.text and "请确认使用的是下发本年度套表的程序版本" in reply.text
    )
    assert opened.press("add_row").kind == "warn"
    assert state(opened.book) == before


def test_an_older_workbook_has_no_map(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    with_map = opened.press("check")
    for tab in opened.book.sheets:
        for row, column in [(1, column) for column in range(1, 27)]:
            cell = tab.range((row, column), (row, column))
            if str(cell.value).startswith("jixiao|"):
                tab.api.Unprotect()
                cell.clear_contents()
    assert opened.press("check").text == with_map.text


def test_a_sheet_that_was_copied_into_another_workbook(desk: Callable[..., Desk], plain: Desk) -> None:
    opened = desk(HENGSHAN)
    opened.book.sheets["附件三"].copy(after=plain.book.sheets[0])
    plain.book.activate()
    before = state(plain.book)
    reply = plain.press("check")
    assert reply.kind == "warn" and "程序出错" not in reply.text
    assert "没有下发时的“审核结果”表" in reply.text
    assert state(plain.book) == before


def test_a_name_was_lost(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    tab = opened.book.sheets["附件3-1"]
    tab.api.Unprotect()
    tab.names["总分"].delete()
    opened.book.app.calculate()
    reply = opened.press("check")
    assert reply.kind == "say"
    assert any("找不到“总分”" in str(row) for row in live.listing(live.LiveWorkbook(opened.book)).rows)


@pytest.mark.parametrize("calculation", ["automatic", "manual"])
def test_a_fault_in_the_middle_leaves_excel_as_it_was(
    desk: Callable[..., Desk], personal_folder: Path, monkeypatch: pytest.MonkeyPatch, calculation: str
) -> None:
    """Each action finds the workbook as the one before it found it."""
    from jixiao.excel.actions import projects, repair

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("geht nicht")

    opened = desk(HENGSHAN)
    opened.book.app.calculation = calculation
    monkeypatch.setattr(live, "write", broken)
    for module in (repair, projects):
        monkeypatch.setattr(module, "write", broken)
    monkeypatch.setattr(rows, "fill", broken)
    monkeypatch.setattr(repair, "fitting", broken)
    record = personal_folder / "错误记录.txt"
    try:
        for action in ("check", "add_row", "formulas", "heights", "add_project"):
            opened.select("附件三", "D13" if action == "add_row" else "H13:H14")
            before, area = state(opened.book), opened.book.sheets["附件三"].used_range.address
            answers = {"formulas": ["是"], "add_project": ["某项目"]}.get(action, [])
            reply = opened.press(action, *answers)
            assert reply.kind == "warn" and "程序出错" in reply.text, action
            assert "Traceback" not in reply.text and "geht nicht" not in reply.text, action
            assert str(record) in reply.text and "RuntimeError: geht nicht" in record.read_text("utf-8"), (
                action
            )
            assert state(opened.book) == before, action
            assert opened.book.sheets["附件三"].used_range.address == area, action
            record.unlink()
    finally:
        opened.book.app.calculation = "automatic"


def test_a_library_that_is_not_installed_is_named(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, personal_folder: Path
) -> None:
    """Issuing from last year's store needs what a unit's installation lacks."""

    def needing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow.parquet")

    opened = desk(HENGSHAN)
    monkeypatch.setattr(macros, "ACTIONS", {**ACTIONS, "check": ACTIONS["check"]._replace(run=needing)})
    reply = opened.press("check")
    assert reply.kind == "warn" and "程序出错" not in reply.text
    assert "没有安装程序库 pyarrow" in reply.text and 'pip install "jixiao[treasury]"' in reply.text
    assert not (personal_folder / "错误记录.txt").exists()


def test_nothing_that_succeeds_leaves_a_trace_either(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.select("附件三", "D13")
    before = state(opened.book)
    for action in ("check", "heights", "formulas", "add_row"):
        opened.press(action)
        after = state(opened.book)
        assert {**after, "sheet": "", "selection": ""} == {**before, "sheet": "", "selection": ""}


def test_the_ribbon_shows_every_action_under_its_name_and_need() -> None:
    tree = ElementTree.parse(resources.ADDIN / "ribbon.xml")
    shown = [each for each in tree.iter() if each.get("onAction") == "JixiaoAction"]
    buttons = {each.get("id", "").partition(".")[0]: each for each in shown}
    menus = {"new", "issue"}  # of packages, made when the ribbon is built
    assert set(buttons) - menus == set(ACTIONS) - menus
    for action, button in buttons.items():
        assert button.get("tag", "").partition("|")[0] == ACTIONS[action].needs
        assert action == "new" or button.get("label") == ACTIONS[action].label


def test_an_action_of_a_newer_add_in() -> None:
    kind, _, text, _ = macros.press("tomorrow")
    assert kind == "warn" and "加载项比程序新" in text


def test_versions_that_differ_are_said_with_the_remedy() -> None:
    assert macros.handshake(__version__, xw.__version__) == ""
    for given in [("0.0.1", xw.__version__), (__version__, "0.30.0")]:
        said = macros.handshake(*given)
        assert given[0] in said or given[1] in said
        assert "jixiao install" in said


@pytest.mark.parametrize("action", ["help", "doctor", "about"])
def test_what_needs_no_workbook_answers_without_one(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)  # as where nothing shows such files
    kind, title, text, _ = macros.press(action)
    assert kind in ("say", "warn") and title and text


def test_the_selected_cell_is_explained(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    for cell, said in (
        ("F13", "填写全年实际完成的数值和单位"),
        ("H13", "自动计算，可以改写"),
        ("C4", "由填报人填写"),
    ):
        opened.select("附件3-1", cell)
        reply = opened.press("guide")
        assert reply.kind == "say" and said in reply.text and "审核时核对：" in reply.text, cell
    opened.select("附件3-1", "A2")
    reply = opened.press("guide")
    assert reply.kind == "say" and "这里不是填报单元格" in reply.text
    assert opened.place[0] == "首页" and "填报说明" in opened.value(*opened.place)
