"""The macro workbook as a file: what Excel would refuse, what must not be in it, what its buttons run."""

from __future__ import annotations

import io
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import olefile
import openpyxl
import pytest
from oletools.olevba import VBA_Parser

import libreoffice
from books.editing import saved_as
from jixiao import __version__, resources
from jixiao.books.annotate import annotate
from jixiao.books.build import blank, build, build_issued
from jixiao.books.drift import drift
from jixiao.books.ooxml.parts import Parts
from jixiao.books.read import read
from jixiao.books.results import RESULTS
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.measures import MEASURES

CASES = ("hengshan_2022", "hengshan_2023", "yueyanglou_2023")
CALL = re.compile(r"JX_([A-Z_]+)\(")
SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
VML, OFFICE_EXCEL = "{urn:schemas-microsoft-com:vml}", "{urn:schemas-microsoft-com:office:excel}"


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def books(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("macros")
    for code in CASES:
        filing = read_case(resources.CASES / f"{code}.yaml", declared)
        build(declared.packages[code], filing, declared, folder / f"{code}.xlsm")
    many = declared.packages["hengshan_2023"]
    build(many, blank(many, "某局", projects=12), declared, folder / "many.xlsm")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(params=[*CASES, "many"])
def book(request: pytest.FixtureRequest, books: dict[str, Path]) -> Path:
    return books[request.param]


@cache  # the workbooks of this module do not change
def modules(book: Path) -> dict[str, str]:
    """The VBA of a workbook: text by module, as Excel would read it."""
    parser = VBA_Parser(book.name, data=book.read_bytes())
    return {name.rpartition(".")[0]: text for _, _, name, text in parser.extract_macros()}


def related(parts: Parts, name: str) -> dict[str, tuple[str, str]]:
    """The relations of a part: kind and target by id."""
    folder, _, file = name.rpartition("/")
    where = f"{folder}/_rels/{file}.rels"
    if where not in parts:
        return {}
    return {
        each.attrib["Id"]: (each.attrib["Type"].rpartition("/")[2], each.attrib["Target"])
        for each in ET.fromstring(parts[where])
    }


def sheets(parts: Parts) -> Iterator[tuple[str, str]]:
    """Name and part of every sheet, in order."""
    targets = related(parts, "xl/workbook.xml")
    for sheet in ET.fromstring(parts["xl/workbook.xml"]).iter(f"{SHEETS}sheet"):
        yield sheet.attrib["name"], "xl/" + targets[sheet.attrib[RELATED]][1]


@cache
def formulas(book: Path) -> list[str]:
    pages = openpyxl.load_workbook(book)
    return [cell.value for page in pages for row in page.iter_rows() for cell in row if cell.data_type == "f"]


def arguments(formula: str, opening: int) -> tuple[int, int]:
    """How many arguments stand in the bracket at ``opening``, and where it closes."""
    depth, count, text, sheet = 0, 1, False, False
    for place in range(opening, len(formula)):
        sign = formula[place]
        text ^= sign == '"' and not sheet
        sheet ^= sign == "'" and not text
        if text or sheet:
            continue
        depth += (sign in "({") - (sign in ")}")
        count += sign == "," and depth == 1
        if depth == 0:
            return count, place
    raise AssertionError(f"no closing bracket in {formula}")


# ------------------------------------------------------------------------------------------------------ its formulas


def test_every_call_has_the_arguments_of_its_function(book: Path) -> None:
    wrappers = {
        name.removeprefix("JX_"): (signature.count(" As Variant"), "ParamArray" in signature)
        for name, signature in re.findall(
            r"^Public Function (\w+)\((.*)\) As Variant\r?$", modules(book)["JixiaoFunctions"], re.MULTILINE
        )
    }
    assert wrappers.keys() == {name.upper() for name in MEASURES}
    seen = 0
    for formula in formulas(book):
        calls = list(CALL.finditer(formula))
        if not calls:
            assert "JX_" not in formula
            continue
        (call,) = calls  # a native form calls none
        assert formula[: call.start()] == "=IFERROR("
        count, closing = arguments(formula, call.end() - 1)
        assert formula[closing + 1] == ","
        assert arguments(formula, len("=IFERROR(") - 1) == (2, len(formula) - 1)
        wanted, more = wrappers[call[1]]
        assert count >= wanted - 1 if more else count == wanted
        assert count <= 30  # what Application.Run can hand on
        seen += 1
    assert seen > 50


def test_formulas_that_call_vba_are_not_shared(book: Path) -> None:
    parts = Parts.open(book)
    for _, part in sheets(parts):
        assert not re.search(r"<f t=\"shared\"[^>]*>[^<]*JX_", parts.text(part))


def test_formulas_stay_within_what_excel_takes(book: Path) -> None:
    for formula in formulas(book):
        assert len(formula) <= 8192
        depth = deepest = 0
        for sign in re.sub(r'"[^"]*"|[^()"]+', "", formula):
            depth += (sign == "(") - (sign == ")")
            deepest = max(deepest, depth)
        assert deepest <= 64


# ----------------------------------------------------------------------------------------------------------- its VBA


def test_vba_is_a_sound_file_and_says_what_its_sources_say(book: Path) -> None:
    content = Parts.open(book)["xl/vbaProject.bin"]
    with olefile.OleFileIO(io.BytesIO(content), raise_defects=olefile.DEFECT_POTENTIAL) as file:
        assert not file.parsing_issues
        streams = {"/".join(path) for path in file.listdir()}
    assert not [name for name in streams if "__SRP" in name]
    texts = modules(book)
    assert {"JixiaoFunctions", "JixiaoButtons", "ThisWorkbook"} < texts.keys()
    assert all(text.isascii() for text in texts.values())


def test_every_sheet_has_its_document_module(book: Path) -> None:
    parts = Parts.open(book)
    codes = [
        ET.fromstring(parts[part]).find(f"{SHEETS}sheetPr").attrib["codeName"]  # type: ignore[union-attr]
        for _, part in sheets(parts)
    ]
    own = ET.fromstring(parts["xl/workbook.xml"]).find(f"{SHEETS}workbookPr")
    assert own is not None and own.attrib["codeName"] == "ThisWorkbook"
    assert codes == [f"Sheet{number}" for number in range(1, len(codes) + 1)]
    standard = {"JixiaoFunctions", *(path.stem for path in (resources.ADDIN / "vba/workbook").iterdir())}
    assert modules(book).keys() - standard == {*codes, "ThisWorkbook"}
    with olefile.OleFileIO(io.BytesIO(parts["xl/vbaProject.bin"])) as file:
        lines = file.openstream("PROJECT").read().decode("ascii").split("\r\n")
    documents = [line.partition("=")[2].partition("/")[0] for line in lines if line.startswith("Document=")]
    assert documents == ["ThisWorkbook", *codes]


def test_nothing_ties_the_file_to_a_computer_or_a_version(book: Path) -> None:
    parts = Parts.open(book)
    for name in parts:
        text = parts[name].decode("utf-8", "replace") + parts[name].decode("utf-16-le", "replace")
        assert not re.search(r"[A-Za-z]:\\|/home/|/tmp/|file://|\.dll\b|externalLink", text), name
    for name, text in modules(book).items():
        assert not re.search(rf"[\\]|\.dll|xlwings|\d+\.\d+\.\d+|{re.escape(__version__)}", text), name
    for formula in formulas(book):
        assert ".xla" not in formula and "[" not in formula


def test_parts_are_declared_and_related(book: Path) -> None:
    parts = Parts.open(book)
    types = ET.fromstring(parts["[Content_Types].xml"])
    by_name = {
        each.attrib["PartName"][1:]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Override")
    }
    by_suffix = {
        each.attrib["Extension"]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Default")
    }
    assert by_name["xl/workbook.xml"] == "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    vba = by_name.get("xl/vbaProject.bin") or by_suffix["bin"]
    assert vba == "application/vnd.ms-office.vbaProject"
    assert by_suffix["vml"] == "application/vnd.openxmlformats-officedocument.vmlDrawing"
    assert ("vbaProject", "vbaProject.bin") in related(parts, "xl/workbook.xml").values()
    for name in by_name:
        assert name in parts
    for name in parts:
        assert name in by_name or name.rpartition(".")[2] in by_suffix or name == "[Content_Types].xml"


# ------------------------------------------------------------------------------------------------------- its buttons


def buttons(parts: Parts, part: str) -> list[tuple[str, str, list[int], bool]]:
    """Caption, macro, anchor and whether it is printed, of each button of a sheet."""
    found = ET.fromstring(parts[part]).find(f"{SHEETS}legacyDrawing")
    if found is None:
        return []
    kind, target = related(parts, part)[found.attrib[RELATED]]
    assert kind == "vmlDrawing"
    made = []
    for shape in ET.fromstring(parts["xl/" + target.removeprefix("../")]).iter(f"{VML}shape"):
        said = {each.tag.removeprefix(OFFICE_EXCEL): each.text for each in shape.iter()}
        caption = shape.find(".//font").text or ""  # type: ignore[union-attr]
        anchor = [int(number) for number in (said["Anchor"] or "").split(",")]
        made.append((caption, said["FmlaMacro"] or "", anchor, said["PrintObject"] != "False"))
    return made


def test_every_sheet_has_its_buttons_and_no_button_is_printed(book: Path) -> None:
    parts = Parts.open(book)
    for name, part in sheets(parts):
        expected = [("审核", "[0]!JixiaoCheck")]
        if name == RESULTS:
            expected += [("上一条", "[0]!JixiaoPrevious"), ("下一条", "[0]!JixiaoNext")]
        made = buttons(parts, part)
        assert [(caption, macro) for caption, macro, _, _ in made] == expected
        assert not any(printed for *_, printed in made)


def test_a_button_runs_a_sub_that_is_there(book: Path) -> None:
    subs = set(re.findall(r"^Public Sub (\w+)\(\)", modules(book)["JixiaoButtons"], re.MULTILINE))
    parts = Parts.open(book)
    for _, part in sheets(parts):
        assert all(macro.removeprefix("[0]!") in subs for _, macro, _, _ in buttons(parts, part))


def test_a_button_stands_where_no_row_is_inserted_and_beside_the_printed_form(
    book: Path, declared: Catalogue
) -> None:
    parts, read_back = Parts.open(book), read(book, declared)
    forms = {sheet.name: declared.packages[read_back.package].forms[sheet.form] for sheet in read_back.sheets}
    for name, part in sheets(parts):
        for _, _, anchor, _ in buttons(parts, part):
            left, _, top, _, right, _, bottom, _ = anchor
            if name in forms:  # in the first row, right of the print area
                assert (top, bottom) == (0, 0) and left >= len(forms[name].widths) + 1 and left == right
            elif name == "首页":  # at the end of the status
                assert (left, top, right, bottom) == (7, 4, 7, 4)
            else:  # on the title, which stays on the screen
                assert (top, bottom) == (0, 0) and right <= 4


# ---------------------------------------------------------------------------------------------- what is done with it


def test_issued_workbooks_come_in_both_flavours_and_drift_sees_each(
    declared: Catalogue, tmp_path: Path
) -> None:
    two = {code: declared.packages[code] for code in ("hengshan_2023", "mof_project_2023")}
    declared = replace(declared, packages=two)
    names = [path.name for path in build_issued(declared, tmp_path)]
    assert names == [f"{code}{suffix}" for code in two for suffix in (".xlsx", ".xlsm")]
    assert drift(declared, tmp_path) == []
    for name in ("hengshan_2023.xlsm", "旧.xlsm"):
        (tmp_path / name).write_bytes((tmp_path / "mof_project_2023.xlsm").read_bytes())
    (tmp_path / "mof_project_2023.xlsm").unlink()
    lines = drift(declared, tmp_path)
    assert "缺少：mof_project_2023.xlsm" in lines and "多出：旧.xlsm" in lines
    assert any(line.startswith("不一致：hengshan_2023.xlsm") for line in lines)
    assert not any(".xlsx" in line for line in lines)


@pytest.fixture(scope="module")
def plain(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Filing]:
    """What is read from the workbooks without macros."""
    path, found = tmp_path_factory.mktemp("plain") / "plain.xlsx", {}
    for code in CASES:
        filing = read_case(resources.CASES / f"{code}.yaml", declared)
        build(declared.packages[code], filing, declared, path)
        found[code] = read(path, declared)
    return found


def as_it_is(path: Path, _: Path) -> Path:
    return path


def saved_by_libreoffice(path: Path, folder: Path) -> Path:
    if reason := libreoffice.missing():
        pytest.skip(reason)
    return saved_as(path, folder / "saved.xlsm")


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("saved", [as_it_is, saved_by_libreoffice])
def test_a_macro_workbook_is_read_checked_and_annotated_like_any_other(
    code: str,
    saved: Callable[[Path, Path], Path],
    books: dict[str, Path],
    plain: dict[str, Filing],
    declared: Catalogue,
    tmp_path: Path,
) -> None:
    macros = saved(Path(shutil.copy(books[code], tmp_path)), tmp_path)
    expected, found = plain[code], read(macros, declared)
    assert [sheet.fields for sheet in found.sheets] == [sheet.fields for sheet in expected.sheets]
    assert [sheet.tables for sheet in found.sheets] == [sheet.tables for sheet in expected.sheets]
    findings = check(found, declared)
    assert [f.to_json() for f in findings] == [f.to_json() for f in check(expected, declared)]
    annotate(macros, found, findings, declared)
    again = check(read(macros, declared), declared)
    assert [f.fingerprint for f in again] == [f.fingerprint for f in findings]


def test_annotating_keeps_macros_and_buttons(
    books: dict[str, Path], declared: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsm"
    path.write_bytes(books["hengshan_2023"].read_bytes())
    before = Parts.open(path)
    filing = read(path, declared)
    annotate(path, filing, check(filing, declared), declared)
    after = Parts.open(path)
    assert after["xl/vbaProject.bin"] == before["xl/vbaProject.bin"]
    for (_, part), (_, old) in zip(sheets(after), sheets(before), strict=True):
        assert buttons(after, part) == buttons(before, old) != []
