"""One sheet of a workbook as openpyxl reads it, without the work of reading the others."""

from __future__ import annotations

from pathlib import Path

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet.worksheet import Worksheet


class _Reader(ExcelReader):  # type: ignore[misc]
    """Reads one of the sheets; the others stand in their places and are empty."""

    wanted = ""

    def read_worksheets(self) -> None:
        find = self.parser.find_sheets
        for sheet, part in list(find()):
            if sheet.name == self.wanted:
                self.parser.find_sheets = lambda pair=(sheet, part): [pair]
                super().read_worksheets()
            else:
                self.wb.create_sheet(sheet.name)
        self.parser.find_sheets = find


def page(path: Path, name: str, values: bool = False) -> Worksheet:
    """The sheet of this name, with its formulas or, with ``values``, with their results."""
    reader = _Reader(path, data_only=values)
    reader.wanted = name
    reader.read()
    return reader.wb[name]
