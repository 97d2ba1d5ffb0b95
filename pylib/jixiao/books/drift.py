"""Whether the issued workbooks still say what forms, packages and rules say."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jixiao.books.build import build_issued
from jixiao.books.ooxml.parts import Parts
from jixiao.declarations import Catalogue


def drift(catalogue: Catalogue, issued: Path) -> list[str]:
    """Build everything anew and compare it with ``issued``.

    Returns:
        One line per file or part that differs; empty when nothing does.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = {path.name: path for path in build_issued(catalogue, Path(folder))}
        lines = [f"多出：{path.name}" for path in sorted(issued.glob("*.xls?")) if path.name not in fresh]
        return lines + [line for name, path in fresh.items() for line in differences(path, issued / name)]


def differences(fresh: Path, committed: Path) -> list[str]:
    """Compare a file that was built anew with the committed one, part by part (deflate differs between zlib builds).

    Returns:
        One line per part that differs.
    """
    if not committed.is_file():
        return [f"缺少：{committed.name}"]
    new, old = Parts.open(fresh), Parts.open(committed)
    return [
        f"不一致：{committed.name} 中的 {part}"
        for part in sorted({*new, *old})
        if new.get(part) != old.get(part)
    ]
