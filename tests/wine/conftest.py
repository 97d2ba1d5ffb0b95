"""The Windows that JIXIAO_WINE names, with this project as it stands in this checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wine.windows import WHERE, Windows, install

collect_ignore = ["caller.py"]  # it runs under the Windows Python


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """A Windows with code page 936, as it is sold in China."""
    with Windows(Path(WHERE)) as running:
        install(running)
        yield running


@pytest.fixture(scope="session")
def western(windows: Windows) -> Windows:
    """The same computer with another code page: 1252, which knows no Chinese."""
    return Windows(windows.folder, chinese=False)
