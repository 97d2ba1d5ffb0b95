"""What needs no arithmetic: part of a year in a yearly report, 元 for 万元, traces of editing and template hints."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator

from jixiao.narrative.claims import Claim, Reading
from jixiao.narrative.remark import Remark

# Both begin with what a match begins with: most characters of a text begin none, and are passed quickly.
_UNTIL = re.compile(
    r"(?=[截前一\d])(?:"
    r"截[至止]到?\s?(?:(?P<year>(?:19|20)\d\d)\s?年)?\s?(?P<month>\d{1,2})\s?月(?:份|底|末|\s?\d{1,2}\s?日)?"
    r"|(?<![\d年])(?P<first>\d{1,2})\s?月?\s?[-~～—–至到]\s?(?P<last>\d{1,2})\s?月份?(?!\d)(?!\s?\d{1,2}\s?日)"
    r"|前(?P<months>\d{1,2})个月|前三季度|[1一]\s?[-~—至]\s?[3三]季度)"
)
# Yearly reports of enterprises are due on 30 June; a goal may name any date.
_DUE = re.compile("年报|计划|期限|之前|前完成|每年|拟|将于")
_LEFTOVER = re.compile(
    r"(?=[\[错批{M×Xx○_＿【（(请])(?:"
    r"\[(?:bookmark|comment|image|toc)\b[^\]\n]*\]|错误[!！]\s?(?:未找到引用源|未定义书签)[。.]?|批注\s?\[[^\]\n]*\]"
    r"|\{\s?(?:PAGE|HYPERLINK|REF|TOC|MERGEFIELD)\b[^}\n]*\}|MERGEFORMAT"
    r"|×{2,}|(?<![A-Za-z])(?:X{2,}|x{2,})(?![A-Za-z])|○{2,}|_{3,}|＿{3,}"
    r"|【[^】\n\d]{0,20}(?:填|请|名称|单位|说明)[^】\n]{0,20}】|【\s*】|[（(]?请(?:在此|据实|如实)?填[写报][^）)。\n]{0,12}[）)]?"
    r"|[（(]此页为封面[）)])"
)
_STOP = re.compile(r"[。！？\n]")
_PRICE = re.compile("单价|人均|均价|每|标准|成本|价格|票价|补助标准|工资标准")
_BUDGET = re.compile("调增|调减|追加|预算|决算|支出|收入|经费|资金|结余|拨款")


def wording(reading: Reading, year: int | None = None) -> Iterator[Remark]:
    """Remarks on words and units.

    Args:
        reading: the passage.
        year: the year that is reported on; without it, the one that the passage names most often.
    """
    yield from _part_year(reading, year)
    yield from _units(reading)
    for found in _LEFTOVER.finditer(reading.text):
        yield Remark(
            "leftover",
            found.start(),
            found.end(),
            f"“{found[0].strip()}”是编辑痕迹或模板提示，不是正文。",
            found[0].strip(),
        )


def _part_year(reading: Reading, year: int | None) -> Iterator[Remark]:
    if "月" not in reading.text and "季" not in reading.text:
        return
    if year is None and reading.years:
        year = Counter(named for _, named in reading.years).most_common(1)[0][0]
    for found in _UNTIL.finditer(reading.text):
        last = int(found["month"] or found["last"] or found["months"] or 9)
        if not 1 <= last < 12 or (found["first"] and found["first"] != "1"):
            continue
        if found["year"] and int(found["year"]) != year:
            continue
        stop = _STOP.search(reading.text, found.end(), found.end() + 300)
        ends = stop.start() if stop else found.end() + 300
        sentence = reading.text[found.start() : min(ends, found.end() + 200)]
        before = _STOP.split(reading.text[max(0, found.start() - 200) : found.start()])[-1]
        after = bisect.bisect_left(reading.claims, found.end(), key=lambda claim: claim.start)
        reports = after < len(reading.claims) and reading.claims[after].start < ends
        if not reports or _DUE.search(before + reading.text[found.start() : found.end() + 12]):
            continue
        if len(re.findall(r"\d\s?[-~—至]\s?\d{1,2}月", sentence)) > 1:
            continue  # a timetable
        yield Remark(
            "part_year",
            found.start(),
            found.end(),
            f"年度报告里写的是“{found[0].strip()}”的数，不是全年数。",
            found[0].strip(),
        )


def _units(reading: Reading) -> Iterator[Remark]:
    amounts: dict[int, list[Claim]] = {}
    for claim in reading.claims:
        if claim.kind == "amount" and "/" not in claim.text:
            amounts.setdefault(claim.paragraph, []).append(claim)
    for here in amounts.values():
        scaled = [claim for claim in here if claim.scale]
        for claim in here:
            context = claim.label + claim.gap[-30:]
            if (
                len(scaled) > 1
                and not claim.scale
                and claim.decimals
                and claim.value < 10_000
                and not claim.comparator
                and _BUDGET.search(context)
                and not _PRICE.search(context)
            ):
                meant = claim.text.replace("元", "万元")
                yield claim.remark(
                    "unit",
                    f"同一段的其他金额以万元计，这里写的是 {claim.text}，疑为 {meant}。",
                    meant,
                    related=scaled[:2],
                )
