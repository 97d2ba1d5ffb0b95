"""The VBA of add-in and workbook runs in a real spreadsheet program.

LibreOffice runs no .xlam and knows neither xlwings' DLL nor Windows' message box, so the modules stand in an .xlsm, and
those of them that reach outside are replaced: what Python answers and what the person answers is written here.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from jixiao import resources
from jixiao.books.vba.project import WORKBOOK, project
from jixiao.books.vba.wrappers import addin_functions, workbook_functions
from libreoffice import missing
from vba_libreoffice import macros

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

SOURCES = resources.ADDIN / "vba"

#: Python: answers by what it is asked; notes every request in column A.
PYTHON = """\
Attribute VB_Name = "JixiaoPython"
Option Explicit
Public Sub Note(ByVal text As String)
    Dim row As Long
    row = 1
    Do While Len(Sheet1.Cells(row, 1).Value) > 0
        row = row + 1
    Loop
    Sheet1.Cells(row, 1).Value = text
End Sub
Public Function JixiaoPy(ByVal words As String) As Variant
    Dim given As String
    Dim answer As String
    given = Replace(words, Chr(31), "/")
    Note "press " & given
    Select Case given
    Case "check"
        answer = "show|1/2 强制性|甲|乙"
    Case "hand_in"
        answer = "confirm|上报|继续吗|"
    Case "hand_in/是"
        answer = "save|另存|到哪里|上报.xlsx"
    Case "hand_in/是/C:\\上报.xlsx"
        answer = "say|上报|完成|2/2 核实性：丙"
    Case "new/hengshan_2023"
        answer = "ask|单位|名称|"
    Case "about"
        answer = "|||"
    Case Else
        answer = "warn|出错|不认识|"
    End Select
    JixiaoPy = Split(Replace(answer, "|", Chr(31)), Chr(31))
End Function
Public Function JixiaoCall(ByVal name As String, ByVal given As Variant) As Variant
    Dim i As Long
    JixiaoCall = name
    For i = LBound(given) To UBound(given)
        If IsArray(given(i)) Then
            JixiaoCall = JixiaoCall & ";" & UBound(given(i), 1) & "x" & UBound(given(i), 2)
        ElseIf IsEmpty(given(i)) Then
            JixiaoCall = JixiaoCall & ";-"
        Else
            JixiaoCall = JixiaoCall & ";" & given(i)
        End If
    Next i
End Function
"""
#: The person: agrees, saves, and cancels what is asked for in words.
DIALOGS = """\
Attribute VB_Name = "JixiaoDialogs"
Option Explicit
Public Function JixiaoBox(ByVal title As String, ByVal text As String, ByVal flags As Long) As Long
    Note "box " & flags & " " & title & " " & text
End Function
Public Function JixiaoAsk( _
    ByVal kind As String, ByVal title As String, ByVal text As String, ByVal proposed As String) As String
    Note kind & " " & title & " " & text & " " & proposed
    Select Case kind
    Case "confirm"
        JixiaoAsk = "是"
    Case "save"
        JixiaoAsk = "C:\\" & proposed
    Case Else
        JixiaoAsk = vbNullChar
    End Select
End Function
"""
MESSAGE = """\
Attribute VB_Name = "JixiaoMessage"
Option Explicit
Public Sub JixiaoTell(ByVal text As String)
    Note text
End Sub
"""
REFRESH = """\
Attribute VB_Name = "JixiaoRibbon"
Option Explicit
Public Sub JixiaoRefresh()
    Note "ribbon " & JixiaoTitle & "/" & JixiaoText & "/" & JixiaoRemedy
End Sub
"""
DRIVER = """\
Attribute VB_Name = "Driver"
Option Explicit
Public Sub Check()
    JixiaoPress "check"
End Sub
Public Sub HandIn()
    JixiaoPress "hand_in"
End Sub
Public Sub NewBook()
    JixiaoPress "new", "hengshan_2023"
End Sub
Public Sub About()
    JixiaoPress "about"
End Sub
Public Sub Unknown()
    JixiaoPress "unknown"
End Sub
"""


def write(path: Path, modules: Mapping[str, str], formulas: Sequence[str] = ()) -> Path:
    """A workbook of one sheet with VBA; formulas stand in column C, over the numbers 8.7 and 9.6 in column B."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    book.set_vba_name(WORKBOOK)
    sheet.set_vba_name("Sheet1")
    sheet.write_column("B1", [8.7, 9.6])
    for row, formula in enumerate(formulas):
        sheet.write_formula(row, 2, formula)
    book.add_vba_project(io.BytesIO(project(modules, ["Sheet1"], "Trial")), is_stream=True)
    book.close()
    return path


def source(name: str) -> str:
    return (SOURCES / name).read_text("utf-8")


def test_the_reply_loop(tmp_path: Path) -> None:
    modules = {
        "JixiaoPython": PYTHON,
        "JixiaoDialogs": DIALOGS,
        "JixiaoRibbon": REFRESH,
        "JixiaoReplies": source("JixiaoReplies.bas"),
        "Driver": DRIVER,
    }
    book = write(tmp_path / "trial.xlsm", modules)
    subs = [f"Driver.{name}" for name in ("Check", "HandIn", "NewBook", "About", "Unknown")]
    rows = macros([book], "Trial", subs, "A1:A20")
    assert [row[0] for row in rows if row[0]] == [
        "press check",
        "ribbon 1/2 强制性/甲/乙",
        "press hand_in",
        "confirm 上报 继续吗 ",
        "press hand_in/是",
        "save 另存 到哪里 上报.xlsx",
        "press hand_in/是/C:\\上报.xlsx",
        "box 64 上报 完成",
        "ribbon 2/2 核实性/丙/",
        "press new/hengshan_2023",
        "ask 单位 名称 ",
        "ribbon 2/2 核实性/丙/",  # cancelled
        "press about",
        "ribbon 2/2 核实性/丙/",
        "press unknown",
        "box 48 出错 不认识",
        "ribbon 2/2 核实性/丙/",
    ]


FORMULAS = [
    "=JX_RATE(B1,B2)",
    "=JX_TOTAL(B1:B2,B2,5)",
    "=JX_TOTAL_SCORE(B3,B1:B2)",
    '=JX_SCORE("≥9件",B1,10)',
]
ANSWERS = ["JX_RATE;8.7;9.6", "JX_TOTAL;2x1;9.6;5", "JX_TOTAL_SCORE;-;2x1", "JX_SCORE;≥9件;8.7;10"]


def known_here(text: str) -> str:
    """LibreOffice 7.4 has no Value2; Value differs from it for dates and currencies only."""
    return text.replace(".Value2", ".Value")


def test_the_functions_of_the_add_in(tmp_path: Path) -> None:
    modules = {"JixiaoPython": PYTHON, "JixiaoFunctions": known_here(addin_functions())}
    book = write(tmp_path / "trial.xlsm", modules, FORMULAS)
    assert [row[0] for row in macros([book], "Trial", [], "C1:C4")] == ANSWERS


def test_functions_and_buttons_of_a_workbook_reach_the_add_in_by_its_name(tmp_path: Path) -> None:
    """The workbook plays its own add-in: what it looks for by name is itself."""
    own = {
        "JixiaoFunctions": known_here(workbook_functions()),
        "JixiaoButtons": source("workbook/JixiaoButtons.bas"),
    }
    assert all('"jixiao.xlam"' in text and "'jixiao.xlam'!" in text for text in own.values())
    # LibreOffice's Run finds a macro of the same document by its bare name only.
    modules = {
        name: text.replace("'jixiao.xlam'!", "").replace("jixiao.xlam", "trial.xlsm")
        for name, text in own.items()
    }
    modules |= {"JixiaoPython": PYTHON, "JixiaoDialogs": DIALOGS, "JixiaoRibbon": REFRESH}
    book = write(tmp_path / "trial.xlsm", {**modules, "JixiaoReplies": source("JixiaoReplies.bas")}, FORMULAS)
    rows = macros([book], "Trial", ["JixiaoButtons.JixiaoCheck", "JixiaoButtons.JixiaoNext"], "A1:C6")
    assert rows[0][2] == "JX_RATE;8.7;9.6"
    assert [row[0] for row in rows if row[0]] == [
        "press check",
        "ribbon 1/2 强制性/甲/乙",
        "press next",
        "box 48 出错 不认识",
        "ribbon 1/2 强制性/甲/乙",
    ]


def test_without_the_add_in_a_function_is_an_error_and_a_button_a_message(tmp_path: Path) -> None:
    modules = {
        "JixiaoFunctions": known_here(workbook_functions()),
        "JixiaoButtons": source("workbook/JixiaoButtons.bas"),
        "JixiaoMessage": MESSAGE,
        "JixiaoPython": PYTHON,
    }
    book = write(tmp_path / "trial.xlsm", modules, FORMULAS[:1])
    rows = macros([book], "Trial", ["JixiaoButtons.JixiaoCheck"], "A1:C1")
    assert rows[0][2] == "Error 2042"  # what LibreOffice makes of CVErr(xlErrNA)
    assert str(rows[0][0]).startswith(
        "没有打开“绩效自评”加载项，按钮不能用；表中的公式不受影响。\n请安装加载项"
    )
