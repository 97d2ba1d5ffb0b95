"""Mistakes in what is written: in the sections of reports, and in the long cells of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jixiao.filing import Filing, Frame, Sheet
from jixiao.scope import Calculation
from jixiao.vocabulary import held
from jixiao.written import long_fields
from treasury.mistakes.spots import LONG, REPORTS, WHOLE, Mistake, Plant, Spot, add, mistake
from treasury.phrases import OF_REPORTS, PHRASES, Phrase
from treasury.plausible import TOLD

_FIGURES = re.compile(r"[\d.]+")


def _paragraphs(at: Spot, sheet: Sheet) -> Iterator[tuple[dict[str, str], str]]:
    """Every paragraph of a report: its row, and the column that it stands in."""
    for code, passage in at.package.forms[sheet.form].passages.items():
        if passage.written:
            column = at.package.forms[sheet.form].tables[code].paragraphs
            yield from ((row, column) for row in sheet.tables.get(code, []))


def _write(at: Spot, text: str, instead: str = "") -> None:
    """Put a paragraph into the report, in place of the one that says ``instead``, else of any."""
    found = list(_paragraphs(at, at.sheet))
    said = [place for place in found if instead and _words(place[0][place[1]]) == instead]
    row, column = at.rng.choice(said or found)
    row[column] = text


def _words(text: str) -> str:
    return _FIGURES.sub("", text)


def _said_elsewhere(at: Spot, words: str) -> bool:
    """Whether another sheet about the whole unit says the same: then the two would be compared."""
    for sheet in at.filing.sheets:
        form = at.package.forms[sheet.form]
        if sheet is not at.sheet and not form.many:
            texts = [row[column] for row, column in _paragraphs(at, sheet)]
            texts += [str(sheet.fields.get(field.code)) for field in long_fields(form)]
            if any(words[: len(words) // 2] in _words(text) for text in texts):
                return True
    return False


def _in_reports(phrase: Phrase) -> Plant:
    def plant(at: Spot) -> None:
        right = _words(phrase(at.rng, False))
        at.hold(not _said_elsewhere(at, right))
        _write(at, phrase(at.rng, True), right)

    return plant


def _in_cells(phrase: Phrase) -> Plant:
    def plant(at: Spot) -> None:
        at.hold(at.form.many or not _said_elsewhere(at, _words(phrase(at.rng, False))))
        code = at.rng.choice([field.code for field in long_fields(at.form)])
        at.fields[code] = str(at.fields[code]).partition("。")[0] + "。" + phrase(at.rng, True)

    return plant


for _rule, _phrase in PHRASES.items():
    add(Mistake(f"{_phrase.__name__}_in_a_report", REPORTS, {_rule: 1}, _in_reports(_phrase)))
    if _rule not in OF_REPORTS:
        add(Mistake(f"{_phrase.__name__}_in_a_cell", LONG, {_rule: 1}, _in_cells(_phrase)))


@mistake(*REPORTS, alone=True, TXT_022=1)
def counted_differently_in_the_report(at: Spot) -> None:
    households = at.rng.randint(300, 900)
    at.other(WHOLE).fields["实际完成情况"] = f"全年净增服务对象{households}户。"
    _write(at, f"全年净增服务对象{households + at.rng.randint(5, 90)}户。")


@mistake(*REPORTS, alone=True, TXT_026=1)
def told_otherwise_than_the_table(at: Spot) -> None:
    told = [
        (text, sheet.fields[code])
        for code, text in TOLD.items()
        for sheet in at.filing.sheets
        if isinstance(sheet.fields.get(code), float)
    ]
    at.hold(bool(told))
    text, value = at.rng.choice(told)
    other = value + at.rng.randint(3, 9)
    if "万元" in text:
        other = round(value * at.rng.uniform(1.1, 1.6) + 1, 2)
        at.hold(not _explained(at.filing, at, other, value))
    _write(at, text.format(other), _words(text.format(value)))


def _explained(filing: Filing, at: Spot, told: float, value: float) -> bool:
    """Whether the figure, or its difference, happens to be another one's: then nobody can say that it is wrong."""
    calculation = Calculation(Frame([filing], at.package.forms), at.catalogue)
    others = [each.figure.value / 1e4 for each in held(calculation, 0)]
    return any(abs(figure - other) < 0.02 for other in others for figure in (told, abs(told - value)))


@mistake(*REPORTS, STR_019=1)
def section_blank(at: Spot) -> None:
    codes = [
        code
        for code, passage in at.form.passages.items()
        if passage.written and not passage.optional
        if not any(at.form.sentences[each].states_figures for each in passage.sentences)
    ]
    del at.sheet.tables[at.rng.choice(codes)]
