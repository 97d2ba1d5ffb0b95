"""A workbook in front of a person who presses the buttons of the ribbon."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import xlwings as xw

from jixiao.excel import macros
from jixiao.excel.actions.reply import Reply

HENGSHAN, YUEYANGLOU, XIANGTAN = "hengshan_2023", "yueyanglou_2023", "xiangtan_gaoxin_2023"


class Desk(NamedTuple):
    """A workbook in front of a person."""

    book: xw.Book
    path: Path

    def press(self, action: str, *answers: str) -> Reply:
        self.book.set_mock_caller()
        return Reply(*macros.press(action, *answers))

    def select(self, sheet: str, cell: str) -> None:
        tab = self.book.sheets[sheet]
        tab.activate()
        tab.range(cell).select()

    @property
    def place(self) -> tuple[str, str]:
        """Sheet and cell that are selected."""
        return self.book.sheets.active.name, self.book.app.selection.get_address(False, False)

    def value(self, sheet: str, cell: str) -> Any:
        return self.book.sheets[sheet].range(cell).value
