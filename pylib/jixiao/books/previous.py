"""Where a workbook that was made from last year's keeps that filing: a hidden sheet, found by the name of its range.

One row per figure: the key under which formulas look it up, the form, last year's sheet, the table and its row (both
blank for a field), the code and the value. It is no form, so none of it is taken for this year's.
"""

from __future__ import annotations

from jixiao.books.ooxml.addresses import Reference, parse_reference
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.parameters import PARAMETERS
from jixiao.books.results import RESULTS
from jixiao.books.source import Source
from jixiao.filing import Filing, Sheet

PREVIOUS = "上年数据"
"""Name of the sheet, and of the range of its rows."""
KEYS, VALUES = f"{PREVIOUS}.键", f"{PREVIOUS}.值"
"""Names of the two columns that formulas look into."""
SEPARATOR = "|"
RESERVED = ("首页", RESULTS, PREVIOUS, PARAMETERS)
"""Names of sheets that are no forms."""
HEADS = ("键", "表样", "工作表", "表", "行", "数据项", "值")
_LETTERS = [column_letter(place) for place, _ in enumerate(HEADS, 1)][1:]


def read_previous(workbook: Source, filing: Filing) -> Filing | None:
    """Last year's filing as far as the workbook of ``filing`` keeps it; ``None`` when it was not made from one."""
    reference = parse_reference(workbook.names[None].get(PREVIOUS, ""))
    if not isinstance(reference, Reference):
        return None
    tab = next((tab for tab in workbook.sheets if tab.name == reference.sheet), None)
    if tab is None:
        return None
    cells = workbook.cells(tab)
    sheets: dict[tuple[str, str], Sheet] = {}
    records: dict[tuple[str, str, str, float], dict[str, object]] = {}
    for _, line in cells.lines(range(reference.first_row, reference.last_row + 1), len(HEADS)):
        form, name, table, row, code, value = map(line.get, _LETTERS)
        if not (isinstance(form, str) and isinstance(code, str)) or value is None:
            continue
        name, table = str(name), str(table)
        if (form, name) not in sheets:
            sheets[form, name] = Sheet(form, name)
        if not isinstance(row, float):
            sheets[form, name].fields[code] = value
            continue
        key = (form, name, table, row)
        if key not in records:
            records[key] = {}
            sheets[form, name].tables.setdefault(table, []).append(records[key])
        records[key][code] = value
    return Filing(filing.package, filing.unit, filing.year - 1, list(sheets.values()))
