"""The store as others read it: polars, pandas and DuckDB by itself, over the folders, without this program.

They read the same rows, with the same types: figures stay decimals, so that no total drifts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pytest

from jixiao.catalogue import load_catalogue
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.keeping import store as storing
from jixiao.treasury.keeping.store import VIEWS, Store
from treasury.making import copied, here, rows

Rows = list[dict[str, Any]]


def by_polars(folder: Path) -> Rows:
    return polars.read_parquet(folder / "*.parquet").to_dicts()


def by_pandas(folder: Path) -> Rows:
    frame = pandas.read_parquet(folder, dtype_backend="pyarrow")
    return [
        {name: None if pandas.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def by_duckdb(folder: Path) -> Rows:
    answer = duckdb.sql(f"FROM read_parquet('{folder}/*.parquet')")
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]


READERS: Mapping[str, Callable[[Path], Rows]] = {
    "polars": by_polars,
    "pandas": by_pandas,
    "duckdb": by_duckdb,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, hengshan_book: Path) -> Path:
    """Three filings in two parts, and a file that is none; figures that no binary fraction holds."""
    folder = tmp_path_factory.mktemp("某县")
    copied(hengshan_book, folder / "报送/一.xlsx", "甲局", 编制数=0.1)
    copied(hengshan_book, folder / "报送/二.xlsx", "=HYPERLINK(“乙局”)", 编制数=0.2)
    copied(hengshan_book, folder / "报送/三.xlsx", "丙局", 编制数=0.3)
    (folder / "报送/坏.xlsx").write_bytes(b"x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storing, "_LARGE", 2)
        collect([folder / "报送"], folder / "库", load_catalogue(), engine=here, chunk=2)
    assert len(Store.open(folder / "库").files("findings")) == 2
    return folder / "库"


def in_order(found: Rows) -> list[str]:
    """Rows with numbers and moments as they are written, whatever class holds them."""
    return sorted(repr({name: _plain(value) for name, value in sorted(row.items())}) for row in found)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, Decimal)):
        return value
    return value.isoformat(timespec="microseconds") if hasattr(value, "isoformat") else int(value)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("reader", READERS)
def test_every_table_is_the_same_to_every_reader(reader: str, view: str, store: Path) -> None:
    expected = rows(store, view)
    assert expected
    assert in_order(READERS[reader](store / view)) == in_order(expected)


def test_totals_are_decimals_without_drift(store: Path) -> None:
    """As floats, 0.1 + 0.2 + 0.3 is 0.6000000000000001."""
    named = polars.scan_parquet(store / "fields/*.parquet").filter(polars.col("code") == "编制数")
    assert named.select(polars.col("number").sum()).collect().item() == Decimal("0.6")
    frame = pandas.read_parquet(store / "fields", dtype_backend="pyarrow")
    assert frame[frame["code"] == "编制数"]["number"].sum() == Decimal("0.6")


def test_findings_are_joined_to_their_filings(store: Path) -> None:
    findings = polars.read_parquet(store / "findings/*.parquet")
    filings = polars.read_parquet(store / "filings/*.parquet")
    counted = findings.join(filings, on="filing").group_by("unit_right").len()
    assert dict(counted.iter_rows()) == {
        row["unit"]: sum(finding["filing"] == row["filing"] for finding in rows(store, "findings"))
        for row in rows(store, "filings")
    }
