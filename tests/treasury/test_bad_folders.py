"""Folders as no treasury should get them, on the command line: one message, and what was done so far is kept."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

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
        assert "由程序 3.0 建立（格式 7），本程序只认识格式 1" in cause and remedy.startswith(
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
