"""Mistakes to plant into a filing without any, each with the findings that must follow from it.

What must be found is worked out from the forms and DOMAIN §5, not from what the check says. Two mistakes in one filing
never touch the same sheet, so their findings add up.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jixiao.declarations import Catalogue, Package
from jixiao.filing import Filing, Frame, Sheet
from jixiao.scope import Calculation
from treasury.plausible import BASE, PROJECT, WHOLE, filing

REASON = "供货延迟到货，已与供应商重新约定时限"
SHORT_REASON = "略少"
MOST_MISTAKES = 3


@dataclass
class Generated:
    """A filing, the mistakes planted into it, and how many findings of each rule must come of them."""

    filing: Filing
    mistakes: list[str] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    #: Positions of the sheets that have a mistake.
    touched: set[int] = field(default_factory=set)


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
    def rows(self) -> list[dict[str, Any]]:
        return self.sheet.tables["指标"]

    def due(self, code: str, form: str = "") -> float:
        """What a calculated cell of this sheet, or of the only one of another form, shows."""
        calculation = Calculation(Frame([self.filing], self.package.forms), self.catalogue)
        sheet = self.sheet if not form else self.filing.of(form)[0]
        place = [id(other) for other in self.filing.of(sheet.form)].index(id(sheet))
        return float(calculation.value(sheet.form, None, code)[place])

    def row(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        found = [row for row in self.rows if fits(row)]
        if not found:
            raise NotPlanted
        return self.rng.choice(found)

    def count(self) -> dict[str, Any]:
        """An indicator that counts something and was reached: ≥120次, 130次."""
        return self.row(lambda row: row["二级指标"] == "数量指标" and "偏差原因" not in row)

    def words(self) -> dict[str, Any]:
        """An indicator in words, scored by the unit, beside which its 一级指标 has others."""
        return self.row(lambda row: "得分" in row and self.others(row))

    def others(self, row: Mapping[str, Any]) -> bool:
        return sum(row["一级指标"] == other["一级指标"] for other in self.rows) > 1

    def part(self, part: str) -> dict[str, Any]:
        return self.row(lambda row: row["二级指标"] == part)

    def needs(self, *codes: str) -> None:
        if not all(code in self.package.forms[self.sheet.form].fields for code in codes):
            raise NotPlanted


Plant = Callable[[Spot], None]


@dataclass(frozen=True)
class Mistake:
    """``plant`` changes one sheet of one of ``forms``; ``expected`` is what must be found then, ``alone`` tells that
    it reaches into other sheets and goes with no other mistake."""

    name: str
    forms: tuple[str, ...]
    expected: Mapping[str, int]
    plant: Plant
    alone: bool


MISTAKES: dict[str, Mistake] = {}
_SCORED = (PROJECT, WHOLE)


def _mistake(*forms: str, alone: bool = False, **expected: int) -> Callable[[Plant], Plant]:
    """Register a mistake under the name of its function; rules are written BAS_001=1."""

    def register(plant: Plant) -> Plant:
        rules = {rule.replace("_", "-"): count for rule, count in expected.items()}
        MISTAKES[plant.__name__] = Mistake(plant.__name__, forms, rules, plant, alone)
        return plant

    return register


# ------------------------------------------------------------------------------------------------------- 基础数据表


@_mistake(BASE, BAS_001=1)
def three_public_total(at: Spot) -> None:
    at.fields["三公经费_决算数"] = round(at.due("三公经费_决算数") - 0.3, 2)


@_mistake(BASE, BAS_002=1)
def car_total(at: Spot) -> None:
    at.fields["公务用车购置和维护经费_决算数"] = round(at.due("公务用车购置和维护经费_决算数") - 0.3, 2)


@_mistake(BASE, BAS_003=1)
def projects_total(at: Spot) -> None:
    at.fields["项目支出_决算数"] = round(at.due("项目支出_决算数") + 1, 2)


@_mistake(BASE, BAS_004=1)
def projects_total_last_year(at: Spot) -> None:
    at.fields["项目支出_上年决算数"] = round(at.fields["项目支出_上年决算数"] + 5, 2)


@_mistake(BASE, BAS_005=1)
def running_cost_below_parts(at: Spot) -> None:
    parts = sum(at.fields[f"{row}_决算数"] for row in ("办公经费", "水电差旅费", "会议培训费"))
    at.fields["公用经费_决算数"] = round(parts - 0.5, 2)


@_mistake(BASE, BAS_006=1)
def three_public_blank(at: Spot) -> None:
    at.fields["三公经费_上年决算数"] = None


@_mistake(BASE, BAS_009=1)
def car_blank(at: Spot) -> None:
    code = "公务用车购置和维护经费_上年决算数"
    at.fields["出国经费_上年决算数"] = at.fields[code]  # so that the total above stays right
    at.fields[code] = None


@_mistake(BASE, BAS_008=1)
def running_cost_blank(at: Spot) -> None:
    at.fields["公用经费_上年决算数"] = None


@_mistake(BASE, BAS_010=1)
def staff_rate(at: Spot) -> None:
    at.fields["控制率"] = round(at.due("控制率") - 0.05, 4)


@_mistake(BASE, BAS_011=1)
def too_many_staff(at: Spot) -> None:
    at.fields["在职人数"] = at.fields["编制数"] + 3


@_mistake(BASE, BAS_012=1)
def building_too_large(at: Spot) -> None:
    at.fields.update({"批复规模": 1200.0, "实际规模": 1250.0, "预算投资": 300.0, "实际投资": 298.5})


@_mistake(BASE, BAS_013=1)
def building_too_dear(at: Spot) -> None:
    at.fields.update({"批复规模": 1200.0, "实际规模": 1200.0, "预算投资": 300.0, "实际投资": 315.0})


@_mistake(BASE, BAS_014=1)
def building_half_told(at: Spot) -> None:
    at.fields["批复规模"] = 800.0


@_mistake(BASE, BAS_015=1)
def visits_above_budget(at: Spot) -> None:
    at.fields["公务接待_预算数"] = round(at.fields["公务接待_决算数"] - 0.2, 2)
    at.fields["公车运行维护_预算数"] = round(at.fields["公车运行维护_预算数"] + 5, 2)


@_mistake(BASE, BAS_016=1)
def three_public_grown(at: Spot) -> None:
    spent = at.fields["公车运行维护_决算数"]
    at.fields["公务接待_上年决算数"] = 0.1
    at.fields["公车运行维护_上年决算数"] = at.fields["公务用车购置和维护经费_上年决算数"] = round(
        spent - 0.1, 2
    )
    at.fields["公车购置_上年决算数"] = 0.0
    at.fields["三公经费_上年决算数"] = spent


@_mistake(BASE, BAS_017=1)
def office_above_budget(at: Spot) -> None:
    at.fields["办公经费_预算数"] = round(at.fields["办公经费_决算数"] - 0.5, 2)


@_mistake(BASE, BAS_018=1)
def posts_blank(at: Spot) -> None:
    at.fields["编制数"] = None


@_mistake(BASE, BAS_019=1)
def negative_cost(at: Spot) -> None:
    at.fields["会议培训费_决算数"] = -0.8


@_mistake(BASE, BAS_020=1)
def purchases_above_budget(at: Spot) -> None:
    at.fields["政府采购金额_预算数"] = round(at.fields["政府采购金额_决算数"] - 1, 2)


@_mistake(BASE, BAS_021=1)
def running_cost_jumped(at: Spot) -> None:
    for row in ("公用经费", "办公经费", "水电差旅费", "会议培训费"):
        at.fields[f"{row}_上年决算数"] = round(at.fields[f"{row}_上年决算数"] / 4, 2)
    at.fields["公用经费_上年决算数"] = round(at.fields["公用经费_上年决算数"] + 0.02, 2)  # parts were rounded


@_mistake(BASE, BAS_022=1)
def running_cost_repeated(at: Spot) -> None:
    at.fields["公用经费_上年决算数"] = at.fields["公用经费_决算数"]
    for row in ("办公经费", "水电差旅费", "会议培训费"):
        at.fields[f"{row}_上年决算数"] = at.fields[f"{row}_决算数"]


@_mistake(BASE, BAS_025=1)
def projects_blank_last_year(at: Spot) -> None:
    at.fields["项目支出_上年决算数"] = None


@_mistake(BASE, FMT_001=1)
def words_for_a_number(at: Spot) -> None:
    at.fields["政府采购金额_决算数"] = "约30万元"


@_mistake(BASE, FMT_003=1)
def half_a_person(at: Spot) -> None:
    at.fields["在职人数"] -= 0.5


@_mistake(BASE, XSH_009=1)
def project_row(at: Spot) -> None:
    row = at.rng.choice(at.sheet.tables["项目支出"])
    place = at.sheet.tables["项目支出"].index(row)
    spent = at.filing.of(PROJECT)[place]
    own = sum(value for code, value in spent.fields.items() if code.endswith("_全年执行数"))
    row["决算数"] = round(own + 2, 2)


@_mistake(BASE, alone=True, XSH_006=1)
def basic_differs(at: Spot) -> None:
    code = "部门基本支出预算调整_决算数"
    at.fields[code] = round(at.fields[code] + 1, 2)


# ------------------------------------------------------------------------------------------------- 整体支出绩效自评表


@_mistake(WHOLE, FND_003=1)
def income_total(at: Spot) -> None:
    at.fields["一般公共预算"] = round(at.fields["一般公共预算"] + 1, 2)


@_mistake(WHOLE, FND_004=1)
def spending_total(at: Spot) -> None:
    at.fields["全年执行数"] = round(at.due("全年执行数") - 1, 2)


@_mistake(WHOLE, STR_016=1)
def income_blank(at: Spot) -> None:
    at.fields.update({"一般公共预算": None, "其他资金": None, "上年结转": None})


@_mistake(WHOLE, alone=True, XSH_001=1)
def projects_differ(at: Spot) -> None:
    at.fields["项目支出"] = round(at.due("项目支出") - 1, 2)


@_mistake(WHOLE, alone=True, XSH_005=1)
def begin_differs(at: Spot) -> None:
    at.fields["年初预算数"] = round(at.due("年初预算数") + 1, 2)


@_mistake(WHOLE, alone=True, XSH_004=1)
def budget_too_small(at: Spot) -> None:
    spent = at.due("全年执行数")
    left = at.fields["一般公共预算"] - at.fields["全年预算数"]
    at.fields["全年预算数"] = round(spent + 0.01, 2)
    at.fields["一般公共预算"] = round(at.fields["全年预算数"] + left, 2)


@_mistake(WHOLE, alone=True, XSH_008=1)
def another_name(at: Spot) -> None:
    at.fields["预算单位名称"] = "某某县某某局"


@_mistake(WHOLE, alone=True, STR_015=1)
def name_blank(at: Spot) -> None:
    at.fields["预算单位名称"] = None


# ------------------------------------------------------------------------------------------------- 项目支出绩效自评表


@_mistake(PROJECT, alone=True, FND_002=1)
def sources_total(at: Spot) -> None:
    at.fields["全年预算数"] = round(at.due("全年预算数") + 1, 2)


@_mistake(PROJECT, FND_006=1)
def wrong_source(at: Spot) -> None:
    for column in ("年初预算数", "全年预算数"):
        at.fields[f"其他资金_{column}"] = at.fields.get(f"其他资金_{column}") or 0.0
    moved = round(at.fields["其他资金_全年预算数"] - (at.fields.get("其他资金_全年执行数") or 0.0) + 0.5, 2)
    at.fields["其他资金_全年执行数"] = round((at.fields.get("其他资金_全年执行数") or 0.0) + moved, 2)
    at.fields["当年财政拨款_全年执行数"] = round(at.fields["当年财政拨款_全年执行数"] - moved, 2)


@_mistake(PROJECT, alone=True, EXP_005=1)
def little_spent(at: Spot) -> None:
    at.fields["当年财政拨款_全年执行数"] = round(at.fields["当年财政拨款_全年预算数"] * 0.6, 2)
    _whole_stays(at, lambda: at.due("执行率", WHOLE) >= 0.9)


@_mistake(PROJECT, alone=True, EXP_006=1)
def budget_raised(at: Spot) -> None:
    at.fields["当年财政拨款_年初预算数"] = round(at.fields["当年财政拨款_全年预算数"] * 0.6, 2)
    _whole_stays(at, lambda: at.due("全年预算数", WHOLE) <= 1.2 * at.due("年初预算数", WHOLE))


def _whole_stays(at: Spot, holds: Callable[[], bool]) -> None:
    """The mistake of one project shows in the sum over all when it is a large one: then it is not planted."""
    if WHOLE in at.package.forms and not holds():
        raise NotPlanted


@_mistake(PROJECT, alone=True, STR_002=1)
def authority_blank(at: Spot) -> None:
    at.fields["主管部门"] = None


@_mistake(PROJECT, alone=True, STR_004=1)
def doer_blank(at: Spot) -> None:
    at.fields["实施单位"] = None


@_mistake(PROJECT, STR_005=1)
def project_unnamed(at: Spot) -> None:
    at.fields["项目支出名称"] = None


@_mistake(PROJECT, STR_006=1)
def project_named_as_unit(at: Spot) -> None:
    at.fields["项目支出名称"] = at.filing.unit


@_mistake(PROJECT, XSH_012=1)
def project_twice(at: Spot) -> None:
    others = [sheet for sheet in at.filing.of(PROJECT) if sheet is not at.sheet]
    if not others:
        raise NotPlanted
    at.fields["项目支出名称"] = others[0].fields["项目支出名称"]


# --------------------------------------------------------------------------------------------------------- both of them


@_mistake(*_SCORED, EXP_001=1)
def rate_wrong(at: Spot) -> None:
    at.fields["执行率"] = round(at.due("执行率") - 0.02, 4)


@_mistake(*_SCORED, EXP_002=1)
def rate_without_percent(at: Spot) -> None:
    at.fields["执行率"] = round(at.due("执行率") * 100, 2)


@_mistake(*_SCORED, EXP_003=1)
def rate_blank(at: Spot) -> None:
    at.fields["执行率"] = None


@_mistake(*_SCORED, EXP_004=1)
def execution_score(at: Spot) -> None:
    at.fields["得分"] = round(at.due("得分") - 1, 2)


@_mistake(*_SCORED, SCR_014=1)
def total_score(at: Spot) -> None:
    at.fields["总分"] = round(at.due("总分") - 2, 2)


@_mistake(*_SCORED, STR_003=1)
def total_score_blank(at: Spot) -> None:
    at.fields["总分"] = None


@_mistake(*_SCORED, STR_007=1)
def goal_blank(at: Spot) -> None:
    at.fields["预期目标"] = None


@_mistake(*_SCORED, STR_008=1)
def goal_copied(at: Spot) -> None:
    at.fields["实际完成情况"] = at.fields["预期目标"]


@_mistake(*_SCORED, TXT_011=1)
def goal_until_november(at: Spot) -> None:
    at.fields["实际完成情况"] = "截至11月，各项任务按计划推进。"


@_mistake(*_SCORED, TXT_012=1)
def hint_left(at: Spot) -> None:
    at.fields["预期目标"] = "完成XX项任务，提高办事效率。"


@_mistake(BASE, WHOLE, PROJECT, alone=True, STR_001=1)
def signature_blank(at: Spot) -> None:
    at.needs("填表人")
    at.fields["填表人"] = None


@_mistake(*_SCORED, WGT_001=1)
def output_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "产出指标" and "得分" not in row and row["分值"] < 20)
    row["分值"] += 2


@_mistake(*_SCORED, WGT_002=1)
def benefit_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row and row["分值"] < 20)
    row["分值"] += 2
    row["得分"] = row["分值"]


@_mistake(*_SCORED, WGT_003=1)
def satisfaction_points(at: Spot) -> None:
    at.row(lambda row: row["一级指标"] == "满意度指标")["分值"] += 5


@_mistake(*_SCORED, WGT_004=1)
def execution_points(at: Spot) -> None:
    at.fields["分值"] = 15.0


@_mistake(*_SCORED, WGT_006=1)
def all_points_on_one(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row)
    at.sheet.tables["指标"] = [other for other in at.rows if other is row or other["一级指标"] != "效益指标"]
    row["分值"] = row["得分"] = 30.0


@_mistake(*_SCORED, WGT_007=1, WGT_002=1)
def no_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row and at.others(row))
    row["分值"] = row["得分"] = None


@_mistake(*_SCORED, WGT_008=1)
def no_score(at: Spot) -> None:
    at.words()["得分"] = None


@_mistake(*_SCORED, SCR_001=1)
def score_above_points(at: Spot) -> None:
    at.words()["得分"] += 1


@_mistake(*_SCORED, SCR_002=1)
def score_negative(at: Spot) -> None:
    at.words().update(得分=-1.0, 偏差原因=REASON)


@_mistake(*_SCORED, SCR_004=1)
def points_without_a_name(at: Spot) -> None:
    at.words()["三级指标"] = None


@_mistake(*_SCORED, SCR_005=1)
def points_without_a_target(at: Spot) -> None:
    at.words()["年度指标值"] = None


@_mistake(*_SCORED, SCR_006=1)
def score_without_a_result(at: Spot) -> None:
    at.words()["实际完成值"] = None


@_mistake(*_SCORED, SCR_007=1)
def missed_yet_full(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="≥200次", 实际完成值="150次", 得分=row["分值"])


@_mistake(*_SCORED, SCR_008=1)
def missed_and_half_taken_off(at: Spot) -> None:
    row = at.row(lambda row: row["二级指标"] == "数量指标" and row["分值"] >= 4)
    row.update(年度指标值="≥200次", 实际完成值="100次", 得分=round(row["分值"] * 0.8, 2), 偏差原因=REASON)
    if row["得分"] == row["分值"] / 2:
        raise NotPlanted


@_mistake(*_SCORED, SCR_009=1)
def reached_and_taken_off(at: Spot) -> None:
    row = at.count()
    row["得分"] = round(row["分值"] - 0.5, 2)


@_mistake(*_SCORED, SCR_010=1)
def saving_punished(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=REASON)


@_mistake(*_SCORED, SCR_011=1)
def reached_and_taken_off_with_a_reason(at: Spot) -> None:
    row = at.count()
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=REASON)


@_mistake(*_SCORED, SCR_012=1)
def no_reason(at: Spot) -> None:
    row = at.words()
    row["得分"] = round(row["分值"] - 0.5, 2)


@_mistake(*_SCORED, SCR_013=1)
def nothing_done_yet_points(at: Spot) -> None:
    row = at.count()
    row.update(实际完成值="0" + row["实际完成值"].lstrip("0123456789."), 得分=0.5, 偏差原因=REASON)


@_mistake(*_SCORED, SCR_015=1)
def far_above(at: Spot) -> None:
    at.count().update(年度指标值="≥100次", 实际完成值="260次")


@_mistake(*_SCORED, SCR_016=1)
def cost_above_target(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(年度指标值="20万元", 实际完成值="24万元", 得分=row["分值"])


@_mistake(*_SCORED, SCR_017=1)
def rate_above_one(at: Spot) -> None:
    at.part("服务对象满意度指标").update(年度指标值="≥90%", 实际完成值="105%")


@_mistake(*_SCORED, SCR_018=1)
def reason_too_short(at: Spot) -> None:
    row = at.words()
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=SHORT_REASON)


@_mistake(*_SCORED, TXT_001=1)
def bare_number(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="200", 实际完成值="210次", 得分=row["分值"])


@_mistake(*_SCORED, TXT_002=1)
def result_copied(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(实际完成值=row["年度指标值"], 得分=row["分值"])


@_mistake(*_SCORED, TXT_003=1)
def all_three_alike(at: Spot) -> None:
    row = at.words()
    row.update(年度指标值=row["三级指标"], 实际完成值=row["三级指标"])


@_mistake(*_SCORED, TXT_004=1)
def words_for_a_result(at: Spot) -> None:
    row = at.count()
    row.update(实际完成值="基本完成", 得分=row["分值"])


@_mistake(*_SCORED, TXT_005=1)
def words_for_a_target(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="按计划完成", 得分=row["分值"])


@_mistake(*_SCORED, TXT_006=1)
def another_unit(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="≥200批次", 实际完成值="210家次", 得分=row["分值"])


@_mistake(*_SCORED, TXT_007=1)
def percent_missing(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(年度指标值="≥90%", 实际完成值="95", 得分=row["分值"])


@_mistake(*_SCORED, TXT_008=1)
def at_most_for_at_least(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(年度指标值="≤90%", 实际完成值="95%", 得分=row["分值"])


@_mistake(*_SCORED, TXT_009=1)
def at_least_for_at_most(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(年度指标值="≥20万元", 实际完成值="20万元", 得分=row["分值"])


@_mistake(*_SCORED, TXT_010=1)
def until_november(at: Spot) -> None:
    at.words()["实际完成值"] = "截至11月底有所改善"


# ------------------------------------------------------------------------------------------------------------- planting


def generated(catalogue: Catalogue, package: str, number: int, seed: int, share: float = 0.5) -> Generated:
    """Unit ``number``'s filing, with mistakes in about ``share`` of all filings."""
    rng = random.Random(f"planting:{seed}:{package}:{number}")
    result = Generated(filing(catalogue, package, number, seed))
    if rng.random() >= share:
        return result
    wanted = rng.randint(1, MOST_MISTAKES)
    for name in rng.sample(sorted(MISTAKES), len(MISTAKES)):
        plant(name, result, catalogue, rng)
        if len(result.mistakes) == wanted or any(MISTAKES[planted].alone for planted in result.mistakes):
            break
    return result


def plant(name: str, into: Generated, catalogue: Catalogue, rng: random.Random) -> bool:
    """Plant one mistake into a sheet that has none yet; whether there is a place for it."""
    mistake = MISTAKES[name]
    if mistake.alone and into.mistakes:
        return False
    sheets = into.filing.sheets
    free = [k for k, sheet in enumerate(sheets) if sheet.form in mistake.forms and k not in into.touched]
    if not free:
        return False
    k = rng.choice(free)
    before = copy.deepcopy(sheets[k])
    try:
        mistake.plant(Spot(into.filing, sheets[k], catalogue.packages[into.filing.package], catalogue, rng))
    except NotPlanted:
        sheets[k] = before
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
