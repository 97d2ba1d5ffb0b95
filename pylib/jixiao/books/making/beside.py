"""What stands beside the printed form: proposals, checks, the hidden cells they need, and the names of it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from jixiao.books.making.checks import BEGUN, PASSED, SIGNS, Check, CheckPrinter, checks, outcomes
from jixiao.books.making.checksum import checksum, checksum_formula
from jixiao.books.making.drawing import Block, Drawing
from jixiao.books.making.formulas import in_row, inner_range, measured, quoted, rows_name
from jixiao.books.making.site import Site
from jixiao.books.places import map_cells
from jixiao.books.previous import KEYS, SEPARATOR, VALUES
from jixiao.expression import NoNativeForm, Ref
from jixiao.filing import Filing, text
from jixiao.lastyear import same_row, same_sheet
from jixiao.measures import MEASURES
from jixiao.quantity import PLACEHOLDERS, QUANTITY_HELPERS

#: Columns beside the print area, counted from its right edge: a gap, the check, proposals and subtotals.
GAP, CHECK, PROPOSALS = 0, 1, 2
_WIDTHS = {GAP: 1.5, CHECK: 30}
SUBTOTALS = ("分值", "得分")
#: Cells of the first row that are kept free for the map of the sheet: a form so large that it needs two is none yet.
_MAP_CELLS = 2

#: The name of the sheet itself; Excel writes 路径[文件]表, LibreOffice 'file:///路径/文件'#$表.
_OWN_NAME = (
    '=IFERROR(MID(CELL("filename",$A$1),FIND("]",CELL("filename",$A$1))+1,99),'
    'IFERROR(MID(CELL("filename",$A$1),FIND("#$",CELL("filename",$A$1))+2,99),""))'
)


def first_helper(drawing: Drawing) -> int:
    """The first hidden column; one column before it holds facts about the sheet."""
    shown = sum(
        len(block.table.proposals) + len(SUBTOTALS)
        for block in drawing.blocks.values()
        if block.table.proposals
    )
    return drawing.width + PROPOSALS + shown + 1


@dataclass
class Beside:
    """Writes what stands beside one form; ``printed`` is what its cells show.

    After writing, ``failures`` counts the rows with a failing check, ``sum`` is the checksum and ``last`` the last
    column in use.
    """

    site: Site
    printed: Mapping[tuple[int, int], float | str]

    def __post_init__(self) -> None:
        formulas = self.site.formulas
        self.beside = self.site.drawing.width
        helpers = [formulas.used(block) + 1 - formulas.helper for block in self.site.drawing.blocks.values()]
        self.slots = formulas.helper + max([_MAP_CELLS, *helpers])  # tables stand below each other
        self.free = {
            block.row(line) for block in self.site.drawing.blocks.values() for line in range(len(block.lines))
        }
        self.failures, self.sum, self.last, self.begun = 0, 0.0, self.slots, False
        self.rows: dict[str, list[tuple[int, int | None]]] = {}

    def write(self) -> None:
        for block in self.site.drawing.blocks.values():
            if block.table.proposals:
                self._proposals(block)
            if block.table.proposals or block.table.plain:
                self._helpers(block)
        self._facts()
        self._map()
        self._checks()
        self._names()
        for k, width in _WIDTHS.items():
            self.site.worksheet.set_column(self.beside + k, self.beside + k, width)
        self.site.worksheet.set_column(self.site.formulas.helper - 1, self.last, 8, None, {"hidden": True})
        if self.site.previous is not None:
            for block in self.site.drawing.blocks.values():
                self._last_year(block, self.site.previous)

    def _proposals(self, block: Block) -> None:
        """建议得分, 建议区间 and the subtotals, in small print."""
        table = block.table
        note = self.site.paper.palette("locked", style="旁注", locked=False)
        head = self.site.paper.palette("locked", style="旁注头")
        start = self.beside + PROPOSALS
        labels = [*table.proposals, *(f"{name}小计" for name in SUBTOTALS)]
        for k, label in enumerate(labels):
            self.site.put(block.head, start + k, label, head)
        scope = self.site.calculation.scope(self.site.form.code, table.code)
        for place, expression in enumerate(table.proposals.values()):
            proposed = expression.evaluate(scope)
            formula = self.site.formulas.shown(expression, block)
            for k, line in enumerate(block.lines):
                value: Any = ""
                if line.record is not None:
                    at = proposed[self.site.position(block, line.record)]
                    value = at if isinstance(at, str) else self.site.paper.shown(at)
                row = block.row(k)
                self.site.put(row, start + place, (in_row(formula, row), value), note)
        self._subtotals(block, start + len(table.proposals), note)

    def _helpers(self, block: Block) -> None:
        """The hidden cells that read quantities step by step, and those that repeat merged cells in every row."""
        hidden = self.site.paper.palette("locked", style="隐藏", locked=False)
        for code in self.site.formulas.quantities(block):
            start = self.site.formulas.helper_column(block, code)
            for place, formula in enumerate(self.site.formulas.helper_formulas(block, code)):
                for k, line in enumerate(block.lines):
                    row = block.row(k)
                    value = QUANTITY_HELPERS[place].value(
                        text(self.site.record(block, line.record).get(code))
                    )
                    self.site.put(row, start + place, (in_row(formula, row), value), hidden)
        for code in self.site.formulas.grouping(block):
            column = self.site.formulas.groups(block, code)
            formula = self.site.formulas.group_formula(block, code)
            for k, line in enumerate(block.lines):
                row, group = block.row(k), line.group if code == block.table.section else line.subgroup
                self.site.put(row, column, (in_row(formula, row), group), hidden)
        column, formula = self.site.formulas.used(block), self.site.formulas.used_formula(block)
        for k, line in enumerate(block.lines):
            row, used = block.row(k), float(self.site.used(block, line.record))
            self.site.put(row, column, (in_row(formula, row), used), hidden)

    def _subtotals(self, block: Block, start: int, format_: Any) -> None:
        """分值小计 and 得分小计 beside the first row of each section."""
        table, measure = block.table, MEASURES["subtotal"]
        labels = rows_name(block, table.section)
        seen: set[str] = set()
        for k, line in enumerate(block.lines):
            if line.group in seen:
                continue
            seen.add(line.group)
            for place, name in enumerate(SUBTOTALS):
                arguments = labels, rows_name(block, name), f'"{line.group}"'
                formula = "=" + measured(measure, *arguments, macros=self.site.paper.macros)
                self.site.put(
                    block.row(k),
                    start + place,
                    (formula, self._subtotal(block, name, line.group)),
                    format_,
                )

    def _subtotal(self, block: Block, column: str, group: str) -> Any:
        values = self.site.calculation.value(self.site.form.code, block.table.code, column)
        inside = [
            self.site.paper.shown(values[self.site.position(block, line.record)])
            for line in block.lines
            if line.group == group and line.record is not None
        ]
        return MEASURES["total_score"].scalar("", inside) if inside else ""

    def _last_year(self, block: Block, previous: Filing) -> None:
        """Figures of last year beside the rows of the same name, right of the hidden columns, so that none of those moves.

        They are looked up by the names in the row: a row that is moved or inserted shows its own.
        """
        table, form = block.table, self.site.form
        note = self.site.paper.palette("locked", style="旁注", locked=False)
        head = self.site.paper.palette("locked", style="旁注头")
        before = same_sheet(previous, form, self.site.sheet)
        rows = before.tables.get(table.code, []) if before else []
        named = []
        if form.named_by:
            row, column = self.site.drawing.addresses()[form.named_by]
            named = [xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)]
        named += [self.site.formulas.cell(Ref(None, name), block) for name in table.name_columns]
        for label, code in table.last_year.items():
            self.last += 1
            self.site.put(block.head, self.last, label, head)
            self.site.worksheet.set_column(self.last, self.last, 16)
            key = f'&"{SEPARATOR}"&'.join((f'"{form.code}"', *named, f'"{code}"'))
            formula = f'=IF({named[-1]}="","",IFERROR(INDEX({VALUES},MATCH({key},{KEYS},0)),""))'
            for k, line in enumerate(block.lines):
                found = same_row(table, self.site.record(block, line.record), rows)
                value = text(found.get(code)) if found else ""
                self.site.put(block.row(k), self.last, (in_row(formula, block.row(k)), value), note)

    # -- checks and facts

    def _checks(self) -> None:
        """One hidden cell per rule and row, and beside the form the first that fails in its row."""
        slots: dict[int, list[str]] = {}
        said: dict[tuple[int, str], tuple[str, str]] = {}  # by row and rule: the cell and what it shows
        hidden = self.site.paper.palette("locked", style="隐藏", locked=False)
        for check in checks(self.site.formulas.package, self.site.formulas.catalogue, self.site.drawing):
            try:
                formula = CheckPrinter(check, self.site.formulas).formula()
            except NoNativeForm:
                continue
            rule = check.binding.rule
            for row, result in self._results(check):
                results = slots.setdefault(row, [])
                column = self.slots + len(results)
                before = [said[row, other] for other in rule.yields_to if (row, other) in said]
                if any(shown.startswith(tuple(SIGNS.values())) for _, shown in before):
                    result = ""
                self.site.put(row, column, (_yielding(in_row(formula, row), before), result), hidden)
                said[row, rule.id] = xl_rowcol_to_cell(row, column, col_abs=True), result
                results.append(result)
        self.last = self.slots + max(map(len, slots.values()), default=1) - 1
        for row, results in slots.items():
            self._light(row, results)
        column = self.beside + CHECK
        self.site.put(0, column, "表内检查（不打印）", self.site.paper.palette(style="旁注头"))
        for sign, mark in ((SIGNS["error"], "failed"), (SIGNS["warning"], "doubtful"), (PASSED, "good")):
            self.site.worksheet.conditional_format(
                0,
                column,
                self.site.drawing.printed - 1,
                column,
                {
                    "type": "text",
                    "criteria": "begins with",
                    "value": sign,
                    "format": self.site.paper.palette.mark(mark),
                },
            )

    def _results(self, check: Check) -> Iterator[tuple[int, str]]:
        """The rows in which a check stands, and what it says there; nothing before anything is filled in."""
        found = outcomes(check, self.site.calculation)
        if check.block is None:
            yield check.row, found[self.site.index] if self.begun else ""
            return
        for row, place in self._rows(check.block):
            yield row, "" if place is None else found[place]

    def _rows(self, block: Block) -> list[tuple[int, int | None]]:
        """The rows of a table, and where the records that somebody filled in stand in the frame."""
        code = block.table.code
        if code not in self.rows:
            self.rows[code] = [
                (
                    block.row(k),
                    self.site.position(block, line.record)
                    if line.record is not None and self.site.used(block, line.record)
                    else None,
                )
                for k, line in enumerate(block.lines)
            ]
        return self.rows[code]

    def _light(self, row: int, results: list[str]) -> None:
        area = f"{xl_rowcol_to_cell(row, self.slots, col_abs=True)}:{xl_rowcol_to_cell(row, self.last, col_abs=True)}"
        formula = f'IF(COUNTIF({area},"{PASSED}")>0,"{PASSED}","")'
        for sign in reversed(SIGNS.values()):
            formula = f'IFERROR(INDEX({area},MATCH("{sign}*",{area},0)),{formula})'
        order = [*SIGNS.values(), PASSED]
        shown = next((result for sign in order for result in results if result.startswith(sign)), "")
        self.failures += shown.startswith(SIGNS["error"])
        style = self.site.paper.palette("locked", style="核对", locked=row not in self.free)
        self.site.put(row, self.beside + CHECK, ("=" + formula, shown), style)

    def _facts(self) -> None:
        """In hidden cells: the sheet's own name, its checksum, and whether anybody has begun to fill it in."""
        area = xl_range_abs(0, 0, self.site.drawing.printed - 1, self.site.drawing.width - 1)
        self.sum = checksum(self.printed)
        given = sum(isinstance(cell.text, float) for cell in self.site.drawing.cells)
        for field in self.site.form.fields.values():
            given += field.default is not None and not field.textual and field.default not in PLACEHOLDERS
            given += field.expression is not None and field.expression.counts
        self.begun = sum(isinstance(value, float) for value in self.printed.values()) > given
        hidden = self.site.paper.palette("locked", style="隐藏")
        contents = (
            ("_sheet", _OWN_NAME, self.site.name),
            ("_sum", checksum_formula(area), self.sum),
            (BEGUN, f"=IF(COUNT({area})>{given},1,0)", float(self.begun)),
        )
        column = self.site.formulas.helper - 1
        for row, (name, formula, value) in enumerate(contents):
            self.site.put(row, column, (formula, value), hidden)
            cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
            self.site.paper.define(f"{quoted(self.site.name)}!{name}", f"={quoted(self.site.name)}!{cell}")

    def _map(self) -> None:
        """In hidden cells of the first row, which no table reaches: where everything stands, for open workbooks."""
        drawing, formulas = self.site.drawing, self.site.formulas
        fields = {code: (row + 1, column + 1) for code, (row, column) in drawing.addresses().items()}
        tables = {
            block.table.code: (
                block.head + 1,
                block.foot + 1,
                {code: column + 1 for code, column in block.columns.items()},
            )
            for block in drawing.blocks.values()
        }
        hidden = self.site.paper.palette("locked", style="隐藏")
        columns = range(formulas.helper, formulas.helper + _MAP_CELLS)
        following = [xl_rowcol_to_cell(0, column, True, True) for column in columns[1:]]
        head = formulas.package.code, self.site.form.code, formulas.year
        for column, cell in zip(columns, map_cells(head, fields, tables, following), strict=False):
            self.site.put(0, column, cell, hidden)

    # -- names

    def _names(self) -> None:
        define = self.site.paper.define
        own = quoted(self.site.name)

        def at(row: int, column: int, row2: int | None = None, column2: int | None = None) -> str:
            cells = xl_range_abs(
                row, column, row if row2 is None else row2, column if column2 is None else column2
            )
            return f"={own}!{cells}"

        for code, (row, column) in self.site.drawing.addresses().items():
            define(f"{own}!{code}", at(row, column))
        for block in self.site.drawing.blocks.values():
            code = block.table.code
            define(
                f"{own}!{code}",
                at(block.head, min(block.columns.values()), block.foot, self.site.drawing.width - 1),
            )
            for name, column in block.columns.items():
                define(f"{own}!{code}.{name}", at(block.head, column, block.foot, column))
                define(f"{own}!{rows_name(block, name)}", inner_range(own, f"{code}.{name}"))
            for name in self.site.formulas.grouping(block):
                column = self.site.formulas.groups(block, name)
                whole = rows_name(block, name, repeated=True)
                define(f"{own}!{whole}段", at(block.head, column, block.foot, column))
                define(f"{own}!{whole}", inner_range(own, f"{whole}段"))
        define(f"{own}!_form", f'="{self.site.form.code}"')
        define(f"{own}!_package", f'="{self.site.formulas.package.code}"')
        define(f"{own}!_year", f"={self.site.formulas.year}")
        check = self.beside + CHECK
        define(f"{own}!核对", at(0, check, self.site.drawing.printed, check))


def _yielding(formula: str, before: Sequence[tuple[str, str]]) -> str:
    """The formula of a check that keeps silent while one that it yields to objects to the same row."""
    if not before:
        return formula
    objects = ",".join(f'LEFT({cell},1)="{sign}"' for cell, _ in before for sign in SIGNS.values())
    return f'=IF(OR({objects}),"",{formula.removeprefix("=")})'
