"""The native forms in a real spreadsheet program, in the locale of the users and in the other common one."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, given, settings

import libreoffice
from jixiao.measures import MEASURES
from jixiao.quantity import QUANTITY_HELPERS
from measure_calls import CALLS, MATRIX, agree
from native import SHEET, Formula, Grid

# Texts that spreadsheet programs like to take for dates, times, formulas or other numbers.
TEMPTING = (
    *(
        "1/3以上",
        "12月31日前",
        "2023年12月31日",
        "2e3件",
        "2E3",
        "1-2",
        "1/2",
        "12:30",
        "=5",
        "+5%",
        "-5%",
        "$5",
    ),
    *(
        "1,124批次",
        "1,24",
        "0012",
        "1.50",
        "５０％",
        "≥ 120件",
        "≥1.5万件",
        "≤760元/批次",
        "0.1亿",
        "1.1亿",
        "5‰",
    ),
    *(
        "TRUE",
        "#N/A",
        "……",
        "——",
        "7,00.0,77",
        "２８６０．６９",
        "9,999,999.99万元",
        "123456789012345",
        "3月",
        "15天内",
    ),
)


def calls(name: str, count: int) -> list[list[Any]]:
    """The same generated calls in every run."""
    found: list[list[Any]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(CALLS[name])
    def collect(call: list[Any]) -> None:
        found.append(call)

    collect()
    return found


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[tuple[str, list[Any], tuple[int, int], Any]], list[tuple[str, int]]]:
    """A workbook of calls; (measure, call, cell, what Python gives) of each; and (text, row) of the quantities."""
    if reason := libreoffice.missing():
        pytest.skip(reason)
    grid = Grid()
    placed = []
    for name, measure in MEASURES.items():
        matrix = [list(call) for call in product(*(MATRIX[p.kind] for p in measure.parameters))]
        sample = random.Random(name).sample(matrix, min(len(matrix), 150))
        placed += [(name, call, grid.call(measure, call)) for call in sample + calls(name, 150)]
    grid.sentinels = True
    for name in ("total", "total_score", "subtotal"):
        placed += [(name, call, grid.call(MEASURES[name], call)) for call in calls(name, 60)]
    texts = []
    for text in TEMPTING:
        row = grid.height
        grid.quantity(row, 1, grid.put(row, 0, text))
        texts.append((text, row))
    path = tmp_path_factory.mktemp("measures") / "measures.xlsx"
    write(grid, path)
    return path, [(name, call, cell, MEASURES[name].scalar(*call)) for name, call, cell in placed], texts


def write(grid: Grid, path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet(SHEET)
        for (row, place), content in grid.cells.items():
            if isinstance(content, Formula):
                sheet.write_formula(row, place, content)
            elif isinstance(content, str):
                sheet.write_string(row, place, content)
            else:
                sheet.write_number(row, place, content)


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_native_forms_in_libreoffice(asked: Any, locale: str) -> None:
    path, placed, texts = asked
    rows = libreoffice.recalculate(path, locale)[SHEET]
    wrong = [
        (name, call, rows[row][place], expected)
        for name, call, (row, place), expected in placed
        if not agree(rows[row][place], expected)
    ]
    for text, row in texts:
        expected = [helper.value(text) for helper in QUANTITY_HELPERS]
        found = rows[row][1 : 1 + len(QUANTITY_HELPERS)]
        wrong += [("quantity", [text], found, expected)] if found != expected else []
    assert not wrong
