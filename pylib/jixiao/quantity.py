"""Numbers as people write them: marks, half-up rounding, text columns, the parser of targets and results.

The grammar of a quantity exists twice, as the Excel formulas of `QUANTITY_HELPERS` and as `parse`; both are
driven by the same tables below, and tests compare the two on generated texts.

    quantity   = [comparator] [sign] digits [scale] [unit] [suffix]
    comparator = ≥ > = ≤ <            after REPLACEMENTS, which maps 不低于, 不超过, >=, ≧ … to these five
    digits     = 12 | 12.5 | 1,124    commas only where they group by thousands, at most 15 digits
    scale      = 万 | 亿 | % | ‰      % and ‰ stay a part of the unit, 万 and 亿 do not
    suffix     = 以上 | 以内 | 以下   a comparator behind the number

Whatever does not fit is a date, a phrase about time, or plain words: never an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

BLANK: Final = math.nan
NOT_APPLICABLE: Final = math.inf
INVALID: Final = -math.inf

NOT_APPLICABLE_TEXT: Final = "不适用"
INVALID_TEXT: Final = "数据有误"
# What people type into a number cell to say "nothing here".
PLACEHOLDERS: Final = ("", "—", "——", "-", "－", "/")

# Excel keeps 15 significant digits; a longer run is an identifier, not a number.
MAX_DIGITS: Final = 15


# --- rounding -------------------------------------------------------------------------------------------


@overload
def round_half_up(x: float, decimals: int) -> float: ...
@overload
def round_half_up(x: FloatArray, decimals: int) -> FloatArray: ...
def round_half_up(x: float | FloatArray, decimals: int) -> float | FloatArray:
    """Round half away from zero (四舍五入), as the native `ROUND(ROUND(x,10),decimals)` does.

    Marks (nan, ±inf) pass through. `x` is a number or an array; `decimals` is between 0 and 9.

    >>> round_half_up(8.7 / 9.6, 4), round_half_up(-0.12345, 4), round_half_up(1.005, 2)
    (0.9063, -0.1235, 1.01)
    """
    places, unit = 10.0 ** (10 - decimals), 10.0**decimals
    # NumPy's price per step is that of rounding one or two numbers without it.
    if isinstance(x, np.ndarray) and x.size < 8 and x.ndim == 1:
        return np.array([round_half_up(value, decimals) for value in x.tolist()], dtype=np.float64)
    if not isinstance(x, np.ndarray):
        size = abs(x) * 1e10
        if math.isfinite(size):
            size = math.floor(round(size) / places + 0.5) / unit
        return math.copysign(size, x) + 0.0
    rounded: FloatArray = np.abs(x)
    rounded *= 1e10
    np.rint(rounded, out=rounded)
    rounded /= places
    rounded += 0.5
    np.floor(rounded, out=rounded)
    rounded /= unit
    np.copysign(rounded, x, out=rounded)
    rounded += 0.0  # turns the -0.0 of a tiny negative number into 0.0
    return rounded


def half_width(decimals: int) -> float:
    """Half of the last printed place: a figure x with `decimals` places stands for [x - half, x + half]."""
    return 0.5 * 10.0**-decimals


def display(value: float, kind: str, decimals: int) -> str:
    """A number as it stands in a message.

    Args:
        value: the number, or a mark.
        kind: "money", "area" (万元, ㎡; always with `decimals` places), "rate" (a ratio, shown as a
            percentage with `decimals` - 2 places), anything else (counts, scores; no trailing zeros).
        decimals: places of `value` itself: 4 for a rate shown as 77.72%.

    >>> display(2860.7, "money", 2), display(0.7772, "rate", 4), display(5.0, "score", 2)
    ('2860.70', '77.72%', '5')
    >>> display(BLANK, "money", 2), display(NOT_APPLICABLE, "rate", 4), display(INVALID, "money", 2)
    ('', '不适用', '数据有误')
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return NOT_APPLICABLE_TEXT if value > 0 else INVALID_TEXT
    rounded = round_half_up(value, decimals)
    if kind == "rate":
        return f"{rounded * 100:.{max(decimals - 2, 0)}f}%"
    shown = f"{rounded:.{decimals}f}"
    if kind in ("money", "area") or "." not in shown:
        return shown
    return shown.rstrip("0").rstrip(".")


# --- text columns ---------------------------------------------------------------------------------------


class Texts:
    """A text column coded over its distinct strings: a million targets are parsed once per distinct one."""

    __slots__ = ("codes", "values")

    def __init__(self, codes: IntArray, values: tuple[str, ...]) -> None:
        self.codes = codes
        self.values = values

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Texts:
        """Code any iterable of strings; None reads as the empty string."""
        rows = [text or "" for text in texts]
        place = {value: code for code, value in enumerate(dict.fromkeys(rows))}
        return cls(np.fromiter(map(place.__getitem__, rows), np.int32, len(rows)), tuple(place))

    @classmethod
    def repeat(cls, text: str, size: int) -> Texts:
        """A column of `size` times the same text."""
        return cls(np.zeros(size, dtype=np.int32), (text,))

    @classmethod
    def joined(cls, columns: Iterable[Texts]) -> Texts:
        """The columns one below the other."""
        place: dict[str, int] = {}
        codes = [
            np.array([place.setdefault(v, len(place)) for v in c.values] or [0], dtype=np.int32)[c.codes]
            for c in columns
        ]
        return cls(np.concatenate(codes), tuple(place))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, position: int) -> str:
        text: str = self.values[self.codes[position]]
        return text

    def __repr__(self) -> str:
        return f"Texts({[self[i] for i in range(min(len(self), 5))]}{' …' if len(self) > 5 else ''})"

    def take(self, index: npt.NDArray[np.integer]) -> Texts:
        """The rows at `index`."""
        return Texts(self.codes[index], self.values)

    def numbers(self, func: Callable[[str], float]) -> FloatArray:
        """`func` of every row as float64, called once per distinct text."""
        return np.array([func(value) for value in self.values] or [BLANK], dtype=np.float64)[self.codes]

    def map(self, func: Callable[[str], str]) -> Texts:
        """`func` of every row as a new text column, called once per distinct text."""
        mapped = Texts.of(func(value) for value in self.values)
        return Texts(mapped.codes[self.codes] if self.values else self.codes, mapped.values)

    def same(self, other: Texts | str) -> BoolArray:
        """Row by row, whether the texts are equal character for character."""
        other = Texts.of([other]) if isinstance(other, str) else other
        if len(other) == 1:
            text = other[0]
            alone: BoolArray = self.codes == (self.values.index(text) if text in self.values else -1)
            return alone
        place = {value: code for code, value in enumerate(self.values)}
        theirs = np.array([place.get(value, -1) for value in other.values] or [-1], dtype=np.int32)
        result: BoolArray = self.codes == theirs[other.codes]
        return result

    @property
    def blank(self) -> BoolArray:
        """True where nothing was written: empty, spaces, or an untouched placeholder such as ……."""
        return np.array([parse(value).kind == "blank" for value in self.values] or [True])[self.codes]


# --- the grammar of a quantity --------------------------------------------------------------------------

# Applied one after the other, in Python by str.replace and natively as nested SUBSTITUTE calls. Longer
# phrases come before those they contain (不超过 before 超过). 达到 names no direction and is dropped.
REPLACEMENTS: Final[tuple[tuple[str, str], ...]] = (
    *((mark, "") for mark in ("\n", "\r", "\t", " ", "\u3000", "\u00a0")),
    *((chr(0xFF10 + digit), str(digit)) for digit in range(10)),
    *zip("．，％－＋—–", ".,%-+--", strict=True),
    *zip("≧⩾≦⩽＞＜═﹦＝", "≥≥≤≤><===", strict=True),
    (">=", "≥"),
    ("<=", "≤"),
)
PHRASES: Final[tuple[tuple[str, str], ...]] = (
    *((phrase, "≥") for phrase in ("大于等于", "大于或等于", "不低于", "不少于", "不小于", "至少")),
    *((phrase, "≤") for phrase in ("小于等于", "小于或等于", "不超过", "不高于", "不大于", "不多于")),
    *((phrase, "≤") for phrase in ("不超", "至多", "最多")),
    *((phrase, ">") for phrase in ("大于", "高于", "多于", "超过")),
    *((phrase, "<") for phrase in ("小于", "低于", "少于")),
    *((phrase, "") for phrase in ("达到", "控制在")),
    ("等于", "="),
    ("(含)", ""),
    ("（含）", ""),
    ("及以", "以"),
    ("之内", "以内"),
    ("天内", "天以内"),
    ("日内", "日以内"),
    *((unit, "㎡") for unit in ("m²", "平方米", "平米")),
)
COMPARATORS: Final = "≥>=≤<"
SUFFIXES: Final = {"以上": "≥", "以内": "≤", "以下": "≤"}
SCALES: Final = {"万": 4, "亿": 8, "%": -2, "‰": -3}
TIMELY: Final = (
    *("及时", "按时", "准时", "按期", "如期", "适时", "时效", "时限", "时间"),
    *("年底", "月底", "年末", "月末", "之前", "完成前", "前完成"),
)
DIGIT_MARKS: Final = "0123456789.,"

# None of the single characters turns into another one of them, so one pass does what the sequence does.
_CHARACTERS = str.maketrans({old: new for old, new in REPLACEMENTS if len(old) == 1})
_PAIRS = [(old, new) for old, new in REPLACEMENTS if len(old) > 1]
_PHRASE = re.compile("|".join(re.escape(old) for old, _ in PHRASES))
_NO_DIGITS = str.maketrans("", "", DIGIT_MARKS)
_PLACEHOLDER_MARKS = "…-/."
_NO_PLACEHOLDERS = str.maketrans("", "", _PLACEHOLDER_MARKS)
_NUMBER = re.compile(r"(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_DATE = re.compile("[0-9][年月日]")
_TIMELY = re.compile("|".join(TIMELY))


@dataclass(frozen=True, slots=True)
class Quantity:
    """One 年度指标值 or 实际完成值.

    Attributes:
        kind: "number", "date", "timely" (a phrase about time), "words" or "blank".
        comparator: one of ≥ > = ≤ < or "".
        number: the number with its scale applied (1.5万件 is 15000, 95% is 0.95), else nan.
        unit: what follows the number, with % and ‰, without 万 and 亿.
        scale: the power of ten that 万, 亿, % or ‰ stood for; 0 without.
        text: the text as it was written.
    """

    kind: str
    comparator: str
    number: float
    unit: str
    scale: int
    text: str

    def comparable(self, other: Quantity) -> bool:
        """Whether both are numbers that may be compared.

        The units are equal, or one is missing and both carry the same scale: 50 and 50件 may be compared,
        95 and 95% or 200 and 160万元 may not, because nobody knows what the bare number counts.
        """
        if self.kind != "number" or other.kind != "number":
            return False
        return self.unit == other.unit or ("" in (self.unit, other.unit) and self.scale == other.scale)


class _Parts(NamedTuple):
    """The steps of the parser, one per native helper cell."""

    clean: str
    comparator: str
    negative: bool
    body: str
    rest: str
    digits: str


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """One spelling for texts that mean the same: no spaces, half-width marks, one sign per comparator.

    >>> normalise("≧ １５８０批次"), normalise("不低于95％")
    ('≥1580批次', '≥95%')
    """
    text = _characters(text)
    if _PHRASE.search(text):
        for old, new in PHRASES:
            text = text.replace(old, new)
    return text


def _characters(text: str) -> str:
    text = text.translate(_CHARACTERS)
    for old, new in _PAIRS:
        text = text.replace(old, new)
    return text


def _split(text: str) -> _Parts:
    clean = normalise(text)
    suffix = SUFFIXES.get(clean[-2:], "")
    lead = bool(clean) and clean[0] in COMPARATORS
    comparator = clean[0] if lead else suffix
    body = clean[lead : len(clean) - (2 if suffix else 0)]
    negative = body[:1] == "-"
    if body[:1] in ("-", "+"):
        body = body[1:]
    rest = body.translate(_NO_DIGITS)
    digits = body[: len(body) - len(rest)]
    return _Parts(clean, comparator, negative, body, rest, digits if digits + rest == body else "")


def _magnitude(digits: str, exponent: int) -> float | None:
    """The number a digit run stands for times 10**exponent, correctly rounded; None when it is malformed."""
    if not _NUMBER.fullmatch(digits):
        return None
    plain = digits.replace(",", "")
    whole = plain.replace(".", "")
    if len(whole) > MAX_DIGITS:
        return None
    return float(f"{whole}e{exponent - (len(plain) - plain.index('.') - 1 if '.' in plain else 0)}")


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> Quantity:
    """Read a target or a result; any text gives a Quantity.

    >>> q = parse("≥1.5万件"); q.comparator, q.number, q.unit
    ('≥', 15000.0, '件')
    >>> q = parse("≤760元/批次"); q.comparator, q.number, q.unit
    ('≤', 760.0, '元/批次')
    >>> [parse(t).kind for t in ("2023年底", "及时完成", "不断加强", "……", "7,00.0,77")]
    ['date', 'timely', 'words', 'blank', 'words']

    Source: 财预〔2020〕10号 (quantitative and qualitative indicators).
    """
    parts = _split(text)
    scale, unit = _unit(parts.rest)
    number = BLANK
    if not parts.clean.translate(_NO_PLACEHOLDERS):
        kind = "blank"
    elif (size := _size(parts.digits, scale, parts.rest)) is not None:
        kind = "number"
        number = -size if parts.negative and size else size
    elif _DATE.search(parts.clean):
        kind = "date"
    elif _TIMELY.search(parts.clean):
        kind = "timely"
    else:
        kind = "words"
    return Quantity(kind, parts.comparator, number, unit, scale, text)


def amount(digits: str, rest: str) -> tuple[float, str, int] | None:
    """Number, unit and scale of digits and what stands behind them, as `parse` reads both; None if it is no number.

    For those who know already where the digits end: units come back, so that little is left to read.

    >>> amount("1.5", "万件"), amount("2023", "年")
    ((15000.0, '件', 4), None)
    """
    rest = normalise(rest)
    scale, unit = _unit(rest)
    size = _size(digits, scale, rest)
    return None if size is None else (size, unit, scale)


def _unit(rest: str) -> tuple[int, str]:
    """The scale of what stands behind the digits, and their unit, which % and ‰ stay a part of."""
    scale = SCALES.get(rest[:1], 0)
    return scale, rest[1:] if scale > 0 else rest


def _size(digits: str, scale: int, rest: str) -> float | None:
    """The number without its sign; None when the digits are malformed or make a date with what stands behind them."""
    size = _magnitude(digits, scale)
    if size is None or rest[:1] == "月" or (rest[:1] == "年" and size >= 1000):
        return None
    return size


# --- the same grammar as Excel formulas -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Helper:
    """One hidden cell of the native parser.

    Attributes:
        name: how later helpers and measures refer to the cell.
        template: Excel formula without "=", over {text} (the quantity's cell) and {name} of earlier helpers.
        value: the same in Python: text of the quantity -> content of the helper cell.
    """

    name: str
    template: str
    value: Callable[[str], float | str]

    def native(self, text: str, cells: Mapping[str, str]) -> str:
        """The formula for the quantity in cell `text`, given the cells of the earlier helpers."""
        return self.template.format(text=text, **cells)


def _quote(text: str) -> str:
    if text in ("\n", "\r", "\t"):
        return f"CHAR({ord(text)})"
    return '"' + text.replace('"', '""') + '"'


def _substitute(subject: str, replacements: Iterable[tuple[str, str]]) -> str:
    for old, new in replacements:
        subject = f"SUBSTITUTE({subject},{_quote(old)},{_quote(new)})"
    return subject


def _contains(subject: str, words: Iterable[str]) -> str:
    # Scalar on purpose: engines differ in how they read FIND over an array constant.
    return f"NOT(EXACT({_substitute(subject, ((word, '') for word in words))},{subject}))"


def _native_helpers() -> dict[str, str]:
    dates = [f"{digit}{mark}" for mark in "年月日" for digit in range(10)]
    suffix = 'OR(RIGHT({clean},2)="以上",RIGHT({clean},2)="以内",RIGHT({clean},2)="以下")'
    return {
        # Two cells, because Excel nests at most 64 functions.
        "characters": _substitute("{text}", REPLACEMENTS),
        "clean": _substitute("{characters}", PHRASES),
        # 0 none, else the position in COMPARATORS: numbers compare alike in every locale, signs may not.
        "direction": (
            f'IF({{clean}}="",0,IFERROR(FIND(LEFT({{clean}},1),"{COMPARATORS}"),'
            'IF(RIGHT({clean},2)="以上",1,IF(OR(RIGHT({clean},2)="以内",RIGHT({clean},2)="以下"),4,0))))'
        ),
        "signed": (
            f'IF({{clean}}="","",MID({{clean}},1+ISNUMBER(FIND(LEFT({{clean}},1),"{COMPARATORS}")),'
            f'LEN({{clean}})-ISNUMBER(FIND(LEFT({{clean}},1),"{COMPARATORS}"))-2*{suffix}))'
        ),
        "body": (
            'IF(OR(EXACT(LEFT({signed},1),"-"),EXACT(LEFT({signed},1),"+")),'
            "MID({signed},2,LEN({signed})),{signed})"
        ),
        "rest": _substitute("{body}", ((mark, "") for mark in DIGIT_MARKS)),
        # Digits are contiguous and leading exactly when taking them all away leaves the tail of the text.
        "digits": (
            'IF(EXACT(LEFT({body},LEN({body})-LEN({rest}))&{rest},{body}),LEFT({body},LEN({body})-LEN({rest})),"")'
        ),
        "scale": 'IF({rest}="",0,IFERROR(CHOOSE(FIND(LEFT({rest},1),"万亿%‰"),4,8,-2,-3),0))',
        "unit": "IF({scale}>0,MID({rest},2,LEN({rest})),{rest})",
        "number": _number_template(),
        "kind": (
            f'IF({_substitute("{clean}", ((mark, "") for mark in _PLACEHOLDER_MARKS))}="","blank",'
            'IF(ISNUMBER({number}),"number",'
            f'IF({_contains("{clean}", dates)},"date",IF({_contains("{clean}", TIMELY)},"timely","words"))))'
        ),
    }


def _number_template() -> str:
    # VALUE sees digits only: what it makes of points, commas and dates depends on the locale.
    plain = 'SUBSTITUTE(SUBSTITUTE({digits},",",""),".","")'
    point = 'FIND(".",{digits}&".")'
    whole = f"LEFT({{digits}},{point}-1)"
    places = f"MAX(0,LEN({{digits}})-{point})"
    well_formed = ",".join(
        (
            f"{point}>1",
            'RIGHT({digits},1)<>"."',
            f'ISERROR(FIND(",",{{digits}},{point}))',
            f'ISERROR(FIND(".",{{digits}},{point}+1))',
            f"LEN({plain})<={MAX_DIGITS}",
            f'OR(ISERROR(FIND(",",{{digits}})),EXACT(TEXT(VALUE(SUBSTITUTE({whole},",","")),"#,##0"),{whole}))',
        )
    )
    size = (
        f"IF({places}>{{scale}},VALUE({plain})/10^({places}-{{scale}}),"
        f"VALUE({plain})*10^({{scale}}-{places}))"
    )
    date = f'OR(LEFT({{rest}},1)="月",AND(LEFT({{rest}},1)="年",{size}>=1000))'
    sign = 'IF(EXACT(LEFT({signed},1),"-"),-1,1)'
    return f'IF({{digits}}="","",IFERROR(IF(AND({well_formed}),IF({date},"",{sign}*{size}),""),""))'


def _signed(text: str) -> str:
    parts = _split(text)
    end = len(parts.clean) - (2 if parts.clean[-2:] in SUFFIXES else 0)
    return parts.clean[parts.clean[:1] in tuple(COMPARATORS) : end]


def _number(text: str) -> float | str:
    quantity = parse(text)
    return quantity.number if quantity.kind == "number" else ""


_HELPER_VALUES: Final[dict[str, Callable[[str], float | str]]] = {
    "characters": _characters,
    "clean": normalise,
    "direction": lambda text: float(COMPARATORS.find(c) + 1 if (c := _split(text).comparator) else 0),
    "signed": _signed,
    "body": lambda text: _split(text).body,
    "rest": lambda text: _split(text).rest,
    "digits": lambda text: _split(text).digits,
    "scale": lambda text: float(parse(text).scale),
    "unit": lambda text: parse(text).unit,
    "number": _number,
    "kind": lambda text: parse(text).kind,
}

# In dependency order; the builder gives each quantity one hidden cell per helper.
QUANTITY_HELPERS: Final[tuple[Helper, ...]] = tuple(
    Helper(name, template, _HELPER_VALUES[name]) for name, template in _native_helpers().items()
)


# --- number cells ---------------------------------------------------------------------------------------


class Reading(NamedTuple):
    """A text found in a number cell: its value or mark, and for INVALID how it would read, if anyhow."""

    value: float
    suggestion: float | None = None


@lru_cache(maxsize=1 << 12)
def read_number(text: str, percent: bool = False) -> Reading:
    """Judge a text that stands in a number cell.

    Args:
        text: the cell's text.
        percent: whether the cell is a rate, where 99.97% is a proper way to write 0.9997.

    >>> read_number("——").value, read_number("不适用").value, read_number("99.97%", percent=True).value
    (nan, inf, 0.9997)
    >>> read_number("2860.69万元"), read_number("7,00.0,77")
    (Reading(value=-inf, suggestion=2860.69), Reading(value=-inf, suggestion=None))

    A number stored as text is INVALID too, because Excel's own SUM passes over it.
    """
    trimmed = text.strip()
    if trimmed in PLACEHOLDERS or parse(text).kind == "blank":
        return Reading(BLANK)
    if trimmed == NOT_APPLICABLE_TEXT:
        return Reading(NOT_APPLICABLE)
    quantity, parts = parse(text), _split(text)
    # 元 and 亿 cannot be turned into a suggestion without knowing the unit of the cell.
    if quantity.kind != "number" or quantity.comparator or parts.rest[:1] in ("元", "亿", "‰"):
        return Reading(INVALID)
    if parts.rest == "%":
        return Reading(quantity.number) if percent else Reading(INVALID, quantity.number)
    size = _magnitude(parts.digits, 0) or 0.0
    return Reading(INVALID, -size if parts.negative else size)
