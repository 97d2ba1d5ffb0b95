"""Any XML part of a workbook as its elements, each with the bytes it stands in, to be taken out or written anew.

Where :mod:`jixiao.books.ooxml.splice` knows the cells of a sheet, this knows elements only, and serves drawings, relations
and lists of types as well. Every byte outside of what is changed stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from jixiao.books.ooxml.markup import Malformed

_TAG = re.compile(rb"<[^\s/>]+(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_DECLARATION = re.compile(r"^\ufeff?<\?xml[^>]*\?>")
#: What wraps an element of which some programs know a newer form: ECMA-376 part 3.
_WRAPPERS = frozenset({"AlternateContent", "Choice", "Fallback"})

Edit = tuple[int, int, bytes]


@dataclass(slots=True, eq=False)
class Piece:
    """An element and its bytes: from ``start`` to ``end`` the whole, from ``inside`` to ``stop`` its content.

    ``name`` goes without prefix; attributes of another namespace are called ``namespace name``.
    """

    name: str
    attributes: Mapping[str, str]
    parent: Piece | None
    start: int
    inside: int = 0
    stop: int = 0
    end: int = 0
    text: str = ""
    children: list[Piece] = field(default_factory=list)

    def related(self) -> str:
        """The id of the relation that this element names; "" when it names none."""
        return next(
            (value for key, value in self.attributes.items() if key.endswith("/relationships id")), ""
        )

    def wrapped(self) -> Piece:
        """The element together with the alternatives that it is one of."""
        piece = self
        while piece.parent is not None and piece.parent.name in _WRAPPERS:
            piece = piece.parent
        return piece

    def within(self) -> Iterator[Piece]:
        """All elements inside this one."""
        for child in self.children:
            yield child
            yield from child.within()

    def gone(self) -> Edit:
        """The edit that takes the element out."""
        return self.start, self.end, b""


def utf8(data: bytes) -> bytes:
    """A part in the encoding in which it can be cut."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _DECLARATION.sub("", data.decode("utf-16")).encode()
    return data


def pieces(data: bytes) -> list[Piece]:
    """The elements of a part, in the order in which they begin; the first is the root.

    Args:
        data: as :func:`utf8` gives it.

    Raises:
        Malformed: it is not XML that a workbook may hold.
    """
    found: list[Piece] = []
    open_: list[Piece] = []
    texts: list[list[str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        parent = open_[-1] if open_ else None
        piece = Piece(name.rpartition(" ")[2], attributes, parent, parser.CurrentByteIndex)
        if parent is not None:
            parent.children.append(piece)
        found.append(piece)
        open_.append(piece)
        texts.append([])

    def end(_: str) -> None:
        position, piece = parser.CurrentByteIndex, open_.pop()
        piece.text = "".join(texts.pop())
        tag = _TAG.match(data, piece.start)
        if tag is None:  # an encoding in which bytes are not what they seem
            raise Malformed("encoding")
        piece.inside = tag.end()
        if data[piece.inside - 2 : piece.inside] == b"/>":
            piece.stop = piece.end = piece.inside
        else:
            piece.stop, piece.end = position, data.index(b">", position) + 1

    def text(content: str) -> None:
        texts[-1].append(content)

    def doctype(*_: object) -> None:
        raise Malformed("document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise Malformed(str(error)) from error
    return found


def retagged(data: bytes, piece: Piece, **attributes: str | None) -> Edit:
    """The edit that gives an element's start tag some attributes, or takes them away (``None``)."""
    tag = data[piece.start : piece.inside]
    for name, value in attributes.items():
        tag = re.sub(rb"\s%b\s*=\s*(?:\"[^\"]*\"|'[^']*')" % name.encode(), b"", tag)
        if value is not None:
            close = b"/>" if tag.endswith(b"/>") else b">"
            tag = tag.removesuffix(close).rstrip() + b' %b="%b"' % (name.encode(), escaped(value)) + close
    return piece.start, piece.inside, tag


def escaped(text: str) -> bytes:
    """A text as it stands in XML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.encode()


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """A part with all edits made; what lies inside of something that is taken out goes with it."""
    blocks, position = [], 0
    for start, end, written in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start < position:
            continue
        blocks += [data[position:start], written]
        position = end
    return b"".join([*blocks, data[position:]])
