"""What the tests of the treasury share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def hengshan_book(models: dict[str, Path]) -> Path:
    return models["hengshan_2023"]
