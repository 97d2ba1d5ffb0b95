"""How long reading one filing takes, beside what others take: ``python tests/bench/read.py [rounds]``.

The workbook is a real filing of five form sheets. A figure is the median of its rounds in one process: milliseconds,
and how many times what zipfile needs to unzip.
"""

from __future__ import annotations

import functools
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook
from timing import median_ms

from jixiao import resources
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue

#: Columns that forms have, about.
WIDTH = 9


def unzip(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            file.read(name)


def directory(path: Path) -> Workbook:
    return Workbook(Parts.open(path))


def lines(path: Path) -> Workbook:
    book = directory(path)
    for sheet in book.sheets:
        book.cells(sheet).line(1, WIDTH)
    return book


def every(path: Path) -> None:
    book = directory(path)
    for sheet in book.sheets:
        for _ in book.cells(sheet).items():
            pass


def calamine(path: Path) -> None:
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        book.get_sheet_by_name(name).to_python()


def fastexcel(path: Path) -> None:
    import fastexcel as reader

    book = reader.read_excel(path)
    for name in book.sheet_names:
        book.load_sheet(name, header_row=None, dtypes="string")


def openpyxl_read_only(path: Path) -> None:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in book:
        for _ in sheet.iter_rows(values_only=True):
            pass
    book.close()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", catalogue)
    jobs: list[tuple[str, Callable[[Path], object], int]] = [
        ("zipfile: unzip all parts", unzip, rounds),
        ("ours: open, sheets, names", directory, rounds),
        ("ours: and what stands in the first columns of all sheets", lines, rounds),
        ("ours: the filing", lambda path: read(path, catalogue), rounds),
        ("ours: every cell converted", every, rounds),
        ("python-calamine: every cell", calamine, rounds),
        ("fastexcel: every cell", fastexcel, rounds),
        ("openpyxl read_only: every cell", openpyxl_read_only, max(3, rounds // 20)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "filing.xlsx"
        build(catalogue.packages[filing.package], filing, catalogue, path)
        base = 0.0
        for title, job, count in jobs:
            try:
                took = median_ms(functools.partial(job, path), count)
            except ImportError:
                print(f"{title:45} not installed")
                continue
            base = base or took
            print(f"{title:45} {took:8.2f} ms {took / base:7.1f} x")


if __name__ == "__main__":
    main()
