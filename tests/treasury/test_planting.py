"""Generated filings: without mistakes nothing is found, and each planted mistake is found as what it is."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jixiao.catalogue import load_catalogue
from jixiao.check import check, check_frame
from jixiao.declarations import Field
from jixiao.filing import Filing, Frame
from jixiao.narrative import judged, read, repeated
from jixiao.predicates import PREDICATES
from treasury.mistakes.spots import MISTAKES
from treasury.phrases import PHRASES
from treasury.planting import (
    NOT_PLANTED,
    Generated,
    generated,
    has_last_year,
    many,
    plant,
    with_last_year,
)
from treasury.plausible import BLANK, filing, filings, unit_code, unit_name

CATALOGUE = load_catalogue()
PACKAGES = list(CATALOGUE.packages)
RULES = {rule.id: rule for rule in CATALOGUE.rules}
#: Filings of each package that a mistake is planted into, if there is a place for it.
TRIED = 2
#: A mistake that needs luck (a large project, three indicators that count something) is tried so often.
MOST_TRIED = 60


def counted(units: Sequence[Filing]) -> list[Counter[str]]:
    """How many findings of each rule every one of some filings of a package has."""
    package = CATALOGUE.packages[units[0].package]
    counts = [Counter[str]() for _ in units]
    for finding in check_frame(Frame(units, package.forms), package, CATALOGUE):
        counts[finding.filing][finding.rule.id] += 1
    return counts


@pytest.mark.parametrize("package", PACKAGES)
@given(seed=st.integers(0, 2**32), number=st.integers(0, 200_000), last_year=st.booleans())
@settings(max_examples=40)
def test_nothing_is_found_without_a_mistake(package: str, seed: int, number: int, last_year: bool) -> None:
    unit = Generated(filing(CATALOGUE, package, number, seed))
    if last_year:
        with_last_year(unit, CATALOGUE)
    assert [(f.rule.id, f.message) for f in check(unit.filing, CATALOGUE)] == []
    assert (unit.filing.unit, unit.filing.unit_code) == (unit_name(number), unit_code(number))


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_found_in_hundreds_without_a_mistake(package: str) -> None:
    assert not sum(counted(list(filings(CATALOGUE, package, 120, 3))), Counter())


@pytest.mark.parametrize("package", PACKAGES)
def test_a_unit_without_mistakes_leaves_nothing_blank(package: str) -> None:
    """A field that is declared tomorrow needs a fact, or a reason why it is blank."""
    forms = CATALOGUE.packages[package].forms

    def left(fields: dict[str, Field], records: list[dict[str, object]]) -> set[str]:
        return {
            code
            for code, field in fields.items()
            if not field.calculated and code not in BLANK and any(r.get(code) is None for r in records)
        }

    for unit in filings(CATALOGUE, package, 5, 2):
        for sheet in unit.sheets:
            form = forms[sheet.form]
            assert not left(dict(form.fields), [sheet.fields]), sheet.form
            for code, table in form.tables.items():
                assert not left(dict(table.columns), sheet.tables.get(code, [])), code


def test_units_differ() -> None:
    assert len({unit_name(number) for number in range(100_000)}) == 100_000


@pytest.fixture(scope="module")
def planted() -> dict[str, dict[str, list[tuple[Generated, Counter[str]]]]]:
    """Mistake -> package -> filings with this mistake alone, and how many findings of each rule they have."""
    result: dict[str, dict[str, list[tuple[Generated, Counter[str]]]]] = defaultdict(dict)
    for package, declared in CATALOGUE.packages.items():
        made: list[tuple[str, Generated]] = []
        for name, mistake in MISTAKES.items():
            done = 0
            for number in range(MOST_TRIED if set(mistake.forms) & set(declared.forms) else 0):
                if done == TRIED or (number >= 2 * TRIED and not done and result[name]):
                    break
                unit = Generated(filing(CATALOGUE, package, number, 7))
                if mistake.last_year:
                    with_last_year(unit, CATALOGUE)
                if plant(name, unit, CATALOGUE, random.Random(f"{name}{number}")):
                    made.append((name, unit))
                    done += 1
        counts = counted([unit.filing for _, unit in made])
        for (name, unit), count in zip(made, counts, strict=True):
            result[name].setdefault(package, []).append((unit, count))
    return result


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_planted_mistake_is_found_as_what_it_is(
    name: str, planted: dict[str, dict[str, list[tuple[Generated, Counter[str]]]]]
) -> None:
    assert planted[name], "it has no place in any package"
    for package, found in planted[name].items():
        for unit, count in found:
            assert count == Counter(MISTAKES[name].expected), (package, unit.filing.unit)


def test_every_rule_is_planted_or_has_a_reason_why_not(
    planted: dict[str, dict[str, list[tuple[Generated, Counter[str]]]]],
) -> None:
    rules = {rule for name, mistake in MISTAKES.items() if planted[name] for rule in mistake.expected}
    assert rules.isdisjoint(NOT_PLANTED) and rules | set(NOT_PLANTED) == set(RULES)
    assert all(reason.strip() for reason in NOT_PLANTED.values())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_form_of_a_package_can_have_a_mistake(
    package: str, planted: dict[str, dict[str, list[tuple[Generated, Counter[str]]]]]
) -> None:
    touched = {
        unit.filing.sheets[k].form
        for found in planted.values()
        for unit, _ in found.get(package, ())
        for k in unit.touched
    }
    assert touched == set(CATALOGUE.packages[package].forms)


@pytest.mark.parametrize("rule", sorted(PHRASES))
def test_a_sentence_is_wrong_only_when_it_is_said_wrong(rule: str) -> None:
    kind = RULES[rule].predicate.removeprefix("text_")
    assert RULES[rule].predicate in PREDICATES
    for seed in range(60):
        for wrong in (False, True):
            text = PHRASES[rule](random.Random(seed), wrong)
            reading = read(text)
            kinds = [remark.kind for remark in judged(reading, 2023)]
            kinds += [repeat.remark.kind for repeat in repeated([reading])]
            assert kinds == [kind] * wrong, text


@pytest.mark.parametrize("package", PACKAGES)
def test_several_mistakes_in_one_filing_add_up(package: str) -> None:
    results = list(many(CATALOGUE, package, 150, 11, share=1))
    for result, count in zip(results, counted([result.filing for result in results]), strict=True):
        assert count == result.expected, (result.filing.unit, result.mistakes)
    assert sum(len(result.mistakes) > 1 for result in results) > 40
    with_last = [result.filing.previous is not None for result in results]
    assert with_last == [has_last_year(result.filing, CATALOGUE.packages[package]) for result in results]
    assert 15 < sum(with_last) < 75


def test_a_seed_gives_the_same_filing_whatever_comes_before() -> None:
    package = "yueyanglou_2023"
    alone = generated(CATALOGUE, package, 3, 5)
    among = list(many(CATALOGUE, package, 5, 5))[3]
    assert alone == among and alone.filing != generated(CATALOGUE, package, 3, 6).filing
    assert next(filings(CATALOGUE, package, 1, 5)) == filing(CATALOGUE, package, 0, 5)
