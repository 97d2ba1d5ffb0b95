"""A filing from the first 审核 to the 上报件, as a unit works on it, with every button on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlwings as xw

from desk import HENGSHAN, YUEYANGLOU, Desk
from jixiao.books import live
from jixiao.books.live import LiveWorkbook
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.excel.actions.walk import Listed, listed

ANSWER = "上级部门统一安排调整，附文件说明"


def shown(book: xw.Book) -> list[Listed]:
    return listed(live.listing(LiveWorkbook(book)))


@pytest.mark.parametrize(
    ("case", "suffix", "project", "wrong", "right"),
    [
        (HENGSHAN, ".xlsm", "附件三", "指标分值合计", None),
        (YUEYANGLOU, ".xlsx", "附件3-1", "比较符号可能写反了", "≥95%"),
    ],
)
def test_from_the_first_audit_to_the_hand_in(
    desk: Callable[..., Desk],
    excel: xw.App,
    tmp_path: Path,
    case: str,
    suffix: str,
    project: str,
    wrong: str,
    right: object,
) -> None:
    opened, catalogue = desk(case, suffix), load_catalogue()
    assert opened.press("check").kind == "say"
    first = shown(opened.book)
    assert [each.fingerprint for each in first] == [
        each.fingerprint for each in check(read(opened.path, catalogue), catalogue)
    ]

    if right is not None:  # one is corrected
        mistake = next(each for each in first if wrong in each.message)
        opened.book.sheets[mistake.sheet].range(mistake.cell).value = right
    asked = [each for each in first if each.asks and wrong not in each.message]
    for each in asked:  # and all others that may be are explained, in place
        opened.book.sheets["审核结果"].range(f"K{each.row}").value = ANSWER
    opened.press("check")
    second = shown(opened.book)
    assert not any(each.asks for each in second)
    assert {each.fingerprint for each in first} - {each.fingerprint for each in second} == (
        {mistake.fingerprint} if right is not None else set()
    )

    opened.select(project, "D14")
    assert opened.press("add_row").kind == "say"
    names = {sheet.name for sheet in opened.book.sheets}
    assert opened.press("add_project", "某新项目").kind == "say"
    (new,) = {sheet.name for sheet in opened.book.sheets} - names
    opened.press("check")
    third = {each.fingerprint: each for each in shown(opened.book)}
    # Explanations stay with their finding, wherever its row has moved to; one finding is now about more sheets.
    same = [each for each in asked if new not in third[each.fingerprint].message]
    assert len(asked) - len(same) <= 1
    assert all(third[each.fingerprint].answer == ANSWER for each in same)

    target = tmp_path / "上报件.xlsx"
    assert opened.press("hand_in", "是", str(target)).kind == "say"
    handed_in = read(target, catalogue)
    assert handed_in.unit == read(opened.path, catalogue).unit
    assert (
        len(handed_in.of("项目支出绩效自评表"))
        == len(read(opened.path, catalogue).of("项目支出绩效自评表")) + 1
    )
    assert {each.fingerprint for each in check(handed_in, catalogue)} == set(third)
    explained = {each.fingerprint for each in check(handed_in, catalogue) if each.explanation == ANSWER}
    assert explained >= {each.fingerprint for each in same}
