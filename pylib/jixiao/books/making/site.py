"""One form sheet under construction: what is drawn on it, what fills it, what calculates it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.drawing import Block, Drawing
from jixiao.books.making.formulas import Formulas
from jixiao.books.making.paper import Paper
from jixiao.declarations import Field
from jixiao.filing import Filing, Sheet, text
from jixiao.scope import Calculation


@dataclass
class Site:
    """What the writers of one sheet share.

    ``index`` is the position of the sheet among those of its form: where its values stand in the calculation.
    ``previous`` is last year's filing, for a workbook that was made from it.
    """

    paper: Paper
    worksheet: Worksheet
    drawing: Drawing
    sheet: Sheet
    formulas: Formulas
    calculation: Calculation
    index: int
    previous: Filing | None = None

    def __post_init__(self) -> None:
        self.form = self.drawing.form
        self.name = self.sheet.name
        self.frame = self.calculation.frame.forms[self.form.code]

    def put(
        self, row: int, column: int, value: Any, format_: Format, rows: int = 1, columns: int = 1
    ) -> None:
        self.paper.put(self.worksheet, row, column, value, format_, rows, columns)

    def value(self, field: Field, block: Block | None = None, record: int = 0) -> Any:
        """What stands in a calculated cell of this sheet, or of one of its table rows."""
        table = block.table.code if block else None
        column = self.calculation.value(self.form.code, table, field.code)
        return self.paper.shown(float(column[self.position(block, record) if block else self.index]))

    def position(self, block: Block, record: int) -> int:
        """Where a record of this sheet stands in the frame, which holds the rows of all sheets of the form."""
        return int((self.frame.table(block.table.code).parent < self.index).sum()) + record

    def record(self, block: Block, record: int | None) -> Mapping[str, Any]:
        """The filled row that a drawn row holds; empty for a spare row."""
        return self.sheet.tables[block.table.code][record] if record is not None else {}

    def used(self, block: Block, record: int | None) -> bool:
        """Whether anything is filled into a row beyond what the form prints there."""
        table = block.table
        return any(
            text(value).strip() and not table.untouched(code, text(value))
            for code, value in self.record(block, record).items()
            if code not in table.grouping
        )
