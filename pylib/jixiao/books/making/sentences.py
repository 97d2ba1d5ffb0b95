"""Sentences of a report that state figures of other forms: as formulas, and as what these show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby

from jixiao.binding import UNIT
from jixiao.books.making.formulas import Formulas
from jixiao.declarations import Clause, Field, Form, Sentence
from jixiao.expression import Expression, Ref
from jixiao.quantity import display, round_half_up
from jixiao.scope import Calculation, Scope

#: How TEXT writes what :func:`display` writes; a score has no trailing zeros, so it is joined as it is.
_FORMATS = {"money": "0.00", "area": "0.00", "rate": "0.00%", "count": "0"}
#: A figure and a text as wide as they get, for the height of a sentence that is not there yet.
_WIDEST, _LONGEST = "00000.00", "字" * 22


def formula(sentence: Sentence, formulas: Formulas, names: Mapping[str, str]) -> str:
    """The formula of a sentence; ``names`` are what {year} and the like stand for."""
    first, *others = [_clause(clause, formulas, names) for clause in sentence.clauses]
    whole = "&".join([first[1], *(_under(conditions, said) for conditions, said in others)])
    return f"={_under(first[0], whole)}"


def _under(conditions: list[str], said: str) -> str:
    """What is said while all conditions hold; none is looked at unless the one before it holds."""
    for condition in reversed(conditions):
        said = f'IF({condition},{said},"")'
    return said


def _clause(clause: Clause, formulas: Formulas, names: Mapping[str, str]) -> tuple[list[str], str]:
    """The conditions under which a clause stands, and what it says."""
    pieces: list[str] = []
    for text, figure in zip(clause.texts, (*clause.figures, None), strict=True):
        if text:
            pieces.append('"' + filled(text, names).replace('"', '""') + '"')
        if figure is None:
            continue
        if _is_unit(figure):
            pieces.append(f'{UNIT}&""')  # a reference alone to an empty cell would be 0
        elif _text(figure, formulas.package.forms):
            pieces.append(formulas.cell(figure.references[0]))
        else:
            pieces.append(_figure(figure, formulas))
    conditions = [_there(clause, formulas)] if clause.operands else []
    conditions += [formulas.printed(clause.when)] if clause.when else []
    return [condition for condition in conditions if condition], "&".join(pieces)


def _there(clause: Clause, formulas: Formulas) -> str:
    """Whether what a clause needs is filled in; "" when it needs nothing but the name of the unit."""
    forms = formulas.package.forms
    needed = [ref for ref in clause.operands if ref != Ref(None, UNIT)]
    numbers = [formulas.cell(ref) for ref in needed if not _declared(ref, forms).textual]
    texts = [formulas.cell(ref) for ref in needed if _declared(ref, forms).textual]
    conditions = [f"COUNT({','.join(numbers)})={len(numbers)}"] if numbers else []
    conditions += [f'TRIM({cell})<>""' for cell in texts]
    return f"AND({','.join(conditions)})" if len(conditions) > 1 else "".join(conditions)


def _figure(figure: Expression, formulas: Formulas) -> str:
    field = _declared(figure.references[0], formulas.package.forms)
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
    parts = []
    for k, clause in enumerate(sentence.clauses):
        figures = [_stated(figure, forms, scope, index) for figure in clause.figures]
        if None not in figures and _asked(clause, scope, index):
            parts.append("".join(_woven(clause, [str(each) for each in figures], names)))
        elif k == 0:
            return ""
    return "".join(parts)


def _stated(figure: Expression, forms: Mapping[str, Form], scope: Scope, index: int) -> str | None:
    """What stands for a figure; ``None`` while it is not there."""
    if _is_unit(figure):
        return scope.texts(figure.references[0])[index]
    if _text(figure, forms):
        text = scope.texts(figure.references[0])[index]
        return text if text.strip(" ") else None
    return _shown(float(figure.evaluate(scope)[index]), _declared(figure.references[0], forms))


def _asked(clause: Clause, scope: Scope, index: int) -> bool:
    """Whether the condition of a clause holds; with a blank in it, it does not."""
    if clause.when is None:
        return True
    compared = (float(scope.numbers(ref)[index]) for ref in clause.when.references)
    return all(map(math.isfinite, compared)) and bool(clause.when.evaluate(scope)[index] == 1)


def _shown(value: float, field: Field) -> str | None:
    """A figure as it is written; ``None`` for what is no figure."""
    if not math.isfinite(value):
        return None
    rounded = round_half_up(value, field.decimals) + 0.0  # no -0.00
    return display(rounded, field.type, field.decimals)


def longest(sentence: Sentence, unit: str, names: Mapping[str, str], forms: Mapping[str, Form]) -> str:
    """The sentence with all its clauses, wide figures and long texts; of neighbouring conditions the longest."""

    def wide(figure: Expression) -> str:
        return unit if _is_unit(figure) else _LONGEST if _text(figure, forms) else _WIDEST

    said: list[str] = []
    for conditional, clauses in groupby(sentence.clauses, lambda clause: clause.when is not None):
        texts = ["".join(_woven(clause, list(map(wide, clause.figures)), names)) for clause in clauses]
        said += [max(texts, key=len)] if conditional else texts
    return "".join(said)


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


def _text(figure: Expression, forms: Mapping[str, Form]) -> bool:
    """Whether a figure is a text of another form, which is said as it stands."""
    return _declared(figure.references[0], forms).textual


def _declared(ref: Ref, forms: Mapping[str, Form]) -> Field:
    """The field behind a reference; that of the first one in a figure says how it is written."""
    return forms[ref.owner or ""].fields[ref.name]
