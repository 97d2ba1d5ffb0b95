"""A folder of generated filings, as a treasury gets them back: real workbooks, and what must be found in each.

    python tests/treasury/generating.py 100000 文件夹 --seed 1
    python tests/treasury/generating.py 2000 文件夹 --seed 1 --package hengshan_2023 --mistakes 0.3 --workers 2

As many of each package, unless ``--package`` names some; each package has a folder of its own, as each treasury issues
one. The same arguments give the same files, on however many cores. Half of the filings have mistakes, unless
``--mistakes`` says another share. ``planted.jsonl`` says for each file the package, the unit, the mistakes planted into
it and how many findings of each rule they must give; a filing without mistakes must give none. comparing.py compares
that with a store. Each process first builds the workbooks that it fills in, which takes some seconds; from then on it
writes some 200 to 300 files a second. 100,000 files take about 10 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao.catalogue import load_catalogue
from treasury.planting import generated
from treasury.writing import workbooks

#: Filings that are made at once, fewer where all cores would not get some, and files in one folder.
_TOGETHER, _LEAST, _PER_FOLDER = 600, 60, 1000
TRUTH = "planted.jsonl"
CATALOGUE = load_catalogue()
PACKAGES = tuple(CATALOGUE.packages)


def generate(
    folder: Path,
    count: int,
    seed: int,
    packages: Sequence[str] = PACKAGES,
    share: float = 0.5,
    workers: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Write ``count`` filings below ``folder``, yielding what each is.

    Args:
        folder: where to; several packages have a folder each, in which folders hold a thousand files each.
        count: how many.
        seed: what they follow from.
        packages: codes of packages: as many filings of each.
        share: of the filings, so many have mistakes.
        workers: processes; 0 writes them in this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    step = min(_TOGETHER, max(_LEAST, count // (2 * (workers or os.cpu_count() or 1))))
    ends = [count * k // len(packages) for k in range(len(packages) + 1)]
    tasks = [
        (
            folder / package if len(packages) > 1 else folder,
            package,
            range(start, min(start + step, end)),
            seed,
            share,
        )
        for package, first, end in zip(packages, ends, ends[1:], strict=False)
        for start in range(first, end, step)
    ]
    with (folder / TRUTH).open("w", encoding="utf-8") as truth:
        for entries in _run(tasks, workers):
            for entry in entries:
                entry["file"] = Path(entry["file"]).relative_to(folder).as_posix()
                truth.write(json.dumps(entry, ensure_ascii=False) + "\n")
                yield entry


def _run(tasks: Sequence[Any], workers: int | None) -> Iterator[list[dict[str, Any]]]:
    if workers == 0:
        yield from map(_write, tasks)
        return
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        yield from pool.map(_write, tasks)


def _write(task: tuple[Path, str, range, int, float]) -> list[dict[str, Any]]:
    folder, package, numbers, seed, share = task
    made = [generated(CATALOGUE, package, number, seed, share) for number in numbers]
    entries = []
    for number, each, data in zip(numbers, made, workbooks([m.filing for m in made], CATALOGUE), strict=True):
        filing = each.filing
        place = folder / f"{number // _PER_FOLDER:03}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{filing.unit_code}{filing.unit}{filing.year}年度绩效自评.xlsx"
        path.write_bytes(data)
        entries.append(
            {
                "file": str(path),
                "package": package,
                "unit_code": filing.unit_code,
                "unit": filing.unit,
                "mistakes": each.mistakes,
                "expected": dict(sorted(each.expected.items())),
            }
        )
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description="Write generated filings and what must be found in them.")
    parser.add_argument("count", type=int, help="how many")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", nargs="+", choices=PACKAGES, default=PACKAGES, help="default: all")
    parser.add_argument("--mistakes", type=float, default=0.5, help="share of the filings that have mistakes")
    parser.add_argument("--workers", type=int, help="processes; default: one for each core")
    given = parser.parse_args()
    begun, written = time.perf_counter(), 0
    for entry in generate(
        given.folder, given.count, given.seed, given.package, given.mistakes, given.workers
    ):
        written += (given.folder / entry["file"]).stat().st_size
    taken = time.perf_counter() - begun
    print(
        f"{given.count} filings in {given.folder}, {written / 1e6:.0f} MB, {taken:.1f} s, "
        f"{given.count / taken:.0f} a second"
    )


if __name__ == "__main__":
    main()
