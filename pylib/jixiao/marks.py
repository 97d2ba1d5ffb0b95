"""How numbers with marks are computed and compared, column by column.

All columns are float64; what is not a number stands there as a mark (see :mod:`jixiao.quantity`):

* arithmetic: 数据有误 beats blank, blank beats 不适用; anything divided by zero is 不适用;
* ``==`` and ``!=`` know 不适用 as a value; every comparison with a blank or wrong cell is not applicable;
* comparisons ignore differences below half a unit of the sixth decimal, exactly as the printed
  ``ROUND(a-b,6)`` does, so that float noise never decides;
* conditions are 1, 0 or nan (not applicable) and combine by Kleene's tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jixiao.quantity import BLANK, INVALID, NOT_APPLICABLE, BoolArray, FloatArray, Texts

Operation = Callable[[FloatArray, FloatArray], FloatArray]

PLACES = 6
NOISE = 0.5e-6  # half a unit of the 6th decimal: ROUND(a-b,6) is 0 exactly when |a-b| is below it


def _finite(column: FloatArray) -> bool:
    """Whether every value is a number: one pass, no temporary. May say no for values near the float limit.

    Not ``column.dot(column)``: from 10,000 values on BLAS starts threads, which wait for each other where every core
    has a process of its own.
    """
    return math.isfinite(np.add.reduce(column))


def _marked(result: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """``result`` with the mark that the operands impose where one of them is not a number."""
    result = np.where(np.isfinite(result), result, INVALID)  # two numbers overflowed
    result = np.where(np.fmax(a, b) == NOT_APPLICABLE, NOT_APPLICABLE, result)
    result = np.where(np.isnan(np.minimum(a, b)), BLANK, result)
    return np.where(np.fmin(a, b) == INVALID, INVALID, result)


def _closed(apply: Operation) -> Operation:
    """A NumPy operation that stays finite only on finite operands, taught about marks."""

    def operation(a: FloatArray, b: FloatArray) -> FloatArray:
        result = apply(a, b)
        return result if _finite(result) else _marked(result, a, b)

    return operation


def divide(a: FloatArray, b: FloatArray) -> FloatArray:
    """a / b, 不适用 where b is zero."""
    result = a / b
    if _finite(result) and _finite(b):  # x / 不适用 is a finite 0
        return result
    marked = _marked(result, a, b)
    numbers = np.isfinite(a) & (b == 0)
    return np.where(numbers, NOT_APPLICABLE, marked)


add, subtract, multiply = _closed(np.add), _closed(np.subtract), _closed(np.multiply)


def lesser(a: FloatArray, b: FloatArray) -> FloatArray:
    """The smaller of two; unlike in a group, a mark on one side is the result."""
    return _marked(np.minimum(a, b), a, b)


def greater(a: FloatArray, b: FloatArray) -> FloatArray:
    """The larger of two; unlike in a group, a mark on one side is the result."""
    return _marked(np.maximum(a, b), a, b)


def equal(a: FloatArray, b: FloatArray) -> FloatArray:
    """Whether two columns agree to the sixth decimal; 不适用 agrees with itself."""
    difference = a - b
    same = np.abs(difference) < NOISE
    if _finite(difference):
        return same.astype(np.float64)
    return np.where(np.minimum(a, b) > INVALID, same | (a == b), BLANK)  # 不适用 == 不适用


def unequal(a: FloatArray, b: FloatArray) -> FloatArray:
    return 1.0 - equal(a, b)


def ordering(test: Callable[[FloatArray], BoolArray]) -> Operation:
    """A comparison by size: ``test`` says which differences pass."""

    def compare(a: FloatArray, b: FloatArray) -> FloatArray:
        difference = a - b
        holds = test(difference).astype(np.float64)
        return holds if _finite(difference) else np.where(np.isfinite(difference), holds, BLANK)

    return compare


def both(a: FloatArray, b: FloatArray) -> FloatArray:
    """Kleene's and: one 0 decides, whatever the other is."""
    least = np.minimum(a, b)
    return least if _finite(least) else np.where(np.fmin(a, b) == 0, 0.0, least)


def either(a: FloatArray, b: FloatArray) -> FloatArray:
    """Kleene's or: one 1 decides, whatever the other is."""
    most = np.maximum(a, b)
    return most if _finite(most) else np.where(np.fmax(a, b) == 1, 1.0, most)


def is_filled(column: FloatArray | Texts) -> FloatArray:
    """1 where something stands, 不适用 and 数据有误 included, else 0."""
    filled = ~(column.blank if isinstance(column, Texts) else np.isnan(column))
    return filled.astype(np.float64)
