"""Collecting: from folders of returned workbooks to a store in which every filing is checked.

What the store already holds of a file that did not change is kept; everything else is read in chunks. Every chunk that
is done is kept at once, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path

from jixiao.adjustments import adjusted
from jixiao.declarations import Adjustments, Catalogue
from jixiao.treasury.collecting.choice import choose, missing
from jixiao.treasury.collecting.pool import run_locally
from jixiao.treasury.collecting.sources import SEPARATOR, Found, Source, absolute, find, shown
from jixiao.treasury.collecting.task import Chunk, Item, maker, refused
from jixiao.treasury.keeping.store import Known, Result, Store
from jixiao.treasury.keeping.tables import RECEIVED
from jixiao.treasury.progress import Advance, progress
from jixiao.treasury.units import Roster, Unit

CHUNK = 100
"""Files a task: a rule asked of a hundred filings costs little more than of one, and a cluster's price per task is paid
once (docs/decisions/0028-chunks.md)."""
#: With more files than this, chunks grow, so that there are never many thousand of them.
_CHUNKS = 500
_LARGEST_CHUNK = 250

Engine = Callable[[Iterable[Chunk]], Generator[Result, None, None]]
"""What runs chunks: in any order, each file once. Closed early, it leaves nothing running on this machine."""


@dataclass
class Collected:
    """What a run did; what it found is in the store."""

    store: Path
    sources: int = 0
    """Files that may be filings, refused ones included."""
    others: int = 0
    """Files of another kind, which nobody looked at."""
    read: int = 0
    kept: int = 0
    """Filings that had not changed since they were read."""
    forgotten: int = 0
    """Files that were collected before and are gone."""
    seconds: float = 0.0
    roster: Roster | None = None
    """The units that are to file, if that is known."""
    missing: list[Unit] = field(default_factory=list)


def collect(
    places: Sequence[Path | str],
    folder: Path,
    catalogue: Catalogue,
    *,
    roster: Roster | None = None,
    adjustments: Adjustments | None = None,
    engine: Engine = run_locally,
    chunk: int = CHUNK,
    show: Callable[[int, str], AbstractContextManager[Advance]] = progress,
    without: Sequence[Path] = (),
) -> Collected:
    """Read and check all filings in ``places`` and keep them in the store in ``folder``.

    Files collected before from other places stay in the store; those that are gone from these places leave it. Where
    there is no file at all, the store stays as it is, and none is made.

    Args:
        places: folders, zip files and workbooks that are there; texts are URLs of such.
        folder: the store, made if it is not there.
        catalogue: the rules; those that ``engine`` checks with.
        roster: the units that are to file, if known.
        adjustments: what the treasury has set; the files of its package and year are checked with it, whatever they
            carry.
        engine: what runs the chunks.
        chunk: files a task.
        show: how the progress is shown.
        without: further folders and files that are left out.

    Raises:
        StoreError: ``folder`` is no store of ours, or somebody is writing into it.
        DeskError: a URL cannot be opened, or the engine cannot go on; what was done so far is in the store.
        OSError: the store cannot be written; what was done so far is in it.
    """
    begun = time.monotonic()
    found = find(places, [folder, *without])
    if not found.sources and not found.refused:
        # A share that is not connected is an empty folder too: nothing is forgotten over it.
        return Collected(folder, others=found.others)
    with Store.writing(folder) as store:
        known = store.known()
        done = Collected(folder, len(found.sources) + len(found.refused), found.others)
        gone = _gone(known, found, places)
        made_by = maker(adjusted(catalogue, adjustments))
        read = _items(found.sources, known, made_by, store)
        refusals = _items([each.source for each in found.refused], known, made_by, store)
        done.kept = len(found.sources) - len(read)
        del known
        store.begin()
        if refusals:
            why = {each.source.name: (each.cause, each.remedy) for each in found.refused}
            store.add(
                refused(
                    Chunk(0, tuple(refusals), adjustments),
                    catalogue,
                    [why[item.source.name] for item in refusals],
                )
            )
        results = engine(_chunks(read, chunk, adjustments))
        with show(len(read), "已审核") as advance, closing(results):
            for result in results:
                store.add(result)
                done.read += len(result.filings) - len(result.unchanged)
                done.kept += len(result.unchanged)
                advance(len(result.filings))
        store.drop(gone)
        done.forgotten = len(gone)
        filings = choose(store.read("received", RECEIVED.names), roster)
        store.finish(filings)
        if roster is not None:
            done.roster, done.missing = roster, missing(filings, roster)
    done.seconds = time.monotonic() - begun
    return done


def _items(sources: Iterable[Source], known: Mapping[str, Known], made_by: str, store: Store) -> list[Item]:
    """The files that must be looked at: new, written since, or judged by another program or other rules.

    A file of which the store has no digest could not be read at all, perhaps because it was open elsewhere: it is
    tried again. One of which nobody says when it was written is read, to see.
    """
    items = []
    for source in sources:
        before = known.get(source.name)
        if before is None:
            items.append(Item(store.number(), source))
        elif before.maker != made_by or not before.digest:
            items.append(Item(before.filing, source))
        elif (before.size, before.stamp) != (source.size, source.stamp) or not source.stamp:
            items.append(Item(before.filing, source, before.digest))
    return items


def _chunks(items: Sequence[Item], size: int, adjustments: Adjustments | None) -> Iterator[Chunk]:
    size = max(size, min(_LARGEST_CHUNK, -(-len(items) // _CHUNKS)))
    for number, start in enumerate(range(0, len(items), size), 1):
        yield Chunk(number, tuple(items[start : start + size]), adjustments)


def _gone(known: Mapping[str, Known], found: Found, places: Sequence[Path | str]) -> list[int]:
    """What the store holds of files in ``places`` that are no longer there.

    Nobody knows what is in a folder or zip file that cannot be opened today: that stays.
    """
    names = {source.name for source in found.sources} | {each.source.name for each in found.refused}
    roots = [shown(absolute(place)) for place in places]
    inside, closed = _within(roots), _within(each.source.name for each in found.refused if each.closed)
    return [
        before.filing
        for name, before in known.items()
        if name not in names and (name in roots or name.startswith(inside)) and not name.startswith(closed)
    ]


def _within(names: Iterable[str]) -> tuple[str, ...]:
    """How the names of files in these folders and zip files begin."""
    return tuple(name.rstrip(os.sep) + mark for name in names for mark in {os.sep, "/", SEPARATOR})
