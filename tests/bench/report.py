"""Exporting a whole filing to Word, measured and printed. Run: python tests/bench/report.py

Not a test: nothing is asserted, because a busy machine proves nothing. The goal is 0.5 s in a program that is running.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import median_ms

from jixiao import resources
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.word.report import export

#: Milliseconds.
GOAL = 500


def main() -> None:
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as folder:
        target, book = Path(folder) / "report.docx", Path(folder) / "book.xlsx"
        for case in sorted(resources.CASES.glob("*.yaml")):
            filing = read_case(case, catalogue)
            build(catalogue.packages[filing.package], filing, catalogue, book)
            filing = read(book, catalogue)
            export_ = median_ms(lambda filing=filing: export(filing, catalogue, target))
            whole = median_ms(lambda: export(read(book, catalogue), catalogue, target))
            print(
                f"{case.stem}: {len(filing.sheets)} sheets, export {export_:.0f} ms "
                f"({export_ / GOAL:.0%} of the goal), with reading the workbook {whole:.0f} ms"
            )
        command = [sys.executable, "-m", "jixiao", "report", str(book), "-o", str(target), "--force"]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        print(f"as a command, starting Python included: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
