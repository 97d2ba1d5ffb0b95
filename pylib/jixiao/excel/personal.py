"""The person's own folder on this computer: what is remembered between two clicks, and what went wrong."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import traceback
from pathlib import Path

LOG = "错误记录.txt"
#: Bytes; a longer record begins anew.
_LONGEST = 500_000


def folder() -> Path:
    """The folder, which is made when it is not there.

    Windows: ``%LOCALAPPDATA%\\jixiao``, as the installation; elsewhere where programs keep such things.

    Raises:
        OSError: it cannot be made.
    """
    local = os.environ.get("LOCALAPPDATA")
    if local:
        home = Path(local)
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    own = home / "jixiao"
    own.mkdir(parents=True, exist_ok=True)
    return own


def record(action: str, error: BaseException) -> Path | None:
    """Add what went wrong to the record that a person can send in; where it is, ``None`` when it cannot be written."""
    with contextlib.suppress(OSError):
        path = folder() / LOG
        if path.exists() and path.stat().st_size > _LONGEST:
            path.unlink()
        details = "".join(traceback.format_exception(error))
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{dt.datetime.now():%Y-%m-%d %H:%M:%S} {action}\n{details}\n")
        return path
    return None


def documents() -> Path:
    """Where a person keeps documents."""
    own = Path.home() / "Documents"
    return own if own.is_dir() else Path.home()
