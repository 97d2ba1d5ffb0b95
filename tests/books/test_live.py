"""A filing that is open in a spreadsheet program: read like its file, and what a check writes into it.

The program is LibreOffice, reached through xlwings' own objects (`xlwings_libreoffice.py`). That workbooks which
people have edited are read like their files is seen where those are made, in `test_read_edited.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from books.editing import EDITS, lighter, to_formulas
from jixiao import resources
from jixiao.books import live
from jixiao.books.annotate import annotate
from jixiao.books.application import raising_ours, unlocked
from jixiao.books.build import blank, build
from jixiao.books.making.front import NAME as FRONT
from jixiao.books.making.heights import MAX_HEIGHT
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.places import PREFIX, map_cells, names_of
from jixiao.books.read import read
from jixiao.books.results import BODY_ROW, COLUMNS, LETTERS, RESULTS, SUMMARY_ROW, explanations
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.findings import Finding, seal, status
from xlwings_libreoffice import ExcelError, counted

PUBLISHED = ("hengshan_2023", "yueyanglou_2023")
#: Names of workbook and sheets, where 首页 keeps what, links to other files, the number format of 填报年度.
READING_A_WORKBOOK = 30


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def built(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two published filings, as they were stated; `base` has its formulas instead, `blank` nothing."""
    folder, made = tmp_path_factory.mktemp("built"), {}
    for name in PUBLISHED:
        made[name] = folder / f"{name}.xlsx"
        build(
            declared.packages[name],
            read_case(resources.CASES / f"{name}.yaml", declared),
            declared,
            made[name],
        )
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", declared)
    package = declared.packages[filing.package]
    made["base"] = folder / "base.xlsx"
    build(package, to_formulas(filing, package), lighter(declared), made["base"])
    made["blank"] = folder / "blank.xlsx"
    build(package, blank(package, "某局"), declared, made["blank"])
    return made


@pytest.fixture
def opened(excel: xw.App, built: dict[str, Path], tmp_path: Path) -> Iterator[Callable[[str], xw.Book]]:
    """`opened(name)`: one of the workbooks, open, in a file of its own."""
    books = []

    def open_(name: str) -> xw.Book:
        books.append(excel.books.open(shutil.copy(built[name], tmp_path / f"{name}.xlsx")))
        return books[-1]

    yield open_
    for book in books:
        book.close()


def closed(book: xw.Book, declared: Catalogue) -> Filing:
    """The same workbook, saved as it is calculated, and read from its file."""
    path = Path(book.fullname).with_name("saved.xlsx")
    book.api.SaveCopyAs(str(path))
    filing = read(path, declared)
    filing.file = book.fullname
    return filing


def same(book: xw.Book, declared: Catalogue) -> Filing:
    """Read the open workbook, which must say what its file says."""
    book.app.calculate()
    filing = live.read(book, declared)
    assert filing == closed(book, declared)
    return filing


def mapped(sheet: xw.Sheet) -> xw.Range:
    """The map of a form sheet."""
    row = sheet.range((1, 1), (1, 26)).value
    return sheet.range((1, 1 + next(k for k, v in enumerate(row) if str(v).startswith(PREFIX))))


# ---------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_open_filing_reads_like_its_file(
    name: str, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    filing = same(opened(name), declared)
    stated = read_case(resources.CASES / f"{name}.yaml", declared)
    assert [sheet.name for sheet in filing.sheets] == [sheet.name for sheet in stated.sheets]
    for sheet, expected in zip(filing.sheets, stated.sheets, strict=True):
        assert {code: sheet.fields[code] for code in expected.fields} == pytest.approx(expected.fields)


def test_reading_takes_two_calls_a_sheet_at_most(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("yueyanglou_2023")
    sheets = len(book.sheets)
    with counted(excel) as calls:
        live.read(book, declared)
    assert calls["Range.get_value"] == sheets
    assert calls.total() <= 2 * sheets + READING_A_WORKBOOK


def test_reading_does_not_cost_more_for_inserted_rows_and_copied_sheets(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("base")
    with counted(excel) as before:
        live.read(book, declared)
    for edit in ("row_in_the_middle", "row_above_everything", "sheet_copied"):
        EDITS[edit](book.impl.document)
    excel.calculate()
    with counted(excel) as after:
        live.read(book, declared)
    assert after.total() - before.total() == 2  # name and cells of the new sheet


def test_a_workbook_without_maps_is_read_name_by_name(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    expected = live.read(book, declared)
    for sheet in [each for each in book.sheets if each.name.startswith("附件")]:
        cell = mapped(sheet)
        sheet.api.Unprotect("")
        cell.clear_contents()
    with counted(excel) as calls:
        assert live.read(book, declared) == expected
    assert calls["Name.get_refers_to"] > 100


def test_the_issued_map_is_what_the_program_calculates(
    opened: Callable[[str], xw.Book], excel: xw.App
) -> None:
    for name in PUBLISHED:
        book = opened(name)
        issued = {s.name: mapped(s).value for s in book.sheets if s.name.startswith("附件")}
        excel.calculate()
        assert {name: mapped(book.sheets[name]).value for name in issued} == issued
        for text in issued.values():
            assert len(text) < 32_767


def test_a_map_too_long_for_one_cell_goes_on_in_the_next() -> None:
    fields = {f"很长的数据项名称之第{k}号": (k + 1, 2) for k in range(150)}
    cells = map_cells(("p", "f", 2023), fields, {"表": (3, 9, {"列": 4})}, ["$Y$1"])
    assert len(cells) == 2
    assert cells[0][0].endswith('"&$Y$1') and cells[0][1].endswith(cells[1][1])
    assert all(len(formula) <= 8192 for formula, _ in cells)
    names = names_of(cells[0][1], "it's")
    assert names is not None
    assert names["很长的数据项名称之第149号"] == "'it''s'!$B$150"
    assert (names["表"], names["表.列"]) == ("'it''s'!$A$3:$A$9", "'it''s'!$D$3:$D$9")


def test_no_field_is_called_like_a_name_of_the_workbook(built: dict[str, Path], declared: Catalogue) -> None:
    """Else the map of a sheet that lost the field would give the place of the other one."""
    for name in PUBLISHED:
        names = Workbook(Parts.open(built[name])).names[None]
        for form in declared.packages[name].forms.values():
            assert not names.keys() & (form.fields.keys() | form.tables.keys())


def test_a_renamed_cover_sheet(opened: Callable[[str], xw.Book], declared: Catalogue) -> None:
    book = opened("yueyanglou_2023")
    book.sheets[FRONT].name = "封面 (it's)"
    assert same(book, declared).unit == "岳阳市岳阳楼区市场监督管理局"


def test_a_sheet_from_another_workbook(opened: Callable[[str], xw.Book], declared: Catalogue) -> None:
    book, other = opened("base"), opened("yueyanglou_2023")
    other.sheets["附件3-1"].name = "外来"
    other.sheets["外来"].copy(after=book.sheets["附件3-3"])
    filing = same(book, declared)
    assert "外来" in [sheet.name for sheet in filing.sheets]


def test_numbers_pasted_into_text_cells_read_as_they_are_shown(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    sheet = book.sheets["附件二"]
    sheet.api.Unprotect("")
    first = sheet.names["指标"].refers_to_range.row + 1
    column = sheet.names["指标.实际完成值"].refers_to_range.column
    typed = [(0.975, "0.0%"), (45291, "yyyy-mm-dd"), (12.5, "0.00"), (7, "General")]
    for row, (value, code) in enumerate(typed, first):
        cell = sheet.range((row, column))
        cell.number_format = code
        cell.value = value
    filing = same(book, declared)
    rows = next(each for each in filing.sheets if each.name == "附件二").tables["指标"]
    assert [row["实际完成值"] for row in rows[:4]] == ["97.5%", "2023-12-31", "12.50", "7"]


def test_the_date_format_of_the_system_reads_in_its_chinese_order(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    """Excel calls number format 14 m/d/yyyy and shows 2023/12/31; in the file it is a number without a text."""
    book = opened("hengshan_2023")
    sheet = book.sheets["附件二"]
    sheet.api.Unprotect("")
    place = sheet.names["指标.实际完成值"].refers_to_range
    cell = sheet.range((place.row + 1, place.column))
    cell.number_format = "m/d/yyyy"
    cell.value = 45291
    filing = live.read(book, declared)
    rows = next(each for each in filing.sheets if each.name == "附件二").tables["指标"]
    assert rows[0]["实际完成值"] == "2023/12/31"


def test_a_date_in_a_number_cell_counts_its_days(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    sheet = book.sheets["附件一"]
    sheet.api.Unprotect("")
    sheet.names["编制数"].refers_to_range.value = dt.datetime(2023, 12, 31)
    filing = same(book, declared)
    assert filing.sheets[0].fields["编制数"] == 45291  # the days since 30 December 1899


def test_stray_entries_far_away_cost_nothing(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    expected = live.read(book, declared)
    for sheet in book.sheets:
        sheet.api.Unprotect("")
        sheet["XFD1048576"].value = 1
    with counted(excel) as calls:
        assert live.read(book, declared) == expected
    assert calls["Range.get_value"] == len(book.sheets)


def test_a_long_list_of_findings_is_read_to_its_end(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    page = book.sheets[RESULTS]
    page.api.Unprotect("")
    rows = [[f"编号{k}", f"已核实第{k}条"] for k in range(300)]
    for column, place in ((LETTERS["问题编号"], 0), (LETTERS["说明"], 1)):
        page[f"{column}{BODY_ROW}:{column}{BODY_ROW + 299}"].value = [["'" + row[place]] for row in rows]
    assert len(same(book, declared).explanations) == 300


def test_a_workbook_that_is_not_ours(excel: xw.App, declared: Catalogue) -> None:
    book = excel.books.add()
    book.sheets[0]["A1"].value = "别的表"
    with pytest.raises(Unreadable, match="不是下发的套表"):
        live.read(book, declared)
    book.close()


@pytest.mark.parametrize(
    "error",
    [
        ExcelError("编辑单元格", -2146777998),
        ExcelError("对话框", -2147418111),
    ],
)
def test_a_busy_program_is_said_to_be_busy(
    error: Exception, excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    excel.impl.engine.refuses = error
    try:
        with pytest.raises(live.BusyError) as caught:
            live.read(book, declared)
        with pytest.raises(live.BusyError), live.settled(excel):
            pass
    finally:
        excel.impl.engine.refuses = None
    assert "正在编辑" in caught.value.cause and "回车键" in caught.value.remedy


def test_a_com_error_tells_its_code_in_its_details(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    """pywin32 raises DISP_E_EXCEPTION and keeps Excel's own code in `excepinfo`."""
    error = ExcelError("编辑单元格", -2147352567)
    error.excepinfo = (0, None, None, None, 0, -2146777998)  # type: ignore[attr-defined]
    book = opened("hengshan_2023")
    excel.impl.engine.refuses = error
    try:
        with pytest.raises(live.BusyError):
            live.read(book, declared)
    finally:
        excel.impl.engine.refuses = None


def test_on_windows_a_rejected_call_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.ModuleType("xlwings._xlwindows")
    fake.N_COM_ATTEMPTS = 0  # type: ignore[attr-defined] - what xlwings sets: repeat for ever
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "xlwings._xlwindows", fake)
    monkeypatch.setattr(xw, "_xlwindows", fake, raising=False)
    with raising_ours():
        assert 0 < fake.N_COM_ATTEMPTS < 1000  # type: ignore[attr-defined]


def test_a_workbook_on_a_cloud_drive_goes_by_its_name(
    opened: Callable[[str], xw.Book], declared: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """xlwings gives up on an address like https://d.docs.live.net/… of which it does not know the folder."""
    book = opened("hengshan_2023")

    def fullname(_: xw.Book) -> str:
        raise xw.XlwingsError("Couldn't find your local OneDrive file")

    monkeypatch.setattr(xw.Book, "fullname", property(fullname))
    assert live.read(book, declared).file == "hengshan_2023.xlsx"


# ---------------------------------------------------------------------------------------------------------- writing


def audit(book: xw.Book, declared: Catalogue) -> tuple[Filing, list[Finding], live.Written]:
    """What the button 审核 does."""
    with live.settled(book.app):
        workbook = live.LiveWorkbook(book)
        filing = workbook.read(declared)
        findings = check(filing, declared)
        return filing, findings, live.write(workbook, filing, findings, declared)


def shown(book: xw.Book, columns: str = "A:N") -> list[list[Any]]:
    """The body of 审核结果 as it stands."""
    first, last = columns.split(":")
    rows = book.sheets[RESULTS][f"{first}{BODY_ROW}:{last}{BODY_ROW + 99}"].options(ndim=2).value
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_same_rows_as_in_a_closed_file(
    name: str, opened: Callable[[str], xw.Book], built: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    book = opened(name)
    _, findings, written = audit(book, declared)
    file = Path(shutil.copy(built[name], tmp_path / "closed.xlsx"))
    filing = read(file, declared)
    annotate(file, filing, check(filing, declared), declared)
    workbook = Workbook(Parts.open(file))
    page = next(tab for tab in workbook.sheets if tab.name == RESULTS)

    def stated(row: int, letter: str) -> str | None:
        cell = workbook.cells(page)[f"{letter}{row}"]
        value = None if cell is None else cell.value
        return f"{value:.15g}" if isinstance(value, float) else value  # type: ignore[return-value]

    rows = shown(book)
    assert len(rows) >= len(findings) == len(written.rows)
    for number, row in enumerate(rows, BODY_ROW):
        assert row == [stated(number, letter) for letter in LETTERS.values()]
    assert book.sheets[RESULTS][f"A{SUMMARY_ROW}"].value == stated(SUMMARY_ROW, "A")
    assert [[str(value) for value in row] for row in written.rows] == [
        [str(value or "") for value in row] for row in rows[: len(findings)]
    ]
    # and again: nothing changes
    audit(book, declared)
    assert shown(book) == rows


def test_marks_and_status_light_follow(
    opened: Callable[[str], xw.Book], declared: Catalogue, excel: xw.App
) -> None:
    book = opened("hengshan_2023")
    _, findings, written = audit(book, declared)
    assert written.verdict.startswith("未通过：强制性")
    assert book.sheets[FRONT]["C5"].value == "未通过"
    marked = {row[0] for row in shown(book, "M:N") if row[0]}
    assert {f"{finding.sheet}!{finding.cell}" for finding in findings if finding.cell} <= marked


def test_a_passed_filing_says_so_until_a_figure_changes(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("blank")  # a form that its own checks find fault with never shows 通过
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    assert status([]) == "通过"
    live.write(workbook, filing, [], declared)
    excel.calculate()
    assert book.sheets[FRONT]["C5"].value == "通过"
    line = book.sheets[RESULTS][f"A{SUMMARY_ROW}"].value
    moment = re.search(r"审核时间 (\S+ \S+)", line)
    assert moment and abs(dt.datetime.now() - dt.datetime.fromisoformat(moment[1])).total_seconds() < 600
    assert f"校验码 {seal(filing, declared, moment[1])}" in line
    live.write(workbook, workbook.read(declared), [], declared)
    assert book.sheets[RESULTS][f"A{SUMMARY_ROW}"].value == line  # the same facts keep their time
    assert shown(book) == [[None] * 4 + ["没有发现问题。"] + [None] * 9]
    sheet = book.sheets["附件3-2"]
    sheet.api.Unprotect("")
    sheet.names["当年财政拨款_全年执行数"].refers_to_range.value = 1
    excel.calculate()
    assert book.sheets[FRONT]["C5"].value != "通过"


def test_links_lead_to_the_cell_whatever_the_sheet_is_called(
    opened: Callable[[str], xw.Book], declared: Catalogue, hengshan: Filing
) -> None:
    book = opened("hengshan_2023")
    book.sheets["附件二"].name = 'it\'s a "测试" 表'
    _, findings, _ = audit(book, declared)
    place = next(k for k, finding in enumerate(findings) if finding.sheet.startswith("it's") and finding.cell)
    cell = book.sheets[RESULTS][f"{LETTERS['位置']}{BODY_ROW + place}"]
    finding = findings[place]
    assert cell.formula == (f'=HYPERLINK("#\'it\'\'s a ""测试"" 表\'!{finding.cell}","{finding.cell}")')
    assert cell.value == finding.cell


def finding_like(findings: list[Finding], **changes: Any) -> Finding:
    import dataclasses

    return dataclasses.replace(findings[0], **changes)


def test_what_a_filing_says_is_never_calculated(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    messages = ["=1+1", "-完成率为负", "+5", "@某人", "3/4", "95%", "'引号", "TRUE", "#N/A"]
    book = opened("hengshan_2023")
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    found = check(filing, declared)
    findings = [
        finding_like(found, fingerprint=f"f{k}", message=message, related=[], stated=message)
        for k, message in enumerate(messages)
    ]
    live.write(workbook, filing, findings, declared)
    last = BODY_ROW + len(messages) - 1
    rows = book.sheets[RESULTS].range((BODY_ROW, 1), (last, len(COLUMNS))).value
    assert [row[4:6] for row in rows] == [[message, message] for message in messages]


def test_forty_findings_cost_as_many_calls_as_one(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    found = check(filing, declared)
    with counted(excel) as one:
        live.write(workbook, filing, found[:1], declared)
    many = [
        finding_like(
            [found[k % len(found)]],
            fingerprint=f"f{k}",
            message="很长的说明。" * (1 + 12 * (k % 7)),
            related=[],
        )
        for k in range(40)
    ]
    workbook = live.LiveWorkbook(book)
    workbook.read(declared)
    with counted(excel) as forty:
        live.write(workbook, filing, many, declared)
    assert len(shown(book)) == 40
    assert forty["Range.set_value"] == one["Range.set_value"] == 3  # body, summary, status and checksum
    # one call for each height that occurs, and there are fewer than there are lengths of text
    assert forty["AreasApi.set_height"] <= 10
    assert forty.total() - one.total() <= 10
    heights = [book.sheets[RESULTS][f"A{row}"].row_height for row in range(BODY_ROW, BODY_ROW + 40)]
    assert len(set(heights)) > 5 and max(heights) <= MAX_HEIGHT


def test_more_findings_than_styled_rows_then_fewer(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    found = check(filing, declared)
    many = [finding_like([found[k % len(found)]], fingerprint=f"f{k}", related=[]) for k in range(90)]
    live.write(workbook, filing, many, declared)
    page = book.sheets[RESULTS]
    assert len(shown(book)) == 90
    assert page[f"E{BODY_ROW + 89}"].impl.area.TopBorder.OuterLineWidth > 0
    live.write(live.LiveWorkbook(book), filing, found[:2], declared)
    rows = shown(book)
    marks = {row[12] for row in rows if row[12]}
    assert len([row for row in rows if row[0]]) == 2 and len(marks) == len(rows)


def test_a_row_with_nothing_but_a_mark_is_hidden(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    found = check(filing, declared)
    one = finding_like(found, related=[f"附件二!F{row}" for row in range(14, 19)])
    live.write(workbook, filing, [one], declared)
    page = book.sheets[RESULTS]
    hidden = [page[f"{row}:{row}"].impl.row_hidden for row in range(BODY_ROW, BODY_ROW + 8)]
    assert hidden == [False, True, True, True, True, True, False, False]
    live.write(live.LiveWorkbook(book), filing, found[:3], declared)
    assert page[f"{BODY_ROW + 1}:{BODY_ROW + 2}"].impl.row_hidden is False


def test_an_explanation_is_kept_and_lapses_when_its_question_is_gone(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    _, findings, _ = audit(book, declared)
    place = next(k for k, finding in enumerate(findings) if finding.severity == "warning")
    page = book.sheets[RESULTS]
    answer = page[f"{LETTERS['说明']}{BODY_ROW + place}"]
    answer.value = "经核实，情况属实。"  # the cell is unlocked
    filing, again, _ = audit(book, declared)
    assert again[place].explanation == "经核实，情况属实。"
    assert answer.value == "经核实，情况属实。"
    others = [finding for k, finding in enumerate(again) if k != place]
    live.write(live.LiveWorkbook(book), filing, others, declared)
    rows = shown(book)
    lapsed = next(row for row in rows if row[1] == "已失效")
    assert lapsed[10] == "经核实，情况属实。" and lapsed[9] == "问题已消除，不再需要说明"
    head = next(k for k, row in enumerate(rows) if row[1] == "已失效的说明")
    assert page[f"B{BODY_ROW + head}"].color == page["B3"].color
    audit(book, declared)
    assert answer.value == "经核实，情况属实。"
    assert page[f"B{BODY_ROW + head}"].color != page["B3"].color


def test_a_very_long_explanation_is_kept(opened: Callable[[str], xw.Book], declared: Catalogue) -> None:
    book = opened("hengshan_2023")
    _, findings, _ = audit(book, declared)
    place = next(k for k, finding in enumerate(findings) if finding.severity == "warning")
    answer = book.sheets[RESULTS][f"{LETTERS['说明']}{BODY_ROW + place}"]
    answer.value = "经核实，情况属实。" * 1500
    audit(book, declared)
    assert answer.value == "经核实，情况属实。" * 1500
    assert book.sheets[RESULTS][f"A{BODY_ROW + place}"].row_height == pytest.approx(MAX_HEIGHT, abs=0.1)


def test_a_closed_check_goes_on_after_an_open_one(
    opened: Callable[[str], xw.Book], declared: Catalogue, tmp_path: Path
) -> None:
    book = opened("hengshan_2023")
    _, findings, _ = audit(book, declared)
    place = next(k for k, finding in enumerate(findings) if finding.severity == "warning")
    book.sheets[RESULTS][f"{LETTERS['说明']}{BODY_ROW + place}"].value = "经核实，情况属实。"
    saved = tmp_path / "saved.xlsx"
    book.api.SaveCopyAs(str(saved))
    filing = read(saved, declared)
    assert filing.explanations[findings[place].fingerprint].text == "经核实，情况属实。"
    again = check(filing, declared)
    assert [(f.fingerprint, f.cell) for f in again] == [(f.fingerprint, f.cell) for f in findings]
    annotate(saved, filing, again, declared)
    workbook = Workbook(Parts.open(saved))
    page = next(tab for tab in workbook.sheets if tab.name == RESULTS)
    link = workbook.cells(page)[f"{LETTERS['位置']}{BODY_ROW}"]
    assert link is not None and (link.formula, link.value) == (None, findings[0].cell)
    assert explanations(workbook)[findings[place].fingerprint].text == "经核实，情况属实。"
    # and back into the open program
    reopened = book.app.books.open(saved)
    try:
        _, third, _ = audit(reopened, declared)
        assert [f.fingerprint for f in third] == [f.fingerprint for f in findings]
        assert reopened.sheets[RESULTS][f"D{BODY_ROW}"].formula.startswith("=HYPERLINK(")
    finally:
        reopened.close()


def test_what_was_overwritten_can_be_put_back(opened: Callable[[str], xw.Book], declared: Catalogue) -> None:
    book = opened("hengshan_2023")
    audit(book, declared)
    page, front = book.sheets[RESULTS], book.sheets[FRONT]
    before = shown(book), page["A2"].value, page[f"D{BODY_ROW}"].formula, front["C5"].value
    height = page[f"A{BODY_ROW}"].row_height
    kept = json.loads(json.dumps(live.snapshot(live.LiveWorkbook(book)), ensure_ascii=False))
    workbook = live.LiveWorkbook(book)
    filing = workbook.read(declared)
    live.write(workbook, filing, [], declared)
    assert shown(book) != before[0]
    live.restore(live.LiveWorkbook(book), kept)
    book.app.calculate()
    assert (shown(book), page["A2"].value, page[f"D{BODY_ROW}"].formula, front["C5"].value) == before
    assert page[f"A{BODY_ROW}"].row_height == height


def test_a_workbook_that_was_never_checked_can_be_put_back(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    kept = live.snapshot(live.LiveWorkbook(book))
    audit(book, declared)
    live.restore(live.LiveWorkbook(book), kept)
    assert shown(book) == []
    assert book.sheets[RESULTS]["A2"].value == "尚未审核"


# ----------------------------------------------------------------------------------------------- what Excel is left as


def test_protection_is_put_back_as_it_was(opened: Callable[[str], xw.Book], declared: Catalogue) -> None:
    book = opened("hengshan_2023")
    page = book.sheets[RESULTS]
    page.api.Unprotect("")
    page.api.Protect("", False, True, True, False, False, True, False, False, True)
    issued = dict(book.impl.allowed[FRONT])
    assert issued["AllowInsertingRows"] and not issued["AllowSorting"]
    mine = dict(book.impl.allowed[RESULTS])
    audit(book, declared)
    assert page.api.ProtectContents and book.impl.allowed[RESULTS] == mine
    assert book.sheets[FRONT].api.ProtectContents and book.impl.allowed[FRONT] == issued


def test_an_unprotected_sheet_stays_unprotected(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    book.sheets[RESULTS].api.Unprotect("")
    audit(book, declared)
    assert not book.sheets[RESULTS].api.ProtectContents
    assert book.sheets[FRONT].api.ProtectContents


@pytest.mark.parametrize("locked", [RESULTS, FRONT])
def test_a_password_stops_everything(
    locked: str, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    sheet = book.sheets[locked]
    sheet.api.Unprotect("")
    sheet.api.Protect("秘密")
    with pytest.raises(live.LockedError, match=f"“{locked}”设置了保护密码.*撤销工作表保护"):
        audit(book, declared)
    assert shown(book) == [] and book.sheets[RESULTS]["A2"].value == "尚未审核"
    assert book.sheets[RESULTS].api.ProtectContents and book.sheets[FRONT].api.ProtectContents


def test_a_failure_in_the_middle_leaves_the_sheets_protected(opened: Callable[[str], xw.Book]) -> None:
    book = opened("hengshan_2023")
    with pytest.raises(ZeroDivisionError), unlocked([book.sheets[RESULTS], book.sheets[FRONT]]):
        assert not book.sheets[FRONT].api.ProtectContents
        _ = 1 / 0
    assert book.sheets[RESULTS].api.ProtectContents and book.sheets[FRONT].api.ProtectContents


def test_results_that_were_tampered_with_are_left_alone(
    opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    page = book.sheets[RESULTS]
    page.api.Unprotect("")
    page["E3"].value = "别的表头"
    with pytest.raises(Unreadable, match="没有写入任何内容"):
        audit(book, declared)
    assert shown(book) == []


@pytest.mark.parametrize("fails", [False, True])
def test_the_program_is_left_as_it_was(
    fails: bool, excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("hengshan_2023")
    book.sheets["附件二"].activate()
    book.sheets["附件二"]["F14:G15"].select()
    excel.status_bar = "原来的文字"
    try:
        with live.settled(excel):
            assert not excel.screen_updating and not excel.enable_events
            assert excel.calculation == "manual"
            excel.status_bar = "正在审核…"
            book.sheets[RESULTS].activate()
            book.sheets[RESULTS]["A1"].select()
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert excel.screen_updating and excel.enable_events and excel.calculation == "automatic"
    assert excel.status_bar == "原来的文字"
    assert book.sheets.active.name == "附件二" and excel.selection.address == "$F$14:$G$15"
    excel.status_bar = False


def test_who_calculates_by_hand_gets_no_stale_figures(
    excel: xw.App, opened: Callable[[str], xw.Book], declared: Catalogue
) -> None:
    book = opened("base")
    sheet = book.sheets["附件3-2"]
    sheet.api.Unprotect("")
    excel.calculation = "manual"
    try:
        sheet.names["当年财政拨款_全年执行数"].refers_to_range.value = 11.0
        with live.settled(excel):
            filing = live.read(book, declared)
        assert excel.calculation == "manual"
    finally:
        excel.calculation = "automatic"
    stated = next(each for each in filing.sheets if each.name == "附件3-2").fields
    # 全年执行数 is the sum of the three sources
    sources = [stated[f"{name}_全年执行数"] or 0.0 for name in ("当年财政拨款", "上年结转资金", "其他资金")]
    assert stated["全年执行数"] == pytest.approx(sum(sources)) and sources[0] == 11.0
