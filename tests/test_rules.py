"""Every rule finds what it must and is silent where it must; every rule is documented, sourced and within limits."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from jixiao import resources
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Rule
from jixiao.predicates import PREDICATES
from jixiao.strict import LIMITS
from rule_cases import findings, load_cases, said

CASES = load_cases()
CATALOGUE = load_catalogue()
RULES = {rule.id: rule for rule in CATALOGUE.rules}
GUIDE = Path(__file__).parents[1] / "docs" / "增加规则.md"


def test_every_rule_has_a_failing_and_a_passing_case() -> None:
    assert set(CASES) == set(RULES)
    for rule, case in CASES.items():
        assert (
            {"fails", "finds", "passes"}
            <= set(case)
            <= {"fails", "finds", "passes", "package", "unit", "projects", "last_year"}
        ), rule


def test_there_are_enough_rules() -> None:
    assert len(RULES) >= 45


@pytest.mark.parametrize("rule", CASES)
def test_failing_case(rule: str, tmp_path: Path) -> None:
    case = CASES[rule]
    found = findings(case, "fails", rule, CATALOGUE, tmp_path)
    assert [said(finding, case["finds"]) for finding in found] == [case["finds"]]
    assert "{" not in found[0].message, "a name in the message means nothing"


@pytest.mark.parametrize("rule", CASES)
def test_passing_case(rule: str, tmp_path: Path) -> None:
    assert not [f.message for f in findings(CASES[rule], "passes", rule, CATALOGUE, tmp_path)]


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_is_documented(rule: Rule) -> None:
    assert rule.message and rule.note, "docs need what it says and when it is silent"
    assert rule.fix.endswith("。") and rule.note.endswith("。")
    assert len(rule.title) <= LIMITS["title"] and len(rule.fix) <= LIMITS["error"]
    assert rule.file == f"{rule.id[:3]}.yaml"
    assert 2000 < rule.since <= 2023


def test_messages_differ() -> None:
    for what in ("title", "message"):
        texts = [getattr(rule, what) for rule in RULES.values()]
        assert len(set(texts)) == len(texts), [text for text in texts if texts.count(text) > 1]


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_names_what_exists(rule: Rule) -> None:
    assert set(rule.yields_to) <= set(RULES) - {rule.id}
    assert not rule.predicate or rule.predicate in PREDICATES
    for form in rule.forms:
        table = CATALOGUE.forms[form].tables.get(rule.for_each)
        assert not rule.answered_by or (table and rule.answered_by in table.columns)


def test_every_source_is_a_document() -> None:
    """A source names a document 《…》; where a number is given it is a 文号. No article numbers from memory."""
    sources = [rule.reference for rule in RULES.values()]
    sources += [parameter.reference for parameter in CATALOGUE.parameters.values()]
    for source in sources:
        assert re.search("《.+》", source.title), source
        assert not source.number or re.fullmatch(r"\S+〔\d{4}〕\d+号", source.number), source
        assert not source.article, source


def test_no_rule_contains_a_figure_of_a_regulation() -> None:
    """Weights and bounds are parameters: beside 0, 1, rounding and percent, a rule holds no numbers."""
    for file in sorted((resources.TEMPLATES / "rules").glob("*.yaml")):
        for rule in yaml.safe_load(file.read_text("utf-8")):
            for key in ("when", "check"):
                source = re.sub(r'"[^"]*"|round\(.*?, [01]\)', "", str(rule.get(key, "")))
                figures = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", source)) - {"0", "1", "2", "10", "100"}
                assert not figures, (rule["id"], figures)


def test_the_guide_works_as_written(tmp_path: Path) -> None:
    """docs/增加规则.md, followed literally: the rule and its cases on the page, copied, work."""
    # Its first two examples; those behind them are about forms.
    rule_text, case_text, *_ = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    templates = tmp_path / "workbook_templates"
    shutil.copytree(resources.TEMPLATES, templates, ignore=shutil.ignore_patterns("issued"))
    (rule,) = yaml.safe_load(rule_text)
    assert rule["id"] not in RULES, "the example must be a rule that does not exist"
    family = templates / "rules" / f"{rule['id'][:3]}.yaml"
    family.write_text(family.read_text("utf-8") + "\n" + rule_text, "utf-8")
    (tmp_path / f"{rule['id'][:3]}.yaml").write_text(case_text, "utf-8")
    (case,) = load_cases(tmp_path).values()
    catalogue = load_catalogue(templates)
    found = findings(case, "fails", rule["id"], catalogue, tmp_path)
    assert [said(finding, case["finds"]) for finding in found] == [case["finds"]]
    assert not findings(case, "passes", rule["id"], catalogue, tmp_path)
