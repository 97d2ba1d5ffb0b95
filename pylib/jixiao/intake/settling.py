"""The last touches on an imported filing: projects by name, calculated cells against their formulas, sentences again.

A calculated cell keeps its formula where that gives the figure of the document, so that the workbook lives; where it gives
another one, the document's figure is stated in its place, as people do, and said.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jixiao.books.making.sentences import said as composed
from jixiao.declarations import Catalogue, Field, Form, Package
from jixiao.filing import MISSING, Filing, Frame, Sheet, number
from jixiao.filing import text as as_text
from jixiao.intake.blocks import Unread
from jixiao.intake.sections import Heard
from jixiao.intake.sentences import loose
from jixiao.quantity import NOT_APPLICABLE, normalise, round_half_up
from jixiao.scope import Calculation

_LISTED = 6
#: Decimals behind which two figures differ by no more than a computer's arithmetic.
_EXACT = 10


def link_projects(filing: Filing, package: Package) -> list[str]:
    """Fill the 项目清单: each project sheet by the name that the list of projects gives it; what is to be looked at."""
    forms = package.forms
    listed = [
        as_text(row.get(table.listed))
        for sheet in filing.sheets
        for table in forms[sheet.form].tables.values()
        if table.listed
        for row in sheet.tables.get(table.code, [])
    ]
    sheets = [sheet for sheet in filing.sheets if forms[sheet.form].many]
    own = {sheet.name: as_text(sheet.fields.get(forms[sheet.form].named_by)).strip() for sheet in sheets}
    left = [name for name in listed if name]
    names: dict[str, str] = {}
    for sheet in sheets:
        same = next((name for name in left if normalise(name) == normalise(own[sheet.name])), "")
        if same:
            left.remove(same)
            names[sheet.name] = same
    remarks = []
    for sheet in sheets:
        if sheet.name in names:
            continue
        names[sheet.name] = own[sheet.name] or sheet.name
        unlinked = [each for each in sheets if each.name not in names or names[each.name] == own[each.name]]
        near = difflib.get_close_matches(own[sheet.name], left, 1, 0.6)
        if near or (left and len(left) == 1 and len(unlinked) == 1):
            project = near[0] if near else left[0]
            left.remove(project)
            names[sheet.name] = project
            remarks.append(
                f"项目“{project}”与{sheet.name}的“{own[sheet.name] or '（没有名称）'}”名称不同，按同一个项目登记在首页。"
            )
    filing.projects = [(names[sheet.name], sheet.name) for sheet in sheets]
    return remarks


def settle(
    filing: Filing, package: Package, catalogue: Catalogue, blank: Mapping[str, set[str]]
) -> list[str]:
    """Leave to its formula what the formula gives, state the rest; returns what is to be looked at.

    Args:
        filing: the filing; it is changed.
        package: its forms.
        catalogue: what is declared.
        blank: sheet -> calculated fields whose cells the document has and leaves blank.
    """
    for sheet in filing.sheets:
        for code in blank.get(sheet.name, ()):
            sheet.fields.setdefault(code, None)
    stated = [(place, place.record[place.field.code]) for place in _calculated(filing, package)]
    # What agrees is left to the formula; a second look restates what no longer agrees without the others' figures.
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    kept = [pair for pair in stated if pair[0].agrees(calculation, pair[1])]
    for place, _ in kept:
        del place.record[place.field.code]
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    restated = [pair for pair in kept if not pair[0].agrees(calculation, pair[1])]
    for place, value in restated:
        place.record[place.field.code] = value
    settled = {id(pair[0]) for pair in kept} - {id(pair[0]) for pair in restated}
    different = [pair for pair in stated if id(pair[0]) not in settled]
    empty = [str(place) for place, value in different if value is None]
    other = [str(place) for place, value in different if value is not None and place.gives(calculation)]
    remarks = []
    if other:
        remarks.append(f"{_some(other)}与程序算出的数不同，照原文填写，审核时会指出。")
    if empty:
        remarks.append(f"{_some(empty)}原文是空的，照样留空；要自动计算的，请点“恢复公式”。")
    return remarks


def _some(names: Sequence[str]) -> str:
    shown = "、".join(names[:_LISTED])
    return f"{shown}等 {len(names)} 处" if len(names) > _LISTED else shown


class _Place:
    """One calculated cell that says something of its own."""

    def __init__(
        self, sheet: Sheet, form: Form, index: int, record: dict[str, Any], field: Field, row: int | None
    ) -> None:
        self.sheet, self.form, self.index, self.record, self.field, self.row = (
            sheet,
            form,
            index,
            record,
            field,
            row,
        )

    def __str__(self) -> str:
        label = self.field.label.replace("\n", "").replace("{year}", "")
        if self.row is None:
            matrix = f"的{self.field.line[2]}" if self.field.line and self.field.line[2] != label else ""
            return f"{self.sheet.name}“{label}{matrix}”"
        return f"{self.sheet.name}“{label}”第 {self.row + 1} 行"

    def gives(self, calculation: Calculation) -> bool:
        """Whether the formula gives a figure at all: a score of a qualitative target is people's own."""
        return math.isfinite(self._given(calculation))

    def _given(self, calculation: Calculation) -> float:
        column = calculation.calculated(self.form.code, self.field.table, self.field.code)
        return float(column[self._position(calculation)])

    def agrees(self, calculation: Calculation, value: Any) -> bool:
        """Whether the formula gives what is stated, as precisely as it is written; a text is never what it gives."""
        given = self._given(calculation)
        own = number(value, self.field.type == "rate")
        if not (math.isfinite(given) and math.isfinite(own)):
            return (math.isnan(given) and math.isnan(own)) or given == own == NOT_APPLICABLE
        own = round_half_up(own, _EXACT)
        return own in (round_half_up(given, _EXACT), round_half_up(given, self.field.decimals))

    def _position(self, calculation: Calculation) -> int:
        if self.row is None or self.field.table is None:
            return self.index
        parents = calculation.frame.forms[self.form.code].table(self.field.table).parent
        return int((parents == self.index).nonzero()[0][self.row])


def _calculated(filing: Filing, package: Package) -> Iterator[_Place]:
    counts: dict[str, int] = {}
    for sheet in filing.sheets:
        form, index = package.forms[sheet.form], counts.get(sheet.form, 0)
        counts[form.code] = index + 1
        for code, field in form.fields.items():
            if field.calculated and not field.textual and sheet.fields.get(code, MISSING) is not MISSING:
                yield _Place(sheet, form, index, sheet.fields, field, None)
        for code, rows in sheet.tables.items():
            for field in form.tables[code].columns.values():
                for number_, row in enumerate(rows):
                    if field.calculated and not field.textual and row.get(field.code, MISSING) is not MISSING:
                        yield _Place(sheet, form, index, row, field, number_)


def compare_sentences(
    filing: Filing, package: Package, catalogue: Catalogue, heard: Sequence[Heard]
) -> list[Unread]:
    """Sentences of the document that the workbook, which composes them anew from its figures, says otherwise."""
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    different = []
    for each in heard:
        code, text = each.form, each.paragraph.text
        form = package.forms[code]
        if not filing.of(code):
            continue
        names = {
            "title": form.title,
            "附件": form.sheet,
            "unit": filing.unit,
            "year": str(filing.year),
            "last_year": str(filing.year - 1),
        }
        now = composed(each.said.sentence, package.forms, calculation, code, 0, names)
        if loose(now) != loose(text):
            shown = f"“{now}”" if now else "空白（缺少数字）"
            reason = f"这句话由程序按各表的数字写成，现在是{shown}，与原文不同"
            different.append(Unread(each.file, each.paragraph.place, text, reason))
    return different
