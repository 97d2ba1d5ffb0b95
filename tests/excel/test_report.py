"""导出报告: the button asks where to, writes what stands in the workbook now, and replaces nothing unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desk import HENGSHAN, YUEYANGLOU, Desk
from word import printed


def test_the_workbook_as_it_stands_is_exported(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(YUEYANGLOU, ".xlsm")
    opened.select("附件3-1", "D13")
    opened.press("add_row")
    opened.book.sheets["附件3-1"].range("D14:G14").value = ["新增指标", "≥10件", "10件", 5]
    asked = opened.press("report")
    assert asked.kind == "save"
    assert Path(asked.default) == tmp_path / "岳阳市岳阳楼区市场监督管理局2023年度绩效自评报告.docx"
    target = tmp_path / "报告"
    reply = opened.press("report", str(target))
    target = target.with_suffix(".docx")
    assert reply.kind == "say" and f"已导出报告：{target}" in reply.text and "没有读出来" not in reply.text
    rows = [each for each in printed.document(target) if isinstance(each, printed.Row)]
    (new,) = [row for row in rows if any(box.text == "新增指标" for box in row.boxes)]
    assert [box.text for box in new.boxes] == ["新增指标", "≥10件", "10件", "5", "5", ""]
    assert opened.book.name == opened.path.name and not opened.book.app.status_bar


def test_a_document_that_is_there_is_replaced_only_after_a_yes(
    desk: Callable[..., Desk], tmp_path: Path
) -> None:
    opened = desk(HENGSHAN)
    target = tmp_path / "报告.docx"
    target.write_bytes(b"mine")
    asked = opened.press("report", str(target))
    assert asked.kind == "confirm" and "“报告.docx”已经存在" in asked.text
    assert opened.press("report", str(target), "否").kind == ""
    assert target.read_bytes() == b"mine"
    assert opened.press("report", str(target), "是").kind == "say"
    assert printed.document(target)[0] == printed.Line("附件四")


def test_where_nothing_can_be_written_it_says_so(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    reply = opened.press("report", str(tmp_path / "没有" / "报告.docx"))
    assert reply.kind == "warn" and reply.text.startswith("不能写入“") and "换一个文件夹" in reply.text
    assert not opened.book.app.status_bar


def test_what_could_not_be_read_is_said(desk: Callable[..., Desk], tmp_path: Path) -> None:
    opened = desk(HENGSHAN)
    tab = opened.book.sheets["附件一"]
    tab.names["编制数"].delete()
    reply = opened.press("report", str(tmp_path / "报告.docx"))
    assert reply.kind == "say" and "有 1 处没有读出来" in reply.text
