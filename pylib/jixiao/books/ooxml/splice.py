"""Changes inside one sheet's XML that leave every other byte as it stands.

Excel, WPS, LibreOffice and XlsxWriter spell the same sheet in different ways, with prefixes or without, and keep in it
what this program knows nothing of. So a sheet is not parsed and written again: expat says at which byte an element
starts and ends, and only that stretch is replaced.

Order and meaning of the elements: ECMA-376 part 1, 18.3.1.99 (worksheet).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from xml.parsers import expat

from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.markup import Malformed, column_letter, column_number

TEXT_LIMIT = 32_767
"""Characters, as UTF-16 counts them, that a cell can hold."""

#: What stands behind the hyperlinks of a sheet.
# fmt: off
_BEHIND_LINKS = frozenset({
    "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
    "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF",
    "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
})
# fmt: on
_TAG = re.compile(rb"<(?:([^\s:/>]+):)?[^\s/>]+(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_FORMULA = re.compile(rb"<(?:[^\s:/<>]+:)?f[\s/>]")
_VALUE = re.compile(rb"<((?:[^\s:/<>]+:)?v)(?:\s[^<>]*)?(?:/>|>[^<]*</\1\s*>)")
_UNWRITABLE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
#: Ten times what the largest sheet of a filing has; beyond it somebody wants the memory to run out.
_DEEPEST, _MOST = 200, 500_000
_DECLARATION = re.compile(r"^\ufeff?<\?xml[^>]*\?>")

Content = str | float


class Element(NamedTuple):
    """An element and its bytes: from ``start`` to ``end`` the whole, from ``inside`` to ``stop`` its content."""

    attributes: Mapping[str, str]
    start: int
    inside: int
    stop: int
    end: int


def text(content: str) -> str:
    """Write a text so that XML and Excel give back the same characters; what no cell can hold is cut off."""
    units = content.encode("utf-16-le", "surrogatepass")
    if len(units) > 2 * TEXT_LIMIT:
        content = units[: 2 * TEXT_LIMIT - 2].decode("utf-16-le", "ignore") + "…"
    content = _UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", content)
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _style(cell: Element) -> int:
    written = cell.attributes.get("s", "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else 0


def _reaches(reference: str, row: int) -> bool:
    """Whether a reference such as ``D4`` or ``D4:E5`` has cells in ``row`` or below it."""
    last = split_a1(reference.rpartition(":")[2])
    return last is not None and last[0] >= row


class SheetXml:
    """One sheet's XML, and the changes to be made in it.

    Attributes:
        lost_formulas: whether a changed cell held a formula, which the workbook's calculation chain may list.
    """

    def __init__(self, data: bytes) -> None:
        """Find rows, cells and links.

        Raises:
            Malformed: the part is not the XML of a sheet.
        """
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            data = _DECLARATION.sub("", data.decode("utf-16")).encode()
        self.lost_formulas = False
        self._data = data
        self._splices: list[tuple[int, int, str]] = []
        self._parts: dict[str, Element] = {}
        self._rows: list[tuple[int, Element]] = []
        self._cells: dict[str, Element] = {}
        self._links: list[Element] = []
        self._find()
        if "sheetData" not in self._parts or self._parts["sheetData"].inside == self._parts["sheetData"].end:
            raise Malformed("no cells")
        tag = _TAG.match(data, self._parts["sheetData"].start)
        self._prefix = f"{tag[1].decode()}:" if tag is not None and tag[1] else ""

    # -- changes

    def set(self, address: str, content: Content) -> bool:
        """Write a constant into a cell; its style stays.

        Returns:
            Whether the sheet stores that cell.
        """
        cell = self._cells.get(address)
        if cell is None:
            return False
        self._lose(cell.start, cell.end)
        self._splices.append((cell.start, cell.end, self.cell(address, _style(cell), content)))
        return True

    def set_result(self, address: str, result: str) -> None:
        """Write the text that a formula gave; a cell without formula stays what it is."""
        cell = self._cells.get(address)
        if cell is None or not _FORMULA.search(self._data, cell.start, cell.end):
            return
        p, body = self._prefix, self._data[cell.inside : cell.stop]
        formula = _VALUE.sub(b"", body).decode()
        written = (
            f'<{p}c r="{address}" s="{_style(cell)}" t="str">{formula}<{p}v>{text(result)}</{p}v></{p}c>'
        )
        self._splices.append((cell.start, cell.end, written))

    def set_rows(self, first: int, rows: str) -> None:
        """Put ``rows``, written by :meth:`row`, in place of row ``first`` and all below it."""
        data = self._parts["sheetData"]
        start = next((row.start for number, row in self._rows if number >= first), data.stop)
        self._lose(start, data.stop)
        self._splices.append((start, data.stop, rows))

    def set_dimension(self, reference: str) -> None:
        """Say which rectangle of the sheet is in use."""
        element = self._parts.get("dimension")
        if element is not None:
            written = f'<{self._prefix}dimension ref="{reference}"/>'
            self._splices.append((element.start, element.end, written))

    def set_links(self, first: int, links: Iterable[tuple[str, str]]) -> None:
        """Put links to places in this workbook in place of all links in row ``first`` and below it.

        Args:
            first: from 1.
            links: cell and location of each new link.
        """
        p = self._prefix
        kept = [
            self._data[link.start : link.end].decode()
            for link in self._links
            if not _reaches(link.attributes.get("ref", ""), first)
        ]
        new = [f'<{p}hyperlink ref="{cell}" location="{text(location)}"/>' for cell, location in links]
        written = f"<{p}hyperlinks>{''.join([*kept, *new])}</{p}hyperlinks>" if kept or new else ""
        old = self._parts.get("hyperlinks")
        if old is not None:
            self._splices.append((old.start, old.end, written))
        else:
            at = min(
                (part.start for name, part in self._parts.items() if name in _BEHIND_LINKS),
                default=self._parts["worksheet"].stop,
            )
            self._splices.append((at, at, written))

    def result(self) -> bytes:
        """The XML with all changes made."""
        blocks, position = [], 0
        for start, end, written in sorted(self._splices, key=lambda splice: splice[:2]):
            blocks += [self._data[position:start], written.encode()]
            position = end
        return b"".join([*blocks, self._data[position:]])

    # -- rows and cells as text

    def row(self, number: int, cells: str, height: float | None = None, hidden: bool = False) -> str:
        """Write a row.

        Args:
            number: from 1.
            cells: written by :meth:`cell`, from left to right.
            height: in points; without it the program that opens the file decides.
            hidden: whether it is not shown.
        """
        p = self._prefix
        size = "" if height is None else f' ht="{height:g}" customHeight="1"'
        return f'<{p}row r="{number}"{size}{" hidden=" + chr(34) + "1" + chr(34) if hidden else ""}>{cells}</{p}row>'

    def cell(self, address: str, style: int, content: Content) -> str:
        """Write a cell with a constant: a text stays a text whatever it starts with; "" leaves it empty."""
        p = self._prefix
        head = f'<{p}c r="{address}" s="{style}"'
        if isinstance(content, str):
            if not content:
                return f"{head}/>"
            inline = f'<{p}is><{p}t xml:space="preserve">{text(content)}</{p}t></{p}is>'
            return f'{head} t="inlineStr">{inline}</{p}c>'
        return f"{head}><{p}v>{content!r}</{p}v></{p}c>"

    # -- finding

    def _lose(self, start: int, end: int) -> None:
        self.lost_formulas = self.lost_formulas or _FORMULA.search(self._data, start, end) is not None

    def _find(self) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        path: list[tuple[str, dict[str, str], int]] = []
        place = [
            0,
            0,
            0,
        ]  # row and column, for files that leave them implied, and how many elements there were

        def start(name: str, attributes: dict[str, str]) -> None:
            space, _, local = name.rpartition(" ")
            inside = path and path[0][0].rpartition(" ")[0] == space
            if inside and local == "row" and len(path) == 2:
                place[:2] = int(attributes.setdefault("r", str(place[0] + 1))), 0
            elif inside and local == "c" and len(path) == 3:
                reference = attributes.setdefault("r", f"{column_letter(place[1] + 1)}{place[0]}")
                place[1] = column_number(reference.rstrip("0123456789"))
            path.append((name, attributes, parser.CurrentByteIndex))
            place[2] += 1
            if len(path) > _DEEPEST or place[2] > _MOST:
                raise Malformed("deeper or longer than any sheet")

        def end(name: str) -> None:
            position = parser.CurrentByteIndex
            _, attributes, first = path.pop()
            space, _, local = name.rpartition(" ")
            if path and path[0][0].rpartition(" ")[0] != space:
                return
            tag = _TAG.match(self._data, first)
            assert tag is not None
            if self._data[tag.end() - 2 : tag.end()] == b"/>":
                element = Element(attributes, first, tag.end(), tag.end(), tag.end())
            else:
                element = Element(
                    attributes, first, tag.end(), position, self._data.index(b">", position) + 1
                )
            match [entry[0].rpartition(" ")[2] for entry in path[1:]], local:
                case [], _:
                    self._parts.setdefault(local, element)
                case ["sheetData"], "row":
                    self._rows.append((int(attributes["r"]), element))
                case ["sheetData", "row"], "c":
                    self._cells[attributes["r"]] = element
                case ["hyperlinks"], "hyperlink":
                    self._links.append(element)

        def doctype(*_: object) -> None:
            raise Malformed("document type")

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.StartDoctypeDeclHandler = doctype
        try:
            parser.Parse(self._data, True)
        except (expat.ExpatError, ValueError) as error:
            raise Malformed(str(error)) from error
