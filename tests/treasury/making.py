"""Filings for the tests of the treasury's desk: copies of the real ones in which little is changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jixiao.books import results
from jixiao.books.annotate import annotate
from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.books.ooxml.splice import SheetXml
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.cli import main
from jixiao.findings import seal
from jixiao.treasury.collecting.task import Chunk, run
from jixiao.treasury.keeping.store import Result, Store

HENGSHAN, YUEYANGLOU = "衡山县市场监督管理局", "岳阳市岳阳楼区市场监督管理局"


def copied(model: Path, target: Path, unit: str = "", **fields: str | float) -> Path:
    """A copy of a workbook under another unit and with other figures in named cells.

    Args:
        model: the workbook.
        target: the copy; its folder is made.
        unit: what is typed into 首页.
        fields: what is typed into fields, each in the first sheet that has it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(model.read_bytes())
    type_in(target, {**({"填报单位": unit} if unit else {}), **fields})
    return target


def type_in(path: Path, entries: Mapping[str, str | float]) -> None:
    """What a person does in Excel: cells, found by their names, get another content."""
    if not entries:
        return
    workbook = Workbook(Parts.open(path))
    pages: dict[str, SheetXml] = {}
    for name, content in entries.items():
        place = next(
            found
            for scope in sorted(workbook.names, key=lambda index: -1 if index is None else index)
            if isinstance(found := parse_reference(workbook.names[scope].get(name, "")), Reference)
        )
        tab = next(tab for tab in workbook.sheets if tab.name == place.sheet)
        page = pages.setdefault(tab.part, SheetXml(workbook.parts[tab.part]))
        assert page.set(f"{'ABCDEFGHIJ'[place.first_column - 1]}{place.first_row}", content)
    replace(path, workbook.parts, {part: page.result() for part, page in pages.items()})


def sealed(path: Path, version: str = "", now: str = "2024-03-01 09:30:05") -> Path:
    """Write into a workbook that a check with rules of this version passed it at that time, as such a check does."""
    from dataclasses import replace as with_

    catalogue = load_catalogue()
    declared = with_(catalogue, version=version) if version else catalogue
    annotate(path, read(path, catalogue), [], declared, dt.datetime.fromisoformat(now))
    return path


def sealed_before(path: Path) -> Path:
    """The same by a program of before, whose seals have no time."""
    catalogue = load_catalogue()
    filing = read(path, catalogue)
    workbook = Workbook(Parts.open(path))
    tab, head = results.table(workbook)
    page = SheetXml(workbook.parts[tab.part])
    said = f"通过 · 没有发现问题 · 校验码 {seal(filing, catalogue)} · 规则版本 {catalogue.version}"
    assert page.set(f"A{head - 1}", said)
    replace(path, workbook.parts, {tab.part: page.result()})
    return path


def here(chunks: Iterator[Chunk]) -> Iterator[Result]:
    """The simplest engine: one chunk after the other, in this process."""
    for chunk in chunks:
        yield run(chunk, load_catalogue())


def parts_of(store: Path) -> int:
    """How many chunks a store has by now, while somebody writes into it."""
    try:
        return len(json.loads((store / "store.json").read_text("utf-8"))["parts"])
    except FileNotFoundError:
        return 0


def rows(store: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of their filings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = Store.open(store).files(table)
    if not files:
        return []
    whole = pa.concat_tables(map(pq.read_table, files), promote_options="permissive")
    found: list[dict[str, Any]] = whole.sort_by("filing").to_pylist()
    return found


def checked(path: Path, capsys: Any) -> dict[str, Any]:
    """What ``jixiao check --json`` says of a file."""
    main(["check", "--json", str(path)])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said
