"""Which package documents belong to, for which year: told by the titles, heads and labels that only it prints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from jixiao.declarations import Package
from jixiao.intake.blocks import Document, Paragraph
from jixiao.intake.patterns import Patterns
from jixiao.intake.wording import folded, plain, yearless

#: Longer texts are no labels.
_LONGEST = 60
#: What tells packages apart counts for more than a label: a title, the name of the place.
_TITLE, _PLACE = 3.0, 3.0
#: Two packages this close are told apart by no more than chance.
_MARGIN = 2.0
_LEAST = 3.0
_YEAR = re.compile(r"((?:19|20)\d{2})年")
_YEARLY = re.compile(r"((?:19|20)\d{2})年度")
_HEAD_YEAR = re.compile(r"((?:19|20)\d{2})年(?:度)?(?:年初)?(?:预算|决算|执行)数")


class NotImportedError(Exception):
    """Documents from which no filing can be made: cause and remedy."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}。\n{remedy}。")
        self.cause, self.remedy = cause, remedy


def texts(documents: Sequence[Document]) -> Iterator[str]:
    """All short texts of the documents."""
    for document in documents:
        for block in document.blocks:
            if isinstance(block, Paragraph):
                yield block.text
            else:
                yield from (cell.text for cell in block.cells if cell.text)


def choose(documents: Sequence[Document], patterns: Patterns) -> Package:
    """The package that the documents belong to.

    Raises:
        NotImportedError: none, or one of several that cannot be told apart.
    """
    said = [text for text in texts(documents) if len(text) <= _LONGEST]
    labels = {yearless(plain(text)) for text in said}
    whole = "".join(map(folded, said))
    points = {}
    catalogue = patterns.catalogue
    for package in catalogue.packages.values():
        mine = {yearless(text) for form in package.forms for text in patterns.printed(package, form)}
        titles = {yearless(plain(form.title.replace("{year}", "2000"))) for form in package.forms.values()}
        place = package.authority.removesuffix("财政局")
        points[package.code] = (
            len(mine & labels)
            + _TITLE * len(titles & labels)
            + (_PLACE if place != package.authority and place in whole else 0.0)
        )
    best = max(points.values(), default=0.0)
    codes = ", ".join(points)
    if best < _LEAST:
        raise NotImportedError(
            "没有认出自评表：文件里的表头、标题与各套表都对不上",
            f"请确认选对了文件；确实是自评材料的，请加 --package 指定套表，可用的有：{codes}",
        )
    close = [code for code, each in points.items() if best - each < _MARGIN]
    if len(close) > 1:
        named = "、".join(f"{code}（{catalogue.packages[code].authority}）" for code in close)
        raise NotImportedError(f"分不清是哪一套表，可能是：{named}", "请加 --package 指定其中一套")
    return catalogue.packages[close[0]]


def guess_year(documents: Sequence[Document], package: Package) -> tuple[int, bool]:
    """The year that the documents are about, and whether they say so: by titles, else by heads, else by the text."""
    titles = {yearless(plain(form.title.replace("{year}", "2000"))) for form in package.forms.values()}
    named: Counter[int] = Counter()
    spoken: Counter[int] = Counter()
    written: Counter[int] = Counter()
    heads: set[int] = set()
    for text in texts(documents):
        written.update(int(year) for year in _YEARLY.findall(text))
        if len(text) > _LONGEST:
            continue
        label = folded(text)
        match = _YEAR.search(label)
        if match and yearless(plain(text)) in titles:
            named[int(match[1])] += 1
        elif match and "年度" in label and "绩效" in label:
            spoken[int(match[1])] += 1
        heads |= {int(year) for year in _HEAD_YEAR.findall(label)}
    for found in (named, spoken):
        if found:
            return found.most_common(1)[0][0], True
    if heads:
        return max(heads), True
    return (written.most_common(1)[0][0], True) if written else (package.year, False)
