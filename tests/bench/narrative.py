"""The narrative check of a long report, measured and printed. Run: python tests/bench/narrative.py [FILE…]

Without files the sentences of tests/narrative.yaml are repeated up to 12,000 characters. Not a test: nothing is
asserted, because a busy machine proves nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from jixiao.narrative import read, remarks, repeated
from jixiao.quantity import normalise, parse

SIZE = 12_000
CASES = Path(__file__).parents[1] / "narrative.yaml"


def cold() -> None:
    """Forget the numbers read before: a report is checked once."""
    parse.cache_clear()
    normalise.cache_clear()


def median_ms(run: Callable[[], object], times: int = 21) -> float:
    run()
    taken = []
    for _ in range(times):
        cold()
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def main() -> None:
    cases = yaml.safe_load(CASES.read_text("utf-8"))
    sentences = [case["文字"] for part in ("读数", "问题") for case in cases[part]] + cases["放过"]
    texts = {"sentences of the tests": "\n".join(sentences * 20)[:SIZE]}
    texts |= {Path(name).name: Path(name).read_text("utf-8")[-SIZE:] for name in sys.argv[1:]}
    for name, text in texts.items():
        figures = len(read(text).claims)
        print(
            f"{name}: {len(text)} characters, {figures} figures: "
            f"read {median_ms(lambda text=text: read(text)):.1f} ms, "
            f"remarks {median_ms(lambda text=text: remarks(text)):.1f} ms, "
            f"repeated {median_ms(lambda text=text: repeated([read(text)])):.1f} ms"
        )


if __name__ == "__main__":
    main()
