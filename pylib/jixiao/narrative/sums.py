"""A total and its parts: A其中B、C; A（B、C）; A包括B、C.

其中 promises no completeness. A sum that is too small is therefore wrong only where the parts are known to make up the
whole; one that is too large only for money, because counted things overlap (党员60人，女性55人).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from jixiao.narrative.claims import NEARBY, Claim, Reading
from jixiao.narrative.remark import Remark

#: Parts that make up the whole when all of them are named: one pattern per part.
COMPLETE: Final[tuple[tuple[str, ...], ...]] = (
    ("基本支出", "项目支出"),
    ("人员经费", "公用经费"),
    ("货物", "工程", "服务"),
    ("出国", "公务用车|公车", "接待"),
    ("中央", "省", "市"),
    ("离休", "退休"),
    ("行政编", "事业编"),
    ("(?<!不)合格", "不合格"),
)
#: A remainder below this share of the total is more likely a wrong figure than an unnamed part.
NEAR: Final = 0.01

_WHICH = re.compile(r"其中|包括")
_STOP = re.compile(
    r"完成|任务|目标|计划|(?<!反)应[报收交]|较|同比|环比|增长|下降|占|到位|用于|实际使用|结余为|总(?!工)|合计|共计"
    r"|^(?:年初预算|全年预算|预算|决算)|^(?:收入|支出)$|^追加|追加$"
)
_OTHER_TIME = re.compile(r"(?:19|20)\d\d年|上年(?!结转|结余)|去年|同期|上半年|下半年|\d月")
_CARRIED = re.compile("结转|结余")


def sums(reading: Reading) -> Iterator[Remark]:
    """Remarks on totals whose parts do not add up."""
    for place, first in enumerate(reading.claims):
        if not place or first.kind in ("rate", "period", "number"):
            continue
        named = _WHICH.search(first.gap)
        previous = reading.claims[place - 1]
        bracket = (
            previous.paragraph == first.paragraph
            and first.depth > previous.depth
            and reading.text[previous.end : previous.end + 1] in ("（", "(")
        )
        if not named and not bracket:
            continue
        wholes = _wholes(reading, place)
        if not wholes or wholes[0].family != first.family:
            continue
        parts, closed = _parts(reading, place)
        if parts:
            yield from _judge(reading, wholes, parts, closed, named="其中" in first.gap, bracket=bracket)


def _wholes(reading: Reading, place: int) -> list[Claim]:
    """The figures that the parts may belong to, nearest first: of the sentence, or of the one before it."""
    part = reading.claims[place]
    found = [
        claim
        for claim in reading.before(place, sentence=False)
        if claim.kind not in ("rate", "period") and claim.depth <= part.depth
    ]
    if not found:
        return []
    return [
        claim
        for claim in found
        if claim.sentence == found[0].sentence and found[0].sentence >= part.sentence - 1
    ]


def _parts(reading: Reading, place: int) -> tuple[list[Claim], bool]:
    """The parts that begin at `place`, and whether their list is known to end where they end."""
    first = reading.claims[place]
    parts: list[Claim] = []
    for claim in reading.claims[place : place + NEARBY]:
        if claim.sentence != first.sentence or claim.depth < first.depth:
            break
        if claim.depth > first.depth or claim.kind in ("rate", "period"):
            continue
        lead = claim.gap.rsplit("；", 1)[-1] if claim is not first else claim.label
        if claim is not first and _WHICH.search(lead):
            return parts, False
        if claim.family != first.family:
            # 检查企业7家、30人次: what is listed changed; what stands behind is not looked at.
            return parts, bool(parts) and "，" in claim.gap
        if _STOP.search(claim.label) or _OTHER_TIME.search(claim.label):
            return parts, bool(parts)
        if not claim.exact or reading.text[claim.end : claim.end + 1] == "的":
            return parts, False
        parts.append(claim)
    return parts, len(parts) < NEARBY


def _judge(
    reading: Reading,
    wholes: Sequence[Claim],
    parts: Sequence[Claim],
    closed: bool,
    *,
    named: bool,
    bracket: bool,
) -> Iterator[Remark]:
    whole = wholes[0]
    candidates = [claim for claim in wholes if claim.family == whole.family]
    value = low = high = 0.0
    for count, part in enumerate(parts, 1):
        value, low, high = value + part.value, low + part.low, high + part.high
        # Rounding may part a sum from its total, not a single figure from its copy.
        alone = count == 1 < len(parts)
        for candidate in candidates:
            if _meet(value, value, candidate, exactly=True) or (not alone and _meet(low, high, candidate)):
                if count > 1 and _CARRIED.search(part.label) and "总支出" in candidate.label:
                    yield _carry_over(candidate, part)
                return
    if not whole.exact or any(not claim.exact for claim in candidates):
        return
    listed = "、".join(part.text for part in parts)
    if named and (greater := next((p for p in parts if p.low > max(c.high for c in candidates)), None)):
        yield greater.remark(
            "part",
            f"其中的 {greater.text} 大于总数 {whole.text}。",
            f"不超过 {whole.text}",
            whole.shown(greater.value - whole.value, max(whole.decimals, greater.decimals)),
            (whole,),
        )
        return
    if len(parts) < 2:
        return
    money = whole.kind == "amount"
    # A bracket behind money lists it whole; one behind a count may name some (138件（从轻54件、减轻55件）).
    complete = _complete(reading, parts, bracket=money and bracket and not named)
    places = max(claim.decimals for claim in (whole, *parts))
    if low > max(claim.high for claim in candidates):
        kind = "sum" if money or (complete and closed) else ""
    elif complete and closed:
        kind = "sum"
    else:
        kind = "near_sum" if money and closed and _near(reading, whole, parts, value) else ""
    if kind:
        more = "多" if value > whole.value else "少"
        difference = whole.shown(abs(value - whole.value), places)
        yield whole.remark(
            kind,
            f"{listed}合计 {whole.shown(value, places)}，比总数 {whole.text} {more} {difference}。",
            whole.shown(value, places),
            whole.shown(whole.value - value, places),
            parts,
        )


def _meet(low: float, high: float, whole: Claim, *, exactly: bool = False) -> bool:
    """Whether [low, high] holds a value that the total stands for, or, `exactly`, the total as written."""
    # Sums of binary fractions: far below any place that is written.
    slack = 1e-9 * max(1.0, abs(high))
    first, last = (whole.value, whole.value) if exactly else (whole.low, whole.high)
    return low <= last + slack and first <= high + slack


def _complete(reading: Reading, parts: Sequence[Claim], *, bracket: bool) -> bool:
    """Whether the parts are known to make up the whole."""
    if _open_ended(reading, parts):
        return False
    labels = [part.label or part.noun for part in parts]
    if any(label.startswith("其他") for label in labels[-1:]):
        return True
    if bracket and all(part.label for part in parts):
        return reading.text[parts[-1].end : parts[-1].end + 1] in ("）", ")")
    return any(
        len(names) == len(labels)
        and all(re.search(name, label) for name, label in zip(names, _in_order(names, labels), strict=True))
        for names in COMPLETE
    )


def _in_order(names: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The labels in the order of the names that they match; in their own order if one matches none."""
    found = [next((label for label in labels if re.search(name, label)), "") for name in names]
    return found if len(set(found)) == len(labels) else list(labels)


def _open_ended(reading: Reading, parts: Sequence[Claim]) -> bool:
    text = reading.text[parts[0].start - len(parts[0].gap) : parts[-1].end + 2]
    return "等" in text or "主要" in parts[0].gap or "含" in parts[0].gap


def _near(reading: Reading, whole: Claim, parts: Sequence[Claim], value: float) -> bool:
    rest = whole.value - value
    smallest = min((part.value for part in parts if part.value), default=0.0)
    return not _open_ended(reading, parts) and 0 < rest < min(NEAR * whole.value, smallest)


def _carry_over(whole: Claim, part: Claim) -> Remark:
    return part.remark(
        "carry_over",
        f"总支出 {whole.text} 的其中项里有年末结转和结余 {part.text}，结转不是支出。",
        related=(whole,),
    )
