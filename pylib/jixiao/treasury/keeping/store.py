"""The store: what was collected, as Parquet files in one folder, with a list that says which of them count.

A chunk's files are written first and then named in the list, which is replaced as a whole: whoever is interrupted, or
finds the disk full, keeps every chunk that was finished, and never half of one. Files that the list does not name are
leftovers of an interrupted run and are removed by the next one.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jixiao import __version__
from jixiao.treasury.errors import StoreError
from jixiao.treasury.filenames import LISTING
from jixiao.treasury.keeping.tables import CHOSEN, RECEIVED

FORMAT = 2
"""Raised whenever a store of before can no longer be read, or columns change their meaning."""
VIEWS = ("filings", "fields", "funds", "indicators", "findings", "failures")
"""The tables that people query, in the order in which they are told."""
_LOCK = ".lock"
FILINGS = pa.schema([*RECEIVED, *CHOSEN])
#: Chunks below this many files are put together at the end: a query opens every file.
_LARGE = 2000
_GROUP = 100_000


@dataclass
class Part:
    """The files of one chunk: how many sources, checked with which program and rules, and the rows of each table."""

    name: str
    maker: str
    size: int
    rows: dict[str, int] = field(default_factory=dict)


@dataclass
class Result:
    """What came of the files of a chunk: each table as a Parquet file with its number of rows."""

    filings: list[int]
    maker: str
    tables: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    unchanged: list[int] = field(default_factory=list)
    """Files that hold what they held before, whatever the clock says."""


@dataclass(frozen=True)
class Known:
    """What the store holds of a source."""

    filing: int
    size: int
    stamp: int
    digest: str
    maker: str


class Store:
    """A store that was opened; see :meth:`open` and :meth:`writing`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[Part] = []
        self.complete = False
        self._filings = ""
        self._next = 1
        self._where: dict[int, Part] = {}

    @classmethod
    def open(cls, folder: Path) -> Store:
        """A store that is there.

        Raises:
            StoreError: there is none, or one that this version does not read.
        """
        store = cls(folder)
        try:
            listing = json.loads((folder / LISTING).read_text("utf-8"))
        except FileNotFoundError as error:
            raise StoreError(
                f"“{folder}”不是汇总库",
                "请核对 --store 后面的文件夹；还没有收集过的，请先运行 jixiao collect",
            ) from error
        except PermissionError as error:
            raise StoreError(
                f"没有读取汇总库“{folder}”的权限", "请向管理这个文件夹的人要读取的权限，或换一台能读的电脑"
            ) from error
        except (OSError, ValueError) as error:
            raise StoreError(
                f"汇总库“{folder}”的目录文件 {LISTING} 不能读取", "请换一个新文件夹重新收集"
            ) from error
        store._read(listing)
        return store

    def _read(self, listing: Any) -> None:
        version = listing.get("format") if isinstance(listing, dict) else None
        if version != FORMAT:
            made = listing.get("program", "另一版本") if isinstance(listing, dict) else "另一版本"
            raise StoreError(
                f"汇总库“{self.folder}”由程序 {made} 建立（格式 {version}），本程序只认识格式 {FORMAT}",
                "请在 --store 后换一个新文件夹重新收集，或改用建立它的程序版本",
            )
        try:
            self.parts = [Part(**part) for part in listing["parts"]]
            self.complete, self._filings = bool(listing["complete"]), str(listing["filings"])
            self._next = int(listing["next"])
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"汇总库“{self.folder}”的目录文件 {LISTING} 已损坏", "请换一个新文件夹重新收集"
            ) from error

    @classmethod
    @contextlib.contextmanager
    def writing(cls, folder: Path) -> Iterator[Store]:
        """A store to collect into, new if there is none; nobody else may write into it meanwhile.

        Raises:
            StoreError: the folder holds something else, another version's store, or somebody is writing into it.
            OSError: it cannot be written.
        """
        if not (folder / LISTING).exists():
            if folder.exists() and not folder.is_dir():
                raise StoreError(f"“{folder}”不是文件夹", "请在 --store 后面写一个文件夹")
            if folder.is_dir() and any(
                each.name not in (_LOCK, *VIEWS, "received") for each in folder.iterdir()
            ):
                raise StoreError(
                    f"文件夹“{folder}”里有别的文件，不是汇总库，没有写入任何内容",
                    "请在 --store 后面写一个新的文件夹",
                )
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder):
                store = cls(folder)
                store._save()
                yield store
            return
        cls.open(folder)  # before anything is locked: another version may lock in another way
        with _locked(folder):
            store = cls.open(folder)
            store._sweep()
            yield store

    # -- reading

    def files(self, table: str) -> list[Path]:
        """The Parquet files of a table."""
        if table == "filings":
            return [self.folder / table / self._filings] if self._filings else []
        return [self._path(table, part) for part in self.parts if table in part.rows]

    def read(self, table: str, columns: Sequence[str]) -> Any:
        """Some columns of a table, in memory."""
        found = [_rows(path, columns) for path in self.files(table)]
        return pa.concat_tables(found, promote_options="permissive") if found else None

    def known(self) -> dict[str, Known]:
        """What the store holds of every source, by its name."""
        known: dict[str, Known] = {}
        columns = ["source", "filing", "size", "stamp", "digest"]
        for part in self.parts:
            for table in ("received", "failures"):
                if table in part.rows:
                    found = _rows(self._path(table, part), columns)
                    for entry in found.to_pylist():
                        self._where[entry["filing"]] = part
                        source = entry.pop("source")
                        known[source] = Known(maker=part.maker, **entry)
        return known

    # -- writing

    def number(self) -> int:
        """A number for a source that has none yet."""
        self._next += 1
        return self._next - 1

    def add(self, result: Result) -> None:
        """Keep what came of a chunk in place of what was known of its files."""
        old = self._without(set(result.filings) - set(result.unchanged))
        if result.tables:
            part = Part(_name(), result.maker, len(result.filings) - len(result.unchanged))
            for table, (data, count) in result.tables.items():
                self._write(table, part, data)
                part.rows[table] = count
            self.parts.append(part)
        if result.tables or old:
            self._exchange(self.parts, old)

    def drop(self, sources: Iterable[int]) -> None:
        """Forget sources that are no longer there."""
        if old := self._without(sources):
            self._exchange(self.parts, old)

    def begin(self) -> None:
        """Say that the store is being changed: until :meth:`finish`, what it holds is not the whole."""
        self.complete = False
        self._save()

    def finish(self, filings: Any) -> None:
        """Put small chunks together and keep ``filings``, the table of all filings beside each other."""
        self._gather()
        name = _name() + ".parquet"
        folder = self.folder / "filings"
        folder.mkdir(exist_ok=True)
        _atomically(folder / name, lambda file: pq.write_table(filings, file, compression="zstd"))
        old, self._filings, self.complete = self._filings, name, True
        self._save()
        if old:
            (folder / old).unlink(missing_ok=True)

    def _without(self, gone: Iterable[int]) -> list[Part]:
        """Take the rows of some sources out of their parts; returns what the parts were before."""
        lost: dict[int, list[int]] = {}
        parts = {id(part): part for part in self.parts}
        for filing in gone:
            if filing in self._where:
                lost.setdefault(id(self._where.pop(filing)), []).append(filing)
        old = []
        for key, filings in lost.items():
            part = parts[key]
            old.append(replace(part))
            part.name, part.size, part.rows = _name(), part.size - len(filings), {}
            values = pa.array(filings, pa.int64())
            for table in old[-1].rows if part.size else ():
                rows = _rows(self._path(table, old[-1]))
                rows = rows.filter(pc.invert(pc.is_in(rows["filing"], values)))
                if rows.num_rows:
                    self._save_rows(table, part, [rows])
        return old

    def _gather(self) -> None:
        """Put chunks that were checked with the same rules together until they are large."""
        kept: list[Part] = []
        old: list[Part] = []
        waiting: list[Part] = []

        def gathered() -> None:
            if len(waiting) < 2:
                kept.extend(waiting)
            else:
                new = Part(_name(), waiting[0].maker, sum(part.size for part in waiting))
                for table in dict.fromkeys(table for part in waiting for table in part.rows):
                    files = [self._path(table, part) for part in waiting if table in part.rows]
                    self._save_rows(table, new, map(_rows, files))
                kept.append(new)
                old.extend(waiting)
            waiting.clear()

        for part in self.parts:
            if part.size >= _LARGE:
                kept.append(part)
                continue
            if waiting and waiting[0].maker != part.maker:
                gathered()
            waiting.append(part)
            if sum(each.size for each in waiting) >= _LARGE:
                gathered()
        gathered()
        if old:
            self._exchange(kept, old)

    def _save_rows(self, table: str, part: Part, blocks: Iterable[Any]) -> None:
        rows = pa.concat_tables(blocks, promote_options="permissive").unify_dictionaries()
        path = self._path(table, part)
        _atomically(path, lambda file: pq.write_table(rows, file, compression="zstd", row_group_size=_GROUP))
        part.rows[table] = rows.num_rows

    def _write(self, table: str, part: Part, data: bytes) -> None:
        path = self._path(table, part)
        path.parent.mkdir(exist_ok=True)
        _atomically(path, lambda file: file.write(data))

    def _exchange(self, parts: Sequence[Part], old: Sequence[Part]) -> None:
        """Name these parts in the list, and then remove those that they take the place of."""
        self.parts = [part for part in parts if part.size]
        self._save()
        for part in old:
            self._remove(part)

    def _remove(self, part: Part) -> None:
        for table in part.rows:
            with contextlib.suppress(OSError):  # someone may be reading it; the next run tries again
                self._path(table, part).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what the list does not name."""
        for table in (*VIEWS, "received"):
            named = {path.name for path in self.files(table)}
            folder = self.folder / table
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in named:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def _path(self, table: str, part: Part) -> Path:
        return self.folder / table / f"{part.name}.parquet"

    def _save(self) -> None:
        listing: Mapping[str, Any] = {
            "format": FORMAT,
            "program": __version__,
            "complete": self.complete,
            "filings": self._filings,
            "next": self._next,
            "parts": [vars(part) for part in self.parts],
        }
        text = json.dumps(listing, ensure_ascii=False)
        _atomically(self.folder / LISTING, lambda file: file.write(text.encode()))


def _name() -> str:
    return f"part-{os.urandom(6).hex()}"


def _rows(path: Path, columns: Sequence[str] | None = None) -> Any:
    """The rows of one file of the store.

    Raises:
        StoreError: somebody removed or damaged it.
    """
    try:
        with pq.ParquetFile(
            path
        ) as file:  # a reader of whole folders takes twice as long over one small file
            return file.read(columns=None if columns is None else list(columns))
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise StoreError(
            f"汇总库的数据文件“{path}”不见了，或已损坏", "请在 --store 后换一个新文件夹重新收集"
        ) from error


def _atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file completely or not at all; nobody else writes here."""
    temporary = path.with_name(f".~{path.name}")
    try:
        with temporary.open("wb") as file:
            write(file)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the store; the lock falls with the process, however that ends."""
    with (folder / _LOCK).open("a+b") as file:
        if not _take(file):
            raise StoreError(f"另一个程序正在写入汇总库“{folder}”", "请等它结束，或换一个 --store 文件夹")
        try:
            yield
        finally:
            _give_back(file)


def _take(file: BinaryIO) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a network drive that knows no locks
        return True
    return True


def _give_back(file: BinaryIO) -> None:
    """Free the store at once: processes of a pool that is ending have inherited the open file, and with it the lock."""
    if os.name != "nt":  # there no process inherits it
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
