"""What in a finished file lives: formulas, links, fields, scripts. Found in the file itself, not in what wrote it.

A hostile text carries :data:`MARK`, so that it is known again wherever it came out, whatever was put around it.
"""

from __future__ import annotations

import csv
import functools
import re
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
from lxml import etree

MARK = "〔毒〕"
#: How a text begins that Excel, WPS or LibreOffice calculates when it opens a CSV file.
_CALCULATED = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?%?")
#: Fields of Word that number pages and carry nothing else.
_HARMLESS = {"PAGE", "NUMPAGES"}
_SCHEMES = re.compile(r"(?i)^\s*(?:https?|ftp|file|mailto|javascript|data|vbscript):|^\\\\")
_OUTSIDE = (
    "hyperlink",
    "externalLink",
    "externalLinkPath",
    "oleObject",
    "attachedTemplate",
    "frame",
    "image",
    "subDocument",
)


@functools.lru_cache(maxsize=2)
def _opened(path: Path, _: int) -> openpyxl.Workbook:
    """A workbook that is looked at, and perhaps at once again."""
    return openpyxl.load_workbook(path)


def texts_of_workbook(path: Path) -> list[str]:
    """The cells in which a hostile text stands, for a test that none got lost on the way."""
    book = _opened(path, path.stat().st_mtime_ns)
    return [
        str(cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type != "f" and MARK in str(cell.value)
    ]


def in_workbook(path: Path) -> list[str]:
    """What lives in a workbook and comes from a hostile text, and every link out of it."""
    found = []
    book = _opened(path, path.stat().st_mtime_ns)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                value = getattr(cell.value, "text", cell.value)
                if cell.data_type == "f" and MARK in str(value):
                    found.append(f"{sheet.title}!{cell.coordinate}: formula {value}")
                if cell.hyperlink is not None and (
                    cell.hyperlink.target or MARK in str(cell.hyperlink.tooltip)
                ):
                    found.append(f"{sheet.title}!{cell.coordinate}: link to {cell.hyperlink.target}")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith((".xml", ".rels")):
                found += [f"{name}: {each}" for each in _in_part(etree.fromstring(data))]
    return found


#: Elements whose text a spreadsheet program calculates, and attributes that it follows.
_LIVE = {"f", "formula", "formula1", "formula2", "definedName", "oddHeader", "oddFooter"}
_FOLLOWED = {"Target", "location", "display", "tooltip"}


def _in_part(root: etree._Element) -> list[str]:
    found = []
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if name in _LIVE and MARK in (element.text or ""):
            found.append(f"<{name}> {element.text}")
        if name == "Relationship" and element.get("TargetMode") == "External":
            found.append(f"link out to {element.get('Target')}")
        found += [
            f"{name} {key}={value}" for key, value in element.items() if key in _FOLLOWED and MARK in value
        ]
    return found


def in_word(path: Path) -> list[str]:
    """What lives in a Word document beyond page numbers: fields, links, and whatever is fetched from elsewhere."""
    found = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            for element in etree.fromstring(archive.read(name)).iter(etree.Element):
                kind, text = etree.QName(element).localname, (element.text or "").strip()
                instruction = next(
                    (value for key, value in element.items() if key.endswith("}instr")), ""
                ).strip()
                if kind in ("hyperlink", "object", "altChunk", "script"):
                    found.append(f"{name}: <{kind}>")
                elif (kind == "instrText" and text.split()[:1] not in ([word] for word in _HARMLESS)) or (
                    kind == "fldSimple" and instruction.split()[:1] not in ([word] for word in _HARMLESS)
                ):
                    found.append(f"{name}: field {text or instruction}")
                elif kind == "Relationship" and element.get("TargetMode") == "External":
                    found.append(f"{name}: link out to {element.get('Target')}")
                found += [f"{name}: {key}={value}" for key, value in element.items() if MARK in value]
    return found


def text_of_word(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return "".join(etree.fromstring(archive.read("word/document.xml")).itertext())


def in_csv(path: Path) -> list[str]:
    """The fields that a spreadsheet program would calculate."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            field
            for line in csv.reader(file)
            for field in line
            if _CALCULATED.match(field) and not _NUMBER.fullmatch(field)
        ]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.followed: list[str] = []
        self.inside: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements[tag, tuple(sorted(key for key, _ in attributes))] += 1
        self.followed += [
            f"<{tag} {key}={value}>"
            for key, value in attributes
            if key in ("href", "src", "action", "xlink:href", "formaction") and _SCHEMES.search(value or "")
        ]
        self._open = tag if tag in ("script", "style", "title") else ""

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and MARK in data:
            self.inside.append(f"<{self._open}> {data[:100]}")


def in_page(path: Path, innocent: Path) -> list[str]:
    """What lives in an HTML page: kinds of elements that the page of harmless texts does not have, links, scripts."""
    pages = []
    for each in (path, innocent):
        page = _Elements()
        page.feed(each.read_text("utf-8"))
        pages.append(page)
    ours, other = pages
    return (
        [f"<{tag} {attributes}>" for tag, attributes in ours.elements.keys() - other.elements.keys()]
        + ours.followed
        + ours.inside
    )
