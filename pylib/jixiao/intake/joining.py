"""Grids as forms have them: several forms in one grid are parted, one form over several pages is joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from jixiao.intake.blocks import Block, Grid, Paragraph
from jixiao.intake.grids import known_labels
from jixiao.intake.recognising import Recogniser

#: Heads that must be there again for a table to go on under them.
_REPEATED = 3


def arranged(blocks: Iterable[Block], recogniser: Recogniser) -> list[Block]:
    """The blocks of a document, each grid a form as far as it can be told."""
    return list(_joined(_parted(blocks, recogniser), recogniser))


def _parted(blocks: Iterable[Block], recogniser: Recogniser) -> Iterator[Block]:
    """The blocks, a grid in which several forms stand below each other cut before each title."""
    for block in blocks:
        if isinstance(block, Paragraph):
            yield block
            continue
        starts = sorted({cell.row for cell in block.cells if recogniser.titled(cell.text)})
        if len(starts) < 2:
            yield block
            continue
        for first, last in pairwise([0, *starts[1:], block.rows]):
            yield block.part(first, last)


def _joined(blocks: Iterable[Block], recogniser: Recogniser) -> Iterator[Block]:
    """The blocks, tables that go on over a page joined to one."""
    waiting: Grid | None = None
    for block in blocks:
        if (
            isinstance(block, Grid)
            and waiting is not None
            and (whole := _continued(waiting, block, recogniser))
        ):
            waiting = whole
            continue
        if waiting is not None:
            yield waiting
        waiting = block if isinstance(block, Grid) else None
        if isinstance(block, Paragraph):
            yield block
    if waiting is not None:
        yield waiting


def _continued(above: Grid, below: Grid, recogniser: Recogniser) -> Grid | None:
    """Both grids as one, if the second goes on where the first one ends; its cells keep their places."""
    code = recogniser.known(above)
    if not code or above.name or below.name:  # sheets do not break over pages
        return None
    pattern = recogniser.patterns[code]
    first, second = known_labels(above, pattern), known_labels(below, pattern)
    heads = frozenset[str]().union(*(each.anchors for each in pattern.tables))
    if (first & second) - heads:  # it begins anew
        return None
    other = recogniser.known(below)
    if other and other != code and len(known_labels(below, recogniser.patterns[other])) > len(second):
        return None
    if below.columns == above.columns:
        return above.stacked(below)
    for row in range(above.rows - 1, -1, -1):
        line = above.line(row)
        if len(line) == below.columns:
            return above.stacked(below, [(cell.column, cell.columns) for cell in line])
    return above.stacked(below) if len(second & heads) >= _REPEATED else None
