"""xlwings, imported without the libraries behind conversions that we do not use.

xlwings imports pandas, matplotlib and the like whenever they are installed, only to be able to convert their
objects; pandas alone makes the first formula of the day wait another half second. For the time of the import they
look as if they were not installed, which xlwings is made for. What is loaded already stays usable: a program that
writes DataFrames through xlwings imports pandas before this module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["xw"]

UNUSED: Final = ("PIL", "matplotlib", "pandas", "plotly", "polars")


@contextmanager
def _not_installed(names: tuple[str, ...]) -> Iterator[None]:
    """Make `import` fail for those of the modules that nobody has imported yet."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _not_installed(UNUSED):
    import xlwings as xw
