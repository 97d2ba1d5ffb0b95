"""xlwings' real DLL, called as the add-in calls it: does it start our Python, and what comes back from it?"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jixiao import __version__
from jixiao.excel.server import SEPARATOR
from wine.exports import exports
from wine.vba import NA, PYTHONW, SAYS, SERVER, Module, dll, excel, function, pressed, process, started
from wine.windows import FOLDER, NOT_CHOSEN, WHERE, Windows

if not WHERE:
    pytest.skip(NOT_CHOSEN, allow_module_level=True)


@pytest.mark.parametrize("bits", [64, 32])
def test_the_dll_offers_what_the_add_in_declares(windows: Windows, bits: int) -> None:
    file = dll(windows.here(FOLDER), bits)
    offered = exports(file)
    assert [each.name for each in Module("JixiaoPython").declared() if each.dll == file.name] == [
        "XLPyDLLActivateAuto"
    ]
    assert "XLPyDLLActivateAuto" in offered


def test_the_add_in_calls_python_as_these_tests_do() -> None:
    text = Module("JixiaoPython").text
    assert [statement for statement in SAYS if statement not in text] == []
    assert f'Const SERVER As String = "{SERVER}"' in text


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


def test_a_new_workbook_is_asked_for_and_written(windows: Windows, tmp_path: Path) -> None:
    """The whole way of a button with questions: it is pressed again with all answers so far."""
    file = windows.here(r"C:\绩效 自评\新 套表.xlsm")
    file.unlink(missing_ok=True)
    words = ["new", "hengshan_2023"]
    steps = [["activate", started(PYTHONW)]]
    for answer in ("某局", windows.there(file), None):
        steps += pressed(len(steps), *words)
        words.append(str(answer))
    answers = excel(windows, tmp_path, *steps)
    replies = [answers[at]["value"].split(SEPARATOR) for at in (6, 12, 18)]
    assert [kind for kind, *_ in replies] == ["ask", "save", "say"], replies
    assert "某局" in replies[1][3]
    assert "新 套表.xlsm" in replies[2][2]
    assert "xl/vbaProject.bin" in zipfile.ZipFile(file).namelist()


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
