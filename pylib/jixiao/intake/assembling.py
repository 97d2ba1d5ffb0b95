"""Documents as a filing: each grid goes to a form, each paragraph to a section, and the rest onto the list."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jixiao.declarations import Catalogue, Form, Package
from jixiao.filing import Filing, Sheet
from jixiao.filing import text as as_text
from jixiao.intake.account import Account
from jixiao.intake.blocks import Block, Cell, Document, Grid, Paragraph, Unread
from jixiao.intake.choosing import NotImportedError, choose, guess_year
from jixiao.intake.figures import stated
from jixiao.intake.grids import Reading, read_grid
from jixiao.intake.joining import arranged
from jixiao.intake.opening import read_document
from jixiao.intake.patterns import Pattern, Patterns
from jixiao.intake.recognising import Recogniser, money_line
from jixiao.intake.sections import Sections
from jixiao.intake.settling import compare_sentences, link_projects, settle
from jixiao.intake.wording import folded, numbering, pairs, plain
from jixiao.outline import PARAGRAPH

_DATE = re.compile(
    r"(?:19|20)\d{2}年\d{1,2}月\d{1,2}日"
    r"|[二〇零○一三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日"
)
#: What parts several things in one line.
_GAP = re.compile(r"[ \t\u3000]{2,}|\t")
#: Lines that a title may be broken into.
_BROKEN = 3
#: A line that may be nothing but the name of the unit.
_SHORT = 40
#: Labels that differ by a word.
_LIKE = 0.8


@dataclass
class Imported:
    """The filing, and what is to be said about how it came about."""

    filing: Filing
    account: Account


def import_documents(
    paths: Sequence[Path],
    catalogue: Catalogue,
    package: Package | None = None,
    unit: str = "",
    year: int | None = None,
) -> Imported:
    """Read documents that are together one filing.

    Args:
        paths: .docx, .xlsx and .xls files, in the order of the attachments.
        catalogue: what is declared.
        package: the forms; told from the documents when omitted.
        unit: name of the unit; told from the documents when omitted.
        year: which the documents are about; told from them when omitted.

    Raises:
        Unreadable: a file cannot be read.
        NotImportedError: it cannot be told which package the documents belong to, or nothing in them has a place in it.
    """
    documents = [read_document(path) for path in paths]
    patterns = Patterns(catalogue)
    chosen = package or choose(documents, patterns)
    guessed, named = guess_year(documents, chosen)
    assembler = _Assembler(chosen, catalogue, patterns, year or guessed, unit)
    if year is None and not named:
        assembler.account.remarks.append(
            f"文件里没有写年度，按 {guessed} 年度读入；不对的，请加 --year 重新导入。"
        )
    for document in documents:
        assembler.take(document)
    return assembler.finished()


@dataclass
class _Taken:
    """A sheet as it is put together, and the calculated fields that are blank in the document."""

    sheet: Sheet
    pattern: Pattern
    blank: set[str] = field(default_factory=set)


def _side_by_side(line: Paragraph) -> list[Paragraph]:
    """The pieces of a line, each at the line's place."""
    return [replace(line, text=piece) for piece in _GAP.split(line.text.strip()) if piece]


class _Assembler:
    def __init__(
        self, package: Package, catalogue: Catalogue, patterns: Patterns, year: int, unit: str
    ) -> None:
        self.package, self.catalogue, self.year, self.unit = package, catalogue, year, unit
        self.recogniser = Recogniser(package, catalogue, patterns, year)
        self.patterns = self.recogniser.patterns
        self.sections = Sections(
            package, catalogue, {code: each.texts for code, each in self.patterns.items()}
        )
        self.account = Account()
        self.sheets: list[_Taken] = []
        self.units: Counter[str] = Counter()
        self.alone: list[Unread] = []
        self.document = Document("")
        self.title = ""
        self.money = ""
        self.dates: dict[tuple[str, str], str] = {}
        self.last: _Taken | None = None

    # -- reading

    def take(self, document: Document) -> None:
        """Read one document."""
        self.document, self.title, self.money, self.last = document, "", "", None
        self.sections.close()
        self.sections.file = document.name
        self.account.remarks += [f"{document.name}：{remark}" for remark in document.remarks]
        self.account.unread += document.lost
        before = sum(map(len, self.sections.report.rows.values()))
        blocks = arranged(document.blocks, self.recogniser)
        at = 0
        while at < len(blocks):
            block = blocks[at]
            if isinstance(block, Grid):
                self._grid(block)
                at += 1
            else:
                at += self._lines(blocks, at)
        rows = sum(map(len, self.sections.report.rows.values())) - before
        if rows:
            self.account.understood.append(f"{document.name} 正文 → 报告：{rows} 段")

    # -- grids

    def _grid(self, grid: Grid) -> None:
        code = self.recogniser.known(grid, self.title)
        title, self.title = self.title, ""
        money, self.money = self.money, ""
        if not code:
            self._unread_rows(grid, "没有认出这是哪张表")
            return
        pattern = self.patterns[code]
        money = money or next(filter(None, (money_line(cell.text) for cell in grid.cells)), "")
        reading = read_grid(grid, pattern, money)
        self.account.remarks += [f"{self.document.name} {remark}" for remark in reading.remarks]
        taken = self._sheet(pattern, reading, title)
        if taken is None:
            self._unread_rows(grid, f"“{code}”已经读过一张，这一张没有读入")
            return
        self.last = taken
        self.sections.close()
        left = [
            (cell, reason)
            for cell, reason in reading.left
            if not self.recogniser.furniture(cell.text) and not self._cover(Paragraph(cell.text, cell.place))
        ]
        if pattern.left:
            left = self._boxed(grid, pattern, left)
        for cell, reason in left:
            begun = [each for each in grid.line(cell.row) if each.row == cell.row and each.text.strip()]
            if begun == [cell] and len(cell.text) <= _SHORT:
                self.alone.append(Unread(self.document.name, cell.place, cell.text, reason))
            else:
                self._unread(cell.place, cell.text, reason)
        self.account.understood.append(
            f"{self.document.name} {grid.place} → {code}（{taken.sheet.name}）：{reading.count} 项"
        )

    def _sheet(self, pattern: Pattern, reading: Reading, title: str) -> _Taken | None:
        """The sheet that a reading belongs to, with what it says; ``None`` when that form was there already."""
        form = pattern.form
        mine = [each for each in self.sheets if each.sheet.form == form.code]
        own = {
            label
            for slot in pattern.slots
            if slot.field.code == form.named_by
            for label in slot.beside | slot.under
        }
        begins = not mine or (form.many and bool(title == form.code or own & reading.labels))
        if not begins and (
            mine[-1].sheet.fields.keys() & reading.fields.keys()
            or (mine[-1].sheet.tables.keys() & reading.tables.keys())
        ):
            if not form.many:
                return None
            begins = True
        if begins:
            sheet = Sheet(form.code, form.sheet_name(len(mine) + 1))
            self.sheets.append(_Taken(sheet, pattern))
        taken = self.sheets[-1] if begins else mine[-1]
        taken.sheet.fields |= reading.fields
        for code, rows in reading.tables.items():
            taken.sheet.tables.setdefault(code, []).extend(rows)
        taken.blank |= reading.blank
        for code, value in reading.fields.items():
            if form.fields[code].default == "{unit}":
                self.units[as_text(value)] += 1
        return taken

    def _boxed(self, grid: Grid, pattern: Pattern, left: list[tuple[Cell, str]]) -> list[tuple[Cell, str]]:
        """Sections of a report that stand in the cells of a table; returns what is none."""
        reasons = dict(left)
        heads = self.sections.labels(pattern.form)
        beside = ""
        none: list[tuple[Cell, str]] = []
        near: set[str] = set()
        for cell in sorted(grid.cells, key=lambda each: (each.row, each.column)):
            if cell not in reasons and plain(cell.text) not in heads:
                continue
            label = self._left_of(grid, cell)
            if label and label not in pattern.left.values():
                near.add(label)
                label = self._near(label, pattern, cell)
            codes = [code for code, name in pattern.left.items() if name == label]
            if not codes:
                if cell in reasons:
                    none.append((cell, reasons[cell]))
                continue
            if label != beside:  # a section may go on in the cell below
                passages = pattern.form.passages
                rest = next((code for code in reversed(codes) if passages[code].written), "")
                first = codes[0] if passages[codes[0]].written else ""
                self.sections.enter(pattern.form, first, rest)
                beside = label
            for line in cell.text.splitlines():
                if line.strip() and not self.sections.take(Paragraph(line.strip(), cell.place)):
                    self._unread(cell.place, line.strip(), self.sections.reason or reasons.get(cell, ""))
        self.sections.close()
        taken = {label for label in near if self._near(label, pattern)}
        return [(cell, reason) for cell, reason in none if plain(cell.text) not in taken]

    @staticmethod
    def _left_of(grid: Grid, cell: Cell) -> str:
        """The nearest text at the left of a cell; where cells are not merged it stands further up."""
        for row in range(cell.row, -1, -1):
            before = [each for each in grid.line(row) if each.column < cell.column]
            if texts := [each.text for each in before if each.text.strip()]:
                return plain(texts[-1])
        return ""

    def _near(self, label: str, pattern: Pattern, cell: Cell | None = None) -> str:
        """The label of a section that differs from this one by a word, which is said."""
        near = difflib.get_close_matches(label, pattern.left.values(), 1, _LIKE)
        if not near or cell is None:
            return near[0] if near else ""
        remark = f"{self.document.name} {cell.place}：“{label}”一栏按“{near[0]}”读入。"
        if remark not in self.account.remarks:
            self.account.remarks.append(remark)
        return near[0]

    # -- lines

    def _lines(self, blocks: Sequence[Block], at: int) -> int:
        """Take the paragraph at a position; returns how many were taken."""
        block = blocks[at]
        assert isinstance(block, Paragraph)
        if self._heading(block.text) or self._dated(block.text):
            return 1
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        if isinstance(following, Paragraph) and folded(block.text) == numbering(block.text):
            # A number on a line of its own is that of the next line.
            return 1 + self._lines(
                [Paragraph(block.text + following.text, block.place), *blocks[at + 2 :]], 0
            )
        if self.sections.take(block):
            self.last = None
            return 1
        if not self.sections.begun or not self.sections.reason:
            if self._beside(block.text, block.place):
                return 1
            for count in range(1, _BROKEN + 1):
                lines = blocks[at : at + count]
                if not all(isinstance(each, Paragraph) for each in lines):
                    break
                whole = "".join(each.text for each in lines if isinstance(each, Paragraph))
                if self._heading(whole) or self._cover(Paragraph(whole, block.place)):
                    return len(lines)
            pieces = _side_by_side(block)
            if len(pieces) > 1 and all(self._heading(each.text) or self._cover(each) for each in pieces):
                return 1
        if self.sections.begun:
            self._unread(block.place, block.text, self.sections.reason)
        elif len(block.text) <= _SHORT:
            self.alone.append(Unread(self.document.name, block.place, block.text, "不在任何一节或一张表里"))
        else:
            self._unread(block.place, block.text, "不在任何一节或一张表里")
        return 1

    def _dated(self, text: str) -> bool:
        """Whether a line is the date of the report, which has a field without a label."""
        form = self.sections.form
        if form is None or not _DATE.fullmatch(folded(text)):
            return False
        for slot in self.patterns[form.code].slots:
            if not slot.beside and not slot.under and slot.field.code.endswith("日期"):
                key = form.code, slot.field.code
                return self.dates.setdefault(key, text.strip()) == text.strip()
        return False

    def _heading(self, text: str) -> bool:
        """Whether a line is the title of a form, the number of an attachment or the like."""
        if self.recogniser.numbered(text):
            self.sections.close()
            return True
        code = self.recogniser.titled(text)
        if not code:
            self.money = money_line(text) or self.money
            return not self.sections.begun and self.recogniser.furniture(text)
        self.sections.close()
        self.title = code
        form = self.package.forms[code]
        first = next(iter(form.passages.values()), None)
        if first is not None and not first.head and first.written:
            self.sections.enter(form, first.code)
        return True

    def _cover(self, paragraph: Paragraph) -> bool:
        """Whether a line is what a form prints outside its sections and tables; it may name the unit.

        That is a sentence, or several of them and printed texts side by side (填报单位：某局　　金额单位：万元).
        """
        pieces = _side_by_side(paragraph)
        if len(pieces) < 2:
            return self._outside(paragraph)
        printed = [pattern.texts for pattern in self.patterns.values()]
        others = [each for each in pieces if not any(plain(each.text) in texts for texts in printed)]
        return bool(others) and all(self._outside(each) for each in others)

    def _outside(self, paragraph: Paragraph) -> bool:
        """Whether a line is a sentence that a form prints outside its sections."""
        for form in self.package.forms.values():
            if form.sentences and (said := self.sections.sentence(form, paragraph.text)):
                if said.figures:
                    self.sections.hear(form, said, paragraph)
                if said.unit:
                    self.units[said.unit] += 1
                return True
        return False

    def _beside(self, text: str, place: str) -> bool:
        """Whether a line below a table belongs to it: its note, or labels such as 填表人： with what follows them."""
        if self.last is None:
            return False
        pattern, fields = self.last.pattern, self.last.sheet.fields
        if plain(text) in pattern.texts:
            return True
        found = pairs(text, pattern.texts)
        if not found:
            return False
        for label, said in found:
            slot = next((each for each in pattern.slots if label in each.beside and not each.under), None)
            if slot is not None and said and fields.get(slot.field.code) in (None, said):
                fields[slot.field.code] = said
            elif said:
                reason = "表样没有对应的栏目" if slot is None else "这一栏已经有内容"
                self._unread(place, f"{label}：{said}", reason)
        return True

    def _unread(self, place: str, text: str, reason: str) -> None:
        self.account.unread.append(Unread(self.document.name, place, text, reason))

    def _unread_rows(self, grid: Grid, reason: str) -> None:
        """Put a whole grid on the list, one line a row."""
        for row in range(grid.rows):
            line = [cell for cell in grid.line(row) if cell.row == row and cell.text.strip()]
            if line:
                self._unread(line[0].place, " | ".join(cell.text for cell in line), reason)

    # -- the filing

    def finished(self) -> Imported:
        """The filing of all that was taken.

        Raises:
            NotImportedError: nothing was.
        """
        report = self.sections.report
        if not self.sheets and not report.rows and not report.said:
            raise NotImportedError(
                f"文件里没有一张表、一节文字属于“{self.package.title.format(year=self.year)}”",
                "请确认选对了文件和 --package",
            )
        for each in self.alone:  # the unit stands alone above its report, and again in its tables
            if not self.units and any(folded(each.text) == name for name in self._names()):
                self.units[each.text] += 1
        filing = Filing(self.package.code, self._unit(), self.year)
        order = list(self.package.forms)
        blank = {}
        for taken in sorted(self.sheets, key=lambda each: order.index(each.sheet.form)):
            filing.sheets.append(taken.sheet)
            blank[taken.sheet.name] = taken.blank
        for (form, section), lines in report.rows.items():
            rows = self._single(filing, self.package.forms[form]).tables.setdefault(section, [])
            rows += [{PARAGRAPH: line} for line in lines]
        for (form, code), date in self.dates.items():
            self._single(filing, self.package.forms[form]).fields[code] = date
        self._said(filing)
        for each in self.alone:
            if folded(each.text) != folded(filing.unit):
                self.account.unread.append(each)
        self.account.remarks += link_projects(filing, self.package)
        self.account.remarks += settle(filing, self.package, self.catalogue, blank)
        self.account.unread += compare_sentences(filing, self.package, self.catalogue, report.said)
        return Imported(filing, self.account)

    def _names(self) -> set[str]:
        """Short texts of the fields, among which names of units are."""
        values = (value for taken in self.sheets for value in taken.sheet.fields.values())
        return {folded(value) for value in values if isinstance(value, str)}

    def _unit(self) -> str:
        if self.unit:
            return self.unit
        if not self.units:
            self.account.remarks.append("没有找到单位名称，请在首页填写，或加 --unit 重新导入。")
            return ""
        if len(self.units) > 1:
            names = "”“".join(self.units)
            self.account.remarks.append(f"文件里的单位名称不一致：“{names}”，首页用的是第一个。")
        return self.units.most_common(1)[0][0]

    def _single(self, filing: Filing, form: Form) -> Sheet:
        """The one sheet of a form."""
        found = filing.of(form.code)
        if found:
            return found[0]
        sheet = Sheet(form.code, form.sheet_name(1))
        codes = list(self.package.forms)
        place = sum(codes.index(each.form) < codes.index(form.code) for each in filing.sheets)
        filing.sheets.insert(place, sheet)
        return sheet

    def _said(self, filing: Filing) -> None:
        """Figures that only sentences state go into forms of which the documents have no table."""
        drawn = {taken.sheet.form for taken in self.sheets}
        for each in self.sections.report.said:
            self._single(filing, self.package.forms[each.form])  # where the sentence is composed anew
            for ref, text in each.said.figures:
                form = self.package.forms.get(ref.owner or "")
                if form is None or ref.name not in form.fields or form.code in drawn:
                    continue
                sheet, asked = self._single(filing, form), form.fields[ref.name]
                if sheet.fields.get(ref.name) is None:
                    sheet.fields[ref.name] = stated(Cell(0, 0, text=text), text, asked)
