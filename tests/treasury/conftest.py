"""The two real filings as workbooks, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from jixiao import resources
from jixiao.books.build import build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Package -> the filled workbook with its true mistakes; nobody writes into it."""
    catalogue, folder = load_catalogue(), tmp_path_factory.mktemp("models")
    found = {}
    for code in ("hengshan_2023", "yueyanglou_2023"):
        filing = read_case(resources.CASES / f"{code}.yaml", catalogue)
        found[code] = folder / f"{code}.xlsx"
        build(catalogue.packages[code], filing, catalogue, found[code])
    return found


@pytest.fixture(scope="session")
def hengshan_book(models: dict[str, Path]) -> Path:
    return models["hengshan_2023"]
