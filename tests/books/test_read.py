"""A filled workbook, read back, is the filing that it was built from, value for value."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from books.editing import facts, to_formulas
from jixiao.books.build import blank, build
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Frame, Sheet
from jixiao.scope import Calculation

Build = Callable[[Filing], Path]


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def written(shipped: Catalogue, tmp_path: Path) -> Build:
    def write(filing: Filing) -> Path:
        path = tmp_path / "a.xlsx"
        build(shipped.packages[filing.package], filing, shipped, path)
        return path

    return write


def of(filing: Filing, name: str) -> Sheet:
    return next(sheet for sheet in filing.sheets if sheet.name == name)


def problems(filing: Filing) -> list[str]:
    return [f"{problem.cause}。{problem.remedy}" for sheet in filing.sheets for problem in sheet.problems]


def with_names(path: Path, old: str, new: str) -> Path:
    """The workbook with its list of sheets and names rewritten."""
    parts = Parts.open(path)
    text = parts["xl/workbook.xml"].decode()
    assert old in text
    replace(path, parts, {"xl/workbook.xml": text.replace(old, new).encode()})
    return path


# -------------------------------------------------------------------------------------------------------- value for value


@pytest.mark.parametrize("case", ["hengshan_2023", "yueyanglou_2023"])
def test_a_real_filing_comes_back_value_for_value(
    case: str, written: Build, shipped: Catalogue, request: pytest.FixtureRequest
) -> None:
    filed: Filing = request.getfixturevalue(case.partition("_")[0])
    found = read(written(copy.deepcopy(filed)), shipped)
    assert (found.package, found.unit, found.year) == (filed.package, filed.unit, filed.year)
    assert [(sheet.form, sheet.name) for sheet in found.sheets] == [
        (sheet.form, sheet.name) for sheet in filed.sheets
    ]
    assert found.projects == filed.projects
    stated = facts(filed)
    stated.pop(
        ("附件一", "项目支出", 1, "项目名称"), None
    )  # 2、运行维护经费 is printed there, and nothing is filled in
    assert facts(found) == stated
    assert problems(found) == []


def test_a_blank_left_in_a_calculated_cell_is_stated(
    hengshan: Filing, written: Build, shipped: Catalogue
) -> None:
    # 附件一: the unit left 三公经费, 项目支出 and both rates of 楼堂馆所 blank, over their formulas
    found = read(written(hengshan), shipped).sheets[0].fields
    for code in ("三公经费_预算数", "三公经费_决算数", "项目支出_预算数", "项目支出_决算数", "规模控制率"):
        assert code in found and found[code] is None


def test_formulas_left_alone_read_as_calculated(
    yueyanglou: Filing, written: Build, shipped: Catalogue
) -> None:
    # Yueyanglou's calculated cells are all right, so its formulas must give what it published.
    published = facts(yueyanglou)
    left = to_formulas(copy.deepcopy(yueyanglou), shipped.packages[yueyanglou.package])
    assert len(facts(left)) < len(published)
    assert facts(read(written(left), shipped)) == published


def test_a_typed_over_formula_is_a_stated_value(
    yueyanglou: Filing, written: Build, shipped: Catalogue
) -> None:
    left = to_formulas(yueyanglou, shipped.packages[yueyanglou.package])
    of(left, "附件3-2").fields["总分"] = 96.0  # 5.67 + 90 = 95.67
    found = read(written(left), shipped)
    assert of(found, "附件3-2").fields["总分"] == 96.0
    assert of(found, "附件3-1").fields["总分"] == 100.0


BLANK = {
    "hengshan_2023": {
        ("附件一", "政府采购金额_上年决算数"): "——",  # printed in the official table
        ("附件一", "部门基本支出预算调整_上年决算数"): "——",
        ("附件二", "预算单位名称"): "某局",
        ("附件二", "分值"): 10.0,
        ("附件三", "分值"): 10.0,
    },
    "yueyanglou_2023": {
        ("附件1", "预算单位名称"): "某局",
        ("附件2", "预算单位名称"): "某局",
        **{(name, "分值"): 10.0 for name in ("附件2", "附件3-1", "附件3-2", "附件3-3")},
    },
    "mof_project_2023": {("项目支出绩效自评表", "分值"): 10.0},
}


@pytest.mark.parametrize("package", BLANK)
def test_a_blank_workbook_states_what_the_form_prints_and_nothing_else(
    package: str, written: Build, shipped: Catalogue
) -> None:
    path = written(blank(shipped.packages[package], "某局", 2024))
    found = read(path, shipped)
    assert facts(found) == BLANK[package]
    assert (found.unit, found.year, problems(found)) == ("某局", 2024, [])
    assert all(rows == [] for sheet in found.sheets for rows in sheet.tables.values())


def test_every_value_knows_its_cell(yueyanglou: Filing, written: Build, shipped: Catalogue) -> None:
    path = written(yueyanglou)
    found, book = read(path, shipped), openpyxl.load_workbook(path, data_only=True)
    for sheet in found.sheets:
        page = book[sheet.name]
        for code, value in sheet.fields.items():
            assert page[sheet.cell(code)].value == (value if value is not None else None), code
        for row, record in enumerate(sheet.tables.get("指标", [])):
            for column in ("三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因"):
                assert page[sheet.cell(column, "指标", row)].value == record[column]


# ----------------------------------------------------------------------------------------------------- other programs


def test_a_file_saved_without_its_results_is_calculated_anew(
    yueyanglou: Filing, written: Build, shipped: Catalogue, tmp_path: Path
) -> None:
    """openpyxl drops what the formulas gave: the cells state nothing, and the check calculates them itself."""
    filing = to_formulas(copy.deepcopy(yueyanglou), shipped.packages[yueyanglou.package])
    path = written(filing)
    before = read(path, shipped)
    openpyxl.load_workbook(path).save(tmp_path / "saved.xlsx")
    found = read(tmp_path / "saved.xlsx", shipped)
    assert "总分" not in of(found, "附件3-2").fields
    assert "控制率" not in of(found, "附件1").fields
    calculation = Calculation(Frame([found], shipped.packages[found.package].forms), shipped)
    project, basic = "项目支出绩效自评表", "基础数据表"
    assert list(calculation.value(project, None, "总分")) == [100.0, 95.67, 100.0]
    assert calculation.value(basic, None, "控制率") == [0.8738]  # 263 / 301
    assert calculation.value(basic, None, "项目支出_决算数") == [855.87]
    assert list(calculation.value(basic, "项目支出", "决算数")) == [730.54, 32.15, 93.18]

    def said(filing: Filing) -> list[tuple[Any, ...]]:
        return [(f.rule.id, f.sheet, f.cell, f.message) for f in check(filing, shipped)]

    assert said(found) == said(before)


# --------------------------------------------------------------------------------------------------- names and sheets


def test_rows_of_another_name_order_are_read_in_the_order_of_the_sheet(
    yueyanglou: Filing, written: Build, shipped: Catalogue
) -> None:
    names = [row["三级指标"] for row in of(yueyanglou, "附件2").tables["指标"]]
    found = of(read(written(yueyanglou), shipped), "附件2")
    assert [row["三级指标"] for row in found.tables["指标"]] == names
    assert found.row_numbers["指标"] == sorted(found.row_numbers["指标"])


def test_an_unknown_package_is_named(yueyanglou: Filing, written: Build, shipped: Catalogue) -> None:
    path = with_names(written(yueyanglou), '"yueyanglou_2023"', '"yueyanglou_2031"')
    with pytest.raises(Unreadable, match="不认识套表“yueyanglou_2031”"):
        read(path, shipped)


def test_a_name_that_points_to_another_sheet_is_not_followed(
    yueyanglou: Filing, written: Build, shipped: Catalogue
) -> None:
    """As after pasting a sheet's cells with their names into another one."""
    parts = Parts.open(path := written(yueyanglou))
    text = parts["xl/workbook.xml"].decode()
    start = text.index(">", text.index('name="编制数"')) + 1
    end = text.index("<", start)
    assert text[start:end].startswith("'附件1'!")
    moved = text[:start] + "'附件2'!" + text[start + len("'附件1'!") :]
    replace(path, parts, {"xl/workbook.xml": moved.encode()})
    found = read(path, shipped)
    assert "编制数" not in of(found, "附件1").fields
    assert problems(found)[0].startswith("找不到“编制数”")


def test_a_missing_cover_sheet_is_told(yueyanglou: Filing, written: Build, shipped: Catalogue) -> None:
    path = with_names(written(yueyanglou), ">首页!", ">没有!")
    found = read(path, shipped)
    assert (found.unit, found.projects) == ("", [])
    assert found.year == 2023  # the package's own
    told = "\n".join(problems(found))
    for name in ("填报单位", "填报年度", "项目清单.表名"):
        assert f"找不到首页的“{name}”" in told


def test_a_listed_project_without_a_sheet_name_is_told(
    yueyanglou: Filing, written: Build, shipped: Catalogue
) -> None:
    yueyanglou.projects.append(("抽检专项", ""))
    found = read(written(yueyanglou), shipped)
    assert found.projects == yueyanglou.projects[:3]
    assert problems(found) == [
        "首页项目清单中的“抽检专项”没有填表名，合计数会漏掉这个项目。请在表名一栏填写该项目自评表的工作表标签"
    ]


def test_reading_leaves_the_file_alone(yueyanglou: Filing, written: Build, shipped: Catalogue) -> None:
    path = written(yueyanglou)
    shutil.copy(path, other := path.with_name("b.xlsx"))
    check(read(path, shipped), shipped)
    assert path.read_bytes() == other.read_bytes()
