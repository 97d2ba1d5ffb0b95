"""What is remembered about a workbook between two clicks: a small file in the person's own folder.

Not in the workbook, which is handed on, and not in the program, which may be a new one at every click.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from jixiao.books.openbook import LiveWorkbook
from jixiao.excel import personal
from jixiao.findings import digest

_FOLDER = "books"
#: Seconds after which nobody asks for it any more.
_KEPT = 90 * 24 * 3600


class Memory:
    """The facts remembered about one workbook; a computer that does not let them be written forgets them."""

    def __init__(self, opened: LiveWorkbook) -> None:
        self.book = str(opened.path)
        self._name = f"{digest(os.path.normcase(self.book))}.json"

    def __getitem__(self, key: str) -> Any:
        """What was remembered under ``key``; ``None`` when nothing was."""
        return self._all().get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        """Remember something that JSON can say; ``None`` forgets it."""
        facts = self._all() | {"book": self.book, key: value}
        with contextlib.suppress(OSError):
            path = self._path()
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
            fresh.replace(path)

    def _all(self) -> dict[str, Any]:
        try:
            facts = json.loads(self._path().read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) and facts.get("book") == self.book else {}

    def _path(self) -> Path:
        folder = personal.folder() / _FOLDER
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        path = folder / self._name
        if not path.exists():
            self._tidy(folder)
        return path

    @staticmethod
    def _tidy(folder: Path) -> None:
        """Throw away what belongs to workbooks that nobody has worked on for long."""
        for old in folder.glob("*.json"):
            with contextlib.suppress(OSError):
                if old.stat().st_mtime < time.time() - _KEPT:
                    old.unlink()
