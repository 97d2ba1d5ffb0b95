"""All remarks on one passage."""

from __future__ import annotations

from jixiao.narrative.changes import changes
from jixiao.narrative.claims import Reading, read
from jixiao.narrative.rates import rates
from jixiao.narrative.remark import Remark
from jixiao.narrative.sums import sums
from jixiao.narrative.wording import wording


def remarks(text: str, year: int | None = None) -> list[Remark]:
    """What a passage is asked about, in the order of the text.

    Args:
        text: free text in Chinese.
        year: the year that is reported on, for 截至…月; without it, the one the passage names most often.

    >>> [(r.kind, r.stated, r.expected) for r in remarks("全年受理投诉40起，办结37起，办结率95%。")]
    [('rate', '95%', '93%')]
    >>> remarks("全年受理投诉40起，办结37起，办结率93%。")
    []
    """
    return judged(read(text), year)


def judged(reading: Reading, year: int | None = None) -> list[Remark]:
    """The remarks on a passage that was read before."""
    found = [*sums(reading), *rates(reading), *changes(reading), *wording(reading, year)]
    return sorted(found, key=lambda remark: (remark.start, remark.end))
