"""Which of several filings of one unit counts.

The policy, in this order: a copy of a file is no second filing; among different ones, the one counts that was saved
last of those that passed a check and are unchanged since; when none did, or two were saved in the same moment, nobody
but the reviewer can know: all are listed, none counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jixiao.quantity import normalise
from jixiao.treasury.store import FILINGS
from jixiao.treasury.tables import RECEIVED
from jixiao.treasury.task import OTHER_RULES, VALID
from jixiao.treasury.units import Roster, Unit, same_unit

USED, COPY, SUPERSEDED, UNDECIDED = "采用", "相同副本", "被取代", "待定"
_COLUMNS = ("filing", "source", "digest", "package", "year", "unit", "code", "seal", "saved", "modified")


@dataclass(slots=True)
class _Candidate:
    place: int
    source: str
    digest: str
    sealed: bool
    moment: tuple[dt.datetime, dt.datetime]
    unit: Unit | None
    role: str = USED
    remark: str = ""


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
    for place, (filing, source, digest, package, year, name, code, seal, saved, modified) in enumerate(
        zip(*columns, strict=True)
    ):
        unit = roster.match(name, code or "") if roster else None
        code = normalise(code or "") or codes.get(same_unit(name), "")
        key = unit.code or unit.name if unit else code or same_unit(name) or filing
        sealed = seal in (VALID, OTHER_RULES)
        candidate = _Candidate(place, source, digest, sealed, _moments(saved, modified), unit)
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
    sealed = sorted((each for each in left if each.sealed), key=lambda each: each.moment)
    if sealed and (len(sealed) == 1 or sealed[-1].moment > sealed[-2].moment):
        chosen = sealed[-1]
        for each in left:
            if each is not chosen:
                why = "审核通过后最后保存的一份" if each.sealed else "审核通过且没有再改动的一份"
                each.role, each.remark = SUPERSEDED, f"采用{why}“{chosen.source}”"
        return
    why = "保存时间相同" if sealed else "都没有有效的审核校验码"
    for each in left:
        each.role, each.remark = (
            UNDECIDED,
            f"同一单位有 {len(left)} 份不同的填报件，{why}，请留下一份后重新收集",
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
