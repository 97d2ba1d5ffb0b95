"""Folders as no treasury should get them, on the command line: one message, and what was done so far is kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jixiao import resources
from jixiao.cli import main
from treasury import fuzzing
from treasury.making import copied, rows
from treasury.mutating import mutant


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def test_ten_thousand_files_of_another_kind_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pictures, texts and documents: nobody opens them."""
    for k in range(10_000):
        (tmp_path / f"{k}.{('jpg', 'txt', 'pdf', 'docx')[k % 4]}").touch()
    begun = time.process_time()
    code, out, err = said(capsys, "collect", tmp_path, "--store", tmp_path / "库")
    assert time.process_time() - begun < 10
    assert (code, out) == (2, "") and "有 10000 个其他类型的文件" in err and len(err.splitlines()) == 2


def test_thousands_that_only_look_like_workbooks_are_counted_by_reason(
    hengshan_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few are named, all are in the store, and the one filing among them is checked."""
    folder = tmp_path / "报送"
    copied(hengshan_book, folder / "甲局.xlsx", "甲局")
    for k in range(2000):
        (folder / f"图{k:04}.xlsx").write_bytes((b"", b"\xff\xd8\xff\xe0", b"%PDF-1.7")[k % 3])
    code, out, _ = said(capsys, "collect", folder, "--store", tmp_path / "库")
    assert code == 1
    assert re.search(
        r"有 2000 个文件不能审核，最多的是：文件是空的（0 字节）（667 个）；这不是 Excel 工作簿（667 个）；这是 PDF 文件，不是工作簿（666 个）",
        out.replace("\n", ""),
    )
    assert len(out.splitlines()) < 100
    assert len(rows(tmp_path / "库", "failures")) == 2000
    assert [row["unit"] for row in rows(tmp_path / "库", "filings")] == ["甲局"]


def test_a_store_of_another_version_is_told_and_left_alone(
    hengshan_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(hengshan_book, tmp_path / "报送/一.xlsx", "甲局")
    store = tmp_path / "库"
    said(capsys, "collect", tmp_path / "报送", "--store", store)
    listing = json.loads((store / "store.json").read_text("utf-8"))
    (store / "store.json").write_text(json.dumps({**listing, "format": 7, "program": "3.0"}), "utf-8")
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    for command in (("collect", tmp_path / "报送"), ("query", "SELECT 1")):
        code, out, err = said(capsys, *command, "--store", store)
        assert (code, out) == (2, "")
        cause, remedy = err.splitlines()
        assert "由程序 3.0 建立（格式 7），本程序只认识格式 2" in cause and remedy.startswith(
            "请在 --store 后换"
        )
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before


def test_a_folder_of_damaged_filings_is_collected_by_the_pool(
    hengshan_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is a filing or a failure with a reason; the good one among them is as if it had come alone."""
    folder, count = tmp_path / "报送", 40
    copied(hengshan_book, folder / "好.xlsx", "甲局")
    for k in range(count):
        (folder / f"坏{k:02}.xlsx").write_bytes(mutant(fuzzing.books(), 99, k)[0])
    code, out, err = said(capsys, "collect", folder, "--store", tmp_path / "库")
    assert (code, err) == (1, "") and f"找到 {count + 1} 份工作簿" in out
    filings, failures = rows(tmp_path / "库", "filings"), rows(tmp_path / "库", "failures")
    assert len(filings) + len(failures) == count + 1 and len(filings) > 5 and len(failures) > 5
    assert not [row for row in failures if "这是程序的问题" in row["cause"] or "程序异常终止" in row["cause"]]
    said(capsys, "collect", folder / "好.xlsx", "--store", tmp_path / "另库")
    (alone,) = rows(tmp_path / "另库", "filings")
    (here,) = [row for row in filings if row["source"].endswith("好.xlsx")]
    compared = ("unit", "digest", "status", "errors", "warnings", "infos", "seal")
    assert [here[name] for name in compared] == [alone[name] for name in compared]


# ---------------------------------------------------------------------------------- full disks, and places without rights


def limited(*arguments: object, cwd: Path, size: int = 0) -> tuple[int, str]:
    """A command whose files may have so many bytes (0: any), and whom rights bind though it be root; what it says."""
    command = [sys.executable, "-m", "jixiao", *map(str, arguments)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("rights do not bind root")
        command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", *command]

    def bound() -> None:
        import resource

        if size:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    run = subprocess.run(command, capture_output=True, text=True, cwd=cwd, preexec_fn=bound)
    assert "Traceback" not in run.stderr and "Error" not in run.stderr, run.stderr
    return run.returncode, run.stderr


@pytest.fixture
def desk(hengshan_book: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with one filing in 报送, collected into 库."""
    pytest.importorskip("resource")  # not on Windows
    copied(hengshan_book, tmp_path / "报送/一.xlsx", "甲局")
    assert main(["collect", str(tmp_path / "报送"), "--store", str(tmp_path / "库")]) == 1
    yield tmp_path
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (("collect", "报送", "--store", "库", "-o", "汇总.xlsx"), 20_000),
        (("fill", resources.CASES / "hengshan_2023.yaml", "-o", "填.xlsx"), 8_000),
        (("query", "SELECT * FROM range(100000)", "--store", "库", "--csv", "数.csv"), 8_000),
        (("collect", "报送", "--store", "新库"), 2_000),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_half_written_is_left(
    arguments: tuple[object, ...], size: int, desk: Path
) -> None:
    before = content(desk / "库") if "-o" not in arguments else {}
    status, said = limited(*arguments, cwd=desk, size=size)
    cause, remedy = said.strip().splitlines()[-2:]
    assert status == 2 and re.search("没有改动|没有写完|读写失败", cause) and remedy.startswith("请")
    assert {path.name for path in desk.iterdir()} <= {"报送", "库", "新库"}
    assert not list(desk.rglob(".~*"))
    if before:
        assert content(desk / "库") == before
    assert main(["query", "SELECT unit FROM filings", "--store", str(desk / "库")]) == 0
    if "新库" in arguments:
        assert main(["collect", str(desk / "报送"), "--store", str(desk / "新库")]) == 1


def test_without_rights_each_command_says_so_and_changes_nothing(desk: Path, hengshan_book: Path) -> None:
    (desk / "只读.xlsx").write_bytes(hengshan_book.read_bytes())
    before = content(desk)
    desk.chmod(0o555)
    for arguments, said in {
        ("collect", "报送", "--store", "新库"): "没有写入汇总库“新库”的权限",
        ("collect", "报送", "--store", "库", "-o", "汇总.xlsx"): "不能写入“汇总.xlsx”",
        ("collect", "报送", "--store", "库", "--return", "退回"): "没有权限读写“退回”",
        ("query", "SELECT 1", "--store", "库", "--csv", "数.csv"): "不能写入“数.csv”",
        ("parameters", "hengshan_2023", "-o", "参数.xlsx"): "不能写入“参数.xlsx”",
        ("check", "只读.xlsx", "--annotate"): "没有写入这个文件夹的权限；原文件未改动",
    }.items():
        status, told = limited(*arguments, cwd=desk)
        assert status == 2 and said in told and "请" in told, (arguments, told)
    desk.chmod(0o755)
    assert {path.name for path in desk.iterdir()} == {"报送", "库", "只读.xlsx"}
    for name in ("报送/一.xlsx", "只读.xlsx"):
        assert (desk / name).read_bytes() == before[str(desk / name)]
    assert [row["unit"] for row in rows(desk / "库", "filings")] == ["甲局"]


def test_a_folder_and_a_store_that_cannot_be_opened_are_told(desk: Path) -> None:
    (desk / "报送").chmod(0)
    status, said = limited("collect", "报送", "--store", "库", cwd=desk)
    assert status in (1, 2) and "清单" not in said
    assert main(["query", "SELECT unit FROM filings", "--store", str(desk / "库")]) == 0
    (desk / "库").chmod(0)
    status, said = limited("query", "SELECT 1", "--store", "库", cwd=desk)
    assert status == 2 and said.startswith("没有读取汇总库“库”的权限。\n请")


def test_an_empty_folder_forgets_nothing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A share that is not connected is one."""
    (desk / "报送/一.xlsx").rename(desk / "一.xlsx")
    before = content(desk / "库")
    for store in ("库", "新库"):
        assert main(["collect", str(desk / "报送"), "--store", str(desk / store)]) == 2
        assert "没有找到填报的工作簿（.xlsx 或 .xlsm），汇总库没有改动。" in capsys.readouterr().err
    assert content(desk / "库") == before
    assert not (desk / "新库").exists()
