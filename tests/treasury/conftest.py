"""What the tests of the treasury share."""

from __future__ import annotations

from pathlib import Path

import pytest

#: They enter themselves into a list when they are imported, and are no tests.
collect_ignore = ["mistakes"]


@pytest.fixture(scope="session")
def hengshan_book(models: dict[str, Path]) -> Path:
    return models["hengshan_2023"]
