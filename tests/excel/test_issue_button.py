"""下发 on the ribbon: asked for list, year and folder; one workbook a unit, and what is there is left alone."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Adjustments
from jixiao.excel import macros
from jixiao.excel.actions import issuing
from jixiao.excel.actions.reply import Reply
from jixiao.treasury.issuing import issue
from jixiao.treasury.issuing.issuedlist import FILE, read_list
from jixiao.treasury.parameterbook import write_parameters
from treasury.lists import list_file

CATALOGUE = load_catalogue()
ROWS = [["单位代码", "单位名称"], ["017001", "甲局"], ["017002", "乙局"]]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    (tmp_path / "局里").mkdir()
    return list_file(tmp_path / "局里" / "名单.xlsx", ROWS)


@pytest.fixture(autouse=True)
def no_excel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has a workbook open, unless the test opens one."""

    class Apps:
        active = None

    monkeypatch.setattr(issuing.xw, "apps", Apps)


def press(*answers: object) -> Reply:
    return Reply(*macros.press("issue", HENGSHAN, *map(str, answers)))


def test_list_year_and_folder_are_asked_for_in_turn(units: Path, tmp_path: Path) -> None:
    asked = press()
    assert asked.kind == "open" and "请选择单位名单" in asked.title
    asked = press(units)
    assert (asked.kind, asked.default) == ("ask", "2023") and "年度" in asked.text
    asked = press(units, 2024)
    assert asked.kind == "folder" and "文件夹" in asked.title
    folder = tmp_path / "下发"
    reply = press(units, 2024, folder)
    assert reply.kind == "say"
    assert reply.text.startswith(
        "衡山县2024年度部门整体支出绩效自评套表：2 家单位，本次生成 2 份，原来已有 0 份，没有生成 0 份。"
    )
    assert str(folder) in reply.text and FILE in reply.text
    issued = read_list(folder / FILE)
    assert (issued.package, issued.year) == (HENGSHAN, 2024)
    filing = read(folder / issued.units[0].file, CATALOGUE)
    assert (filing.unit, filing.unit_code, filing.year) == ("甲局", "017001", 2024)


def test_a_second_press_leaves_what_is_there_alone(units: Path, tmp_path: Path) -> None:
    folder = tmp_path / "下发"
    press(units, 2024, folder)
    (path,) = folder.glob("017001*")
    path.write_bytes(b"filled in")
    list_file(units, [*ROWS, ["017003", "丙局"]])
    reply = press(units, 2024, folder)
    assert "3 家单位，本次生成 1 份，原来已有 2 份" in reply.text
    assert path.read_bytes() == b"filled in"


def test_parameters_beside_the_list_hold(units: Path, tmp_path: Path) -> None:
    own = units.parent / "参数.xlsx"
    write_parameters(own, CATALOGUE.packages[HENGSHAN], CATALOGUE, 2025)
    book = openpyxl.load_workbook(own)
    ((sheet, cell),) = book.defined_names["参数.文号"].destinations
    book[sheet][cell] = "衡财绩〔2025〕3号"
    book.save(own)
    assert press(units).default == "2025"
    reply = press(units, 2024, tmp_path / "下发")
    assert reply.kind == "warn" and "2025 年度的，不能用来下发 2024 年度" in reply.text
    reply = press(units, 2025, tmp_path / "下发")
    assert reply.kind == "say" and "用了名单旁边的“参数.xlsx”。" in reply.text
    (path,) = (tmp_path / "下发").glob("017001*")
    assert read(path, CATALOGUE).adjustments == Adjustments(HENGSHAN, 2025, "衡财绩〔2025〕3号")
    write_parameters(own, CATALOGUE.packages[YUEYANGLOU], CATALOGUE, 2025)
    reply = press(units)
    assert reply.kind == "warn" and "不是这一套表的" in reply.text


@pytest.mark.parametrize("year", ["", "今年", "24", "2024.5", "二〇二四"])
def test_a_year_that_is_none_is_told(year: str, units: Path) -> None:
    reply = press(units, year)
    assert reply.kind == "warn" and f"年度“{year}”不对" in reply.text


def test_what_cannot_be_used_is_told(units: Path, tmp_path: Path) -> None:
    (tmp_path / "别的.xlsx").write_bytes(b"x")
    reply = press(tmp_path / "别的.xlsx", 2024, tmp_path / "下发")
    assert reply.kind == "warn" and "不是 Excel 工作簿" in reply.text
    list_file(tmp_path / "表.xlsx", [["甲", "乙"], ["1", "2"]])
    reply = press(tmp_path / "表.xlsx", 2024, tmp_path / "下发")
    assert reply.kind == "warn" and "找不到写着“单位名称”的表头" in reply.text
    reply = press(units, 2024, tmp_path / "没有" / "下发")
    assert reply.kind == "warn" and "不存在" in reply.text
    assert press(units, 2024, tmp_path / "下发").kind == "say"
    reply = press(units, 2023, tmp_path / "下发")
    assert reply.kind == "warn" and "已经下发过 2024 年度的套表" in reply.text


def test_a_full_disk_is_told_and_what_was_done_stays(units: Path, tmp_path: Path) -> None:
    real, written = issue.build, []

    def full(package: Any, filing: Any, catalogue: Any, path: Path) -> None:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        real(package, filing, catalogue, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issue, "build", full)
        reply = press(units, 2024, tmp_path / "下发")
    assert reply.kind == "warn" and "本次生成 1 份，原来已有 0 份，没有生成 1 份" in reply.text
    assert "没有做完：017002乙局2024年度绩效自评.xlsx" in reply.text and "请清理磁盘" in reply.text
    assert "本次生成 1 份，原来已有 1 份" in press(units, 2024, tmp_path / "下发").text


def test_in_front_of_an_open_workbook(desk: Callable[..., Desk], units: Path, tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    reply = opened.press("issue", HENGSHAN, str(units), "2024", str(tmp_path / "下发"))
    assert reply.kind == "say" and "本次生成 2 份" in reply.text
    assert not opened.book.app.status_bar
