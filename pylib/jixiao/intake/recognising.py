"""Which form a grid shows, which form a line is the title of, and lines that say nothing of their own."""

from __future__ import annotations

import re
from collections import Counter

from jixiao.declarations import Catalogue, Package
from jixiao.intake.blocks import Grid
from jixiao.intake.figures import money_unit
from jixiao.intake.grids import known_labels
from jixiao.intake.patterns import Patterns
from jixiao.intake.wording import folded, plain, yearless

#: How much of a form a grid must show to be taken for it; a label that several forms print counts for less.
_ENOUGH = 2.0
#: What a title above a grid counts: with it, two labels do.
_TITLED = 1.5
_LONGEST_TITLE = 60
#: Lines of a cover or above a table that say nothing of their own.
_FURNITURE = re.compile(r"附件[一二三四五六七八九十\d]*(?:-\d+)?:?|\(此页为封面\)|年月日?|目录")
_MONEY_LINE = re.compile(r"(?:金额)?单位:(?:人民币)?(?:万元|元)")


class Recogniser:
    """Knows the forms of a package by what they print.

    Attributes:
        patterns: by form.
    """

    def __init__(self, package: Package, catalogue: Catalogue, patterns: Patterns, year: int) -> None:
        self.package = package
        self.patterns = {code: patterns.pattern(package, code, year) for code in package.forms}
        self._weights = Counter(label for each in self.patterns.values() for label in each.texts)
        titles = {
            yearless(plain(other.forms[code].title.replace("{year}", "2000"))): code
            for other in (*catalogue.packages.values(), package)
            for code in package.forms
            if code in other.forms and other.forms[code].title
        }
        # A title may leave out its year.
        short = {title.removeprefix("Y年度"): code for title, code in titles.items()}
        self._titles = {title: code for title, code in (short | titles).items() if title}
        self._numbers = {folded(form.sheet) for form in package.forms.values() if form.sheet}

    def titled(self, text: str) -> str:
        """The form that a line is the title of; "" for none."""
        return self._titles.get(yearless(plain(text)), "") if len(text) <= _LONGEST_TITLE else ""

    def known(self, grid: Grid, title: str = "") -> str:
        """The form that a grid shows; "" for none. ``title``: the form whose title stands above it."""
        title = title or next(filter(None, (self.titled(cell.text) for cell in grid.cells if cell.text)), "")
        points = {}
        for code, pattern in self.patterns.items():
            # Titles are also listed elsewhere, as in a table of contents.
            found = [label for label in known_labels(grid, pattern) if yearless(label) not in self._titles]
            points[code] = sum(1 / self._weights[label] for label in found)
            if code == title and len(found) >= _ENOUGH:
                points[code] += _TITLED
        # Of two that show alike the one with a sheet per project is meant: a unit has more of these.
        best = max(points, key=lambda code: (points[code], self.package.forms[code].many), default="")
        return best if best and points[best] >= _ENOUGH else ""

    def numbered(self, text: str) -> bool:
        """Whether a line is the number of an attachment (附件3-1)."""
        whole = folded(text)
        return whole in self._numbers or (whole.startswith("附件") and bool(_FURNITURE.fullmatch(whole)))

    def furniture(self, text: str) -> bool:
        """Whether a text says nothing of its own: a title, a blank date, 单位：万元."""
        whole = folded(text)
        return bool(_FURNITURE.fullmatch(whole) or _MONEY_LINE.fullmatch(whole) or self.titled(text))


def money_line(text: str) -> str:
    """The unit that a line such as 单位：元 names; "" for other lines.

    >>> money_line("单位：元"), money_line("金额单位：万元"), money_line("单位：某局")
    ('元', '万元', '')
    """
    return money_unit(text) if _MONEY_LINE.fullmatch(folded(text)) else ""
