"""Sentences of a report that state figures of other forms: as formulas, and as what these show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from jixiao.binding import UNIT
from jixiao.books.making.formulas import Formulas
from jixiao.declarations import Clause, Field, Form, Sentence
from jixiao.expression import Expression, Ref
from jixiao.quantity import display, round_half_up
from jixiao.scope import Calculation

#: How TEXT writes what :func:`display` writes; a score has no trailing zeros, so it is joined as it is.
_FORMATS = {"money": "0.00", "area": "0.00", "rate": "0.00%", "count": "0"}
#: A figure as wide as they get, for the height of a sentence that is not there yet.
_WIDEST = "00000.00"


def formula(sentence: Sentence, formulas: Formulas, names: Mapping[str, str]) -> str:
    """The formula of a sentence; ``names`` are what {year} and the like stand for."""
    first, *others = [_clause(clause, formulas, names) for clause in sentence.clauses]
    whole = "&".join([first[1], *(f'IF({asked},{said},"")' if asked else said for asked, said in others)])
    return f'=IF({first[0]},{whole},"")' if first[0] else f"={whole}"


def _clause(clause: Clause, formulas: Formulas, names: Mapping[str, str]) -> tuple[str, str]:
    """The condition under which a clause stands, "" for always, and what it says."""
    pieces: list[str] = []
    operands: dict[str, None] = {}
    for text, figure in zip(clause.texts, (*clause.figures, None), strict=True):
        if text:
            pieces.append('"' + filled(text, names).replace('"', '""') + '"')
        if figure is None:
            continue
        if _is_unit(figure):
            pieces.append(f'{UNIT}&""')  # a reference alone to an empty cell would be 0
            continue
        operands |= {formulas.cell(ref): None for ref in figure.references}
        pieces.append(_figure(figure, formulas))
    return (f"COUNT({','.join(operands)})={len(operands)}" if operands else ""), "&".join(pieces)


def _figure(figure: Expression, formulas: Formulas) -> str:
    field = _field(figure, formulas.package.forms)
    rounded = f"ROUND(ROUND({formulas.printed(figure)},10),{field.decimals})"
    return f'TEXT({rounded},"{_FORMATS[field.type]}")' if field.type in _FORMATS else rounded


def said(
    sentence: Sentence,
    forms: Mapping[str, Form],
    calculation: Calculation,
    form: str,
    index: int,
    names: Mapping[str, str],
) -> str:
    """What a sentence says in one sheet.

    Args:
        sentence: the sentence.
        forms: those of the package.
        calculation: the figures.
        form: the form that the sentence stands in.
        index: the position of its sheet among those of the form.
        names: what {year} and the like stand for.
    """
    scope = calculation.scope(form)
    unit = scope.texts(Ref(None, UNIT))[index]
    parts = []
    for k, clause in enumerate(sentence.clauses):
        figures: list[str | None] = []
        for figure in clause.figures:
            if _is_unit(figure):
                figures.append(unit)
                continue
            figures.append(_shown(float(figure.evaluate(scope)[index]), _field(figure, forms)))
        if None not in figures:
            parts.append("".join(_woven(clause, [str(each) for each in figures], names)))
        elif k == 0:
            return ""
    return "".join(parts)


def _shown(value: float, field: Field) -> str | None:
    """A figure as it is written; ``None`` for what is no figure."""
    if not math.isfinite(value):
        return None
    rounded = round_half_up(value, field.decimals) + 0.0  # no -0.00
    return display(rounded, field.type, field.decimals)


def longest(sentence: Sentence, unit: str, names: Mapping[str, str]) -> str:
    """The sentence with all its clauses and wide figures."""
    return "".join(
        text
        for clause in sentence.clauses
        for text in _woven(clause, [unit if _is_unit(each) else _WIDEST for each in clause.figures], names)
    )


def _woven(clause: Clause, figures: list[str], names: Mapping[str, str]) -> Iterator[str]:
    for text, figure in zip(clause.texts, [*figures, ""], strict=True):
        yield filled(text, names)
        yield figure


def filled(text: str, names: Mapping[str, str]) -> str:
    """A text with what {year} and the like stand for."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _is_unit(figure: Expression) -> bool:
    return figure.references == (Ref(None, UNIT),)


def _field(figure: Expression, forms: Mapping[str, Form]) -> Field:
    """The field whose type says how a figure is written: the first that is named."""
    ref = figure.references[0]
    return forms[ref.owner or ""].fields[ref.name]
