"""Where things stand in a form relative to its printed texts, read off its drawing: what a document is compared with.

A form is known by its texts, wherever its cells have moved to: a field stands beside a label, under a head, or where the
two meet; a table stands under its heads. Texts of the same form in other packages serve too (自评得分, 得分), so nothing
is written down here that a form does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jixiao.books.making.drawing import Cell as Drawn
from jixiao.books.making.drawing import Drawing, draw
from jixiao.declarations import Catalogue, Field, Form, Package, Table
from jixiao.filing import Sheet
from jixiao.intake.wording import plain

Labels = frozenset[str]
#: Points of the font of a drawing; nothing here depends on it.
_SIZE = 11.0


@dataclass(frozen=True)
class Slot:
    """Where a field stands: in the row of a label, in the column of a head, or both; an empty set asks for nothing."""

    field: Field
    beside: Labels
    under: Labels


@dataclass(frozen=True)
class Columns:
    """A table with repeating rows: the heads of its columns, the texts of the row above it and of all rows below it."""

    table: Table
    heads: Mapping[str, Labels]
    anchors: Labels
    ends: Labels


@dataclass(frozen=True)
class Pattern:
    """A form as its texts show it.

    ``texts`` are all that any package prints in it, ``points`` the figures; ``left``: a section of a report -> the label
    at its left, if it has one.
    """

    form: Form
    slots: tuple[Slot, ...]
    tables: tuple[Columns, ...]
    texts: Labels
    points: frozenset[float]
    left: Mapping[str, str]


class Patterns:
    """The patterns of all forms of a catalogue, each drawing made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._views: dict[tuple[str, str, int], _View] = {}

    def printed(self, package: Package, code: str) -> Labels:
        """The texts that a package prints in one of its forms."""
        return self._view(package, code, package.year).texts

    def pattern(self, package: Package, code: str, year: int) -> Pattern:
        """The pattern of one form of ``package``, its years those of a filing of ``year``."""
        packages = self.catalogue.packages.values()
        others = [each for each in packages if code in each.forms and each is not package]
        views = [self._view(each, code, year) for each in (package, *others)]
        form, own = package.forms[code], views[0]
        slots = [
            Slot(field, *_united(view.slot(name) for view in views))
            for name, field in form.fields.items()
            if name in own.cells
        ]
        tables = []
        for name, table in form.tables.items():
            found = [view.columns(name) for view in views if name in view.drawing.blocks]
            if table.paragraphs or not found:
                continue
            heads = {
                column: frozenset({plain(column)}).union(*(block[0].get(column, ()) for block in found))
                for column in table.columns
            }
            anchors, ends = (frozenset[str]().union(*(block[k] for block in found)) for k in (1, 2))
            tables.append(Columns(table, heads, anchors, ends))
        texts = frozenset[str]().union(
            *(view.texts for view in views), *(labels for each in tables for labels in each.heads.values())
        )
        left = {name: label for name in form.passages if (label := own.left(name))}
        return Pattern(form, tuple(slots), tuple(tables), texts, own.points, left)

    def _view(self, package: Package, code: str, year: int) -> _View:
        key = (package.code, code, year)
        if key not in self._views:
            self._views[key] = _View(package, code, self.catalogue, year)
        return self._views[key]


def _united(pairs: Iterable[tuple[Labels, Labels]]) -> tuple[Labels, Labels]:
    beside: Labels = frozenset()
    under: Labels = frozenset()
    for k, (left, above) in enumerate(pairs):
        # Another package's drawing adds spellings, never another way to find the cell.
        beside |= left if beside or not k else frozenset()
        under |= above if under or not k else frozenset()
    return beside, under


class _View:
    """One form as one package draws it, blank."""

    def __init__(self, package: Package, code: str, catalogue: Catalogue, year: int) -> None:
        form = package.forms[code]
        names = {
            "title": form.title,
            "附件": form.sheet,
            "unit": "",
            "year": str(year),
            "last_year": str(year - 1),
        }
        points = {key: parameter.at(year) for key, parameter in catalogue.parameters.items()}
        self.drawing: Drawing = draw(form, Sheet(code, form.sheet), names, points, [], _SIZE)
        # A title may hold {year} itself.
        self.names = {name: value.replace("{year}", str(year)) for name, value in names.items()}
        self.at = {
            (row, column): cell
            for cell in self.drawing.cells
            for row in range(cell.row, cell.row + cell.rows)
            for column in range(cell.column, cell.column + cell.columns)
        }
        self.cells = {
            cell.field.code: cell
            for cell in self.drawing.cells
            if cell.field is not None and cell.line is None
        }
        self.texts = frozenset(filter(None, map(self.label, self.drawing.cells)))

        self.points = frozenset(cell.text for cell in self.drawing.cells if isinstance(cell.text, float))

    def label(self, cell: Drawn) -> str:
        """The plain text of a printed cell; "" for a field, a figure, and the groups within a table."""
        if cell.field is not None or cell.line is not None or not isinstance(cell.text, str):
            return ""
        text = cell.text
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return plain(text)

    def slot(self, code: str) -> tuple[Labels, Labels]:
        """The label beside a field and the head above it, as far as they are needed to find it."""
        cell = self.cells.get(code)
        if cell is None or cell.field is None:
            return frozenset(), frozenset()
        left, adjacent = self._nearest(cell, 0, -1)
        above, touching = self._nearest(cell, -1, 0)
        field = cell.field
        beside, under = frozenset({left} - {""}), frozenset({above} - {""})
        if field.line is not None:
            return beside, under
        called = {plain(field.label), plain(code)}
        if touching and above in called:
            return frozenset(), under
        if adjacent and (left in called or not touching):
            return beside, frozenset()
        if touching and not adjacent:
            return frozenset(), under
        if adjacent:
            return beside, frozenset()
        # Far labels find a cell only together: what stands alone below a report has none.
        return (beside, under) if beside and under else (frozenset(), frozenset())

    def columns(self, code: str) -> tuple[dict[str, Labels], Labels, Labels]:
        """The heads of a table's columns, the texts in the row above its lines, those below them."""
        block = self.drawing.blocks[code]
        heads = {}
        for column, place in block.columns.items():
            text, _ = self._upward(block.head + 1, place)
            heads[column] = frozenset({text} - {""})
        anchors = frozenset(self._row(block.head))
        ends = frozenset(
            label for cell in self.drawing.cells if cell.row >= block.foot and (label := self.label(cell))
        )
        return heads, anchors, ends - anchors

    def left(self, code: str) -> str:
        """The label at the left of a section; "" when there is none."""
        block = self.drawing.blocks.get(code)
        if block is None:
            return ""
        first = min(block.columns.values())
        for column in range(first - 1, -1, -1):
            cell = self.at.get((block.head + 1, column))
            if cell is not None and (label := self.label(cell)):
                return label
        return ""

    def _row(self, row: int) -> Iterable[str]:
        for column in range(self.drawing.width):
            cell = self.at.get((row, column))
            if cell is not None and cell.row == row and (label := self.label(cell)):
                yield label

    def _nearest(self, cell: Drawn, down: int, right: int) -> tuple[str, bool]:
        """The nearest label in one direction, and whether it touches the cell."""
        row, column, first = cell.row + down, cell.column + right, True
        while row >= 0 and column >= 0:
            other = self.at.get((row, column))
            if other is not None and (label := self.label(other)):
                return label, first
            first = False
            row, column = row + down, column + right
        return "", False

    def _upward(self, row: int, column: int) -> tuple[str, bool]:
        return self._nearest(Drawn(row, column), -1, 0)
