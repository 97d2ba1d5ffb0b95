"""The promise of an import: whatever a document says is in the filing or on the list."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.documents import ABOVE, LEFT, Rows, rows, write_excel, write_word
from jixiao.catalogue import load_catalogue
from jixiao.intake.assembling import Imported, import_documents
from jixiao.intake.choosing import NotImportedError

CATALOGUE = load_catalogue()
PACKAGE = CATALOGUE.packages["hengshan_2023"]
TABLE = rows("""
    | 项目支出名称 | 道路养护 | < | < | < | < | < | < | < |
    | 主管部门 | 某县交通局 | < | < | 实施单位 | 某县公路站 | < | < | < |
    | 项目资金（万元） | | < | 年初预算数 | 全年预算数 | 全年执行数 | 分值 | 执行率 | 自评得分 |
    | ^ | 年度资金总额 | < | 120 | 100 | 80 | 10 | 80% | 8 |
    | ^ | 其中：当年财政拨款 | < | 120 | 100 | 80 | | | |
    | 年度总体目标 | 预期目标 | < | < | < | 实际完成情况 | < | < | < |
    | ^ | 路面平整 | < | < | < | 完成 | < | < | < |
    | 绩效指标 | 一级指标 | 二级指标 | 三级指标 | 年度指标值 | 实际完成值 | 分值 | 自评得分 | 偏差原因分析及改进措施 |
    | ^ | 产出指标（50分） | 数量指标 | 养护里程 | ≥60公里 | 66公里 | 20 | 20 | |
    | ^ | ^ | 质量指标 | 验收合格率 | ≥95% | 90% | 30 | 28 | 雨季返工 |
    | ^ | 效益指标（30分） | 社会效益指标 | …… | | | | | |
    | 总分 | < | < | < | < | < | 100 | 56 | |
""")
LINES = [
    "一、部门基本情况",
    "（一）主要职责",
    "管公路。",
    "二、一般公共预算支出情况",
    "（一）基本支出情况",
    "六、部门整体支出绩效情况",
]
#: Each stands for something that nobody foresaw; numbered, so that every one can be looked for.
ODD = st.sampled_from(
    [
        "异常{n}",
        "备注：异常{n}",
        "{n}.5",
        "≥{n}件",
        "得分：{n}",
        "四、异常{n}",
        "（一）异常{n}",
        "填表人：异常{n}",
        "预期目标：异常{n}",
    ]
)


def said(result: Imported) -> str:
    """All that came out of an import as one text."""

    def values() -> Iterator[Any]:
        yield result.filing.unit
        for sheet in result.filing.sheets:
            yield from sheet.fields.values()
            for records in sheet.tables.values():
                yield from (value for record in records for value in record.values())
        yield from (each.text for each in result.account.unread)

    return "\n".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values())


def check(path: Path, marks: list[str]) -> None:
    try:
        result = import_documents([path], CATALOGUE, PACKAGE)
    except NotImportedError:
        return
    whole = said(result)
    assert [mark for mark in marks if mark not in whole] == []


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[Rows, list[str]]:
    """The table with odd things in its cells, more rows, more columns and columns in another order."""
    table = [list(row) for row in TABLE]
    marks: list[str] = []

    def odd() -> str:
        number = str(700 + len(marks))
        marks.append(number)
        return draw(ODD).format(n=number)

    for _ in range(draw(st.integers(1, 5))):
        r = draw(st.integers(0, len(table) - 1))
        c = draw(st.integers(0, len(table[r]) - 1))
        if table[r][c] not in (LEFT, ABOVE):
            above = table[r][c]
            table[r][c] = odd() if draw(st.booleans()) or not above else f"{above}\n{odd()}"
    if draw(st.booleans()):
        at = draw(st.integers(1, len(table)))
        if at == len(table) or ABOVE not in table[at]:
            table.insert(at, [odd() if draw(st.booleans()) else "" for _ in range(9)])
    if draw(st.booleans()):
        for row in table:
            row.append(odd() if draw(st.booleans()) else "")
    # What was overwritten above no longer counts.
    text = "\n".join(cell for row in table for cell in row)
    return table, [mark for mark in marks if mark in text]


def test_a_text_in_place_of_a_figure_that_another_text_keeps_from_being_calculated(tmp_path: Path) -> None:
    table = [list(row) for row in TABLE]
    table[3][8], table[-1][7] = "8\n异常700", "56\n异常701"
    check(write_word(tmp_path / "表.docx", ["2023年度项目支出绩效自评表", table]), ["700", "701"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(disturbed())
def test_in_a_table(case: tuple[Rows, list[str]]) -> None:
    table, marks = case
    with tempfile.TemporaryDirectory() as folder:
        check(write_word(Path(folder) / "表.docx", ["2023年度项目支出绩效自评表", table]), marks)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(disturbed())
def test_in_a_sheet(case: tuple[Rows, list[str]]) -> None:
    table, marks = case
    with tempfile.TemporaryDirectory() as folder:
        check(write_excel(Path(folder) / "表.xlsx", {"Sheet1": table}), marks)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(LINES), ODD), min_size=3, max_size=15), st.integers(0, 15))
def test_in_a_text(lines: list[str], at: int) -> None:
    numbered = [line.format(n=700 + k) for k, line in enumerate(lines)]
    marks = [str(700 + k) for k, line in enumerate(lines) if "{n}" in line]
    with tempfile.TemporaryDirectory() as folder:
        check(write_word(Path(folder) / "文.docx", [*numbered[:at], TABLE, *numbered[at:]]), marks)
