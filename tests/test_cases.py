"""The real filings: exactly the findings that were worked out by hand, and silence everywhere else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from jixiao import resources
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Explanation, Filing
from jixiao.findings import Finding, status
from rule_cases import table_row

NAMES = sorted(case.stem for case in resources.CASES.glob("*.yaml"))


@cache
def expected(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load(
        (Path(__file__).parent / "cases" / "expected" / f"{name}.yaml").read_text("utf-8")
    )
    return whole


@cache
def found(name: str) -> list[Finding]:
    catalogue = load_catalogue()
    return check(read_case(resources.CASES / f"{name}.yaml", catalogue), catalogue)


def question(finding: dict[str, Any]) -> tuple[str, str, str]:
    return finding["rule"], finding["sheet"], finding.get("row", "")


def told(finding: Finding, wanted: dict[str, Any]) -> dict[str, Any]:
    """What a finding says of the things that ``wanted`` speaks of."""
    return {key: finding.rule.id if key == "rule" else getattr(finding, key) for key in wanted}


@pytest.mark.parametrize("name", NAMES)
def test_exactly_these_questions(name: str) -> None:
    wanted = sorted(question(finding) for finding in expected(name)["findings"])
    assert sorted((f.rule.id, f.sheet, f.row) for f in found(name)) == wanted
    assert {f.outcome for f in found(name)} == {"fail"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [(name, finding) for name in NAMES for finding in expected(name)["findings"]],
    ids=lambda value: "/".join(question(value)) if isinstance(value, dict) else value,
)
def test_finding(name: str, wanted: dict[str, Any]) -> None:
    (finding,) = [f for f in found(name) if (f.rule.id, f.sheet, f.row) == question(wanted)]
    assert told(finding, wanted) == wanted


@pytest.mark.parametrize(
    ("name", "silent"),
    [(name, silent) for name in NAMES for silent in expected(name)["silent"]],
    ids=lambda value: f"{value['sheet']}/{value['field']}" if isinstance(value, dict) else value,
)
def test_silent(name: str, silent: dict[str, Any]) -> None:
    package = load_catalogue().packages[name]
    form = next(form for form in package.forms.values() if silent["sheet"].startswith(form.sheet[:3]))
    assert silent["field"] in {
        *form.fields,
        *(c for table in form.tables.values() for c in table.columns),
        "填表人",
    }
    assert [
        f.message
        for f in found(name)
        if (f.sheet, f.field) == (silent["sheet"], silent["field"])
        and silent.get("row", f.row) in (f.row, *f.rows)
        and f.rule.id not in silent.get("besides", ())
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_status_and_fingerprints(name: str) -> None:
    assert status(found(name)) == expected(name).get("status", "未通过")
    fingerprints = [finding.fingerprint for finding in found(name)]
    assert len(set(fingerprints)) == len(fingerprints)


def corrected(name: str) -> Filing:
    """The filing after the unit followed the remedies."""
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / f"{name}.yaml", catalogue)
    for sheet in filing.sheets:
        changes = expected(name)["corrected"].get(sheet.name, {})
        columns = catalogue.forms[sheet.form].tables.get("指标")
        sheet.fields |= changes.get("fields", {})
        left = dict(changes.get("rows", {}))
        for table in catalogue.forms[sheet.form].tables.values():
            for row in sheet.tables.get(table.code, []):
                row |= left.pop("/".join(str(row[code]) for code in table.name_columns), {})
        assert not left, f"no such rows: {sorted(left)}"
        for section, texts in changes.get("texts", {}).items():
            for old, new in texts.items():
                assert any(old in paragraph["段落"] for paragraph in sheet.tables[section]), (section, old)
                for paragraph in sheet.tables[section]:
                    paragraph["段落"] = paragraph["段落"].replace(old, new)
        for added in changes.get("added", []):
            assert columns
            sheet.tables["指标"].append(table_row(added, columns.columns))
    return filing


@pytest.mark.parametrize("name", NAMES)
def test_the_remedies_lead_to_a_pass(name: str) -> None:
    filing, catalogue = corrected(name), load_catalogue()
    left = [finding for finding in check(filing, catalogue) if finding.outstanding]
    assert sorted(finding.rule.id for finding in left) == expected(name)["explained"]
    assert status(left) == "待说明"
    filing.explanations = {finding.fingerprint: Explanation("年中追加，见文件") for finding in left}
    assert status(check(filing, catalogue)) == "通过"
