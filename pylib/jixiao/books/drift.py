"""Whether the issued workbooks still say what forms, packages and rules say."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jixiao.books.build import build_issued
from jixiao.books.parts import Parts
from jixiao.declarations import Catalogue


def drift(catalogue: Catalogue, issued: Path) -> list[str]:
    """Build everything anew and compare it with ``issued``, part by part (deflate differs between zlib builds).

    Returns:
        One line per file or part that differs; empty when nothing does.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = {path.name: Parts.open(path) for path in build_issued(catalogue, Path(folder))}
    lines = [f"多出：{path.name}" for path in sorted(issued.glob("*.xls?")) if path.name not in fresh]
    for name, parts in fresh.items():
        if not (issued / name).is_file():
            lines.append(f"缺少：{name}")
            continue
        committed = Parts.open(issued / name)
        lines += [
            f"不一致：{name} 中的 {part}"
            for part in sorted({*parts, *committed})
            if parts.get(part) != committed.get(part)
        ]
    return lines
