"""Where everything of a form stands on its sheet: the drawing of the YAML turned into rows and columns.

Rows and columns are counted from 0. Nothing here knows styles, formulas or XlsxWriter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from jixiao.books.making.heights import MAX_HEIGHT, merged_width, text_height
from jixiao.declarations import Field, Form, Section, Sentence, Table
from jixiao.filing import Filing, Sheet
from jixiao.outline import BOXED, TEXT
from jixiao.quantity import normalise


@dataclass(frozen=True)
class Cell:
    """One cell, perhaps merged.

    A printed ``text``, a ``sentence``, or the cell of ``field``; in a table ``line`` is its drawn row and ``record`` the position of
    the filled row that stands there. ``style`` is named by the drawing, ``role`` overrides what the field implies.
    """

    row: int
    column: int
    rows: int = 1
    columns: int = 1
    text: str | float = ""
    field: Field | None = None
    line: int | None = None
    record: int | None = None
    style: str = ""
    role: str = "locked"
    sentence: Sentence | None = None
    spread: bool = False
    """The text runs over the columns without merging them, because table rows have no horizontal merges."""

    def layers(self) -> tuple[str, tuple[str, ...]]:
        """The role and the types under which :class:`~jixiao.books.making.styles.Styles` knows its look."""
        field = self.field
        if field is None:
            return ("locked", ("score",)) if self.role == "points" else (self.role, ())
        filled = "open" if self.line is not None else "calculated"
        long = ("long",) if field.long else ()
        name = ("name",) if self.spread and field.type == "text" else ()
        return filled if field.calculated else "input", (field.type, *long, *name)


@dataclass(frozen=True)
class Line:
    """One drawn row of a table: the filled row it holds, if any, and what is printed into its name column."""

    group: str
    subgroup: str
    record: int | None
    printed: str = ""


@dataclass(frozen=True)
class Block:
    """A table on its sheet. ``head`` and ``foot`` are the sentinel rows before and behind its lines.

    ``columns`` says where each column begins, ``spans`` over how many columns of the sheet it reaches, ``style`` how its
    cells look.
    """

    table: Table
    head: int
    foot: int
    lines: tuple[Line, ...]
    columns: Mapping[str, int]
    spans: Mapping[str, int]
    style: str = ""

    @property
    def first(self) -> int:
        return self.head + 1

    @property
    def last(self) -> int:
        return self.foot - 1

    def row(self, line: int) -> int:
        return self.head + 1 + line


@dataclass
class Drawing:
    """A drawn sheet: its cells, its tables, and the rows that printing and fitting need to know.

    ``names``: what {year}, {title} and the like stand for.
    """

    form: Form
    width: int
    names: Mapping[str, str]
    cells: list[Cell] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    least: dict[int, float] = field(default_factory=dict)
    repeat: int | None = None
    printed: int = 0
    """Number of rows inside the print area."""
    breaks: list[int] = field(default_factory=list)
    """The rows that begin a page."""

    def addresses(self) -> Mapping[str, tuple[int, int]]:
        """The cell of every field outside the tables."""
        return {
            cell.field.code: (cell.row, cell.column)
            for cell in self.cells
            if cell.field and cell.line is None
        }


def printed_names(form: Form, sheet: Sheet, filing: Filing) -> Mapping[str, str]:
    """What {year}, {title} and the like stand for in a sheet of a filing."""
    return {
        "title": form.title,
        "附件": sheet.name,
        "unit": filing.unit,
        "year": str(filing.year),
        "last_year": str(filing.year - 1),
    }


def draw(
    form: Form,
    sheet: Sheet,
    names: Mapping[str, str],
    points: Mapping[str, float],
    projects: Sequence[str],
    size: float,
) -> Drawing:
    """Draw ``sheet``.

    Args:
        form: its form, as the package issues it.
        sheet: the filled (or blank) sheet; tables get as many rows as it fills, at least those that are printed.
        names: what {year}, {title} and the like stand for.
        points: values of parameters, for the points of sections and totals.
        projects: names in the 项目清单.
        size: of the font that fields are written in, in points.
    """
    drawing = Drawing(form, len(form.widths), names)
    pen = _Pen(drawing, sheet, names, points, projects, size)
    for row in form.layout:
        pen.row(row)
    return drawing


class _Pen:
    """Moves down the sheet row by row."""

    def __init__(
        self,
        drawing: Drawing,
        sheet: Sheet,
        names: Mapping[str, str],
        points: Mapping[str, float],
        projects: Sequence[str],
        size: float,
    ) -> None:
        self.drawing, self.sheet, self.names = drawing, sheet, names
        self.points, self.projects, self.size = points, projects, size
        self.at = 0
        #: Cells that are being drawn: position in the drawing, and how many rows of the layout they have left.
        self.open: dict[int, int] = {}

    def fill(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def row(self, row: Mapping[str, Any]) -> None:
        if row.get("outside"):
            self.at += 1  # a free line between the printed form and what stands below it
        if row.get("repeat"):
            self.drawing.repeat = self.at
        if "height" in row:
            self.drawing.least[self.at] = float(row["height"])
        table = self.drawing.form.tables[row["table"]] if "table" in row else None
        first = len(self.drawing.cells)
        column = self.place(row["cells"])
        if table is not None:
            self.table(table, column)
        else:
            self.at += self.spread(first)
        self.close(within_table=table is not None)
        if row.get("break"):
            self.drawing.breaks.append(self.at)
        if not row.get("outside"):
            self.drawing.printed = self.at

    def place(self, cells: Sequence[Mapping[str, Any]]) -> int:
        """Put cells one beside the other where nothing reaches down from above; returns the next free column."""
        taken = {
            column
            for k in self.open
            for column in range(
                self.drawing.cells[k].column, self.drawing.cells[k].column + self.drawing.cells[k].columns
            )
        }
        column = 0
        for cell in cells:
            for part in self.parts(cell):
                while column in taken:
                    column += 1
                if cell.get("wide"):
                    part["columns"] = self.drawing.width - column
                placed = Cell(self.at, column, **part)
                self.open[len(self.drawing.cells)] = cell.get("rows", 1)
                self.drawing.cells.append(placed)
                column += placed.columns
        while column in taken:
            column += 1
        return column

    def close(self, within_table: bool) -> None:
        """Count a row of the layout for the cells that reach over it: each is as many rows high as were drawn."""
        for k, left in list(self.open.items()):
            cell = replace(self.drawing.cells[k], rows=self.at - self.drawing.cells[k].row)
            if within_table and cell.role == "locked":
                cell = replace(
                    cell, role="group"
                )  # people may delete rows of the table only if all of it is open
            self.drawing.cells[k] = cell
            if left == 1:
                del self.open[k]
            else:
                self.open[k] = left - 1

    def spread(self, first: int) -> int:
        """How many rows a line takes: one, or several when its text is higher than a row can be."""
        needed = max((self.needed(cell) for cell in self.drawing.cells[first:]), default=0.0)
        rows = math.ceil(needed / MAX_HEIGHT)
        if rows < 2:
            return 1
        self.drawing.least |= dict.fromkeys(range(self.at, self.at + rows), math.ceil(needed / rows))
        return rows

    def table(self, table: Table, left: int) -> None:
        """Draw a table from column ``left`` to the right edge of the form."""
        if table.sections:
            self.indicators(table, left)
        elif table.paragraphs:
            self.paragraphs(table, left)
        elif table.listed:
            self.listed(table, left)
        else:
            self.plain(table, left)

    def needed(self, cell: Cell) -> float:
        """Points that a long text needs, however many rows it takes."""
        if cell.field is None or not cell.field.long:
            return 0.0
        widths = self.drawing.form.widths[cell.column : cell.column + cell.columns]
        return text_height(str(self.sheet.fields.get(cell.field.code) or ""), merged_width(widths), self.size)

    def parts(self, cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The cells that one entry of the drawing stands for."""
        form = self.drawing.form
        common = {"columns": cell.get("cols", 1), "style": cell.get("style", "")}
        if "line" in cell:
            code, _, name = cell["line"].partition(".")
            matrix = form.matrices[code]
            yield {**common, "text": self.fill(cell.get("text", matrix.rows[name]))}
            for column in matrix.columns:
                yield {"field": form.fields[matrix.cell(name, column)]}
        elif "heads" in cell:
            for label in form.matrices[cell["heads"]].columns.values():
                yield {"text": self.fill(label), "role": "head"}
        elif "head" in cell:
            yield {**common, "text": self.fill(form.fields[cell["head"]].label), "role": "head"}
        elif "field" in cell:
            yield {**common, "field": form.fields[cell["field"]]}
        elif "sentence" in cell:
            yield {**common, "sentence": form.sentences[cell["sentence"]], "role": "calculated"}
        else:
            yield {**common, "text": self.fill(cell["text"])}

    # -- tables

    def indicators(self, table: Table, left: int) -> None:
        """绩效指标: a head, the lines grouped by 一级指标 and 二级指标, the total row."""
        lines = _grouped(table, self.sheet.tables.get(table.code, []))
        head, foot = self.at, self.at + 1 + len(lines)
        columns = {code: left + 1 + k for k, code in enumerate(table.columns)}
        block = Block(table, head, foot, tuple(lines), columns, dict.fromkeys(columns, 1))
        self.drawing.blocks[table.code] = block
        put = self.drawing.cells.append
        put(Cell(head, left, foot - head, text="\n".join(table.label), role="group"))
        for code, column in columns.items():
            put(Cell(head, column, text=self.fill(table.columns[code].label), role="head"))
        weights = {section.name: self.points[section.weight] for section in table.sections}
        for start, count in _runs([line.group for line in lines]):
            name = lines[start].group
            label = f"{name}\n（{weights[name]:g}分）" if name in weights else name
            put(Cell(block.row(start), columns[table.section], count, text=label, role="group", line=start))
        for start, count in _runs([(line.group, line.subgroup) for line in lines]):
            put(
                Cell(
                    block.row(start),
                    columns[table.subsection],
                    count,
                    text=lines[start].subgroup,
                    role="group",
                    line=start,
                )
            )
        for k, line in enumerate(lines):
            for code, column in columns.items():
                if code in (table.section, table.subsection):
                    continue
                text = line.printed if code == table.placeholder_column else ""
                put(
                    Cell(
                        block.row(k), column, text=text, field=table.columns[code], line=k, record=line.record
                    )
                )
        weight = columns["分值"]
        total = self.drawing.form.fields[table.total["field"]]
        put(Cell(foot, left, 1, weight - left, text=table.total["label"], role="head"))
        put(Cell(foot, weight, text=self.points[table.total["weight"]], role="points"))
        put(Cell(foot, weight + 1, field=total))
        put(Cell(foot, weight + 2, 1, self.drawing.width - weight - 2))
        self.at = foot + 1

    def listed(self, table: Table, left: int) -> None:
        """项目支出 in 基础数据表: one line per project between the line above and the line below."""
        block = self.block(
            table, self.at - 1, left, table.widths, max(len(table.printed), len(self.projects))
        )
        self.lines(block, spread=True)
        self.at = block.foot

    def paragraphs(self, table: Table, left: int) -> None:
        """A section of a report: one line per paragraph between the head above and the next head."""
        whole = {table.paragraphs: self.drawing.width - left}
        block = self.block(
            table, self.at - 1, left, whole, table.issued_rows, style=(BOXED if left else "") + TEXT
        )
        self.lines(block)
        self.at = block.foot

    def plain(self, table: Table, left: int) -> None:
        """A plain table: its heads, its lines, and the total row if it has one; else the next line is its sentinel."""
        spans = dict(table.widths)
        last = next(reversed(spans))
        spans[last] += self.drawing.width - left - sum(spans.values())  # up to the right edge of the form
        block = self.block(table, self.at, left, spans, max(len(table.printed), table.issued_rows))
        put = self.drawing.cells.append
        for code, column in block.columns.items():
            label = self.fill(table.columns[code].label)
            put(Cell(block.head, column, 1, spans[code], text=label, role="head"))
        self.lines(block)
        self.at = block.foot
        if table.total:
            fields = self.drawing.form.fields
            for code, column in block.columns.items():
                field = fields[table.totals[code]] if code in table.totals else None
                text = table.total["label"] if code == table.names else ""
                put(Cell(block.foot, column, 1, spans[code], text=text, field=field))
            self.at += 1

    def block(
        self, table: Table, head: int, left: int, spans: Mapping[str, int], least: int, style: str = ""
    ) -> Block:
        """A table without groups, whose head stands in row ``head``: with its filled rows, ``least`` rows at least."""
        records = self.sheet.tables.get(table.code, [])
        lines = tuple(
            Line("", "", k if k < len(records) else None, table.printed[k] if k < len(table.printed) else "")
            for k in range(max(least, len(records)))
        )
        columns = dict(zip(spans, accumulate(spans.values(), initial=left), strict=False))
        block = Block(table, head, head + 1 + len(lines), lines, columns, spans, style)
        self.drawing.blocks[table.code] = block
        return block

    def lines(self, block: Block, spread: bool = False) -> None:
        """The cells of all lines; ``spread``: wide texts run on over the next columns instead of being merged."""
        table = block.table
        for k, line in enumerate(block.lines):
            for code, column in block.columns.items():
                text = line.printed if code == table.name_column else ""
                field, span = table.columns[code], block.spans[code]
                self.drawing.cells.append(
                    Cell(
                        block.row(k), column, 1, span, text, field, k, line.record, block.style, spread=spread
                    )
                )


def _runs(keys: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of equal keys."""
    start = 0
    for k in range(1, len(keys) + 1):
        if k == len(keys) or keys[k] != keys[start]:
            yield start, k - start
            start = k


def _grouped(table: Table, records: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The lines of an indicator table: each record under its 一级/二级指标, spare rows below, …… last.

    A 二级指标 that the form does not print is added to its 一级指标, an unknown 一级指标 to the end: nothing is lost.
    """
    groups: dict[str, dict[str, list[int]]] = {s.name: {part: [] for part in s.parts} for s in table.sections}
    group = table.sections[0].name
    for k, record in enumerate(records):
        group = _known(record.get(table.section), groups) or group
        inside = groups.setdefault(group, {})
        part = _known(record.get(table.subsection), inside) or next(reversed(inside), "")
        inside.setdefault(part, []).append(k)
    printed = {section.name: section for section in table.sections}
    return [
        line
        for name, parts in groups.items()
        for part, members in parts.items()
        for line in _lines(table, printed.get(name), name, part, members, records)
    ]


def _known(text: Any, names: Mapping[str, Any]) -> str:
    """The group that a record's own words mean; themselves when no printed group is meant."""
    words = normalise(str(text or ""))
    return next((name for name in names if words.startswith(name)), words)


def _lines(
    table: Table,
    section: Section | None,
    group: str,
    part: str,
    members: Sequence[int],
    records: Sequence[Mapping[str, Any]],
) -> Iterator[Line]:
    least = section.parts.get(part, 0) if section else 0
    dots = least > 1 and not any(
        table.untouched(table.placeholder_column, str(records[k].get(table.placeholder_column) or ""))
        for k in members
    )
    count = max(least, len(members) + dots)
    for k in range(count):
        last = dots and k == count - 1
        number = table.numbered.format(n=k + 1) if table.numbered else ""
        yield Line(
            group, part, members[k] if k < len(members) else None, table.placeholder if last else number
        )
