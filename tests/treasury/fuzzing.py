"""Thousands of damaged files, one after the other: what the reader, collecting and importing make of each.

    python tests/treasury/fuzzing.py --count 10000 --seed 1 --keep 文件夹

Every file must give a filing or a reason in Chinese that says what to do, in bounded time and memory; anything else is a
fall. The files are read in a process of their own, which may die or hang without anything being lost but that file. A
file follows from its seed and number, so that a fall can be looked at again: ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao import resources
from jixiao.books.annotate import annotate
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Unreadable
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.intake.assembling import import_documents
from jixiao.intake.choosing import NotImportedError
from jixiao.treasury.collecting import task
from jixiao.treasury.collecting.sources import Source
from jixiao.word.report import export
from treasury.mutating import mutant

SECONDS = 10.0
"""Time of a processor that a file may take, everything done with it together."""
MEMORY = 1 << 30
"""Bytes that a file may make the process grow by, beyond what it had."""
#: By the clock, on a machine that does much else.
_PATIENCE = 12 * SECONDS
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
BOOKS = ("hengshan_2022", "hengshan_2023", "hengyang_project_2023", "xiangtan_gaoxin_2023", "yueyanglou_2023")


@dataclass(frozen=True)
class Outcome:
    """What came of one file: ``filing``, ``refused`` with the reason, or ``fell`` with what happened."""

    number: int
    kind: str
    said: str
    done: str = ""
    """What had been done to the file."""
    seconds: float = 0.0
    grown: int = 0
    """Bytes by which the process was larger than ever before."""


Work = Callable[[Path, int], tuple[str, str]]


# ------------------------------------------------------------------------------------------------- what files are used for


def collected(path: Path, number: int) -> tuple[str, str]:
    """A workbook as collecting takes it; every fifth then as a person does who has the results written into it."""
    catalogue, status = load_catalogue(), path.stat()
    source = Source(path.name, str(path), status.st_size, status.st_mtime_ns)
    with mock.patch.object(task, "_fault", _raised):
        tables = {
            name: pq.read_table(pa.BufferReader(data)).to_pylist()
            for name, (data, _) in task.run(task.Chunk(1, (task.Item(1, source),)), catalogue).tables.items()
        }
    if crashed := [each["rule"] for each in tables.get("findings", []) if each["outcome"] == "rule_error"]:
        return "fell", f"rules crashed: {crashed}"
    for failure in tables.get("failures", []):
        return _refusal(failure["cause"], failure["remedy"])
    if len(tables["received"]) != 1:
        return "fell", "neither a filing nor a reason"
    return annotated(path) if number % 5 == 0 else ("filing", "")


def annotated(path: Path) -> tuple[str, str]:
    """The results are written into the workbook, or it is said why not; what was written can be read again."""
    catalogue = load_catalogue()
    filing = read(path, catalogue)
    try:
        annotate(path, filing, check(filing, catalogue), catalogue)
    except Unreadable as error:
        kind, said = _refusal(error.cause, error.remedy)
        return ("filing", "") if kind == "refused" else (kind, said)
    again = read(path, catalogue)
    return (
        ("filing", "") if again.unit == filing.unit else ("fell", "another filing once results were written")
    )


def imported(path: Path, _: int) -> tuple[str, str]:
    """A document of somebody's own, turned into a filing that is checked."""
    catalogue = load_catalogue()
    try:
        filing = import_documents([path], catalogue, None, "", None).filing
    except (Unreadable, NotImportedError) as error:
        return _refusal(error.cause, error.remedy)
    if crashed := [each.rule for each in check(filing, catalogue) if each.outcome == "rule_error"]:
        return "fell", f"rules crashed: {crashed}"
    return "filing", ""


def _refusal(cause: str, remedy: str) -> tuple[str, str]:
    if not (_CHINESE.search(cause) and _CHINESE.search(remedy)) or len(cause) > 1000:
        return "fell", f"no reason that a person can use: {cause[:200]!r}, {remedy[:200]!r}"
    return "refused", cause


def _raised(item: task.Item, digest: str, error: Exception) -> task._Failed:
    """In place of the row that would only name the error."""
    raise _Stumbled("".join(traceback.format_exception(error)[-4:])) from error


class _Stumbled(BaseException):
    """The program stumbled: past everything that would turn it into a message."""


# -------------------------------------------------------------------------------------------------------------- models


@cache
def books() -> list[bytes]:
    """The real filings as workbooks, one of them with results."""
    catalogue, found = load_catalogue(), []
    with tempfile.TemporaryDirectory() as folder:
        for code in BOOKS:
            filing, path = (
                read_case(resources.CASES / f"{code}.yaml", catalogue),
                Path(folder) / f"{code}.xlsx",
            )
            build(catalogue.packages[code], filing, catalogue, path)
            found.append(path.read_bytes())
        filing = read(path, catalogue)
        annotate(path, filing, check(filing, catalogue), catalogue)
        found.append(path.read_bytes())
    return found


@cache
def documents() -> list[bytes]:
    """The reports of the real filings as Word documents."""
    catalogue, found = load_catalogue(), []
    with tempfile.TemporaryDirectory() as folder:
        for code in BOOKS:
            path = Path(folder) / f"{code}.docx"
            filing = read_case(resources.CASES / f"{code}.yaml", catalogue)
            export(filing, catalogue, path, None)
            found.append(path.read_bytes())
    return found


KINDS: dict[str, tuple[Callable[[], list[bytes]], str, Work]] = {
    "xlsx": (books, "填报件.xlsx", collected),
    "docx": (documents, "自评报告.docx", imported),
}


# ------------------------------------------------------------------------------------------------------------- running


def fuzz(kind: str, seed: int, numbers: Sequence[int], keep: Path | None = None) -> Iterator[Outcome]:
    """What comes of each file; those over which something falls are kept in ``keep``."""
    KINDS[kind][0]()  # once, before processes are forked
    left = list(numbers)
    while left:
        for outcome in _until_it_dies(kind, seed, tuple(left)):
            left.remove(outcome.number)
            if keep and outcome.kind == "fell":
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{outcome.number:06}.{kind}").write_bytes(
                    mutant(KINDS[kind][0](), seed, outcome.number)[0]
                )
            yield outcome


def _until_it_dies(kind: str, seed: int, numbers: Sequence[int]) -> Iterator[Outcome]:
    """Files read by one process, the last of them perhaps what killed it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_read_all, args=(kind, seed, numbers, theirs)
    )
    process.start()
    theirs.close()
    try:
        for number in numbers:
            try:
                if not ours.poll(_PATIENCE):
                    yield Outcome(
                        number,
                        "fell",
                        f"nothing for {_PATIENCE:.0f} seconds",
                        mutant(KINDS[kind][0](), seed, number)[1],
                    )
                    return
                yield ours.recv()
            except (EOFError, ConnectionError):
                process.join()
                yield Outcome(
                    number,
                    "fell",
                    f"the process ended ({process.exitcode})",
                    mutant(KINDS[kind][0](), seed, number)[1],
                )
                return
    finally:
        process.kill()
        process.join()
        ours.close()


def _read_all(kind: str, seed: int, numbers: Sequence[int], answers: Connection) -> None:
    models, called, work = KINDS[kind]
    pa.set_memory_pool(pa.system_memory_pool())  # another takes a gigabyte of addresses at once
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            data, done = mutant(models(), seed, number)
            path = Path(folder) / called
            path.write_bytes(data)
            del data
            answers.send(_one(number, done, path, work))


def _one(number: int, done: str, path: Path, work: Work) -> Outcome:
    before, begun = _size(), time.process_time()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + 2 * MEMORY, hard))
    try:
        kind, said = work(path, number)
    except _Stumbled as error:
        kind, said = "fell", str(error)
    except Exception:
        kind, said = "fell", traceback.format_exc(limit=-4)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    seconds = time.process_time() - begun
    if kind != "fell" and seconds > SECONDS:
        kind, said = "fell", f"took {seconds:.1f} seconds"
    grown = max(0, _size() - before)
    if kind != "fell" and grown > MEMORY:
        kind, said = "fell", f"took {grown >> 20} MB"
    return Outcome(number, kind, said, done, seconds, grown)


def _size() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main() -> int:
    parser = argparse.ArgumentParser(description="Read damaged files and tell what fell.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--only", type=int, help="number of the one file to read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(KINDS), default="xlsx")
    parser.add_argument("--keep", type=Path, help="folder for the files over which something fell")
    given = parser.parse_args()
    numbers = [given.only] if given.only is not None else range(given.first, given.first + given.count)
    kinds, reasons, slowest, largest, begun = Counter[str](), Counter[str](), 0.0, 0, time.monotonic()
    for outcome in fuzz(given.kind, given.seed, numbers, given.keep):
        kinds[outcome.kind] += 1
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.grown)
        if outcome.kind == "refused":
            reasons[re.sub(r"“[^”]*”|[\w/.\[\]-]*\.(?:xml|rels)", "…", outcome.said)[:60]] += 1
        elif outcome.kind == "fell":
            print(f"--- {outcome.number} {outcome.done}\n{outcome.said}", flush=True)
        if sum(kinds.values()) % 500 == 0:
            print(f"{sum(kinds.values())} {dict(kinds)} {time.monotonic() - begun:.0f} s", flush=True)
    for reason, count in reasons.most_common():
        print(f"{count:6} {reason}")
    print(
        f"{dict(kinds)}; slowest {slowest:.1f} s, largest growth {largest >> 20} MB, {time.monotonic() - begun:.0f} s"
    )
    return int(bool(kinds["fell"]))


if __name__ == "__main__":
    sys.exit(main())
