"""生成上报件: the person's own workbook without macros, its empty rows hidden, checked and sealed.

Macro workbooks are made here from built ones: formulas wrapped as the macro flavour wraps them, VBA, ribbon and
buttons added as XlsxWriter writes them and as Excel does when it saves the file again.
"""

from __future__ import annotations

import functools
import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

import libreoffice
import opened
from books import editing
from books.editing import facts, to_formulas
from jixiao import resources
from jixiao.books import handin, results
from jixiao.books.annotate import annotate
from jixiao.books.build import blank, build
from jixiao.books.handin import HandedIn, hand_in
from jixiao.books.ooxml.addresses import Reference, parse_reference, split_a1
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.ooxml.pieces import pieces
from jixiao.books.ooxml.splice import SheetXml
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read
from jixiao.books.vba import unwrap
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.findings import seal, status

needs_libreoffice = pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
MACRO_BOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PLAIN_BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
TYPES = "[Content_Types].xml"
WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"


# --------------------------------------------------------------------------------------------------------- formulas


@pytest.mark.parametrize(
    ("wrapped", "native"),
    [
        ('IFERROR(JX_RATE(D5,B5),IF(B5=0,"",D5/B5))', 'IF(B5=0,"",D5/B5)'),
        ("IFERROR([1]!JX_RATE(a,b),a/b)", "a/b"),
        ("IFERROR('jixiao.xlam'!JX_RATE(a,b),a/b)", "a/b"),
        ("IFERROR('C:\\张三的表 (1)\\[jixiao.xlam]x'!JX_RATE(a,b),a/b)", "a/b"),
        ("IFERROR([0]!JX_RATE(a,b),a/b)", "a/b"),
        ("IFERROR([1]JixiaoFunctions!JX_RATE(a,b),a/b)", "a/b"),
        ("IFERROR(_xludf.JX_RATE(a,b),a/b)", "a/b"),
        ("iferror(jx_rate(a,b),a/b)", "a/b"),
        ("IFERROR( JX_RATE( a , b ) , a/b )", "a/b"),
        # texts, sheet names and constants that hold brackets, commas and quotes
        (
            'IFERROR(JX_JOIN("),(""",\'a,b(\'!A1),LEFT("IFERROR(JX_A(1),2)",1))',
            'LEFT("IFERROR(JX_A(1),2)",1)',
        ),
        ("IFERROR(JX_A('it''s ('!A1,{1,2;3,4}),SUM({1,2;3,4}))", "SUM({1,2;3,4})"),
        ("IFERROR(JX_A(表1[[#This Row],[a'],(]]),B1)", "B1"),
        # inside of others, and of themselves
        ("ROUND(IFERROR(JX_A(b),c+d),2)", "ROUND(c+d,2)"),
        ("2*IFERROR(JX_A(b),c+d)", "2*(c+d)"),
        ("IFERROR(JX_A(b),c-d)-IFERROR(JX_A(e),f(g-h))", "(c-d)-f(g-h)"),
        ("IFERROR(JX_A(IFERROR(JX_B(c),d)),IFERROR(JX_B(e),f)+1)", "f+1"),
        ("IFERROR(IFERROR(JX_A(b),c),d)", "IFERROR(c,d)"),
    ],
)
def test_the_native_form_takes_the_place_of_the_call(wrapped: str, native: str) -> None:
    assert unwrap.native(wrapped) == native
    assert not unwrap.calls(native)


@pytest.mark.parametrize(
    "formula",
    [
        "JX_RATE(a,b)",
        "IFERROR(JX_RATE(a,b)*100,0)",
        "IFERROR(1+JX_RATE(a,b),0)",
        "IFERROR(JX_RATE(a,b),)",
        "IFERROR(JX_RATE(a,b),0",  # no formula at all
        "IF(JX_RATE(a,b),1,2)",
    ],
)
def test_a_call_without_native_form_is_told(formula: str) -> None:
    assert unwrap.native(formula) == formula
    assert unwrap.calls(formula)


@pytest.mark.parametrize(
    "formula", ['"JX_RATE(1)"', "JX_RATE", "'JX_A('!A1", 'IFERROR(A1,"JX_A(1)")', "AJX_A(1)"]
)
def test_what_only_looks_like_a_call_stays(formula: str) -> None:
    assert not unwrap.calls(formula)
    assert unwrap.native(formula) == formula


_LEAVES = st.sampled_from(
    [
        "A1",
        "$B$2:C9",
        "全年执行数",
        "'a,(b)'!A1",
        '"),("',
        '"说""(,"',
        "{1,2;3,4}",
        "1.5E-3",
        "[2]Sheet1!A1",
        "表1[[#All],[x']]]",
    ]
)
_MARKS = ("", "[1]!", "[0]!", "'jixiao.xlam'!", "'it''s, (1)\\[jixiao.xlam]'!", "[1]Module!", "_xludf.")
Pair = tuple[str, str]


def _call(parts_: tuple[str, list[Pair]]) -> Pair:
    name, arguments = parts_
    return tuple(f"{name}({','.join(pair[k] for pair in arguments)})" for k in (0, 1))  # type: ignore[return-value]


def _wrap(parts_: tuple[str, list[Pair], Pair]) -> Pair:
    mark, arguments, (native, wrapped) = parts_
    return native, f"IFERROR({mark}JX_A({','.join(pair[1] for pair in arguments)}),{wrapped})"


def _sum(parts_: tuple[Pair, str, Pair]) -> Pair:
    """Two primaries in brackets and an operator between them."""
    (left, left_wrapped), operator, (right, right_wrapped) = parts_
    return f"(({left}){operator}({right}))", f"(({left_wrapped}){operator}({right_wrapped}))"


#: A formula as it was and with some of its parts wrapped.
_PAIRS: st.SearchStrategy[Pair] = st.recursive(
    _LEAVES.map(lambda leaf: (leaf, leaf)),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(["IF", "SUM", "IFERROR", "四舍"]), st.lists(inner, min_size=1, max_size=3)
        ).map(_call),
        st.tuples(st.sampled_from(_MARKS), st.lists(inner, max_size=3), inner).map(_wrap),
        st.tuples(inner, st.sampled_from(["+", "&", "<=", " "]), inner).map(_sum),
    ),
    max_leaves=12,
)


@given(_PAIRS)
def test_what_was_wrapped_is_unwrapped(pair: Pair) -> None:
    native, wrapped = pair
    assert unwrap.native(wrapped) == native
    assert unwrap.native(native) == native


@given(st.text(alphabet="AJX_(),\"'[]{}! +1\\", max_size=40))
def test_nonsense_is_no_trouble(formula: str) -> None:
    unwrap.native(formula)
    assert unwrap.renumbered(formula, {}) == formula


# ---------------------------------------------------------------------------------------------------- macro workbooks


def rewritten(book: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a workbook in which parts were changed by hand."""
    with zipfile.ZipFile(book) as file:
        content = {name: file.read(name) for name in file.namelist()}
    change(content)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            file.writestr(name, data)
    return target


def put(content: dict[str, bytes], part: str, old: str, new: str, count: int = 1) -> None:
    text = content[part].decode()
    assert old in text, f"{old} is not in {part}"
    content[part] = text.replace(old, new, count).encode()


def add_type(content: dict[str, bytes], part: str, kind: str) -> None:
    put(content, TYPES, "</Types>", f'<Override PartName="/{part}" ContentType="{kind}"/></Types>')


def add_default(content: dict[str, bytes], extension: str, kind: str) -> None:
    if f'Extension="{extension}"' not in content[TYPES].decode():
        written = f'<Default Extension="{extension}" ContentType="{kind}"/>'
        content[TYPES] = re.sub(rb"(<Types[^>]*>)", rb"\1" + written.encode(), content[TYPES])


def relate(
    content: dict[str, bytes], source: str, key: str, kind: str, target: str, outside: bool = False
) -> None:
    folder, base = posixpath.split(source)
    listing = posixpath.join(folder, "_rels", f"{base}.rels")
    empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    content.setdefault(listing, empty)
    mode = ' TargetMode="External"' if outside else ""
    written = f'<Relationship Id="{key}" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    put(content, listing, "</Relationships>", written)


def sheet_part(book: Path, name: str) -> str:
    return next(sheet.part for sheet in Workbook(Parts.open(book)).sheets if sheet.name == name)


_PREFIXES = ("", "[0]!", "'jixiao.xlam'!", "JixiaoFunctions.")
_FORMULA = re.compile(rb"(<f(?: [^<>]*)?>)([^<]+)(</f>)")


def wrap(content: dict[str, bytes]) -> None:
    """Wrap every formula in cells, and those of names and conditional formats that calculate something."""
    count = 0

    def wrapped(match: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        call = f'IFERROR({_PREFIXES[count % 4]}JX_RATE($A$1,"a,(b&quot;&quot;"),'.encode()
        return match[1] + call + match[2] + b")" + match[3]

    for part in content:
        if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", part):
            content[part] = _FORMULA.sub(wrapped, content[part])
            content[part] = re.sub(rb"(<formula>)(COUNTIF[^<]*)(</formula>)", wrapped, content[part])
    names = re.compile(rb"(<definedName[^>]*>)(INDEX[^<]*)(</definedName>)")
    content["xl/workbook.xml"] = names.sub(wrapped, content["xl/workbook.xml"])
    put(content, "xl/workbook.xml", "</definedNames>", _FUNCTION_NAME + "</definedNames>")
    assert count > 200  # shared formulas stand once


_FUNCTION_NAME = (
    '<definedName name="JX_RATE" function="1" vbProcedure="1" functionGroupId="14">#NAME?</definedName>'
)
_RIBBON = '<customUI xmlns="http://schemas.microsoft.com/office/2009/07/customui"/>'


def add_macros(content: dict[str, bytes]) -> None:
    """VBA with a signature, code names and a ribbon."""
    put(content, TYPES, PLAIN_BOOK, MACRO_BOOK)
    add_default(content, "bin", "application/vnd.ms-office.vbaProject")
    content["xl/vbaProject.bin"] = b"VBA"
    content["xl/vbaProjectSignature.bin"] = b"signature"
    add_type(content, "xl/vbaProjectSignature.bin", "application/vnd.ms-office.vbaProjectSignature")
    relate(content, "xl/workbook.xml", "rIdVba", f"{MICROSOFT}/vbaProject", "vbaProject.bin")
    relate(
        content, "xl/vbaProject.bin", "rId1", f"{MICROSOFT}/vbaProjectSignature", "vbaProjectSignature.bin"
    )
    content["customUI/customUI14.xml"] = _RIBBON.encode()
    content["customUI/images/light.png"] = b"png"
    add_default(content, "png", "image/png")
    relate(
        content,
        "",
        "rIdUi",
        "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility",
        "customUI/customUI14.xml",
    )
    relate(content, "customUI/customUI14.xml", "light", f"{OFFICE}/image", "images/light.png")
    put(content, "xl/workbook.xml", "<workbookPr", '<workbookPr codeName="ThisWorkbook"')
    for part in [part for part in content if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", part)]:
        if b"<sheetPr>" in content[part]:
            put(content, part, "<sheetPr>", f'<sheetPr codeName="Sheet{part[19:-4]}">')
        elif b"<sheetPr" not in content[part]:
            content[part] = re.sub(rb"(<worksheet[^>]*>)", rb'\1<sheetPr codeName="SheetX"/>', content[part])


def xlsxwriter_button(content: dict[str, bytes], sheet: str, comment: bool, folder: Path) -> None:
    """A button, and perhaps a comment, as XlsxWriter writes them."""
    made, vba = folder / "button.xlsm", folder / "vba.bin"
    vba.write_bytes(b"VBA")
    book = xlsxwriter.Workbook(str(made))
    book.add_vba_project(str(vba))
    page = book.add_worksheet()
    page.insert_button("N2", {"macro": "JixiaoCheck", "caption": "审核"})
    if comment:
        page.write_comment("C3", "项目名称与批复一致")
    book.close()
    with zipfile.ZipFile(made) as file:
        content["xl/drawings/vmlDrawing1.vml"] = file.read("xl/drawings/vmlDrawing1.vml")
        if comment:
            content["xl/comments1.xml"] = file.read("xl/comments1.xml")
    _add_legacy(content, sheet, comment)
    _behind(content, sheet, '<legacyDrawing r:id="rIdVml"/>')


def _add_legacy(content: dict[str, bytes], sheet: str, comment: bool) -> None:
    add_default(content, "vml", "application/vnd.openxmlformats-officedocument.vmlDrawing")
    relate(content, sheet, "rIdVml", f"{OFFICE}/vmlDrawing", "../drawings/vmlDrawing1.vml")
    if comment:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
        add_type(content, "xl/comments1.xml", kind)
        relate(content, sheet, "rIdNote", f"{OFFICE}/comments", "../comments1.xml")


def _behind(content: dict[str, bytes], sheet: str, written: str) -> None:
    """Put elements behind those that a built sheet ends with."""
    put(content, sheet, "</worksheet>", f"{written}</worksheet>")


_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_XDR = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_A14 = 'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"'
_PLACE = """<{p}from><xdr:col>13</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0</xdr:rowOff></{p}from>\
<{p}to><xdr:col>14</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>2</xdr:row><xdr:rowOff>0</xdr:rowOff></{p}to>"""


def _control(number: int, key: str, macro: str) -> str:
    """A control as Excel 2010 and later list it in a sheet."""
    return f"""<mc:AlternateContent {_MC}><mc:Choice Requires="x14"><control shapeId="{number}" r:id="{key}" name="Button {number}">\
<controlPr defaultSize="0" print="0" autoFill="0" autoPict="0" macro="{macro}"><anchor moveWithCells="1" sizeWithCells="1">\
{_PLACE.format(p="")}</anchor></controlPr></control></mc:Choice></mc:AlternateContent>"""


def _drawn(number: int, macro: str) -> str:
    """The same control as Excel draws it."""
    return f"""<mc:AlternateContent {_MC}><mc:Choice {_A14} Requires="a14"><xdr:twoCellAnchor editAs="oneCell">{_PLACE.format(p="xdr:")}\
<xdr:sp macro="{macro}" textlink=""><xdr:nvSpPr><xdr:cNvPr id="{number}" name="Button {number}" hidden="1"><a:extLst>\
<a:ext uri="{{63B3BB69-23CF-44E3-9099-C40C66FF867C}}"><a14:compatExt spid="_x0000_s{number}"/></a:ext></a:extLst></xdr:cNvPr>\
<xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr bwMode="auto"><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></a:xfrm>\
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:sp><xdr:clientData fPrintsWithSheet="0"/>\
</xdr:twoCellAnchor></mc:Choice><mc:Fallback/></mc:AlternateContent>"""


_PICTURE = f"""<xdr:twoCellAnchor>{_PLACE.format(p="xdr:")}<xdr:pic macro="[0]!Own"><xdr:nvPicPr><xdr:cNvPr id="2" name="公章"/><xdr:cNvPicPr/>\
</xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1" xmlns:r="{OFFICE}"/></xdr:blipFill><xdr:spPr><a:prstGeom prst="rect"/></xdr:spPr>\
</xdr:pic><xdr:clientData/></xdr:twoCellAnchor>"""


def _vml(number: int, kind: str, macro: str, text: str) -> str:
    called = f"<x:FmlaMacro>{macro}</x:FmlaMacro>" if macro else ""
    return f"""<v:shape id="{text}" o:spid="_x0000_s{number}" type="#_x0000_t201" style='position:absolute;z-index:1' o:button="t">\
<v:textbox style='mso-direction-alt:auto' o:singleclick="f"><div style='text-align:center'><font face="宋体" size="220">{text}<br>\
</font></div></v:textbox><x:ClientData ObjectType="{kind}"><x:Anchor>13, 0, 1, 0, 14, 0, 2, 0</x:Anchor>{called}</x:ClientData></v:shape>"""


_VML = """<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" \
xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>\
<v:shapetype id="_x0000_t201" coordsize="21600,21600" o:spt="201" path="m,l,21600r21600,l21600,xe"/>{shapes}</xml>"""


def excel_button(content: dict[str, bytes], sheet: str, own: bool) -> None:
    """Two buttons as Excel saves them; with ``own``, a picture, a comment and a check box of the person's beside them."""
    kind = "application/vnd.ms-excel.controlproperties+xml"
    controls, drawn, shapes = "", "", ""
    for number, macro in ((1025, "[0]!JixiaoCheck"), (1026, "[0]!JixiaoNext")):
        part = f"xl/ctrlProps/ctrlProp{number}.xml"
        properties = 'xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
        content[part] = f'<formControlPr {properties} objectType="Button" lockText="1"/>'.encode()
        add_type(content, part, kind)
        relate(content, sheet, f"rIdC{number}", f"{OFFICE}/ctrlProp", f"../ctrlProps/ctrlProp{number}.xml")
        controls += _control(number, f"rIdC{number}", macro)
        drawn += _drawn(number, macro)
        shapes += _vml(number, "Button", macro, "审核")
    if own:
        content["xl/ctrlProps/ctrlProp9.xml"] = content["xl/ctrlProps/ctrlProp1025.xml"].replace(
            b"Button", b"CheckBox"
        )
        add_type(content, "xl/ctrlProps/ctrlProp9.xml", kind)
        relate(content, sheet, "rIdC9", f"{OFFICE}/ctrlProp", "../ctrlProps/ctrlProp9.xml")
        controls += _control(1030, "rIdC9", "")
        drawn += _drawn(1030, "") + _PICTURE
        shapes += _vml(1030, "Checkbox", "", "已核对") + _vml(1031, "Note", "", "批注")
        content["xl/media/image1.png"] = b"png"
        add_default(content, "png", "image/png")
        relate(content, "xl/drawings/drawing1.xml", "rId1", f"{OFFICE}/image", "../media/image1.png")
        content["xl/comments1.xml"] = _COMMENTS.encode()
    content["xl/drawings/drawing1.xml"] = f"<xdr:wsDr {_XDR} {_A}>{drawn}</xdr:wsDr>".encode()
    add_type(content, "xl/drawings/drawing1.xml", "application/vnd.openxmlformats-officedocument.drawing+xml")
    relate(content, sheet, "rIdDraw", f"{OFFICE}/drawing", "../drawings/drawing1.xml")
    content["xl/drawings/vmlDrawing1.vml"] = _VML.format(shapes=shapes).encode()
    _add_legacy(content, sheet, own)
    wrapped = f'<mc:AlternateContent {_MC}><mc:Choice Requires="x14"><controls>{controls}</controls></mc:Choice></mc:AlternateContent>'
    for declaration in (_XDR, 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'):
        if declaration.partition("=")[0] not in content[sheet].decode().partition("<sheetData")[0]:
            put(content, sheet, "<worksheet ", f"<worksheet {declaration} ")
    _behind(content, sheet, f'<drawing r:id="rIdDraw"/><legacyDrawing r:id="rIdVml"/>{wrapped}')


_COMMENTS = """<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>张三</author></authors>\
<commentList><comment ref="C3" authorId="0"><text><t>项目名称与批复一致</t></text></comment></commentList></comments>"""

DRESSES = ("XlsxWriter", "XlsxWriter and a comment", "Excel", "Excel and the person's own")
FORM = {"yueyanglou": "附件3-2", "hengshan": "附件三"}


def dressed(book: Path, target: Path, sheet: str, dress: str = "Excel") -> Path:
    """The macro flavour of a workbook, with a button on one sheet."""
    part = sheet_part(book, sheet)

    def change(content: dict[str, bytes]) -> None:
        wrap(content)
        add_macros(content)
        if dress.startswith("Xlsx"):
            xlsxwriter_button(content, part, "comment" in dress, target.parent)
        else:
            excel_button(content, part, "own" in dress)

    return rewritten(book, target, change)


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def books(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both real filings and a blank workbook, without macros, checked and explained in one place."""
    folder = tmp_path_factory.mktemp("books")
    for code in ("hengshan_2023", "yueyanglou_2023"):
        filing = read_case(resources.CASES / f"{code}.yaml", declared)
        build(declared.packages[code], filing, declared, folder / f"{code.partition('_')[0]}.xlsx")
    build(
        declared.packages["hengshan_2023"],
        blank(declared.packages["hengshan_2023"], "某局"),
        declared,
        folder / "blank.xlsx",
    )
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def handed(books: dict[str, Path], declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``handed(book, dress)``: source, target and result of a 生成上报件, done once."""
    folder, known = tmp_path_factory.mktemp("handed"), {}

    def make(book: str, dress: str = "Excel") -> tuple[Path, Path, HandedIn]:
        if (book, dress) not in known:
            source = dressed(books[book], folder / f"{book}{len(known)}.xlsm", FORM[book], dress)
            target = folder / f"{book}{len(known)}上报.xlsx"
            known[book, dress] = source, target, hand_in(source, target, declared)
        return known[book, dress]

    return make


# -------------------------------------------------------------------------------------------------------- the package


def check_package(path: Path) -> set[str]:
    """Hold a file against the rules of packages (ECMA-376 part 2); returns the names of its parts."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    types = ET.fromstring(content[TYPES])
    defaults = {e.get("Extension", "").lower() for e in types if e.tag.endswith("Default")}
    overrides = [e.get("PartName", "").lstrip("/") for e in types if e.tag.endswith("Override")]
    assert len(overrides) == len(set(overrides))
    assert set(overrides) <= content.keys(), set(overrides) - content.keys()
    known = {name for name in content if name in overrides or name.rpartition(".")[2].lower() in defaults}
    assert known | {TYPES} == set(content)
    reached, waiting = {""}, [""]
    while waiting:
        source = waiting.pop()
        folder, base = posixpath.split(source)
        listing = posixpath.join(folder, "_rels", f"{base}.rels")
        keys = set()
        for relation in ET.fromstring(content[listing]) if listing in content else ():
            assert relation.get("Id") not in keys
            keys.add(relation.get("Id"))
            if relation.get("TargetMode") == "External":
                continue
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
            assert target in content, f"{source} -> {target}"
            if target not in reached:
                reached.add(target)
                waiting.append(target)
        if source.endswith(".xml"):
            named = {
                value
                for element in ET.fromstring(content[source]).iter()
                for key, value in element.attrib.items()
                if key.startswith(f"{{{OFFICE}}}")
            }
            assert named <= keys, f"{source} names {named - keys}"
        assert source == "" or listing not in content or keys, f"{listing} lists nothing"
    names = {name for name in content if not name.endswith(".rels")} - {TYPES}
    assert names == reached - {""}, names ^ reached
    return names


def formulas(book: Path) -> dict[tuple[str, str], list[str]]:
    """Every formula of a workbook by sheet and kind of element, in order."""
    return _formulas(book, book.stat().st_mtime_ns)


@functools.cache
def _formulas(book: Path, _: int) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    workbook = Workbook(Parts.open(book))
    for sheet in workbook.sheets:
        for piece in pieces(workbook.parts[sheet.part]):
            if piece.name in ("f", "formula", "formula1", "formula2"):
                place = piece.parent.attributes.get("r", "") if piece.parent else ""
                found.setdefault((sheet.name, piece.name), []).append(f"{place}={piece.text}")
    for piece in pieces(workbook.parts[workbook.parts.workbook]):
        if piece.name == "definedName":
            found.setdefault(("", "name"), []).append(f"{piece.attributes}={piece.text}")
    return found


def values(book: Path) -> dict[str, dict[str, Any]]:
    """What the cells of the form sheets hold."""
    workbook = Workbook(Parts.open(book))
    return {
        sheet.name: {address: cell.value for address, cell in workbook.cells(sheet).items()}
        for sheet in workbook.sheets
        if sheet.name.startswith("附件")
    }


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("book", FORM)
def test_no_macro_no_button_no_function_of_ours_is_left(book: str, dress: str, handed: Any) -> None:
    source, target, _ = handed(book, dress)
    check_package(source)
    names = check_package(target)
    assert not [name for name in names if re.search(r"vba|customUI|ctrlProp1|\.bin", name)]
    with zipfile.ZipFile(target) as file:
        for name in file.namelist():
            content = file.read(name)
            assert b"JX_" not in content, name
            assert b"Jixiao" not in content, name
            assert b"codeName" not in content, name
            assert not re.search(rb"vba|macroEnabled|objectType=\"Button|ObjectType=\"Button", content), name
        assert PLAIN_BOOK.encode() in file.read(TYPES)


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("book", FORM)
def test_formulas_names_and_values_are_those_of_the_workbook_without_macros(
    book: str, dress: str, handed: Any, books: dict[str, Path]
) -> None:
    source, target, result = handed(book, dress)
    assert formulas(source) != formulas(books[book])
    assert formulas(target) == formulas(books[book])
    assert values(target) == values(source) == values(books[book])
    assert result.valued == []


@pytest.mark.parametrize("code", ["hengshan_2023", "yueyanglou_2023"])
def test_the_issued_macro_flavour_becomes_the_one_without(
    code: str, declared: Catalogue, tmp_path: Path
) -> None:
    filing = read_case(resources.CASES / f"{code}.yaml", declared)
    for suffix in (".xlsx", ".xlsm"):
        build(declared.packages[code], filing, declared, tmp_path / f"a{suffix}")
        hand_in(tmp_path / f"a{suffix}", tmp_path / f"{suffix[1:]}.xlsx", declared)
    with zipfile.ZipFile(tmp_path / "a.xlsm") as file:
        assert "xl/vbaProject.bin" in file.namelist()
        assert b"JX_SCORE(" in file.read(sheet_part(tmp_path / "a.xlsm", FORM[code.partition("_")[0]]))
    assert check_package(tmp_path / "xlsm.xlsx") == check_package(tmp_path / "xlsx.xlsx")
    plain, stripped = (openpyxl.load_workbook(tmp_path / name) for name in ("xlsx.xlsx", "xlsm.xlsx"))
    others = [
        (sheet.title, cell.coordinate)
        for sheet in plain
        for row in sheet.iter_rows()
        for cell in row
        if cell.value != stripped[sheet.title][cell.coordinate].value
    ]
    assert {sheet for sheet, _ in others} <= {"首页"}  # one step of the instructions speaks of the button
    assert len(others) <= 1
    assert values(tmp_path / "xlsm.xlsx") == values(tmp_path / "xlsx.xlsx")
    names = ("", "name")
    assert formulas(tmp_path / "xlsm.xlsx")[names] == formulas(tmp_path / "xlsx.xlsx")[names]
    before, after = (read(tmp_path / name, declared) for name in ("a.xlsm", "xlsm.xlsx"))
    assert seal(before, declared) == seal(after, declared)


def test_what_only_buttons_needed_goes_with_them(handed: Any) -> None:
    for dress in ("XlsxWriter", "Excel"):
        names = check_package(handed("yueyanglou", dress)[1])
        assert not [name for name in names if re.search("drawing|media|comments", name)]


def test_a_comment_a_picture_and_a_check_box_stay(handed: Any) -> None:
    _, target, _ = handed("yueyanglou", "Excel and the person's own")
    with zipfile.ZipFile(target) as file:
        drawing = file.read("xl/drawings/drawing1.xml").decode()
        vml = file.read("xl/drawings/vmlDrawing1.vml").decode()
        sheet = file.read(sheet_part(target, "附件3-2")).decode()
        assert "xl/media/image1.png" in file.namelist()
        assert b"CheckBox" in file.read("xl/ctrlProps/ctrlProp9.xml")
    assert re.findall(r"<xdr:cNvPr id=\"(\d+)\"", drawing) == ["1030", "2"]
    assert re.findall(r" macro=\"([^\"]*)\"", drawing) == ["", ""]  # nothing is left that it could call
    assert re.findall(r"_x0000_s(\d+)", vml) == ["1030", "1031"]
    assert re.findall(r"shapeId=\"(\d+)\"", sheet) == ["1030"]
    for dress in ("Excel and the person's own", "XlsxWriter and a comment"):
        page = opened.page(handed("yueyanglou", dress)[1], "附件3-2")
        assert page["C3"].comment.text == "项目名称与批复一致"


@pytest.mark.parametrize("book", FORM)
def test_the_facts_and_their_seal_are_those_of_the_source(
    book: str, handed: Any, declared: Catalogue
) -> None:
    source, target, result = handed(book)
    before, after = read(source, declared), read(target, declared)
    assert seal(after, declared) == seal(before, declared)
    assert facts(after) == facts(before)
    assert (result.filing.file, facts(result.filing)) == (str(target), facts(after))
    assert [found.fingerprint for found in result.findings] == [
        found.fingerprint for found in check(before, declared)
    ]
    assert result.status == status(check(after, declared)) == "未通过"  # both units made true mistakes
    shown = opened.page(target, results.RESULTS)
    assert [shown.cell(row, 1).value for row in range(4, 4 + len(result.findings))] == [
        *range(1, len(result.findings) + 1)
    ]


# ------------------------------------------------------------------------------------------------------ rows and page


class Page:
    """One sheet as it stands in the file; openpyxl would take seconds over it."""

    def __init__(self, book: Path, name: str) -> None:
        self.workbook = Workbook(Parts.open(book))
        self.sheet = next(sheet for sheet in self.workbook.sheets if sheet.name == name)
        self.cells = self.workbook.cells(self.sheet)
        found = [
            piece
            for piece in pieces(self.workbook.parts[self.sheet.part])
            if piece.name == "row" and "r" in piece.attributes
        ]
        self.rows = {int(piece.attributes["r"]): piece.attributes for piece in found}

    @property
    def hidden(self) -> set[int]:
        return {number for number, row in self.rows.items() if row.get("hidden") == "1"}

    def text(self, row: int, column: int) -> str:
        cell = self.cells.get(row, column)
        return str(cell.value or "") if cell else ""

    def row(self, text: str, column: int) -> int:
        """The first row in which a text begins a cell of a column."""
        return next(row for row in self.rows if self.text(row, column).startswith(text))

    def height(self, row: int) -> float:
        return float(self.rows[row]["ht"])

    def shown(self) -> list[tuple[str, str]]:
        """二级指标 and 三级指标 of the indicator rows that are shown."""
        block = parse_reference(self.workbook.names[self.sheet.index]["指标"])
        assert isinstance(block, Reference)
        rows = [row for row in range(block.first_row + 1, block.last_row) if row not in self.hidden]
        return [(self.text(row, 3), self.text(row, 4)) for row in rows]


def test_unfilled_rows_are_hidden_and_every_section_keeps_its_label(handed: Any) -> None:
    """附件3-2 as published: nine sections, of which one is empty."""
    _, target, _ = handed("yueyanglou")
    assert Page(target, "附件3-2").shown() == [
        ("数量指标", "车辆维修数量"),
        ("质量指标", "车辆出勤率"),
        ("", "保障车辆安全运行"),
        ("时效指标", "维修及时率"),
        ("", "项目完成时效性"),
        ("成本指标", "项目总成本"),
        ("经济效益指标", ""),
        ("社会效益指标", "车辆标识清晰度"),
        ("生态效益指标", "执法电车出勤使用率"),
        ("可持续影响指标", "执法能力和水平"),
        ("服务对象满意度指标", "司乘人员满意度"),
    ]


def test_rows_without_sections_are_hidden_too_but_never_all(
    handed: Any, books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    """附件一 prints four rows of projects; Hengshan filled the first, a blank form none."""

    def shown(book: Path) -> list[int]:
        page = Page(book, "附件一")
        start, end = page.row("项目支出", 1), page.row("公用经费", 1)
        return [row - start for row in range(start + 1, end) if row not in page.hidden]

    assert shown(books["blank"]) == [1, 2, 3, 4, 5]
    assert shown(handed("hengshan")[1]) == [1]
    hand_in(books["blank"], tmp_path / "空.xlsx", declared)
    assert shown(tmp_path / "空.xlsx") == [1]


@pytest.mark.parametrize("book", FORM)
def test_only_rows_of_tables_are_hidden(book: str, handed: Any, declared: Catalogue) -> None:
    _, target, result = handed(book)
    count = 0
    for sheet in read(target, declared).sheets:
        page = Page(target, sheet.name)
        count += len(page.hidden)
        assert not page.hidden & {number for rows in sheet.row_numbers.values() for number in rows}
        for table in sheet.row_numbers:
            block = parse_reference(page.workbook.names[page.sheet.index][table])
            assert isinstance(block, Reference)
            assert not page.hidden & {block.first_row, block.last_row}
        if sheet.form != "基础数据表":
            assert not any(page.text(row, column) for row in page.hidden for column in (1, 2, 3))
    assert count == result.hidden > 0
    assert not Page(target, "首页").hidden


def test_a_label_over_fewer_rows_still_fits(handed: Any) -> None:
    """服务对象满意度指标 stands in two lines of 10.5 points and had three rows; one of 20.25 points is not enough."""
    source, target, _ = handed("yueyanglou")
    page, before = Page(target, "附件3-2"), Page(source, "附件3-2")
    row = page.row("服务对象满意度指标", 3)
    assert before.height(row) == 20.25
    assert page.height(row) == 32.0  # 2 x 10.5 x 1.32 + 4, rounded up
    first = page.row("数量指标", 3)
    assert page.height(first) == before.height(first)


def retyped(book: Path, target: Path, sheet: str, **cells: str | float) -> Path:
    """A copy in which a person typed something."""
    workbook = Workbook(Parts.open(book))
    xml = SheetXml(workbook.parts[sheet_part(book, sheet)])
    for address, content in cells.items():
        assert xml.set(address, content)
    replace(target, workbook.parts, {sheet_part(book, sheet): xml.result()})
    return target


def test_a_label_whose_row_was_left_empty_is_printed(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    """Somebody filled the second row of 经济效益指标: its label stands in the first."""
    row = Page(books["yueyanglou"], "附件3-2").row("经济效益指标", 3)
    source = retyped(books["yueyanglou"], tmp_path / "a.xlsx", "附件3-2", **{f"D{row + 1}": "节约经费"})
    hand_in(source, tmp_path / "b.xlsx", declared)
    shown = Page(tmp_path / "b.xlsx", "附件3-2").shown()
    place = shown.index(("经济效益指标", ""))
    assert shown[place : place + 3] == [
        ("经济效益指标", ""), ("", "节约经费"), ("社会效益指标", "车辆标识清晰度"),
    ]  # fmt: skip


def test_handed_in_again_nothing_more_is_hidden(handed: Any, declared: Catalogue, tmp_path: Path) -> None:
    """A 上报件 is a workbook like any other, without macros."""
    _, target, _ = handed("yueyanglou")
    again = hand_in(target, tmp_path / "again.xlsx", declared)
    assert again.hidden == 0
    assert Page(tmp_path / "again.xlsx", "附件3-2").hidden == Page(target, "附件3-2").hidden
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(tmp_path / "again.xlsx") as new:
        assert {name: old.read(name) for name in old.namelist()} == {
            name: new.read(name) for name in new.namelist()
        }


def test_a_row_hidden_in_vain_is_filled_and_shown_again(
    handed: Any, declared: Catalogue, tmp_path: Path
) -> None:
    """Row by row the person decides: an empty row that is not stored at all is hidden as well."""
    _, target, _ = handed("yueyanglou")
    part = sheet_part(target, "附件3-2")
    hidden = sorted(Page(target, "附件3-2").hidden)

    def lose(content: dict[str, bytes]) -> None:
        content[part] = re.sub(rb'<row r="%d" .*?</row>' % hidden[0], b"", content[part], count=1)

    source = rewritten(target, tmp_path / "lost.xlsx", lose)
    assert hidden[0] not in Page(source, "附件3-2").hidden
    assert hand_in(source, tmp_path / "b.xlsx", declared).hidden == 1
    assert sorted(Page(tmp_path / "b.xlsx", "附件3-2").hidden) == hidden


# ---------------------------------------------------------------------------------------------- what people did to it


EDITED = ("row_at_the_top", "row_at_the_end", "sheet_copied_and_listed", "foreign_sheet_added")


@pytest.fixture(scope="module")
def changed(
    books: dict[str, Path], declared: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Macro workbooks that people edited and LibreOffice saved in its own way."""
    if reason := libreoffice.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("changed")
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", declared)
    base = folder / "base0.xlsx"
    build(
        declared.packages[filing.package],
        to_formulas(filing, declared.packages[filing.package]),
        editing.lighter(declared),
        base,
    )
    plain = {name: editing.changed(base, folder / f"{name}.xlsx", name) for name in EDITED}
    macros = {name: dressed(plain[name], folder / f"{name}.xlsm", "附件3-2") for name in EDITED}
    return macros | {f"{name}.xlsx": path for name, path in plain.items()}


@pytest.mark.parametrize("edit", EDITED)
def test_inserted_rows_and_copied_sheets_survive(
    edit: str, changed: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    target = tmp_path / "上报.xlsx"
    result = hand_in(changed[edit], target, declared)
    check_package(target)
    assert formulas(target) == formulas(changed[f"{edit}.xlsx"])
    assert facts(result.filing) == facts(read(changed[f"{edit}.xlsx"], declared))
    assert [sheet.name for sheet in Workbook(Parts.open(target)).sheets] == [
        sheet.name for sheet in Workbook(Parts.open(changed[edit])).sheets
    ]
    shown = [name for _, name in Page(target, "附件3-3").shown()]
    assert ("培训人次" in shown) == edit.startswith("row")
    if edit == "sheet_copied_and_listed":
        assert "抽检批次" in [name for _, name in Page(target, "附件3-4").shown()]
    if edit == "foreign_sheet_added":
        assert opened.page(target, "底稿")["A1"].value == "草稿"


def test_explanations_survive_and_count(books: dict[str, Path], declared: Catalogue, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    filing = read(books["yueyanglou"], declared)
    book.write_bytes(books["yueyanglou"].read_bytes())
    findings = check(filing, declared)
    annotate(book, filing, findings, declared)
    place = next(k for k, found in enumerate(findings) if found.severity == "warning")
    letter = results.LETTERS["说明"]
    explained = retyped(
        book, tmp_path / "b.xlsx", results.RESULTS, **{f"{letter}{results.BODY_ROW + place}": "年中追加经费"}
    )
    result = hand_in(dressed(explained, tmp_path / "c.xlsm", "附件3-2"), tmp_path / "d.xlsx", declared)
    found = next(found for found in result.findings if found.fingerprint == findings[place].fingerprint)
    assert found.explanation == "年中追加经费"
    page = opened.page(tmp_path / "d.xlsx", results.RESULTS)
    assert "年中追加经费" in [cell.value for cell in page[letter]]


def test_without_anything_to_ask_it_is_sealed(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handin, "check", lambda *_: [])
    result = hand_in(books["yueyanglou"], tmp_path / "a.xlsx", declared)
    assert result.status == "通过"
    line = opened.page(tmp_path / "a.xlsx", results.RESULTS).cell(results.SUMMARY_ROW, 1).value
    moment = re.search(r"审核时间 (\S+ \S+)", line)
    assert moment and f"校验码 {seal(read(books['yueyanglou'], declared), declared, moment[1])}" in line


@needs_libreoffice
@pytest.mark.parametrize("book", FORM)
def test_libreoffice_calculates_the_same(book: str, handed: Any) -> None:
    _, target, _ = handed(book)
    calculated = libreoffice.recalculate(target)
    for name, cells in values(target).items():
        for address, value in cells.items():
            row, column = split_a1(address) or (0, 0)
            if value is None and row > len(calculated[name]):
                continue  # behind the last row in use: the end of a report
            again = calculated[name][row - 1][column - 1]
            if isinstance(value, float):
                assert again == pytest.approx(value), f"{name}!{address}"
            else:
                assert again == (value or ""), f"{name}!{address}"


@needs_libreoffice
def test_it_prints_every_form_on_one_page_with_its_signatures(handed: Any, tmp_path: Path) -> None:
    """首页, 附件1, 附件2, three projects, what was found on two pages, and the report, before which there may be a cover."""
    for name in ("附件一", "附件二", "附件三"):
        page = Page(handed("hengshan")[1], name)
        assert page.row("填表人：", 1) not in page.hidden
    for book, pages in (("yueyanglou", 10), ("hengshan", 9)):
        pdf = tmp_path / f"{book}.pdf"
        libreoffice.convert_to_pdf(handed(book)[1], pdf)
        assert len(re.findall(rb"/Type\s*/Page[^s]", pdf.read_bytes())) == pages


# --------------------------------------------------------------------------------------- links, and formulas of one's own


def test_the_link_to_the_add_in_goes_and_others_are_numbered_anew(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    part = sheet_part(books["yueyanglou"], "附件3-2")

    def change(content: dict[str, bytes]) -> None:
        for number, file in enumerate(("file:///C:/Users/%E5%BC%A0/jixiao.xlam", "2022%E5%B9%B4.xlsx"), 1):
            link = f"xl/externalLinks/externalLink{number}.xml"
            content[link] = (
                f'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{OFFICE}">'
                '<externalBook r:id="rId1"/></externalLink>'
            ).encode()
            add_type(
                content, link, "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
            )
            relate(content, link, "rId1", f"{OFFICE}/externalLinkPath", file, outside=True)
            relate(content, "xl/workbook.xml", f"rIdX{number}", f"{OFFICE}/externalLink", link[3:])
        references = '<externalReferences><externalReference r:id="rIdX1"/><externalReference r:id="rIdX2"/></externalReferences>'
        put(content, "xl/workbook.xml", "<definedNames>", f"{references}<definedNames>")
        own = '<row r="90"><c r="A90"><f>IFERROR([1]!JX_SUM(A1),\'[2]附 表\'!A1+[2]表!B2)</f><v>3</v></c></row></sheetData>'
        put(content, part, "</sheetData>", own)

    source = rewritten(books["yueyanglou"], tmp_path / "a.xlsx", change)
    check_package(source)
    result = hand_in(source, tmp_path / "b.xlsx", declared)
    assert "A90='[1]附 表'!A1+[1]表!B2" in formulas(tmp_path / "b.xlsx")["附件3-2", "f"]
    assert Parts.open(tmp_path / "b.xlsx").external_links == ["2022%E5%B9%B4.xlsx"]
    assert len(check_package(source) - check_package(tmp_path / "b.xlsx")) == 1
    assert [p.cause for p in result.filing.sheets[0].problems if "另一个文件" in p.cause] == [
        "工作簿里有公式引用了另一个文件“2022%E5%B9%B4.xlsx”"
    ]


def test_the_only_link_goes_with_its_list_but_not_while_something_needs_it(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    def change(content: dict[str, bytes], formula: str) -> None:
        link = "xl/externalLinks/externalLink1.xml"
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        content[link] = (
            f'<externalLink xmlns="{space}" xmlns:r="{OFFICE}"><externalBook r:id="rId1"/></externalLink>'.encode()
        )
        add_type(
            content, link, "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
        )
        relate(content, link, "rId1", f"{OFFICE}/externalLinkPath", "C:\\表\\JIXIAO.xlam", outside=True)
        relate(content, "xl/workbook.xml", "rIdX", f"{OFFICE}/externalLink", link[3:])
        references = '<externalReferences><externalReference r:id="rIdX"/></externalReferences>'
        put(content, "xl/workbook.xml", "<definedNames>", f"{references}<definedNames>")
        put(
            content,
            "xl/workbook.xml",
            "</definedNames>",
            f'<definedName name="我的">{formula}</definedName></definedNames>',
        )

    for formula, left in (("IFERROR([1]!JX_SUM(1),1)", []), ("[1]配置!$A$1", ["C:\\表\\JIXIAO.xlam"])):
        source = rewritten(
            books["hengshan"], tmp_path / "a.xlsx", lambda content, f=formula: change(content, f)
        )
        hand_in(source, tmp_path / "b.xlsx", declared)
        check_package(tmp_path / "b.xlsx")
        assert Parts.open(tmp_path / "b.xlsx").external_links == left
        with zipfile.ZipFile(tmp_path / "b.xlsx") as file:
            assert (b"externalReferences" in file.read("xl/workbook.xml")) == bool(left)


def test_a_call_of_ones_own_keeps_its_value_only(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    part = sheet_part(books["yueyanglou"], "附件3-2")
    cells = (
        '<row r="90"><c r="A90"><f>JX_RATE(D5,E5)*100</f><v>56.7</v></c>'
        '<c r="B90" t="str"><f t="shared" ref="B90:B91" si="900">JX_GRADE(A90)</f><v>良</v></c>'
        '<c r="C90" cm="1"><f t="array" ref="C90">JX_RATE(D5:D6,E5:E6)</f><v>1</v></c><c r="D90"><f>A90+1</f><v>57.7</v></c></row>'
        '<row r="91"><c r="B91" t="str"><f t="shared" si="900"/><v>优</v></c></row></sheetData>'
    )

    def change(content: dict[str, bytes]) -> None:
        put(content, part, "</sheetData>", cells)
        content["xl/calcChain.xml"] = (
            b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="A90" i="4"/></calcChain>'
        )
        add_type(
            content,
            "xl/calcChain.xml",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml",
        )
        relate(content, "xl/workbook.xml", "rIdChain", f"{OFFICE}/calcChain", "calcChain.xml")

    source = rewritten(books["yueyanglou"], tmp_path / "a.xlsx", change)
    result = hand_in(source, tmp_path / "b.xlsx", declared)
    assert result.valued == [f"附件3-2!{place}" for place in ("A90", "B90", "C90", "B91")]
    page = opened.page(tmp_path / "b.xlsx", "附件3-2")
    row = [page[place].value for place in ("A90", "B90", "C90", "D90", "B91")]
    assert row == [56.7, "良", 1, "=A90+1", "优"]
    assert "xl/calcChain.xml" not in check_package(tmp_path / "b.xlsx")
    # Without such a call the chain stays as it is.
    put_back = rewritten(books["yueyanglou"], tmp_path / "c.xlsx", change)
    plain = rewritten(
        put_back, tmp_path / "d.xlsx", lambda content: put(content, part, cells, "</sheetData>")
    )
    hand_in(plain, tmp_path / "e.xlsx", declared)
    assert "xl/calcChain.xml" in check_package(tmp_path / "e.xlsx")


# ------------------------------------------------------------------------------------------------------ what goes wrong


def refused(source: Path, target: Path, declared: Catalogue) -> str:
    before = target.read_bytes() if target.exists() else None
    with pytest.raises(Unreadable) as caught:
        hand_in(source, target, declared)
    assert (target.read_bytes() if target.exists() else None) == before
    assert not list(target.parent.glob(".*"))
    return str(caught.value)


def test_the_workbook_itself_is_never_the_target(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    source = tmp_path / "a.xlsx"
    source.write_bytes(books["hengshan"].read_bytes())
    (tmp_path / "x").mkdir()
    link = tmp_path / "b.xlsx"
    link.symlink_to(source)
    for target in (source, tmp_path / "x" / ".." / "a.xlsx", link):
        assert "上报件不能覆盖正在填报的工作簿。请换一个文件名。" in refused(source, target, declared)
    assert "应以 .xlsx 结尾" in refused(source, tmp_path / "a.xlsm", declared)


def test_an_older_file_is_replaced_whole_or_not_at_all(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "上报.xlsx"
    target.write_bytes(b"old")
    source = books["hengshan"]

    def open_elsewhere(self: Path, other: Path) -> None:
        raise PermissionError(13, "open in Excel")

    # Only the last step touches the target: everything before happens elsewhere.
    real = Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(
            Path,
            "replace",
            lambda self, other: open_elsewhere(self, other) if Path(other) == target else real(self, other),
        )
        assert refused(source, target, declared) == (
            "上报.xlsx：文件正被打开，无法写入；原文件未改动。请先在 Excel/WPS 中关闭该文件，再重试。"
        )
    hand_in(source, target, declared)
    check_package(target)


def test_what_is_no_filing_is_told(declared: Catalogue, tmp_path: Path, books: dict[str, Path]) -> None:
    target = tmp_path / "上报.xlsx"
    assert "找不到文件" in refused(tmp_path / "none.xlsm", target, declared)
    other = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(other)
    assert refused(other, target, declared).startswith("other.xlsx：工作簿里没有自评表的标记")
    assert "文件夹" in refused(books["hengshan"], tmp_path / "没有" / "上报.xlsx", declared)

    def add_macro_sheet(content: dict[str, bytes]) -> None:
        content["xl/macrosheets/sheet1.xml"] = content["xl/worksheets/sheet1.xml"]
        add_type(content, "xl/macrosheets/sheet1.xml", "application/vnd.ms-excel.macrosheet+xml")
        relate(content, "xl/workbook.xml", "rIdM", f"{MICROSOFT}/xlMacrosheet", "macrosheets/sheet1.xml")

    source = rewritten(books["hengshan"], tmp_path / "m.xlsm", add_macro_sheet)
    assert "宏表" in refused(source, target, declared)

    def break_drawing(content: dict[str, bytes]) -> None:
        content["xl/drawings/drawing1.xml"] = b"<!DOCTYPE x><x/>"

    source = dressed(books["hengshan"], tmp_path / "n.xlsm", "附件三")
    assert "部件 xl/drawings/drawing1.xml 无法解析" in refused(
        rewritten(source, tmp_path / "o.xlsm", break_drawing), target, declared
    )

    def lose_types(content: dict[str, bytes]) -> None:
        del content[TYPES]

    source = rewritten(books["hengshan"], tmp_path / "p.xlsx", lose_types)
    assert "缺少部件 [Content_Types].xml" in refused(source, target, declared)
