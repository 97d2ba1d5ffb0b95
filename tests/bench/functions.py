"""The speeds of the worksheet functions, printed as a table. Run: python tests/bench/functions.py

Not a test: nothing is asserted, because a busy machine proves nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from desktop import desktop

IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
ROWS = 60


def import_seconds(module: str) -> float:
    """Median of a fresh process; the first one fills the file cache."""

    def once() -> float:
        done = subprocess.run(
            [sys.executable, "-c", IMPORT.format(module)], capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    once()
    return statistics.median(once() for _ in range(7))


def column(cell: Callable[[int], Any]) -> tuple[tuple[Any], ...]:
    return tuple((cell(row),) for row in range(ROWS))


def source(name: str, arguments: tuple[Any, ...]) -> str:
    """Measures one call inside the process of the COM server, where no pipe counts; COM's own time is not in it."""
    return (
        "import timeit\n"
        "from xlwings.com_server import XLPython\n"
        f"arguments = {arguments!r}\n"
        f"call = lambda: XLPython().CallUDF('jixiao.excel.functions', {name!r}, arguments, None, None)\n"
        "call()\n"
        "result = min(timeit.repeat(call, number=100, repeat=7)) / 100"
    )


def main() -> None:
    for module, limit in (("jixiao.excel.functions", "≤ 0.25 s"), ("xlwings", "with all that it finds")):
        print(f"{'import ' + module:55} {import_seconds(module):9.2f} s    {limit}")
    targets, results = column(lambda row: f"≥{100 + row}件"), column(lambda row: f"{90 + 2 * row}件")
    spent, budget = column(lambda row: 5.0 + row), column(lambda row: 90.0 + 2 * row)
    calls: list[tuple[str, str, tuple[Any, ...], str]] = [
        ("JX_SCORE", f"{ROWS} rows", (targets, results, column(lambda row: 5.0)), "≤ 1 ms"),
        ("JX_RATE", f"{ROWS} rows", (spent, budget), "≤ 1 ms"),
        ("JX_TOTAL", f"{ROWS} rows", (spent,), ""),
        ("JX_RATE", "two cells", (263.0, 301.0), ""),
    ]
    with desktop("jixiao.excel.functions") as excel:
        for name, size, arguments, limit in calls:
            taken = excel.run(source(name, arguments)) * 1000
            print(f"{f'{name} of {size}, one call from VBA':55} {taken:9.3f} ms   {limit}")


if __name__ == "__main__":
    main()
