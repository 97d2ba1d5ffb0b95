"""The same thing counted in several passages, or twice in one, with figures that cannot both be right.

Words that describe an activity (出动人员, 检查企业) come back with other figures for other activities. A thing is
therefore the same only if its words are the same to the letter, if each passage gives it one figure, and if it is no
bare activity; inside one passage only what exists (全县…家) is compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jixiao.narrative.claims import STOPS, Claim, Reading, beginning, read, subject
from jixiao.narrative.remark import Remark

_ACTIVITY = re.compile("^(?:出动|检查|监督检查|开展|组织|召开|下达|发放|排查|抽查|接待|专项行动|培训)")
_GOAL = re.compile("目标|任务|计划|应[报收]|较|同比|比上年|上年|去年|每")
_EVERYWHERE = re.compile(r"(?:我|全)[县区市省州镇乡]")
_ALL = re.compile(r"全部|全覆盖")
_VERB = re.compile(
    "检查|监督|抽查|培训|新增|新办|净增|注销|变更|办理|指导|帮助|查处|立案|完成|下达|其中|不合格"
)
_STOP = re.compile(f"[{STOPS}]")
#: How far around a figure its sentence is looked at.
WINDOW = 300
_CJK = re.compile("[\u4e00-\u9fff]")
Thing = tuple[str, str, str]  # what is counted, the family of its unit, its column


@dataclass(frozen=True, slots=True)
class Repeat:
    """A remark on one passage against the others.

    Attributes:
        passage: number of the passage that the remark stands in.
        remark: its figure and message; `related` lies in the same passage only.
        others: the same thing elsewhere: (passage, start, end).
    """

    passage: int
    remark: Remark
    others: tuple[tuple[int, int, int], ...]


def repeated(readings: Sequence[Reading], beside: Sequence[str] = ()) -> list[Repeat]:
    """What several passages count differently.

    Args:
        readings: one per source: the whole report, or one cell of a table. Paragraphs of one report belong into one
            reading, or activities of two paragraphs would be taken for one.
        beside: sentences that the passages are held against, and that nothing is remarked on; as passages they count
            from the end: the last one is -1.
    """
    things: dict[Thing, dict[int, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for number, reading in enumerate(readings):
        for claim in reading.claims:
            if key := _thing(claim):
                things[key][number].append(claim)
    # Few sentences count what a passage does; the others need not be read.
    names = {frozenset(_CJK.findall(name)) for name, *_ in things}
    for number, sentence in enumerate(beside, -len(beside)):
        if any(map(frozenset(sentence).issuperset, names)):
            for claim in read(sentence).claims:
                if (key := _thing(claim)) in things:
                    things[key][number].append(claim)
    differing = filter(None, map(_differ, things.values()))
    found = [repeat for repeat in differing if repeat.passage >= 0]
    for number, reading in enumerate(readings):
        found.extend(_inside(number, reading))
    return sorted(found, key=lambda repeat: (repeat.passage, repeat.remark.start))


def _thing(claim: Claim) -> Thing | None:
    if claim.kind not in ("amount", "count") or claim.comparator or _GOAL.search(claim.label):
        return None
    own = claim.own
    name = own or (subject(claim.noun) if claim.kind == "count" else "")
    if len(_CJK.findall(name)) < (3 if own else 6) or _ACTIVITY.match(name):
        return None
    column = claim.column if claim.kind == "amount" else ""
    return name, claim.family, column


def _differ(places: dict[int, list[Claim]]) -> Repeat | None:
    """One remark, in the last passage that contradicts the first."""
    if len(places) < 2 or any(len({claim.value for claim in claims}) > 1 for claims in places.values()):
        return None
    firsts = {number: claims[0] for number, claims in places.items()}
    numbers = sorted(firsts)
    against = [n for n in numbers[1:] if _apart(firsts[numbers[0]], firsts[n])]
    if not against:
        return None
    here = against[-1]
    others = [n for n in numbers if n != here and _apart(firsts[n], firsts[here])]
    name = firsts[here].own or subject(firsts[here].noun)
    return Repeat(
        here,
        _remark(firsts[here], firsts[others[0]], name, "另一处"),
        tuple((n, firsts[n].start, firsts[n].end) for n in others),
    )


def _apart(first: Claim, second: Claim) -> bool:
    years = {first.year, second.year} - {None}
    return len(years) < 2 and (first.high < second.low or second.high < first.low)


def _remark(claim: Claim, other: Claim, name: str, where: str, related: Sequence[Claim] = ()) -> Remark:
    cause = f"“{name}”这里写 {claim.text}，{where}写 {other.text}。"
    return claim.remark("repeated", cause, other.text, related=related, about=name)


def _inside(number: int, reading: Reading) -> Iterator[Repeat]:
    """全县有A家…；全县B家…全部: what exists, counted twice in one passage."""
    if not _EVERYWHERE.search(reading.text):
        return
    listed: dict[tuple[str, str], Claim] = {}
    for claim in reading.claims:
        if claim.kind != "count" or not claim.exact:
            continue
        lead = _lead(reading.text, claim.start)
        everywhere = _EVERYWHERE.search(lead)
        if not everywhere or _VERB.search(lead[everywhere.start() :]):
            continue
        own = claim.own
        total = own if re.search("共?有$", claim.label) or ("有" in lead and own) else ""
        if total and len(total) > 3:
            listed.setdefault((total, claim.family), claim)
        elif not own and _ALL.search(lead + _STOP.split(reading.text[claim.start : claim.end + WINDOW])[0]):
            # The verb of the list, 全部监管到位, stands behind its last member.
            key = (re.split("全部|均", claim.noun)[0].strip(), claim.family)
            first = listed.get(key)
            if first and first.value != claim.value:
                remark = _remark(claim, first, key[0], "前文", (first,))
                yield Repeat(number, remark, ((number, first.start, first.end),))


def _lead(text: str, end: int) -> str:
    """What stands before ``end`` in its sentence."""
    return text[beginning(text, end, first=max(0, end - WINDOW)) : end]
