"""A macro workbook without its macros: the parts of it that change or go.

What goes is the VBA, the buttons, the ribbon, the functions of the add-in and the link to it; what only these led to
goes with them. Everything else stays byte for byte: other drawings, comments, controls, links to other workbooks.

Kinds of relations and parts: ECMA-376 part 1, 11 and 12; controls, macros and ribbon: MS-XLSX, MS-OFFMACRO,
MS-CUSTOMUI.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, field

from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.pieces import Edit, Piece, edited, escaped, pieces, retagged, utf8
from jixiao.books.vba import unwrap
from jixiao.books.vba.wrappers import ADDIN_NAME
from jixiao.measures import WORKSHEET_PREFIX

_TYPES = "[Content_Types].xml"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MACROS = "application/vnd.ms-office.vbaProject"
_SHEETS = frozenset({"worksheet", "chartsheet", "dialogsheet"})
_MACRO_SHEETS = frozenset({"xlMacrosheet", "xlIntlMacrosheet"})
#: Relations that are cut wherever they start; a signature of the whole file does not hold for its copy.
_CUT = frozenset({"vbaProject", "extensibility", "userCustomization", "origin"})
_FORMULAS = frozenset(
    {"f", "formula", "formula1", "formula2", "definedName", "calculatedColumnFormula", "totalsRowFormula"}
)
_ANCHORS = frozenset({"twoCellAnchor", "oneCellAnchor", "absoluteAnchor"})
# Excel writes VML that is not always XML: a line break in a text is <br>.
_SHAPE = re.compile(
    rb"<(?P<tag>(?:\w+:)?(?:shape|rect|oval|group|line|roundrect|polyline|arc|curve|image))\s.*?</(?P=tag)\s*>",
    re.DOTALL,
)
_BUTTON = re.compile(rb"ObjectType\s*=\s*[\"']Button[\"']")
_NUMBER = re.compile(rb"_x0000_s([0-9]+)")


@dataclass
class Plain:
    """What is to be written for a workbook without macros.

    Attributes:
        changes: new content of parts, ``None`` for those that go.
        valued: cells (表!A1) with a formula of the person's own that calls the add-in: it keeps only its value.
    """

    changes: dict[str, bytes | None] = field(default_factory=dict)
    valued: list[str] = field(default_factory=list)


def plain(parts: Parts, names: dict[str, str]) -> Plain:
    """Take the macros out of a workbook.

    Args:
        parts: the workbook.
        names: name of each sheet by its part.

    Raises:
        Unreadable: a part is damaged, or the workbook has macros that are sheets.
    """
    return _Work(parts, names).done()


class _Work:
    """The parts as they become, and the relations that are cut, by the part they start from."""

    def __init__(self, parts: Parts, names: dict[str, str]) -> None:
        self.parts, self.names = parts, names
        self.changed: dict[str, bytes] = {}
        self.cut: dict[str, set[str]] = defaultdict(set)
        self.valued: list[str] = []

    def done(self) -> Plain:
        before = self._reached()
        for source in before:
            for key, relation in self.parts.relations(source).items():
                if relation.kind in _MACRO_SHEETS:
                    raise Unreadable(
                        self.parts.path,
                        "工作簿里有旧式的宏表，上报件不能带宏",
                        "请删除这张宏表，再生成上报件",
                    )
                if relation.kind in _CUT:
                    self.cut[source].add(key)
        self._workbook()
        for relation in self.parts.relations(self.parts.workbook).values():
            if relation.kind in _SHEETS and relation.target in self.parts:
                self._sheet(relation.target)
        for part in self._with_formulas(before):
            self._formulas(part)
        self._links(before)
        if self.valued:  # the chain of calculation may list no cell without a formula; Excel makes a new one
            self._cut_kind(self.parts.workbook, "calcChain")
        return self._packed(before)

    # -- parts

    def _data(self, part: str) -> bytes:
        if part not in self.parts:
            raise self.parts.damaged(f"缺少部件 {part}")
        try:
            return self.changed[part] if part in self.changed else utf8(self.parts[part])
        except UnicodeDecodeError as error:
            raise self.parts.unparsable(part) from error

    def _pieces(self, part: str) -> list[Piece]:
        try:
            return pieces(self._data(part))
        except ValueError as error:
            raise self.parts.unparsable(part) from error

    def _edit(self, part: str, edits: list[Edit]) -> None:
        if edits:
            self.changed[part] = edited(self._data(part), edits)

    def _cut_kind(self, source: str, kind: str) -> None:
        self.cut[source] |= {
            key for key, relation in self.parts.relations(source).items() if relation.kind == kind
        }

    def _target(self, source: str, piece: Piece | None, kind: str) -> str:
        """The part that an element leads to; "" when it leads nowhere."""
        relation = self.parts.relations(source).get(piece.related()) if piece is not None else None
        if relation is None or relation.kind != kind or relation.target not in self.parts:
            return ""
        return relation.target

    def _reached(self) -> list[str]:
        """All parts that relations lead to and that are not cut off, from the package (called "") on."""
        found, waiting = dict.fromkeys([""]), [""]
        while waiting:
            source = waiting.pop()
            for key, relation in self.parts.relations(source).items():
                if relation.external or key in self.cut[source] or relation.target in found:
                    continue
                if relation.target in self.parts:
                    found[relation.target] = None
                    waiting.append(relation.target)
        return list(found)

    # -- workbook and sheets

    def _workbook(self) -> None:
        data, part = self._data(self.parts.workbook), self.parts.workbook
        edits = []
        for piece in self._pieces(part):
            if piece.name in ("workbookPr", "fileVersion") and "codeName" in piece.attributes:
                edits.append(retagged(data, piece, codeName=None))
            # Excel lists functions of a macro that it gave a category.
            elif piece.name == "definedName" and piece.attributes.get("vbProcedure") in ("1", "true"):
                edits.append(piece.gone())
        self._edit(part, edits)

    def _sheet(self, part: str) -> None:
        data, found = self._data(part), self._pieces(part)
        first = {piece.name: piece for piece in reversed(found)}
        edits = []
        properties = first.get("sheetPr")
        if properties is not None and "codeName" in properties.attributes:
            edits.append(retagged(data, properties, codeName=None))
        legacy = first.get("legacyDrawing")
        vml = self._target(part, legacy, "vmlDrawing")
        controls = [piece for piece in found if piece.name == "control"]
        buttons = {
            piece.attributes.get("shapeId", "") for piece in controls if self._is_button(part, piece)
        } | self._numbers(vml)
        if vml and self._emptied_vml(vml):
            assert legacy is not None
            edits.append(legacy.wrapped().gone())
            self.cut[part].add(legacy.related())
        kept = len(controls)
        for control in controls:
            if control.attributes.get("shapeId") in buttons:
                edits.append(control.wrapped().gone())
                self.cut[part].add(control.related())
                kept -= 1
        if controls and not kept and "controls" in first:
            edits.append(first["controls"].wrapped().gone())
        drawing = self._target(part, first.get("drawing"), "drawing")
        if drawing and self._emptied_drawing(drawing, buttons):
            edits.append(first["drawing"].wrapped().gone())
            self.cut[part].add(first["drawing"].related())
        self._edit(part, edits)

    def _is_button(self, sheet: str, control: Piece) -> bool:
        target = self._target(sheet, control, "ctrlProp")
        return bool(target) and self._pieces(target)[0].attributes.get("objectType") == "Button"

    def _numbers(self, vml: str) -> set[str]:
        """Numbers of the buttons in a drawing of the old kind."""
        return {
            number.decode()
            for match in _SHAPE.finditer(self.parts[vml] if vml else b"")
            if _BUTTON.search(match[0])
            for number in _NUMBER.findall(match[0])[:1]
        }

    def _emptied_vml(self, part: str) -> bool:
        """Take the buttons out of a drawing of the old kind; whether nothing is left in it."""
        shapes = list(_SHAPE.finditer(self.parts[part]))
        gone = [match for match in shapes if _BUTTON.search(match[0])]
        self._edit(part, [(match.start(), match.end(), b"") for match in gone])
        return bool(gone) and len(gone) == len(shapes)

    def _emptied_drawing(self, part: str, buttons: set[str]) -> bool:
        """Take the buttons out of a drawing; whether nothing is left in it. A picture loses only its macro."""
        data = self._data(part)
        edits: list[Edit] = []
        anchors = [piece for piece in self._pieces(part) if piece.name in _ANCHORS]
        left = len(anchors)
        for anchor in anchors:
            shape = next((child for child in anchor.children if child.name == "sp"), None)
            if shape is not None and _draws_button(shape, buttons):
                edits.append(anchor.wrapped().gone())
                left -= 1
            else:
                edits += [
                    retagged(data, piece, macro="")
                    for piece in anchor.within()
                    if piece.attributes.get("macro")
                ]
        self._edit(part, edits)
        return bool(anchors) and not left

    # -- formulas

    def _with_formulas(self, reached: list[str]) -> list[str]:
        """The parts that may call the add-in."""
        prefix = WORKSHEET_PREFIX.encode()
        return [
            part
            for part in reached
            if part.startswith("xl/") and part.endswith(".xml") and prefix in self._data(part).upper()
        ]

    def _formulas(self, part: str) -> None:
        edits: list[Edit] = []
        left: list[Piece] = []
        found = self._pieces(part)
        for piece in found:
            if piece.name not in _FORMULAS or not unwrap.calls(piece.text):
                continue
            native = unwrap.native(piece.text)
            if native != piece.text:
                edits.append((piece.inside, piece.stop, escaped(native)))
            if unwrap.calls(native) and _in_cell(piece):
                left.append(piece)
        self._edit(part, edits)
        if left:
            self._to_values(part, {piece.attributes.get("si", "") for piece in left if _shared(piece)})

    def _to_values(self, part: str, shared: set[str]) -> None:
        """Leave only their values to cells that call the add-in themselves: nobody else could calculate them."""
        data = self._data(part)
        edits = []
        for piece in self._pieces(part):
            if not _in_cell(piece):
                continue
            if unwrap.calls(piece.text) or (_shared(piece) and piece.attributes.get("si") in shared):
                cell = piece.parent
                assert cell is not None
                edits += [piece.gone(), retagged(data, cell, cm=None)]
                self.valued.append(f"{self.names.get(part, '')}!{cell.attributes.get('r', '')}")
        self._edit(part, edits)

    # -- links to other workbooks

    def _links(self, reached: list[str]) -> None:
        """Leave out the link to the add-in, provided that nothing refers to it any more."""
        listed = [piece for piece in self._pieces(self.parts.workbook) if piece.name == "externalReference"]
        ours = {
            number
            for number, piece in enumerate(listed, 1)
            if self._is_addin(self._target(self.parts.workbook, piece, "externalLink"))
        }
        if not ours:
            return
        parts = [part for part in reached if part.startswith("xl/") and part.endswith(".xml")]
        formulas = [
            (part, piece)
            for part in parts
            if b"[" in self._data(part)
            for piece in self._pieces(part)
            if piece.name in _FORMULAS and unwrap.books(piece.text)
        ]
        for _, piece in formulas:
            ours -= unwrap.books(piece.text)
        if not ours:
            return
        kept = [number for number in range(1, len(listed) + 1) if number not in ours]
        numbers = {old: new for new, old in enumerate(kept, 1)}
        edits: dict[str, list[Edit]] = defaultdict(list)
        for part, piece in formulas:
            new = unwrap.renumbered(piece.text, numbers)
            if new != piece.text:
                edits[part].append((piece.inside, piece.stop, escaped(new)))
        listing = listed[0].parent
        assert listing is not None
        gone = [listed[number - 1] for number in ours] if kept else [listing]
        edits[self.parts.workbook] += [piece.gone() for piece in gone]
        self.cut[self.parts.workbook] |= {listed[number - 1].related() for number in ours}
        for part, changes in edits.items():
            self._edit(part, changes)

    def _is_addin(self, link: str) -> bool:
        targets = [
            relation.target for relation in self.parts.relations(link).values() if link and relation.external
        ]
        return any(target.replace("\\", "/").rpartition("/")[2].lower() == ADDIN_NAME for target in targets)

    # -- the package

    def _packed(self, before: list[str]) -> Plain:
        """Everything that changes, without what only the cut relations led to."""
        gone = set(before) - set(self._reached())
        for source, keys in self.cut.items():
            listing = _listing(source)
            if keys and source not in gone and listing in self.parts:
                relations = [piece for piece in self._pieces(listing) if piece.name == "Relationship"]
                cut = [piece for piece in relations if piece.attributes.get("Id") in keys]
                if len(cut) == len(relations):
                    gone.add(listing)
                self._edit(listing, [piece.gone() for piece in cut])
        gone |= {_listing(part) for part in gone if _listing(part) in self.parts}
        self._types(gone)
        return Plain({**self.changed, **dict.fromkeys(gone)}, self.valued)

    def _types(self, gone: set[str]) -> None:
        data = self._data(_TYPES)
        edits = []
        for piece in self._pieces(_TYPES):
            kind, name = piece.attributes.get("ContentType", ""), piece.attributes.get("PartName", "")
            if name.lstrip("/") in gone or (piece.name == "Default" and kind == _MACROS):
                edits.append(piece.gone())
            elif kind != _WORKBOOK and (
                name.lstrip("/") == self.parts.workbook or kind.endswith("macroEnabled.main+xml")
            ):
                edits.append(retagged(data, piece, ContentType=_WORKBOOK))
        self._edit(_TYPES, edits)


def _draws_button(shape: Piece, buttons: set[str]) -> bool:
    """Whether a shape stands for a button, or is one of ours itself."""
    if "jixiao" in shape.attributes.get("macro", "").lower():
        return True
    marks = [piece.attributes.get("spid", "") for piece in shape.within() if piece.name == "compatExt"]
    return any(mark.removeprefix("_x0000_s") in buttons for mark in marks)


def _in_cell(piece: Piece) -> bool:
    return piece.name == "f" and piece.parent is not None and piece.parent.name == "c"


def _shared(piece: Piece) -> bool:
    return piece.attributes.get("t") == "shared"


def _listing(part: str) -> str:
    """The part that lists the relations of a part."""
    folder, base = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{base}.rels")
