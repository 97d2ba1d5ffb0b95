"""What is declared: forms, fields, tables, packages, parameters and rules, as values.

:mod:`jixiao.catalogue` reads them from workbook_templates; everything else is derived from them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from jixiao.expression import Expression, Ref

Role = Literal["input", "calculated"]
Severity = Literal["error", "warning", "info"]

#: type -> (decimals, unit): how a figure of the forms is written down (DESIGN §4).
TYPES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "money": (2, "万元"),
        "rate": (4, ""),
        "score": (2, "分"),
        "count": (0, ""),
        "area": (2, "㎡"),
        "text": (0, ""),
        "quantity": (0, ""),
    }
)
TEXT_TYPES = frozenset({"text", "quantity"})

#: What stands in braces in the message of a rule: a field, or one of the figures of the finding.
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
FIGURES = frozenset({"stated", "expected", "difference", "tolerance", "rows"})

#: How forms say "and so on" in an unused row.
ELLIPSES = ("……", "…", "...")


@dataclass(frozen=True)
class Reference:
    """The document a form, parameter or rule comes from."""

    title: str
    number: str = ""
    article: str = ""
    date: str = ""

    def __str__(self) -> str:
        return f"{self.title}{f'（{self.number}）' if self.number else ''}{self.article}"


@dataclass(frozen=True)
class Field:
    """One named cell (数据项), or one column of a table.

    ``code`` is the official term and the defined name; ``table`` is set for a column of a repeating table;
    ``line`` is (matrix, row, column) for a cell of a matrix. ``expression`` says how a calculated cell comes about.
    What next year's filing takes from this one: ``kept`` stays as it is; ``carries`` is the field, or the column of the
    same row, of last year's filing whose figure this one repeats (上年决算数: 决算数).
    ``also`` is what reports call its figure besides its label (自评得分 for 总分).
    """

    code: str
    label: str
    type: str
    help: str
    source: Reference
    unit: str = ""
    table: str | None = None
    line: tuple[str, str, str] | None = None
    expression: Expression | None = None
    linked: Ref | None = None
    default: str | float | None = None
    long: bool = False
    optional: bool = False
    kept: bool = False
    carries: str = ""
    also: tuple[str, ...] = ()

    @property
    def calculated(self) -> bool:
        return self.expression is not None or self.linked is not None

    @property
    def role(self) -> Role:
        return "calculated" if self.calculated else "input"

    @property
    def decimals(self) -> int:
        return TYPES[self.type][0]

    @property
    def textual(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def title(self) -> str:
        """What the person calls it: 公务接待（决算数） for a matrix cell, else the printed label in one line."""
        if self.line and self.code != self.line[2]:
            return f"{self.label}（{self.line[2]}）"
        return self.label.replace("\n", "")

    def title_in(self, year: int) -> str:
        """The title in a filing of ``year``: 2023年实际在职人数."""
        return self.title.replace("{year}", str(year)).replace("{last_year}", str(year - 1))


@dataclass(frozen=True)
class Matrix:
    """A block of fixed rows times fixed columns (资金, 经费). Cell codes are row_column; the total row's are the column."""

    code: str
    key: str
    rows: Mapping[str, str]
    columns: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    row_groups: Mapping[str, tuple[str, ...]]
    total: str | None

    def cell(self, row: str, column: str) -> str:
        return column if row == self.total else f"{row}_{column}"


@dataclass(frozen=True)
class Section:
    """One 一级指标 with its points and its 二级指标 with their number of printed rows."""

    name: str
    weight: str
    parts: Mapping[str, int]


@dataclass(frozen=True)
class Table:
    """A block of repeating rows, of one of four kinds.

    With ``sections``: indicators, grouped by their 一级/二级指标. ``listed``: the projects of the 项目清单. ``paragraphs``: a
    section of a report. None of these: plain rows under printed heads, named by their column ``names``.

    ``last_year``: label -> the column whose figure of last year is shown beside the form (上年实际完成值: 实际完成值).
    ``totals``: column -> the field of the form that stands under it in the total row of a plain table.
    """

    code: str
    label: str
    columns: Mapping[str, Field]
    widths: Mapping[str, int]
    sections: tuple[Section, ...] = ()
    section: str = ""
    subsection: str = ""
    placeholder: str = ""
    placeholder_column: str = ""
    numbered: str = ""
    total: Mapping[str, str] = field(default_factory=dict)
    proposals: Mapping[str, Expression] = field(default_factory=dict)
    listed: str = ""
    printed: tuple[str, ...] = ()
    last_year: Mapping[str, str] = field(default_factory=dict)
    #: The column of paragraphs when the table is a section of a report, and how many rows are issued.
    paragraphs: str = ""
    issued_rows: int = 0
    names: str = ""
    totals: Mapping[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether its rows are neither grouped nor listed nor paragraphs."""
        return not (self.sections or self.listed or self.paragraphs)

    @cached_property
    def name_column(self) -> str:
        """The column in which a row says what it is about; "" for paragraphs."""
        return self.listed or self.names or self.placeholder_column

    @property
    def name_columns(self) -> tuple[str, ...]:
        """The columns that name a row from year to year: its 二级指标 and its own name."""
        return tuple(code for code in (self.subsection, self.name_column) if code)

    @cached_property
    def grouping(self) -> tuple[str, ...]:
        """The columns that stand in merged cells, which nobody fills row by row."""
        return tuple(code for code in (self.section, self.subsection) if code)

    @property
    def total_fields(self) -> tuple[str, ...]:
        """The fields of its total row; none when no such row is printed."""
        single = (self.total["field"],) if "field" in self.total else ()
        return (*single, *self.totals.values())

    @cached_property
    def placeholders(self) -> tuple[str, ...]:
        """What the form prints where the name of a row is to be written."""
        return tuple(filter(None, dict.fromkeys((self.placeholder, *ELLIPSES, *self.printed))))

    def untouched(self, column: str, text: str) -> bool:
        """Whether a text is what the form prints into an unused row (……, 指标1：, 3、省级专项资金…)."""
        stripped = text.strip()
        if column != self.name_column or not column:
            return False
        pattern = re.escape(self.numbered).replace(r"\{n\}", r"\d+") if self.numbered else None
        return stripped in self.placeholders or bool(pattern and re.fullmatch(pattern, stripped))


@dataclass(frozen=True)
class Clause:
    """A piece of a sentence: the texts before, between and behind its figures, and under which condition it stands."""

    texts: tuple[str, ...]
    figures: tuple[Expression, ...]
    when: Expression | None = None

    @property
    def operands(self) -> tuple[Ref, ...]:
        """What its figures and its condition are computed from."""
        expressions = (*self.figures, *((self.when,) if self.when else ()))
        return tuple(dict.fromkeys(ref for each in expressions for ref in each.references))


@dataclass(frozen=True)
class Sentence:
    """A sentence that a report states figures and short texts of other forms in.

    A clause stands only when all its figures are there and its condition holds; without the first there is no sentence.
    """

    code: str
    clauses: tuple[Clause, ...]

    @property
    def states_figures(self) -> bool:
        """Whether it says something of its own; else it only leads to what is written below it."""
        return any(ref.owner for clause in self.clauses for ref in clause.operands)


@dataclass(frozen=True)
class Passage:
    """One section of a report: its printed head, its sentences, and whether people write paragraphs under it.

    The paragraphs are the rows of the table of the same code. An ``optional`` section may stay without any.
    """

    code: str
    head: str
    level: int
    sentences: tuple[str, ...]
    written: bool
    optional: bool = False


@dataclass(frozen=True, eq=False)
class Form:
    """One official table (表样) as a package issues it: fields, matrices, tables and the drawing."""

    code: str
    many: bool
    reference: Reference
    orientation: str
    widths: tuple[float, ...]
    fields: Mapping[str, Field]
    matrices: Mapping[str, Matrix]
    tables: Mapping[str, Table]
    layout: tuple[Mapping[str, Any], ...]
    variables: Mapping[str, str]
    title: str = ""
    sheet: str = ""
    another: str = ""
    omit: frozenset[str] = frozenset()
    #: The field that tells the sheets of a form with many sheets apart (项目支出名称).
    named_by: str = ""
    #: Figures that are compared with last year's.
    compared: tuple[str, ...] = ()
    #: No official attachment: a sheet of figures from which sentences of a report are composed. It is filled in and
    #: checked as every form is, and left out where the official document is written.
    aide: bool = False
    sentences: Mapping[str, Sentence] = field(default_factory=dict)
    passages: Mapping[str, Passage] = field(default_factory=dict)

    def sheet_name(self, number: int) -> str:
        """The name of the ``number``-th sheet of this form, counted from 1."""
        return self.sheet if number == 1 else self.another.format(n=number)

    def group(self, name: str) -> list[dict[str, str]] | None:
        """What the names in a rule mean for each member of a group.

        For each column of a column group (金额列) the rows mean their cells in it; for each row of a row group the
        columns mean its cells.
        """
        for matrix in self.matrices.values():
            if name in matrix.groups:
                return [
                    {row: matrix.cell(row, column) for row in matrix.rows} for column in matrix.groups[name]
                ]
            if name in matrix.row_groups:
                return [
                    {column: matrix.cell(row, column) for column in matrix.columns}
                    for row in matrix.row_groups[name]
                ]
        return None

    def field(self, ref: Ref) -> Field | None:
        """The field a reference means: 表.列 or a cell of this form."""
        if ref.owner is None:
            return self.fields.get(ref.name)
        table = self.tables.get(ref.owner)
        return table.columns.get(ref.name) if table else None


@dataclass(frozen=True)
class Package:
    """The forms that a treasury issues together (套表)."""

    code: str
    title: str
    authority: str
    reference: Reference
    year: int
    projects: tuple[str, ...]
    forms: Mapping[str, Form]

    @property
    def project_form(self) -> Form | None:
        """The form with one sheet per project; ``None`` when the package has none."""
        return next((form for form in self.forms.values() if form.many), None)


@dataclass(frozen=True)
class Parameter:
    """A dated figure from a regulation (OpenFisca's idea: a change of law is a new date, not an edit)."""

    code: str
    title: str
    unit: str
    reference: Reference
    values: tuple[tuple[dt.date, float], ...]
    #: What a treasury may set it to; ``most`` is None where there is no upper end.
    least: float = 0.0
    most: float | None = None

    def at(self, year: int) -> float:
        """The value in force at the end of ``year``; the earliest one before its first date."""
        due = [value for since, value in self.values if since <= dt.date(year, 12, 31)]
        return due[-1] if due else self.values[0][1]


@dataclass(frozen=True)
class Rule:
    """One check (审核规则). See docs/增加规则.md for what each key means.

    ``among`` is for a rule about a whole sheet that reports in a table (``at: 指标.分值``): the rows concerned.
    """

    id: str
    title: str
    severity: Severity
    forms: tuple[str, ...]
    message: str
    fix: str
    reference: Reference
    since: int
    for_each: str = ""
    when: Expression | None = None
    check: Expression | None = None
    predicate: str = ""
    recompute: tuple[str, ...] = ()
    exact: bool = False
    max_tolerance: float | None = None
    at: str = ""
    among: Expression | None = None
    related: tuple[str, ...] = ()
    stated: Expression | None = None
    expected: Expression | None = None
    shown_as: str = ""
    report: Literal["row", "table", "filing"] = "row"
    yields_to: tuple[str, ...] = ()
    answered_by: str = ""
    note: str = ""
    file: str = ""

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields whose values the message shows."""
        return tuple(name for name in PLACEHOLDER.findall(self.message) if name not in FIGURES)


@dataclass(frozen=True)
class RuleChange:
    """A rule that a treasury lowers to ``severity``, or switches off (``None``), and why."""

    rule: str
    severity: Severity | None
    reason: str


@dataclass(frozen=True)
class Adjustments:
    """What a treasury sets otherwise than declared when it issues a package for a year (参数).

    ``notice`` is the number of the document it issues the package with (文号), ``bounds`` are parameters by code.
    """

    package: str
    year: int
    notice: str = ""
    bounds: tuple[tuple[str, float], ...] = ()
    rules: tuple[RuleChange, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Everything that is declared; ``adjustments``: what of it a treasury has set otherwise."""

    forms: Mapping[str, Form]
    packages: Mapping[str, Package]
    parameters: Mapping[str, Parameter]
    rules: tuple[Rule, ...]
    version: str
    adjustments: Adjustments | None = None

    def rule(self, id_: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == id_)

    def parameter(self, code: str, year: int) -> float:
        return self.parameters[code].at(year)
