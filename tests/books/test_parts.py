"""Workbook files as parts: what is refused and how it is said, and writing that leaves the rest alone."""

from __future__ import annotations

import io
import os
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from jixiao.books.ooxml import parts as module
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.ooxml.workbook import Workbook


def workbook() -> bytes:
    """Return a small workbook with names, a formula and a second sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name in ("首页", "附件3-1"):
        sheet = book.add_worksheet(name)
        sheet.write("A1", "全年执行数")
        sheet.write("B1", 2860.69)
        sheet.write_formula("C1", "=B1/2", None, 1430.345)
        book.define_name(f"'{name}'!全年执行数", f"='{name}'!$B$1")
    book.close()
    return out.getvalue()


VALID = workbook()


@pytest.fixture
def valid(tmp_path: Path) -> Path:
    path = tmp_path / "填报件.xlsx"
    path.write_bytes(VALID)
    return path


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return out.getvalue()


def rezipped(data: bytes, edit: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return a workbook zipped anew, each part passed through ``edit``."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = edit(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def read_all(path: Path) -> None:
    """Read everything that the readers read."""
    parts = Parts.open(path)
    book = Workbook(parts)
    assert parts.external_links == []
    for sheet in book.sheets:
        cells = book.cells(sheet)
        for _, cell in cells.items():
            if isinstance(cell.value, float):
                book.display_text(cell.value, cell.style)
        assert cells.problems is not None
        assert cells.merges is not None


def test_parts_are_what_zipfile_reads(valid: Path) -> None:
    parts = Parts.open(valid)
    with zipfile.ZipFile(valid) as file:
        assert list(parts.names) == file.namelist()
        assert dict(parts) == {name: file.read(name) for name in file.namelist()}


def test_without_the_accelerator(valid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "inflater", zlib)
    assert dict(Parts.open(valid)) == dict(Parts.open(valid))


def ole(*names: str) -> bytes:
    return module._OLE + b"\0" * 512 + b"\0\0".join(name.encode("utf-16-le") + b"\0\0" for name in names)


BAD = {
    "empty": (b"", "空的"),
    "text": ("单位,金额\n".encode(), "不是 Excel 工作簿"),
    "html": (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
    "doctype": (b"\xef\xbb\xbf<!DOCTYPE HTML><body>", "网页"),
    "pdf": (b"%PDF-1.7 ...", "PDF"),
    "zeros": (b"\0" * 4096, "空字节"),
    "encrypted": (ole("Root Entry", "EncryptionInfo", "EncryptedPackage"), "打开密码"),
    "xls": (ole("Root Entry", "Workbook"), ".xls"),
    "old xls": (ole("Root Entry", "Book"), ".xls"),
    "doc": (ole("Root Entry", "WordDocument"), "Word"),
    "docx": (zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")), "Word"),
    "pptx": (zipped(("ppt/presentation.xml", b"<w/>")), "演示文稿"),
    "xlsb": (zipped(("xl/workbook.bin", b"1")), ".xlsb"),
    "ods": (zipped(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")), ".ods"),
    "zip": (zipped(("a.txt", b"1")), "压缩包"),
    "empty zip": (b"PK\x05\x06" + b"\0" * 18, "不是 Excel 工作簿"),
    "half": (VALID[: len(VALID) // 2], "不完整"),
    "no directory": (VALID[:-22], "不完整"),
    "dots": (zipped(("xl/workbook.xml", b"<w/>"), ("xl/../../etc/passwd", b"1")), "文件之外"),
    "backslash dots": (zipped(("xl/workbook.xml", b"<w/>"), ("xl\\..\\x", b"1")), "文件之外"),
    "absolute": (zipped(("xl/workbook.xml", b"<w/>"), ("/etc/passwd", b"1")), "文件之外"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_named_with_cause_and_remedy(kind: str, tmp_path: Path) -> None:
    content, cause = BAD[kind]
    path = tmp_path / "某单位.xlsx"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        Parts.open(path)
    assert cause in caught.value.cause
    assert str(caught.value) == f"某单位.xlsx：{caught.value.cause}。{caught.value.remedy}。"
    assert caught.value.remedy.startswith("请")
    assert caught.value.path == path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["xl/workbook.xml", "xl/Workbook.xml"])
def test_duplicate_part(second: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped(("xl/workbook.xml", b"<w/>"), (second, b"<w/>")))
    with pytest.raises(Unreadable, match="重复"):
        Parts.open(path)


def test_missing_folder_and_lock_files(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="找不到文件"):
        Parts.open(tmp_path / "没有.xlsx")
    with pytest.raises(Unreadable, match="文件夹"):
        Parts.open(tmp_path)
    for name in ("~$填报件.xlsx", ".~填报件.xlsx"):
        with pytest.raises(Unreadable, match="这是打开文件时的临时锁定文件"):
            Parts.open(tmp_path / name)


def test_permission(valid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Unreadable, match="权限"):
        Parts.open(valid)


def test_encrypted_entry(valid: Path) -> None:
    data = bytearray(VALID)
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    valid.write_bytes(data)
    with pytest.raises(Unreadable, match="加密"):
        Parts.open(valid)


def test_wrong_checksum(valid: Path) -> None:
    data = bytearray(VALID)
    at = data.find(b"PK\x01\x02")
    name = data[at + 46 : at + 46 + data[at + 28]].decode()
    data[at + 16] ^= 1
    valid.write_bytes(data)
    with pytest.raises(Unreadable, match="校验值"):
        Parts.open(valid)[name]


@pytest.mark.parametrize("announced", [2**31, 100, 60 * 2**20])
def test_zip_bomb_costs_neither_time_nor_memory(announced: int, tmp_path: Path) -> None:
    """2 GB of zeros, announced truly, as a trifle, or as just below the limit of a part."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(2**20)
    body = b"".join(deflater.compress(block) for _ in range(256)) + deflater.flush(zlib.Z_FULL_FLUSH)
    body *= 8  # each copy inflates to the same 256 MB
    data = zipped(("xl/workbook.xml", b"<w/>"))
    start, end = data.find(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    name = b"xl/worksheets/sheet1.xml"
    common = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, 0, len(body), announced, len(name), 0)
    local = b"PK\x03\x04" + common + name + body
    central = data[start:end] + b"PK\x01\x02\x14\0" + common + struct.pack("<3H2I", 0, 0, 0, 0, start) + name
    final = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(central), start + len(local), 0)
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(data[:start] + local + central + final)
    size = path.stat().st_size
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(Unreadable):
        Parts.open(path)["xl/worksheets/sheet1.xml"]
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 1
    assert peak < 4 * size + 2.5 * min(announced, module.PART_LIMIT)


def test_overlapping_parts(tmp_path: Path) -> None:
    """Two directory entries over the same data: the way to a bomb without a high ratio."""
    data = zipped(("xl/workbook.xml", b"<w/>" * 100), ("xl/a.xml", b"1"))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 1)
    # The second entry claims to start inside the first one.
    moved = data[: second + 42] + struct.pack("<I", 20) + data[second + 46 :]
    path = tmp_path / "a.xlsx"
    path.write_bytes(moved)
    with pytest.raises(Unreadable, match="位置"):
        Parts.open(path)


def test_zip64_and_data_descriptors(tmp_path: Path) -> None:
    """As streaming writers produce them."""

    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.out = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.out += data  # type: ignore[operator]
            return len(data)  # type: ignore[arg-type]

    stream = Stream()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,  # type: ignore[call-overload]
        zipfile.ZipFile(io.BytesIO(VALID)) as old,
    ):
        for name in old.namelist():
            with new.open(name, "w", force_zip64=True) as part:
                part.write(old.read(name))
    path = tmp_path / "a.xlsx"
    path.write_bytes(stream.out)
    parts = Parts.open(path)
    with zipfile.ZipFile(io.BytesIO(VALID)) as old:
        assert dict(parts) == {name: old.read(name) for name in old.namelist()}
    replace(path, parts, {"docProps/app.xml": b"<a/>"})
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert file.read("docProps/app.xml") == b"<a/>"


def test_workbook_part_of_another_name(tmp_path: Path) -> None:
    def move(name: str, content: bytes) -> bytes:
        return content.replace(b"/xl/workbook.xml", b"/xl/workbook2.xml")

    data = rezipped(VALID, move).replace(b"xl/workbook.xml", b"xl/workbook2.xm")
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(Unreadable):  # the part is called .xm, the content types say .xml
        Parts.open(path)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(VALID)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("workbook.xml", "workbook2.xml"), move(name, old.read(name)))
    path.write_bytes(out.getvalue())
    assert [sheet.name for sheet in Workbook(Parts.open(path)).sheets] == ["首页", "附件3-1"]


def test_external_links(tmp_path: Path, valid: Path) -> None:
    parts = Parts.open(valid)
    relationships = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r"'
        b' Type="x/externalLinkPath" Target="file:///D:/2022&amp;.xlsx" TargetMode="External"/></Relationships>'
    )
    added = {
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": relationships,
    }
    replace(tmp_path / "b.xlsx", parts, {}, added)
    assert Parts.open(tmp_path / "b.xlsx").external_links == ["file:///D:/2022&.xlsx"]
    assert parts.external_links == []


def test_replace_leaves_every_other_part_byte_for_byte(valid: Path) -> None:
    valid.chmod(0o640)
    before = Parts.open(valid)
    kept = {name: before.raw(name) for name in before.names if name != "xl/worksheets/sheet1.xml"}
    changed = before["xl/worksheets/sheet1.xml"].replace(b"2860.69", b"2860.7")
    added = {"xl/审核.xml": b"<a/>"}
    assert replace(valid, before, {"xl/worksheets/sheet1.xml": changed, "docProps/app.xml": None}, added)
    after = Parts.open(valid)
    del kept["docProps/app.xml"]
    assert {name: after.raw(name) for name in kept} == kept
    assert after["xl/worksheets/sheet1.xml"] == changed
    assert after["xl/审核.xml"] == b"<a/>"
    assert "docProps/app.xml" not in after
    assert valid.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in valid.parent.iterdir()) == [valid.name]
    with zipfile.ZipFile(valid) as file:
        assert file.testzip() is None
        assert file.getinfo("xl/worksheets/sheet1.xml").date_time == (1980, 1, 1, 0, 0, 0)
    assert openpyxl.load_workbook(valid)["首页"]["B1"].value == 2860.7


def test_replace_is_reproducible(valid: Path, tmp_path: Path) -> None:
    parts = Parts.open(valid)
    for name in ("1.xlsx", "2.xlsx"):
        replace(tmp_path / name, parts, {"docProps/app.xml": b"<b/>"})
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def test_nothing_to_write(valid: Path) -> None:
    parts = Parts.open(valid)
    stamp = valid.stat()
    assert not replace(valid, parts, {"xl/workbook.xml": parts["xl/workbook.xml"]})
    assert (valid.stat().st_mtime_ns, valid.stat().st_ino) == (stamp.st_mtime_ns, stamp.st_ino)


def test_unknown_and_known_parts(valid: Path) -> None:
    parts = Parts.open(valid)
    with pytest.raises(KeyError):
        replace(valid, parts, {"xl/nothing.xml": b""})
    with pytest.raises(KeyError):
        replace(valid, parts, {}, {"xl/workbook.xml": b""})


def test_file_changed_since_reading(valid: Path) -> None:
    parts = Parts.open(valid)
    os.utime(valid, ns=(1, 1))
    with pytest.raises(Unreadable, match="又被改动"):
        replace(valid, parts, {"docProps/app.xml": b""})
    assert valid.read_bytes() == VALID


@pytest.mark.parametrize("step", ["replace", "chmod"])
@pytest.mark.parametrize(
    "error, message",
    [(PermissionError(13, "x"), "请先在 Excel/WPS 中关闭该文件"), (OSError(28, "x"), "空间")],
)
def test_failure_leaves_the_file_alone(
    valid: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: OSError, message: str
) -> None:
    parts = Parts.open(valid)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(Unreadable, match=message):
        replace(valid, parts, {"docProps/app.xml": b""})
    monkeypatch.undo()
    assert valid.read_bytes() == VALID
    assert sorted(path.name for path in valid.parent.iterdir()) == [valid.name]


def test_link_is_written_through(valid: Path) -> None:
    link = valid.with_name("link.xlsx")
    link.symlink_to(valid)
    replace(link, Parts.open(link), {"docProps/app.xml": b"<c/>"})
    assert link.is_symlink()
    assert Parts.open(valid)["docProps/app.xml"] == b"<c/>"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_never_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever a bad disk or a bad person makes of a file, the answer is a value or Unreadable."""
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                content[at] = data.draw(st.integers(0, 255))
            case 1:
                del content[at : at + data.draw(st.integers(1, 50))]
            case 2:
                content[at:at] = data.draw(st.binary(max_size=20))
            case _:
                content = content[: max(at, 1)]
        if not content:
            break
    path = tmp_path_factory.getbasetemp() / "mutated.xlsx"
    path.write_bytes(content)
    began = time.process_time()
    try:
        read_all(path)
    except Unreadable as error:
        assert str(error)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("seed", range(150))
def test_damaged_markup_never_crashes(seed: int, tmp_path: Path) -> None:
    """Parts that unzip well but hold broken XML."""
    chance = random.Random(seed)

    def damage(name: str, content: bytes) -> bytes | None:
        if not name.endswith((".xml", ".rels")) or chance.random() < 0.6:
            return content
        text = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(0, 6)] = chance.choice(
                [
                    b"",
                    b"<",
                    b">",
                    b'"',
                    b"'",
                    b"&#0;",
                    b"&x;",
                    b"<!--",
                    b"\xff",
                    b"99999999999",
                    b"/>",
                    b"A1",
                    b"-1",
                ]
            )
        return bytes(text)

    path = tmp_path / "a.xlsx"
    path.write_bytes(rezipped(VALID, damage))
    try:
        read_all(path)
    except Unreadable as error:
        assert str(error)
