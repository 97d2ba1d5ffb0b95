"""Workbooks of the treasury's desk: in the house's styles, and in place only when they are complete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from jixiao.atomic import replacing
from jixiao.books.making.paper import Paper, close
from jixiao.books.making.styles import load_styles


@contextlib.contextmanager
def new_workbook(path: Path, title: str, large: bool = False) -> Iterator[Paper]:
    """A workbook to write into; it replaces ``path`` when the block is done, and nothing is left when it fails.

    Args:
        path: the workbook.
        title: among its properties.
        large: too large to be put together in memory.

    Raises:
        OSError: the folder cannot be written to, the disk is full, or the file is open elsewhere.
    """
    options = {
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "strings_to_formulas": False,
        "in_memory": not large,
    }
    with replacing(path) as temporary:
        workbook = xlsxwriter.Workbook(str(temporary), options)
        workbook.set_properties({"title": title})
        yield Paper(workbook, load_styles(), "", 0)
        close(workbook)
