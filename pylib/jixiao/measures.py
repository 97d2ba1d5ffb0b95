"""The measures (测算函数): rates, totals, scores and grades, each declared once.

A measure is one function over columns together with its native Excel form. From the one declaration come the
function in expressions, the worksheet function, the formula in the cell and its place in docs/functions.md.
Tests compare the native form with the Python function on generated values.

Marks (see `quantity`): an operand that is blank, not applicable or invalid makes a ratio or a score blank,
because the remark belongs to the cell that holds the operand; a total says 数据有误, because Excel's own SUM
would pass over the text and show a smaller sum.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from jixiao.quantity import (
    BLANK,
    COMPARATORS,
    INVALID,
    INVALID_TEXT,
    NOT_APPLICABLE,
    NOT_APPLICABLE_TEXT,
    PLACEHOLDERS,
    QUANTITY_HELPERS,
    BoolArray,
    FloatArray,
    Helper,
    Quantity,
    Texts,
    normalise,
    parse,
    read_number,
    round_half_up,
)

# What the annotations of measures mean; all are columns, of length 1 where a single value is broadcast.
Number = FloatArray  # one number per row
Text = Texts  # one text per row
QuantityText = Texts  # a text that the native form reads through helper cells
Numbers = FloatArray  # cells or ranges to add up: each argument one number per row
Cells = FloatArray  # the cells of one range
Labels = Texts  # the texts of one range

Kind = Literal["number", "text", "numbers", "cells", "labels"]

RATE_DECIMALS: Final = 4
SCORE_DECIMALS: Final = 2
# Sums keep six places: 0.01 元 when the unit is 万元, and no binary noise.
SUM_DECIMALS: Final = 6
# The best of the three qualitative grades reaches down to 80 % of the weight (财预〔2020〕10号).
BAND_FLOOR: Final = 0.8
# What the names of the worksheet functions begin with.
WORKSHEET_PREFIX: Final = "JX_"


_KINDS: Final[dict[str, Kind]] = {
    "Number": "number",
    "Text": "text",
    "QuantityText": "text",
    "Numbers": "numbers",
    "Cells": "cells",
    "Labels": "labels",
}
# How people are told what an argument may be.
_KIND_NAMES: Final[dict[Kind, str]] = {
    "number": "数值",
    "text": "文字",
    "numbers": "数值，单元格或区域",
    "cells": "数值区域",
    "labels": "文字区域",
}


class Parameter(NamedTuple):
    """One argument of a measure.

    `kind` is "number" or "text" (one value per row), "numbers" (values to add up; natively cells or ranges),
    "cells" or "labels" (the numbers or texts of one range). A `variadic` parameter takes any number of
    arguments. The native form of a `quantity` reads its text through helper cells.
    """

    name: str
    title: str
    kind: Kind
    variadic: bool = False
    quantity: bool = False

    @property
    def per_row(self) -> bool:
        """Whether a range given for it stands for one call a cell, not for values of one call."""
        return self.kind in ("number", "text")

    @property
    def describes(self) -> str:
        """What it may be, in Chinese."""
        if self.quantity:
            return "指标值，如 ≥1.5万件"
        return _KIND_NAMES[self.kind] + ("，可有多个" if self.variadic else "")

    @property
    def help(self) -> str:
        """What the function wizard says of it; Excel takes 255 characters."""
        return f"{self.title}（{self.describes}）"


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A function that Excel, expressions and batch share.

    Attributes:
        name: name in expressions; the worksheet function is JX_NAME.
        title: Chinese name for people.
        explain: one Chinese sentence on what it computes.
        blank: Chinese: when the result is empty, 不适用 or 数据有误.
        source: the document the rule comes from.
        parameters: its arguments in order.
        result: "number" or "text".
        doc: the docstring.
    """

    name: str
    title: str
    explain: str
    blank: str
    source: str
    parameters: tuple[Parameter, ...]
    result: Literal["number", "text"]
    doc: str
    function: Callable[..., FloatArray | Texts]
    template: str | Callable[..., str]

    @property
    def worksheet_name(self) -> str:
        """The name of its worksheet function."""
        return f"{WORKSHEET_PREFIX}{self.name.upper()}"

    @property
    def description(self) -> str:
        """What the function wizard says of it; Excel takes 255 characters."""
        return f"{self.title}：{self.explain}{self.blank}。"

    def __call__(self, *columns: object) -> Any:
        """The measure over columns: float64 arrays, Texts, or single values, which are broadcast.

        Returns a float64 array, or Texts when `result` is "text".
        """
        self.expand(len(columns))
        return self.function(*map(_column, columns))

    def native(self, *arguments: str, helpers: Mapping[str, Mapping[str, str]] | None = None) -> str:
        """The Excel form, without "=".

        Args:
            arguments: Excel expressions or references, one per parameter.
            helpers: for each quantity parameter, helper name -> cell that holds the helper (see
                `quantity.QUANTITY_HELPERS`); the text argument itself is then not used.

        Raises:
            TypeError: wrong number of arguments, or helper cells missing.
        """
        parameters = self.expand(len(arguments))
        operands = [_operand(argument) for argument in arguments]
        if callable(self.template):
            return self.template(*operands)
        named: dict[str, Any] = {p.name: operand for p, operand in zip(parameters, operands, strict=True)}
        for p in parameters:
            if p.quantity:
                if helpers is None or p.name not in helpers:
                    raise TypeError(f"{self.name}: helper cells of {p.name} are missing")
                named[p.name] = SimpleNamespace(**helpers[p.name])
        return self.template.format(**named)

    @property
    def helpers(self) -> tuple[Helper, ...]:
        """The helper cells of each quantity argument, in dependency order; empty for most measures."""
        return QUANTITY_HELPERS if any(p.quantity for p in self.parameters) else ()

    def scalar(self, *values: object) -> float | str:
        """The measure of cell values: what the worksheet function returns for single cells.

        Args:
            values: None, "", a number, a text or the text of an error; a list (of lists) for a range. Labels
                are as on the sheet: only in the first row of their section.

        Returns:
            A number, a text, or "" / 不适用 / 数据有误 for the marks.
        """
        return self.rows(*values)[0]

    def rows(self, *values: object) -> list[float | str]:
        """As `scalar`, for columns: a parameter that is `per_row` may have a list of cells.

        Single values are broadcast; where there are several lists of cells they must be equally long.
        """
        parameters = self.expand(len(values))
        result = self(
            *(c for value, p in zip(values, parameters, strict=True) for c in _arguments(value, p.kind))
        )
        if isinstance(result, Texts):
            return [result.values[code] for code in result.codes]
        return [
            "" if np.isnan(value) else value if np.isfinite(value) else _mark_text(value)
            for value in result.tolist()
        ]

    def expand(self, count: int) -> tuple[Parameter, ...]:
        """One parameter for each of `count` arguments.

        Raises:
            TypeError: the measure does not take so many.
        """
        parameters = self.parameters
        if parameters[-1].variadic:
            parameters = parameters[:-1] + (parameters[-1],) * (count - len(parameters) + 1)
        if len(parameters) != count:
            raise TypeError(f"{self.name} takes {len(parameters)} arguments, not {count}")
        return parameters


MEASURES: Final[dict[str, Measure]] = {}


def measure(
    *,
    title: str,
    explain: str,
    arguments: Sequence[str],
    blank: str,
    source: str,
    native: str | Callable[..., str],
) -> Callable[[Callable[..., FloatArray | Texts]], Measure]:
    """Register a function over columns as a measure.

    The kinds of the parameters come from its annotations, `arguments` are their Chinese titles.
    """

    def register(function: Callable[..., FloatArray | Texts]) -> Measure:
        signature = inspect.signature(function)
        parameters = tuple(
            Parameter(
                p.name,
                label,
                _KINDS[p.annotation],
                p.kind is p.VAR_POSITIONAL,
                p.annotation == "QuantityText",
            )
            for p, label in zip(signature.parameters.values(), arguments, strict=True)
        )
        made = Measure(
            name=function.__name__,
            title=title,
            explain=explain,
            blank=blank,
            source=source,
            parameters=parameters,
            result="text" if signature.return_annotation == "Text" else "number",
            doc=inspect.getdoc(function) or "",
            function=function,
            template=native,
        )
        MEASURES[made.name] = made
        return made

    return register


# --- arguments ------------------------------------------------------------------------------------------

_ERROR_VALUE = re.compile(r"#[A-Z0-9/]+[!?]?")
_ATOM = re.compile(r"(?:'[^']+'!|[^\W\d]\w*!)?[\w.$]+(?::[\w.$]+)?")


def _operand(expression: str) -> str:
    """An Excel expression that may stand beside any operator."""
    return expression if _ATOM.fullmatch(expression) else f"({expression})"


def _column(value: object) -> FloatArray | Texts:
    if isinstance(value, Texts):
        return value
    if isinstance(value, str):
        return Texts.of([value])
    return np.atleast_1d(np.asarray(value, dtype=np.float64))


def _mark_text(value: float) -> str:
    return NOT_APPLICABLE_TEXT if value > 0 else INVALID_TEXT


def _cell_number(value: object) -> float:
    if value is None:
        return BLANK
    if isinstance(value, str):
        reading = read_number(value).value
        return reading if not np.isfinite(reading) else INVALID
    # Excel's SUM and COUNT pass over truth values in cells as they do over text.
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else INVALID


def _cell_text(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.15g}"
    text = "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)
    return "" if _ERROR_VALUE.fullmatch(text) else text


def _cells(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        return [value]
    return [cell for row in value for cell in _cells(row)]


def _arguments(value: object, kind: Kind) -> list[object]:
    """The columns that one argument of a worksheet function stands for."""
    cells = _cells(value)
    if kind == "numbers":
        return [_cell_number(cell) for cell in cells]
    if kind == "labels":
        return [Texts.of(_fill_down([_cell_text(cell) for cell in cells]))]
    if kind == "text":
        return [Texts.of(map(_cell_text, cells))]
    return [np.array([_cell_number(cell) for cell in cells], dtype=np.float64)]


def _fill_down(labels: list[str]) -> list[str]:
    filled, current = [], ""
    for label in labels:
        current = label or current
        filled.append(current)
    return filled


def _finite(*columns: FloatArray) -> BoolArray:
    result: BoolArray = np.isfinite(columns[0])
    for column in columns[1:]:
        result = result & np.isfinite(column)
    return result


def _share_of_one(ratio: FloatArray) -> FloatArray:
    """A ratio kept between 0 and 1; nan stays."""
    return np.minimum(np.maximum(ratio, 0.0), 1.0)


# --- ratios ---------------------------------------------------------------------------------------------

_RATIO_BLANK = "任一项为空或不是数字时为空；分母为 0 时为“不适用”"


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        value = round_half_up(numerator / denominator, RATE_DECIMALS)
    value = np.where(denominator == 0, NOT_APPLICABLE, value)
    return np.where(_finite(numerator, denominator), value, BLANK)


@measure(
    title="比率",
    explain="实际数除以基数，保留四位小数（显示为 77.72%）：执行率、控制率、完成率。",
    arguments=("实际数", "基数"),
    blank=_RATIO_BLANK,
    source="财预〔2020〕10号；湘财绩〔2020〕7号",
    native='IF(COUNT({actual},{basis})<2,"",IF({basis}=0,"不适用",ROUND(ROUND({actual}/{basis},10),4)))',
)
def rate(actual: Number, basis: Number) -> Number:
    """执行率, 控制率, 完成率: actual / basis to four decimals.

    Both arguments are in the same unit. Blank when either is not a number, 不适用 when basis is 0.
    Source: 财预〔2020〕10号; 湘财绩〔2020〕7号.

    >>> rate.scalar(8.7, 9.6), rate.scalar(263, 301), rate.scalar(143, 184)
    (0.9063, 0.8738, 0.7772)
    >>> rate.scalar(0, 0), rate.scalar(5, "")
    ('不适用', '')
    """
    return _ratio(actual, basis)


@measure(
    title="变动率",
    explain="（本期数 − 上期数）÷ 上期数，保留四位小数：三公经费变动率、预算调整率。",
    arguments=("本期数", "上期数"),
    blank=_RATIO_BLANK,
    source="湘财绩〔2020〕7号",
    native='IF(COUNT({now},{before})<2,"",IF({before}=0,"不适用",ROUND(ROUND(({now}-{before})/{before},10),4)))',
)
def change(now: Number, before: Number) -> Number:
    """变动率: (now - before) / before to four decimals, half away from zero on both sides.

    Source: 湘财绩〔2020〕7号.

    >>> change.scalar(32.15, 137.59), change.scalar(87655, 100000), change.scalar(1, 0)
    (-0.7663, -0.1235, '不适用')
    """
    with np.errstate(invalid="ignore"):
        return _ratio(now - before, before + 0.0 * now)


@measure(
    title="占比",
    explain="部分除以整体，保留四位小数。",
    arguments=("部分", "整体"),
    blank=_RATIO_BLANK,
    source="财预〔2020〕10号",
    native='IF(COUNT({part},{whole})<2,"",IF({whole}=0,"不适用",ROUND(ROUND({part}/{whole},10),4)))',
)
def share(part: Number, whole: Number) -> Number:
    """占比: part / whole to four decimals.

    Source: 财预〔2020〕10号.

    >>> share.scalar(855.87, 5836.24), share.scalar("", 5)
    (0.1466, '')
    """
    return _ratio(part, whole)


# --- totals ---------------------------------------------------------------------------------------------

_TOTAL_BLANK = "空白、——、不适用 按 0 计；全部为空时为空；含有文字或错误值时为“数据有误”"


def _total_native(decimals: int) -> Callable[..., str]:
    # Text compares greater than "" and numbers do not; ISTEXT over a range is not understood everywhere.
    passed = (*(mark for mark in PLACEHOLDERS if mark), " ", NOT_APPLICABLE_TEXT)

    def native(*parts: str) -> str:
        wrong = "+".join(
            f'SUMPRODUCT(({part}>"")' + "".join(f'*({part}<>"{mark}")' for mark in passed) + ")"
            for part in parts
        )
        joined = ",".join(parts)
        return (
            f'IFERROR(IF({wrong}>0,"{INVALID_TEXT}",'
            f'IF(COUNT({joined})=0,"",ROUND(ROUND(SUM({joined}),10),{decimals}))),"{INVALID_TEXT}")'
        )

    return native


def added(parts: Sequence[FloatArray] | FloatArray) -> FloatArray:
    """Columns added row by row: what is no number counts as 0, no number at all is blank, 数据有误 poisons."""
    if len({len(part) for part in parts}) > 1:
        parts = np.broadcast_arrays(*parts)
    values = np.asarray(parts) if len(parts) else np.full((1, 1), BLANK)
    finite = np.isfinite(values)
    amount = np.where(finite.any(0), np.where(finite, values, 0.0).sum(0), BLANK)
    wrong = values == INVALID
    return np.where(wrong.any(0), INVALID, amount) if wrong.any() else amount


@measure(
    title="合计",
    explain="各项相加，保留六位小数；参数可以是单元格，也可以是区域。",
    arguments=("各项",),
    blank=_TOTAL_BLANK,
    source="财预〔2020〕10号附件表内关系",
    native=_total_native(SUM_DECIMALS),
)
def total(*parts: Numbers) -> Number:
    """合计: the sum of cells and ranges in one unit; blanks count as 0, all blank is blank.

    Text or an error poisons the sum (数据有误), because Excel's SUM would silently pass over text.
    Source: the relations inside the tables of 财预〔2020〕10号.

    >>> total.scalar(0.1, 0.2, ""), total.scalar("", None), total.scalar([1, "——"], 2)
    (0.3, '', 3.0)
    >>> total.scalar(1, "7,00.0,77")
    '数据有误'
    """
    return round_half_up(added(parts), SUM_DECIMALS)


@measure(
    title="总分",
    explain="预算执行得分与各指标得分相加，按全精度求和后一次四舍五入到两位小数。",
    arguments=("预算执行得分", "各指标得分"),
    blank=_TOTAL_BLANK,
    source="财预〔2020〕10号",
    native=_total_native(SCORE_DECIMALS),
)
def total_score(execution_score: Numbers, *scores: Numbers) -> Number:
    """总分: execution score plus indicator scores in points, summed at full precision and rounded once.

    Blank when nothing is filled. Source: 财预〔2020〕10号.

    >>> total_score.scalar(5.67, [[10], [10], [""], [70]]), total_score.scalar("", [None, ""])
    (95.67, '')
    """
    return round_half_up(added((execution_score, *scores)), SCORE_DECIMALS)


def _subtotal_native(labels: str, values: str, section: str) -> str:
    first = f'MATCH({section}&"*",{labels},0)'
    # Rows up to the next label, or to the end; behind the last row there is nothing to match.
    below = f"INDEX({labels},{first}+1):INDEX({labels},ROWS({labels}))"
    count = f'IFERROR(MATCH("?*",{below},0),ROWS({labels})-{first}+1)'
    rows = f"INDEX({values},{first}):INDEX({values},{first}+{count}-1)"
    return (
        f'IF(IFERROR(AND(LEN({section})>0,{first}>0),FALSE),IFERROR(IF(COUNT({rows})+COUNTBLANK({rows})<{count},"{INVALID_TEXT}",'
        f'IF(COUNT({rows})=0,"",ROUND(ROUND(SUM({rows}),10),{SCORE_DECIMALS}))),"{INVALID_TEXT}"),"")'
    )


@measure(
    title="一级指标小计",
    explain="某个一级指标下各行的分值或得分之和，两位小数。一级指标名称只写在该段第一行，区域不含表头和总分行。",
    arguments=("一级指标列", "分值或得分列", "一级指标名称"),
    blank="找不到该一级指标，或该段全部为空时为空；含有文字或错误值时为“数据有误”",
    source="财预〔2020〕10号",
    native=_subtotal_native,
)
def subtotal(labels: Labels, values: Cells, section: Text) -> Number:
    """小计: the points of one 一级指标, to two decimals.

    `labels` and `values` are the rows of one table, without head and total row. Here every row says its
    section, perhaps with its points behind (产出指标(50 分)); on the sheet only the first row of it does.
    Source: 财预〔2020〕10号 (50, 30 and 10 points).

    >>> labels, points = ["产出指标(50 分)", None, "效益指标"], [30, 20, 30]
    >>> [subtotal.scalar(labels, points, section) for section in ("产出指标", "效益", "满意度")]
    [50.0, 30.0, '']
    """
    # 不适用 is a text on the sheet, where the native form cannot tell it from any other.
    points = np.where(values == NOT_APPLICABLE, INVALID, values)

    def subtotal_of(name: str) -> float:
        inside = labels.numbers(lambda label: float(bool(name) and label.startswith(name))) == 1.0
        return float(added(points[inside][:, np.newaxis])[0])

    return round_half_up(section.numbers(subtotal_of), SCORE_DECIMALS)


# --- scores ---------------------------------------------------------------------------------------------


@measure(
    title="预算执行得分",
    explain="分值 × 执行率，执行率按 0 到 100% 计，两位小数。",
    arguments=("全年执行数", "全年预算数", "分值"),
    blank="任一项为空或不是数字时为空；全年预算数为 0 时为“不适用”",
    source="财预〔2020〕10号",
    native=(
        'IF(COUNT({spent},{budget},{weight})<3,"",IF({budget}=0,"不适用",'
        "ROUND(ROUND(MAX(0,MIN(1,{spent}/{budget}))*{weight},10),2)))"
    ),
)
def execution_score(spent: Number, budget: Number, weight: Number) -> Number:
    """预算执行得分: weight x spent / budget, at most the weight, at least 0, in points to two decimals.

    `spent` and `budget` in 万元. The unrounded rate is used: 32.15 of 56.70 is 5.67 of 10 points.
    Source: 财预〔2020〕10号 (the execution rate carries 10 points).

    >>> execution_score.scalar(32.15, 56.7, 10), execution_score.scalar(2859.87, 2860.69, 10)
    (5.67, 10.0)
    >>> execution_score.scalar(12, 10, 10), execution_score.scalar(0, 0, 10)
    (10.0, '不适用')
    """
    with np.errstate(all="ignore"):
        points = round_half_up(_share_of_one(spent / budget) * weight, SCORE_DECIMALS)
    points = np.where(budget == 0, NOT_APPLICABLE, points)
    return np.where(_finite(spent, budget, weight), points, BLANK)


class _Column(NamedTuple):
    """The quantities of a text column as arrays."""

    number: FloatArray
    direction: FloatArray
    scale: FloatArray
    unit: Texts
    unitless: BoolArray

    @classmethod
    def of(cls, texts: Texts) -> _Column:
        read: list[Quantity] = [parse(value) for value in texts.values]

        def spread(values: list[float]) -> FloatArray:
            return np.array(values or [BLANK], dtype=np.float64)[texts.codes]

        units = Texts.of(q.unit for q in read)
        return cls(
            spread([q.number for q in read]),
            spread([float(COMPARATORS.find(q.comparator) + 1 if q.comparator else 0) for q in read]),
            spread([float(q.scale) for q in read]),
            units.take(texts.codes),
            spread([float(q.unit == "") for q in read]) == 1.0,
        )


def _readable(target: _Column, actual: _Column) -> BoolArray:
    """Where both are numbers that may be compared and the result is a plain figure (`Quantity.comparable`).

    A result with a comparator of its own (≥95% copied from the target) says nothing about what was reached.
    """
    alike = (target.unitless | actual.unitless) & (target.scale == actual.scale)
    readable: BoolArray = (alike | target.unit.same(actual.unit)) & (actual.direction == 0)
    return readable & _finite(target.number, actual.number)


_READABLE_NATIVE = (
    "AND({actual.direction}=0,OR(EXACT({target.unit},{actual.unit}),"
    "AND(LEN({target.unit})*LEN({actual.unit})=0,{target.scale}={actual.scale})))"
)


@measure(
    title="指标得分",
    explain=(
        "定量指标：达到年度指标值得满分；≥ 类未达到按 分值 × 实际 ÷ 指标，≤ 类超出按 分值 × 指标 ÷ 实际，"
        "两位小数。≤ 0 或 =0 的指标：未发生得满分，否则 0 分。"
    ),
    arguments=("年度指标值", "实际完成值", "分值"),
    blank=(
        "日期、及时性、定性、单位不一致、实际完成值带比较符号、指标值没有比较符号而两者不等、"
        "负的指标值未达到时为空，由填报人自定"
    ),
    source="财预〔2020〕10号",
    native=(
        'IFERROR(IF(COUNT({target.number},{actual.number},{weight})<3,"",IF(NOT(' + _READABLE_NATIVE + '),"",'
        "IF(IF({target.direction}=0,{actual.number}={target.number},"
        "CHOOSE({target.direction},{actual.number}>={target.number},{actual.number}>{target.number},"
        "{actual.number}={target.number},{actual.number}<={target.number},{actual.number}<{target.number})),"
        "ROUND(ROUND({weight},10),2),"
        'IF(OR({target.direction}=0,{target.number}<0,AND({target.number}=0,{target.direction}<3)),"",'
        "IF({target.number}=0,IF(AND({target.direction}=3,{actual.number}<0),ROUND(ROUND({weight},10),2),0),"
        "ROUND(ROUND(MAX(0,MIN(1,IF({target.direction}>3,{target.number}/{actual.number},"
        '{actual.number}/{target.number})))*{weight},10),2)))))),"")'
    ),
)
def score(target: QuantityText, actual: QuantityText, weight: Number) -> Number:
    """指标得分: the points a quantitative indicator earns, to two decimals; blank when none can be computed.

    Met: the full weight, never more. Missed: weight x actual / target for ≥ > =, weight x target / actual for
    ≤ <. A target of 0 with ≤ < or = : full when nothing happened, else 0. Without comparator only equality is
    read. Blank for dates, phrases, words, units that differ, a result that repeats a comparator, a missed
    negative target.
    Source: 财预〔2020〕10号.

    >>> score.scalar("≥1.5万件", "19578件", 3), score.scalar("≥95%", "90%", 10)
    (3.0, 9.47)
    >>> score.scalar("≤15天", "20天", 3)
    2.25
    >>> score.scalar("0件", "0件", 3), score.scalar("≤0", "1", 3), score.scalar("≥95%", "≥95%", 5)
    (3.0, 0.0, '')
    >>> score.scalar("2023年底", "100%", 1), score.scalar("50", "55", 10), score.scalar("≥160万元", "200", 10)
    ('', '', '')
    """
    t, a = _Column.of(target), _Column.of(actual)
    goal, done, direction = t.number, a.number, t.direction
    with np.errstate(all="ignore"):
        met = np.where(
            direction > 3,
            np.where(direction == 4, done <= goal, done < goal),
            np.where(direction == 1, done >= goal, np.where(direction == 2, done > goal, done == goal)),
        )
        ratio = np.where(direction > 3, goal / done, done / goal)
        missed = round_half_up(_share_of_one(ratio) * weight, SCORE_DECIMALS)
        full = round_half_up(weight, SCORE_DECIMALS)
    missed = np.where(goal == 0, np.where((direction == 3) & (done < 0), full, 0.0), missed)
    unknown = (direction == 0) | (goal < 0) | ((goal == 0) & (direction < 3))
    points = np.where(met, full, np.where(unknown, BLANK, missed))
    return np.where(_readable(t, a) & np.isfinite(weight), points, BLANK)


@measure(
    title="指标完成率",
    explain="实际完成值 ÷ 年度指标值，保留四位小数，不论方向；≥、=、无符号的指标超过 130% 须分析原因。",
    arguments=("年度指标值", "实际完成值"),
    blank="两者不都是数字、单位不一致、实际完成值带比较符号时为空；指标值为 0 时为“不适用”",
    source="财预〔2020〕10号",
    native=(
        'IFERROR(IF(COUNT({target.number},{actual.number})<2,"",IF(NOT(' + _READABLE_NATIVE + '),"",'
        'IF({target.number}=0,"不适用",ROUND(ROUND({actual.number}/{target.number},10),4)))),"")'
    ),
)
def attainment(target: QuantityText, actual: QuantityText) -> Number:
    """完成率: actual / target to four decimals, whatever the comparator; 不适用 when the target is 0.

    It serves the overshoot rule, which concerns ≥ > = and bare targets; a ≤ target is met below 1.
    Source: 财预〔2020〕10号 (far above target: analyse).

    >>> attainment.scalar("10", "24"), attainment.scalar("≥1.5万件", "19578件"), attainment.scalar("0", "0")
    (2.4, 1.3052, '不适用')
    """
    t, a = _Column.of(target), _Column.of(actual)
    return np.where(_readable(t, a), _ratio(a.number, t.number), BLANK)


@measure(
    title="定性指标得分区间",
    explain="定性指标的实际完成值与年度指标值表述一致时，建议在分值的 100%～80% 之间评分，例如 8～10。",
    arguments=("年度指标值", "实际完成值", "分值"),
    blank="不是定性指标、表述不一致或分值为空时为空",
    source="财预〔2020〕10号（定性指标分三档：100%～80%、80%～60%、60%～0%）",
    native=(
        'IFERROR(IF(COUNT({weight})=0,"",IF(AND({target.kind}="words",EXACT({target.clean},{actual.clean})),'
        "ROUND(ROUND({weight}*" + str(BAND_FLOOR) + ',10),2)&"～"&ROUND(ROUND({weight},10),2),"")),"")'
    ),
)
def band(target: QuantityText, actual: QuantityText, weight: Number) -> Text:
    """得分区间: the points of the best qualitative grade when the result affirms the target in its words.

    Dates and phrases about time have no band: they are met, or there is a reason. Source: 财预〔2020〕10号.

    >>> band.scalar("不断加强", "不断加强", 5), band.scalar("持续提高", "有所提高", 5)
    ('4～5', '')
    """
    affirmed = target.map(normalise).same(actual.map(normalise))
    words = target.numbers(lambda text: float(parse(text).kind == "words")) == 1.0
    weights, place = np.unique(
        np.where(affirmed & words & np.isfinite(weight), weight, BLANK), return_inverse=True
    )
    return Texts.of(_band_text(float(weight)) for weight in weights).take(place.reshape(-1))


def _band_text(weight: float) -> str:
    if not np.isfinite(weight):
        return ""
    low, high = round_half_up(weight * BAND_FLOOR, SCORE_DECIMALS), round_half_up(weight, SCORE_DECIMALS)
    return f"{low:.15g}～{high:.15g}"


GRADES: Final = ("优", "良", "中", "差")


@measure(
    title="评价等级",
    explain="总分对应的等级：优（≥90）、良（80～90）、中（60～80）、差（<60），分界分数由参数给出。",
    arguments=("总分", "优的下限", "良的下限", "中的下限"),
    blank="总分为空或不是数字时为空",
    source="财预〔2020〕10号",
    native=(
        'IF(COUNT({score},{excellent},{good},{fair})<4,"",IF(ROUND({score},6)>={excellent},"优",'
        'IF(ROUND({score},6)>={good},"良",IF(ROUND({score},6)>={fair},"中","差"))))'
    ),
)
def grade(score: Number, excellent: Number, good: Number, fair: Number) -> Text:
    """评价等级: the grade of a total score in points; each lower bound belongs to its grade.

    Source: 财预〔2020〕10号 (优 ≥90, 良 80 to <90, 中 60 to <80, 差 <60).

    >>> [grade.scalar(points, 90, 80, 60) for points in (90, 89.99, 80, 60, 59.99, "")]
    ['优', '良', '良', '中', '差', '']
    """
    points = round_half_up(score, SUM_DECIMALS)
    with np.errstate(invalid="ignore"):
        places = np.select([points >= excellent, points >= good, points >= fair], [0, 1, 2], 3)
    codes = np.where(_finite(points, excellent, good, fair), places, len(GRADES))
    return Texts(codes.astype(np.int32), (*GRADES, ""))


# Measures are objects, not functions: this is how doctest finds their examples.
__test__ = {name: registered.doc for name, registered in MEASURES.items()}
