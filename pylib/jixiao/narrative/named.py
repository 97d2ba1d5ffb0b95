"""Figures that name a figure of the tables: 项目支出年初预算数596.00万元, “三公”经费决算数25.77万元, 自评得分96分.

A figure is held against the tables only if nothing about it is open: its label is a name that is declared there and
filler words, its year and its column are said or can be no others, and no other figure of the tables explains it.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jixiao.narrative.claims import STOPS, Claim, Kind, Reading, beginning
from jixiao.narrative.naming import COLUMN, LEAD, QUOTES, SAID, TAIL, Naming, namings
from jixiao.narrative.remark import Remark
from jixiao.quantity import half_width

_OTHER_TIME = re.compile(
    r"上年|去年|上一年|往年|同期|同比|环比|上半年|下半年|季度|下年|明年|来年|次年|[较比](?!例)|\d月"
    r"|截[至止](?!.{0,8}(?:12月|年末|年底))"
)
_PLANNED = re.compile("计划|拟|预计|力争|目标|如果|假如|例如|应当|不超过|控制在|压减|追加|调增|调减")
#: A score or a rate of the whole stands in no sentence about a part of it.
_PART = re.compile(
    "项目|专项|基本支出|三公|公用|人员|(?<!评价)(?<!绩效)指标|产出|效益|满意|满分|分值|扣|权重"
)
#: What a total of the unit is called: fillers, a column, 基本支出, 总支出, 支出合计.
_WHOLE = re.compile(
    rf"(?:{LEAD.pattern}|安排|{COLUMN}|数|(?:总|基本|项目)?支出|“?三公”?经费|公用经费|资金|收入|情况|预决算|使用)*(?:{TAIL.pattern[:-1]})*"
)
_CLAUSES = re.compile(r"[，,；;、（）()：:]")
_HEADING = 40
#: How far back a sentence or paragraph is followed.
_FAR = 1000


@dataclass(
    slots=True
)  # never changed; frozen ones take four times as long to make, and a filing has a hundred
class Figure:
    """A figure of the tables that a text may name.

    Attributes:
        names: what its row is called, without quotation marks and spaces.
        kind: what a claim about it is.
        year: the year that it is a figure of.
        column: a value of `COLUMN_WORDS`, or "" for a figure that has no column.
        bare: whether its printed label says no column.
        value, half: in the units of claims, and half of its last place.
        title: how people call it.
        project: whether it belongs to one project.
    """

    names: tuple[str, ...]
    kind: Kind
    year: int
    column: str
    bare: bool
    value: float
    half: float
    title: str
    project: bool = False


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A remark on a figure, and which figures of the tables it contradicts (positions in what was given)."""

    remark: Remark
    figures: tuple[int, ...]


def named(
    reading: Reading,
    figures: Sequence[Figure],
    year: int,
    unit: str,
    every: Callable[[], Sequence[Figure]] | None = None,
) -> list[Contradiction]:
    """The figures of a report that differ from those of the tables that they name.

    Args:
        reading: the report.
        figures: what the tables hold, of this year and of those before it.
        year: the year that is reported on.
        unit: the name of the unit, which may stand before a label.
        every: all figures of the tables, where ``figures`` are only those whose names are said in `labels`. Most
            reports name few figures, and those rightly; the others can but explain one that differs.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for number, figure in enumerate(figures):
        for name in figure.names:
            places[name].append(number)
    if not places:
        return []
    unit = QUOTES.sub("", unit)
    kinds: dict[Kind, set[str]] = defaultdict(set)
    for figure in figures:
        kinds[figure.kind].update(figure.names)
    told = list(namings(reading, places, kinds, unit))
    said: dict[tuple[str, str, int], set[float]] = defaultdict(set)
    for naming in told:
        said[naming.key].add(naming.claim.value)
    doubted = []
    for naming in told:
        same = _candidates(naming, places[naming.name], figures, _year(reading, naming, year))
        agreeing = map(_meets(naming.claim), [figures[place] for place in same])
        # Two figures of one name in a paragraph may be those of two parts.
        if same and len(said[naming.key]) == 1 and not any(agreeing):
            doubted.append((naming, same))
    # Most figures agree; only for those that do not, the other figures and the words around them are weighed.
    others = every() if every and doubted else figures
    projects = {name for figure in others if figure.project for name in figure.names}
    return [
        Contradiction(remark, tuple(same))
        for naming, same in doubted
        if (remark := _judge(naming, figures[same[0]], others)) and not _open(reading, naming, projects)
    ]


# --- what leaves it open --------------------------------------------------------------------------------


def _open(reading: Reading, naming: Naming, projects: set[str]) -> bool:
    """Whether the words around a figure may make it another one than the one that it names."""
    claim, text = naming.claim, reading.text
    sentence = text[_start(text, claim.start, STOPS) : claim.start]
    paragraph = text[_start(text, claim.start, "\n") : claim.start]
    spoken = sentence.replace("上年决算", "") if naming.column == "before" else sentence
    if _OTHER_TIME.search(spoken) or _PLANNED.search(sentence):
        return True
    behind = text[claim.end : claim.end + 2]
    if behind[:1] in ("的", "中") or behind in ("预算", "决算", "用于", "安排", "投入"):
        return True
    colon = max(sentence.rfind("："), sentence.rfind(":"))
    # 事务中心：基本支出…: the figures of a part.
    if colon >= 0 and not _WHOLE.fullmatch(QUOTES.sub("", _CLAUSES.split(sentence[:colon])[-1])):
        return True
    if claim.kind in ("score", "rate") and _PART.search(paragraph):
        return True
    if naming.name not in projects:
        near = paragraph + _heading(text, claim.start)
        if any(project in near for project in projects):
            return True
    return "其中" in sentence and not _of_the_whole(reading, text.rfind("其中", 0, claim.start))


def _of_the_whole(reading: Reading, which: int) -> bool:
    """Whether the figure that a 其中 at ``which`` belongs to is one of the unit, and none of a part of it."""
    before = bisect.bisect_left(reading.claims, which, key=lambda claim: claim.start) - 1
    return before < 0 or bool(_WHOLE.fullmatch(QUOTES.sub("", reading.claims[before].label)))


def _start(text: str, end: int, stops: str) -> int:
    return beginning(text, end, stops, max(0, end - _FAR))


def _heading(text: str, end: int) -> str:
    """The line above the paragraph of a figure, if it is short enough to be a heading."""
    first = _start(text, end, "\n")
    line = text[_start(text, max(0, first - 1), "\n") : max(0, first - 1)]
    return line if len(line) < _HEADING else ""


def _year(reading: Reading, naming: Naming, year: int) -> int:
    """The year that a figure is of; 0 when nothing tells for sure."""
    claim = naming.claim
    first = _start(reading.text, claim.start, "\n")
    spoken = [named for place, named in reading.years if first <= place < claim.start]
    if not spoken:
        spoken = [*map(int, re.findall(r"(?:19|20)\d\d(?=\s?年)", _heading(reading.text, claim.start)))]
    due = claim.year or (spoken[-1] if spoken else year)
    if claim.year is None and len({*spoken, year}) > 1:
        return 0
    return due - 1 if naming.column == "before" else due


# --- judging --------------------------------------------------------------------------------------------


def _candidates(naming: Naming, places: Sequence[int], figures: Sequence[Figure], year: int) -> list[int]:
    """The figures that the words can mean."""
    column = "actual" if naming.column == "before" else naming.column
    said = {"initial": ("initial", "budget"), "budget": ("budget",)}.get(column, (column,))
    return [
        place
        for place in places
        if figures[place].year == year
        and figures[place].kind == naming.claim.kind
        and (figures[place].column in said if column else figures[place].bare)
    ]


def _judge(naming: Naming, figure: Figure, figures: Sequence[Figure]) -> Remark | None:
    """How a claim differs from the figure that it names, unless another of the figures explains it."""
    claim, meets = naming.claim, _meets(naming.claim)
    kin = [f for f in figures if f.kind == claim.kind]
    if naming.column in ("", "budget") and any(meets(f) for f in kin if naming.name in f.names):
        return None  # another column of the same name
    if claim.kind == "amount":
        others = [f for f in kin if f.value and naming.name not in f.names]
        if any(map(meets, others)):
            return None  # the figure of something else that is near by
        gap, width = abs(claim.value - figure.value), claim.half + figure.half + 1e-6
        if claim.exact and any(abs(gap - f.value) <= width + f.half for f in others):
            return None  # a part counted in or left out
        if not claim.scale and abs(claim.value * 1e4 - figure.value) <= figure.half:
            return None  # 元 for 万元, which is asked about as such
    due = claim.shown(figure.value, max(claim.decimals, _places(figure, claim)))
    return claim.remark(
        "named",
        f"{figure.title}是 {due}。",
        due,
        claim.shown(claim.value - figure.value, max(claim.decimals, _places(figure, claim))).replace(
            "%", "个百分点"
        )
        if claim.exact
        else "",
        about=naming.name + SAID.get(naming.column, ""),
    )


def _places(figure: Figure, claim: Claim) -> int:
    """How many places the figure of the table shows in the unit of the claim."""
    places = 0
    while half_width(places - claim.scale) > figure.half * 1.001 and places < 8:
        places += 1
    shown = f"{figure.value / 10.0**claim.scale:.{places}f}"
    return len(shown.rstrip("0").partition(".")[2]) if claim.kind != "amount" else places


def _meets(claim: Claim) -> Callable[[Figure], bool]:
    """Whether a figure of the tables may have been written as the claim is."""
    low, high = claim.low, claim.high
    if claim.exact and claim.kind in ("score", "rate"):
        # 95.67分 may be written as 96分.
        width = half_width(claim.decimals - claim.scale)
        low, high = claim.value - width, claim.value + width
    slack = 1e-9 * max(1.0, abs(claim.value))
    return lambda figure: low - figure.half - slack <= figure.value <= high + figure.half + slack
