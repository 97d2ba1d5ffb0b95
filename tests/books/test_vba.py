"""VBA in a file of ours is what its text says, in ASCII, and in a container that a strict reader accepts."""

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oletools.olevba import VBA_Parser

from jixiao.books.vba.project import CONTINUATIONS, LINE_LIMIT, WORKBOOK, VbaError, ascii_vba, project

BUTTONS = """\
Attribute VB_Name = "Buttons"
Option Explicit

Public Sub Check() ' 审核
    MsgBox "完成 1", vbInformation, "绩效""自评"
End Sub
"""
OPENED = """\
Attribute VB_Name = "ThisWorkbook"
Option Explicit

Private Sub Workbook_Open()
    Buttons.Check
End Sub
"""
SHEETS = ["Front", "Sheet2", "Sheet3"]


def extracted(data: bytes) -> dict[str, str]:
    parser = VBA_Parser("vbaProject.bin", data=data)
    return {name.rpartition(".")[0]: code for _, _, name, code in parser.extract_macros()}


def literal_text(written: str) -> str:
    """What VBA computes for the concatenation that stands for one literal."""
    text, units = written.strip().replace(" & _\n    ", " & "), []
    for term in text.removeprefix("(").removesuffix(")").split(" & ") if text.startswith("(") else [text]:
        if term.startswith("ChrW("):
            units.append(int(term[5:].rstrip(")")).to_bytes(2, "little"))
        else:
            assert term.startswith('"') and term.endswith('"')
            units.append(term[1:-1].replace('""', '"').encode("utf-16-le"))
    return b"".join(units).decode("utf-16-le")


def test_a_chinese_literal_becomes_a_chain() -> None:
    # 完 is U+5B8C = 23436, 成 U+6210 = 25104.
    assert ascii_vba('x = "完成 1"') == 'x = (ChrW(23436) & ChrW(25104) & " 1")'


def test_ascii_stays_as_it_is() -> None:
    text = 'Dim x \' it\'s "a" comment\r\nx = "it\'s" & _\r\n    """b"""\r\n'
    assert ascii_vba(text) == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("line", "left"),
    [("' 说明", ""), ("    x = 1 ' 说明", "    x = 1"), ("Rem 说明", ""), ("x = 1: Rem 说明", "x = 1:")],
)
def test_chinese_comments_are_left_out(line: str, left: str) -> None:
    assert ascii_vba(f"a = 1\n{line}\nb = 2") == f"a = 1\n{left}\nb = 2"


def test_an_apostrophe_in_a_literal_starts_no_comment() -> None:
    assert ascii_vba('x = "\'甲"') == 'x = ("\'" & ChrW(30002))'


# "&" would end a term of the chain in this test's own reading, nothing else.
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n&", exclude_categories=["Cc"]), max_size=400)
)
@settings(deadline=None)
def test_a_literal_keeps_its_text(text: str) -> None:
    quoted = text.replace('"', '""')
    written = ascii_vba(f'x = "{quoted}"')
    assert written.isascii()
    assert literal_text(written.removeprefix("x = ")) == text


def test_a_long_literal_is_continued() -> None:
    lines = ascii_vba('    x = "' + "核" * 200 + '"').split("\n")
    assert len(lines) > 1
    assert all(len(line) <= LINE_LIMIT and line.endswith(" & _") for line in lines[:-1])
    assert lines[1].startswith("        ChrW(")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('a = 1\nConst x = "甲"', 2, "常量"),
        ('Private Const x As String = "甲"', 1, "常量"),
        ('Attribute VB_Description = "甲"', 1, "常量"),
        ('Sub F(Optional a As String = "甲")', 1, "参数默认值"),
        ('Public Const a = "b", _\n    c = "甲"', 2, "常量"),
        ("甲 = 1", 1, "英文字符"),
        ("' 甲 _\n乙", 1, "注释"),
        ("x = " + "1" * LINE_LIMIT, 1, "1023"),
        ('x = "' + "核" * 2000 + '"', 1, "续行"),
        ("x = 1" + " + _\n1" * (CONTINUATIONS + 1), CONTINUATIONS + 1, "续行"),
    ],
)
def test_what_vba_would_not_take_is_refused(text: str, line: int, words: str) -> None:
    with pytest.raises(VbaError) as raised:
        ascii_vba(text, "M")
    assert (raised.value.module, raised.value.line) == ("M", line)
    assert words in str(raised.value)


def test_olevba_reads_back_every_byte() -> None:
    code = extracted(project({"Buttons": BUTTONS, WORKBOOK: OPENED}, SHEETS, "Jixiao"))
    assert list(code) == [WORKBOOK, *SHEETS, "Buttons"]
    # olevba gives line feeds where the file has carriage returns too; the stream itself is compared below.
    assert code["Buttons"].replace("\r\n", "\n") == ascii_vba(BUTTONS)
    assert code[WORKBOOK].replace("\r\n", "\n").endswith(OPENED.partition("\n")[2])
    assert code[WORKBOOK].count("Attribute VB_Name") == 1
    assert 'VB_Base = "0{00020819-0000-0000-C000-000000000046}"' in code[WORKBOOK]
    assert 'VB_Base = "0{00020820-0000-0000-C000-000000000046}"' in code["Sheet3"]


def test_the_container_is_strictly_right() -> None:
    data = project({"Buttons": BUTTONS}, SHEETS, "Jixiao")
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as file:
        assert not file.parsing_issues
        streams = {tuple(path) for path in file.listdir()}
        modules = {("VBA", name) for name in (WORKBOOK, *SHEETS, "Buttons")}
        assert streams == {("PROJECT",), ("PROJECTwm",), ("VBA", "dir"), ("VBA", "_VBA_PROJECT"), *modules}
        assert file.openstream("VBA/_VBA_PROJECT").read() == b"\xcc\x61\xff\xff\0\0\0"
        lines = file.openstream("PROJECT").read().decode("ascii").split("\r\n")
    assert 'Name="Jixiao"' in lines
    declared = [line for line in lines if line.startswith(("Document=", "Module="))]
    expected = [f"Document={name}/&H00000000" for name in (WORKBOOK, *SHEETS)]
    assert declared == [*expected, "Module=Buttons"]


def test_stored_lines_end_as_windows_ends_them() -> None:
    from oletools.olevba import decompress_stream

    data = project({"Buttons": BUTTONS}, SHEETS, "Jixiao")
    with olefile.OleFileIO(data) as file:
        stored = bytes(decompress_stream(bytearray(file.openstream("VBA/Buttons").read())))
        directory = bytes(decompress_stream(bytearray(file.openstream("VBA/dir").read())))
    assert stored == ascii_vba(BUTTONS).replace("\n", "\r\n").encode("ascii")
    assert b"\x04\x00\x06\x00\x00\x00Jixiao\x05\x00" in directory


def test_the_same_texts_give_the_same_bytes() -> None:
    first = project({"Buttons": BUTTONS, WORKBOOK: OPENED}, SHEETS, "Jixiao")
    assert project({"Buttons": BUTTONS, WORKBOOK: OPENED}, SHEETS, "Jixiao") == first


def test_many_sheets() -> None:
    sheets = [f"Sheet{number}" for number in range(1, 61)]
    data = project({"Buttons": BUTTONS}, sheets, "Jixiao")
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as file:
        assert not file.parsing_issues
    assert list(extracted(data)) == [WORKBOOK, *sheets, "Buttons"]


@pytest.mark.parametrize(
    ("modules", "sheets", "words"),
    [
        ({"Other": BUTTONS}, SHEETS, "VB_Name"),
        ({"Buttons": "Option Explicit\n"}, SHEETS, "VB_Name"),
        ({"Buttons": BUTTONS}, ["附件一"], "名称"),
        ({"Buttons": BUTTONS}, ["S" * 32], "名称"),
        ({"Buttons": BUTTONS}, ["Front", "front"], "重复"),
        ({"Buttons": BUTTONS}, ["buttons"], "重复"),
    ],
)
def test_names_are_checked(modules: dict[str, str], sheets: list[str], words: str) -> None:
    with pytest.raises(VbaError, match=words):
        project(modules, sheets, "Jixiao")
