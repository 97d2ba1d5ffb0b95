"""Findings written into a closed workbook: what people see there, what they keep, and what stays untouched."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import libreoffice
import opened
from books import editing
from jixiao import resources
from jixiao.books import results
from jixiao.books.annotate import annotate, verdict
from jixiao.books.build import blank, build
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.ooxml.splice import TEXT_LIMIT, SheetXml
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read
from jixiao.books.results import BODY_ROW, LETTERS, explanations, last_check
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue, Rule
from jixiao.declarations import Reference as Source
from jixiao.filing import Explanation, Filing
from jixiao.findings import Finding, seal

PACKAGE = "hengshan_2023"
FORM = "附件二"


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def _books(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("books")
    package = declared.packages[PACKAGE]
    filled = read_case(resources.CASES / f"{PACKAGE}.yaml", declared)
    build(package, blank(package, "某局"), declared, folder / "blank.xlsx")
    build(package, filled, declared, folder / "filled.xlsx")
    other = read_case(resources.CASES / "yueyanglou_2023.yaml", declared)
    build(declared.packages[other.package], other, declared, folder / "yueyanglou.xlsx")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture
def empty(_books: dict[str, Path], tmp_path: Path) -> Path:
    """A blank workbook of its own for one test."""
    return Path(shutil.copy(_books["blank"], tmp_path))


@pytest.fixture
def filled(_books: dict[str, Path], tmp_path: Path) -> Path:
    """The filled workbook of 衡山县市场监督管理局, with its true mistakes."""
    return Path(shutil.copy(_books["filled"], tmp_path))


def rule(severity: Any = "warning", **keys: Any) -> Rule:
    source = Source("试验办法", "试〔2023〕1号")
    return Rule("TST-001", "试验", severity, (FORM,), "不符。", "请核对。", source, 2020, **keys)


def finding(severity: Any = "warning", cell: str = "F14", **keys: Any) -> Finding:
    given: dict[str, Any] = {
        "sheet": FORM,
        "message": "实际完成值与指标值相同。",
        "fingerprint": "aaaa",
        "figures": "1111",
    }
    return Finding(rule(severity), "某局", "整体支出绩效自评表", cell=cell, **{**given, **keys})


def audit(path: Path, declared: Catalogue) -> list[Finding]:
    """Check a workbook and write the findings into it."""
    filing = read(path, declared)
    findings = check(filing, declared)
    annotate(path, filing, findings, declared)
    return findings


def write(path: Path, findings: Sequence[Finding], declared: Catalogue) -> bool:
    """Write given findings, explained as the workbook explains them."""
    filing = read(path, declared)
    for each in findings:
        given = filing.explanations.get(each.fingerprint)
        each.explanation = given.text if given and given.figures == each.figures else None
    return annotate(path, filing, findings, declared)


def type_in(path: Path, sheet: str, address: str, content: str | float) -> None:
    """What a person does in Excel: one cell gets another content."""
    workbook = Workbook(Parts.open(path))
    tab = next(tab for tab in workbook.sheets if tab.name == sheet)
    xml = SheetXml(workbook.parts[tab.part])
    assert xml.set(address, content)
    replace(path, workbook.parts, {tab.part: xml.result()})


def page(path: Path) -> list[dict[str, str]]:
    """The body of 审核结果: texts of each row by head."""
    workbook = Workbook(Parts.open(path))
    tab = next(tab for tab in workbook.sheets if tab.name == results.RESULTS)
    rows: dict[int, dict[str, str]] = {}
    titles = {letter: title for title, letter in LETTERS.items()}
    for address, cell in workbook.cells(tab).items():
        letters = address.rstrip("0123456789")
        number = int(address.removeprefix(letters))
        if number >= BODY_ROW and cell.value is not None:
            rows.setdefault(number, {})[titles[letters]] = str(cell.value)
    return [rows[number] for number in sorted(rows)]


def lapsed(path: Path) -> list[dict[str, str]]:
    """The rows of explanations that explain nothing any more."""
    return [row for row in page(path) if row.get("级别") == "已失效"]


def on_front(path: Path, name: str) -> Any:
    workbook = Workbook(Parts.open(path))
    place = parse_reference(workbook.names[None][name])
    assert isinstance(place, Reference)
    tab = next(tab for tab in workbook.sheets if tab.name == place.sheet)
    cell = workbook.cells(tab).get(place.first_row, place.first_column)
    return cell.value if cell else None


def summary(path: Path) -> str:
    return str(opened.page(path, results.RESULTS).cell(results.SUMMARY_ROW, 1).value)


# ------------------------------------------------------------------------------------------------------ what stands there


def test_a_finding_is_a_row_that_says_where_what_and_how(empty: Path, declared: Catalogue) -> None:
    found = finding(
        "error",
        message="产出指标分值合计 70 分。",
        stated="70",
        expected="50",
        difference="20",
        related=["附件二!F22", "附件三!C3"],
    )
    assert write(empty, [found], declared)
    assert page(empty)[0] == {
        "序号": "1.0", "级别": "强制性", "表": "附件二", "位置": "F14",
        "问题": "产出指标分值合计 70 分。\n涉及：F22、附件三!C3", "填报值": "70", "应为": "50", "差额": "20",
        "依据": "试验办法（试〔2023〕1号）", "修改建议": "请核对。", "问题编号": "aaaa", "数据编号": "1111",
        "标记": "附件二!F14",
    }  # fmt: skip
    sheet = opened.page(empty, results.RESULTS)
    assert sheet["D4"].hyperlink.location == "'附件二'!F14"
    assert not sheet["K4"].protection.locked
    assert sheet["J4"].protection.locked
    assert sheet.row_dimensions[4].height > 30


def test_every_cell_of_a_finding_is_in_the_list_of_marks_once(empty: Path, declared: Catalogue) -> None:
    first = finding(cell="E14", related=["附件二!E15", "附件二!E16"])
    second = finding(cell="E15", fingerprint="bbbb", related=["附件三!C3"])
    write(empty, [first, second], declared)
    assert [row["标记"] for row in page(empty)] == ["附件二!E14", "附件二!E15", "附件二!E16", "附件三!C3"]
    rows = opened.page(empty, results.RESULTS).row_dimensions
    assert [rows[number].hidden for number in (4, 5, 6, 7)] == [False, False, True, True]


def test_a_finding_without_a_cell_leads_to_its_sheet(empty: Path, declared: Catalogue) -> None:
    write(empty, [finding(cell=""), finding(cell="", sheet="没有这张表", fingerprint="bbbb")], declared)
    sheet = opened.page(empty, results.RESULTS)
    assert sheet["D4"].value == "整张表"
    assert sheet["D4"].hyperlink.location == "'附件二'!A1"
    assert sheet["D5"].hyperlink is None


def test_without_findings_it_says_so_and_seals(empty: Path, declared: Catalogue) -> None:
    filing = read(empty, declared)
    annotate(empty, filing, [], declared, dt.datetime(2024, 3, 1, 9, 5, 7, 999_999))
    assert page(empty) == [{"问题": "没有发现问题。"}]
    moment = "2024-03-01 09:05:07"
    sealed = f"校验码 {seal(filing, declared, moment)} · 审核时间 {moment} · 规则版本 {declared.version}"
    assert summary(empty) == f"通过 · 没有发现问题 · {sealed}"
    assert last_check(Workbook(Parts.open(empty))) == results.LastCheck(
        declared.version, seal(filing, declared, moment), moment
    )
    assert on_front(empty, results.STATUS) == "通过"
    assert on_front(empty, results.CHECKSUM) == on_front(empty, results.FACTS)


def test_the_status_says_what_is_still_asked(empty: Path, declared: Catalogue) -> None:
    error, open_, answered = finding("error"), finding(fingerprint="b"), finding(fingerprint="c")
    answered.explanation = "年中追加专项资金"
    info = finding("info", fingerprint="d")
    assert verdict([error, open_, answered, info]) == "未通过：强制性 1 条，核实性 1 条待说明"
    assert verdict([open_, info]) == "待说明：核实性 1 条待说明"
    assert verdict([answered, info]) == "通过"
    annotate(empty, read(empty, declared), [error, open_, answered, info], declared)
    assert summary(empty).startswith(
        "未通过：强制性 1 条，核实性 1 条待说明 · 共 4 条：强制性 1，核实性 2，提示 1（核实性已说明 1） · 规则版本"
    )
    assert "校验码" not in summary(empty)


def test_a_reason_given_in_the_form_is_shown_but_is_no_explanation_of_the_sheet(
    empty: Path, declared: Catalogue
) -> None:
    found = finding(explanation="上级追加任务")
    annotate(empty, read(empty, declared), [found], declared)
    row = page(empty)[0]
    assert row["修改建议"] == "已在偏差原因中说明：上级追加任务"
    assert "说明" not in row
    assert explanations(Workbook(Parts.open(empty))) == {}


def test_real_findings_are_all_listed_with_links_that_lead_to_them(filled: Path, declared: Catalogue) -> None:
    findings = audit(filled, declared)
    assert len(findings) > 15
    sheet = opened.page(filled, results.RESULTS)
    for number, found in enumerate(findings, BODY_ROW):
        assert sheet.cell(number, 5).value.startswith(found.message)
        assert sheet.cell(number, 4).hyperlink.location == f"'{found.sheet}'!{found.cell}"
    listed = {row["标记"] for row in page(filled) if "标记" in row}
    assert {f"{found.sheet}!{found.cell}" for found in findings} <= listed
    assert on_front(filled, results.STATUS).startswith("未通过：强制性")


# ------------------------------------------------------------------------------------------------------ what stays as it is


def test_every_other_part_stays_byte_for_byte(filled: Path, declared: Catalogue) -> None:
    before = Parts.open(filled)
    audit(filled, declared)
    after = Parts.open(filled)
    sheets = {tab.name: tab.part for tab in Workbook(before).sheets}
    changed = {name for name in before if before.raw(name) != after.raw(name)}
    assert before.names == after.names
    assert changed == {sheets["首页"], sheets[results.RESULTS]}


def test_of_the_first_sheet_only_status_checksum_and_light_change(filled: Path, declared: Catalogue) -> None:
    part = Workbook(Parts.open(filled)).sheets[0].part
    before = Parts.open(filled).text(part)
    audit(filled, declared)
    after = Parts.open(filled).text(part)
    cells = [dict(re.findall(r'(<c r="[^"]*")(.*?(?:/>|</c>))', text)) for text in (before, after)]
    assert cells[0].keys() == cells[1].keys()
    assert len({key for key in cells[0] if cells[0][key] != cells[1][key]}) <= 3
    rest = [re.sub(r"<c r=.*?(?:/>|</c>)", "", text) for text in (before, after)]
    assert rest[0] == rest[1]


def test_checking_twice_changes_nothing(filled: Path, declared: Catalogue) -> None:
    audit(filled, declared)
    type_in(filled, results.RESULTS, f"{LETTERS['说明']}12", "年中追加专项资金")
    audit(filled, declared)
    stamp, data = filled.stat(), filled.read_bytes()
    filing = read(filled, declared)
    assert not annotate(filled, filing, check(filing, declared), declared)
    assert filled.read_bytes() == data
    assert filled.stat().st_mtime_ns == stamp.st_mtime_ns


def test_the_workbook_still_opens_without_complaint(filled: Path, declared: Catalogue) -> None:
    audit(filled, declared)
    with zipfile.ZipFile(filled) as archive:
        assert archive.testzip() is None
    book = openpyxl.load_workbook(filled)
    assert book.sheetnames == [tab.name for tab in Workbook(Parts.open(filled)).sheets]


# ----------------------------------------------------------------------------------------------------------- explanations


def test_an_explanation_answers_its_finding_at_the_next_check(filled: Path, declared: Catalogue) -> None:
    findings = audit(filled, declared)
    place = next(k for k, found in enumerate(findings) if found.severity == "warning")
    type_in(filled, results.RESULTS, f"K{BODY_ROW + place}", "年中追加专项资金，已报批")
    again = audit(filled, declared)
    assert again[place].fingerprint == findings[place].fingerprint
    assert again[place].explanation == "年中追加专项资金，已报批"
    assert page(filled)[place]["说明"] == "年中追加专项资金，已报批"


def test_it_lapses_when_the_figures_change_and_comes_back_with_them(
    filled: Path, declared: Catalogue
) -> None:
    findings = audit(filled, declared)
    place = next(
        k for k, found in enumerate(findings) if found.field == "全年预算数" and found.severity == "warning"
    )
    found = findings[place]
    type_in(filled, results.RESULTS, f"K{BODY_ROW + place}", "年中追加专项资金")
    audit(filled, declared)
    stated = next(sheet for sheet in read(filled, declared).sheets if sheet.name == found.sheet).fields[
        "全年预算数"
    ]

    type_in(filled, found.sheet, found.cell, stated + 100)
    changed = {each.fingerprint: each for each in audit(filled, declared)}
    assert changed[found.fingerprint].explanation is None
    (last,) = lapsed(filled)
    assert (last["级别"], last["说明"], last["修改建议"]) == (
        "已失效",
        "年中追加专项资金",
        "数据已变化，请在上面重新说明",
    )
    assert last["问题"].startswith(found.message)
    assert audit(filled, declared)
    assert lapsed(filled) == [last]

    type_in(filled, found.sheet, found.cell, stated)
    back = {each.fingerprint: each for each in audit(filled, declared)}
    assert back[found.fingerprint].explanation == "年中追加专项资金"
    assert lapsed(filled) == []


def test_one_that_explains_nothing_any_more_is_kept_until_the_person_clears_it(
    empty: Path, declared: Catalogue
) -> None:
    write(empty, [finding()], declared)
    type_in(empty, results.RESULTS, "K4", "如实填报")
    write(empty, [], declared)
    heads, last = page(empty)[-2:]
    assert heads["级别"] == "已失效的说明"
    assert (last["说明"], last["修改建议"]) == ("如实填报", "问题已消除，不再需要说明")
    assert summary(empty).startswith("通过 · 没有发现问题")
    type_in(empty, results.RESULTS, "K7", "")
    write(empty, [], declared)
    assert page(empty) == [{"问题": "没有发现问题。"}]


def test_a_new_explanation_stands_beside_the_lapsed_one(empty: Path, declared: Catalogue) -> None:
    write(empty, [finding()], declared)
    type_in(empty, results.RESULTS, "K4", "旧说明")
    write(empty, [finding(figures="2222")], declared)
    type_in(empty, results.RESULTS, "K4", "新说明")
    write(empty, [finding(figures="2222")], declared)
    texts = [row.get("说明") for row in page(empty)]
    assert texts == ["新说明", "原说明（不再需要时请清空）", "旧说明"]
    assert explanations(Workbook(Parts.open(empty))) == {"aaaa": Explanation("新说明", "2222")}


def test_a_workbook_without_the_sheet_has_no_explanations(tmp_path: Path) -> None:
    path = tmp_path / "plain.xlsx"
    openpyxl.Workbook().save(path)
    assert explanations(Workbook(Parts.open(path))) == {}


def test_many_findings_go_on_below_the_prepared_rows(empty: Path, declared: Catalogue) -> None:
    many = [finding(cell=f"F{k}", fingerprint=f"{k}") for k in range(1, 301)]
    write(empty, many, declared)
    sheet = opened.page(empty, results.RESULTS)
    assert sheet.cell(303, 1).value == 300
    assert sheet.cell(303, 5)._style == sheet.cell(4, 5)._style
    assert not sheet.cell(303, 11).protection.locked


# ------------------------------------------------------------------------------------------------------------- hostile input

HOSTILE = [
    "=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)", "<b>&amp;</b>", "]]>", "a\u0001b\u001fc", "_x000D_", "_x0041_", "甲\r\n乙\t丙",
    "\ufffe", "😀𠮷", "  前后有空格  ", '"引号"',
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_stay_texts(empty: Path, declared: Catalogue, text: str) -> None:
    write(empty, [finding(message=text, stated=text)], declared)
    type_in(empty, results.RESULTS, "K4", text)
    write(empty, [finding(message=text, stated=text)], declared)
    row = page(empty)[0]
    assert (row["问题"], row["填报值"], row["说明"]) == (text, text, text)
    with zipfile.ZipFile(empty) as archive:
        assert b"<f>" not in archive.read(Workbook(Parts.open(empty)).sheets[-1].part)
    openpyxl.load_workbook(empty)


def test_a_text_longer_than_a_cell_is_cut(empty: Path, declared: Catalogue) -> None:
    write(empty, [finding(message="长" * 40_000)], declared)
    text = page(empty)[0]["问题"]
    assert len(text) == TEXT_LIMIT
    assert text.endswith("长…")
    assert opened.page(empty, results.RESULTS).row_dimensions[4].height == 409


def test_names_of_sheets_are_quoted_in_links(empty: Path, declared: Catalogue) -> None:
    parts = Parts.open(empty)
    renamed = parts["xl/workbook.xml"].decode().replace('name="附件二"', 'name="it\'s 附件&amp;2"')
    renamed = renamed.replace("附件二!", "'it''s 附件&amp;2'!")
    replace(empty, parts, {"xl/workbook.xml": renamed.encode()})
    write(empty, [finding(sheet="it's 附件&2")], declared)
    sheet = opened.page(empty, results.RESULTS)
    assert sheet["D4"].hyperlink.location == "'it''s 附件&2'!F14"
    assert sheet["M4"].value == "it's 附件&2!F14"


def test_a_formula_typed_as_explanation_becomes_its_text_and_leaves_the_calculation_chain(
    empty: Path, declared: Catalogue
) -> None:
    write(empty, [finding()], declared)
    workbook = Workbook(Parts.open(empty))
    parts, part = workbook.parts, workbook.sheets[-1].part
    cell = re.search(rb'<c r="K4" s="\d+"/>', parts[part])
    assert cell is not None
    typed = cell[0].replace(b"/>", b' t="str"><f>B4&amp;"x"</f><v>x\xe8\xaf\xb4\xe6\x98\x8e</v></c>')
    types = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/calcChain.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/></Types>',
    )
    relations = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain" '
        b'Target="calcChain.xml"/></Relationships>',
    )
    chain = b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="K4" i="5"/></calcChain>'
    changes = {
        part: parts[part].replace(cell[0], typed),
        "[Content_Types].xml": types,
        "xl/_rels/workbook.xml.rels": relations,
    }
    replace(empty, parts, changes, {"xl/calcChain.xml": chain})
    write(empty, [finding()], declared)
    after = Parts.open(empty)
    assert page(empty)[0]["说明"] == "x说明"
    assert "xl/calcChain.xml" not in after
    assert b"calcChain" not in after["[Content_Types].xml"] + after["xl/_rels/workbook.xml.rels"]


def prefixed(data: bytes) -> bytes:
    """The same sheet as other programs spell it: prefixed tags, single quotes."""
    text = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", data.decode()).replace("xmlns=", "xmlns:x=")
    return re.sub(r'="([^"\']*)"', r"='\1'", text).encode()


@pytest.mark.parametrize(
    "spell", [prefixed, lambda data: data.decode().replace("UTF-8", "UTF-16").encode("utf-16")]
)
def test_sheets_spelled_otherwise(empty: Path, declared: Catalogue, spell: Callable[[bytes], bytes]) -> None:
    parts = Parts.open(empty)
    ours = [Workbook(parts).sheets[0].part, Workbook(parts).sheets[-1].part]
    replace(empty, parts, {part: spell(parts[part]) for part in ours})
    write(empty, [finding()], declared)
    type_in(empty, results.RESULTS, "K4", "如实填报")
    write(empty, [finding()], declared)
    assert page(empty)[0]["说明"] == "如实填报"
    sheet = opened.page(empty, results.RESULTS)
    assert sheet["D4"].hyperlink.location == "'附件二'!F14"
    assert on_front(empty, results.STATUS) == "通过"


# --------------------------------------------------------------------------------------------------------- what is refused


def without(name: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf'<definedName name="{name}"[^<]*</definedName>', "", text)


@pytest.mark.parametrize(
    "break_",
    [
        without("审核结果"),
        without("_status"),
        without("_checksum"),
        lambda text: text.replace("审核结果!", "'没有'!"),
    ],
)
def test_without_its_names_nothing_is_written(
    empty: Path, declared: Catalogue, break_: Callable[[str], str]
) -> None:
    parts = Parts.open(empty)
    replace(empty, parts, {"xl/workbook.xml": break_(parts["xl/workbook.xml"].decode()).encode()})
    before = empty.read_bytes()
    with pytest.raises(Unreadable) as caught:
        write(empty, [finding()], declared)
    assert "没有写入任何内容" in caught.value.cause
    assert caught.value.remedy.startswith("请")
    assert empty.read_bytes() == before


def test_rows_inserted_above_the_head_stay(empty: Path, declared: Catalogue) -> None:
    write(empty, [finding()], declared)
    type_in(empty, results.RESULTS, "K4", "如实填报")
    parts = Parts.open(empty)
    part = Workbook(parts).sheets[-1].part

    def lower(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]) + 1}{match[3]}"

    text = re.sub(r'(r="[A-Z]*)(\d+)(")', lower, parts[part].decode())
    text = re.sub(r'(ref="[A-Z]+)(\d+)(")', lower, text)
    names = re.sub(r"(审核结果!\$A\$)(\d+)(:)", lower, parts["xl/workbook.xml"].decode())
    replace(empty, parts, {part: text.encode(), "xl/workbook.xml": names.encode()})
    write(empty, [finding(), finding(fingerprint="bbbb")], declared)
    sheet = opened.page(empty, results.RESULTS)
    assert [sheet.cell(row, 1).value for row in (2, 4, 5, 6)] == ["审核结果", "序号", 1, 2]
    assert sheet["K5"].value == "如实填报"
    assert [sheet[cell].hyperlink.location for cell in ("D5", "D6")] == ["'附件二'!F14"] * 2


def test_with_another_head_nothing_is_written(empty: Path, declared: Catalogue) -> None:
    type_in(empty, results.RESULTS, f"E{results.HEAD_ROW}", "我的列")
    before = empty.read_bytes()
    with pytest.raises(Unreadable):
        write(empty, [finding()], declared)
    assert empty.read_bytes() == before


# ------------------------------------------------------------------------------------------------------------------- seal


def test_the_seal_changes_with_a_fact_or_the_rules_and_with_nothing_else(
    filled: Path, declared: Catalogue
) -> None:
    filing = read(filled, declared)
    sealed = seal(filing, declared)
    same: Filing = copy.deepcopy(filing)
    same.sheets.reverse()
    same.sheets[0].name = "改名"
    same.sheets[0].fields["没有填的"] = None
    assert seal(same, declared) == sealed
    other = copy.deepcopy(filing)
    other.sheets[0].fields["编制数"] = 185.0
    assert seal(other, declared) != sealed
    assert seal(filing, dataclasses.replace(declared, version="另一版")) != sealed
    times = {seal(filing, declared, moment) for moment in ("2024-03-01 09:05:07", "2024-03-01 09:05:08")}
    assert len(times - {sealed}) == 2


def test_what_passes_again_unchanged_keeps_the_time_of_its_seal(empty: Path, declared: Catalogue) -> None:
    filing, first, later = read(empty, declared), dt.datetime(2024, 3, 1, 9, 5, 7), dt.datetime(2024, 4, 1)
    assert annotate(empty, filing, [], declared, first)
    assert not annotate(empty, filing, [], declared, later)
    assert annotate(empty, filing, [], dataclasses.replace(declared, version="0123456789ab"), later)
    assert "审核时间 2024-04-01 00:00:00" in summary(empty)
    annotate(empty, filing, [finding()], declared, first)
    assert "审核时间" not in summary(empty)  # it did not pass
    annotate(empty, filing, [], declared, later)
    assert "审核时间 2024-04-01 00:00:00" in summary(empty)


# ------------------------------------------------------------------------------------------------------------ LibreOffice

needs_libreoffice = pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing() or "-")


@needs_libreoffice
def test_after_another_program_saved_it(filled: Path, declared: Catalogue, tmp_path: Path) -> None:
    findings = audit(filled, declared)
    place = next(k for k, found in enumerate(findings) if found.severity == "warning")
    type_in(filled, results.RESULTS, f"K{BODY_ROW + place}", "=年中追加<专项>")
    saved = tmp_path / "saved.xlsx"
    sheets = libreoffice.recalculate(filled, save=saved)
    assert sheets[results.RESULTS][BODY_ROW - 1 + place][10] == "=年中追加<专项>"
    again = audit(saved, declared)
    assert [found.fingerprint for found in again] == [found.fingerprint for found in findings]
    assert again[place].explanation == "=年中追加<专项>"
    assert page(saved)[place]["说明"] == "=年中追加<专项>"
    reopened = libreoffice.recalculate(saved)
    assert reopened[results.RESULTS][BODY_ROW - 1 + place][10] == "=年中追加<专项>"


@needs_libreoffice
@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_the_status_light_shows_the_outcome_until_a_fact_changes(
    empty: Path, declared: Catalogue, locale: str
) -> None:
    def light() -> Any:
        front = libreoffice.recalculate(empty, locale)["首页"]
        return next(row[2] for row in front if "填报状态" in row)

    assert light() == "表内检查无误，须审核"
    write(empty, [finding()], declared)
    assert light() == "待说明：核实性 1 条待说明"
    type_in(empty, results.RESULTS, "K4", "如实填报")
    write(empty, [finding()], declared)
    assert light() == "通过"
    type_in(empty, "附件二", read(empty, declared).sheets[1].addresses["预期目标"], "完成全年任务")
    assert light() == "表内检查无误，须审核"


@needs_libreoffice
def test_an_explanation_survives_rows_inserted_above(
    _books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    book, longer = Path(shutil.copy(_books["yueyanglou"], tmp_path)), tmp_path / "longer.xlsx"
    findings = audit(book, declared)
    place, found = next(
        (k, f) for k, f in enumerate(findings) if f.sheet == "附件3-3" and f.row.endswith("出勤率")
    )
    type_in(book, results.RESULTS, f"K{BODY_ROW + place}", "制度规定不超过")
    editing.changed(book, longer, "row_at_the_top")
    moved = {each.fingerprint: each for each in audit(longer, declared)}[found.fingerprint]
    assert moved.explanation == "制度规定不超过"
    assert int(moved.cell[1:]) == int(found.cell[1:]) + 1
    row = next(row for row in page(longer) if row.get("问题编号") == found.fingerprint)
    assert (row["位置"], row["说明"]) == (moved.cell, "制度规定不超过")
    assert lapsed(longer) == []
