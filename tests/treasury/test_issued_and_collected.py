"""From the list of units to who is missing: units match by code, then by name, and 参数 hold on both ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commandline import Run
from jixiao.adjustments import adjusted
from jixiao.binding import UNIT_CODE
from jixiao.books.annotate import annotate
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.cli import main
from jixiao.declarations import Adjustments, RuleChange
from jixiao.treasury.collecting.collect import Collected, collect
from jixiao.treasury.issuing.issue import issue
from jixiao.treasury.issuing.issuedlist import FILE
from jixiao.treasury.parameterbook import write_parameters
from jixiao.treasury.unitlist import read_units
from jixiao.treasury.units import Roster
from treasury.lists import list_file
from treasury.making import copied, here, rows
from treasury.plausible import filing

PACKAGE = "mof_project_2023"
CATALOGUE = load_catalogue()
OWN = Adjustments(PACKAGE, 2023, "", (), (RuleChange("STR-002", None, "统一填写"),))


def roster(path: Path) -> Roster:
    return Roster(listed.unit for listed in read_units(path).units)


def handed_in(folder: Path, number: int, name: str = "", code: str | None = None, own: Any = None) -> Path:
    """A filing without mistakes, but for a 主管部门 that is blank."""
    unit = filing(CATALOGUE, PACKAGE, number, 1)
    unit.unit, unit.adjustments = name or unit.unit, own
    unit.unit_code = unit.unit_code if code is None else code
    for sheet in unit.sheets:
        sheet.fields["主管部门"] = None
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.xlsx"
    build(CATALOGUE.packages[PACKAGE], unit, CATALOGUE, path)
    return path


def gather(folder: Path, store: Path, **more: Any) -> Collected:
    return collect([folder], store, CATALOGUE, **{"engine": here, **more})


def test_who_is_missing_is_told_by_code_then_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [
        ["单位代码", "单位名称"],
        ["000001", "甲局"],
        ["000002", "乙局"],
        [None, "丙局"],
        ["000004", "丁局"],
    ]
    issue(PACKAGE, list_file(tmp_path / "名单.xlsx", names), tmp_path / "下发", CATALOGUE, year=2023, jobs=0)
    returned = tmp_path / "报送"
    handed_in(returned, 0, "改了名的局", "000001")
    handed_in(returned, 1, "乙局", "")
    handed_in(returned, 2, "丙局", "")
    done = gather(returned, tmp_path / "汇总库", roster=roster(tmp_path / "下发" / FILE))
    assert [(unit.code, unit.name) for unit in done.missing] == [("000004", "丁局")]
    found = {
        row["unit"]: (row["unit_code"], row["unit_name"]) for row in rows(tmp_path / "汇总库", "filings")
    }
    assert found == {
        "改了名的局": ("000001", "甲局"),
        "乙局": ("000002", "乙局"),
        "丙局": ("", "丙局"),
    }
    # The list may lie among what was handed in.
    (returned / FILE).write_bytes((tmp_path / "下发" / FILE).read_bytes())
    order = ["collect", returned, "--store", tmp_path / "汇总库", "--units", tmp_path / "下发" / FILE]
    main([str(part) for part in order])
    told = capsys.readouterr().out
    assert "丁局" in told and FILE not in told


def test_two_filings_of_one_code_are_of_one_unit(tmp_path: Path) -> None:
    handed_in(tmp_path / "报送", 0, "甲局", "000001")
    handed_in(tmp_path / "报送", 1, "甲县甲局", "000001")
    handed_in(tmp_path / "报送", 2, "甲局", "")
    gather(tmp_path / "报送", tmp_path / "汇总库")
    assert {row["role"] for row in rows(tmp_path / "汇总库", "filings")} == {"待定"}
    assert [row["code"] for row in rows(tmp_path / "汇总库", "filings")].count("000001") == 2


def test_what_a_workbook_carries_is_what_it_is_checked_with(tmp_path: Path) -> None:
    handed_in(tmp_path / "报送", 0, own=OWN)
    handed_in(tmp_path / "报送", 1)
    gather(tmp_path / "报送", tmp_path / "汇总库")
    found = {(row["unit"], row["rule"]) for row in rows(tmp_path / "汇总库", "findings")}
    assert found == {(filing(CATALOGUE, PACKAGE, 1, 1).unit, "STR-002")}


def test_a_treasury_collects_with_its_own(tmp_path: Path) -> None:
    handed_in(
        tmp_path / "报送",
        0,
        own=Adjustments(PACKAGE, 2023, rules=(RuleChange("STR-002", "info", "自己改的"),)),
    )
    handed_in(tmp_path / "报送", 1)
    done = gather(tmp_path / "报送", tmp_path / "汇总库", adjustments=OWN)
    assert done.read == 2 and rows(tmp_path / "汇总库", "findings") == []
    assert gather(tmp_path / "报送", tmp_path / "汇总库", adjustments=OWN).read == 0
    done = gather(tmp_path / "报送", tmp_path / "汇总库")  # other rules: everything is read anew
    assert done.read == 2
    assert {row["severity"] for row in rows(tmp_path / "汇总库", "findings")} == {"info", "warning"}


def test_a_seal_is_worth_what_it_was_checked_with(tmp_path: Path) -> None:
    path = handed_in(tmp_path / "报送", 0, own=OWN)
    unit = read(path, CATALOGUE)
    assert check(unit, CATALOGUE) == []
    annotate(path, unit, [], CATALOGUE)
    gather(tmp_path / "报送", tmp_path / "汇总库")
    (row,) = rows(tmp_path / "汇总库", "filings")
    assert (row["seal"], row["sealed_with"]) == ("有效", adjusted(CATALOGUE, OWN).version)
    other = Adjustments(PACKAGE, 2023, rules=(RuleChange("STR-004", None, "统一填写"),))
    gather(tmp_path / "报送", tmp_path / "汇总库", adjustments=other)
    (row,) = rows(tmp_path / "汇总库", "filings")
    assert row["seal"] == "规则已更新"


# ------------------------------------------------------------------------------------------------------- who is missing


def without_mistakes(folder: Path, number: int, name: str, code: str, package: str = PACKAGE) -> None:
    unit = filing(CATALOGUE, package, number, 1)
    unit.unit, unit.unit_code = name, code
    folder.mkdir(exist_ok=True)
    build(CATALOGUE.packages[package], unit, CATALOGUE, folder / f"{code}{package}.xlsx")


def issued_to(tmp_path: Path, count: int) -> Path:
    names = [["单位代码", "单位名称"], *([f"{k:06}", f"第{k}局"] for k in range(1, count + 1))]
    listing = list_file(tmp_path / "名单.xlsx", names)
    issue(PACKAGE, listing, tmp_path / "下发", CATALOGUE, year=2023, jobs=0)
    return tmp_path / "下发" / FILE


def test_all_that_are_missing_are_told_and_nothing_is_done_until_they_are_not(
    tmp_path: Path, run: Run
) -> None:
    listing = issued_to(tmp_path, 30)
    returned = tmp_path / "收回"
    without_mistakes(returned, 0, "第1局", "000001")
    order = ("collect", returned, "--store", tmp_path / "库", "--units", listing)
    code, out, _ = run(*order)
    assert code == 1 and "还没有交来的单位（29，名单共 30 家）：" in out
    assert all(f"  {k:06} 第{k}局\n" in out for k in range(2, 31)) and "  000001 " not in out
    (first,) = returned.iterdir()
    for k in range(2, 31):
        copied(first, returned / f"{k:06}.xlsx", f"第{k}局", **{UNIT_CODE: f"{k:06}"})
    code, out, _ = run(*order)
    assert code == 0 and "名单上的 30 家单位都已交来。" in out


def test_who_is_not_on_the_list_and_what_was_not_issued_is_told(tmp_path: Path, run: Run) -> None:
    listing = issued_to(tmp_path, 2)
    returned = tmp_path / "收回"
    without_mistakes(returned, 0, "第1局", "000001")
    without_mistakes(returned, 1, "第2局", "000002", "yueyanglou_2023")
    without_mistakes(returned, 2, "外来局", "900001")
    code, out, _ = run("collect", returned, "--store", tmp_path / "库", "--units", listing)
    assert code == 1
    assert "还没有交来的单位（1，名单共 2 家）：\n  000002 第2局\n" in out
    assert f"不在名单上的（1）：\n  {returned / '900001mof_project_2023.xlsx'}\n    外来局\n" in out
    assert "不是下发的那套表（mof_project_2023，2023 年度），不算交来（1）" in out
    assert "第2局：yueyanglou_2023，2023 年度。" in out


def test_a_list_that_lies_among_the_filings_is_used_and_is_no_filing(tmp_path: Path, run: Run) -> None:
    listing = issued_to(tmp_path, 2)
    returned = tmp_path / "收回"
    without_mistakes(returned, 0, "第1局", "000001")
    (returned / FILE).write_bytes(listing.read_bytes())
    code, out, err = run("collect", returned, "--store", tmp_path / "库")
    assert (code, err) == (1, "")
    assert f"按“{returned / FILE}”核对哪些单位还没有交来。" in out and "  000002 第2局" in out
    assert "找到 1 份工作簿" in out and "不能审核的文件" not in out


def test_parameters_that_nobody_is_checked_with_are_told(tmp_path: Path, run: Run) -> None:
    without_mistakes(tmp_path / "收回", 0, "第1局", "000001")
    own = tmp_path / "参数.xlsx"
    for package, told in (("yueyanglou_2023", True), (PACKAGE, False)):
        write_parameters(own, CATALOGUE.packages[package], CATALOGUE, 2023)
        order = ("collect", tmp_path / "收回", "--store", tmp_path / "库", "--parameters", own)
        code, out, _ = run(*order)
        assert (
            code == 0
            and (f"注意：没有一份是 2023 年度的 {package}，参数“参数.xlsx”没有用上。" in out) == told
        )
