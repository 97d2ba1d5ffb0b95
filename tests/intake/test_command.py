"""``jixiao import``: what a clerk sees, what is written, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commandline import Run
from intake.documents import rows, write_word
from jixiao import resources
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.filing import Filing
from jixiao.word.report import export

CATALOGUE = load_catalogue()
TABLE = rows("""
    | 项目支出名称 | 养护 | < | < | < | < |
    | 主管部门 | 某县交通局 | < | 实施单位 | 某县公路站 | < |
    | 项目资金（万元） | | 年初预算数 | 全年预算数 | 全年执行数 | 备注 |
    | ^ | 年度资金总额 | 100 | 100 | 80 | 见说明 |
""")


@pytest.fixture
def run(run: Run, tmp_path: Path) -> Run:
    """Runs ``jixiao import`` over files in the folder of the test."""
    return lambda *words: run("import", *(tmp_path / each if "." in each else each for each in words))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A document of which two cells have no place in the form."""
    return write_word(tmp_path / "旧.docx", ["2022年度项目支出绩效自评表", TABLE])


def test_a_whole_report(hengshan: Filing, run: Run, tmp_path: Path) -> None:
    case = read_case(resources.CASES / "yueyanglou_2023.yaml", CATALOGUE)
    export(case, CATALOGUE, tmp_path / "旧.docx")
    status, out, err = run("旧.docx", "-o", "新.xlsx")
    assert (status, err) == (0, "")
    assert "按“岳阳楼区2023年度预算单位整体支出绩效自评套表”（yueyanglou_2023）读入" in out
    assert "→ 项目支出绩效自评表（附件3-2）" in out
    assert "文件里的内容都已读入。" in out
    filing = read(tmp_path / "新.xlsx", CATALOGUE)
    assert (filing.package, filing.unit, len(filing.projects)) == ("yueyanglou_2023", case.unit, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["新.xlsx", "旧.docx"]


def test_what_has_no_place_is_listed_beside_the_workbook(report: Path, run: Run, tmp_path: Path) -> None:
    status, out, _ = run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023")
    assert status == 1
    assert "有 2 处内容没有读入：" in out
    assert "旧.docx 第 1 张表 第 3 行第 6 列：“备注”" in out
    listing = (tmp_path / "新-未识别.txt").read_bytes().decode("utf-8-sig")
    assert listing.replace("\r\n", "\n").split("\n\n")[1].splitlines() == [
        "1. 旧.docx 第 1 张表 第 3 行第 6 列：表样没有对应的栏目",
        "    备注",
        "2. 旧.docx 第 1 张表 第 4 行第 6 列：表样没有“备注”这一列",
        "    见说明",
    ]


def test_year_and_unit_as_given(report: Path, run: Run, tmp_path: Path) -> None:
    run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023", "--year", "2021", "--unit", "某县公路站")
    filing = read(tmp_path / "新.xlsx", CATALOGUE)
    assert (filing.year, filing.unit) == (2021, "某县公路站")


def test_with_buttons(report: Path, run: Run, tmp_path: Path) -> None:
    run("旧.docx", "-o", "新.xlsm", "--package", "mof_project_2023")
    assert read(tmp_path / "新.xlsm", CATALOGUE).year == 2022


def test_json(report: Path, run: Run) -> None:
    status, out, _ = run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023", "--json")
    told = json.loads(out)
    assert (status, told["package"], told["year"]) == (1, "mof_project_2023", 2022)
    assert told["unread"][1] == {
        "file": "旧.docx",
        "place": "第 1 张表 第 4 行第 6 列",
        "text": "见说明",
        "reason": "表样没有“备注”这一列",
    }


def test_nothing_is_overwritten_without_being_told(report: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "新-未识别.txt").write_text("改过的", "utf-8")
    status, _, err = run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023")
    assert status == 2
    assert "新-未识别.txt”已经存在，没有改动它" in err
    assert not (tmp_path / "新.xlsx").exists()
    assert run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023", "--force")[0] == 1
    assert "备注" in (tmp_path / "新-未识别.txt").read_text("utf-8-sig")


def test_an_old_list_goes_when_everything_is_read(run: Run, report: Path, tmp_path: Path) -> None:
    run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023")
    whole = [row[:5] for row in TABLE]
    write_word(tmp_path / "旧.docx", ["2022年度项目支出绩效自评表", whole])
    assert run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023", "--force")[0] == 0
    assert not (tmp_path / "新-未识别.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "cause", "remedy"),
    [
        (("旧.docx", "-o", "新.docx"), "输出文件“新.docx”不是 .xlsx 或 .xlsm", "以 .xlsx 或 .xlsm 结尾"),
        (("旧.docx", "-o", "新.xlsx", "--package", "没有"), "没有套表“没有”", "可用的套表有"),
        (("旧.docx", "-o", "新.xlsx", "--year", "22"), "年度 22 不对", "四位数"),
        (("旧.docx", "-o", "新.xlsx"), "分不清是哪一套表", "--package"),
        (("没有.docx", "-o", "新.xlsx"), "没有.docx：找不到文件", "请核对路径"),
    ],
)
def test_refusals(
    arguments: tuple[str, ...], cause: str, remedy: str, report: Path, run: Run, tmp_path: Path
) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert cause in err
    assert remedy in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["旧.docx"]


def test_one_of_ours_is_not_imported(hengshan: Filing, run: Run, tmp_path: Path) -> None:
    build(CATALOGUE.packages[hengshan.package], hengshan, CATALOGUE, tmp_path / "下发.xlsx")
    before = (tmp_path / "下发.xlsx").read_bytes()
    status, _, err = run("下发.xlsx", "-o", "新.xlsx")
    assert status == 2
    assert "这已经是下发的套表，不用导入" in err
    status, _, err = run("下发.xlsx", "-o", "下发.xlsx", "--force")
    assert status == 2
    assert "正是要导入的文件" in err
    assert (tmp_path / "下发.xlsx").read_bytes() == before


def test_contents_are_data(run: Run, tmp_path: Path) -> None:
    """What a document says is never a formula, whatever it looks like."""
    table = [row[:5] for row in TABLE]
    table[0] = ["项目支出名称", '=HYPERLINK("http://x","y")', "<", "<", "<"]
    write_word(tmp_path / "旧.docx", ["2022年度项目支出绩效自评表", table])
    run("旧.docx", "-o", "新.xlsx", "--package", "mof_project_2023")
    (sheet,) = read(tmp_path / "新.xlsx", CATALOGUE).sheets
    assert sheet.fields["项目支出名称"] == '=HYPERLINK("http://x","y")'
