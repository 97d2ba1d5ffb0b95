"""Last year's filings out of a store: their figures and short texts, without the files that they came from.

A store keeps what every cell shows, calculated ones included, and that is all that a next filing begins with
(:mod:`jixiao.rollover`). Texts of reports are not in it, nor are they carried over.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jixiao.books.ooxml.parts import Unreadable
from jixiao.declarations import Catalogue, Package
from jixiao.filing import Filing, Sheet, text
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.keeping.tables import INDICATORS

_NOT_CELLS = frozenset({"filing", "unit", "form", "sheet", "project", "row_number"})


@dataclass(frozen=True)
class Stored:
    """A filing of a store: its number there, the codes and names that its unit goes by, that of a list of units first,
    and the Parquet files that it lies in."""

    number: int
    package: str
    names: tuple[str, ...]
    codes: tuple[str, ...]
    year: int
    name: str
    """What it is called: the name of the file that it came from."""
    fields: tuple[Path, ...]
    indicators: tuple[Path, ...]

    def read(self, catalogue: Catalogue) -> Filing:
        """The filing, as far as the store knows it.

        Raises:
            Unreadable: the store cannot be read.
        """
        package = catalogue.packages[self.package]
        sheets: dict[tuple[str, str], Sheet] = {}
        for row in _rows(self.fields, self.number):
            sheet = _sheet(sheets, row)
            value = text(row["text"]) if row["text"] is not None else float(row["number"])
            if row["table_code"] is None:
                sheet.fields[row["code"]] = value
            else:
                _record(sheet, row["table_code"], row["row_number"])[row["code"]] = value
        for row in _rows(self.indicators, self.number):
            record = _record(_sheet(sheets, row), INDICATORS, row["row_number"])
            for code, value in row.items():
                if code not in _NOT_CELLS and value is not None:
                    record[code] = value if isinstance(value, str) else float(value)
        found = [_declared(sheet, package) for sheet in sheets.values() if sheet.form in package.forms]
        order = list(package.forms)
        found.sort(key=lambda sheet: order.index(sheet.form))  # stable: projects stay as they are
        return Filing(
            self.package,
            next(filter(None, self.names), ""),
            self.year,
            found,
            _projects(found, package),
            self.name,
            unit_code=next(filter(None, self.codes), ""),
        )


def stored_filings(folder: Path, package: str, year: int) -> tuple[list[Stored], list[str]]:
    """The filings of a package and year that count, and the units whose several filings nobody has decided on.

    Raises:
        StoreError: it is no store, or one of another version.
        DeskError: nothing of that package and year is in it, or it is not complete.
    """
    store = Store.open(folder)
    if not store.complete:
        raise DeskError(f"汇总库“{folder}”上次收集没有做完", "请先再次运行 jixiao collect，做完后再下发")
    columns = ("filing", "source", "package", "year", "unit", "code", "unit_code", "unit_name", "used")
    table = store.read("filings", columns)
    every = [] if table is None else table.to_pylist()
    rows = [row for row in every if (row["package"], row["year"]) == (package, year)]
    if not rows:
        raise DeskError(
            f"汇总库“{folder}”里没有 {year} 年度的 {package}",
            "请核对 --last-year 后面的汇总库；--year 是要下发的年度，上年数取它的前一年",
        )
    fields, indicators = tuple(store.files("fields")), tuple(store.files("indicators"))
    used = [
        Stored(
            row["filing"],
            package,
            (row["unit_name"] or "", row["unit"] or ""),
            (row["unit_code"] or "", row["code"] or ""),
            year,
            Path(row["source"]).name,
            fields,
            indicators,
        )
        for row in rows
        if row["used"]
    ]
    done = {row["unit"] for row in rows if row["used"]}
    return used, sorted({row["unit"] or "" for row in rows} - done)


def _rows(paths: tuple[Path, ...], number: int) -> list[dict[str, Any]]:
    try:
        tables = [pq.read_table(path, filters=[("filing", "=", number)]) for path in paths]
    except (OSError, pa.ArrowException) as error:
        raise Unreadable(paths[0], "汇总库的数据文件不能读取", "请重新收集") from error
    return [row for table in tables for row in table.to_pylist()]


def _sheet(sheets: dict[tuple[str, str], Sheet], row: dict[str, Any]) -> Sheet:
    key = (row["form"], row["sheet"])
    return sheets.setdefault(key, Sheet(*key))


def _record(sheet: Sheet, table: str, number: int) -> dict[str, Any]:
    records = sheet.tables.setdefault(table, [])
    records.extend({} for _ in range(number - len(records)))
    return records[number - 1]


def _declared(sheet: Sheet, package: Package) -> Sheet:
    """The sheet with the cells that its form has: what the store does not know of them was blank, calculated or not."""
    form = package.forms[sheet.form]
    tables = {
        code: [{column: record.get(column) for column in form.tables[code].columns} for record in records]
        for code, records in sheet.tables.items()
        if code in form.tables
    }
    return Sheet(sheet.form, sheet.name, {code: sheet.fields.get(code) for code in form.fields}, tables)


def _projects(sheets: list[Sheet], package: Package) -> list[tuple[str, str]]:
    """The 项目清单: its names from a table that repeats them, its sheets by what they call themselves, else in order."""
    form = package.project_form
    if form is None:
        return []
    own = {sheet.name: text(sheet.fields.get(form.named_by)) for sheet in sheets if sheet.form == form.code}
    names = _listed(sheets, package)
    if len(names) != len(own):
        return [(name or sheet, sheet) for sheet, name in own.items()]
    found: dict[str, str] = {}
    for name in names:
        same = (sheet for sheet, each in own.items() if normalise(each) == normalise(name))
        if sheet := next((sheet for sheet in same if sheet not in found.values()), ""):
            found[name] = sheet
    left = iter([sheet for sheet in own if sheet not in found.values()])
    return [(name, found.get(name) or next(left)) for name in names]


def _listed(sheets: list[Sheet], package: Package) -> list[str]:
    """The names of the projects as the rows of a table have them."""
    for sheet in sheets:
        for table in package.forms[sheet.form].tables.values():
            if table.listed and (rows := sheet.tables.get(table.code)):
                names = [text(row.get(table.listed)).strip() for row in rows]
                return [name for name in dict.fromkeys(names) if name]
    return []


__all__ = ["Stored", "stored_filings"]
