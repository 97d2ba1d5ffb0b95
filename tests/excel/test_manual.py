"""The manual as web pages: complete, linked, and without anything from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from jixiao import resources
from jixiao.excel import manual


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("说明 书")
    manual.write(folder)
    return folder


@pytest.mark.parametrize("name", manual.PAGES)
def test_every_link_leads_somewhere(folder: Path, name: str) -> None:
    text = (folder / f"{name}.html").read_text("utf-8")
    for link in re.findall(r'href="([^"]*)"', text):
        page, _, place = unquote(link).partition("#")
        if "://" in page:
            continue
        target = folder / page if page else folder / f"{name}.html"
        assert target.is_file(), link
        assert not place or f'id="{place}"' in target.read_text("utf-8"), link


@pytest.mark.parametrize("name", manual.PAGES)
def test_every_table_and_heading_is_there(folder: Path, name: str) -> None:
    source = (resources.DOCS / f"{name}.md").read_text("utf-8")
    text = (folder / f"{name}.html").read_text("utf-8")
    outside = re.sub(r"(?ms)^```.*?^```", "", source)
    assert text.count("<table>") == len(re.findall(r"(?m)^\|(?: ?:?-+:? ?\|)+$", outside))
    assert len(re.findall(r"<h[1-6] ", text)) == len(re.findall(r"(?m)^#{1,6} ", outside))
    assert "<script" not in text and "src=" not in text


def test_what_is_not_on_a_clerks_computer_is_no_link() -> None:
    shown = manual.page(
        "# 题目\n\n[表](../workbook_templates/issued)、[函数](functions.md#rate)、[上面](#题目)\n"
    )
    assert "workbook_templates" not in shown
    assert 'href="functions.html#rate"' in shown
    assert 'id="题目"' in shown


def test_a_line_break_of_the_source_leaves_no_gap_in_chinese() -> None:
    assert "先填写，再审核" in manual.page("先填写，\n再审核")
    assert "one\ntwo" in manual.page("one\ntwo")
