"""Numbers that Word counts itself (自动编号): they stand in no text of the file, yet a reader sees them.

ECMA-376 part 1, 17.9: a paragraph names a list and a level, the list says how its levels are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_DIGITS = "〇一二三四五六七八九"
_CIRCLED = 0x2460
#: Levels that a list has.
_LEVELS = 9


def local(element: Element) -> str:
    """The name of an element without its namespace: two are in use for the same words."""
    return str(element.tag).rpartition("}")[2]


def value(element: Element | None, name: str = "val") -> str:
    """An attribute by its name without namespace; "" where it is missing."""
    if element is None:
        return ""
    return next((text for key, text in element.attrib.items() if key.rpartition("}")[2] == name), "")


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along a path of names."""
    for name in path:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element


def chinese(number: int) -> str:
    """A number below 100 in Chinese.

    >>> chinese(3), chinese(10), chinese(12), chinese(20), chinese(31)
    ('三', '十', '十二', '二十', '三十一')
    """
    tens, ones = divmod(number, 10)
    return (
        (_DIGITS[tens] if tens > 1 else "")
        + ("十" if tens else "")
        + (_DIGITS[ones] if ones or not tens else "")
    )


def _written(number: int, kind: str) -> str:
    if kind.startswith(
        ("chineseCounting", "chineseLegal", "japaneseCounting", "ideographDigital", "taiwanese")
    ):
        return chinese(number) if 0 < number < 100 else str(number)
    if kind == "decimalEnclosedCircle" or kind == "decimalEnclosedCircleChinese":
        return chr(_CIRCLED + number - 1) if 0 < number <= 20 else str(number)
    if kind in ("lowerLetter", "upperLetter") and 0 < number <= 26:
        return chr((97 if kind[0] == "l" else 65) + number - 1)
    return str(number)


@dataclass
class _Level:
    start: int = 1
    kind: str = "decimal"
    text: str = ""


@dataclass
class Numbering:
    """The lists of one document, counted on as its paragraphs are read."""

    lists: dict[str, list[_Level]] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    """Lists that count on together, by the definition that they share."""
    styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, numbering: Element | None, styles: Element | None) -> Numbering:
        """Read numbering.xml and the lists that styles.xml names; either may be missing."""
        result = cls()
        shared: dict[str, list[_Level]] = {}
        for each in numbering if numbering is not None else ():
            if local(each) == "abstractNum":
                shared[value(each, "abstractNumId")] = list(_levels(each))
            elif local(each) == "num":
                family = value(child(each, "abstractNumId"))
                result.lists[value(each, "numId")] = shared.get(family, [])
                result.families[value(each, "numId")] = family
        for style in styles if styles is not None else ():
            number = child(style, "pPr", "numPr", "numId")
            if number is not None:
                level = value(child(style, "pPr", "numPr", "ilvl")) or "0"
                result.styles[value(style, "styleId")] = (value(number), int(level) if level.isdigit() else 0)
        return result

    def before(self, properties: Element | None) -> str:
        """The number before a paragraph with these properties, "" without one; counts it."""
        number, level = self._place(properties)
        levels = self.lists.get(number, [])
        if not (0 <= level < len(levels)):
            return ""
        counts = self.counts.setdefault(self.families[number], [0] * _LEVELS)
        counts[level] = counts[level] + 1 if counts[level] else levels[level].start
        counts[level + 1 :] = [0] * (_LEVELS - level - 1)
        if levels[level].kind in ("bullet", "none"):
            return ""

        def written(match: re.Match[str]) -> str:
            k = int(match[1]) - 1
            if k >= len(levels):
                return ""
            return _written(counts[k] or levels[k].start, levels[k].kind)

        return re.sub(r"%([1-9])", written, levels[level].text)

    def _place(self, properties: Element | None) -> tuple[str, int]:
        number, level = self.styles.get(value(child(properties, "pStyle")), ("", 0))
        own = child(properties, "numPr", "numId")
        if own is not None:
            number = value(own)
            text = value(child(properties, "numPr", "ilvl")) or "0"
            level = int(text) if text.isdigit() else 0
        return number, level


def _levels(definition: Element) -> Iterator[_Level]:
    for each in definition:
        if local(each) == "lvl":
            start = value(child(each, "start")) or "1"
            yield _Level(
                int(start) if start.isdigit() else 1,
                value(child(each, "numFmt")) or "decimal",
                value(child(each, "lvlText")),
            )
