"""Which unit a filing is of: by the unit's code, then by its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jixiao.quantity import normalise

#: A code that is written before the name, as budget systems print it: 017001-某县某局, 017001 某县某局.
_CODED = re.compile(r"\s*([0-9A-Za-z]{2,20})(?:\s*[-－—_：:、.．\s]\s*(.*)|)", re.DOTALL)


@dataclass(frozen=True)
class Unit:
    """A unit as the treasury lists it."""

    code: str
    name: str


class Roster:
    """The units that are to file; ``issued``: package and year of what they were issued, if that is known."""

    def __init__(self, units: Iterable[Unit], issued: tuple[str, int] | None = None) -> None:
        self.units, self.issued = tuple(units), issued
        self._codes = {normalise(unit.code): unit for unit in self.units if unit.code}
        counts = Counter(normalise(unit.name) for unit in self.units)
        # Two units of one name are told apart by their codes alone.
        self._names = {key: unit for unit in self.units if counts[key := normalise(unit.name)] == 1}

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units)

    def match(self, name: str, code: str = "") -> Unit | None:
        """The unit of a filing.

        Args:
            name: what stands as its 填报单位, perhaps with the code before it.
            code: its code, where the workbook knows it.

        Returns:
            The unit with that code, else the one with that name; ``None`` when there is none, or more than one.

        >>> roster = Roster([Unit("017001", "某县财政局"), Unit("017002", "某县审计局")])
        >>> [unit and unit.code for unit in map(roster.match, ("017001-财政局", "某县 审计局", "某县教育局"))]
        ['017001', '017002', None]
        """
        if code and (unit := self._codes.get(normalise(code))):
            return unit
        written = _CODED.fullmatch(name)
        if written and (unit := self._codes.get(normalise(written[1]))):
            return unit
        found = self._names.get(normalise(name))
        return found or (self._names.get(normalise(written[2])) if written and written[2] else None)


def same_unit(name: str) -> str:
    """What two filings of one unit have in common when there is no list of units; "" for a name that is blank."""
    return normalise(name)
