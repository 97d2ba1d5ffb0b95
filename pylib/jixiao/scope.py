"""What a name in an expression means: a column of the row at hand, a field of its sheet, a figure of another form.

An expression is evaluated in a :class:`Scope`: one entry per sheet of a form, or one per row of a table. Names are
looked up from the inside out: names given by the rule, columns of the table, fields of the form, parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, Generic, TypeVar

import numpy as np

from jixiao.binding import CALCULATED, UNIT, YEAR
from jixiao.declarations import Catalogue, Field
from jixiao.filing import Column, FormFrame, Frame, Index, TableFrame
from jixiao.nodes import Node, Ref, Run
from jixiao.quantity import BLANK, INVALID, Texts, normalise

WRONG_NAME = "表名有误"
"""What a workbook shows for the figures of a project whose sheet is not there under the name that is listed."""


#: Results for more rows than this are not kept: memory would go before time does.
_KEPT_ROWS = 100_000


class Calculation:
    """Calculated cells of a frame, each computed once from its expression (in effect by order of dependence)."""

    def __init__(self, frame: Frame, catalogue: Catalogue) -> None:
        self.frame, self.catalogue = frame, catalogue
        #: What predicates worked out for all rules that ask the same.
        self.kept: dict[str, Any] = {}
        self._done: dict[tuple[str, str | None, str], Column | Texts] = {}
        self._values: dict[tuple[str, str | None, str], Column] = {}
        self._constants: dict[str, Column | Texts] = {}
        self._scopes: dict[tuple[str, str | None, tuple[tuple[str, Ref], ...]], Scope] = {}
        self._stacks: dict[tuple[Scope, ...], Stack] = {}

    def scope(self, form: str, table: str | None = None, names: Mapping[str, Ref] | None = None) -> Scope:
        """The scope of a form's sheets or of a table's rows; the same one again for the same names."""
        key = (form, table, tuple(names.items()) if names else ())
        scope = self._scopes.get(key)
        if scope is None:
            frame = self.frame.forms[form]
            scope = self._scopes[key] = Scope(self, frame, frame.table(table) if table else None, names)
        return scope

    def stack(self, scopes: tuple[Scope, ...]) -> Stack | None:
        """The scopes as one, if they are several and so small that asking costs more than answering."""
        stack = self._stacks.get(scopes)
        if stack is None and len(scopes) > 1 and sum(scope.size for scope in scopes) <= _KEPT_ROWS:
            stack = self._stacks[scopes] = Stack(scopes)
        return stack

    def calculated(self, form: str, table: str | None, code: str) -> Column:
        """What the form's own expression gives for a cell, whatever is stated there."""
        key = (form, table, code)
        column = self._done.get(key)
        if column is None:
            frame = self.frame.forms[form]
            field = frame.form.tables[table].columns[code] if table else frame.form.fields[code]
            if field.linked:
                column = self._linked(frame, frame.table(table or ""), field.linked)
            else:
                assert field.expression is not None
                column = field.expression.evaluate(self.scope(form, table))
            self._done[key] = column
        assert isinstance(column, np.ndarray)
        return column

    def value(self, form: str, table: str | None, code: str) -> Column:
        """The figure that stands in a cell: what is stated, else what its formula gives."""
        key = (form, table, code)
        column = self._values.get(key)
        if column is None:
            frame = self.frame.forms[form]
            columns: FormFrame | TableFrame = frame.table(table) if table else frame
            column = columns.numbers(code)
            if columns.fields[code].calculated and (unstated := columns.unstated(code)) is not None:
                column = np.where(unstated, self.calculated(form, table, code), column)
            self._values[key] = column
        return column

    def constant(self, name: str) -> Column | Texts:
        """A fact about each filing, or a parameter at its year."""
        column = self._constants.get(name)
        if column is None:
            column = self._constants[name] = self._constant(name)
        return column

    def _constant(self, name: str) -> Column | Texts:
        if name == UNIT:
            return Texts.of(filing.unit for filing in self.frame.filings)
        if name == YEAR:
            return self.frame.years
        parameter = self.catalogue.parameters[name]
        years = self.frame.years.tolist()
        due = {year: parameter.at(int(year)) for year in set(years)}
        return np.array([due[year] for year in years], dtype=np.float64)

    def _linked(self, frame: FormFrame, rows: TableFrame, target: Ref) -> Column:
        """Each project row's figure from its project's sheet, found by name through the 项目清单.

        Blank when the project is not listed; invalid, not a smaller sum, when it is listed with a sheet that is not there.
        """
        column = np.full(rows.size, BLANK)
        if not rows.records:
            return column
        figures: dict[tuple[int, str], float] = {}
        if projects := self.frame.forms.get(target.owner or ""):
            values = self.value(projects.form.code, None, target.name)
            for k, sheet, value in zip(projects.filing, projects.sheets, values, strict=True):
                figures[int(k), sheet.name] = float(value)
        for i, (parent, record) in enumerate(zip(rows.parent, rows.records, strict=True)):
            filing = int(frame.filing[parent])
            name = normalise(str(record.get(rows.table.listed) or ""))
            matches = [
                listed
                for project, listed in self.frame.filings[filing].projects
                if name and normalise(project) == name
            ]
            if len(matches) == 1:
                column[i] = figures.get((filing, matches[0]), INVALID)
        return column


class Scope:
    """The columns that an expression sees, one entry per sheet or per table row.

    Args:
        calculation: the frame with its calculated cells.
        frame: the sheets of the form at hand.
        table: the rows, when the expression is about rows.
        names: names given by the rule (``stated``, rows of a column group).
    """

    def __init__(
        self,
        calculation: Calculation,
        frame: FormFrame,
        table: TableFrame | None = None,
        names: Mapping[str, Ref] | None = None,
    ) -> None:
        self._calculation, self._frame, self._table = calculation, frame, table
        self._names = names or {}
        self.size = table.size if table else frame.size
        self._memo: dict[Node, Any] = {}
        self._numbers: dict[Ref, Column] = {}
        self._texts: dict[Ref, Texts] = {}
        self._members: dict[str, tuple[Members[Scope], Index]] = {}

    def take(self, rows: Index) -> Scope:
        """The same scope at some of its positions."""
        return Part(self, rows, self._memo, rows)

    def parts(self, rows: Index) -> list[Scope]:
        """The positions ``rows`` by the scope that they are in."""
        return [self.take(rows)]

    @property
    def positions(self) -> Index:
        """Where the entries of this scope stand in the whole table or form."""
        return np.arange(self.size)

    @property
    def sheets(self) -> Index:
        """The sheet of every entry."""
        return self._table.parent if self._table else np.arange(self.size)

    # -- the protocol of expression.Scope

    def remembered(self, node: Node, run: Run) -> Any:
        return _remembered(self, self._memo, node, run)

    def kind(self, ref: Ref) -> str:
        field = self.field(ref)
        if field is not None:
            return "text" if field.textual else "number"
        return "text" if ref.name == UNIT else "number"

    def decimals(self, ref: Ref) -> int:
        field = self.field(ref)
        return field.decimals if field else 0

    def numbers(self, ref: Ref) -> Column:
        column = self._numbers.get(ref)
        if column is None:
            column = self._numbers[ref] = self._find_numbers(ref)
        return column

    def texts(self, ref: Ref) -> Texts:
        column = self._texts.get(ref)
        if column is None:
            column = self._texts[ref] = self._find_texts(ref)
        return column

    def members(self, owner: str) -> tuple[Members[Scope], Index]:
        """The rows of a table of this form, or the sheets of another form, with the position each belongs to.

        A member stands once for every position that it belongs to: in a scope of rows each row sees all rows of its
        sheet.
        """
        found = self._members.get(owner)
        if found is None:
            found = self._members[owner] = self._find_members(owner)
        return found

    def _find_members(self, owner: str) -> tuple[Members[Scope], Index]:
        sheets = self.sheets
        if owner in self._frame.form.tables:
            scope = self._calculation.scope(self._frame.form.code, owner)
            parent = self._frame.table(owner).parent
            if self._table is None and not isinstance(
                self, Part
            ):  # each row belongs to its sheet, and that is all
                return Members(owner, scope, self.take(parent)), parent
            members, positions = _pairs(parent, sheets)
        elif owner in self._calculation.frame.forms:
            scope = self._calculation.scope(owner)
            members, positions = _pairs(scope._frame.filing, self._frame.filing[sheets])
        else:  # the filing has no such form
            scope = self
            members = positions = np.empty(0, dtype=np.intp)
        return Members(owner, scope.take(members), self.take(positions)), positions

    # -- looking up

    def field(self, ref: Ref) -> Field | None:
        """The declaration behind a name, if it is a cell or a column."""
        ref = self._names.get(ref.name, ref) if ref.owner is None else ref
        if self._table and ref.owner in (None, self._table.table.code) and ref.name in self._table.fields:
            return self._table.fields[ref.name]
        if ref.owner is None:
            return self._frame.fields.get(ref.name)
        if ref.owner == self._frame.form.code:
            return self._frame.fields.get(ref.name)
        frame, catalogue = self._calculation.frame, self._calculation.catalogue
        other = frame.forms.get(ref.owner) or catalogue.forms.get(ref.owner)
        return other.fields.get(ref.name) if other else None

    def _find_numbers(self, ref: Ref) -> Column:
        column: Column = self._locate(ref, self._number)
        return column

    def _find_texts(self, ref: Ref) -> Texts:
        column: Texts = self._locate(ref, self._text)
        return column

    def _locate(
        self, ref: Ref, get: Callable[[FormFrame, TableFrame | None, str, bool], Column | Texts]
    ) -> Any:
        calculated = ref.owner is None and ref.name == CALCULATED and CALCULATED in self._names
        ref = self._names.get(ref.name, ref) if ref.owner is None else ref
        frame, table = self._frame, self._table
        if table and ref.owner in (None, table.table.code) and ref.name in table.fields:
            return get(frame, table, ref.name, calculated)
        if ref.owner in (None, frame.form.code) and ref.name in frame.fields:
            column = get(frame, None, ref.name, calculated)
            return column.take(table.parent) if table else column
        filing = frame.filing[self.sheets]
        if ref.owner is None:
            return self._calculation.constant(ref.name).take(filing)
        other = self._calculation.frame.forms.get(ref.owner)
        sheet_of = np.full(len(self._calculation.frame.filings), -1, dtype=np.intp)
        if other is None:  # the filings have no such form: nothing is stated there
            return _picked(Texts.of([]) if self.kind(ref) == "text" else np.empty(0), sheet_of[filing])
        sheet_of[other.filing] = np.arange(other.size)
        return _picked(get(other, None, ref.name, False), sheet_of[filing])

    def _number(self, frame: FormFrame, table: TableFrame | None, code: str, calculated: bool) -> Column:
        find = self._calculation.calculated if calculated else self._calculation.value
        return find(frame.form.code, table.table.code if table else None, code)

    def _text(self, frame: FormFrame, table: TableFrame | None, code: str, calculated: bool) -> Texts:
        return (table or frame).texts(code)


class Part(Scope):
    """Some positions of a scope, perhaps some more than once; ``known`` is what is remembered at ``places``."""

    def __init__(self, whole: Scope, rows: Index, known: Mapping[Node, Any], places: Index) -> None:
        super().__init__(whole._calculation, whole._frame, whole._table, whole._names)
        self._whole, self._rows = whole, rows
        self._known, self._places = known, places
        self.size = len(rows)

    def take(self, rows: Index) -> Scope:
        return Part(self._whole, self._rows[rows], self._known, self._places[rows])

    def remembered(self, node: Node, run: Run) -> Any:
        known = self._known.get(node)
        if known is None:
            return super().remembered(node, run)
        return known.take(self._places) if len(known) > 1 else known

    @property
    def positions(self) -> Index:
        return self._rows

    @property
    def sheets(self) -> Index:
        return self._whole.sheets[self._rows]

    def _find_numbers(self, ref: Ref) -> Column:
        return self._whole.numbers(ref).take(self._rows)

    def _find_texts(self, ref: Ref) -> Texts:
        return self._whole.texts(ref).take(self._rows)


class Stack:
    """Scopes one below the other: what a rule asks of several forms or columns is asked once.

    A name must be a number in all of them, or a text in all of them.
    """

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._scopes = scopes
        *self._starts, self.size = accumulate((scope.size for scope in scopes), initial=0)
        self._memo: dict[Node, Any] = {}
        self._numbers: dict[Ref, Column] = {}
        self._texts: dict[Ref, Texts] = {}
        self._members: dict[str, tuple[Members[Stack], Index]] = {}

    def parts(self, rows: Index) -> list[Scope]:
        """The positions ``rows``, in order, by the scope that they are in."""
        bounds = pairwise(rows.searchsorted([*self._starts, self.size]).tolist())
        return [
            Part(scope, rows[first:last] - start, self._memo, rows[first:last])
            for scope, start, (first, last) in zip(self._scopes, self._starts, bounds, strict=True)
        ]

    def remembered(self, node: Node, run: Run) -> Any:
        return _remembered(self, self._memo, node, run)

    def kind(self, ref: Ref) -> str:
        return self._scopes[0].kind(ref)

    def decimals(self, ref: Ref) -> int:
        return self._scopes[0].decimals(ref)

    def numbers(self, ref: Ref) -> Column:
        column = self._numbers.get(ref)
        if column is None:
            column = self._numbers[ref] = np.concatenate([scope.numbers(ref) for scope in self._scopes])
        return column

    def texts(self, ref: Ref) -> Texts:
        column = self._texts.get(ref)
        if column is None:
            column = self._texts[ref] = Texts.joined(scope.texts(ref) for scope in self._scopes)
        return column

    def members(self, owner: str) -> tuple[Members[Stack], Index]:
        found = self._members.get(owner)
        if found is None:
            members, positions = zip(*(scope.members(owner) for scope in self._scopes), strict=True)
            inner, outer = Stack([m.inner for m in members]), Stack([m.outer for m in members])
            index = np.concatenate([p + start for p, start in zip(positions, self._starts, strict=True)])
            found = self._members[owner] = Members(owner, inner, outer), index
        return found


_S = TypeVar("_S", Scope, Stack)


@dataclass(frozen=True)
class Members(Generic[_S]):
    """The members of a table or form beside the positions they belong to.

    ``owner.名`` is a member's own; any other name is what it is at the member's position.
    """

    owner: str
    inner: _S
    outer: _S
    _memo: dict[Node, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.inner.size

    def remembered(self, node: Node, run: Run) -> Any:
        return _remembered(self, self._memo, node, run)

    def kind(self, ref: Ref) -> str:
        return self._of(ref).kind(ref)

    def numbers(self, ref: Ref) -> Column:
        return self._of(ref).numbers(ref)

    def texts(self, ref: Ref) -> Texts:
        return self._of(ref).texts(ref)

    def decimals(self, ref: Ref) -> int:
        return self._of(ref).decimals(ref)

    def members(self, owner: str) -> tuple[Members[_S], Index]:
        return self.outer.members(owner)

    def _of(self, ref: Ref) -> _S:
        return self.inner if ref.owner == self.owner else self.outer


def _remembered(scope: Scope | Stack | Members[Any], memo: dict[Node, Any], node: Node, run: Run) -> Any:
    value = memo.get(node)
    if value is None:
        value = run(scope)
        if scope.size <= _KEPT_ROWS:
            memo[node] = value
    return value


def _pairs(theirs: Index, mine: Index) -> tuple[Index, Index]:
    """All pairs of a member and a position with the same key (sheet or filing), given the keys of both."""
    order = np.argsort(theirs, kind="stable")
    count = np.bincount(theirs, minlength=int(mine.max(initial=-1)) + 1)
    start = np.cumsum(count) - count
    each = count[mine]
    positions = np.repeat(np.arange(len(mine)), each)
    within = np.arange(len(positions)) - np.repeat(np.cumsum(each) - each, each)
    return order[np.repeat(start[mine], each) + within], positions


def _picked(column: Column | Texts, index: Index) -> Column | Texts:
    """The entries of a column at ``index``, blank where that is -1."""
    if isinstance(column, Texts):
        codes = np.append(column.codes, len(column.values)).astype(np.int32)
        return Texts(codes[index], (*column.values, ""))
    return np.append(column, BLANK)[index]
