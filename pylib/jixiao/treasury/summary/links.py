"""Links from the summary to a cell of a unit's file, relative to where the summary lies.

A whole folder that is copied to a share or a stick keeps its links. A file inside a zip cannot be opened by a link and
is named only.
"""

from __future__ import annotations

import os
from pathlib import Path

from xlsxwriter.url import Url, UrlTypes

from jixiao.treasury.collecting.sources import SEPARATOR, ZIP

MOST_LINKS = 65_530
"""Links that Excel takes on one sheet."""
#: Longer ones are refused by Excel.
_LONGEST = 255
_SPECIAL = str.maketrans({c: f"%{ord(c):02X}" for c in '%#" <>[]`^{}?|\\'})


class Places:
    """How the files of a store are called, and linked, from a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.abspath(folder)  # noqa: PTH100 - names of sources keep their links, too
        self._known: dict[str, tuple[str, str]] = {}

    def name(self, source: str) -> str:
        """A file as people find it from the folder: 报送/甲局.xlsx, 报送.zip 中的 甲局.xlsx."""
        return self._place(source)[0]

    def address(self, source: str) -> str:
        """A relative URL of the file; "" for one that no link opens."""
        return self._place(source)[1]

    def link(self, source: str, sheet: str = "", cell: str = "") -> Url | None:
        """A link that opens the file, at a cell; ``None`` where there can be none."""
        address = self.address(source)
        anchor = f"'{sheet.replace(chr(39), chr(39) * 2)}'!{cell}" if sheet and cell else ""
        if not address or len(address) + len(anchor) > _LONGEST:
            return None
        return _FileLink(address, anchor)

    def _place(self, source: str) -> tuple[str, str]:
        found = self._known.get(source)
        if found is None:
            if len(self._known) > 4096:
                self._known.clear()
            found = self._known[source] = self._find(source)
        return found

    def _find(self, source: str) -> tuple[str, str]:
        archive, mark, member = source.partition(ZIP + SEPARATOR)
        if mark and not Path(source).exists():
            return f"{self._relative(archive + ZIP)} 中的 {member}", ""
        near = self._relative(source)
        if "\ufffd" in near:  # a name that was shown in place of bytes that are no text
            return near, ""
        escaped = near.replace("\\", "/") if os.sep == "\\" else near
        escaped = escaped.translate(_SPECIAL)
        if os.path.isabs(near):  # another drive  # noqa: PTH117
            return near, "file:///" + escaped.lstrip("/")
        return near, f"./{escaped}" if ":" in escaped.partition("/")[0] else escaped

    def _relative(self, path: str) -> str:
        try:
            return os.path.relpath(path, self._folder)
        except ValueError:  # Windows: on another drive
            return path


class _FileLink(Url):  # type: ignore[misc]
    """A link whose address is already written as a URL.

    XlsxWriter's own takes apart what a file name may hold (#, %41) and writes backslashes, which open nothing on other
    systems.
    """

    def __init__(self, address: str, anchor: str) -> None:
        self._address, self._at = address, anchor
        super().__init__(address)

    def _parse_url(self) -> None:
        self._link_type = UrlTypes.EXTERNAL
        self._link = self._relationship_link = self._text = self._address
        self._anchor = self._at

    def _escape_strings(self) -> None:
        """Nothing is left to be escaped."""
