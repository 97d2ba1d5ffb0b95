"""What was found in collected filings beside what was planted into them.

    python tests/treasury/comparing.py 文件夹 库

The folder is one that generating.py wrote, the store the one that it was collected into. Says how many files have other
findings than were planted, and of the first of them which.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jixiao.catalogue import load_catalogue
from jixiao.treasury.keeping.query import ask, connect
from jixiao.treasury.keeping.store import Store
from treasury.generating import TRUTH

SHOWN = 20
_QUESTION = "SELECT code, rule, count(*) FROM findings JOIN filings USING (filing) GROUP BY ALL"


def differing(store: Path, planted: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, int]]]:
    """The files in which not exactly that was found which was planted, with the findings of each rule."""
    found: dict[str, dict[str, int]] = {}
    for code, rule, count in ask(connect(Store.open(store), load_catalogue()), _QUESTION).rows:
        found.setdefault(code, {})[rule] = count
    pairs = [(entry, found.pop(entry["unit_code"], {})) for entry in planted]
    assert not found, f"findings of units that were not generated: {sorted(found)[:SHOWN]}"
    return [(entry, rules) for entry, rules in pairs if Counter(rules) != Counter(entry["expected"])]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare what was found with what was planted.")
    parser.add_argument("folder", type=Path, help="of generated filings")
    parser.add_argument("store", type=Path)
    given = parser.parse_args()
    planted = [json.loads(line) for line in (given.folder / TRUTH).read_text("utf-8").splitlines()]
    others = differing(given.store, planted)
    for entry, rules in others[:SHOWN]:
        print(f"{entry['file']}: planted {entry['mistakes']} {entry['expected']}, found {rules}")
    print(f"{len(planted)} files, {len(others)} with other findings than planted")
    return bool(others)


if __name__ == "__main__":
    sys.exit(main())
