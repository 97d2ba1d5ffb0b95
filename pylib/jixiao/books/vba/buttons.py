"""What a macro workbook has besides the sheets: its VBA, and the buttons that run it.

A button is a form control, which works on a protected sheet and in Excel, WPS and LibreOffice alike; it is not printed.
It moves with the cell that it stands on, so inserting rows never pushes it over something else.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from jixiao import resources
from jixiao.books.vba.project import WORKBOOK, project
from jixiao.books.vba.wrappers import MODULE_NAME, workbook_functions

SUFFIX = ".xlsm"
PROJECT = "JixiaoBook"
"""Name of the VBA project; that of the add-in is another one."""
HEIGHT, WIDTH = 24, 72
"""Pixels of a button."""


class Button(NamedTuple):
    """A button: what it says, and which Sub of the workbook's own VBA it runs."""

    caption: str
    macro: str


CHECK = Button("审核", "JixiaoCheck")
PREVIOUS = Button("上一条", "JixiaoPrevious")
NEXT = Button("下一条", "JixiaoNext")


def put_button(sheet: Worksheet, button: Button, row: int, column: int, left: int, top: int) -> int | None:
    """Put a button on a sheet.

    Args:
        sheet: where.
        button: what.
        row, column: the cell it stands on, from 0.
        left, top: pixels from that cell's corner.

    Returns:
        What XlsxWriter answers: not 0 when it refuses.
    """
    result: int | None = sheet.insert_button(
        row,
        column,
        {**button._asdict(), "width": WIDTH, "height": HEIGHT, "x_offset": left, "y_offset": top},
    )
    return result


def modules() -> dict[str, str]:
    """The VBA of every macro workbook by module name: the functions of its formulas, the Subs of its buttons."""
    texts = {MODULE_NAME: workbook_functions()}
    for path in sorted((resources.ADDIN / "vba" / "workbook").glob("*.bas")):
        texts[path.stem] = path.read_text("utf-8")
    return texts


def add_macros(workbook: Workbook) -> None:
    """Give a finished workbook its VBA. Every sheet gets a code name, as Excel wants."""
    sheets: Sequence[Worksheet] = workbook.worksheets()
    names = [f"Sheet{number}" for number in range(1, len(sheets) + 1)]
    workbook.set_vba_name(WORKBOOK)
    for sheet, name in zip(sheets, names, strict=True):
        sheet.set_vba_name(name)
    workbook.add_vba_project(io.BytesIO(project(modules(), names, PROJECT)), is_stream=True)
