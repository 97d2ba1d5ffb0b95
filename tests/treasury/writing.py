"""Generated filings as real workbooks, some hundred a second: one workbook is built per package, number of projects and
whether last year's filing is known, and for each filing the cells that differ are put into it.

Calculated cells keep their formulas and get the results that jixiao calculates, as Excel saves them. What else follows
from the figures (checks beside the forms, sentences of the report) keeps what the blank workbook shows: the files ask to
be calculated anew when they are opened.
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock
from xml.sax.saxutils import escape

from isal import isal_zlib

from jixiao.binding import UNIT, UNIT_CODE
from jixiao.books import build as building
from jixiao.books.making import paper
from jixiao.books.making.paper import Paper
from jixiao.books.making.previoussheet import rows as rows_of_last_year
from jixiao.books.making.sharing import share
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.places import Block, places
from jixiao.books.previous import PREVIOUS
from jixiao.declarations import Catalogue, Field, Package, Table
from jixiao.filing import MISSING, Filing, Frame, Sheet
from jixiao.scope import Calculation

_STRINGS = "xl/sharedStrings.xml"
_NAMES, _SHEETS = "项目清单.项目名称", "项目清单.表名"
#: Rows of last year's figures that a workbook has room for; the names of the range are built with it.
_LAST_YEAR = 600
_LAST_YEARS_ROWS = re.compile(rb'<row r="2".*</row>', re.DOTALL)
_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_STYLE = re.compile(rb'\bs="([0-9]+)"')
_FORMULA = re.compile(rb"<f>.*?</f>", re.DOTALL)
_COUNTS = re.compile(rb'count="([0-9]+)" uniqueCount="([0-9]+)"')
#: What no XML can hold; Excel writes it so.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class _Slot:
    """A cell that differs from filing to filing: how it begins, its formula, and which piece of the sheet it is."""

    begin: bytes
    formula: bytes
    piece: int


class _Page:
    """The XML of one sheet, cut at the cells that differ. Formulas that repeat are shared, as :func:`build` shares them,
    but not with cells that may lose theirs: who deletes the first one would delete all."""

    def __init__(self, xml: bytes, wanted: Iterable[str]) -> None:
        left = set(wanted)
        hidden = _CELL.sub(
            lambda m: m[0].replace(b"<c r=", b"<c R=", 1) if m[1].decode() in left else m[0], xml
        )
        xml = share(hidden.decode()).encode().replace(b"<c R=", b"<c r=")
        self.pieces: list[bytes] = []
        self.slots: dict[str, _Slot] = {}
        position = 0
        for match in _CELL.finditer(xml):
            address = match[1].decode()
            if address not in left:
                continue
            left.discard(address)
            style, formula = _STYLE.search(match[2]), _FORMULA.search(match[3] or b"")
            begin = b'<c r="%s"%s' % (match[1], b' s="%s"' % style[1] if style else b"")
            self.pieces += [xml[position : match.start()], match[0]]
            self.slots[address] = _Slot(begin, formula[0] if formula else b"", len(self.pieces) - 1)
            position = match.end()
        assert not left, f"cells that the workbook does not have: {sorted(left)}"
        self.pieces.append(xml[position:])

    def filled(self, values: Mapping[str, Any], strings: _Strings) -> bytes:
        """The XML with ``values`` by address; a cell without one stays as it was built."""
        pieces = self.pieces.copy()
        for address, value in values.items():
            slot = self.slots[address]
            pieces[slot.piece] = _cell(slot, value, strings)
        return b"".join(pieces)


@dataclass(slots=True)
class _Result:
    """The value of a cell that keeps its formula."""

    value: Any


def _cell(slot: _Slot, value: Any, strings: _Strings) -> bytes:
    if isinstance(value, _Result) and slot.formula:
        if isinstance(value.value, str):
            return b'%s t="str">%s<v>%s</v></c>' % (slot.begin, slot.formula, _text(value.value))
        return b"%s>%s<v>%.15g</v></c>" % (slot.begin, slot.formula, value.value)
    if isinstance(value, _Result):
        value = value.value
    if value is None or value == "":
        return slot.begin + b"/>"
    if isinstance(value, str):
        return b'%s t="s"><v>%d</v></c>' % (slot.begin, strings.index(value))
    return b"%s><v>%.15g</v></c>" % (slot.begin, value)


def _text(value: str) -> bytes:
    return escape(_CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", value)).encode()


class _Strings:
    """The shared strings of one file: those of the built workbook and, behind them, its own."""

    def __init__(self, first: int) -> None:
        self.first, self.own = first, dict[str, int]()

    def index(self, text: str) -> int:
        return self.own.setdefault(text, self.first + len(self.own))

    def part(self, built: bytes) -> bytes:
        items = b"".join(b'<si><t xml:space="preserve">%s</t></si>' % _text(text) for text in self.own)
        count = self.first + len(self.own)
        head = _COUNTS.sub(b'count="%d" uniqueCount="%d"' % (count, count), built, count=1)
        return head.removesuffix(b"</sst>") + items + b"</sst>"


class _LastYear:
    """The hidden sheet of last year's figures, cut at its rows."""

    def __init__(self, xml: bytes) -> None:
        rows = _LAST_YEARS_ROWS.search(xml)
        assert rows
        self.head, self.tail = xml[: rows.start()], xml[rows.end() :]
        style = _STYLE.search(rows[0])
        assert style
        self.style = style[0]

    def filled(self, previous: Filing, package: Package, strings: _Strings) -> bytes:
        lines = []
        for number, row in enumerate(rows_of_last_year(previous, package), 2):
            cells = b"".join(
                _cell(_Slot(b'<c r="%c%d" %s' % (65 + k, number, self.style), b"", 0), value, strings)
                for k, value in enumerate(row)
                if value not in (None, "")
            )
            lines.append(b'<row r="%d">%s</row>' % (number, cells))
        assert len(lines) <= _LAST_YEAR
        return b"".join([self.head, *lines, self.tail])


class Template:
    """A built workbook, and where in it the values of a filing go."""

    def __init__(self, catalogue: Catalogue, package: str, projects: int, last_year: bool) -> None:
        self.catalogue, self.package = catalogue, catalogue.packages[package]
        names = [f"项目{k + 1}" for k in range(projects)]
        blank = building.blank(self.package, "填报单位", projects=names)
        if last_year:
            fields = {f"第{k}行": "" if k % 2 else float(k) for k in range(_LAST_YEAR)}
            first = next(iter(self.package.forms.values()))
            sheets = [Sheet(first.code, first.sheet_name(1), fields)]
            blank.previous = Filing(package, blank.unit, blank.year - 1, sheets)
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(paper, "share", lambda xml: xml):
            path = Path(folder) / "template.xlsx"
            building.build(self.package, blank, catalogue, path)
            parts = Parts.open(path)
            self.parts = {name: parts[name] for name in parts.names}
            workbook = Workbook(parts)
        self.blocks: dict[str, tuple[Mapping[str, str], list[Block]]] = {}
        wanted: dict[str, set[str]] = {}
        self.tabs = {tab.name: tab.part for tab in workbook.sheets}
        for tab in workbook.sheets:
            form = str(parse_reference(workbook.names.get(tab.index, {}).get("_form", "")))
            if form in self.package.forms:
                found = places(self.package.forms[form], workbook.names[tab.index], tab.name)
                self.blocks[tab.name] = found.addresses, found.blocks
                wanted[tab.name] = {address for _, address in found.fields} | {
                    f"{letter}{row}"
                    for block in found.blocks
                    for code, letter in block.letters.items()
                    if code not in (block.table.section, block.table.subsection)
                    for row in block.rows
                }
        self.front = self._front(workbook)
        wanted[self.front_tab] = {cell for cells in self.front.values() for cell in cells}
        self.pages = {
            self.tabs[name]: _Page(self.parts[self.tabs[name]], cells) for name, cells in wanted.items()
        }
        self.last_year = None
        if PREVIOUS in self.tabs:
            self.last_year = _LastYear(self.parts[self.tabs[PREVIOUS]])
        self.parts["xl/workbook.xml"] = self.parts["xl/workbook.xml"].replace(
            b"<calcPr ", b'<calcPr fullCalcOnLoad="1" ', 1
        )
        counted = _COUNTS.search(self.parts[_STRINGS])
        assert counted and b"fullCalcOnLoad" in self.parts["xl/workbook.xml"]
        self.strings = int(counted[2])
        self.packed = {
            name: _packed(name, data)
            for name, data in self.parts.items()
            if name not in (*self.pages, _STRINGS, self.tabs.get(PREVIOUS))
        }

    def _front(self, workbook: Workbook) -> dict[str, list[str]]:
        result = {}
        for name in (UNIT, UNIT_CODE, *((_NAMES, _SHEETS) if self.package.project_form else ())):
            at = parse_reference(workbook.names[None][name])
            assert isinstance(at, Reference)
            self.front_tab = at.sheet
            result[name] = [
                f"{column_letter(at.first_column)}{row}" for row in range(at.first_row, at.last_row + 1)
            ]
        return result

    def file(self, filing: Filing, results: Mapping[int, Mapping[Any, Any]]) -> bytes:
        """The workbook of a filing; ``results``: for each sheet, by its identity, what its calculated cells show."""
        values = {
            self.tabs[sheet.name]: self._sheet(sheet, filing, results[id(sheet)]) for sheet in filing.sheets
        }
        front: dict[str, Any] = {self.front[UNIT][0]: filing.unit, self.front[UNIT_CODE][0]: filing.unit_code}
        listed = [*filing.projects, *[(None, None)] * len(self.front.get(_NAMES, ()))]
        for column, name in enumerate((_NAMES, _SHEETS)):
            cells = self.front.get(name, ())
            front |= {cell: entry[column] for cell, entry in zip(cells, listed, strict=False)}
        values[self.tabs[self.front_tab]] = front
        strings = _Strings(self.strings)
        packed = {
            name: _packed(name, page.filled(values[name], strings)) for name, page in self.pages.items()
        }
        if self.last_year:
            assert filing.previous
            part = self.tabs[PREVIOUS]
            packed[part] = _packed(part, self.last_year.filled(filing.previous, self.package, strings))
        packed[_STRINGS] = _packed(_STRINGS, strings.part(self.parts[_STRINGS]))
        return _zipped([self.packed.get(name) or packed[name] for name in self.parts])

    def _sheet(self, sheet: Sheet, filing: Filing, results: Mapping[Any, Any]) -> dict[str, Any]:
        form = self.package.forms[sheet.form]
        addresses, blocks = self.blocks[sheet.name]
        values: dict[str, Any] = {}
        for code, field in form.fields.items():
            _put(values, addresses[code], field, sheet.fields, results.get(code), filing)
        for block in blocks:
            table, records = block.table, sheet.tables.get(block.table.code, [])
            own = {
                code: letter
                for code, letter in block.letters.items()
                if code not in (table.section, table.subsection)
            }
            for place, (row, record) in enumerate(zip(_lines(block, records), records, strict=True)):
                for code, letter in own.items():
                    result = results.get((table.code, place, code))
                    _put(values, f"{letter}{row}", table.columns[code], record, result, filing)
            if table.listed:  # the other rows would name the projects that the workbook was built with
                rest = list(block.rows)[len(records) : len(filing.projects)]
                values |= {f"{letter}{row}": None for row in rest for letter in own.values()}
        return values


def _put(
    values: dict[str, Any], address: str, field: Field, record: Mapping[str, Any], result: Any, filing: Filing
) -> None:
    """What a cell holds: the value stated, else the result of its formula, else what it was built with."""
    value = record.get(field.code, MISSING)
    if value is MISSING:
        if result is not None:
            values[address] = _Result(result)
    else:
        values[address] = _Result(value) if field.default == "{unit}" and value == filing.unit else value


def _lines(block: Block, records: Sequence[Mapping[str, Any]]) -> list[int]:
    """The row of the workbook that each record goes into: the first free one of its 二级指标."""
    table: Table = block.table
    if not table.sections:
        return list(block.rows)[: len(records)]
    free: dict[tuple[str, str], list[int]] = {}
    row = block.rows.start
    for section in table.sections:
        for part, count in section.parts.items():
            free[section.name, part] = list(range(row, row + count))
            row += count
    return [free[record[table.section], record[table.subsection]].pop(0) for record in records]


def calculated(filings: Sequence[Filing], catalogue: Catalogue) -> dict[int, dict[Any, Any]]:
    """What the calculated cells of every sheet show, by the identity of the sheet: by code, or table, place and code."""
    package = catalogue.packages[filings[0].package]
    calculation = Calculation(Frame(filings, package.forms), catalogue)
    shown: dict[int, dict[Any, Any]] = {id(sheet): {} for filing in filings for sheet in filing.sheets}
    for code, frame in calculation.frame.forms.items():
        for field in frame.form.fields.values():
            if field.calculated:
                for sheet, value in zip(frame.sheets, calculation.value(code, None, field.code), strict=True):
                    shown[id(sheet)][field.code] = Paper.shown(float(value))
        for table in frame.form.tables.values():
            rows = frame.table(table.code)
            for field in table.columns.values():
                if field.calculated and not field.textual and rows.size:
                    figures = calculation.value(code, table.code, field.code)
                    for parent, place, value in zip(rows.parent, rows.within, figures, strict=True):
                        shown[id(frame.sheets[parent])][table.code, place, field.code] = Paper.shown(
                            float(value)
                        )
    return shown


@lru_cache(maxsize=64)
def _template(version: str, package: str, projects: int, last_year: bool) -> Template:
    return Template(_known[version], package, projects, last_year)


_known: dict[str, Catalogue] = {}


def workbooks(filings: Sequence[Filing], catalogue: Catalogue) -> Iterable[bytes]:
    """The file of each filing; all are of one package."""
    _known[catalogue.version] = catalogue
    results = calculated(filings, catalogue)
    for filing in filings:
        form = catalogue.packages[filing.package].project_form
        projects = len(filing.of(form.code)) if form else 1
        yield _template(catalogue.version, filing.package, projects, filing.previous is not None).file(
            filing, results
        )


# ------------------------------------------------------------------------------------------------------------------ zip

_LOCAL, _CENTRAL = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_FIRST_DAY = 0x21  # 1980-01-01
_Packed = tuple[bytes, bytes, bytes]


def _packed(name: str, data: bytes) -> _Packed:
    """Local header with the data, and the directory record before and behind its offset."""
    deflater = isal_zlib.compressobj(2, isal_zlib.DEFLATED, -15)
    deflated = deflater.compress(data) + deflater.flush()
    common = (20, 0, 8, 0, _FIRST_DAY, isal_zlib.crc32(data), len(deflated), len(data), len(name), 0)
    local = _LOCAL.pack(b"PK\x03\x04", *common) + name.encode() + deflated
    record = _CENTRAL.pack(b"PK\x01\x02", 20, *common, 0, 0, 0, 0, 0)
    return local, record[:42], name.encode()


def _zipped(packed: Sequence[_Packed]) -> bytes:
    position, directory = 0, []
    for local, record, name in packed:
        directory.append(record + struct.pack("<I", position) + name)
        position += len(local)
    size = sum(map(len, directory))
    end = _END.pack(b"PK\x05\x06", 0, 0, len(packed), len(packed), size, position, 0)
    return b"".join([*(local for local, _, _ in packed), *directory, end])
