"""The short form of tests/rules/*.yaml: one failing and one passing filing per rule, only the fields that matter.

    FND-002:
      fails: {全年预算数: 100, 当年财政拨款_全年预算数: 95}
      finds: {field: 全年预算数, stated: "100.00", expected: "95.00"}
      passes: {全年预算数: 95, 当年财政拨款_全年预算数: 95}

``fails`` and ``passes`` are one sheet of the rule's first form, or a list of them; sheets of another form stand under
its name; ``last_year`` is last year's filing in the same form. A row of 指标 is written with bars, in the order of its
columns; nothing between bars is a blank cell. A section of a report is the list of its paragraphs.
``finds`` says what the one finding must say. Figures are worked out by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from jixiao.case import read_case
from jixiao.check import check
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Problem
from jixiao.findings import Finding

FOLDER = Path(__file__).parent / "rules"
PACKAGE, UNIT = "yueyanglou_2023", "某局"
LAST_YEAR = "last_year"


def load_cases(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Rule id -> its cases."""
    cases: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.yaml")):
        for rule, case in yaml.safe_load(file.read_text("utf-8")).items():
            assert rule not in cases and rule.startswith(file.stem), f"{file.name}: {rule}"
            cases[rule] = case
    return cases


def filing(case: dict[str, Any], which: str, rule: str, catalogue: Catalogue, folder: Path) -> Filing:
    """The filing that ``fails`` or ``passes`` describes."""
    package = case.get("package", PACKAGE)
    forms = catalogue.packages[package].forms
    blocks: list[tuple[str, dict[str, Any]]] = []
    first = next(form for form in catalogue.rule(rule).forms if form in forms)
    for sheet in _listed(case[which]):
        blocks.append((first, {key: value for key, value in sheet.items() if key not in forms}))
        blocks += [(form, other) for form in forms if form in sheet for other in _listed(sheet[form])]
    file = folder / f"{rule}-{which}.yaml"
    sheets = [_sheet(form, block, forms[form].tables) for form, block in blocks]
    whole = {
        "package": package,
        "unit": case.get("unit", UNIT),
        "year": 2022 if which == LAST_YEAR else 2023,
        "sheets": sheets,
    }
    file.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    result = read_case(file, catalogue)
    if "projects" in case:
        result.projects = list(case["projects"].items())
    if LAST_YEAR in case and which != LAST_YEAR:
        result.previous = filing(case, LAST_YEAR, rule, catalogue, folder)
    for sheet, (_, block) in zip(result.sheets, blocks, strict=True):
        sheet.problems += [Problem(**problem) for problem in block.get("problems", [])]
    return result


def findings(
    case: dict[str, Any], which: str, rule: str, catalogue: Catalogue, folder: Path
) -> list[Finding]:
    """What ``rule`` says about one of its cases; the other rules run too, because rules yield to one another."""
    found = check(filing(case, which, rule, catalogue, folder), catalogue)
    assert not [finding.message for finding in found if finding.outcome == "rule_error"]
    return [finding for finding in found if finding.rule.id == rule]


def said(finding: Finding, wanted: dict[str, Any]) -> dict[str, Any]:
    """The parts of a finding that ``wanted`` speaks of."""
    return {key: getattr(finding, key) for key in wanted}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sheet(form: str, block: dict[str, Any], tables: Any) -> dict[str, Any]:
    fields = {key: value for key, value in block.items() if not isinstance(value, list)}
    rows = {key: value for key, value in block.items() if isinstance(value, list) and key != "problems"}
    return {
        "form": form,
        "fields": fields,
        "tables": {table: [table_row(row, tables[table].columns) for row in rows[table]] for table in rows},
    }


def table_row(row: Any, columns: Any) -> dict[str, Any]:
    """A row of a table: a mapping as it is, a text with bars cell by cell, of one column as it is."""
    if isinstance(row, dict):
        return row
    if len(columns) == 1:
        return {next(iter(columns)): row}
    cells = [cell.strip() or None for cell in row.split("|")]
    cells += [None] * (len(columns) - len(cells))
    return {
        code: cell if cell is None or field.textual else float(cell)
        for (code, field), cell in zip(columns.items(), cells[: len(columns)], strict=True)
    }
