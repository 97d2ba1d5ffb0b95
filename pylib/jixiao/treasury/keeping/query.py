"""Questions in SQL to a store, answered by DuckDB.

A question reads the tables of the store and nothing else, and changes nothing. Its answer comes in columns and is turned
into rows a column at a time: a million rows handed over one by one take longer than the question. What comes out is data:
in a CSV file a text that a spreadsheet would take for a formula is marked as text.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from jixiao.atomic import replacing
from jixiao.declarations import Catalogue
from jixiao.treasury.errors import QueryError, StoreError
from jixiao.treasury.keeping.store import FILINGS, VIEWS, Store
from jixiao.treasury.keeping.tables import schemas

#: Rows that are turned over at a time.
_BATCH = 10_000
#: How a text begins that Excel, WPS or LibreOffice takes for a formula; the wide signs too, which some of them narrow.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?%?")
_ALLOWED = ("SELECT", "EXPLAIN")


class Answer:
    """An answer, read once and as it is asked for.

    ``batches`` are its rows in columns, as Arrow has them.
    """

    def __init__(self, columns: Sequence[str], batches: Iterator[Any]) -> None:
        self.columns, self.batches = tuple(columns), batches

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, as values of Python."""
        return self.written(lambda value: value)

    def written(self, write: Callable[[Any], Any]) -> Iterator[tuple[Any, ...]]:
        """The rows with every value as ``write`` gives it, which is asked once for what many rows repeat."""
        for batch in self.batches:
            for first in range(0, batch.num_rows, _BATCH):
                part = batch.slice(first, _BATCH)
                yield from zip(*(_values(column, write) for column in part.columns), strict=True)


def _values(column: Any, write: Callable[[Any], Any]) -> list[Any]:
    """The values of an Arrow column as ``write`` gives them."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_interval(kind) or getattr(kind, "tz", None):
        return [write(_duration(value)) for value in column.to_pylist()]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    encoded = column.dictionary_encode(null_encoding="encode")
    different = np.empty(len(encoded.dictionary), dtype=object)
    different[:] = [write(value) for value in encoded.dictionary.to_pylist()]
    indices = encoded.indices
    # As they lie in memory: Arrow's own way to NumPy imports pandas wherever it is installed.
    places = np.frombuffer(indices.buffers()[1], np.int32, len(indices), indices.offset * 4)
    values: list[Any] = different[places].tolist()
    return values


def _duration(value: Any) -> Any:
    """An interval of time as Python has it, a month of 30 days; anything else as it is."""
    if isinstance(value, pa.MonthDayNano):
        return dt.timedelta(days=30 * value.months + value.days, microseconds=value.nanoseconds // 1000)
    return value


def connect(store: Store, catalogue: Catalogue) -> duckdb.DuckDBPyConnection:
    """A connection in which the tables of the store are views, and which reaches nothing else.

    Raises:
        StoreError: somebody removed or damaged its files.
    """
    connection = duckdb.connect()
    files = {view: [str(path) for path in store.files(view)] for view in VIEWS}
    connection.execute("SET allowed_paths = $1", [[file for found in files.values() for file in found]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    declared = {**schemas(catalogue), "filings": FILINGS}
    try:
        for view, found in files.items():
            connection.execute(f"CREATE VIEW {view} AS {_rows_of(found, declared[view])}")
    except duckdb.Error as error:
        raise StoreError(
            f"汇总库“{store.folder}”的数据文件不见了，或已损坏", "请在 --store 后换一个新文件夹重新收集"
        ) from error
    return connection


def _rows_of(files: Sequence[str], schema: pa.Schema) -> str:
    """The rows of some Parquet files in SQL; without files none, but in the right columns."""
    if files:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        return f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"
    columns = ", ".join(f'NULL::{_sql(each.type)} AS "{each.name}"' for each in schema)
    return f"SELECT {columns} WHERE false"


def ask(connection: duckdb.DuckDBPyConnection, question: str) -> Answer:
    """Ask one question.

    Raises:
        QueryError: it is no SQL, more than one statement, changes something, or cannot be answered.
    """
    try:
        statements = duckdb.extract_statements(question)
        if len(statements) != 1:
            raise QueryError("一次只能查询一条 SQL 语句", "请只写一条以 SELECT 开头的语句")
        if statements[0].type.name not in _ALLOWED:
            raise QueryError("这条语句不是查询，汇总库只能查询、不能改动", "请写以 SELECT 开头的语句")
        # A connection of its own: one that is being read from answers nothing else.
        own = connection.cursor()
        result = pa.RecordBatchReader.from_stream(own.sql(statements[0]))
    except _FAULTS as error:
        raise _explained(error, connection) from error
    return Answer(result.schema.names, _batches(result, own, connection))


def _batches(
    result: Any, own: duckdb.DuckDBPyConnection, connection: duckdb.DuckDBPyConnection
) -> Iterator[Any]:
    """What is read from ``own``, a connection that is kept for as long as that takes."""
    try:
        yield from result
        own.close()
    except _FAULTS as error:
        raise _explained(error, connection) from error


def write_csv(answer: Answer, path: Path) -> int:
    """Write an answer as a CSV file that Excel opens in Chinese; complete or not at all.

    Returns:
        The number of rows, without the head.
    """
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(column) for column in answer.columns])
        for row in answer.written(_in_csv):
            writer.writerow(row)
            count += 1
    return count


def _in_csv(value: Any) -> str:
    return harmless(value) if isinstance(value, str) else written(value)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers with a sign are none.

    >>> [harmless(text) for text in ("=1+1", "@SUM(A1)", "-24.55", "+86", "某县某局", " =1")]
    ["'=1+1", "'@SUM(A1)", '-24.55', '+86', '某县某局', "' =1"]
    """
    if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA):
        return text if _NUMBER.fullmatch(text) else "'" + text
    return text


def written(value: Any) -> str:
    """A value as people read it: figures without trailing zeros, but with the two decimals of money.

    >>> written(Decimal("2070.730000")), written(Decimal("0.777777")), written(Decimal("3")), written(None)
    ('2070.73', '0.777777', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        whole, _, places = text.partition(".")
        return f"{whole}.{places.rstrip('0').ljust(2, '0')}" if places else text
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return str(value)


def visible(text: str) -> str:
    """A text for a terminal: characters that would move the cursor or colour the screen are shown as such."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


# ------------------------------------------------------------------------------------------------------------ messages

#: What a question may fail with: by the time that rows are read, DuckDB's own errors are those of Arrow's stream.
_FAULTS = (duckdb.Error, pa.ArrowException, OSError)
_KINDS: dict[str, type[duckdb.Error]] = {
    "Conversion Error": duckdb.ConversionException,
    "Invalid Input Error": duckdb.InvalidInputException,
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "Permission Error": duckdb.PermissionException,
    "IO Error": duckdb.IOException,
}


def _kind(error: Exception) -> type[Exception]:
    """The kind of an error, which a stream only tells in words."""
    if isinstance(error, duckdb.Error):
        return type(error)
    return next((kind for words, kind in _KINDS.items() if words in str(error)), type(error))


_NAME = re.compile(r'(?:with name|Referenced (?:column|table)|near) "?([^"\s!]+)"?')


def _explained(error: Exception, connection: duckdb.DuckDBPyConnection) -> QueryError:
    """What DuckDB says, in Chinese; its own words are English and speak to programmers."""
    kind = _kind(error)
    match = _NAME.search(str(error))
    name = visible(match[1]) if match else ""
    about = f"“{name}”" if name else ""
    views = "、".join(VIEWS)
    if issubclass(kind, duckdb.ParserException):
        near = f"，在{about}附近" if about else ""
        return QueryError(f"SQL 语句写法有误{near}", "请检查关键字、逗号、括号和引号（都用半角）")
    if issubclass(kind, duckdb.CatalogException):
        return QueryError(f"没有{about or '这个'}这个表或函数", f"可以查询的表有：{views}")
    if issubclass(kind, duckdb.BinderException) and name:
        return QueryError(f"没有{about}这一列或这个表", f"各表的列：{_columns(connection)}")
    if issubclass(kind, duckdb.BinderException):
        return QueryError("SQL 语句中的列、类型或函数用法不对", f"各表的列：{_columns(connection)}")
    if issubclass(kind, duckdb.PermissionException):
        return QueryError("查询只能读取汇总库，不能读写别的文件", f"可以查询的表有：{views}")
    if issubclass(kind, (duckdb.ConversionException, duckdb.InvalidInputException)):
        return QueryError("查询中有不能转换的内容，例如把文字当数字", "请检查类型，或改用 TRY_CAST")
    if issubclass(kind, duckdb.OutOfMemoryException):
        return QueryError("查询需要的内存太多", "请加条件缩小范围，或减少连接的表")
    if issubclass(kind, duckdb.IOException):
        return QueryError(
            "汇总库的数据文件不能读取，可能已损坏或正在重新收集", "请重新运行 jixiao collect 后再查询"
        )
    return QueryError(f"查询没有成功（{kind.__name__}）", "请检查 SQL 语句")


def _columns(connection: duckdb.DuckDBPyConnection) -> str:
    described = connection.execute(
        "SELECT table_name, string_agg(column_name, ' ' ORDER BY column_index) FROM duckdb_columns() "
        "WHERE NOT internal GROUP BY table_name"
    ).fetchall()
    named = dict(described)
    return "；".join(f"{view}（{named[view]}）" for view in VIEWS if view in named)


def _sql(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    names = {"int64": "BIGINT", "int32": "INTEGER", "bool": "BOOLEAN", "timestamp[us]": "TIMESTAMP"}
    return names.get(str(kind), "VARCHAR")


def _on_screen(value: Any) -> str:
    return visible(written(value))


def table(answer: Answer, limit: int) -> tuple[list[list[str]], bool]:
    """At most ``limit`` rows as texts for a terminal, and whether there are more."""
    rows: list[list[str]] = []
    for row in answer.written(_on_screen):
        if len(rows) == limit:
            return rows, True
        rows.append(list(row))
    return rows, False
