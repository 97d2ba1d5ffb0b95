"""The command line on Windows: folders with Chinese names and spaces, two code pages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jixiao import __version__, resources
from wine.windows import NOT_CHOSEN, WHERE, Done, Windows, jixiao

if not WHERE:
    pytest.skip(NOT_CHOSEN, allow_module_level=True)


@pytest.fixture
def desk(windows: Windows) -> Path:
    """A folder of a clerk's, empty."""
    folder = windows.here(r"C:\绩效 自评\张三（财务） 的 文件")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def parts(book: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(book) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_version(windows: Windows) -> None:
    assert jixiao(windows, "--version") == Done(0, f"jixiao {__version__}\n")


@pytest.mark.parametrize("name", ["空白 套表.xlsx", "空白 套表.xlsm"])
def test_a_workbook_made_on_windows_is_the_same(
    windows: Windows, desk: Path, tmp_path: Path, name: str
) -> None:
    arguments = ["new", "hengshan_2023", "--unit", "某局", "--year", "2024", "--projects", "2", "-o", name]
    if name.endswith("m"):
        arguments.append("--macros")
    done = jixiao(windows, *arguments, cwd=desk)
    assert done == Done(0, f"{name}\n")
    subprocess.run(
        [sys.executable, "-m", "jixiao", *arguments], cwd=tmp_path, check=True, capture_output=True
    )
    assert parts(desk / name) == parts(tmp_path / name)


def test_what_is_committed_is_judged_the_same(windows: Windows) -> None:
    """Issued workbooks and the add-in, built anew there, have the same parts."""
    local = subprocess.run(
        [sys.executable, "-m", "jixiao", "build", "--check"], capture_output=True, check=False
    )
    output = (local.stdout + local.stderr).decode("utf-8")
    assert jixiao(windows, "build", "--check") == Done(local.returncode, output)


@pytest.mark.parametrize("chinese", [True, False], ids=["936", "1252"])
def test_a_real_filing_is_checked_the_same(
    windows: Windows, western: Windows, desk: Path, tmp_path: Path, chinese: bool
) -> None:
    name = "衡山县 市场监管局（2023）.xlsx"
    here = [sys.executable, "-m", "jixiao"]
    case = resources.CASES / "hengshan_2023.yaml"
    subprocess.run([*here, "fill", str(case), "-o", str(desk / name)], check=True, capture_output=True)
    local = subprocess.run([*here, "check", name, "--json"], cwd=desk, capture_output=True, check=False)
    done = jixiao(windows if chinese else western, "check", name, "--json", cwd=desk)
    assert done.status == local.returncode == 1
    assert json.loads(done.output) == json.loads(local.stdout)


@pytest.mark.parametrize("chinese", [True, False], ids=["936", "1252"])
def test_a_file_that_is_not_there(windows: Windows, western: Windows, desk: Path, chinese: bool) -> None:
    done = jixiao(windows if chinese else western, "check", "没有 这个.xlsx", cwd=desk)
    assert done == Done(2, "没有 这个.xlsx：找不到文件。请核对路径和文件名。\n")


def test_findings_are_written_into_the_file(windows: Windows, desk: Path) -> None:
    assert jixiao(windows, "demo", "演 示", cwd=desk).status == 0
    (book,) = (desk / "演 示").glob("衡山*.xlsx")
    assert jixiao(windows, "check", "--annotate", windows.there(book), cwd=desk).status == 1
    assert any(
        "审核结果".encode() in part for name, part in parts(book).items() if name.endswith("workbook.xml")
    )


HELD = """
import ctypes, subprocess, sys
create = ctypes.windll.kernel32.CreateFileW
create.restype = ctypes.c_void_p
read_and_write, only_if_there = 0xC0000000, 3
handle = create(sys.argv[1], read_and_write, int(sys.argv[2]), None, only_if_there, 0, None)
assert handle not in (None, ctypes.c_void_p(-1).value)
sys.exit(subprocess.call([sys.executable, "-m", "jixiao", *sys.argv[3:], sys.argv[1]]))
"""
SHARED_FOR_READING, NOT_SHARED = "1", "0"


@pytest.mark.parametrize(
    ("sharing", "options"),
    [(SHARED_FOR_READING, ["check", "--annotate"]), (NOT_SHARED, ["check"])],
    ids=["open in Excel", "held by a program"],
)
def test_a_file_that_another_program_holds(
    windows: Windows, desk: Path, sharing: str, options: list[str]
) -> None:
    """Nothing is lost, and nothing is left beside it. Only Windows refuses so."""
    assert (
        jixiao(windows, "new", "hengshan_2023", "--unit", "某局", "-o", "已 打开.xlsx", cwd=desk).status == 0
    )
    before = (desk / "已 打开.xlsx").read_bytes()
    done = windows.run("-c", HELD, windows.there(desk / "已 打开.xlsx"), sharing, *options)
    assert done.status == 2, done.output
    assert "关闭" in done.output
    assert "Error" not in done.output
    assert (desk / "已 打开.xlsx").read_bytes() == before
    assert [file.name for file in desk.iterdir()] == ["已 打开.xlsx"]
