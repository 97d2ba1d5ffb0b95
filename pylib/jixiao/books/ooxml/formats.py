"""A number as a cell shows it, from its number format (ECMA-376 part 1, 18.8.30 and 18.8.31).

People type 95% into a text column and Excel makes it 0.95 in a percent format; what they meant is what
they see.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

BUILT_IN = {
    "0": "General",
    "1": "0",
    "2": "0.00",
    "3": "#,##0",
    "4": "#,##0.00",
    "5": "¥#,##0;¥-#,##0",
    "6": "¥#,##0;¥-#,##0",
    "7": "¥#,##0.00;¥-#,##0.00",
    "8": "¥#,##0.00;¥-#,##0.00",
    "9": "0%",
    "10": "0.00%",
    "11": "0.00E+00",
    "14": "yyyy/m/d",
    "15": "d-mmm-yy",
    "16": "d-mmm",
    "17": "mmm-yy",
    "18": "h:mm AM/PM",
    "19": "h:mm:ss AM/PM",
    "20": "h:mm",
    "21": "h:mm:ss",
    "22": "yyyy/m/d h:mm",
    "27": 'yyyy"年"m"月"',
    "28": 'm"月"d"日"',
    "29": 'm"月"d"日"',
    "30": "m-d-yy",
    "31": 'yyyy"年"m"月"d"日"',
    "32": 'h"时"mm"分"',
    "33": 'h"时"mm"分"ss"秒"',
    "36": 'yyyy"年"m"月"',
    "37": "#,##0;-#,##0",
    "38": "#,##0;-#,##0",
    "39": "#,##0.00;-#,##0.00",
    "40": "#,##0.00;-#,##0.00",
    "45": "mm:ss",
    "46": "[h]:mm:ss",
    "47": "mm:ss.0",
    "48": "##0.0E+0",
    "49": "@",
    "50": 'yyyy"年"m"月"',
    "51": 'm"月"d"日"',
    "52": 'yyyy"年"m"月"',
    "53": 'm"月"d"日"',
    "54": 'm"月"d"日"',
    "57": 'yyyy"年"m"月"',
    "58": 'm"月"d"日"',
}
"""Format code by built-in id, as a Chinese Excel shows them."""

_TOKEN = re.compile(
    r'"(?P<text>[^"]*)"?|\\(?P<char>.)|_.|\*.|\[\$(?P<sign>[^\]-]*)[^\]]*\]|\[(?P<total>[hH]+|[mM]+|[sS]+)\]|\[[^\]]*\]'
    r"|(?P<general>[Gg]eneral|G/通用格式)|(?P<noon>[Aa][Mm]/[Pp][Mm]|[Aa]/[Pp]|上午/下午)"
    r"|(?P<number>[0#?][0#?,]*(?:\.[0#?]*)?(?:[Ee][+-][0#?]+)?|\.[0#?]+)|(?P<fraction>/)|(?P<percent>%)|(?P<scale>,)"
    r"|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?|[aA]{3,4})|(?P<at>@)|(?P<other>.)",
    re.DOTALL,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_Token = tuple[str, str]


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[tuple[_Token, ...], ...]:
    """Split a format code into sections of (kind, text)."""
    sections: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup, match[0]
        if kind == "other" and text == ";":
            sections.append([])
        elif kind is not None:
            sections[-1].append((kind, match[kind] or ""))
    return tuple(map(tuple, sections))


def display(value: float, code: str, date1904: bool = False) -> str:
    """Return a number as a cell with this format shows it, colours, widths and conditions left out.

    Args:
        value: the number; days since 1899-12-30 for dates.
        code: number format, such as ``0.00%`` or ``yyyy"年"m"月"d"日"``.
        date1904: whether days count from 1904-01-01.

    Formats that show nothing or cannot be applied give the shortest decimal form: the text serves as what
    was typed.
    """
    sections = _sections(code)
    number = len(sections)
    index = 1 if value < 0 and number > 1 else 2 if value == 0 and number > 2 else 0
    tokens = sections[index]
    kinds = {kind for kind, _ in tokens}
    if kinds & {"date", "noon", "total"}:
        return _date(value, tokens, date1904)
    if "fraction" in kinds or not kinds:
        return ("-" if value < 0 else "") + shortest(abs(value))
    try:
        shown = _number(abs(value), tokens)
    except (ArithmeticError, ValueError):  # more digits than are calculated with, or than a number may have
        shown = shortest(abs(value))
    return "-" + shown if value < 0 and index == 0 and re.search("[1-9]", shown) else shown


def shortest(value: float) -> str:
    """Return a number in decimal digits, at most 15 of them significant, and never as a power of ten."""
    text = format(Decimal(f"{value:.15g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: float, tokens: tuple[_Token, ...]) -> str:
    percent = sum(kind == "percent" for kind, _ in tokens)
    scale = sum(kind == "scale" for kind, _ in tokens)
    # Excel rounds the 15 digits it shows, not the binary fraction: 1.005 in 0.00 is 1.01.
    exact = Decimal(f"{value:.15g}").scaleb(2 * percent - 3 * scale)
    out, done = [], False
    for kind, text in tokens:
        if kind in ("general", "at"):
            out.append(shortest(value))
        elif kind == "number" and not done:
            out.append(_digits(exact, text))
            done = True
        elif kind == "percent":
            out.append("%")
        elif kind in ("text", "char", "sign", "other"):
            out.append(text)
    return "".join(out)


def _digits(value: Decimal, pattern: str) -> str:
    mantissa, _, exponent = pattern.upper().partition("E")
    if exponent:
        decimals = len(mantissa.partition(".")[2])
        text = f"{value:.{decimals}E}"
        head, _, power = text.partition("E")
        width = len(exponent) - 1
        sign = "-" if int(power) < 0 else "+" if exponent[0] == "+" else ""
        return f"{head}E{sign}{abs(int(power)):0{width}d}"
    whole, point, fraction = mantissa.partition(".")
    bare = whole.rstrip(",")
    value = value.scaleb(-3 * (len(whole) - len(bare)))
    rounded = format(value.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP), "f")
    digits, _, decimals_text = rounded.partition(".")
    least = bare.count("0")
    digits = digits.lstrip("0").rjust(least, "0")
    if "," in bare and digits:
        digits = f"{int(digits):,}" if least <= 1 else f"{int(digits):0{least + (least - 1) // 3},}"
    optional = len(fraction) - len(fraction.rstrip("#?"))
    while optional and decimals_text.endswith("0"):
        decimals_text, optional = decimals_text[:-1], optional - 1
    return digits + point + decimals_text


def _date(value: float, tokens: tuple[_Token, ...], date1904: bool) -> str:
    fine = any(kind == "date" and "." in text for kind, text in tokens)
    try:
        # Days 1 to 59 are one later than they count, because 1900 has a 29 February in Excel.
        early = 0 if date1904 else 1 if 1 <= value < 60 else 0
        start = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30)
        seconds = Decimal(str(value)) * 86400
        step = Decimal("0.001") if fine else Decimal(1)
        seconds = seconds.quantize(step, ROUND_HALF_UP)
        moment = start + timedelta(days=early, seconds=int(seconds), milliseconds=int(seconds % 1 * 1000))
    except (OverflowError, ArithmeticError, ValueError):
        return shortest(value)
    if value < 0:
        return "-" + shortest(-value)
    noon = any(kind == "noon" for kind, _ in tokens)
    clock = [text.lower() if kind in ("date", "total") else "" for kind, text in tokens]
    timed = [position for position, text in enumerate(clock) if text[:1] in ("h", "s", "m")]
    out = []
    for position, (kind, text) in enumerate(tokens):
        if kind == "total":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
            out.append(f"{int(seconds // unit):0{len(text)}d}")
        elif kind == "date":
            place = timed.index(position) if position in timed else 0
            before = clock[timed[place - 1]][:1] if place else ""
            after = clock[timed[place + 1]][:1] if place + 1 < len(timed) and position in timed else ""
            minute = len(text) <= 2 and (before == "h" or after == "s")
            out.append(_date_part(moment, text.lower(), minute, noon))
        elif kind == "noon":
            names = ("上午", "下午") if text == "上午/下午" else tuple(text.split("/"))
            out.append(names[moment.hour >= 12])
        elif kind != "at":
            out.append({"fraction": "/", "scale": ",", "percent": "%"}.get(kind, text))
    return "".join(out)


def _date_part(moment: datetime, text: str, minute: bool, noon: bool) -> str:
    letter, width = text[0], len(text)
    if letter == "y":
        return f"{moment.year:04d}" if width > 2 else f"{moment.year % 100:02d}"
    if letter == "m" and minute:
        return f"{moment.minute:0{width}d}"
    if letter == "m":
        if width == 3:
            return _MONTHS[moment.month - 1]
        return moment.strftime("%B") if width >= 4 else f"{moment.month:0{width}d}"
    if letter == "d":
        return f"{moment.day:0{width}d}" if width < 3 else "周" + "一二三四五六日"[moment.weekday()]
    if letter == "a":
        return ("周" if width == 3 else "星期") + "一二三四五六日"[moment.weekday()]
    if letter == "h":
        hour = moment.hour % 12 or 12 if noon else moment.hour
        return f"{hour:0{width}d}"
    whole, point, fraction = text.partition(".")
    tail = point + f"{moment.microsecond:06d}"[: len(fraction)] if point else ""
    return f"{moment.second:0{len(whole)}d}{tail}"
