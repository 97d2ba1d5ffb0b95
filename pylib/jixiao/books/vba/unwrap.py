"""Formulas of the macro workbook without the functions of the add-in: ``IFERROR(JX_RATE(a,b),native)`` is ``native``.

Formulas are read as Excel stores them: English names, commas, other workbooks as ``[1]``. A text, a quoted sheet
name, a table column and an array constant may hold anything that looks like a formula, so the formula is cut into
tokens and brackets are matched. Grammar: ECMA-376 part 1, 18.17.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from jixiao.measures import WORKSHEET_PREFIX

_TOKEN = re.compile(
    r'"(?:[^"]|"")*"'  # a text
    r"|'(?:[^']|'')*'"  # a sheet, perhaps of another workbook
    r"|\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\]"  # another workbook, or columns of a table
    r"|[\w.\\?]+"  # a name, an address, a number
    r"|\s+|.",
    re.DOTALL,
)
# Excel writes a function of a module or of an add-in that it does not find with something before its name.
_OURS = re.compile(rf"(?:\w+\.)*{WORKSHEET_PREFIX}\w+", re.IGNORECASE)
_OPEN, _CLOSE = frozenset("({"), frozenset(")}")
_OPERATORS = frozenset("+-*/^&=<>%")
_BOOK = re.compile(r"('?)\[([0-9]+)\](.*)", re.DOTALL)


def calls(formula: str) -> bool:
    """Whether a formula calls a function of the add-in."""
    if WORKSHEET_PREFIX not in formula.upper():
        return False
    tokens = _TOKEN.findall(formula)
    return any(following == "(" and _OURS.fullmatch(token) for token, following in pairwise(tokens))


def native(formula: str) -> str:
    """A formula with every ``IFERROR(JX_X(arguments),native)`` in it replaced by its native form.

    What calls a function of the add-in in another way stays as it is; see :func:`calls`.

    >>> native('ROUND(IFERROR([1]!JX_RATE(a,"),("),IF(b=0,"",a/b)),2)')
    'ROUND(IF(b=0,"",a/b),2)'
    >>> native("2*IFERROR(JX_SUM(a,b),a+b)")
    '2*(a+b)'
    """
    if not calls(formula):
        return formula
    tokens = _TOKEN.findall(formula)
    closing = _closing(tokens)
    return formula if closing is None else _native(tokens, closing, 0, len(tokens))


def books(formula: str) -> set[int]:
    """The other workbooks that a formula refers to, by their numbers in the list of links."""
    return {number for _, number in _books(_TOKEN.findall(formula))} if "[" in formula else set()


def renumbered(formula: str, numbers: Mapping[int, int]) -> str:
    """A formula whose other workbooks have new numbers.

    Args:
        formula: without ``=``.
        numbers: new number by old one; what is not in it stays.
    """
    tokens = _TOKEN.findall(formula)
    for place, number in _books(tokens):
        new = numbers.get(number, number)
        tokens[place] = tokens[place].replace(f"[{number}]", f"[{new}]", 1)
    return "".join(tokens)


def _books(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Place and number of each token that names another workbook."""
    found = []
    for place, token in enumerate(tokens):
        match = _BOOK.fullmatch(token)
        # 表1[3] is the column called 3 of a table.
        column = (
            match is not None and not match[1] and place > 0 and re.fullmatch(r"[\w.\\?]+", tokens[place - 1])
        )
        if match is not None and not column:
            found.append((place, int(match[2])))
    return found


def _closing(tokens: Sequence[str]) -> dict[int, int] | None:
    """Where each bracket closes; ``None`` when they do not match."""
    closing, open_ = {}, []
    for place, token in enumerate(tokens):
        if token in _OPEN:
            open_.append(place)
        elif token in _CLOSE:
            if not open_:
                return None
            closing[open_.pop()] = place
    return None if open_ else closing


def _native(tokens: Sequence[str], closing: Mapping[int, int], first: int, end: int) -> str:
    written = []
    place = first
    while place < end:
        inner = None
        if tokens[place].upper() == "IFERROR" and place + 1 < end and tokens[place + 1] == "(":
            inner = _unwrapped(tokens, closing, place + 1)
        if inner is None:
            written.append(tokens[place])
            place += 1
            continue
        stop = closing[place + 1] + 1
        alone = _ends(tokens[:place][::-1]) and _ends(tokens[stop:])
        written.append(inner if alone or not _compound(inner) else f"({inner})")
        place = stop
    return "".join(written)


def _unwrapped(tokens: Sequence[str], closing: Mapping[int, int], opening: int) -> str | None:
    """The native form in the brackets of an IFERROR; ``None`` when it is not one of ours."""
    arguments = _arguments(tokens, closing, opening)
    if len(arguments) != 2 or not _is_call(tokens, closing, *arguments[0]):
        return None
    return _native(tokens, closing, *arguments[1]).strip() or None


def _arguments(tokens: Sequence[str], closing: Mapping[int, int], opening: int) -> list[tuple[int, int]]:
    """First token of each argument, and the one behind its last."""
    found, place, first = [], opening + 1, opening + 1
    while place < closing[opening]:
        if tokens[place] == ",":
            found.append((first, place))
            first = place + 1
        place = closing.get(place, place) + 1
    return [*found, (first, closing[opening])]


def _is_call(tokens: Sequence[str], closing: Mapping[int, int], first: int, end: int) -> bool:
    """Whether tokens are one call of a function of ours and nothing else."""
    while first < end and tokens[first].isspace():
        first += 1
    while end > first and tokens[end - 1].isspace():
        end -= 1
    mark = next((place for place in range(first, min(end, first + 3)) if tokens[place] == "!"), first - 1)
    name = mark + 1
    return (
        name + 1 < end
        and _OURS.fullmatch(tokens[name]) is not None
        and tokens[name + 1] == "("
        and closing[name + 1] == end - 1
    )


def _ends(tokens: Sequence[str]) -> bool:
    """Whether an expression ends here: at the formula's end, an argument's or a bracket's."""
    following = next((token for token in tokens if not token.isspace()), ",")
    return following in {",", "(", ")"}


def _compound(formula: str) -> bool:
    """Whether a formula must be put in brackets before it is a part of another."""
    depth = 0
    for token in _TOKEN.findall(formula):
        depth += (token in _OPEN) - (token in _CLOSE)
        if depth == 0 and (token in _OPERATORS or token.isspace()):
            return True
    return False
