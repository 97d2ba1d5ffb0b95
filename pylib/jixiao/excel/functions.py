"""The worksheet functions: every measure as JX_NAME, exposed through xlwings.

The functions are made from MEASURES; a new measure is a new function. They take what VBA's `.Value2` of a cell or a
range is and nothing else, and are neither volatile nor asynchronous:

    argument            arrives from COM as         reads as
    empty, omitted      None                        blank
    number, date        float                       number; a date is its serial number, as in a native formula
    text                str                         text
    TRUE, FALSE         bool                        no number; as text TRUE or FALSE
    #DIV/0!, #N/A …     int (a COM error code)      an error: blank or 数据有误, as the measure says
    range               tuple of tuples of these    one call a cell, or the values of one call

Whoever gives cells gets a number, a text, "", 不适用 or 数据有误. Ranges whose shapes do not fit are 数据有误. An
exception is an error of ours and stays one: it goes into the person's record file, and VBA's wrapper answers CVErr, so
that in a form IFERROR takes the native formula, and in a formula of one's own #N/A spreads to every sum. It never
becomes a text, which SUM would pass over.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from jixiao.books.vba.wrappers import CATEGORY
from jixiao.excel import personal
from jixiao.excel.light import xw
from jixiao.measures import MEASURES, Measure
from jixiao.quantity import INVALID_TEXT

Content = float | str | bool | None
Answer = float | str | list[list[float | str]]

# An error arrives as 0x800A0000 + its number in VBA (CVErr), read as a signed integer.
_ERRORS: Final = range(-0x7FF60000, -0x7FF60000 + 0x10000)
_ERROR_NAMES: Final = {
    2000: "#NULL!",
    2007: "#DIV/0!",
    2015: "#VALUE!",
    2023: "#REF!",
    2029: "#NAME?",
    2036: "#NUM!",
    2042: "#N/A",
}
_ONE, _MANY = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
_DATE_ORIGIN: Final = datetime(1899, 12, 30)


def answer(measure: Measure, arguments: Sequence[object]) -> Answer:
    """What the worksheet function of a measure returns.

    Args:
        measure: the measure.
        arguments: one value per argument, as COM hands them over (see above).

    Returns:
        One value when each argument that is one value per row is a single cell, else an array in the shape of the
        ranges given for those. All rows are computed in one call of the measure.

    Raises:
        TypeError: the measure does not take so many arguments.
    """
    ranges = [_cells(argument) for argument in arguments]
    shapes, lengths = set(), set()
    for cells, parameter in zip(ranges, measure.expand(len(ranges)), strict=True):
        shape = len(cells), len(cells[0])
        if parameter.kind in ("cells", "labels"):
            lengths.add(shape[0] * shape[1])
        elif parameter.per_row and shape != (1, 1):
            shapes.add(shape)
    if len(shapes) > 1 or len(lengths) > 1:
        return INVALID_TEXT
    rows = measure.rows(*ranges)
    if not shapes:
        return rows[0]
    ((_, width),) = shapes
    return [rows[start : start + width] for start in range(0, len(rows), width)]


def _cells(argument: object) -> list[list[Content]]:
    """The contents of one argument as rows of cells; what is no range is one cell."""
    if not isinstance(argument, list | tuple):
        return [[_content(argument)]]
    # An array constant of one row, {1,2,3}, has one dimension only.
    rows = argument if argument and isinstance(argument[0], list | tuple) else [argument]
    return [[_content(cell) for cell in row] for row in rows]


def _content(cell: object) -> Content:
    if cell is None or isinstance(cell, float | str | bool):
        return cell
    if isinstance(cell, int):
        return _ERROR_NAMES.get(cell - _ERRORS.start, "#N/A") if cell in _ERRORS else float(cell)
    if isinstance(cell, Decimal):  # a cell formatted as currency, from VBA that does not take .Value2
        return float(cell)
    if isinstance(cell, datetime):  # a cell formatted as a date, likewise
        return (cell.replace(tzinfo=None) - _DATE_ORIGIN).total_seconds() / 86400
    raise TypeError(f"a cell holds no {type(cell).__name__}")


def _worksheet_function(measure: Measure) -> Callable[..., Answer]:
    recorded = False

    def function(*arguments: object) -> Answer:
        nonlocal recorded
        try:
            return answer(measure, arguments)
        except Exception as error:
            if not recorded:  # once: a column of cells would write the same again and again
                recorded = True
                personal.record(measure.worksheet_name, error)
            raise

    function.__name__ = function.__qualname__ = measure.worksheet_name
    function.__doc__ = measure.description
    # xlwings takes the names of the arguments from the signature; an annotation it would take for a converter.
    function.__annotations__ = {}
    signature = inspect.Signature(
        [inspect.Parameter(p.name, _MANY if p.variadic else _ONE) for p in measure.parameters]
    )
    vars(function)["__signature__"] = signature
    decorated: Callable[..., Answer] = function
    for p in measure.parameters:
        # "raw": xlwings' own conversion turns errors into blanks.
        decorated = xw.arg(p.name, "raw", doc=p.help)(decorated)
    return xw.func(category=CATEGORY)(decorated)


globals().update({m.worksheet_name: _worksheet_function(m) for m in MEASURES.values()})
