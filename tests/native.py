"""Lays calls of measures out on a sheet, helper cells included, for any engine that recalculates formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import formualizer

from jixiao.measures import Measure
from jixiao.quantity import QUANTITY_HELPERS

SHEET = "测算"
ERROR = "#DIV/0!"
Content = float | str | None
Call = Sequence[Any]


def column(number: int) -> str:
    """A, B, … AA for 0, 1, …, 26."""
    return (column(number // 26 - 1) if number >= 26 else "") + chr(65 + number % 26)


class Formula(str):
    """A formula, as opposed to a text that happens to begin with an equals sign."""


class Grid:
    """Cells of one sheet by zero-based (row, column).

    With `sentinels` every range stands, as table columns do, between a head and a total cell and is printed as
    the rows between them.
    """

    def __init__(self, sentinels: bool = False) -> None:
        self.cells: dict[tuple[int, int], float | str] = {}
        self.height = 0
        self.sentinels = sentinels

    def put(self, row: int, place: int, content: Content) -> str:
        """Write what a person or a formula leaves in a cell and return its address."""
        if content == ERROR:
            content = Formula("=1/0")
        elif content == "":
            content = Formula('=""')
        if content is not None:
            self.cells[row, place] = content
        self.height = max(self.height, row + 1)
        return f"{column(place)}{row + 1}"

    def quantity(self, row: int, place: int, text: str) -> dict[str, str]:
        """Write the helper cells of the quantity in cell `text` from `place` on; helper name -> address."""
        cells: dict[str, str] = {}
        for offset, helper in enumerate(QUANTITY_HELPERS):
            cells[helper.name] = self.put(row, place + offset, Formula("=" + helper.native(text, cells)))
        return cells

    def range(self, row: int, place: int, contents: Sequence[Content]) -> str:
        """Write a range downwards and return how a formula refers to it."""
        if self.sentinels:
            contents = ["得分", *contents, 100]
        cells = [self.put(row + offset, place, content) for offset, content in enumerate(contents)]
        area = f"{cells[0]}:{cells[-1]}"
        return f"INDEX({area},2):INDEX({area},ROWS({area})-1)" if self.sentinels else area

    def call(self, measure: Measure, arguments: Call) -> tuple[int, int]:
        """Write arguments and the native form of a call below all others; the cell of the result."""
        row, place, operands, helpers = self.height, 0, [], {}
        parameters = measure.expand(len(arguments))
        for parameter, argument in zip(parameters, arguments, strict=True):
            if isinstance(argument, list):
                operands.append(self.range(row, place, argument))
            else:
                operands.append(self.put(row, place, argument))
            place += 1
            if parameter.quantity:
                helpers[parameter.name] = self.quantity(row, place, operands[-1])
                place += len(QUANTITY_HELPERS)
        self.put(row, place, Formula("=" + measure.native(*operands, helpers=helpers)))
        return row, place


def formualizer_values(grid: Grid, wanted: Sequence[tuple[int, int]]) -> list[Any]:
    """Recalculate the grid with formualizer and read some cells; errors read as their dictionaries."""
    book = formualizer.Workbook()
    sheet = book.sheet(SHEET)
    for (row, place), content in grid.cells.items():
        if isinstance(content, Formula):
            sheet.set_formula(row + 1, place + 1, content)
        else:
            sheet.set_value(row + 1, place + 1, content)
    return list(book.evaluate_cells([(SHEET, row + 1, place + 1) for row, place in wanted]))
