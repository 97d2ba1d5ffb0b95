"""Issuing: who gets which workbook, what is carried over, and what is left when a disk is full."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import opened
from commandline import Run
from jixiao import resources
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Adjustments, RuleChange
from jixiao.treasury import workers
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.errors import DeskError
from jixiao.treasury.issuing import issue as issuing
from jixiao.treasury.issuing.issue import issue
from jixiao.treasury.issuing.issuedlist import FAILED, FILE, ISSUED, THERE, read_list
from jixiao.treasury.issuing.prefilled import last_year, prefilled
from jixiao.treasury.unitlist import Listed, read_units
from jixiao.treasury.units import Unit
from treasury.hostile import FORMULAS, MARKUP, PATHS
from treasury.lists import list_file
from treasury.making import here

CATALOGUE = load_catalogue()
PACKAGE = "yueyanglou_2023"
#: Where it does not matter what is issued.
SMALL = "mof_project_2023"
UNIT = "岳阳市岳阳楼区市场监督管理局"
HEAD = ["单位代码", "单位名称", "主管部门", "项目"]


@pytest.fixture(scope="module")
def last(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Last year's filing of one unit, in a folder below."""
    folder = tmp_path_factory.mktemp("上年")
    filing = read_case(resources.CASES / f"{PACKAGE}.yaml", CATALOGUE)
    (folder / "区直").mkdir()
    build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, folder / "区直" / "a.xlsx")
    return folder


def units(folder: Path, *rows: list[Any]) -> Path:
    return list_file(folder / "单位名单.xlsx", [HEAD, *rows])


def issued(units: Path, folder: Path, package: str = PACKAGE, **options: Any) -> Any:
    return issue(package, units, folder, CATALOGUE, **{"year": 2024, "jobs": 0, **options})


# ---------------------------------------------------------------------------------------------------------- who gets what


def test_each_unit_gets_a_workbook_of_its_own(tmp_path: Path) -> None:
    names = units(
        tmp_path,
        ["001001", "甲局", "某县人民政府", "巡查经费、设备更新"],
        ["001002", "乙局", None, None],
    )
    done = issued(names, tmp_path / "下发")
    assert done.counts == {ISSUED: 2, THERE: 0, FAILED: 0}
    first, second = (read(tmp_path / "下发" / unit.file, CATALOGUE) for unit in done.issued.units)
    assert (first.unit, first.unit_code, first.year) == ("甲局", "001001", 2024)
    assert first.projects == [("巡查经费", "附件3-1"), ("设备更新", "附件3-2")]
    sheets = first.of("项目支出绩效自评表")
    assert [sheet.fields["项目支出名称"] for sheet in sheets] == ["巡查经费", "设备更新"]
    assert {sheet.fields["主管部门"] for sheet in sheets} == {"某县人民政府"}
    assert first.of("整体支出绩效自评表")[0].fields["预算单位名称"] == "甲局"
    assert [name for name, _ in second.projects] == list(CATALOGUE.packages[PACKAGE].projects)
    assert second.of("项目支出绩效自评表")[0].fields["主管部门"] is None


def test_last_years_filing_is_carried_over(tmp_path: Path, last: Path) -> None:
    names = units(tmp_path, ["", UNIT, "", "业务工作经费、智慧监管"])
    done = issued(names, tmp_path / "下发", last=last)
    (unit,) = done.issued.units
    filing = read(tmp_path / "下发" / unit.file, CATALOGUE)
    assert filing.previous is not None and filing.previous.year == 2023
    assert filing.projects == [("业务工作经费", "附件3-1"), ("智慧监管", "附件3-2")]
    base = filing.of("基础数据表")[0]
    # 附件1 of 2023: 三公 32.15; 业务工作经费 730.54, 运行维护经费 32.15, 编外用工人员经费 93.18
    assert base.fields["三公经费_上年决算数"] == 32.15
    rows = [(row["项目名称"], row["上年决算数"]) for row in base.tables["项目支出"]]
    assert rows == [
        ("业务工作经费", 730.54),
        ("智慧监管", None),
        ("运行维护经费", 32.15),
        ("编外用工人员经费", 93.18),
    ]
    kept, new = filing.of("项目支出绩效自评表")
    assert kept.tables["指标"][0]["三级指标"] == "农产品、食品、餐饮、生产食品抽检批次"
    assert kept.tables["指标"][0]["实际完成值"] is None and new.tables["指标"] == []
    assert unit.remarks == ["名单中没有上年的项目“运行维护经费、编外用工人员经费”，它的项目表没有带入"]
    assert not {f.rule.id for f in check(filing, CATALOGUE)} & {"LYR-001", "XSH-010", "XSH-011", "FMT-002"}


def test_similar_names_are_proposed_and_not_taken(tmp_path: Path, last: Path) -> None:
    names = units(tmp_path, ["1", "岳阳楼区市场监督管理局"], ["2", "某县气象局"])
    done = issued(names, tmp_path / "下发", last=last)
    similar, other = done.issued.units
    assert similar.remarks == [f"没有上年文件；名称相近的有“{UNIT}”，没有采用"]
    assert other.remarks == ["没有上年文件"]
    assert read(tmp_path / "下发" / similar.file, CATALOGUE).previous is None


def test_units_match_by_code_before_name(tmp_path: Path) -> None:
    package = CATALOGUE.packages[PACKAGE]
    filing = read_case(resources.CASES / f"{PACKAGE}.yaml", CATALOGUE)
    filing.unit_code = "017001"
    build(package, filing, CATALOGUE, tmp_path / "old.xlsx")
    found = last_year(tmp_path, CATALOGUE, PACKAGE, 2024)
    assert found.of(Listed(Unit("017001", "改名后的局"))) == (tmp_path / "old.xlsx", [])
    assert found.of(Listed(Unit("", UNIT)))[0] == tmp_path / "old.xlsx"
    renamed, _ = prefilled(
        package, Listed(Unit("017001", "改名后的局")), 2024, CATALOGUE, last=tmp_path / "old.xlsx"
    )
    build(package, renamed, CATALOGUE, tmp_path / "new.xlsx")
    again = read(tmp_path / "new.xlsx", CATALOGUE)
    assert again.unit == "改名后的局" and again.unit_code == "017001"
    assert again.of("基础数据表")[0].fields["预算单位名称"] == "改名后的局"


def test_last_years_filing_may_have_been_collected(tmp_path: Path, last: Path) -> None:
    store = tmp_path / "汇总库"
    collect([last], store, CATALOGUE, engine=here)
    done = issued(units(tmp_path, ["", UNIT], ["2", "乙局"]), tmp_path / "下发", last=store)
    first, other = done.issued.units
    filing = read(tmp_path / "下发" / first.file, CATALOGUE)
    assert filing.of("基础数据表")[0].fields["三公经费_上年决算数"] == 32.15
    assert other.remarks == ["没有上年文件"]


def test_two_filings_of_last_year_are_told(tmp_path: Path, last: Path) -> None:
    data = (last / "区直" / "a.xlsx").read_bytes()
    for name in ("一.xlsx", "二.xlsx"):
        (tmp_path / name).write_bytes(data)
    path, remarks = last_year(tmp_path, CATALOGUE, PACKAGE, 2024).of(Listed(Unit("", UNIT)))
    assert path is None and "上年文件有 2 份（一.xlsx、二.xlsx），没有采用" in remarks[0]


def test_what_is_issued_says_what_was_set(tmp_path: Path) -> None:
    own = Adjustments(
        PACKAGE, 2024, "岳财绩〔2024〕3号", (("执行率下限", 0.8),), (RuleChange("STR-002", None, "统一填写"),)
    )
    done = issued(units(tmp_path, ["1", "甲局"]), tmp_path / "下发", adjustments=own)
    path = tmp_path / "下发" / done.issued.units[0].file
    filing = read(path, CATALOGUE)
    assert filing.adjustments == own
    assert "STR-002" not in {f.rule.id for f in check(filing, CATALOGUE)}
    front = opened.page(path, "首页")
    assert front["E4"].value == "下发文号" and front["F4"].value == "岳财绩〔2024〕3号"


# ---------------------------------------------------------------------------------------------------------- the list


def test_the_list_says_who_was_issued_what(tmp_path: Path) -> None:
    names = units(tmp_path, ["001001", "甲局", "县府", "巡查经费"], [None, "乙局"])
    done = issued(names, tmp_path / "下发")
    again = read_list(tmp_path / "下发" / FILE)
    assert (again.package, again.year, again.version) == (PACKAGE, 2024, CATALOGUE.version)
    assert [(unit.listed.unit, unit.file, unit.state) for unit in again.units] == [
        (Unit("001001", "甲局"), "001001甲局2024年度绩效自评.xlsx", ISSUED),
        (Unit("", "乙局"), "乙局2024年度绩效自评.xlsx", ISSUED),
    ]
    assert again.units[0].listed.projects == ("巡查经费",) and again.units[0].listed.department == "县府"
    # It is a list of units itself, which collecting compares with.
    assert [listed.unit for listed in read_units(tmp_path / "下发" / FILE).units] == [
        unit.listed.unit for unit in done.issued.units
    ]


def test_later_units_join_the_list(tmp_path: Path) -> None:
    issued(units(tmp_path, ["1", "甲局"], ["2", "乙局"]), tmp_path / "下发", SMALL)
    done = issued(units(tmp_path, ["3", "丙局"]), tmp_path / "下发", SMALL)
    assert done.counts == {ISSUED: 1, THERE: 0, FAILED: 0}
    again = read_list(tmp_path / "下发" / FILE)
    assert [(unit.listed.unit.name, unit.state) for unit in again.units] == [
        ("丙局", ISSUED),
        ("甲局", ISSUED),
        ("乙局", ISSUED),
    ]


def test_a_folder_is_for_one_package_and_year(tmp_path: Path) -> None:
    names = units(tmp_path, ["1", "甲局"])
    issued(names, tmp_path / "下发", SMALL)
    with pytest.raises(DeskError, match="已经下发过 2024 年度的套表"):
        issued(names, tmp_path / "下发", SMALL, year=2025)
    with pytest.raises(DeskError, match="一个文件夹只放一套表"):
        issue("hengshan_2023", names, tmp_path / "下发", CATALOGUE, year=2024, jobs=0)
    assert len(list((tmp_path / "下发").iterdir())) == 2


def test_no_text_of_the_list_comes_alive(tmp_path: Path) -> None:
    texts = [*FORMULAS, *MARKUP, *(path for path in PATHS if len(path) < 60)]
    texts = [text for text in texts if " ".join(text.split()) and "_x00" not in text and text.isprintable()]
    names = units(
        tmp_path, *([f"{k:03}", text, text, text.replace("、", "")] for k, text in enumerate(texts[:8]))
    )
    done = issued(names, tmp_path / "下发")
    book = openpyxl.load_workbook(tmp_path / "下发" / FILE)
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} == {"s", "n"} and not any(cell.hyperlink for cell in cells)
    for unit in done.issued.units:
        book = openpyxl.load_workbook(tmp_path / "下发" / unit.file)
        assert book["首页"]["C3"].data_type == "s" and book["首页"]["C3"].value == unit.listed.unit.name
        assert book["首页"]["C3"].hyperlink is None
        every = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in every if cell.data_type == "f" and str(cell.value) in texts]
        for project in unit.listed.projects:
            assert {cell.data_type for cell in every if cell.value == project} == {"s"}
        links = [cell.hyperlink for cell in every if cell.hyperlink]
        assert links and all(link.target is None and link.location for link in links)  # none leads outside


# ------------------------------------------------------------------------------------- what is there, and what goes wrong


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    names = units(tmp_path, ["1", "甲局"], ["2", "乙局"])
    done = issued(names, tmp_path / "下发", SMALL)
    first, second = (tmp_path / "下发" / unit.file for unit in done.issued.units)
    first.write_bytes(b"filled in")
    second.unlink()
    again = issued(names, tmp_path / "下发", SMALL)
    assert again.counts == {ISSUED: 1, THERE: 1, FAILED: 0}
    assert first.read_bytes() == b"filled in" and second.exists()
    assert [unit.state for unit in read_list(tmp_path / "下发" / FILE).units] == [ISSUED, ISSUED]
    issued(names, tmp_path / "下发", SMALL, force=True)
    assert read(first, CATALOGUE).unit == "甲局"


def test_a_full_disk_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    names = units(tmp_path, *([str(k), f"第{k}局"] for k in range(4)))
    real, written = issuing.build, []

    def full(package: Any, filing: Any, catalogue: Any, path: Path) -> None:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        real(package, filing, catalogue, path)

    monkeypatch.setattr(issuing, "build", full)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    order = ("issue", SMALL, "--units", names, "-o", tmp_path / "下发", "--year", "2024")
    code, out, err = run(*order)
    assert code == 2 and "本次生成 2 份" in out and "没有生成 2 份" in out
    assert "磁盘已满。已生成的保留" in err and "再运行同一命令" in err
    states = [unit.state for unit in read_list(tmp_path / "下发" / FILE).units]
    assert states == [ISSUED, ISSUED, FAILED, FAILED]
    monkeypatch.undo()
    code, out, err = run(*order)
    assert code == 0 and "本次生成 2 份，原来已有 2 份，没有生成 0 份" in out
    assert len(list((tmp_path / "下发").glob("*.xlsx"))) == 5
    assert not list((tmp_path / "下发").glob(".*"))


def test_one_unit_that_cannot_be_made_keeps_no_other_from_its_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    names = units(tmp_path, ["1", "甲局"], ["2", "乙局"])
    real = issuing.build

    def broken(package: Any, filing: Any, catalogue: Any, path: Path) -> None:
        if filing.unit == "甲局":
            raise ValueError("x")
        real(package, filing, catalogue, path)

    monkeypatch.setattr(issuing, "build", broken)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    code, out, err = run("issue", SMALL, "--units", names, "-o", tmp_path / "下发")
    assert code == 2 and "本次生成 1 份" in out and "没有生成“1甲局2023年度绩效自评.xlsx”" in err


def test_interrupted_it_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    names = units(tmp_path, ["1", "甲局"], ["2", "乙局"])
    real = issuing.build

    def stopped(package: Any, filing: Any, catalogue: Any, path: Path) -> None:
        if filing.unit == "乙局":
            raise KeyboardInterrupt
        real(package, filing, catalogue, path)

    monkeypatch.setattr(issuing, "build", stopped)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    code, _, err = run("issue", SMALL, "--units", names, "-o", tmp_path / "下发")
    assert code == 2 and "已中断，已生成的保留" in err
    assert [unit.state for unit in read_list(tmp_path / "下发" / FILE).units] == [ISSUED, FAILED]


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="rights of POSIX")
def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    names = units(tmp_path, ["1", "甲局"])
    (tmp_path / "下发").mkdir()

    def denied(**options: Any) -> Any:
        raise PermissionError(errno.EACCES, "denied", str(options["dir"]))

    monkeypatch.setattr(tempfile, "TemporaryFile", denied)
    code, _, err = run("issue", SMALL, "--units", names, "-o", tmp_path / "下发")
    assert code == 2 and "没有权限" in err and not list((tmp_path / "下发").iterdir())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"package": "nowhere"}, "没有套表“nowhere”"),
        ({"--year": "24"}, "年度 24 不对"),
        ({"--units": "没有.xlsx"}, "没有.xlsx"),
        ({"-o": "没有/下发"}, "文件夹“没有”不存在"),
        ({"--last-year": "没有"}, "找不到上年的文件夹或文件“没有”"),
        ({"--last-year": "."}, "里没有上年填报的工作簿"),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, change: dict[str, str], told: str
) -> None:
    units(tmp_path, ["1", "甲局"])
    monkeypatch.chdir(tmp_path)
    options = {"package": SMALL, "--units": "单位名单.xlsx", "-o": "下发", **change}
    package = options.pop("package")
    code, _, err = run("issue", package, *(part for option in options.items() for part in option))
    assert code == 2 and told in err and len(err.splitlines()) <= 2
    assert not (tmp_path / "下发").exists()


def test_with_processes(tmp_path: Path) -> None:
    names = units(tmp_path, *([str(k), f"第{k}局"] for k in range(3)))
    done = issue(SMALL, names, tmp_path / "下发", CATALOGUE, year=2024, suffix=".xlsm", jobs=2)
    assert done.counts[ISSUED] == 3
    assert {read(path, CATALOGUE).unit for path in (tmp_path / "下发").glob("*.xlsm")} == {
        "第0局",
        "第1局",
        "第2局",
    }


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("room", [0, 30_000, 110_000])
def test_a_workbook_that_does_not_fit_is_an_error_of_the_system(tmp_path: Path, room: int) -> None:
    import resource

    filing, _ = prefilled(CATALOGUE.packages[PACKAGE], Listed(Unit("1", "甲局")), 2024, CATALOGUE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OSError) as caught:
            build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, tmp_path / "a.xlsx")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG and not list(tmp_path.iterdir())
