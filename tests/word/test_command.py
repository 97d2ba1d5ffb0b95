"""jixiao report: what it writes, what it says, and its exit status; the PDF with a real LibreOffice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import libreoffice
from jixiao import resources
from jixiao.books.ooxml.parts import Unreadable
from jixiao.cli import OK, UNUSABLE, main
from jixiao.word import pdf
from word import printed

#: Where LibreOffice is required, a missing Writer fails the test instead.
NO_WRITER = libreoffice.missing() or (
    "" if shutil.which("lowriter") or os.environ.get(libreoffice.REQUIRED) else "no LibreOffice Writer"
)
HENGSHAN = resources.CASES / "hengshan_2023.yaml"


@pytest.fixture
def book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "市场监管局.xlsx"
    assert main(["fill", str(HENGSHAN), "-o", str(path)]) == OK
    capsys.readouterr()
    return path


def test_a_workbook_and_its_case_give_the_same_report(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "一.docx", tmp_path / "二.docx"
    before = book.read_bytes()
    assert main(["report", str(book), "-o", str(one)]) == OK
    assert capsys.readouterr().out.strip() == str(one)
    assert main(["report", str(HENGSHAN), "-o", str(other)]) == OK
    assert one.read_bytes() == other.read_bytes()
    assert book.read_bytes() == before
    assert printed.document(one)[0] == printed.Line("附件四")


def test_without_a_name_it_is_saved_beside_the_workbook(book: Path, tmp_path: Path) -> None:
    second = Path(shutil.copy(book, tmp_path / "另一份.xlsx"))
    assert main(["report", str(book), str(second)]) == OK
    assert book.with_suffix(".docx").read_bytes() == second.with_suffix(".docx").read_bytes()


def test_nothing_is_replaced_unless_forced(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = book.with_suffix(".docx")
    target.write_bytes(b"mine")
    assert main(["report", str(book)]) == UNUSABLE
    assert "已经存在，没有改动它" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert main(["report", str(book), "--force"]) == OK
    assert target.read_bytes() != b"mine"


def test_one_unreadable_file_does_not_keep_the_others_back(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "坏.xlsx"
    broken.write_text("不是工作簿", "utf-8")
    assert main(["report", str(broken), str(tmp_path / "没有.xlsx"), str(book)]) == UNUSABLE
    said = capsys.readouterr()
    assert "坏.xlsx：这不是 Excel 工作簿" in said.err and "没有.xlsx：找不到文件" in said.err
    assert "Traceback" not in said.err
    assert said.out.strip() == str(book.with_suffix(".docx"))
    assert not broken.with_suffix(".docx").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-o", "报告.xlsx"], "不是 .docx"),
        (["-o", "没有/报告.docx"], "文件夹“没有”不存在"),
        (["--template", "没有.docx"], "没有.docx：找不到模板"),
        (["另一份.xlsx", "-o", "报告.docx"], "-o 只能写一个文件，现在有 2 份填报件"),
    ],
)
def test_arguments_that_cannot_be_used(
    book: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(book), *arguments]) == UNUSABLE
    assert expected in capsys.readouterr().err
    assert [each.name for each in book.parent.iterdir()] == [book.name]


def test_a_template_is_chosen(book: Path, tmp_path: Path) -> None:
    import docx

    template = tmp_path / "县.docx"
    changed = docx.Document(str(resources.TEMPLATES / "reports" / "报告.docx"))
    changed.add_paragraph("抄送：县人大")
    changed.save(str(template))
    target = tmp_path / "报告.docx"
    assert main(["report", str(book), "-o", str(target), "--template", str(template)]) == OK
    assert printed.document(target)[-1] == printed.Line("抄送：县人大")


def test_checking_and_starting_import_nothing_of_word(book: Path) -> None:
    code = (
        "import sys, jixiao.excel.macros; from jixiao.cli import main; "
        f"main(['check', {str(book)!r}]); print([m for m in ('docx', 'lxml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


# ----------------------------------------------------------------------------------------------------------------- PDF


@pytest.mark.skipif(bool(NO_WRITER), reason=NO_WRITER)
def test_a_pdf_is_printed_beside_the_document(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(book), "--pdf"]) == OK
    document, made = book.with_suffix(".docx"), book.with_suffix(".pdf")
    assert capsys.readouterr().out.split() == [str(document), str(made)]
    content = made.read_bytes()
    assert (
        content.startswith(b"%PDF-") and content.count(b"/Type/Page\n") + content.count(b"/Type/Page/") >= 6
    )
    assert sorted(each.name for each in book.parent.iterdir()) == sorted(
        [book.name, document.name, made.name]
    )


def test_an_older_pdf_is_not_replaced_unless_forced(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = book.with_suffix(".pdf")
    made.write_bytes(b"mine")
    assert main(["report", str(book), "--pdf"]) == UNUSABLE
    assert "已经存在，没有改动它" in capsys.readouterr().err
    assert made.read_bytes() == b"mine" and not book.with_suffix(".docx").exists()


def test_without_libreoffice_it_says_what_to_do(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pdf, "find", lambda: None)
    assert main(["report", str(book), "--pdf"]) == UNUSABLE
    said = capsys.readouterr()
    assert "没有找到 LibreOffice，没有生成 PDF" in said.err and "另存为 PDF" in said.err
    assert said.out.strip() == str(book.with_suffix(".docx"))  # the report itself is there


def test_a_libreoffice_that_prints_nothing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = tmp_path / "soffice"
    lazy.write_text("#!/bin/sh\nexit 0\n")
    lazy.chmod(0o755)
    monkeypatch.setattr(pdf, "find", lambda: lazy)
    document, target = tmp_path / "a.docx", tmp_path / "a.pdf"
    document.write_bytes(b"PK")
    with pytest.raises(Unreadable, match="LibreOffice 没有生成 PDF"):
        pdf.print_to(document, target)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.docx", "soffice"]


def test_libreoffice_is_found_where_windows_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered, usual = tmp_path / "own", tmp_path / "programs" / "LibreOffice" / "program"
    for folder in (registered, usual):
        folder.mkdir(parents=True)
        (folder / "soffice.exe").touch()
    known = {("user", r"SOFTWARE\LibreOffice\UNO\InstallPath"): str(registered)}

    def query(root: str, key: str) -> str:
        try:
            return known[root, key]
        except KeyError:
            raise FileNotFoundError(key) from None

    registry = types.SimpleNamespace(HKEY_CURRENT_USER="user", HKEY_LOCAL_MACHINE="machine", QueryValue=query)
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(pdf.sys, "platform", "win32")
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setenv("ProgramFiles", str(tmp_path / "programs"))
    monkeypatch.delenv("ProgramFiles(x86)", raising=False)
    assert pdf.find() == registered / "soffice.exe"
    known.clear()
    assert pdf.find() == usual / "soffice.exe"
    (usual / "soffice.exe").unlink()
    assert pdf.find() is None
