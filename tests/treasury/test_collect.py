"""Collecting again and again: what is kept, what is read anew, which of several filings counts."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import jixiao
from jixiao.books import results
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.books.ooxml.splice import SheetXml
from jixiao.books.ooxml.workbook import Workbook
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.treasury.collecting import pool, task
from jixiao.treasury.collecting.collect import Collected, collect
from jixiao.treasury.collecting.pool import run_locally
from jixiao.treasury.collecting.sources import Source
from jixiao.treasury.collecting.task import Chunk, maker
from jixiao.treasury.errors import StoreError
from jixiao.treasury.keeping import store as storing
from jixiao.treasury.keeping.store import Result, Store
from jixiao.treasury.units import Roster, Unit
from treasury.making import copied, here, parts_of, rows, sealed, sealed_before, type_in

TABLES = ("filings", "failures", "fields", "funds", "indicators", "findings")


def gather(folder: Path, store: Path, **more: Any) -> Collected:
    return collect([folder], store, load_catalogue(), **{"engine": here, **more})


def units(store: Path) -> list[str]:
    return [row["unit"] for row in rows(store, "filings")]


def content(store: Path) -> dict[str, list[str]]:
    """All that a store says, by the names of the files, whatever they are numbered."""
    names = {row["filing"]: row["source"] for table in ("filings", "failures") for row in rows(store, table)}
    return {
        table: sorted(
            json.dumps({**row, "filing": names[row["filing"]]}, default=str) for row in rows(store, table)
        )
        for table in TABLES
    }


@pytest.fixture
def folder(hengshan_book: Path, tmp_path: Path) -> Path:
    """Three units' filings, and one file that is none."""
    for unit in ("甲局", "乙局", "丙局"):
        copied(hengshan_book, tmp_path / "报送" / f"{unit}.xlsx", unit)
    (tmp_path / "报送/坏.xlsx").write_bytes(b"x")
    return tmp_path / "报送"


# ------------------------------------------------------------------------------------------------------ what is kept


def test_what_did_not_change_is_not_read_again(folder: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    def noting(chunks: Iterator[Chunk]) -> Iterator[Result]:
        for chunk in chunks:
            asked.extend(Path(item.source.path).stem for item in chunk.items)
            yield from here(iter([chunk]))

    store = tmp_path / "库"
    first = gather(folder, store, engine=noting)
    assert (first.read, first.kept, sorted(asked)) == (4, 0, sorted(["甲局", "乙局", "丙局", "坏"]))
    before, asked[:] = content(store), []
    again = gather(folder, store, engine=noting)
    assert (again.read, again.kept, asked) == (0, 4, [])
    assert content(store) == before
    os.utime(folder / "甲局.xlsx", (1, 1))  # copied about: another time, the same content
    touched = gather(folder, store, engine=noting)
    assert (touched.read, touched.kept, asked) == (0, 4, ["甲局"])
    assert content(store) == before
    type_in(folder / "乙局.xlsx", {"编制数": 100})
    changed = gather(folder, store, engine=noting)
    assert (changed.read, changed.kept, sorted(asked)) == (1, 3, ["乙局", "甲局", "甲局"])
    after = content(store)
    assert len(after["filings"]) == 3 and after["fields"] != before["fields"]
    numbers = [row["number"] for row in rows(store, "fields") if row["code"] == "编制数"]
    assert sorted(numbers) == [100, 184, 184]


def test_a_store_is_the_same_however_often_it_was_added_to(folder: Path, tmp_path: Path) -> None:
    grown, whole = tmp_path / "慢慢", tmp_path / "一次"
    late = [folder / "乙局.xlsx", folder / "坏.xlsx"]
    kept = {path: path.read_bytes() for path in late}
    times = {path: path.stat().st_mtime_ns for path in late}
    late[0].write_bytes(b"half of it")
    late[1].unlink()
    gather(folder, grown, chunk=1)
    for path, data in kept.items():
        path.write_bytes(data)
        os.utime(path, ns=(times[path], times[path]))
    gather(folder, grown, chunk=1)
    gather(folder, whole)
    assert content(grown) == content(whole)


def test_what_is_gone_from_the_folder_leaves_the_store_and_other_folders_stay(
    folder: Path, hengshan_book: Path, tmp_path: Path
) -> None:
    store = tmp_path / "库"
    copied(hengshan_book, tmp_path / "另一处/丁局.xlsx", "丁局")
    gather(folder, store)
    gather(tmp_path / "另一处", store)
    assert units(store) == ["丙局", "乙局", "甲局", "丁局"]
    (folder / "乙局.xlsx").unlink()
    (folder / "坏.xlsx").unlink()
    assert gather(folder, store).forgotten == 2
    assert units(store) == ["丙局", "甲局", "丁局"] and rows(store, "failures") == []
    left = {row["filing"] for row in rows(store, "filings")}
    for table in ("fields", "funds", "indicators", "findings"):
        assert {row["filing"] for row in rows(store, table)} == left


def test_a_file_that_was_open_elsewhere_is_tried_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = task._Opened.content

    def locked(opened: Any, source: Source) -> bytes:
        if source.name.endswith("乙局.xlsx"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return original(opened, source)

    monkeypatch.setattr(task._Opened, "content", locked)
    store = tmp_path / "库"
    gather(folder, store)
    (failure,) = [row for row in rows(store, "failures") if row["source"].endswith("乙局.xlsx")]
    assert "正被其他程序占用" in failure["cause"] and failure["remedy"].startswith("请关闭该文件")
    monkeypatch.undo()
    again = gather(folder, store)
    assert (again.read, again.kept) == (1, 3)
    assert units(store) == ["丙局", "乙局", "甲局"]


def test_what_is_in_a_place_that_cannot_be_opened_today_stays(folder: Path, tmp_path: Path) -> None:
    store, archive = tmp_path / "库", folder / "包.zip"
    with zipfile.ZipFile(archive, "w") as whole:
        whole.write(folder / "丙局.xlsx", "里面.xlsx")
    (folder / "丙局.xlsx").unlink()
    gather(folder, store)
    data = archive.read_bytes()
    archive.write_bytes(data[: len(data) // 2])  # still being copied
    assert gather(folder, store).forgotten == 0
    assert sorted(units(store)) == ["丙局", "乙局", "甲局"]
    assert "压缩包已损坏" in next(
        row["cause"] for row in rows(store, "failures") if row["source"] == str(archive)
    )
    archive.unlink()
    assert gather(folder, store).forgotten == 2  # the zip file and what was in it
    assert sorted(units(store)) == ["乙局", "甲局"]


def test_with_other_rules_everything_is_checked_anew(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "库"
    gather(folder, store)
    listing = json.loads((store / "store.json").read_text("utf-8"))
    for part in listing["parts"]:
        part["maker"] = "0.0 0123456789ab"  # as if it had been collected with last year's program
    (store / "store.json").write_text(json.dumps(listing), "utf-8")
    before = content(store)
    assert gather(folder, store, chunk=1).read == 4
    assert content(store) == before
    assert {part.maker for part in Store.open(store).parts} == {maker(load_catalogue())}


def test_small_chunks_are_put_together(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "库"
    gather(folder, store, chunk=1)
    (part,) = Store.open(store).parts
    assert part.size == 4
    files = {path.relative_to(store).as_posix() for path in store.rglob("*.parquet")}
    assert files == {f"{table}/{part.name}.parquet" for table in part.rows} | {
        f"filings/{path.name}" for path in Store.open(store).files("filings")
    }


# ----------------------------------------------------------------------------------------------------- interruptions

SLOW = """
import sys, time
from pathlib import Path
from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.collecting.pool import run_locally

def slowly(chunks):
    for number, result in enumerate(run_locally(chunks, 2), 1):
        yield result
        if number == 3:  # half way, and there it stays until it is killed
            time.sleep(600)

collect([Path(sys.argv[1])], Path(sys.argv[2]), load_catalogue(), engine=slowly, chunk=2)
"""


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_run_goes_on_where_it_stopped(hengshan_book: Path, tmp_path: Path) -> None:
    folder, store = tmp_path / "报送", tmp_path / "库"
    for k in range(16):
        copied(hengshan_book, folder / f"{k:02}.xlsx", f"第{k}局")
    environment = {**os.environ, "PYTHONPATH": str(Path(jixiao.__file__).parents[1])}
    program = [sys.executable, "-c", SLOW, str(folder), str(store)]
    with subprocess.Popen(program, env=environment, start_new_session=True) as running:
        limit = time.monotonic() + 120
        while parts_of(store) < 3 and time.monotonic() < limit and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        half = parts_of(store)
        while not group_is_gone(running.pid) and time.monotonic() < limit:  # its processes follow it
            time.sleep(0.05)
        assert group_is_gone(running.pid)
    assert half == 3
    assert not Store.open(store).complete
    (store / "findings/part-leftover.parquet").write_bytes(b"half a file")
    done = gather(folder, store)
    assert (done.read, done.kept) == (16 - 2 * half, 2 * half)
    gather(folder, tmp_path / "一次")
    assert content(store) == content(tmp_path / "一次")
    assert len(units(store)) == 16 and Store.open(store).complete
    assert not (store / "findings/part-leftover.parquet").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the processes must be forked with the test's own code")
def test_a_file_that_kills_the_process_is_found_and_the_others_are_checked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pool.run

    def dying(chunk: Chunk, catalogue: Any) -> Result:
        if any(item.source.name.endswith("乙局.xlsx") for item in chunk.items):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(chunk, catalogue)

    monkeypatch.setattr(pool, "run", dying)
    store = tmp_path / "库"
    done = gather(folder, store, engine=lambda chunks: run_locally(chunks, 2), chunk=3)
    assert done.read == 4
    assert units(store) == ["丙局", "甲局"]
    said = {Path(row["source"]).stem: row["cause"] for row in rows(store, "failures")}
    assert set(said) == {"乙局", "坏"} and "程序异常终止" in said["乙局"]


def test_a_full_disk_leaves_what_was_done(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, written = tmp_path / "库", storing._atomically

    def full(path: Path, write: Any) -> None:
        if path.parent.name == "findings" and len(list(path.parent.iterdir())) == 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written(path, write)

    monkeypatch.setattr(storing, "_atomically", full)
    with pytest.raises(OSError, match="No space"):
        gather(folder, store, chunk=1)
    monkeypatch.undo()
    kept = Store.open(store)
    assert not kept.complete and sum(part.size for part in kept.parts) >= 2
    assert gather(folder, store).kept == sum(part.size for part in kept.parts)
    gather(folder, tmp_path / "一次")
    assert content(store) == content(tmp_path / "一次")


@pytest.mark.skipif(sys.platform != "linux", reason="the processes must be forked with the test's own code")
def test_what_cannot_be_kept_leaves_nothing_running(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python, ending while a pool is still closing itself, would print a traceback."""
    original = pool.run

    def slow(chunk: Chunk, catalogue: Any) -> Result:
        if chunk.number > 1:
            time.sleep(0.5)
        return original(chunk, catalogue)

    def full(store: Store, result: Result) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pool, "run", slow)
    monkeypatch.setattr(Store, "add", full)
    before = threading.active_count()
    with pytest.raises(OSError, match="No space"):
        gather(folder, tmp_path / "库", engine=lambda chunks: run_locally(chunks, 2), chunk=1)
    assert multiprocessing.active_children() == [] and threading.active_count() == before


# --------------------------------------------------------------------------------------------------- stores not ours


def test_a_store_of_another_version_is_left_alone(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "库"
    gather(folder, store)
    listing = json.loads((store / "store.json").read_text("utf-8"))
    text = json.dumps({**listing, "format": 99, "program": "9.9"})
    (store / "store.json").write_text(text, "utf-8")
    for use in (lambda: gather(folder, store), lambda: Store.open(store)):
        with pytest.raises(StoreError, match=r"由程序 9\.9 建立（格式 99），本程序只认识格式 2"):
            use()
    assert (store / "store.json").read_text("utf-8") == text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 2, "parts": [{}], "next": 1}'])
def test_a_broken_list_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text(text, "utf-8")
    with pytest.raises(StoreError, match="请"):
        Store.open(tmp_path)


def test_a_folder_of_something_else_is_not_written_into(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "文档"
    other.mkdir()
    (other / "工作总结.docx").write_bytes(b"x")
    with pytest.raises(StoreError, match="不是汇总库，没有写入"):
        gather(folder, other)
    assert [path.name for path in other.iterdir()] == ["工作总结.docx"]
    with pytest.raises(StoreError, match="不是汇总库"):
        Store.open(other)


def test_two_cannot_write_at_a_time(folder: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")  # not on Windows
    store = tmp_path / "库"
    gather(folder, store)
    with (store / ".lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="另一个程序正在写入"):
            gather(folder, store)
    assert gather(folder, store).kept == 4


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes inherit no open files")
def test_a_process_that_is_still_ending_does_not_keep_others_from_the_store(
    folder: Path, tmp_path: Path
) -> None:
    def slow(chunks: Iterable[Chunk]) -> Iterator[Result]:
        process.start()  # while the store is locked
        raise KeyboardInterrupt
        yield

    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    try:
        with pytest.raises(KeyboardInterrupt):
            collect([folder], tmp_path / "库", load_catalogue(), engine=slow)
        assert process.is_alive() and gather(folder, tmp_path / "库").read == 4
    finally:
        process.kill()


# ------------------------------------------------------------------------------------------------- which one counts


def roles(store: Path) -> dict[str, str]:
    return {Path(row["source"]).stem: row["role"] for row in rows(store, "filings")}


def at(path: Path, moment: int) -> Path:
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def twice(hengshan_book: Path, tmp_path: Path) -> Path:
    """Two different filings of one unit, the first the newer one, and one of another unit."""
    folder = tmp_path / "报送"
    at(copied(hengshan_book, folder / "一.xlsx", "甲局", 编制数=150), 2_000_000_000)
    at(copied(hengshan_book, folder / "二.xlsx", "甲 局"), 1_900_000_000)
    copied(hengshan_book, folder / "别的.xlsx", "乙局")
    return folder


def test_unsealed_ones_are_listed_and_none_counts(twice: Path, tmp_path: Path) -> None:
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "待定", "二": "待定", "别的": "采用"}
    filings = rows(tmp_path / "库", "filings")
    assert [row["used"] for row in filings] == [row["role"] == "采用" for row in filings]
    said = {row["source"].rpartition("/")[2]: row["remark"] for row in filings if row["role"] == "待定"}
    assert all("有 2 份不同的填报件，都没有有效的审核校验码" in text for text in said.values())
    assert all("留下" in text or "移出收集的文件夹后重新收集" in text for text in said.values())
    for row in filings:
        if text := said.get(row["source"].rpartition("/")[2]):
            moments = f"保存于 {row['saved']}，文件时间 {row['modified']}"
            assert f"（这一份没有审核，{moments}）" in text


def test_the_sealed_one_counts_though_it_is_older(twice: Path, tmp_path: Path) -> None:
    at(sealed(twice / "二.xlsx"), 1_900_000_000)
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "被取代", "二": "采用", "别的": "采用"}


def without_account(path: Path) -> None:
    """Take out what the program that saved a workbook says of when: only the file's own time is left."""
    workbook = Workbook(Parts.open(path))
    core = workbook.parts["docProps/core.xml"]
    replace(
        path,
        workbook.parts,
        {"docProps/core.xml": re.sub(rb"<dcterms:modified.*?</dcterms:modified>", b"", core)},
    )


def test_a_correction_that_passed_no_check_does_not_count_but_is_pointed_out(
    twice: Path, tmp_path: Path
) -> None:
    """The one that counts is older; whether the newer is a correction, only the reviewer can know."""
    for name, moment in (("一.xlsx", 2_000_000_000), ("二.xlsx", 1_900_000_000)):
        without_account(twice / name)
        at(sealed(twice / name) if name == "二.xlsx" else twice / name, moment)
    gather(twice, tmp_path / "库")
    remark = next(row["remark"] for row in rows(tmp_path / "库", "filings") if row["role"] == "被取代")
    assert "采用审核通过且没有再改动的一份" in remark and "二.xlsx”。注意：这一份没有审核" in remark
    assert "比采用的那份晚；如果是更正件，请单位审核通过后重新报送" in remark
    at(twice / "一.xlsx", 1_800_000_000)
    gather(twice, tmp_path / "另库")
    remark = next(row["remark"] for row in rows(tmp_path / "另库", "filings") if row["role"] == "被取代")
    assert "更正件" not in remark


def test_of_two_sealed_ones_the_one_sealed_last_counts_whichever_was_saved_last(
    twice: Path, tmp_path: Path
) -> None:
    at(sealed(twice / "一.xlsx", now="2024-03-01 09:30:04"), 2_000_000_000)
    at(sealed(twice / "二.xlsx", now="2024-03-01 09:30:05"), 1_900_000_000)
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "被取代", "二": "采用", "别的": "采用"}
    filings = {Path(row["source"]).stem: row for row in rows(tmp_path / "库", "filings")}
    assert str(filings["二"]["sealed_at"]) == "2024-03-01 09:30:05"
    assert filings["别的"]["sealed_at"] is None
    assert "没有再改动的填报件中审核时间最晚的一份" in filings["一"]["remark"]
    assert "更正件" not in filings["一"]["remark"]  # it was sealed: the reviewer need not look


def test_a_seal_of_before_has_no_time_and_the_time_of_saving_decides(twice: Path, tmp_path: Path) -> None:
    at(sealed_before(twice / "一.xlsx"), 2_000_000_000)
    at(sealed(twice / "二.xlsx", now="2030-01-01 00:00:00"), 1_900_000_000)
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "采用", "二": "被取代", "别的": "采用"}
    filings = {Path(row["source"]).stem: row for row in rows(tmp_path / "库", "filings")}
    assert [(filings[name]["seal"], filings[name]["sealed_at"] is None) for name in "一二"] == [
        ("有效", True), ("有效", False),
    ]  # fmt: skip


def test_a_time_of_a_seal_that_was_edited_is_no_time(hengshan_book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "报送"
    for name, edit in {
        "早.xlsx": ("2024-03-01", "2025-03-01"),
        "无.xlsx": (" · 审核时间 2024-03-01 09:30:05", ""),
        "原.xlsx": ("规则版本", "规则版本"),
    }.items():
        path = sealed(copied(hengshan_book, folder / name, name))
        workbook = Workbook(Parts.open(path))
        tab, head = results.table(workbook)
        line = str(workbook.cells(tab).get(head - 1, 1).value)
        assert edit[0] in line
        page = SheetXml(workbook.parts[tab.part])
        assert page.set(f"A{head - 1}", line.replace(*edit))
        replace(path, workbook.parts, {tab.part: page.result()})
    gather(folder, tmp_path / "库")
    found = {Path(row["source"]).stem: row for row in rows(tmp_path / "库", "filings")}
    assert {name: (row["seal"], row["sealed_at"] is None) for name, row in found.items()} == {
        "早": ("审核后改动", True), "无": ("审核后改动", True), "原": ("有效", False),
    }  # fmt: skip


def test_checking_the_filings_of_a_unit_again_does_not_change_which_is_the_last(
    twice: Path, tmp_path: Path
) -> None:
    sealed(twice / "一.xlsx", now="2024-03-01 09:30:04")
    sealed(twice / "二.xlsx", now="2024-03-01 09:30:05")
    before = (twice / "一.xlsx").read_bytes()
    sealed(twice / "一.xlsx", now="2024-05-01 00:00:00")
    assert (twice / "一.xlsx").read_bytes() == before
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "被取代", "二": "采用", "别的": "采用"}
    type_in(twice / "一.xlsx", {"编制数": 151})
    sealed(twice / "一.xlsx", now="2024-05-01 00:00:00")
    gather(twice, tmp_path / "另库")
    assert roles(tmp_path / "另库") == {"一": "采用", "二": "被取代", "别的": "采用"}


def test_of_two_seals_of_before_the_one_saved_last_counts_and_of_the_same_moment_neither(
    twice: Path, tmp_path: Path
) -> None:
    at(sealed_before(twice / "一.xlsx"), 2_000_000_000)
    at(sealed_before(twice / "二.xlsx"), 1_900_000_000)
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "采用", "二": "被取代", "别的": "采用"}
    at(twice / "二.xlsx", 2_000_000_000)
    gather(twice, tmp_path / "另库")
    assert roles(tmp_path / "另库") == {"一": "待定", "二": "待定", "别的": "采用"}


def test_a_copy_is_no_second_filing(twice: Path, tmp_path: Path) -> None:
    (twice / "二.xlsx").write_bytes((twice / "一.xlsx").read_bytes())
    with zipfile.ZipFile(twice / "包.zip", "w") as archive:
        archive.write(twice / "一.xlsx", "三.xlsx")
    gather(twice, tmp_path / "库")
    assert roles(tmp_path / "库") == {"一": "采用", "二": "相同副本", "包.zip!三": "相同副本", "别的": "采用"}


def test_years_and_units_without_a_name_are_no_duplicates(hengshan_book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "报送"
    copied(hengshan_book, folder / "一.xlsx", "甲局")
    copied(hengshan_book, folder / "二.xlsx", "甲局", 填报年度=2022)
    copied(hengshan_book, folder / "三.xlsx", " ")
    copied(hengshan_book, folder / "四.xlsx", " ", 编制数=1)
    gather(folder, tmp_path / "库")
    assert set(roles(tmp_path / "库").values()) == {"采用"}


# ------------------------------------------------------------------------------------------------------------- seals


def test_seals_are_verified(hengshan_book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "报送"
    copied(hengshan_book, folder / "从未.xlsx", "甲局")
    sealed(copied(hengshan_book, folder / "有效.xlsx", "乙局"))
    sealed(copied(hengshan_book, folder / "旧规则.xlsx", "丙局"), version="0123456789ab")
    type_in(sealed(copied(hengshan_book, folder / "改动.xlsx", "丁局")), {"编制数": 185})
    type_in(
        sealed(copied(hengshan_book, folder / "旧改.xlsx", "己局"), version="0123456789ab"), {"编制数": 185}
    )
    refused = copied(hengshan_book, folder / "未过.xlsx", "戊局")
    assert main(["check", "--annotate", "--json", str(refused)]) == 1
    gather(folder, tmp_path / "库")
    assert {Path(row["source"]).stem: row["seal"] for row in rows(tmp_path / "库", "filings")} == {
        "从未": "未经审核",
        "有效": "有效",
        "旧规则": "规则已更新",
        "改动": "审核后改动",
        "旧改": "审核后改动",
        "未过": "审核未通过",
    }
    versions = {row["sealed_with"] for row in rows(tmp_path / "库", "filings")}
    assert versions == {None, load_catalogue().version, "0123456789ab"}


# ------------------------------------------------------------------------------------------------------ list of units


def test_units_are_matched_by_code_then_by_name_and_the_missing_are_told(
    hengshan_book: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "报送"
    copied(hengshan_book, folder / "一.xlsx", "017001-财政局（代填）")
    copied(hengshan_book, folder / "二.xlsx", "某县 审计局", 编制数=1)
    copied(hengshan_book, folder / "三.xlsx", "某县审计局筹备组", 编制数=2)
    roster = Roster(
        [Unit("017001", "某县财政局"), Unit("017002", "某县审计局"), Unit("017003", "某县教育局")]
    )
    done = gather(folder, tmp_path / "库", roster=roster)
    assert done.missing == [Unit("017003", "某县教育局")]
    assert [(row["unit_code"], row["unit_name"]) for row in rows(tmp_path / "库", "filings")] == [
        ("017001", "某县财政局"), (None, None), ("017002", "某县审计局"),
    ]  # fmt: skip


def test_the_code_decides_where_names_are_shared() -> None:
    roster = Roster([Unit("1001", "中心小学"), Unit("1002", "中心小学"), Unit("1003", "一中")])
    assert roster.match("中心小学") is None
    assert roster.match("中心小学", "1002") == Unit("1002", "中心小学")
    assert roster.match("一中", "9999") == Unit("1003", "一中")
    assert roster.match("") is None


# -------------------------------------------------------------------------------------------------------- exact totals


def test_totals_have_no_float_drift(hengshan_book: Path, tmp_path: Path) -> None:
    """As floats, ten times 0.1 is 0.9999999999999999."""
    folder = tmp_path / "报送"
    for k in range(10):
        copied(hengshan_book, folder / f"{k}.xlsx", f"第{k}局", 编制数=0.1)
    copied(hengshan_book, folder / "大.xlsx", "大局", 编制数=999_999_999.87)
    gather(folder, tmp_path / "库")
    numbers = [row["number"] for row in rows(tmp_path / "库", "fields") if row["code"] == "编制数"]
    assert sum(numbers) == Decimal("1000000000.87")
