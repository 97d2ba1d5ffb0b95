"""Where an issued workbook keeps what the treasury set when it issued it: a hidden sheet, found by the name of its range.

One row per thing set: what it is (文号, 参数 or 规则), its code, the value or the level of the rule, and the reason. What
cannot be used of it is told and left out, because people can unhide sheets.
"""

from __future__ import annotations

from collections.abc import Iterator

from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.cells import plain_text
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.source import Source
from jixiao.declarations import Adjustments, Catalogue, RuleChange
from jixiao.filing import Filing, Problem
from jixiao.permitted import LEVELS, trusted

PARAMETERS = "下发参数"
"""Name of the sheet, and of the range of its rows."""
HEADS = ("类别", "代码", "值", "理由")
_LETTERS = [column_letter(place) for place, _ in enumerate(HEADS, 1)]
NOTICE, BOUND, RULE, YEAR = "文号", "参数", "规则", "年度"
"""What a row can be."""
#: Far more than can be set; somebody may have stretched the name over the whole sheet.
_MOST_ROWS = 2000
_REMEDY = "请不要改动隐藏的“下发参数”表；已经改动的，请在新下发的工作簿中填报"


def read_adjustments(workbook: Source, filing: Filing, catalogue: Catalogue) -> Adjustments | None:
    """What the treasury set for the workbook of ``filing``; ``None`` when it set nothing, or nothing for this year.

    What cannot be used becomes a problem of the first sheet.
    """
    rows = list(_rows(workbook))
    if not rows:
        return None
    year, notice, bounds, rules = 0, "", [], []
    causes = []
    for kind, code, value, reason in rows:
        if kind == YEAR and isinstance(value, float):
            year = int(value)
        elif kind == NOTICE:
            notice = plain_text(value)
        elif kind == BOUND and isinstance(value, float):
            bounds.append((code, value))
        elif kind == RULE and plain_text(value) in LEVELS:
            rules.append(RuleChange(code, LEVELS[plain_text(value)], reason))
        else:
            causes.append(f"“{kind} {code}”一行读不懂")
    if year != filing.year:
        causes = [f"下发参数是 {year or '——'} 年度的，本表是 {filing.year} 年度，没有采用"]
        adjustments = None
    else:
        adjustments, unused = trusted(catalogue, filing.package, year, notice, bounds, rules)
        causes += unused
    if filing.sheets:
        filing.sheets[0].problems += [Problem("", f"下发参数：{cause}", _REMEDY) for cause in causes]
    return adjustments


def _rows(workbook: Source) -> Iterator[tuple[str, str, float | str | None, str]]:
    reference = parse_reference(workbook.names[None].get(PARAMETERS, ""))
    if not isinstance(reference, Reference):
        return
    tab = next((tab for tab in workbook.sheets if tab.name == reference.sheet), None)
    if tab is None:
        return
    cells = workbook.cells(tab)
    last = min(reference.last_row, reference.first_row + _MOST_ROWS)
    for number in range(reference.first_row, last + 1):
        kind, code, value, reason = map(cells.line(number, len(HEADS)).get, _LETTERS)
        if kind is not None:
            yield plain_text(kind), plain_text(code), value, plain_text(reason)
