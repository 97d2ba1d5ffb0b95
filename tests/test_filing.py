"""A filing as it was stated, and many filings as columns."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import BASIC, OVERALL, PROJECT, REPORT
from jixiao.declarations import Catalogue
from jixiao.filing import MISSING, Columns, Filing, FormFrame, Frame, Sheet, TableFrame, number, text
from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, Texts

# -- one value


@pytest.mark.parametrize(
    ("stated", "meaning"),
    [
        (None, BLANK),
        (MISSING, BLANK),
        ("", BLANK),
        ("  ", BLANK),
        ("——", BLANK),
        ("-", BLANK),
        (0, 0.0),
        (0.0, 0.0),
        (184, 184.0),
        (-3.25, -3.25),
        ("不适用", NOT_APPLICABLE),
        ("184", INVALID),  # a number stored as text: Excel's SUM passes over it
        ("2860.69万元", INVALID),
        ("7,00.0,77", INVALID),
        ("暂无", INVALID),
        ("#REF!", INVALID),
    ],
)
def test_a_number_cell_means(stated: Any, meaning: float) -> None:
    assert number(stated) == meaning or (math.isnan(number(stated)) and math.isnan(meaning))


def test_a_percentage_is_a_rate_and_nothing_else() -> None:
    assert number("99.97%", rate=True) == pytest.approx(0.9997)
    assert number("99.97%") == INVALID


@pytest.mark.parametrize(
    ("stated", "meaning"),
    [
        (None, ""),
        (MISSING, ""),
        ("", ""),
        ("≥95%", "≥95%"),
        (90.0, "90"),
        (97.5, "97.5"),
        (12, "12"),
        (" 无 ", " 无 "),
    ],
)
def test_a_text_cell_means(stated: Any, meaning: str) -> None:
    assert text(stated) == meaning


def test_missing_is_told_from_blank_in_print() -> None:
    assert repr(MISSING) == "MISSING"


# -- one sheet


def test_a_sheet_knows_where_its_cells_stand_when_it_came_from_a_workbook() -> None:
    sheet = Sheet(
        OVERALL,
        "附件二",
        addresses={"总分": "H30"},
        columns={"指标": {"得分": "H"}},
        row_numbers={"指标": [14, 15, 22]},
    )
    assert sheet.cell("总分") == "H30"
    assert sheet.cell("得分", "指标", 2) == "H22"
    assert (
        sheet.cell("全年预算数")
        == sheet.cell("分值", "指标", 0)
        == sheet.cell("项目名称", "项目支出", 0)
        == ""
    )


# -- columns


@pytest.fixture
def columns(catalogue: Catalogue) -> Callable[..., Columns]:
    fields = catalogue.forms[BASIC].fields
    return lambda *records, **given: Columns(fields, records, given)


def test_what_is_absent_is_blank_and_what_is_stated_stands(columns: Callable[..., Columns]) -> None:
    column = columns({"编制数": 184.0}, {}, {"编制数": None}, {"编制数": "不详"}).numbers("编制数")
    np.testing.assert_array_equal(column, [184, BLANK, BLANK, INVALID])


def test_a_calculated_cell_left_out_is_unstated_but_a_blank_one_states_that_it_is_blank(
    columns: Callable[..., Columns],
) -> None:
    records = ({"控制率": 0.5}, {}, {"控制率": None}, {"控制率": ""}, {"控制率": MISSING})
    unstated = columns(*records).unstated("控制率")
    assert unstated is not None
    assert unstated.tolist() == [False, True, False, False, True]
    assert columns({"控制率": 0.5}, {"控制率": None}).unstated("控制率") is None


def test_the_places_of_what_is_no_number(columns: Callable[..., Columns]) -> None:
    block = columns({"编制数": "一百"}, {"编制数": 1}, {"编制数": "2人"}, {"编制数": "——"})
    assert block.invalid("编制数").tolist() == [0, 2]


def test_texts_are_coded(columns: Callable[..., Columns]) -> None:
    texts = columns({"填表人": "甲"}, {}, {"填表人": "甲"}).texts("填表人")
    assert [texts[i] for i in range(3)] == ["甲", "", "甲"]
    assert len(texts.values) == 2


def test_given_columns_need_no_records(columns: Callable[..., Columns]) -> None:
    block = columns(编制数=[1, 2, 3], 填表人=Texts.of(["甲", "乙", "丙"]))
    assert block.size == 3
    assert block.numbers("编制数").tolist() == [1, 2, 3]
    assert block.texts("填表人")[1] == "乙"
    assert np.isnan(block.numbers("在职人数")).tolist() == [True] * 3
    assert [block.texts("填报日期")[i] for i in range(3)] == [""] * 3
    assert block.unstated("编制数") is None
    unstated = block.unstated("控制率")
    assert unstated is not None and unstated.all()


def test_a_column_that_was_not_given_stays_unstated_once_it_was_asked_for(
    columns: Callable[..., Columns],
) -> None:
    block = columns(编制数=[1, 2])
    assert np.isnan(block.numbers("控制率")).all()
    unstated = block.unstated("控制率")
    assert unstated is not None and unstated.all()


def test_no_records_give_empty_columns(columns: Callable[..., Columns]) -> None:
    block = columns()
    assert block.size == len(block.numbers("编制数")) == len(block.texts("填表人")) == 0


def test_a_table_can_be_made_of_columns_alone(catalogue: Catalogue) -> None:
    form = catalogue.forms[OVERALL]
    given = {"分值": np.array([5.0, 10.0, 3.0]), "年度指标值": Texts.of(["≥95%", "19辆", ""])}
    rows = TableFrame(form.tables["指标"], np.array([0, 0, 1]), [], [0, 1, 0], given)
    frame = FormFrame(form, [], np.array([0, 1]), {"分值": [10, 10]}, {"指标": rows})
    assert frame.size == 2 and frame.table("指标").size == 3
    assert frame.table("指标").numbers("分值").tolist() == [5, 10, 3]
    assert frame.numbers("分值").tolist() == [10, 10]


# -- the frame


def test_a_frame_has_one_entry_per_sheet_and_one_per_row(yueyanglou: Filing, catalogue: Catalogue) -> None:
    frame = Frame([yueyanglou], catalogue.packages["yueyanglou_2023"].forms)
    assert {code: form.size for code, form in frame.forms.items()} == {
        BASIC: 1,
        OVERALL: 1,
        PROJECT: 3,
        REPORT: 1,
    }
    projects = frame.forms[PROJECT]
    assert projects.numbers("全年执行数").tolist() == [730.54, 32.15, 93.18]
    assert projects.filing.tolist() == [0, 0, 0]
    rows = projects.table("指标")
    assert rows.size == 19 + 10 + 9
    assert np.bincount(rows.parent).tolist() == [19, 10, 9]
    assert list(rows.within)[17:21] == [17, 18, 0, 1]
    assert projects.table("指标") is rows


def test_a_form_that_nobody_filed_is_not_in_the_frame(
    hengshan: Filing, catalogue: Catalogue, file_of: Callable[..., Filing]
) -> None:
    forms = catalogue.packages["hengshan_2023"].forms
    assert set(Frame([file_of(Sheet(BASIC, "附件一"))], forms).forms) == {BASIC}
    assert set(Frame([file_of(Sheet(BASIC, "附件一")), hengshan], forms).forms) == {
        BASIC,
        OVERALL,
        PROJECT,
        REPORT,
    }


def test_sheets_may_stand_in_any_order(yueyanglou: Filing, catalogue: Catalogue) -> None:
    forms = catalogue.packages["yueyanglou_2023"].forms
    other = copy.deepcopy(yueyanglou)
    other.sheets.reverse()
    frame = Frame([yueyanglou, other], forms).forms[PROJECT]
    assert frame.filing.tolist() == [0, 0, 0, 1, 1, 1]
    assert frame.numbers("全年执行数").tolist() == [730.54, 32.15, 93.18, 93.18, 32.15, 730.54]


def test_years_are_those_of_the_filings(hengshan: Filing, catalogue: Catalogue) -> None:
    later = copy.deepcopy(hengshan)
    later.year = 2025
    assert Frame([hengshan, later], catalogue.packages["hengshan_2023"].forms).years.tolist() == [2023, 2025]


# -- many filings in one frame are the filings one after the other

stated = st.one_of(
    st.none(), st.sampled_from(["", "——", "不适用", "3人"]), st.floats(-1e6, 1e6).map(lambda x: round(x, 2))
)
rows = st.lists(
    st.fixed_dictionaries(
        {}, optional={"三级指标": st.sampled_from(["", "……", "抽检"]), "分值": stated, "得分": stated}
    ),
    max_size=3,
)
sheets = st.builds(
    lambda form, fields, rows: Sheet(form, form, fields, {"指标": rows} if rows else {}),
    st.sampled_from([OVERALL, PROJECT]),
    st.fixed_dictionaries(
        {}, optional={"全年预算数": stated, "全年执行数": stated, "执行率": stated, "填表人": st.just("甲")}
    ),
    rows,
)
filings = st.lists(
    st.builds(lambda sheets: Filing("hengshan_2023", "某局", 2023, sheets), st.lists(sheets, max_size=3)),
    min_size=1,
    max_size=4,
)


@given(filings)
def test_a_frame_of_many_filings_has_the_columns_of_each_one_after_the_other(
    catalogue: Catalogue, many: list[Filing]
) -> None:
    forms = catalogue.packages["hengshan_2023"].forms
    whole = Frame(many, forms)
    each = [Frame([filing], forms) for filing in many]
    for code in (OVERALL, PROJECT):
        parts = [(k, frame.forms[code]) for k, frame in enumerate(each) if code in frame.forms]
        assert (code in whole.forms) == bool(parts)
        if not parts:
            continue
        together = whole.forms[code]
        assert together.filing.tolist() == [k for k, part in parts for _ in range(part.size)]
        for name in ("全年预算数", "全年执行数", "执行率"):
            np.testing.assert_array_equal(
                together.numbers(name), np.concatenate([part.numbers(name) for _, part in parts])
            )
        table, tables = together.table("指标"), [part.table("指标") for _, part in parts]
        np.testing.assert_array_equal(
            table.numbers("分值"), np.concatenate([part.numbers("分值") for part in tables])
        )
        assert list(table.within) == [k for part in tables for k in part.within]
        names = [part.texts("三级指标")[i] for part in tables for i in range(part.size)]
        assert [table.texts("三级指标")[i] for i in range(table.size)] == names
        before = np.cumsum([0, *(part.size for _, part in parts)])
        assert table.parent.tolist() == [
            int(p) + int(start) for start, part in zip(before, tables, strict=False) for p in part.parent
        ]
