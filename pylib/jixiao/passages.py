"""The text of a report as a filing holds it: section by section, each paragraph with the cell it stands in."""

from __future__ import annotations

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


def paragraphs(form: Form, sheet: Sheet) -> dict[str, list[Paragraph]]:
    """What is written under each section of ``sheet``, in the order of the form; a section may have nothing.

    A cell with several lines is several paragraphs, all in that cell.
    """
    found: dict[str, list[Paragraph]] = {}
    for code, passage in form.passages.items():
        if not passage.written:
            continue
        column, numbers = form.tables[code].paragraphs, sheet.row_numbers.get(code, ())
        found[code] = [
            Paragraph(
                code,
                place,
                line.strip(),
                numbers[place] if numbers else 0,
                sheet.cell(column, code, place) if numbers else "",
            )
            for place, record in enumerate(sheet.tables.get(code, []))
            for line in text(record.get(column)).splitlines()
            if line.strip()
        ]
    return found
