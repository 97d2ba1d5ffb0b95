"""Nothing that a unit writes into its filing lives in anything that is made from it, whoever opens it.

One filing says hostile things in every place where a text can stand. Every writer of the program makes its file of it,
and the files are searched for what lives.
"""

from __future__ import annotations

import copy
import csv
import datetime as dt
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

import opened
from jixiao import resources
from jixiao.books.annotate import annotate
from jixiao.books.build import build
from jixiao.books.handin import hand_in
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.cli import main
from jixiao.filing import Filing
from jixiao.rollover import rollover
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.issuing.issue import issue
from jixiao.treasury.issuing.issuedlist import FILE
from jixiao.treasury.keeping.query import ask, connect, write_csv
from jixiao.treasury.keeping.store import VIEWS, Store
from jixiao.treasury.returning import Terms, give_back
from jixiao.word.report import export
from treasury.alive import MARK, in_csv, in_page, in_word, in_workbook, text_of_word, texts_of_workbook
from treasury.hostile import FORMULAS, LINKS, MARKUP, NAMES, PATHS
from treasury.lists import list_file
from treasury.making import here

CATALOGUE = load_catalogue()
PACKAGE = "yueyanglou_2023"
UNIT = f"{FORMULAS[2]}{MARK}"
#: What no XML and no cell holds is written in another way; that is tested where it is written.
TEXTS = [f"{text}{MARK}" for text in (*FORMULAS, *MARKUP, *LINKS, *PATHS) if len(text) < 200]


def spoilt(filing: Filing, texts: Iterator[str]) -> Filing:
    """The filing with hostile texts wherever a unit writes one; figures stay, so that its rules find what they found."""
    other = copy.deepcopy(filing)
    package = CATALOGUE.packages[filing.package]
    renamed = {name: next(texts) for name, _ in other.projects}
    other.unit, other.unit_code = UNIT, "017001"
    other.projects = [(renamed[name], sheet) for name, sheet in other.projects]

    def changed(record: dict[str, Any], fields: Any) -> None:
        for code, value in record.items():
            if isinstance(value, str) and value in renamed:
                record[code] = renamed[value]
            elif isinstance(value, str) and fields[code].type == "text":
                record[code] = next(texts)

    for sheet in other.sheets:
        form = package.forms[sheet.form]
        changed(sheet.fields, form.fields)
        for code, rows in sheet.tables.items():
            for row in rows:
                kept = {name: row[name] for name in form.tables[code].grouping if name in row}
                changed(row, form.tables[code].columns)
                row |= kept
    return other


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the hostile filing as a workbook, and the same with harmless texts."""
    folder = tmp_path_factory.mktemp("报送")
    innocent = read_case(resources.CASES / f"{PACKAGE}.yaml", CATALOGUE)
    package = CATALOGUE.packages[PACKAGE]
    build(package, spoilt(innocent, cycle(TEXTS)), CATALOGUE, folder / "毒.xlsx")
    (folder / "好").mkdir()
    build(package, innocent, CATALOGUE, folder / "好/好.xlsx")
    return folder


@pytest.fixture
def filing(made: Path) -> Filing:
    return read(made / "毒.xlsx", CATALOGUE)


@pytest.fixture(scope="module")
def store(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both filings, and a file whose very name is a formula."""
    folder = tmp_path_factory.mktemp("库")
    (made / f"=1+1{MARK}.xlsx").write_bytes(b"x")
    collect([made], folder / "库", CATALOGUE, engine=here)
    return folder / "库"


def test_what_searches_finds_what_lives(tmp_path: Path) -> None:
    """The searches themselves, over files in which something does live."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = f'=HYPERLINK("http://evil.example/","{MARK}")'
    sheet["A2"].hyperlink = "http://evil.example/"
    book.save(tmp_path / "a.xlsx")
    assert len(in_workbook(tmp_path / "a.xlsx")) >= 3
    document = Document()
    run = document.add_paragraph().add_run("x")
    run._r.append(run._r.makeelement(f"{{{run._r.nsmap['w']}}}instrText"))
    run._r[-1].text = "INCLUDETEXT c:\\x"
    document.part.relate_to("http://evil.example/", "urn:hyperlink", is_external=True)
    document.save(str(tmp_path / "a.docx"))
    assert len(in_word(tmp_path / "a.docx")) == 2
    (tmp_path / "a.csv").write_text('-1.5,\'=1,=1+1\n" @x",文,+1 1', "utf-8-sig")
    assert in_csv(tmp_path / "a.csv") == ["=1+1", " @x", "+1 1"]
    (tmp_path / "a.html").write_text(
        f"<p><img src=x onerror=1><a href='javascript:1'>x</a><script>'{MARK}'</script>", "utf-8"
    )
    (tmp_path / "b.html").write_text("<p><a href='x'>x</a><script></script>", "utf-8")
    assert len(in_page(tmp_path / "a.html", tmp_path / "b.html")) == 3


def test_a_filled_workbook(made: Path) -> None:
    assert in_workbook(made / "毒.xlsx") == []
    shown = texts_of_workbook(made / "毒.xlsx")
    assert len(shown) > 100 and UNIT in shown  # each is there, as a text


def test_findings_written_into_the_workbook(made: Path, filing: Filing, tmp_path: Path) -> None:
    path = tmp_path / "毒.xlsx"
    path.write_bytes((made / "毒.xlsx").read_bytes())
    findings = check(filing, CATALOGUE)
    annotate(path, filing, findings, CATALOGUE)
    assert in_workbook(path) == []
    results = opened.page(path, "审核结果")
    texts = [cell for row in results.iter_rows() for cell in row if cell.value is not None]
    assert any(MARK in str(cell.value) for cell in texts)
    assert {cell.data_type for cell in texts} <= {"s", "n", "inlineStr"}


def test_an_explanation_that_is_a_formula(made: Path, tmp_path: Path) -> None:
    """What a person typed into 说明 comes back in every later check, and in the letter's workbook."""
    path = tmp_path / "毒.xlsx"
    path.write_bytes((made / "毒.xlsx").read_bytes())
    filing = read(path, CATALOGUE)
    annotate(path, filing, check(filing, CATALOGUE), CATALOGUE)
    book = openpyxl.load_workbook(path)
    rows = [row for row in book["审核结果"].iter_rows(min_row=4) if row[11].value]
    for row, text in zip(rows, cycle(TEXTS), strict=False):
        row[10].value = text.replace("\x1b", "")
        row[10].data_type = "s"
    book.save(path)
    filing = read(path, CATALOGUE)
    assert sum(MARK in each.text for each in filing.explanations.values()) == len(rows) > 10
    annotate(path, filing, check(filing, CATALOGUE), CATALOGUE)
    assert in_workbook(path) == []
    shown = [row[10] for row in opened.page(path, "审核结果").iter_rows(min_row=4)]
    assert sum(MARK in str(cell.value) for cell in shown) >= len(rows)


def test_next_years_workbook(made: Path, tmp_path: Path) -> None:
    rollover(made / "毒.xlsx", tmp_path / "新.xlsx", CATALOGUE)
    assert in_workbook(tmp_path / "新.xlsx") == []
    assert len(texts_of_workbook(tmp_path / "新.xlsx")) > 20


def test_the_copy_that_is_handed_in(made: Path, tmp_path: Path) -> None:
    hand_in(made / "毒.xlsx", tmp_path / "报送件.xlsx", CATALOGUE)
    assert in_workbook(tmp_path / "报送件.xlsx") == []
    assert len(texts_of_workbook(tmp_path / "报送件.xlsx")) > 100


def test_issued_workbooks_and_their_list(made: Path, tmp_path: Path) -> None:
    """Issued with names out of a list, and with what last year's filing said."""
    names = list_file(
        tmp_path / "单位名单.xlsx",
        [
            ["单位代码", "单位名称", "主管部门", "项目"],
            ["017001", UNIT, f"{FORMULAS[0]}{MARK}", f"{LINKS[0]}{MARK}"],
        ],
    )
    done = issue(PACKAGE, names, tmp_path / "下发", CATALOGUE, year=2024, jobs=0, last=made)
    (unit,) = done.issued.units
    for name in (unit.file, FILE):
        assert in_workbook(tmp_path / "下发" / name) == []
        assert texts_of_workbook(tmp_path / "下发" / name)
    assert read(tmp_path / "下发" / unit.file, CATALOGUE).previous is not None


def test_the_report_in_word(filing: Filing, tmp_path: Path) -> None:
    export(filing, CATALOGUE, tmp_path / "报告.docx")
    assert in_word(tmp_path / "报告.docx") == []
    assert text_of_word(tmp_path / "报告.docx").count(MARK) > 100


def test_what_goes_back_to_the_unit(made: Path, store: Path, tmp_path: Path) -> None:
    terms = Terms(dt.date(2024, 4, 3), authority=f"{FORMULAS[3]}{MARK}")
    opinions = {UNIT: "\n".join(text for text in NAMES if len(text) < 200)}
    done = give_back(
        Store.open(store), [made], tmp_path / "退回", CATALOGUE, terms, opinions=opinions, jobs=0
    )
    assert (done.books, done.letters, done.remarks) == (2, 2, [])
    letters, books = sorted((tmp_path / "退回").glob("*.docx")), sorted((tmp_path / "退回").glob("*.xlsx"))
    for letter in letters:
        assert in_word(letter) == []
    for book in books:
        assert in_workbook(book) == []
    assert any(UNIT in text_of_word(letter) and "{{7*7}}${7*7}" in text_of_word(letter) for letter in letters)
    assert all(
        path.parent == tmp_path / "退回" for path in (tmp_path / "退回").rglob("*")
    )  # and nowhere else


@pytest.mark.parametrize("view", VIEWS)
def test_a_csv_file(view: str, store: Path, tmp_path: Path) -> None:
    connection = connect(Store.open(store), CATALOGUE)
    write_csv(ask(connection, f"SELECT * FROM {view}"), tmp_path / "问.csv")
    assert in_csv(tmp_path / "问.csv") == []
    with (tmp_path / "问.csv").open(encoding="utf-8-sig", newline="") as file:
        assert any(MARK in field for line in csv.reader(file) for field in line) or view == "funds"


@pytest.mark.parametrize("text", NAMES)
def test_each_text_in_a_csv_file(text: str, store: Path, tmp_path: Path) -> None:
    """Also as the name of a column, and in the middle of a line."""
    connection = connect(Store.open(store), CATALOGUE)
    quoted, named = text.replace("'", "''"), text.replace('"', '""')
    write_csv(
        ask(connection, f"""SELECT 1 AS a, '{quoted}' AS "{named}", '{quoted}' AS b"""), tmp_path / "问.csv"
    )
    assert in_csv(tmp_path / "问.csv") == []
    with (tmp_path / "问.csv").open(encoding="utf-8-sig", newline="") as file:
        (head, line) = csv.reader(file)
    assert len(head) == len(line) == 3 and line[1].removeprefix("'").strip() == text.removeprefix("'").strip()


def test_the_screen(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No colours, no cursor, no markup of the library that prints."""
    main(["collect", str(made), "--store", str(tmp_path / "库")])
    main(
        [
            "query",
            "SELECT unit, cell, message FROM filings JOIN findings USING (filing)",
            "--store",
            str(tmp_path / "库"),
        ]
    )
    main(["check", str(made / "毒.xlsx")])
    out, err = capsys.readouterr()
    assert MARK in out and "[bold red]终端[/bold red]" in out
    assert not set("\x1b\x07\x08\u202e") & set(out + err)


def test_the_summary_and_its_page(made: Path, store: Path, tmp_path: Path) -> None:
    summary = pytest.importorskip("jixiao.treasury.summary")
    summary.write_summary(Store.open(store), CATALOGUE, tmp_path / "汇总.xlsx", ())
    collect([made / "好"], tmp_path / "好库", CATALOGUE, engine=here)
    summary.write_summary(Store.open(tmp_path / "好库"), CATALOGUE, tmp_path / "好.xlsx", ())
    (page,) = tmp_path.glob("汇总*.html")
    (innocent,) = tmp_path.glob("好*.html")
    assert MARK in page.read_text("utf-8")
    assert in_page(page, innocent) == []
    assert len(texts_of_workbook(tmp_path / "汇总.xlsx")) > 10
    outward = [each for each in in_workbook(tmp_path / "汇总.xlsx") if not _leads_to_a_filing(each, made)]
    assert outward == []


def _leads_to_a_filing(found: str, folder: Path) -> bool:
    """The summary links to the files that were collected, and to nothing else."""
    return folder.name in found
