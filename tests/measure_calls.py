"""Arguments for every measure, as cells hold them: generated, and the matrix of blank, 0, text and error."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from native import ERROR

MONEY = st.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
SMALL = st.integers(-20, 20).map(float)
NUMBER = st.one_of(MONEY, SMALL, st.sampled_from([0.0, "", None, "不适用", "——", "12.5", ERROR]))
WEIGHT = st.one_of(st.integers(0, 60).map(lambda halves: halves / 2), st.sampled_from(["", None, "10"]))
AMOUNT = st.one_of(
    st.integers(0, 200).map(str),
    st.integers(0, 20000).map(lambda cents: f"{cents / 100:.2f}"),
    st.sampled_from(["0", "1.5", "15000", "1,124", "-3", "1.1"]),
)
WORDS = st.sampled_from(["2023年底", "及时完成", "不断加强", "提高", "……", "", "12月31日前完成", "7,00.0,77"])
COMPARATOR = st.sampled_from(["", "≥", "≥", "≤", "≤", ">", "<", "=", "不低于", "不超过"])
SCALE, UNIT = st.sampled_from(["", "", "万", "%"]), st.sampled_from(["", "件", "元"])
QUANTITY = st.one_of(st.builds("{}{}{}{}".format, COMPARATOR, AMOUNT, SCALE, UNIT), WORDS)


@st.composite
def target_and_result(draw: st.DrawFn) -> list[Any]:
    """A target with the result a person would write beside it: mostly in the same unit."""
    scale, unit = draw(SCALE), draw(UNIT)
    target = f"{draw(COMPARATOR)}{draw(AMOUNT)}{scale}{unit}"
    return [target, f"{draw(AMOUNT)}{draw(st.sampled_from([scale, '']))}{unit}"]


@st.composite
def affirmed(draw: st.DrawFn) -> list[Any]:
    """A target whose result repeats it."""
    text = draw(st.one_of(WORDS, QUANTITY))
    return [text, text + draw(st.sampled_from(["", " "]))]


PAIR = st.one_of(
    target_and_result(), target_and_result(), affirmed(), st.tuples(QUANTITY, QUANTITY).map(list)
)
CELLS = st.lists(NUMBER, min_size=1, max_size=5)
POINTS = st.one_of(SMALL, st.sampled_from(["", None, 2.255, "好", ERROR]))
SECTIONS = ("产出指标", "效益指标", "满意度指标")


@st.composite
def section_table(draw: st.DrawFn) -> list[Any]:
    """Labels and points of the rows of an indicator table."""
    labels: list[Any] = draw(st.sampled_from([[], [None]]))
    points: list[Any] = [5.0 for _ in labels]
    for section in draw(st.lists(st.sampled_from(SECTIONS), unique=True, min_size=1)):
        rows = draw(st.lists(POINTS, min_size=1, max_size=4))
        labels += [section + draw(st.sampled_from(["", "\n(50 分)"])), *[None] * (len(rows) - 1)]
        points += rows
    return [labels, points, draw(st.sampled_from(SECTIONS))]


CALLS: dict[str, st.SearchStrategy[list[Any]]] = {
    "rate": st.tuples(NUMBER, NUMBER).map(list),
    "change": st.tuples(NUMBER, NUMBER).map(list),
    "share": st.tuples(NUMBER, NUMBER).map(list),
    "total": st.lists(st.one_of(NUMBER, CELLS), min_size=1, max_size=4),
    "total_score": st.tuples(NUMBER, CELLS).map(list),
    "subtotal": section_table(),
    "execution_score": st.tuples(NUMBER, NUMBER, WEIGHT).map(list),
    "score": st.tuples(PAIR, WEIGHT).map(lambda call: [*call[0], call[1]]),
    "attainment": PAIR,
    "band": st.tuples(PAIR, WEIGHT).map(lambda call: [*call[0], call[1]]),
    "grade": st.integers(0, 10000).map(lambda cents: [cents / 100, 90, 80, 60]),
}

_CELLS: list[Any] = [None, "", 0, 5, "文字", ERROR]
# What every argument of a kind may hold.
MATRIX: dict[str, list[Any]] = {
    "number": [*_CELLS, "不适用", "——"],
    "text": [*_CELLS, "≥5", "0件", "文 字"],
    "numbers": [*_CELLS, "不适用", "——", [5, None, ""], ["", None], [5, "文字"], [5, ERROR]],
    "cells": [[content, 3, 20] for content in (None, "", 0, "文字", ERROR)],
    "labels": [["文字(5 分)", None, None], ["文字", "5", None], [None, "", "文字"]],
}


def agree(native: object, python: float | str) -> bool:
    """Whether an engine's cell shows what the Python function returns; blank and "" are one."""
    native = "" if native is None else native
    if isinstance(native, (bool, str)) or isinstance(python, str):
        return native == python
    return isinstance(native, int | float) and math.isclose(native, python, rel_tol=0, abs_tol=1e-12)
