"""Generated files: what is read from them is the generated filing, and the check finds what was planted."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import libreoffice
from jixiao.books.build import build
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Filing
from jixiao.treasury.collecting.collect import collect
from treasury.comparing import differing
from treasury.generating import PACKAGES, TRUTH, generate
from treasury.mistakes.spots import MISTAKES
from treasury.planting import Generated, generated, has_last_year, plant, with_last_year
from treasury.plausible import filing
from treasury.writing import workbooks

CATALOGUE = load_catalogue()
#: The first unit of each package of which last year's filing is known, too: one workbook of each is enough.
WITH_LAST_YEAR = {
    code: next(
        number
        for number in range(200)
        if has_last_year(filing(CATALOGUE, code, number, 9), CATALOGUE.packages[code])
    )
    for code in PACKAGES
}


def facts(filing: Filing) -> Any:
    """What a filing states, to the digits that Excel keeps, without where it stands."""

    def value(stated: Any) -> Any:
        return float(f"{stated:.12g}") if isinstance(stated, float) else stated

    return (
        filing.unit,
        filing.unit_code,
        filing.projects,
        [
            (
                sheet.form,
                sheet.name,
                {code: value(stated) for code, stated in sheet.fields.items()},
                {
                    code: [{k: value(v) for k, v in row.items()} for row in rows]
                    for code, rows in sheet.tables.items()
                },
                sheet.problems,
            )
            for sheet in filing.sheets
        ],
        filing.previous and facts(filing.previous),
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_a_generated_file_says_what_a_built_one_says(package: str, tmp_path: Path) -> None:
    result = generated(CATALOGUE, package, WITH_LAST_YEAR[package], 9, share=1)
    assert result.mistakes and result.filing.previous
    fast, built = tmp_path / "fast.xlsx", tmp_path / "built.xlsx"
    fast.write_bytes(next(iter(workbooks([result.filing], CATALOGUE))))
    build(CATALOGUE.packages[package], result.filing, CATALOGUE, built)
    assert facts(read(fast, CATALOGUE)) == facts(read(built, CATALOGUE))
    assert openpyxl.load_workbook(fast)["首页"]["C3"].value == result.filing.unit


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize("package", PACKAGES)
def test_a_generated_file_calculates_to_what_it_shows(package: str, tmp_path: Path) -> None:
    unit = filing(CATALOGUE, package, 5, 4)
    path, again = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    path.write_bytes(next(iter(workbooks([unit], CATALOGUE))))
    libreoffice.recalculate(path, save=again)
    before, after = read(path, CATALOGUE), read(again, CATALOGUE)
    assert check(after, CATALOGUE) == []
    for sheet, other in zip(before.sheets, after.sheets, strict=True):
        for code, value in sheet.fields.items():
            due = other.fields[code]
            assert due == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), code
        for table, rows in sheet.tables.items():
            scores = [row.get("得分") for row in rows]
            assert [row.get("得分") for row in other.tables[table]] == pytest.approx(scores), table


def test_files_hold_what_was_planted(tmp_path: Path) -> None:
    entries = list(generate(tmp_path, 48, 2, workers=0))
    assert [json.loads(line) for line in (tmp_path / TRUTH).read_text("utf-8").splitlines()] == entries
    assert Counter(entry["package"] for entry in entries) == dict.fromkeys(PACKAGES, 8)
    for entry in entries:
        unit = read(tmp_path / entry["file"], CATALOGUE)
        assert (unit.package, unit.unit) == (entry["package"], entry["unit"])
        assert unit.unit_code == entry["unit_code"]
        assert Counter(f.rule.id for f in check(unit, CATALOGUE)) == Counter(entry["expected"]), entry
    assert 12 <= sum(bool(entry["mistakes"]) for entry in entries) <= 36
    assert sum(any(rule.startswith("TXT") for rule in entry["expected"]) for entry in entries) > 1


def test_what_was_collected_is_compared_with_what_was_planted(tmp_path: Path) -> None:
    folder, store = tmp_path / "报送", tmp_path / "库"
    planted = list(generate(folder, 16, 3, ["hengyang_project_2023", "xiangtan_gaoxin_2023"], 1, workers=0))
    collect([folder], store, CATALOGUE)
    assert differing(store, planted) == []
    other = {**planted[3], "expected": {**planted[3]["expected"], "FND-001": 1}}
    told = differing(store, [*planted[:3], other, *planted[4:]])
    assert told == [(other, planted[3]["expected"])]
    script = Path(__file__).with_name("comparing.py")
    said = subprocess.run([sys.executable, script, folder, store], capture_output=True, text=True, check=True)
    assert said.stdout == "16 files, 0 with other findings than planted\n"


def test_a_file_of_a_rare_kind_holds_what_was_planted(tmp_path: Path) -> None:
    """What reaches beyond the sheets of forms: the list of projects, and the rows that repeat it."""
    for package, name in (
        ("mof_project_2023", "sheet_not_listed"),
        ("mof_project_2023", "sheet_renamed_in_the_list"),
        ("yueyanglou_2023", "project_not_listed"),
        ("yueyanglou_2023", "targets_of_last_year"),
        ("xiangtan_gaoxin_2023", "results_of_last_year"),
    ):
        for number in range(200):
            unit = Generated(filing(CATALOGUE, package, number, 9))
            if MISTAKES[name].last_year and has_last_year(unit.filing, CATALOGUE.packages[package]):
                with_last_year(unit, CATALOGUE)
            fits = bool(unit.filing.previous) == MISTAKES[name].last_year
            if fits and plant(name, unit, CATALOGUE, random.Random(1)):
                break
        assert unit.mistakes == [name]
        path = tmp_path / "a.xlsx"
        path.write_bytes(next(iter(workbooks([unit.filing], CATALOGUE))))
        found = Counter(finding.rule.id for finding in check(read(path, CATALOGUE), CATALOGUE))
        assert found == Counter(MISTAKES[name].expected), name


def test_files_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    package = ["hengyang_project_2023", "xiangtan_gaoxin_2023"]
    alone = list(generate(tmp_path / "1", 130, 4, package, workers=0))
    assert list(generate(tmp_path / "2", 130, 4, package, workers=2)) == alone
    for entry in alone:
        assert (tmp_path / "1" / entry["file"]).read_bytes() == (tmp_path / "2" / entry["file"]).read_bytes()


def test_the_tool_runs_as_a_script(tmp_path: Path) -> None:
    script = Path(__file__).with_name("generating.py")
    order = [sys.executable, script, "3", tmp_path, "--workers", "1", "--package", "xiangtan_gaoxin_2023"]
    told = subprocess.run(order, capture_output=True, text=True, check=True)
    assert "3 filings" in told.stdout and len(list(tmp_path.rglob("*.xlsx"))) == 3


def test_any_text_can_stand_in_a_file(tmp_path: Path) -> None:
    unit = replace(filing(CATALOGUE, "mof_project_2023", 0, 1), unit='=1+1 <b>&"局"')
    unit.sheets[0].fields["主管部门"] = "第一行\n第二行 ]]>"
    path = tmp_path / "a.xlsx"
    path.write_bytes(next(iter(workbooks([unit], CATALOGUE))))
    again = read(path, CATALOGUE)
    assert again.unit == unit.unit and again.sheets[0].fields["主管部门"] == "第一行\n第二行 ]]>"
    assert openpyxl.load_workbook(path)["首页"]["C3"].data_type == "s"
