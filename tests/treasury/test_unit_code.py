"""单位代码 on 首页: by it the treasury knows a unit, whatever its name is."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from jixiao import resources
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.findings import seal

CATALOGUE = load_catalogue()
CASE = resources.CASES / "hengshan_2023.yaml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    filing = read_case(CASE, CATALOGUE)
    filing.unit_code = "000901"
    build(CATALOGUE.packages[filing.package], filing, CATALOGUE, tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def test_it_stands_on_the_front_sheet_and_keeps_its_zeros(book: Path) -> None:
    front = openpyxl.load_workbook(book)["首页"]
    assert (front["A4"].value, front["C4"].value, front["C4"].data_type) == ("单位代码", "000901", "s")
    assert not front["C4"].protection.locked
    assert read(book, CATALOGUE).unit_code == "000901"


def test_a_number_typed_over_it_reads_as_it_is_shown(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    opened["首页"]["C4"].value, opened["首页"]["C4"].number_format = 901, "000000"
    opened.save(book)
    assert read(book, CATALOGUE).unit_code == "000901"


def test_a_workbook_issued_before_there_were_codes(book: Path) -> None:
    parts = Parts.open(book)
    listing = parts["xl/workbook.xml"].decode()
    without = re.sub(r'<definedName name="单位代码">[^<]*</definedName>', "", listing)
    assert without != listing
    replace(book, parts, {"xl/workbook.xml": without.encode()})
    filing = read(book, CATALOGUE)
    assert filing.unit_code == "" and "FMT-002" not in {f.rule.id for f in check(filing, CATALOGUE)}


def test_the_code_of_a_case_file(tmp_path: Path) -> None:
    path = tmp_path / "hengshan_2023.yaml"
    path.write_text(CASE.read_text("utf-8").replace("\nyear:", "\nunit_code: '0901'\nyear:", 1), "utf-8")
    assert read_case(path, CATALOGUE).unit_code == "0901"
    assert read_case(CASE, CATALOGUE).unit_code == ""


def test_the_seal_is_of_one_unit(book: Path) -> None:
    filing = read(book, CATALOGUE)
    first = seal(filing, CATALOGUE)
    filing.unit_code = "000902"
    assert seal(filing, CATALOGUE) != first
