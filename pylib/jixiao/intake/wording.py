"""When two labels are the same: printed heads as the declarations and as people's documents spell them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import lru_cache
from itertools import pairwise

_SPACE = re.compile(r"\s+")
_NUMBERING = re.compile(
    r"^(?:第[一二三四五六七八九十百]+(?:部分|章|节)[、.:]?|[一二三四五六七八九十]{1,3}[、.]"
    r"|\((?:[一二三四五六七八九十]{1,3}|\d{1,2})\)[、.]?|\d{1,2}(?:[、)]|\.(?!\d)))"
)
_ASIDE = re.compile(r"\([^()]*\)")
_ENDS = ":。;,、.*"
_COLON = re.compile(r"[：:]")


@lru_cache(maxsize=1 << 14)
def folded(text: str) -> str:
    """A text without spaces and line ends, in half-width marks."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=1 << 14)
def plain(text: str) -> str:
    """What a label says: without numbering, 其中, what stands in brackets, spaces and the colon behind it.

    >>> plain("其中： 一般公共预算："), plain("（一）主要职责"), plain("2023 年\\n实际在职人数"), plain("批复规模（㎡）")
    ('一般公共预算', '主要职责', '2023年实际在职人数', '批复规模')
    """
    whole = folded(text)
    said = _ASIDE.sub("", _NUMBERING.sub("", whole.removeprefix("其中:"))).strip(_ENDS)
    return said or whole.strip(_ENDS)


def numbering(text: str) -> str:
    """The number that stands before a head, "" without one.

    >>> numbering("（二） 机构设置"), numbering("六、绩效情况"), numbering("机构设置")
    ('(二)', '六、', '')
    """
    match = _NUMBERING.match(folded(text))
    return match[0] if match else ""


def yearless(text: str) -> str:
    """A text with every year spelled alike, so that a form of one year is known in another.

    >>> yearless("2023年度部门整体支出绩效自评表")
    'Y年度部门整体支出绩效自评表'
    """
    return re.sub(r"(?:19|20)\d{2}(?=年)", "Y", text)


def pairs(text: str, labels: Container[str]) -> list[tuple[str, str]]:
    """Labels and what stands behind them in one text: ``一般公共预算：2803.16``, ``填表人：甲　　联系电话：``.

    Args:
        text: a cell or a line.
        labels: plain labels.

    Returns:
        Plain label and value, in order; nothing when the text does not begin with a label.

    >>> pairs("其中： 一般公共预算：2803.16", {"一般公共预算"})
    [('一般公共预算', '2803.16')]
    >>> pairs("填表人：甲   填报日期：", {"填表人", "填报日期"}), pairs("见注：填表人：甲", {"填表人"})
    ([('填表人', '甲'), ('填报日期', '')], [])
    """
    found = list(_labels(text, labels))
    if not found or folded(text[: found[0][0]]) not in ("", "其中:"):
        return []
    return [
        (label, text[end:start].strip())
        for (_, end, label), (start, _, _) in pairwise([*found, (len(text), len(text), "")])
    ]


def _labels(text: str, labels: Container[str]) -> Iterator[tuple[int, int, str]]:
    """Start, end and plain form of each label with a colon behind it."""
    for match in _COLON.finditer(text):
        before = text[: match.start()].rstrip()
        start = max((k + 1 for k, mark in enumerate(before) if mark in "：: 　\t\n"), default=0)
        label = plain(before[start:])
        if label in labels:
            yield start, match.end(), label
