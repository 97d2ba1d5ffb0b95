"""Sheets, defined names and cell values of a closed workbook.

A filing has some 4,000 cells of which a check needs a part, so as little as possible is done ahead: a
sheet's bytes are cut into rows, and a cell is found, converted and, where it is text, decoded when asked for.
The patterns here read the spelling that :mod:`jixiao.books.ooxml.markup` guarantees; where a cell is spelled in another
legal way, its sheet is rewritten once.

Rules of the format: ECMA-376 part 1, 18.2 (workbook), 18.3 (worksheets), 18.4 (shared strings), 18.8
(styles).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Literal, NamedTuple

from jixiao.books.ooxml import markup
from jixiao.books.ooxml.formats import BUILT_IN, display
from jixiao.books.ooxml.markup import column_letter, column_number, elements, places, unescape
from jixiao.books.ooxml.parts import Parts, Unreadable

__all__ = [
    "Cell",
    "Cells",
    "ErrorValue",
    "Names",
    "Reference",
    "Sheet",
    "Value",
    "Workbook",
    "column_letter",
    "parse_reference",
    "plain_text",
    "split_a1",
]

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384


class ErrorValue(str):
    """An error in a cell, such as ``#DIV/0!``."""

    __slots__ = ()


Value = float | str | bool | ErrorValue | None


def plain_text(value: Value) -> str:
    """A value as a text, whatever its format: numbers to the 15 digits that Excel keeps, "" for an empty cell."""
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


@dataclass(slots=True)
class Cell:
    """What one cell holds; never changed, empty cells of one style are one object."""

    value: Value
    """Number, text, truth value or error; ``None`` for an empty cell or a formula without cached result."""
    formula: str | None
    """Formula without ``=``; ``""`` when another cell holds its text (shared); ``None`` without one."""
    style: int
    """Index into the cell styles, for :meth:`Workbook.display_text`."""


class Reference(NamedTuple):
    """A rectangle of cells; rows and columns count from 1, last ones included."""

    sheet: str
    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as listed in the workbook."""

    index: int
    """Position among all sheets, from 0; the scope in :attr:`Workbook.names`."""
    name: str
    part: str
    state: Literal["visible", "hidden"]
    """Sheets that only a macro can show count as hidden."""


# --- addresses ------------------------------------------------------------------------------------

_A1 = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_SHEET = r"(?:'((?:[^']|'')+)'|([^'!\s\"()+*/&=<>,;^%{}#-]+))!"
_RANGE = re.compile(
    rf"=?{_SHEET}(?:\$?([A-Z]{{1,3}})\$?([0-9]{{1,7}})(?::\$?([A-Z]{{1,3}})\$?([0-9]{{1,7}}))?"
    r"|\$?([A-Z]{1,3}):\$?([A-Z]{1,3})|\$?([0-9]{1,7}):\$?([0-9]{1,7}))"
)
_TEXT = re.compile(r'=?"((?:[^"]|"")*)"')
_NUMBER = re.compile(r"=?([+-]?[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?|TRUE|FALSE)")


def split_a1(reference: str) -> tuple[int, int] | None:
    """Return row and column, from 1, of an address such as ``F14`` or ``$F$14``; ``None`` if absurd."""
    match = _A1.fullmatch(reference)
    if match is None:
        return None
    row, column = int(match[2]), column_number(match[1])
    return (row, column) if 1 <= row <= LAST_ROW and column <= LAST_COLUMN else None


@lru_cache(maxsize=2**16)  # every filing of one issued workbook has the same names
def parse_reference(text: str) -> Reference | str | None:
    """Read what a defined name refers to.

    Args:
        text: such as ``'附件3-1'!$F$14``, ``'it''s'!$A$1:$B$9``, ``首页!$1:$3`` or ``"项目支出绩效自评表"``.

    Returns:
        The cells; a constant as text (numbers as written); ``None`` for what names no single rectangle of
        this workbook: ``#REF!``, other workbooks, lists of ranges, formulas.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        constant = _TEXT.fullmatch(text)
        if constant is not None:
            return constant[1].replace('""', '"')
        number = _NUMBER.fullmatch(text)
        return number[1] if number is not None else None
    quoted, plain, letters, row, letters2, row2, from_column, to_column, from_row, to_row = match.groups()
    sheet = quoted.replace("''", "'") if quoted else plain
    if "[" in sheet:
        return None
    if row:
        rows = int(row), int(row2 or row)
        columns = column_number(letters), column_number(letters2 or letters)
    elif from_column:
        rows, columns = (1, LAST_ROW), (column_number(from_column), column_number(to_column))
    else:
        rows, columns = (int(from_row), int(to_row)), (1, LAST_COLUMN)
    if min(rows) < 1 or max(rows) > LAST_ROW or max(columns) > LAST_COLUMN:
        return None
    return Reference(sheet, min(rows), min(columns), max(rows), max(columns))


# --- text -----------------------------------------------------------------------------------------

_ONE_RUN = re.compile(r"><t(?:| [^<>]*)>([^<]*)</t></")
_RUN = re.compile(r"<t(?:\s[^<>]*)?>([^<]*)</t>")
_PHONETIC = re.compile(r"<rPh\b.*?</rPh>", re.DOTALL)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _text(item: str) -> str:
    """Return the text of an ``<si>`` or ``<is>``, given from behind its name: ``><t>text</t></si>``."""
    match = _ONE_RUN.match(item)
    if match is not None:
        text = match[1]
    else:
        text = "".join(_RUN.findall(_PHONETIC.sub("", item)))
    return _decode(text)


def _decode(text: str) -> str:
    text = unescape(text)
    if "_x" in text:
        # Excel stores characters that XML cannot hold as _x000D_; surrogates come in pairs.
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class _SharedStrings:
    """The workbook's texts, each converted when first asked for."""

    def __init__(self, parts: Parts, name: str | None) -> None:
        self._items = parts.text(name).split("<si")[1:] if name is not None else []
        self._texts: dict[bytes, str] = {}

    def get(self, index: bytes) -> str | None:
        """Return the text at an index as written in a cell; ``None`` when there is none."""
        text = self._texts.get(index)
        if text is None:
            if not (index.isdigit() and len(index) < 10) or int(index) >= len(self._items):
                return None
            text = self._texts[index] = _text(self._items[int(index)])
        return text


# --- cells ----------------------------------------------------------------------------------------

# "(?:x|)" rather than "(?:x)?": the matcher takes three times as long over the latter.
_CELL = re.compile(
    rb'<c r="([^"]*)"([^/>]*)(?:/>|>(?:<f([^<]*)(?:</f>|)|)'
    rb'(?:<(?:v|is><t(?: xml:space="preserve"|))>([^<]*)</(?:v|t></is)>|)</c>)'
)
_CELL_BLOCK = re.compile(rb'<c r="[^"]*"([^>]*)>(.*?)</c>', re.DOTALL)
_ROW = re.compile(rb'<row r="([^"]*)"')
_ADDRESS = re.compile(rb'<c r="([^"]*)"')
_MERGE = re.compile(rb'<mergeCell ref="([^"&]*)"')
_STANDARD_ATTRIBUTES = re.compile(r'(?: [A-Za-z]+="[^"]*")*')
_FORMULA = re.compile(r"<f(?: [^<>]*)?>([^<]*)</f>")
_VALUE = re.compile(r"<v(?: [^<>]*)?>([^<]*)</v>")
_INLINE = re.compile(r"<is((?: [^<>]*)?>.*?)</is>", re.DOTALL)
_PLAIN_INDEX = re.compile(r"[0-9]{1,9}")


class Cells:
    """The cells of one sheet, found by address."""

    def __init__(self, parts: Parts, part: str, strings: _SharedStrings) -> None:
        self._parts = parts
        self._part = part
        self._strings = strings
        self._rewritten = False
        data = parts[part]
        self._rows, self._rest = self._cut(data if markup.usual(data) else self._canonical())

    def __getitem__(self, reference: str) -> Cell | None:
        """Return the cell at an address written like ``F14``; ``None`` when the sheet does not store it."""
        address = reference.encode()
        return self._find(address.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"), address)

    def get(self, row: int, column: int) -> Cell | None:
        """Return the cell at a row and column counted from 1; ``None`` when the sheet does not store it."""
        return self[f"{column_letter(column)}{row}"]

    def line(self, number: int, letters: Sequence[str]) -> dict[str, Cell]:
        """Return the cells of one row at some columns, by letter, without those that the sheet does not store.

        Args:
            number: the row, from 1.
            letters: columns in their order on the sheet.
        """
        digits = b"%d" % number
        wanted = {letter.encode() + digits: letter for letter in letters}
        found: dict[str, Cell | None] = {}
        for match in _CELL.finditer(self._rows.get(digits, b"")):
            letter = wanted.get(match[1])
            if letter is not None:
                found[letter] = self._cell(match)
                if letter == letters[-1]:  # the row goes on for long
                    break
        if len(found) == len(letters) and None not in found.values():
            return found  # type: ignore[return-value]
        # What was not found is not stored, or is spelled in another way.
        cells = ((letter, found.get(letter) or self[f"{letter}{number}"]) for letter in letters)
        return {letter: cell for letter, cell in cells if cell is not None}

    def items(self) -> Iterator[tuple[str, Cell]]:
        """Iterate over address and content of all cells that a sheet can have, row by row as stored."""
        self._check_spelling()
        for number, row in self._rows.items():
            if not _row_exists(number):
                continue
            for match in _ADDRESS.finditer(row):
                if _column_exists(match[1].removesuffix(number)):
                    cell = self._at(row, match.start()) or self._find(number, match[1])
                    if cell is not None:
                        yield match[1].decode(), cell

    @property
    def problems(self) -> list[str]:
        """Addresses in the file that no sheet has, as written; such cells are ignored."""
        self._check_spelling()
        return [
            self._utf8(address)
            for number, row in self._rows.items()
            for address in _ADDRESS.findall(row)
            if not (_row_exists(number) and _column_exists(address.removesuffix(number)))
        ]

    @cached_property
    def merges(self) -> list[tuple[int, int, int, int]]:
        """Merged ranges: first row, first column, last row, last column, from 1."""
        references = _MERGE.findall(self._rest)
        if len(references) != self._rest.count(b"<mergeCell") - self._rest.count(b"<mergeCells"):
            self._rewrite()
            references = _MERGE.findall(self._rest)
        found = []
        for reference in map(self._utf8, references):
            first, _, last = reference.partition(":")
            start, end = split_a1(first), split_a1(last or first)
            if start is not None and end is not None:
                found.append((*start, *end))
        return found

    def _find(self, number: bytes, address: bytes) -> Cell | None:
        row = self._rows.get(number)
        if row is None:
            return None
        position = row.find(b'<c r="%b"' % address)
        if position < 0:
            if self._rewritten or not _overlooks(row):
                return None
        else:
            cell = self._at(row, position)
            if cell is not None:
                return cell
            if self._rewritten:
                block = _CELL_BLOCK.match(row, position)
                return self._block(block) if block is not None else None
        self._rewrite()
        return self._find(number, address)

    def _at(self, row: bytes, position: int) -> Cell | None:
        """Convert the cell that starts at a position; ``None`` when it is spelled in another way."""
        match = _CELL.match(row, position)
        return self._cell(match) if match is not None else None

    def _cell(self, match: re.Match[bytes]) -> Cell | None:
        """Convert a cell; ``None`` when its attributes are spelled in another way."""
        _, attributes, formula, value = match.groups()
        known = _empty_and_kind(attributes)
        if known is None:
            return None
        empty, kind = known
        if formula is value is None:
            return empty
        content = self._value(kind, value) if value is not None else None
        return Cell(content, self._formula(formula) if formula is not None else None, empty.style)

    def _check_spelling(self) -> None:
        """Rewrite the sheet if some cell in it is spelled so that it would be overlooked."""
        if not self._rewritten and any(map(_overlooks, self._rows.values())):
            self._rewrite()

    def _cut(self, data: bytes) -> tuple[dict[bytes, bytes], bytes]:
        """Return each row by its number as written, and what follows the rows."""
        start, end = data.find(b"<sheetData>"), data.rfind(b"</sheetData>")
        if start < 0 or end < 0:
            if b"<sheetData" in data and not self._rewritten:
                return self._cut(self._canonical())
            return {}, data
        rows: dict[bytes, bytes] = {}
        # "w" stands in few other places.
        for place, following in pairwise([*places(data, b"<row", 3, start, end), end]):
            match = _ROW.match(data, place)
            if match is None or b"&" in match[1]:
                if not self._rewritten:
                    return self._cut(self._canonical())
                if match is None:  # an element that only begins like a row
                    continue
            number, cells = match[1], data[place:following]
            rows[number] = rows[number] + cells if number in rows else cells
        return rows, data[end:]

    def _canonical(self) -> bytes:
        self._rewritten = True
        return self._parts.canonical(self._part).encode()

    def _rewrite(self) -> None:
        self._rows, self._rest = self._cut(self._canonical())

    def _block(self, match: re.Match[bytes]) -> Cell:
        """Convert a cell with parts that are rare: text of its own, unusual attributes, several elements."""
        empty, kind = _empty_and_kind(match[1]) or (Cell(None, None, 0), "")
        body = self._utf8(match[2])
        formula, value, inline = _FORMULA.search(body), _VALUE.search(body), _INLINE.search(body)
        if kind == "inlineStr":
            content: Value = _text(inline[1] + "</is>") if inline is not None else None
        else:
            content = self._value(kind, value[1].encode()) if value is not None else None
        return Cell(content, unescape(formula[1]) if formula is not None else None, empty.style)

    def _value(self, kind: str, content: bytes) -> Value:
        if not kind or kind == "n":
            try:
                number = float(content)
            except ValueError:
                return unescape(self._utf8(content)) or None
            # LibreOffice writes INF for what is too large; an infinity or nan has another meaning here.
            return number if isfinite(number) else self._utf8(content)
        if kind == "s":
            return self._strings.get(content)
        if kind == "b":
            return content.strip() in (b"1", b"true")
        text = self._utf8(content)
        return ErrorValue(unescape(text)) if kind == "e" else _decode(text)

    def _formula(self, element: bytes) -> str:
        """Return the text of an ``<f>`` given from behind its name: ``>SUM(A1:A9)``, `` t="shared" si="3"/>``."""
        return unescape(self._utf8(element.partition(b">")[2]))

    def _utf8(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise _unparsable(self._parts, self._part) from error


def _overlooks(row: bytes) -> bool:
    """Whether a row spells an address so that looking for it would miss it."""
    return row.count(b"<c") != row.count(b'<c r="') or b'r="&' in row


@lru_cache(maxsize=4096)
def _empty_and_kind(attributes: bytes) -> tuple[Cell, str] | None:
    """Return an empty cell with the attributes behind ``r``, and what its value would be; ``None`` when they are
    spelled unusually."""
    text = attributes.decode(errors="replace")
    if _STANDARD_ATTRIBUTES.fullmatch(text) is None:
        return None
    found = markup.attributes(text)
    style = found.get("s", "0")
    return Cell(None, None, int(style) if _PLAIN_INDEX.fullmatch(style) else 0), found.get("t", "")


@lru_cache(maxsize=LAST_COLUMN)
def _column_exists(letters: bytes) -> bool:
    return re.fullmatch(b"[A-Z]{1,3}", letters) is not None and column_number(letters.decode()) <= LAST_COLUMN


def _row_exists(number: bytes) -> bool:
    return number.isdigit() and len(number) <= 7 and 1 <= int(number) <= LAST_ROW


# --- workbook -------------------------------------------------------------------------------------

_NAME = re.compile(r'<definedName name="([^"]*)"([^>]*)>([^<]*)</')


class Names(dict[str, str]):
    """What each defined name of one scope refers to, as text. Never changed once read, and hashed by identity, so
    that what follows from the names can be remembered."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@lru_cache(maxsize=64)  # the filings of one issued workbook have the same names, to the byte
def _scopes(block: str) -> tuple[bool, dict[int | None, Names]]:
    """Whether all names are spelled as usual, and the names by scope."""
    found = _NAME.findall(block)
    by_attributes: dict[str, dict[str, str]] = {}
    for name, attributes, refers_to in found:
        if attributes not in by_attributes:
            by_attributes[attributes] = {}
        by_attributes[attributes][name] = refers_to
    usual = len(found) == block.count("<definedName") and all(
        map(_STANDARD_ATTRIBUTES.fullmatch, by_attributes)
    )
    scopes: dict[int | None, Names] = {None: Names()}
    for text, names in by_attributes.items():
        index = markup.attributes(text).get("localSheetId")
        if index is None or _PLAIN_INDEX.fullmatch(index):
            scope = scopes.setdefault(int(index) if index is not None else None, Names())
            if "&" in block:
                names = {unescape(name): unescape(refers_to) for name, refers_to in names.items()}
            scope.update(names)
    return usual, scopes


@lru_cache(maxsize=64)  # as with names
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
        for index, sheet in enumerate(elements(rest, "sheet")):
            relation = relations.get(sheet.get("r:id", ""))
            if relation is None or relation.target not in parts:
                raise parts.damaged(f"工作表“{sheet.get('name', '')}”没有内容")
            state: Literal["visible", "hidden"] = (
                "visible" if sheet.get("state", "visible") == "visible" else "hidden"
            )
            self.sheets.append(Sheet(index, sheet.get("name", ""), relation.target, state))
        properties = elements(rest, "workbookPr")
        self.date1904 = bool(properties) and properties[0].get("date1904") in ("1", "true", "on")
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
    def _read_names(parts: Parts) -> tuple[Mapping[int | None, Names], str]:
        """Return the names by scope, and the workbook's other elements in canonical text."""
        text = parts.text(parts.workbook)
        before, _, block = text.partition("<definedNames>")
        block, _, after = block.partition("</definedNames>")
        usual, scopes = _scopes(block)
        if block and usual:
            return scopes, _canonical(parts, before + after)
        rest = parts.canonical(parts.workbook)
        return _scopes(rest.partition("<definedNames>")[2].partition("</definedNames>")[0])[1], rest

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
    def _strings(self) -> _SharedStrings:
        name = self._related.get("sharedStrings")
        return _SharedStrings(self.parts, name if name is not None and name in self.parts else None)

    @cached_property
    def _formats(self) -> list[str]:
        """Number format of each cell style."""
        name = self._related.get("styles")
        if name is None or name not in self.parts:
            return []
        try:
            return _number_formats(self.parts[name])
        except markup.Malformed as error:
            raise _unparsable(self.parts, name) from error


def _canonical(parts: Parts, text: str) -> str:
    try:
        return markup.canonical(text)
    except markup.Malformed as error:
        raise _unparsable(parts, parts.workbook) from error


def _unparsable(parts: Parts, name: str) -> Unreadable:
    return parts.damaged(f"部件 {name} 无法解析")
