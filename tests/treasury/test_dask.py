"""Collecting on a Dask cluster: a real scheduler and real workers, each a process of its own, some of which die."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import jixiao
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.cli.parser import parser
from jixiao.treasury.collecting import cluster
from jixiao.treasury.collecting.cluster import ClusterError, on_cluster
from jixiao.treasury.collecting.collect import Engine, collect
from jixiao.treasury.collecting.pool import KILLED, run_locally
from jixiao.treasury.collecting.sources import find
from jixiao.treasury.collecting.task import Chunk, Item
from jixiao.treasury.keeping.store import Result
from treasury.generating import generate
from treasury.making import rows
from treasury.test_collect import content

distributed = pytest.importorskip("distributed")
dask_worker = pytest.importorskip("distributed.cli.dask_worker")

FILINGS = 120
#: How long a busy machine may take to start what is needed.
START_SECONDS = 120
#: What a worker loads before it works: a file of the one name kills whoever reads it, another breaks the program.
_KILLER = """
import os, signal
from jixiao.treasury.collecting import task
def content(source, opened, original=task.content):
    if source.name.endswith("致命.xlsx"):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(source, opened)
task.content = content
def alike(done, catalogue, original=task._alike):
    if any(each.item.source.name.endswith("出错.xlsx") for each in done):
        raise type("Odd", (Exception,), {"__reduce__": lambda self: 1 / 0})  # nor can it be sent anywhere
    return original(done, catalogue)
task._alike = alike
"""


@contextmanager
def process(*command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask that runs as long as the block."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(jixiao.__file__).parents[1]),
        "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
        **variables,
    }
    running = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(5)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


class Cluster:
    """A scheduler with workers on this machine."""

    def __init__(self, folder: Path, stack: ExitStack, **variables: str) -> None:
        self._file, self._stack = folder / "scheduler.json", stack
        where = ("--host", "127.0.0.1", "--port", "0")
        self.scheduler = self._start("distributed.cli.dask_scheduler", *where, **variables)

    def _start(self, module: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        common = ("--scheduler-file", str(self._file), "--no-dashboard")
        return self._stack.enter_context(process(module, *common, *arguments, **variables))

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self._start(
            "distributed.cli.dask_worker", "--host", "127.0.0.1", "--nthreads", "1", *arguments
        )

    def address(self, workers: int) -> str:
        """Where the scheduler is, once so many workers have come to it."""
        deadline = time.monotonic() + START_SECONDS
        while not self._file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with distributed.Client(scheduler_file=str(self._file), set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=START_SECONDS)
            return str(client.scheduler.address)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Callable[[], str]]]:
    """Clusters, started at once: one with two workers, one whose worker is started again when it dies, a lone
    scheduler; and what happens to them.
    """
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("two")
        two = Cluster(folder, stack)
        workers = [two.worker("--no-nanny") for _ in range(2)]
        folder = tmp_path_factory.mktemp("fragile")
        (folder / "killer.py").write_text(_KILLER, "utf-8")
        fragile = Cluster(folder, stack, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
        lone = Cluster(tmp_path_factory.mktemp("lone"), stack)
        fragile.worker("--nworkers", "1", "--preload", str(folder / "killer.py"))
        yield {
            "two": lambda: two.address(sum(worker.poll() is None for worker in workers)),
            "fragile": lambda: fragile.address(1),
            "kill": lambda: str(workers[0].kill() or workers[0].wait()),
            "lone": lambda: lone.address(0),
            "join": lambda: lone.worker("--no-nanny") and lone.address(1),
            "leave": lambda: str(lone.scheduler.kill()),
        }


@pytest.fixture(scope="module")
def filings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated filings, half of them with mistakes, and one file that is none."""
    folder = tmp_path_factory.mktemp("报送")
    assert sum(1 for _ in generate(folder, FILINGS, 7, ["yueyanglou_2023"], workers=0)) == FILINGS
    (folder / "坏.xlsx").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def local(
    filings: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[str]], list[Result]]:
    """What collecting on this machine gives: the store, and the chunks."""
    store, results = tmp_path_factory.mktemp("本机") / "库", []
    collect([filings], store, load_catalogue(), engine=noting(run_locally, results.append), chunk=10)
    return content(store), sorted(results, key=lambda result: result.filings)


def noting(engine: Engine, note: Callable[[Result], object]) -> Engine:
    def run(chunks: Iterable[Chunk]) -> Iterator[Result]:
        for result in engine(chunks):
            note(result)
            yield result

    return run


# ------------------------------------------------------------------------------------------------------------- results


def test_files_that_kill_workers_or_break_the_program_are_reported_and_the_others_are_checked(
    clusters: dict[str, Callable[[], str]], filings: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "报送"
    folder.mkdir()
    for path in sorted(filings.rglob("*.xlsx"))[:5]:
        (folder / path.name).write_bytes(path.read_bytes())
    for name in ("致命.xlsx", "出错.xlsx"):
        (folder / name).write_bytes(path.read_bytes())
    store = tmp_path / "库"
    with on_cluster(clusters["fragile"]()) as engine:
        done = collect([folder], store, load_catalogue(), engine=engine, chunk=3)
    assert (done.read, len(rows(store, "filings"))) == (7, 5)
    failures = {Path(row["source"]).name: (row["cause"], row["remedy"]) for row in rows(store, "failures")}
    assert failures == {"致命.xlsx": KILLED, "出错.xlsx": KILLED}


def test_workers_that_cannot_do_the_same_are_refused(
    clusters: dict[str, Callable[[], str]], filings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, catalogue = clusters["two"](), load_catalogue()
    with (
        pytest.raises(ClusterError, match=f"版本不同.*规则 {catalogue.version}，.*规则 去年的"),
        on_cluster(address, replace(catalogue, version="去年的")),
    ):
        pass
    with monkeypatch.context() as other:
        other.setattr(
            cluster, "maker", lambda catalogue: "0.0.1 去年的"
        )  # as if a worker had joined that is newer
        with on_cluster(address) as engine, pytest.raises(ClusterError, match="新加入的计算节点的版本不同"):
            list(engine([Chunk(1, (Item(1, find([filings]).sources[0]),))]))
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/filings/甲局.xlsx", min(filings.rglob("*.xlsx")).read_bytes())
    chunk = Chunk(1, (Item(1, find(["memory://filings"]).sources[0]),))
    with (
        on_cluster(address) as engine,
        pytest.raises(ClusterError, match=r"看不到“memory://filings/甲局\.xlsx”"),
    ):
        list(engine([chunk]))  # no worker sees the memory of this process
    there = find([filings]).sources[0]
    gone = Chunk(1, (Item(1, replace(there, path=str(filings / "移走了.xlsx"))),))
    with on_cluster(address) as engine:
        (result,) = engine([gone])
    assert result.tables["failures"][1] == 1  # what nobody sees any more is told, as on one machine


def test_results_are_those_of_one_machine_though_a_worker_is_killed_half_way(
    clusters: dict[str, Callable[[], str]],
    filings: Path,
    local: tuple[dict[str, list[str]], list[Result]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, results, out = clusters["two"](), [], []

    def note(result: Result) -> None:
        results.append(result)
        if len(results) == 4:
            clusters["kill"]()

    submit = distributed.Client.submit

    def counted(client: distributed.Client, *arguments: object, **more: object) -> object:
        future = submit(client, *arguments, **more)
        out.append(sum(1 for key in client.futures if not key.startswith("_versions")))
        return future

    monkeypatch.setattr(distributed.Client, "submit", counted)
    store = tmp_path / "库"
    with on_cluster(address) as engine:
        done = collect([filings], store, load_catalogue(), engine=noting(engine, note), chunk=10)
    assert done.read == FILINGS + 1 and len(results) == 13
    stored, chunks = local
    assert content(store) == stored
    # One machine runs the last chunks in quarters; the others are the same.
    same = {tuple(result.filings): result for result in chunks}
    compared = [(ours, same[key]) for ours in results if (key := tuple(ours.filings)) in same]
    assert len(compared) == 12
    for ours, theirs in compared:
        assert (ours.maker, ours.tables) == (theirs.maker, theirs.tables)
    assert len(out) == 13 and max(out) <= 2 * 2  # two a thread: never the whole in anybody's memory
    clusters["two"]()  # the worker that is left is well


def test_the_command_collects_on_a_cluster(
    clusters: dict[str, Callable[[], str]],
    filings: Path,
    local: tuple[dict[str, list[str]], list[Result]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store, address = tmp_path / "库", clusters["two"]()
    url = filings.as_uri()
    assert main(["collect", url, "--store", str(store), "--engine", "dask", "--scheduler", address]) == 1
    out, err = capsys.readouterr()
    assert f"审核 {FILINGS + 1} 份" in out and "distributed" not in err
    assert content(store) == local[0]


# ------------------------------------------------------------------------------------------------------------ messages


def test_a_scheduler_that_is_not_there(
    filings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", 0.3)
    for address in ("tcp://127.0.0.1:9", "调度器", "tcp://"):
        arguments = ["collect", str(filings), "--store", str(tmp_path / "库"), "--engine", "dask"]
        assert main([*arguments, "--scheduler", address]) == 2
        cause, remedy = capsys.readouterr().err.strip().split("\n")
        assert cause == f"连不上 Dask 调度器“{address}”。" and "dask scheduler" in remedy
    assert not (tmp_path / "库").exists()


def test_without_dask_and_with_half_of_the_arguments(
    filings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["collect", str(filings), "--store", str(tmp_path / "库")]
    assert main([*arguments, "--engine", "dask"]) == 2
    assert "请加上 --scheduler" in capsys.readouterr().err
    assert main([*arguments, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "--engine dask" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*arguments, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert 'pip install "jixiao[cluster]"' in capsys.readouterr().err
    assert not (tmp_path / "库").exists()


def test_a_scheduler_without_workers_and_one_that_is_lost_half_way(
    clusters: dict[str, Callable[[], str]], filings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(cluster, "_PATIENCE", 0.2)
        with pytest.raises(ClusterError, match="没有计算节点"), on_cluster(clusters["lone"]()):
            pass
    store, done = tmp_path / "库", []

    def stop(result: Result) -> None:
        done.append(result)
        if len(done) == 2:
            clusters["leave"]()

    with pytest.raises(ClusterError, match="调度器的连接断了"), on_cluster(clusters["join"]()) as engine:
        collect([filings], store, load_catalogue(), engine=noting(engine, stop), chunk=10)
    listed = json.loads((store / "store.json").read_text("utf-8"))
    assert len(listed["parts"]) == len(done) >= 2 and not listed["complete"]  # what was done is kept


def test_the_commands_of_the_page_are_commands() -> None:
    page = Path(__file__).parents[2] / "docs" / "省级汇总.md"
    lines = [line.strip() for line in page.read_text("utf-8").splitlines()]
    given = [
        parser().parse_args(shlex.split(line)[1:]) for line in lines if line.startswith("jixiao collect ")
    ]
    assert [each.engine for each in given] == ["dask", "dask", "local"]
    schedulers = {each.scheduler for each in given} - {None}
    started = next(shlex.split(line) for line in lines if line.startswith("dask worker "))
    assert schedulers == {started[2]}  # where the workers go, and with options that Dask has
    options = {option for each in dask_worker.main.params for option in each.opts}
    assert {word for word in started if word.startswith("--")} <= options
