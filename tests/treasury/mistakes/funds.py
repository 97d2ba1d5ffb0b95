"""Mistakes in 项目资金情况表: where the money of projects came from, and the projects that are evaluated."""

from __future__ import annotations

from typing import Any

from treasury.mistakes.spots import FUNDS, Spot, mistake
from treasury.pools import OTHERS

CITY, EVALUATED = "市级项目", "评价项目"


def _budget(row: dict[str, Any]) -> float:
    return float(row["年初预算数"] + (row["追加预算数"] or 0))


@mistake(FUNDS, FND_020=1)
def funds_total(at: Spot) -> None:
    at.shift("项目支出", 1)


@mistake(FUNDS, FND_021=1)
def city_total(at: Spot) -> None:
    at.shift("市级项目支出", -1)


@mistake(FUNDS, FND_022=1)
def funds_total_blank(at: Spot) -> None:
    at.fields["项目支出"] = None


@mistake(FUNDS, FND_023=1)
def paid_total(at: Spot) -> None:
    at.shift("到位资金合计", -1)


@mistake(FUNDS, FND_024=1)
def used_total_blank(at: Spot) -> None:
    at.fields["使用资金合计"] = None


@mistake(FUNDS, FND_025=1)
def rest_wrong(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["结余资金"] = round(row["到位资金"] - row["使用资金"] + 1, 2)


@mistake(FUNDS, FND_026=1)
def rate_of_a_project(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["执行率"] = round(at.due_in(EVALUATED, row, "执行率") - 0.02, 4)


@mistake(FUNDS, FND_027=1)
def rate_of_all(at: Spot) -> None:
    at.shift("总执行率", -0.02, 4)


@mistake(FUNDS, FND_028=1)
def used_above_budget(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["使用资金"] = round(_budget(row) + 0.5, 2)


@mistake(FUNDS, FND_029=1)
def used_above_paid(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row.update(到位资金=round(_budget(row) - 1, 2), 使用资金=round(_budget(row) - 0.5, 2))


@mistake(FUNDS, FND_030=1)
def paid_above_budget(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row.update(到位资金=round(_budget(row) + 1, 2), 使用资金=round(_budget(row) - 0.01, 2))
    at.hold(row["使用资金"] / row["到位资金"] >= 0.9)


@mistake(FUNDS, FND_031=1)
def used_in_yuan(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["使用资金"] *= 10_000


@mistake(FUNDS, FND_032=1, EXP_031=1)
def used_below_zero(at: Spot) -> None:
    at.any_of(EVALUATED)["使用资金"] = -0.5


@mistake(FUNDS, FND_033=1)
def number_of_projects(at: Spot) -> None:
    at.shift("项目个数", 1, 0)


@mistake(FUNDS, EXP_030=1)
def much_added(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["追加预算数"] = round(row["年初预算数"] * 0.3, 2)
    row.update(到位资金=round(_budget(row), 2), 使用资金=round(_budget(row) * 0.97, 2))
    at.any_of(CITY, lambda other: other["项目名称"] == row["项目名称"])["金额"] = row["到位资金"]


@mistake(FUNDS, EXP_031=1)
def little_used(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    row["使用资金"] = round(row["到位资金"] * 0.6, 2)


@mistake(FUNDS, STR_040=1)
def city_project_unnamed(at: Spot) -> None:
    at.any_of(CITY, lambda row: row["项目名称"] in OTHERS)["项目名称"] = None


@mistake(FUNDS, STR_041=1)
def city_project_without_money(at: Spot) -> None:
    at.any_of(CITY, lambda row: row["项目名称"] in OTHERS)["金额"] = None


@mistake(FUNDS, STR_042=1)
def evaluated_unnamed(at: Spot) -> None:
    at.any_of(EVALUATED)["项目名称"] = None


@mistake(FUNDS, STR_043=1)
def used_blank(at: Spot) -> None:
    at.any_of(EVALUATED)["使用资金"] = None


@mistake(FUNDS, STR_044=1)
def aim_blank(at: Spot) -> None:
    at.any_of(EVALUATED)["总体目标"] = None


@mistake(FUNDS, STR_045=1)
def nothing_evaluated(at: Spot) -> None:
    at.sheet.tables[EVALUATED] = []


@mistake(FUNDS, STR_046=1)
def rate_of_a_project_blank(at: Spot) -> None:
    at.any_of(EVALUATED)["执行率"] = None


@mistake(FUNDS, XSH_030=1)
def city_amount_differs(at: Spot) -> None:
    row = at.any_of(EVALUATED)
    other = at.any_of(CITY, lambda other: other["项目名称"] == row["项目名称"])
    other["金额"] = round(other["金额"] + 1, 2)


@mistake(FUNDS, XSH_031=1)
def name_differs_by_a_word(at: Spot) -> None:
    at.any_of(EVALUATED)["项目名称"] += "项目"


@mistake(FUNDS, XSH_032=1)
def evaluated_not_among_the_citys(at: Spot) -> None:
    at.any_of(EVALUATED)["项目名称"] = "智慧停车改造"


@mistake(FUNDS, XSH_033=1)
def more_used_than_all_projects(at: Spot) -> None:
    at.sheet.tables[CITY] = []
    at.fields["省级专项支出"] = 0.0
    at.hold(at.due("使用资金合计") > at.due("项目支出"))
