"""How a report is declared, and what is refused: one change at a time in a copy of workbook_templates."""

from __future__ import annotations

import pytest

from conftest import REPORT, Templates
from jixiao.declarations import Catalogue

FILE = f"forms/{REPORT}.yaml"
THREE_PARTS = "forms/部门整体支出绩效自评报告.yaml"
HENGSHAN, YUEYANGLOU = "packages/hengshan_2023.yaml", "packages/yueyanglou_2023.yaml"


def test_a_section_is_a_table_of_paragraphs(catalogue: Catalogue) -> None:
    form = catalogue.packages["hengshan_2023"].forms[REPORT]
    table = form.tables["下一步改进措施"]
    assert list(table.columns) == ["段落"]
    assert table.columns["段落"].long
    assert table.columns["段落"].title == "八、下一步改进措施"
    assert (table.paragraphs, table.issued_rows) == ("段落", 4)


def test_what_a_package_omits_is_no_section_of_its_report(catalogue: Catalogue) -> None:
    hengshan, yueyanglou = (
        catalogue.packages[code].forms[REPORT] for code in ("hengshan_2023", "yueyanglou_2023")
    )
    assert "部门绩效情况" in hengshan.tables
    assert "部门绩效情况" not in {*yueyanglou.tables, *yueyanglou.passages}
    assert {"支出预算执行情况", "自评得分"} <= set(yueyanglou.passages)
    assert not {"支出预算执行情况", "自评得分"} & {*hengshan.tables, *hengshan.passages}


def test_the_heads_of_a_package_differ_by_its_variables(catalogue: Catalogue) -> None:
    heads = [
        catalogue.packages[code].forms[REPORT].passages["单位概况"].head
        for code in ("hengshan_2023", "yueyanglou_2023")
    ]
    assert heads == ["一、部门基本情况", "一、单位基本情况"]


def test_a_clause_says_under_which_condition_it_stands(catalogue: Catalogue) -> None:
    sentence = catalogue.packages["hengshan_2022"].forms["部门整体支出绩效自评报告"].sentences["部门决算"]
    conditions = [clause.when.source for clause in sentence.clauses if clause.when]
    assert conditions == [f"报告数据表.收入合计_较预算增减 {sign} 0" for sign in (">", "<", "==")]
    assert [str(ref) for ref in sentence.clauses[2].operands] == ["报告数据表.收入合计_较预算增减"]


def test_a_sentence_without_figures_only_leads_to_what_is_written(catalogue: Catalogue) -> None:
    sentences = catalogue.packages["hengshan_2022"].forms["部门整体支出绩效自评报告"].sentences
    assert {code for code, each in sentences.items() if not each.states_figures} == {
        "单位",
        "问题引语",
        "措施引语",
    }


REFUSED = {
    "an unknown key of a section": (
        FILE,
        "下一步改进措施: {head:",
        "下一步改进措施: {colour: 1, head:",
        "colour",
    ),
    "a fourth level": (
        FILE,
        "{head: （一）基本支出情况, level: 2",
        "{head: （一）基本支出情况, level: 4",
        "level 只能是",
    ),
    "paragraphs without help": (
        *(FILE, ", help: 针对上一部分的问题写明改进措施，一条一行。", "", "缺少“help”"),
    ),
    "a section of nothing": (FILE, "自评得分: {sentences: [自评得分]}", "自评得分: {}", "既没有标题"),
    "paragraphs under paragraphs": (
        *(FILE, "{head: 八、下一步改进措施, rows", "{rows", "“下一步改进措施”的段落上面没有标题"),
    ),
    "a code that is no name": (FILE, "  下一步改进措施: {", "  1下一步改进措施: {", "不能作代码"),
    "a sentence that is not declared": (
        *(FILE, "自评得分: {sentences: [自评得分]}", "自评得分: {sentences: [得分]}", "没有句子“得分”"),
    ),
    "a sentence that stands nowhere": (
        FILE,
        "sentences: [基本支出, 三公经费]",
        "sentences: [基本支出]",
        "句子“三公经费”没有写",
    ),
    "a sentence that is no list": (FILE, '单位: ["{填报单位}"]', '单位: "{填报单位}"', "每个分句一项"),
    "a figure of no form": (FILE, "{整体支出绩效自评表.总分}", "{整体支出绩效自评表.总得分}", "总得分"),
    "a text that is reckoned with": (
        *(FILE, "{整体支出绩效自评表.总分}", "{整体支出绩效自评表.预期目标 + 1}", "预期目标"),
    ),
    "a figure of the many sheets of a form": (
        *(FILE, "{整体支出绩效自评表.总分}", "{项目支出绩效自评表.总分}", "项目支出绩效自评表.总分"),
    ),
    "a figure that is none": (FILE, "{整体支出绩效自评表.总分}", "{3}", "没有数据项"),
    "a condition that is a figure": (
        *(
            THREE_PARTS,
            "when: 报告数据表.收入合计_较预算增减 < 0",
            "when: 报告数据表.收入合计_较预算增减",
            "when 要写条件",
        ),
    ),
    "a condition of a text": (
        *(
            THREE_PARTS,
            "when: 报告数据表.收入合计_较预算增减 < 0",
            'when: 报告数据表.通知文号 == "无"',
            "通知文号",
        ),
    ),
    "a condition that names nothing": (
        *(
            THREE_PARTS,
            "when: 报告数据表.收入合计_较预算增减 < 0",
            "when: 报告数据表.增减 < 0",
            "报告数据表.增减",
        ),
    ),
    "a condition without anything to say": (
        *(
            THREE_PARTS,
            "{when: 报告数据表.收入合计_较预算增减 == 0, say: ，与预算持平}",
            "{when: 1 > 0}",
            "缺少“say”",
        ),
    ),
    "an unknown key of a clause": (
        THREE_PARTS,
        "say: ，与预算持平}",
        "say: ，与预算持平, otherwise: 无}",
        "otherwise",
    ),
    "an optional that is neither true nor false": (
        THREE_PARTS,
        "optional: true",
        "optional: 可以",
        "optional",
    ),
    "open() in a sentence": (FILE, "{整体支出绩效自评表.总分}", "{open(总分)}", "open"),
    "a text that no formula holds": (FILE, "绩效自评得分{整体", "字" * 256 + "{整体", "255"),
    "omitting an unknown section": (
        HENGSHAN,
        "整体支出绩效情况, 自评得分]",
        "整体绩效, 自评得分]",
        "整体绩效",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), REFUSED.values(), ids=REFUSED)
def test_a_report_is_refused_for(templates: Templates, file: str, old: str, new: str, said: str) -> None:
    message = templates.edit(file, old, new).error()
    assert ".yaml 第 " in message
    assert said in message
