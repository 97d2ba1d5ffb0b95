"""What a cell of a document states for a field: a number where one can be read without doubt, else the text as it is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from jixiao.declarations import Field
from jixiao.intake.blocks import Cell
from jixiao.intake.wording import folded
from jixiao.quantity import COMPARATORS, normalise, parse, read_number

#: 元 that a 万元 has.
_YUAN = 10_000
_IN_YUAN = re.compile(r"\((?:单位:)?(?:人民币)?元\)|单位:(?:人民币)?元")
_IN_WAN = re.compile(r"\((?:单位:)?万元\)|单位:(?:人民币)?万元")
_PLAIN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
#: How a column of comparators says that a row has none.
_QUALITATIVE = "定性"


def money_unit(text: str) -> str:
    """Which unit of money a label names: 元, 万元, "" when none.

    >>> money_unit("项目资金\\n（元）"), money_unit("年度预算申请（万元）"), money_unit("全年预算数")
    ('元', '万元', '')
    """
    whole = folded(text)
    return "万元" if _IN_WAN.search(whole) else "元" if _IN_YUAN.search(whole) else ""


def stated(cell: Cell, text: str, field: Field, unit: str = "", percent: bool = False) -> float | str | None:
    """What a cell says about a field; ``None`` when it is blank.

    Args:
        cell: the cell; its stored number counts if ``text`` is all that it says.
        text: the cell's text, or the part of it behind a label.
        field: what is asked.
        unit: the unit of money that the labels around it name.
        percent: whether its head says that it is in percent.

    A number in another unit than the field's is converted exactly; what is no number stays a text.
    """
    text = text.strip()
    if not text:
        return None
    if field.textual:
        return text
    number = cell.value if cell.value is not None and text == cell.text.strip() else None
    if number is None:
        number, unit = _read(text, field, unit)
    elif percent and field.type == "rate" and "%" not in text:
        return float(Decimal(repr(number)) / 100)
    if number is None:
        return text
    if field.type == "money" and unit == "元":
        return float(Decimal(repr(number)) / _YUAN)
    if percent and field.type == "rate" and "%" not in text:
        return float(Decimal(repr(number)) / 100)
    return number


def _read(text: str, field: Field, unit: str) -> tuple[float | None, str]:
    """The number in a text, and the unit of money it is in."""
    bare = re.sub(r"[()（）\s]", "", text)
    if _PLAIN.fullmatch(bare):
        try:
            return float(Decimal(bare.replace(",", ""))), unit
        except InvalidOperation:  # pragma: no cover - the pattern is that of a number
            return None, unit
    rate = field.type == "rate"
    reading = read_number(bare, rate)
    if math.isfinite(reading.value):
        return reading.value, unit
    quantity = parse(bare)
    if quantity.kind != "number" or quantity.comparator or (math.isinf(reading.value) and reading.value > 0):
        return None, unit
    if field.type == "money" and quantity.unit in ("元", "万元", ""):
        # 万 is a scale: 2860.69万元 reads as 28606900元.
        if quantity.unit == "元" or quantity.scale == 4:
            return quantity.number, "元"
        return quantity.number, unit
    if not rate and quantity.unit in (field.unit, "") and quantity.scale == 0:
        return quantity.number, unit
    return None, unit


def comparators(cells: Iterable[str]) -> bool:
    """Whether a column holds nothing but comparators.

    >>> comparators(["≥", "", "＝", "定性"]), comparators(["", ""]), comparators(["定性"]), comparators(["≥5"])
    (True, False, False, False)
    """
    marks = {normalise(text) for text in cells} - {""}
    return bool(marks & set(COMPARATORS)) and marks <= {*COMPARATORS, _QUALITATIVE}


def joined(comparator: str, number: str, unit: str) -> tuple[str, bool]:
    """Comparator, number and unit of three columns as one 年度指标值; whether all three went into it.

    >>> joined("≥", "95", "%"), joined("＝", "12", "次"), joined("定性", "显著提高", ""), joined("定性", "优良", "级")
    (('≥95%', True), ('=12次', True), ('显著提高', True), ('优良', False))
    """
    mark = normalise(comparator)
    mark = "" if mark == _QUALITATIVE else mark
    if not number:
        return "", not (mark or unit)
    if parse(number).kind != "number":
        return f"{mark}{number}", not unit
    bare = not parse(number).unit
    return f"{mark}{number}{unit if bare else ''}", bare or not unit or number.endswith(unit)
