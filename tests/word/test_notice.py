"""退回通知: what the letter says, to whom, about which findings; and that nothing of a filing comes alive in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree

from jixiao.books.ooxml.parts import Unreadable
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Severity
from jixiao.findings import Finding
from jixiao.word.notice import NOTICE, Notice, compose

ERROR = "WGT-001"
RULES = {rule.id: rule for rule in load_catalogue().rules}
LETTER = Notice(
    "某县教育局",
    "某县2023年度部门整体支出绩效自评套表",
    "017001某县教育局2023年度绩效自评.xlsx",
    "某县财政局",
    dt.date(2024, 4, 3),
)


def finding(severity: Severity, message: str = "合计不符。", **more: Any) -> Finding:
    rule = dataclasses.replace(RULES[ERROR], severity=severity)
    return Finding(
        rule, "某县教育局", "基础数据表", more.pop("sheet", "附件一"), more.pop("cell", "E6"), message, **more
    )


def made(*findings: Finding, template: Path = NOTICE.path, **facts: Any) -> Any:
    return docx.Document(io.BytesIO(compose(dataclasses.replace(LETTER, **facts), list(findings), template)))


def lines(document: Any) -> list[str]:
    return [text for each in document.paragraphs if (text := each.text)]


def rows(document: Any) -> list[list[str]]:
    (table,) = document.tables
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_letter_says_what_was_found_and_what_to_do() -> None:
    document = made(
        finding("error"),
        finding("error"),
        finding("warning", "变动较大。"),
        finding("info", "供参考。"),
        issued_with="某财绩〔2024〕3号",
        deadline=dt.date(2024, 4, 20),
        opinion="请核对指标值。\n\n培训费请补充说明。",
    )
    title, unit, found, asked, opinion, more, authority, day = lines(document)
    assert (title, unit) == ("预算绩效自评材料退回通知", "某县教育局：")
    assert found == (
        "你单位报送的《某县2023年度部门整体支出绩效自评套表》（某财绩〔2024〕3号）收悉。经审核，"
        "有强制性问题2条、核实性问题1条、提示1条，详见下表。现将材料退回。"
    )
    assert "强制性问题须逐条改正；核实性问题请逐条核对" in asked and "提示供参考。" in asked
    assert asked.endswith("“017001某县教育局2023年度绩效自评.xlsx”上修改，于2024年4月20日前重新报送。")
    assert (opinion, more) == ("复核意见：请核对指标值。", "培训费请补充说明。")
    assert (authority, day) == ("某县财政局", "2024年4月3日")
    assert [each.style.name for each in document.paragraphs if each.text] == [
        "通知标题",
        "主送单位",
        *["通知正文"] * 2,
        *["复核意见"] * 2,
        *["通知落款"] * 2,
    ]


def test_the_table_lists_each_finding_with_its_place_and_source() -> None:
    one = finding("error", "三公经费合计不符。", related=["附件一!E6", "附件一!F6", "附件二!C3"])
    whole = finding("warning", "没有填写成本指标。", cell="")
    head, first, second = rows(made(one, whole))
    assert head == ["序号", "级别", "位置", "问题", "修改建议", "依据"]
    rule = RULES[ERROR]
    assert first == [
        *("1", "强制性", "附件一\nE6"),
        *("三公经费合计不符。\n涉及：F6 附件二!C3", rule.fix, str(rule.reference)),
    ]
    assert second[:4] == ["2", "核实性", "附件一\n整张表", "没有填写成本指标。"]


def test_what_is_explained_and_faults_of_the_program_are_not_asked_again() -> None:
    document = made(
        finding("warning", "说明过的。", explanation="年中追加"),
        finding("warning", "没有说明的。"),
        finding("error", "程序的问题。", outcome="rule_error"),
    )
    assert [row[3] for row in rows(document)[1:]] == ["没有说明的。"]
    text = "".join(lines(document))
    assert "有核实性问题1条，详见下表；另有1条核实性问题已作说明，不再列出" in text
    assert "强制性" not in text


def test_without_deadline_workbook_and_number_nothing_is_invented() -> None:
    text = "".join(lines(made(finding("error"), file="")))
    assert "于　　年　　月　　日前重新报送" in text
    assert "《某县2023年度部门整体支出绩效自评套表》收悉" in text
    assert "随附" not in text and "请在原工作簿上修改" in text and "复核意见" not in text


def test_head_and_signature_stay_with_what_they_belong_to() -> None:
    document = made(*[finding("error")] * 40)
    head, *body = document.tables[0].rows
    assert head._tr.trPr.find(qn("w:tblHeader")) is not None
    assert len(body) == 40 and all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in body)
    *_, gap, authority, day = document.paragraphs
    kept = [each._p.pPr.find(qn("w:keepNext")) is not None for each in (gap, authority, day)]
    assert kept == [True, True, False]


@pytest.mark.parametrize(
    "evil",
    [
        "</w:t></w:r><w:br/>",
        "{{退回通知内容}}",
        '=HYPERLINK("http://example.invalid")',
        "&amp;<b>",
        "{% x %}",
    ],
)
def test_nothing_of_a_filing_comes_alive(evil: str) -> None:
    document = made(
        finding("error", evil, sheet=evil),
        unit=evil,
        file=evil,
        opinion=evil,
        issued_with=evil,
        material=evil,
    )
    assert lines(document)[1] == f"{evil}：" and f"复核意见：{evil}" in lines(document)
    assert rows(document)[1][2:4] == [f"{evil}\nE6", evil]
    assert not document.part.rels or all(
        not rel.is_external for rel in document.part.rels.values()
    )  # no link leads anywhere
    assert document.core_properties.title == f"{evil}预算绩效自评材料退回通知"


def test_characters_that_no_document_may_hold_are_left_out() -> None:
    document = made(finding("error", "甲\x00乙\x0b\ud800丙"), unit="某\x01局", opinion="意\x02见")
    assert rows(document)[1][3] == "甲乙丙"
    assert lines(document)[1] == "某局：" and "复核意见：意见" in lines(document)


def test_the_same_letter_is_the_same_bytes() -> None:
    one, other = (compose(LETTER, [finding("error")], NOTICE.path) for _ in range(2))
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as parts:
        core = etree.fromstring(parts.read("docProps/core.xml"))
    assert [each.text for each in core if each.tag.endswith(("created", "modified"))] == [
        "2024-04-03T00:00:00Z"
    ] * 2


def test_a_treasury_restyles_the_template(tmp_path: Path) -> None:
    own = docx.Document(str(NOTICE.path))
    own.styles["通知标题"].font.bold = True
    own.paragraphs[0].insert_paragraph_before("某县财政局文件")
    own.add_paragraph("联系人：王敏")
    own.save(str(tmp_path / "通知.docx"))
    document = made(finding("error"), template=tmp_path / "通知.docx")
    assert lines(document)[:2] == ["某县财政局文件", "预算绩效自评材料退回通知"]
    assert lines(document)[-1] == "联系人：王敏"
    assert document.styles["通知标题"].font.bold


def test_what_is_no_template_is_told(tmp_path: Path) -> None:
    own = docx.Document(str(NOTICE.path))
    own.styles["通知落款"].delete()
    own.save(str(tmp_path / "缺样式.docx"))
    with pytest.raises(Unreadable) as told:
        made(finding("error"), template=tmp_path / "缺样式.docx")
    assert told.value.cause == "模板缺少样式：通知落款" and "退回通知.docx" in told.value.remedy
    own = docx.Document(str(NOTICE.path))
    own.paragraphs[0].text = "没有"
    own.save(str(tmp_path / "缺位置.docx"))
    with pytest.raises(Unreadable) as told:
        made(finding("error"), template=tmp_path / "缺位置.docx")
    assert "没有写 {{退回通知内容}} 的段落" in told.value.cause
