"""What all sheets of a workbook under construction share: formats, names, protection, and strict writing.

XlsxWriter fails quietly: it warns, or returns a negative number, and drops what it could not write. Here both stop
the build.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import CellFormulaTuple, Worksheet

from jixiao.books.application import ISSUED_RIGHTS
from jixiao.books.making.sharing import share
from jixiao.books.making.styles import Palette, Styles
from jixiao.books.vba.buttons import Button, put_button
from jixiao.quantity import INVALID_TEXT, NOT_APPLICABLE_TEXT

#: Inches; and by how much a sheet may be longer than a page to be shrunk onto it.
_A4_WIDTH, _A4_HEIGHT, _SHRINK = 8.27, 11.69, 1.22


class _Empty(str):
    """The result "" of a formula. XlsxWriter writes a plain "" as a number without digits, which is no valid cell."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


EMPTY = _Empty()


class FormulaSheet(Worksheet):  # type: ignore[misc]
    """A worksheet that writes formulas as they are, once where they repeat down a column.

    XlsxWriter looks each formula through for functions newer than Excel 2010 that need a prefix, and for those that
    give arrays; there are none here, and looking takes half of the time.
    """

    fh: io.StringIO  #: what the XML is written to

    def _write_formula(
        self, row: int, col: int, formula: str, cell_format: Format | None = None, value: Any = 0
    ) -> int:
        if self._check_dimensions(row, col):
            return -1
        self.table[row][col] = CellFormulaTuple(formula.removeprefix("="), cell_format, value)
        return 0

    def _assemble_xml_file(self) -> None:
        target = self.fh
        self.fh = written = io.StringIO()
        super()._assemble_xml_file()
        target.write(share(written.getvalue()))
        self.fh = target


class BuildError(Exception):
    """A workbook that cannot be written as declared."""


def close(workbook: Workbook) -> None:
    """Write a workbook out.

    Raises:
        OSError: it cannot be written; XlsxWriter calls that a FileCreateError.
    """
    try:
        workbook.close()
    except FileCreateError as error:
        cause = next(iter(error.args), None)
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


class Paper:
    """The workbook being written, and the facts of its 首页 that form sheets print or refer to.

    ``macros``: whether it is the flavour with buttons.
    """

    def __init__(
        self, workbook: Workbook, styles: Styles, unit: str, list_size: int, macros: bool = False
    ) -> None:
        self.workbook, self.styles, self.unit, self.list_size = workbook, styles, unit, list_size
        self.macros = macros
        self.palette = Palette(workbook, styles)
        self.listed_cells: dict[str, list[str]] = {}
        self.listed_values: dict[str, Sequence[Any]] = {}

    def listed_cell(self, k: int, column: str) -> str:
        """The cell of the ``k``-th project in the 项目清单."""
        return self.listed_cells[column][k]

    def listed_value(self, k: int, column: str) -> Any:
        values = self.listed_values[column]
        return values[k] if k < len(values) else ""

    @staticmethod
    def shown(value: float) -> Any:
        """A figure as a cell holds it: marks as their texts, blank as ""."""
        if math.isnan(value):
            return ""
        if math.isinf(value):
            return NOT_APPLICABLE_TEXT if value > 0 else INVALID_TEXT
        return float(value)

    @staticmethod
    def checked(result: int | None) -> None:
        """Refuse what XlsxWriter refused."""
        if result:
            raise BuildError(f"XlsxWriter refused to write ({result})")

    def put(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        value: Any,
        format_: Format,
        rows: int = 1,
        columns: int = 1,
    ) -> None:
        """Write one cell, merged over ``rows`` x ``columns``; a (formula, value) pair is a formula and its result."""
        if rows > 1 or columns > 1:
            self.checked(sheet.merge_range(row, column, row + rows - 1, column + columns - 1, "", format_))
        if isinstance(value, tuple):
            formula, result = value
            self.checked(
                sheet.write_formula(row, column, formula, format_, EMPTY if result == "" else result)
            )
        elif value is None or value == "":
            self.checked(sheet.write_blank(row, column, None, format_))
        elif isinstance(value, str):
            if value.startswith("<r>") and value.endswith("</r>"):
                value += " "  # or XlsxWriter takes it for markup of its own, and writes it as such
            self.checked(sheet.write_string(row, column, value, format_))
        else:
            self.checked(sheet.write_number(row, column, value, format_))

    def button(
        self, sheet: Worksheet, button: Button, row: int, column: int, left: int = 0, top: int = 0
    ) -> None:
        """Put a button on a cell, so many pixels from its corner; only where there are macros that it can run."""
        if self.macros:
            self.checked(put_button(sheet, button, row, column, left, top))

    def define(self, name: str, formula: str) -> None:
        self.checked(self.workbook.define_name(name, formula))

    def page(self, sheet: Worksheet, landscape: bool = False, scaled: bool = True) -> None:
        """A4, centred, numbered; ``scaled``: one page wide, for which Excel gives up page breaks that were set."""
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        if scaled:
            sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.set_margins(**self.styles.page)
        sheet.set_footer("&C&9第 &P 页，共 &N 页")
        sheet.hide_gridlines(2)

    def nearly_one_page(self, width: float, height: float) -> bool:
        """Whether a portrait sheet misses one page by so little that shrinking it is better than a page with a tail.

        Args:
            width: of the print area, in characters.
            height: of the print area, in points.
        """
        page = self.styles.page
        room_across = (_A4_WIDTH - page["left"] - page["right"]) * 96
        room_down = (_A4_HEIGHT - page["top"] - page["bottom"]) * 72
        scale = min(1.0, room_across / (width * 7 + 5))
        return room_down < height * scale <= room_down * _SHRINK

    @staticmethod
    def protect(sheet: Worksheet) -> None:
        """Protection without password: it keeps formulas from accidents, not from people."""
        sheet.protect("", dict.fromkeys(ISSUED_RIGHTS, True))
