"""Files that cannot be imported: one message in Chinese that says what it is and what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from intake.documents import edited, write_word
from jixiao.books.ooxml.parts import Unreadable
from jixiao.intake.opening import read_document

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512


def stream(name: str) -> bytes:
    """A compound file that names one stream."""
    return OLE + name.encode("utf-16-le") + b"\0\0" + b"\0" * 512


FILES = {
    "改名.docx": (
        stream("WordDocument"),
        "旧的 Word 格式（.doc 或 .wps），只是后缀名改成了 .docx",
        "另存为 .docx",
    ),
    "旧.doc": (stream("WordDocument"), "旧的 Word 格式（.doc 或 .wps）", "另存为 .docx"),
    "加密.docx": (stream("EncryptedPackage"), "设有打开密码", "取消打开密码"),
    "坏.xls": (stream("Workbook"), "旧的 .xls 文件已损坏", "另存为 .xlsx"),
    "空.docx": (b"", "文件是空的", "重新下载"),
    "零.docx": (b"\0" * 4096, "全为空字节", "重新下载"),
    "扫描.docx": (b"%PDF-1.7\n", "这是 PDF 文件", "Word 或 Excel 原件"),
    "网页.doc": (b"<html><body>x</body></html>", "内容是网页", "另存为 .docx"),
    "网页.xls": (b"<html><table></table></html>", "内容是网页", "另存为 .xlsx"),
    "富文本.doc": (b"{\\rtf1\\ansi", "这是 .rtf 格式", "另存为 .docx"),
    "文本.txt": ("收入 100 万元".encode("gbk"), "不是 Word 文档", "请选择 .docx、.xlsx 或 .xls"),
    "半截.docx": (b"PK\x03\x04" + b"\0" * 100, "文件不完整", "重新索取"),
}


def refused(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read_document(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize("name", FILES)
def test_what_it_is_and_what_to_do(name: str, tmp_path: Path) -> None:
    content, cause, remedy = FILES[name]
    (tmp_path / name).write_bytes(content)
    message = refused(tmp_path / name)
    assert cause in message
    assert remedy in message


def zipped(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return path


def test_other_packages(tmp_path: Path) -> None:
    assert "这是压缩包" in refused(zipped(tmp_path / "包.zip", readme_txt="x"))
    assert "演示文稿" in refused(zipped(tmp_path / "讲稿.pptx", ppt__presentation_xml="<p/>"))
    assert "二进制工作簿" in refused(zipped(tmp_path / "表.xlsb", xl__workbook_bin="x"))
    odt = zipped(tmp_path / "文.odt", mimetype="application/vnd.oasis.opendocument.text")
    assert "这是 .odt 格式" in refused(odt)


def test_missing_and_folder(tmp_path: Path) -> None:
    assert "找不到文件" in refused(tmp_path / "没有.docx")
    assert "这是文件夹" in refused(tmp_path)


@pytest.mark.parametrize("content", ["<w:document>", "", "<!DOCTYPE x><x/>", '<?xml version="1.0"?><x/>'])
def test_a_broken_text_part(content: str, tmp_path: Path) -> None:
    path = write_word(tmp_path / "文.docx", ["甲"])
    edited(path, "word/document.xml", lambda _: content)
    message = refused(path)
    assert "请用 Word 或 WPS 打开" in message
    assert "Excel" not in message


def test_sixty_megabytes_of_text(tmp_path: Path) -> None:
    path = write_word(tmp_path / "文.docx", ["甲"])
    edited(path, "word/document.xml", lambda text: text.replace("甲", "支出" * (10 * 2**20)))
    assert path.stat().st_size < 2**20  # it packs well
    message = refused(path)
    assert "正文有 60 MB" in message
    assert "另存为 .docx 再导入" in message


def test_a_bomb(tmp_path: Path) -> None:
    """A part that announces less than it unpacks to, and one that is beyond any document."""
    path = write_word(tmp_path / "文.docx", ["甲"])
    edited(path, "word/document.xml", lambda text: text + " " * (65 * 2**20))
    assert "解压后超过 64 MB" in refused(path)
