"""The command line as others script against it (DESIGN §8)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from commandline import Run
from jixiao import check as checking
from jixiao import resources
from jixiao.books.ooxml.parts import Parts
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.cli import filings, main, program
from jixiao.filing import Filing

HENGSHAN = "衡山县市场监督管理局"
YUEYANGLOU = "岳阳市岳阳楼区市场监督管理局"


@pytest.fixture(scope="module")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture
def filed(_demo: Path, tmp_path: Path) -> Path:
    """Yueyanglou's workbook of the demo, checked and annotated."""
    return Path(shutil.copy(_demo / f"{YUEYANGLOU}2023年度绩效自评.xlsx", tmp_path))


def parts(path: Path) -> dict[str, bytes]:
    opened = Parts.open(path)
    return {name: opened[name] for name in opened}


# --------------------------------------------------------------------------------------------------------------- check

FILE_KEYS = ["file", "package", "unit", "year", "status", "findings"]
FINDING_KEYS = [
    *("rule", "severity", "outcome", "sheet", "cell", "related", "message", "stated", "expected"),
    *("difference", "tolerance", "fix", "fingerprint", "explanation"),
]


def test_json_is_one_object_a_line_with_the_keys_of_the_contract(filed: Path, run: Run) -> None:
    other = Path(shutil.copy(filed, filed.with_name("另一份.xlsx")))
    code, out, err = run("check", "--json", filed, other)
    assert (code, err) == (1, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["file"] for line in lines] == [str(filed), str(other)]
    for line in lines:
        assert list(line) == FILE_KEYS
        assert (line["package"], line["unit"], line["year"]) == ("yueyanglou_2023", YUEYANGLOU, 2023)
        assert line["status"] == "未通过"
        for finding in line["findings"]:
            assert list(finding) == FINDING_KEYS
            assert finding["severity"] in ("error", "warning", "info")
            assert finding["outcome"] in ("fail", "inconclusive", "rule_error")
            assert isinstance(finding["related"], list)
            texts = [finding[key] for key in FINDING_KEYS if key not in ("related", "explanation")]
            assert all(isinstance(text, str) for text in texts)
            assert finding["explanation"] is None or finding["explanation"].strip()
    assert lines[0]["findings"] == lines[1]["findings"]


def test_json_writes_figures_as_people_read_them(filed: Path, run: Run) -> None:
    # 附件2: 全年预算数 5836.24 < 4980.37 + 730.54 + 56.70 + 93.18 = 5860.79
    _, out, _ = run("check", "--json", filed)
    (finding,) = [f for f in json.loads(out)["findings"] if f["rule"] == "XSH-004"]
    assert (finding["sheet"], finding["cell"], finding["severity"]) == ("附件2", "E5", "error")
    assert (finding["stated"], finding["expected"], finding["difference"]) == (
        "5836.24",
        "5860.79",
        "-24.55",
    )


def only(*rules: str) -> Callable[..., Any]:
    """A check that finds what these rules find."""
    whole = checking.check

    def check(filing: Filing, catalogue: Any) -> Any:
        return [finding for finding in whole(filing, catalogue) if finding.rule.id in rules]

    return check


@pytest.mark.parametrize(
    ("rules", "code", "status"),
    [
        (("XSH-004",), 1, "未通过"),  # an error
        (("STR-002",), 1, "待说明"),  # a warning
        ((), 0, "通过"),
    ],
)
def test_the_exit_status_says_whether_something_is_outstanding(
    rules: tuple[str, ...], code: int, status: str, filed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "check", only(*rules))
    done, out, _ = run("check", "--json", filed)
    assert (done, json.loads(out)["status"]) == (code, status)
    done, out, _ = run("check", filed)
    assert done == code and status in out
    assert ("没有发现问题" in out) == (not rules)


def test_annotating_writes_once_and_finds_the_same_again(filed: Path, run: Run) -> None:
    """The demo has annotated it already; here it starts from the filled workbook."""
    plain = filed.with_name("填报.xlsx")
    assert run("fill", resources.CASES / "yueyanglou_2023.yaml", "-o", plain)[0] == 0
    before, _ = parts(plain), run("check", "--json", plain)
    first = run("check", "--json", plain)
    assert parts(plain) == before  # checking alone writes nothing
    assert run("check", "--json", "--annotate", plain) == first
    written = plain.read_bytes()
    assert parts(plain) != before
    assert run("check", "--json", "--annotate", plain) == first
    assert run("check", "--json", plain) == first
    assert plain.read_bytes() == written


def test_a_table_for_people_names_place_question_and_remedy(filed: Path, run: Run) -> None:
    code, out, _ = run("check", filed)
    assert code == 1
    for text in (filed.name, YUEYANGLOU, "2023 年度", "未通过", "强制性", "XSH-004", "附件2!E5", "→ "):
        assert text in out
    assert "共 " in out.splitlines()[-1]


# ------------------------------------------------------------------------------------------- writing and generating


def test_demo_fills_checks_and_annotates_every_filing(run: Run, tmp_path: Path) -> None:
    code, out, err = run("demo", tmp_path / "演示")
    assert (code, err) == (0, "")
    names = sorted(path.name for path in (tmp_path / "演示").iterdir())
    cases = [yaml.safe_load(case.read_text("utf-8")) for case in resources.CASES.glob("*.yaml")]
    assert {HENGSHAN, YUEYANGLOU} <= {case["unit"] for case in cases}
    assert names == sorted(f"{case['unit']}{case['year']}年度绩效自评.xlsx" for case in cases)
    assert f"已生成 {len(cases)} 套" in out
    for text in (*names, "WGT-001", "XSH-004", "审核结果"):
        assert text in out
    for name in names:  # what it printed is what stands in the files
        code, found, _ = run("check", "--json", "--annotate", tmp_path / "演示" / name)
        assert code == 1
        assert all(f["rule"] in out for f in json.loads(found)["findings"])


def test_new_makes_a_workbook_for_a_unit_a_year_and_its_projects(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "下发.xlsx"
    options = ("--unit", "某县某局", "--year", 2024, "--projects", 4)
    assert run("new", "yueyanglou_2023", *options, "-o", path) == (0, f"{path}\n", "")
    filing = read(path, load_catalogue())
    assert (filing.package, filing.unit, filing.year) == ("yueyanglou_2023", "某县某局", 2024)
    assert [sheet.name for sheet in filing.sheets] == [
        *("附件1", "附件2", "附件3-1", "附件3-2", "附件3-3", "附件3-4", "附件4")
    ]
    title = parts(path)["xl/sharedStrings.xml"].decode()
    assert "2024年度预算单位整体支出绩效自评表" in title and "2023年决算数" in title


def test_new_takes_year_and_projects_of_the_package(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "下发.xlsx"
    assert run("new", "hengshan_2023", "--unit", "某局", "-o", path)[0] == 0
    filing = read(path, load_catalogue())
    assert (filing.year, filing.projects) == (2023, [("业务工作经费", "附件三")])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--projects", 0), "项目数应在 1 到 30 之间"),
        (("--projects", 31), "项目数应在 1 到 30 之间"),
        (("--year", 23), "年度 23 不对"),
        (("--macros",), "写了 --macros，输出文件却是“下发.xlsx”"),
    ],
)
def test_new_refuses_what_cannot_be(options: tuple[object, ...], said: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "下发.xlsx"
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", *options, "-o", path)
    assert code == 2 and said in err and "请" in err
    assert not path.exists()


def test_a_package_without_project_sheets_is_made_without_projects(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "下发.xlsx"
    assert run("new", "xiangtan_gaoxin_2023", "--unit", "某局", "-o", path) == (0, f"{path}\n", "")
    assert [sheet.name for sheet in read(path, load_catalogue()).sheets] == ["数据表", "附件1"]
    code, _, err = run(
        "new", "xiangtan_gaoxin_2023", "--unit", "某局", "--projects", 2, "-o", tmp_path / "b.xlsx"
    )
    assert (code, err) == (2, "套表“xiangtan_gaoxin_2023”没有项目表。\n请去掉 --projects。\n")
    assert not (tmp_path / "b.xlsx").exists()


def test_new_gives_buttons_only_to_a_file_that_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "下发.xlsm"
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", "-o", path)
    assert code == 2 and "没有写 --macros，输出文件却是“下发.xlsm”" in err and "以 .xlsm 结尾" in err
    assert not path.exists()
    assert run("new", "hengshan_2023", "--unit", "某局", "--macros", "-o", path) == (0, f"{path}\n", "")
    assert "xl/vbaProject.bin" in parts(path)
    code, out, _ = run("check", "--json", "--annotate", path)
    assert code == 1 and json.loads(out)["unit"] == "某局"
    assert "xl/vbaProject.bin" in parts(path)


def test_new_names_the_packages_that_there_are(run: Run, tmp_path: Path) -> None:
    code, _, err = run("new", "changsha_2023", "--unit", "某局", "-o", tmp_path / "a.xlsx")
    assert code == 2
    packages = sorted(file.stem for file in (resources.TEMPLATES / "packages").glob("*.yaml"))
    assert {"hengshan_2022", "hengshan_2023", "yueyanglou_2023"} <= set(packages)
    assert err == f"没有套表“changsha_2023”。\n可用的套表有：{'、'.join(packages)}。\n"


def test_fill_writes_the_case(run: Run, tmp_path: Path, hengshan: Filing) -> None:
    path = tmp_path / "填报.xlsx"
    assert run("fill", resources.CASES / "hengshan_2023.yaml", "-o", path) == (0, f"{path}\n", "")
    filing = read(path, load_catalogue())
    assert (filing.unit, len(filing.sheets)) == (HENGSHAN, 4)
    assert filing.sheets[1].fields["全年预算数"] == 2860.69
    buttons = tmp_path / "填报.xlsm"
    assert run("fill", resources.CASES / "hengshan_2023.yaml", "-o", buttons) == (0, f"{buttons}\n", "")
    assert "xl/vbaProject.bin" in parts(buttons) and "xl/vbaProject.bin" not in parts(path)
    assert read(buttons, load_catalogue()).sheets == filing.sheets


def test_build_check_tells_what_differs_from_the_declarations(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates, shipped = tmp_path / "templates", load_catalogue()
    two = ("hengshan_2023", "mof_project_2023")
    shipped = replace(shipped, packages={code: shipped.packages[code] for code in two})
    templates.mkdir()
    addin = shutil.copytree(resources.ADDIN, tmp_path / "addin")
    (addin / "jixiao.xlam").unlink()
    monkeypatch.setattr(resources, "TEMPLATES", templates)
    monkeypatch.setattr(resources, "ADDIN", addin)
    monkeypatch.setattr(program, "load_catalogue", lambda: shipped)
    code, _, err = run("build", "--check")
    assert code == 2 and "请运行 jixiao build" in err and "缺少：jixiao.xlam" in err
    code, out, _ = run("build")
    assert code == 0
    assert [Path(line).name for line in out.splitlines()] == [
        f"{package}.{flavour}" for package in two for flavour in ("xlsx", "xlsm")
    ] + ["jixiao.xlam"]
    assert run("build", "--check") == (0, "下发的工作簿、加载项与表样、规则、源文件一致。\n", "")
    issued = templates / "issued"
    shutil.copy(issued / "hengshan_2023.xlsx", issued / "mof_project_2023.xlsx")
    code, _, err = run("build", "--check")
    assert code == 2 and "mof_project_2023.xlsx" in err and "hengshan_2023.xlsx" not in err
    assert ".xlsm" not in err
    shutil.copy(issued / "hengshan_2023.xlsm", issued / "mof_project_2023.xlsm")
    code, _, err = run("build", "--check")
    assert code == 2 and "mof_project_2023.xlsm" in err and "hengshan_2023.xlsm" not in err


def test_docs_check_tells_what_is_stale(run: Run, tmp_path: Path) -> None:
    code, _, err = run("docs", "--check", tmp_path)
    assert code == 2 and "functions.md" in err and "rules.md" in err and "请运行 jixiao docs" in err
    assert list(tmp_path.iterdir()) == []
    assert run("docs", tmp_path)[0] == 0
    assert run("docs", "--check", tmp_path) == (0, "", "")
    (tmp_path / "rules.md").write_text("手工修改", "utf-8")
    code, _, err = run("docs", "--check", tmp_path)
    assert code == 2 and "rules.md" in err and "functions.md" not in err
    assert run("docs", tmp_path) == (0, f"{tmp_path / 'rules.md'}\n", "")


# ----------------------------------------------------------------------------------------------------- usage and debug


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "缺少 命令"),
        (("check",), "缺少 文件"),
        (("chek", "a.xlsx"), "没有 'chek'，可用的有 'demo', "),
        (("check", "--jsn", "a.xlsx"), "不认识 --jsn"),
        (("new", "hengshan_2023"), "缺少 --unit, -o"),
        (("new", "hengshan_2023", "--unit"), "--unit 后面要写内容"),
        (("new", "hengshan_2023", "--year", "今年"), "--year 应为整数，现在是 '今年'"),
        (("check", "--json=1", "a.xlsx"), "--json 不能带内容 '1'"),
    ],
)
def test_wrong_usage_is_told_in_chinese(arguments: tuple[str, ...], said: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    cause, remedy = err.splitlines()
    assert cause.startswith("命令写法有误：") and said in cause
    assert remedy.startswith("请运行 jixiao") and remedy.endswith("--help 查看用法。")


@pytest.mark.parametrize("command", [(), ("demo",), ("build",), ("new",), ("fill",), ("check",), ("docs",)])
def test_help_is_chinese(command: tuple[str, ...], run: Run) -> None:
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("用法：jixiao")
    for english in ("usage", "positional", "options", "show", "exit"):
        assert english not in out


def test_the_version(run: Run) -> None:
    code, out, _ = run("--version")
    assert code == 0 and out.startswith("jixiao ")


@pytest.mark.parametrize("arguments", [("--debug", "check"), ("check", "--debug")])
def test_debug_shows_where_it_went_wrong(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = process(*arguments, tmp_path / "没有.xlsx")
    assert done.returncode == 1  # Python's own
    assert b"Traceback" in done.stderr and "找不到文件".encode() in done.stderr


def test_a_fault_of_the_program_is_told_as_such(
    filed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(filings, "check_file", broken)
    code, _, err = run("check", filed)
    assert code == 2
    assert err == (
        "程序出错（ZeroDivisionError：division by zero）。\n请加 --debug 重新运行，并把显示的内容反馈给下发单位。\n"
    )


def test_an_interruption_is_no_traceback(filed: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(filings, "check_file", interrupted)
    assert run("check", filed) == (2, "", "已中断。\n")


# -------------------------------------------------------------------------------------------------------- as a process


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(Path(resources.__file__).parents[1]), **more}


def process(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "jixiao.cli", *map(str, arguments)]
    return subprocess.run(program, capture_output=True, env=environment(), check=False)


def test_output_into_a_file_has_no_colours(filed: Path) -> None:
    done = process("check", filed)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    assert "XSH-004" in done.stdout.decode("utf-8")


def test_a_terminal_has_colours(filed: Path) -> None:
    pytest.importorskip("pty")  # not on Windows
    master, slave = os.openpty()
    program = [sys.executable, "-m", "jixiao.cli", "check", str(filed)]
    shown = environment(TERM="xterm-256color", COLUMNS="120")
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
    assert b"\x1b[" in text
    assert "未通过" in text.decode("utf-8")
    assert max(len(line) for line in text.decode("utf-8").splitlines()) < 400


def test_whoever_reads_may_stop_reading(filed: Path) -> None:
    program = f'"{sys.executable}" -m jixiao.cli check "{filed}" "{filed}" "{filed}" | head -n 1'
    done = subprocess.run(program, shell=True, capture_output=True, env=environment(), check=False)
    assert done.stderr == b""
