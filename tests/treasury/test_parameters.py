"""What a treasury sets for a year: read from its workbook, applied to rules and sheets, carried by what it issues."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from commandline import Run
from jixiao import resources
from jixiao.adjustments import adjusted, own_instead
from jixiao.books.annotate import annotate
from jixiao.books.build import build
from jixiao.books.handin import hand_in
from jixiao.books.ooxml.parts import Unreadable
from jixiao.books.parameters import PARAMETERS
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Adjustments, RuleChange
from jixiao.filing import Filing
from jixiao.findings import seal, status
from jixiao.rollover import next_year
from jixiao.treasury.errors import DeskError
from jixiao.treasury.parameterbook import BOUNDS, RULES, write_parameters
from jixiao.treasury.parameters import read_parameters

CATALOGUE = load_catalogue()
PACKAGE = "hengshan_2023"
#: The filing of 衡山县 2023 has one indicator with 50 points, no signatures, and results of 160 %, 190.91 % and 240 %.
OWN = Adjustments(
    PACKAGE,
    2023,
    "衡财绩〔2024〕3号",
    (("单项指标分值上限", 60.0), ("超额完成上限", 2.0)),
    (RuleChange("STR-001", None, "县里统一填写"), RuleChange("TXT-001", "info", "试点年度只作提示")),
)


@pytest.fixture
def filing() -> Filing:
    return read_case(resources.CASES / f"{PACKAGE}.yaml", CATALOGUE)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("参数") / "参数.xlsx"
    write_parameters(path, CATALOGUE.packages[PACKAGE], CATALOGUE, 2023)
    return path


def edited(blank: Path, folder: Path, *changes: tuple[str, str, str, Any]) -> Path:
    """The workbook with what a reviewer typed: sheet, what stands in the first column, head of the column, value."""
    book = openpyxl.load_workbook(blank)
    for name, row, head, value in changes:
        sheet = book[name]
        columns = {
            cell.value: cell.column for line in sheet.iter_rows() for cell in line if cell.value == head
        }
        place = next(line[0].row for line in sheet.iter_rows() if line[0].value == row)
        sheet.cell(place, columns.get(head, 2)).value = value
    book.save(folder / "参数.xlsx")
    return folder / "参数.xlsx"


# ------------------------------------------------------------------------------------------------------- the workbook


def test_nothing_typed_sets_nothing(blank: Path) -> None:
    assert read_parameters(blank, PACKAGE, CATALOGUE) == Adjustments(PACKAGE, 2023)
    book = openpyxl.load_workbook(blank)
    shown = {line[0].value: line[2].value for line in book[BOUNDS].iter_rows(min_row=10)}
    assert shown["执行率下限"] == "0.9" and shown["单项指标分值上限"] == "30"
    assert {*CATALOGUE.parameters} <= {*shown}
    listed = {line[0].value for line in book[RULES].iter_rows(min_row=4)}
    assert {"FND-002", "TXT-012", "XSH-012"} <= listed <= {rule.id for rule in CATALOGUE.rules}


def test_what_a_reviewer_types(blank: Path, tmp_path: Path) -> None:
    path = edited(
        blank,
        tmp_path,
        (BOUNDS, "年度", "", "2024年度"),
        (BOUNDS, "下发文号", "", "衡财绩〔2024〕3号"),
        (BOUNDS, "执行率下限", "采用值", 0.85),
        (BOUNDS, "超额完成上限", "采用值", "1.5"),
        (RULES, "STR-001", "采用级别", "停用"),
        (RULES, "STR-001", "理由", " 县里统一 填写 "),
        (RULES, "FND-002", "采用级别", "核实性"),
        (RULES, "FND-002", "理由", "试点"),
    )
    assert read_parameters(path, PACKAGE, CATALOGUE) == Adjustments(
        PACKAGE,
        2024,
        "衡财绩〔2024〕3号",
        (("执行率下限", 0.85), ("超额完成上限", 1.5)),
        (RuleChange("FND-002", "warning", "试点"), RuleChange("STR-001", None, "县里统一 填写")),
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([(BOUNDS, "年度", "", 24)], "“参数”表 B7 的年度应为四位数"),
        ([(BOUNDS, "年度", "", None)], "“参数”表 B7 的年度应为四位数"),
        ([(BOUNDS, "下发文号", "", "文" * 41)], "“参数”表 B8 的文号有 41 个字"),
        ([(BOUNDS, "执行率下限", "采用值", "九成")], "的“执行率下限”填的是“九成”，不是数字"),
        ([(BOUNDS, "执行率下限", "采用值", 90)], "的“执行率下限”填的是 90，应在 0 到 1 之间"),
        ([(BOUNDS, "超额完成上限", "采用值", -1)], "的“超额完成上限”填的是 -1，应不小于 1"),
        ([(BOUNDS, "执行率下限", "采用值", "=1/2")], "是没有计算结果的公式"),
        ([(BOUNDS, "产出指标分值", "采用值", 60)], "四类分值之和是 110，应等于总分值 100"),
        ([(BOUNDS, "良好下限", "采用值", 95)], "评价等级的最低分应当优大于良"),
        ([(BOUNDS, "执行率下限", "参数", "执行率"), (BOUNDS, "执行率", "采用值", 0.8)], "的参数“执行率”不存在"),
        ([(RULES, "FND-002", "采用级别", "停用")], "的规则 FND-002：停用规则须写明理由"),
        ([(RULES, "FND-002", "采用级别", "提示")], "的规则 FND-002：降级规则须写明理由"),
        ([(RULES, "FND-002", "采用级别", "取消"), (RULES, "FND-002", "理由", "试点")], "的级别“取消”不对"),
        (
            [(RULES, "TXT-001", "采用级别", "强制性"), (RULES, "TXT-001", "理由", "从严")],
            "只能从“核实性”降级或停用，不能改为“强制性”",
        ),
        ([(RULES, "FND-002", "理由", "试点")], "写了理由，左边的采用级别却空着"),
        ([(RULES, "FND-002", "规则", "FND-999"), (RULES, "FND-999", "采用级别", "停用")], "的规则“FND-999”不存在"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_by_its_cell(
    blank: Path, tmp_path: Path, changes: list[tuple[str, str, str, Any]], told: str
) -> None:
    with pytest.raises(DeskError) as caught:
        read_parameters(edited(blank, tmp_path, *changes), PACKAGE, CATALOGUE)
    assert told in caught.value.cause and caught.value.cause.startswith("“参数.xlsx”有 1 处须先改正：“")


def test_the_cell_that_is_told_is_the_one_that_was_typed_into(blank: Path, tmp_path: Path) -> None:
    path = edited(blank, tmp_path, (BOUNDS, "执行率下限", "采用值", "九成"))
    with pytest.raises(DeskError) as caught:
        read_parameters(path, PACKAGE, CATALOGUE)
    address = caught.value.cause.split("“参数”表 ")[1].split(" ")[0]
    assert openpyxl.load_workbook(path)[BOUNDS][address].value == "九成"


def test_rows_may_be_moved_and_deleted(blank: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(edited(blank, tmp_path, (BOUNDS, "执行率下限", "采用值", 0.8)))
    sheet = book[BOUNDS]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=11, max_col=7)]
    for number, line in enumerate(reversed(rows), 11):
        for column, value in enumerate(line, 1):
            sheet.cell(number, column).value = value
    book.save(tmp_path / "参数.xlsx")
    assert read_parameters(tmp_path / "参数.xlsx", PACKAGE, CATALOGUE).bounds == (("执行率下限", 0.8),)


def test_another_workbook_is_refused(blank: Path, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="是“衡山县部门整体支出绩效自评套表”的参数，不是这一套表的"):
        read_parameters(blank, "yueyanglou_2023", CATALOGUE)
    openpyxl.Workbook().save(tmp_path / "空.xlsx")
    with pytest.raises(DeskError, match="不是参数工作簿"):
        read_parameters(tmp_path / "空.xlsx", PACKAGE, CATALOGUE)
    (tmp_path / "坏.xlsx").write_bytes(b"PK")
    with pytest.raises(Unreadable):
        read_parameters(tmp_path / "坏.xlsx", PACKAGE, CATALOGUE)


# ----------------------------------------------------------------------------------------------- the catalogue made of it


def test_a_bound_is_in_force_for_its_year_only() -> None:
    own = adjusted(CATALOGUE, Adjustments(PACKAGE, 2023, bounds=(("执行率下限", 0.7),)))
    assert [own.parameter("执行率下限", year) for year in (2019, 2022, 2023, 2024)] == [0.9, 0.9, 0.7, 0.9]
    early = adjusted(CATALOGUE, Adjustments(PACKAGE, 2019, bounds=(("执行率下限", 0.7),)))
    assert [early.parameter("执行率下限", year) for year in (2018, 2019, 2020)] == [0.9, 0.7, 0.9]
    parameter = replace(
        CATALOGUE.parameters["执行率下限"], values=((dt.date(2020, 1, 1), 0.9), (dt.date(2023, 7, 1), 0.8))
    )
    later = replace(CATALOGUE, version="x", parameters={"执行率下限": parameter})
    own = adjusted(later, Adjustments(PACKAGE, 2022, bounds=(("执行率下限", 0.7),)))
    assert [own.parameter("执行率下限", year) for year in (2021, 2022, 2023, 2024)] == [0.9, 0.7, 0.8, 0.8]


def test_the_version_tells_what_is_set() -> None:
    versions = {
        adjusted(CATALOGUE, own).version
        for own in (
            None,
            OWN,
            replace(OWN, year=2024),
            replace(OWN, bounds=()),
            replace(OWN, rules=OWN.rules[:1]),
        )
    }
    assert len(versions) == 5 and all(version.startswith(CATALOGUE.version) for version in versions)
    # The number of a document and the wording of a reason change no check.
    assert adjusted(CATALOGUE, replace(OWN, notice="")).version == adjusted(CATALOGUE, OWN).version
    assert adjusted(CATALOGUE, Adjustments(PACKAGE, 2023, "文号")) is CATALOGUE
    assert adjusted(adjusted(CATALOGUE, OWN), OWN) is adjusted(CATALOGUE, OWN)


def test_a_rule_that_is_off_leaves_none_that_yields_to_it() -> None:
    own = adjusted(CATALOGUE, Adjustments(PACKAGE, 2023, rules=(RuleChange("BAS-007", None, "试点"),)))
    assert "BAS-007" in CATALOGUE.rule("BAS-025").yields_to
    assert own.rule("BAS-025").yields_to == () and "BAS-007" not in {rule.id for rule in own.rules}


def test_findings_follow_what_is_set(filing: Filing) -> None:
    declared = {(f.rule.id, f.severity) for f in check(filing, CATALOGUE)}
    filing.adjustments = OWN
    own = {(f.rule.id, f.severity) for f in check(filing, CATALOGUE)}
    gone = {"STR-001", "WGT-006"}  # switched off; 50 points are below a bound of 60
    assert {rule for rule, _ in declared} - {rule for rule, _ in own} == gone
    assert ("TXT-001", "warning") in declared and ("TXT-001", "info") in own
    assert [f.stated for f in check(filing, CATALOGUE) if f.rule.id == "SCR-015"] == ["240.00%"]


# ------------------------------------------------------------------------------------------------ carried by the workbook


def test_the_workbook_carries_it(filing: Filing, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    filing.adjustments, filing.unit_code = OWN, "009001"
    build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, path)
    again = read(path, CATALOGUE)
    assert (again.adjustments, again.unit_code) == (OWN, "009001")
    expected = {(f.rule.id, f.cell) for f in check(again, CATALOGUE)}
    assert "STR-001" not in {rule for rule, _ in expected}
    book = openpyxl.load_workbook(path)
    assert book[PARAMETERS].sheet_state == "hidden"
    checks = [
        c.value
        for r in book["附件二"].iter_rows()
        for c in r
        if isinstance(c.value, str) and "单项指标" in c.value
    ]
    assert checks and all("60" in formula for formula in checks)  # the bound in the sheet's own check
    annotate(path, again, check(again, CATALOGUE), CATALOGUE)
    line = openpyxl.load_workbook(path)["审核结果"]["A2"].value
    assert line.endswith(f"规则版本 {adjusted(CATALOGUE, OWN).version}")
    handed = hand_in(path, tmp_path / "b.xlsx", CATALOGUE)
    assert handed.filing.adjustments == OWN
    assert {(f.rule.id, f.cell) for f in handed.findings} == expected


def test_next_year_begins_with_what_is_declared(filing: Filing) -> None:
    filing.adjustments, filing.unit_code = OWN, "009001"
    following = next_year(filing, CATALOGUE)
    assert following.adjustments is None and following.unit_code == "009001"


def test_the_seal_tells_what_it_was_checked_with(filing: Filing) -> None:
    plain = seal(filing, CATALOGUE)
    filing.adjustments = OWN
    assert seal(filing, CATALOGUE) != plain
    filing.adjustments = None
    filing.unit_code = "009001"
    assert seal(filing, CATALOGUE) != plain


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("年度", "值", 2022.0), "下发参数是 2022 年度的，本表是 2023 年度，没有采用"),
        (("单项指标分值上限", "值", 1e9), "参数“单项指标分值上限”的值 1e+09 不能采用"),
        (("STR-001", "理由", None), "规则 STR-001 的调整不能采用"),
        (("TXT-001", "值", "强制性"), "规则 TXT-001 的调整不能采用"),
        (("TXT-001", "值", "？"), "“规则 TXT-001”一行读不懂"),
        (("TXT-001", "代码", "TXT-999"), "规则 TXT-999 的调整不能采用"),
    ],
)
def test_what_was_changed_in_the_hidden_sheet_is_told_and_not_used(
    filing: Filing, tmp_path: Path, change: tuple[str, str, Any], told: str
) -> None:
    path = tmp_path / "a.xlsx"
    filing.adjustments = OWN
    build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, path)
    book = openpyxl.load_workbook(path)
    row, head, value = change
    sheet = book[PARAMETERS]
    column = next(cell.column for cell in sheet[1] if cell.value == head)
    place = next(line[0].row for line in sheet.iter_rows() if row in (line[0].value, line[1].value))
    sheet.cell(place, column).value = value
    book.save(path)
    again = read(path, CATALOGUE)
    assert again.adjustments != OWN
    problems = [f.message for f in check(again, CATALOGUE) if f.rule.id == "FMT-002"]
    assert len(problems) == 1 and told in problems[0]


def test_a_treasury_checks_with_its_own(filing: Filing) -> None:
    theirs = replace(OWN, rules=(*OWN.rules, RuleChange("WGT-001", None, "自己改的")))
    filing.adjustments = theirs
    assert own_instead(filing, OWN) and filing.adjustments == OWN
    assert not own_instead(filing, OWN)
    assert not own_instead(filing, replace(OWN, year=2024)) and filing.adjustments == OWN
    filing.adjustments = None
    assert own_instead(filing, OWN)


# ------------------------------------------------------------------------------------------------------ command line


def test_parameters_on_the_command_line(blank: Path, filing: Filing, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "我的参数.xlsx"
    code, out, err = run("parameters", PACKAGE, "--year", "2023", "-o", path)
    assert (code, err) == (0, "") and path.name in out
    code, _, err = run("parameters", PACKAGE, "-o", path)
    assert code == 2 and "已经存在" in err
    code, _, err = run("parameters", PACKAGE, "-o", tmp_path / "a.docx")
    assert code == 2 and "以 .xlsx 结尾" in err
    book = tmp_path / "a.xlsx"
    build(CATALOGUE.packages[PACKAGE], filing, CATALOGUE, book)
    own = edited(
        blank, tmp_path, (RULES, "STR-001", "采用级别", "停用"), (RULES, "STR-001", "理由", "统一填写")
    )
    code, out, err = run("check", book, "--json", "--parameters", own)
    assert code == 1 and "STR-001" not in out and "TXT-001" in out and "按给出的审核" in err
    _, out, err = run("check", book, "--json")
    assert "STR-001" in out and err == ""


def test_a_year_that_is_not_that_of_the_parameters(blank: Path, tmp_path: Path, run: Run) -> None:
    shutil.copy(blank, tmp_path / "p.xlsx")
    code, _, err = run(
        "issue",
        PACKAGE,
        "--units",
        "x.xlsx",
        "-o",
        tmp_path / "下发",
        "--year",
        "2025",
        "--parameters",
        blank,
    )
    assert code == 2 and "是 2023 年度的参数，不能用来下发 2025 年度的套表" in err


def test_status_follows_too(filing: Filing) -> None:
    every = {f.rule.id for f in check(filing, CATALOGUE) if f.severity != "info"}
    filing.adjustments = Adjustments(
        PACKAGE, 2023, rules=tuple(RuleChange(id_, None, "试点") for id_ in sorted(every))
    )
    assert status(check(filing, CATALOGUE)) in ("通过", "待说明", "未通过")
    assert not {f.rule.id for f in check(filing, CATALOGUE)} & every
