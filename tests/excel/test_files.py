"""新建套表 and 生成上报件: the files that buttons write, read back."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import xlwings as xw

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books.live import LiveWorkbook
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.excel import macros

UNIT = "某县某局"


def test_a_new_workbook_is_asked_for_built_and_opened(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    asked = opened.press("new", YUEYANGLOU)
    assert asked.kind == "ask" and "岳阳楼区" in asked.text
    where = opened.press("new", YUEYANGLOU, UNIT)
    assert where.kind == "save"
    assert Path(where.default).name == f"{UNIT}2023年度绩效自评.xlsm"
    path = tmp_path / "新建.xlsm"
    reply = opened.press("new", YUEYANGLOU, UNIT, str(path))
    assert reply.kind == "say" and str(path) in reply.text
    new = opened.book.app.books.active
    assert new.name == "新建.xlsm"
    new.close()
    filing = read(path, load_catalogue())
    assert (filing.package, filing.unit, filing.year) == (YUEYANGLOU, UNIT, 2023)
    with zipfile.ZipFile(path) as parts:
        assert "xl/vbaProject.bin" in parts.namelist()


def test_a_new_workbook_replaces_none(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    path = tmp_path / "已有.xlsm"
    path.write_bytes(b"mine")
    answers = [HENGSHAN, UNIT, str(path)]
    again = opened.press("new", *answers)
    assert again.kind == "save" and "“已有.xlsm”已经存在，没有改动它" in again.text
    assert path.read_bytes() == b"mine"
    other = tmp_path / "另一个"
    assert opened.press("new", *answers, str(other)).kind == "say"
    assert other.with_suffix(".xlsm").is_file()
    opened.book.app.books.active.close()


def test_next_years_workbook_is_made_from_last_years_file(
    excel: xw.App, filled: Callable[[str, str], Path], tmp_path: Path
) -> None:
    old, path = Path(shutil.copy(filled(HENGSHAN, ".xlsm"), tmp_path)), tmp_path / "2024.xlsm"
    before = old.read_bytes()
    assert macros.press("rollover")[0] == "open"
    kind, _, question, proposed = macros.press("rollover", str(old))
    assert (kind, Path(proposed).name) == ("save", "衡山县市场监督管理局2024年度绩效自评.xlsm")
    assert "2024 年度" in question
    kind, _, question, _ = macros.press("rollover", str(old), str(old))
    assert kind == "save" and "已经存在" in question
    kind, _, text, _ = macros.press("rollover", str(old), str(old), str(path))
    assert kind == "say" and str(path) in text and "9 个上年决算数" in text
    assert old.read_bytes() == before
    opened, closed = (
        LiveWorkbook(excel.books["2024.xlsm"]).read(load_catalogue()),
        read(path, load_catalogue()),
    )
    excel.books["2024.xlsm"].close()
    assert opened.year == 2024 and opened.previous is not None and closed.previous is not None
    assert opened.previous.sheets == closed.previous.sheets
    broken = tmp_path / "文字.xlsx"
    broken.write_text("不是工作簿", "utf-8")
    kind, _, text, _ = macros.press("rollover", str(broken))
    assert kind == "warn" and "这不是 Excel 工作簿" in text


def test_a_new_workbook_needs_no_open_one(excel: xw.App, tmp_path: Path) -> None:
    path = tmp_path / "新建.xlsx"
    kind, _, text, _ = macros.press("new", HENGSHAN, UNIT, str(path))
    assert kind == "say", text
    assert "xl/vbaProject.bin" not in zipfile.ZipFile(path).namelist()
    excel.books["新建.xlsx"].close()


def test_what_cannot_be_built_is_refused(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    assert opened.press("new", "没有_2023").kind == "warn"
    assert opened.press("new", HENGSHAN, " ").text.startswith("没有填写单位名称")
    missing = opened.press("new", HENGSHAN, UNIT, str(tmp_path / "没有" / "新.xlsm"))
    assert missing.kind == "warn" and missing.text.startswith("不能写入")


def test_the_person_s_edited_workbook_is_handed_in(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(YUEYANGLOU, ".xlsm")
    opened.select("附件3-1", "D13")
    opened.press("add_row")
    opened.book.sheets["附件3-1"].range("D14:G14").value = ["新增指标", "≥10件", "10件", 5]
    opened.press("add_project", "新项目")
    asked = opened.press("hand_in")
    assert asked.kind == "confirm" and asked.text.startswith("未通过：强制性")
    where = opened.press("hand_in", "是")
    assert where.kind == "save"
    assert Path(where.default) == tmp_path / "岳阳市岳阳楼区市场监督管理局2023年度绩效自评（上报）.xlsx"
    target = tmp_path / "上报"
    reply = opened.press("hand_in", "是", str(target))
    target = target.with_suffix(".xlsx")
    assert reply.kind == "say" and f"已生成上报件：{target}" in reply.text and "状态：未通过" in reply.text
    handed_in = read(target, load_catalogue())
    mine = LiveWorkbook(opened.book).read(load_catalogue())
    assert [sheet.tables for sheet in handed_in.sheets] == [sheet.tables for sheet in mine.sheets]
    assert [sheet.name for sheet in handed_in.sheets][-2:] == ["附件3-4", "附件4"]
    assert not [name for name in zipfile.ZipFile(target).namelist() if "vba" in name.lower()]
    assert opened.press("hand_in", "是", str(target)).kind == "confirm"  # there already
    assert opened.path.suffix == ".xlsm" and opened.book.name == opened.path.name


def test_the_open_workbook_is_not_its_own_copy(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    before = opened.path.read_bytes()
    reply = opened.press("hand_in", "是", str(opened.path), "是")
    assert reply.kind == "warn" and "不能覆盖正在填报的工作簿" in reply.text
    assert opened.path.read_bytes() == before
