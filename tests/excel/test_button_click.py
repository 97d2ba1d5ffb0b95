"""A real click on the sheet's button runs the Sub behind it, in LibreOffice on a virtual screen.

The add-in is no file that LibreOffice can open, so the workbook's own Subs call a stub in its place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import libreoffice
from jixiao import resources
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.books.vba.buttons import PROJECT, modules
from jixiao.books.vba.project import project
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue

WIDTH, HEIGHT = 1500, 1000
TRACE = """\
Attribute VB_Name = "JixiaoTrace"
Option Explicit

Public Sub LeaveTrace(ByVal action As String)
    Worksheets("审核结果").Range("K4").Value = action & " " & ActiveSheet.Name
End Sub
"""


def missing() -> str:
    """Why nothing can be clicked here; fails instead where LibreOffice is required."""
    if reason := libreoffice.missing():
        return reason
    lacking = [program for program in ("Xvfb", "xdotool") if not shutil.which(program)]
    if lacking and os.environ.get(libreoffice.REQUIRED) == "1":
        raise RuntimeError(f"{', '.join(lacking)} not installed, but {libreoffice.REQUIRED}=1")
    return f"{', '.join(lacking)} not installed" if lacking else ""


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@contextmanager
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A virtual screen; Xvfb chooses a free number and tells it."""
    back, out = os.pipe()
    command = ["Xvfb", "-displayfd", str(out), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[out], stderr=subprocess.DEVNULL)
    os.close(out)
    try:
        with os.fdopen(back) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        monkeypatch.setenv("DISPLAY", f":{number}")
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def traced(path: Path) -> None:
    """Let the buttons of a workbook reach a stub in place of the add-in; all else of its VBA stays as it is."""
    texts = modules()
    for own, stub in (
        ("""Application.Run "'jixiao.xlam'!JixiaoPress", action""", "LeaveTrace action"),
        ('If IsOpen("jixiao.xlam") Then', "If True Then"),
    ):
        assert texts["JixiaoButtons"].count(own) == 1
        texts["JixiaoButtons"] = texts["JixiaoButtons"].replace(own, stub)
    texts["JixiaoTrace"] = TRACE
    book = Parts.open(path)
    count = sum(name.startswith("xl/worksheets/sheet") for name in book)
    names = [f"Sheet{number}" for number in range(1, count + 1)]
    replace(path, book, {"xl/vbaProject.bin": project(texts, names, PROJECT)})


def test_a_click_on_a_protected_sheet_runs_what_the_button_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / "hengshan_2023.yaml", catalogue)
    path = tmp_path / "填报.xlsm"
    build(catalogue.packages[filing.package], filing, catalogue, path)
    traced(path)
    buttons = {
        ("首页", "审核"): "check",
        ("附件一", "审核"): "check",
        ("附件三", "审核"): "check",
        ("审核结果", "上一条"): "previous",
        ("审核结果", "下一条"): "next",
    }
    order = {"book": str(path), "buttons": list(buttons), "width": WIDTH, "height": HEIGHT}
    if picture := os.environ.get("JIXIAO_SCREENSHOT"):  # a .png, for people who want to see it
        order["screenshot"] = picture
    with screen(monkeypatch):
        done = libreoffice.run(Path(__file__).with_name("clicking.py"), order)
    assert done == {f"{sheet} {caption}": f"{action} {sheet}" for (sheet, caption), action in buttons.items()}
