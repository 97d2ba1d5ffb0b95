"""The Word file that a document is written into: its styles, its page, its footer, and the place for the content.

It is an ordinary .docx that a treasury restyles in Word. Styles are found by name, the place by its mark; everything else
in it stays.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from lxml import etree

from jixiao import resources
from jixiao.books.ooxml.parts import Unreadable
from jixiao.word.markup import PARAGRAPH_STYLES, TABLE
from jixiao.word.shown import clean

SUFFIX = ".docx"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONVERT = "请用 Word 或 WPS 打开，另存为 .docx 文件"
#: A template has no business being larger; limits what a file can make us unpack.
_LIMIT = 32 * 2**20
#: The first day that zip can name: the same content gives the same bytes.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
#: The longest text that a property of a document may have.
_PROPERTY = 255
#: What follows the page numbers in the properties of a section, in the order of the schema.
_BEHIND_NUMBERS = (
    *("cols", "formProt", "vAlign", "noEndnote", "titlePg", "textDirection", "bidi"),
    *("rtlGutter", "docGrid", "printerSettings", "sectPrChange"),
)


class Kind(NamedTuple):
    """What a template is for, as people call it, and the paragraph styles that it must have."""

    what: str
    styles: tuple[str, ...]

    @property
    def mark(self) -> str:
        """The paragraph of the template in whose place the content goes."""
        return f"{{{{{self.what}内容}}}}"

    @property
    def path(self) -> Path:
        """The template that the program comes with."""
        return resources.TEMPLATES / "reports" / f"{self.what}{SUFFIX}"


REPORT = Kind("报告", PARAGRAPH_STYLES)


class Template:
    """A template, opened to be filled once.

    Raises:
        Unreadable: it is no .docx file, or a style or the place for the content is missing.
    """

    def __init__(self, path: Path, kind: Kind = REPORT) -> None:
        self.path, self.kind = path, kind
        self._document = _opened(path)
        paragraph = {each.name: each.style_id for each in self._document.styles if _is_paragraph(each)}
        tables = {each.name: each.style_id for each in self._document.styles if _is_table(each)}
        missing = [name for name in kind.styles if name not in paragraph]
        missing += [f"{TABLE}（表格样式）"] if TABLE not in tables else []
        if missing:
            ours = f"请从程序自带的 workbook_templates/reports/{kind.path.name} 复制一份，在它上面改样式"
            raise Unreadable(path, f"模板缺少样式：{'、'.join(missing)}", ours)
        self.styles: dict[str, str] = {**paragraph, TABLE: tables[TABLE]}
        self._place = self._mark()
        self._section = self._enclosing()

    def _mark(self) -> Any:
        for paragraph in self._document.paragraphs:
            if paragraph.text.strip() == self.kind.mark:
                return paragraph._p
        what, mark = self.kind.what, self.kind.mark
        remedy = f"请在放{what}内容的地方单独写一段 {mark}"
        raise Unreadable(self.path, f"模板里没有写 {mark} 的段落，不知道{what}放在哪里", remedy)

    def _enclosing(self) -> Any:
        """The properties of the section that the place is in."""
        for element in self._place.itersiblings():
            if (
                element.tag == qn("w:p")
                and (inner := element.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")) is not None
            ):
                return inner
        return self._document.element.body.get_or_add_sectPr()

    def room(self, landscape: bool) -> int:
        """The width of the text on a page, in twentieths of a point."""
        size, margin = self._page()
        across = (max if landscape else min)(int(size.get(qn("w:w"))), int(size.get(qn("w:h"))))
        return across - sum(int(margin.get(qn(f"w:{side}"), 0)) for side in ("left", "right"))

    def _page(self) -> tuple[Any, Any]:
        """Its size and its margins."""
        size, margin = self._section.find(qn("w:pgSz")), self._section.find(qn("w:pgMar"))
        if size is None or margin is None:
            raise Unreadable(self.path, "模板没有设置纸张和页边距", "请在“布局”里设置纸张大小和页边距后保存")
        return size, margin

    def section(self, landscape: bool, numbered: bool, first: bool, restarts: bool) -> str:
        """The properties of a section as they stand in its last paragraph.

        Args:
            landscape: whether its pages lie on the side.
            numbered: whether it has the header and the footer of the template.
            first: whether it is the first of those that have; only that one has a first page of its own.
            restarts: whether its pages count from 1.
        """
        section = copy.deepcopy(self._section)
        _turn(section.find(qn("w:pgSz")), landscape)
        for name in ("type", *([] if first else ["titlePg"])):
            _remove(section, name)
        if not numbered:
            for name in ("headerReference", "footerReference", "titlePg"):
                _remove(section, name)
        if restarts:
            _restart(section)
        written: str = etree.tostring(section, encoding="unicode")
        return written

    def fill(self, content: Sequence[str], last_section: str) -> None:
        """Put the content in its place; ``last_section`` are the properties of the section that it ends in."""
        whole = parse_xml(f"<w:body {nsdecls('w', 'r')}>{''.join(content)}</w:body>")
        for element in list(whole):
            self._place.addprevious(element)
        self._place.getparent().remove(self._place)
        self._section.getparent().replace(self._section, parse_xml(last_section))

    def describe(self, title: str, author: str, day: dt.date) -> None:
        """Set the properties of the document: what it is and whose; nothing about who styled the template."""
        facts = self._document.core_properties
        for fact in list(facts._element):
            facts._element.remove(fact)
        facts.title, facts.author, facts.last_modified_by = (
            clean(text)[:_PROPERTY] for text in (title, author, author)
        )
        facts.created = facts.modified = dt.datetime(day.year, day.month, day.day)
        facts.revision = 1

    def result(self) -> bytes:
        """The document; the same template and content give the same bytes."""
        stream = io.BytesIO()
        self._document.save(stream)
        with zipfile.ZipFile(stream) as made, zipfile.ZipFile(out := io.BytesIO(), "w") as fixed:
            for name in made.namelist():
                entry = zipfile.ZipInfo(name, _FIRST_DAY)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 0
                fixed.writestr(entry, made.read(name))
        return out.getvalue()


def _opened(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(path, "找不到模板", "请核对路径和文件名") from None
    except OSError as error:
        raise Unreadable(path, "模板打不开", "请核对路径；正在 Word 中打开的，先关闭它") from error
    if data.startswith(_OLE):
        raise Unreadable(path, "模板是旧的 .doc 格式，或设有打开密码", _CONVERT)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(entry.file_size for entry in parts.infolist()) > _LIMIT:
                raise Unreadable(path, f"模板解压后超过 {_LIMIT >> 20} MB", "请删去其中的大图片后再试")
        return Document(io.BytesIO(data))
    except Unreadable:
        raise
    except Exception as error:  # whatever zipfile, lxml and python-docx find wrong with a file
        raise Unreadable(path, "模板不是 .docx 文件，或已损坏", _CONVERT) from error


def _is_paragraph(style: Any) -> bool:
    return bool(style.type == WD_STYLE_TYPE.PARAGRAPH)


def _is_table(style: Any) -> bool:
    return bool(style.type == WD_STYLE_TYPE.TABLE)


def _turn(size: Any, landscape: bool) -> None:
    """Lay the paper on its side or stand it up; the margins stay, so that header and footer keep their room."""
    short, long = sorted(int(size.get(qn(f"w:{name}"))) for name in ("w", "h"))
    width, height = (long, short) if landscape else (short, long)
    size.set(qn("w:w"), str(width))
    size.set(qn("w:h"), str(height))
    size.attrib.pop(qn("w:orient"), None)
    if landscape:
        size.set(qn("w:orient"), "landscape")


def _remove(section: Any, name: str) -> None:
    for element in section.findall(qn(f"w:{name}")):
        section.remove(element)


def _restart(section: Any) -> None:
    numbers = section.find(qn("w:pgNumType"))
    if numbers is None:
        numbers = parse_xml(f"<w:pgNumType {nsdecls('w')}/>")
        behind = {qn(f"w:{name}") for name in _BEHIND_NUMBERS}
        after = next((element for element in section if element.tag in behind), None)
        if after is None:
            section.append(numbers)
        else:
            after.addprevious(numbers)
    numbers.set(qn("w:start"), "1")
