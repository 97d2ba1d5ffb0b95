"""What a press on 审核 takes in an open workbook of eight sheets, and how often it calls the program.

Run: python tests/bench/live.py. The program is LibreOffice, reached as xlwings reaches Excel; not a test, because a
busy machine proves nothing.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from jixiao import resources
from jixiao.books import live
from jixiao.books.build import build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Sheet
from xlwings_libreoffice import counted, excel

CASE, TIMES, TARGET_SECONDS = "yueyanglou_2023", 7, 1.0
STEPS = ("whole", "settle", "read", "check", "write", "restore")


def eight_sheets(path: Path) -> None:
    """Yueyanglou's filing with a fourth project: 首页, six forms, 审核结果."""
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / f"{CASE}.yaml", catalogue)
    last = filing.sheets[-1]
    filing.sheets.append(Sheet(last.form, "附件3-4", dict(last.fields), dict(last.tables)))
    filing.projects.append(("第四个项目", "附件3-4"))
    build(catalogue.packages[CASE], filing, catalogue, path)


def main() -> None:
    """Press 审核 a few times and print the medians."""
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as folder, excel() as app:
        path = Path(folder) / "filing.xlsx"
        eight_sheets(path)
        book = app.books.open(path)
        taken: dict[str, list[float]] = {step: [] for step in STEPS}
        for _ in range(TIMES + 1):
            times = [time.perf_counter()]
            with counted(app) as calls:
                with live.settled(app):
                    times.append(time.perf_counter())
                    workbook = live.LiveWorkbook(book)
                    with counted(app) as reading:
                        filing = workbook.read(catalogue)
                    times.append(time.perf_counter())
                    findings = check(filing, catalogue)
                    times.append(time.perf_counter())
                    live.write(workbook, filing, findings, catalogue)
                    times.append(time.perf_counter())
                times.append(time.perf_counter())
            spans = [
                times[-1] - times[0],
                *(after - before for before, after in pairwise(times)),
            ]
            for step, span in zip(STEPS, spans, strict=True):
                taken[step].append(span)
        print(f"{len(book.sheets)} sheets, {len(findings)} findings; median of {TIMES}, milliseconds")
        for step, spans in taken.items():
            first = f"   (first time {spans[0] * 1000:.0f})" if step == "whole" else ""
            print(f"  {step:8} {statistics.median(spans[1:]) * 1000:6.0f}{first}")
        print(f"target: {TARGET_SECONDS * 1000:.0f}")
        print(f"calls: {calls.total()}, of them reading {reading.total()}")
        for label, count in calls.most_common():
            print(f"  {count:4} {label}")
        book.close()


if __name__ == "__main__":
    main()
