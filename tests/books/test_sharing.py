"""Shared formulas say the same as the formulas that they stand for."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from jixiao import resources
from jixiao.books import build as building
from jixiao.books.making import paper
from jixiao.books.making.sharing import share
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue

LONG = '"不少于四十个字符的公式才值得共享，短的照写"'


def cell(address: str, formula: str) -> str:
    return f'<c r="{address}" s="1"><f>{formula}</f><v>1</v></c>'


def test_a_formula_that_repeats_down_a_column_is_written_once() -> None:
    xml = "".join(cell(f"C{row}", f"IF($A{row}=B{row},{LONG},SUM($A$1:$A$9))") for row in (5, 6, 9))
    first, second, third = (share(xml).split("</c>"))[:3]
    assert f'<f t="shared" ref="C5:C9" si="0">IF($A5=B5,{LONG},SUM($A$1:$A$9))</f>' in first
    assert '<f t="shared" si="0"/>' in second and '<f t="shared" si="0"/>' in third


@pytest.mark.parametrize(
    "formula",
    [
        'IF($A{row}="3行",' + LONG + "&A{other},1)",  # a neighbour at another distance
        "IF(A{row}=1,'附件3-1'!A{row}," + LONG + ")",  # another sheet
        "IF(A{row}=1,首页!A{row}," + LONG + ")",
        "SUM(A{row}*{{1,2}})+LEN(" + LONG + ")",  # an array constant
        'IF(A{row}="A{row}",' + LONG + ",1)",  # an address inside a text does not move
        "A{row}+B{row}",  # too short to gain anything
    ],
)
def test_what_does_not_repeat_is_left_alone(formula: str) -> None:
    xml = "".join(cell(f"C{row}", formula.format(row=row, other=7)) for row in (5, 6))
    assert share(xml) == xml


def test_a_filled_workbook_keeps_every_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", catalogue)
    package = catalogue.packages[filing.package]
    building.build(package, filing, catalogue, tmp_path / "shared.xlsx")
    monkeypatch.setattr(paper, "share", lambda xml: xml)
    building.build(package, filing, catalogue, tmp_path / "plain.xlsx")
    shared, plain = (openpyxl.load_workbook(tmp_path / name) for name in ("shared.xlsx", "plain.xlsx"))
    for sheet in plain:
        for row in sheet.iter_rows():
            for one in row:
                assert shared[sheet.title][one.coordinate].value == one.value
    assert (tmp_path / "shared.xlsx").stat().st_size < (tmp_path / "plain.xlsx").stat().st_size * 0.6
