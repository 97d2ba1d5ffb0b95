"""A sum over what a form sheet shows, the same in a formula and in Python: has anything changed since the last check?

Numbers count as they are, texts by their length and by the digits and comparators in them, each weighted by its row
and column. Nothing of it depends on the locale. It is no seal against forgery; that is the digest of the findings.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Characters whose every occurrence counts; one more character of any kind counts 1.
_WEIGHTS = {character: 2 + k for k, character in enumerate("0123456789≥≤<>=%.万")}
_ROW = 31
DECIMALS = 4


def checksum_formula(area: str) -> str:
    """The formula over ``area`` ($A$1:$I$60)."""
    weight = f"(ROW({area})*{_ROW}+COLUMN({area}))"
    occurrences = "+".join(
        f'(LEN({area})-LEN(SUBSTITUTE({area},"{character}","")))*{value}'
        for character, value in _WEIGHTS.items()
    )
    texts = f"SUMPRODUCT({weight}*ISTEXT({area})*(LEN({area})+{occurrences}))"
    return f"=IFERROR(ROUND(SUMPRODUCT({weight}*1,{area})+{texts},{DECIMALS}),-1)"


def checksum(cells: Mapping[tuple[int, int], float | str]) -> float:
    """The same sum in Python.

    Args:
        cells: (row, column), counted from 0, to what the cell shows.

    >>> checksum({(0, 0): 2.5, (1, 0): "≥95%"})
    3293.0
    """
    total = 0.0
    for (row, column), value in cells.items():
        weight = (row + 1) * _ROW + column + 1
        if isinstance(value, str):
            # Excel counts UTF-16 units.
            units = len(value.encode("utf-16-le")) // 2
            total += weight * (units + sum(_WEIGHTS.get(character, 0) for character in value))
        else:
            total += weight * value
    return round(total, DECIMALS)
