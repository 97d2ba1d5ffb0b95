"""docs/汇总库.md names every table, column and word of the store, and no other column."""

from __future__ import annotations

import re
from pathlib import Path

from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting import choice, task
from jixiao.treasury.keeping.store import FILINGS, VIEWS
from jixiao.treasury.keeping.tables import schemas

PAGE = (Path(__file__).parents[2] / "docs" / "汇总库.md").read_text("utf-8")
_WORD = re.compile(r"[a-z_]{3,}|[\u4e00-\u9fff]+")


def section(view: str) -> str:
    return re.split(r"^### ", PAGE, flags=re.MULTILINE)[1 + VIEWS.index(view)]


def test_every_column_is_described_in_the_section_of_its_table() -> None:
    declared = {**schemas(load_catalogue()), "filings": FILINGS}
    for view in VIEWS:
        text = section(view)
        assert text.startswith(f"{view}：")
        assert [name for name in declared[view].names if name not in _WORD.findall(text)] == []
        listed = [
            name.strip()
            for line in re.findall(r"^\| ([a-z_, ]+) \|", text, re.MULTILINE)
            for name in line.split(",")
        ]
        assert set(listed) <= set(declared[view].names)


def test_every_role_and_seal_is_explained() -> None:
    for word in (choice.USED, choice.COPY, choice.SUPERSEDED, choice.UNDECIDED):
        assert f"| {word} |" in PAGE
    for word in (task.VALID, task.OTHER_RULES, task.EDITED, task.NOT_PASSED, task.NEVER):
        assert f"| {word} |" in PAGE
