"""Generated filings: without mistakes nothing is found, and each planted mistake is found as what it is."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jixiao.catalogue import load_catalogue
from jixiao.check import check, check_frame
from jixiao.filing import Frame
from treasury.planting import MISTAKES, Generated, generated, many, plant
from treasury.plausible import filing, filings, known, unit_code, unit_name

CATALOGUE = load_catalogue()
PACKAGES = [code for code, package in CATALOGUE.packages.items() if known(package)]
#: Filings that a mistake is planted into, one after the other.
TRIED = 12


def found(result: Generated) -> Counter[str]:
    return Counter(finding.rule.id for finding in check(result.filing, CATALOGUE))


def test_the_issued_packages_are_known() -> None:
    assert {"hengshan_2023", "yueyanglou_2023", "mof_project_2023"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
@given(seed=st.integers(0, 2**32), number=st.integers(0, 200_000))
@settings(max_examples=60)
def test_nothing_is_found_without_a_mistake(package: str, seed: int, number: int) -> None:
    unit = filing(CATALOGUE, package, number, seed)
    assert [(f.rule.id, f.message) for f in check(unit, CATALOGUE)] == []
    assert (unit.unit, unit.unit_code) == (unit_name(number), unit_code(number))


def test_units_differ() -> None:
    assert len({unit_name(number) for number in range(100_000)}) == 100_000


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_planted_mistake_is_found_as_what_it_is(name: str, package: str) -> None:
    planted = 0
    for number in range(TRIED):
        result = Generated(filing(CATALOGUE, package, number, 7))
        if plant(name, result, CATALOGUE, random.Random(number)):
            planted += 1
            assert found(result) == Counter(MISTAKES[name].expected), result.filing.unit
    forms = set(CATALOGUE.packages[package].forms)
    if package != "mof_project_2023" and forms & set(MISTAKES[name].forms) and name != "signature_blank":
        assert planted


def test_mistakes_cover_many_rules() -> None:
    rules = {rule for mistake in MISTAKES.values() for rule in mistake.expected}
    assert len(rules) >= 60 and rules <= {rule.id for rule in CATALOGUE.rules}
    assert {rule[:3] for rule in rules} >= {"BAS", "EXP", "FMT", "FND", "SCR", "STR", "TXT", "WGT", "XSH"}


@pytest.mark.parametrize("package", PACKAGES)
def test_several_mistakes_in_one_filing_add_up(package: str) -> None:
    results = list(many(CATALOGUE, package, 250, 11, share=1))
    filings_ = [result.filing for result in results]
    findings = check_frame(
        Frame(filings_, CATALOGUE.packages[package].forms), CATALOGUE.packages[package], CATALOGUE
    )
    counts = [Counter[str]() for _ in results]
    for finding in findings:
        counts[finding.filing][finding.rule.id] += 1
    for result, count in zip(results, counts, strict=True):
        assert count == result.expected, (result.filing.unit, result.mistakes)
    assert sum(len(result.mistakes) > 1 for result in results) > 80


def test_a_seed_gives_the_same_filing_whatever_comes_before() -> None:
    package = "yueyanglou_2023"
    alone = generated(CATALOGUE, package, 3, 5)
    among = list(many(CATALOGUE, package, 5, 5))[3]
    assert alone == among and alone.filing != generated(CATALOGUE, package, 3, 6).filing
    assert next(filings(CATALOGUE, package, 1, 5)) == filing(CATALOGUE, package, 0, 5)
