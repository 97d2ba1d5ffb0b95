"""Where filings come from: folders, however deep, and zip files, read without unpacking them to disk.

Only directories are read here, of folders and of zip files; the files themselves are read chunk by chunk, perhaps on
another machine. Names of members are shown and never used as a path.
"""

from __future__ import annotations

import os
import stat
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from jixiao.books.ooxml.parts import PART_LIMIT, Unreadable, inflated
from jixiao.treasury.collecting import remote

WORKBOOKS = (".xlsx", ".xlsm")
ZIP = ".zip"
SEPARATOR = "!"
"""What stands between a zip file and its member in the name of a source."""
#: What may well be a filing, but in a form that nobody can read here: it is listed, with what to do about it.
_SAVE_AS = ("这是 {kind} 格式，不能直接审核", "请用 Excel 或 WPS 打开后另存为 .xlsx，再收集")
_UNPACK = ("这是 {kind} 压缩包，不能直接读取", "请先解压到文件夹，或改用 .zip 压缩，再收集")
_STRANGE = {
    **dict.fromkeys((".xls", ".et", ".xlsb", ".ods"), _SAVE_AS),
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz", ".tgz"), _UNPACK),
}
_NESTED = ("压缩包里还有压缩包，没有读取", "请先把里面的压缩包解压出来，再收集")
_LOCKS = ("~$", ".")
_MAC = "__MACOSX/"
_HIDDEN = getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 2)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_STORED, _DEFLATED = 0, 8
_LOCAL_HEADER = 30


@dataclass(frozen=True, slots=True)
class Member:
    """Where a workbook lies in a zip file."""

    start: int
    packed: int
    method: int
    crc: int


@dataclass(frozen=True, slots=True)
class Source:
    """One file that may be a filing.

    ``name`` is unique and fit to be shown: an absolute path or a URL, or that of a zip file, ``!`` and the member's
    name; ``path`` is what it is opened by. ``modified`` is in nanoseconds since 1970, 0 when nobody knows; what a zip
    file says about it is the clock of who packed it.
    """

    name: str
    path: str
    size: int
    modified: int
    member: Member | None = None

    @property
    def stamp(self) -> int:
        """What changes, beside the size, when somebody writes the file: its time, in a zip file its CRC."""
        return self.member.crc if self.member else self.modified


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not read, and why; ``closed`` is a folder or zip file that could not be opened."""

    source: Source
    cause: str
    remedy: str
    closed: bool = False


@dataclass
class Found:
    """What the given places hold: workbooks to be read, files that cannot be, and how many are none of ours."""

    sources: list[Source] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    others: int = 0


def find(places: Iterable[Path | str], without: Sequence[Path] = ()) -> Found:
    """All workbooks in ``places``, each once, in the order of their names.

    Links are followed, also in circles. Lock files (``~$…``) and hidden files are no filings.

    Args:
        places: folders, zip files and workbooks that are there; texts are URLs of such.
        without: folders and files that are left out, such as the store.

    Raises:
        DeskError: a URL cannot be opened.
    """
    return _Finder(without).find(places)


def absolute(place: Path | str) -> str:
    """A place under the name that its sources begin with: links in it are left as they are."""
    if isinstance(place, str):
        return remote.public(place)
    return os.path.abspath(place)  # noqa: PTH100 - Path.resolve would follow them


def opened(path: str) -> BinaryIO:
    """The file of a source, wherever it is.

    Raises:
        OSError: it is not there or cannot be read.
    """
    return remote.opened(path) if remote.is_url(path) else Path(path).open("rb")


def visible_here(source: Source) -> bool:
    """Whether this machine sees the file of a source."""
    return remote.exists(source.path) if remote.is_url(source.path) else os.path.exists(source.path)  # noqa: PTH110


def shown(name: str) -> str:
    """A file name as text that can be stored: bytes that are not UTF-8, as of old Chinese systems, read as GBK."""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("gb18030", "replace")
    return name if name.isprintable() else "".join(c if c.isprintable() else "�" for c in name)


def content(source: Source, opened: BinaryIO) -> bytes:
    """The bytes of a source, from its file.

    Raises:
        Unreadable: they are damaged, or more than any filing has.
        OSError: the file cannot be read.
    """
    at = source.member
    if at is None:
        return opened.read()
    opened.seek(at.start)
    header = opened.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
        raise _damaged(source)
    opened.seek((header[26] | header[27] << 8) + (header[28] | header[29] << 8), os.SEEK_CUR)
    try:
        return inflated(opened.read(at.packed), at.method, source.size, at.crc)
    except ValueError as error:
        raise _damaged(source) from error


def _damaged(source: Source) -> Unreadable:
    return Unreadable(source.name, "它在压缩包里的数据已损坏", "请重新压缩，或重新索取一份完整的文件")


class _Finder:
    def __init__(self, without: Sequence[Path]) -> None:
        self._without = {os.path.realpath(path) for path in without}
        self._seen: set[str] = set()
        self._names: set[str] = set()
        self._found = Found()

    def find(self, places: Iterable[Path | str]) -> Found:
        for place in places:
            if isinstance(place, str):
                self._remote(place)
                continue
            path = absolute(place)
            if place.is_dir():
                self._folder(path)
            else:
                self._file(path, os.path.realpath(path))
        self._found.sources.sort(key=lambda source: source.name)
        self._found.refused.sort(key=lambda refused: refused.source.name)
        return self._found

    def _folder(self, top: str) -> None:
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            real = os.path.realpath(folder)
            if real in self._without or not self._first(real):
                continue
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError:
                self._refuse(_plain(folder), "文件夹不能打开", "请检查读取权限，再重新收集", closed=True)
                continue
            for entry in entries:
                if _hidden(entry):
                    continue
                # Only a link can lead to what was seen under another name.
                target = os.path.realpath(entry.path) if entry.is_symlink() else f"{real}{os.sep}{entry.name}"
                if _is_folder(entry):
                    waiting.append(entry.path)
                else:
                    self._file(entry.path, target)

    def _first(self, real: str) -> bool:
        if real in self._seen:
            return False
        self._seen.add(real)
        return True

    def _remote(self, url: str) -> None:
        root = absolute(url)
        for file in remote.files(url):
            if any(part.startswith(_LOCKS) for part in file.inner.split("/")):
                continue
            suffix = self._suffix(file.url)
            name = f"{root}/{shown(file.inner)}" if file.inner else root
            if suffix and self._first(name):
                self._source(Source(self._unique(name), file.url, file.size, file.modified), suffix)

    def _suffix(self, path: str) -> str:
        """How the name of a file ends that may be a filing; nothing if it is of another kind, which is counted."""
        suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
        if suffix in WORKBOOKS or suffix == ZIP or suffix in _STRANGE:
            return suffix
        self._found.others += 1
        return ""

    def _file(self, path: str, real: str) -> None:
        suffix = self._suffix(path)
        if not suffix:
            return
        if real in self._without or not self._first(real):
            return
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            self._refuse(_plain(path), "找不到文件，或它指向的文件已不在", "请核对这个文件")
            return
        self._source(Source(self._unique(shown(path)), path, status.st_size, status.st_mtime_ns), suffix)

    def _source(self, source: Source, suffix: str) -> None:
        if suffix in _STRANGE:
            cause, remedy = _STRANGE[suffix]
            self._refuse(source, cause.format(kind=suffix), remedy)
        elif suffix == ZIP:
            self._zip(source)
        else:
            self._found.sources.append(source)

    def _refuse(self, source: Source, cause: str, remedy: str, *, closed: bool = False) -> None:
        self._found.refused.append(Refused(source, cause, remedy, closed))

    def _unique(self, name: str) -> str:
        """Two files whose names differ only in what cannot be shown are still two."""
        while name in self._names:
            name += "'"
        self._names.add(name)
        return name

    def _zip(self, source: Source) -> None:
        try:
            with opened(source.path) as file, zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
            remedy = "请重新压缩，或重新索取一份完整的文件"
            self._refuse(source, "压缩包已损坏，或没有下载、复制完", remedy, closed=True)
            return
        except OSError:
            self._refuse(source, "压缩包不能读取", "请检查读取权限，再重新收集", closed=True)
            return
        for info in sorted(_files(members), key=_member_name):
            self._member(source, info)

    def _member(self, archive: Source, info: zipfile.ZipInfo) -> None:
        name = _member_name(info)
        suffix = self._suffix(name)
        if not suffix:
            return
        at = Member(info.header_offset, info.compress_size, info.compress_type, info.CRC)
        source = Source(
            self._unique(f"{archive.name}{SEPARATOR}{shown(name)}"),
            archive.path,
            info.file_size,
            _packed_at(info),
            at,
        )
        if suffix in _STRANGE:
            cause, remedy = _STRANGE[suffix]
            self._refuse(source, cause.format(kind=suffix), remedy)
        elif suffix == ZIP:
            self._refuse(source, *_NESTED)
        elif info.flag_bits & _ENCRYPTED:
            self._refuse(source, "压缩包设有密码", "请解压后再收集，或取消密码重新压缩")
        elif info.compress_type not in (_STORED, _DEFLATED):
            self._refuse(source, "压缩方式不能识别", "请用系统自带的“压缩”功能重新压缩为 .zip")
        elif max(info.file_size, info.compress_size) > PART_LIMIT:
            self._refuse(source, f"解压后超过 {PART_LIMIT >> 20} MB，不像一份填报件", "请确认选对了文件")
        else:
            self._found.sources.append(source)


def _plain(path: str) -> Source:
    return Source(shown(path), path, 0, 0)


def _hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(_LOCKS):
        return True
    if os.name != "nt":
        return False
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & _HIDDEN)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _files(members: Iterable[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    for info in members:
        name = _member_name(info)
        if not (name.endswith("/") or name.startswith(_MAC) or name.rpartition("/")[2].startswith(_LOCKS)):
            yield info


def _member_name(info: zipfile.ZipInfo) -> str:
    """The name of a member: UTF-8 where the zip file says so, else what Chinese systems write, UTF-8 or GBK."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        raw = name.encode("cp437")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("gb18030", "replace")
    return name.replace("\\", "/")


def _packed_at(info: zipfile.ZipInfo) -> int:
    """When a member was last written, in nanoseconds; 0 when that is no date."""
    try:
        return int(time.mktime((*info.date_time, 0, 0, -1))) * 10**9
    except (ValueError, OverflowError):
        return 0
