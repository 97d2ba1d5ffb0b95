"""What a passage is asked about: one remark at one place, with the figures and the words of its message."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: Kind of a remark -> what it is called; the order is that of docs/文字核对.md.
KINDS: Final = MappingProxyType(
    {
        "sum": "分项之和与总数不符",
        "near_sum": "分项之和与总数略有出入",
        "part": "其中一项大于总数",
        "carry_over": "年末结转列在总支出的其中项里",
        "rate": "比率与数字不符",
        "truncated": "比率是截断的，不是四舍五入",
        "undefined": "零除以零写成 100%",
        "adjustment": "调增调减与前后数不符",
        "change": "增减数与前后数不符",
        "repeated": "同一事项两处数字不同",
        "unit": "元疑为万元",
        "part_year": "年度报告写了不足一年的数",
        "leftover": "留有编辑痕迹或模板提示",
        "named": "与表中的数不符",
    }
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a passage is asked about.

    Attributes:
        kind: one of `KINDS`.
        start, end: the figure or words that it is about.
        stated, expected, difference: as people write them; "" where there is none.
        cause: what is wrong, a Chinese sentence with the figures in it.
        related: where the figures stand that it was worked out from, as (start, end).
        about: what is counted, where the words beside the figure do not say it.
    """

    kind: str
    start: int
    end: int
    cause: str
    stated: str = ""
    expected: str = ""
    difference: str = ""
    related: tuple[tuple[int, int], ...] = ()
    about: str = ""
