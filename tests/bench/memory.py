"""How much memory collecting takes: ``python tests/bench/memory.py [filings …]``, such as ``2000 6000``.

Generated filings are collected, and the resident memory of this process and of each process of the pool is watched
meanwhile. The difference between the runs says how much a filing more costs, and what a hundred thousand would; the time
between the runs does not count. Linux only; nothing is asserted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from treasury.generating import generate

#: What is extrapolated to, and what it may take, in bytes.
MANY, MOST = 100_000, 3 << 29
_EVERY = 0.1
PACKAGE = "yueyanglou_2023"


@dataclass
class Peaks:
    """The most that was seen, in bytes: of the process that collects, of its largest helper, and of all together.

    Memory that processes share is counted once in ``together`` (it adds up proportional shares, PSS).
    """

    main: int = 0
    helper: int = 0
    together: int = 0
    helpers: dict[int, int] = field(default_factory=dict)


def watched(command: list[str]) -> tuple[Peaks, float]:
    """Run a command and watch its memory."""
    peaks, begun = Peaks(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        stop = threading.Event()
        watching = threading.Thread(target=_watch, args=(process.pid, peaks, stop))
        watching.start()
        process.wait()
        stop.set()
        watching.join()
    if process.returncode not in (0, 1):
        raise SystemExit(f"collecting ended with {process.returncode}")
    return peaks, time.perf_counter() - begun


def _watch(pid: int, peaks: Peaks, stop: threading.Event) -> None:
    while not stop.wait(_EVERY):
        whole = 0
        for each in (pid, *_children(pid)):
            try:
                rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            except OSError:  # it has ended
                continue
            sizes = {line.split(":")[0]: int(line.split()[1]) << 10 for line in rollup.splitlines()[1:]}
            whole += sizes.get("Pss", 0)
            if each == pid:
                peaks.main = max(peaks.main, sizes.get("Rss", 0))
            else:
                peaks.helper = max(peaks.helper, sizes.get("Rss", 0))
        peaks.together = max(peaks.together, whole)


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> None:
    counts = sorted(map(int, sys.argv[1:])) or [2000, 6000]
    seen: dict[str, list[tuple[int, Peaks]]] = {"anew": [], "again": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            filings = folder / f"{count}"
            for _ in generate(filings, count, 1, [PACKAGE]):
                pass
            collect = [
                sys.executable,
                "-m",
                "jixiao",
                "collect",
                str(filings),
                "--store",
                str(folder / f"store-{count}"),
            ]
            for what in ("anew", "again"):
                peaks, seconds = watched(collect)
                print(
                    f"{count:7} filings {what:6} {seconds:6.1f} s   main {peaks.main >> 20} MB, "
                    f"largest helper {peaks.helper >> 20} MB, all together {peaks.together >> 20} MB",
                    flush=True,
                )
                seen[what].append((count, peaks))
    for what, runs in seen.items():
        (few, first), (many, last) = runs[0], runs[-1]
        for part in ("main", "helper", "together") if few < many else ():
            growth = max(0.0, (getattr(last, part) - getattr(first, part)) / (many - few))
            there = getattr(last, part) + growth * (MANY - many)
            print(
                f"{what:6} {part:9} {growth / 1024:5.1f} KB a filing more: {MANY} filings some "
                f"{there / 2**20:.0f} MB of {MOST >> 20}"
            )
    print(f"{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
