"""Lists of units as treasuries write them, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl


def list_file(path: Path, rows: Iterable[Sequence[Any]], formats: dict[str, str] | None = None) -> Path:
    """An .xlsx file with these rows; texts stay texts, whatever they begin with."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str) and not value.startswith("FORMULA"):
                cell.data_type = "s"
            elif isinstance(value, str):
                cell.value = value.removeprefix("FORMULA")
    for address, code in (formats or {}).items():
        sheet[address].number_format = code
    book.save(path)
    return path
