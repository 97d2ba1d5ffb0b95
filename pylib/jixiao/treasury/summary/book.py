"""The summary workbook: everything that a store says, for reading, sorting and reviewing in Excel."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from jixiao.treasury.sheets import new_workbook
from jixiao.treasury.summary import lists
from jixiao.treasury.summary.figures import Batch, Figures, Source
from jixiao.treasury.summary.formsheets import add_form
from jixiao.treasury.summary.formsums import FormSum, summed
from jixiao.treasury.summary.front import OVERVIEW, Front, distribution
from jixiao.treasury.summary.links import Places
from jixiao.treasury.summary.reviews import Review, matched

_LONGEST_NAME = 31


def write_book(path: Path, source: Source, figures: Figures, reviews: Sequence[Review], title: str) -> None:
    """Write the workbook; it replaces ``path`` when it is complete.

    Args:
        path: where to.
        source: the store, for the long lists.
        figures: its figures.
        reviews: what reviewers typed into the workbook that is replaced.
        title: of 总览.

    Raises:
        OSError: it cannot be written, or is open elsewhere.
    """
    places = Places(path.parent)
    taken, left = matched(reviews, figures.units)
    sums = [(batch, total) for batch in figures.batches for total in summed(source, batch)]
    forms = _form_names(sums, len(figures.batches) > 1)
    with warnings.catch_warnings(), new_workbook(path, title, large=True) as paper:
        warnings.simplefilter("error", UserWarning)  # what XlsxWriter warns about it has left out
        first = paper.workbook.add_worksheet(OVERVIEW)
        lists.ranking(paper, figures, taken, places)
        lists.findings(paper, source, figures, places)
        distribution(paper, figures)
        for name, (batch, total) in zip(forms, sums, strict=True):
            add_form(paper, name, total, batch, source.declared(batch))
        lists.details(paper, source, figures)
        if figures.missing:
            lists.absent(paper, figures)
        if figures.beside:
            lists.beside(paper, figures, places)
        if left:
            lists.kept_reviews(paper, left)
        names = [sheet.get_name() for sheet in paper.workbook.worksheets()]
        Front(paper, figures, first).write(title, [name for name in names if name != OVERVIEW])
        first.activate()


def _form_names(sums: Sequence[tuple[Batch, FormSum]], several: bool) -> list[str]:
    """A name for each sheet of sums: 汇总_附件1, with the year where there are several sets."""
    names: list[str] = []
    for batch, total in sums:
        year = f"_{batch.year}" if several else ""
        stem = f"汇总_{total.form.sheet}{year}"[: _LONGEST_NAME - 3]
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}_{number}"
        names.append(name)
    return names
