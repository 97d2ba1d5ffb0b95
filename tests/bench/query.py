"""Questions to a store of many filings: ``python tests/bench/query.py [filings]`` (100,000 unless given).

The store is written as collecting writes it, part by part, from the findings of the two real filings: some twenty a
filing, each filing with a unit, cells and fingerprints of its own. Only what is asked here is in it. Nothing is asserted.

Every answer is read to its end, in columns as DuckDB gives it; the last line turns the largest into a million rows of Python
besides, which nothing here needs: a table shows a thousand and a CSV file is written from the columns.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jixiao import resources
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check_frame
from jixiao.filing import Frame
from jixiao.findings import Finding
from jixiao.scope import Calculation
from jixiao.treasury.collecting import rows
from jixiao.treasury.collecting.task import maker
from jixiao.treasury.keeping.query import Answer, ask, connect
from jixiao.treasury.keeping.store import FILINGS, Result, Store
from jixiao.treasury.keeping.tables import FINDINGS, RECEIVED

CHUNK, EACH = 250, 20
EVERY = "SELECT rule, unit, count(*) FROM findings GROUP BY rule, unit"
#: A rule and a unit that are there; the last question gives a row per unit and rule.
QUESTIONS = {
    "of a rule and a unit": "SELECT * FROM findings WHERE rule = 'SCR-015' AND unit = '第4321局'",
    "of a unit": "SELECT * FROM findings WHERE unit = '第4321局'",
    "of a rule, by unit": "SELECT unit, count(*) AS n FROM findings WHERE rule = 'SCR-015' GROUP BY unit ORDER BY n DESC LIMIT 1000",
    "counted by rule": "SELECT rule, count(*) FROM findings GROUP BY rule",
    "counted by unit": "SELECT unit, count(*) AS n FROM findings GROUP BY unit ORDER BY n DESC LIMIT 1000",
    "by rule and unit": "SELECT rule, unit, count(*) AS n FROM findings GROUP BY rule, unit ORDER BY n DESC LIMIT 1000",
    "the same, all of it": EVERY,
}


def models() -> list[Finding]:
    """The findings of the real filings."""
    catalogue = load_catalogue()
    found = []
    for code in ("hengshan_2023", "yueyanglou_2023"):
        package = catalogue.packages[code]
        frame = Frame([read_case(resources.CASES / f"{code}.yaml", catalogue)], package.forms)
        found += check_frame(frame, package, catalogue, Calculation(frame, catalogue))
    return found


def blocks(count: int) -> Iterator[tuple[list[int], pa.Table]]:
    """The findings of so many filings, some hundred at a time."""
    rng, known = random.Random(2023), models()
    whole = rows.found(known, [0] * (max(finding.filing for finding in known) + 1), FINDINGS)
    for first in range(0, count, CHUNK):
        filings = list(range(first, min(first + CHUNK, count)))
        picked = [place for _ in filings for place in sorted(rng.choices(range(whole.num_rows), k=EACH))]
        own = [filing for filing in filings for _ in range(EACH)]
        table = whole.take(pa.array(picked))
        changes = {
            "filing": pa.array(own),
            "unit": pa.array([f"第{filing}局" for filing in own]).dictionary_encode(),
            "fingerprint": pa.array([f"{rng.getrandbits(64):016x}" for _ in own]),
            "stated": pa.array([f"{rng.uniform(1, 9999):.2f}" for _ in own]),
            "expected": pa.array([f"{rng.uniform(1, 9999):.2f}" for _ in own]),
        }
        for name, column in changes.items():
            table = table.set_column(table.schema.get_field_index(name), FINDINGS.field(name), column)
        yield filings, table


def packed(table: pa.Table) -> tuple[bytes, int]:
    target = io.BytesIO()
    pq.write_table(table.unify_dictionaries(), target, compression="zstd", compression_level=1)
    return target.getvalue(), table.num_rows


def written(folder: Path, count: int) -> None:
    """A store of so many filings, by the store's own writer."""
    by = maker(load_catalogue())
    with Store.writing(folder) as store:
        store.begin()
        for filings, table in blocks(count):
            received = pa.table(
                {
                    name: pa.array(filings, kind) if name == "filing" else pa.nulls(len(filings), kind)
                    for name, kind in zip(RECEIVED.names, RECEIVED.types, strict=True)
                }
            )
            tables = {"received": packed(received), "findings": packed(table)}
            store.add(Result(filings, by, tables))
        received = store.read("received", RECEIVED.names)
        for each in list(FILINGS)[len(RECEIVED) :]:
            received = received.append_column(each, pa.nulls(len(received), each.type))
        store.finish(received)


def in_columns(answer: Answer) -> int:
    return sum(batch.num_rows for batch in answer.batches)


def in_rows(answer: Answer) -> int:
    return sum(1 for _ in answer.rows)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "库"
        begun = time.perf_counter()
        written(folder, count)
        store = Store.open(folder)
        files = store.files("findings")
        size = sum(path.stat().st_size for path in files) >> 20
        print(
            f"{count} filings, {count * EACH} findings in {len(files)} files, {size} MB; "
            f"written in {time.perf_counter() - begun:.0f} s"
        )
        begun = time.perf_counter()
        connection = connect(store, catalogue)
        print(f"{'opened':24} {time.perf_counter() - begun:8.3f} s")
        counted = {title: lambda q=q: in_columns(ask(connection, q)) for title, q in QUESTIONS.items()}
        for title, count_ in {**counted, "… and row by row": lambda: in_rows(ask(connection, EVERY))}.items():
            took, worked = [], []
            for _ in range(7):
                begun, before = time.perf_counter(), time.process_time()
                answered = count_()
                took.append(time.perf_counter() - begun)
                worked.append(time.process_time() - before)
            print(
                f"{title:24} {statistics.median(took):8.3f} s  best {min(took):.3f} s  "
                f"{min(worked):.3f} s of the processors   ({answered} rows)"
            )


if __name__ == "__main__":
    main()
