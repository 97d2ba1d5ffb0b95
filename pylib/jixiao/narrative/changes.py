"""Before and after: 由A调增B调减C到D, 较预算减少x, 由A增长到B增长x%, 资产减负债."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from jixiao.narrative.claims import NEARBY, Claim, Reading
from jixiao.narrative.remark import Remark
from jixiao.quantity import half_width, round_half_up

_UP = re.compile("调增|核增|追加")
_DOWN = re.compile("调减|核减")
_TO = re.compile(r"(?:到|至|为|达)$")
_LESS = ("减少", "下降", "节约", "降低")
_ON_BUDGET = (*_LESS, "增加", "增长", "超支")
_IN_TIME = ("增长", "上升", "增加", "提高", "下降", "减少", "降低")
_BY = r"(?:了|率?为|达|到)?$"
_AGAINST_BUDGET = re.compile(rf"[较比](?:年初|全年)?预算数?(?:安排)?({'|'.join(_ON_BUDGET)})了?$")
_GROWN = re.compile(rf"({'|'.join(_IN_TIME)}){_BY}")
#: What all changes have right in front of them: few figures do.
_CHANGED = re.compile(f"(?:{'|'.join(dict.fromkeys(_ON_BUDGET + _IN_TIME))}){_BY}")
_LAST_YEAR = re.compile("上年|去年|上一年")
#: What a total is called in budget and final account alike; the longest that a label holds counts.
_NOUNS: Final = ("项目支出", "基本支出", "三公", "公用经费", "人员经费", "收入", "支出")


def changes(reading: Reading) -> Iterator[Remark]:
    """Remarks on differences that the two figures do not have."""
    yield from _adjustments(reading)
    yield from _balance(reading)
    for place, claim in enumerate(reading.claims):
        if claim.exact and _CHANGED.search(claim.gap.rstrip()):
            yield from _against_budget(reading, place)
            yield from _growth(reading, place)
            yield from _grown_by(reading, place)


def repaired(claim: Claim, plan: Claim) -> float:
    """The value of `claim`, read as 万元 where 元 can only be a slip beside a plan in 万元."""
    slip = (
        claim.kind == "amount" and not claim.scale and plan.scale and claim.value < 10_000 and claim.decimals
    )
    return claim.value * 10.0**plan.scale if slip else claim.value


# --- 由A调增B调减C到D -----------------------------------------------------------------------------------


def _adjustments(reading: Reading) -> Iterator[Remark]:
    paragraphs: dict[int, list[Claim]] = {}
    for claim in reading.claims:
        if claim.kind == "amount":
            paragraphs.setdefault(claim.paragraph, []).append(claim)
    for amounts in paragraphs.values():
        if len(amounts) > NEARBY:
            continue
        for place, first in enumerate(amounts):
            found = _adjusted(amounts[place:])
            if found:
                plan, steps, result = found
                yield from _judge_adjustment(plan, steps, result)
                break
            if not first.exact:
                break


def _step(claim: Claim) -> int:
    if _DOWN.search(claim.label):
        return -1
    return 1 if _UP.search(claim.label) else 0


def _adjusted(amounts: Sequence[Claim]) -> tuple[Claim, list[Claim], Claim] | None:
    """Plan, steps and result, when the paragraph holds these figures from here on and no others."""
    if len(amounts) < 3 or not all(claim.exact for claim in amounts):
        return None
    plan, *rest = amounts
    if _step(plan) or "预算" not in plan.label + plan.column:
        return None
    lead = 0
    while lead < len(rest) and _step(rest[lead]):
        lead += 1
    if lead and len(rest) > lead and re.search(r"由$|由[^，。]*$", plan.label):
        # 由A调增B、调减C到D
        result = rest[lead]
        return (plan, rest[:lead], result) if _TO.search(result.label) else None
    steps = rest[1:]
    if rest and re.search("实际|决算", rest[0].label) and steps and all(_step(claim) for claim in steps):
        # 预算A，实际D。调整情况：调增B，调减C
        named = plan.subject and plan.subject == rest[0].subject
        return (plan, steps, rest[0]) if named or "调整" in steps[0].gap else None
    return None


def _judge_adjustment(plan: Claim, steps: Sequence[Claim], result: Claim) -> Iterator[Remark]:
    for read in (lambda claim: claim.value, lambda claim: repaired(claim, plan)):
        due = plan.value + sum(_step(claim) * read(claim) for claim in steps)
        slack = sum(claim.half for claim in (plan, *steps, result)) + 1e-6
        if abs(due - result.value) <= slack:
            return
    written = "".join(("，调减 " if _step(claim) < 0 else "，调增 ") + claim.text for claim in steps)
    note = "（元按万元算）" if any(repaired(claim, plan) != claim.value for claim in steps) else ""
    yield result.remark(
        "adjustment",
        f"由 {plan.text}{written}{note}，应为 {result.shown(due)}，写的是 {result.text}。",
        result.shown(due),
        result.shown(result.value - due),
        (plan, *steps),
    )


# --- 较预算减少x ----------------------------------------------------------------------------------------


def _noun(claim: Claim) -> str:
    return next((noun for noun in _NOUNS if noun in claim.label), "")


def _against_budget(reading: Reading, place: int) -> Iterator[Remark]:
    change = reading.claims[place]
    found = _AGAINST_BUDGET.search(change.gap.rstrip())
    if not found or not place or change.kind not in ("amount", "rate"):
        return
    actual = reading.claims[place - 1]
    noun = _noun(actual)
    if actual.sentence != change.sentence or actual.kind != "amount" or not noun or not actual.exact:
        return
    plans = [
        claim
        for claim in reading.claims[max(0, place - 3 * NEARBY) : place - 1]
        if claim.kind == "amount"
        and claim.exact
        and "预算" in claim.label
        and _noun(claim) == noun
        and (claim.year == actual.year or None in (claim.year, actual.year))
    ]
    if len({claim.value for claim in plans}) == 1:
        yield from _judge_change(change, plans[-1], actual, found[1])


def _growth(reading: Reading, place: int) -> Iterator[Remark]:
    """由A增长到B，增长x%; 上年A，本年B，增长x%."""
    change = reading.claims[place]
    found = _GROWN.search(change.gap.rstrip())
    if not found or change.unit.endswith("点") or re.search("同比|环比|[较比]", change.gap):
        return
    before = reading.before(place, sentence=True)
    if len(before) != 2 or before[0].family != before[1].family or before[0].kind != before[1].kind:
        return
    new, old = before
    if not (new.exact and old.exact) or new.kind not in ("amount", "count"):
        return
    moved = re.search(r"由|从", old.label) and re.search(
        r"(?:增长|增加|上升|下降|减少|降低|压减)?(?:到|至|为)$", new.label
    )
    dated = _LAST_YEAR.search(old.label) and not _LAST_YEAR.search(new.label)
    if (moved or dated) and (change.kind == "rate" or change.family == new.family):
        yield from _judge_change(change, old, new, found[1])


def _grown_by(reading: Reading, place: int) -> Iterator[Remark]:
    """A，较上年减少B，下降x%: what A was before is A + B."""
    change = reading.claims[place]
    found = _GROWN.search(change.gap.rstrip())
    before = reading.before(place, sentence=True)
    if not found or len(before) < 2 or change.kind != "rate" or change.unit != "%" or len(change.gap) > 8:
        return
    step, new = before[:2]
    moved = _GROWN.search(step.gap.rstrip())
    less = found[1] in _LESS
    if (
        not moved
        or not re.search("[较比]", step.gap)
        or (moved[1] in _LESS) != less
        or step.kind != "amount"
        or new.kind != "amount"
        or not (step.exact and new.exact)
        or not step.value
    ):
        return
    old = new.value + step.value if less else new.value - step.value
    width = new.half + step.half
    if old <= width:
        return
    due, places = step.value / old, change.decimals - change.scale
    low, high = step.low / (old + width), step.high / (old - width)
    if round_half_up(due, places) == round_half_up(change.value, places):
        return
    if low - change.half <= change.value <= high + change.half:
        return
    yield change.remark(
        "change",
        f"{new.text} 比上期{moved[1]} {step.text}，上期是 {new.shown(old)}，{found[1]}幅度应为 {change.shown(due)}。",
        change.shown(due),
        change.shown(change.value - due).replace("%", "个百分点"),
        (new, step),
    )


def _judge_change(change: Claim, old: Claim, new: Claim, word: str) -> Iterator[Remark]:
    sign = -1 if word in _LESS else 1
    if change.kind == "rate":
        if not old.value:
            return
        due, places = sign * (new.value - old.value) / old.value, change.decimals - change.scale
        low = sign * (new.low - old.high) / old.high
        high = sign * (new.high - old.low) / max(old.low, 1e-9)
        low, high = min(low, high), max(low, high)
        right = round_half_up(due, places) == round_half_up(change.value, places)
        right = right or low - change.half <= change.value <= high + change.half
    else:
        due = sign * (new.value - old.value)
        right = abs(due - change.value) <= old.half + new.half + change.half + 1e-6
    if right:
        return
    shown = change.shown(abs(due)) if due >= 0 else f"方向相反的 {change.shown(abs(due))}"
    yield change.remark(
        "change",
        f"由 {old.text} 到 {new.text}，{word}数应为{shown}，写的是 {change.text}。",
        change.shown(due),
        change.shown(change.value - due),
        (old, new),
    )


# --- 资产总额 − 负债总额 = 净资产 -----------------------------------------------------------------------


def _balance(reading: Reading) -> Iterator[Remark]:
    for assets, debts, net in zip(reading.claims, reading.claims[1:], reading.claims[2:], strict=False):
        if (
            assets.sentence == debts.sentence == net.sentence
            and "资产总额" in assets.label
            and "负债" in debts.label
            and "净资产" in net.label
            and assets.exact
            and debts.exact
            and net.exact
        ):
            due = assets.value - debts.value
            if abs(due - net.value) > assets.half + debts.half + net.half + half_width(9):
                yield net.remark(
                    "change",
                    f"资产 {assets.text} 减负债 {debts.text} 应为 {net.shown(due)}，净资产写的是 {net.text}。",
                    net.shown(due),
                    net.shown(net.value - due),
                    (assets, debts),
                )
