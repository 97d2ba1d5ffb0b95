"""Collecting finds, file by file, exactly what checking one file finds."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jixiao import check as checking
from jixiao.books.build import blank, build
from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.collecting.sources import find
from jixiao.treasury.collecting.task import Chunk, Item, run
from treasury.making import HENGSHAN, checked, copied, here, rows

#: Of a finding, what both say under one name.
SAID = ("rule", "severity", "outcome", "sheet", "cell", "message", "stated", "expected", "difference", "tolerance", "fix", "fingerprint", "explanation")  # fmt: skip


@pytest.fixture(scope="module")
def folder(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both real filings, edited ones, blank ones of all packages, and one that lies in a zip file."""
    folder = tmp_path_factory.mktemp("filings")
    hengshan, yueyanglou = models["hengshan_2023"], models["yueyanglou_2023"]
    for model in models.values():
        copied(model, folder / model.name)
    copied(hengshan, folder / "编制.xlsx", "甲局", 编制数=100, 在职人数=143)
    copied(hengshan, folder / "文字.xlsx", "乙局", 全年预算数="约两千万", 年初预算数="——")
    copied(hengshan, folder / "空白单位.xlsx", " ")
    copied(yueyanglou, folder / "巨数.xlsx", "丙局", 全年执行数=1e14, 年初预算数=-3.005)
    copied(yueyanglou, folder / "深/同名.xlsx", "丙局", 填报年度="2021年")
    catalogue = load_catalogue()
    for code, package in catalogue.packages.items():
        filing = blank(package, "某局", package.year, package.projects or [""])
        build(package, filing, catalogue, folder / f"空白{code}.xlsx")
    inside = copied(hengshan, folder / "压缩.xlsx", "丁局", 公务接待_决算数=99.5)
    with zipfile.ZipFile(folder / "一包.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inside, "乡镇/丁局.xlsx")
    return folder


@pytest.fixture(scope="module")
def store(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("stores") / "库"
    collect([folder], store, load_catalogue())
    return store


def test_every_filing_has_the_findings_of_check(
    folder: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filings = rows(store, "filings")
    assert len(filings) == 9 + len(load_catalogue().packages) and rows(store, "failures") == []
    findings: dict[int, list[dict[str, Any]]] = {}
    for row in rows(store, "findings"):
        findings.setdefault(row["filing"], []).append(row)
    for filing in filings:
        path = Path(filing["source"].replace("一包.zip!乡镇/丁局", "压缩"))
        said = checked(path, capsys)
        assert (filing["package"], filing["unit"], filing["year"], filing["status"]) == (
            *(said["package"], said["unit"], said["year"], said["status"]),
        )
        assert len(said["findings"]) == filing["errors"] + filing["warnings"] + filing["infos"]
        for ours, theirs in zip(findings.get(filing["filing"], []), said["findings"], strict=True):
            assert {key: ours[key] for key in SAID} == {key: theirs[key] for key in SAID}
            assert ours["related"] == "\n".join(theirs["related"])
    assert sum(map(len, findings.values())) > 150


def test_figures_are_the_stated_ones_as_decimals(store: Path) -> None:
    """From tests/cases/hengshan_2023.yaml and the edits above."""
    filings = {Path(row["source"]).name: row["filing"] for row in rows(store, "filings")}
    fields = {
        (row["filing"], row["sheet"], row["code"]): (row["number"], row["text"])
        for row in rows(store, "fields")
        if row["table_code"] is None
    }
    real = filings["hengshan_2023.xlsx"]
    assert fields[real, "附件二", "全年预算数"] == (Decimal("2860.69"), None)
    assert fields[real, "附件二", "年初预算数"] == (Decimal("2118.58"), None)
    assert fields[real, "附件一", "编制数"] == (Decimal(184), None)
    assert fields[filings["编制.xlsx"], "附件一", "编制数"] == (Decimal(100), None)
    assert fields[filings["文字.xlsx"], "附件二", "全年预算数"] == (None, "约两千万")
    assert (filings["文字.xlsx"], "附件二", "年初预算数") not in fields  # —— says that nothing is there
    assert fields[filings["巨数.xlsx"], "附件2", "年初预算数"] == (Decimal("-3.005"), None)
    assert fields[filings["巨数.xlsx"], "附件2", "全年执行数"][0] is None  # no amount of money


def test_funds_and_indicators_are_rows_of_their_own(store: Path) -> None:
    (real,) = [row["filing"] for row in rows(store, "filings") if row["unit"] == HENGSHAN and "hengshan" in row["source"]]  # fmt: skip
    funds = {
        row["来源"]: row for row in rows(store, "funds") if row["filing"] == real and row["sheet"] == "附件三"
    }
    columns = ("年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")
    assert {source: [row[column] for column in columns] for source, row in funds.items()} == {
        "年度资金总额": [Decimal("231.5"), Decimal("789.14"), Decimal("789.14"), 10, 1, 10],
        "当年财政拨款": [Decimal("231.5"), Decimal("789.14"), Decimal("789.14"), None, None, None],
        "其他资金": [0, 0, 0, None, None, None],
    }  # nothing is filled in for 上年结转资金
    assert {(row["unit"], row["project"]) for row in funds.values()} == {(HENGSHAN, HENGSHAN)}
    indicators = [
        row for row in rows(store, "indicators") if row["filing"] == real and row["sheet"] == "附件三"
    ]
    third = indicators[2]
    assert third["row_number"] == 3
    assert [third[column] for column in INDICATOR] == [
        "产出指标",
        "数量指标",
        "药械化监管",
        "200例",
        "320例",
        5,
        5,
        "",
    ]


INDICATOR = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因")


# ------------------------------------------------------------------------------------------------------------ bad files


def test_a_bad_file_is_listed_with_its_reason_and_stops_nothing(hengshan_book: Path, tmp_path: Path) -> None:
    copied(hengshan_book, tmp_path / "好.xlsx")
    good = hengshan_book.read_bytes()
    for name, data in {
        "空.xlsx": b"",
        "断.xlsx": good[:20000],
        "网页.xlsx": b"<html><table></table></html>",
        "锁.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512,
        "乱.xlsx": b"PK\x03\x04" + bytes(range(256)) * 40,
    }.items():
        (tmp_path / name).write_bytes(data)
    collect([tmp_path], tmp_path / "库", load_catalogue(), engine=here)
    assert [Path(row["source"]).name for row in rows(tmp_path / "库", "filings")] == ["好.xlsx"]
    said = {
        Path(row["source"]).name: (row["cause"], row["remedy"]) for row in rows(tmp_path / "库", "failures")
    }
    assert set(said) == {"空.xlsx", "断.xlsx", "网页.xlsx", "锁.xlsx", "乱.xlsx"}
    assert "0 字节" in said["空.xlsx"][0] and "不完整" in said["断.xlsx"][0] and "密码" in said["锁.xlsx"][0]
    assert all(remedy.startswith("请") for _, remedy in said.values())


def chunk(folder: Path) -> Chunk:
    return Chunk(1, tuple(Item(k, source) for k, source in enumerate(find([folder]).sources, 1)))


def tables(folder: Path, tmp_path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Findings and failures of one chunk of all files in a folder."""
    import io

    import pyarrow.parquet as pq

    result = run(chunk(folder), load_catalogue())
    read = {name: pq.read_table(io.BytesIO(data)).to_pylist() for name, (data, _) in result.tables.items()}
    assert {name: len(found) for name, found in read.items()} == {
        name: count for name, (_, count) in result.tables.items()
    }
    return read["findings"], read.get("failures", [])


def test_a_rule_that_crashes_over_one_filing_says_so_of_that_one_alone(
    hengshan_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unit in ("甲局", "乙局", "丙局"):
        copied(hengshan_book, tmp_path / f"{unit}.xlsx", unit)
    known, _ = tables(tmp_path, tmp_path)
    original = checking._hits

    def crashing(rule: Any, bindings: Any, alike: Any, calculation: Any) -> Iterator[Any]:
        if rule.id == "WGT-001" and any(filing.unit == "乙局" for filing in calculation.frame.filings):
            raise ZeroDivisionError
        return original(rule, bindings, alike, calculation)

    monkeypatch.setattr(checking, "_hits", crashing)
    found, failures = tables(tmp_path, tmp_path)
    assert failures == []
    broken = [row for row in found if row["outcome"] == "rule_error"]
    assert [(row["unit"], row["rule"]) for row in broken] == [("乙局", "WGT-001")]
    assert [row for row in found if row["unit"] != "乙局"] == [row for row in known if row["unit"] != "乙局"]


def test_a_filing_over_which_the_check_itself_crashes_is_a_failure_and_the_others_are_checked(
    hengshan_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unit in ("甲局", "乙局"):
        copied(hengshan_book, tmp_path / f"{unit}.xlsx", unit)
    original = checking._report

    def crashing(rule: Any, hits: Any, frame: Any) -> Iterator[Any]:
        if any(filing.unit == "乙局" for filing in frame.filings):
            raise RecursionError
        return original(rule, hits, frame)

    monkeypatch.setattr(checking, "_report", crashing)
    found, failures = tables(tmp_path, tmp_path)
    assert {row["unit"] for row in found} == {"甲局"}
    (failure,) = failures
    assert failure["source"].endswith("乙局.xlsx") and "这是程序的问题" in failure["cause"]
