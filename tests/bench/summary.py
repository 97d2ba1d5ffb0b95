"""The summary of many filings: ``python tests/bench/summary.py [filings]``; collecting them is not counted.

Figures are seconds of one run; a busy machine proves nothing, so nothing is asserted.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.summary import write_summary
from treasury.generating import generate


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = sum(1 for _ in generate(folder / "报送", count, 1, ["yueyanglou_2023"]))
        collect([folder / "报送"], folder / "库", catalogue)
        store, target = Store.open(folder / "库"), folder / "汇总.xlsx"
        for what in ("first", "again, with reviews to read"):
            begun = time.perf_counter()
            files = write_summary(store, catalogue, target)
            seconds = time.perf_counter() - begun
            sizes = ", ".join(f"{path.suffix} {path.stat().st_size / 2**20:.1f} MB" for path in files)
            print(f"{written} filings, {what}: {seconds:.1f} s, {sizes}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of this process, collecting included: {peak:.0f} MB")


if __name__ == "__main__":
    main()
