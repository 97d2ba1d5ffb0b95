"""Mistakes in 项目支出绩效自评表, and in the indicators that 整体支出绩效自评表 has as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treasury.mistakes.spots import (
    BASE,
    FIGURES,
    MANY_POINTS,
    PROJECT,
    REASON,
    SCORED,
    SHORT_REASON,
    WHOLE,
    Spot,
    mistake,
)

# ------------------------------------------------------------------------------------------------------ 资金 and heads


@mistake(PROJECT, alone=True, FND_002=1)
def sources_total(at: Spot) -> None:
    at.fields["全年预算数"] = round(at.due("全年预算数") + 1, 2)


@mistake(PROJECT, FND_006=1)
def wrong_source(at: Spot) -> None:
    for column in ("年初预算数", "全年预算数"):
        at.fields[f"其他资金_{column}"] = at.fields.get(f"其他资金_{column}") or 0.0
    moved = round(at.fields["其他资金_全年预算数"] - (at.fields.get("其他资金_全年执行数") or 0.0) + 0.5, 2)
    at.fields["其他资金_全年执行数"] = round((at.fields.get("其他资金_全年执行数") or 0.0) + moved, 2)
    at.fields["当年财政拨款_全年执行数"] = round(at.fields["当年财政拨款_全年执行数"] - moved, 2)


@mistake(PROJECT, alone=True, EXP_005=1)
def little_spent(at: Spot) -> None:
    at.fields["当年财政拨款_全年执行数"] = round(at.fields["当年财政拨款_全年预算数"] * 0.6, 2)
    at.whole_stays(at.within_budget)


@mistake(PROJECT, alone=True, EXP_006=1)
def budget_raised(at: Spot) -> None:
    at.fields["当年财政拨款_年初预算数"] = round(at.fields["当年财政拨款_全年预算数"] * 0.6, 2)
    at.balanced()
    at.whole_stays(at.within_budget)


@mistake(PROJECT, alone=True, STR_002=1)
def authority_blank(at: Spot) -> None:
    at.fields["主管部门"] = None


@mistake(PROJECT, alone=True, STR_004=1)
def doer_blank(at: Spot) -> None:
    at.fields["实施单位"] = None


@mistake(PROJECT, STR_005=1)
def project_unnamed(at: Spot) -> None:
    at.fields["项目支出名称"] = None


@mistake(PROJECT, STR_006=1)
def project_named_as_unit(at: Spot) -> None:
    at.fields["项目支出名称"] = at.filing.unit


@mistake(PROJECT, alone=True, XSH_012=1)
def project_twice(at: Spot) -> None:
    others = [sheet for sheet in at.filing.of(PROJECT) if sheet is not at.sheet]
    at.hold(bool(others))
    at.fields["项目支出名称"] = others[0].fields["项目支出名称"]


@mistake(PROJECT, alone=True, FND_001=1)
def begin_blank(at: Spot) -> None:
    at.hold(FIGURES not in at.package.forms or len(at.filing.of(PROJECT)) > 1)  # else its sum is blank, too
    at.fields["年初预算数"] = None
    at.balanced()
    at.whole_stays(at.within_budget)


@mistake(PROJECT, alone=True, FND_005=1)
def more_spent_than_there_was(at: Spot) -> None:
    over = at.due("全年预算数") - at.due("全年执行数") + 0.5
    at.shift("当年财政拨款_全年执行数", over)


@mistake(PROJECT, alone=True, FND_007=1, EXP_005=1)
def spent_below_zero(at: Spot) -> None:
    at.shift("当年财政拨款_全年执行数", -at.due("全年执行数") - 0.5)
    at.hold(
        len(at.filing.of(PROJECT)) > 1 or BASE not in at.package.forms
    )  # else their sum is below zero, too
    at.whole_stays(at.within_budget)


@mistake(PROJECT, FND_008=1)
def spent_in_yuan(at: Spot) -> None:
    at.alone()
    for source in ("当年财政拨款", "上年结转资金", "其他资金"):
        if at.fields.get(f"{source}_全年执行数"):
            at.fields[f"{source}_全年执行数"] *= 10_000


@mistake(PROJECT, FND_009=1)
def begin_in_yuan(at: Spot) -> None:
    at.alone()
    at.fields["当年财政拨款_年初预算数"] *= 10_000


@mistake(PROJECT, alone=True, EXP_007=1)
def budget_blank(at: Spot) -> None:
    for source in ("当年财政拨款", "上年结转资金", "其他资金"):
        at.fields[f"{source}_全年预算数"] = None


@mistake(PROJECT, alone=True, STR_018=1)
def sheet_not_filled(at: Spot) -> None:
    at.hold(len(at.filing.of(PROJECT)) > 1)
    kept = at.form.fields
    at.sheet.fields = {
        c: v for c, v in at.fields.items() if (kept[c].textual and kept[c].kept) or kept[c].default
    }
    for code in ("填表人", "填报日期", "联系电话"):
        if code in kept:
            at.fields[code] = at.filing.sheets[0].fields[code]
    at.sheet.tables["指标"] = []
    at.balanced()
    at.whole_stays(at.within_budget)


@mistake(PROJECT, alone=True, XSH_010=1)
def sheet_not_listed(at: Spot) -> None:
    at.alone()
    at.filing.projects = [listed for listed in at.filing.projects if listed[1] != at.sheet.name]


@mistake(PROJECT, alone=True, XSH_011=1)
def sheet_renamed_in_the_list(at: Spot) -> None:
    at.alone()
    at.filing.projects.append(("另一个项目", "已删除的表"))


# ---------------------------------------------------------------------------------------------- heads and indicators


@mistake(*SCORED, EXP_001=1)
def rate_wrong(at: Spot) -> None:
    at.fields["执行率"] = round(at.due("执行率") - 0.02, 4)


@mistake(*SCORED, EXP_002=1)
def rate_without_percent(at: Spot) -> None:
    at.fields["执行率"] = round(at.due("执行率") * 100, 2)


@mistake(*SCORED, EXP_003=1)
def rate_blank(at: Spot) -> None:
    at.fields["执行率"] = None


@mistake(*SCORED, EXP_004=1)
def execution_score(at: Spot) -> None:
    at.fields["得分"] = round(at.due("得分") - 1, 2)


@mistake(*SCORED, SCR_014=1)
def total_score(at: Spot) -> None:
    at.fields["总分"] = round(at.due("总分") - 2, 2)


@mistake(*SCORED, STR_003=1)
def total_score_blank(at: Spot) -> None:
    at.fields["总分"] = None


@mistake(*SCORED, STR_007=1)
def goal_blank(at: Spot) -> None:
    at.fields["预期目标"] = None


@mistake(*SCORED, STR_008=1)
def goal_copied(at: Spot) -> None:
    at.fields["实际完成情况"] = at.fields["预期目标"]


@mistake(*SCORED, TXT_011=1)
def goal_until_november(at: Spot) -> None:
    at.fields["实际完成情况"] = "截至11月，各项任务按计划推进。"


@mistake(*SCORED, TXT_012=1)
def hint_left(at: Spot) -> None:
    at.fields["预期目标"] = "完成XX项任务，提高办事效率。"


@mistake(BASE, WHOLE, PROJECT, alone=True, STR_001=1)
def signature_blank(at: Spot) -> None:
    at.needs("填表人")
    at.fields["填表人"] = None


@mistake(*SCORED, WGT_001=1)
def output_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "产出指标" and "得分" not in row and row["分值"] < 20)
    row["分值"] += 2


@mistake(*SCORED, WGT_002=1)
def benefit_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row and row["分值"] < 20)
    row["分值"] += 2
    row["得分"] = row["分值"]


@mistake(*SCORED, WGT_003=1)
def satisfaction_points(at: Spot) -> None:
    at.row(lambda row: row["一级指标"] == "满意度指标")["分值"] += 5


@mistake(*SCORED, WGT_004=1)
def execution_points(at: Spot) -> None:
    at.fields["分值"] = 15.0


@mistake(*SCORED, WGT_006=1)
def all_points_on_one(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row)
    at.sheet.tables["指标"] = [other for other in at.rows if other is row or other["一级指标"] != "效益指标"]
    row["分值"] = row["得分"] = 30.0


@mistake(*SCORED, WGT_007=1, WGT_002=1)
def no_points(at: Spot) -> None:
    row = at.row(lambda row: row["一级指标"] == "效益指标" and "得分" in row and at.others(row))
    row["分值"] = row["得分"] = None


@mistake(*SCORED, WGT_008=1)
def no_score(at: Spot) -> None:
    at.words()["得分"] = None


@mistake(*SCORED, SCR_001=1)
def score_above_points(at: Spot) -> None:
    at.words()["得分"] += 1


@mistake(*SCORED, SCR_002=1)
def score_negative(at: Spot) -> None:
    at.words().update(得分=-1.0, 偏差原因=REASON)


@mistake(*SCORED, SCR_004=1)
def points_without_a_name(at: Spot) -> None:
    at.words()["三级指标"] = None


@mistake(*SCORED, SCR_005=1)
def points_without_a_target(at: Spot) -> None:
    at.words()["年度指标值"] = None


@mistake(*SCORED, SCR_006=1)
def score_without_a_result(at: Spot) -> None:
    at.words()["实际完成值"] = None


@mistake(*SCORED, SCR_007=1)
def missed_yet_full(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="≥200次", 实际完成值="150次", 得分=row["分值"])


@mistake(*SCORED, SCR_008=1)
def missed_and_half_taken_off(at: Spot) -> None:
    row = at.row(lambda row: row["二级指标"] == "数量指标" and row["分值"] >= 4)
    row.update(年度指标值="≥200次", 实际完成值="100次", 得分=round(row["分值"] * 0.8, 2), 偏差原因=REASON)
    at.hold(row["得分"] != row["分值"] / 2)


@mistake(*SCORED, SCR_009=1)
def reached_and_taken_off(at: Spot) -> None:
    row = at.count()
    row["得分"] = round(row["分值"] - 0.5, 2)


@mistake(*SCORED, SCR_010=1)
def saving_punished(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=REASON)


@mistake(*SCORED, SCR_011=1)
def reached_and_taken_off_with_a_reason(at: Spot) -> None:
    row = at.count()
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=REASON)


@mistake(*SCORED, SCR_012=1)
def no_reason(at: Spot) -> None:
    row = at.words()
    row["得分"] = round(row["分值"] - 0.5, 2)


@mistake(*SCORED, SCR_013=1)
def nothing_done_yet_points(at: Spot) -> None:
    row = at.count()
    row.update(实际完成值="0" + row["实际完成值"].lstrip("0123456789."), 得分=0.5, 偏差原因=REASON)


@mistake(*SCORED, SCR_015=1)
def far_above(at: Spot) -> None:
    at.count().update(年度指标值="≥100次", 实际完成值="260次")


@mistake(*SCORED, SCR_016=1)
def cost_above_target(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(年度指标值="20万元", 实际完成值="24万元", 得分=row["分值"])


@mistake(*SCORED, SCR_017=1)
def rate_above_one(at: Spot) -> None:
    at.part("服务对象满意度指标").update(年度指标值="≥90%", 实际完成值="105%")


@mistake(*SCORED, SCR_018=1)
def reason_too_short(at: Spot) -> None:
    row = at.words()
    row.update(得分=round(row["分值"] - 0.5, 2), 偏差原因=SHORT_REASON)


@mistake(*SCORED, TXT_001=1)
def bare_number(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="200", 实际完成值="210次", 得分=row["分值"])


@mistake(*SCORED, TXT_002=1)
def result_copied(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(实际完成值=row["年度指标值"], 得分=row["分值"])


@mistake(*SCORED, TXT_003=1)
def all_three_alike(at: Spot) -> None:
    row = at.words()
    row.update(年度指标值=row["三级指标"], 实际完成值=row["三级指标"])


@mistake(*SCORED, TXT_004=1)
def words_for_a_result(at: Spot) -> None:
    row = at.count()
    row.update(实际完成值="基本完成", 得分=row["分值"])


@mistake(*SCORED, TXT_005=1)
def words_for_a_target(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="按计划完成", 得分=row["分值"])


@mistake(*SCORED, TXT_006=1)
def another_unit(at: Spot) -> None:
    row = at.count()
    row.update(年度指标值="≥200批次", 实际完成值="210家次", 得分=row["分值"])


@mistake(*SCORED, TXT_007=1)
def percent_missing(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(年度指标值="≥90%", 实际完成值="95", 得分=row["分值"])


@mistake(*SCORED, TXT_008=1)
def at_most_for_at_least(at: Spot) -> None:
    row = at.part("服务对象满意度指标")
    row.update(年度指标值="≤90%", 实际完成值="95%", 得分=row["分值"])


@mistake(*SCORED, TXT_009=1)
def at_least_for_at_most(at: Spot) -> None:
    row = at.part("成本指标")
    row.update(年度指标值="≥20万元", 实际完成值="20万元", 得分=row["分值"])


@mistake(*SCORED, TXT_010=1)
def until_november(at: Spot) -> None:
    at.words()["实际完成值"] = "截至11月底有所改善"


def _drop(at: Spot, gone: Callable[[dict[str, Any]], bool], heirs: Callable[[dict[str, Any]], bool]) -> None:
    """Some indicators are not there; others have got their points."""
    points = sum(row["分值"] for row in at.rows if gone(row))
    at.sheet.tables["指标"] = [row for row in at.rows if not gone(row)]
    taking = [row for row in at.rows if heirs(row)]
    at.hold(bool(points and taking))
    for k in range(int(points)):
        _more(taking[k % len(taking)], 1)
    at.hold(all(row["分值"] < MANY_POINTS for row in at.rows))


def _more(row: dict[str, Any], points: float) -> None:
    row["分值"] += points
    if "得分" in row:
        row["得分"] += points


@mistake(*SCORED, STR_010=1)
def no_benefit(at: Spot) -> None:
    _drop(at, lambda row: row["一级指标"] == "效益指标", lambda row: row["一级指标"] == "产出指标")


@mistake(*SCORED, STR_011=1)
def no_cost(at: Spot) -> None:
    _drop(at, lambda row: row["二级指标"] == "成本指标", lambda row: row["一级指标"] == "产出指标")


@mistake(*SCORED, STR_012=1)
def no_satisfaction(at: Spot) -> None:
    _drop(at, lambda row: row["一级指标"] == "满意度指标", lambda row: row["一级指标"] == "产出指标")


@mistake(*SCORED, STR_013=1)
def no_indicators(at: Spot) -> None:
    at.sheet.tables["指标"] = []


@mistake(*SCORED, WGT_005=1, STR_012=1)
def no_satisfaction_and_its_points_gone(at: Spot) -> None:
    at.sheet.tables["指标"] = [row for row in at.rows if row["一级指标"] != "满意度指标"]


@mistake(*SCORED, WGT_009=1)
def points_below_zero(at: Spot) -> None:
    row = at.words()
    _more(at.rng.choice(at.others(row)), row["分值"] + 2)
    row.update(分值=-2.0, 得分=None)
    at.hold(all(row["分值"] < MANY_POINTS for row in at.rows))


@mistake(*SCORED, SCR_003=1)
def score_without_points(at: Spot) -> None:
    row = at.words()
    _more(at.rng.choice(at.others(row)), row["分值"])
    row["分值"] = None
    at.hold(all((row["分值"] or 0) < MANY_POINTS for row in at.rows))
