"""An .xlsx or .xlsm file as the parts it is zipped from.

Reading takes the whole file into memory once and inflates parts when they are asked for, never further
than the directory announced, so that no file can make it use more than :data:`PART_LIMIT` bytes a part.
Writing replaces some parts and copies every other one byte for byte, compressed as it stands, so that
nothing of a person's workbook is lost that this program does not know.

The directory is read here rather than by :mod:`zipfile`, which has no way to copy compressed data and
spends as long on opening as the whole inflating takes. Format: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from jixiao.atomic import replacing
from jixiao.books.ooxml import markup

inflater: Any = zlib
try:
    from isal import isal_zlib
except ImportError:  # an accelerator only; some platforms have no wheel
    pass
else:
    inflater = isal_zlib

PART_LIMIT = 64 * 2**20
"""Bytes that one part may unzip to."""
TOTAL_LIMIT = 256 * 2**20
"""Bytes that all parts together may unzip to, and that the file itself may have."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIRST_DAY = 0x0021  # 1980-01-01, the first day zip can name: the same content gives the same bytes

_AGAIN = "请重新下载或向提供者索取一份完整的文件"
_SAVE_AS = "请用 Excel 或 WPS 打开后另存为 .xlsx，再审核另存的文件"
_REPAIR = "请用 Excel 或 WPS 打开，能打开就另存一份再试；打不开就重新索取一份完整的文件"
_CLOSE = "请先在 Excel/WPS 中关闭该文件，再重试"

#: Characters of a message; a name in a hostile file may have thousands.
_LONGEST_CAUSE = 200

_EXTERNAL = re.compile(r"xl/externalLinks/[^/]+\.xml")
_WORKBOOK_TYPE = re.compile(r"(?i)(?:sheet|sheet\.macroEnabled|template|template\.macroEnabled)\.main\+xml$")


class Unreadable(Exception):  # noqa: N818 - it names what the file is
    """A file that cannot be read (or written) as a workbook.

    Attributes:
        path: the file.
        cause: what is wrong, in Chinese, without full stop; what it quotes of the file fits on a screen.
        remedy: what to do about it, in Chinese, starting with 请, without full stop.
    """

    def __init__(self, path: str | os.PathLike[str], cause: str, remedy: str) -> None:
        cause = "".join(char if char.isprintable() else "�" for char in cause)
        if len(cause) > _LONGEST_CAUSE:
            half = _LONGEST_CAUSE // 2
            cause = f"{cause[:half]}……{cause[-half:]}"
        super().__init__(path, cause, remedy)
        self.path = Path(path)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path.name}：{self.cause}。{self.remedy}。"


class Relation(NamedTuple):
    """A link from one part to another, or out of the file."""

    kind: str
    """Last word of the relationship type: worksheet, sharedStrings, styles, externalLinkPath…"""
    target: str
    """Name of the part; for an external one the address as written."""
    external: bool


class _Entry(NamedTuple):
    """Where a part lies in the file."""

    record: bytes
    """Its record in the directory, without the zip64 field."""
    method: int
    crc: int
    packed: int
    size: int
    start: int
    """Of its local header."""
    body: int
    """Of its compressed data."""
    end: int
    """Of all that belongs to it, a trailing data descriptor included."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells whether a file was written since."""

    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> _Stamp:
        return cls(status.st_size, status.st_mtime_ns)


class Parts(Mapping[str, bytes]):
    """The parts of one workbook by name; each is unzipped and verified when first asked for."""

    def __init__(self, path: Path, data: bytes, stamp: _Stamp, times: int = 1) -> None:
        self.path = path
        self.stamp = stamp
        self._data = data
        self._times = times
        self._entries = _directory(path, data, TOTAL_LIMIT * times)
        self._read: dict[str, bytes] = {}
        self.workbook = self._find_workbook()

    @classmethod
    def open(cls, path: str | os.PathLike[str], times: int = 1) -> Parts:
        """Read a workbook file.

        Args:
            path: an .xlsx or .xlsm file, whatever its name.
            times: by how much it may be larger than a filing: a summary of thousands is.

        Raises:
            Unreadable: the file is missing, locked, damaged, encrypted, too large or no workbook of this
            kind.
        """
        path = Path(path)
        if path.name.startswith(("~$", ".~")):
            raise Unreadable(path, "这是打开文件时的临时锁定文件", "请选择同名的正式文件；不用时可忽略它")
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size > TOTAL_LIMIT * times:
                    raise Unreadable(
                        path, f"文件超过 {TOTAL_LIMIT * times >> 20} MB，不像一份填报件", "请确认选对了文件"
                    )
                data = file.read(status.st_size)
        except OSError as error:
            raise _unopened(path, error) from error
        return cls(path, data, _Stamp.of(status), times)

    @classmethod
    def of(cls, path: Path, data: bytes) -> Parts:
        """Read a workbook that is in memory, such as a member of a zip file; it cannot be written back.

        Args:
            path: how it is called in messages.
            data: its bytes.

        Raises:
            Unreadable: it is damaged, encrypted, too large or no workbook of this kind.
        """
        return cls(path, data, _Stamp(len(data), 0))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parts in the order of the file."""
        return tuple(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> bytes:
        """Return a part's content.

        Raises:
            KeyError: there is no such part.
            Unreadable: its data are damaged or too large.
        """
        content = self._read.get(name)
        if content is None:
            content = self._read[name] = self._inflate(name, self._entries[name])
        return content

    def raw(self, name: str) -> bytes:
        """Return a part as it lies in the file: local header, compressed data, data descriptor."""
        entry = self._entries[name]
        return self._data[entry.start : entry.end]

    def text(self, name: str) -> str:
        """Return a part's XML in the spelling of :func:`jixiao.books.ooxml.markup.spelling`.

        Raises:
            Unreadable: the part is missing, or not XML that a workbook may hold.
        """
        return self._markup(name, markup.spelling)

    def canonical(self, name: str) -> str:
        """Return a part's XML rewritten by :func:`jixiao.books.ooxml.markup.canonical`; raises as :meth:`text`."""
        return self._markup(name, markup.canonical)

    def relations(self, name: str) -> dict[str, Relation]:
        """Return the relations of a part by their id; empty when it has none."""
        folder, base = posixpath.split(name)
        source = posixpath.join(folder, "_rels", base + ".rels")
        if source not in self._entries:
            return {}
        try:
            return dict(_relations(self[source], folder))
        except markup.Malformed as error:
            raise self.unparsable(source) from error

    @property
    def external_links(self) -> list[str]:
        """Files that formulas or names of this workbook point to, as written in it."""
        return [
            relation.target
            for name in self._entries
            if _EXTERNAL.fullmatch(name)
            for relation in self.relations(name).values()
            if relation.external
        ]

    def damaged(self, cause: str) -> Unreadable:
        """Return the error for a file whose inside is broken."""
        return _damaged(self.path, cause)

    def unparsable(self, name: str) -> Unreadable:
        """Return the error for a part that is not the XML it should be."""
        return self.damaged(f"部件 {name} 无法解析")

    def _markup(self, name: str, read: Callable[[bytes], str]) -> str:
        if name not in self._entries:
            raise self.damaged(f"缺少部件 {name}")
        try:
            return read(self[name])
        except markup.Malformed as error:
            raise self.unparsable(name) from error

    def _inflate(self, name: str, entry: _Entry) -> bytes:
        if entry.size > PART_LIMIT * self._times:
            raise self.damaged(f"部件 {name} 解压后超过 {PART_LIMIT * self._times >> 20} MB，不像一份填报件")
        packed = self._data[entry.body : entry.body + entry.packed]
        try:
            return inflated(packed, entry.method, entry.size, entry.crc)
        except ValueError as error:
            raise self.damaged(f"部件 {name} {error}") from error

    def _find_workbook(self) -> str:
        if "xl/workbook.xml" in self._entries:
            return "xl/workbook.xml"
        if "[Content_Types].xml" in self._entries:
            for attribute in markup.elements(self.canonical("[Content_Types].xml"), "Override"):
                name = attribute.get("PartName", "").lstrip("/")
                if _WORKBOOK_TYPE.search(attribute.get("ContentType", "")) and name in self._entries:
                    return name
        raise _other_zip(self.path, self)


@markup.remembered  # the workbooks of one issue have the same sheets
def _relations(data: bytes, folder: str) -> dict[str, Relation]:
    """The relations that a part lists, by their id; ``folder`` is where its source lies."""
    found = {}
    for attribute in markup.elements(markup.canonical(data), "Relationship"):
        target, external = attribute.get("Target", ""), attribute.get("TargetMode") == "External"
        if not external:
            target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
        kind = attribute.get("Type", "").rpartition("/")[2]
        found[attribute.get("Id", "")] = Relation(kind, target, external)
    return found


def inflated(packed: bytes, method: int, size: int, crc: int) -> bytes:
    """Return the content of a part or member from its data, never more than the ``size`` that was announced.

    Args:
        packed: the data as they lie in the file.
        method: 0 stored, 8 deflated.
        size: of the content, in bytes.
        crc: its CRC-32.

    Raises:
        ValueError: the data are damaged, or announced wrongly; says how, in Chinese.
    """
    if method == 8:
        try:
            # The announced size bounds the output: a lie in the directory shows as a wrong length,
            # not as memory.
            content: bytes = inflater.decompressobj(-15).decompress(packed, size + 1)
        except inflater.error as error:
            raise ValueError("的压缩数据已损坏") from error
    else:
        content = packed
    if len(content) != size or inflater.crc32(content) != crc:
        raise ValueError("的数据与校验值不符")
    return content


def _unopened(path: Path, error: OSError) -> Unreadable:
    if isinstance(error, FileNotFoundError):
        return Unreadable(path, "找不到文件", "请核对路径和文件名")
    if path.is_dir():
        return Unreadable(path, "这是文件夹，不是工作簿", "请选择其中的 .xlsx 或 .xlsm 文件")
    if isinstance(error, PermissionError):
        return Unreadable(path, "没有读取权限，或文件正被其他程序独占", _CLOSE)
    return Unreadable(path, f"读取失败（{error.strerror or '系统错误'}）", "请把文件复制到本机硬盘后再试")


def _damaged(path: Path, cause: str) -> Unreadable:
    return Unreadable(path, cause, _REPAIR)


def _directory(path: Path, data: bytes, limit: int) -> dict[str, _Entry]:
    """Read the zip directory.

    Raises:
        Unreadable: it is no zip file, or one that a workbook never is.
    """
    if not data.startswith(b"PK\x03\x04"):
        raise _not_zip(path, data)
    try:
        count, size, offset, end = _end_record(path, data)
        if offset + size != end:
            raise _damaged(path, "压缩包目录的位置不对")
        central = [_central_record(data, position) for position in _positions(data, offset, end, count)]
    except (struct.error, IndexError) as error:
        raise _damaged(path, "压缩包目录不完整") from error
    if sum(item.size for item in central) > limit:
        raise _damaged(path, f"解压后超过 {limit >> 20} MB，不像一份填报件")
    starts = sorted(item.offset for item in central)
    ends = dict(zip(starts, [*starts[1:], offset], strict=True))
    entries: dict[str, _Entry] = {}
    seen: set[str] = set()
    for item in central:
        try:
            name = item.name.decode("utf-8" if item.flags & 0x800 else "cp437")
        except UnicodeDecodeError as error:
            raise _damaged(path, "部件名称无法辨认") from error
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            raise _damaged(path, f"部件名称 {name} 指向文件之外")
        if name.lower() in seen:
            raise _damaged(path, f"部件 {name} 重复出现")
        seen.add(name.lower())
        if item.flags & 1:
            raise Unreadable(path, "压缩包内容被加密", "请取消密码，用 Excel 或 WPS 重新保存后再试")
        if item.method not in (0, 8):
            raise _damaged(path, f"部件 {name} 的压缩方式不能识别")
        end_of_part = ends[item.offset]
        header = data[item.offset : item.offset + 30]
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise _damaged(path, f"部件 {name} 的位置不对")
        name_length, extra_length = header[26] | header[27] << 8, header[28] | header[29] << 8
        body = item.offset + 30 + name_length + extra_length
        if body + item.packed > end_of_part or not data.startswith(item.name, item.offset + 30):
            raise _damaged(path, f"部件 {name} 的位置不对")
        entries[name] = _Entry(
            item.record, item.method, item.crc, item.packed, item.size, item.offset, body, end_of_part
        )
    return entries


class _Central(NamedTuple):
    record: bytes
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def _end_record(path: Path, data: bytes) -> tuple[int, int, int, int]:
    """Return the number of parts, the directory's size and offset, and where it ends."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 65535))
    if end < 0:
        raise _damaged(path, "文件不完整，可能没有下载或复制完")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, end)
    if count == 0xFFFF or 0xFFFFFFFF in (size, offset):
        magic, _, end, _ = _LOCATOR64.unpack_from(data, end - _LOCATOR64.size)
        if magic != b"PK\x06\x07" or not data.startswith(b"PK\x06\x06", end):
            raise _damaged(path, "压缩包目录不完整")
        *_, count, size, offset = _END64.unpack_from(data, end)
    return count, size, offset, end


def _positions(data: bytes, offset: int, end: int, count: int) -> list[int]:
    positions = []
    while offset < end:
        if not data.startswith(b"PK\x01\x02", offset):
            raise IndexError
        positions.append(offset)
        name, extra, comment = struct.unpack_from("<3H", data, offset + 28)
        offset += _CENTRAL.size + name + extra + comment
    if len(positions) != count or offset != end:
        raise IndexError
    return positions


def _central_record(data: bytes, position: int) -> _Central:
    fields = _CENTRAL.unpack_from(data, position)
    _, _, _, flags, method, _, _, crc, packed, size, names, extras, comments, _, _, _, offset = fields
    after_name = position + _CENTRAL.size + names
    name = data[position + _CENTRAL.size : after_name]
    record = data[position : after_name + extras + comments]
    if 0xFFFFFFFF in (packed, size, offset):
        extra, kept, at = data[after_name : after_name + extras], b"", 0
        while at + 4 <= len(extra):
            tag, length = struct.unpack_from("<2H", extra, at)
            if tag == 1:
                wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
                size = next(wide, size) if size == 0xFFFFFFFF else size
                packed = next(wide, packed) if packed == 0xFFFFFFFF else packed
                offset = next(wide, offset) if offset == 0xFFFFFFFF else offset
            else:
                kept += extra[at : at + 4 + length]
            at += 4 + length
        # Everything fits into 32 bits here, so the copy of this record is written without the zip64 field.
        head = (*fields[:8], min(packed, 0xFFFFFFFF), min(size, 0xFFFFFFFF), names, len(kept), *fields[12:])
        comment = data[after_name + extras : after_name + extras + comments]
        record = _CENTRAL.pack(*head) + name + kept + comment
    return _Central(record, name, flags, method, crc, packed, size, offset)


def _not_zip(path: Path, data: bytes) -> Unreadable:
    """Say what a file is that does not start like a zip file."""
    if not data:
        return Unreadable(path, "文件是空的（0 字节）", _AGAIN)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return Unreadable(path, "文件设有打开密码", "请用 Excel 或 WPS 打开，取消打开密码后保存，再审核")
        if any(name.encode("utf-16-le") + b"\0\0" in data for name in ("Workbook", "Book")):
            return Unreadable(path, "这是旧的 .xls 或 .et 格式", _SAVE_AS)
        if "WordDocument".encode("utf-16-le") in data:
            return Unreadable(path, "这是 Word 文档，不是工作簿", "请选择 .xlsx 或 .xlsm 文件")
        return Unreadable(path, "这不是 .xlsx 或 .xlsm 工作簿", _SAVE_AS)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return Unreadable(path, "内容是网页，不是 Excel 工作簿", _SAVE_AS)
    if start.startswith(b"%pdf"):
        return Unreadable(path, "这是 PDF 文件，不是工作簿", "请选择 .xlsx 或 .xlsm 文件")
    if not any(data[:1024]):
        return Unreadable(path, "文件内容全为空字节，可能没有下载完", _AGAIN)
    return Unreadable(path, "这不是 Excel 工作簿", "请选择 .xlsx 或 .xlsm 文件；其他格式请先另存为 .xlsx")


def _other_zip(path: Path, parts: Mapping[str, bytes]) -> Unreadable:
    """Say what a zip file is that holds no workbook we read."""
    if "xl/workbook.bin" in parts:
        return Unreadable(path, "这是二进制工作簿（.xlsb）", _SAVE_AS)
    if "word/document.xml" in parts:
        return Unreadable(path, "这是 Word 文档，不是工作簿", "请选择 .xlsx 或 .xlsm 文件")
    if "ppt/presentation.xml" in parts:
        return Unreadable(path, "这是演示文稿，不是工作簿", "请选择 .xlsx 或 .xlsm 文件")
    if "mimetype" in parts:
        if b"opendocument.spreadsheet" in parts["mimetype"]:
            return Unreadable(path, "这是 .ods 格式的表格", _SAVE_AS)
        return Unreadable(path, "这不是 Excel 工作簿", "请选择 .xlsx 或 .xlsm 文件")
    return Unreadable(path, "这是压缩包，不是工作簿", "请先解压，再选择其中的 .xlsx 或 .xlsm 文件")


def replace(
    path: str | os.PathLike[str],
    parts: Parts,
    changes: Mapping[str, bytes | None],
    added: Mapping[str, bytes] | None = None,
) -> bool:
    """Write a workbook in which some parts are replaced and every other one is copied byte for byte.

    The file appears complete or not at all: it is written beside the target, flushed to disk and renamed.

    Args:
        path: file to write; may be the one that was read.
        parts: the workbook as read.
        changes: new content by part name; ``None`` removes the part.
        added: content of parts that the workbook does not have yet.

    Returns:
        Whether anything was written; a file that would not change is left alone.

    Raises:
        KeyError: a changed part does not exist, or an added one does.
        Unreadable: the file cannot be written, or was changed by someone else since it was read.
    """
    added = added or {}
    for name in added:
        if name in parts:
            raise KeyError(name)
    changed = {
        name: content for name, content in changes.items() if content is None or parts[name] != content
    }
    target = Path(os.path.realpath(path))
    same = target == Path(os.path.realpath(parts.path))
    if same and not changed and not added:
        return False
    try:
        status = target.stat()
    except FileNotFoundError:
        status = None
    except OSError as error:
        raise _unopened(target, error) from error
    if same and (status is None or _Stamp.of(status) != parts.stamp):
        raise Unreadable(target, "读取之后文件又被改动，未写入任何内容", "请保存并关闭该文件，再重新审核")
    _write_whole(target, _zip(parts, changed, added), status)
    return True


def _zip(parts: Parts, changed: Mapping[str, bytes | None], added: Mapping[str, bytes]) -> list[bytes]:
    """Return the blocks of a new zip file."""
    blocks: list[bytes] = []
    directory: list[bytes] = []
    position = 0
    for name in (*parts.names, *added):
        content = added.get(name, changed.get(name))
        if content is not None:
            block, record = _pack(name, content)
        elif name in changed:
            continue
        else:
            block, record = parts.raw(name), parts._entries[name].record
        blocks.append(block)
        directory.append(record[:42] + struct.pack("<I", position) + record[46:])
        position += len(block)
    size = sum(map(len, directory))
    end = _END.pack(b"PK\x05\x06", 0, 0, len(directory), len(directory), size, position, 0)
    return [*blocks, *directory, end]


def _pack(name: str, content: bytes) -> tuple[bytes, bytes]:
    """Return the local block and the directory record of a new part."""
    # zlib, not isal: the same content must give the same bytes whether the accelerator is installed or not.
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = deflater.compress(content) + deflater.flush()
    encoded = name.encode()
    flags = 0 if name.isascii() else 0x800
    common = (20, flags, 8, 0, _FIRST_DAY, zlib.crc32(content), len(packed), len(content), len(encoded), 0)
    block = _LOCAL.pack(b"PK\x03\x04", *common) + encoded + packed
    return block, _CENTRAL.pack(b"PK\x01\x02", 20, *common, 0, 0, 0, 0, 0) + encoded


def _write_whole(target: Path, blocks: list[bytes], status: os.stat_result | None) -> None:
    started = False
    try:
        mode = stat.S_IMODE(status.st_mode) if status else 0o666 & ~_umask()
        with replacing(target, mode) as temporary:
            started = True
            with temporary.open("wb") as file:
                file.writelines(blocks)
    except OSError as error:
        raise _unwritten(target, error, started=started) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _unwritten(target: Path, error: OSError, *, started: bool) -> Unreadable:
    if isinstance(error, PermissionError):
        if started:
            return Unreadable(target, "文件正被打开，无法写入；原文件未改动", _CLOSE)
        return Unreadable(
            target, "没有写入这个文件夹的权限；原文件未改动", "请把文件复制到有写入权限的文件夹"
        )
    if error.errno == errno.ENOSPC:
        return Unreadable(target, "磁盘空间不足；原文件未改动", "请清理磁盘后再试")
    return Unreadable(
        target, "写入失败，磁盘或文件夹不允许；原文件未改动", "请检查磁盘，或换一个文件夹后再试"
    )
