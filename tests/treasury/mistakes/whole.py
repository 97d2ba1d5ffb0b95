"""Mistakes in 基础数据表 and 整体支出绩效自评表, the tables about the whole unit."""

from __future__ import annotations

from treasury.mistakes.spots import BASE, NAMING, PROJECT, WHOLE, Spot, mistake


# ------------------------------------------------------------------------------------------------------- 基础数据表
@mistake(BASE, BAS_001=1)
def three_public_total(at: Spot) -> None:
    at.fields["三公经费_决算数"] = round(at.due("三公经费_决算数") - 0.3, 2)


@mistake(BASE, BAS_002=1)
def car_total(at: Spot) -> None:
    at.fields["公务用车购置和维护经费_决算数"] = round(at.due("公务用车购置和维护经费_决算数") - 0.3, 2)


@mistake(BASE, BAS_003=1)
def projects_total(at: Spot) -> None:
    at.fields["项目支出_决算数"] = round(at.due("项目支出_决算数") + 1, 2)


@mistake(BASE, BAS_004=1)
def projects_total_last_year(at: Spot) -> None:
    at.fields["项目支出_上年决算数"] = round(at.fields["项目支出_上年决算数"] + 5, 2)


@mistake(BASE, BAS_005=1)
def running_cost_below_parts(at: Spot) -> None:
    parts = sum(at.fields[f"{row}_决算数"] for row in ("办公经费", "水电差旅费", "会议培训费"))
    at.fields["公用经费_决算数"] = round(parts - 0.5, 2)


@mistake(BASE, BAS_006=1)
def three_public_blank(at: Spot) -> None:
    at.fields["三公经费_上年决算数"] = None


@mistake(BASE, BAS_009=1)
def car_blank(at: Spot) -> None:
    code = "公务用车购置和维护经费_上年决算数"
    at.fields["出国经费_上年决算数"] = at.fields[code]  # so that the total above stays right
    at.fields[code] = None


@mistake(BASE, BAS_008=1)
def running_cost_blank(at: Spot) -> None:
    at.fields["公用经费_上年决算数"] = None


@mistake(BASE, BAS_010=1)
def staff_rate(at: Spot) -> None:
    at.fields["控制率"] = round(at.due("控制率") - 0.05, 4)


@mistake(BASE, BAS_011=1)
def too_many_staff(at: Spot) -> None:
    at.fields["在职人数"] = at.fields["编制数"] + 3


@mistake(BASE, BAS_012=1)
def building_too_large(at: Spot) -> None:
    at.fields.update({"批复规模": 1200.0, "实际规模": 1250.0, "预算投资": 300.0, "实际投资": 298.5})


@mistake(BASE, BAS_013=1)
def building_too_dear(at: Spot) -> None:
    at.fields.update({"批复规模": 1200.0, "实际规模": 1200.0, "预算投资": 300.0, "实际投资": 315.0})


@mistake(BASE, BAS_014=1)
def building_half_told(at: Spot) -> None:
    at.fields["批复规模"] = 800.0


@mistake(BASE, BAS_015=1)
def visits_above_budget(at: Spot) -> None:
    at.fields["公务接待_预算数"] = round(at.fields["公务接待_决算数"] - 0.2, 2)
    at.fields["公车运行维护_预算数"] = round(at.fields["公车运行维护_预算数"] + 5, 2)


@mistake(BASE, BAS_016=1)
def three_public_grown(at: Spot) -> None:
    spent = at.fields["公车运行维护_决算数"]
    at.fields["公务接待_上年决算数"] = 0.1
    at.fields["公车运行维护_上年决算数"] = at.fields["公务用车购置和维护经费_上年决算数"] = round(
        spent - 0.1, 2
    )
    at.fields["公车购置_上年决算数"] = 0.0
    at.fields["三公经费_上年决算数"] = spent


@mistake(BASE, BAS_017=1)
def office_above_budget(at: Spot) -> None:
    at.fields["办公经费_预算数"] = round(at.fields["办公经费_决算数"] - 0.5, 2)


@mistake(BASE, BAS_018=1)
def posts_blank(at: Spot) -> None:
    at.fields["编制数"] = None


@mistake(BASE, BAS_019=1)
def negative_cost(at: Spot) -> None:
    at.fields["会议培训费_决算数"] = -0.8


@mistake(BASE, BAS_020=1)
def purchases_above_budget(at: Spot) -> None:
    at.fields["政府采购金额_预算数"] = round(at.fields["政府采购金额_决算数"] - 1, 2)


@mistake(BASE, BAS_021=1)
def running_cost_jumped(at: Spot) -> None:
    for row in ("公用经费", "办公经费", "水电差旅费", "会议培训费"):
        at.fields[f"{row}_上年决算数"] = round(at.fields[f"{row}_上年决算数"] / 4, 2)
    at.fields["公用经费_上年决算数"] = round(at.fields["公用经费_上年决算数"] + 0.02, 2)  # parts were rounded


@mistake(BASE, BAS_022=1)
def running_cost_repeated(at: Spot) -> None:
    at.fields["公用经费_上年决算数"] = at.fields["公用经费_决算数"]
    for row in ("办公经费", "水电差旅费", "会议培训费"):
        at.fields[f"{row}_上年决算数"] = at.fields[f"{row}_决算数"]


@mistake(BASE, BAS_025=1)
def projects_blank_last_year(at: Spot) -> None:
    at.fields["项目支出_上年决算数"] = None


@mistake(BASE, FMT_001=1)
def words_for_a_number(at: Spot) -> None:
    at.fields["政府采购金额_决算数"] = "约30万元"


@mistake(BASE, FMT_003=1)
def half_a_person(at: Spot) -> None:
    at.fields["在职人数"] -= 0.5


@mistake(BASE, XSH_009=1)
def project_row(at: Spot) -> None:
    row = at.rng.choice(at.sheet.tables["项目支出"])
    place = at.sheet.tables["项目支出"].index(row)
    spent = at.filing.of(PROJECT)[place]
    own = sum(value for code, value in spent.fields.items() if code.endswith("_全年执行数"))
    row["决算数"] = round(own + 2, 2)


@mistake(BASE, alone=True, XSH_006=1)
def basic_differs(at: Spot) -> None:
    code = "部门基本支出预算调整_决算数"
    at.fields[code] = round(at.fields[code] + 1, 2)


@mistake(BASE, BAS_007=1)
def projects_total_blank(at: Spot) -> None:
    at.fields["项目支出_决算数"] = None


@mistake(BASE, alone=True, XSH_002=1, XSH_003=1)
def project_not_listed(at: Spot) -> None:
    rows = at.sheet.tables["项目支出"]
    at.hold(len(rows) > 1)
    gone = rows.pop()
    at.fields["项目支出_上年决算数"] = round(at.fields["项目支出_上年决算数"] - gone["上年决算数"], 2)
    at.whole_stays(at.within_budget)


# ------------------------------------------------------------------------------------------------- 整体支出绩效自评表


@mistake(WHOLE, FND_003=1)
def income_total(at: Spot) -> None:
    at.fields["一般公共预算"] = round(at.fields["一般公共预算"] + 1, 2)


@mistake(WHOLE, FND_004=1)
def spending_total(at: Spot) -> None:
    at.fields["全年执行数"] = round(at.due("全年执行数") - 1, 2)


@mistake(WHOLE, STR_016=1)
def income_blank(at: Spot) -> None:
    at.fields.update({"一般公共预算": None, "其他资金": None, "上年结转": None})


@mistake(WHOLE, alone=True, XSH_001=1)
def projects_differ(at: Spot) -> None:
    at.fields["项目支出"] = round(at.due("项目支出") - 1, 2)


@mistake(WHOLE, alone=True, XSH_005=1)
def begin_differs(at: Spot) -> None:
    at.fields["年初预算数"] = round(at.due("年初预算数") + 1, 2)


@mistake(WHOLE, alone=True, XSH_004=1)
def budget_too_small(at: Spot) -> None:
    spent = at.due("全年执行数")
    left = at.fields["一般公共预算"] - at.fields["全年预算数"]
    at.fields["全年预算数"] = round(spent + 0.01, 2)
    at.fields["一般公共预算"] = round(at.fields["全年预算数"] + left, 2)


@mistake(*NAMING, alone=True, XSH_008=1)
def another_name(at: Spot) -> None:
    at.needs("预算单位名称")
    at.fields["预算单位名称"] = "某某县某某局"


@mistake(*NAMING, alone=True, STR_015=1)
def name_blank(at: Spot) -> None:
    at.needs("预算单位名称")
    at.fields["预算单位名称"] = None


@mistake(WHOLE, alone=True, XSH_007=1)
def running_cost_above_basic(at: Spot) -> None:
    spent = round(at.fields["基本支出"] + 0.5, 2)
    at.other(BASE).fields.update(
        {"公用经费_决算数": spent, "公用经费_预算数": spent + 1, "公用经费_上年决算数": round(spent * 0.9, 2)}
    )


@mistake(WHOLE, alone=True, BAS_023=1)
def basic_in_yuan(at: Spot) -> None:
    base = at.other(BASE).fields
    more = base["在职人数"] * 1500
    for code in ("部门基本支出预算调整_决算数", "部门基本支出预算调整_预算数"):
        base[code] = round(base[code] + more, 2)
    for code in ("基本支出", "全年预算数", "一般公共预算"):
        at.fields[code] = round(at.fields[code] + more, 2)


@mistake(WHOLE, alone=True, STR_017=1, EXP_005=1)
def basic_blank(at: Spot) -> None:
    at.fields["基本支出"] = None
    at.hold(at.due("执行率") < 0.9)
