"""A Word document (.docx) as paragraphs and grids in their order (ECMA-376 part 1, 17.2 to 17.4).

Read from the parts of the file, behind the guard that workbooks are read through: Word wraps content in many ways
(content controls, tracked changes, text boxes) of which a reader sees only the text, and so does this reader. What it
cannot read, it counts and says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from jixiao.books.ooxml import markup
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.intake.blocks import Block, Cell, Document, Grid, Paragraph, Unread
from jixiao.intake.numbering import Numbering, child, local, value

#: Bytes of XML that the text of a document may have: some thousand pages.
XML_LIMIT = 24 * 2**20
#: Tables within tables; a deeper one holds nothing that a person could read.
_DEEPEST = 12
_REPAIR = "请用 Word 或 WPS 打开，能打开就另存为 .docx 再导入；打不开就重新索取一份完整的文件"
_MAIN_TYPE = re.compile(
    r"wordprocessingml\.(?:document|template)\.main\+xml$|(?:document|template)\.macroEnabled\S*$"
)

#: Elements that stand around content which is read.
_AROUND = frozenset(
    {"ins", "moveTo", "sdt", "sdtContent", "smartTag", "customXml", "hyperlink", "fldSimple", "dir", "bdo"}
)
_GONE = frozenset({"del", "moveFrom"})
#: Marks of the Symbol font that targets are written with.
_SYMBOLS = {
    "F0B3": "≥",
    "F0A3": "≤",
    "F0B4": "×",
    "F0B1": "±",
    "F0B0": "°",
    "F025": "%",
    "F03C": "<",
    "F03E": ">",
    "F03D": "=",
}


class _Package(Parts):
    """The parts of a Word document."""

    def _find_workbook(self) -> str:
        if "word/document.xml" in self:
            return "word/document.xml"
        for attributes in markup.elements(self.canonical("[Content_Types].xml"), "Override"):
            name = attributes.get("PartName", "").lstrip("/")
            if _MAIN_TYPE.search(attributes.get("ContentType", "")) and name in self:
                return name
        raise Unreadable(self.path, "这不是 Word 文档", "请选择 .docx、.xlsx 或 .xls 文件")


def read_word(path: Path) -> Document:
    """Read a document.

    Raises:
        Unreadable: it is damaged, encrypted or far too large.
    """
    try:
        parts = _Package.open(path)
        body = _parsed(parts, parts.workbook)
        numbering = Numbering.of(_optional(parts, "word/numbering.xml"), _optional(parts, "word/styles.xml"))
        reader = _Reader(Document(path.name), numbering)
        reader.document.blocks += reader.blocks(_body(parts, body), 0)
        for name in sorted(parts.names):
            if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name):
                reader.margin(_parsed(parts, name))
        reader.tell()
    except Unreadable as error:
        if "Excel" not in error.remedy:
            raise
        raise Unreadable(path, error.cause, _REPAIR) from error
    return reader.document


def _parsed(parts: Parts, name: str) -> Element:
    content = parts[name]
    if len(content) > XML_LIMIT:
        size = len(content) >> 20
        raise Unreadable(
            parts.path,
            f"正文有 {size} MB，不像一份自评报告",
            "请确认选对了文件；确实是的，请删去与自评无关的内容，另存为 .docx 再导入",
        )
    if b"<!DOCTYPE" in content:  # no document has one, entity bombs do
        raise Unreadable(parts.path, f"部件 {name} 无法解析", _REPAIR)
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(parts.path, f"部件 {name} 无法解析", _REPAIR) from error


def _optional(parts: Parts, name: str) -> Element | None:
    return _parsed(parts, name) if name in parts else None


def _body(parts: Parts, document: Element) -> Element:
    body = child(document, "body")
    if body is None:
        raise Unreadable(parts.path, "文档里没有正文", _REPAIR)
    return body


@dataclass
class _Reader:
    """Reads one document from top to bottom."""

    document: Document
    numbering: Numbering
    paragraphs: int = 0
    tables: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def blocks(self, parent: Element, depth: int) -> Iterator[Block]:
        """The blocks in an element that holds paragraphs and tables."""
        for element in parent:
            name = local(element)
            if name == "p":
                yield from self.paragraph(element, depth)
            elif name == "tbl":
                yield from self.table(element, depth)
            elif name in _AROUND:
                self.seen[name] += 1
                yield from self.blocks(element, depth)
            elif name in _GONE:
                self.seen["del"] += 1
            elif name == "AlternateContent":
                if len(element):
                    yield from self.blocks(element[0], depth)
            elif name == "altChunk":
                self.lose("文档中嵌入了另一个文件，没有读")

    def paragraph(self, element: Element, depth: int) -> Iterator[Block]:
        """The lines of a paragraph, then the text boxes that hang on it."""
        text, boxes = self.text(element)
        if text.strip():
            self.paragraphs += 1
            place = f"第 {self.paragraphs} 段"
            for line in text.splitlines():
                if line.strip():
                    yield Paragraph(line.strip(), place)
        for box in boxes:
            self.seen["box"] += 1
            if depth < _DEEPEST:
                yield from self.blocks(box, depth + 1)

    def text(self, paragraph: Element) -> tuple[str, list[Element]]:
        """The text of a paragraph with the number that Word prints before it, and its text boxes."""
        boxes: list[Element] = []
        said = "".join(self._runs(paragraph, boxes))
        number = self.numbering.before(child(paragraph, "pPr")) if said.strip() else ""
        return (f"{number}{said.lstrip()}" if number else said), boxes

    def _runs(self, parent: Element, boxes: list[Element]) -> Iterator[str]:
        waiting = list(reversed(parent))
        while waiting:
            element = waiting.pop()
            name = local(element)
            if name == "t":
                yield element.text or ""
            elif name in ("tab", "ptab"):
                yield "\t"
            elif name == "br":
                yield "" if value(element, "type") == "page" else "\n"
            elif name == "cr":
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name == "sym":
                yield _SYMBOLS.get(value(element, "char").upper(), "□")
            elif name in _GONE:
                self.seen["del"] += 1
            elif name in ("footnoteReference", "endnoteReference", "commentReference", "object"):
                self.seen[name] += 1
            elif name in ("blip", "imagedata"):
                self.lose("这里有图片，图片中的文字没有读")
            elif name in ("chart", "relIds"):  # a diagram is drawn from relations
                self.lose("这里有图表，没有读")
            elif name == "txbxContent":
                boxes.append(element)
            elif name == "AlternateContent":
                waiting += list(element)[:1]  # the others say the same for older programs
            elif name not in ("pPr", "rPr", "instrText", "delText", "rt", "trPr", "tcPr"):
                self.seen[name] += 1
                waiting += reversed(element)

    # -- tables

    def table(self, element: Element, depth: int) -> Iterator[Block]:
        """A table, then the tables within its cells."""
        if depth >= _DEEPEST:
            self.lose(f"表格里嵌套的表格超过 {_DEEPEST} 层，更里面的没有读")
            return
        self.tables += 1
        place = f"第 {self.tables} 张表" + ("（表中的表）" if depth else "")
        inner: list[Element] = []
        yield Grid(self._cells(element, place, inner), place)
        for each in inner:
            yield from self.table(each, depth + 1)

    def _cells(self, table: Element, place: str, inner: list[Element]) -> list[Cell]:
        cells: list[Cell] = []
        above: dict[int, int] = {}  # the cell that a merge goes on from, by its first column
        number = 0
        for row in _within(table, "tr"):
            properties = child(row, "trPr")
            if child(properties, "del") is not None:
                self.seen["del"] += 1
                continue
            before = value(child(properties, "gridBefore"))
            column = int(before) if before.isdigit() else 0
            going: dict[int, int] = {}
            for k, cell in enumerate(_within(row, "tc")):
                settings = child(cell, "tcPr")
                width = _width(settings)
                merge, across = child(settings, "vMerge"), child(settings, "hMerge")
                lines = self._lines(cell, inner, f"{place} 第 {number + 1} 行")
                if across is not None and value(across) != "restart" and cells and cells[-1].row == number:
                    cells[-1] = _grown(cells[-1], columns=width, text=lines)
                elif merge is not None and value(merge) != "restart" and column in above:
                    at = above[column]
                    cells[at] = _grown(cells[at], rows=1, text=lines)
                    going[column] = at
                else:
                    where = f"{place} 第 {number + 1} 行第 {k + 1} 列"
                    cells.append(Cell(number, column, 1, width, "\n".join(lines), None, where))
                    if merge is not None:
                        going[column] = len(cells) - 1
                column += width
            above = going
            number += 1
        return cells

    def _lines(self, cell: Element, inner: list[Element], place: str) -> list[str]:
        """The lines of text in a cell; tables and what hangs in text boxes are put aside."""
        lines: list[str] = []
        waiting = list(reversed(cell))
        while waiting:
            element = waiting.pop()
            name = local(element)
            if name == "p":
                before = len(self.document.lost)
                text, boxes = self.text(element)
                self.document.lost[before:] = [
                    Unread(each.file, place, each.text, each.reason) for each in self.document.lost[before:]
                ]
                lines += [line.rstrip() for line in text.splitlines()]
                for box in boxes:
                    self.seen["box"] += 1
                    waiting += reversed(box)
            elif name == "tbl":
                inner.append(element)
            elif name in _AROUND:
                self.seen[name] += 1
                waiting += reversed(element)
            elif name == "AlternateContent":
                waiting += list(element)[:1]
            elif name in _GONE:
                self.seen["del"] += 1
        while lines and not lines[-1].strip():
            lines.pop()
        while lines and not lines[0].strip():
            lines.pop(0)
        return lines

    # -- what is said of the document

    def lose(self, reason: str) -> None:
        """Put down what cannot be read, at the paragraph that is being read."""
        self.document.lost.append(Unread(self.document.name, f"第 {self.paragraphs + 1} 段附近", "", reason))

    def margin(self, element: Element) -> None:
        """The text of a header or footer, unless it is a page number."""
        lines = ["".join(self._runs(each, [])) for each in element.iter() if local(each) == "p"]
        text = " ".join(line.strip() for line in lines if line.strip())
        if re.sub(r"[\d\s—\-－/第页共/]", "", text):
            self.document.lost.append(
                Unread(self.document.name, "页眉或页脚", text, "页眉页脚不属于填报内容")
            )

    def tell(self) -> None:
        """Remarks on the whole document."""
        say = self.document.remarks.append
        if self.seen["del"] or self.seen["ins"] or self.seen["moveTo"]:
            say(
                "文档里有没有接受的修订：插入的文字已读入，删除的文字没有读。请先在 Word 的“审阅”中核对修订。"
            )
        notes = self.seen["footnoteReference"] + self.seen["endnoteReference"]
        if notes:
            say(f"文档里有 {notes} 处脚注或尾注，注文没有读。")
        if self.seen["commentReference"]:
            say(f"文档里有 {self.seen['commentReference']} 条批注，没有读。")
        if self.seen["object"]:
            self.lose(f"文档里嵌入了 {self.seen['object']} 个对象（例如 Excel 表格），其中的内容没有读")
        if self.seen["box"]:
            say("文档里有文本框，其中的文字按它所在的位置读入。")


def _within(parent: Element, name: str) -> Iterator[Element]:
    """The rows of a table or cells of a row, also inside content controls and insertions."""
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in _AROUND:
            yield from _within(element, name)


def _width(settings: Element | None) -> int:
    text = value(child(settings, "gridSpan"))
    return max(1, min(int(text), 500)) if text.isdigit() else 1


def _grown(cell: Cell, rows: int = 0, columns: int = 0, text: list[str] | None = None) -> Cell:
    """A cell with what is merged into it."""
    said = "\n".join(filter(None, (cell.text, *(text or ()))))
    return Cell(cell.row, cell.column, cell.rows + rows, cell.columns + columns, said, cell.value, cell.place)
