"""Which kind of file it is that a person chose, whatever it is called, and its reader."""

from __future__ import annotations

import zipfile
from pathlib import Path

from jixiao.books.ooxml.parts import TOTAL_LIMIT, Unreadable
from jixiao.intake.blocks import Document
from jixiao.intake.sheets import read_xls, read_xlsx
from jixiao.intake.word import read_word

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHOOSE = "请选择 .docx、.xlsx 或 .xls 文件"
_AS_WORD = "请用 Word 或 WPS 打开后另存为 .docx，再导入另存的文件"
_AS_BOOK = "请用 Excel 或 WPS 打开后另存为 .xlsx，再导入另存的文件"


def read_document(path: Path) -> Document:
    """Read a document.

    Raises:
        Unreadable: it is of a kind that is not read, damaged, encrypted or empty.
    """
    if path.is_dir():
        raise Unreadable(path, "这是文件夹", _CHOOSE)
    if path.name.startswith(("~$", ".~")):
        raise Unreadable(path, "这是打开文件时的临时锁定文件", "请选择同名的正式文件")
    try:
        if path.stat().st_size > TOTAL_LIMIT:
            raise Unreadable(path, f"文件超过 {TOTAL_LIMIT >> 20} MB，不像一份自评报告", "请确认选对了文件")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Unreadable(path, "找不到文件", "请核对路径和文件名") from error
    except PermissionError as error:
        raise Unreadable(path, "没有读取权限，或文件正被其他程序独占", "请先关闭该文件，再重试") from error
    if data.startswith(_ZIP):
        return _zipped(path)
    if data.startswith(_OLE):
        return _compound(path, data)
    raise _other(path, data)


def _zipped(path: Path) -> Document:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except Exception:  # a directory that is damaged: the reader of parts says how
        names, kind = set(), b""
    if "xl/workbook.bin" in names:
        raise Unreadable(path, "这是二进制工作簿（.xlsb）", _AS_BOOK)
    if any(name.startswith("ppt/") for name in names):
        raise Unreadable(path, "这是演示文稿", _CHOOSE)
    if b"opendocument.text" in kind:
        raise Unreadable(path, "这是 .odt 格式的文档", _AS_WORD)
    if b"opendocument.spreadsheet" in kind:
        raise Unreadable(path, "这是 .ods 格式的表格", _AS_BOOK)
    if names and not any(
        name.startswith(("word/", "xl/")) or name == "[Content_Types].xml" for name in names
    ):
        raise Unreadable(path, "这是压缩包", f"请先解压；{_CHOOSE}")
    if any(name.startswith("xl/") for name in names) and not any(name.startswith("word/") for name in names):
        return read_xlsx(path)
    return read_word(path)


def _compound(path: Path, data: bytes) -> Document:
    """What a file in the format of Office 97 to 2003 is; an encrypted one of today looks like it."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") + b"\0\0" in data

    if holds("EncryptedPackage"):
        raise Unreadable(path, "文件设有打开密码", "请用 Word、Excel 或 WPS 打开，取消打开密码后保存，再导入")
    if holds("WordDocument"):
        named = "，只是后缀名改成了 .docx" if path.suffix.lower() == ".docx" else ""
        raise Unreadable(path, f"这是旧的 Word 格式（.doc 或 .wps）{named}", _AS_WORD)
    if holds("Workbook") or holds("Book"):
        return read_xls(path)
    raise Unreadable(
        path, "这是旧的 Office 格式，认不出是文档还是表格", "请打开后另存为 .docx 或 .xlsx，再导入"
    )


def _other(path: Path, data: bytes) -> Unreadable:
    if not data:
        return Unreadable(path, "文件是空的（0 字节）", "请重新下载或向提供者索取一份完整的文件")
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf"):
        return Unreadable(
            path, "这是 PDF 文件", "请索取 Word 或 Excel 原件；只有 PDF 的，请先用 WPS 转成 .docx"
        )
    if start.startswith(b"{\\rtf"):
        return Unreadable(path, "这是 .rtf 格式的文档", _AS_WORD)
    if b"<html" in start or start.startswith((b"<!doctype html", b"<?xml")):
        named = _AS_BOOK if path.suffix.lower() in (".xls", ".xlsx") else _AS_WORD
        return Unreadable(path, "内容是网页，不是 Office 文件", named)
    if not any(data[:1024]):
        return Unreadable(
            path, "文件内容全为空字节，可能没有下载完", "请重新下载或向提供者索取一份完整的文件"
        )
    return Unreadable(path, "这不是 Word 文档，也不是 Excel 工作簿", _CHOOSE)
