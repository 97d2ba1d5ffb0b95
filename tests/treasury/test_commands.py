"""``jixiao collect`` and ``jixiao query`` as people use them: what is said, in Chinese, and what is left alone."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import jixiao
from commandline import Run
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.treasury.errors import QueryError, not_installed
from jixiao.treasury.keeping import store as storing
from jixiao.treasury.keeping.query import ask, connect, write_csv
from jixiao.treasury.keeping.store import VIEWS, Store
from treasury.lists import list_file
from treasury.making import copied, parts_of, rows, sealed

#: What Excel would calculate, a link, and markup of the library that prints.
EVIL = '=HYPERLINK("http://example.invalid","[bold red]某局[/]")'
COLUMNS = ("filing", "source", "package", "year", "unit", "status", "seal", "used", "role")


@pytest.fixture(scope="module")
def store(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four filings, one of them of a unit with a hostile name, and one unreadable file."""
    folder = tmp_path_factory.mktemp("报送")
    hengshan, yueyanglou = models["hengshan_2023"], models["yueyanglou_2023"]
    copied(hengshan, folder / "一.xlsx", "甲局")
    copied(hengshan, folder / "二.xlsx", EVIL, 编制数=0.1)
    copied(yueyanglou, folder / "三.xlsx", "丙局")
    copied(yueyanglou, folder / "四.xlsx", "丙局", 全年执行数=-3.5)
    (folder / "坏.xlsx").write_bytes(b"x")
    store = tmp_path_factory.mktemp("stores") / "某县's [2023] 库*"
    main(["collect", str(folder), "--store", str(store)])
    return store


def told(err: str, *said: str) -> None:
    """Cause and remedy, in Chinese and without the words of any library."""
    cause, remedy = err.strip().splitlines()
    assert cause.endswith("。") and remedy.startswith(("请", "可以查询的表有", "各表的列")), err
    assert not re.search(r"Error|Exception|LINE \d|Binder|Catalog|Candidate", err), err
    for text in said:
        assert text in err


# ------------------------------------------------------------------------------------------------------------- collect


def test_the_overview_counts_names_and_ranks(models: dict[str, Path], tmp_path: Path, run: Run) -> None:
    folder, store = tmp_path / "报送", tmp_path / "库"
    hengshan = models["hengshan_2023"]
    copied(hengshan, folder / "一.xlsx", "甲局")
    copied(hengshan, folder / "又一.xlsx", "甲局", 编制数=1)
    sealed(copied(hengshan, folder / "三.xlsx", "乙局"))
    sealed(copied(hengshan, folder / "旧.xlsx", "丙局"), version="0123456789ab")
    copied(models["yueyanglou_2023"], folder / "[red]四.xlsx", EVIL)
    (folder / "坏.xlsx").write_bytes(b"")
    (folder / "说明.docx").write_bytes(b"")
    code, out, err = run("collect", folder, "--store", store)
    assert (code, err) == (1, "")
    assert "找到 6 份工作簿，审核 6 份" in out and "另有 1 个其他类型的文件没有处理。" in out
    assert re.search(r"hengshan_2023 +│ +2023 │ +4 │ +2 │ +0 │ +0 │ +2 │", out)
    assert re.search(r"yueyanglou_2023 +│ +2023 │ +1 │ +1 │", out)
    assert "注意：这里有不同的套表或年度" in out
    assert "有效 1 份" in out and "规则已更新 1 份" in out and "未经审核 3 份" in out
    assert f"不能审核的文件（1）：\n  {folder / '坏.xlsx'}\n    文件是空的（0 字节）" in out
    assert "同一单位有多份，没有计入汇总，须核定（2）：" in out and str(folder / "又一.xlsx") in out
    assert "丙局：是按另一版规则审核通过的。" in out
    assert "最常见的问题：" in out and re.search(r"SCR-015 │ 核实性 │ 完成值远超指标值而无分析", out)
    assert "\x1b" not in out
    code, out, _ = run("collect", folder, "--store", store)
    assert code == 1 and "审核 0 份，6 份没有变化、沿用上次结果" in out


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "没有找到填报的工作簿（.xlsx 或 .xlsm），汇总库没有改动。"),
        (
            tuple(f"{k}.txt" for k in range(300)),
            "没有找到填报的工作簿（.xlsx 或 .xlsm）（有 300 个其他类型的文件），汇总库没有改动。",
        ),
        (("一.xlsx", "二.xlsx"), "这些工作簿没有一份是下发的套表。"),
    ],
)
def test_a_folder_without_filings_is_told(
    files: tuple[str, ...], said: str, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "空").mkdir()
    for name in files:
        (tmp_path / "空" / name).write_bytes(b"text")
    code, _, err = run("collect", tmp_path / "空", "--store", tmp_path / "库")
    assert code == 2
    told(err, said)


def test_a_folder_that_is_not_there_is_told_and_nothing_is_made(tmp_path: Path, run: Run) -> None:
    code, _, err = run("collect", tmp_path / "没有", "--store", tmp_path / "库")
    assert code == 2
    told(err, "找不到")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘空间不足"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有写入汇总库"),
        (OSError(errno.EIO, "Input/output error"), "读写失败（系统错误）"),
    ],
)
def test_a_store_that_cannot_be_written_is_told_and_goes_on(
    error: OSError, said: str, hengshan_book: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(hengshan_book, tmp_path / "报送/一.xlsx", "甲局")
    written = storing._atomically

    def failing(path: Path, write: Any) -> None:
        if path.parent.name == "findings":
            raise error
        written(path, write)

    monkeypatch.setattr(storing, "_atomically", failing)
    code, _, err = run("collect", tmp_path / "报送", "--store", tmp_path / "库")
    assert code == 2 and "已审核的部分保存在汇总库中" in err and said in err and "请" in err
    code, _, err = run("query", "SELECT * FROM filings", "--store", tmp_path / "库")
    assert code == 0 and "上次收集没有做完" in err
    monkeypatch.undo()
    assert run("collect", tmp_path / "报送", "--store", tmp_path / "库")[0] == 1
    assert len(rows(tmp_path / "库", "filings")) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_says_how_to_go_on(hengshan_book: Path, tmp_path: Path) -> None:
    for k in range(1000):  # there is much left to do by the time anybody has seen the first hundred
        target = tmp_path / f"报送/{k}.xlsx"
        target.parent.mkdir(exist_ok=True)
        os.link(hengshan_book, target)
    program = [sys.executable, "-m", "jixiao.cli", "collect", tmp_path / "报送", "--store", tmp_path / "库"]
    environment = {**os.environ, "PYTHONPATH": str(Path(jixiao.__file__).parents[1])}
    with subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as running:
        limit = time.monotonic() + 120
        while parts_of(tmp_path / "库") == 0 and running.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all of its processes
        out, err = running.communicate(timeout=120)
    assert running.returncode == 2 and out == b""
    assert "已中断，已审核的部分保存在汇总库中".encode() in err and b"Traceback" not in err
    kept = Store.open(tmp_path / "库")
    assert not kept.complete and sum(part.size for part in kept.parts) in range(100, 1000, 100)


def test_a_terminal_shows_rate_and_remaining_time(hengshan_book: Path, tmp_path: Path) -> None:
    pytest.importorskip("pty")  # not on Windows
    copied(hengshan_book, tmp_path / "报送/一.xlsx", "甲局")
    master, slave = os.openpty()
    program = [sys.executable, "-m", "jixiao.cli", "collect", tmp_path / "报送", "--store", tmp_path / "库"]
    shown = {
        **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")},
        "PYTHONPATH": str(Path(jixiao.__file__).parents[1]),
        "TERM": "xterm-256color",
        "COLUMNS": "120",
    }
    with subprocess.Popen(program, stdin=slave, stdout=slave, stderr=slave, env=shown) as running:
        os.close(slave)
        text = b""
        try:
            while block := os.read(master, 65536):
                text += block
        except OSError:  # the other end is closed
            pass
    os.close(master)
    assert running.returncode == 1
    for said in ("已审核", "每秒", "约剩", "找到 1 份工作簿"):
        assert said in text.decode()


# --------------------------------------------------------------------------------------------------------------- query


def test_a_question_is_answered_as_a_table(store: Path, run: Run) -> None:
    code, out, err = run(
        "query", "SELECT package, count(*) AS n FROM filings GROUP BY 1 ORDER BY 1", "--store", store
    )
    assert (code, err) == (0, "")
    assert re.search(r"package +┃ n", out) and re.search(r"hengshan_2023 +│ 2", out) and "共 2 行。" in out
    question = "SELECT sum(number) AS 合计 FROM fields WHERE code = '编制数' AND sheet = '附件一'"
    _, out, _ = run("query", question, "--store", store)
    assert "184.10" in out  # 184 and 0.1, and no third digit


def test_all_tables_can_be_asked_and_every_column_by_its_bare_name(store: Path) -> None:
    connection = connect(Store.open(store), load_catalogue())
    for view in VIEWS:
        columns = ask(connection, f"SELECT * FROM {view}").columns
        answer = ask(connection, f"SELECT {', '.join(columns)} FROM {view}")
        assert answer.columns == columns and len(next(iter(answer.rows))) == len(columns)
    assert set(COLUMNS) <= set(ask(connection, "SELECT * FROM filings").columns)
    (total,) = ask(connection, "SELECT sum(全年执行数) FROM funds WHERE 来源 = '年度资金总额'").rows
    assert isinstance(total[0], Decimal)


def test_values_of_an_answer_are_those_of_python(store: Path) -> None:
    """Whatever stands in many rows, is missing in some, or is of a kind that is not a figure or a text."""
    connection = connect(Store.open(store), load_catalogue())
    question = """SELECT * FROM (VALUES
        (1, 'a', 1.50::DECIMAL(18,6), 0.5::DOUBLE, TRUE, TIMESTAMP '2024-03-01 09:30:05', DATE '2024-03-01',
         INTERVAL '1 month 2 days 3 seconds', [1, NULL], {'甲': 'x'}, 'a'::ENUM('a', 'b'), NULL),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (-2, 'a', 1.50, 'nan', FALSE, NULL, NULL, NULL, [], NULL, 'b', NULL))"""
    first, second, third = ask(connection, question).rows
    assert first == (
        1, "a", Decimal("1.5"), 0.5, True, dt.datetime(2024, 3, 1, 9, 30, 5), dt.date(2024, 3, 1),
        dt.timedelta(days=32, seconds=3), [1, None], {"甲": "x"}, "a", None,
    )  # fmt: skip
    assert second == (None,) * 12
    assert third[:3] == (-2, "a", Decimal("1.5")) and third[3] != third[3]
    assert third[4:] == (False, None, None, None, [], None, "b", None)
    assert ask(connection, "SELECT 1 AS a, 2 AS a").columns == ("a", "a")


def test_an_answer_that_is_longer_than_a_batch_is_whole_and_in_order(store: Path) -> None:
    connection = connect(Store.open(store), load_catalogue())
    answer = ask(
        connection, "SELECT i, CASE WHEN i % 3 > 0 THEN 'x' || i % 7 END FROM range(300000) t(i) ORDER BY i"
    )
    for k, row in enumerate(answer.rows):
        assert row == (k, f"x{k % 7}" if k % 3 else None)
    assert k == 299_999


def test_what_fails_half_way_is_told_too_and_one_answer_does_not_end_another(
    store: Path, tmp_path: Path
) -> None:
    connection = connect(Store.open(store), load_catalogue())
    other = iter(ask(connection, "SELECT i FROM range(300000) t(i)").rows)
    assert next(other) == (0,)
    broken = "SELECT (CASE WHEN i = 280000 THEN '某局' ELSE '1' END)::INTEGER FROM range(300000) t(i)"
    with pytest.raises(QueryError, match="不能转换的内容"):
        write_csv(ask(connection, broken), tmp_path / "结果.csv")
    assert list(tmp_path.iterdir()) == []
    assert sum(1 for _ in other) == 299_999


def test_an_empty_store_answers_too(tmp_path: Path, run: Run) -> None:
    with Store.writing(tmp_path / "库"):
        pass
    for view in VIEWS:
        code, out, _ = run("query", f"SELECT * FROM {view}", "--store", tmp_path / "库")
        assert code == 0 and "共 0 行。" in out


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("selec unit from filings", "SQL 语句写法有误，在“selec”附近"),
        ("SELECT unit， status FROM filings", "没有“unit，”这一列"),
        ("SELECT * FROM 单位", "没有“单位”这个表或函数"),
        ("SELECT 单位 FROM filings", "没有“单位”这一列"),
        ("SELECT 1; SELECT 2", "一次只能查询一条"),
        ("", "一次只能查询一条"),
        ("DROP VIEW filings", "只能查询、不能改动"),
        ("COPY (SELECT 1) TO 'x.csv'", "只能查询、不能改动"),
        ("SET enable_external_access = true", "只能查询、不能改动"),
        ("SELECT * FROM read_csv('/etc/passwd')", "不能读写别的文件"),
        ("SELECT unit::INTEGER FROM filings", "不能转换的内容"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told(question: str, said: str, store: Path, run: Run) -> None:
    code, out, err = run("query", question, "--store", store)
    assert (code, out) == (2, "")
    told(err, said)


def test_what_is_no_store_is_told(tmp_path: Path, run: Run) -> None:
    code, _, err = run("query", "SELECT 1", "--store", tmp_path)
    assert code == 2
    told(err, "不是汇总库", "jixiao collect")


def test_long_answers_end_on_the_screen(store: Path, run: Run) -> None:
    _, out, _ = run("query", "SELECT * FROM range(2500)", "--store", store)
    assert "999" in out and "1001" not in out and "只显示前 1000 行" in out and "--csv" in out


def test_csv_holds_all_rows_and_nothing_that_lives(store: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "结果.csv"
    question = "SELECT unit, 1.5 AS n, '-24.55' AS d, '@SUM(A1)' AS at, ' +1' AS blank, NULL AS nothing FROM filings ORDER BY filing"
    assert run("query", question, "--store", store, "--csv", target) == (0, f"{target}（4 行）\n", "")
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")  # or Excel takes it for GBK
    with target.open(encoding="utf-8-sig", newline="") as file:
        head, *lines = csv.reader(file)
    assert head == ["unit", "n", "d", "at", "blank", "nothing"]
    assert [line[0] for line in lines] == ["甲局", "丙局", "'" + EVIL, "丙局"]  # files 一, 三, 二, 四
    assert lines[0][1:] == ["1.50", "-24.55", "'@SUM(A1)", "' +1", ""]
    code, _, err = run("query", question, "--store", store, "--csv", target)
    assert code == 2
    told(err, "已经存在，没有改动它")
    assert run("query", "SELECT 1 AS a", "--store", store, "--csv", target, "--force")[0] == 0
    assert target.read_text("utf-8-sig").split() == ["a", "1"]
    assert [path.name for path in tmp_path.iterdir()] == ["结果.csv"]


def test_nothing_of_a_filing_is_markup_on_the_screen(store: Path, run: Run) -> None:
    _, out, _ = run("query", "SELECT unit, chr(27) || '[31m' AS esc FROM filings", "--store", store)
    assert "[bold red]某局[/]" in out and "\x1b" not in out and "�[31m" in out


#: Runs one command on a computer where what only the treasury's desk needs is not installed.
WITHOUT = (
    "import sys\n"
    "for name in ('duckdb', 'pyarrow', 'distributed', 'dask', 'fsspec', 'pandas', 'polars'): sys.modules[name] = None\n"
    "from jixiao.cli import main; sys.exit(main(sys.argv[1:]))"
)


def without(*arguments: str | Path, cwd: Path) -> tuple[int, str, str]:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT, *map(str, arguments)], capture_output=True, text=True, cwd=cwd
    )
    return run.returncode, run.stdout, run.stderr


def test_units_and_those_who_issue_need_none_of_the_libraries_of_the_desk(
    hengshan_book: Path, tmp_path: Path
) -> None:
    (tmp_path / "甲.xlsx").write_bytes(hengshan_book.read_bytes())
    list_file(tmp_path / "名单.xlsx", [["单位代码", "单位名称"], ["1", "甲局"]])
    for status, *arguments in (
        (0, "new", "hengshan_2023", "--unit", "甲局", "--year", "2024", "-o", "新.xlsx"),
        (1, "check", "甲.xlsx", "--annotate"),
        (0, "rollover", "甲.xlsx", "-o", "下年.xlsx"),
        (0, "report", "甲.xlsx", "-o", "报告.docx"),
        (0, "import", "报告.docx", "-o", "导入.xlsx"),
        (0, "parameters", "hengshan_2023", "-o", "参数.xlsx"),
        (0, "issue", "hengshan_2023", "--units", "名单.xlsx", "-o", "下发", "--last-year", "甲.xlsx"),
    ):
        assert without(*map(str, arguments), cwd=tmp_path)[0] == status, arguments


def test_a_missing_library_is_named_with_the_way_to_get_it(store: Path, tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()
    list_file(tmp_path / "名单.xlsx", [["单位代码", "单位名称"], ["1", "甲局"]])
    for library, *arguments in (
        ("duckdb", "query", "SELECT 1", "--store", store),
        ("pyarrow", "collect", "空", "--store", "新库"),
        ("pyarrow", "issue", "hengshan_2023", "--units", "名单.xlsx", "-o", "下发", "--last-year", store),
    ):
        status, out, err = without(*arguments, cwd=tmp_path)
        assert (status, out) == (2, "")
        cause, remedy = err.splitlines()
        assert cause == f"这里没有安装程序库 {library}，或者装得不完整；收集、汇总和查询要用它。"
        assert remedy.startswith('请运行 pip install "jixiao[treasury]"，再运行同一命令；')
    assert not (tmp_path / "新库").exists()


def test_the_way_to_get_a_library_is_that_of_the_installation() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    for extra, libraries in {"treasury": ["duckdb", "pyarrow"], "cluster": ["distributed", "fsspec"]}.items():
        brought = [re.split("[<>=\\[]", each)[0] for each in project["optional-dependencies"][extra]]
        for library in libraries:
            assert library in brought and f"jixiao[{extra}]" in not_installed(library).remedy


def test_checking_one_file_does_not_load_what_only_the_desk_needs() -> None:
    program = (
        "import sys; from jixiao.cli import main; main(['check', 'no.xlsx']);"
        "print([name for name in ('duckdb', 'pyarrow', 'jixiao.treasury.keeping.store') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(jixiao.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=True)
    assert done.stdout.decode().strip() == "[]"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"PAR1 half a file")])
def test_a_store_that_somebody_damaged_is_told(
    spoil: Callable[[Path], object], hengshan_book: Path, tmp_path: Path, run: Run
) -> None:
    copied(hengshan_book, tmp_path / "报送/一.xlsx", "甲局")
    store = tmp_path / "库"
    run("collect", tmp_path / "报送", "--store", store)
    for path in store.rglob("*.parquet"):
        spoil(path)
    for command in (("collect", tmp_path / "报送"), ("query", "SELECT * FROM findings")):
        code, _, err = run(*command, "--store", store)
        assert code == 2
        told(err, "数据文件")
