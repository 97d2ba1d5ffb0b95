"""Which of several filings of one unit counts.

The policy, in this order: a copy of a file is no second filing; among different ones, the one counts that was sealed
last of those that passed a check and are unchanged since; when none did, or two are of the same moment, nobody but the
reviewer can know: all are listed, none counts. A seal says when its check was; where one of them does not, as in
workbooks of before, the times of saving decide among all, because only these can be compared. One that was saved later
than the one that counts but passed no check is perhaps a correction, and perhaps not: the reviewer is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jixiao.quantity import normalise
from jixiao.treasury.collecting.task import EDITED, NEVER, NOT_PASSED, OTHER_RULES, VALID
from jixiao.treasury.keeping.store import FILINGS
from jixiao.treasury.keeping.tables import RECEIVED
from jixiao.treasury.units import Roster, Unit, same_unit

USED, COPY, SUPERSEDED, UNDECIDED = "采用", "相同副本", "被取代", "待定"
_COLUMNS = (
    "filing", "source", "digest", "package", "year", "unit", "code", "seal", "sealed_at", "saved", "modified",
)  # fmt: skip
_TOLD = {
    OTHER_RULES: "按另一版规则审核通过",
    EDITED: "审核通过后又改动过",
    NOT_PASSED: "审核没有通过",
    NEVER: "没有审核",
}
_HOW = "请核实以哪一份为准，把其余的移出收集的文件夹后重新收集；或请单位把正确的一份审核通过后重新报送"


@dataclass(slots=True)
class _Candidate:
    place: int
    source: str
    digest: str
    seal: str
    sealed_at: dt.datetime | None
    saved: tuple[dt.datetime, dt.datetime]
    unit: Unit | None
    role: str = USED
    remark: str = ""

    @property
    def sealed(self) -> bool:
        """Whether it passed a check, perhaps of other rules, and is as it was then."""
        return self.seal in (VALID, OTHER_RULES)

    @property
    def told(self) -> str:
        """What its check is worth and when it was saved, by either account, for the reviewer."""
        known: dict[dt.datetime, str] = {}
        for kind, moment in zip(("保存于", "文件时间"), self.saved, strict=True):
            if moment != dt.datetime.min:
                known.setdefault(moment, f"，{kind} {moment:%Y-%m-%d %H:%M:%S}")
        return "".join([_TOLD.get(self.seal, "审核通过"), *known.values()])


def choose(received: Any, roster: Roster | None = None) -> Any:
    """The table of filings, each with its unit and whether totals count it.

    Args:
        received: the table ``received``, or ``None``.
        roster: the units that are to file, if that is known.
    """
    if received is None:
        return FILINGS.empty_table()
    received = received.select(RECEIVED.names).cast(RECEIVED).sort_by("filing")
    columns = [received[name].to_pylist() for name in _COLUMNS]
    groups: dict[Any, list[_Candidate]] = {}
    every: list[_Candidate] = []
    codes = _codes(received)
    for place, (
        filing,
        source,
        digest,
        package,
        year,
        name,
        code,
        seal,
        sealed_at,
        saved,
        modified,
    ) in enumerate(zip(*columns, strict=True)):
        unit = roster.match(name, code or "") if roster else None
        code = normalise(code or "") or codes.get(same_unit(name), "")
        key = unit.code or unit.name if unit else code or same_unit(name) or filing
        candidate = _Candidate(place, source, digest, seal, sealed_at, _moments(saved, modified), unit)
        every.append(candidate)
        groups.setdefault((package, year, key), []).append(candidate)
    for group in groups.values():
        if len(group) > 1:
            _decide(group)
    return received.append_column("unit_code", pa.array([c.unit.code if c.unit else None for c in every], pa.string())) \
        .append_column("unit_name", pa.array([c.unit.name if c.unit else None for c in every], pa.string())) \
        .append_column("used", pa.array([c.role == USED for c in every])) \
        .append_column("role", pa.array([c.role for c in every])) \
        .append_column("remark", pa.array([c.remark for c in every])) \
        .cast(FILINGS)  # fmt: skip


def _codes(received: Any) -> dict[str, str]:
    """The code of each name that goes with one code only: a filing without its code is of that unit too."""
    found: dict[str, set[str]] = {}
    for name, code in zip(received["unit"].to_pylist(), received["code"].to_pylist(), strict=True):
        if code and same_unit(name):
            found.setdefault(same_unit(name), set()).add(normalise(code))
    return {name: own.pop() for name, own in found.items() if len(own) == 1}


def _moments(saved: dt.datetime | None, modified: dt.datetime | None) -> tuple[dt.datetime, dt.datetime]:
    """When a filing was last saved: by the account of the program that saved it, then by the time of its file."""
    file = modified or dt.datetime.min
    return saved or file, file


def _decide(group: Sequence[_Candidate]) -> None:
    """Give each of several filings of one unit its role."""
    originals: dict[str, _Candidate] = {}
    for candidate in sorted(group, key=lambda each: each.source):
        first = originals.setdefault(candidate.digest, candidate)
        if first is not candidate:
            candidate.role, candidate.remark = COPY, f"与“{first.source}”内容相同"
    left = list(originals.values())
    if len(left) == 1:
        return
    sealed = [each for each in left if each.sealed]
    timed = all(each.sealed_at for each in sealed)

    def order(each: _Candidate) -> tuple[dt.datetime, ...]:
        return (each.sealed_at, *each.saved) if timed and each.sealed_at else each.saved

    sealed.sort(key=order)
    if sealed and (len(sealed) == 1 or order(sealed[-1]) > order(sealed[-2])):
        _supersede(left, sealed[-1], "审核时间最晚" if timed else "最后保存")
        return
    why = f"{'审核时间和' if timed else ''}保存时间相同" if sealed else "都没有有效的审核校验码"
    for each in left:
        each.role = UNDECIDED
        each.remark = (
            f"同一单位有 {len(left)} 份不同的填报件，{why}，不能判断以哪一份为准（这一份{each.told}）。{_HOW}"
        )


def _supersede(group: Sequence[_Candidate], chosen: _Candidate, last: str) -> None:
    """Let one of several filings count, and say of the others why not."""
    for each in group:
        if each is chosen:
            continue
        why = f"审核通过、没有再改动的填报件中{last}的" if each.sealed else "审核通过且没有再改动的"
        each.role, each.remark = SUPERSEDED, f"采用{why}一份“{chosen.source}”"
        if not each.sealed and each.saved > chosen.saved:
            each.remark += (
                f"。注意：这一份{each.told}，比采用的那份晚；如果是更正件，请单位审核通过后重新报送，"
                "或把采用的那份移出收集的文件夹后重新收集"
            )


def missing(filings: Any, roster: Roster) -> list[Unit]:
    """The units of the list of which nothing was collected, or nothing of what they were issued."""
    columns = [filings[name].to_pylist() for name in ("unit_code", "unit_name", "package", "year")]
    there = {
        (code, name)
        for code, name, package, year in zip(*columns, strict=True)
        if roster.issued in (None, (package, year))
    }
    return [unit for unit in roster if (unit.code, unit.name) not in there]
