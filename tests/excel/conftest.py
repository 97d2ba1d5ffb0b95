"""What the tests of the buttons share: a real filing open in LibreOffice, pressed like the ribbon presses."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlwings as xw

from desk import HENGSHAN, Desk
from fake_windows import built
from jixiao import resources
from jixiao.books.build import build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue


@pytest.fixture(autouse=True)
def personal_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is remembered on the computer that runs the tests."""
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "own"))
    return tmp_path / "own" / "jixiao"


@pytest.fixture(autouse=True)
def nobody_called() -> Iterator[None]:
    yield
    if hasattr(xw.Book, "_mock_caller"):
        del xw.Book._mock_caller


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """``filled(case, suffix)``: the workbook of a real filing; built once, to be copied."""
    folder = tmp_path_factory.mktemp("filled")

    def of(case: str, suffix: str) -> Path:
        path = folder / f"{case}{suffix}"
        if not path.exists():
            catalogue = load_catalogue()
            filing = read_case(resources.CASES / f"{case}.yaml", catalogue)
            build(catalogue.packages[filing.package], filing, catalogue, path)
        return path

    return of


@pytest.fixture
def desk(excel: xw.App, filled: Callable[[str, str], Path], tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """``desk(case, suffix)``: a real filing, open; ``prepare`` may do something to the file before."""
    opened: list[xw.Book] = []

    def open_(
        case: str = HENGSHAN, suffix: str = ".xlsx", prepare: Callable[[Path], object] | None = None
    ) -> Desk:
        path = Path(shutil.copy(filled(case, suffix), tmp_path))
        if prepare is not None:
            prepare(path)
        book = excel.books.open(str(path))
        opened.append(book)
        return Desk(book, path)

    yield open_
    for book in opened:
        book.close()


@pytest.fixture(scope="module")
def built_addin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The add-in as it is built now, whatever lies in addin/."""
    folder = built(tmp_path_factory.mktemp("addin"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "ADDIN", folder)
        yield
