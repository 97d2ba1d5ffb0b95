"""One spelling of XML.

The same workbook can be spelled in many legal ways: prefixed tags, single quotes, line ends inside tags,
UTF-16, comments. The readers in :mod:`jixiao.books.ooxml.cells` and :mod:`jixiao.books.ooxml.workbook` know one
spelling, the one that Excel, WPS and XlsxWriter write, so that regular expressions can read it fast. :func:`usual` says
whether a part is in it; :func:`canonical` rewrites whatever else is legal; :func:`spelling` does what is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any, TypeVar
from xml.parsers import expat

_RELATIONSHIPS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_ROOTS = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
    "http://schemas.openxmlformats.org/package/2006/content-types",
}

SIZE_LIMIT = 16 * 2**20
"""Bytes of XML that are read as text: some 300,000 cells in one sheet, a hundred times any filing."""

ELEMENT_LIMIT = 10**6
"""Elements of XML that are rewritten: what 300,000 cells have. The shortest that fit into 16 MB would take a minute."""

# Attributes that the readers use, in the order they expect; other elements keep all attributes in source
# order.
_KEPT: dict[str, tuple[str, ...]] = {
    "sheetData": (),
    "row": ("r",),
    "c": ("r", "s", "t"),
    "definedName": ("name", "localSheetId"),
}
_FAR = 1_000_000_000

_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:UTF-8)[\"'])?(?: standalone=[\"'](?:yes|no)[\"'])?\s*\?>)?"
    rb"\s*<([A-Za-z]+)((?: [A-Za-z0-9:]+=\"[^\"<&]*\")*)>"
)
_NAMESPACE = re.compile(r"\sxmlns(:[^\s=]+)?\s*=\s*[\"']([^\"'&]*)[\"']")
_ATTRIBUTE = re.compile(r' ([^\s=]+)="([^"]*)"')
STANDARD_ATTRIBUTES = re.compile(r'(?: [A-Za-z]+="[^"]*")*')
"""Attributes as nearly all programs write them: no prefix, double quotes, one space before each."""
PLAIN_INDEX = re.compile(r"[0-9]{1,9}")
_CHARACTER = re.compile(r"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")


class Malformed(ValueError):  # noqa: N818 - it names what the text is
    """Not well-formed XML, or XML of a kind that no workbook holds (a document type, far too large)."""


def spelling(data: bytes) -> str:
    """Return a part's XML as text in the known spelling.

    Raises:
        Malformed: the part is not XML that a workbook may hold.
    """
    if usual(data):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:  # the part is broken, or in an encoding that it does not declare
            pass
    return canonical(data)


def usual(data: bytes) -> bool:
    """Whether a part is in the known spelling: UTF-8 in which each start tag is spelled ``<name`` and nothing
    else looks like one.

    It then holds no comments, CDATA sections, processing instructions, prefixed workbook elements or line ends
    other than ``\\n``. How attributes are spelled is left to the caller's patterns; where one does not match,
    :func:`canonical` helps. Whether all of it is valid UTF-8 shows only when it is decoded.
    """
    root = _ROOT.match(data)
    if len(data) > SIZE_LIMIT or root is None or not data[-64:].rstrip().endswith(b"</%b>" % root[1]):
        return False
    namespaces = dict(_NAMESPACE.findall(_replaced(root[2])))
    main = namespaces.pop("", None)
    if main not in _ROOTS or main in namespaces.values():
        return False
    if any(uri in _RELATIONSHIPS and prefix != ":r" for prefix, uri in namespaces.items()):
        return False
    start = root.end()  # behind it no place is 0, which any() would overlook
    if (
        data.find(b"\r", start) >= 0
        or any(places(data, b"<!", 1, start))
        or any(places(data, b"<?", 1, start))
    ):
        return False
    for place in places(data, b"xmlns", 0, start):
        inner = _NAMESPACE.match(_replaced(data[place - 1 : data.find(b">", place)]))
        if inner is None or not inner[1] or inner[2] == main or inner[2] in _RELATIONSHIPS:
            return False
    return True


def places(data: bytes, mark: bytes, rare: int, start: int, end: int | None = None) -> Iterator[int]:
    """Yield where a mark stands between two places.

    It is looked for by its byte number ``rare``, which is to be one that seldom stands elsewhere: a single byte
    is found many times faster than several.
    """
    place = data.find(mark[rare], start + rare, end)
    while place >= 0:
        if data.startswith(mark, place - rare):
            yield place - rare
        place = data.find(mark[rare], place + 1, end)


def _replaced(text: bytes) -> str:
    return text.decode(errors="replace")


def canonical(data: bytes | str) -> str:
    """Rewrite XML: no prefixes, double quotes, explicit end tags, ``r`` on every row and cell; foreign
    elements dropped.

    Attributes of the relationships namespace are written ``r:name``.

    Raises:
        Malformed: the part is not well-formed, or has a document type (entity bombs need one).
    """
    if len(data) > SIZE_LIMIT:
        raise Malformed("too large")
    writer = _Writer()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.StartDoctypeDeclHandler = writer.doctype
    try:
        parser.Parse(data.encode() if isinstance(data, str) else data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise Malformed(str(error)) from error
    return "".join(writer.out)


class _Writer:
    """Writes what expat reports, and counts rows and cells where the file leaves their place implied."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.space: str | None = None
        self.foreign = 0
        self.count = 0
        self.row = 0
        self.column = 0

    def doctype(self, *_: object) -> None:
        raise Malformed("document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > ELEMENT_LIMIT:
            raise Malformed("too many elements")
        space, _, local = name.rpartition(" ")
        root = ""
        if self.space is None:
            self.space = space
            root = f' xmlns="{_escape(space)}" xmlns:r="{_RELATIONSHIPS[0]}"'
        if self.foreign or space != self.space:
            self.foreign += 1
            return
        if local == "row":
            self._place_row(attributes)
        elif local == "c":
            self._place_cell(attributes)
        kept = _KEPT.get(local)
        pairs = attributes.items() if kept is None else ((k, attributes[k]) for k in kept if k in attributes)
        self.out.append(f"<{local}{root}{''.join(_attributes(pairs))}>")

    def end(self, name: str) -> None:
        if self.foreign:
            self.foreign -= 1
        else:
            self.out.append(f"</{name.rpartition(' ')[2]}>")

    def text(self, text: str) -> None:
        if not self.foreign:
            self.out.append(_escape(text))

    def _place_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        # A number beyond any sheet stays what it is: it is reported, and the count must not run away with it.
        self.row = (
            int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else self.row + 1
        )
        self.column = 0
        attributes.setdefault("r", str(self.row))

    def _place_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self.column += 1
            attributes["r"] = f"{column_letter(self.column)}{self.row}"
            return
        letters = reference.rstrip("0123456789")
        self.column = column_number(letters) if letters.isascii() and letters.isalpha() else self.column + 1


def _attributes(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, value in pairs:
        space, _, local = key.rpartition(" ")
        if not space:
            yield f' {local}="{_escape(value)}"'
        elif space in _RELATIONSHIPS:
            yield f' r:{local}="{_escape(value)}"'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def unescape(text: str) -> str:
    """Decode the five standard entities and character references; line ends and tabs stay."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _CHARACTER.sub(_character, text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    return text.replace("&amp;", "&")


def _character(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    character = chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return "&amp;" if character == "&" else character


def attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a canonical start tag (``' a="1" b="2"'``), entities decoded."""
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}


def elements(text: str, name: str) -> list[dict[str, str]]:
    """Return the attributes of each element ``name`` in canonical text, in document order."""
    return [attributes(tag) for tag in re.findall(rf"<{name}((?: [^<>]*)?)>", text)]


_Reader = TypeVar("_Reader", bound=Callable[..., Any])


def remembering(entries: int, size: int) -> Callable[[_Reader], _Reader]:
    """Make a function of a text remember what it gave for the last ones, large ones excepted: they are of no filing, and
    would fill the memory.

    Args:
        entries: so many texts are remembered.
        size: of the largest that is, in characters or bytes.
    """

    def decorate(read: _Reader) -> _Reader:
        known = lru_cache(maxsize=entries)(read)

        @wraps(read)
        def call(text: str | bytes, *others: Any) -> Any:
            return read(text, *others) if len(text) > size else known(text, *others)

        return call  # type: ignore[return-value]

    return decorate


#: For the parts of a filing that are the same in many files; they have a third of this.
remembered = remembering(entries=64, size=256 * 2**10)


@lru_cache(maxsize=1024)
def column_letter(column: int) -> str:
    """Return the letters of a column counted from 1 (1 → A, 27 → AA)."""
    letters = ""
    while column > 0:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number, from 1, of column letters; absurdly many letters give an absurdly large number."""
    if len(letters) > 3:
        return _FAR
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
