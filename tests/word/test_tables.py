"""The Word document against the workbook that is handed in: the same cells, the same texts, in the official order."""

from __future__ import annotations

from pathlib import Path

import pytest

from jixiao import resources
from jixiao.books.build import build, completed
from jixiao.books.handin import hand_in
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.word.report import compose, template_of
from word import printed

CASES = sorted(file.stem for file in resources.CASES.glob("*.yaml"))


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue()


def _official(file: Path, filing: Filing, catalogue: Catalogue) -> list[printed.Printed]:
    """What a handed-in workbook prints: the report first, then the other forms in the order of the package."""
    forms = catalogue.packages[filing.package].forms
    sheets = [
        (form, sheet.name) for form in forms.values() for sheet in filing.of(form.code) if not form.aide
    ]
    result: list[printed.Printed] = []
    for wanted in (True, False):
        for form, name in sheets:
            if bool(form.passages) == wanted:
                result += printed.sheet(file, name)
    return result


@pytest.mark.parametrize("code", CASES)
def test_every_cell_and_line_is_that_of_the_workbook(code: str, declared: Catalogue, tmp_path: Path) -> None:
    case = read_case(resources.CASES / f"{code}.yaml", declared)
    package = declared.packages[case.package]
    mine, handed_in = tmp_path / "mine.xlsm", tmp_path / "上报.xlsx"
    build(package, case, declared, mine)
    hand_in(mine, handed_in, declared)
    filing = read(mine, declared)
    expected = _official(handed_in, filing, declared)
    assert sum(isinstance(each, printed.Row) for each in expected) > 10
    found = printed.document(compose(filing, declared, template_of(code)))
    assert found == expected
    whole = completed(package, case, declared)
    assert printed.document(compose(whole, declared, template_of(code))) == expected
