"""What reading a filing asks of a workbook: offered by a closed file and by a workbook open in Excel alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from jixiao.books.ooxml.cells import Cell, Line
from jixiao.books.ooxml.workbook import Names, Sheet


class Grid(Protocol):
    """The cells of one sheet, found by address."""

    def __getitem__(self, reference: str) -> Cell | None:
        """The cell at an address such as ``F14``; ``None`` where nothing stands."""

    def get(self, row: int, column: int) -> Cell | None:
        """The same by row and column, from 1."""

    def line(self, row: int, columns: int) -> Line:
        """What stands in the first columns of a row, and perhaps in some behind them."""

    def lines(self, rows: range, columns: int) -> Iterator[tuple[int, Line]]:
        """The rows among these that hold anything in the first columns, in their order, with what stands there: few of the
        million that a name may cover."""

    def style(self, row: int, letters: str) -> int:
        """The style of a cell that a line said something of, for :meth:`Source.display_text`."""

    @property
    def problems(self) -> Sequence[str]:
        """Addresses in the file that no sheet has."""


class Source(Protocol):
    """Sheets, names and values of one workbook."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def sheets(self) -> Sequence[Sheet]:
        """All sheets in tab order."""

    @property
    def names(self) -> Mapping[int | None, Names]:
        """What each defined name refers to, by the index of its sheet, ``None`` for the whole workbook."""

    @property
    def external_links(self) -> Sequence[str]:
        """Other files that its formulas refer to."""

    def cells(self, sheet: Sheet) -> Grid:
        """The cells of a sheet."""

    def display_text(self, value: float, style: int) -> str:
        """A number as its cell shows it; ``style`` is that of the cell."""
