"""The text of a document as the sections of a report: heads are recognised, what follows is theirs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jixiao.declarations import Catalogue, Form, Package
from jixiao.expression import Ref
from jixiao.intake.blocks import Paragraph
from jixiao.intake.numbering import chinese
from jixiao.intake.sentences import Said, heard
from jixiao.intake.wording import folded, numbering, plain

#: A head is no sentence: longer lines are text.
_LONGEST_HEAD = 40
_LIKE = 0.6
_NUMERALS = {chinese(number): number for number in range(1, 30)}
_FIRST_STOP = re.compile(r"[：:。]")


@dataclass(frozen=True)
class _Head:
    """One section with the spellings of its head in all packages."""

    form: Form
    code: str
    order: int
    labels: frozenset[str]


@dataclass(frozen=True)
class Heard:
    """A sentence of a form, as a paragraph of a document says it."""

    form: str
    said: Said
    paragraph: Paragraph
    file: str


@dataclass
class Report:
    """The sections that were found in the text of one filing.

    ``rows``: form and section -> paragraphs. ``said``: sentences that state figures of other forms.
    """

    rows: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    said: list[Heard] = field(default_factory=list)
    heads: set[tuple[str, str]] = field(default_factory=set)


class Sections:
    """Takes paragraph after paragraph and puts each under its section.

    Args:
        package: the forms.
        catalogue: all packages, whose heads of the same sections may be spelled otherwise.
        printed: form -> the texts that it prints, which are no paragraphs either.
    """

    def __init__(self, package: Package, catalogue: Catalogue, printed: Mapping[str, frozenset[str]]) -> None:
        self.report = Report()
        self.printed = printed
        self.heads = list(_heads(package, catalogue))
        self.textual = frozenset(
            Ref(form.code, name)
            for form in package.forms.values()
            for name, each in form.fields.items()
            if each.textual
        )
        self.form: Form | None = None
        self.section = ""
        self.reason = ""
        self.rest = ""
        self.file = ""
        self._order = -1
        self._number = 0

    @property
    def begun(self) -> bool:
        """Whether a section is open, or one that has no place in the report."""
        return self.form is not None

    def close(self) -> None:
        """What follows belongs to no section, until the next head."""
        self.form, self.section, self.reason, self.rest = None, "", "", ""

    def enter(self, form: Form, code: str, rest: str = "") -> None:
        """Go to a section that something other than its head names; ``rest`` takes what is under no known head."""
        self.form, self.section, self.reason, self.rest = form, code, "", rest
        self._order = next(
            (head.order for head in self.heads if (head.form, head.code) == (form, code)), self._order
        )

    def take(self, paragraph: Paragraph) -> bool:
        """Put a paragraph where it belongs; whether it has a place. Why not is in ``reason``."""
        text = paragraph.text
        if self._head(paragraph):
            return True
        if self.form is None:
            return False
        if numbering(text) and plain(text) in self.printed.get(self.form.code, ()):
            return True
        if not self.rest and self._strange(text):
            return False
        if said := self.sentence(self.form, text):
            self.hear(self.form, said, paragraph)
            self._led_on(self.form, said)
            return True
        section = self.section or self.rest
        if not section:
            return False
        self.report.rows.setdefault((self.form.code, section), []).append(text.strip())
        return True

    def labels(self, form: Form) -> frozenset[str]:
        """The heads of a form's sections."""
        return frozenset[str]().union(*(head.labels for head in self.heads if head.form is form))

    def hear(self, form: Form, said: Said, paragraph: Paragraph) -> None:
        """Keep what a sentence states."""
        self.report.said.append(Heard(form.code, said, paragraph, self.file))

    def _led_on(self, form: Form, said: Said) -> None:
        """Go to the section that a sentence stands in, which may have no head of its own."""
        codes = list(form.passages)
        ahead = codes[codes.index(self.section) :] if self.section in codes else codes
        for code in ahead:
            if said.sentence.code in form.passages[code].sentences:
                self.section = form.passages[code].code if form.passages[code].written else self.section
                return

    def sentence(self, form: Form, text: str) -> Said | None:
        """The sentence of a form that a paragraph is."""
        for each in form.sentences.values():
            said = heard(each, text, self.textual, form.title)
            if said is not None:
                return said
        return None

    def _head(self, paragraph: Paragraph) -> bool:
        """Whether a paragraph is the head of a section, perhaps with the text that follows it in the same line."""
        text = paragraph.text
        found = self._match(text)
        rest = ""
        if found is None:
            stop = _FIRST_STOP.search(text)
            if stop is None or not numbering(text):
                return False
            found, rest = self._match(text[: stop.start()]), text[stop.end() :].strip()
            if found is None:
                return False
        self._open(found)
        self._number = _level_one(text) or self._number
        if rest:
            self.take(Paragraph(rest, paragraph.place))
        return True

    def _match(self, text: str) -> _Head | None:
        label = plain(text)
        if not label or len(folded(text)) > _LONGEST_HEAD:
            return None
        found = [head for head in self.heads if label in head.labels]
        ahead = [head for head in found if head.order > self._order]
        unused = [head for head in found if (head.form.code, head.code) not in self.report.heads]
        if ahead:
            return ahead[0]
        return unused[0] if len(unused) == 1 and numbering(text) else None

    def _open(self, head: _Head) -> None:
        self.report.heads.add((head.form.code, head.code))
        self._order = head.order
        self.form, self.section = head.form, _written(head.form, head.code)
        self.reason = (
            "" if self.section else f"“{head.form.passages[head.code].head}”下面没有写这段文字的地方"
        )

    def _strange(self, text: str) -> bool:
        """Whether a paragraph is the next head of the outline, one that the report does not have.

        What follows it is none of the section before, so nothing is taken until the next head that is known.
        """
        number = _level_one(text)
        whole = folded(text)
        if not number or number != self._number + 1 or len(whole) > _LONGEST_HEAD or whole[-1] in "。;":
            return False
        self._number = number
        like = difflib.get_close_matches(
            plain(text), [plain(head.form.passages[head.code].head) for head in self.heads], 1, _LIKE
        )
        near = next((h for h in self.heads if like and plain(h.form.passages[h.code].head) == like[0]), None)
        hint = f"，最接近的是“{near.form.passages[near.code].head}”" if near else ""
        self.section, self.reason = "", f"报告没有“{text.strip()}”这一节{hint}"
        return True


def _heads(package: Package, catalogue: Catalogue) -> Sequence[_Head]:
    heads: list[_Head] = []
    for form in package.forms.values():
        others = [each.forms[form.code] for each in catalogue.packages.values() if form.code in each.forms]
        for code, passage in form.passages.items():
            if passage.head:
                labels = {plain(each.passages[code].head) for each in others if code in each.passages}
                heads.append(_Head(form, code, len(heads), frozenset({plain(passage.head), *labels} - {""})))
    return heads


def _written(form: Form, code: str) -> str:
    """The section that text below a head goes to: its own, or the one without head that follows it."""
    codes = list(form.passages)
    if form.passages[code].written:
        return code
    for following in codes[codes.index(code) + 1 :]:
        if form.passages[following].head:
            break
        if form.passages[following].written:
            return following
    return ""


def _level_one(text: str) -> int:
    """The number of a head of the first level (三、), 0 for any other line."""
    return _NUMERALS.get(numbering(text).rstrip("、."), 0)
