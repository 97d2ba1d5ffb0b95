"""New workbooks: one per filing, blank or filled, with every calculated value cached."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import xlsxwriter

from jixiao.adjustments import adjusted
from jixiao.atomic import replacing
from jixiao.books.making.beside import first_helper
from jixiao.books.making.drawing import draw, printed_names
from jixiao.books.making.formulas import Formulas
from jixiao.books.making.front import NAME, Front
from jixiao.books.making.paper import FormulaSheet, Paper, close
from jixiao.books.making.paragraphs import spread
from jixiao.books.making.parametersheet import write_adjustments
from jixiao.books.making.previoussheet import write_previous
from jixiao.books.making.resultsheet import write_results
from jixiao.books.making.sheet import SheetWriter
from jixiao.books.making.site import Site
from jixiao.books.making.styles import load_styles
from jixiao.books.parameters import PARAMETERS
from jixiao.books.previous import PREVIOUS
from jixiao.books.results import RESULTS
from jixiao.books.vba.buttons import SUFFIX as MACROS
from jixiao.books.vba.buttons import add_macros
from jixiao.declarations import Catalogue, Form, Package
from jixiao.filing import MISSING, Filing, Frame, Sheet
from jixiao.scope import Calculation

#: A fixed date, so that the same declarations give the same file.
_CREATED = dt.datetime(2024, 1, 1)
#: The flavours: without macros, which also is what is handed in, and with them.
SUFFIXES = (".xlsx", MACROS)


def blank(
    package: Package, unit: str = "", year: int | None = None, projects: Sequence[str] | int | None = None
) -> Filing:
    """A filing with nothing filled in.

    Args:
        package: the forms.
        unit: name of the unit; may be empty.
        year: the year it is about; the package's own when omitted.
        projects: names of the projects, or their number; those of the package when omitted.
    """
    names = list(package.projects) if projects is None else projects
    if isinstance(names, int):
        names = [package.projects[k] if k < len(package.projects) else f"项目{k + 1}" for k in range(names)]
    filing = Filing(package.code, unit, year or package.year)
    for form in package.forms.values():
        count = max(1, len(names)) if form.many else 1
        filing.sheets += [Sheet(form.code, form.sheet_name(k + 1)) for k in range(count)]
    sheets = [sheet.name for sheet in filing.sheets if package.forms[sheet.form].many]
    filing.projects = list(zip(names, sheets, strict=False))
    return filing


def build(package: Package, filing: Filing, catalogue: Catalogue, path: Path) -> None:
    """Write the workbook of ``filing`` to ``path``, which is replaced only when the new file is complete.

    The name decides the flavour: ``.xlsm`` has buttons and asks the add-in's functions first, ``.xlsx`` has neither.
    A stated value stands in its cell, also in place of a formula; a stated ``None`` leaves a calculated cell blank;
    what is not stated is left to formula, default or the person. The adjustments of the filing travel with it.

    Raises:
        BuildError: something cannot be written as declared.
        OSError: the folder cannot be written to, or the file is open elsewhere.
    """
    catalogue = adjusted(catalogue, filing.adjustments)
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("error")  # what XlsxWriter warns about it has left out
        _write(package, _fitted(package, completed(package, filing, catalogue)), catalogue, temporary)


def build_issued(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write the blank workbooks of every package into ``folder``; the same declarations give the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for package in catalogue.packages.values():
        for suffix in SUFFIXES:
            paths.append(folder / f"{package.code}{suffix}")
            build(package, blank(package), catalogue, paths[-1])
    return paths


def completed(package: Package, filing: Filing, catalogue: Catalogue) -> Filing:
    """The filing with a sheet for every form, and the defaults that the forms print."""
    sheets = [
        replace(sheet, fields=_with_defaults(form, sheet, filing, catalogue))
        for form in package.forms.values()
        for sheet in filing.of(form.code) or [Sheet(form.code, form.sheet_name(1))]
    ]
    return replace(filing, sheets=sheets)


def _fitted(package: Package, filing: Filing) -> Filing:
    """The filing with paragraphs that fit into rows."""
    styles = load_styles()
    return replace(
        filing, sheets=[spread(package.forms[sheet.form], sheet, styles) for sheet in filing.sheets]
    )


def _with_defaults(form: Form, sheet: Sheet, filing: Filing, catalogue: Catalogue) -> dict[str, object]:
    fields = dict(sheet.fields)
    for code, field in form.fields.items():
        if field.default is None or fields.get(code, MISSING) is not MISSING:
            continue
        default = field.default
        if default == "{unit}":
            if not filing.unit:
                continue
            default = filing.unit
        elif isinstance(default, str) and default in catalogue.parameters:
            default = catalogue.parameter(default, filing.year)
        fields[code] = default
    return fields


def _write(package: Package, filing: Filing, catalogue: Catalogue, path: Path) -> None:
    # In memory: as files, XlsxWriter writes the parts on Windows with other ends of lines than elsewhere.
    options = {"strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    workbook = xlsxwriter.Workbook(str(path), options)
    workbook.set_properties(
        {"title": package.title.format(year=filing.year), "company": package.authority, "created": _CREATED}
    )
    # Every value is already there. Excel recalculates a file that an older Excel calculated, hence the number.
    workbook.set_calc_mode("auto", 191029)
    workbook.calc_on_load = False
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    front = Front(package, filing, calculation)
    paper = Paper(workbook, load_styles(), filing.unit, front.list_size, path.suffix == MACROS)
    first = workbook.add_worksheet(NAME, FormulaSheet)
    sheets = [workbook.add_worksheet(sheet.name, FormulaSheet) for sheet in filing.sheets]
    results = workbook.add_worksheet(RESULTS)
    previous = workbook.add_worksheet(PREVIOUS) if filing.previous else None
    parameters = workbook.add_worksheet(PARAMETERS) if filing.adjustments else None
    front.place(paper)
    points = {code: parameter.at(filing.year) for code, parameter in catalogue.parameters.items()}
    single = {sheet.form: sheet.name for sheet in filing.sheets if not package.forms[sheet.form].many}
    projects = [name for name, _ in filing.projects]
    counts: dict[str, int] = {}
    failures: dict[str, int] = {}
    sums: dict[str, float] = {}
    for worksheet, sheet in zip(sheets, filing.sheets, strict=True):
        form = package.forms[sheet.form]
        names = printed_names(form, sheet, filing)
        drawing = draw(form, sheet, names, points, projects, paper.styles.base["font_size"])
        formulas = Formulas(
            package, catalogue, filing.year, drawing, single, first_helper(drawing), paper.macros
        )
        index = counts.get(form.code, 0)
        counts[form.code] = index + 1
        site = Site(paper, worksheet, drawing, sheet, formulas, calculation, index, filing.previous)
        beside = SheetWriter(site, projects).write()
        failures[sheet.name], sums[sheet.name] = beside.failures, beside.sum
    front.write(paper, first, failures, sums)
    write_results(paper, results)
    if previous is not None and filing.previous is not None:
        write_previous(paper, previous, filing.previous, package)
    if parameters is not None and filing.adjustments is not None:
        write_adjustments(paper, parameters, filing.adjustments)
    first.activate()
    if paper.macros:
        add_macros(workbook)
    close(workbook)


__all__ = ["SUFFIXES", "blank", "build", "build_issued", "completed"]
