"""The generated VBA compiles and turns every kind of argument into values, in a real spreadsheet program."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter

from jixiao.books.vba.project import WORKBOOK, project
from jixiao.books.vba.wrappers import addin_functions
from jixiao.measures import MEASURES
from libreoffice import missing
from vba_libreoffice import macros

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

# In place of Python: tells what it was asked for.
TOLD = """\
Attribute VB_Name = "JixiaoPython"
Option Explicit
Public Function JixiaoCall(ByVal name As String, ByVal given As Variant) As Variant
    Dim i As Long
    JixiaoCall = name
    For i = LBound(given) To UBound(given)
        JixiaoCall = JixiaoCall & " " & Told(given(i))
    Next i
End Function
Private Function Told(ByVal value As Variant) As String
    Dim item As Variant
    If IsArray(value) Then
        For Each item In value
            Told = Told & "," & Told(item)
        Next item
        Told = "[" & Mid(Told, 2) & "]"
    ElseIf IsEmpty(value) Then
        Told = "-"
    Else
        Told = CStr(value)
    End If
End Function
"""
# Over A1:A3 = 1.5, 2.5, 3.5, B1:B2 = 10, 20 and C1:C2 = ≥5次, 6次.
CALLS = {
    "JX_RATE(A1,B1)": "JX_RATE 1.5 10",
    "JX_CHANGE(A1:A3,B1)": "JX_CHANGE [1.5,2.5,3.5] 10",
    "JX_SHARE(INDEX(A1:A3,2):INDEX(A1:A3,3),5)": "JX_SHARE [2.5,3.5] 5",
    "JX_TOTAL(A1:A3,B1,B2,7)": "JX_TOTAL [1.5,2.5,3.5] 10 20 7",
    "JX_TOTAL_SCORE(B1,A1:A3,B2)": "JX_TOTAL_SCORE 10 [1.5,2.5,3.5] 20",
    "JX_TOTAL_SCORE(5)": "JX_TOTAL_SCORE 5",
    "JX_SUBTOTAL(C1:C2,A1:A2,C1)": "JX_SUBTOTAL [≥5次,6次] [1.5,2.5] ≥5次",
    "JX_EXECUTION_SCORE(A1,B1,C9)": "JX_EXECUTION_SCORE 1.5 10 -",
    "JX_SCORE(C1,C2,A1)": "JX_SCORE ≥5次 6次 1.5",
    'JX_ATTAINMENT("≥5次",C2)': "JX_ATTAINMENT ≥5次 6次",
    "JX_BAND(C1,C2,A1)": "JX_BAND ≥5次 6次 1.5",
    "JX_GRADE(95,90,80,60)": "JX_GRADE 95 90 80 60",
}


def test_every_function_passes_its_arguments_as_values(tmp_path: Path) -> None:
    assert {call.split("(")[0] for call in CALLS} == {m.worksheet_name for m in MEASURES.values()}
    # LibreOffice 7.4 has no Value2; Value differs from it for dates and currencies only.
    modules = {"JixiaoFunctions": addin_functions().replace(".Value2", ".Value"), "JixiaoPython": TOLD}
    with xlsxwriter.Workbook(str(tmp_path / "calls.xlsm")) as book:
        sheet = book.add_worksheet()
        for column, cells in enumerate([[1.5, 2.5, 3.5], [10, 20], ["≥5次", "6次"]]):
            sheet.write_column(0, column, cells)
        whole = 'LEN(JX_TOTAL(A:A))-LEN(SUBSTITUTE(JX_TOTAL(A:A),",",""))'
        for row, call in enumerate([*CALLS, whole]):
            sheet.write_formula(row, 5, f"={call}")
        book.set_vba_name(WORKBOOK)
        sheet.set_vba_name("Sheet1")
        book.add_vba_project(io.BytesIO(project(modules, ["Sheet1"], "Calls")), is_stream=True)

    # Describing the functions runs to its end, though LibreOffice has no function wizard for them.
    subs = ["JixiaoFunctions.JixiaoRegister"]
    rows = macros([tmp_path / "calls.xlsm"], "Calls", subs, f"F1:F{len(CALLS) + 1}")
    *found, commas = [row[0] for row in rows]
    assert found == list(CALLS.values())
    # Of a whole column the rows in use, which are the formulas' here.
    assert commas == len(CALLS)
