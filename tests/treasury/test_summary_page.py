"""The page of a summary: well-formed, of one piece, inert whatever a filing holds, and with the figures of the workbook."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jixiao.catalogue import load_catalogue
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.summary import svg, write_summary
from jixiao.treasury.summary.figures import Source, figures
from jixiao.treasury.summary.links import Places
from jixiao.treasury.summary.page import page
from treasury.hostile import NAMES
from treasury.making import copied, type_in
from treasury.test_summary import TYPED, gather

VOID = {"meta"}
#: What a page may consist of; nothing here loads, links, sends or runs anything.
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "div", "span", "b", "table",
    "thead", "tbody", "tr", "th", "td", "svg", "g", "text", "rect", "line",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "viewbox", "role", "aria-label", "font-size",
    "font-family", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "rx", "fill", "stroke", "text-anchor",
}  # fmt: skip


class Strict(HTMLParser):
    """Refuses what is not closed in order, and what a page may not have."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.cells: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        names = [name for name, _ in attrs]
        assert set(names) <= ATTRIBUTES and len(set(names)) == len(names), names
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def parsed(text: str) -> Strict:
    parser = Strict()
    parser.feed(text)
    parser.close()
    assert not parser.open
    return parser


def written(store: Path, target: Path) -> str:
    write_summary(Store.open(store), load_catalogue(), target)
    return target.with_suffix(".html").read_text("utf-8")


@pytest.fixture(scope="module")
def three(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("三家")
    for unit, typed in TYPED.items():
        copied(models["hengshan_2023"], folder / "报送" / f"{unit}.xlsx", unit, **typed)
    gather(folder / "报送", folder / "库")
    return folder


def test_the_page_has_the_figures_of_the_workbook(three: Path) -> None:
    text = written(three / "库", three / "汇总.xlsx")
    found = parsed(text)
    assert ["附件二", "年度资金总额", "6,355.74", "600.00", "549.00", "91.50%"] in found.cells
    ranked = [row for row in found.cells if len(row) == 11 and row[1] in TYPED]
    assert [(row[1], row[3], row[4], row[7]) for row in ranked] == [
        ("甲局", "100.00", "优", "99.00%"),
        ("乙局", "85.00", "良", "75.00%"),
        ("丙局", "59.99", "差", "100.00%"),
    ]
    assert text.count("<svg") == 3 and "各单位执行率" in found.texts


def test_the_page_is_of_one_piece(three: Path) -> None:
    text = written(three / "库", three / "汇总.xlsx")
    assert not re.search(r"https?:|//|url\(|@import|src=|href=|<script|\son[a-z]+=", text)
    assert "default-src 'none'" in text and text.startswith("<!DOCTYPE html>")


def test_bars_are_as_long_as_their_figures() -> None:
    picture = svg.bars("执行率", [("甲", 1.0, "100%"), ("乙", 0.25, "25%"), ("丙", 0.0, "0%")], "#000000")
    longs = [float(each) for each in re.findall(r'<rect [^>]*width="([0-9.]+)"', picture)]
    assert longs[1] / longs[0] == pytest.approx(0.25, abs=0.001) and longs[2] == 0
    picture = svg.columns("得分", [("60以下", 0, "0"), ("100以上", 8, "8"), ("其他", 2, "2")], "#000000")
    highs = [float(each) for each in re.findall(r'<rect [^>]*height="([0-9.]+)"', picture)]
    assert highs[0] == 0 and highs[2] / highs[1] == pytest.approx(0.25, abs=0.001)
    assert "nan" not in svg.bars("空", [], "#000000") + svg.columns("零", [("甲", 0, "0")], "#000000")


def test_hostile_names_are_inert(models: dict[str, Path], tmp_path: Path) -> None:
    names = [name for name in NAMES if any(mark in name for mark in "<&\"'=:\x1b{")]
    for k, name in enumerate(names):
        copied(models["hengshan_2023"], tmp_path / "报送" / f"{k}<b>&'.xlsx", 编制数=k + 1)
        type_in(tmp_path / "报送" / f"{k}<b>&'.xlsx", {"填报单位": name})
    (tmp_path / "报送" / "<script>坏.xlsx").write_bytes(b"x")
    gather(tmp_path / "报送", tmp_path / "库")
    text = written(tmp_path / "库", tmp_path / "汇总.xlsx")
    found = parsed(text)
    units = figures(Source(Store.open(tmp_path / "库"), load_catalogue())).units
    assert len(units) > 15
    shown = {row[1] for row in found.cells if len(row) == 11}
    for unit in units:
        assert re.sub(r"[^\w<>&=]", "", unit.name) in {re.sub(r"[^\w<>&=]", "", name) for name in shown}
    assert not re.search(r"<(?:script|img|a|iframe|link|object)\b", text, re.IGNORECASE)
    assert "<script>坏.xlsx" in "".join(found.texts)


def test_an_empty_store_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "报送").mkdir()
    (tmp_path / "报送/坏.xlsx").write_bytes(b"x")
    gather(tmp_path / "报送", tmp_path / "库")
    found = parsed(written(tmp_path / "库", tmp_path / "汇总.xlsx"))
    assert any("没有任何填报件计入汇总" in text for text in found.texts)
    assert any(row[0] == "不能审核" for row in found.cells)


def test_a_page_lists_only_so_many(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jixiao.treasury.summary.page.MOST_LINES", 2)
    source = Source(Store.open(three / "库"), load_catalogue())
    found = parsed(page(figures(source), "汇总", "汇总.xlsx", Places(three)))
    assert len([row for row in found.cells if len(row) == 11 and row[1] in TYPED]) == 2
    assert any("共 3 行" in text and "前 2 行" in text for text in found.texts)


@pytest.mark.skipif(not os.environ.get("JIXIAO_BROWSER"), reason="JIXIAO_BROWSER names no browser")
def test_a_browser_shows_it(three: Path, tmp_path: Path) -> None:
    """With ``JIXIAO_BROWSER=chromium``: what a browser makes of the page, with no network."""
    browser = shutil.which(os.environ["JIXIAO_BROWSER"])
    assert browser
    written(three / "库", three / "汇总.xlsx")
    order = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--dump-dom",
    ]
    dom = subprocess.run(
        [*order, (three / "汇总.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert dom.count("<svg") == 3 and "91.50%" in dom and "甲局" in dom
