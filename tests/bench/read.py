"""How long reading one filing takes, beside what others take: ``python tests/bench/read.py [rounds]``.

The workbook has 8 sheets, some 4,000 cells and 150 sheet-scoped names a sheet, like an issued one. A figure
is the median of its rounds in one process: milliseconds, and how many times what zipfile needs to unzip.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

from jixiao.books.cells import Reference, Workbook, parse_reference
from jixiao.books.parts import Parts

SHEETS, ROWS, NAMES = 8, 50, 150
NATIVE = 'IF(COUNT(E{0},F{0})<2,"",IF(F{0}=0,"不适用",ROUND(ROUND(E{0}/F{0},10),4)))'


def build(path: Path) -> None:
    """Write the workbook that is read."""
    book = xlsxwriter.Workbook(path)
    border = book.add_format({"border": 1})
    percent = book.add_format({"border": 1, "num_format": "0.00%"})
    for number in range(1, SHEETS + 1):
        sheet = book.add_worksheet(f"附件3-{number}")
        for row in range(ROWS):
            for column in range(4):
                sheet.write_string(row, column, f"第{number}表第{row}行指标{column}", border)
            for column in range(4, 7):
                sheet.write_number(row, column, 10 * row + column + 0.25, border)
            sheet.write_formula(row, 7, NATIVE.format(row + 1), percent, 0.7772)
            sheet.write_string(row, 8, "≥95%", border)
            sheet.write_blank(row, 9, None, border)
        for item in range(NAMES):
            cell = f"${'ABCDEFGHIJ'[item % 10]}${item // 3 + 1}"
            book.define_name(f"'{sheet.name}'!数据项_{item}", f"='{sheet.name}'!{cell}")
    book.close()


def unzip(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            file.read(name)


def directory(path: Path) -> Workbook:
    return Workbook(Parts.open(path))


def rows(path: Path) -> Workbook:
    book = directory(path)
    for sheet in book.sheets:
        book.cells(sheet)
    return book


def named(path: Path) -> None:
    book = rows(path)
    for sheet in book.sheets:
        cells = book.cells(sheet)
        for refers_to in book.names[sheet.index].values():
            reference = parse_reference(refers_to)
            if isinstance(reference, Reference):
                cells.get(reference.first_row, reference.first_column)


def every(path: Path) -> None:
    book = rows(path)
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


def median(job: Callable[[Path], object], path: Path, rounds: int) -> float:
    """Return the median time of a job in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        job(path)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    jobs: list[tuple[str, Callable[[Path], object], int]] = [
        ("zipfile: unzip all parts", unzip, rounds),
        ("ours: open, sheets, names", directory, rounds),
        ("ours: and every sheet ready for look-up", rows, rounds),
        (f"ours: and {SHEETS * NAMES} named cells converted", named, rounds),
        ("ours: and every cell converted", every, rounds),
        ("python-calamine: every cell", calamine, rounds),
        ("fastexcel: every cell", fastexcel, rounds),
        ("openpyxl read_only: every cell", openpyxl_read_only, max(3, rounds // 20)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "filing.xlsx"
        build(path)
        base = 0.0
        for title, job, count in jobs:
            try:
                took = median(job, path, count)
            except ImportError:
                print(f"{title:45} not installed")
                continue
            base = base or took
            print(f"{title:45} {took:8.2f} ms {took / base:7.1f} x")


if __name__ == "__main__":
    main()
