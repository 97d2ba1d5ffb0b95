"""What the tests of the core share: the declared forms with rules of the test's own, and the two real filings."""

from __future__ import annotations

import copy
import functools
import gc
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings
from openpyxl.formula.translate import Translator
from openpyxl.utils.cell import coordinate_to_tuple

import commandline
import xlwings_libreoffice
from jixiao import resources
from jixiao.books.build import build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue
from jixiao.filing import Filing, Sheet
from jixiao.strict import CatalogueError

# How fast a machine is says nothing about what holds.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

# openpyxl writes a shared formula out for each cell, reference by reference, and the same ones in every workbook.
Translator.translate_range = staticmethod(functools.lru_cache(1 << 16)(Translator.translate_range))
_write_out = Translator.translate_formula
_written_out: dict[tuple[str, int, int], str] = {}


def _remembered(self: Translator, dest: str | None = None, row_delta: int = 0, col_delta: int = 0) -> str:
    if dest:
        row, column = coordinate_to_tuple(dest)
        row_delta, col_delta = row - self.row, column - self.col
    key = self.tokenizer.formula, row_delta, col_delta
    if key not in _written_out:
        if len(_written_out) == 1 << 17:
            _written_out.clear()
        _written_out[key] = _write_out(self, row_delta=row_delta, col_delta=col_delta)
    return _written_out[key]


Translator.translate_formula = _remembered


def pytest_collection_finish() -> None:
    """Workbooks are many small objects that are no rubbish: looking them through for some took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


#: What every rule of a test says, unless it says otherwise.
RULE = {
    "title": "试验规则",
    "severity": "error",
    "message": "不符。",
    "fix": "请核对。",
    "reference": "{title: 试验办法}",
    "since": "2020",
}


class Templates:
    """A copy of workbook_templates, without its rules, in which one thing can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(resources.TEMPLATES, folder, ignore=shutil.ignore_patterns("issued"))
        for file in (folder / "rules").glob("*.yaml"):
            file.unlink()
        (folder / "rules").mkdir(exist_ok=True)

    def edit(self, file: str, old: str, new: str) -> Templates:
        """Replace ``old``, which must stand in ``file`` once."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), "utf-8")
        return self

    def write(self, file: str, text: str) -> Templates:
        (self.folder / file).write_text(dedent(text), "utf-8")
        return self

    def load(self) -> Catalogue:
        return load_catalogue.__wrapped__(self.folder)  # anew each time: the folder changes

    def error(self) -> str:
        """The one line that says why these declarations cannot be used."""
        with pytest.raises(CatalogueError) as caught:
            self.load()
        message = str(caught.value)
        assert "\n" not in message
        return message


run = commandline.run


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates(tmp_path / "templates")


def rule_text(**keys: Any) -> str:
    """One rule in YAML: the given keys over those of RULE."""
    whole = {"id": "TST-001", **RULE, **keys}
    if whole["message"]:
        whole["message"] = json.dumps(whole["message"], ensure_ascii=False)  # it may begin with a brace
    lines = [f"{key}: {value}" for key, value in whole.items() if value is not None]
    return "- " + "\n  ".join(lines) + "\n"


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Catalogue]:
    """``rules({check: …, form: …}, …)``: the catalogue with these rules and no others."""
    known: dict[str, Catalogue] = {}

    def build(*entries: dict[str, Any]) -> Catalogue:
        text = "".join(
            rule_text(**{"id": f"TST-{number:03}", **entry}) for number, entry in enumerate(entries, 1)
        )
        if text not in known:
            folder = Templates(tmp_path_factory.mktemp("rules") / "templates")
            folder.write("rules/TST.yaml", text)
            known[text] = folder.load()
        return known[text]

    return build


@pytest.fixture(scope="session")
def catalogue(rules: Callable[..., Catalogue]) -> Catalogue:
    """The declared forms, packages and parameters, without rules."""
    return rules()


@pytest.fixture(scope="session")
def _real(catalogue: Catalogue) -> dict[str, Filing]:
    return {
        name: read_case(resources.CASES / f"{name}.yaml", catalogue)
        for name in ("hengshan_2023", "yueyanglou_2023")
    }


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Package -> a real filing as a workbook with its true mistakes; nobody writes into it."""
    catalogue, folder = load_catalogue(), tmp_path_factory.mktemp("models")
    found = {}
    for code in ("hengshan_2023", "yueyanglou_2023"):
        filing = read_case(resources.CASES / f"{code}.yaml", catalogue)
        found[code] = folder / f"{code}.xlsx"
        build(catalogue.packages[code], filing, catalogue, found[code])
    return found


@pytest.fixture
def hengshan(_real: dict[str, Filing]) -> Filing:
    """衡山县市场监督管理局 2023 as it was published; the test may change it."""
    return copy.deepcopy(_real["hengshan_2023"])


@pytest.fixture
def yueyanglou(_real: dict[str, Filing]) -> Filing:
    """岳阳市岳阳楼区市场监督管理局 2023 as it was published; the test may change it."""
    return copy.deepcopy(_real["yueyanglou_2023"])


BASIC, OVERALL, PROJECT = "基础数据表", "整体支出绩效自评表", "项目支出绩效自评表"
REPORT = "自评报告"


@pytest.fixture(scope="session")
def file_of() -> Callable[..., Filing]:
    """``file_of(sheet, …)``: a small filing of 某局 in Hengshan's forms, its projects listed by name."""

    def build(*sheets: Sheet, unit: str = "某局", year: int = 2023, package: str = "hengshan_2023") -> Filing:
        projects = [
            (str(sheet.fields.get("项目支出名称", sheet.name)), sheet.name)
            for sheet in sheets
            if sheet.form == PROJECT
        ]
        return Filing(package, unit, year, list(sheets), projects)

    return build


@pytest.fixture(scope="session")
def excel() -> Iterator[Any]:
    """xlwings' application, played by LibreOffice; one for all tests."""
    if reason := xlwings_libreoffice.missing():
        pytest.skip(reason)
    with xlwings_libreoffice.excel() as app:
        yield app
