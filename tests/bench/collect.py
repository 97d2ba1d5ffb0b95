"""Collecting many filings beside what others take to merely read them: ``python tests/bench/collect.py [filings]``.

The filings are copies of the two real ones, each with a unit and figures of its own, so that no cache of texts helps.
All run on the same cores, in processes, a hundred files a task. Figures are ratios of one run; a busy machine proves
nothing, so nothing is asserted.
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
from jixiao.treasury.pool import cores
from jixiao.treasury.query import ask, connect
from jixiao.treasury.store import Store

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


def pooled(job: Callable[[Sequence[Path]], None], paths: Sequence[Path]) -> float:
    """Seconds that a job takes over all files, on all cores."""
    begun = time.perf_counter()
    with ProcessPoolExecutor(cores()) as pool:
        list(pool.map(job, [paths[k : k + TASK] for k in range(0, len(paths), TASK)]))
    return time.perf_counter() - begun


def alone(job: Callable[[Sequence[Path]], None], paths: Sequence[Path]) -> float:
    begun = time.perf_counter()
    job(paths)
    return time.perf_counter() - begun


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "filings"
        folder.mkdir()
        paths = vary(folder, count)
        size = sum(path.stat().st_size for path in paths) / count / 1024
        print(f"{count} filings of {size:.0f} KB, {cores()} cores")
        unzipped = pooled(unzip, paths)
        store = Path(name) / "store"
        begun = time.perf_counter()
        collect([folder], store, catalogue)
        collected = time.perf_counter() - begun
        read = pooled(calamine, paths)
        again = time.perf_counter()
        collect([folder], store, catalogue)
        again = time.perf_counter() - again

        def line(title: str, seconds: float, files: int, note: str = "") -> None:
            print(f"{title:52} {files / seconds:8.0f} /s   {note}")

        line("zipfile: unzip, process pool", unzipped, count)
        line("python-calamine: every cell, process pool", read, count)
        line(
            "jixiao collect: read, checked, stored",
            collected,
            count,
            f"{read / collected:.2f} x calamine (≥ 1.2), {unzipped / collected:.2f} x unzip (≥ 0.35)",
        )
        line("jixiao collect again, nothing changed", again, count)
        line("pandas.read_excel, a loop", alone(with_pandas, paths[:FEW]), min(FEW, count))
        line("openpyxl read_only, a loop", alone(with_openpyxl, paths[:FEW]), min(FEW, count))
        connection = connect(Store.open(store), catalogue)
        question = "SELECT rule, unit, count(*) FROM findings GROUP BY rule, unit"
        begun = time.perf_counter()
        groups = sum(1 for _ in ask(connection, question).rows)
        print(f"{'findings by rule and unit':52} {time.perf_counter() - begun:8.3f} s    ({groups} groups)")
        peak = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"{'largest process':52} {peak / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
