"""The register of predicates, and what one of them objects to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from jixiao.expression import Ref
from jixiao.filing import Cell, FormFrame
from jixiao.scope import Calculation


@dataclass(frozen=True)
class Suspect:
    """One place that a predicate objects to: a field of a sheet, or a column in a row of ``table``.

    ``values`` are figures for the rule's message. ``key`` tells questions apart that stand in rows without names, or
    several in one cell; it holds no figures and no numbers of rows, so that it outlives both. ``name`` is how the
    message calls the place. ``related`` are cells of other sheets.
    """

    sheet: int
    row: int | None
    at: Ref
    values: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    key: str = ""
    name: str = ""
    related: tuple[Cell, ...] = ()


Predicate = Callable[[Calculation, FormFrame], Iterator[Suspect]]
PREDICATES: dict[str, Predicate] = {}


def predicate(function: Predicate) -> Predicate:
    """Sign a check into the register under its name."""
    PREDICATES[function.__name__] = function
    return function
