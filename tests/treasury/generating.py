"""A folder of generated filings, as a treasury gets them back: real workbooks, and what must be found in each.

    python tests/treasury/generating.py 文件夹 --count 2000 --seed 1

The same arguments give the same files. ``planted.jsonl`` says for each file the unit, the mistakes planted into it and
how many findings of each rule they must give.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao.catalogue import load_catalogue
from treasury.planting import generated
from treasury.writing import workbooks

#: Filings that are calculated at once, and files in one folder.
_TOGETHER, _PER_FOLDER = 250, 1000
TRUTH = "planted.jsonl"


def generate(
    folder: Path, package: str, count: int, seed: int, share: float = 0.5, workers: int | None = None
) -> Iterator[dict[str, Any]]:
    """Write ``count`` filings below ``folder``, yielding what each is.

    Args:
        folder: where to; more than a thousand files are put into folders of a thousand.
        package: code of the package.
        count: how many.
        seed: what they follow from.
        share: of the filings, so many have mistakes.
        workers: processes; 0 writes them in this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    split = count > _PER_FOLDER
    tasks = [
        (folder, package, range(first, min(first + _TOGETHER, count)), seed, share, split)
        for first in range(0, count, _TOGETHER)
    ]
    with (folder / TRUTH).open("w", encoding="utf-8") as truth:
        for entries in _run(tasks, workers):
            for entry in entries:
                truth.write(json.dumps(entry, ensure_ascii=False) + "\n")
                yield entry


def _run(tasks: list[Any], workers: int | None) -> Iterator[list[dict[str, Any]]]:
    if workers == 0:
        yield from map(_write, tasks)
        return
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        yield from pool.map(_write, tasks)


def _write(task: tuple[Path, str, range, int, float, bool]) -> list[dict[str, Any]]:
    folder, package, numbers, seed, share, split = task
    catalogue = load_catalogue()
    results = [generated(catalogue, package, number, seed, share) for number in numbers]
    entries = []
    for number, result, data in zip(
        numbers, results, workbooks([result.filing for result in results], catalogue), strict=True
    ):
        filing = result.filing
        place = Path(f"{number // _PER_FOLDER:03}") if split else Path()
        (folder / place).mkdir(exist_ok=True)
        name = place / f"{filing.unit_code}{filing.unit}{filing.year}年度绩效自评.xlsx"
        (folder / name).write_bytes(data)
        entries.append(
            {
                "file": name.as_posix(),
                "unit_code": filing.unit_code,
                "unit": filing.unit,
                "mistakes": result.mistakes,
                "expected": dict(sorted(result.expected.items())),
            }
        )
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description="Write generated filings and what must be found in them.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", default="yueyanglou_2023")
    parser.add_argument("--mistakes", type=float, default=0.5, help="share of the filings that have mistakes")
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    written = generate(given.folder, given.package, given.count, given.seed, given.mistakes, given.workers)
    print(f"{sum(1 for _ in written)} filings in {given.folder}")


if __name__ == "__main__":
    main()
