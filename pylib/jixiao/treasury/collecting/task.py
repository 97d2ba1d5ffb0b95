"""One chunk of files: read, checked, and turned into rows. The same task runs in a process pool and on a cluster.

A task takes names of files and gives bytes; it writes nothing and knows nothing of the other chunks, so that it can be
run again, elsewhere, and gives the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import gc
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from jixiao import __version__
from jixiao.adjustments import adjusted, own_instead
from jixiao.books.ooxml.parts import TOTAL_LIMIT, Parts, Unreadable
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read_workbook
from jixiao.books.results import LastCheck, last_check
from jixiao.check import check_frame
from jixiao.declarations import Adjustments, Catalogue
from jixiao.filing import Filing, Frame
from jixiao.findings import Finding, status
from jixiao.scope import Calculation
from jixiao.treasury.collecting import rows
from jixiao.treasury.collecting.sources import Source, content, opened
from jixiao.treasury.keeping.store import Result
from jixiao.treasury.keeping.tables import schemas

#: What the check that a filing was handed in with is worth.
VALID, OTHER_RULES, EDITED, NOT_PASSED, NEVER = "有效", "规则已更新", "审核后改动", "审核未通过", "未经审核"
_CORE = "docProps/core.xml"
#: A block that is made and dropped, and never written to: from then on the memory manager of Linux keeps up to twice as much
#: that is free. Parts of some 200 KB would else be given back and fetched anew for every file, page by page, which takes
#: as long as inflating them.
_BLOCK = 16 * 2**20
_SAVED = re.compile(rb"<dcterms:modified\b[^<>]*>\s*([^<]{10,35}?)\s*<")


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a chunk: its number in the store, where it is, and what it held when it was last read."""

    filing: int
    source: Source
    digest: str = ""


@dataclass(frozen=True)
class Chunk:
    """Files that are read and checked together."""

    number: int
    items: tuple[Item, ...]
    adjustments: Adjustments | None = None
    """What the treasury has set, whatever the files of its package and year carry."""


@dataclass
class _Read:
    item: Item
    digest: str
    filing: Filing
    checked: LastCheck | None
    saved: dt.datetime | None


@dataclass
class _Failed:
    item: Item
    digest: str
    cause: str
    remedy: str


def maker(catalogue: Catalogue) -> str:
    """What rows depend on beside the files: this program and the rules."""
    return f"{__version__} {catalogue.version}"


def run(chunk: Chunk, catalogue: Catalogue) -> Result:
    """Read and check the files of a chunk.

    A file that cannot be read, or breaks the program, becomes a row of ``failures`` and keeps no other from being
    checked.
    """
    made_by = maker(adjusted(catalogue, chunk.adjustments))
    result = Result([item.filing for item in chunk.items], made_by)
    with _undisturbed():
        done: list[_Read] = []
        failed: list[_Failed] = []
        with contextlib.closing(_Opened()) as opened:
            for item in chunk.items:
                outcome = _read(item, opened, catalogue)
                if isinstance(outcome, _Read):
                    own_instead(outcome.filing, chunk.adjustments)
                if outcome is None:
                    result.unchanged.append(item.filing)
                elif isinstance(outcome, _Read):
                    done.append(outcome)
                else:
                    failed.append(outcome)
        tables = _Tables(schemas(catalogue))
        for alike, own in _alike(done, catalogue):
            _package(alike, own, tables, failed)
        tables.add("failures", _failures(failed, tables.schemas["failures"]))
        for name, found in tables.blocks.items():
            if found and (table := pa.concat_tables(found).unify_dictionaries()).num_rows:
                result.tables[name] = _packed(table), table.num_rows
    return result


def refused(chunk: Chunk, catalogue: Catalogue, reasons: Sequence[tuple[str, str]]) -> Result:
    """The result for files that were not read at all, with cause and remedy of each."""
    failed = [
        _Failed(item, "", cause, remedy) for item, (cause, remedy) in zip(chunk.items, reasons, strict=True)
    ]
    table = _failures(failed, schemas(catalogue)["failures"])
    filings = [item.filing for item in chunk.items]
    made_by = maker(adjusted(catalogue, chunk.adjustments))
    return Result(filings, made_by, {"failures": (_packed(table), table.num_rows)})


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage collector, which would look through a hundred filings again and again and find none, and without
    giving memory back after each file."""
    bytes(_BLOCK)
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _packed(table: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd", compression_level=1)
    return target.getvalue()


# ------------------------------------------------------------------------------------------------------------ reading


class _Opened:
    """The file of the last source, kept open for the next member of the same zip file."""

    def __init__(self) -> None:
        self._path = ""
        self._file: BinaryIO | None = None

    def content(self, source: Source) -> bytes:
        if source.member is None:
            with opened(source.path) as file:
                return content(source, file)
        if self._file is None or self._path != source.path:
            self.close()
            self._file = opened(source.path)
            self._path = source.path
        return content(source, self._file)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _read(item: Item, opened: _Opened, catalogue: Catalogue) -> _Read | _Failed | None:
    """The filing of one file; ``None`` when it holds what it held before."""
    source, digest = item.source, ""
    try:
        if source.size > TOTAL_LIMIT:
            raise Unreadable(
                source.name, f"文件超过 {TOTAL_LIMIT >> 20} MB，不像一份填报件", "请确认选对了文件"
            )
        data = opened.content(source)
        digest = hashlib.sha256(data).hexdigest()
        if digest == item.digest:
            return None
        workbook = Workbook(Parts.of(Path(source.name), data))
        filing = read_workbook(workbook, catalogue)
        return _Read(item, digest, filing, last_check(workbook), _saved(workbook.parts))
    except Unreadable as error:
        return _Failed(item, digest, error.cause, error.remedy)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return _Failed(item, digest, "收集期间文件被移走或改名", "请重新收集")
        return _Failed(
            item, digest, "没有读取权限，或文件正被其他程序占用", "请关闭该文件并检查权限，再重新收集"
        )
    except Exception as error:
        return _fault(item, digest, error)


def _fault(item: Item, digest: str, error: Exception) -> _Failed:
    """A file over which the program stumbled: our fault, shown as such."""
    cause = f"程序未能处理这个文件（{type(error).__name__}），这是程序的问题，不是填报的问题"
    return _Failed(item, digest, cause, "请把本文件反馈给下发单位")


def _saved(parts: Parts) -> dt.datetime | None:
    """When a spreadsheet program last saved the workbook, by its own account: it survives copying and zipping."""
    match = _SAVED.search(parts[_CORE]) if _CORE in parts else None
    if match is None:
        return None
    with contextlib.suppress(ValueError, OverflowError):
        moment = dt.datetime.fromisoformat(match[1].decode("ascii", "replace"))
        return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
    return None


# ----------------------------------------------------------------------------------------------------------- checking


class _Tables:
    """The rows of a chunk, package by package."""

    def __init__(self, schemas: Mapping[str, pa.Schema]) -> None:
        self.schemas = schemas
        self.blocks: dict[str, list[Any]] = {name: [] for name in schemas}

    def add(self, name: str, table: Any) -> None:
        self.blocks[name].append(table)


def _alike(done: Sequence[_Read], catalogue: Catalogue) -> Iterator[tuple[list[_Read], Catalogue]]:
    """The filings that can be checked at once: of one package, issued with the same adjustments."""
    groups: dict[tuple[str, str], tuple[list[_Read], Catalogue]] = {}
    for each in done:
        own = adjusted(catalogue, each.filing.adjustments)
        groups.setdefault((each.filing.package, own.version), ([], own))[0].append(each)
    for key in sorted(groups):
        yield groups[key]


def _package(done: Sequence[_Read], catalogue: Catalogue, tables: _Tables, failed: list[_Failed]) -> None:
    """Check the filings of one package and add their rows.

    A rule that crashes over a hundred filings says so of all of them: then they are checked one by one, and it is said
    of those that it is true of.
    """
    try:
        findings, calculation = _checked(done, catalogue)
        if len(done) > 1 and any(finding.outcome == "rule_error" for finding in findings):
            raise RuntimeError
        ids = [each.item.filing for each in done]
        stated = rows.stated(calculation, ids, tables.schemas)
        found = rows.found(findings, ids, tables.schemas["findings"])
    except Exception as error:
        if len(done) == 1:
            failed.append(_fault(done[0].item, done[0].digest, error))
        else:
            for each in done:
                _package([each], catalogue, tables, failed)
        return
    for name, table in {**stated, "findings": found}.items():
        tables.add(name, table)
    by_filing: list[list[Finding]] = [[] for _ in done]
    for finding in findings:
        by_filing[finding.filing].append(finding)
    tables.add("received", _received(done, by_filing, catalogue, tables.schemas["received"]))


def _checked(done: Sequence[_Read], catalogue: Catalogue) -> tuple[list[Finding], Calculation]:
    package = catalogue.packages[done[0].filing.package]
    frame = Frame([each.filing for each in done], package.forms)
    calculation = Calculation(frame, catalogue)
    return check_frame(frame, package, catalogue, calculation), calculation


def worth(filing: Filing, checked: LastCheck | None, catalogue: Catalogue) -> str:
    """What the check that a filing was handed in with is worth: whether the seal is that of the facts as they are."""
    if checked is None:
        return NEVER
    if not checked.seal:
        return NOT_PASSED
    if not checked.holds(filing):
        return EDITED
    version = adjusted(catalogue, filing.adjustments).version
    return VALID if checked.version == version else OTHER_RULES


def sealed_at(checked: LastCheck | None, value: str) -> dt.datetime | None:
    """When a filing passed the check that sealed it; ``None`` when no seal holds, or it is of before and has no time."""
    if checked is not None and value in (VALID, OTHER_RULES):
        with contextlib.suppress(ValueError):
            return dt.datetime.fromisoformat(checked.moment)
    return None


def _origin(each: _Read | _Failed) -> dict[str, object]:
    """The file of an entry: by these columns the next run knows that it has not changed."""
    source = each.item.source
    return {
        "filing": each.item.filing,
        "source": source.name,
        "size": source.size,
        "stamp": source.stamp,
        "digest": each.digest,
    }


def _received(
    done: Sequence[_Read], findings: Sequence[Sequence[Finding]], catalogue: Catalogue, schema: pa.Schema
) -> Any:
    values = [worth(each.filing, each.checked, catalogue) for each in done]
    entries = [
        {
            **_origin(each),
            "modified": _moment(each.item.source.modified),
            "saved": each.saved,
            "package": each.filing.package,
            "year": each.filing.year,
            "unit": each.filing.unit,
            "code": each.filing.unit_code or None,
            "status": status(own),
            "errors": sum(finding.severity == "error" for finding in own),
            "warnings": sum(finding.severity == "warning" for finding in own),
            "infos": sum(finding.severity == "info" for finding in own),
            "outstanding": sum(finding.outstanding for finding in own),
            "seal": value,
            "sealed_with": each.checked.version if each.checked else None,
            "sealed_at": sealed_at(each.checked, value),
        }
        for each, own, value in zip(done, findings, values, strict=True)
    ]
    return pa.Table.from_pylist(entries, schema)


def _moment(nanoseconds: int) -> dt.datetime | None:
    """A file's time as its computer shows it; ``None`` when no file can be of that time."""
    if nanoseconds > 0:
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return dt.datetime.fromtimestamp(nanoseconds / 1e9)
    return None


def _failures(failed: Sequence[_Failed], schema: pa.Schema) -> Any:
    entries = [
        {
            **_origin(each),
            "cause": each.cause,
            "remedy": each.remedy,
        }
        for each in failed
    ]
    return pa.Table.from_pylist(entries, schema)
