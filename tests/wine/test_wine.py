"""The Windows side on a Windows Python under wine: xlwings' DLL, the registry, the command line. Opt-in: see windows.py.

JIXIAO_WINE names the folder that windows.py set up; the project is installed there anew, as it stands in this checkout.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jixiao import __version__, resources
from jixiao.excel.machine import pinned
from jixiao.excel.server import SEPARATOR
from wine.exports import exports
from wine.vba import Module, dll
from wine.windows import FOLDER, Done, Windows, install

WHERE = os.environ.get("JIXIAO_WINE", "")
if not WHERE:
    pytest.skip("JIXIAO_WINE names no Windows (tests/wine/windows.py)", allow_module_level=True)

CALLER = Path(__file__).with_name("caller.py")
SERVER = "jixiao.excel.server"
NOTHING, NA = {"nothing": 0}, {"error": 2042}
Answers = list[dict[str, Any]]
Run = Callable[..., Answers]


@pytest.fixture(scope="module")
def windows() -> Iterator[Windows]:
    with Windows(Path(WHERE)) as running:
        install(running)
        yield running


@pytest.fixture(scope="module")
def western(windows: Windows) -> Windows:
    """The same computer with another code page: 1252, which knows no Chinese."""
    return Windows(windows.folder, chinese=False)


# --- xlwings' DLL -----------------------------------------------------------------------------------------------


def started(python: str, second: int = 36000) -> str:
    """The command that the add-in hands to the DLL at a second of the day, from its own text."""
    return Module("JixiaoPython").joined(
        "StartCommand", {'Narrow(Setting("python"))': python, "CLng(Timer)": str(second)}
    )


def excel(windows: Windows, folder: Path, *steps: list[Any]) -> Answers:
    """Do what VBA does, step by step (caller.py), in a program of its own."""
    order, answers = folder / "order.json", folder / "answers.json"
    order.write_text(json.dumps({"dll": rf"{FOLDER}\{dll(Path(), 64).name}", "steps": steps}), "utf-8")
    done = windows.run(windows.there(CALLER), windows.there(order), windows.there(answers))
    assert done.status == 0, done.output
    return list(json.loads(answers.read_text("utf-8")))


def call(method: str, *arguments: Any) -> list[Any]:
    return ["call", method, list(arguments)]


def function(name: str, *arguments: Any) -> list[Any]:
    """A worksheet function, as JixiaoCall calls it."""
    return call("CallUDF", "jixiao.excel.functions", name, {"array": list(arguments)}, NOTHING, NOTHING)


def pressed(at: int, *words: str, addin: str = __version__, xlwings: str = "") -> list[list[Any]]:
    """A press of a button with no workbook open, as JixiaoPy does it; the reply is the answer of the last step.

    Args:
        at: the number of the first of these steps.
    """
    return [
        call("Module", "xlwings._xlwindows"),
        call("SetAttr", {"step": at}, "BOOK_CALLER", NOTHING),
        call("Tuple", addin, xlwings or pinned("xlwings"), SEPARATOR.join(words)),
        call("Module", SERVER),
        call("Call", {"step": at + 3}, "press", {"step": at + 2}),
        call("Str", {"step": at + 4}),
    ]


def process(at: int) -> list[list[Any]]:
    """The number of Python's process is the answer of the last step."""
    return [call("Module", "os"), call("Call", {"step": at}, "getpid"), call("Str", {"step": at + 1})]


PYTHONW = rf"{FOLDER}\pythonw.exe"


@pytest.mark.parametrize("bits", [64, 32])
def test_the_dll_offers_what_the_add_in_declares(windows: Windows, bits: int) -> None:
    file = dll(windows.here(FOLDER), bits)
    offered = exports(file)
    assert [each.name for each in Module("JixiaoPython").declared() if each.dll == file.name] == [
        "XLPyDLLActivateAuto"
    ]
    assert "XLPyDLLActivateAuto" in offered


def test_worksheet_functions_are_served(windows: Windows, tmp_path: Path) -> None:
    """Numbers, blanks, errors, Chinese texts and ranges go through COM and come back as a cell needs them."""
    cases: list[tuple[str, list[Any], Any]] = [
        ("JX_RATE", [8.7, 9.6], 0.9063),  # 0.90625 is half away from zero
        ("JX_RATE", [5, 0], "不适用"),
        ("JX_RATE", [None, 5], ""),
        ("JX_RATE", [NA, 5], ""),
        ("JX_RATE", ["甲", 5], ""),
        ("JX_CHANGE", [8, 10], -0.2),
        ("JX_SCORE", ["≥1.5万件", "1.2万件", 10], 8),  # 10 x 1.2 / 1.5
        ("JX_GRADE", [85, 90, 80, 60], "良"),
        ("JX_TOTAL", [{"range": [[1, 2.5], [None, "——"]]}, 4], 7.5),
        ("JX_TOTAL", [{"range": [[1, NA]]}], "数据有误"),
        (
            "JX_RATE",
            [{"range": [[8.7], [None], [NA], [5]]}, {"range": [[9.6], [1], [1], [0]]}],
            {"array": [[0.9063], [""], [""], ["不适用"]]},
        ),
        ("JX_RATE", [{"range": [[1, 3]]}, {"range": [[2, 4]]}], {"array": [0.5, 0.75]}),
    ]
    steps = [function(name, *arguments) for name, arguments, _ in cases]
    answers = excel(windows, tmp_path, ["activate", started(PYTHONW)], *steps)
    assert answers[0]["status"] == 0, answers[0]
    for (name, arguments, expected), answer in zip(cases, answers[1:], strict=True):
        assert answer.get("value") == expected, (name, arguments, answer)


def test_an_unknown_function_is_an_error_of_the_call(windows: Windows, tmp_path: Path) -> None:
    """VBA's On Error catches it and answers #N/A; Python goes on."""
    steps = [["activate", started(PYTHONW)], function("JX_NOTHING", 1), function("JX_RATE", 1, 2)]
    _, failed, good = excel(windows, tmp_path, *steps)
    assert "AttributeError" in failed["failed"]
    assert good["value"] == 0.5


@pytest.mark.parametrize("way", ["kill", "end"], ids=["ended by the add-in", "ended from outside"])
def test_one_python_serves_until_it_ends(windows: Windows, tmp_path: Path, way: str) -> None:
    """A second start is the same Python; after its end the DLL starts another one, but for another command only."""
    command = started(PYTHONW)
    answers = excel(
        windows,
        tmp_path,
        ["activate", command],
        *process(1),  # 1, 2, 3
        ["activate", command],
        *process(5),  # 5, 6, 7
        ["alive", 3],
        [way, command if way == "kill" else 3],
        function("JX_RATE", 1, 2),
        ["alive", 3],
        ["activate", command],
        ["activate", started(PYTHONW, 36001)],
        *process(14),  # 14, 15, 16
    )
    first, second, third = (answers[at]["value"] for at in (3, 7, 16))
    assert first == second != third
    assert [answers[at]["value"] for at in (8, 11)] == [True, False]
    code = re.search(r"-\d+", answers[10]["failed"])
    assert code is not None
    assert int(code[0]) & 0xFFFFFFFF in gone_numbers()
    assert answers[12]["status"] != 0
    assert answers[13]["status"] == 0


def gone_numbers() -> set[int]:
    """The errors that the add-in takes for the end of Python."""
    (cases,) = re.findall(r"Case (462.*)", Module("JixiaoPython").text)
    return {int(number[2:], 16) if number.startswith("&H") else int(number) for number in cases.split(", ")}


def test_python_ends_with_excel(windows: Windows, tmp_path: Path) -> None:
    """Even if nobody ended it: no Python is left behind."""
    answers = excel(windows, tmp_path, ["activate", started(PYTHONW)], *process(1))
    left = windows.run(
        "-c",
        "import ctypes, sys; k = ctypes.windll.kernel32; h = k.OpenProcess(0x100000, False, int(sys.argv[1]));"
        "print(bool(h) and k.WaitForSingleObject(h, 0) != 0)",
        answers[3]["value"],
    )
    assert left.output.strip() == "False"


def test_a_button_without_a_workbook(windows: Windows, tmp_path: Path) -> None:
    steps = [
        ["activate", started(PYTHONW)],
        *pressed(1, "check"),
        *pressed(7, "about"),
        *pressed(13, "无此功能"),
    ]
    answers = excel(windows, tmp_path, *steps)
    check, about, unknown = (answers[at]["value"].split(SEPARATOR) for at in (6, 12, 18))
    assert check[0] == "warn"
    assert "打开" in check[2]
    assert about[0] == "say"
    assert __version__ in about[2]
    assert unknown[0] == "warn"
    assert "无此功能" in unknown[2]


def test_other_versions_are_told(windows: Windows, tmp_path: Path) -> None:
    steps = [
        ["activate", started(PYTHONW)],
        *pressed(1, "about", addin="0.0.1"),
        *pressed(7, "about", xlwings="0.1.0"),
    ]
    answers = excel(windows, tmp_path, *steps)
    for at, version in ((6, "0.0.1"), (12, "0.1.0")):
        kind, _, text, _ = answers[at]["value"].split(SEPARATOR)
        assert kind == "warn"
        assert version in text


@pytest.mark.parametrize(
    "command",
    [started(rf"{FOLDER}\nobody.exe"), started(PYTHONW).replace(SERVER, "jixiao.excel.nothing")],
    ids=["no Python", "no program"],
)
def test_a_python_that_cannot_start_is_told_at_once(windows: Windows, tmp_path: Path, command: str) -> None:
    """Excel stands still meanwhile. Behind cmd.exe, as xlwings' own VBA starts it, this takes two minutes."""
    (answer,) = excel(windows, tmp_path, ["activate", command])
    assert answer["status"] != 0
    assert "Python process" in answer["value"]
    assert answer["seconds"] < 20


def test_a_path_that_the_code_page_lacks_goes_by_its_short_name(western: Windows, tmp_path: Path) -> None:
    """The DLL takes the command in the code page: C:\\绩效 自评 is nothing to code page 1252."""
    ((short),) = excel(western, tmp_path, ["short", PYTHONW])
    assert short["value"].isascii()
    (failed,) = excel(western, tmp_path, ["activate", started(PYTHONW)])
    assert failed["status"] != 0
    steps = [["activate", started(short["value"])], function("JX_GRADE", 85, 90, 80, 60)]
    assert excel(western, tmp_path, *steps)[1].get("value") == "良"


# --- the command line -------------------------------------------------------------------------------------------


def jixiao(windows: Windows, *arguments: str, cwd: Path | None = None) -> Done:
    return windows.run(rf"{FOLDER}\Scripts\jixiao.exe", *arguments, cwd=cwd)


@pytest.fixture
def desk(windows: Windows) -> Path:
    """A folder of a clerk's, empty."""
    folder = windows.here(r"C:\绩效 自评\张三（财务） 的 文件")
    folder.mkdir(exist_ok=True)
    for file in folder.rglob("*"):
        if file.is_file():
            file.unlink()
    return folder


def parts(book: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(book) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_version(windows: Windows) -> None:
    assert jixiao(windows, "--version") == Done(0, f"jixiao {__version__}\n")


@pytest.mark.parametrize("name", ["空白 套表.xlsx", "空白 套表.xlsm"])
def test_a_workbook_made_on_windows_is_the_same(
    windows: Windows, desk: Path, tmp_path: Path, name: str
) -> None:
    arguments = ["new", "hengshan_2023", "--unit", "某局", "--year", "2024", "--projects", "2", "-o", name]
    if name.endswith("m"):
        arguments.append("--macros")
    done = jixiao(windows, *arguments, cwd=desk)
    assert done == Done(0, f"{name}\n")
    subprocess.run(
        [sys.executable, "-m", "jixiao", *arguments], cwd=tmp_path, check=True, capture_output=True
    )
    assert parts(desk / name) == parts(tmp_path / name)


@pytest.mark.parametrize("chinese", [True, False], ids=["936", "1252"])
def test_a_real_filing_is_checked_the_same(
    windows: Windows, western: Windows, desk: Path, tmp_path: Path, chinese: bool
) -> None:
    name = "衡山县 市场监管局（2023）.xlsx"
    here = [sys.executable, "-m", "jixiao"]
    case = resources.CASES / "hengshan_2023.yaml"
    subprocess.run([*here, "fill", str(case), "-o", str(desk / name)], check=True, capture_output=True)
    local = subprocess.run([*here, "check", name, "--json"], cwd=desk, capture_output=True, check=False)
    done = jixiao(windows if chinese else western, "check", name, "--json", cwd=desk)
    assert done.status == local.returncode == 1
    assert json.loads(done.output) == json.loads(local.stdout)


@pytest.mark.parametrize("chinese", [True, False], ids=["936", "1252"])
def test_a_file_that_is_not_there(windows: Windows, western: Windows, desk: Path, chinese: bool) -> None:
    done = jixiao(windows if chinese else western, "check", "没有 这个.xlsx", cwd=desk)
    assert done == Done(2, "没有 这个.xlsx：找不到文件。请核对路径和文件名。\n")


def test_findings_are_written_into_the_file(windows: Windows, desk: Path) -> None:
    assert jixiao(windows, "demo", "演 示", cwd=desk).status == 0
    (book,) = (desk / "演 示").glob("衡山*.xlsx")
    assert jixiao(windows, "check", "--annotate", windows.there(book), cwd=desk).status == 1
    assert any(
        "审核结果".encode() in part for name, part in parts(book).items() if name.endswith("workbook.xml")
    )


# --- install, doctor, uninstall ---------------------------------------------------------------------------------

OFFICE = r"HKCU\Software\Microsoft\Office"
OTHERS = """Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel]

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel\\Options]
"Font"="宋体,11"
"OPEN"="\\"C:\\\\别人 的\\\\加载项.xlam\\""
"OPEN1"="/R \\"C:\\\\a.xll\\""

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel\\Security\\Trusted Locations\\Location0]
"Path"="C:\\\\别人 的\\\\"
"""


@pytest.fixture
def with_excel(windows: Windows) -> Iterator[None]:
    """What Excel leaves in the registry of a person who uses it, with an add-in of somebody else's."""
    file = windows.here(r"C:\others.reg")
    file.write_text(OTHERS.replace("\n", "\r\n"), "utf-16")
    assert windows.run("reg.exe", "import", r"C:\others.reg").status == 0
    yield
    windows.run("reg.exe", "delete", OFFICE, "/f")


def left(windows: Windows) -> tuple[str, set[str]]:
    """All that a program may have left behind: the person's part of the registry, and the files beside Windows."""
    assert windows.run("reg.exe", "export", r"HKCU\Software", r"C:\state.reg", "/y").status == 0
    users = windows.here(r"C:\users")
    return (
        windows.here(r"C:\state.reg").read_text("utf-16"),
        {str(path.relative_to(users)) for path in users.rglob("*")},
    )


def test_without_excel_nothing_is_done(windows: Windows) -> None:
    before = left(windows)
    done = jixiao(windows, "install")
    assert done.status == 2
    assert done.output.startswith("这台电脑上没有找到 Excel")
    assert left(windows) == before
    examined = jixiao(windows, "doctor", "--json")
    assert examined.status == 1
    found = {each["name"]: each for each in json.loads(examined.output)}
    assert found["Excel"]["state"] == "故障"
    assert "没有找到 Excel" in found["Excel"]["cause"]
    assert [name for name, each in found.items() if "pywin32" in name and each["state"] == "良好"]


def test_install_and_uninstall_leave_no_trace(windows: Windows, with_excel: None) -> None:
    before = left(windows)
    done = jixiao(windows, "install")
    assert done.status == 0, done.output
    assert jixiao(windows, "install").status == 0
    registry, files = left(windows)
    (addin,) = [file for file in files - before[1] if file.endswith("jixiao.xlam")]
    path = "\\\\".join(["C:", "users", *addin.split("/")])
    assert f'"OPEN2"="\\"{path}\\""' in registry
    assert '"OPEN"="\\"C:\\\\别人 的\\\\加载项.xlam\\""' in registry

    examined = json.loads(jixiao(windows, "doctor", "--json").output)
    faults = {each["name"] for each in examined if each["state"] == "故障"}
    assert faults <= {"Excel"}, examined  # there is none: its program is missing, its registry is ours
    assert {"加载项文件", "在 Excel 中登记", "受信任位置"} <= {
        each["name"] for each in examined if each["state"] == "良好"
    }

    done = jixiao(windows, "uninstall")
    assert done.status == 0, done.output
    assert left(windows) == before
