"""退回: what a collected filing goes back with, one annotated workbook and one 退回通知 per unit.

A folder of files that somebody sends out is theirs as much as ours. So only what changed is written, and what a new
file takes the place of, or what no longer holds, is moved aside, never deleted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jixiao.adjustments import adjusted, own_instead
from jixiao.atomic import beside, replacing
from jixiao.books.annotate import annotate
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read_workbook
from jixiao.check import check
from jixiao.declarations import Adjustments, Catalogue
from jixiao.filing import Filing
from jixiao.findings import Finding, status
from jixiao.quantity import normalise
from jixiao.treasury.collecting.sources import Source, content, find
from jixiao.treasury.errors import DeskError
from jixiao.treasury.filenames import FileNames, make_folder
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.progress import Advance, progress
from jixiao.treasury.workers import run_all
from jixiao.word.notice import NOTICE, Notice, compose
from jixiao.word.template import Template

RECORD, ASIDE = "退回记录.json", "以前的"
"""The file that says what each file of the folder was made from, and the folder for what no longer holds."""
LETTER = "退回通知.docx"
_FORMAT = 1
_COLUMNS = ("filing", "source", "digest", "package", "year", "unit", "code", "unit_code", "unit_name", "used")


Opinions = Mapping[str, str] | Mapping[int, str]
"""What the reviewer wrote (复核意见), by number of the filing in the store, or by code or name of the unit."""


@dataclass(frozen=True)
class Terms:
    """What all letters have in common: the template, their day, who signs them, and until when is to be answered.

    ``authority`` is "" for the one that issues the package.
    """

    day: dt.date
    template: Path = NOTICE.path
    authority: str = ""
    deadline: dt.date | None = None


@dataclass(frozen=True)
class Order:
    """One filing that goes back: where it is, what it held when it was checked, and what it is called in ``folder``."""

    source: Source
    digest: str
    unit: str
    folder: Path
    book: str
    letter: str
    terms: Terms
    adjustments: Adjustments | None = None
    opinion: str = ""

    def key(self, version: str, template: str) -> str:
        """What changes whenever workbook or letter would say something else; the day alone is no reason to write.

        Args:
            version: of the rules.
            template: a digest of the template.
        """
        terms = self.terms
        facts = (self.digest, version, self.unit, self.opinion, terms.authority, str(terms.deadline))
        return _digest("\x1f".join((*facts, self.book, template)).encode())


@dataclass(frozen=True)
class Made:
    """What one filing goes back with, how much of it had to be written, and what could not be."""

    book: bool = False
    letter: bool = False
    books: int = 0
    letters: int = 0
    moved: int = 0
    remark: str = ""


@dataclass
class Returned:
    """What a run did; the files are in ``folder``."""

    folder: Path
    books: int = 0
    letters: int = 0
    """Files that were written, and filings whose files were all there already."""
    kept: int = 0
    moved: int = 0
    """Files that were moved aside."""
    elsewhere: int = 0
    """Filings of the store that were collected from other places."""
    remarks: list[tuple[str, str]] = field(default_factory=list)
    """File names, and why what should be there is not."""
    stopped: OSError | None = None
    interrupted: bool = False


def give_back(
    store: Store,
    places: Sequence[Path],
    folder: Path,
    catalogue: Catalogue,
    terms: Terms,
    *,
    adjustments: Adjustments | None = None,
    opinions: Opinions | None = None,
    without: Sequence[Path] = (),
    jobs: int | None = None,
    show: Callable[[int, str], AbstractContextManager[Advance]] = progress,
) -> Returned:
    """Write what the filings of a store go back with.

    Args:
        store: what was collected.
        places: where it was collected from.
        folder: where the files go; made if it is not there.
        catalogue: the rules that were checked.
        terms: what all letters have in common.
        adjustments: what the treasury has set, as when it collected.
        opinions: what the reviewer wrote.
        without: files and folders in ``places`` that are no filings.
        jobs: processes at a time; one per core unless given, 0 for none beside this one.
        show: how the progress is shown.

    Raises:
        DeskError: the folder cannot be used.
        Unreadable: the template cannot be used.
        OSError: the folder cannot be written to; nothing was written.
    """
    Template(terms.template, NOTICE)  # before anything is written
    template = _digest(terms.template.read_bytes())
    prepare(folder, places, store.folder)
    record = _Record(folder)
    sources = {source.name: source for source in find(places, [store.folder, *without]).sources}
    done = Returned(folder)
    version = adjusted(catalogue, adjustments).version
    due: list[tuple[tuple[Order, str], Order]] = []
    stays: set[str] = set()
    for order in _orders(store, sources, folder, terms, adjustments, opinions or {}):
        stays.add(order.book)
        key = order.key(version, template)
        if order.source.name not in sources:
            done.elsewhere += 1
        elif record.holds(order.book, key):
            done.kept += 1
            if remark := record.entries[order.book].get("remark"):
                done.remarks.append((order.book, remark))
        else:
            due.append(((order, key), order))
    try:
        for name in record.entries.keys() - stays:
            done.moved += record.retire(name, [])
        with show(len(due), "已生成") as advance:
            for (order, key), outcome in run_all(make, due, jobs, catalogue):
                advance(1)
                _keep(done, record, order, key, outcome)
    except KeyboardInterrupt:
        done.interrupted = True
    except OSError as error:
        done.stopped = done.stopped or error
    done.remarks.sort()
    try:
        record.write()
    except OSError as error:
        done.stopped = done.stopped or error
    return done


def _keep(done: Returned, record: _Record, order: Order, key: str, outcome: Made | Exception) -> None:
    """Count and note what came of an order."""
    if isinstance(outcome, Made):
        files = [*([order.book] if outcome.book else []), *([order.letter] if outcome.letter else [])]
        done.books += outcome.books
        done.letters += outcome.letters
        done.kept += not (outcome.books or outcome.letters or outcome.remark)
        done.moved += outcome.moved + record.retire(order.book, files)
        record.entries[order.book] = {"key": key, "files": files, "remark": outcome.remark}
        if outcome.remark:
            done.remarks.append((order.book, outcome.remark))
        return
    record.forget(order.book)
    if isinstance(outcome, OSError):
        done.stopped = done.stopped or outcome
    elif isinstance(outcome, Unreadable):
        done.remarks.append((order.book, f"{outcome.cause}，{outcome.remedy}"))
    else:
        done.remarks.append((order.book, f"程序未能生成（{outcome}），请反馈给软件提供方"))


def prepare(folder: Path, places: Sequence[Path], store: Path) -> None:
    """Make the folder; what goes back must never be collected again.

    Raises:
        DeskError: it cannot be used.
        OSError: it cannot be written to.
    """
    real = folder.resolve()
    for place in places:
        own = place.resolve()
        if real == own or own in real.parents or real in own.parents:
            raise DeskError(
                f"退回文件夹“{folder}”和收集的“{place}”互相包含，退回的文件会被当作填报件",
                "请在 --return 后面写收集的文件夹以外的文件夹",
            )
    if real == store.resolve() or store.resolve() in real.parents:
        raise DeskError(
            f"退回文件夹“{folder}”在汇总库里面", "请在 --return 后面写汇总库和收集的文件夹以外的文件夹"
        )
    make_folder(folder, "--return")


def _orders(
    store: Store,
    sources: Mapping[str, Source],
    folder: Path,
    terms: Terms,
    adjustments: Adjustments | None,
    opinions: Opinions,
) -> Iterator[Order]:
    """An order for each filing that counts, in the order in which they first came, so that names stay."""
    filings = store.read("filings", _COLUMNS)
    rows = [] if filings is None else filings.sort_by("filing").to_pylist()
    said: dict[str | int, str] = {
        normalise(unit) if isinstance(unit, str) else unit: text for unit, text in opinions.items() if text
    }
    names, letters = FileNames(), FileNames()
    for row in rows:
        if not row["used"]:
            continue
        code = row["unit_code"] or row["code"] or ""
        unit = row["unit_name"] or row["unit"] or ""
        suffix = Path(row["source"]).suffix.lower()
        keys = (row["filing"], normalise(code), normalise(unit))
        yield Order(
            sources.get(row["source"]) or Source(row["source"], "", 0, 0),
            row["digest"],
            unit,
            folder,
            names.name(code, unit, row["year"], suffix),
            letters.name(code, unit, row["year"], LETTER),
            terms,
            adjustments,
            next((said[key] for key in keys if key and key in said), ""),
        )


# ----------------------------------------------------------------------------------------------------------- one filing


def make(order: Order, catalogue: Catalogue) -> Made | Exception:
    """Write workbook and letter of one filing, or say why not."""
    try:
        return _make(order, catalogue)
    except (OSError, Unreadable) as error:
        return error
    except Exception as error:  # one filing must not keep the others from theirs
        return RuntimeError(type(error).__name__)  # ours might not survive the way between processes


def _make(order: Order, catalogue: Catalogue) -> Made:
    data = _unchanged(order)
    filing = read_workbook(Workbook(Parts.of(Path(order.source.name), data)), catalogue)
    own_instead(filing, order.adjustments)
    findings = check(filing, catalogue)
    made = _book(order, data, filing, findings, catalogue)
    if status(findings) == "通过":
        return made
    letter = _letter(order, filing, findings, catalogue, made.book)
    written, moved = _put(order.folder / order.letter, letter)
    remark = f"{made.remark}，只有退回通知" if made.remark else ""
    return replace(made, letter=True, letters=int(written), moved=made.moved + moved, remark=remark)


def _book(
    order: Order, data: bytes, filing: Filing, findings: Sequence[Finding], catalogue: Catalogue
) -> Made:
    """Write the annotated workbook."""
    target = order.folder / order.book
    with beside(target) as temporary:
        temporary.write_bytes(data)
        try:
            annotate(temporary, filing, findings, catalogue)
        except Unreadable as error:
            return Made(remark=f"审核结果写不进工作簿：{error.cause}")
        written, moved = _put(target, temporary.read_bytes())
    return Made(book=True, books=int(written), moved=moved)


def _put(target: Path, data: bytes) -> tuple[bool, int]:
    """Write a file unless it is there already, byte for byte; whether it was written, and how many were moved aside."""
    if target.is_file() and target.read_bytes() == data:
        return False, 0
    with replacing(target) as temporary:
        temporary.write_bytes(data)
        moved = aside(target)
    return True, moved


def _unchanged(order: Order) -> bytes:
    """What the file holds, which must be what was checked when it was collected."""
    name = Path(order.source.name)
    try:
        with Path(order.source.path).open("rb") as file:
            data = content(order.source, file)
    except OSError as error:
        raise Unreadable(name, "收集之后文件被移走、改名或打开着", "请重新收集") from error
    if _digest(data) != order.digest:
        raise Unreadable(name, "收集之后文件又有改动", "请重新收集")
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _letter(
    order: Order, filing: Filing, findings: Sequence[Finding], catalogue: Catalogue, with_book: bool
) -> bytes:
    package, terms = catalogue.packages[filing.package], order.terms
    notice = Notice(
        order.unit,
        package.title.format(year=filing.year),
        order.book if with_book else "",
        terms.authority or package.authority,
        terms.day,
        filing.adjustments.notice if filing.adjustments else "",
        terms.deadline,
        order.opinion,
    )
    return compose(notice, findings, terms.template)


def aside(path: Path) -> int:
    """Move a file that no longer holds to the folder beside it, under a name that is free there; whether there was one.

    Raises:
        OSError: it is open elsewhere, or the folder cannot be written to.
    """
    if not path.exists():
        return 0
    folder = path.parent / ASIDE
    folder.mkdir(exist_ok=True)
    number = 1
    while (free := folder / f"{path.stem}（{number}）{path.suffix}").exists():
        number += 1
    path.rename(free)
    return 1


# ---------------------------------------------------------------------------------------------------------- the record


class _Record:
    """What the files of a folder were made from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, dict[str, Any]] = {}
        try:
            listing = json.loads((folder / RECORD).read_text("utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise self._strange() from error
        if not isinstance(listing, dict) or listing.get("format") != _FORMAT:
            raise self._strange()
        entries = listing.get("files")
        if not isinstance(entries, dict) or not all(map(_is_entry, entries.items())):
            raise self._strange()
        self.entries = entries

    def holds(self, book: str, key: str) -> bool:
        """Whether all that belongs to a workbook is there as it would be written again."""
        entry = self.entries.get(book)
        return (
            entry is not None
            and entry["key"] == key
            and all((self.folder / name).is_file() for name in entry["files"])
        )

    def retire(self, book: str, files: Sequence[str]) -> int:
        """Move aside what was written for a workbook before and is not among ``files``; how many were there."""
        entry = self.entries.get(book, {"files": []})
        moved = sum(aside(self.folder / name) for name in entry["files"] if name not in files)
        self.entries.pop(book, None)
        return moved

    def forget(self, book: str) -> None:
        """Have a workbook written again by the next run."""
        if book in self.entries:
            self.entries[book] = {**self.entries[book], "key": ""}

    def write(self) -> None:
        text = json.dumps({"format": _FORMAT, "files": self.entries}, ensure_ascii=False, indent=1)
        with replacing(self.folder / RECORD) as temporary:
            temporary.write_text(text, "utf-8")

    def _strange(self) -> DeskError:
        return DeskError(
            f"“{self.folder / RECORD}”不能读取，或不是本程序这一版写的", "请在 --return 后面换一个新文件夹"
        )


def _is_entry(entry: tuple[str, Any]) -> bool:
    """Whether this is what we wrote: a name that leads elsewhere must not have us move files there."""
    name, facts = entry
    if not isinstance(facts, dict) or not isinstance(facts.get("key"), str):
        return False
    files = facts.get("files")
    return isinstance(files, list) and all(
        isinstance(each, str) and each not in ("", ".", "..") and not set(each) & set("/\\:")
        for each in [name, *files]
    )


__all__ = ["ASIDE", "LETTER", "RECORD", "Made", "Order", "Returned", "Terms", "give_back", "make", "prepare"]
