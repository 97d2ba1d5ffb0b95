"""The free text of a filing: each report as one running text, each long cell of a table as one of its own.

A report is read as a whole, because a sentence may refer to the one before it, and because a thing may be counted in two
sections. Every row is a paragraph: what is pasted is cut at the end of a sentence, so a sentence never crosses rows.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from jixiao.declarations import Field, Form
from jixiao.filing import FormFrame
from jixiao.passages import lines

#: A cell that says what shall be, and not what is.
_GOAL = re.compile("目标|计划|预期")


class Line(NamedTuple):
    """Where a line of a text stands: a column of a table and its row within the sheet, or a field."""

    start: int
    code: str
    table: str | None = None
    row: int = 0


@dataclass(frozen=True)
class Written:
    """One text of a filing.

    Attributes:
        sheet: position of its sheet in the frame of its form.
        text: its lines, each a paragraph.
        lines: where each of them stands, in the order of the text.
        report: whether it is a report, and not a cell of a table.
    """

    sheet: int
    text: str
    lines: list[Line] = field(default_factory=list)
    report: bool = False

    def line(self, position: int) -> Line:
        """The line that a position of the text lies in."""
        return self.lines[bisect.bisect_right(self.lines, position, key=lambda line: line.start) - 1]


def long_fields(form: Form) -> list[Field]:
    """The fields that hold free text about what was done; what shall be done is no result."""
    return [each for each in form.fields.values() if _free(each)]


def has_free_text(form: Form) -> bool:
    """Whether a form has cells that hold free text about what was done, reports left aside."""
    columns = [c for table in form.tables.values() if not table.paragraphs for c in table.columns.values()]
    return any(map(_free, (*form.fields.values(), *columns)))


def _free(each: Field) -> bool:
    return each.type == "text" and each.long and not _GOAL.search(each.label)


def written(frame: FormFrame) -> Iterator[Written]:
    """The texts of all sheets of a form, those with a digit in them."""
    form = frame.form
    if form.passages:
        for place in range(len(frame.sheets)):
            yield from _report(frame, place)
    for each in long_fields(form):
        texts = frame.texts(each.code)
        telling = {code for code, text in enumerate(texts.values) if _telling(text)}
        for place, code in enumerate(texts.codes.tolist() if telling else ()):
            if code in telling:
                yield Written(place, texts.values[code], [Line(0, each.code)])
    for table in form.tables.values():
        if not table.paragraphs:
            rows = frame.table(table.code)
            for each in filter(_free, table.columns.values()):
                for row, record in enumerate(rows.records):
                    text = record.get(each.code)
                    if isinstance(text, str) and _telling(text):
                        line = Line(0, each.code, table.code, rows.within[row])
                        yield Written(int(rows.parent[row]), text, [line])


def _telling(text: str) -> bool:
    return any(mark.isdigit() for mark in text)


def _report(frame: FormFrame, place: int) -> Iterator[Written]:
    found: list[Line] = []
    texts: list[str] = []
    start = 0
    for section, row, text in lines(frame.form, frame.sheets[place]):
        found.append(Line(start, frame.form.tables[section].paragraphs, section, row))
        texts.append(text)
        start += len(text) + 1
    if texts:
        yield Written(place, "\n".join(texts), found, report=True)
