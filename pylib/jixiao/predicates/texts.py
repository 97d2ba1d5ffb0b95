"""What is written in reports and long cells, asked about by kind of remark: text_sum, text_rate, … text_named.

All texts of a frame are read once, and every kind is judged then; the predicates share the result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from jixiao.expression import Ref
from jixiao.filing import Cell, FormFrame
from jixiao.narrative import KINDS, Remark, judged
from jixiao.narrative.claims import beginning
from jixiao.predicates.reads import Read, against_each_other, against_tables, by_filing, paragraph
from jixiao.predicates.registry import PREDICATES, Predicate, Suspect
from jixiao.scope import Calculation
from jixiao.vocabulary import rows_of
from jixiao.written import Line

#: Characters of a text that a message quotes, and of the words that tell a question from another one.
_QUOTED, _KEY = 36, 60
_DIGITS = re.compile(r"[\d.,]+")
Suspects = dict[tuple[str, str], list[Suspect]]


def _of_kind(kind: str) -> Predicate:
    def predicate(calculation: Calculation, frame: FormFrame) -> Iterator[Suspect]:
        yield from _suspects(calculation).get((frame.form.code, kind), ())

    predicate.__doc__ = f"{KINDS[kind]}: in what is written in reports and long cells."
    return predicate


PREDICATES.update({f"text_{kind}": _of_kind(kind) for kind in KINDS})


def _suspects(calculation: Calculation) -> Suspects:
    """What all texts of the frame are asked about, by form and kind."""
    found: Suspects | None = calculation.kept.get("texts")
    if found is None:
        found = defaultdict(list)
        for filing, texts in by_filing(calculation).items():
            for each, remark, places in _of_filing(calculation, filing, texts):
                found[each.frame.form.code, remark.kind].append(_suspect(each, remark, places))
        calculation.kept["texts"] = found
    return found


def _of_filing(
    calculation: Calculation, filing: int, texts: Sequence[Read]
) -> Iterator[tuple[Read, Remark, tuple[Cell, ...]]]:
    year = calculation.frame.filings[filing].year
    differing = list(against_tables(calculation, filing, texts))
    # What contradicts the tables is not asked about again because it contradicts its neighbours, too.
    settled = {(id(each), remark.start) for each, remark, _ in differing}
    yield from differing
    for each in texts:
        yield from ((each, r, ()) for r in judged(each.reading, year) if (id(each), r.start) not in settled)
    for told in against_each_other(calculation, filing, texts):
        if (id(told[0]), told[1].start) not in settled:
            yield told


# --- where and how it is said ---------------------------------------------------------------------------


def _suspect(each: Read, remark: Remark, elsewhere: tuple[Cell, ...]) -> Suspect:
    line = each.written.line(remark.start)
    lines = dict.fromkeys(each.written.line(start) for start, _ in remark.related)
    table = each.frame.table(line.table) if line.table else None
    return Suspect(
        each.written.sheet,
        rows_of(table, each.written.sheet)[line.row] if table else None,
        Ref(None, line.code),
        {
            "stated": remark.stated,
            "expected": remark.expected,
            "difference": remark.difference,
            "引文": _quoted(each, remark),
            "问题": remark.cause,
        },
        line.table,
        key=_key(each, remark),
        name=_name(each.frame, line),
        related=(*(each.cell(other) for other in lines if other != line), *elsewhere),
    )


def _name(frame: FormFrame, line: Line) -> str:
    if line.table is None:
        return f"“{frame.form.fields[line.code].title}”"
    return paragraph(frame.form.tables[line.table], line.row)


def _quoted(each: Read, remark: Remark) -> str:
    """The words that a remark is about, from the first figure of its sentence that it was worked out from."""
    text = each.written.text
    sentence = beginning(text, remark.start)
    starts = [start for start, _ in remark.related if sentence <= start < remark.start]
    first = min([remark.start, *starts])
    claim = each.claims.get(first)
    start = max(sentence, first - len(claim.label) if claim else first - 8)
    words = text[start : remark.end].strip(" ，,、：:（(　")
    return words if len(words) <= _QUOTED else f"……{words[-_QUOTED:]}"


def _key(each: Read, remark: Remark) -> str:
    """What a remark is about, in words alone: the labels of its figures, in the order of the text.

    Figures and positions change when the text is corrected or a paragraph is put in before it; the question stays.
    """
    starts = sorted({remark.start, *(start for start, _ in remark.related)})
    figures = [claim for start in starts if (claim := each.claims.get(start))]
    labels = [claim.subject or claim.label or claim.noun for claim in figures]
    words = remark.about or "、".join(label for label in labels if len(label) > 1) or remark.stated
    return _DIGITS.sub("", words)[:_KEY] or remark.kind
