"""Documents as people send them, written down in a few lines: paragraphs, and tables with merged cells."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
import openpyxl
from docx.document import Document as Word
from docx.table import Table

#: In a row of a table: merged with the cell at the left, merged with the cell above.
LEFT, ABOVE = "<", "^"
Rows = list[list[str]]


def rows(text: str) -> Rows:
    """A table from lines whose cells are parted by bars; ``\\n`` in a cell is a line end."""
    lines = [line.strip().strip("|") for line in text.strip().splitlines()]
    return [[cell.strip().replace("\\n", "\n") for cell in line.split("|")] for line in lines]


def write_word(path: Path, blocks: Sequence[str | Rows]) -> Path:
    """A Word document of paragraphs and tables."""
    document = docx.Document()
    for block in blocks:
        if isinstance(block, str):
            document.add_paragraph(block)
        else:
            fill(document.add_table(len(block), max(map(len, block))), block)
    document.save(str(path))
    return path


def fill(table: Table, content: Rows) -> None:
    """Write rows into a table, merging as they say."""
    for r, row in enumerate(content):
        for c, text in enumerate(row):
            if text not in (LEFT, ABOVE, ""):
                table.cell(r, c).text = text
    for r, row in enumerate(content):
        for c, text in enumerate(row):
            if text in (LEFT, ABOVE):
                continue
            width = next((k for k in range(1, len(row) - c) if row[c + k] != LEFT), len(row) - c)
            height = 1
            while r + height < len(content) and content[r + height][c : c + 1] == [ABOVE]:
                height += 1
            if width > 1 or height > 1:
                table.cell(r, c).merge(table.cell(r + height - 1, c + width - 1))


def write_excel(path: Path, sheets: dict[str, Rows]) -> Path:
    """A workbook without names; figures are numbers, a percentage a number in a percent format."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for r, row in enumerate(content, 1):
            for c, text in enumerate(row, 1):
                if text in (LEFT, ABOVE, ""):
                    continue
                cell = sheet.cell(r, c)
                bare = text.removesuffix("%")
                if bare.replace(".", "", 1).replace("-", "", 1).isdecimal():
                    cell.value = float(bare) / 100 if text.endswith("%") else float(bare)
                    percent = "0.00%" if "." in bare else "0%"
                    cell.number_format = percent if text.endswith("%") else "General"
                else:
                    cell.value = text
    book.save(path)
    return path


def unnamed(source: Path, target: Path) -> Path:
    """One of our workbooks as it looks after somebody copied the values of its sheets into a new one."""
    old = openpyxl.load_workbook(source, data_only=True)
    new = openpyxl.Workbook()
    new.remove(new.worksheets[0])
    for sheet in old.worksheets:
        if sheet.sheet_state != "visible":
            continue
        copy = new.create_sheet(sheet.title)
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    there = copy.cell(cell.row, cell.column, cell.value)
                    there.number_format = cell.number_format
        for merged in sheet.merged_cells.ranges:
            copy.merge_cells(str(merged))
    new.save(target)
    return target


def edited(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The document with one part of it changed as text."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert part in parts
    before = parts[part].decode()
    after = change(before)
    assert after != before, "the change met nothing"
    parts[part] = after.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def body(path: Path, old: str, new: str) -> Path:
    """The document with a piece of its text part replaced; it must stand there once."""

    def change(text: str) -> str:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        return text.replace(old, new)

    return edited(path, "word/document.xml", change)


__all__ = ["Word", "body", "edited", "fill", "rows", "unnamed", "write_excel", "write_word"]
