"""导出报告: a filing as the Word document that is handed in, in the official order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from jixiao.atomic import replacing
from jixiao.books.making.drawing import draw, printed_names
from jixiao.books.making.styles import load_styles
from jixiao.declarations import Catalogue, Form, Package
from jixiao.filing import Filing, Sheet
from jixiao.word.markup import Writer, column_widths
from jixiao.word.pages import Grid, Line, Page, lay_out
from jixiao.word.shown import Shown
from jixiao.word.template import REPORT, SUFFIX, Template


def export(filing: Filing, catalogue: Catalogue, target: Path, template: Path | None = None) -> None:
    """Write the report of ``filing``; ``target`` is replaced only when the new document is complete.

    Args:
        filing: what is reported.
        catalogue: its package, and what its calculated cells come from.
        target: the .docx file.
        template: the Word file that it is written into; that of the package when omitted.

    Raises:
        Unreadable: the template cannot be used.
        OSError: the target cannot be written.
    """
    document = compose(filing, catalogue, template or template_of(filing.package))
    with replacing(target) as temporary:
        temporary.write_bytes(document)


def template_of(package: str) -> Path:
    """The template that belongs to a package."""
    own = REPORT.path.with_name(f"{package}{SUFFIX}")
    return own if own.is_file() else REPORT.path


def compose(filing: Filing, catalogue: Catalogue, template: Path) -> bytes:
    """The document of ``filing``.

    Raises:
        Unreadable: the template cannot be used.
    """
    opened = Template(template)
    package = catalogue.packages[filing.package]
    _fill(opened, list(_pages(filing, package, catalogue)))
    opened.describe(package.title.format(year=filing.year), filing.unit, dt.date(filing.year, 12, 31))
    return opened.result()


def _pages(filing: Filing, package: Package, catalogue: Catalogue) -> Iterator[Page]:
    """The sheets in the official order: the report first, then the tables that are attached to it."""
    styles = load_styles()
    shown = Shown(filing, package, catalogue, styles)
    points = {code: parameter.at(filing.year) for code, parameter in catalogue.parameters.items()}
    projects = [name for name, _ in filing.projects]
    for sheet in _in_order(filing, package):
        form = package.forms[sheet.form]
        names = printed_names(form, sheet, filing)
        drawing = draw(form, sheet, names, points, projects, styles.base["font_size"])
        yield lay_out(drawing, partial(shown.cell, drawing, sheet), styles)


def _in_order(filing: Filing, package: Package) -> list[Sheet]:
    forms = [form for form in package.forms.values() if not form.aide]
    forms.sort(key=_is_attached)
    return [sheet for form in forms for sheet in filing.of(form.code)]


def _is_attached(form: Form) -> bool:
    return not form.passages


def _fill(template: Template, pages: list[Page]) -> None:
    """Write the pages one after the other; where the paper turns or a cover ends, a section ends."""
    writer, content = Writer(template.styles), []
    covered = any(page.cover for page in pages)
    numbered = 0  # sections so far that have page numbers

    def section(landscape: bool, cover: bool = False) -> str:
        nonlocal numbered
        first = not cover and numbered == 0
        numbered += not cover
        return template.section(landscape, not cover, first, first and covered)

    previous: Page | None = None
    for page in pages:
        room = template.room(page.landscape)
        turns = previous is not None and previous.landscape != page.landscape
        if previous is not None and (turns or page.cover):
            content.append(writer.gap(section(previous.landscape)))
        if page.cover:
            content += _written(writer, page, page.cover, room, False)
            content.append(writer.gap(section(page.landscape, cover=True)))
        opens = previous is not None and not turns and not page.cover
        content += _written(writer, page, page.parts, room, opens)
        previous = page
    template.fill(content, section(previous.landscape if previous else False))


def _written(
    writer: Writer, page: Page, parts: Sequence[Line | Grid], room: int, opens_page: bool
) -> Iterator[str]:
    """Lines and tables, tables kept apart, and closed by a paragraph as Word wants it."""
    widths = column_widths(page.widths, (part for part in parts if isinstance(part, Grid)), room)
    above: Line | Grid | None = None
    for part in parts:
        opens = part.opens or (opens_page and above is None)
        if isinstance(part, Line):
            yield writer.line(part, room, opens)
        else:
            if opens or isinstance(above, Grid):
                yield writer.gap("<w:pageBreakBefore/>" if opens else "")
            yield writer.grid(part, widths)
        above = part
    if isinstance(above, Grid):
        yield writer.gap()
