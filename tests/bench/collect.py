"""Collecting many filings beside what others take to merely read them:
``python tests/bench/collect.py [filings] [package …]``.

The filings are generated (tests/treasury/generating.py), as many of each package unless some are named, half of them
with mistakes; each has a unit, figures and texts of its own, so that no cache of texts helps. All run on the same cores,
in processes, a hundred files a task, three times in turn; readers that are slow read a few of the files, one after the other.
Ratios are of the best of each, by the clock and by the time that the processors worked; on an idle machine they agree, on a
busy one the second is nearer the truth. What is found is compared with what was planted; no time is asserted.
"""

from __future__ import annotations

import importlib.util
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from python_calamine import CalamineWorkbook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.keeping.query import ask, connect
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.workers import cores
from treasury.comparing import differing
from treasury.generating import PACKAGES, generate

TASK = 100
#: So often in turn; the best of each counts, because a machine is never idle for a whole minute.
ROUNDS = 3
#: Slow readers are measured on so many files, and one that must be started first on fewer.
FEW, FEWER = 40, 12
OFFICE = "soffice"
#: LibreOffice's way to say: as text with commas, UTF-8, every sheet.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
_OFFICE_SECONDS = 600


def unzip(paths: Sequence[Path]) -> None:
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                archive.read(name)


def calamine(paths: Sequence[Path]) -> None:
    for path in paths:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()


def with_openpyxl(paths: Sequence[Path]) -> None:
    import openpyxl

    for path in paths:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in book:
            for _ in sheet.iter_rows(values_only=True):
                pass
        book.close()


def with_pandas(paths: Sequence[Path]) -> None:
    import pandas

    for path in paths:
        pandas.read_excel(path, sheet_name=None, header=None, engine="openpyxl")


def with_libreoffice(paths: Sequence[Path], folder: Path) -> None:
    """All sheets of all files as CSV, by one LibreOffice without a window and with a profile of its own."""
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", _CSV, "--outdir", str(folder / "csv"), *map(str, paths)]
    subprocess.run(command, capture_output=True, check=True, timeout=_OFFICE_SECONDS)
    written = len(list((folder / "csv").glob("*.csv")))
    assert written > len(paths), f"LibreOffice wrote {written} sheets of {len(paths)} files"


def taken(job: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a job takes by the clock, and of all processors together."""
    begun, before = time.perf_counter(), processors()
    job()
    return time.perf_counter() - begun, processors() - before


def processors() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def pooled(job: Callable[[Sequence[Path]], None], paths: Sequence[Path]) -> None:
    """Do a job over all files on all cores."""
    with ProcessPoolExecutor(cores()) as pool:
        list(pool.map(job, [paths[k : k + TASK] for k in range(0, len(paths), TASK)]))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "filings"
        begun = time.perf_counter()
        planted = list(generate(folder, count, 2023, sys.argv[2:] or PACKAGES))
        paths = [folder / entry["file"] for entry in planted]
        size = sum(path.stat().st_size for path in paths) / count / 1024
        print(f"{count} filings of {size:.0f} KB, {cores()} cores", end="")
        print(f"; written in {time.perf_counter() - begun:.1f} s")
        store = Path(name) / "store"
        jobs = [
            lambda: pooled(unzip, paths),
            lambda: collect([folder], store, catalogue),
            lambda: pooled(calamine, paths),
        ]
        rounds = []
        for _ in range(ROUNDS):
            shutil.rmtree(store, ignore_errors=True)
            rounds.append([taken(job) for job in jobs])
        unzipped, collected, read = (
            tuple(map(min, zip(*times, strict=True))) for times in zip(*rounds, strict=True)
        )
        again = taken(lambda: collect([folder], store, catalogue))
        few, fewer = paths[:FEW], paths[:FEWER]
        loops = {"openpyxl read_only, a loop": (len(few), taken(lambda: with_openpyxl(few)))}
        if importlib.util.find_spec("pandas"):
            loops["pandas.read_excel, a loop"] = (len(few), taken(lambda: with_pandas(few)))
        else:
            print("pandas is not installed: left out")
        if shutil.which(OFFICE):
            seconds = taken(lambda: with_libreoffice(fewer, Path(name)))
            loops["LibreOffice headless to CSV, its start included"] = (len(fewer), seconds)
        else:
            print("LibreOffice is not installed: left out")

        def line(title: str, seconds: tuple[float, float], files: int = count) -> None:
            print(
                f"{title:48} {files / seconds[0]:8.0f} /s  {seconds[1] / files * 1000:8.2f} ms of a processor each"
            )

        line("zipfile: unzip, process pool", unzipped)
        line("python-calamine: every cell, process pool", read)
        line("jixiao collect: read, checked, stored", collected)
        for peer, least, other in (("calamine", 1.2, read), ("unzip", 0.35, unzipped)):
            clock, worked = (theirs / ours for theirs, ours in zip(other, collected, strict=True))
            print(f"    of the rate of {peer:24} {clock:8.2f} x  {worked:8.2f} x by processors  (≥ {least})")
        line("jixiao collect again, nothing changed", again)
        for title, (files, seconds) in loops.items():
            line(title, seconds, files)
        connection = connect(Store.open(store), catalogue)
        question = "SELECT rule, unit, count(*) FROM findings GROUP BY rule, unit"
        groups = 0
        begun = time.perf_counter()
        for _ in ask(connection, question).rows:
            groups += 1
        print(f"{'findings by rule and unit':48} {time.perf_counter() - begun:8.3f} s   ({groups} groups)")
        wrong = len(differing(store, planted))
        print(f"{'files with other findings than planted':48} {wrong:8}")
        peak = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"{'largest process':48} {peak / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
