"""Lists of units: heads as treasuries write them, and rows that cannot be told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from jixiao.books.ooxml.parts import Unreadable
from jixiao.treasury.errors import DeskError
from jixiao.treasury.filenames import FileNames, safe
from jixiao.treasury.unitlist import read_units
from jixiao.treasury.units import Unit
from treasury.hostile import NAMES
from treasury.lists import list_file

HEAD = ["单位代码", "单位名称", "主管部门", "项目"]


def refused(path: Path) -> str:
    with pytest.raises(DeskError) as caught:
        read_units(path)
    message = str(caught.value)
    assert message.endswith("。") and len(message.splitlines()) == 2
    return message


def test_a_list_with_a_title_and_heads_of_its_own(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["某县2024年度预算单位名单", None],
        ["序号", "预算单位编码", "单位名称（全称）", "项目名称1", "项目名称2", "项目金额", "主管单位"],
        [1, 1001, " 某县 财政局 ", "业务工作经费", "信息系统维护", 20.5, "某县人民政府"],
        [2, "001002", "某县教育局", "1、校舍维修；2、教师培训（校长、骨干教师）", None, 3, None],
        [None, None, None, None, None, None, None],
        ["合计", None, "合计", None, None, 23.5, None],
    ]
    found = read_units(list_file(tmp_path / "名单.xlsx", rows, {"B3": "000000"}))
    first, second = found.units
    assert first.unit == Unit("001001", "某县 财政局") and first.department == "某县人民政府"
    assert first.projects == ("业务工作经费", "信息系统维护") and first.row == 3
    assert second.unit == Unit("001002", "某县教育局")
    assert second.projects == ("校舍维修", "教师培训（校长、骨干教师）")
    assert found.remarks == ("第 6 行是“合计”，没有当作单位",)


def test_only_names(tmp_path: Path) -> None:
    path = list_file(tmp_path / "a.xlsx", [["单位名称"], ["甲局"], ["乙局"]])
    assert [listed.unit for listed in read_units(path).units] == [Unit("", "甲局"), Unit("", "乙局")]


def test_projects_are_separated_by_commas_semicolons_and_lines(tmp_path: Path) -> None:
    cell = "（1）巡查经费、培训；\n3. 设备更新\n……\n巡查 经费"
    path = list_file(tmp_path / "a.xlsx", [HEAD, ["1", "甲局", "", cell]])
    assert read_units(path).units[0].projects == ("巡查经费", "培训", "设备更新")
    assert "项目“巡查 经费”写了两次" in read_units(path).remarks[0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["代码", "简称"], ["1", "甲"]], "找不到写着“单位名称”的表头"),
        ([HEAD], "表头下面没有单位"),
        ([HEAD, ["001", "甲局"], ["001", "乙局"]], "第 2 行和第 3 行的单位代码相同（001）"),
        ([HEAD, ["001", "甲局", "", "A"], ["001", "甲局", "", "B"]], "一个单位只写一行，多个项目用顿号隔开"),
        ([HEAD, [None, "甲局"], ["002", "甲 局"]], "单位名称相同（甲 局），又没有各自的代码"),
        ([HEAD, ["001", None]], "第 2 行没有单位名称"),
        ([HEAD, ["001", "   ", "", "业务经费"]], "第 2 行没有单位名称"),
        ([HEAD, ["001", "FORMULA=A9&\"局\""]], "B2 是没有计算结果的公式"),
        ([HEAD, ["001", "甲" * 201]], "单位名称有 201 个字"),
        ([HEAD, ["001", "甲局", "", "、".join(f"项目{k}" for k in range(31))]], "有 31 个项目，一个单位最多 30 个"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, rows: list[list[Any]], told: str) -> None:
    assert told in refused(list_file(tmp_path / "名单.xlsx", rows))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    rows = [HEAD, *([f"{k:03}", None] for k in range(20))]
    message = refused(list_file(tmp_path / "名单.xlsx", rows))
    assert "有 20 处须先改正" in message and "第 2 行" in message and "另有 12 处" in message


def test_one_name_and_two_codes_are_two_units(tmp_path: Path) -> None:
    found = read_units(list_file(tmp_path / "a.xlsx", [HEAD, ["001", "办公室"], ["002", "办公室"]]))
    assert len(found.units) == 2 and "按单位代码区分" in found.remarks[0]


def test_names_that_are_formulas_or_paths_stay_texts(tmp_path: Path) -> None:
    kept = [name for name in NAMES if name.isprintable() and len(name) <= 200 and "_x00" not in name]
    rows = [HEAD, *([f"{k:03}", name] for k, name in enumerate(kept))]
    found = read_units(list_file(tmp_path / "a.xlsx", rows))
    assert [listed.unit.name for listed in found.units] == [" ".join(name.split()) for name in kept]


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    path = list_file(tmp_path / "a.xlsx", [HEAD, ["1", "甲_x0000__x001B_局"]])  # so written in the file
    assert read_units(path).units[0].unit.name == "甲局"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    file = FileNames().name("", name, 2024, ".xlsx")
    assert (tmp_path / file).resolve().parent == tmp_path.resolve()
    (tmp_path / file).write_bytes(b"")
    assert not set('\\/:*?"<>|') & set(file) and file.isprintable() and ".." not in file
    assert file[0] not in "=+-@.~ " and len(file.encode()) < 255


def test_file_names_differ_also_for_windows() -> None:
    names = FileNames()
    given = [names.name("", unit, 2024, ".xlsx") for unit in ("a局", "A局", "/a局", "a局")]
    assert len({name.casefold() for name in given}) == 4 and given[1] == "A局2024年度绩效自评（2）.xlsx"
    assert safe("") == safe("///") == "单位"


def test_no_workbook_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "名单.xlsx"
    path.write_text("单位代码,单位名称\n001,甲局\n", "utf-8")
    with pytest.raises(Unreadable):
        read_units(path)


def test_the_list_may_stand_on_a_later_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "说明"  # type: ignore[union-attr]
    book.active["A1"] = "请填第二张表"  # type: ignore[index]
    sheet = book.create_sheet("名单")
    for row in (HEAD, ["001", "甲局"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_units(tmp_path / "a.xlsx").units[0].unit.name == "甲局"
