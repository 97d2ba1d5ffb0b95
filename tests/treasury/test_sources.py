"""Where filings come from: folders and zip files as people hand them in."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest

from jixiao.books.ooxml.parts import PART_LIMIT, Unreadable
from jixiao.treasury.collecting.sources import Found, Source, content, find


def names(found: Found, folder: Path) -> list[str]:
    return [source.name.removeprefix(f"{folder}{os.sep}") for source in found.sources]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def read(source: Source) -> bytes:
    with Path(source.path).open("rb") as file:
        return content(source, file)


def test_workbooks_are_found_however_deep_and_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("乙/2.XLSX", "乙/丙/1.xlsm", "甲.xlsx")))
    found = find([tmp_path])
    assert names(found, tmp_path) == sorted(["乙/2.XLSX", "乙/丙/1.xlsm", "甲.xlsx"])
    assert (found.refused, found.others) == ([], 0)
    status = (tmp_path / "甲.xlsx").stat()
    source = next(source for source in found.sources if source.name.endswith("甲.xlsx"))
    assert (source.size, source.stamp) == (1, status.st_mtime_ns)


def test_lock_files_and_hidden_ones_are_no_filings_and_other_kinds_are_counted(tmp_path: Path) -> None:
    touch(
        *(
            tmp_path / name
            for name in ("~$甲.xlsx", ".~甲.xlsx", ".隐藏/1.xlsx", "甲.docx", "乙.pdf", "无后缀")
        )
    )
    found = find([tmp_path])
    assert (found.sources, found.refused, found.others) == ([], [], 3)


def test_what_may_be_a_filing_in_another_format_is_listed_with_its_remedy(tmp_path: Path) -> None:
    touch(tmp_path / "旧.xls", tmp_path / "金山.et", tmp_path / "一包.rar")
    found = find([tmp_path])
    said = {each.source.name.rpartition(os.sep)[2]: (each.cause, each.remedy) for each in found.refused}
    assert set(said) == {"旧.xls", "金山.et", "一包.rar"}
    assert ".xls 格式" in said["旧.xls"][0] and "另存为 .xlsx" in said["旧.xls"][1]
    assert ".rar 压缩包" in said["一包.rar"][0] and "解压" in said["一包.rar"][1]


def test_links_in_circles_end_and_no_file_is_found_twice(tmp_path: Path) -> None:
    touch(tmp_path / "甲/1.xlsx")
    (tmp_path / "甲/回到上面").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "甲/自己").symlink_to(tmp_path / "甲/自己")
    (tmp_path / "又一个.xlsx").symlink_to(tmp_path / "甲/1.xlsx")
    (tmp_path / "断了.xlsx").symlink_to(tmp_path / "没有.xlsx")
    found = find([tmp_path, tmp_path / "甲"])
    assert len(found.sources) == 1
    assert [each.cause for each in found.refused] == ["找不到文件，或它指向的文件已不在"]


def test_the_store_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "甲.xlsx", tmp_path / "库/乙.xlsx", tmp_path / "汇总.xlsx")
    assert names(find([tmp_path], [tmp_path / "库", tmp_path / "汇总.xlsx"]), tmp_path) == ["甲.xlsx"]


def test_a_folder_that_cannot_be_opened_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "锁/1.xlsx", tmp_path / "开/2.xlsx")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("锁"):
            raise PermissionError(13, "denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find([tmp_path])
    assert names(found, tmp_path) == ["开/2.xlsx"]
    assert [(Path(each.source.name).name, each.cause) for each in found.refused] == [("锁", "文件夹不能打开")]


@pytest.mark.skipif(os.name == "nt", reason="Windows names are Unicode")
def test_a_name_of_an_old_chinese_system_is_shown_as_its_people_read_it(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/" + "财政局.xlsx".encode("gbk")
    with open(path, "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(b"abc")
    (source,) = find([tmp_path]).sources
    assert source.name == f"{tmp_path}/财政局.xlsx"
    assert read(source) == b"abc"


# ---------------------------------------------------------------------------------------------------------- zip files


def gbk_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    """A zip file as Chinese Windows writes it: names in GBK, and no flag that says so."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for number, data in enumerate(members.values()):
            archive.writestr(f"{number:08}", data)
    raw = path.read_bytes()
    for number, name in enumerate(members):
        stand_in = f"{number:08}".encode()
        encoded = name.encode("gbk")
        assert len(encoded) == len(stand_in), name
        raw = raw.replace(stand_in, encoded)
    path.write_bytes(raw)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_under_their_chinese_names(method: int, tmp_path: Path) -> None:
    gbk_zip(tmp_path / "二.zip", {"x财.xlsx": b"first" * 50}, method)
    with zipfile.ZipFile(tmp_path / "三.zip", "w", method) as archive:
        archive.writestr("县直/审计局.xlsx", b"second" * 50)
        archive.writestr("__MACOSX/县直/._审计局.xlsx", b"resource fork")
        archive.writestr("县直/~$审计局.xlsx", b"lock")
        archive.writestr("县直/说明.txt", b"text")
    found = find([tmp_path])
    assert names(found, tmp_path) == ["三.zip!县直/审计局.xlsx", "二.zip!x财.xlsx"]
    assert [read(source) for source in found.sources] == [b"second" * 50, b"first" * 50]
    assert (found.refused, found.others) == ([], 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["三.zip", "二.zip"]  # nothing was unpacked


def test_what_a_zip_file_must_not_make_us_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "包.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("炸弹.xlsx", bytes(PART_LIMIT + 1))
        archive.writestr("里面.zip", b"PK")
        archive.writestr("lzma.xlsx", b"x", zipfile.ZIP_LZMA)
        archive.writestr("../../越界.xlsx", b"x")
    (tmp_path / "断.zip").write_bytes((tmp_path / "包.zip").read_bytes()[:-30])
    found = find([tmp_path])
    said = {each.source.name.removeprefix(f"{tmp_path}{os.sep}"): each.cause for each in found.refused}
    assert said == {
        "包.zip!炸弹.xlsx": "解压后超过 64 MB，不像一份填报件",
        "包.zip!里面.zip": "压缩包里还有压缩包，没有读取",
        "包.zip!lzma.xlsx": "压缩方式不能识别",
        "断.zip": "压缩包已损坏，或没有下载、复制完",
    }
    (outside,) = found.sources  # its name is shown and never used
    assert outside.name == f"{tmp_path / '包.zip'}!../../越界.xlsx"
    assert (outside.path, read(outside)) == (str(tmp_path / "包.zip"), b"x")


def test_a_member_that_lies_about_its_size_or_content_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xlsx", bytes(10_000_000))
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 100)  # announces 100 bytes
    path.write_bytes(raw)
    (source,) = find([tmp_path]).sources
    assert source.size == 100
    with pytest.raises(Unreadable, match="已损坏"):
        read(source)


def test_an_encrypted_member_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xlsx", b"x")
    raw = bytearray(path.read_bytes())
    raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert [each.cause for each in find([tmp_path]).refused] == ["压缩包设有密码"]


def test_a_member_is_the_same_as_long_as_size_and_content_are(tmp_path: Path) -> None:
    stamps = []
    for text in (b"one", b"one", b"two"):
        with zipfile.ZipFile(tmp_path / "包.zip", "w") as archive:
            archive.writestr("a.xlsx", text)
        stamps += [source.stamp for source in find([tmp_path]).sources]
    assert stamps[0] == stamps[1] != stamps[2]
