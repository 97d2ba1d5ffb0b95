"""How long a thing takes that is done again and again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_ms(
    run: Callable[[], object], times: int = 21, before: Callable[[], object] = lambda: None
) -> float:
    """The median time in milliseconds, after one run that is not counted; ``before`` each is not counted either."""
    run()
    taken = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000
