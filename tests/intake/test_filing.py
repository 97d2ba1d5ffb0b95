"""From several documents to one filing: package, year, unit, projects, and calculated cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import OVERALL, PROJECT
from intake.documents import rows, write_excel, write_word
from jixiao.catalogue import load_catalogue
from jixiao.filing import Filing
from jixiao.intake.assembling import import_documents
from jixiao.intake.choosing import NotImportedError

CATALOGUE = load_catalogue()


def project(name: str, spent: str = "80", rate: str = "80%", score: str = "8") -> list[list[str]]:
    return rows(f"""
        | 项目支出名称 | {name} | < | < | < | < | < | < |
        | 项目资金（万元） | | 年初预算数 | 全年预算数 | 全年执行数 | 分值 | 执行率 | 得分 |
        | ^ | 年度资金总额 | 100 | 100 | {spent} | 10 | {rate} | {score} |
        | ^ | 其中：当年财政拨款 | 100 | 100 | {spent} | | | |
    """)


def listed(*names: str) -> list[list[str]]:
    lines = "\n".join(f"| {k}、{name} | 1 | 100 | 80 |" for k, name in enumerate(names, 1))
    return rows(f"""
        | 财政供养人员情况（人） | 编制数 | 2023年实际在职人数 | 控制率 |
        | ^ | 184 | 143 | |
        | 经费控制情况（万元） | 2022年决算数 | 2023年预算数 | 2023年决算数 |
        | 项目支出： | | | |
        {lines}
        | 公用经费 | 5 | 6 | 7 |
    """)


def filing(tmp_path: Path, *blocks: str | list[list[str]], package: str = "hengshan_2023") -> Filing:
    path = write_word(tmp_path / "表.docx", list(blocks))
    return import_documents([path], CATALOGUE, CATALOGUE.packages[package]).filing


def remarks(tmp_path: Path, *blocks: str | list[list[str]], package: str = "hengshan_2023") -> str:
    path = write_word(tmp_path / "表.docx", list(blocks))
    return "\n".join(import_documents([path], CATALOGUE, CATALOGUE.packages[package]).account.remarks)


# -- package and year


def test_a_form_that_several_packages_print_alike_is_asked_about(tmp_path: Path) -> None:
    path = write_word(tmp_path / "表.docx", ["2023年度项目支出绩效自评表", project("养护")])
    with pytest.raises(NotImportedError) as caught:
        import_documents([path], CATALOGUE)
    assert "分不清是哪一套表" in str(caught.value)
    assert "hengshan_2023（衡山县财政局）" in str(caught.value)
    assert "yueyanglou_2023（岳阳市岳阳楼区财政局）" in str(caught.value)
    assert "--package" in str(caught.value)


def test_the_place_decides_between_them(tmp_path: Path) -> None:
    path = write_word(tmp_path / "表.docx", ["2023年度项目支出绩效自评表", project("衡山县道路养护")])
    assert import_documents([path], CATALOGUE).filing.package == "hengshan_2023"


def test_text_about_something_else(tmp_path: Path) -> None:
    path = write_word(tmp_path / "信.docx", ["关于召开会议的通知", "请准时参加。"])
    with pytest.raises(NotImportedError, match="没有认出自评表"):
        import_documents([path], CATALOGUE)
    with pytest.raises(NotImportedError, match="没有一张表"):
        import_documents([path], CATALOGUE, CATALOGUE.packages["hengshan_2023"])


@pytest.mark.parametrize(
    ("title", "heads", "year"),
    [
        ("2022年度部门整体支出绩效自评表", "年初预算数", 2022),
        ("部门整体支出绩效自评表", "2021年决算数 | 2022年决算数", 2022),
    ],
)
def test_the_year_is_that_of_titles_or_heads(title: str, heads: str, year: int, tmp_path: Path) -> None:
    assert filing(tmp_path, title, rows(f"| {heads} |"), project("养护")).year == year


def test_a_year_that_nobody_names_is_said(tmp_path: Path) -> None:
    assert "没有写年度，按 2023 年度读入" in remarks(tmp_path, project("养护"))


def test_last_years_column_is_last_years(tmp_path: Path) -> None:
    table = rows("""
        | 财政供养人员情况（人） | 编制数 | 2022年实际在职人数 | 控制率 |
        | ^ | 184 | 143 | 77.72% |
        | 经费控制情况（万元） | 2021年决算数 | 2022年预算数 | 2022年决算数 |
        | 公用经费 | 5 | 6 | 7 |
    """)
    (sheet,) = filing(tmp_path, "2022年度部门整体支出绩效评价基础数据表", table).sheets
    wanted = {"上年决算数": 5, "预算数": 6, "决算数": 7}
    assert {code: sheet.fields[f"公用经费_{code}"] for code in wanted} == wanted
    assert sheet.fields["在职人数"] == 143


# -- several files, several projects


def test_several_files_are_one_filing(tmp_path: Path) -> None:
    first = write_word(tmp_path / "附件1.docx", [listed("养护", "绿化")])
    second = write_excel(
        tmp_path / "附件2.xlsx", {"养护": project("养护"), "绿化": project("绿化", "90", "90%", "9")}
    )
    result = import_documents([first, second], CATALOGUE, CATALOGUE.packages["hengshan_2023"]).filing
    assert [sheet.name for sheet in result.sheets] == ["附件一", "附件三", "附件三-2"]
    assert result.projects == [("养护", "附件三"), ("绿化", "附件三-2")]
    assert [sheet.fields["当年财政拨款_全年执行数"] for sheet in result.of(PROJECT)] == [80, 90]


def test_projects_are_linked_by_name_not_by_order(tmp_path: Path) -> None:
    result = filing(tmp_path, listed("养护", "绿化"), "一", project("绿化"), "二", project("养护"))
    assert result.projects == [("绿化", "附件三"), ("养护", "附件三-2")]


def test_names_that_differ_by_a_word_are_proposed_and_kept_as_they_are(tmp_path: Path) -> None:
    blocks = (
        listed("业务工作经费", "运行维护经费"),
        "一",
        project("运行维护费"),
        "二",
        project("业务工作经费"),
    )
    result = filing(tmp_path, *blocks)
    assert result.projects == [("运行维护经费", "附件三"), ("业务工作经费", "附件三-2")]
    assert result.of(PROJECT)[0].fields["项目支出名称"] == "运行维护费"
    assert "项目“运行维护经费”与附件三的“运行维护费”名称不同" in remarks(tmp_path, *blocks)


def test_two_projects_in_one_sheet(tmp_path: Path) -> None:
    title = [["2023年度项目支出绩效自评表"]]
    content = [*title, *project("养护"), *title, *project("绿化")]
    path = write_excel(tmp_path / "表.xlsx", {"Sheet1": content})
    result = import_documents([path], CATALOGUE, CATALOGUE.packages["hengshan_2023"]).filing
    assert [sheet.fields["项目支出名称"] for sheet in result.of(PROJECT)] == ["养护", "绿化"]


def test_a_second_copy_of_a_form_that_a_filing_has_once_is_listed(tmp_path: Path) -> None:
    path = write_word(tmp_path / "表.docx", [listed("养护"), "又一张", listed("养护")])
    account = import_documents([path], CATALOGUE, CATALOGUE.packages["hengshan_2023"]).account
    assert "“基础数据表”已经读过一张，这一张没有读入" in [each.reason for each in account.unread]


# -- calculated cells


def test_what_the_formula_gives_is_left_to_it(tmp_path: Path) -> None:
    (sheet,) = filing(tmp_path, project("养护"), package="mof_project_2023").sheets
    assert {"年初预算数", "全年执行数", "执行率", "得分"}.isdisjoint(sheet.fields)
    assert sheet.fields["当年财政拨款_全年执行数"] == 80


def test_what_the_document_says_otherwise_is_stated_and_said(tmp_path: Path) -> None:
    table = project("养护", score="10")  # 80 % of 10 points are 8
    (sheet,) = filing(tmp_path, table, package="mof_project_2023").sheets
    assert sheet.fields["得分"] == 10
    said = remarks(tmp_path, table, package="mof_project_2023")
    assert "项目支出绩效自评表“得分”与程序算出的数不同，照原文填写" in said


def test_a_blank_total_stays_blank_and_is_said(tmp_path: Path) -> None:
    table = project("养护", rate="", score="")
    (sheet,) = filing(tmp_path, table, package="mof_project_2023").sheets
    assert (sheet.fields["执行率"], sheet.fields["得分"]) == (None, None)
    assert "原文是空的，照样留空" in remarks(tmp_path, table, package="mof_project_2023")


def test_a_blank_that_the_formula_leaves_blank_too_keeps_its_formula(tmp_path: Path) -> None:
    table = project("养护", spent="", rate="", score="")
    (sheet,) = filing(tmp_path, table, package="mof_project_2023").sheets
    assert "执行率" not in sheet.fields


def test_the_units_name_from_the_table_and_from_the_command(tmp_path: Path) -> None:
    table = rows("""
        | 预算部门、单位名称 | < | 某县某局 |
        | 年度预算申请 | 年初预算数 | 全年预算数 |
        | 年度资金总额 | 5 | 6 |
        | 按收入性质分： | 按支出性质分： | < |
    """)
    path = write_word(tmp_path / "表.docx", ["2023年度部门整体支出绩效自评表", table])
    package = CATALOGUE.packages["hengshan_2023"]
    assert import_documents([path], CATALOGUE, package).filing.unit == "某县某局"
    named = import_documents([path], CATALOGUE, package, unit="某县另一局").filing
    assert named.unit == "某县另一局"
    assert named.of(OVERALL)[0].fields["预算单位名称"] == "某县某局"
