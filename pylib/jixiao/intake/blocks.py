"""What every document is read into, whatever its format: paragraphs and grids in their order, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a grid, perhaps merged; rows and columns count from 0.

    ``text`` is what a reader sees, its lines parted by line feeds; ``value`` the number behind it, where the document
    stores one. ``place`` says in Chinese where it stands.
    """

    row: int
    column: int
    rows: int = 1
    columns: int = 1
    text: str = ""
    value: float | None = None
    place: str = ""

    @property
    def bottom(self) -> int:
        """The row below it."""
        return self.row + self.rows

    @property
    def right(self) -> int:
        """The column behind it."""
        return self.column + self.columns


@dataclass(frozen=True)
class Paragraph:
    """A line of text outside all grids."""

    text: str
    place: str


class Grid:
    """Cells in rows and columns: a table of a document, or a sheet of a workbook."""

    def __init__(self, cells: Iterable[Cell], place: str, name: str = "") -> None:
        self.cells = tuple(cells)
        self.place, self.name = place, name
        self._at = {
            (row, column): cell
            for cell in self.cells
            for row in range(cell.row, cell.bottom)
            for column in range(cell.column, cell.right)
        }
        self.rows = max((cell.bottom for cell in self.cells), default=0)
        self.columns = max((cell.right for cell in self.cells), default=0)

    def at(self, row: int, column: int) -> Cell | None:
        """The cell that covers a place."""
        return self._at.get((row, column))

    def line(self, row: int) -> list[Cell]:
        """The cells that cover a row, from left to right."""
        found: dict[Cell, None] = {}
        for column in range(self.columns):
            if (cell := self._at.get((row, column))) is not None:
                found[cell] = None
        return list(found)

    def band(self, row: int, over: Cell) -> Cell | None:
        """The cell of a row that shares most columns with ``over``."""
        best, most = None, 0
        for cell in self.line(row):
            shared = min(cell.right, over.right) - max(cell.column, over.column)
            if shared > most:
                best, most = cell, shared
        return best

    def part(self, first: int, last: int) -> Grid:
        """The rows from ``first`` up to ``last``, which is left out."""
        return Grid((cell for cell in self.cells if first <= cell.row < last), self.place, self.name)

    def stacked(self, below: Grid, columns: Sequence[tuple[int, int]] | None = None) -> Grid:
        """This grid with another one below; ``columns``: start and width here of each column of the other."""
        moved = []
        for cell in below.cells:
            start, width = cell.column, cell.columns
            if columns is not None:
                start = columns[cell.column][0]
                end = columns[cell.right - 1]
                width = end[0] + end[1] - start
            moved.append(replace(cell, row=cell.row + self.rows, column=start, columns=width))
        return Grid((*self.cells, *moved), self.place, self.name)


Block = Paragraph | Grid


@dataclass(frozen=True)
class Unread:
    """Something of a document that has no place in the filing: where it stands, what it says, and why."""

    file: str
    place: str
    text: str
    reason: str


@dataclass
class Document:
    """A document as read: its blocks in order, what cannot be read at all, and what a person should know of it."""

    name: str
    blocks: list[Block] = field(default_factory=list)
    lost: list[Unread] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
