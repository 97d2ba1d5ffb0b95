"""Findings, the status of a filing and its seal."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conftest import OVERALL
from jixiao.declarations import Catalogue, Reference, Rule
from jixiao.filing import MISSING, Filing
from jixiao.findings import NATIVE_REASON, Finding, digest, ordered, reason, seal, status
from native import Formula, Grid, formualizer_values


def finding(severity: str = "error", **more: Any) -> Finding:
    rule = Rule(
        more.pop("id", "TST-001"),
        "试验",
        severity,
        (OVERALL,),
        "不符。",
        "请核对。",
        Reference("办法"),
        2020,  # type: ignore[arg-type]
    )
    return Finding(rule, "某局", OVERALL, "附件二", "F14", "不符。", **more)


# -- status

ERROR, WARNING, INFO = "error", "warning", "info"
EXPLAINED = {"explanation": "年中追加"}


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], "通过"),
        ([(ERROR, {})], "未通过"),
        ([(ERROR, EXPLAINED)], "未通过"),  # an error is corrected, not explained
        ([(WARNING, {})], "待说明"),
        ([(WARNING, {"explanation": ""})], "待说明"),
        ([(WARNING, EXPLAINED)], "通过"),
        ([(INFO, {})], "通过"),
        ([(WARNING, {}), (ERROR, {}), (INFO, {})], "未通过"),
        ([(WARNING, EXPLAINED), (WARNING, {})], "待说明"),
        ([(ERROR, {"outcome": "rule_error"})], "通过"),  # our fault holds nobody up
        ([(WARNING, {"outcome": "rule_error"}), (WARNING, {})], "待说明"),
    ],
)
def test_the_status_of_a_filing(findings: list[tuple[str, dict[str, Any]]], expected: str) -> None:
    assert status(finding(severity, **more) for severity, more in findings) == expected


@pytest.mark.parametrize(
    ("severity", "more", "outstanding"),
    [
        (ERROR, {}, True),
        (ERROR, EXPLAINED, True),
        (WARNING, {}, True),
        (WARNING, EXPLAINED, False),
        (INFO, {}, False),
    ],
)
def test_what_still_asks_something_of_the_person(
    severity: str, more: dict[str, Any], outstanding: bool
) -> None:
    assert finding(severity, **more).outstanding is outstanding


# -- what is printed


def test_a_finding_is_printed_with_the_keys_that_scripts_rely_on() -> None:
    printed = finding(
        related=["附件二!F22"], stated="70", expected="50", difference="20", tolerance="0", fingerprint="ab"
    ).to_json()
    assert printed == {
        "rule": "TST-001",
        "severity": "error",
        "outcome": "fail",
        "sheet": "附件二",
        "cell": "F14",
        "related": ["附件二!F22"],
        "message": "不符。",
        "stated": "70",
        "expected": "50",
        "difference": "20",
        "tolerance": "0",
        "fix": "请核对。",
        "fingerprint": "ab",
        "explanation": None,
    }


def test_a_rule_error_is_printed_as_information() -> None:
    printed = finding(ERROR, outcome="rule_error").to_json()
    assert (printed["severity"], printed["outcome"]) == ("info", "rule_error")


# -- order


def test_findings_are_worked_through_by_severity_place_and_rule() -> None:
    placed = [
        finding(INFO, id="AAA-001", position=(0, 0, 0)),
        finding(WARNING, id="AAA-002", position=(0, 1, 0)),
        finding(ERROR, id="BBB-001", position=(1, 0, 0)),
        finding(ERROR, id="BBB-002", position=(0, 9, 3)),
        finding(ERROR, id="BBB-001", position=(0, 9, 3), field="得分"),
        finding(ERROR, id="BBB-001", position=(0, 9, 3), field="分值"),
        finding(ERROR, id="ZZZ-001", position=(0, 2, 0)),
    ]
    assert [(f.rule.id, f.field) for f in ordered(placed)] == [
        ("ZZZ-001", ""),
        ("BBB-001", "分值"),
        ("BBB-001", "得分"),
        ("BBB-002", ""),
        ("BBB-001", ""),
        ("AAA-002", ""),
        ("AAA-001", ""),
    ]


# -- digests


def test_a_digest_stands_for_its_parts() -> None:
    assert digest("a", 1) == digest("a", "1")
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("c", "ab")}) == 4
    assert len(digest("x")) == 12 and int(digest("x"), 16) >= 0


CHANGES: dict[str, Callable[[Filing], Any]] = {
    "a figure": lambda filing: filing.sheets[1].fields.update(全年预算数=2860.7),
    "a text": lambda filing: filing.sheets[1].fields.update(实际完成情况="全部完成"),
    "a row's score": lambda filing: filing.sheets[1].tables["指标"][0].update(得分=9),
    "a row": lambda filing: filing.sheets[2].tables["指标"].pop(),
    "a sheet": lambda filing: filing.sheets.pop(),
    "the unit": lambda filing: setattr(filing, "unit", "另一局"),
    "the year": lambda filing: setattr(filing, "year", 2024),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_seal_breaks_with(hengshan: Filing, catalogue: Catalogue, change: Callable[[Filing], Any]) -> None:
    before = seal(hengshan, catalogue)
    change(hengshan)
    assert seal(hengshan, catalogue) != before


def test_a_seal_breaks_with_the_rules(hengshan: Filing, catalogue: Catalogue) -> None:
    assert seal(hengshan, catalogue) != seal(hengshan, replace(catalogue, version="other"))


KEPT: dict[str, Callable[[Filing], Any]] = {
    "the order of sheets": lambda filing: filing.sheets.reverse(),
    "the name of a sheet": lambda filing: setattr(filing.sheets[2], "name", "车辆"),
    "where cells stand": lambda filing: filing.sheets[1].addresses.update(总分="H40"),
    "a cell that is blank": lambda filing: filing.sheets[0].fields.update(
        批复规模=None, 实际规模="", 规模控制率=MISSING
    ),
    "a recalculation in the last digit": lambda filing: filing.sheets[1].fields.update(总分=100 + 1e-13),
    "the file": lambda filing: setattr(filing, "file", "b.xlsx"),
}


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT)
def test_a_seal_holds_whatever_happens_to(
    hengshan: Filing, catalogue: Catalogue, change: Callable[[Filing], Any]
) -> None:
    before = seal(copy.deepcopy(hengshan), catalogue)
    change(hengshan)
    assert seal(hengshan, catalogue) == before


REASONS = {"厉行节约": True, " 疫情 ": True, "无": False, "0": False, "——": False, " —— ": False, "": False}


def test_what_counts_as_a_reason_is_the_same_in_the_workbook() -> None:
    assert {written: bool(reason(written)) for written in REASONS} == REASONS
    grid = Grid()
    for row, written in enumerate(REASONS):
        cell = grid.put(row, 0, written)
        grid.put(row, 1, Formula("=" + NATIVE_REASON.format(cell=cell)))
    assert formualizer_values(grid, [(row, 1) for row in range(len(REASONS))]) == list(REASONS.values())
