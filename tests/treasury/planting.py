"""Mistakes planted into filings without any: which findings must follow is known of each.

Two mistakes in one filing never touch the same sheet, so their findings add up.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from jixiao.declarations import Catalogue, Package
from jixiao.filing import Filing
from treasury.mistakes import aides, funds, projects, texts, whole  # noqa: F401 - they register their mistakes
from treasury.mistakes.lastyear import before
from treasury.mistakes.spots import MISTAKES, NotPlanted, Spot
from treasury.plausible import filing

MOST_MISTAKES = 3
#: Rules that nothing is planted for, and why.
NOT_PLANTED = {
    "FMT-002": "读不懂的单元格要靠损坏的工作簿才有，由 tests/treasury/fuzzing.py、tests/books/test_read_edited.py 造出来",
    "STR-009": "一级、二级指标印在合并单元格里，造出的行总在其下；由 tests/rules 和读取的测试核对",
    "STR-014": "一级指标的名称印在表样的合并单元格里，改写它会读成“不见了”（FMT-002）；由 tests/rules 核对",
}
#: Units with so many projects have last year's filing: so each workbook that is filled in needs building once only.
WITH_LAST_YEAR = 2


@dataclass
class Generated:
    """A filing, the mistakes planted into it, and how many findings of each rule must come of them."""

    filing: Filing
    mistakes: list[str] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    #: Positions of the sheets that have a mistake.
    touched: set[int] = field(default_factory=set)


def generated(catalogue: Catalogue, package: str, number: int, seed: int, share: float = 0.5) -> Generated:
    """Unit ``number``'s filing, with mistakes in about ``share`` of all filings, and with last year's in some."""
    rng = random.Random(f"planting:{seed}:{package}:{number}")
    result = Generated(filing(catalogue, package, number, seed))
    wanted = rng.randint(1, MOST_MISTAKES) if rng.random() < share else 0
    names = rng.sample(sorted(MISTAKES), len(MISTAKES)) if wanted else []
    for name in names:
        if len(result.mistakes) == wanted or any(MISTAKES[planted].alone for planted in result.mistakes):
            break
        if not MISTAKES[name].last_year:
            plant(name, result, catalogue, rng)
    if has_last_year(result.filing, catalogue.packages[package]):
        with_last_year(result, catalogue)
        if wanted and rng.random() < share:
            any(MISTAKES[name].last_year and plant(name, result, catalogue, rng) for name in names)
    return result


def has_last_year(of: Filing, package: Package) -> bool:
    """Whether a unit's filing of last year is known, too."""
    if package.project_form:
        return len(of.of(package.project_form.code)) == WITH_LAST_YEAR
    return int(of.unit_code) % 4 == 0


def with_last_year(into: Generated, catalogue: Catalogue) -> None:
    """Give a filing last year's figures that fit it, its mistakes included."""
    into.filing.previous = before(into.filing, catalogue.packages[into.filing.package], catalogue)


def plant(name: str, into: Generated, catalogue: Catalogue, rng: random.Random) -> bool:
    """Plant one mistake into a sheet that has none yet; whether there is a place for it."""
    mistake = MISTAKES[name]
    if mistake.alone and into.mistakes:
        return False
    sheets = into.filing.sheets
    free = [
        k
        for k, sheet in enumerate(sheets)
        if sheet.form in mistake.forms and (mistake.last_year or k not in into.touched)
    ]
    if not free:
        return False
    k = rng.choice(free)
    kept = copy.deepcopy(into.filing if mistake.alone or mistake.last_year else sheets[k])
    try:
        mistake.plant(Spot(into.filing, sheets[k], catalogue.packages[into.filing.package], catalogue, rng))
    except NotPlanted:
        if isinstance(kept, Filing):
            into.filing = kept
        else:
            sheets[k] = kept
        return False
    into.touched.add(k)
    into.mistakes.append(name)
    into.expected.update(mistake.expected)
    return True


def many(
    catalogue: Catalogue, package: str, count: int, seed: int, share: float = 0.5
) -> Iterator[Generated]:
    """``count`` filings of different units."""
    for number in range(count):
        yield generated(catalogue, package, number, seed, share)
