"""Writes one form sheet as its official table is printed: cells, help, heights, page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name

from jixiao.books.making import sentences
from jixiao.books.making.beside import CHECK as CHECKS
from jixiao.books.making.beside import Beside
from jixiao.books.making.drawing import Block, Cell
from jixiao.books.making.formulas import in_row
from jixiao.books.making.heights import Fit, fit, merged_width
from jixiao.books.making.site import Site
from jixiao.books.vba.buttons import CHECK
from jixiao.declarations import Field
from jixiao.expression import Expression
from jixiao.filing import MISSING, text
from jixiao.quantity import normalise

LEAST_HEIGHT = 20.0


@dataclass
class SheetWriter:
    """Writes one form sheet; ``projects`` are the names in the 项目清单."""

    site: Site
    projects: list[str]

    def __post_init__(self) -> None:
        self.fits: list[Fit] = []
        self.formulas_of: dict[int, str] = {}
        self.printed: dict[tuple[int, int], Any] = {}

    def write(self) -> Beside:
        """Write the whole sheet; returns what stands beside the form, for 首页 to sum up."""
        for cell in self.site.drawing.cells:
            self._cell(cell)
        beside = Beside(self.site, self.printed)
        beside.write()
        self._page(beside.last, self._heights())
        # Behind the words above the checks: no row is inserted there, and every form has the place.
        self.site.paper.button(self.site.worksheet, CHECK, 0, self.site.drawing.width + CHECKS, left=130)
        return beside

    # -- one cell

    def _cell(self, cell: Cell) -> None:
        style = self._style(cell)
        value = self._value(cell)
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
        if cell.sentence:
            shown = max(shown, self._longest(cell), key=len)
        width = merged_width(self.site.form.widths[cell.column : cell.column + cell.columns])
        self.fits.append(Fit(cell.row, cell.rows, shown, width, format_.font_size))

    def _style(self, cell: Cell) -> Any:
        role, types = cell.layers()
        return lambda **extra: self.site.paper.palette(role, *types, style=cell.style, **extra)

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
        self.site.put(row, column, value, format_, rows, columns)
        shown = value[1] if isinstance(value, tuple) else value
        if shown not in (None, "") and row < self.site.drawing.printed:
            self.printed[row, column] = shown

    def _value(self, cell: Cell) -> Any:
        if cell.sentence is not None:
            return self._sentence(cell)
        return cell.text if cell.field is None else self._content(cell)

    def _sentence(self, cell: Cell) -> Any:
        """A sentence as a formula, and what it says."""
        site, sentence = self.site, cell.sentence
        assert sentence is not None
        said = sentences.said(
            sentence,
            site.formulas.package.forms,
            site.calculation,
            site.form.code,
            site.index,
            site.drawing.names,
        )
        return sentences.formula(sentence, site.formulas, site.drawing.names), said

    def _longest(self, cell: Cell) -> str:
        """The text that a sentence's row must have room for: its figures may come later."""
        assert cell.sentence is not None
        site = self.site
        return sentences.longest(
            cell.sentence, site.paper.unit, site.drawing.names, site.formulas.package.forms
        )

    def _content(self, cell: Cell) -> Any:
        """What a field's cell holds: the stated value, else its formula, else its default."""
        field = cell.field
        assert field is not None
        if cell.line is None:
            stated = self.site.sheet.fields.get(field.code, MISSING)
            if field.calculated and stated is MISSING:
                assert field.expression is not None
                return self.site.formulas.shown(field.expression), self.site.value(field)
            if field.default == "{unit}" and stated in (MISSING, self.site.paper.unit):
                return '=IF(填报单位="","",填报单位)', self.site.paper.unit
            return self._typed(field, None if stated is MISSING else stated)
        block = self._block(field)
        record = self.site.record(block, cell.record)
        stated = record.get(field.code, MISSING)
        if block.table.listed:
            return self._listed(cell, block, field, stated)
        if field.calculated and stated is MISSING:
            assert field.expression is not None
            value = self.site.value(field, block, cell.record) if cell.record is not None else ""
            return in_row(self._formula(field.expression, block), cell.row), value
        if stated is MISSING or stated is None:
            return cell.text or None
        return self._typed(field, stated)

    def _formula(self, expression: Expression, block: Block) -> str:
        """The formula of a table column, printed once for all its rows."""
        key = id(expression)
        if key not in self.formulas_of:
            self.formulas_of[key] = self.site.formulas.shown(expression, block)
        return self.formulas_of[key]

    def _listed(self, cell: Cell, block: Block, field: Field, stated: Any) -> Any:
        """A project row: name and figures come from the 项目清单 while the unit types nothing else."""
        k = cell.line or 0
        listed = self.projects[k] if k < len(self.projects) else ""
        in_list = self.site.paper.listed_cell
        if field.code == block.table.listed:
            shown = f"{k + 1}、{listed}" if listed else cell.text
            if (
                stated is MISSING
                or stated is None
                or (listed and normalise(str(stated)) == normalise(listed))
            ):
                if k >= self.site.paper.list_size:
                    return shown or None
                name = in_list(k, "项目名称")
                return f'=IF({name}="","{cell.text}","{k + 1}、"&{name})', shown
            return f"{k + 1}、{stated}"
        if field.linked is None or stated is not MISSING:
            return self._typed(field, None if stated is MISSING else stated)
        if k >= self.site.paper.list_size:
            return None
        value = (
            self.site.value(field, block, cell.record)
            if cell.record is not None
            else self.site.paper.listed_value(k, field.linked.name)
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

    def _block(self, field: Field) -> Block:
        return self.site.drawing.blocks[field.table or ""]

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
        self.site.paper.checked(
            self.site.worksheet.data_validation(cell.row, cell.column, last, cell.column, options)
        )

    # -- rows and page

    def _heights(self) -> float:
        """Set every row's height, unlock whole table rows, and return the height of the print area in points."""
        free = self.site.paper.palette.plain(locked=False)
        unlocked = {
            block.row(line): free
            for block in self.site.drawing.blocks.values()
            for line in range(len(block.lines))
        }
        heights = fit(self.fits, LEAST_HEIGHT, self.site.drawing.least)
        for row, height in heights.items():
            self.site.worksheet.set_row(row, height, unlocked.get(row))
        return sum(heights.get(row, 15.0) for row in range(self.site.drawing.printed))

    def _page(self, last: int, height: float) -> None:
        sheet, drawing = self.site.worksheet, self.site.drawing
        for k, width in enumerate(self.site.form.widths):
            sheet.set_column(k, k, width)
        flowing = bool(self.site.form.passages) and len(self.site.form.widths) == 1  # no table but a report
        self.site.paper.page(sheet, self.site.form.orientation == "landscape", scaled=not flowing)
        sheet.print_black_and_white()  # the colours are for filling in; the official table is handed in without
        if flowing:
            sheet.set_h_pagebreaks(drawing.breaks)
        elif self.site.paper.nearly_one_page(merged_width(self.site.form.widths), height):
            sheet.fit_to_pages(1, 1)
        sheet.print_area(0, 0, drawing.printed - 1, drawing.width - 1)
        if drawing.repeat is not None:
            sheet.repeat_rows(drawing.repeat)
        area = f"A1:{xl_col_to_name(last)}{drawing.printed + 3}"
        ignored = (
            "number_stored_as_text",
            "formula_unlocked",
            "formula_differs",
            "formula_range",
            "eval_error",
        )
        self.site.paper.checked(sheet.ignore_errors(dict.fromkeys(ignored, area)))
        self.site.paper.protect(sheet)
        sheet.conditional_format(
            0,
            0,
            drawing.printed - 1,
            drawing.width - 1,
            {
                "type": "formula",
                "criteria": '=COUNTIF(审核标记,_sheet&"!"&ADDRESS(ROW(),COLUMN(),4))>0',
                "format": self.site.paper.palette.mark("marked"),
            },
        )
