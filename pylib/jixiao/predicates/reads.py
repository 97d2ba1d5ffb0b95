"""The texts of one filing with their figures, and what they say otherwise than the tables or than each other."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jixiao.declarations import Table
from jixiao.filing import Cell, FormFrame, text
from jixiao.narrative import Claim, Figure, Reading, Remark, labels, named, read, repeated
from jixiao.quantity import parse
from jixiao.scope import Calculation
from jixiao.vocabulary import held, rows_of, sheets_of
from jixiao.written import Line, Written, written


@dataclass(frozen=True, eq=False)
class Read:
    """A text of one filing with its figures; ``claims`` are these by where they start."""

    frame: FormFrame
    written: Written
    reading: Reading
    claims: Mapping[int, Claim]

    @staticmethod
    def of(frame: FormFrame, written: Written) -> Read:
        reading = read(written.text)
        return Read(frame, written, reading, {claim.start: claim for claim in reading.claims})

    def cell(self, line: Line) -> Cell:
        """The cell that a line stands in."""
        return Cell(self.frame.sheets[self.written.sheet], line.code, line.table, line.row)


Told = tuple[Read, Remark, tuple[Cell, ...]]  # a remark, and the cells elsewhere that it names


def by_filing(calculation: Calculation) -> dict[int, list[Read]]:
    """The texts of every filing that has any."""
    texts: dict[int, list[Read]] = defaultdict(list)
    for frame in calculation.frame.forms.values():
        for each in written(frame):
            texts[int(frame.filing[each.sheet])].append(Read.of(frame, each))
    return texts


def against_tables(calculation: Calculation, filing: int, texts: Sequence[Read]) -> Iterator[Told]:
    """The figures of reports that differ from those of the tables that they name."""
    reports = [each for each in texts if each.written.report and each.reading.claims]
    if not reports:
        return
    its = calculation.frame.filings[filing]

    @functools.cache
    def every() -> list[Figure]:
        return [one.figure for one in held(calculation, filing)]

    for each in reports:
        said = held(calculation, filing, labels(each.reading, its.unit))
        for other in named(each.reading, [one.figure for one in said], its.year, its.unit, every):
            yield each, other.remark, tuple(said[place].cell for place in other.figures)


def against_each_other(calculation: Calculation, filing: int, texts: Sequence[Read]) -> Iterator[Told]:
    """What a report counts otherwise than the tables about the whole unit, or than another part of itself.

    The sheets of projects count what a project did, which may be a part.
    """
    whole = [each for each in texts if not each.frame.form.many]
    indicators = list(_indicators(calculation, filing)) if whole else []
    # A remark stands in the last text that differs: reports come last.
    ordered = sorted(whole, key=lambda each: each.written.report)
    sentences = [said for said, _ in indicators]
    for repeat in repeated([each.reading for each in ordered], sentences):
        cells, remark = [], repeat.remark
        for other, start, _ in repeat.others:
            if other < 0:
                cells.append(indicators[other][1])
            else:
                there = ordered[other]
                cells.append(there.cell(there.written.line(start)))
        if all(other != repeat.passage for other, *_ in repeat.others):
            where = "、".join(dict.fromkeys(_called(calculation, cell) for cell in cells))
            cause = f"“{remark.about}”这里写 {remark.stated}，{where}写 {remark.expected}。"
            remark = replace(remark, cause=cause)
        yield ordered[repeat.passage], remark, tuple(cells)


def _indicators(calculation: Calculation, filing: int) -> Iterator[tuple[str, Cell]]:
    """The indicators of the whole unit, each as the sentence that its name and its result make."""
    for frame in calculation.frame.forms.values():
        for place in sheets_of(frame, filing) if not frame.form.many else ():
            for table in frame.form.tables.values():
                rows = frame.table(table.code)
                for row in rows_of(rows, place) if table.last_year else ():
                    name = text(rows.records[row].get(table.placeholder_column)).strip()
                    for column in table.last_year.values():
                        result = parse(text(rows.records[row].get(column)).strip())
                        if result.kind == "number" and result.unit:
                            cell = Cell(frame.sheets[place], column, table.code, rows.within[row])
                            yield f"{name}{result.text}。", cell


def _called(calculation: Calculation, cell: Cell) -> str:
    """How a message calls a cell: 附件2“实际完成情况”, 附件2“食品安全抽检”, “基本支出情况”第 2 段."""
    form = calculation.frame.forms[cell.sheet.form].form
    if cell.table is None:
        return f"{cell.sheet.name}“{form.fields[cell.code].title}”"
    table = form.tables[cell.table]
    if table.paragraphs:
        return paragraph(table, cell.row)
    name = cell.sheet.tables[cell.table][cell.row].get(table.placeholder_column)
    return f"{cell.sheet.name}“{text(name).strip()}”"


def paragraph(table: Table, row: int) -> str:
    """How a message calls a row of a report or of a table with free text."""
    return f"“{table.label}”第 {row + 1} {'段' if table.paragraphs else '行'}"
