"""Reads the outline of a report: its sections in order, and the sentences that state figures of other forms.

A section is a table with one wide column of paragraphs. So it has names, rows that people insert and delete, and a
reader as every table has them; only its drawing differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from jixiao.binding import UNIT
from jixiao.declarations import Clause, Field, Form, Passage, Sentence
from jixiao.expression import Expression, ExpressionError, Ref, parse
from jixiao.strict import Entry, Place

#: The code of the column of paragraphs.
PARAGRAPH = "段落"
#: What braces hold in every text of a form, filled in when a workbook is built.
_OF_THE_WORKBOOK = frozenset({"year", "last_year", "title", "附件"})
_BRACES = re.compile(r"\{([^{}]+)\}")
#: Excel's limit for a text within a formula.
_TEXT_LIMIT = 255
_STYLES = {1: "段落头", 2: "段落头二", 3: "段落头三"}
_LEVELS = "1（一、）、2（（一））或 3（1.）"
#: How paragraphs and sentences look, and all of it in a column of a table whose labels stand at the left.
TEXT = "正文"
BOXED = "格内"
#: Points between the upper line of such a column and its text.
_EDGE = 6


def sentence(code: str, clauses: object, place: Place, fill: Callable[[str], str]) -> Sentence:
    """One sentence; ``fill`` puts in the variables of the form."""
    if (
        not isinstance(clauses, list)
        or not clauses
        or not all(isinstance(each, str | dict) for each in clauses)
    ):
        raise place.error(f"句子“{code}”应当是一列文字，每个分句一项。")
    return Sentence(code, tuple(_declared(each, place / k, fill) for k, each in enumerate(clauses)))


def _declared(declared: str | dict[str, Any], place: Place, fill: Callable[[str], str]) -> Clause:
    """A clause as it is written: what it says, or what it says (``say``) under a condition (``when``)."""
    if isinstance(declared, str):
        return _clause(fill(declared), place)
    entry = Entry(declared, place)
    when = _expression(fill(entry.text("when")), place / "when")
    if when.kind != "truth":
        raise (place / "when").error("when 要写条件，例如 报告数据表.收入合计_较预算增减 < 0。")
    return entry.done(replace(_clause(fill(entry.text("say")), place / "say"), when=when))


def _expression(source: str, place: Place) -> Expression:
    try:
        return parse(source, "句子")
    except ExpressionError as error:
        raise place.error(str(error)) from None


def _clause(text: str, place: Place) -> Clause:
    texts: list[str] = [""]
    figures: list[Expression] = []
    for k, piece in enumerate(_BRACES.split(text)):
        if k % 2 == 0:
            texts[-1] += piece
        elif piece in _OF_THE_WORKBOOK:
            texts[-1] += f"{{{piece}}}"
        else:
            figures.append(_expression(piece, place))
            texts.append("")
    if any(len(each) > _TEXT_LIMIT for each in texts):
        raise place.error(f"分句里连续的文字超过 {_TEXT_LIMIT} 字，Excel 的公式放不下，请拆开。")
    return Clause(tuple(texts), tuple(figures))


def passage(code: str, entry: Entry, fill: Callable[[str], str]) -> tuple[Passage, dict[str, Any] | None]:
    """One section, and what declares the table of its paragraphs; ``None`` when nobody writes under it."""
    head, level = fill(entry.text("head", "")), entry.take("level", int, 1)
    if level not in _STYLES:
        raise (entry.place / "level").error(f"level 只能是 {_LEVELS}。")
    rows = entry.take("rows", int, 0)
    optional = entry.take("optional", bool, False)
    result = Passage(code, head, level, entry.names("sentences"), rows > 0, optional)
    if not (head or result.sentences or rows):
        raise entry.place.error(f"“{code}”既没有标题（head），也没有句子（sentences）和段落（rows）。")
    table = None
    if rows:
        column = {
            "type": "text",
            "long": True,
            "label": head or code,
            "help": entry.text("help", limit="help"),
        }
        table = {"label": head or code, "columns": {PARAGRAPH: column}, "paragraphs": PARAGRAPH, "rows": rows}
    return entry.done(result), table


def edge(labels: list[dict[str, Any]]) -> dict[str, Any]:
    """The row that sections begin with in a column of a table: its upper edge, and at its left their labels.

    People insert and delete paragraphs below it, so it also is what keeps the name of the first table.
    """
    return {"height": _EDGE, "cells": [*labels, {"text": "", "style": f"{BOXED}边", "wide": True}]}


def drawn(passages: Mapping[str, Passage], place: Place, boxed: bool = False) -> Iterator[dict[str, Any]]:
    """The rows of the drawing that the sections stand for; each is a part of its own, which a package may omit.

    Args:
        passages: the sections.
        place: where they are declared.
        boxed: whether they stand in a column of a table, at the right of its labels.
    """
    ready = boxed  # whether the row above may be the head of a table, as the edge of a column may
    look = BOXED if boxed else ""
    for each in passages.values():
        cells: list[dict[str, Any]] = []
        if each.head:
            cells = [{"text": each.head, "style": look + _STYLES[each.level], "wide": True}]
        cells += [{"sentence": code, "style": look + TEXT, "wide": True} for code in each.sentences]
        yield from ({"part": each.code, "cells": [cell]} for cell in cells)
        ready = ready or bool(cells)
        if each.written:
            if not ready:
                raise (place / each.code).error(f"“{each.code}”的段落上面没有标题，也没有句子。")
            yield {"part": each.code, "table": each.code}
            ready = False


def figures_known(sentence: Sentence, forms: Mapping[str, Form], place: Place) -> None:
    """What a sentence states is the name of the unit, or stands in forms that a filing has once.

    Texts are stated as they stand; figures are numbers, and so is what a condition compares.

    Raises:
        CatalogueError: a name means nothing, or something else.
    """
    for clause in sentence.clauses:
        for figure in clause.figures:
            if not figure.references:
                raise place.error(f"句子“{sentence.code}”的花括号里没有数据项：{figure.source}。")
            if figure.references != (Ref(None, UNIT),):
                _known(figure, sentence, forms, place, texts=figure.kind == "field")
        if clause.when:
            _known(clause.when, sentence, forms, place, texts=False)


def _known(
    expression: Expression, sentence: Sentence, forms: Mapping[str, Form], place: Place, texts: bool
) -> None:
    fields = {ref: _field(ref, forms) for ref in expression.references}
    if wrong := [str(ref) for ref, field in fields.items() if field is None or (field.textual and not texts)]:
        raise place.error(
            f"句子“{sentence.code}”中，“{'、'.join(wrong)}”不是其他表的数据项（表名.数据项），或者是不能计算的文字，"
            "请检查写法。"
        )


def _field(ref: Ref, forms: Mapping[str, Form]) -> Field | None:
    form = forms.get(ref.owner or "")
    return form.fields.get(ref.name) if form and not form.many else None


def sentences_known(sentences: Mapping[str, Sentence], named: set[str], place: Place) -> None:
    """Every sentence that is named is declared, and every declared one is named.

    Raises:
        CatalogueError: one is missing, or has no place.
    """
    if unknown := sorted(named - set(sentences)):
        raise place.error(f"没有句子“{'、'.join(unknown)}”，请在 sentences 中声明。")
    if idle := sorted(set(sentences) - named):
        raise place.error(f"句子“{'、'.join(idle)}”没有写在版式里。")
