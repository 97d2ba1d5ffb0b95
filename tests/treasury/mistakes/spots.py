"""Where a mistake goes, and the list of all mistakes with what must be found of each.

What must be found is worked out from the forms and DOMAIN §5, not from what the check says.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue, Form, Package
from jixiao.filing import Filing, Frame, Sheet
from jixiao.scope import Calculation
from jixiao.written import long_fields

FORMS = load_catalogue().forms
BASE, WHOLE, PROJECT = "基础数据表", "整体支出绩效自评表", "项目支出绩效自评表"
FIGURES, BUDGET, FUNDS = "报告数据表", "部门预算执行数据表", "项目资金情况表"
ONE_TABLE, THREE_PARTS = "部门整体支出绩效评价报告", "部门整体支出绩效自评报告"
SCORED = (PROJECT, WHOLE)
REPORTS = tuple(code for code, form in FORMS.items() if form.passages)
LONG = tuple(code for code, form in FORMS.items() if long_fields(form))
NAMING = tuple(code for code, form in FORMS.items() if "预算单位名称" in form.fields)
REASON = "供货延迟到货，已与供应商重新约定时限"
SHORT_REASON = "略少"
#: As many points on one indicator ask for a reason.
MANY_POINTS = 30


class NotPlanted(Exception):  # noqa: N818 - says no more than that another mistake is to be taken
    """The filing has no place for this mistake."""


@dataclass
class Spot:
    """The sheet that a mistake goes into, with what it needs to find its place."""

    filing: Filing
    sheet: Sheet
    package: Package
    catalogue: Catalogue
    rng: random.Random

    @property
    def fields(self) -> dict[str, Any]:
        return self.sheet.fields

    @property
    def form(self) -> Form:
        return self.package.forms[self.sheet.form]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.sheet.tables["指标"]

    def other(self, form: str) -> Sheet:
        """The only sheet of another form; no place for the mistake where there is none."""
        self.hold(form in self.package.forms)
        return self.filing.of(form)[0]

    def due(self, code: str, form: str = "") -> float:
        """What a calculated cell of this sheet, or of the only one of another form, shows."""
        calculation = Calculation(Frame([self.filing], self.package.forms), self.catalogue)
        sheet = self.sheet if not form else self.filing.of(form)[0]
        place = [id(other) for other in self.filing.of(sheet.form)].index(id(sheet))
        return float(calculation.value(sheet.form, None, code)[place])

    def due_in(self, table: str, row: Mapping[str, Any], code: str) -> float:
        """What a calculated cell in a row of this sheet shows; the form has no other sheet."""
        calculation = Calculation(Frame([self.filing], self.package.forms), self.catalogue)
        place = [id(other) for other in self.sheet.tables[table]].index(id(row))
        return float(calculation.value(self.sheet.form, table, code)[place])

    def shift(self, code: str, by: float, decimals: int = 2) -> None:
        """Somebody types another figure into a cell than it shows."""
        stated = self.fields.get(code)
        self.fields[code] = round((self.due(code) if stated is None else stated) + by, decimals)

    def row(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return self.any_of("指标", fits)

    def any_of(self, table: str, fits: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """A row of a table."""
        found = [row for row in self.sheet.tables[table] if fits(row)]
        self.hold(bool(found))
        return self.rng.choice(found)

    def count(self) -> dict[str, Any]:
        """An indicator that counts something and was reached: ≥120次, 130次."""
        return self.row(lambda row: row["二级指标"] == "数量指标" and "偏差原因" not in row)

    def words(self) -> dict[str, Any]:
        """An indicator in words, scored by the unit, beside which its 一级指标 has others."""
        return self.row(lambda row: "得分" in row and bool(self.others(row)))

    def others(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The other indicators of its 一级指标."""
        return [other for other in self.rows if other is not row and other["一级指标"] == row["一级指标"]]

    def part(self, part: str) -> dict[str, Any]:
        return self.row(lambda row: row["二级指标"] == part)

    def needs(self, *codes: str) -> None:
        self.hold(all(code in self.form.fields for code in codes))

    def hold(self, condition: bool) -> None:
        """No place for the mistake unless the condition holds."""
        if not condition:
            raise NotPlanted

    def alone(self) -> None:
        """Only where no other form repeats the figures of this one."""
        self.hold(len(self.package.forms) == 1)

    def whole_stays(self, holds: Callable[[], bool]) -> None:
        """The mistake of one project shows in the sum over all when it is a large one: then it is not planted."""
        self.hold(WHOLE not in self.package.forms or holds())

    def within_budget(self) -> bool:
        """Whether the whole unit spent and raised as much as nobody asks about."""
        budget = self.due("全年预算数", WHOLE)
        return self.due("执行率", WHOLE) >= 0.9 and abs(budget / self.due("年初预算数", WHOLE) - 1) <= 0.2

    def balanced(self) -> None:
        """报告数据表 states as much income as the projects now make it spend by budget."""
        if FIGURES in self.package.forms:
            begin = self.due("支出合计_年初预算数", FIGURES)
            self.other(FIGURES).fields.update(
                {"收入合计_年初预算数": begin, "一般公共财政拨款_年初预算数": round(begin * 0.9, 2)}
            )


Plant = Callable[[Spot], None]


@dataclass(frozen=True)
class Mistake:
    """``plant`` changes one sheet of one of ``forms``; ``expected`` is what must be found then. ``alone``: it reaches
    into other sheets and goes with no other mistake. ``last_year``: it stands in last year's figures, which are made to
    fit when all else is planted."""

    name: str
    forms: tuple[str, ...]
    expected: Mapping[str, int]
    plant: Plant
    alone: bool = False
    last_year: bool = False


MISTAKES: dict[str, Mistake] = {}


def mistake(
    *forms: str, alone: bool = False, last_year: bool = False, **expected: int
) -> Callable[[Plant], Plant]:
    """Register a mistake under the name of its function; rules are written BAS_001=1."""

    def register(plant: Plant) -> Plant:
        rules = {rule.replace("_", "-"): count for rule, count in expected.items()}
        add(Mistake(plant.__name__, forms, rules, plant, alone, last_year))
        return plant

    return register


def add(new: Mistake) -> None:
    assert new.name not in MISTAKES, new.name
    MISTAKES[new.name] = new
