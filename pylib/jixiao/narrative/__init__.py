"""Figures in Chinese free text: what they claim, and whether they agree with each other.

Pure functions over text; nothing here knows a form or a cell. `claims` reads the figures of a passage, `remarks` judges
one passage, `repeated` compares passages, `named` holds them against figures that have names. All of them prefer silence to doubt: docs/文字核对.md says what is read, what
stays silent, and how that was measured.
"""

from jixiao.narrative.claims import Claim, Reading, claims, read
from jixiao.narrative.judging import judged, remarks
from jixiao.narrative.named import Contradiction, Figure, named
from jixiao.narrative.naming import labels
from jixiao.narrative.remark import KINDS, Remark
from jixiao.narrative.repeating import Repeat, repeated

__all__ = [
    "KINDS",
    "Claim",
    "Contradiction",
    "Figure",
    "Reading",
    "Remark",
    "Repeat",
    "claims",
    "judged",
    "labels",
    "named",
    "read",
    "remarks",
    "repeated",
]
