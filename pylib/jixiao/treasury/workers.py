"""The same work for many orders, in processes: one workbook to write for each unit.

What cannot be done for one order keeps no other from being done; what would fail for all of them ends the run.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue

_Key = TypeVar("_Key")
_Order = TypeVar("_Order")
_Outcome = TypeVar("_Outcome")

#: What keeps the next file from being written too; Windows has no quotas of this kind.
_FATAL = frozenset(
    {errno.ENOSPC, errno.EROFS, errno.ENOENT, errno.ENOTDIR, getattr(errno, "EDQUOT", errno.ENOSPC)}
)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    work: Callable[[_Order, Catalogue], _Outcome | Exception],
    orders: Sequence[tuple[_Key, _Order]],
    jobs: int | None,
    catalogue: Catalogue,
) -> Iterator[tuple[_Key, _Outcome | Exception]]:
    """Do ``work`` for every order; nothing more is begun when a disk is full.

    Args:
        work: a function of a module, which raises nothing and gives what went wrong as its outcome.
        orders: what is to be done, each under a key of its own.
        jobs: processes at a time; one per core unless given, 0 for none beside this one.
        catalogue: what is declared, as the processes load it too.

    Yields:
        Keys with their outcomes, as they are done.
    """
    jobs = min(cores() if jobs is None else jobs, len(orders))
    outcome: _Outcome | Exception
    if jobs < 2:
        for key, order in orders:
            outcome = work(order, catalogue)
            yield key, outcome
            if _fatal(outcome):
                return
        return
    load_catalogue()  # processes that are forked find it there
    pool = processes(jobs)
    try:
        running: dict[Future[_Outcome | Exception], _Key] = {
            pool.submit(_task, work, order): key for key, order in orders
        }
        for future in as_completed(running):
            try:
                outcome = future.result()
            except BrokenProcessPool as error:
                outcome = error
            yield running[future], outcome
            if _fatal(outcome):
                return
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def begin() -> None:
    """What a process of a pool does first: Ctrl-C is for the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def processes(jobs: int, first: Callable[[], None] = begin) -> ProcessPoolExecutor:
    """A pool of so many processes, each of which calls ``first``.

    Forking is at once and shares what is loaded; elsewhere every process loads its own.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(jobs, context, first)


def _task(work: Callable[[_Order, Catalogue], _Outcome | Exception], order: _Order) -> _Outcome | Exception:
    return work(order, load_catalogue())


def _fatal(outcome: object) -> bool:
    return isinstance(outcome, OSError) and outcome.errno in _FATAL
