"""Filings that lie under a URL: found, read and named like those of a folder."""

from __future__ import annotations

import builtins
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.treasury.collecting import remote
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.collecting.sources import find
from jixiao.treasury.errors import DeskError
from treasury.making import copied, here, rows

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory() -> Iterator[Any]:
    """A file system of fsspec in the memory of this process, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_filings_under_a_url_are_collected_as_from_a_folder(
    hengshan_book: Path, memory: Any, tmp_path: Path
) -> None:
    folder, archive = tmp_path / "报送", io.BytesIO()
    first = copied(hengshan_book, folder / "甲局.xlsx", "甲局").read_bytes()
    second = copied(hengshan_book, folder / "下/乙局.xlsx", "乙局").read_bytes()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("下/乙局.xlsx", second)
    for name, data in {
        "甲局.xlsx": first,
        "包.zip": archive.getvalue(),
        "老.xls": b"x",
        "说明.docx": b"x",
        "~$甲局.xlsx": b"x",
        ".藏/丙局.xlsx": first,
    }.items():
        memory.pipe(f"/报送/{name}", data)
    near, far = tmp_path / "近", tmp_path / "远"
    collect([folder], near, load_catalogue(), engine=here)
    done = collect(["memory://报送"], far, load_catalogue(), engine=here)
    assert (done.sources, done.others, done.read) == (3, 1, 2)
    (failure,) = rows(far, "failures")
    assert failure["source"] == "memory://报送/老.xls" and ".xls 格式" in failure["cause"]
    assert {row["unit"]: row["source"] for row in rows(far, "filings")} == {
        "甲局": "memory://报送/甲局.xlsx",
        "乙局": "memory://报送/包.zip!下/乙局.xlsx",
    }

    def facts(store: Path, table: str) -> list[dict[str, Any]]:
        units = {row["filing"]: row["unit"] for row in rows(store, "filings")}
        told = [{**row, "filing": units[row["filing"]]} for row in rows(store, table)]
        return sorted(told, key=lambda row: str(row["filing"]))

    for table in ("fields", "funds", "indicators", "findings"):
        assert facts(far, table) == facts(near, table) and facts(far, table)
    memory.rm("/报送/甲局.xlsx")
    again = collect(["memory://报送"], far, load_catalogue(), engine=here)
    assert (again.read, again.kept, again.forgotten) == (0, 1, 1)


def test_a_file_that_nobody_dates_is_looked_at_again(
    hengshan_book: Path, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_TIMES", ())
    memory.pipe("/报送/甲局.xlsx", hengshan_book.read_bytes())
    read, asked = remote.opened, []
    monkeypatch.setattr(remote, "opened", lambda url: asked.append(url) or read(url))
    for _ in range(2):
        done = collect(["memory://报送"], tmp_path / "库", load_catalogue(), engine=here)
    assert (done.read, done.kept, len(asked)) == (0, 1, 2)


def test_names_and_passwords_are_in_no_list(memory: Any) -> None:
    memory.pipe("/报送/甲局.xlsx", b"x")
    assert remote.public("sftp://chen:s@share/报送") == "sftp://share/报送"
    assert remote.public("https://share/a@b.xlsx") == "https://share/a@b.xlsx"
    (source,) = find(["memory://报送/甲局.xlsx"]).sources
    assert (source.name, source.path) == ("memory://报送/甲局.xlsx",) * 2


def test_a_url_that_cannot_be_opened_says_why(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "库"
    told = {
        "memory://没有": "找不到“memory://没有”",
        "abc://share/报送": "不认识“abc://”",
        f"file://{tmp_path}/没有": "找不到",
    }
    for url, cause in told.items():
        assert main(["collect", url, "--store", str(store)]) == 2
        said = capsys.readouterr().err
        assert cause in said and said.count("\n") == 2
    real = builtins.__import__

    def without_fsspec(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "fsspec":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_fsspec)
    with pytest.raises(DeskError, match="没有安装程序库 fsspec"):
        find(["memory://报送"])


def test_what_is_lost_on_the_way_is_a_file_that_cannot_be_read(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/报送/甲局.xlsx", b"x")

    def away(chunks: Any) -> Any:
        memory.store.clear()
        return here(chunks)

    collect(["memory://报送"], tmp_path / "库", load_catalogue(), engine=away)
    (failure,) = rows(tmp_path / "库", "failures")
    assert failure["cause"] == "收集期间文件被移走或改名"


def test_a_file_url_is_a_path(hengshan_book: Path) -> None:
    place = remote.place(hengshan_book.as_uri())
    assert isinstance(place, Path) and place.samefile(hengshan_book)
