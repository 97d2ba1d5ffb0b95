"""The rules over 项目资金情况表 on generated filings: silent where all agrees, and a wrong figure is asked about where it stands."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Filing, Sheet
from jixiao.findings import Finding

CATALOGUE = load_catalogue()
ITEMS, EVALUATED = "市级项目", "评价项目"
#: Names of which none is another one in other words.
NAMES = ("商事制度改革", "办公楼维修", "特种设备检验", "打击传销", "知识产权保护", "信息系统建设")
Record = dict[str, Any]

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
money = st.integers(100, 99999_99).map(lambda cents: cents / 100)


def filing(items: list[Record], evaluated: list[Record], **fields: float | None) -> Filing:
    sheet = Sheet("项目资金情况表", "附表", dict(fields), {ITEMS: items, EVALUATED: evaluated})
    return Filing("hengyang_project_2023", "某局", 2023, [sheet])


def asked(*given_: Any, **fields: float | None) -> list[Finding]:
    """What is asked beside the amount of 追加, which is a question of its own."""
    return [f for f in check(filing(*given_, **fields), CATALOGUE) if f.rule.id != "EXP-030"]


def project(name: str, budget: float, added: float | None = None) -> Record:
    """A project whose money has all arrived and is all spent."""
    whole = round(budget + (added or 0), 2)
    extra = {} if added is None else {"追加预算数": added}
    return {
        "项目名称": name,
        "年初预算数": budget,
        "到位资金": whole,
        "使用资金": whole,
        "总体目标": "完成",
    } | extra


def item(row: Record) -> Record:
    return {"项目名称": row["项目名称"], "金额": row["到位资金"]}


@st.composite
def funds(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Items and evaluated projects that agree; some items are not evaluated, some are listed in two lines."""
    count = draw(st.integers(1, len(NAMES)))
    rows = [project(name, draw(money), draw(st.none() | money)) for name in NAMES[:count]]
    items = [item(row) for row in rows]
    if draw(st.booleans()) and "追加预算数" in rows[0]:
        parts = rows[0]["年初预算数"], rows[0]["追加预算数"]
        items[:1] = [{"项目名称": NAMES[0], "金额": part} for part in parts]
    return draw(st.permutations(items)), rows[: draw(st.integers(1, count))]


@quick
@given(funds())
def test_figures_that_agree_are_not_asked_about(both: tuple[list[Record], list[Record]]) -> None:
    assert asked(*both) == []


@quick
@given(funds(), st.integers(2, 5000), st.sampled_from((1, -1)))
def test_an_amount_that_differs_by_more_than_rounding_is_asked_about_in_its_row(
    both: tuple[list[Record], list[Record]], cents: int, sign: int
) -> None:
    items, rows = both
    wrong = next(each for each in items if each["项目名称"] == rows[-1]["项目名称"])
    wrong["金额"] = round(wrong["金额"] + sign * cents / 100, 2)
    found = [(f.rule.id, f.row) for f in asked(items, rows)]
    named = [each for each in items if each["项目名称"] == wrong["项目名称"]]
    figures = len(named) + 1 + ("追加预算数" in rows[-1])  # each within half a cent
    if cents > figures / 2:
        assert ("XSH-030", wrong["项目名称"]) in found
    assert {rule for rule, _ in found} <= {"XSH-030", "XSH-033"}
    assert {row for rule, row in found if rule == "XSH-030"} <= {wrong["项目名称"]}


@quick
@given(funds(), money)
def test_a_stated_total_is_held_against_its_parts(
    both: tuple[list[Record], list[Record]], stated: float
) -> None:
    items, rows = both
    cents = sum(round(each["金额"] * 100) for each in items)
    found = asked(items, rows, 市级项目支出=stated, 项目支出=stated)
    wrong = round(stated * 100) != cents
    assert [(f.rule.id, f.field) for f in found if f.rule.id == "FND-021"] == [
        ("FND-021", "市级项目支出")
    ] * wrong
    assert not [f for f in found if f.rule.id == "FND-020"]  # equal to the one part that is stated


@quick
@given(funds(), st.sampled_from(("年初预算数", "到位资金", "使用资金")))
def test_a_blank_amount_is_asked_for_and_taken_for_no_figure(
    both: tuple[list[Record], list[Record]], column: str
) -> None:
    items, rows = both
    rows[-1] = project("新增任务", rows[-1]["年初预算数"])
    del rows[-1][column]
    # Asked for, and no amount of the row is compared with the blank one; its name is that of no item.
    found = asked(items, rows)
    assert {f.rule.id for f in found if f.row or f.rows != ["使用资金合计"]} == {"STR-043", "XSH-032"}
    assert {f.rule.id for f in found} <= {"STR-043", "XSH-032", "XSH-033"}


def test_what_the_unit_of_a_county_might_file() -> None:
    """By hand: one project is right, one was spent above its budget, one is called otherwise, one is no item at all."""
    rows = [
        project("商事制度改革", 27.0),
        project("打击传销专项", 30.0) | {"使用资金": 31.5},
        project("知识产权", 500.0, 233.5) | {"到位率": 1.0, "执行率": 0.98},
        project("办公楼维修", 12.0),
    ]
    names = ("商事制度改革", "市打击传销办打击传销工作经费", "（科技）知识产权保护、自主及奖励")
    items = [{"项目名称": n, "金额": a} for n, a in zip(names, (27.0, 30.0, 700.0), strict=True)]
    said = {
        (f.rule.id, f.row or "、".join(f.rows)): (f.stated, f.expected)
        for f in asked(items, rows, 项目支出=757.0)
    }
    assert said == {
        ("FND-028", "打击传销专项"): ("31.50", "30.00"),
        ("FND-026", "知识产权"): ("98.00%", "100.00%"),
        ("XSH-031", "打击传销专项"): ("打击传销专项", "市打击传销办打击传销工作经费"),
        ("XSH-031", "知识产权"): ("知识产权", "（科技）知识产权保护、自主及奖励"),
        ("XSH-032", "办公楼维修"): ("", ""),
        ("XSH-033", "使用资金合计"): ("804.00", "757.00"),  # 27 + 31.5 + 733.5 + 12
    }
