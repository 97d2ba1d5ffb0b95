"""Files that are complete or not there at all: written beside their place, and put into it when they are done."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: Hidden, so that whoever collects files here at the same time passes it by.
_PREFIX = ".jixiao-"


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A file in the folder of ``target``, empty and of the same kind; nothing is left of it.

    Raises:
        OSError: the folder is not there or cannot be written to.
    """
    handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=target.suffix.lower(), dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing(target: Path, mode: int = 0o644) -> Iterator[Path]:
    """A file to write into that takes the place of ``target`` when the block is done; one that fails changes nothing.

    Args:
        target: the file, which need not be there.
        mode: its rights.

    Raises:
        OSError: the folder cannot be written to, the disk is full, or the target is open elsewhere.
    """
    with beside(target) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
