"""Which declared name a figure of a text says, and which column: 2023年我单位项目支出年初预算数596.00万元."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jixiao.narrative.claims import Claim, Kind, Reading

#: Words for a column -> the column. A plain 预算 may be either budget.
COLUMN_WORDS: Final = {
    **dict.fromkeys(("年初预算", "年初批复预算"), "initial"),
    **dict.fromkeys(("全年预算", "调整预算", "调整后预算"), "final"),
    **dict.fromkeys(("上年决算",), "before"),
    **dict.fromkeys(("决算", "全年执行", "执行", "实际支出", "实际执行"), "actual"),
    **dict.fromkeys(("预算",), "budget"),
}
#: The first word for each column.
SAID = {column: word for word, column in reversed(COLUMN_WORDS.items())}

#: What counts for nothing in a label, what may stand in front of a name, and what behind it.
QUOTES = re.compile(r"[“”\"‘’《》\s]")
LEAD = re.compile(
    r"其中|包括|全年度?|今年|本年度?|当年|年度|(?:19|20)\d\d年度?|年末|[我本]?(?:局|单位|部门)|整体支出|整体"
    r"|绩效(?:评价|自评)?|共计|共|合计|总计|核定|[一二三四五六七八九十]是|\d+[、.．]|的|为|是|[：:，、（(]"
)
TAIL = re.compile(r"(?:总额|总数|数额|金额|数|的|共计|共|合计|总计|为|是|达到|达|仅|约|超过|近|[：:（(])$")
#: Every word for a column, longest first.
COLUMN = "|".join(sorted(COLUMN_WORDS, key=len, reverse=True))
_COLUMN_FIRST = re.compile(rf"({COLUMN})数?(?:安排|批复)?的?")
_COLUMN_LAST = re.compile(rf"(?:{COLUMN})$")
#: Names that are also said with 支出 behind them: 公用经费支出.
_SPENT = re.compile("(?:经费|费)支出$")


@dataclass(frozen=True, slots=True)
class Naming:
    """A figure with the name that it is given, and its column ("" when nothing says one)."""

    claim: Claim
    name: str
    column: str

    @property
    def key(self) -> tuple[str, str, int]:
        """What two figures share that are called the same in one paragraph."""
        return self.name, self.column, self.claim.paragraph


def labels(reading: Reading, unit: str) -> str:
    """What the figures of a text are called: every name that `namings` could find occurs in it.

    Args:
        reading: the text.
        unit: the name of the unit, which may stand anywhere in a label.
    """
    bare = QUOTES.sub("", "|".join(claim.label for claim in reading.claims))
    return f"{bare}|{bare.replace(QUOTES.sub('', unit), '')}"


def namings(
    reading: Reading, places: Mapping[str, list[int]], kinds: Mapping[Kind, set[str]], unit: str
) -> Iterator[Naming]:
    """The figures of a text that are called by a declared name.

    Args:
        reading: the text.
        places: the declared names, each with the figures of the tables that have it.
        kinds: the names that figures of a kind have.
        unit: the name of the unit without quotation marks; it may stand anywhere in a label.
    """
    last: Naming | None = None
    for number, claim in enumerate(reading.claims):
        before = reading.claims[number - 1] if number else None
        naming = None
        # Of anything but money few figures have a name.
        names = kinds.get(claim.kind, ())
        if not claim.comparator and (
            names if claim.kind == "amount" else any(name in claim.label for name in names)
        ):
            name, column = _name(claim.label, places, unit)
            chained = last and before is last.claim and before.sentence == claim.sentence
            if name:
                naming = Naming(claim, name, column or _carried(reading, claim, number))
            elif column and last and chained and claim.kind == last.claim.kind:
                # 项目支出年初预算数596万元，决算数855.87万元
                naming = Naming(claim, last.name, column)
        if naming:
            yield naming
        last = naming


def _name(label: str, places: Mapping[str, list[int]], unit: str) -> tuple[str, str]:
    """The declared name that a label consists of, besides fillers, and the column that it says.

    The name is "" when the label says no more than a column; both are "" when it says anything else.
    """
    text = QUOTES.sub("", label)
    if unit:
        text = text.replace(unit, "")
    column = ""
    while True:
        for core, said in _cores(text):
            if core in places:
                columns = {found for found in (column, said) if found}
                return (core, columns.pop() if columns else "") if len(columns) < 2 else ("", "")
            if not core and (column or said):
                return "", column or said
        if found := _COLUMN_FIRST.match(text):
            column = COLUMN_WORDS[found[1]]
        elif not (found := LEAD.match(text)):
            return "", ""
        text = text[found.end() :]


def _cores(text: str) -> Iterator[tuple[str, str]]:
    """The text with ever fewer words at its end, and the column that they say."""
    column = ""
    while True:
        yield text, column
        if _SPENT.search(text):
            yield text.removesuffix("支出"), column or "actual"
        if found := TAIL.search(text):
            pass
        elif not column and (found := _COLUMN_LAST.search(text)):
            column = COLUMN_WORDS[found[0]]
        else:
            return
        text = text[: found.start()]


def _carried(reading: Reading, claim: Claim, number: int) -> str:
    """The column of the total, for one of its parts: 决算数855.87万元，其中：业务工作经费730.54万元."""
    for other in reversed(reading.claims[max(0, number - 12) : number]):
        if other.sentence != claim.sentence:
            break
        if "其中" in reading.text[other.end : claim.start]:
            return COLUMN_WORDS.get(other.column, "")
    return ""
