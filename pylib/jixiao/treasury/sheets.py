"""Workbooks of the treasury's desk: in the house's styles, and in place only when they are complete."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from jixiao.books.making.paper import Paper
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
    handle, name = tempfile.mkstemp(prefix=".jixiao-", suffix=".xlsx", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    options = {
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "strings_to_formulas": False,
        "in_memory": not large,
    }
    try:
        workbook = xlsxwriter.Workbook(str(temporary), options)
        workbook.set_properties({"title": title})
        yield Paper(workbook, load_styles(), "", 0)
        try:
            workbook.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            cause = error.args[0] if error.args else None
            raise cause if isinstance(cause, OSError) else OSError(str(error)) from error
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
