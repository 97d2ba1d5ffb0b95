"""What every drawn cell of a filing shows, as text: stated values, calculated ones, sentences, printed words."""

from __future__ import annotations

import re
from typing import Any

from jixiao.books.making import sentences
from jixiao.books.making.drawing import Block, Cell, Drawing
from jixiao.books.making.paper import Paper
from jixiao.books.making.styles import Styles
from jixiao.books.ooxml.formats import display
from jixiao.declarations import Catalogue, Field, Package
from jixiao.filing import MISSING, Filing, Frame, Sheet, text
from jixiao.scope import Calculation

#: Everything that XML 1.0 does not allow, and halves of characters.
_FORBIDDEN = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """A text without the characters that no Word document may hold; its lines end in a line feed alone."""
    return _FORBIDDEN.sub("", text)


class Shown:
    """The texts of the cells of one filing's sheets.

    Args:
        filing: what is stated.
        package: its forms.
        catalogue: what its calculated cells come from.
        styles: the number formats of the cells.
    """

    def __init__(self, filing: Filing, package: Package, catalogue: Catalogue, styles: Styles) -> None:
        self.filing, self.package, self.styles = filing, package, styles
        self.calculation = Calculation(Frame([filing], package.forms), catalogue)

    def cell(self, drawing: Drawing, sheet: Sheet, cell: Cell) -> str:
        """The text of one cell of a drawn sheet, without the characters that no Word document may hold."""
        if cell.sentence is not None:
            said = sentences.said(
                cell.sentence,
                self.package.forms,
                self.calculation,
                sheet.form,
                self._index(sheet),
                drawing.names,
            )
            return clean(said)
        shown = self._formatted(
            cell, cell.text if cell.field is None else self._content(drawing, sheet, cell)
        )
        return clean(shown)

    def _formatted(self, cell: Cell, value: Any) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        role, types = cell.layers()
        return display(float(value), self.styles.layered(role, types, cell.style)["num_format"])

    def _content(self, drawing: Drawing, sheet: Sheet, cell: Cell) -> Any:
        """What a field's cell holds: the stated value, else the calculated one, else what is printed there."""
        field = cell.field
        assert field is not None
        if cell.line is None:
            stated = sheet.fields.get(field.code, MISSING)
            if field.calculated and stated is MISSING:
                return self._value(sheet, field)
            return self._typed(field, stated)
        block = drawing.blocks[field.table or ""]
        record = {} if cell.record is None else sheet.tables[block.table.code][cell.record]
        stated = record.get(field.code, MISSING)
        if field.code == block.table.listed:
            return self._listed(cell, stated)
        if field.calculated and stated is MISSING:
            return None if cell.record is None else self._value(sheet, field, block, cell.record)
        typed = self._typed(field, stated)
        return cell.text if typed == "" else typed

    def _listed(self, cell: Cell, stated: Any) -> str:
        """The name of a project, numbered as in the workbook; of an unused row what the form prints there."""
        number, name = cell.line or 0, text(stated)
        if not name and number < len(self.filing.projects):
            name = self.filing.projects[number][0]
        return f"{number + 1}、{name}" if name else str(cell.text)

    @staticmethod
    def _typed(field: Field, value: Any) -> Any:
        return text(value) if field.textual or value in (None, MISSING) else value

    def _value(self, sheet: Sheet, field: Field, block: Block | None = None, record: int = 0) -> Any:
        """What a calculated cell gives: a number, or the text of a mark."""
        index, table = self._index(sheet), block.table.code if block else None
        column = self.calculation.value(sheet.form, table, field.code)
        if table is not None:  # the frame holds the rows of all sheets of the form
            parent = self.calculation.frame.forms[sheet.form].table(table).parent
            index = int((parent < index).sum()) + record
        return Paper.shown(float(column[index]))

    def _index(self, sheet: Sheet) -> int:
        return next(k for k, each in enumerate(self.filing.of(sheet.form)) if each is sheet)
