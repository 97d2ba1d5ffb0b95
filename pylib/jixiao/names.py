"""Names of one thing that people write in several ways: 运行维护费 and 运行维护经费, 打击传销专项 and 打击传销工作经费.

What is found here is a proposal for a person, never a match: nothing is merged and nobody is blamed for a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from jixiao.quantity import normalise

#: Words that say of a project no more than that it is one, longer ones first.
_GENERIC = re.compile("专项资金|项目|专项|工作|资金|经费|费用|支出|费")
_MARKS = re.compile(r"[\W_]+")
#: A name within a longer one, or so much of both names in common, that a person may mean one thing.
_WITHIN, _IN_COMMON = 3, 0.7


def nearest(name: str, names: Sequence[str]) -> str:
    """The one of ``names`` that is ``name`` in other words, the name itself first; "" when none is near.

    >>> nearest("运行维护费", ["业务工作经费", "运行维护经费"])
    '运行维护经费'
    >>> nearest("食品监管", ["商事制度改革", "食品安全监管", "食品安全监管（二）"])
    '食品安全监管'
    >>> nearest("业务费", ["基本建设", "其他资金"])
    ''
    """
    best, close = "", 0.0
    for other in names:
        found = _closeness(name, other)
        if found > close:
            best, close = other, found
    return best


@lru_cache(maxsize=16384)  # the projects of a county have the same names in every filing
def _closeness(name: str, other: str) -> float:
    """How near two names are: 2 for the same, 0 for two names that a person would not confuse."""
    one, two = _MARKS.sub("", normalise(name)), _MARKS.sub("", normalise(other))
    if not one or not two:
        return 0.0
    if one == two:
        return 2.0
    one, two = _GENERIC.sub("", one), _GENERIC.sub("", two)
    shorter, longer = sorted((one, two), key=lambda each: (len(each), each))
    if not shorter:
        return 0.0
    common = SequenceMatcher(None, shorter, longer, autojunk=False).ratio()
    within = len(shorter) >= _WITHIN and shorter in longer
    return common if within or common >= _IN_COMMON else 0.0
