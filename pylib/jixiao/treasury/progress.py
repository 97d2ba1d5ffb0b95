"""How far a long run is: a bar with rate and remaining time on a terminal, now and then a line anywhere else."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

#: Seconds between two lines.
_EVERY = 10.0

Advance = Callable[[int], None]


@contextlib.contextmanager
def progress(total: int, what: str) -> Iterator[Advance]:
    """Show how far a run over ``total`` files is; the function that is given takes how many more are done."""
    if not total:
        yield lambda count: None
    elif sys.stderr.isatty():
        with _bar(total, what) as advance:
            yield advance
    else:
        yield _Lines(total, what).advance


@contextlib.contextmanager
def _bar(total: int, what: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("每秒 {task.fields[rate]} 份"),
        TextColumn("约剩"),
        TimeRemainingColumn(compact=True),
    )
    begun = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rate="…")

        def advance(count: int) -> None:
            done = bar.tasks[0].completed + count
            bar.update(task, advance=count, rate=_rate(int(done), time.monotonic() - begun))

        yield advance


class _Lines:
    def __init__(self, total: int, what: str) -> None:
        self._total, self._what, self._done = total, what, 0
        self._begun = self._said = time.monotonic()

    def advance(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._said < _EVERY or self._done >= self._total:
            return
        self._said = now
        took = now - self._begun
        left = took / self._done * (self._total - self._done) if self._done else 0
        print(
            f"{self._what} {self._done}/{self._total}，每秒 {_rate(self._done, took)} 份，约剩 {duration(left)}",
            file=sys.stderr,
            flush=True,
        )


def _rate(done: int, took: float) -> str:
    rate = done / took if took else 0.0
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(4.26), duration(75), duration(7260)
    ('4.3 秒', '1 分 15 秒', '2 小时 1 分')
    """
    if seconds < 60:
        return f"{seconds:.1f} 秒"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒" if minutes < 60 else f"{minutes // 60} 小时 {minutes % 60} 分"
