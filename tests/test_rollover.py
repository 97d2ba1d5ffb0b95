"""Next year's workbook from this year's: what goes over, what does not, and what the rules then ask."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import libreoffice
from commandline import Run
from conftest import BASIC, OVERALL, PROJECT
from jixiao.books.build import build
from jixiao.books.handin import hand_in
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Filing, Sheet
from jixiao.findings import Finding
from jixiao.rollover import NotRolledError, next_year, rollover

CATALOGUE = load_catalogue()
SHOWN = "上年实际完成值"


@pytest.fixture
def books(hengshan: Filing, yueyanglou: Filing, tmp_path: Path) -> dict[str, Path]:
    """The two real filings as workbooks of 2023."""
    paths = {}
    for filing in (hengshan, yueyanglou):
        paths[filing.package] = tmp_path / f"{filing.package}.xlsx"
        build(CATALOGUE.packages[filing.package], filing, CATALOGUE, paths[filing.package])
    return paths


def given(sheet: Sheet) -> dict[str, Any]:
    """What a sheet says, without blanks."""
    return {code: value for code, value in sheet.fields.items() if value is not None}


def asked(filing: Filing, family: str = "LYR") -> list[Finding]:
    return [finding for finding in check(filing, CATALOGUE) if finding.rule.id.startswith(family)]


# -- what goes over


def test_yueyanglou_2024(books: dict[str, Path], tmp_path: Path) -> None:
    old = books["yueyanglou_2023"]
    before = old.read_bytes()
    rollover(old, tmp_path / "新.xlsm", CATALOGUE)
    assert old.read_bytes() == before
    filing = read(tmp_path / "新.xlsm", CATALOGUE)
    assert (filing.package, filing.year) == ("yueyanglou_2023", 2024)
    assert filing.unit == "岳阳市岳阳楼区市场监督管理局"
    basic, overall, *projects = filing.sheets
    assert given(basic) == {  # the 决算数 of 2023, as printed in 附件1
        "预算单位名称": "岳阳市岳阳楼区市场监督管理局",
        "三公经费_上年决算数": 32.15,
        "公务用车购置和维护经费_上年决算数": 32.15,
        "公车运行维护_上年决算数": 32.15,
        "项目支出_上年决算数": 855.87,
        "公用经费_上年决算数": 619.82,
        "办公经费_上年决算数": 50.39,
        "水电差旅费_上年决算数": 41.19,
        "会议培训费_上年决算数": 0.0,
        "政府采购金额_上年决算数": 633.0,
        "部门基本支出预算调整_上年决算数": 4980.37,
    }
    assert [(row["项目名称"], row["上年决算数"]) for row in basic.tables["项目支出"]] == [
        ("业务工作经费", 730.54),
        ("运行维护经费", 32.15),
        ("编外用工人员经费", 93.18),
    ]
    assert given(overall) == {"预算单位名称": "岳阳市岳阳楼区市场监督管理局", "分值": 10.0}
    assert filing.projects == [
        ("业务工作经费", "附件3-1"),
        ("运行维护经费", "附件3-2"),
        ("编外用工人员经费", "附件3-3"),
    ]
    assert [sheet.name for sheet in projects] == ["附件3-1", "附件3-2", "附件3-3", "附件4"]
    assert not any(projects[-1].tables.values())  # next year's report is written anew
    assert given(projects[1]) == {
        "项目支出名称": "运行维护费",
        "实施单位": "岳阳市岳阳楼区市场监督管理局",
        "分值": 10.0,
    }
    assert not filing.explanations


def test_hengshan_2024_leaves_blank_what_was_blank(books: dict[str, Path], tmp_path: Path) -> None:
    rollover(books["hengshan_2023"], tmp_path / "新.xlsx", CATALOGUE)
    basic = read(tmp_path / "新.xlsx", CATALOGUE).sheets[0]
    assert given(
        basic
    ) == {  # 附件一 leaves the totals of 2023 blank and prints —— where last year's figure is not asked
        "公务用车购置和维护经费_上年决算数": 15.14,
        "公车购置_上年决算数": 0.0,
        "公车运行维护_上年决算数": 15.14,
        "出国经费_上年决算数": 0.0,
        "公务接待_上年决算数": 10.63,
        "办公经费_上年决算数": 50.15,
        "水电差旅费_上年决算数": 57.82,
        "会议培训费_上年决算数": 11.62,
        "政府采购金额_上年决算数": "——",
        "部门基本支出预算调整_上年决算数": "——",
    }
    assert [(row["项目名称"], row["上年决算数"]) for row in basic.tables["项目支出"]] == [
        ("业务工作经费", 789.14)
    ]


@pytest.mark.parametrize("package", ["hengshan_2023", "yueyanglou_2023"])
def test_indicators_keep_names_targets_and_points_and_nothing_else(
    books: dict[str, Path], package: str, tmp_path: Path
) -> None:
    old = read(books[package], CATALOGUE)
    rollover(books[package], tmp_path / "新.xlsx", CATALOGUE)
    kept = ("一级指标", "二级指标", "三级指标", "年度指标值", "分值")
    pairs = [
        (row, then)
        for sheet, before in zip(read(tmp_path / "新.xlsx", CATALOGUE).sheets, old.sheets, strict=True)
        for row, then in zip(
            sheet.tables.get("指标", []),
            # 附件3-1 has points on a row that is ……: no indicator
            [row for row in before.tables.get("指标", []) if row["三级指标"] != "……"],
            strict=True,
        )
    ]
    assert len(pairs) == {"hengshan_2023": 29, "yueyanglou_2023": 63}[package]
    for row, then in pairs:
        assert {code: row[code] for code in kept} == {code: then[code] for code in kept}
        assert {row["实际完成值"], row["得分"], row["偏差原因"]} == {None}


def test_calculated_figures_go_over_as_they_show(yueyanglou: Filing) -> None:
    del yueyanglou.sheets[0].fields["三公经费_决算数"]  # left to its formula: 32.15 + 0 + 0
    yueyanglou.sheets[0].fields["办公经费_决算数"] = "暂无"
    fields = next_year(yueyanglou, CATALOGUE).sheets[0].fields
    assert fields["三公经费_上年决算数"] == 32.15
    assert "办公经费_上年决算数" not in fields


def test_a_later_year_takes_no_figures_of_a_year_that_is_not_its_last(yueyanglou: Filing) -> None:
    later = next_year(yueyanglou, CATALOGUE, 2026)
    assert later.year == 2026 and later.previous is None
    assert [code for code in later.sheets[0].fields if "上年" in code] == []
    assert [row["年度指标值"] for row in later.of(PROJECT)[1].tables["指标"]][:1] == ["19辆"]


def test_rows_with_points_alone_stay_behind(yueyanglou: Filing) -> None:
    rows = yueyanglou.of(OVERALL)[0].tables["指标"]
    count = len(rows)
    rows.append({"一级指标": "满意度指标", "二级指标": "服务对象满意度指标", "三级指标": "……", "分值": 5.0})
    assert len(next_year(yueyanglou, CATALOGUE).of(OVERALL)[0].tables["指标"]) == count


# -- last year's actual values beside the new targets


def shown(cells: Any) -> dict[str, str]:
    """三级指标 -> what stands beside it as last year's actual value, in a sheet as rows of values."""
    rows = [list(row) for row in cells]
    head = next(row for row in rows if SHOWN in row)
    column, name = head.index(SHOWN), next(k for k, text in enumerate(head) if text == "三级指标")
    found: dict[str, str] = {}
    for row in rows[rows.index(head) + 1 :]:
        if len(row) > column and row[name] and row[column]:
            found.setdefault(str(row[name]), str(row[column]))
    return found


def test_actual_values_stand_outside_the_print_area(books: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "新.xlsx"
    rollover(books["yueyanglou_2023"], path, CATALOGUE)
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = book["附件2"]
    beside = shown(sheet.iter_rows(values_only=True))
    assert beside["全年罚没入库数"] == "162万元" and beside["食品安全抽检"] == "1584批次"
    (head,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == SHOWN]
    assert head.column > 9 and str(sheet.print_area).endswith(f"$I${sheet.print_area.rpartition('$')[2]}")
    assert not sheet.column_dimensions[head.column_letter].hidden
    assert book["上年数据"].sheet_state == "hidden"


@pytest.mark.skipif(bool(libreoffice.missing()), reason="needs LibreOffice")
def test_actual_values_are_found_anew_by_name(books: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "新.xlsx"
    rollover(books["yueyanglou_2023"], path, CATALOGUE)
    cached = openpyxl.load_workbook(path, data_only=True)
    found = libreoffice.recalculate(path)
    for name in ("附件2", "附件3-1", "附件3-2", "附件3-3"):
        beside = shown(cached[name].iter_rows(values_only=True))
        assert len(beside) > 5 and shown(found[name]) == beside


def test_last_years_filing_survives_reading_saving_and_handing_in(
    books: dict[str, Path], tmp_path: Path
) -> None:
    path, saved, handed = (tmp_path / name for name in ("新.xlsm", "另存.xlsx", "上报.xlsx"))
    made = rollover(books["yueyanglou_2023"], path, CATALOGUE).filing
    hand_in(path, handed, CATALOGUE)
    rollover(books["yueyanglou_2023"], tmp_path / "无宏.xlsx", CATALOGUE)
    openpyxl.load_workbook(tmp_path / "无宏.xlsx").save(saved)
    assert made.previous is not None
    for each in (path, saved, handed):
        before = read(each, CATALOGUE).previous
        assert before is not None and before.year == 2023
        assert before.sheets == made.previous.sheets
    assert before.of(OVERALL)[0].fields["全年执行数"] == 5836.24
    assert read(books["yueyanglou_2023"], CATALOGUE).previous is None


def test_a_workbook_rolls_over_again(books: dict[str, Path], tmp_path: Path) -> None:
    rollover(books["yueyanglou_2023"], tmp_path / "2024.xlsx", CATALOGUE)
    rollover(tmp_path / "2024.xlsx", tmp_path / "2025.xlsx", CATALOGUE)
    filing = read(tmp_path / "2025.xlsx", CATALOGUE)
    assert filing.year == 2025 and filing.previous is not None and filing.previous.year == 2024
    assert "三公经费_上年决算数" not in given(filing.sheets[0])  # nothing was spent in 2024 as yet


# -- the rules against it


def test_nothing_is_asked_without_last_years_filing(hengshan: Filing, yueyanglou: Filing) -> None:
    assert asked(hengshan) == asked(yueyanglou) == []


def test_what_rollover_took_over_agrees_and_only_targets_are_asked_about(
    books: dict[str, Path], tmp_path: Path
) -> None:
    rollover(books["yueyanglou_2023"], tmp_path / "新.xlsx", CATALOGUE)
    found = asked(read(tmp_path / "新.xlsx", CATALOGUE))
    assert [(finding.rule.id, finding.sheet) for finding in found] == [
        ("LYR-002", "附件2"),
        ("LYR-002", "附件3-1"),
        ("LYR-002", "附件3-2"),
    ]
    assert found[2].rows == ["车辆维修数量", "项目总成本"]  # not ≥90%, 100%, ≤3天
    assert len(found[2].related) == 1


def test_a_date_of_last_year_is_left_over_even_alone(hengshan: Filing) -> None:
    following = next_year(hengshan, CATALOGUE)
    for row in following.of(OVERALL)[0].tables["指标"]:
        if not row["年度指标值"].startswith("2023年"):
            row["年度指标值"] += "起"
    (finding,) = [f for f in asked(following) if f.sheet == "附件二"]
    assert finding.rows == ["2023年12月31日前完成"]


@pytest.mark.parametrize(("changed", "count"), [(10.63, 0), (10.634, 0), (10.64, 1), (None, 0), ("——", 0)])
def test_last_years_figure_is_compared_at_its_precision(hengshan: Filing, changed: Any, count: int) -> None:
    following = next_year(hengshan, CATALOGUE)
    following.sheets[0].fields["公务接待_上年决算数"] = changed
    assert len([f for f in asked(following) if f.rule.id == "LYR-001"]) == count


def test_last_years_figure_of_a_project_is_compared_by_its_name(yueyanglou: Filing) -> None:
    following = next_year(yueyanglou, CATALOGUE)
    rows = following.of(BASIC)[0].tables["项目支出"]
    rows[0]["上年决算数"] = 703.54
    rows[1] |= {"项目名称": "新的项目", "上年决算数": 1.0}
    (finding,) = [f for f in asked(following) if f.rule.id == "LYR-001"]
    assert (finding.row, finding.stated, finding.expected) == ("业务工作经费", "703.54", "730.54")
    assert "业务工作经费的上年决算数" in finding.message


@pytest.mark.parametrize(("spent", "count"), [(64.30, 0), (64.31, 1), (0.0, 0), (None, 0)])
def test_a_project_that_doubles_is_asked_about(yueyanglou: Filing, spent: float | None, count: int) -> None:
    following = next_year(yueyanglou, CATALOGUE)
    following.of(PROJECT)[1].fields["全年执行数"] = spent  # 32.15 in 2023
    assert len([f for f in asked(following) if f.rule.id == "LYR-004"]) == count


def test_one_actual_value_that_repeats_may_be_chance(yueyanglou: Filing) -> None:
    following = next_year(yueyanglou, CATALOGUE)
    before = yueyanglou.of(OVERALL)[0].tables["指标"]
    rows = following.of(OVERALL)[0].tables["指标"]
    rows[0]["实际完成值"] = before[0]["实际完成值"]
    assert [f for f in asked(following) if f.rule.id == "LYR-003"] == []
    rows[1]["实际完成值"] = before[1]["实际完成值"]
    (finding,) = [f for f in asked(following) if f.rule.id == "LYR-003"]
    assert finding.rows == ["全年立案查处各类经济违法案件结案数", "全年罚没入库数"]


# -- files that cannot be used, and those that people have changed


@pytest.fixture
def run(run: Run) -> Run:
    """Runs ``jixiao rollover``."""
    return lambda *arguments: run("rollover", *arguments)


def test_a_project_sheet_that_was_renamed_keeps_its_place(yueyanglou: Filing, tmp_path: Path) -> None:
    first, second, _ = yueyanglou.of(PROJECT)
    first.name, second.name = "业务", "车辆"  # and 首页 still says 附件3-1 and 附件3-2
    build(CATALOGUE.packages[yueyanglou.package], yueyanglou, CATALOGUE, tmp_path / "改名.xlsx")
    filing = rollover(tmp_path / "改名.xlsx", tmp_path / "新.xlsx", CATALOGUE).filing
    assert [sheet.name for sheet in filing.of(PROJECT)] == ["业务", "车辆", "附件3-3"]
    # 运行维护经费 calls itself 运行维护费: names that differ by a word are not taken for one.
    assert filing.projects == [
        ("业务工作经费", "业务"),
        ("编外用工人员经费", "附件3-3"),
        ("运行维护费", "车辆"),
    ]
    assert read(tmp_path / "新.xlsx", CATALOGUE).projects == filing.projects


def test_what_could_not_be_read_is_told(run: Run, books: dict[str, Path], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(books["yueyanglou_2023"])
    del book["附件1"].defined_names["公用经费_决算数"]
    book.save(tmp_path / "缺.xlsx")
    code, out, _ = run(tmp_path / "缺.xlsx", "-o", tmp_path / "新.xlsx")
    assert code == 0 and "12 个上年决算数" in out
    assert re.search("上年文件没有读全.*附件1：找不到“公用经费_决算数”", out)


@pytest.mark.parametrize(("year", "cause"), [(2023, "不能结转成 2023 年度"), (2022, "不能结转成 2022 年度")])
def test_a_year_that_is_not_later_is_refused(yueyanglou: Filing, year: int, cause: str) -> None:
    with pytest.raises(NotRolledError, match=cause):
        next_year(yueyanglou, CATALOGUE, year)


def test_command(run: Run, books: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "2024.xlsx"
    code, out, err = run(books["yueyanglou_2023"], "-o", path)
    assert (code, err) == (0, "")
    assert "2024 年度：3 个项目，63 项指标，13 个上年决算数。" in out and str(path) in out
    code, out, _ = run(books["yueyanglou_2023"], "-o", tmp_path / "2026.xlsm", "--year", 2026)
    assert code == 0 and "0 个上年决算数（与上年文件不相邻，上年数没有带入）" in out
    assert read(tmp_path / "2026.xlsm", CATALOGUE).year == 2026


@pytest.mark.parametrize(
    ("old", "new", "options", "said"),
    [
        ("没有.xlsx", "新.xlsx", (), "没有.xlsx"),
        ("文字.xlsx", "新.xlsx", (), "文字.xlsx"),
        ("别的.xlsx", "新.xlsx", (), "没有自评表的标记"),
        ("yueyanglou_2023.xlsx", "别的.xlsx", (), "已经存在，没有改动它"),
        ("yueyanglou_2023.xlsx", "yueyanglou_2023.xlsx", (), "已经存在，没有改动它"),
        ("yueyanglou_2023.xlsx", "新.xls", (), "不是 .xlsx 或 .xlsm"),
        ("yueyanglou_2023.xlsx", "没有/新.xlsx", (), "不存在"),
        ("yueyanglou_2023.xlsx", "新.xlsx", ("--year", 2023), "不能结转成 2023 年度"),
        ("yueyanglou_2023.xlsx", "新.xlsx", ("--year", 24), "年度 24 不对"),
    ],
)
def test_command_refuses(
    run: Run, books: dict[str, Path], tmp_path: Path, old: str, new: str, options: tuple[Any, ...], said: str
) -> None:
    (tmp_path / "文字.xlsx").write_text("不是工作簿", "utf-8")
    openpyxl.Workbook().save(tmp_path / "别的.xlsx")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    code, _, err = run(tmp_path / old, "-o", tmp_path / new, *options)
    assert code == 2 and said in err
    assert "请" in err  # what to do about it
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
