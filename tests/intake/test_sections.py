"""The text of a report: under which section each paragraph comes, and what has no section."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import BASIC, OVERALL, REPORT
from intake.documents import rows, write_word
from jixiao.catalogue import load_catalogue
from jixiao.intake.assembling import Imported, import_documents

CATALOGUE = load_catalogue()
#: The heads of the outline with a line below each, as a unit types them.
OUTLINE = [
    "某县某局",
    "2023年度部门整体支出绩效自评报告",
    "一、部门基本情况",
    "（一）主要职责",
    "管市场。",
    "（二）基本情况",
    "在职143人。",
    "二、一般公共预算支出情况",
    "（一）基本支出情况",
    "用于人员和公用。",
    "（二）项目支出情况",
    "一个项目。",
    "三、政府性基金预算支出情况",
    "没有。",
]


def imported(tmp_path: Path, *blocks: str | list[list[str]], package: str = "hengshan_2023") -> Imported:
    path = write_word(tmp_path / "报告.docx", list(blocks))
    return import_documents([path], CATALOGUE, CATALOGUE.packages[package])


def sections(result: Imported) -> dict[str, list[str]]:
    (sheet,) = result.filing.of(REPORT)
    return {code: [row["段落"] for row in rows] for code, rows in sheet.tables.items()}


def unread(result: Imported) -> list[str]:
    return [each.text for each in result.account.unread]


def test_each_paragraph_under_its_head(tmp_path: Path) -> None:
    result = imported(tmp_path, *OUTLINE)
    assert sections(result) == {
        "主要职责": ["管市场。"],
        "机构设置": ["在职143人。"],
        "基本支出情况": ["用于人员和公用。"],
        "项目支出情况": ["一个项目。"],
        "政府性基金预算支出情况": ["没有。"],
    }
    assert unread(result) == ["某县某局"]  # no table says that this is the unit


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1、 部门基本情况", "another number"),
        ("一、部门基本情况  ", "spaces behind"),
        ("一.部门基本情况：", "a point and a colon"),
        ("部门基本情况", "no number, as when Word counts"),
        ("一、单位基本情况", "the head of another package with this outline"),
    ],
)
def test_heads_as_people_spell_them(typed: str, said: str, tmp_path: Path) -> None:
    lines = [typed if line == "一、部门基本情况" else line for line in OUTLINE]
    assert sections(imported(tmp_path, *lines))["主要职责"] == ["管市场。"], said


def test_a_head_with_its_text_in_one_line(tmp_path: Path) -> None:
    result = imported(
        tmp_path, *OUTLINE[:-2], "三、政府性基金预算支出情况：无。", "四、国有资本经营预算支出情况。无"
    )
    assert sections(result)["政府性基金预算支出情况"] == ["无。"]
    assert sections(result)["国有资本经营预算支出情况"] == ["无"]


def test_a_number_on_a_line_of_its_own(tmp_path: Path) -> None:
    result = imported(tmp_path, *OUTLINE[:-2], "三、", "政府性基金预算支出情况", "没有。")
    assert sections(result)["政府性基金预算支出情况"] == ["没有。"]


def test_subheads_that_nobody_declared_are_paragraphs(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        *OUTLINE,
        "六、部门整体支出绩效情况",
        "全年任务完成。",
        "（一）优化环境",
        "新增3411户。",
        "八、下一步改进措施",
        "一、加强预算管理。",
        "二、加强培训",
    )
    assert sections(result)["部门绩效情况"] == ["全年任务完成。", "（一）优化环境", "新增3411户。"]
    assert sections(result)["下一步改进措施"] == ["一、加强预算管理。", "二、加强培训"]
    assert unread(result) == ["某县某局"]


def test_the_text_of_an_unknown_part_of_the_outline_is_listed_with_what_comes_nearest(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        *OUTLINE,
        "四、存在的主要问题及原因",
        "人手不够。",
        "八、下一步改进措施",
        "加强管理。",
    )
    assert "国有资本经营预算支出情况" not in sections(result)
    assert sections(result)["政府性基金预算支出情况"] == ["没有。"]
    assert sections(result)["下一步改进措施"] == ["加强管理。"]
    reasons = {each.text: each.reason for each in result.account.unread}
    assert "最接近的是“七、存在的问题及原因分析”" in reasons["四、存在的主要问题及原因"]
    assert "报告没有“四、存在的主要问题及原因”这一节" in reasons["人手不够。"]


def test_text_where_the_outline_has_no_room_is_listed(tmp_path: Path) -> None:
    result = imported(tmp_path, *OUTLINE[:3], "本局成立于2019年。", *OUTLINE[3:])
    (lost,) = [each for each in result.account.unread if each.text == "本局成立于2019年。"]
    assert lost.reason == "“一、部门基本情况”下面没有写这段文字的地方"
    assert lost.place == "第 4 段"


def test_a_table_of_the_units_own_is_listed_row_by_row(tmp_path: Path) -> None:
    own = rows("""
        | 股室 | 人数 |
        | 办公室 | 5 |
    """)
    result = imported(tmp_path, *OUTLINE, own, "五、社会保险基金预算支出情况", "没有这类。")
    assert [text for text in unread(result) if "|" in text] == ["股室 | 人数", "办公室 | 5"]
    assert sections(result)["社会保险基金预算支出情况"] == ["没有这类。"]


# -- sentences

OVERALL_TABLE = rows("""
    | 预算部门、单位名称 | < | 某县某局 | < | < |
    | 年度预算申请（万元） | | 年初预算数 | 全年预算数 | 全年执行数 |
    | ^ | 年度资金总额 | 500 | 520 | 520 |
    | ^ | 按收入性质分： | < | 按支出性质分： | < |
    | ^ | 其中：一般公共预算：520 | < | 其中：基本支出：400.50 | < |
    | ^ | 其他资金： | < | 项目支出：119.5 | < |
""")
FUNDS = "二、一般公共预算支出情况", "（一）基本支出情况"


def test_a_sentence_that_repeats_the_tables_is_no_paragraph(tmp_path: Path) -> None:
    result = imported(tmp_path, OVERALL_TABLE, *FUNDS, "2023年基本支出400.50万元。", "用于工资。")
    assert sections(result) == {"基本支出情况": ["用于工资。"]}
    assert unread(result) == []


def test_a_sentence_that_contradicts_the_tables_is_listed(tmp_path: Path) -> None:
    result = imported(tmp_path, OVERALL_TABLE, *FUNDS, "2023年基本支出400.05万元。")
    assert result.filing.of(OVERALL)[0].fields["基本支出"] == 400.5
    (lost,) = result.account.unread
    assert lost.text == "2023年基本支出400.05万元。"
    assert "现在是“2023年基本支出400.50万元。”" in lost.reason
    assert lost.place == "第 3 段"


def test_a_sentence_gives_its_figures_to_a_form_of_which_there_is_no_table(tmp_path: Path) -> None:
    result = imported(
        tmp_path, *FUNDS, "2023年基本支出2070.73万元，其中人员经费1881.42万元：公用经费189.31万元。"
    )
    assert result.filing.of(OVERALL)[0].fields["基本支出"] == 2070.73
    assert result.filing.of(BASIC)[0].fields["公用经费_决算数"] == 189.31
    assert unread(result) == []  # 2070.73 - 189.31 = 1881.42: the sentence comes out the same


def test_a_sentence_does_not_fill_what_its_table_leaves_blank(tmp_path: Path) -> None:
    blank = rows("""
        | 财政供养人员情况（人） | 编制数 | 2023年实际在职人数 | 控制率 |
        | ^ | 184 | 143 | 77.72% |
        | 经费控制情况（万元） | 2022年决算数 | 2023年预算数 | 2023年决算数 |
        | 公用经费 | | | |
    """)
    text = "2023年基本支出400.50万元，其中人员经费300万元、公用经费100.50万元。"
    result = imported(tmp_path, blank, "某段", OVERALL_TABLE, *FUNDS, text)
    assert "公用经费_决算数" not in result.filing.of(BASIC)[0].fields
    assert text in unread(result)


def test_the_cover_names_the_unit(tmp_path: Path) -> None:
    result = imported(
        tmp_path,
        "2023年度某县某局部门整体",
        "支出绩效自评报告",
        "部门（单位）名称：某县某局（盖章）",
        "年 月 日",
        "（此页为封面）",
        *OUTLINE,
    )
    assert result.filing.unit == "某县某局"
    assert unread(result) == []


def test_a_filled_in_date_of_the_cover_is_not_dropped(tmp_path: Path) -> None:
    assert "2024年3月8日" in unread(imported(tmp_path, "2024年3月8日", *OUTLINE))
