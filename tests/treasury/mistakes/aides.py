"""Mistakes in the sheets that reports take their figures from, and in the report that is one table."""

from __future__ import annotations

from treasury.mistakes.spots import BUDGET, FIGURES, ONE_TABLE, THREE_PARTS, Spot, mistake

# ---------------------------------------------------------------------------------------------------------- 报告数据表


@mistake(FIGURES, STR_030=1)
def figures_not_filled(at: Spot) -> None:
    at.sheet.fields = {code: value for code, value in at.fields.items() if code in ("通知名称", "通知文号")}


@mistake(FIGURES, STR_031=1)
def works_blank(at: Spot) -> None:
    at.fields["政府采购工程"] = None


@mistake(FIGURES, STR_032=1)
def notice_blank(at: Spot) -> None:
    at.fields["通知文号"] = None


@mistake(THREE_PARTS, STR_033=1)
def date_blank(at: Spot) -> None:
    at.fields["报告日期"] = None


@mistake(FIGURES, BAS_030=1)
def figures_total(at: Spot) -> None:
    at.shift("三公经费_决算数", -0.3)


@mistake(FIGURES, BAS_031=1)
def purchases_blank(at: Spot) -> None:
    at.fields["政府采购支出"] = None


@mistake(FIGURES, BAS_032=1)
def spending_sum(at: Spot) -> None:
    at.shift("支出合计_决算数", at.fields["年末结转和结余"] + 1)


@mistake(FIGURES, BAS_033=1)
def carried_over_counted_in(at: Spot) -> None:
    at.shift("支出合计_决算数", at.fields["年末结转和结余"])


@mistake(FIGURES, BAS_034=1)
def gap_wrong(at: Spot) -> None:
    at.shift("收入合计_较预算增减", 10)


@mistake(FIGURES, BAS_035=1)
def use_of_assets(at: Spot) -> None:
    at.shift("资产使用率", -0.01, 4)


@mistake(FIGURES, BAS_036=1)
def net_assets(at: Spot) -> None:
    at.shift("净资产", -1)


@mistake(FIGURES, BAS_037=1)
def grants_above_income(at: Spot) -> None:
    at.fields["一般公共财政拨款_决算数"] = round(at.fields["收入合计_决算数"] + 1, 2)


@mistake(FIGURES, BAS_038=1)
def visits_above_their_budget(at: Spot) -> None:
    at.fields["公务接待费_决算数"] = round(at.fields["公务接待费_预算数"] + 0.1, 2)


@mistake(FIGURES, BAS_039=1)
def more_used_than_there_is(at: Spot) -> None:
    at.fields["在用固定资产"] = round(at.fields["固定资产原值"] + 1, 2)


@mistake(FIGURES, BAS_040=1)
def income_and_spending_differ(at: Spot) -> None:
    at.shift("收入合计_年初预算数", 1)


@mistake(FIGURES, BAS_041=1)
def basic_spending_in_yuan(at: Spot) -> None:
    at.fields["基本支出_决算数"] *= 10_000


@mistake(FIGURES, XSH_020=1)
def projects_begin_differs(at: Spot) -> None:
    at.shift("项目支出_年初预算数", 1)
    at.shift("收入合计_年初预算数", 1)


@mistake(FIGURES, XSH_021=1)
def projects_spent_differs(at: Spot) -> None:
    at.shift("项目支出_决算数", -1)


# ----------------------------------------------------------------------------------------------- 部门预算执行数据表


@mistake(BUDGET, BUD_001=1)
def control_rate(at: Spot) -> None:
    at.shift("三公经费_控制率", -0.01, 4)


@mistake(BUDGET, BUD_002=1)
def budget_sheet_total(at: Spot) -> None:
    at.shift("支出合计_决算数", -1)


@mistake(BUDGET, BUD_003=1)
def year_budget_blank(at: Spot) -> None:
    at.fields["年度预算金额"] = None


@mistake(BUDGET, BUD_004=1)
def more_spent_than_the_year_budget(at: Spot) -> None:
    at.fields["年度预算金额"] = round(at.due("支出合计_决算数") - 0.5, 2)


@mistake(BUDGET, BUD_005=1)
def year_budget_raised(at: Spot) -> None:
    at.fields["年度预算金额"] = round(at.due("支出合计_年初预算数") * 1.3, 2)


@mistake(BUDGET, BUD_006=1)
def three_public_above_budget(at: Spot) -> None:
    at.fields["三公经费_决算数"] = round(at.fields["三公经费_年初预算数"] + 0.1, 2)


@mistake(BUDGET, BUD_007=1)
def three_public_in_yuan(at: Spot) -> None:
    for code in ("三公经费_决算数", "三公经费_年初预算数"):
        at.fields[code] *= 10_000
    at.hold(at.fields["三公经费_决算数"] > at.due("支出合计_决算数"))


@mistake(BUDGET, BUD_008=1)
def score_above_all_points(at: Spot) -> None:
    at.fields["自评得分"] = 106.0


@mistake(ONE_TABLE, alone=True, BUD_009=1)
def year_budget_differs(at: Spot) -> None:
    at.shift("年度预算金额", -1)


@mistake(BUDGET, BUD_010=1)
def rate_of_nothing(at: Spot) -> None:
    at.fields.update({"项目支出_年初预算数": 0.0, "项目支出_决算数": 0.0, "项目支出_控制率": 1.0})
    at.fields["年度预算金额"] = round(at.fields["基本支出_决算数"] + 0.5, 2)


# ---------------------------------------------------------------------------------------------------------- 绩效目标


@mistake(ONE_TABLE, CPL_001=1)
def completion_wrong(at: Spot) -> None:
    row = at.any_of("绩效目标", lambda row: row["指标值"].startswith("≥"))
    row["完成率"] = round(at.due_in("绩效目标", row, "完成率") + 0.05, 4)


@mistake(ONE_TABLE, CPL_002=1)
def result_blank(at: Spot) -> None:
    at.any_of("绩效目标").update(完成情况=None, 完成率=1.0)


@mistake(ONE_TABLE, CPL_003=1)
def goal_missed(at: Spot) -> None:
    at.any_of("绩效目标").update(指标值="≥100次", 完成情况="90次")


@mistake(ONE_TABLE, CPL_004=1)
def goal_far_passed(at: Spot) -> None:
    at.any_of("绩效目标").update(指标值="≥100次", 完成情况="260次")


@mistake(ONE_TABLE, CPL_005=1)
def goal_repeated(at: Spot) -> None:
    at.any_of("绩效目标").update(指标值="≥100次", 完成情况="≥100次")
