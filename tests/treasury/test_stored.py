"""Last year's figures from a store: the same workbook is issued as from the files themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jixiao import resources
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.filing import Filing
from jixiao.rollover import next_year
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.errors import DeskError, StoreError
from jixiao.treasury.issuing.issue import issue
from jixiao.treasury.issuing.issuedlist import read_list
from jixiao.treasury.issuing.prefilled import last_year
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.keeping.stored import Stored, stored_filings
from jixiao.treasury.unitlist import Listed
from jixiao.treasury.units import Unit
from treasury.lists import list_file
from treasury.making import copied, here
from treasury.plausible import filing

CATALOGUE = load_catalogue()
PACKAGE = "yueyanglou_2023"
CASES = sorted(path.stem for path in resources.CASES.glob("*.yaml"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The store of all real filings, and the files that they were collected from."""
    folder = tmp_path_factory.mktemp("上年")
    files = {}
    for case in CASES:
        unit = read_case(resources.CASES / f"{case}.yaml", CATALOGUE)
        files[case] = folder / "报送" / f"{case}.xlsx"
        files[case].parent.mkdir(exist_ok=True)
        build(CATALOGUE.packages[unit.package], unit, CATALOGUE, files[case])
    collect([folder / "报送"], folder / "库", CATALOGUE, engine=here)
    return folder / "库", files


def facts(sheets: list[object]) -> object:
    """Sheets with figures to the six decimals that a store keeps."""

    def plain(value: object) -> object:
        if isinstance(value, float):
            return round(value, 6)
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list) else value

    return [(s.form, s.name, plain(s.fields), plain(s.tables)) for s in sheets]  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", CASES)
def test_next_year_is_the_same_from_the_store_as_from_the_file(
    case: str, kept: tuple[Path, dict[str, Path]]
) -> None:
    store, files = kept
    old = read(files[case], CATALOGUE)
    (stored,), undecided = stored_filings(store, old.package, old.year)
    assert undecided == []
    one: Filing = next_year(old, CATALOGUE)
    other: Filing = next_year(stored.read(CATALOGUE), CATALOGUE)
    assert (other.unit, other.year, other.projects) == (one.unit, one.year, one.projects)
    assert facts([*other.sheets]) == facts([*one.sheets])
    assert one.previous is not None and other.previous is not None
    assert facts([*other.previous.sheets]) == facts([*one.previous.sheets])
    assert one.previous.sheets  # there was something to compare


def test_the_workbooks_issued_are_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "上年"
    folder.mkdir()
    names = [["单位代码", "单位名称"]]
    for number in range(3):
        unit = filing(CATALOGUE, PACKAGE, number, 7)
        build(CATALOGUE.packages[PACKAGE], unit, CATALOGUE, folder / f"{number}.xlsx")
        names.append([unit.unit_code, unit.unit])
    units = list_file(tmp_path / "名单.xlsx", names)
    collect([folder], tmp_path / "库", CATALOGUE, engine=here)
    for last, target in ((folder, "甲"), (tmp_path / "库", "乙")):
        issue(PACKAGE, units, tmp_path / target, CATALOGUE, year=2024, last=last, jobs=0)
    workbooks = sorted((tmp_path / "甲").glob("0*.xlsx"))
    assert len(workbooks) == 3
    for path in workbooks:
        assert path.read_bytes() == (tmp_path / "乙" / path.name).read_bytes()
        assert read(path, CATALOGUE).previous is not None


def test_the_store_is_enough_when_the_files_are_gone(
    hengshan_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(hengshan_book, tmp_path / "上年" / "a.xlsx", "甲局")
    collect([tmp_path / "上年"], tmp_path / "库", CATALOGUE, engine=here)
    shutil.rmtree(tmp_path / "上年")
    units = list_file(tmp_path / "名单.xlsx", [["单位名称", "单位代码"], ["甲局", "1"], ["乙局", "2"]])
    order = ["issue", "hengshan_2023", "--units", units, "--year", "2024", "-o", tmp_path / "下发"]
    assert main([str(each) for each in [*order, "--last-year", tmp_path / "库"]]) == 0
    assert "2 家单位，本次生成 2 份" in capsys.readouterr().out
    first, second = read_list(tmp_path / "下发" / "下发清单.xlsx").units
    assert (first.remarks, second.remarks) == ([], ["没有上年文件"])
    base = read(tmp_path / "下发" / first.file, CATALOGUE).of("基础数据表")[0]
    assert base.fields["公务接待_上年决算数"] == 10.63  # the 公务接待 that it spent in 2023


def test_what_nobody_decided_on_is_not_carried_over(hengshan_book: Path, tmp_path: Path) -> None:
    copied(hengshan_book, tmp_path / "上年" / "a.xlsx", "甲局")
    copied(hengshan_book, tmp_path / "上年" / "b.xlsx", "甲局", 编制数=1)
    copied(hengshan_book, tmp_path / "上年" / "c.xlsx", "乙局")
    collect([tmp_path / "上年"], tmp_path / "库", CATALOGUE, engine=here)
    found = last_year(tmp_path / "库", CATALOGUE, "hengshan_2023", 2024)
    assert found.of(Listed(Unit("", "甲局"))) == (None, ["没有上年文件"])
    assert found.unreadable == ["甲局有多份填报件没有核定"]
    own, remarks = found.of(Listed(Unit("", "乙局")))
    assert isinstance(own, Stored) and own.name == "c.xlsx" and remarks == []


def test_a_store_that_cannot_be_used_is_told(hengshan_book: Path, tmp_path: Path) -> None:
    copied(hengshan_book, tmp_path / "上年" / "a.xlsx", "甲局")
    store = tmp_path / "库"
    collect([tmp_path / "上年"], store, CATALOGUE, engine=here)
    with pytest.raises(DeskError, match="没有 2024 年度的 hengshan_2023"):
        last_year(store, CATALOGUE, "hengshan_2023", 2025)
    with pytest.raises(DeskError, match="没有 2023 年度的 yueyanglou_2023"):
        last_year(store, CATALOGUE, "yueyanglou_2023", 2024)
    with Store.writing(store) as opened:
        opened.begin()
    with pytest.raises(DeskError, match="上次收集没有做完"):
        last_year(store, CATALOGUE, "hengshan_2023", 2024)
    (store / "store.json").write_text("{", "utf-8")
    with pytest.raises(StoreError, match="不能读取"):
        last_year(store, CATALOGUE, "hengshan_2023", 2024)


def test_a_damaged_store_keeps_no_unit_from_its_workbook(hengshan_book: Path, tmp_path: Path) -> None:
    copied(hengshan_book, tmp_path / "上年" / "a.xlsx", "甲局")
    store = tmp_path / "库"
    collect([tmp_path / "上年"], store, CATALOGUE, engine=here)
    (path,) = (store / "fields").iterdir()
    path.write_bytes(b"PAR1 nothing PAR1")
    units = list_file(tmp_path / "名单.xlsx", [["单位名称"], ["甲局"]])
    done = issue("hengshan_2023", units, tmp_path / "下发", CATALOGUE, year=2024, last=store, jobs=0)
    (unit,) = done.issued.units
    assert unit.remarks == ["上年文件“a.xlsx”没有带入：汇总库的数据文件不能读取"]
    assert (tmp_path / "下发" / unit.file).is_file()
