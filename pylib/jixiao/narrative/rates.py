"""Rates that a passage works out itself: 受理A办结B办结率x%, 占总数的x%, 完成目标A的x%, 控制率x%（预算A实际B）.

A rate is judged at the precision it is written in. It is right if any two figures of its sentence give it; only when
none does, and the two figures it belongs to are beyond doubt, is it asked about. A rate that equals the quotient cut
off behind its last place is `truncated`, a softer remark than a wrong one.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from jixiao.narrative.claims import Claim, Reading
from jixiao.narrative.remark import Remark
from jixiao.quantity import round_half_up

#: Rates that may pass 100%; of any other, a quotient above 1 shows that two figures do not belong together.
UNBOUNDED: Final = ("完成", "执行", "使用", "控制", "到位", "支出")
#: Stem of a rate -> words by which its numerator is named, where they are not the stem itself.
NUMERATORS: Final = {"使用": ("使用", "在用"), "执行": ("执行", "使用", "支出"), "年报": ("年报",)}
#: Rates that the budget figures of the sentence behind them explain.
_BUDGETED = re.compile(r"(?:控制|执行|完成|支出|使用|到位)率(?:为|达|达到|是|[：:])?$")
_RATE = re.compile(r"([\u4e00-\u9fff]{2})率(?:均|都|分别)?(?:约|超过|超|达到|达|为|是|占|[：:])*$")
_SHARE = re.compile(r"占([^，,。；;：:、（）()\d]{0,16}?)(?:比例?|比重)?(?:的|为|达|达到|[：:])*$")
_GOAL = re.compile(r"完成[^，。；]{0,24}?(?:任务|目标)[^，。；]{0,6}$")
_CARRIED_CONTROL = re.compile("预算控制率")


def rates(reading: Reading) -> Iterator[Remark]:
    """Remarks on rates that the figures beside them do not give."""
    undefined: set[int] = set()
    for place, rate in enumerate(reading.claims):
        if rate.kind != "rate" or "百分点" in rate.unit or rate.comparator:
            continue
        if zero := _undefined(reading, place):
            if zero[0].start not in undefined:
                undefined.add(zero[0].start)
                yield _divided_by_zero(rate, *zero)
            continue
        for pairing in (_goal, _share, _named, _budgeted):
            if pairs := list(pairing(reading, place)):
                yield from _judge(reading, place, pairs)
                break


Pair = tuple[Claim, Claim, bool]  # numerator, denominator, whether the rate is 1 minus their quotient


def _judge(reading: Reading, place: int, pairs: Sequence[Pair]) -> Iterator[Remark]:
    rate = reading.claims[place]
    pairs = [pair for pair in pairs if pair[1].value and pair[0].exact and pair[1].loose == ""]
    if not pairs:
        return
    if rate.loose == "above":
        for part, whole, inverse in pairs:
            value = _quotient(part, whole, inverse)
            if _highest(part, whole) < rate.value - 1e-12 and not inverse:
                yield _remark("rate", rate, part, whole, value, f"并未超过 {rate.text}")
        return
    if rate.loose:
        return
    verdicts = [(_verdict(rate, pair), pair) for pair in pairs]
    if any(verdict == "" or _explained(reading, place, pair[0]) for verdict, pair in verdicts):
        return
    # The pair that explains it best, else the first: the nearest whole.
    verdict, (part, whole, inverse) = next((v for v in verdicts if v[0] == "truncated"), verdicts[0])
    value = _quotient(part, whole, inverse)
    note = (
        "末位后面的部分被直接截去，没有四舍五入" if verdict == "truncated" else f"与写出的 {rate.text} 不符"
    )
    yield _remark(verdict, rate, part, whole, value, note)


def _quotient(part: Claim, whole: Claim, inverse: bool) -> float:
    return 1 - part.value / whole.value if inverse else part.value / whole.value


def _highest(part: Claim, whole: Claim) -> float:
    return part.high / whole.low if whole.low > 0 else math.inf


def _verdict(rate: Claim, pair: Pair) -> str:
    """ "" when the rate may stand, truncated, or rate."""
    part, whole, inverse = pair
    places = rate.decimals - rate.scale
    value = _quotient(part, whole, inverse)
    if round_half_up(value, places) == round_half_up(rate.value, places):
        return ""
    # A target that was passed may be reported as 100% reached.
    if rate.value == 1.0 and value > 1 and "完成" in rate.label:
        return ""
    if math.floor(round(value * 10.0**places, 6)) == round(rate.value * 10.0**places):
        return "truncated"
    low, high = part.low / whole.high, _highest(part, whole)
    if inverse:
        low, high = 1 - high, 1 - low
    return "" if low - rate.half <= rate.value <= high + rate.half else "rate"


def _explained(reading: Reading, place: int, part: Claim) -> bool:
    """Whether the numerator and another figure of the sentence give the rate, or the sum of two (结转5件，新收35件)."""
    rate = reading.claims[place]
    places = rate.decimals - rate.scale
    nearby = [claim for claim in _same(reading.before(place, sentence=True), part) if claim.value]
    return any(
        round_half_up(value, places) == round_half_up(rate.value, places)
        for whole in (
            *(claim.value for claim in nearby if claim is not part),
            *(first.value + second.value for first, second in itertools.pairwise(nearby[1:])),
        )
        for value in (part.value / whole, 1 - part.value / whole)
    )


def _remark(kind: str, rate: Claim, part: Claim, whole: Claim, value: float, note: str) -> Remark:
    expected = rate.shown(value)
    precise = rate.shown(value, rate.decimals + 2)
    return rate.remark(
        kind,
        f"按 {part.text} 和 {whole.text} 计算是 {precise}，{note}。",
        expected,
        rate.shown(rate.value - round_half_up(value, rate.decimals - rate.scale)).replace("%", "个百分点"),
        (whole, part),
    )


# --- which figures a rate belongs to --------------------------------------------------------------------


def _same(claims: Sequence[Claim], like: Claim) -> list[Claim]:
    return [claim for claim in claims if claim.family == like.family and claim.kind == like.kind]


def _goal(reading: Reading, place: int) -> Iterator[Pair]:
    """完成全年目标任务3000户的113%: what was done stands before, the goal right in front."""
    rate = reading.claims[place]
    before = reading.before(place, sentence=True)
    if not before or rate.gap.strip() not in ("的", "，完成率", "的比例"):
        return
    goal = before[0]
    if goal.kind not in ("amount", "count") or not _GOAL.search(goal.gap):
        return
    done = [
        claim
        for claim in _same(before[1:], goal)
        if not re.search("目标|任务|计划", claim.label) and claim.depth == goal.depth
    ]
    # Of several figures the goal belongs to the total, and a total is known by its 其中.
    if len(done) < 2 or "其中" in done[-2].gap:
        for claim in reversed(done):
            yield claim, goal, False


def _share(reading: Reading, place: int) -> Iterator[Pair]:
    """B，占总支出的x%; A其中B，占比x%."""
    rate = reading.claims[place]
    share = _SHARE.search(rate.gap.rstrip())
    before = reading.before(place, sentence=True)
    if not share or not before or before[0].kind not in ("amount", "count"):
        return
    part = before[0]
    if len(rate.gap) > 30 or part.depth != rate.depth:
        return
    name = share[1].strip()
    others = _same(before[1:], part)
    if name and name != "比":
        named = [claim for claim in others if claim.label.endswith(name) or claim.subject == name]
        if named:
            yield part, named[0], False
    else:
        # 其中：B，占x%；C，占y%: all of them of what stands before 其中.
        first = next((place for place, claim in enumerate(before) if "其中" in claim.gap), None)
        wholes = [] if first is None else _same(before[first + 1 :], part)
        siblings = before[: first or 0]
        if (
            wholes
            and (not name or first == 0)
            and all(c.kind == "rate" or c.family == part.family for c in siblings)
        ):
            yield part, wholes[0], False


def _named(reading: Reading, place: int) -> Iterator[Pair]:
    """受理A，办结B，办结率x%: the numerator is named by the stem of the rate, the figure before it is the whole."""
    rate = reading.claims[place]
    found = _RATE.search(rate.gap.rstrip())
    if not found or len(rate.gap) > 24:
        return
    stem = found[1]
    words = NUMERATORS.get(stem, (stem,))
    before = reading.before(place, sentence=True)
    if "均" in rate.gap or "都" in rate.gap:
        yield from _each(reading, before, words)
        return
    if len(before) < 2 or before[0].kind not in ("amount", "count", "rate"):
        return
    part = before[0]
    if not any(word in part.label for word in words):
        return
    inverse = part.label.endswith(f"不{stem}")
    if (part.negated and not inverse) or re.search("正在|限期|责令", part.label):
        return
    whole = before[1]
    # 当场整改10个，限期整改40个: both are numerators.
    if stem in whole.label or (stem not in UNBOUNDED and part.value > whole.value):
        return
    if stem == "到位" and not re.search("预算|计划|应|下达|安排", whole.label):
        return
    # Of two rates only a goal and its fulfilment may be divided.
    if part.kind == "rate" and not (
        stem == "完成"
        and re.search(
            "目标|指标|低于|少于|≥", whole.label + reading.text[max(0, whole.start - 8) : whole.start]
        )
    ):
        return
    if whole.comparator in ("≤", "<") or whole.family != part.family or whole.kind != part.kind:
        return
    if stem not in ("占比", "增长", "变动"):
        yield part, whole, inverse


def _each(reading: Reading, before: Sequence[Claim], words: Sequence[str]) -> Iterator[Pair]:
    """A（应报B），C（应报D），率均超x%."""
    for whole, part in itertools.pairwise(before):
        if (
            whole.depth > part.depth
            and whole.label.startswith("应")
            and whole.family == part.family
            and any(word in part.label for word in words)
        ):
            yield part, whole, False


def _budget(reading: Reading, place: int) -> tuple[Claim, Claim] | None:
    """预算A and 实际B beside a rate of the budget: the two figures in front of it, or the two behind it."""
    rate = reading.claims[place]
    name = rate.gap.rstrip()
    if not _BUDGETED.search(name):
        return None
    near = [c for c in reading.claims[max(0, place - 3) : place + 4] if c.paragraph == rate.paragraph]
    amounts = [c for c in near if c.kind == "amount"]
    for plan, actual in itertools.pairwise(amounts):
        if (
            "预算" in plan.label
            and not re.search("追加|调整|调增|增加", plan.label)
            and re.search("实际|决算", actual.label)
            and actual.family == plan.family
            and _about_same(rate, plan, actual)
        ):
            return plan, actual
    return None


def _about_same(rate: Claim, plan: Claim, actual: Claim) -> bool:
    """Whether rate and plan name the same money, and the actual figure the same or none of its own."""
    name = re.sub(r"预算|资金|“|”|\"", "", rate.label)
    name = _BUDGETED.sub("", name)
    name = re.sub(r"^[\d、.\s]+", "", name).strip()
    return not name or name in re.sub(r"预算|“|”|\"|\s", "", plan.label) or name in plan.subject


def _budgeted(reading: Reading, place: int) -> Iterator[Pair]:
    rate = reading.claims[place]
    pair = _budget(reading, place)
    # 预算控制率 is 追加 / 年初预算 in some forms, so its formula is not beyond doubt.
    if pair and not _CARRIED_CONTROL.search(rate.gap):
        yield pair[1], pair[0], False


def _undefined(reading: Reading, place: int) -> tuple[Claim, Claim] | None:
    """The two zeros that a rate of 100% was worked out from."""
    rate = reading.claims[place]
    if rate.value != 1.0:
        return None
    pair = _budget(reading, place)
    if pair is None:
        part, whole, _ = next(iter(_named(reading, place)), (None, None, None))
        # A goal of none that was met (事故0起) is reached, not undefined.
        pair = (whole, part) if part and whole and not re.search("完成率", rate.gap) else None
    return pair if pair and pair[0].value == pair[1].value == 0 else None


def _divided_by_zero(rate: Claim, plan: Claim, actual: Claim) -> Remark:
    return rate.remark(
        "undefined",
        f"{plan.text} 和 {actual.text} 都是零，算不出比率，不能写成 {rate.text}。",
        "不适用",
        related=(plan, actual),
    )
