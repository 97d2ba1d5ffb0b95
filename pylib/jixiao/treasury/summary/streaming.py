"""The cells of single sheets of a large workbook, row by row.

The readers of filings refuse, for safety, what is a hundred times any filing; a summary of ten thousand units is. This one
reads a workbook of the treasury's own, whoever saved it last, and keeps no more of it than its short texts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.parts import Parts

Value = float | str
Row = dict[int, Value]
"""What stands in a row, by column counted from 1; a formula without result counts as its text."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Malformed(Exception):  # noqa: N818 - it names what the file is
    """What is no XML of a workbook."""


class Streamed:
    """A workbook whose sheets are read row by row."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        relations = parts.relations(parts.workbook)
        self.sheets: dict[str, str] = {}
        for _, sheet in self._elements(parts.workbook, "sheet"):
            number = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
            if number in relations:
                self.sheets[sheet.get("name", "")] = relations[number].target
        part = next((each.target for each in relations.values() if each.kind == "sharedStrings"), "")
        self._strings = [_text(element) for _, element in self._elements(part, "si")] if part in parts else []

    def rows(self, name: str) -> Iterator[tuple[int, Row]]:
        """The rows of a sheet that hold anything, with their numbers.

        Raises:
            Malformed: the sheet cannot be read.
        """
        number = 0
        for _, element in self._elements(self.sheets[name], "row"):
            number = int(element.get("r", number + 1))
            row: Row = {}
            column = 0
            for cell in element:
                place = split_a1(cell.get("r", ""))
                column = place[1] if place else column + 1
                value = self._value(cell)
                if value != "":
                    row[column] = value
            if row:
                yield number, row

    def _value(self, cell: ET.Element) -> Value:
        parts = {_local(child): child for child in cell}
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _text(parts["is"]) if "is" in parts else ""
        written = parts["v"].text or "" if "v" in parts else ""
        if not written:
            formula = parts["f"].text if "f" in parts else ""
            return f"={formula}" if formula and kind != "str" else ""
        if kind == "s":
            return self._strings[int(written)] if int(written) < len(self._strings) else ""
        return float(written) if kind == "n" else _unescaped(written)

    def _elements(self, part: str, name: str) -> Iterator[tuple[str, ET.Element]]:
        """The elements of one name, each forgotten when the next one is asked for."""
        data = self.parts[part]
        if b"<!DOCTYPE" in data[:1024]:
            raise Malformed(part)
        try:
            events = ET.iterparse(io.BytesIO(data), ("start", "end"))
            path: list[ET.Element] = []
            for event, element in events:
                if event == "start":
                    path.append(element)
                    continue
                path.pop()
                if _local(element) == name:
                    yield event, element
                    if path:
                        path[-1].remove(element)
        except (ET.ParseError, ValueError) as error:
            raise Malformed(part) from error


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element) -> str:
    """The text of a string, all its runs together; how it is read aloud is no text."""
    found = []
    for child in element:
        if _local(child) == "t":
            found.append(child.text or "")
        elif _local(child) == "r":
            found += [each.text or "" for each in child if _local(each) == "t"]
    return _unescaped("".join(found))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
