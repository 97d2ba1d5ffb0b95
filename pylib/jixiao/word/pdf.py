"""A Word document as PDF, printed by the LibreOffice of this computer."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jixiao.atomic import replacing
from jixiao.books.ooxml.parts import Unreadable

_NAMES = ("soffice", "libreoffice")
_WAIT = 180
"""Seconds: a first start sets up a profile."""
_MAC = Path("/Applications/LibreOffice.app/Contents/MacOS/soffice")
_KEY = r"SOFTWARE\LibreOffice\UNO\InstallPath"
SUFFIX = ".pdf"


def find() -> Path | None:
    """The LibreOffice of this computer; ``None`` without one."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((path for path in _usual_places() if path.is_file()), None)


def _usual_places() -> list[Path]:
    """Where LibreOffice installs itself: as the registry of Windows says, else in its folder among the programs."""
    if sys.platform == "win32":
        import winreg

        folders = []
        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            with contextlib.suppress(OSError):
                folders.append(Path(winreg.QueryValue(root, _KEY)))
        programs = (os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)"))
        folders += [Path(folder) / "LibreOffice" / "program" for folder in programs if folder]
        return [folder / "soffice.exe" for folder in folders]
    return [_MAC]


def print_to(document: Path, target: Path) -> None:
    """Print a .docx file to ``target``, which is replaced only when the PDF is complete.

    Raises:
        Unreadable: there is no LibreOffice, or it cannot do it.
        OSError: the target cannot be written.
    """
    program = find()
    if program is None:
        raise Unreadable(
            target,
            "这台电脑上没有找到 LibreOffice，没有生成 PDF",
            "请安装 LibreOffice 后再试，或用 Word、WPS 打开导出的报告，另存为 PDF",
        )
    with tempfile.TemporaryDirectory(prefix="jixiao-") as folder:
        source = Path(folder) / "report.docx"
        shutil.copyfile(document, source)
        profile = (
            Path(folder) / "profile"
        ).as_uri()  # of its own: a running LibreOffice would take the order and end
        command = [str(program), f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        command += ["--convert-to", "pdf", "--outdir", folder, str(source)]
        try:
            subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_WAIT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(target) from error
        made = source.with_suffix(SUFFIX)
        if not made.is_file():
            raise _failed(target)
        with replacing(target) as temporary:
            shutil.copyfile(made, temporary)


def _failed(target: Path) -> Unreadable:
    return Unreadable(
        target,
        "LibreOffice 没有生成 PDF，可能没有安装它的文字处理部分（Writer）",
        "请用 Word、WPS 打开导出的报告，另存为 PDF",
    )
