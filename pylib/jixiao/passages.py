"""The text of a report as a filing holds it: section by section, each paragraph with the cell it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jixiao.declarations import Form
from jixiao.filing import Sheet, text


@dataclass(slots=True)
class Paragraph:
    """One paragraph: its position among the rows of its section that are filled, its row and cell in the workbook.

    ``number`` is 0 and ``cell`` is "" when the filing comes from no workbook.
    """

    section: str
    place: int
    text: str
    number: int
    cell: str


def sections(form: Form, sheet: Sheet) -> dict[str, bool]:
    """Whether anything is written under each section of ``sheet``, in the order of the form."""
    return {
        code: any(
            text(record.get(form.tables[code].paragraphs)).strip() for record in sheet.tables.get(code, ())
        )
        for code, passage in form.passages.items()
        if passage.written
    }


def lines(form: Form, sheet: Sheet) -> Iterator[tuple[str, int, str]]:
    """Every paragraph of a report: its section, its position among the filled rows of the section, its text."""
    for code, passage in form.passages.items():
        if passage.written:
            column = form.tables[code].paragraphs
            for place, record in enumerate(sheet.tables.get(code, ())):
                for line in text(record.get(column)).splitlines():
                    if said := line.strip():
                        yield code, place, said


def paragraphs(form: Form, sheet: Sheet) -> dict[str, list[Paragraph]]:
    """What is written under each section of ``sheet``, in the order of the form; a section may have nothing.

    A cell with several lines is several paragraphs, all in that cell.
    """
    found: dict[str, list[Paragraph]] = {code: [] for code, each in form.passages.items() if each.written}
    for code, place, said in lines(form, sheet):
        numbers = sheet.row_numbers.get(code, ())
        cell = sheet.cell(form.tables[code].paragraphs, code, place) if numbers else ""
        found[code].append(Paragraph(code, place, said, numbers[place] if numbers else 0, cell))
    return found
