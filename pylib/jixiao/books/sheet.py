"""Writes one form sheet: the printed form, and beside it what calculates, checks and finds its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from jixiao.books.checks import BEGUN, PASSED, SIGNS, Check, CheckPrinter, checks, outcomes
from jixiao.books.checksum import checksum, checksum_formula
from jixiao.books.drawing import Block, Cell, Drawing
from jixiao.books.formulas import Formulas, in_row, inner_range, quoted, rows_name
from jixiao.books.heights import Fit, fit, merged_width
from jixiao.books.paper import Paper
from jixiao.declarations import Field
from jixiao.expression import Expression, NoNativeForm
from jixiao.filing import MISSING, Sheet, text
from jixiao.measures import MEASURES
from jixiao.quantity import PLACEHOLDERS, QUANTITY_HELPERS, normalise
from jixiao.scope import Calculation

LEAST_HEIGHT = 20.0
#: Columns beside the print area, in order.
GAP, CHECK, PROPOSALS = 0, 1, 2
_COMMENT_WIDTHS = {GAP: 1.5, CHECK: 30}
SUBTOTALS = ("分值", "得分")

#: The name of the sheet itself; Excel writes 路径[文件]表, LibreOffice 'file:///路径/文件'#$表.
_OWN_NAME = (
    '=IFERROR(MID(CELL("filename",$A$1),FIND("]",CELL("filename",$A$1))+1,99),'
    'IFERROR(MID(CELL("filename",$A$1),FIND("#$",CELL("filename",$A$1))+2,99),""))'
)


@dataclass
class SheetWriter:
    """One form sheet of a workbook under construction.

    ``index`` is the position of the sheet among those of its form: where its values stand in the calculation.
    """

    paper: Paper
    worksheet: Worksheet
    drawing: Drawing
    sheet: Sheet
    formulas: Formulas
    calculation: Calculation
    index: int
    projects: Mapping[int, str]

    def __post_init__(self) -> None:
        self.form = self.drawing.form
        self.name = self.sheet.name
        self.frame = self.calculation.frame.forms[self.form.code]
        self.beside = self.drawing.width
        self.slots = self.formulas.helper + sum(
            len(self.formulas.quantities(block)) * len(QUANTITY_HELPERS)
            + len(self.formulas.grouping(block))
            + 1
            for block in self.drawing.blocks.values()
        )
        self.fits: list[Fit] = []
        self.free: dict[int, Any] = {}
        self.formulas_of: dict[int, str] = {}
        self.printed: dict[tuple[int, int], Any] = {}
        self.failures, self.sum = 0, 0.0

    # -- the whole sheet

    def write(self) -> None:
        for block in self.drawing.blocks.values():
            self._free_rows(block)
        for cell in self.drawing.cells:
            self._cell(cell)
        for block in self.drawing.blocks.values():
            self._beside(block)
        self._facts()
        self._checks()
        self._names()
        self._heights()
        self._page()

    # -- one cell

    def _cell(self, cell: Cell) -> None:
        style = self._style(cell)
        value = cell.text if cell.field is None else self._content(cell)
        format_ = style()
        if cell.spread and cell.columns > 1:
            self._spread(cell, style, value)
        else:
            self._print(cell.row, cell.column, value, format_, cell.rows, cell.columns)
        if cell.field is not None:
            self._guide(cell)
        if not format_.text_wrap:
            return
        shown = self._shown(value)
        width = merged_width(self.form.widths[cell.column : cell.column + cell.columns])
        self.fits.append(Fit(cell.row, cell.rows, shown, width, format_.font_size))

    def _style(self, cell: Cell) -> Any:
        types: tuple[str, ...] = ()
        role, field = cell.role, cell.field
        if field is not None:
            in_table = cell.line is not None
            role = ("open" if in_table else "calculated") if field.calculated else "input"
            types = (
                field.type,
                *(("long",) if field.long else ()),
                *(("name",) if cell.spread and field.type == "text" else ()),
            )
        elif role == "points":
            role, types = "locked", ("score",)
        return lambda **extra: self.paper.palette(role, *types, style=cell.style, **extra)

    def _spread(self, cell: Cell, style: Any, value: Any) -> None:
        """A text over several columns that are not merged: no inner borders, and no wrapping, so it flows on."""
        for k in range(cell.columns):
            edges = {} if k == 0 else {"left": 0}
            edges |= {} if k == cell.columns - 1 else {"right": 0}
            format_ = style(text_wrap=False, **edges)
            self._print(cell.row, cell.column + k, value if k == 0 else None, format_)

    def _print(
        self, row: int, column: int, value: Any, format_: Format, rows: int = 1, columns: int = 1
    ) -> None:
        """Write a cell of the form, and remember what it shows."""
        self.paper.put(self.worksheet, row, column, value, format_, rows, columns)
        shown = value[1] if isinstance(value, tuple) else value
        if shown not in (None, "") and row < self.drawing.printed:
            self.printed[row, column] = shown

    def _content(self, cell: Cell) -> Any:
        """What a field's cell holds: the stated value, else its formula, else its default."""
        field = cell.field
        assert field is not None
        if cell.line is None:
            stated = self.sheet.fields.get(field.code, MISSING)
            if field.calculated and stated is MISSING:
                assert field.expression is not None
                return self.formulas.calculated(field.expression), self._value(field, None, self.index)
            if field.default == "{unit}" and stated in (MISSING, self.paper.unit):
                return '=IF(填报单位="","",填报单位)', self.paper.unit
            return self._typed(field, None if stated is MISSING else stated)
        block = self._block(field)
        record = self._record(block, cell.record)
        stated = record.get(field.code, MISSING)
        if block.table.listed:
            return self._listed(cell, block, field, stated)
        if field.calculated and stated is MISSING:
            assert field.expression is not None
            value = self._value(field, block, cell.record) if cell.record is not None else ""
            return in_row(self._formula(field.expression, block), cell.row), value
        if stated is MISSING or stated is None:
            return cell.text or None
        return self._typed(field, stated)

    def _listed(self, cell: Cell, block: Block, field: Field, stated: Any) -> Any:
        """A project row: name and figures come from the 项目清单 while the unit types nothing else."""
        k = cell.line or 0
        listed = self.projects.get(k, "")
        in_list = self.paper.listed_cell
        if field.code == block.table.listed:
            shown = f"{k + 1}、{listed}" if listed else cell.text
            if (
                stated is MISSING
                or stated is None
                or (listed and normalise(str(stated)) == normalise(listed))
            ):
                if k >= self.paper.list_size:
                    return shown or None
                name = in_list(k, "项目名称")
                return f'=IF({name}="","{cell.text}","{k + 1}、"&{name})', shown
            return f"{k + 1}、{stated}"
        if field.linked is None or stated is not MISSING:
            return self._typed(field, None if stated is MISSING else stated)
        if k >= self.paper.list_size:
            return None
        value = (
            self._value(field, block, cell.record)
            if cell.record is not None
            else self.paper.listed_value(k, field.linked.name)
        )
        return f'=IF({in_list(k, "项目名称")}="","",{in_list(k, field.linked.name)})', value

    def _typed(self, field: Field, value: Any) -> Any:
        """A stated value as it is typed: a rate written 99.97% becomes the number, other text stays as it stands."""
        if value is None or value is MISSING:
            return None
        if field.textual:
            return text(value)
        if isinstance(value, str):
            return value
        return float(value)

    def _value(self, field: Field, block: Block | None, position: int | None) -> Any:
        table = block.table.code if block else None
        column = self.calculation.value(self.form.code, table, field.code)
        at = position if block is None else self._position(block, position)
        return self.paper.shown(float(column[at]))

    def _position(self, block: Block, record: int | None) -> int:
        """Where a record of this sheet stands in the frame, which holds the rows of all sheets of the form."""
        rows = self.frame.table(block.table.code)
        return int((rows.parent < self.index).sum()) + (record or 0)

    def _record(self, block: Block, record: int | None) -> Mapping[str, Any]:
        return self.sheet.tables[block.table.code][record] if record is not None else {}

    def _block(self, field: Field) -> Block:
        return self.drawing.blocks[field.table or ""]

    @staticmethod
    def _shown(value: Any) -> str:
        if isinstance(value, tuple):
            value = value[1]
        return "" if value is None else value if isinstance(value, str) else f"{value:.2f}"

    # -- help and validation

    def _guide(self, cell: Cell) -> None:
        field = cell.field
        assert field is not None
        if cell.line not in (None, 0):
            return  # one validation covers a whole table column
        last = cell.row
        if cell.line is not None:
            last = self._block(field).last
        options: dict[str, Any] = {
            "validate": "any",
            "input_title": field.title[:32],
            "input_message": field.help,
        }
        if not field.textual:
            unit = f"，单位：{field.unit}" if field.unit else ""
            options |= {
                "validate": "decimal",
                "criteria": "between",
                "minimum": -1e12,
                "maximum": 1e12,
                "error_title": "这里应填数字",
                "error_type": "warning",
                "error_message": f"“{field.title}”应填数字{unit}，不要带单位和空格。没有数的请留空；确需填文字（如 ——）请选“是”。",
            }
        self.paper.checked(self.worksheet.data_validation(cell.row, cell.column, last, cell.column, options))

    # -- beside the print area

    def _free_rows(self, block: Block) -> None:
        """Unlock whole table rows: a row with one locked cell can be neither inserted properly nor deleted."""
        free = self.paper.palette.plain(locked=False)
        for line in range(len(block.lines)):
            self.free[block.row(line)] = free

    def _beside(self, block: Block) -> None:
        table = block.table
        note = self.paper.palette("locked", style="旁注", locked=False)
        head = self.paper.palette("locked", style="旁注头")
        if not table.proposals:
            return
        start = self.beside + PROPOSALS
        labels = [*table.proposals, *(f"{name}小计" for name in SUBTOTALS)]
        for k, label in enumerate(labels):
            self.paper.put(self.worksheet, block.head, start + k, label, head)
        self._helpers(block)
        scope = self.calculation.scope(self.form.code, table.code)
        for place, expression in enumerate(table.proposals.values()):
            proposed = expression.evaluate(scope)
            formula = self.formulas.calculated(expression, block)
            for k, line in enumerate(block.lines):
                value: Any = ""
                if line.record is not None:
                    at = proposed[self._position(block, line.record)]
                    value = at if isinstance(at, str) else self.paper.shown(at)
                row = block.row(k)
                self.paper.put(self.worksheet, row, start + place, (in_row(formula, row), value), note)
        self._subtotals(block, start + len(table.proposals), note)

    def _helpers(self, block: Block) -> None:
        """The hidden cells that read quantities step by step, and those that repeat merged cells in every row."""
        hidden = self.paper.palette("locked", style="隐藏", locked=False)
        for code in self.formulas.quantities(block):
            start = self.formulas.helper_column(block, code)
            for place, formula in enumerate(self.formulas.helper_formulas(block, code)):
                for k, line in enumerate(block.lines):
                    row = block.row(k)
                    value = QUANTITY_HELPERS[place].value(text(self._record(block, line.record).get(code)))
                    self.paper.put(self.worksheet, row, start + place, (in_row(formula, row), value), hidden)
        for code in self.formulas.grouping(block):
            column, formula = self.formulas.groups(block, code), self.formulas.group_formula(block, code)
            for k, line in enumerate(block.lines):
                row, group = block.row(k), line.group if code == block.table.section else line.subgroup
                self.paper.put(self.worksheet, row, column, (in_row(formula, row), group), hidden)
        column, formula = self.formulas.used(block), self.formulas.used_formula(block)
        for k, line in enumerate(block.lines):
            row, used = block.row(k), float(self._used(block, line.record))
            self.paper.put(self.worksheet, row, column, (in_row(formula, row), used), hidden)

    def _used(self, block: Block, record: int | None) -> bool:
        """Whether anything is filled into a row beyond what the form prints there."""
        table = block.table
        return any(
            text(value).strip() and not table.untouched(code, text(value))
            for code, value in self._record(block, record).items()
            if code not in (table.section, table.subsection)
        )

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
                formula = "=" + measure.native(labels, rows_name(block, name), f'"{line.group}"')
                self.paper.put(
                    self.worksheet,
                    block.row(k),
                    start + place,
                    (formula, self._subtotal(block, name, line.group)),
                    format_,
                )

    def _subtotal(self, block: Block, column: str, group: str) -> Any:
        values = self.calculation.value(self.form.code, block.table.code, column)
        inside = [
            self.paper.shown(values[self._position(block, line.record)])
            for line in block.lines
            if line.group == group and line.record is not None
        ]
        return MEASURES["total_score"].scalar("", inside) if inside else ""

    # -- checks and checksum

    def _checks(self) -> None:
        """One hidden cell per rule and row, and beside the form the first that fails in its row."""
        slots: dict[int, list[str]] = {}
        hidden = self.paper.palette("locked", style="隐藏", locked=False)
        for check in checks(self.formulas.package, self.formulas.catalogue, self.drawing):
            try:
                formula = CheckPrinter(check, self.formulas).formula()
            except NoNativeForm:
                continue
            for row, result in self._results(check):
                results = slots.setdefault(row, [])
                self.paper.put(
                    self.worksheet, row, self.slots + len(results), (in_row(formula, row), result), hidden
                )
                results.append(result)
        self.last = self.slots + max(map(len, slots.values()), default=1) - 1
        for row, results in slots.items():
            self._light(row, results)
        column = self.beside + CHECK
        self.paper.put(self.worksheet, 0, column, "表内检查（不打印）", self.paper.palette(style="旁注头"))
        for sign, mark in ((SIGNS["error"], "failed"), (SIGNS["warning"], "doubtful"), (PASSED, "good")):
            self.worksheet.conditional_format(
                0,
                column,
                self.drawing.printed - 1,
                column,
                {
                    "type": "text",
                    "criteria": "begins with",
                    "value": sign,
                    "format": self.paper.palette.mark(mark),
                },
            )

    def _results(self, check: Check) -> Iterator[tuple[int, str]]:
        """The rows in which a check stands, and what it says there; nothing before anything is filled in."""
        found = outcomes(check, self.calculation)
        if check.block is None:
            yield check.row, found[self.index] if self.begun else ""
            return
        for k, line in enumerate(check.block.lines):
            used = self._used(check.block, line.record)
            yield check.block.row(k), found[self._position(check.block, line.record)] if used else ""

    def _formula(self, expression: Expression, block: Block) -> str:
        """The formula of a table column, printed once for all its rows."""
        key = id(expression)
        if key not in self.formulas_of:
            self.formulas_of[key] = self.formulas.calculated(expression, block)
        return self.formulas_of[key]

    def _light(self, row: int, results: list[str]) -> None:
        area = f"{xl_rowcol_to_cell(row, self.slots, col_abs=True)}:{xl_rowcol_to_cell(row, self.last, col_abs=True)}"
        formula = f'IF(COUNTIF({area},"{PASSED}")>0,"{PASSED}","")'
        for sign in reversed(SIGNS.values()):
            formula = f'IFERROR(INDEX({area},MATCH("{sign}*",{area},0)),{formula})'
        order = [*SIGNS.values(), PASSED]
        shown = next((result for sign in order for result in results if result.startswith(sign)), "")
        self.failures += shown.startswith(SIGNS["error"])
        style = self.paper.palette("locked", style="核对", locked=row not in self.free)
        self.paper.put(self.worksheet, row, self.beside + CHECK, ("=" + formula, shown), style)

    def _facts(self) -> None:
        """In hidden cells: the sheet's own name, its checksum, and whether anybody has begun to fill it in."""
        area = xl_range_abs(0, 0, self.drawing.printed - 1, self.drawing.width - 1)
        self.sum = checksum(self.printed)
        given = sum(isinstance(cell.text, float) for cell in self.drawing.cells)
        for field in self.form.fields.values():
            given += field.default is not None and not field.textual and field.default not in PLACEHOLDERS
        self.begun = sum(isinstance(value, float) for value in self.printed.values()) > given
        hidden = self.paper.palette("locked", style="隐藏")
        contents = (
            ("_sheet", _OWN_NAME, self.name),
            ("_sum", checksum_formula(area), self.sum),
            (BEGUN, f"=IF(COUNT({area})>{given},1,0)", float(self.begun)),
        )
        column = self.formulas.helper - 1
        for row, (name, formula, value) in enumerate(contents):
            self.paper.put(self.worksheet, row, column, (formula, value), hidden)
            cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
            self.paper.define(f"{quoted(self.name)}!{name}", f"={quoted(self.name)}!{cell}")

    # -- names, heights, page

    def _names(self) -> None:
        define = self.paper.define
        own = quoted(self.name)

        def at(row: int, column: int, row2: int | None = None, column2: int | None = None) -> str:
            cells = xl_range_abs(
                row, column, row if row2 is None else row2, column if column2 is None else column2
            )
            return f"={own}!{cells}"

        for code, (row, column) in self.drawing.addresses().items():
            define(f"{own}!{code}", at(row, column))
        for block in self.drawing.blocks.values():
            code = block.table.code
            define(
                f"{own}!{code}",
                at(block.head, min(block.columns.values()), block.foot, self.drawing.width - 1),
            )
            for name, column in block.columns.items():
                define(f"{own}!{code}.{name}", at(block.head, column, block.foot, column))
                define(f"{own}!{rows_name(block, name)}", inner_range(own, f"{code}.{name}"))
            for name in self.formulas.grouping(block):
                column = self.formulas.groups(block, name)
                whole = rows_name(block, name, repeated=True)
                define(f"{own}!{whole}段", at(block.head, column, block.foot, column))
                define(f"{own}!{whole}", inner_range(own, f"{whole}段"))
        define(f"{own}!_form", f'="{self.form.code}"')
        define(f"{own}!_package", f'="{self.formulas.package.code}"')
        define(f"{own}!_year", f"={self.formulas.year}")
        check = self.beside + CHECK
        define(f"{own}!核对", at(0, check, self.drawing.printed, check))

    def _heights(self) -> None:
        heights = fit(self.fits, LEAST_HEIGHT, self.drawing.least)
        for row, height in heights.items():
            self.worksheet.set_row(row, height, self.free.get(row))
        self.height = sum(heights.get(row, 15.0) for row in range(self.drawing.printed))

    def _page(self) -> None:
        sheet, drawing = self.worksheet, self.drawing
        for k, width in enumerate(self.form.widths):
            sheet.set_column(k, k, width)
        for k, width in _COMMENT_WIDTHS.items():
            sheet.set_column(self.beside + k, self.beside + k, width)
        last = self.last
        sheet.set_column(self.formulas.helper - 1, last, 8, None, {"hidden": True})
        self.paper.page(sheet, self.form.orientation == "landscape")
        if self.paper.nearly_one_page(merged_width(self.form.widths), self.height):
            sheet.fit_to_pages(1, 1)
        sheet.print_area(0, 0, drawing.printed - 1, drawing.width - 1)
        if drawing.repeat is not None:
            sheet.repeat_rows(drawing.repeat)
        sheet.print_black_and_white()
        area = f"A1:{xl_col_to_name(last)}{drawing.printed + 3}"
        ignored = (
            "number_stored_as_text",
            "formula_unlocked",
            "formula_differs",
            "formula_range",
            "eval_error",
        )
        self.paper.checked(sheet.ignore_errors(dict.fromkeys(ignored, area)))
        self.paper.protect(sheet)
        sheet.conditional_format(
            0,
            0,
            drawing.printed - 1,
            drawing.width - 1,
            {
                "type": "formula",
                "criteria": '=COUNTIF(审核标记,_sheet&"!"&ADDRESS(ROW(),COLUMN(),4))>0',
                "format": self.paper.palette.mark("marked"),
            },
        )
