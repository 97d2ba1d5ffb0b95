"""审核, 上一条/下一条 and 恢复上次审核前, on both real filings, in a live spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books import live
from jixiao.books.annotate import annotate
from jixiao.books.live import LiveWorkbook
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.excel.actions.reply import Reply
from jixiao.excel.actions.walk import Listed, listed
from jixiao.findings import Finding
from xlwings_libreoffice import counted

ANSWER = "上级部门统一安排调整，附文件说明"


def shown(opened: Desk) -> list[Listed]:
    """The findings that 审核结果 shows."""
    return listed(live.listing(LiveWorkbook(opened.book)))


def of_closed_file(path: Path) -> list[Finding]:
    catalogue = load_catalogue()
    return check(read(path, catalogue), catalogue)


def found(opened: Desk, text: str) -> Listed:
    return next(entry for entry in shown(opened) if text in entry.message)


@pytest.mark.parametrize("case", [HENGSHAN, YUEYANGLOU])
def test_an_audit_finds_what_the_check_of_the_closed_file_finds(desk: Callable[..., Desk], case: str) -> None:
    opened = desk(case)
    opened.select("首页", "C3")
    with counted(opened.book.app) as calls:
        reply = opened.press("check")
    wanted = of_closed_file(opened.path)
    assert [(each.fingerprint, each.sheet, each.cell) for each in shown(opened)] == [
        (each.fingerprint, each.sheet, each.cell) for each in wanted
    ]
    errors = sum(each.severity == "error" for each in wanted)
    warnings = sum(each.severity == "warning" and not each.explanation for each in wanted)
    verdict = f"未通过：强制性 {errors} 条，核实性 {warnings} 条待说明"
    assert reply.kind == "say"
    assert reply.text.startswith(f"{verdict}。共 {len(wanted)} 条，见“审核结果”。")
    assert reply.default.startswith(f"1/{len(wanted)} 强制性 {wanted[0].sheet}!{wanted[0].cell}：")
    assert opened.place == (wanted[0].sheet, wanted[0].cell)
    assert opened.value("首页", "C5") == "未通过"
    # A read of every sheet and a write of two, whatever was found.
    assert calls["Range.get_value"] <= 2 * len(opened.book.sheets)
    assert calls["Range.set_value"] <= 4
    assert calls["App.set_status_bar"] == 4  # reading, checking, writing, and as it was
    assert sum(calls.values()) < 400


def test_what_is_corrected_goes_and_what_is_explained_stays_explained(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    opened.press("check")
    wrong, unexplained = found(opened, "比较符号可能写反了"), found(opened, "决算数超过预算数")
    opened.book.sheets["审核结果"].range(f"K{unexplained.row}").value = ANSWER
    opened.book.sheets[wrong.sheet].range(wrong.cell).value = "≥95%"  # it said ≤95%
    before = shown(opened)
    reply = opened.press("check")
    after = shown(opened)
    gone = {each.fingerprint for each in before} - {each.fingerprint for each in after}
    assert wrong.fingerprint in gone
    kept = next(each for each in after if each.fingerprint == unexplained.fingerprint)
    assert kept.answer == ANSWER and not kept.asks
    assert reply.text.startswith("未通过：强制性 3 条，核实性 27 条待说明。共 31 条")  # 29 of 32 before
    again = opened.press("check")
    assert again.text == reply.text


def test_walking_shows_every_finding_once_and_begins_again(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.press("check")
    findings = shown(opened)
    for entry in [*findings[1:], findings[0]]:
        reply = opened.press("next")
        assert reply.kind == "show"
        assert reply.title.startswith(f"{entry.position}/{len(findings)} {entry.level}")
        assert reply.text == entry.message and reply.default.startswith(entry.fix)
        if entry.cell:
            assert opened.place == (entry.sheet, entry.cell)
        if entry.asks:
            assert f"在“审核结果”第 {entry.row} 行“说明”栏填写原因" in reply.default
    assert reply.title.endswith("（已到最后一条，回到第一条）")
    assert opened.press("previous").title.endswith("（已到第一条，转到最后一条）")


def test_walking_goes_on_from_what_the_person_selects(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    opened.press("check")
    findings = shown(opened)
    cells = [(each.sheet, each.cell) for each in findings]
    middle = next(each for each in findings[5:-1] if each.cell and cells.count((each.sheet, each.cell)) == 1)
    opened.select(middle.sheet, middle.cell)
    assert opened.press("next").title.startswith(f"{middle.position + 1}/")
    opened.select("审核结果", f"E{findings[3].row}")
    assert opened.press("previous").title.startswith("3/")
    opened.select("首页", "A1")  # nothing of ours: on from the last one shown
    assert opened.press("next").title.startswith("4/")


def test_a_checked_file_is_walked_after_it_was_closed(desk: Callable[..., Desk]) -> None:
    findings: list[Finding] = []

    def checked(path: Path) -> None:
        catalogue = load_catalogue()
        filing = read(path, catalogue)
        findings.extend(check(filing, catalogue))
        annotate(path, filing, findings, catalogue)

    opened = desk(HENGSHAN, prepare=checked)
    assert len(shown(opened)) == len(findings)
    reply = opened.press("next")
    assert reply.title == f"1/{len(findings)} 强制性 {findings[0].sheet}!{findings[0].cell}"
    assert reply.text.startswith(findings[0].message)
    assert opened.place == (findings[0].sheet, findings[0].cell)


def test_a_renamed_sheet_is_said_and_found_by_the_next_audit(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    opened.press("check")
    opened.book.sheets["附件2"].name = "整体"
    opened.select("首页", "A1")
    opened.press("previous")
    reply = opened.press("next")
    assert "找不到工作表“附件2”，它已改名或删除，请再点一次“审核”" in reply.default
    opened.press("check")
    assert any(each.sheet == "整体" for each in shown(opened))


def test_what_an_audit_overwrote_comes_back_once(desk: Callable[..., Desk]) -> None:
    opened = desk(YUEYANGLOU)
    first = opened.press("check")
    before = shown(opened)
    summary = opened.value("审核结果", "A2")
    wrong = found(opened, "比较符号可能写反了")
    opened.book.sheets[wrong.sheet].range(wrong.cell).value = "≥95%"
    opened.press("check")
    assert shown(opened) != before
    reply = opened.press("restore")
    assert reply.kind == "say" and "审核结果" in reply.text and "点“审核”之前" in reply.text
    assert [each.fingerprint for each in shown(opened)] == [each.fingerprint for each in before]
    assert opened.value("审核结果", "A2") == summary
    assert opened.value(wrong.sheet, wrong.cell) == "≥95%"  # what the person typed is theirs
    assert opened.press("restore").text.startswith("没有可以恢复的内容")
    assert opened.press("next").kind == "show" and first.kind == "say"


def test_before_the_first_audit_there_is_nothing_to_walk_or_to_put_back(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN)
    assert opened.press("next") == Reply(
        "say", "下一条", "这份工作簿还没有审核。\n请先点“审核”，再逐条查看。"
    )
    assert opened.press("restore").text.startswith("没有可以恢复的内容")
