"""Some hundred damaged files; ten thousand are read by ``python tests/treasury/fuzzing.py``. And what fell there once."""

from __future__ import annotations

import re
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jixiao.books.annotate import annotate
from jixiao.books.ooxml.formats import display
from jixiao.books.ooxml.markup import Malformed, remembering
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.ooxml.splice import SheetXml
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.filing import Filing
from treasury import fuzzing
from treasury.fuzzing import SECONDS, Outcome, fuzz
from treasury.making import type_in
from treasury.mutating import INSIDE, RAW, Package, mutant

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are forked, and their memory is bounded"
)


@pytest.mark.parametrize(("kind", "count"), [("xlsx", 100), ("docx", 40)])
def test_each_damaged_file_gives_a_filing_or_a_reason(kind: str, count: int) -> None:
    outcomes = list(fuzz(kind, 2024, range(count)))
    assert [each.number for each in outcomes] == list(range(count))
    assert [each for each in outcomes if each.kind == "fell"] == []
    kinds = Counter(each.kind for each in outcomes)
    assert (
        kinds["filing"] > count / 10 and kinds["refused"] > count / 10
    )  # the damage is neither nothing nor all


def test_every_kind_of_damage_damages() -> None:
    from random import Random

    model = fuzzing.books()[0]
    for name, inside in INSIDE.items():
        packages = [Package.of(model) for _ in range(12)]
        whole = packages[0].bytes()
        for k, package in enumerate(packages):
            inside(package, Random(k)) if name not in ("bomb", "many") or k == 0 else None
        assert any(package.bytes() != whole for package in packages), name
    for name, raw in RAW.items():
        assert any(raw(model, Random(k)) != model for k in range(3)), name
    assert mutant([model], 1, 7) == mutant([model], 1, 7) != mutant([model], 1, 8)


def hang(path: Path, number: int) -> tuple[str, str]:
    while number == 1:
        time.sleep(0.1)
    return "filing", ""


def die(path: Path, number: int) -> tuple[str, str]:
    if number == 1:
        sys.exit(3)
    return "filing", ""


def devour(path: Path, number: int) -> tuple[str, str]:
    if number == 1:
        bytes(4 << 30)
    return "filing", ""


def loop(path: Path, number: int) -> tuple[str, str]:
    begun = time.process_time()
    while number == 1 and time.process_time() < begun + SECONDS / 10:
        pass
    return "filing", ""


@pytest.mark.parametrize("work", [hang, die, devour, loop])
def test_whatever_falls_is_told_and_the_others_are_read(
    work: Callable[[Path, int], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch itself: over work that hangs, ends the process, takes all memory, or only takes too long."""
    monkeypatch.setitem(fuzzing.KINDS, "xlsx", (fuzzing.books, "a.xlsx", work))
    if work is hang:  # the only one that is waited for in vain; a busy machine needs its time for the others
        monkeypatch.setattr(fuzzing, "_PATIENCE", 3.0)
    monkeypatch.setattr(fuzzing, "SECONDS", SECONDS / 20)
    outcomes = list(fuzz("xlsx", 1, range(3)))
    assert [each.kind for each in outcomes] == ["filing", "fell", "filing"]


# ------------------------------------------------------------------------------------------------- what fell there once


@pytest.fixture
def book(hengshan_book: Path, tmp_path: Path) -> Path:
    path = tmp_path / "填报件.xlsx"
    path.write_bytes(hengshan_book.read_bytes())
    return path


def changed(path: Path, part: str, change: Callable[[str], str]) -> None:
    parts = Parts.open(path)
    text = parts[part].decode()
    assert change(text) != text
    replace(path, parts, {part: change(text).encode()})


def stated(filing: Filing) -> list[Any]:
    return [(sheet.name, sheet.fields) for sheet in filing.sheets]


def test_names_over_whole_columns_take_no_longer(book: Path) -> None:
    """Somebody marked the column: a million rows, of which a hundred hold anything."""
    catalogue = load_catalogue()
    before = read(book, catalogue)
    changed(
        book,
        "xl/workbook.xml",
        lambda text: re.sub(r"(\$[A-Z]+\$[0-9]+:\$[A-Z]+)\$[0-9]+<", r"\g<1>$1048576<", text),
    )
    begun = time.process_time()
    after = read(book, catalogue)
    assert time.process_time() - begun < 5  # more than a minute, when each row was looked at
    assert stated(after) == stated(before)
    assert after.projects == before.projects
    for sheet, other in zip(after.sheets, before.sheets, strict=True):
        for code, rows in other.tables.items():
            assert sheet.tables[code][: len(rows)] == rows


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("<x>" * 100_000 + "</x>" * 100_000, id="deep"),
        pytest.param("<row/>" * 510_000, id="long"),
    ],
)
def test_a_sheet_deeper_or_longer_than_any_is_not_written_into(inside: str, book: Path) -> None:
    """It took a gigabyte to find the places of its elements, or the square of its depth in time."""
    catalogue = load_catalogue()
    filing = read(book, catalogue)
    part = sheet_of(book, "审核结果")
    changed(book, part, lambda text: text.replace("</sheetData>", f"{inside}</sheetData>"))
    with pytest.raises(Malformed):
        SheetXml(Parts.open(book)[part])
    whole = book.read_bytes()
    begun = time.process_time()
    with pytest.raises(Unreadable, match="无法解析"):
        annotate(book, filing, check(filing, catalogue), catalogue)
    assert time.process_time() - begun < SECONDS
    assert book.read_bytes() == whole


def test_millions_of_empty_elements_are_not_rewritten(book: Path) -> None:
    part = sheet_of(book, "附件一")
    changed(book, part, lambda text: text.replace("</sheetData>", "<row/>" * 2_000_000 + "</sheetData>"))
    begun = time.process_time()
    with pytest.raises(Unreadable, match="无法解析"):
        read(book, load_catalogue())
    assert time.process_time() - begun < SECONDS


def test_a_style_of_thousands_of_digits_is_none(book: Path) -> None:
    catalogue = load_catalogue()
    filing = read(book, catalogue)
    part = sheet_of(book, "审核结果")
    changed(book, part, lambda text: re.sub(r' s="[0-9]+"', f' s="{"1" * 5000}"', text))
    assert annotate(book, filing, check(filing, catalogue), catalogue)
    assert b"1111" not in Parts.open(book)[part].partition(b'<row r="4"')[2].partition(b"</row>")[0]
    assert stated(read(book, catalogue)) == stated(filing)


def sheet_of(path: Path, name: str) -> str:
    from jixiao.books.ooxml.workbook import Workbook

    return next(tab.part for tab in Workbook(Parts.open(path)).sheets if tab.name == name)


def test_a_message_quotes_no_more_of_a_file_than_fits_on_a_screen(book: Path) -> None:
    changed(
        book, "xl/workbook.xml", lambda text: text.replace('"hengshan_2023"', '"' + "\u202e长" * 5000 + '"')
    )
    with pytest.raises(Unreadable) as caught:
        read(book, load_catalogue())
    assert caught.value.cause.startswith("不认识套表“") and caught.value.cause.endswith("”")
    assert len(caught.value.cause) < 250 and caught.value.cause.isprintable()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("../\x1b[31m" + "x" * 3000, "x")
    with pytest.raises(Unreadable) as caught:
        read(book, load_catalogue())
    assert len(caught.value.cause) < 250 and caught.value.cause.isprintable()


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1e300, "0.00", "1" + "0" * 300),
        (-1e300, "#,##0.00", "-1" + "0" * 300),
        (2.5e28, "0.0", "25" + "0" * 27),
        (7.0, "#," + "0" * 5000, "7"),
    ],
)
def test_a_number_that_its_format_cannot_show_is_shown_in_digits(value: float, code: str, shown: str) -> None:
    assert display(value, code) == shown


@pytest.mark.parametrize("typed", ["0000", "0023年", "9999"])
def test_a_year_that_there_is_none_of_is_told_and_the_packages_year_counts(typed: str, book: Path) -> None:
    type_in(book, {"填报年度": typed})
    filing = read(book, load_catalogue())
    findings = check(filing, load_catalogue())
    assert filing.year == 2023
    assert not [each for each in findings if each.outcome == "rule_error"]
    assert any(f"首页的填报年度“{typed[:4]}”不对，按 2023 年度审核" in each.message for each in findings)


def test_large_texts_are_not_remembered() -> None:
    """64 parts of 16 MB each would fill the memory of whoever collects a hostile folder."""
    calls: list[int] = []

    @remembering(entries=2, size=100)
    def length(text: bytes) -> int:
        calls.append(len(text))
        return len(text)

    small, large = b"x" * 100, b"x" * 101
    assert [length(small), length(small), length(large), length(large)] == [100, 100, len(large), len(large)]
    assert calls == [100, len(large), len(large)]


def test_an_outcome_says_what_was_done_to_the_file() -> None:
    outcome = next(iter(fuzz("xlsx", 5, [3])))
    assert isinstance(outcome, Outcome) and outcome.done == mutant(fuzzing.books(), 5, 3)[1]
