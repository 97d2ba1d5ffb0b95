"""One prefilled workbook per unit of a list (下发), and the list of what was issued.

Each workbook is in place only when it is complete, and one that is there is left alone: who runs it again after a full
disk or an interruption goes on with those that are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jixiao.adjustments import adjusted
from jixiao.books.build import build
from jixiao.declarations import Adjustments, Catalogue
from jixiao.treasury.errors import DeskError
from jixiao.treasury.filenames import FileNames, make_folder
from jixiao.treasury.issuing.issuedlist import (
    FAILED,
    FILE,
    ISSUED,
    THERE,
    IssuedList,
    IssuedUnit,
    merged,
    read_list,
    write_list,
)
from jixiao.treasury.issuing.prefilled import LastYear, last_year, prefilled
from jixiao.treasury.progress import Advance, progress
from jixiao.treasury.unitlist import Listed, read_units
from jixiao.treasury.workers import run_all

if TYPE_CHECKING:
    from jixiao.treasury.keeping.stored import Stored


@dataclass(frozen=True)
class Order:
    """What one workbook is made of."""

    package: str
    listed: Listed
    year: int
    target: Path
    adjustments: Adjustments | None
    last: Path | Stored | None


@dataclass
class Issued:
    """What came of it."""

    folder: Path
    issued: IssuedList
    remarks: list[str] = field(default_factory=list)
    failed: list[IssuedUnit] = field(default_factory=list)
    stopped: OSError | None = None
    """Why a file could not be written: the disk is full, or the file is open elsewhere."""
    unlisted: OSError | None = None
    """Why the list of what was issued could not be written."""
    interrupted: bool = False

    counts: dict[str, int] = field(default_factory=dict)
    """How many units of the list came to which state in this run."""


def issue(
    package: str,
    units: Path,
    folder: Path,
    catalogue: Catalogue,
    *,
    year: int,
    suffix: str = ".xlsx",
    last: Path | None = None,
    adjustments: Adjustments | None = None,
    force: bool = False,
    jobs: int | None = None,
    show: Callable[[int, str], AbstractContextManager[Advance]] = progress,
) -> Issued:
    """Issue a package to all units of a list.

    Args:
        package: code of the package.
        units: the list of units, an Excel file.
        folder: where to; made if it is not there, its parent must be.
        catalogue: what is declared, as the processes of the pool load it too.
        year: the year it is about.
        suffix: ``.xlsx``, or ``.xlsm`` with buttons.
        last: last year's filings, a folder, one file, or a store.
        adjustments: what the treasury has set for the year.
        force: whether files that are there are replaced.
        jobs: processes at a time; one per core unless given, 0 for none beside this one.
        show: how the progress is shown.

    Raises:
        DeskError, Unreadable: the list, last year's filings or the folder cannot be used; nothing was written.
        OSError: the folder cannot be written to; nothing was written.
    """
    listing = read_units(units)
    before = last_year(last, catalogue, package, year) if last else None
    version = adjusted(catalogue, adjustments).version
    issued = IssuedList(package, year, version)
    make_folder(folder, "-o")
    older = _older(folder, issued)
    done = Issued(folder, issued, list(listing.remarks))
    if before:
        done.remarks += [f"上年文件没有读成：{each}" for each in before.unreadable]
    orders = _orders(issued, listing.units, folder, suffix, before, adjustments, force)
    try:
        with show(len(orders), "已生成") as advance:
            for unit, outcome in run_all(write, orders, jobs, catalogue):
                advance(1)
                if isinstance(outcome, OSError):
                    done.stopped = done.stopped or outcome
                    unit.remarks.append("不能写入（磁盘已满，或文件正被打开）")
                elif isinstance(outcome, Exception):
                    unit.remarks.append(f"程序未能生成（{outcome}），请反馈给软件提供方")
                else:
                    unit.state = ISSUED
                    unit.remarks += outcome
    except KeyboardInterrupt:
        done.interrupted = True
    for unit, order in orders:
        if unit.state == FAILED and not force and order.target.exists():  # done while others were given up
            unit.state = ISSUED
    done.counts = {
        state: sum(unit.state == state for unit in issued.units) for state in (ISSUED, THERE, FAILED)
    }
    done.failed = [unit for unit in issued.units if unit.state == FAILED]
    if older is not None:
        merged(issued, older)
    title = catalogue.packages[package].title.format(year=year)
    try:
        write_list(folder / FILE, issued, title, adjustments.notice if adjustments else "")
    except OSError as error:
        done.unlisted = error
    return done


def summary(done: Issued, title: str) -> str:
    """How many workbooks there are now, in one line."""
    said = {ISSUED: "本次生成", THERE: "原来已有", FAILED: "没有生成"}
    counts = "，".join(f"{text} {done.counts[state]} 份" for state, text in said.items())
    return f"{title}：{sum(done.counts.values())} 家单位，{counts}。"


def _older(folder: Path, issued: IssuedList) -> IssuedList | None:
    """The list of what was issued into the folder before; one of another package or year is another matter."""
    if not (folder / FILE).exists():
        return None
    older = read_list(folder / FILE)
    if (older.package, older.year) != (issued.package, issued.year):
        raise DeskError(
            f"“{folder}”里已经下发过 {older.year} 年度的套表（{older.package}）",
            "请换一个文件夹，一个文件夹只放一套表、一个年度",
        )
    return older


def _orders(
    issued: IssuedList,
    units: Sequence[Listed],
    folder: Path,
    suffix: str,
    before: LastYear | None,
    adjustments: Adjustments | None,
    force: bool,
) -> list[tuple[IssuedUnit, Order]]:
    """A row for each unit, and an order for each whose file is to be written."""
    names, orders = FileNames(), []
    for listed in units:
        name = names.name(listed.unit.code, listed.unit.name, issued.year, suffix)
        unit = IssuedUnit(listed, name)
        issued.units.append(unit)
        if (folder / name).exists() and not force:
            unit.state = THERE
            continue
        last, remarks = before.of(listed) if before else (None, [])
        unit.remarks += remarks
        orders.append((unit, Order(issued.package, listed, issued.year, folder / name, adjustments, last)))
    return orders


def write(order: Order, catalogue: Catalogue) -> list[str] | Exception:
    """Write one workbook; remarks about it, or why it could not be written."""
    try:
        package = catalogue.packages[order.package]
        filing, remarks = prefilled(
            package, order.listed, order.year, catalogue, order.adjustments, order.last
        )
        build(package, filing, catalogue, order.target)
        return remarks
    except OSError as error:
        return error
    except Exception as error:  # one unit must not keep the others from theirs
        return RuntimeError(type(error).__name__)  # ours might not survive the way between processes


__all__ = ["FAILED", "FILE", "ISSUED", "THERE", "Issued", "Order", "issue", "summary", "write"]
