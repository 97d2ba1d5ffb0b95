"""Workbooks that people changed in a spreadsheet program: read right, or told what to mend and where.

LibreOffice makes the changes (`editing.py`) to Yueyanglou's filing with its calculated cells left to their formulas,
calculates everything anew and saves the file in its own way. While it is open it is read as well, as the add-in reads.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from books.editing import EDITS, NEW, facts, lighter, to_formulas
from jixiao import resources
from jixiao.books import live
from jixiao.books.build import blank, build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.cli import main
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Sheet

#: Rules about the workbook itself, rather than about what the unit did.
ABOUT_THE_WORKBOOK = ("FMT-001", "FMT-002", "XSH-010", "XSH-011")
PUBLISHED = "yueyanglou_2023"
#: Edits after which an open workbook might be read otherwise than its file: what they share is tested on files.
APART = (
    *("row_in_the_middle", "row_at_the_end", "first_row_of_all_deleted", "column_left_of_everything"),
    *("sheet_copied_and_listed", "sheet_renamed", "sheet_with_a_quote_in_its_name", "sheet_deleted"),
    *(
        "sheets_reordered",
        "foreign_sheet_added",
        "name_deleted",
        "form_names_deleted",
        "mark_of_a_form_deleted",
    ),
    *("error_values", "values_as_text", "percent_typed", "formula_cleared", "head_row_deleted"),
)


@pytest.fixture(scope="module")
def opened() -> dict[str, Filing]:
    """What a workbook said while it was open, by edit; filled as the `books` are made."""
    return {}


@pytest.fixture(scope="module")
def books(
    excel: xw.App, opened: dict[str, Filing], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The workbook called `base` after every edit, and the others as they are, all saved by LibreOffice."""
    folder, catalogue = tmp_path_factory.mktemp("edited"), load_catalogue()
    sources: dict[str, Path] = {}

    def source(name: str, filing: Filing, declared: Catalogue = catalogue) -> None:
        sources[name] = folder / f"source_{name}.xlsx"
        build(declared.packages[filing.package], filing, declared, sources[name])

    filing = read_case(resources.CASES / f"{PUBLISHED}.yaml", catalogue)
    to_formulas(filing, catalogue.packages[PUBLISHED])
    source("whole", filing)
    source("base", filing, lighter(catalogue))
    source("hengshan", read_case(resources.CASES / "hengshan_2023.yaml", catalogue))
    source("blank", blank(catalogue.packages["mof_project_2023"], "某局"))
    saved = {}
    for name in (*sources, *EDITS):
        book = excel.books.open(str(sources.get(name, sources["base"])))
        try:
            if name in EDITS:
                EDITS[name](book.impl.document)
            excel.calculate()
            if name in APART:
                opened[name] = live.read(book, catalogue)
            saved[name] = folder / f"{name}.xlsx"
            book.api.SaveCopyAs(str(saved[name]))
        finally:
            book.close()
    return saved


@pytest.fixture
def filed(yueyanglou: Filing) -> Filing:
    """What Yueyanglou published, to be changed as the workbook was."""
    return yueyanglou


def of(filing: Filing, name: str) -> Sheet:
    return next(sheet for sheet in filing.sheets if sheet.name == name)


def rows(filing: Filing, name: str) -> list[dict[str, Any]]:
    return of(filing, name).tables["指标"]


def new_row(section: str, part: str) -> dict[str, Any]:
    return {"一级指标": section, "二级指标": part, **NEW}


def remarks(filing: Filing) -> dict[tuple[str, str, str], str]:
    """What the check says about the workbook: (rule, sheet, cell) -> message and remedy."""
    return {
        (finding.rule.id, finding.sheet, finding.cell): f"{finding.message}{finding.rule.fix}"
        for finding in check(filing, load_catalogue())
        if finding.rule.id in ABOUT_THE_WORKBOOK
    }


def found(books: dict[str, Path], name: str) -> Filing:
    return read(books[name], load_catalogue())


# ---------------------------------------------------------------------------------------------------------------- open


@pytest.mark.parametrize("edit", APART)
def test_an_edited_filing_reads_open_like_its_file(
    edit: str, books: dict[str, Path], opened: dict[str, Filing]
) -> None:
    filing = found(books, edit)
    assert replace(opened[edit], file=filing.file) == filing


# -------------------------------------------------------------------------------------------------- saved, not changed


def test_saved_by_libreoffice_a_filing_reads_the_same(books: dict[str, Path], filed: Filing) -> None:
    """And so the formulas give in LibreOffice what the unit published."""
    filing = found(books, "whole")
    assert facts(filing) == facts(filed)
    assert filing.projects == filed.projects
    assert remarks(filing) == {}


def test_saved_by_libreoffice_typed_over_values_and_blanks_stay(
    books: dict[str, Path], hengshan: Filing
) -> None:
    filing = found(books, "hengshan")
    stated = facts(hengshan)
    del stated["附件一", "项目支出", 1, "项目名称"]  # printed there, nothing filled in
    assert facts(filing) == stated
    assert filing.sheets[0].fields["三公经费_决算数"] is None
    assert remarks(filing) == {}


def test_saved_by_libreoffice_a_blank_workbook_stays_blank(books: dict[str, Path]) -> None:
    assert facts(found(books, "blank")) == {("项目支出绩效自评表", "分值"): 10.0}


# ----------------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("edit", "place", "row"),
    [
        ("row_at_the_top", 0, new_row("产出指标", "数量指标")),
        ("row_in_the_middle", 2, new_row("产出指标", "质量指标")),
        ("row_at_the_end", 9, new_row("满意度指标", "服务对象满意度指标")),
    ],
)
def test_an_inserted_row_is_read_and_counted(
    edit: str, place: int, row: dict[str, Any], books: dict[str, Path], filed: Filing
) -> None:
    rows(filed, "附件3-3").insert(place, row)
    of(filed, "附件3-3").fields["总分"] = 108.0  # 100 and the new row's 8
    filing = found(books, edit)
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_rows_below_a_row_with_labels_of_its_own_keep_theirs(books: dict[str, Path], filed: Filing) -> None:
    rows(filed, "附件3-3").insert(5, new_row("产出指标", "成本指标"))
    of(filed, "附件3-3").fields["总分"] = 108.0
    filing = found(books, "row_with_labels_of_its_own")
    assert facts(filing) == facts(filed)
    # 13 rows of 产出指标 from row 13 and 3 of 经济效益指标; the new one is 29, 社会效益指标 follows
    assert list(remarks(filing)) == [("FMT-002", "附件3-3", "B30")]


def test_a_deleted_row_is_gone(books: dict[str, Path], filed: Filing) -> None:
    del rows(filed, "附件3-3")[2]
    of(filed, "附件3-3").fields["总分"] = 90.0
    filing = found(books, "row_deleted")
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_a_section_whose_first_row_was_deleted_keeps_its_rows(books: dict[str, Path], filed: Filing) -> None:
    del rows(filed, "附件3-1")[11]  # 为消费者挽回经济损失: 效益指标 stood in its row
    of(filed, "附件3-1").fields["总分"] = 95.0
    filing = found(books, "first_row_of_a_section_deleted")
    assert facts(filing) == facts(filed)
    # 14 rows of 产出指标 from row 13, two of 经济效益指标 are left, then 社会效益指标
    assert list(remarks(filing)) == [("FMT-002", "附件3-1", "B29")]
    assert "左边的一级指标“效益指标”不见了。请在一级指标一栏补写" in remarks(filing).popitem()[1]


def test_the_first_row_of_all_may_be_deleted(books: dict[str, Path], filed: Filing) -> None:
    del rows(filed, "附件3-1")[0]
    for row in rows(filed, "附件3-1")[:3]:
        row["二级指标"] = "质量指标"  # 数量指标 stood in the deleted row and nowhere else
    of(filed, "附件3-1").fields["总分"] = 95.0
    filing = found(books, "first_row_of_all_deleted")
    assert facts(filing) == facts(filed)
    assert list(remarks(filing)) == [("FMT-002", "附件3-1", "B16")]  # 13 to 15 are what is left of 数量指标


def test_without_its_head_row_a_table_keeps_all_its_rows(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "head_row_deleted")
    assert rows(filing, "附件3-3") == rows(filed, "附件3-3")
    assert "“绩效指标”的表头行不见了。请撤销删除" in remarks(filing)["FMT-002", "附件3-3", ""]


def test_without_its_total_row_a_table_keeps_all_its_rows(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "total_row_deleted")
    assert rows(filing, "附件3-3") == [*rows(filed, "附件3-3"), new_row("满意度指标", "服务对象满意度指标")]
    assert "总分" not in of(filing, "附件3-3").fields
    assert "找不到“总分”" in remarks(filing)["FMT-002", "附件3-3", ""]


def test_a_table_without_rows_is_told(books: dict[str, Path]) -> None:
    filing = found(books, "all_rows_deleted")
    assert rows(filing, "附件3-3") == []
    told = [(f.sheet, f.rule.id) for f in check(filing, load_catalogue())]
    assert ("附件3-3", "STR-013") in told


@pytest.mark.parametrize("edit", ["row_above_everything", "column_left_of_everything", "foreign_sheet_added"])
def test_what_is_beside_the_form_does_not_matter(edit: str, books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, edit)
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_addresses_follow_the_rows(books: dict[str, Path]) -> None:
    assert of(found(books, "base"), "附件1").cell("编制数") == "E5"
    assert of(found(books, "row_above_everything"), "附件1").cell("编制数") == "E6"


def test_project_rows_may_be_inserted_at_both_ends(books: dict[str, Path], filed: Filing) -> None:
    basic = of(filed, "附件1")
    basic.tables["项目支出"].insert(
        0, {"项目名称": "历年项目", "上年决算数": 1.5, "预算数": 2.5, "决算数": 3.5}
    )
    basic.tables["项目支出"].append({"项目名称": "其他项目", "预算数": 4.0, "决算数": 5.0})
    basic.fields |= {"项目支出_预算数": 702.5, "项目支出_决算数": 864.37}  # 696 + 6.5, 855.87 + 8.5
    of(filed, "附件2").fields["年初预算数"] = 5371.2  # 4668.70 + 702.5
    filing = found(books, "project_rows_inserted")
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


# --------------------------------------------------------------------------------------------------------------- sheets


def copied(filed: Filing) -> Sheet:
    """附件3-3, copied and filled with another project of 20 万元, of which 15 were spent."""
    old = of(filed, "附件3-3")
    first, *others = [dict(row) for row in old.tables["指标"]]
    first |= {"三级指标": "抽检批次", "年度指标值": "≥100批次", "实际完成值": "100批次"}
    budget = {"年初预算数": 20.0, "全年预算数": 20.0, "全年执行数": 15.0}
    sheet = Sheet(old.form, "附件3-4", dict(old.fields), {"指标": [first, *others]})
    sheet.fields |= budget | {f"当年财政拨款_{code}": value for code, value in budget.items()}
    sheet.fields |= {"项目支出名称": "抽检专项", "执行率": 0.75, "得分": 7.5, "总分": 97.5}
    filed.sheets.append(sheet)
    return sheet


def test_a_copied_sheet_is_another_project(books: dict[str, Path], filed: Filing) -> None:
    copied(filed)
    filing = found(books, "sheet_copied")
    assert facts(filing) == facts(filed)  # not listed: no sum has changed
    assert remarks(filing) == {
        ("XSH-010", "附件3-4", "C3"): remarks(filing)["XSH-010", "附件3-4", "C3"],
    }
    assert "没有列入首页的项目清单" in remarks(filing)["XSH-010", "附件3-4", "C3"]


def test_a_copied_sheet_that_is_listed_is_added_up(books: dict[str, Path], filed: Filing) -> None:
    copied(filed)
    basic, overall = of(filed, "附件1"), of(filed, "附件2")
    basic.tables["项目支出"].append({"项目名称": "抽检专项", "预算数": 20.0, "决算数": 15.0})
    basic.fields |= {"项目支出_预算数": 716.0, "项目支出_决算数": 870.87}
    # 5364.70 + 20, 5836.24 + 15, and 5851.24 / 5836.24 = 100.257 %
    overall.fields |= {"项目支出": 870.87, "年初预算数": 5384.7, "全年执行数": 5851.24, "执行率": 1.0026}
    filing = found(books, "sheet_copied_and_listed")
    assert facts(filing) == facts(filed)
    assert filing.projects == [*filed.projects, ("抽检专项", "附件3-4")]
    assert remarks(filing) == {}


def test_sheets_may_stand_in_any_order(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "sheets_reordered")
    assert [sheet.name for sheet in filing.sheets] == [
        "附件3-3",
        "附件2",
        "附件3-1",
        "附件3-2",
        "附件4",
        "附件1",
    ]
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_a_renamed_and_listed_sheet_reads_the_same(books: dict[str, Path], filed: Filing) -> None:
    of(filed, "附件3-2").name = "运行维护费自评"
    filing = found(books, "sheet_renamed_and_listed")
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_a_renamed_sheet_is_an_error_and_not_a_smaller_sum(books: dict[str, Path]) -> None:
    filing = found(books, "sheet_renamed")
    assert of(filing, "运行维护费自评").fields["全年执行数"] == 32.15
    assert of(filing, "附件2").fields["项目支出"] == "数据有误"
    told = remarks(filing)
    assert "“附件3-2”不存在，可能改了名或已删除" in told["XSH-011", "附件3-1", "C3"]
    assert "“运行维护费自评”没有列入首页的项目清单" in told["XSH-010", "运行维护费自评", "C3"]
    # Cells that only pass the error on are not asked about one by one; the sum itself is.
    assert set(told) == {
        ("XSH-011", "附件3-1", "C3"),
        ("XSH-010", "运行维护费自评", "C3"),
        ("FMT-001", "附件2", "I8"),
    }


def test_a_quote_in_a_sheets_name_is_a_letter_like_others(books: dict[str, Path], filed: Filing) -> None:
    of(filed, "附件2").name = "附件2 (it's) 整体"
    filing = found(books, "sheet_with_a_quote_in_its_name")
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_a_sheet_may_be_called_by_a_number(books: dict[str, Path], filed: Filing) -> None:
    of(filed, "附件3-2").name = "2"
    filing = found(books, "sheet_called_by_a_number")
    assert facts(filing) == facts(filed)
    assert filing.projects[1] == ("运行维护经费", "2")
    assert remarks(filing) == {}


def test_a_copy_of_a_form_that_occurs_once_is_told(books: dict[str, Path]) -> None:
    ((place, message),) = remarks(found(books, "single_form_copied")).items()
    assert place == ("FMT-002", "附件1", "")
    assert "“整体支出绩效自评表”只能有一张，现在有 2 张：附件2、附件2备份。请删除多余的工作表" in message


def test_rows_inserted_on_the_cover_sheet_do_not_matter(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "list_row_inserted")
    assert facts(filing) == facts(filed)
    assert (filing.unit, filing.year, filing.projects) == (filed.unit, 2023, filed.projects)
    assert remarks(filing) == {}


def test_a_deleted_form_is_missed(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "sheet_deleted")
    assert [sheet.name for sheet in filing.sheets] == ["附件1", "附件3-1", "附件3-2", "附件3-3", "附件4"]
    ((place, message),) = remarks(filing).items()
    assert place == ("FMT-002", "附件1", "")
    assert "缺少“整体支出绩效自评表”（附件2）。请补上这张表" in message


# ---------------------------------------------------------------------------------------------------- names and columns


def test_a_deleted_name_is_told_and_its_cell_is_blank(books: dict[str, Path]) -> None:
    filing = found(books, "name_deleted")
    assert "基本支出" not in of(filing, "附件2").fields
    message = remarks(filing)["FMT-002", "附件2", ""]
    assert "找不到“基本支出”" in message and "重新填报" in message


def test_a_sheet_without_its_names_is_told(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "form_names_deleted")
    assert [sheet.name for sheet in filing.sheets] == [sheet.name for sheet in filed.sheets]
    assert of(filing, "附件3-2").fields == {}
    message = remarks(filing)["FMT-002", "附件3-2", ""]
    assert "找不到“项目支出名称、主管部门、实施单位、年初预算数”等" in message and "重新填报" in message
    assert not any(rule == "XSH-011" for rule, _, _ in remarks(filing))  # the sheet is there


def test_a_sheet_without_its_mark_is_known_by_its_other_names(books: dict[str, Path], filed: Filing) -> None:
    filing = found(books, "mark_of_a_form_deleted")
    assert facts(filing) == facts(filed)
    assert remarks(filing) == {}


def test_a_deleted_column_is_told(books: dict[str, Path]) -> None:
    filing = found(books, "column_deleted")
    assert [row["三级指标"] for row in rows(filing, "附件3-3")][:2] == ["聘用人员数量", "派遣人员工资发放"]
    assert "得分" not in of(filing, "附件3-3").fields  # 资金 lost the column that stands above 偏差原因
    message = remarks(filing)["FMT-002", "附件3-3", ""]
    assert "找不到“得分、" in message and "等 5 项" in message


def test_a_deleted_row_of_a_field_is_told(books: dict[str, Path]) -> None:
    filing = found(books, "field_row_deleted")
    assert of(filing, "附件2").fields["其他资金"] == 79.42  # what stands below has moved up
    assert "找不到“一般公共预算、基本支出”" in remarks(filing)["FMT-002", "附件2", ""]


# --------------------------------------------------------------------------------------------------------------- values


def test_an_overtyped_formula_is_compared_with_the_right_figure(books: dict[str, Path]) -> None:
    filing = found(books, "formula_overtyped")
    sheet = of(filing, "附件3-2")
    assert sheet.fields["总分"] == 96.0
    (finding,) = [f for f in check(filing, load_catalogue()) if f.cell == sheet.cell("总分")]
    assert (finding.sheet, finding.stated, finding.expected) == ("附件3-2", "96", "95.67")


def test_a_cleared_formula_is_missed(books: dict[str, Path]) -> None:
    filing = found(books, "formula_cleared")
    sheet = of(filing, "附件3-2")
    assert sheet.fields["总分"] is None
    (finding,) = [f for f in check(filing, load_catalogue()) if f.cell == sheet.cell("总分")]
    assert (finding.sheet, finding.expected) == ("附件3-2", "95.67")


def test_figures_pasted_as_text_are_named_as_they_stand(books: dict[str, Path]) -> None:
    filing = found(books, "values_as_text")
    told = remarks(filing)
    for cell, text in (("E7", "5756.82万元"), ("E10", "７９．４２"), ("I7", "4,98.0,37")):
        assert f"填的是“{text}”" in told["FMT-001", "附件2", cell]
        assert "只输入半角数字" in told["FMT-001", "附件2", cell]
    assert len(told) == 3  # not the sums over them


def test_error_values_are_named(books: dict[str, Path]) -> None:
    told = remarks(found(books, "error_values"))
    for cell, text in (("E7", "#DIV/0!"), ("E10", "#N/A"), ("G20", "#NAME?")):
        assert f"填的是“{text}”" in told["FMT-001", "附件2", cell]
    assert len(told) == 3


def test_a_number_typed_for_a_quantity_reads_as_it_is_shown(books: dict[str, Path], filed: Filing) -> None:
    rows(filed, "附件3-3")[2]["实际完成值"] = "97.50%"
    rows(filed, "附件3-3")[0]["实际完成值"] = "18"
    assert facts(found(books, "percent_typed")) == facts(filed)


def test_findings_go_into_every_edited_file_once(
    books: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = [Path(shutil.copy(path, tmp_path)) for path in books.values()]
    order = ["check", "--json", "--annotate", *map(str, copies)]
    assert main(order) == 1
    first, written = capsys.readouterr(), [path.read_bytes() for path in copies]
    assert main(order) == 1
    assert capsys.readouterr() == first
    assert [path.read_bytes() for path in copies] == written
    assert len(first.out.splitlines()) == len(copies) and first.err == ""


def test_every_edit_is_looked_at() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [name for name in EDITS if f'"{name}"' not in text] == []
