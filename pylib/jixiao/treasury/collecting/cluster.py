"""Chunks run by a Dask cluster: the same tasks as in the pool, on as many machines as there are.

A few chunks more than there are threads are given out at a time, and their results are fetched one by one as the store
takes them, so that neither the cluster nor this process ever holds the whole. What was running on a machine that is
lost is run again by Dask. A chunk over which machine after machine is lost, or that breaks the program, holds a file
that does so: when all else is done, its files are run one at a time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import queue
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jixiao import __version__
from jixiao.adjustments import adjusted
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue
from jixiao.treasury.collecting.collect import Engine
from jixiao.treasury.collecting.pool import KILLED
from jixiao.treasury.collecting.sources import Source, visible_here
from jixiao.treasury.collecting.task import Chunk, maker, refused, run
from jixiao.treasury.errors import DeskError, not_installed
from jixiao.treasury.keeping.store import Result

if TYPE_CHECKING:
    from distributed import Client, Future

#: Chunks given out per thread of the cluster: the next is there when one is done.
_AHEAD = 2
#: Seconds until a scheduler counts as unreachable, a cluster without workers as gone, and between looks at it.
_CONNECT, _PATIENCE, _LOOK = 10.0, 60.0, 2.0
_AGAIN = "已审核的部分保存在汇总库中，再次运行同一命令可继续"
_SAME = "请在各台计算机上装同一版本的 jixiao，重启计算节点，再运行同一命令"


class ClusterError(DeskError):
    """A cluster that cannot be used."""


def _lost() -> ClusterError:
    return ClusterError("和 Dask 调度器的连接断了", f"请确认调度器和网络正常；{_AGAIN}")


def _nobody() -> ClusterError:
    return ClusterError(
        "Dask 集群里没有计算节点",
        f"请在各台计算机上启动 dask worker 调度器地址 --nworkers auto --nthreads 1；{_AGAIN}",
    )


@dataclass(frozen=True)
class _Unseen:
    """What a worker says that does not see the files it is to read."""

    source: Source
    host: str


@dataclass(frozen=True)
class _Broken:
    """What a worker says over whose chunk the program broke: exceptions stay where they are, not all can travel."""


@contextlib.contextmanager
def on_cluster(address: str, catalogue: Catalogue | None = None) -> Iterator[Engine]:
    """The engine that runs chunks on the cluster of a scheduler, as long as the block lasts.

    Args:
        address: of the scheduler, such as tcp://10.1.1.5:8786.
        catalogue: the rules that the workers must have too; those that the program comes with unless given.

    Raises:
        DeskError: Dask is not installed, the scheduler cannot be reached, or workers have another version of this
            program or of its rules.
    """
    try:
        import distributed
    except ImportError as error:
        raise not_installed("distributed") from error
    unreachable = ClusterError(
        f"连不上 Dask 调度器“{address}”",
        "请核对地址和端口，确认调度器已启动（dask scheduler）、防火墙放行；或去掉 --engine，在本机收集",
    )
    with _quiet():
        try:
            client: Client = distributed.Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise unreachable from error
        try:
            cluster = _Cluster(client, catalogue or load_catalogue())
            cluster.greet()
            yield cluster.run
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone has nothing to be told
                client.close(timeout=_LOOK)


class _Cluster:
    def __init__(self, client: Client, catalogue: Catalogue) -> None:
        self._client, self._catalogue = client, catalogue
        self._seen = time.monotonic()

    def greet(self) -> None:
        """Wait until there is a worker, and ask all of them which program and rules they have."""
        while not self._threads():
            time.sleep(min(_LOOK, _PATIENCE) / 10)
        ours = _versions()
        ours["rules"] = self._catalogue.version
        try:
            answers: dict[str, Any] = self._client.run(_versions, on_error="return")
        except (OSError, CancelledError) as error:
            raise _lost() from error
        for worker, theirs in answers.items():
            if isinstance(theirs, ImportError):
                raise ClusterError(f"计算节点 {worker} 上没有安装 jixiao，或装得不完整", _SAME)
            if isinstance(theirs, Exception):
                raise ClusterError(f"计算节点 {worker} 不能运行 jixiao（{type(theirs).__name__}）", _SAME)
            if theirs != ours:
                raise ClusterError(
                    f"计算节点 {worker} 的版本不同：那里是程序 {theirs['program']}、规则 {theirs['rules']}，"
                    f"这里是程序 {ours['program']}、规则 {ours['rules']}",
                    _SAME,
                )

    def run(self, chunks: Iterable[Chunk]) -> Generator[Result, None, None]:
        """Run chunks; see :data:`jixiao.treasury.collecting.collect.Engine`."""
        suspects: list[Chunk] = []
        for chunk, result in self._through(chunks, self._room):
            if result is None:
                suspects.append(chunk)
            else:
                yield result
        files = (replace(chunk, items=(item,)) for chunk in suspects for item in chunk.items)
        for chunk, result in self._through(files, lambda: 1):  # so that none is blamed for another
            yield result or refused(chunk, self._catalogue, [KILLED])

    def _through(
        self, chunks: Iterable[Chunk], room: Callable[[], int]
    ) -> Iterator[tuple[Chunk, Result | None]]:
        """Give out as many chunks at a time as there is room for; without result those that nobody could do."""
        from distributed import KilledWorker

        waiting = iter(chunks)
        running: dict[Future, Chunk] = {}
        ended: queue.SimpleQueue[Future] = queue.SimpleQueue()

        def give(chunk: Chunk, *, look: bool = True) -> None:
            future = self._client.submit(_task, chunk, look, pure=False)
            running[future] = chunk
            future.add_done_callback(ended.put)

        while True:
            while len(running) < room() and (chunk := next(waiting, None)) is not None:
                give(chunk)
            if not running:
                return
            future = self._next(ended)
            chunk = running.pop(future)
            try:
                result = self._fetched(future)
            except KilledWorker:
                yield chunk, None
                continue
            finally:
                future.release()
            if isinstance(result, _Broken):
                yield chunk, None
                continue
            if isinstance(result, _Unseen):
                if visible_here(result.source):
                    raise ClusterError(
                        f"计算节点 {result.host} 看不到“{result.source.name}”",
                        f"请把填报件放在各台计算机都能用同一路径打开的共享文件夹里；{_AGAIN}",
                    )
                give(chunk, look=False)  # it was moved away meanwhile: the chunk says so itself
                continue
            if result.maker != maker(adjusted(self._catalogue, chunk.adjustments)):
                raise ClusterError("新加入的计算节点的版本不同", f"{_SAME}；{_AGAIN}")
            yield chunk, result

    def _room(self) -> int:
        return _AHEAD * max(1, self._threads())

    def _next(self, ended: queue.SimpleQueue[Future]) -> Future:
        while True:
            try:
                return ended.get(timeout=_LOOK)
            except queue.Empty:
                self._threads()

    def _fetched(self, future: Future) -> Result | _Unseen | _Broken:
        """What a task gave; one whose worker is lost before it was fetched is run again, and waited for."""
        from distributed import KilledWorker

        while True:
            try:
                result: Result | _Unseen | _Broken = future.result(timeout=_LOOK)
                return result
            except KilledWorker:
                raise
            except (CancelledError, OSError) as error:
                if future.cancelled() or self._client.status != "running":
                    raise _lost() from error
                if not isinstance(error, TimeoutError) or future.status == "error":
                    raise self._unable(error) from error
                self._threads()
            except Exception as error:
                raise self._unable(error) from error

    @staticmethod
    def _unable(error: Exception) -> ClusterError:
        return ClusterError(f"计算节点不能完成审核（{type(error).__name__}）", f"{_SAME}；{_AGAIN}")

    def _threads(self) -> int:
        """How many chunks the cluster can run at once.

        Raises:
            DeskError: the scheduler is gone, or there has been no worker for a while.
        """
        try:
            threads = int(sum(self._client.nthreads().values()))
        except (OSError, CancelledError, RuntimeError) as error:
            raise _lost() from error
        now = time.monotonic()
        if threads:
            self._seen = now
        elif now - self._seen > _PATIENCE:
            raise _nobody()
        return threads


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's own remarks, which are English and about things that are dealt with here."""
    loggers = [
        logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


# ---------------------------------------------------------------------------------------------------- on the workers

#: A process checks one chunk at a time, as in the pool, however many threads its worker has.
_ONE = threading.Lock()


def _task(chunk: Chunk, look: bool) -> Result | _Unseen | _Broken:
    """A chunk, or what of it cannot be seen from here: a share that is not mounted is not a hundred bad files."""
    for source in _samples(chunk) if look else ():
        if not visible_here(source):
            return _Unseen(source, platform.node())
    with _ONE:
        try:
            return run(chunk, load_catalogue())
        except Exception:
            return _Broken()


def _samples(chunk: Chunk) -> Iterable[Source]:
    """One file of each folder."""
    return {os.path.dirname(item.source.path): item.source for item in chunk.items}.values()  # noqa: PTH120


def _versions() -> dict[str, str]:
    return {"program": __version__, "rules": load_catalogue().version}
