"""审核, 上一条/下一条 and 恢复上次审核前, on both real filings, in a live spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk import Desk

CASES = ("hengshan_2023", "yueyanglou_2023")
HEADS = ("级别", "表", "位置", "问题编号")


@pytest.mark.parametrize("case", CASES)
def test_an_audit_finds_what_the_check_of_the_closed_file_finds(
    desk: Callable[..., Desk], case: str
) -> None:
    opened = desk(case)
    reply = opened.press("check")
    assert reply.kind == "say", reply.text
    print(reply)
    print(opened.place)
