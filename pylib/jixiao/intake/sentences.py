"""Sentences of a report read backwards: from what they say to the figures that they were composed from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jixiao.binding import UNIT
from jixiao.declarations import Clause, Sentence
from jixiao.expression import Expression, Ref
from jixiao.intake.wording import folded

_NUMBER = r"([+-]?\d+(?:\.\d+)?%?)"
_TEXT = r"([^,。]+?)"
_NAME = r"([^,。]*?)"
_YEAR = r"(\d{4})"
_NAMES = re.compile(r"\{([^{}]+)\}")
#: Marks that people put one for the other.
_STOPS = str.maketrans(dict.fromkeys(":;、，；：", ",") | dict.fromkeys("“”\"'‘’《》", ""))


@dataclass(frozen=True)
class Said:
    """What one paragraph said: texts by the figure they stand for, the year and the unit, "" where they are not named."""

    sentence: Sentence
    figures: tuple[tuple[Ref, str], ...]
    year: str = ""
    unit: str = ""


@lru_cache(maxsize=1 << 10)
def loose(text: str) -> str:
    """A text in which stops and quotes count alike."""
    return folded(text).translate(_STOPS)


def _traced(text: str) -> tuple[str, list[int]]:
    """The same, and from which character of the text each of its characters comes."""
    pieces = [loose(mark) for mark in text]
    return "".join(pieces), [k for k, piece in enumerate(pieces) for _ in piece]


def heard(sentence: Sentence, text: str, textual: frozenset[Ref], title: str = "") -> Said | None:
    """What a paragraph says if it is this sentence and nothing else.

    Args:
        sentence: as declared.
        text: the paragraph.
        textual: the references that state a text.
        title: of the form, which a sentence may repeat.
    """
    if not any(loose(_NAMES.sub("", each)) for each in sentence.clauses[0].texts):
        return None  # any line at all is a sentence that is nothing but the unit's name
    expression, groups = _pattern(sentence, textual, title)
    if expression.fullmatch(loose(text)) is None:
        return None
    spelled, origins = _traced(text)
    match = expression.fullmatch(spelled)
    if match is None:  # a mark that only its neighbours make another one
        return None
    figures, year, unit = [], "", ""
    for k, group in enumerate(groups, 1):
        if not match[k]:
            continue
        said = text[origins[match.start(k)] : origins[match.end(k) - 1] + 1]
        if group == "year":
            year = year or said
        elif isinstance(group, Ref):
            if group == Ref(None, UNIT):
                unit = unit or said
            else:
                figures.append((group, said))
    return Said(sentence, tuple(figures), year, unit)


@lru_cache(maxsize=1024)
def _pattern(
    sentence: Sentence, textual: frozenset[Ref], title: str
) -> tuple[re.Pattern[str], tuple[Ref | str, ...]]:
    groups: list[Ref | str] = []
    pieces = []
    for k, clause in enumerate(sentence.clauses):
        piece = "".join(_clause(clause, textual, title, groups))
        pieces.append(piece if k == 0 else f"(?:{piece})?")
    return re.compile("".join(pieces)), tuple(groups)


def _clause(clause: Clause, textual: frozenset[Ref], title: str, groups: list[Ref | str]) -> Iterator[str]:
    for text, figure in zip(clause.texts, (*clause.figures, None), strict=True):
        yield from _constant(text, title, groups)
        if figure is None:
            continue
        ref = single(figure)
        groups.append(ref or "other")
        # The name of the unit may be left out on a cover.
        yield _NAME if ref == Ref(None, UNIT) else _TEXT if ref in textual else _NUMBER


def _constant(text: str, title: str, groups: list[Ref | str]) -> Iterator[str]:
    for k, piece in enumerate(_NAMES.split(text)):
        if k % 2 == 0:
            yield re.escape(loose(piece))
        elif piece == "title":
            yield from _constant(title, "", groups)
        else:
            groups.append("year" if piece == "year" else "other")
            yield _YEAR if piece in ("year", "last_year") else _TEXT


def single(figure: Expression) -> Ref | None:
    """The one field that a figure repeats; ``None`` for what is computed."""
    refs = figure.references
    return refs[0] if len(refs) == 1 and str(refs[0]) == figure.source.strip() else None
