"""Sheets, names and cells: the same values as openpyxl and calamine read, in every legal spelling."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

import libreoffice
from jixiao.books.ooxml.addresses import Reference, parse_reference, split_a1
from jixiao.books.ooxml.cells import Cell, Cells, ErrorValue
from jixiao.books.ooxml.formats import display
from jixiao.books.ooxml.markup import column_letter, usual
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.workbook import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

BOOK = (
    f'<?xml version="1.0" encoding="UTF-8"?>\r\n<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="附件2" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
LINKS = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/worksheet"'
    f' Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{RELATIONS}/sharedStrings"'
    ' Target="/xl/sharedStrings.xml"/></Relationships>'
)
STRINGS = f'<sst xmlns="{MAIN}"><si><t>车辆维修数量</t></si><si><t xml:space="preserve"> 19辆 </t></si></sst>'


def sheet_xml(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def written(folder: Path, sheet: str | bytes, strings: str = STRINGS, book: str | bytes = BOOK) -> Workbook:
    """Return a workbook of one sheet with the given XML."""
    path = folder / "a.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("xl/workbook.xml", book)
        file.writestr("xl/_rels/workbook.xml.rels", LINKS)
        file.writestr("xl/sharedStrings.xml", strings)
        file.writestr("xl/worksheets/sheet1.xml", sheet)
    return Workbook(Parts.open(path))


def cells_of(folder: Path, sheet: str | bytes, strings: str = STRINGS) -> Cells:
    book = written(folder, sheet, strings)
    return book.cells(book.sheets[0])


# --- the same as others read ------------------------------------------------------------------------------

TEXTS = ["全年执行数", " ≥95% ", "a<b & \"c\" 'd' >e", "第一行\n第二行", "_x000D_", "=12个", "19.0", "😀"]
NUMBERS = [0.0, -3.5, 2860.69, 1e-300, 1.7976931348623e300, 0.1 + 0.2, 123456789012345.0]


def by_xlsxwriter(path: Path, **options: bool) -> None:
    book = xlsxwriter.Workbook(path, options)
    bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.00%"})
    for name in ("首页", "it's", "附件3-1"):
        sheet = book.add_worksheet(name)
        for row, text in enumerate(TEXTS):
            sheet.write_string(row, 0, text)
        for row, number in enumerate(NUMBERS):
            sheet.write_number(row, 2, number, percent)
            sheet.write_formula(
                row, 3, f'=IF(C{row + 1}<0,"负",C{row + 1})', None, "负" if number < 0 else number
            )
        sheet.write_boolean(0, 5, True)
        sheet.write_formula(1, 5, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 5, "=A1>B1", None, False)
        sheet.write_formula(3, 5, '=""', None, "")
        sheet.write_blank(4, 5, None, percent)
        if not options:
            sheet.write_rich_string(5, 5, "车辆", bold, "维修", "数量")
            sheet.merge_range(10, 0, 12, 1, "产出指标")
        sheet.write_number(15, 30, 7)
        if name != "it's":  # XlsxWriter cannot
            book.define_name(f"'{name}'!执行率", f"='{name}'!$C$3")
    book.define_name("年度", "=2023")
    book.worksheets()[1].hide()
    book.close()


def by_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name in ("首页", "it's", "附件3-1"):
        sheet = book.create_sheet(name)
        for row, text in enumerate(TEXTS, 1):
            sheet.cell(row, 1, text).data_type = "s"
        for row, number in enumerate(NUMBERS, 1):
            sheet.cell(row, 3, number)
        sheet["F1"], sheet["F2"], sheet["G9"] = True, "#DIV/0!", "尾"
        sheet["F2"].data_type = "e"
    book["it's"].sheet_state = "hidden"
    book.save(path)


def by_libreoffice(path: Path) -> None:
    source = path.with_name("source.xlsx")
    by_xlsxwriter(source)
    if reason := libreoffice.missing():
        pytest.skip(reason)
    libreoffice.recalculate(source, save=path)


MAKERS = [by_xlsxwriter, by_openpyxl, by_libreoffice]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda maker: maker.__name__)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "a.xlsx"
    request.param(path)
    return path


def test_same_as_openpyxl(made: Path) -> None:
    book = Workbook(Parts.open(made))
    values, formulas = openpyxl.load_workbook(made, data_only=True), openpyxl.load_workbook(made)
    assert [sheet.name for sheet in book.sheets] == values.sheetnames
    assert [sheet.state for sheet in book.sheets] == [values[name].sheet_state for name in values.sheetnames]
    for sheet in book.sheets:
        cells = book.cells(sheet)
        seen = dict(cells.items())
        theirs = values[sheet.name]
        for row in theirs.iter_rows():
            for other in row:
                ours = cells.get(other.row, other.column)
                assert ours == seen.get(other.coordinate)
                expected: Any = other.value
                value = None if ours is None else ours.value
                # openpyxl gives what stands between tags; Excel's escapes stay undecoded there.
                if expected == "_x000D_" or value == "\r":
                    continue
                assert value == expected or (expected is None and value == ""), other.coordinate
                assert isinstance(value, bool) == isinstance(expected, bool)
                formula = formulas[sheet.name][other.coordinate]
                has = formula.data_type == "f"
                assert has == (ours is not None and ours.formula is not None)
                if has and ours is not None:
                    assert f"={ours.formula}" == formula.value
        assert cells.problems == []
        merged = {(r.min_row, r.min_col, r.max_row, r.max_col) for r in theirs.merged_cells.ranges}
        assert set(cells.merges) == merged


def test_same_as_calamine(made: Path) -> None:
    book, theirs = Workbook(Parts.open(made)), CalamineWorkbook.from_path(made)
    assert [sheet.name for sheet in book.sheets] == theirs.sheet_names
    for sheet in book.sheets:
        cells = book.cells(sheet)
        for row, values in enumerate(
            theirs.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False), 1
        ):
            for column, expected in enumerate(values, 1):
                cell = cells.get(row, column)
                value = "" if cell is None or cell.value is None else cell.value
                if isinstance(value, ErrorValue) or "\r" in str(value) or expected == "_x000D_":
                    continue
                assert value == expected, (row, column)


def test_what_others_write_needs_no_rewriting(made: Path) -> None:
    parts = Parts.open(made)
    assert all(usual(parts[sheet.part]) for sheet in Workbook(parts).sheets)


def test_names(tmp_path: Path) -> None:
    by_xlsxwriter(tmp_path / "a.xlsx")
    book = Workbook(Parts.open(tmp_path / "a.xlsx"))
    assert book.names == {
        None: {"年度": "2023"},
        0: {"执行率": "'首页'!$C$3"},
        2: {"执行率": "'附件3-1'!$C$3"},
    }


def test_inline_strings_of_constant_memory(tmp_path: Path) -> None:
    by_xlsxwriter(tmp_path / "a.xlsx", in_memory=True, constant_memory=True)
    book = Workbook(Parts.open(tmp_path / "a.xlsx"))
    cells = book.cells(book.sheets[2])
    assert [cells.get(row, 1) for row in (1, 3)] == [Cell(TEXTS[0], None, 0), Cell(TEXTS[2], None, 0)]


# --- spellings ------------------------------------------------------------------------------------------------

PLAIN = sheet_xml(
    '<row r="2"><c r="A2" s="3" t="s"><v>0</v></c><c r="B2"><v>56.7</v></c>'
    '<c r="C2" t="str"><f>A2&amp;"辆"</f><v>19辆</v></c><c r="D2" t="b"><v>1</v></c></row>'
)
SAME = {
    "A2": Cell("车辆维修数量", None, 3),
    "B2": Cell(56.7, None, 0),
    "C2": Cell("19辆", 'A2&"辆"', 0),
    "D2": Cell(True, None, 0),
}
PREFIXED = PLAIN
for tag in ("worksheet", "sheetData", "row", "c ", "v", "f"):
    PREFIXED = PREFIXED.replace(f"<{tag}", f"<x:{tag}").replace(f"</{tag.strip()}", f"</x:{tag.strip()}")
PREFIXED = PREFIXED.replace("<c>", "<x:c>").replace("</c>", "</x:c>").replace("xmlns=", "xmlns:x=")
ROOT = f'<worksheet xmlns="{MAIN}">'

SPELLINGS: dict[str, str | bytes] = {
    "plain": PLAIN,
    "declared, line ends": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + PLAIN + "\r\n",
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "indented": PLAIN.replace("<row", "\n  <row")
    .replace("<c ", "\n    <c ")
    .replace("</row>", "\n  </row>\n"),
    "single quotes": PLAIN.replace('A2&amp;"辆"', "A2&amp;&quot;辆&quot;").replace('"', "'"),
    "order": PLAIN.replace('r="A2" s="3" t="s"', 't="s" s="3" r="A2"'),
    "order of last two": PLAIN.replace('s="3" t="s"', 't="s" s="3"'),
    "more attributes": PLAIN.replace('<c r="B2"', '<c r="B2" cm="1" ph="0"').replace("<f>", '<f ca="1">'),
    "row attributes": PLAIN.replace('<row r="2"', '<row spans="1:4" ht="20" r="2"'),
    "line end in tag": PLAIN.replace("<c r", "<c\n r").replace("<row r", "<row\tr"),
    "line end in one tag": PLAIN.replace('<c r="B2"', '<c\r\nr="B2"'),
    "spaces": PLAIN.replace('r="', 'r = "').replace("</c>", "</c >").replace("</v>", "</v >"),
    "space before end": PLAIN.replace('t="s">', 't="s" >').replace("<v>", "<v >"),
    "prefixed": PREFIXED,
    "one prefixed cell": PLAIN.replace(ROOT, f'<worksheet xmlns="{MAIN}" xmlns:y="{MAIN}">')
    .replace('<c r="B2">', '<y:c r="B2">')
    .replace("56.7</v></c>", "56.7</v></y:c>"),
    "prefix declared at the cell": PLAIN.replace('<c r="B2">', f'<y:c xmlns:y="{MAIN}" r="B2">').replace(
        "56.7</v></c>", "56.7</v></y:c>"
    ),
    "strict": PLAIN.replace(MAIN, STRICT),
    "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?>' + PLAIN).encode("utf-16"),
    "latin": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + PLAIN.replace("辆", "&#x8F86;")).encode(
        "latin-1"
    ),
    "references": PLAIN.replace("辆", "&#36742;").replace('"A2"', '"&#65;2"'),
    "CDATA": PLAIN.replace("<v>19辆</v>", "<v><![CDATA[19辆]]></v>"),
    "comment": PLAIN.replace("<c r", "<!-- <c r='A2'><v>1</v></c> --><c r"),
    "phantom": PLAIN.replace("</sheetData>", '<!--<row r="2"><c r="A2"><v>1</v></c></row>--></sheetData>'),
    "instruction": PLAIN.replace("</row>", '</row><?x <row r="2"><c r="A2"><v>1</v></c></row> ?>'),
    "implied positions": PLAIN.replace('<row r="2">', "<row/><row>")
    .replace(' r="A2"', "")
    .replace(' r="B2"', "")
    .replace(' r="C2"', ""),
    "partly implied": PLAIN.replace(' r="C2"', ""),
    "foreign elements": PLAIN.replace("</row>", '<z:c xmlns:z="urn:z" r="A2"><z:v>1</z:v></z:c></row>'),
    "foreign default": PLAIN.replace(
        "</row>", '</row><ext xmlns="urn:z"><row r="2"><c r="A2"><v>1</v></c></row></ext>'
    ),
    "extension": PLAIN.replace("56.7</v>", '56.7</v><extLst><ext uri="a"/></extLst>'),
    "sheetData with an attribute": PLAIN.replace("<sheetData>", '<sheetData a="1">'),
    "elements that begin like known ones": PLAIN.replace("</row>", "</row><rows a='1'/><rowr r='2'/>"),
    "two rows of one number": PLAIN.replace('<c r="C2"', '</row><row r="2"><c r="C2"'),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_reads_the_same(spelling: str, tmp_path: Path) -> None:
    cells = cells_of(tmp_path, SPELLINGS[spelling])
    assert {address: cells[address] for address in SAME} == SAME
    fresh = cells_of(tmp_path, SPELLINGS[spelling])
    assert dict(fresh.items()) == SAME
    assert fresh.get(2, 4) == SAME["D2"]
    assert fresh.get(3, 1) is None
    assert fresh.get(2, 5) is None
    assert fresh.problems == []
    fresh = cells_of(tmp_path, SPELLINGS[spelling])
    line = {letter: SAME[f"{letter}2"] for letter in "ABCD"}
    assert fresh.line(2, 5) == {letter: cell.value for letter, cell in line.items()}
    assert {letter: fresh.style(2, letter) for letter in line} == {
        letter: cell.style for letter, cell in line.items()
    }
    assert list(fresh.lines(range(1, 2**20), 5)) == [(2, fresh.line(2, 5))]


def test_a_line_is_read_as_far_as_it_is_asked_for(tmp_path: Path) -> None:
    """Rows of a form are long: what is calculated beside it stands in them."""
    long = f"<f>{'A1+' * 400}1</f>"
    rows = (
        f'<row r="1"><c r="A1" s="2"/><c r="J1">{long}<v>5</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"/><c r="I2"><v>2</v></c>'
        f'<c r="J2">{long}<v>3</v></c></row>'
        '<row r="3" spans="1:30"/>'
        f'<row r="7"><c r="C7"><v>4</v></c><c r="AA7">{long}<v>6</v></c></row>'
        f'<row r="8"><c r="B8"><v>1</v></c><c r="J8">{long}</c><c r="AA8">{long}<v>7</v></c></row>'
    )
    cells = cells_of(tmp_path, sheet_xml(rows))
    found = {2: {"A": "车辆维修数量", "I": 2.0}, 7: {"C": 4.0}, 8: {"B": 1.0}}
    lines = dict(cells.lines(range(1, 10), 9))
    assert lines == {
        **found,
        8: {"B": 1.0, "J": None},
    }  # farther than asked, because the row above was cut farther
    assert cells.line(1, 9) == cells.line(3, 9) == cells.line(4, 9) == {}
    assert cells.line(2, 9) == found[2]
    assert dict(cells.lines(range(1, 10), 26)) == {
        1: {"J": 5.0},
        2: {**found[2], "J": 3.0},
        7: {"C": 4.0},
        8: {"B": 1.0, "J": None},
    }
    assert dict(cells.lines(range(7, 9), 27)) == {
        7: {"C": 4.0, "AA": 6.0},
        8: {"B": 1.0, "J": None, "AA": 7.0},
    }
    assert cells.line(1, 9) == {"J": 5.0}  # what was read farther stays
    assert cells["A1"] == Cell(None, None, 2) and cells["J7"] is None


def test_rows_that_differ_only_in_their_texts_keep_them_apart(tmp_path: Path) -> None:
    cells = (
        '<c r="A{0}" t="s"><v>{1}</v></c><c r="B{0}" s="4"><f>{2}</f><v>{3}</v></c>'
        '<c r="C{0}" t="inlineStr"><is><t>{4}</t></is></c><c r="D{0}" t="str"><f>A1</f><v>{5}</v></c>'
    )
    rows = [
        (1, "0", "C1+1", "5", "甲 &amp; 乙", "x&gt;y"),
        (1, "0", "C1+22", "-6.5E2", "a>b", "0"),
        (1, "99", "C1", "", "", ""),  # no text of that index, a formula never computed, empty texts
        (1, "", "", "１２", ">", "_x0041_"),
    ]
    found = []
    for k, row in enumerate(rows):
        (tmp_path / str(k)).mkdir()
        sheet = cells_of(tmp_path / str(k), sheet_xml(f'<row r="1">{cells.format(*row)}</row>'))
        found.append(sheet.line(1, 9))
        assert {letter: sheet.style(1, letter) for letter in found[-1]} == {"A": 0, "B": 4, "C": 0, "D": 0}
    assert found[:2] == [
        {"A": "车辆维修数量", "B": 5.0, "C": "甲 & 乙", "D": "x>y"},
        {"A": "车辆维修数量", "B": -650.0, "C": "a>b", "D": "0"},
    ]
    assert found[2:] == [
        {"A": "", "B": None, "C": "", "D": ""},
        {"A": "", "B": "１２", "C": ">", "D": "A"},
    ]


@pytest.mark.parametrize(
    "text, expected",
    [
        (PLAIN, True),
        ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + PLAIN, True),
        ("<?xml version='1.0' encoding='utf-8'?>\n" + PLAIN, True),
        (SPELLINGS["byte order mark"], True),
        (PLAIN.replace("A2&amp;", "附件2!A2&amp;&quot;?!--&quot;&amp;"), True),
        (PLAIN.replace("</worksheet>", '<extLst xmlns:x14="urn:x14"/></worksheet>'), True),
        (PLAIN.replace("56.7", "5\r\n"), False),
        (PLAIN.replace("</worksheet>", f'<extLst xmlns:x14="{MAIN}"/></worksheet>'), False),
        (PLAIN.replace("</worksheet>", f'<extLst xmlns:d="{RELATIONS}"/></worksheet>'), False),
        (PLAIN.replace("</worksheet>", '<extLst xmlns:x14="&#104;ttp"/></worksheet>'), False),
        (SPELLINGS["comment"], False),
        (SPELLINGS["CDATA"], False),
        (SPELLINGS["instruction"], False),
        (SPELLINGS["prefixed"], False),
        (SPELLINGS["UTF-16"], False),
        (SPELLINGS["latin"], False),
    ],
)
def test_what_needs_rewriting(text: str | bytes, expected: bool) -> None:
    assert usual(text.encode() if isinstance(text, str) else text) is expected


@pytest.mark.parametrize(
    "cell, expected",
    [
        ('<c r="A1"/>', Cell(None, None, 0)),
        ('<c r="A1" s="4"/>', Cell(None, None, 4)),
        ('<c r="A1"></c>', Cell(None, None, 0)),
        ('<c r="A1"><v/></c>', Cell(None, None, 0)),
        ('<c r="A1" t="n"><v>1E3</v></c>', Cell(1000.0, None, 0)),
        ('<c r="A1"><v>INF</v></c>', Cell("INF", None, 0)),
        ('<c r="A1"><v>nan</v></c>', Cell("nan", None, 0)),
        ('<c r="A1"><v>1E999</v></c>', Cell("1E999", None, 0)),
        ('<c r="A1"><f>B1*2</f></c>', Cell(None, "B1*2", 0)),
        ('<c r="A1"><f>B1&gt;2</f><v></v></c>', Cell(None, "B1>2", 0)),
        ('<c r="A1"><f t="shared" si="0"/><v>3</v></c>', Cell(3.0, "", 0)),
        ('<c r="A1"><f t="shared" ref="A1:A9" si="0">B1</f><v>3</v></c>', Cell(3.0, "B1", 0)),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Cell(ErrorValue("#DIV/0!"), "1/0", 0)),
        ('<c r="A1" t="str"><f>""</f><v></v></c>', Cell("", '""', 0)),
        ('<c r="A1" t="str"><v xml:space="preserve"> a</v></c>', Cell(" a", None, 0)),
        ('<c r="A1" t="b"><v>0</v></c>', Cell(False, None, 0)),
        ('<c r="A1" t="d"><v>2023-12-31T00:00:00</v></c>', Cell("2023-12-31T00:00:00", None, 0)),
        ('<c r="A1" t="inlineStr"><is><t>车</t></is></c>', Cell("车", None, 0)),
        (
            '<c r="A1" t="inlineStr"><is><r><t>车</t></r><r><rPr><b/></rPr><t>辆</t></r></is></c>',
            Cell("车辆", None, 0),
        ),
        ('<c r="A1" t="s"><v>1</v></c>', Cell(" 19辆 ", None, 0)),
        ('<c r="A1" t="s"><v>99</v></c>', Cell(None, None, 0)),
        ('<c r="A1" t="s"><v>-1</v></c>', Cell(None, None, 0)),
        ('<c r="A1"><v>７,00.0,77</v></c>', Cell("７,00.0,77", None, 0)),
        ('<c r="A1"><v>２８６０．６９</v></c>', Cell("２８６０．６９", None, 0)),
        ('<c r="A1"><v>２８６０</v></c>', Cell("２８６０", None, 0)),
    ],
)
def test_kinds_of_cells(cell: str, expected: Cell, tmp_path: Path) -> None:
    found = cells_of(tmp_path, sheet_xml(f'<row r="1">{cell}</row>'))["A1"]
    assert found == expected
    assert found is not None
    assert type(found.value) is type(expected.value)


@pytest.mark.parametrize(
    "item, text",
    [
        ("<si><t>a</t></si>", "a"),
        ("<si/>", ""),
        ("<si><t/></si>", ""),
        ('<si><t xml:space="preserve"> a\n b </t></si>', " a\n b "),
        ("<si ><t>a</t></si>", "a"),
        ("<si>\n<t>a</t>\n</si>", "a"),
        ("<si><r><rPr><sz val='9'/><rFont val='宋体'/></rPr><t>车</t></r><r><t>辆</t></r></si>", "车辆"),
        ("<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh><phoneticPr fontId='1'/></si>", "東京"),
        ("<si><t>a_x000D_b</t></si>", "a\rb"),
        ("<si><t>_x005F_x000D_</t></si>", "_x000D_"),
        ("<si><t>_xD83D__xDE00_</t></si>", "😀"),
        ("<si><t>&lt;&amp;lt;&#x4E00;&#38;lt;&quot;&apos;&gt;</t></si>", "<&lt;一&lt;\"'>"),
        ("<si><t>a\r\nb</t></si>", "a\nb"),
        ("<si><t><![CDATA[<t>]]></t></si>", "<t>"),
    ],
)
def test_shared_strings(item: str, text: str, tmp_path: Path) -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>first</t></si>{item}<si><t>last</t></si></sst>'
    row = "".join(f'<c r="{column}1" t="s"><v>{index}</v></c>' for index, column in enumerate("ABC"))
    cells = cells_of(tmp_path, sheet_xml(f'<row r="1">{row}</row>'), strings)
    assert [cell.value for _, cell in cells.items()] == ["first", text, "last"]


def test_more_texts_than_any_filing_has_are_refused(tmp_path: Path) -> None:
    strings = f'<sst xmlns="{MAIN}">{"<si/>" * 1_000_001}</sst>'
    with pytest.raises(Unreadable) as refused:
        cells_of(tmp_path, PLAIN, strings)
    assert "超过 1000000 条" in refused.value.cause


@pytest.mark.parametrize(
    "quote", ['<c r="{}"><v>1</v></c>', "<c  r='{}'><v>1</v></c>", '<c s="0" r="{}"><v>1</v></c>']
)
@pytest.mark.parametrize(
    "row, address, absurd",
    [
        ("1048576", "XFD1048576", False),
        ("1", "XFE1", True),
        ("1048577", "A1048577", True),
        ("4294967296", "A4294967296", True),
        ("9" * 30, "A" + "9" * 30, True),
        ("1", "ZZZZZZZZ1", True),
        ("0", "A0", True),
        ("1", "A-1", True),
        ("1", "F9", True),
        ("a&amp;b", "A1", True),
        ("1", "", True),
    ],
)
def test_far_and_absurd_cells_cost_nothing(
    quote: str, row: str, address: str, absurd: bool, tmp_path: Path
) -> None:
    """The cell that makes other readers allocate a sheet of 17 billion cells, or that no sheet has."""
    text = sheet_xml(f'<row r="1"><c r="A1"><v>5</v></c></row><row r="{row}">{quote.format(address)}</row>')
    cells = cells_of(tmp_path, text)
    assert cells["A1"] == Cell(5.0, None, 0)
    expected = {"A1": Cell(5.0, None, 0)} | ({} if absurd else {address: Cell(1.0, None, 0)})
    assert dict(cells.items()) == expected
    assert cells.problems == ([address] if absurd else [])


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB + PLAIN,
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + PLAIN,
        "",
        "<a",
        PLAIN[:200],
        PLAIN + "<b/>",
        "\0" * 50,
    ],
)
def test_broken_markup_is_reported(text: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"a\.xlsx：部件 xl/worksheets/sheet1\.xml 无法解析。请"):
        cells_of(tmp_path, text)


def test_broken_encoding_is_reported(tmp_path: Path) -> None:
    cells = cells_of(tmp_path, PLAIN.encode("gbk"))
    with pytest.raises(Unreadable, match=r"a\.xlsx：部件 xl/worksheets/sheet1\.xml 无法解析。请"):
        cells["C2"]


def test_merges_in_any_spelling(tmp_path: Path) -> None:
    tail = '</sheetData><mergeCells count="1"><mergeCell ref="A1:B3"/></mergeCells>'
    for text in (tail, tail.replace('"', "'"), tail.replace('ref="', 'ref = "')):
        assert cells_of(tmp_path, PLAIN.replace("</sheetData>", text)).merges == [(1, 1, 3, 2)]


# --- workbook ----------------------------------------------------------------------------------------------

NAMES = (
    '<definedNames><definedName name="_xlnm.Print_Area" localSheetId="0" hidden="1">\'附件2\'!$A$1:$H$40'
    '</definedName><definedName name="执行率" localSheetId="0">附件2!$F$14</definedName>'
    '<definedName name="_form" localSheetId="0">"整体支出绩效自评表"</definedName>'
    "<definedName name=\"全称\">'A&amp;B'!$A$1</definedName></definedNames>"
)
NAMED = BOOK.replace("</sheets>", "</sheets>" + NAMES)
EXPECTED = {
    None: {"全称": "'A&B'!$A$1"},
    0: {"_xlnm.Print_Area": "'附件2'!$A$1:$H$40", "执行率": "附件2!$F$14", "_form": '"整体支出绩效自评表"'},
}


@pytest.mark.parametrize(
    "text",
    [
        NAMED,
        NAMED.replace('localSheetId="0"', "localSheetId='0'"),
        NAMED.replace('name="执行率" localSheetId="0"', 'localSheetId="0" name="执行率"'),
        NAMED.replace(' localSheetId="0"', ' comment="a=b" localSheetId="0"'),
        NAMED.replace("<definedName ", '<definedName function="false" vbProcedure="false" '),
        NAMED.replace("<definedName ", "<definedName\n"),
        NAMED.replace("<definedNames>", "<definedNames><!-- <definedName name='a'>b</definedName> -->"),
        NAMED.replace("<definedNames>", "<definedNames >"),
        NAMED.replace(MAIN, STRICT).replace(RELATIONS, STRICT_RELATIONS),
        NAMED.replace(f' xmlns:r="{RELATIONS}"', "").replace(" r:id=", f' xmlns:d="{RELATIONS}" d:id='),
        NAMED.replace(":r=", ":q=").replace("r:id", "q:id"),
        NAMED.replace("<workbook xmlns=", "<x:workbook xmlns:x=")
        .replace("</workbook", "</x:workbook")
        .replace("<sheet", "<x:sheet")
        .replace("</sheet", "</x:sheet")
        .replace("<defined", "<x:defined")
        .replace("</defined", "</x:defined"),
    ],
)
def test_workbook_in_any_spelling(text: str, tmp_path: Path) -> None:
    book = written(tmp_path, PLAIN, book=text)
    assert [(sheet.name, sheet.part, sheet.state) for sheet in book.sheets] == [
        ("附件2", "xl/worksheets/sheet1.xml", "visible")
    ]
    assert book.names == EXPECTED
    assert book.cells(book.sheets[0])["B2"] == SAME["B2"]


def test_missing_sheet_part(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="工作表“附件2”没有内容"):
        written(tmp_path, PLAIN, book=BOOK.replace("rId1", "rId7"))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("'附件3-1'!$F$14", Reference("附件3-1", 14, 6, 14, 6)),
        ("'it''s'!$A$1:$B$9", Reference("it's", 1, 1, 9, 2)),
        ("Sheet1!$B$9:$A$1", Reference("Sheet1", 1, 1, 9, 2)),
        ("首页!A1", Reference("首页", 1, 1, 1, 1)),
        ("首页!$1:$3", Reference("首页", 1, 1, 3, 16384)),
        ("首页!$A:$C", Reference("首页", 1, 1, 1048576, 3)),
        ("'附件3-1'!$XFD$1048576", Reference("附件3-1", 1048576, 16384, 1048576, 16384)),
        ('"项目支出绩效自评表"', "项目支出绩效自评表"),
        ('"说""明"', '说"明'),
        ('""', ""),
        ("2023", "2023"),
        ("-0.5", "-0.5"),
        ("TRUE", "TRUE"),
        ("#REF!", None),
        ("'附件3-1'!#REF!", None),
        ("#REF!$A$1", None),
        ("[1]首页!$A$1", None),
        ("'[旧表.xlsx]首页'!$A$1", None),
        ("首页!$A$1,首页!$B$2", None),
        ("首页!$XFE$1", None),
        ("首页!$A$0", None),
        ("首页!$A$1048577", None),
        ("OFFSET(首页!$A$1,1,1)", None),
        ('"a"&"b"', None),
        ("", None),
    ],
)
def test_references(text: str, expected: Reference | str | None) -> None:
    assert parse_reference(text) == expected


def test_addresses() -> None:
    assert [column_letter(n) for n in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert split_a1("F14") == split_a1("$F$14") == (14, 6)
    assert split_a1("XFD1048576") == (1048576, 16384)
    assert [split_a1(text) for text in ("XFE1", "A0", "A1048577", "14F", "", "A1:B2")] == [None] * 6


# --- numbers as shown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, code, shown",
    [
        (0.95, "0%", "95%"),
        (0.7772, "0.00%", "77.72%"),
        (1.005, "0.00", "1.01"),
        (-1.005, "0.00", "-1.01"),
        (-0.001, "0.00", "0.00"),
        (19.0, "General", "19"),
        (0.1 + 0.2, "General", "0.3"),
        (1e-7, "General", "0.0000001"),
        (19.0, '0"辆"', "19辆"),
        (760.0, '"≤"0"元/批次"', "≤760元/批次"),
        (1234567.5, "#,##0.00", "1,234,567.50"),
        (0.5, "#,##0.##", "0.5"),
        (0.5, "#.##", ".5"),
        (5.0, '@"件"', "5件"),
        (5.0, ";;;", "5"),
        (7.0, "000", "007"),
        (-3.5, "0.0_);[Red]\\(0.0\\)", "(3.5)"),
        (0.0, '0.00;-0.00;"——"', "——"),
        (15000.0, '0.0,"千"', "15.0千"),
        (12345.0, "0.00E+00", "1.23E+04"),
        (0.5, "# ?/?", "0.5"),
        (5.0, "@", "5"),
        (45291.0, 'yyyy"年"m"月"d"日"', "2023年12月31日"),
        (45291.0, '[$-804]yyyy"年"m"月"d"日";@', "2023年12月31日"),
        (45291.0, "yyyy/m/d", "2023/12/31"),
        (45291.0, "yyyy-mm-dd", "2023-12-31"),
        (45291.0, "yy.mm.dd", "23.12.31"),
        (45291.75, "yyyy/m/d h:mm", "2023/12/31 18:00"),
        (45291.5, "m/d/yyyy h:mm AM/PM", "12/31/2023 12:00 PM"),
        (0.999999, "h:mm:ss", "0:00:00"),
        (1.5, "[h]:mm", "36:00"),
        (45291.0, "aaaa", "星期日"),
        (1.0, "yyyy-mm-dd", "1900-01-01"),
        (61.0, "yyyy-mm-dd", "1900-03-01"),
        (1e12, "yyyy", "1000000000000"),
        (-1.0, "yyyy", "-1"),
    ],
)
def test_display(value: float, code: str, shown: str) -> None:
    assert display(value, code) == shown


def test_dates_from_1904() -> None:
    assert display(0.0, "yyyy-mm-dd", date1904=True) == "1904-01-01"


def test_display_text_uses_the_cell_s_format(tmp_path: Path) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for row, code in enumerate(["0%", 'yyyy"年"m"月"d"日"', "0.00", "General", 14, 31]):
        sheet.write_number(row, 0, 45291, book.add_format({"num_format": code}))
    sheet.write_datetime(9, 0, datetime.datetime(2023, 6, 30), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    read = Workbook(Parts.open(tmp_path / "a.xlsx"))
    shown = []
    for _, cell in read.cells(read.sheets[0]).items():
        assert isinstance(cell.value, float)
        shown.append(read.display_text(cell.value, cell.style))
    assert shown == [
        "4529100%", "2023年12月31日", "45291.00", "45291", "2023/12/31", "2023年12月31日", "2023-06-30",
    ]  # fmt: skip
    assert read.display_text(0.5, 999) == "0.5"
