"""Expressions of fields and rules as formulas of one sheet."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from jixiao.binding import UNIT, YEAR
from jixiao.books.making.drawing import Block, Drawing
from jixiao.declarations import Catalogue, Form, Package
from jixiao.expression import Expression, NoNativeForm, Ref
from jixiao.measures import Measure
from jixiao.quantity import QUANTITY_HELPERS
from jixiao.scope import CLEAN

#: Figures of a project sheet that 首页 lists, and that other forms may add up.
LISTED = ("年初预算数", "全年预算数", "全年执行数", "总分")
PROJECTS = "项目清单"
#: Stands for the row number in a formula that every row of a table has.
ROW = "{row}"
QUOTE = '"'


def in_row(formula: str, row: int) -> str:
    """The formula of one table row, counted from 0."""
    return formula.replace(ROW, str(row + 1))


def _cell(column: int) -> str:
    return f"{xl_col_to_name(column, col_abs=True)}{ROW}"


def inner_range(own: str, name: str) -> str:
    """What the name of a column's rows stands for: its own name covers head and total row, which are left out.

    Both ends are counted from that name, so rows inserted at either edge are still inside, and a total that
    stands in one of the two sentinel rows does not add itself up.
    """
    whole = f"{own}!{name}"
    return f"INDEX({whole},2):INDEX({whole},ROWS({whole})-1)"


def rows_name(block: Block, column: str, repeated: bool = False) -> str:
    """The name of the rows of a table column, or of the hidden column that repeats a merged one in every row."""
    return f"_{block.table.code}.{column}{'.逐行' if repeated else ''}"


@lru_cache(maxsize=4096)
def draws_merged(expression: Expression) -> bool:
    """Whether an expression counts on labels that stand only in the first row of their section."""
    calls = (
        node.func
        for node in ast.walk(ast.parse(expression.source.strip(), mode="eval"))
        if isinstance(node, ast.Call)
    )
    return any(isinstance(function, ast.Name) and function.id == "subtotal" for function in calls)


def asking(measure: Measure, arguments: Sequence[str], native: str) -> str:
    """The formula that takes a measure's worksheet function where the add-in is there, else ``native``.

    Args:
        measure: the measure.
        arguments: one per parameter, as its native form refers to them; a quantity is the cell with its text.
        native: the native form.
    """
    return f"IFERROR({measure.worksheet_name}({','.join(arguments)}),{native})"


def measured(measure: Measure, *arguments: str, macros: bool) -> str:
    """The formula, without "=", of a cell that shows a measure of cells; ``macros``: it asks the add-in first."""
    native = measure.native(*arguments)
    return asking(measure, arguments, native) if macros else native


def quoted(sheet: str) -> str:
    """A sheet name as formulas want it."""
    return "'" + sheet.replace("'", "''") + "'"


class Formulas:
    """Prints expressions for one sheet: its own fields by their names, table cells by address."""

    def __init__(
        self,
        package: Package,
        catalogue: Catalogue,
        year: int,
        drawing: Drawing,
        sheets: Mapping[str, str],
        helper: int,
        macros: bool = False,
    ) -> None:
        """How this sheet prints.

        Args:
            package, catalogue, year, drawing: what the sheet is built from.
            sheets: name of the sheet of each form that occurs once.
            helper: first column for helper cells.
            macros: whether calculated cells ask the add-in's functions first.
        """
        self.package, self.catalogue, self.year = package, catalogue, year
        self.form: Form = drawing.form
        self.drawing, self.sheets, self.helper, self.macros = drawing, sheets, helper, macros

    def quantities(self, block: Block) -> list[str]:
        """The columns of a table that hold quantities; each has its helper cells."""
        return [code for code, field in block.table.columns.items() if field.type == "quantity"]

    def helper_column(self, block: Block, code: str) -> int:
        """The first helper column of a quantity."""
        return self.helper + self.quantities(block).index(code) * len(QUANTITY_HELPERS)

    def helpers(self, block: Block, code: str) -> dict[str, str]:
        """Helper cells of a quantity, in any row."""
        start = self.helper_column(block, code)
        return {helper.name: _cell(start + k) for k, helper in enumerate(QUANTITY_HELPERS)}

    def helper_formulas(self, block: Block, code: str) -> list[str]:
        """What the helper cells hold: the quantity read step by step."""
        cells = self.helpers(block, code)
        return ["=" + helper.native(_cell(block.columns[code]), cells) for helper in QUANTITY_HELPERS]

    @staticmethod
    def grouping(block: Block) -> list[str]:
        """The columns of a table that stand in merged cells; helper cells repeat them in every row."""
        return list(block.table.grouping)

    def groups(self, block: Block, code: str) -> int:
        """The helper column that repeats a merged column."""
        return (
            self.helper
            + len(self.quantities(block)) * len(QUANTITY_HELPERS)
            + self.grouping(block).index(code)
        )

    def group_formula(self, block: Block, code: str) -> str:
        """What a merged column says for a row: its own text without the points, else that of the row above.

        The row above is found by its number, because a reference to it would be lost when that row is deleted.
        """
        cell = _cell(block.columns[code])
        letter = xl_col_to_name(self.groups(block, code), col_abs=True)
        own = f'SUBSTITUTE(LEFT({cell},FIND("（",{cell}&"（")-1),CHAR(10),"")'
        return f'=IF({cell}="",INDEX({letter}:{letter},ROW()-1)&"",{own})'

    def used(self, block: Block) -> int:
        """The helper column that says whether anything is filled into a row."""
        before = len(self.quantities(block)) * len(QUANTITY_HELPERS) + len(self.grouping(block))
        return self.helper + before

    def used_cell(self, block: Block) -> str:
        return _cell(self.used(block))

    def used_formula(self, block: Block) -> str:
        """1 for a row in which somebody wrote more than the form prints there, else 0."""
        table = block.table
        name = _cell(block.columns[table.name_column])
        printed = [f'{name}="{text.replace(QUOTE, QUOTE * 2)}"' for text in ("", *table.placeholders)]
        if table.numbered:
            before, after = table.numbered.split("{n}")
            inside = f"MID({name},{len(before) + 1},LEN({name})-{len(before) + len(after)})"
            printed.append(
                f'AND(LEFT({name},{len(before)})="{before}",RIGHT({name},{len(after)})="{after}",ISNUMBER(-{inside}))'
            )
        # An error inside the row counts as something written.
        untouched = ",".join(f"IFERROR({condition},FALSE)" for condition in printed)
        return f"=IF(AND(IFERROR({self._written(block)},1)=0,OR({untouched})),0,1)"

    def _written(self, block: Block) -> str:
        """How many characters stand in a row besides its name."""
        name, last = block.columns[block.table.name_column], max(block.columns.values())
        behind = f"SUMPRODUCT(LEN({_cell(name + 1)}:{_cell(last)}))" if last > name else "0"
        first = min(column for code, column in block.columns.items() if code not in block.table.grouping)
        before = f"SUMPRODUCT(LEN({_cell(first)}:{_cell(name - 1)}))+" if first < name else ""
        return before + behind

    def cell(self, ref: Ref, block: Block | None = None, merged: bool = False) -> str:
        """A reference as it is printed on this sheet.

        Args:
            ref: what is meant.
            block: the table, for a formula of its rows: its columns are printed with :data:`ROW` as row number.
            merged: merged columns as they are drawn, not as their helper columns repeat them.
        """
        if block and ref.owner is None and ref.name in block.columns:
            grouping = ref.name in self.grouping(block)
            column = self.groups(block, ref.name) if grouping else block.columns[ref.name]
            return _cell(column)
        if ref.owner is None:
            if ref.name in self.form.fields:
                return ref.name
            if ref.name in (YEAR, UNIT):
                return ref.name
            return f"{self.catalogue.parameter(ref.name, self.year):.15g}"
        if ref.owner in self.drawing.blocks:
            own = self.drawing.blocks[ref.owner]
            return rows_name(own, ref.name, ref.name in self.grouping(own) and not merged)
        other = self.package.forms.get(ref.owner)
        if other is None:
            raise NoNativeForm(f"本套表没有“{ref.owner}”")
        if not other.many:
            return f"{quoted(self.sheets[ref.owner])}!{ref.name}"
        if ref.name not in LISTED:
            raise NoNativeForm(f"首页没有列出“{ref.name}”")
        return f"{PROJECTS}.{ref.name}"

    def kind(self, ref: Ref, block: Block | None = None) -> str:
        field = block.table.columns.get(ref.name) if block and ref.owner is None else None
        field = field or self.form.field(ref)
        return "text" if (field and field.textual) or ref.name == UNIT else "number"

    def printed(self, expression: Expression, block: Block | None = None) -> str:
        """``expression`` as it is, without "=".

        Raises:
            NoNativeForm: no formula says the same.
        """
        return expression.excel(*self._printing(expression, block))

    def _printing(self, expression: Expression, block: Block | None) -> tuple[Any, Any, Any]:
        """How :meth:`Expression.excel` prints references here."""
        merged = draws_merged(expression)
        return (
            lambda ref: self.cell(ref, block, merged),
            lambda ref: self.kind(ref, block),
            (lambda ref: self.helpers(block, ref.name)) if block else None,
        )

    def calculated(self, expression: Expression, block: Block | None = None) -> str:
        """What a calculated cell shows, as a formula.

        Plain arithmetic is blank while an operand is blank, and has no traces of binary fractions
        (:data:`~jixiao.scope.CLEAN`). Measures and aggregates see to both themselves.
        """
        formula = self.printed(expression, block)
        if not expression.plain:
            return "=" + formula
        operands = [self.cell(ref, block) for ref in expression.references]
        return f'=IF(COUNT({",".join(operands)})<{len(operands)},"",ROUND({formula},{CLEAN}))'

    def shown(self, expression: Expression, block: Block | None = None) -> str:
        """The formula of a calculated cell: with macros, one call of a measure asks the add-in's function first."""
        formula = self.calculated(expression, block)
        call = expression.call(*self._printing(expression, block)) if self.macros else None
        return "=" + asking(*call, formula.removeprefix("=")) if call else formula
