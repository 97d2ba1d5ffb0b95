"""What stands in the cells of a closed workbook.

A filing has some 10,000 cells, and nine of ten are what the sheet calculates beside the form. Who wants what people filled
in asks for lines, up to the last column of the form: a row is read at once, in the way that rows with the same tags were
read before (docs/decisions/0038-read-up-to-the-last-column.md, 0039-rows-with-the-same-tags.md). Any other cell is found,
converted and decoded when asked for.

The patterns here read the spelling that :mod:`jixiao.books.ooxml.markup` guarantees; where a cell is spelled in another
legal way, its sheet is rewritten once.

Rules of the format: ECMA-376 part 1, 18.3 (worksheets), 18.4 (shared strings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import isfinite, nan
from types import MappingProxyType
from typing import NamedTuple

from jixiao.books.ooxml import markup
from jixiao.books.ooxml.addresses import LAST_COLUMN, LAST_ROW, split_a1
from jixiao.books.ooxml.markup import column_letter, column_number, places, remembering, unescape
from jixiao.books.ooxml.parts import Parts

#: Z, the last column with one letter; forms are narrower.
_LAST_LETTER = 26


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
    """Index into the cell styles, for :meth:`jixiao.books.ooxml.workbook.Workbook.display_text`."""


# --- text -----------------------------------------------------------------------------------------

_PLAIN_ITEM = re.compile(r'<si><t(?: xml:space="preserve"|)>([^<]*)</t></si>')
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


def shared_strings(parts: Parts, name: str) -> dict[bytes, str]:
    """Return the workbook's texts by their index as written in a cell."""
    text = parts.text(name)
    count = text.count("<si")
    if count > markup.ELEMENT_LIMIT:
        raise parts.damaged(f"部件 {name} 里的文字超过 {markup.ELEMENT_LIMIT} 条，不像一份填报件")
    items = _PLAIN_ITEM.findall(text)
    if len(items) != count:  # some have several runs
        items = list(map(_text, text.split("<si")[1:]))
    elif "&" in text or "_x" in text:
        items = [_decode(item) if "&" in item or "_x" in item else item for item in items]
    return dict(zip(map(b"%d".__mod__, range(count)), items, strict=True))


# --- cells ----------------------------------------------------------------------------------------

# What follows the address of a cell: attributes; formula and value, each from behind the name of its element.
# "(?:x|)" rather than "(?:x)?": the matcher takes three times as long over the latter.
_INSIDE = (
    r'"([^/>]*+)(?:{blank}>(?:<f([^<]*)(?:</f>|)|)'
    r'(?:<(?:v|is><t(?: xml:space="preserve"|))(>[^<]*)</(?:v|t></is)>|)</c>)'
)
_CELL = re.compile(b'<c r="([^"]*)' + _INSIDE.format(blank="/>|").encode())
_FILLED_CELL_OR_ROW = re.compile(
    '<(?:c r="([A-Z]{1,3})([1-9][0-9]{0,6})' + _INSIDE.format(blank="") + '|row(?: r="([1-9][0-9]{0,6})"|))'
)
_CELL_BLOCK = re.compile(rb'<c r="[^"]*"([^>]*)>(.*?)</c>', re.DOTALL)
_WHOLE_ROW = re.compile(rb'<row r="([^"]*)">(.*?)</row>', re.DOTALL)
_BETWEEN_TAGS = re.compile(rb">([^<]+)<")
_TEXT_MARK = b">0<"
_NOWHERE = b"<%d<"
#: The kinds of cells that hold a number.
_NUMERIC = ("", "n")
#: Bytes of a row that is read whole, which is quicker than to look where the form ends.
_SHORT_ROW = 1000
_ADDRESS = re.compile(rb'<c r="([^"]*)"')
_MERGE = re.compile(rb'<mergeCell ref="([^"&]*)"')
_FORMULA = re.compile(r"<f(?: [^<>]*)?>([^<]*)</f>")
_VALUE = re.compile(r"<v(?: [^<>]*)?>([^<]*)</v>")
_INLINE = re.compile(r"<is((?: [^<>]*)?>.*?)</is>", re.DOTALL)


Line = Mapping[str, Value]
"""What stands in one row, by the letters of the columns, without blank cells; ``None`` is a formula without cached result."""
_EMPTY: Line = MappingProxyType({})


class _Scheme(NamedTuple):
    """How rows are read that are alike but for what stands between their tags.

    What stands there is known by its place among all pieces of the row, tags included.
    """

    strings: list[tuple[str, int]]
    """The cells with an index into the shared strings, each with its place."""
    numbers: list[tuple[str, int]]
    others: list[tuple[str, str, int]]
    """Those of other kinds: letters, kind, place."""
    fixed: dict[str, Value]
    """The cells without any text: mostly formulas that were never computed."""
    styles: dict[str, int]


class Cells:
    """The cells of one sheet, found by address."""

    def __init__(self, parts: Parts, part: str, strings: Mapping[bytes, str]) -> None:
        self._parts = parts
        self._part = part
        self._strings = strings
        self._rewritten = False
        self._lines: dict[int, Line] = {}
        self._styles: dict[int, Mapping[str, int]] = {}
        self._width, self._edge = 0, _NOWHERE
        data = parts[part]
        self._data = data if markup.usual(data) else self._canonical()

    def __getitem__(self, reference: str) -> Cell | None:
        """Return the cell at an address written like ``F14``; ``None`` when the sheet does not store it."""
        address = reference.encode()
        return self._find(address.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"), address)

    def get(self, row: int, column: int) -> Cell | None:
        """Return the cell at a row and column counted from 1; ``None`` when the sheet does not store it."""
        return self[f"{column_letter(column)}{row}"]

    def line(self, row: int, columns: int) -> Line:
        """Return what stands in the first columns of a row counted from 1, and perhaps in some behind them."""
        if columns > self._width:
            self._width, self._lines, self._edge = columns, {}, _NOWHERE
        line = self._lines.get(row)
        if line is None:
            line = self._lines[row] = self._read_line(row)
        return line

    def style(self, row: int, letters: str) -> int:
        """Return the style of a cell that a line said something of."""
        return self._styles[row][letters]

    def lines(self, rows: range, columns: int) -> Iterator[tuple[int, Line]]:
        """Yield the rows among these in whose first columns anything stands, in their order, with what stands there."""
        few: Iterable[int] = rows
        if len(rows) > len(self._rows):
            few = sorted(filter(rows.__contains__, map(int, filter(_row_exists, self._rows))))
        for row in few:
            if line := self.line(row, columns):
                yield row, line

    def items(self) -> Iterator[tuple[str, Cell]]:
        """Iterate over address and content of all cells that a sheet can have, row by row as stored."""
        self._check_spelling()
        for number in filter(_row_exists, self._rows):
            row = self._row(number)
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
            for number in self._rows
            for address in _ADDRESS.findall(self._row(number))
            if not (_row_exists(number) and _column_exists(address.removesuffix(number)))
        ]

    @cached_property
    def merges(self) -> list[tuple[int, int, int, int]]:
        """Merged ranges: first row, first column, last row, last column, from 1."""
        rest = self._data[self._body()[1] :]
        references = _MERGE.findall(rest)
        if len(references) != rest.count(b"<mergeCell") - rest.count(b"<mergeCells"):
            self._rewrite()
            references = _MERGE.findall(self._data[self._body()[1] :])
        found = []
        for reference in map(self._utf8, references):
            first, _, last = reference.partition(":")
            start, end = split_a1(first), split_a1(last or first)
            if start is not None and end is not None:
                found.append((*start, *end))
        return found

    def _find(self, number: bytes, address: bytes) -> Cell | None:
        row = self._row(number)
        position = row.find(b'<c r="%b"' % address)
        if position < 0:
            if self._rewritten or not _overlooks(row):
                return None
        else:
            cell = self._at(row, position)
            if cell is not None or self._rewritten:
                return cell
        self._rewrite()
        return self._find(number, address)

    def _at(self, row: bytes, position: int) -> Cell | None:
        """Convert the cell that starts at a position; ``None`` when it is spelled in another way."""
        match = _CELL.match(row, position)
        cell = self._cell(match) if match is not None else None
        if cell is None and self._rewritten and (block := _CELL_BLOCK.match(row, position)) is not None:
            return self._block(block)
        return cell

    def _cell(self, match: re.Match[bytes]) -> Cell | None:
        """Convert a cell; ``None`` when its attributes are spelled in another way."""
        _, attributes, formula, value = match.groups()
        known = _empty_and_kind(self._utf8(attributes))
        if known is None:
            return None
        empty, kind = known
        if formula is value is None:
            return empty
        content = self._value(kind, value[1:]) if value is not None else None
        return Cell(content, _formula(self._utf8(formula)) if formula is not None else None, empty.style)

    # -- what stands in the first columns of a row, at once

    def _read_line(self, row: int) -> Line:
        start, end = self._rows.get(b"%d" % row, (0, 0))
        pieces = _BETWEEN_TAGS.split(self._data[start : self._cut(row, start, end)])
        tags = _TEXT_MARK.join(pieces[::2])
        if len(pieces) == 1 and b"</c" not in tags:  # it ends whatever holds anything, however that begins
            return _EMPTY
        scheme = _scheme(tags)
        if scheme is None:
            if self._rewritten:
                return self._unusual_line(row, self._data[start:end])
            self._rewrite()
            return self._read_line(row)
        self._styles[row] = scheme.styles
        line, strings = scheme.fixed.copy(), self._strings
        for letters, place in scheme.strings:
            line[letters] = strings.get(pieces[place], "")  # an index of no text shows nothing
        try:
            for letters, place in scheme.numbers:
                line[letters] = _number(pieces[place])
            for letters, kind, place in scheme.others:
                line[letters] = _content(kind, pieces[place])
        except UnicodeDecodeError as error:
            raise self._parts.unparsable(self._part) from error
        return line

    def _unusual_line(self, row: int, cells: bytes) -> Line:
        """The same cell by cell, whatever parts the cells have."""
        line: dict[str, Value] = {}
        styles = self._styles[row] = {}
        for address in _ADDRESS.finditer(cells):
            letters = address[1].rstrip(b"0123456789")
            cell = self._at(cells, address.start())
            if cell is None or (cell.value is None and cell.formula is None):
                continue
            if address[1][len(letters) :] == b"%d" % row:
                line[letters.decode()], styles[letters.decode()] = cell.value, cell.style
        return line

    def _cut(self, row: int, start: int, end: int) -> int:
        """Where in a row, which begins and ends there, the first cell behind the columns that are read begins, or one a
        little farther: what is calculated there is nine tenths of a sheet.

        Cells of a row stand in the order of their columns; Excel opens no other sheet.
        """
        behind = _behind(self._width)
        if behind is None or end - start < _SHORT_ROW:
            return end
        place = self._data.find(self._edge % row, start, end)  # mostly in the same column as in the row above
        if place < 0 and (match := behind.search(self._data, start, end)):
            place, self._edge = match.start(), match[0].rstrip(b"0123456789") + b'%d"'
        return place if place >= 0 else end

    # -- the sheet, whatever its spelling

    def _check_spelling(self) -> None:
        """Rewrite the sheet if some cell in it is spelled so that it would be overlooked."""
        if not self._rewritten and any(map(_overlooks, map(self._row, self._rows))):
            self._rewrite()

    def _row(self, number: bytes) -> bytes:
        """A row by its number as written; nothing when the sheet does not store it."""
        start, end = self._rows.get(number, (0, 0))
        return self._data[start:end]

    @cached_property
    def _rows(self) -> dict[bytes, tuple[int, int]]:
        """Where each row begins and ends, by its number as written."""
        (start, end), data = self._body(), self._data
        found = [*places(data, b"<row", 3, start, end)]
        starts = [place for place in found if data.startswith(b' r="', place + 4)]
        numbers = [data[place + 8 : data.find(b'"', place + 8)] for place in starts]
        rows = dict(zip(numbers, pairwise([*starts, end]), strict=True))
        if not self._rewritten and (len(rows) < len(found) or not (b"0" + b"".join(numbers)).isdigit()):
            self._rewrite()
            return self._rows
        return rows

    def _body(self) -> tuple[int, int]:
        """Where the rows begin and end."""
        start, end = self._data.find(b"<sheetData>"), self._data.rfind(b"</sheetData>")
        if 0 <= start < end:
            return start, end
        if b"<sheetData" in self._data and not self._rewritten:
            self._rewrite()
            return self._body()
        return 0, 0

    def _canonical(self) -> bytes:
        """The whole part in the known spelling, each row once."""
        self._rewritten = True
        data = self._parts.canonical(self._part).encode()
        rows: dict[bytes, list[bytes]] = {}
        for number, cells in _WHOLE_ROW.findall(data):
            rows.setdefault(number, []).append(cells)
        once = (b'<row r="%b">%b</row>' % (number, b"".join(cells)) for number, cells in rows.items())
        start, end = data.find(b"<row "), data.rfind(b"</row>")
        return data[:start] + b"".join(once) + data[end + 6 :] if start >= 0 else data

    def _rewrite(self) -> None:
        self._data = self._canonical()
        self.__dict__.pop("_rows", None)

    def _block(self, match: re.Match[bytes]) -> Cell:
        """Convert a cell with parts that are rare: text of its own, unusual attributes, several elements."""
        empty, kind = _empty_and_kind(self._utf8(match[1])) or (Cell(None, None, 0), "")
        body = self._utf8(match[2])
        formula, value, inline = _FORMULA.search(body), _VALUE.search(body), _INLINE.search(body)
        if kind == "inlineStr":
            content: Value = _text(inline[1] + "</is>") if inline is not None else None
        else:
            content = self._value(kind, value[1].encode()) if value is not None else None
        return Cell(content, unescape(formula[1]) if formula is not None else None, empty.style)

    def _value(self, kind: str, content: bytes) -> Value:
        if kind == "s":
            return self._strings.get(content)
        try:
            return _content(kind, content)
        except UnicodeDecodeError as error:
            raise self._parts.unparsable(self._part) from error

    def _utf8(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise self._parts.unparsable(self._part) from error


def _content(kind: str, content: bytes) -> Value:
    """Convert what a cell holds itself.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
    """
    if kind in _NUMERIC:
        return _number(content)
    if kind == "b":
        return content.strip() in (b"1", b"true")
    return ErrorValue(unescape(content.decode())) if kind == "e" else _decode(content.decode())


def _number(content: bytes) -> Value:
    try:
        number = float(content)
    except ValueError:
        number = nan
    # LibreOffice writes INF for what is too large; an infinity or nan has another meaning here.
    return number if isfinite(number) else unescape(content.decode()) or None


def _formula(element: str) -> str:
    """Return the text of an ``<f>`` given from behind its name: ``>SUM(A1:A9)``, `` t="shared" si="3"/>``."""
    return unescape(element.partition(">")[2])


def _overlooks(row: bytes) -> bool:
    """Whether a row spells an address so that looking for it would miss it."""
    return row.count(b"<c") != row.count(b'<c r="') or b'r="&' in row


@remembering(entries=2**13, size=8 * 2**10)  # the rows of one issue differ in few ways
def _scheme(row: bytes) -> _Scheme | None:
    """How a row is read, given with a mark for each text between its tags; ``None`` when it is spelled in another way."""
    tags = row.split(_TEXT_MARK)
    numbered = [part for k, tag in enumerate(tags) for part in (b">%d<" % (2 * k - 1), tag)][1:]
    try:
        text = b"".join(numbered).decode()
    except UnicodeDecodeError:
        return None
    scheme = _Scheme([], [], [], {}, {})
    here, rows = "", 0
    found = _FILLED_CELL_OR_ROW.findall(text)
    for letters, number, attributes, formula, value, own in found:
        if own:
            here, rows = own, rows + 1
            continue
        known = _empty_and_kind(attributes)
        if known is None or number != here or letters in scheme.styles:
            return None
        empty, kind = known
        if place := int(value[1:] or 0):
            if kind == "s":
                scheme.strings.append((letters, place))
            elif kind in _NUMERIC:
                scheme.numbers.append((letters, place))
            else:
                scheme.others.append((letters, kind, place))
        else:
            content = _content(kind, b"") if value else None
            if content is None and not formula:
                continue
            scheme.fixed[letters] = content
        scheme.styles[letters] = empty.style
    # Whatever holds anything has an end tag, however it begins.
    return scheme if len(found) - rows == text.count("</c") else None


@lru_cache(maxsize=4096)
def _empty_and_kind(attributes: str) -> tuple[Cell, str] | None:
    """Return an empty cell with the attributes behind ``r``, and what its value would be; ``None`` when they are
    spelled unusually."""
    if markup.STANDARD_ATTRIBUTES.fullmatch(attributes) is None:
        return None
    found = markup.attributes(attributes)
    style = found.get("s", "0")
    return Cell(None, None, int(style) if markup.PLAIN_INDEX.fullmatch(style) else 0), found.get("t", "")


@lru_cache(maxsize=_LAST_LETTER)
def _behind(columns: int) -> re.Pattern[bytes] | None:
    """The start of a cell to the right of a column that has one letter; ``None`` for other columns."""
    if columns > _LAST_LETTER:
        return None
    later = f"[{column_letter(columns + 1)}-Z]|" if columns < _LAST_LETTER else ""
    return re.compile(rf'<c r="(?:{later}[A-Z]{{2,3}})[0-9]'.encode())


@lru_cache(maxsize=LAST_COLUMN)
def _column_exists(letters: bytes) -> bool:
    return re.fullmatch(b"[A-Z]{1,3}", letters) is not None and column_number(letters.decode()) <= LAST_COLUMN


def _row_exists(number: bytes) -> bool:
    return number.isdigit() and number[:1] != b"0" and len(number) <= 7 and int(number) <= LAST_ROW
