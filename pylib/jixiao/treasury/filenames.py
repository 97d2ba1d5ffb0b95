"""Where files of units go: what somebody else wrote as a name never leads to another folder or another program."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from pathlib import Path

from jixiao.treasury.errors import DeskError

LISTING = "store.json"
"""The file by which a folder is known as a store."""
#: Windows allows none of these in a file name; the others turn texts round or cannot be seen.
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: What a name must not begin with: hidden files, options of commands, formulas in a listing pasted into a sheet.
_FIRST = " .~-=+@＝＋－＠'$%&"
#: Code, name, year and suffix together stay below 255 bytes, also in a folder that is deep.
_BYTES = 120


def safe(text: str) -> str:
    """``text`` as part of a file name on every system; 单位 when nothing of it is left.

    >>> safe("../../岳阳楼区财政局"), safe("=cmd|'/c calc'!A0"), safe("C:\\\\")
    ('岳阳楼区财政局', "cmd'c calc'!A0", 'C')
    """
    seen = "".join(
        char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) not in _UNSEEN
    )
    name = " ".join(re.sub(r"\.{2,}", "", _FORBIDDEN.sub("", seen)).split()).lstrip(_FIRST)
    while len(name.encode()) > _BYTES:
        name = name[:-1]
    return name.rstrip(" .") or "单位"


class FileNames:
    """Names for files in one folder: no two differ only by upper and lower case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, code: str, unit: str, year: int, suffix: str) -> str:
        """The name of a unit's workbook: 017001某县财政局2024年度绩效自评.xlsx."""
        stem = f"{safe(code) if code else ''}{safe(unit)}{year}年度绩效自评"
        name, number = f"{stem}{suffix}", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}（{number}）{suffix}"
        self._taken.add(name.casefold())
        return name


def make_folder(folder: Path, option: str) -> None:
    """Make the folder that many files will be written into, unless it is there.

    Args:
        folder: the folder; the one that it lies in is there.
        option: behind which it was given on the command line.

    Raises:
        DeskError: there can be no such folder.
        OSError: it cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise DeskError(f"“{folder}”是文件，不是文件夹", f"请在 {option} 后面写文件夹")
    if not folder.parent.is_dir():
        raise DeskError(f"文件夹“{folder.parent}”不存在", "请先建立文件夹，或换一个位置")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass  # better to know now than after the first hundred
