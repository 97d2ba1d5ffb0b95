"""Sheets, defined names and number formats of a closed workbook.

Rules of the format: ECMA-376 part 1, 18.2 (workbook), 18.8 (styles).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from jixiao.books.ooxml import markup
from jixiao.books.ooxml.cells import Cells, shared_strings
from jixiao.books.ooxml.formats import BUILT_IN, display
from jixiao.books.ooxml.markup import elements, remembered, unescape
from jixiao.books.ooxml.parts import Parts


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as listed in the workbook."""

    index: int
    """Position among all sheets, from 0; the scope in :attr:`Workbook.names`."""
    name: str
    part: str
    state: Literal["visible", "hidden"]
    """Sheets that only a macro can show count as hidden."""


_NAME = re.compile(r'<definedName name="([^"]*)"([^>]*)>([^<]*)</')


class Names(dict[str, str]):
    """What each defined name of one scope refers to, as text. Never changed once read, and hashed by identity, so
    that what follows from the names can be remembered."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def _names_apart(data: bytes) -> tuple[bytes, bytes]:
    """The defined names of a workbook, and all else that its part says."""
    before, _, rest = data.partition(b"<definedNames>")
    names, _, after = rest.partition(b"</definedNames>")
    return names, before + after


@remembered  # the filings of one issued workbook have the same names, to the byte
def _scopes(written: bytes) -> tuple[bool, dict[int | None, Names]]:
    """Whether all names are spelled as usual, and the names by scope."""
    try:
        block = written.decode()
    except UnicodeDecodeError:
        return False, {}
    found = _NAME.findall(block)
    by_attributes: dict[str, dict[str, str]] = {}
    for name, attributes, refers_to in found:
        if attributes not in by_attributes:
            by_attributes[attributes] = {}
        by_attributes[attributes][name] = refers_to
    usual = len(found) == block.count("<definedName") and all(
        map(markup.STANDARD_ATTRIBUTES.fullmatch, by_attributes)
    )
    scopes: dict[int | None, Names] = {None: Names()}
    for text, names in by_attributes.items():
        index = markup.attributes(text).get("localSheetId")
        if index is None or markup.PLAIN_INDEX.fullmatch(index):
            scope = scopes.setdefault(int(index) if index is not None else None, Names())
            if "&" in block:
                names = {unescape(name): unescape(refers_to) for name, refers_to in names.items()}
            scope.update(names)
    return usual, scopes


_Listing = tuple[Sequence[Mapping[str, str]], bool]


@remembered  # as with names
def _listing(data: bytes) -> _Listing:
    """Return the attributes of the sheets, and whether day 0 is 1904-01-01."""
    text = markup.canonical(data)
    properties = elements(text, "workbookPr")
    return elements(text, "sheet"), bool(properties) and properties[0].get("date1904") in ("1", "true", "on")


@remembered  # as with names
def _number_formats(data: bytes) -> list[str]:
    """Return the number format of each cell style."""
    text = markup.canonical(data)
    custom = {item.get("numFmtId"): item.get("formatCode", "General") for item in elements(text, "numFmt")}
    styles = text.partition("<cellXfs")[2].partition("</cellXfs>")[0]
    ids = [item.get("numFmtId", "0") for item in elements(styles, "xf")]
    return [custom.get(number) or BUILT_IN.get(number, "General") for number in ids]


class Workbook:
    """Sheets, names and texts of one workbook.

    Attributes:
        parts: the file.
        sheets: all sheets in tab order.
        names: what each defined name refers to, as text: by sheet index (``None`` for the whole
        workbook), then name. date1904: whether day 0 is 1904-01-01.
    """

    def __init__(self, parts: Parts) -> None:
        """Read the workbook's directory of sheets and names.

        Raises:
            Unreadable: it is damaged.
        """
        self.parts = parts
        self.names, rest = self._read_names(parts)
        relations = parts.relations(parts.workbook)
        self._related = {
            relation.kind: relation.target for relation in relations.values() if not relation.external
        }
        self.sheets: list[Sheet] = []
        listed, self.date1904 = rest
        for index, sheet in enumerate(listed):
            relation = relations.get(sheet.get("r:id", ""))
            if relation is None or relation.target not in parts:
                raise parts.damaged(f"工作表“{sheet.get('name', '')}”没有内容")
            state: Literal["visible", "hidden"] = (
                "visible" if sheet.get("state", "visible") == "visible" else "hidden"
            )
            self.sheets.append(Sheet(index, sheet.get("name", ""), relation.target, state))
        self._cells: dict[str, Cells] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return self.parts.path

    @property
    def external_links(self) -> list[str]:
        """Other files that its formulas refer to."""
        return self.parts.external_links

    @staticmethod
    def _read_names(parts: Parts) -> tuple[Mapping[int | None, Names], _Listing]:
        """Return the names by scope, and what the workbook's other elements say."""
        data = parts[parts.workbook]
        names, rest = _names_apart(data)
        usual, scopes = _scopes(names)
        if not (names and usual and markup.usual(data)):
            names, rest = _names_apart(parts.canonical(parts.workbook).encode())
            _, scopes = _scopes(names)
        try:
            return scopes, _listing(rest)
        except markup.Malformed as error:
            raise parts.unparsable(parts.workbook) from error

    def cells(self, sheet: Sheet) -> Cells:
        """Return the cells of a sheet.

        Raises:
            Unreadable: its part is damaged.
        """
        cells = self._cells.get(sheet.part)
        if cells is None:
            cells = self._cells[sheet.part] = Cells(self.parts, sheet.part, self._strings)
        return cells

    def display_text(self, value: float, style: int) -> str:
        """Return a number as its cell shows it: 0.95 in a percent format is 95%, a day number in a date
        format a date.

        Args:
            value: the cell's number.
            style: the cell's :attr:`Cell.style`.
        """
        codes = self._formats
        return display(value, codes[style] if style < len(codes) else "General", self.date1904)

    @cached_property
    def _strings(self) -> dict[bytes, str]:
        name = self._related.get("sharedStrings")
        return shared_strings(self.parts, name) if name is not None and name in self.parts else {}

    @cached_property
    def _formats(self) -> list[str]:
        """Number format of each cell style."""
        name = self._related.get("styles")
        if name is None or name not in self.parts:
            return []
        try:
            return _number_formats(self.parts[name])
        except markup.Malformed as error:
            raise self.parts.unparsable(name) from error
