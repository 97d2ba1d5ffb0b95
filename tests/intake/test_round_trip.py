"""Out and in again: the report of a filing, and its workbook without names, give the same filing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libreoffice
from intake.documents import unnamed
from jixiao import resources
from jixiao.books.build import build, completed
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.filing import Filing, Sheet
from jixiao.intake.assembling import Imported, import_documents
from jixiao.passages import paragraphs
from jixiao.word.report import export

CATALOGUE = load_catalogue()
CASES = sorted(path.stem for path in resources.CASES.glob("*.yaml"))


@pytest.fixture(params=CASES)
def filing(request: pytest.FixtureRequest) -> Filing:
    """A real filing with all sheets of its package."""
    case = read_case(resources.CASES / f"{request.param}.yaml", CATALOGUE)
    return completed(CATALOGUE.packages[case.package], case, CATALOGUE)


def said(filing: Filing, folder: Path) -> dict[tuple[Any, ...], Any]:
    """Everything that the workbook of a filing shows, by place; what formulas give counts like what is stated."""
    path = folder / "另存.xlsx"
    package = CATALOGUE.packages[filing.package]
    build(package, filing, CATALOGUE, path)
    written = read(path, CATALOGUE)
    path.unlink()
    facts: dict[tuple[Any, ...], Any] = {
        ("unit",): written.unit,
        ("year",): written.year,
        ("projects",): tuple(written.projects),
    }
    for sheet in written.sheets:
        facts |= {(sheet.name, *key): value for key, value in _sheet(sheet)}
        form = package.forms[sheet.form]
        for code, lines in paragraphs(form, sheet).items():
            facts[sheet.name, code] = "\n".join(line.text for line in lines)
    return {key: _spelled(value) for key, value in facts.items() if value not in (None, "")}


def _sheet(sheet: Sheet) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for code, value in sheet.fields.items():
        yield (code,), value
    for table, rows in sheet.tables.items():
        for number, row in enumerate(rows):
            for code, value in row.items():
                if code != "段落":
                    yield (table, number, code), value


def _spelled(value: Any) -> Any:
    """Numbers as precisely as they are printed; where a text breaks into lines is the page's business."""
    if isinstance(value, float):
        return round(value, 4)
    return "".join(value.split()) if isinstance(value, str) else value


def aides(filing: Filing) -> set[str]:
    """Sheets that no document prints: their figures come back as far as sentences state them."""
    forms = CATALOGUE.packages[filing.package].forms
    return {sheet.name for sheet in filing.sheets if forms[sheet.form].aide}


def same(filing: Filing, result: Imported, folder: Path) -> None:
    before, after = said(filing, folder), said(result.filing, folder)
    unprinted = aides(filing)
    assert {key: value for key, value in after.items() if before.get(key) != value} == {}
    lost = {key: value for key, value in before.items() if key not in after and key[0] not in unprinted}
    assert lost == {}


def test_report_and_back(filing: Filing, tmp_path: Path) -> None:
    export(filing, CATALOGUE, tmp_path / "报告.docx")
    result = import_documents([tmp_path / "报告.docx"], CATALOGUE, CATALOGUE.packages[filing.package])
    assert [(each.place, each.text, each.reason) for each in result.account.unread] == []
    same(filing, result, tmp_path)


def test_the_package_is_told_from_the_report(filing: Filing, tmp_path: Path) -> None:
    export(filing, CATALOGUE, tmp_path / "报告.docx")
    assert import_documents([tmp_path / "报告.docx"], CATALOGUE).filing.package == filing.package


def test_a_workbook_that_lost_its_names(filing: Filing, tmp_path: Path) -> None:
    build(CATALOGUE.packages[filing.package], filing, CATALOGUE, tmp_path / "下发.xlsx")
    unnamed(tmp_path / "下发.xlsx", tmp_path / "自制.xlsx")
    result = import_documents([tmp_path / "自制.xlsx"], CATALOGUE)
    assert [(each.place, each.text) for each in result.account.unread] == []
    same(filing, result, tmp_path)


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
def test_an_old_workbook(hengshan: Filing, tmp_path: Path) -> None:
    """The same as .xls, as an older Excel would have saved it."""
    build(CATALOGUE.packages[hengshan.package], hengshan, CATALOGUE, tmp_path / "下发.xlsx")
    unnamed(tmp_path / "下发.xlsx", tmp_path / "自制.xlsx")
    libreoffice.change(tmp_path / "自制.xlsx", tmp_path / "自制.xls")
    result = import_documents([tmp_path / "自制.xls"], CATALOGUE)
    assert [(each.place, each.text) for each in result.account.unread] == []
    same(hengshan, result, tmp_path)
