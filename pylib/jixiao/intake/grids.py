"""One grid of a document read as one form: its labels are found first, then what stands beside and under them.

Every cell with content ends up as a printed text, as a value, or in ``left``: nothing is dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jixiao.declarations import Field, Table
from jixiao.intake.blocks import Cell, Grid
from jixiao.intake.figures import comparators, joined, money_unit, stated
from jixiao.intake.patterns import Columns, Pattern, Slot
from jixiao.intake.wording import folded, pairs, plain

#: A head that ends like a declared one is taken for it: 全年完成值 for 实际完成值, not 复核得分 for 自评得分.
_SAME_END = 3
#: What makes a figure another one, whatever it ends like.
_OTHER = re.compile("上年|去年|往年|历年|复核|评价|建议")
_NUMBERED = re.compile(r"^\s*\d+\s*[、.．]\s*")
#: A head that tells the units of the targets.
_UNIT_HEAD = "单位"


@dataclass
class Reading:
    """What a grid says of a form.

    ``blank``: calculated fields whose cells are there and say nothing. ``open``: the table that the grid ends in, without
    its last row. ``left``: cells that have no place in the form, with the reason.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    blank: set[str] = field(default_factory=set)
    left: list[tuple[Cell, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    labels: frozenset[str] = frozenset()
    grouped: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many cells were filled."""
        rows = (row for rows in self.tables.values() for row in rows)
        return len(self.fields) + sum(value is not None for row in rows for value in row.values())


def known_labels(grid: Grid, pattern: Pattern) -> frozenset[str]:
    """The printed texts of a form that a grid holds."""
    return _GridReader(grid, pattern, "").found


def read_grid(grid: Grid, pattern: Pattern, unit: str = "") -> Reading:
    """Read a grid as a form.

    Args:
        grid: the grid.
        pattern: the form.
        unit: the unit of money that a line above the grid names.
    """
    return _GridReader(grid, pattern, unit).read()


@dataclass
class _Mapped:
    """The columns of a table in a grid: the head of each, and those that only some units have."""

    heads: dict[str, Cell]
    comparator: Cell | None = None
    unit: Cell | None = None
    body: int = 0


class _GridReader:
    def __init__(self, grid: Grid, pattern: Pattern, unit: str) -> None:
        self.grid, self.pattern, self.unit = grid, pattern, unit
        self.labels: dict[Cell, str] = {}
        self.inline: dict[Cell, list[tuple[str, str]]] = {}
        self.used: set[Cell] = set()
        self.reading = Reading()
        self.converted: Counter[str] = Counter()
        self.headings: dict[Cell, str] = {}
        for cell in grid.cells:
            if not cell.text.strip():
                continue
            if (label := plain(cell.text)) in pattern.texts:
                self.labels[cell] = label
            elif found := pairs(cell.text, pattern.texts):
                self.inline[cell] = found
        self.found = frozenset(self.labels.values()) | {
            label for found in self.inline.values() for label, _ in found
        }
        units = {money_unit(cell.text) for cell in self.labels} - {""}
        self.default = units.pop() if len(units) == 1 else unit

    def read(self) -> Reading:
        for columns in self.pattern.tables:
            self._table(columns)
        for slot in self.pattern.slots:
            if slot.beside or slot.under:
                self._slot(slot)
        self._leftover()
        for unit, count in self.converted.items():
            self.reading.remarks.append(
                f"{self.grid.place}：有 {count} 个金额的单位是{unit}，已按 1 万元等于 10000 元换算成万元。"
            )
        self.reading.labels = self.found
        return self.reading

    # -- fields

    def _slot(self, slot: Slot) -> None:
        if slot.beside and slot.under:
            self._crossing(slot)
        elif slot.beside:
            self._beside(slot)
        else:
            self._under(slot)

    def _crossing(self, slot: Slot) -> None:
        for label in self._cells(slot.beside):
            above = [
                cell
                for cell in self._cells(slot.under)
                if cell.row < label.row and cell.column >= label.column
            ]
            if not above:
                continue
            head = max(above, key=lambda cell: cell.row)
            cell = self.grid.band(label.row, head)
            if cell is not None and cell is not label and self._free(cell):
                return self._put(slot.field, cell, cell.text, (head, label))

    def _beside(self, slot: Slot) -> None:
        for cell, found in self.inline.items():
            for label, text in found:
                if label in slot.beside and slot.field.code not in self.reading.fields:
                    if text:
                        return self._put(slot.field, cell, text, (cell,))
                    if (label, text) == found[-1] and (value := self._rightward(cell)):
                        return self._put(slot.field, value, value.text, (cell,))
        for cell in self._cells(slot.beside):
            value = self._rightward(cell)
            if value is not None:
                return self._put(slot.field, value, value.text, (cell,))

    def _rightward(self, label: Cell) -> Cell | None:
        """The first cell with content at the right of a label, up to the next label; else the first one."""
        first, column = None, label.right
        while column < self.grid.columns:
            cell = self.grid.at(label.row, column)
            if cell is None:
                column += 1
                continue
            if not self._free(cell):
                break
            if cell.text.strip():
                return cell
            first = first or cell
            column = cell.right
        return first

    def _under(self, slot: Slot) -> None:
        for head in self._cells(slot.under):
            cell = self.grid.band(head.bottom, head)
            if cell is not None and self._free(cell):
                return self._put(slot.field, cell, cell.text, (head,))

    def _put(self, asked: Field, cell: Cell, text: str, around: tuple[Cell, ...]) -> None:
        self.used.add(cell)
        value = self._stated(cell, text, asked, around)
        if value is not None:
            self.reading.fields[asked.code] = value
        elif asked.calculated:
            self.reading.blank.add(asked.code)

    def _stated(self, cell: Cell, text: str, asked: Field, around: tuple[Cell, ...]) -> Any:
        unit = ""
        if asked.type == "money":
            groups = [each for each in self.grid.line(cell.row) if each in self.labels and each.rows > 1]
            unit = next(filter(None, (money_unit(each.text) for each in (*around, *groups))), self.default)
        percent = any("%" in folded(each.text) for each in around if each in self.labels)
        value = stated(cell, text, asked, unit, percent)
        own = "元" in text and "万元" not in text
        if (
            asked.type == "money"
            and isinstance(value, float)
            and (own or (unit == "元" and "万元" not in text))
        ):
            self.converted["元"] += 1
        return value

    def _cells(self, labels: frozenset[str]) -> list[Cell]:
        return [cell for cell, label in self.labels.items() if label in labels and cell not in self.used]

    def _free(self, cell: Cell) -> bool:
        return cell not in self.labels and cell not in self.inline and cell not in self.used

    # -- tables

    def _table(self, columns: Columns) -> None:
        row = self._anchor(columns)
        if row is None:
            return
        mapped = self._mapped(columns, row)
        table, records = columns.table, []
        groups = ["", ""]
        for number in range(mapped.body, self.grid.rows):
            line = self.grid.line(number)
            begun = [cell for cell in line if cell.row == number and cell.text.strip()]
            if begun and self._ends(begun, columns):
                break
            if self._repeats(begun, columns):  # the head of a table is printed again on every page
                mapped = self._mapped(columns, number)
                continue
            if number < mapped.body:
                continue
            records.append(self._record(table, mapped, number, groups))
        kept = [record for record in records if _touched(table, record)]
        for record in kept:
            if table.listed and record.get(table.listed):
                record[table.listed] = _NUMBERED.sub("", str(record[table.listed]))
        if kept:
            self.reading.tables[table.code] = kept

    def _anchor(self, columns: Columns) -> int | None:
        """The row that a table begins under: that with most of the texts printed there."""
        counts: Counter[int] = Counter()
        for cell, label in self.labels.items():
            if label in columns.anchors:
                counts[cell.row] += 1
        if not counts:
            return None
        row = max(counts, key=lambda each: (counts[each], -each))
        needed = min(len(columns.anchors), 3)
        return row if counts[row] >= needed else None

    def _repeats(self, begun: list[Cell], columns: Columns) -> bool:
        again = sum(self.labels.get(cell) in columns.anchors for cell in begun)
        return again >= 3

    def _ends(self, begun: list[Cell], columns: Columns) -> bool:
        first = begun[0]
        # A cell with a whole section in it begins with the head of that section.
        own = plain(first.text.strip().partition("\n")[0])
        labels = {self.labels.get(first, own), *(label for label, _ in self.inline.get(first, [])[:1])}
        return bool(labels & columns.ends) and not labels & columns.anchors

    def _mapped(self, columns: Columns, row: int) -> _Mapped:
        heads: dict[str, Cell] = {}
        for code, labels in columns.heads.items():
            above = [cell for cell, label in self.labels.items() if label in labels and cell.row <= row]
            if above and (head := max(above, key=lambda cell: cell.row)) not in heads.values():
                heads[code] = head
        table = columns.table
        line = [cell for cell in self.grid.line(row) if cell.text.strip() and cell.row == row]
        if not table.listed:
            # Only what stands in the row of heads is a head; the same word may stand above in another table.
            heads = {
                code: cell for code, cell in heads.items() if cell.row == row or cell in self.grid.line(row)
            }
            self._resembling(columns, heads, line)
        bottom = max((cell.bottom for cell in heads.values() if cell.row >= row), default=row + 1)
        mapped = _Mapped(heads, body=max(bottom, row + 1))
        if "年度指标值" in heads:
            for cell in line:
                if cell in heads.values() or cell in self.labels:
                    continue
                below = [
                    each.text
                    for number in range(mapped.body, self.grid.rows)
                    if (each := self.grid.band(number, cell)) is not None and each.row == number
                ]
                if comparators(below):
                    mapped.comparator = cell
                elif _UNIT_HEAD in plain(cell.text):
                    mapped.unit = cell
                else:
                    continue
                self.used.add(cell)
            self._tell_joined(mapped)
        return mapped

    def _resembling(self, columns: Columns, heads: dict[str, Cell], line: list[Cell]) -> None:
        """Heads that differ from the declared ones but can only mean one of them."""
        for cell in line:
            if cell in self.labels or cell in heads.values() or _OTHER.search(cell.text):
                continue
            said = plain(cell.text)
            missing = [
                code
                for code, labels in columns.heads.items()
                if code not in heads and any(_alike(said, label) for label in labels)
            ]
            if len(missing) == 1:
                heads[missing[0]] = cell
                self.used.add(cell)
                label = columns.table.columns[missing[0]].label.replace("\n", "")
                self._remark(f"{cell.place}：“{said}”一列按“{label}”读入，请核对。")

    def _tell_joined(self, mapped: _Mapped) -> None:
        extra = [plain(cell.text) for cell in (mapped.comparator, mapped.unit) if cell is not None]
        if extra:
            said = "”“".join([plain(mapped.heads["年度指标值"].text), *extra])
            self._remark(f"{self.grid.place}：年度指标值由“{said}”几列合成，请核对。")

    def _remark(self, text: str) -> None:
        if text not in self.reading.remarks:
            self.reading.remarks.append(text)

    def _record(self, table: Table, mapped: _Mapped, number: int, groups: list[str]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for code, head in mapped.heads.items():
            cell = self.grid.band(number, head)
            if cell is None or (
                cell in self.labels and code not in (table.section, table.subsection, table.listed)
            ):
                continue
            if code in (table.section, table.subsection):
                self._group(code == table.section, cell, groups)
                continue
            if cell.row != number:  # merged with the row above, which has it
                continue
            self.used.add(cell)
            asked = table.columns[code]
            value = self._stated(cell, cell.text, asked, (head,))
            if code in ("年度指标值", "实际完成值"):
                value = self._whole(code, value, mapped, number)
            if value is not None or asked.calculated:
                record[code] = value
        for code, group in zip((table.section, table.subsection), groups, strict=True):
            if code:
                record[code] = group or None
        return record

    def _whole(self, code: str, value: Any, mapped: _Mapped, number: int) -> Any:
        """A target or a result with the comparator and the unit that stand in columns of their own."""
        texts = []
        for head in (mapped.comparator if code == "年度指标值" else None, mapped.unit):
            cell = self.grid.band(number, head) if head is not None else None
            texts.append(cell)
        if texts == [None, None]:
            return value
        mark, unit = (cell.text.strip() if cell is not None else "" for cell in texts)
        whole, complete = joined(mark, str(value or ""), unit)
        if complete or code == "实际完成值":
            self.used |= {cell for cell in texts if cell is not None}
        elif texts[0] is not None:
            self.used.add(texts[0])
        return whole or None

    def _group(self, section: bool, cell: Cell, groups: list[str]) -> None:
        self.used.add(cell)
        said = plain(cell.text)
        if not said:
            return
        if section and said != groups[0]:
            groups[1] = ""
        groups[0 if section else 1] = said

    # -- the rest

    def _leftover(self) -> None:
        heads = {head.column: plain(head.text) for head in self._strange_heads()}
        for cell in self.grid.cells:
            if not cell.text.strip() or cell in self.used or cell in self.labels:
                continue
            if cell in self.inline and all(
                not text or self._taken(label) for label, text in self.inline[cell]
            ):
                continue
            if self._points(cell):
                continue
            head = heads.get(cell.column)
            reason = f"表样没有“{head}”这一列" if head and head != plain(cell.text) else "表样没有对应的栏目"
            self.reading.left.append((cell, reason))

    def _points(self, cell: Cell) -> bool:
        """Whether a cell repeats a figure that the form prints in a row like this one (总分 100)."""
        first = next((each for each in self.grid.line(cell.row) if each.row == cell.row), None)
        text = cell.text.strip()
        return (
            first in self.labels
            and text.replace(".", "", 1).isdecimal()
            and float(text) in self.pattern.points
        )

    def _taken(self, label: str) -> bool:
        return any(
            label in slot.beside and slot.field.code in self.reading.fields for slot in self.pattern.slots
        )

    def _strange_heads(self) -> Iterator[Cell]:
        """Heads of columns that no form has: they stand in a row of known heads."""
        counts: Counter[int] = Counter(cell.row for cell in self.labels)
        for cell in self.grid.cells:
            if (
                cell.text.strip()
                and cell not in self.labels
                and cell not in self.used
                and counts[cell.row] >= 3
            ):
                yield cell


def _alike(said: str, label: str) -> bool:
    """Whether a head can mean a declared one: it is a part of it, or ends like it."""
    if len(said) < _SAME_END:
        return False
    return (
        said in label
        or (len(label) > _SAME_END and said.endswith(label))
        or said[-_SAME_END:] == label[-_SAME_END:]
    )


def _touched(table: Table, record: Mapping[str, Any]) -> bool:
    """Whether a row says anything beyond what the form prints there."""
    return any(
        value is not None
        and code not in (table.section, table.subsection)
        and not (isinstance(value, str) and table.untouched(code, value))
        for code, value in record.items()
    )
