"""The summary workbook: figures worked out by hand, reviews that survive, links and charts that lead where they say."""

from __future__ import annotations

import errno
import os
import posixpath
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import openpyxl
import pytest

import libreoffice
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.declarations import Adjustments
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.errors import DeskError
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.summary import bulk, links, lists, refuse, write_summary
from jixiao.treasury.summary.figures import Source, figures
from jixiao.treasury.unitlist import read_units
from jixiao.treasury.units import Roster
from treasury.generating import generate
from treasury.hostile import NAMES
from treasury.lists import list_file
from treasury.making import copied, here, sealed, type_in

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

#: What is typed into three copies of the real filing: 编制数, 在职人数, 公务接待_预算数; then of 附件二.
TYPED = {
    "甲局": {"编制数": 100, "在职人数": 90, "公务接待_预算数": 0.1, "全年预算数": 100, "全年执行数": 99, "总分": 100},
    "乙局": {"编制数": 60, "在职人数": 60, "公务接待_预算数": 0.2, "全年预算数": 200, "全年执行数": 150, "总分": 85},
    "丙局": {"编制数": 40, "在职人数": 33, "公务接待_预算数": 0.3, "全年预算数": 300, "全年执行数": 300, "总分": 59.99},
}  # fmt: skip


def gather(folder: Path, store: Path) -> None:
    collect([folder], store, load_catalogue(), engine=here)


def summarize(store: Path, target: Path, units: Path | None = None) -> Any:
    """Write the summary and open it."""
    write_summary(Store.open(store), load_catalogue(), target, read_units(units).units if units else ())
    return openpyxl.load_workbook(target)


def table(book: Any, name: str, head: str) -> list[dict[str, Any]]:
    """The rows of a list below the row in which ``head`` stands."""
    rows = [list(row) for row in book[name].iter_rows(values_only=True)]
    at = next(k for k, row in enumerate(rows) if head in row)
    heads = [str(text).replace("\n", "") for text in rows[at]]
    return [dict(zip(heads, row, strict=True)) for row in rows[at + 1 :] if any(v is not None for v in row)]


def beside(book: Any, name: str, label: str) -> list[Any]:
    """What stands right of the first cell with this label, without blanks."""
    for row in book[name].iter_rows(values_only=True):
        if label in row:
            return [value for value in row[row.index(label) + 1 :] if value is not None]
    raise AssertionError(label)


@pytest.fixture(scope="module")
def three(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of three filings, and the store of them."""
    folder = tmp_path_factory.mktemp("三家") / "报送"
    for k, (unit, typed) in enumerate(TYPED.items(), 1):
        copied(models["hengshan_2023"], folder / f"{unit}.xlsx", unit, **typed)
        type_in(folder / f"{unit}.xlsx", {"单位代码": f"00{k}"})
    store = folder.parent / "库"
    gather(folder, store)
    return folder, store


@pytest.fixture(scope="module")
def book(three: tuple[Path, Path]) -> Any:
    return summarize(three[1], three[0].parent / "汇总.xlsx")


# ------------------------------------------------------------------------------------------------------------ by hand


def test_the_overview_has_the_totals(book: Any) -> None:
    assert beside(book, "总览", "附件二") == ["年度资金总额", 6355.74, 600, 549, 0.915]  # 3 × 2118.58
    rows = {tuple(row[:1]): row for row in book["总览"].iter_rows(values_only=True)}
    assert rows[("95～100",)][2] == 1 and rows[("85～90",)][2] == 1 and rows[("60以下",)][2] == 1
    assert [beside(book, "总览", name)[0] for name in ("优", "良", "中", "差")] == [1, 1, 0, 1]
    heads = list(book["总览"].iter_rows(values_only=True))
    at = next(k for k, row in enumerate(heads) if "平均自评分" in row)
    assert heads[at + 1][heads[at].index("平均自评分")] == 81.66  # 244.99 / 3
    assert heads[at + 1][heads[at].index("计入汇总的单位")] == 3


def test_the_ranking_goes_by_score(book: Any) -> None:
    rows = table(book, "单位排名", "单位名称")
    assert [
        (r["名次"], r["单位代码"], r["单位名称"], r["自评总分"], r["等级"], r["执行率"]) for r in rows
    ] == [
        (1, "001", "甲局", 100, "优", 0.99),
        (2, "002", "乙局", 85, "良", 0.75),
        (3, "003", "丙局", 59.99, "差", 1),
    ]
    assert [(r["全年预算数（万元）"], r["全年执行数（万元）"]) for r in rows] == [
        (100, 99),
        (200, 150),
        (300, 300),
    ]


def test_forms_are_summed_and_rates_follow_from_the_sums(book: Any) -> None:
    sheet = book["汇总_附件一"]
    rows = [[value for value in row if value is not None] for row in sheet.iter_rows(values_only=True)]
    assert [200, 183, 0.915] in rows  # not 0.9 + 1 + 0.825, nor the 77.72% that stands in each of them
    by_label = {row[0]: row[1:] for row in rows if row}
    assert by_label["3、公务接待"] == [54.54, 0.6, 31.89]  # 3 × 18.18, 0.1 + 0.2 + 0.3, 3 × 10.63
    assert by_label["业务工作经费（3 项）"] == [693.39, 694.5, 2367.42]
    assert "2023年度部门整体支出绩效评价基础数据表（3 家单位汇总）" in by_label
    assert "运行维护经费" not in str(by_label), "nobody stated a figure there"


def test_scores_are_means_and_texts_stay_out(book: Any) -> None:
    rows = [[v for v in row if v is not None] for row in book["汇总_附件二"].iter_rows(values_only=True)]
    total = next(row for row in rows if row[0] == "年度资金总额")
    assert total[1:] == [6355.74, 600, 549, 10, 0.915, 10]
    assert ["总分", 100, 81.66] in rows
    # 4 indicators of 10 points each in every filing; the form prints 数量指标 as the first part of its section
    assert next(row for row in rows if "数量指标" in row)[-3:] == ["共 12 项", 40, 40]
    assert not any("强化市场监管体系" in str(value) for row in rows for value in row)


def test_no_sum_drifts(three: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "汇总.xlsx"
    summarize(three[1], target)
    with zipfile.ZipFile(target) as archive:
        pages = b"".join(archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name)
    figures_ = [text.decode() for text in re.findall(rb"<v>([^<]*)</v>", pages)]
    assert "0.6" in figures_ and "2367.42" in figures_
    assert not [text for text in figures_ if re.search(r"\.\d*(?:0000000|9999999)", repr(float(text)))]


def test_sums_are_those_of_the_cells_of_every_file(tmp_path: Path) -> None:
    """Each named money cell of 附件1 read with another reader from every file, and added up."""
    generated = list(generate(tmp_path / "报送", 12, 3, ["yueyanglou_2023"], share=0.0, workers=0))
    gather(tmp_path / "报送", tmp_path / "库")
    book = summarize(tmp_path / "库", tmp_path / "汇总.xlsx")
    expected: dict[str, Decimal] = {}
    for entry in generated:
        filing = openpyxl.load_workbook(tmp_path / "报送" / entry["file"], data_only=True)
        sheet = filing["附件1"]
        for name, defined in sheet.defined_names.items():
            cells = defined.attr_text.split("!")[-1].replace("$", "")
            value = sheet[cells].value if re.fullmatch("[A-Z]+[0-9]+", cells) else None
            if isinstance(value, (int, float)) and name.endswith(("决算数", "预算数")):
                expected[name] = expected.get(name, Decimal()) + Decimal(f"{value:.15g}")
    assert len(expected) > 25
    form = load_catalogue().packages["yueyanglou_2023"].forms["基础数据表"]
    rows = {str(row[0]): row for row in book["汇总_附件1"].iter_rows(values_only=True)}
    labels = {
        "公务接待": "3、公务接待",
        "公用经费": "公用经费",
        "项目支出": "项目支出：",
        "出国经费": "2、出国经费",
    }
    for row, label in labels.items():
        for column, name in zip((4, 5, 6), form.matrices["经费"].columns, strict=True):
            code = f"{row}_{name}"
            assert rows[label][column] == float(expected.get(code, 0)), code


def test_grades_follow_the_bounds_that_the_treasury_has_set(three: tuple[Path, Path], tmp_path: Path) -> None:
    for package, expected in (("hengshan_2023", ["优", "优", "差"]), ("yueyanglou_2023", ["优", "良", "差"])):
        own = Adjustments(package, 2023, bounds=(("优秀下限", 85.0),))
        write_summary(Store.open(three[1]), load_catalogue(), tmp_path / "汇总.xlsx", own=own)
        book = openpyxl.load_workbook(tmp_path / "汇总.xlsx")
        assert [row["等级"] for row in table(book, "单位排名", "单位名称")] == expected


# -------------------------------------------------------------------------------------------------------------- review


def review(target: Path, unit: str, points: Any, opinion: Any, sheet: str = "单位排名") -> None:
    """What a reviewer types in Excel."""
    book = openpyxl.load_workbook(target)
    page = book[sheet]
    head = next(row for row in page.iter_rows() if any(cell.value == "复核分" for cell in row))
    columns = {str(cell.value): cell.column for cell in head}
    row = next(
        r for r in page.iter_rows(min_row=head[0].row + 1) if r[columns["单位名称"] - 1].value == unit
    )[0].row
    for name, value in (("复核分", points), ("复核意见", opinion)):
        cell = page.cell(row, columns[name])
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
    book.save(target)


def reviews(book: Any) -> dict[str, tuple[Any, Any]]:
    return {
        row["单位名称"]: (row["复核分"], row["复核意见"])
        for row in table(book, "单位排名", "单位名称")
        if row["复核分"] is not None or row["复核意见"] is not None
    }


def test_reviews_survive(models: dict[str, Path], three: tuple[Path, Path], tmp_path: Path) -> None:
    folder, store, target = tmp_path / "报送", tmp_path / "库", tmp_path / "汇总.xlsx"
    for path in three[0].iterdir():
        copied(path, folder / path.name)
    gather(folder, store)
    summarize(store, target)
    review(target, "甲局", 0, None)  # no points are points, too
    review(target, "乙局", 88.5, "=同意，\n“补充”佐证材料 <b>")
    review(target, "丙局", "待定", "请补报")
    known = {"甲局": (0, None), "乙局": (88.5, "=同意，\n“补充”佐证材料 <b>"), "丙局": ("待定", "请补报")}
    assert reviews(summarize(store, target)) == known
    # one changes its name, and one is gone
    type_in(folder / "乙局.xlsx", {"填报单位": "乙县局"})
    (folder / "丙局.xlsx").unlink()
    gather(folder, store)
    book = summarize(store, target)
    assert reviews(book) == {"甲局": known["甲局"], "乙县局": known["乙局"]}
    kept = table(book, "未对应的复核", "单位名称")
    assert [(r["单位代码"], r["单位名称"], r["复核分"], r["复核意见"]) for r in kept] == [
        ("003", "丙局", "待定", "请补报")
    ]
    assert table(summarize(store, target), "未对应的复核", "单位名称") == kept, "again and again"
    # it comes back, without its code
    copied(models["hengshan_2023"], folder / "又.xlsx", "丙局")
    gather(folder, store)
    book = summarize(store, target)
    assert reviews(book)["丙局"] == known["丙局"] and "未对应的复核" not in book.sheetnames
    typed = [cell for row in book["单位排名"].iter_rows() for cell in row if "佐证" in str(cell.value)]
    assert [cell.data_type for cell in typed] == ["s"], "a review is no formula either"


def test_reviews_are_found_in_moved_columns_and_under_sorted_rows(
    three: tuple[Path, Path], tmp_path: Path
) -> None:
    target = tmp_path / "汇总.xlsx"
    summarize(three[1], target)
    review(target, "丙局", 61, "看过")
    book = openpyxl.load_workbook(target)
    sheet = book["单位排名"]
    sheet.insert_cols(1, 2)
    sheet.move_range("A6:T6", rows=4)  # the last row, moved away
    book.save(target)
    assert reviews(summarize(three[1], target)) == {"丙局": (61, "看过")}


def test_two_reviews_of_one_unit_are_both_kept(three: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "汇总.xlsx"
    summarize(three[1], target)
    review(target, "甲局", 90, None)
    book = openpyxl.load_workbook(target)
    sheet = book["单位排名"]
    for cell in sheet[4]:  # the row of 甲局, copied below
        sheet.cell(9, cell.column).value = cell.value
    sheet.cell(9, 14).value = 95
    book.save(target)
    book = summarize(three[1], target)
    assert reviews(book) == {"甲局": (90, None)}
    assert [row["复核分"] for row in table(book, "未对应的复核", "单位名称")] == [95]


@pytest.mark.parametrize("content", [b"x", b"", None])
def test_a_file_of_somebody_else_is_left_alone(
    content: bytes | None, three: tuple[Path, Path], tmp_path: Path
) -> None:
    target = tmp_path / "汇总.xlsx"
    if content is None:
        list_file(target, [["单位排名"], ["甲局", 1]])
    else:
        target.write_bytes(content)
    before = target.read_bytes()
    with pytest.raises(DeskError, match="没有改动它") as caught:
        write_summary(Store.open(three[1]), load_catalogue(), target)
    assert "请" in str(caught.value) and target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["汇总.xlsx"]


# ----------------------------------------------------------------------------------------------------- links, charts


def linked(target: Path, name: str) -> list[tuple[str, str, str]]:
    """The links out of a sheet: cell, address as written, place in the file."""
    with zipfile.ZipFile(target) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))
        number = [sheet.get("name") for sheet in book.iter(f"{MAIN}sheet")].index(name) + 1
        page = ET.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
        relations = f"xl/worksheets/_rels/sheet{number}.xml.rels"
        found = ET.fromstring(archive.read(relations)) if relations in archive.namelist() else []
        addresses = {each.get("Id"): each.get("Target", "") for each in found}
    return [
        (each.get("ref", ""), addresses[each.get(RELATION)], each.get("location", ""))
        for each in page.iter(f"{MAIN}hyperlink")
        if each.get(RELATION)
    ]


def test_findings_lead_to_the_cell_of_the_file(models: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "报送 #1%41"
    for name in ("甲局.xlsx", "乙 局#2.xlsx", "c:丙%20局.xlsx"):
        copied(models["hengshan_2023"], folder / name, name.removesuffix(".xlsx"))
    with zipfile.ZipFile(tmp_path / "包.zip", "w") as archive:
        copied(models["hengshan_2023"], tmp_path / "丁.xlsx", "丁局")
        archive.write(tmp_path / "丁.xlsx", "内/丁局.xlsx")
    (tmp_path / "丁.xlsx").unlink()
    collect([folder, tmp_path / "包.zip"], tmp_path / "库", load_catalogue(), engine=here)
    (tmp_path / "结果").mkdir()
    target = tmp_path / "结果/汇总.xlsx"
    book = summarize(tmp_path / "库", target)
    rows = table(book, "问题清单", "位置")
    found = {ref: (address, place) for ref, address, place in linked(target, "问题清单")}
    reached = set()
    for number, row in enumerate(rows, 4):
        if row["单位名称"] == "丁局":
            assert f"F{number}" not in found and row["文件"] == "../包.zip 中的 内/丁局.xlsx"
            continue
        address, place = found[f"F{number}"]
        assert not re.search(r"[#\\ ]|^[a-z]+:", address)
        path = Path(posixpath.normpath(posixpath.join(str(target.parent), unquote(address))))
        assert path.exists() and path.stem == row["单位名称"]
        sheet, cell = re.fullmatch(r"'(.+)'!([A-Z]+[0-9]+)", place).groups()  # type: ignore[union-attr]
        assert row["位置"] == f"{sheet}!{cell}"
        reached.add(path)
    assert len(reached) == 3


def test_charts_show_the_tables_beside_them(three: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "汇总.xlsx"
    sheet = summarize(three[1], target)["总览"]
    shown = {}
    with zipfile.ZipFile(target) as archive:
        for name in archive.namelist():
            if name.startswith("xl/charts/chart"):
                text = archive.read(name).decode()
                title = re.search(r"<a:t>([^<]*)</a:t>", text)
                places = re.findall(r"<c:f>(?:总览|'总览')!\$([A-Z]+)\$(\d+):\$([A-Z]+)\$(\d+)</c:f>", text)
                assert title and len(places) == 2
                shown[title[1]] = [
                    [sheet[f"{left}{row}"].value for row in range(int(first), int(last) + 1)]
                    for left, first, right, last in places
                    if left == right
                ]
    assert shown["得分分布（单位数）"] == [
        ["60以下", "60～70", "70～80", "80～85", "85～90", "90～95", "95～100"],
        [1, 0, 0, 0, 1, 0, 1],
    ]
    assert shown["各单位执行率"] == [["乙局", "甲局", "丙局"], [0.75, 0.99, 1]]
    names, counts = shown["最常见的问题（条数）"]
    found = figures(Source(Store.open(three[1]), load_catalogue())).problems
    assert (names, counts) == ([p.title for p in found[:10]], [p.count for p in found[:10]])
    assert counts == sorted(counts, reverse=True) and all(count >= 3 for count in counts)


# ----------------------------------------------------------------------------------------- who and what is not in it


def test_missing_units_and_files_that_do_not_count(models: dict[str, Path], tmp_path: Path) -> None:
    folder, store = tmp_path / "报送", tmp_path / "库"
    copied(models["hengshan_2023"], folder / "一.xlsx", "甲局")
    copied(models["hengshan_2023"], folder / "二.xlsx", "乙局", 编制数=1)
    copied(models["hengshan_2023"], folder / "三.xlsx", "乙局", 编制数=2)
    (folder / "坏.xlsx").write_bytes(b"x")
    listed = list_file(
        tmp_path / "单位名单.xlsx",
        [["单位代码", "单位名称", "主管部门"], ["1", "甲局", ""], ["2", "乙局", ""], ["3", "=1+1", "某局"]],
    )
    roster = Roster(each.unit for each in read_units(listed).units)
    collect([folder], store, load_catalogue(), engine=here, roster=roster)
    book = summarize(store, tmp_path / "汇总.xlsx", listed)
    rows = table(book, "未报单位", "单位名称")
    assert [(r["单位代码"], r["单位名称"], r["主管部门"]) for r in rows] == [("3", "=1+1", "某局")]
    assert [row["单位名称"] for row in table(book, "单位排名", "单位名称")] == ["甲局"]
    aside = table(book, "未计入的文件", "情况")
    assert [(row["情况"], row["文件"]) for row in aside] == [
        ("不能审核", "报送/坏.xlsx"), ("待定", "报送/三.xlsx"), ("待定", "报送/二.xlsx"),
    ]  # fmt: skip
    assert "（1 家单位汇总）" in str(book["汇总_附件一"]["A2"].value)


def test_what_may_be_a_correction_is_pointed_out(models: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "报送"
    sealed(copied(models["hengshan_2023"], folder / "一.xlsx", "甲局"))
    copied(models["hengshan_2023"], folder / "二.xlsx", "甲局", 编制数=150)
    os.utime(folder / "一.xlsx", (1_700_000_000, 1_700_000_000))
    gather(folder, tmp_path / "库")
    book = summarize(tmp_path / "库", tmp_path / "汇总.xlsx")
    assert [row["单位名称"] for row in table(book, "单位排名", "单位名称")] == ["甲局"]
    (aside,) = table(book, "未计入的文件", "情况")
    assert (aside["情况"], aside["文件"]) == ("被取代", "报送/二.xlsx")
    assert "采用审核通过且没有再改动的一份" in str(aside["原因和处理办法"])
    told = [str(cell.value) for row in book["总览"].iter_rows() for cell in row if cell.value]
    assert sum("有 1 份没有审核通过的填报件，采用了同一单位审核通过的另一份" in text for text in told) == 1


def test_nothing_that_counts_is_a_summary_too(tmp_path: Path) -> None:
    (tmp_path / "报送").mkdir()
    (tmp_path / "报送/坏.xlsx").write_bytes(b"x")
    gather(tmp_path / "报送", tmp_path / "库")
    book = summarize(tmp_path / "库", tmp_path / "汇总.xlsx")
    assert book.sheetnames == ["总览", "单位排名", "问题清单", "问题分布", "未计入的文件"]
    assert any("没有任何填报件计入汇总" in str(c.value) for row in book["总览"].iter_rows() for c in row)
    assert table(book, "单位排名", "单位名称") == []


def test_two_sets_are_summed_apart(models: dict[str, Path], tmp_path: Path) -> None:
    copied(models["hengshan_2023"], tmp_path / "报送/一.xlsx", "甲局", 编制数=7)
    copied(models["yueyanglou_2023"], tmp_path / "报送/二.xlsx", "甲局", 编制数=9)
    gather(tmp_path / "报送", tmp_path / "库")
    book = summarize(tmp_path / "库", tmp_path / "汇总.xlsx")
    assert {"汇总_附件一_2023", "汇总_附件1_2023"} <= set(book.sheetnames)
    for name, count in (("汇总_附件一_2023", 7), ("汇总_附件1_2023", 9)):
        assert count in [value for row in book[name].iter_rows(values_only=True) for value in row]
    assert [row["名次"] for row in table(book, "单位排名", "单位名称")] == [1, 1], "each in its own set"
    assert any("不同的套表" in str(c.value) for row in book["总览"].iter_rows() for c in row)


# -------------------------------------------------------------------------------------------------------- bad input


@pytest.fixture(scope="module")
def hostile(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of filings whose units, projects and reasons are names that must not come alive."""
    folder = tmp_path_factory.mktemp("恶意")
    names = [*NAMES, "<r><t>x</t></r>"]
    for k, name in enumerate(names):
        path = folder / "报送" / f"{k}.xlsx"
        copied(models["hengshan_2023"], path, **{"填表人": "无"})
        type_in(path, {"填报单位": name, "项目支出名称": name})
    gather(folder / "报送", folder / "库")
    return folder


def test_names_stay_texts(hostile: Path) -> None:
    target = hostile / "汇总.xlsx"
    book = summarize(hostile / "库", target)
    stored = {unit.name for unit in figures(Source(Store.open(hostile / "库"), load_catalogue())).units}
    assert len(stored) > 30
    with zipfile.ZipFile(target) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith((".xml", ".rels")):
                ET.fromstring(data)
            if "worksheets/sheet" in name:
                assert b"<f>" not in data and b"<f " not in data
            if name.endswith(".rels"):
                outside = re.findall(rb'Target="([^"]*)" TargetMode="External"', data)
                assert all(re.fullmatch("报送/[0-9]+.xlsx", each.decode()) for each in outside)
            assert not name.startswith("xl/externalLinks")
    shown = {str(row["单位名称"]) for row in table(book, "单位排名", "单位名称")}
    plain = {re.sub(r"[\x00-\x1f]", "", name).strip() for name in stored}
    assert {re.sub(r"_x[0-9A-F]{4}_|[\x00-\x1f]", "", name).strip() for name in shown} >= {
        name for name in plain if "_x" not in name
    }


def test_a_summary_that_is_open_is_left_alone(
    three: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "汇总.xlsx"
    summarize(three[1], target)
    before = target.read_bytes()
    mark = tmp_path / "~$汇总.xlsx"
    mark.write_bytes(b"x")
    assert main(["collect", str(three[0]), "--store", str(tmp_path / "库"), "-o", str(target)]) == 2
    cause, remedy = capsys.readouterr().err.splitlines()
    assert "正在 Excel 或 WPS 中打开" in cause and remedy.startswith("请") and not (tmp_path / "库").exists()
    mark.unlink()

    def locked(self: Path, to: Path) -> Path:
        raise PermissionError(errno.EACCES, "denied", str(to))

    with monkeypatch.context() as patch, pytest.raises(DeskError) as caught:
        patch.setattr(Path, "replace", locked)
        write_summary(Store.open(three[1]), load_catalogue(), target)
    assert "汇总库" in str(caught.value) and target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["汇总.html", "汇总.xlsx"]


def test_a_full_disk_leaves_what_was_there(
    three: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "汇总.xlsx"
    summarize(three[1], target)
    before = target.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lists, "details", full)
    with pytest.raises(DeskError, match="磁盘空间不足"):
        write_summary(Store.open(three[1]), load_catalogue(), target)
    assert target.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "said"), [("汇总.csv", "不是 .xlsx"), ("无/汇总.xlsx", "不存在"), ("夹.xlsx", "是文件夹")]
)
def test_a_target_that_cannot_be_is_refused_first(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "夹.xlsx").mkdir()
    with pytest.raises(DeskError, match=said):
        refuse(tmp_path / name)


def test_limits_of_excel_are_told(
    three: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_ROWS", 5)
    monkeypatch.setattr(lists, "MOST_LINKS", 2)
    target = tmp_path / "汇总.xlsx"
    book = summarize(three[1], target)
    remark = str(book["问题清单"]["A2"].value)
    assert "只列前 5 行" in remark and "最多 2 个链接" in remark and "jixiao query" in remark
    assert len(table(book, "问题清单", "位置")) == 5 and len(linked(target, "问题清单")) == 2
    assert "只列前 5 行" in str(book["指标明细"]["A2"].value)


def test_the_limits_are_those_of_excel() -> None:
    assert bulk.MOST_ROWS + lists.HEAD + 1 <= 2**20 and links.MOST_LINKS == 65_530


def test_a_long_text_is_cut_to_what_a_cell_takes(models: dict[str, Path], tmp_path: Path) -> None:
    copied(models["hengshan_2023"], tmp_path / "报送/一.xlsx", "长" * 32_760)
    gather(tmp_path / "报送", tmp_path / "库")
    names = [
        row["单位名称"]
        for row in table(summarize(tmp_path / "库", tmp_path / "汇总.xlsx"), "单位排名", "单位名称")
    ]
    assert all(len(name) <= 32_767 for name in names) and names


# ------------------------------------------------------------------------------------------------------------ command


def test_collect_writes_both_and_does_not_collect_them(
    three: tuple[Path, Path], tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "报送"
    for path in three[0].iterdir():
        copied(path, folder / path.name)
    order = ["collect", str(folder), "--store", str(tmp_path / "库"), "-o", str(folder / "汇总.xlsx")]
    for _ in range(2):
        assert main(order) == 1
        out = capsys.readouterr().out
        assert "找到 3 份工作簿" in out and "汇总表：" in out and "汇总网页：" in out
    assert {"汇总.xlsx", "汇总.html"} < {path.name for path in folder.iterdir()}


def test_another_program_reads_it_and_what_it_saves_is_read(three: tuple[Path, Path], tmp_path: Path) -> None:
    if reason := libreoffice.missing():
        pytest.skip(reason)
    target, saved = tmp_path / "汇总.xlsx", tmp_path / "另存.xlsx"
    summarize(three[1], target)
    review(target, "乙局", 77, "换了程序保存")
    sheets = libreoffice.recalculate(target, save=saved)
    rows = [[value for value in row if value != ""] for row in sheets["汇总_附件一"]]
    assert [200.0, 183.0, 0.915] in rows
    assert not [value for page in sheets.values() for row in page for value in row if isinstance(value, dict)]
    saved.replace(target)
    assert reviews(summarize(three[1], target)) == {"乙局": (77, "换了程序保存")}
