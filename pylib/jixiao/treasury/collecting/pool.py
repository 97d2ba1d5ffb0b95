"""Chunks run by the cores of this machine, each in a process that may die without taking the others with it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import connection, parent_process

import pyarrow as pa

from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.task import Chunk, refused, run
from jixiao.treasury.keeping.store import Result
from jixiao.treasury.workers import begin, cores, processes

#: Chunks that wait for a free process: enough that none is idle, few enough to be in nobody's way.
_AHEAD = 2
KILLED = ("读取这个文件时程序异常终止，文件可能已损坏或内容异常", "请用 Excel 或 WPS 打开后另存一份，再收集")
"""Cause and remedy of a file over which a process dies."""


def run_locally(chunks: Iterable[Chunk], jobs: int | None = None) -> Generator[Result, None, None]:
    """Run chunks in a pool of processes, with the catalogue that the program comes with.

    A file over which a process dies is found by halving the chunks that were being read, and is listed as refused.

    Args:
        chunks: in the order in which they are to be begun.
        jobs: processes at a time; one per core unless given.

    Yields:
        Results as they are done.
    """
    jobs = jobs or cores()
    # Processes that are forked find it there, and pandas, which pyarrow imports for its first column if it can.
    load_catalogue()
    pa.array([""])
    waiting = deque(_tapered(list(chunks), jobs))
    while waiting:
        suspects: list[Chunk] = []
        yield from _pooled(waiting, jobs, suspects)
        for chunk in suspects:
            yield from _alone(chunk)


def _tapered(chunks: Sequence[Chunk], jobs: int) -> Iterator[Chunk]:
    """The chunks, the last of them in quarters, so that no process is left with a whole one when the others are done."""
    yield from chunks[:-jobs]
    for chunk in chunks[-jobs:]:
        size = -(-len(chunk.items) // 4)
        for start in range(0, len(chunk.items), size):
            yield replace(chunk, items=chunk.items[start : start + size])


def _pooled(waiting: deque[Chunk], jobs: int, suspects: list[Chunk]) -> Iterator[Result]:
    """Run what is waiting until all is done or a process dies; then ``suspects`` are what was being run."""
    pool = processes(min(jobs, len(waiting)), _begin)
    running: dict[Future[Result], Chunk] = {}
    try:
        while running or (waiting and not suspects):
            while waiting and not suspects and len(running) < jobs * _AHEAD:
                chunk = waiting.popleft()
                try:
                    running[pool.submit(_task, chunk)] = chunk
                except BrokenProcessPool:
                    suspects.append(chunk)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                chunk = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    suspects.append(chunk)
                    continue
                yield result
    finally:
        # Interrupted, or the results cannot be kept: what waits is not begun. What is being run is waited for; Python
        # would wait for it at its end, and trips over a pool that is closing itself just then.
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(chunk: Chunk) -> Iterator[Result]:
    """Run a chunk that may be what killed a process; one of several files is then sought in each half."""
    pool = processes(1, _begin)
    try:
        result = pool.submit(_task, chunk).result()
    except BrokenProcessPool:
        if len(chunk.items) == 1:
            yield refused(chunk, load_catalogue(), [KILLED])
            return
    else:
        yield result
        return
    finally:
        pool.shutdown()
    middle = len(chunk.items) // 2
    for items in (chunk.items[:middle], chunk.items[middle:]):
        yield from _alone(replace(chunk, items=items))


def _begin() -> None:
    """A process of the pool leaves Ctrl-C to the one that started it, and ends when that one is gone."""
    begin()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _task(chunk: Chunk) -> Result:
    return run(chunk, load_catalogue())
