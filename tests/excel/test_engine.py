"""The xlwings engine over LibreOffice does what Excel does, as far as our macros rely on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from xlwings_libreoffice import ExcelError, counted


@pytest.fixture
def book(excel: xw.App) -> Iterator[xw.Book]:
    book = excel.books.add()
    yield book
    book.close()


@pytest.fixture
def sheet(book: xw.Book) -> xw.Sheet:
    return book.sheets[0]


def test_a_range_is_written_and_read_in_one_call_each(excel: xw.App, sheet: xw.Sheet) -> None:
    rows = [[1.5, "产出指标", None], [True, "'=不是公式", "'3/4"]]
    with counted(excel) as calls:
        # `value` would do as well, but xlwings then asks a dozen times for the names of book and sheet.
        sheet.range((2, 2), (3, 4)).raw_value = rows
        read = sheet.range((2, 2), (3, 4)).value
    assert read == [[1.5, "产出指标", None], [True, "=不是公式", "3/4"]]
    assert calls == {"Range.set_value": 1, "Range.get_value": 1}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12", 12.0),
        ("-1,234.5", -1234.5),
        ("95%", 0.95),
        ("2e3", 2000.0),
        ("(5)", -5.0),
        ("1 1/2", 1.5),
        ("3/4", dt.datetime(dt.date.today().year, 3, 4)),
        ("2023-12-31", dt.datetime(2023, 12, 31)),
        ("2023年12月31日", dt.datetime(2023, 12, 31)),
        ("TRUE", True),
        ("=1+1", 2.0),
        ("#N/A", "#N/A"),
        ("13/45", "13/45"),
        ("≥95%", "≥95%"),
        ("19辆", "19辆"),
        ("12月31日前", "12月31日前"),
    ],
)
def test_an_unprotected_text_is_read_as_if_it_had_been_typed(
    sheet: xw.Sheet, typed: str, stored: Any
) -> None:
    sheet["A1"].value = typed
    assert sheet["A1"].options(err_to_str=True).value == stored


@pytest.mark.parametrize("typed", ["12", "3/4", "95%", "=1+1", "-完成", "+1+1", "@x", "TRUE", "'quoted"])
def test_an_apostrophe_or_the_text_format_keeps_a_text_as_it_is(sheet: xw.Sheet, typed: str) -> None:
    sheet["A1"].value = "'" + typed
    assert sheet["A1"].value == typed
    sheet["B1"].number_format = "@"
    sheet["B1"].value = "'" + typed
    assert sheet["B1"].value == typed
    if not typed.startswith("'"):
        sheet["B1"].value = typed
        assert sheet["B1"].value == typed


def test_what_starts_like_a_formula_and_is_none_is_refused(sheet: xw.Sheet) -> None:
    with pytest.raises(ExcelError, match="formula"):
        sheet["A1"].value = "-完成率"


def test_the_empty_text_empties_a_cell(sheet: xw.Sheet) -> None:
    sheet["A1"].value = [["a", "b"]]
    sheet["A1"].value = [["", None]]
    sheet["A2"].formula = "=COUNTA(A1:B1)"
    assert sheet["A2"].value == 0


def test_errors_read_as_texts_or_as_nothing(sheet: xw.Sheet) -> None:
    sheet["A1"].value = [["=1/0", "=NA()", "=没有+1", '="x"*2', "#DIV/0!"]]
    cells = sheet["A1:D1"]
    assert cells.options(err_to_str=True).value == ["#DIV/0!", "#N/A", "#NAME?", "#VALUE!"]
    assert cells.value == [None] * 4
    assert sheet["E1"].options(err_to_str=True).value == "#DIV/0!"


@pytest.mark.parametrize(
    "formula",
    [
        "=SUM(A2,B2:C3)",
        "=SUMPRODUCT({1;2},{3;4})",
        "=SUMPRODUCT({1,2},{3,4})",
        '=HYPERLINK("#\'a,b;c\'!F14","F;14")',
        '=IF(A2="","",ROUND(A2/B2,4))',
    ],
)
def test_formulas_are_english_with_commas(sheet: xw.Sheet, formula: str) -> None:
    sheet["A1"].formula = formula
    assert sheet["A1"].formula == formula
    assert sheet["A1:B1"].formula == ((formula, ""),)


def test_formulas_reach_other_sheets(book: xw.Book, sheet: xw.Sheet) -> None:
    other = book.sheets.add("附件 一", after=sheet)
    other["B2"].value = 7
    sheet["A1"].formula = "='附件 一'!$B$2*2"
    assert (sheet["A1"].value, sheet["A1"].formula) == (14, "='附件 一'!$B$2*2")


def test_one_formula_for_many_cells_moves_its_references(sheet: xw.Sheet) -> None:
    sheet["A1:A3"].value = [[1], [2], [3]]
    sheet["B1:B3"].formula = "=A1*10"
    assert sheet["B1:B3"].value == [10, 20, 30]


def test_names_of_sheet_and_workbook(book: xw.Book, sheet: xw.Sheet) -> None:
    other = book.sheets.add("it's", after=sheet)
    book.names.add("总表", f"='{sheet.name}'!$A$1:$B$9")
    other.names.add("得分", "='it''s'!$C$5")
    other.names.add("_form", '="项目表"')
    assert book.names["总表"].refers_to == f"='{sheet.name}'!$A$1:$B$9"
    assert other.names["得分"].refers_to_range.address == "$C$5"
    assert {name.name: name.refers_to for name in other.names} == {
        "'it''s'!得分": "='it''s'!$C$5",
        "'it''s'!_form": '="项目表"',
    }
    assert {name.name for name in book.names} >= {"总表", "'it''s'!得分"}
    other["2:3"].insert("down")
    assert other.names["得分"].refers_to == "='it''s'!$C$7"
    other["7:7"].delete()
    assert other.names["得分"].refers_to == "=#REF!"
    other.names["得分"].delete()
    assert "得分" not in other.names


def test_a_copied_sheet_brings_its_names_along(book: xw.Book, sheet: xw.Sheet) -> None:
    sheet.names.add("得分", f"='{sheet.name}'!$A$1")
    sheet["A2"].formula = "=ROW(得分)&得分"
    copy = sheet.copy(name="另一张")
    copy["A1"].value = 5
    assert copy.names["得分"].refers_to == "='另一张'!$A$1"
    assert copy["A2"].value == "15"
    assert [each.name for each in book.sheets] == [sheet.name, "另一张"]
    copy.name = "改名"
    assert copy.names["得分"].refers_to == "='改名'!$A$1"
    copy.delete()
    assert len(book.sheets) == 1


def test_rows_are_inserted_deleted_and_copied(sheet: xw.Sheet) -> None:
    sheet["A1:B2"].value = [[1, "=A1*2"], [3, "=A2*2"]]
    sheet["2:2"].insert("down")
    assert sheet["A1:B3"].value == [[1, 2], [None, None], [3, 6]]
    sheet["1:1"].copy(sheet["2:2"])
    assert sheet["A2:B2"].value == [1, 2]
    assert sheet["B2"].formula == "=A2*2"
    sheet["1:1"].delete()
    assert sheet["A1:B2"].value == [[1, 2], [3, 6]]


def test_cells_are_merged_and_taken_apart(sheet: xw.Sheet) -> None:
    sheet["A1:A3"].merge()
    assert sheet["A2"].merge_cells and sheet["A2"].merge_area.address == "$A$1:$A$3"
    sheet["A1:A3"].unmerge()
    assert not sheet["A1"].merge_cells


def test_looks(sheet: xw.Sheet) -> None:
    sheet["2:3"].row_height = 33
    assert sheet["2:3"].row_height == pytest.approx(33, abs=0.05)
    assert sheet["1:2"].row_height is None
    sheet.api.Range("A5,A7:A8").RowHeight = 44
    assert [sheet[f"A{row}"].row_height > 43 for row in (5, 6, 7, 8)] == [True, False, True, True]
    sheet["A1"].color = (255, 199, 206)
    assert sheet["A1"].color == (255, 199, 206)
    sheet["A1"].color = None
    assert sheet["A1"].color is None
    sheet["A1:B1"].number_format = "0.00%"
    assert sheet["A1:B1"].number_format == "0.00%"
    assert sheet["A1:C1"].number_format is None
    assert sheet["C1"].number_format == "General"
    sheet["2:2"].api.EntireRow.Hidden = True
    assert sheet["A2"].rows[0].row_height is not None and sheet["2:2"].impl.row_hidden is True
    sheet["A1"].font.bold = True
    assert sheet["A1"].font.bold is True


def test_selection_and_active_sheet(excel: xw.App, book: xw.Book, sheet: xw.Sheet) -> None:
    other = book.sheets.add("二", after=sheet)
    other.activate()
    other["B2:C3"].select()
    assert book.sheets.active.name == "二"
    assert excel.selection is not None and excel.selection.address == "$B$2:$C$3"
    with pytest.raises(ExcelError):
        sheet["A1"].select()
    other.visible = False
    assert not other.visible


def test_a_locked_cell_of_a_protected_sheet_refuses(sheet: xw.Sheet) -> None:
    sheet["B1"].api.Locked = False
    sheet.api.Protect("", True, True, False)
    assert sheet.api.ProtectContents
    sheet["B1"].value = 1
    with pytest.raises(ExcelError):
        sheet["A1:B1"].value = [[1, 2]]
    with pytest.raises(ExcelError):
        sheet["2:2"].insert("down")
    sheet.api.Unprotect("")
    sheet["A1"].value = 1
    sheet.api.Protect("secret")
    with pytest.raises(ExcelError):
        sheet.api.Unprotect("")
    assert sheet.api.ProtectContents
    sheet.api.Unprotect("secret")


def test_a_file_is_saved_opened_and_closed(excel: xw.App, sheet: xw.Sheet, tmp_path: Path) -> None:
    sheet["A1"].value = [["'3/4", "=1+1"]]
    sheet.book.save(tmp_path / "表.xlsx")
    sheet.book.api.SaveCopyAs(str(tmp_path / "副本.xlsx"))
    opened = excel.books.open(tmp_path / "副本.xlsx")
    assert opened.name == "副本.xlsx" and Path(opened.fullname) == tmp_path / "副本.xlsx"
    assert opened.sheets[0]["A1:B1"].value == ["3/4", 2]
    assert opened.api.LinkSources(1) is None
    opened.close()
    assert [each.name for each in excel.books].count("副本.xlsx") == 0


def test_nothing_is_recalculated_while_calculation_is_manual(excel: xw.App, sheet: xw.Sheet) -> None:
    sheet["A1:B1"].value = [[1, "=A1*2"]]
    excel.calculation = "manual"
    try:
        sheet["A1"].value = 5
        assert sheet["B1"].value == 2
        excel.calculate()
        assert sheet["B1"].value == 10
    finally:
        excel.calculation = "automatic"


def test_a_busy_program_refuses_everything(excel: xw.App, sheet: xw.Sheet) -> None:
    excel.impl.engine.refuses = ExcelError("忙", -2147418111)
    try:
        with pytest.raises(ExcelError):
            _ = sheet["A1"].value
    finally:
        excel.impl.engine.refuses = None
