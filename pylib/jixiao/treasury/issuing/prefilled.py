"""The filing that a unit is issued: its name, code and projects, and what is carried over from its last one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from jixiao.books.build import SUFFIXES, blank
from jixiao.books.ooxml.parts import Unreadable
from jixiao.books.read import read
from jixiao.declarations import Adjustments, Catalogue, Form, Package
from jixiao.filing import Filing, Sheet, text
from jixiao.quantity import normalise
from jixiao.rollover import NotRolledError, next_year
from jixiao.treasury.errors import DeskError
from jixiao.treasury.filenames import LISTING
from jixiao.treasury.unitlist import Listed

if TYPE_CHECKING:
    from jixiao.treasury.keeping.stored import Stored

_DEPARTMENT = "主管部门"
#: How alike names are before the one is proposed for the other, which a person decides.
_ALIKE, _PROPOSED = 0.75, 2


def prefilled(
    package: Package,
    listed: Listed,
    year: int,
    catalogue: Catalogue,
    adjustments: Adjustments | None = None,
    last: Path | Stored | None = None,
) -> tuple[Filing, list[str]]:
    """The filing of a listed unit, and what of last year's did not go over: remarks in Chinese.

    The list says who the unit is and, where it names any, which projects it has; everything else comes from ``last``.
    """
    remarks: list[str] = []
    filing = _carried(package, last, year, catalogue, remarks) if last else None
    if filing is None:
        filing = blank(package, listed.unit.name, year, listed.projects or None)
        _name_projects(filing, package)
    elif listed.projects:
        remarks += _with_projects(filing, package, listed.projects)
    filing.unit, filing.unit_code, filing.adjustments = listed.unit.name, listed.unit.code, adjustments
    for sheet in filing.sheets:
        form = package.forms[sheet.form]
        for code, own in form.fields.items():
            if own.default == "{unit}":
                sheet.fields.pop(code, None)  # the unit may have been renamed
        if listed.department and _DEPARTMENT in form.fields:
            sheet.fields[_DEPARTMENT] = listed.department
    return filing, remarks


def _carried(
    package: Package, last: Path | Stored, year: int, catalogue: Catalogue, remarks: list[str]
) -> Filing | None:
    try:
        old = read(last, catalogue) if isinstance(last, Path) else last.read(catalogue)
        if old.package != package.code:
            remarks.append(f"上年文件“{last.name}”是另一套表（{old.package}），没有带入")
            return None
        following = next_year(old, catalogue, year)
    except Unreadable as error:
        remarks.append(f"上年文件“{last.name}”没有带入：{error.cause}")
        return None
    except NotRolledError as error:
        remarks.append(f"上年文件“{last.name}”没有带入：{error.cause}")
        return None
    if following.previous is None:
        remarks.append(f"上年文件是 {old.year} 年度的，与 {year} 年度不相邻，上年数没有带入")
    unread = sum(len(sheet.problems) for sheet in old.sheets)
    if unread:
        remarks.append(f"上年文件有 {unread} 处没有读全，请单位对照补填")
    return following


def _name_projects(filing: Filing, package: Package) -> None:
    """A project sheet begins with the name of its project; those that the package proposes are left to the unit."""
    names = {sheet: name for name, sheet in filing.projects}
    for sheet in filing.sheets:
        named_by = package.forms[sheet.form].named_by
        if named_by and names.get(sheet.name) and names[sheet.name] not in package.projects:
            sheet.fields[named_by] = names[sheet.name]


def _with_projects(filing: Filing, package: Package, projects: tuple[str, ...]) -> list[str]:
    """Give the filing the projects of the list, in their order: those of last year by name, and new ones."""
    form = next((form for form in package.forms.values() if form.many), None)
    if form is None:
        return []
    by_name = {sheet.name: sheet for sheet in filing.sheets if sheet.form == form.code}
    known = {normalise(name): by_name[sheet] for name, sheet in filing.projects if sheet in by_name}
    for sheet in by_name.values():
        known.setdefault(normalise(text(sheet.fields.get(form.named_by))), sheet)
    kept = [known.get(normalise(project)) for project in projects]
    used = {sheet.name for sheet in filing.sheets if sheet.form != form.code}
    used |= {sheet.name for sheet in kept if sheet is not None}
    sheets = [sheet or _new_sheet(form, project, used) for project, sheet in zip(projects, kept, strict=True)]
    carried = {id(sheet) for sheet in kept}
    dropped = [name for name, sheet in filing.projects if id(by_name.get(sheet)) not in carried]
    place = next(k for k, sheet in enumerate(filing.sheets) if sheet.form == form.code) if by_name else 0
    others = [sheet for sheet in filing.sheets if sheet.form != form.code]
    filing.sheets = [*others[:place], *sheets, *others[place:]]
    filing.projects = [(project, sheet.name) for project, sheet in zip(projects, sheets, strict=True)]
    for sheet in others:
        _reorder(sheet, package.forms[sheet.form], projects)
    if not dropped:
        return []
    return [f"名单中没有上年的项目“{'、'.join(dropped)}”，它的项目表没有带入"]


def _new_sheet(form: Form, project: str, used: set[str]) -> Sheet:
    number = next(k for k in range(1, len(used) + 2) if form.sheet_name(k) not in used)
    name = form.sheet_name(number)
    used.add(name)
    return Sheet(form.code, name, {form.named_by: project} if form.named_by else {})


def _reorder(sheet: Sheet, form: Form, projects: tuple[str, ...]) -> None:
    """The rows that name projects in the order of the list; what was a project last year only keeps its row behind."""
    for table in form.tables.values():
        if table.listed:
            rows = {normalise(text(row.get(table.listed))): row for row in sheet.tables.get(table.code, [])}
            own = [rows.pop(normalise(project), {table.listed: project}) for project in projects]
            sheet.tables[table.code] = [*own, *rows.values()]


# ----------------------------------------------------------------------------------------------------- last year's files


@dataclass
class LastYear:
    """Last year's filings by code and by name of their units: files, or filings of a store."""

    codes: dict[str, list[Path | Stored]] = field(default_factory=dict)
    names: dict[str, list[Path | Stored]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def add(self, filing: Path | Stored, codes: Iterable[str], names: Iterable[str]) -> None:
        """A filing, and the codes and names that its unit goes by; "" is none."""
        for code in {normalise(code) for code in codes if code}:
            self.codes.setdefault(code, []).append(filing)
        for name in filter(None, names):
            filings = self.names.setdefault(normalise(name), [])
            if filing not in filings:
                filings.append(filing)
            self.written.setdefault(normalise(name), name)

    def of(self, listed: Listed) -> tuple[Path | Stored | None, list[str]]:
        """The file of a unit, by its code, then by its name; and why there is none, or what is proposed."""
        found = self.codes.get(normalise(listed.unit.code), []) if listed.unit.code else []
        found = found or self.names.get(normalise(listed.unit.name), [])
        if len(found) == 1:
            return found[0], []
        if found:
            files = "、".join(path.name for path in found)
            return None, [f"上年文件有 {len(found)} 份（{files}），没有采用，请只留一份"]
        alike = get_close_matches(normalise(listed.unit.name), self.names, _PROPOSED, _ALIKE)
        if alike:
            proposed = "、".join(self.written[name] for name in alike)
            return None, [f"没有上年文件；名称相近的有“{proposed}”，没有采用"]
        return None, ["没有上年文件"]


def last_year(place: Path, catalogue: Catalogue, package: str, year: int) -> LastYear:
    """Who filed last year, from a folder with its subfolders, from one file, or from what was collected into a store.

    Args:
        place: the folder, the file or the store.
        catalogue: what is declared.
        package: what is issued: of a store, the filings of this package count,
        year: and of the year before this one.

    Raises:
        DeskError: there is no such place, or no filing in it.
    """
    if not place.exists():
        raise DeskError(f"找不到上年的文件夹或文件“{place}”", "请核对 --last-year 后面的路径")
    if (place / LISTING).is_file():
        return _collected(place, package, year - 1)
    files = [place] if place.is_file() else _files(place)
    found = LastYear()
    for path in files:
        try:
            filing = read(path, catalogue)
        except Unreadable as error:
            found.unreadable.append(f"{path.name}：{error.cause}")
            continue
        found.add(path, {filing.unit_code}, {filing.unit})
    if not found.codes and not found.names:
        why = f"（{found.unreadable[0]}）" if found.unreadable else ""
        raise DeskError(f"“{place}”里没有上年填报的工作簿{why}", "请核对 --last-year 后面的路径")
    return found


def _collected(folder: Path, package: str, year: int) -> LastYear:
    """The filings that count in a store."""
    from jixiao.treasury.keeping.stored import stored_filings  # what reads Parquet is loaded only here

    found = LastYear()
    filings, undecided = stored_filings(folder, package, year)
    for stored in filings:
        found.add(stored, stored.codes, stored.names)
    found.unreadable += [f"{unit}有多份填报件没有核定" for unit in undecided]
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(("~$", ".")) and path.is_file()
    )
