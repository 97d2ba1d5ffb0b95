"""What Excel refuses or repairs and no program here does: order of elements, lengths, nesting, overlaps.

Excel itself is not at hand; these are its published limits and the order of ECMA-376 part 1, 18.3.1.99.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from jixiao import resources
from jixiao.books.annotate import annotate
from jixiao.books.build import build, build_issued
from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.parts import Parts
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ORDER = [
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetProtection",
    "autoFilter",
    "mergeCells",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "ignoredErrors",
    "drawing",
    "legacyDrawing",
    "tableParts",
    "extLst",
]
LONGEST_FORMULA, DEEPEST_NESTING, LONGEST_TEXT = 8192, 64, 32767


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parts]:
    """Everything issued, and both real filings filled, checked and annotated."""
    folder, catalogue = tmp_path_factory.mktemp("limits"), load_catalogue()
    paths = build_issued(catalogue, folder)
    for case in sorted(resources.CASES.glob("*.yaml")):
        filing, path = read_case(case, catalogue), folder / f"{case.stem}_filled.xlsx"
        build(catalogue.packages[filing.package], filing, catalogue, path)
        stated = read(path, catalogue)
        assert annotate(path, stated, check(stated, catalogue), catalogue)
        paths.append(path)
    return {Path(path).name: Parts.open(path) for path in paths}


@pytest.fixture(scope="module")
def sheets(books: dict[str, Parts]) -> dict[str, ET.Element]:
    return {
        f"{book}/{part}": ET.fromstring(parts[part])
        for book, parts in books.items()
        for part in parts
        if part.startswith("xl/worksheets/sheet")
    }


def texts(sheet: ET.Element, tag: str) -> Iterator[str]:
    return (element.text for element in sheet.iter(NS + tag) if element.text)


def outside_strings(formula: str) -> str:
    return re.sub(r'"[^"]*"', "", formula)


def depth(formula: str) -> int:
    deepest = level = 0
    for character in outside_strings(formula):
        level += (character == "(") - (character == ")")
        deepest = max(deepest, level)
    assert level == 0, formula
    return deepest


def test_elements_of_a_sheet_stand_in_the_order_that_excel_wants(sheets: dict[str, ET.Element]) -> None:
    assert len(sheets) > 20
    for name, sheet in sheets.items():
        places = [ORDER.index(child.tag.removeprefix(NS)) for child in sheet]
        assert places == sorted(places), name


def test_rows_and_cells_ascend(sheets: dict[str, ET.Element]) -> None:
    for name, sheet in sheets.items():
        rows = sheet.findall(f"{NS}sheetData/{NS}row")
        assert all(int(a.get("r", "")) < int(b.get("r", "")) for a, b in pairwise(rows)), name
        for row in rows:
            places = [split_a1(cell.get("r", "")) for cell in row]
            assert all(a and b and a < b for a, b in pairwise(places)), (name, row.get("r"))


def test_formulas_and_texts_keep_within_excels_limits(sheets: dict[str, ET.Element]) -> None:
    for name, sheet in sheets.items():
        for formula in texts(sheet, "f"):
            assert len(formula) <= LONGEST_FORMULA and depth(formula) <= DEEPEST_NESTING, (name, formula[:80])
        for text in texts(sheet, "t"):
            assert len(text) <= LONGEST_TEXT, name
        for validation in sheet.iter(NS + "dataValidation"):
            assert len(validation.get("promptTitle", "")) <= 32 and len(validation.get("prompt", "")) <= 255
            assert len(validation.get("errorTitle", "")) <= 32 and len(validation.get("error", "")) <= 225


def test_a_shared_formula_is_spelled_out_once_and_first(sheets: dict[str, ET.Element]) -> None:
    for name, sheet in sheets.items():
        shared: dict[str, list[ET.Element]] = {}
        for formula in sheet.iter(NS + "f"):
            if formula.get("t") == "shared":
                shared.setdefault(formula.get("si", ""), []).append(formula)
        for first, *others in shared.values():
            assert first.get("ref") and first.text, name
            assert not set("!'{[").intersection(outside_strings(first.text)), first.text
            assert others and not any(other.get("ref") or other.text for other in others), name


def test_merged_cells_do_not_overlap(sheets: dict[str, ET.Element]) -> None:
    for name, sheet in sheets.items():
        taken: set[tuple[int, int]] = set()
        for merge in sheet.iter(NS + "mergeCell"):
            first, last = (split_a1(end) for end in merge.get("ref", "").split(":"))
            assert first and last
            cells = {(r, c) for r in range(first[0], last[0] + 1) for c in range(first[1], last[1] + 1)}
            assert not taken & cells, (name, merge.get("ref"))
            taken |= cells


def test_nothing_newer_than_excel_2010_and_no_recalculation_on_opening(books: dict[str, Parts]) -> None:
    for name, parts in books.items():
        assert not any("_xlfn" in parts.text(part) for part in parts if part.endswith(".xml")), name
        workbook = ET.fromstring(parts[parts.workbook])
        (settings,) = workbook.findall(NS + "calcPr")
        assert settings.get("fullCalcOnLoad") in (None, "0"), name
        for defined in workbook.iter(NS + "definedName"):
            assert len(defined.get("name", "")) <= 255 and "#REF!" not in (defined.text or ""), name
