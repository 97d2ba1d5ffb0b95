"""Collecting many filings beside what others take to merely read them: ``python tests/bench/collect.py [filings]``.

The filings are copies of the two real ones, each with a unit and figures of its own, so that no cache of texts helps.
All run on the same cores, in processes, a hundred files a task. Ratios are of one run, by the clock and by the time that
the processors worked; on an idle machine they agree, on a busy one the second is nearer the truth. Nothing is asserted.
"""

from __future__ import annotations

import random
import re
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from python_calamine import CalamineWorkbook

from jixiao import resources
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.treasury.collect import collect
from jixiao.treasury.query import ask, connect
from jixiao.treasury.store import Store
from jixiao.treasury.workers import cores

TASK = 100
#: Slow readers are measured on so many files.
FEW = 40
_UNIT = {"hengshan_2023": "衡山县市场监督管理局", "yueyanglou_2023": "岳阳市岳阳楼区市场监督管理局"}
_NUMBER = re.compile(rb"<v>(\d{2,6}\.\d{1,2})</v>")


def vary(folder: Path, count: int) -> list[Path]:
    """So many filings, each with its own unit and a tenth of its figures changed a little."""
    catalogue, rng = load_catalogue(), random.Random(2023)
    models = []
    for name, unit in _UNIT.items():
        model = folder / f"{name}.xlsx"
        build(
            catalogue.packages[name], read_case(resources.CASES / f"{name}.yaml", catalogue), catalogue, model
        )
        models.append((Parts.open(model), unit))
        model.unlink()

    def changed(match: re.Match[bytes]) -> bytes:
        if rng.random() > 0.1:
            return match[0]
        return f"<v>{float(match[1]) * rng.uniform(0.9, 1.1):.2f}</v>".encode()

    paths = []
    for k in range(count):
        parts, unit = models[k % len(models)]
        sheets = [name for name in parts if name.startswith("xl/worksheets/sheet")]
        strings = parts["xl/sharedStrings.xml"].replace(unit.encode(), f"{unit}第{k}所".encode())
        changes: dict[str, bytes | None] = {name: _NUMBER.sub(changed, parts[name]) for name in sheets}
        path = folder / f"{k // 500:03}" / f"{k:06}.xlsx"
        path.parent.mkdir(exist_ok=True)
        replace(path, parts, {**changes, "xl/sharedStrings.xml": strings})
        paths.append(path)
    return paths


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
        folder.mkdir()
        paths = vary(folder, count)
        size = sum(path.stat().st_size for path in paths) / count / 1024
        print(f"{count} filings of {size:.0f} KB, {cores()} cores")
        store = Path(name) / "store"
        unzipped = taken(lambda: pooled(unzip, paths))
        collected = taken(lambda: collect([folder], store, catalogue))
        read = taken(lambda: pooled(calamine, paths))
        again = taken(lambda: collect([folder], store, catalogue))
        few = paths[:FEW]
        loops = {
            "pandas.read_excel, a loop": taken(lambda: with_pandas(few)),
            "openpyxl read_only, a loop": taken(lambda: with_openpyxl(few)),
        }

        def line(title: str, seconds: tuple[float, float], files: int = count) -> None:
            print(
                f"{title:44} {files / seconds[0]:8.0f} /s  {seconds[1] / files * 1000:8.2f} ms of a processor each"
            )

        line("zipfile: unzip, process pool", unzipped)
        line("python-calamine: every cell, process pool", read)
        line("jixiao collect: read, checked, stored", collected)
        for peer, least, other in (("calamine", 1.2, read), ("unzip", 0.35, unzipped)):
            clock, worked = (theirs / ours for theirs, ours in zip(other, collected, strict=True))
            print(f"    of the rate of {peer:24} {clock:8.2f} x  {worked:8.2f} x by processors  (≥ {least})")
        line("jixiao collect again, nothing changed", again)
        for title, seconds in loops.items():
            line(title, seconds, len(few))
        connection = connect(Store.open(store), catalogue)
        question = "SELECT rule, unit, count(*) FROM findings GROUP BY rule, unit"
        groups = 0
        begun = time.perf_counter()
        for _ in ask(connection, question).rows:
            groups += 1
        print(f"{'findings by rule and unit':44} {time.perf_counter() - begun:8.3f} s   ({groups} groups)")
        peak = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"{'largest process':44} {peak / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
