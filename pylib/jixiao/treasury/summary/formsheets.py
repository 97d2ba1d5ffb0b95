"""各表汇总 as sheets: each form drawn as the official table is, with the sums in its cells."""

from __future__ import annotations

import math
from typing import Any

from xlsxwriter.worksheet import Worksheet

from jixiao.books.making.drawing import Cell, Drawing, draw
from jixiao.books.making.heights import Fit, fit, merged_width
from jixiao.books.making.paper import Paper
from jixiao.books.making.sheet import LEAST_HEIGHT
from jixiao.declarations import Catalogue
from jixiao.treasury.summary.figures import Batch
from jixiao.treasury.summary.formsums import FormSum, kind
from jixiao.treasury.summary.lists import MONEY, NUMBER, RATE

_FORMATS = {"money": MONEY, "area": MONEY, "rate": RATE, "count": NUMBER, "score": "0.00"}
_REMARK = (
    "汇总口径：金额、人数、面积为各单位填报数的合计；比率按合计数重新计算，不是各单位比率之和；分值、得分为平均数；"
    "文字栏不汇总；单位自行命名的行按名称合计。"
)


def add_form(paper: Paper, name: str, total: FormSum, batch: Batch, catalogue: Catalogue) -> Worksheet:
    """Add the sheet of one form's sums."""
    sheet = paper.workbook.add_worksheet(name)
    form = total.form
    several = "" if total.sheets == total.units else f"、{total.sheets} 张表"
    names = {
        "title": f"{form.title}（{total.units} 家单位{several}汇总）",
        "附件": f"{form.sheet}　汇总",
        "unit": f"{total.units} 家单位",
        "year": str(batch.year),
        "last_year": str(batch.year - 1),
    }
    points = {code: parameter.at(batch.year) for code, parameter in catalogue.parameters.items()}
    drawing = draw(form, total.sheet, names, points, [], paper.styles.base["font_size"])
    _Writer(paper, sheet, total, drawing).write()
    return sheet


class _Writer:
    def __init__(self, paper: Paper, sheet: Worksheet, total: FormSum, drawing: Drawing) -> None:
        self.paper, self.sheet, self.total, self.drawing = paper, sheet, total, drawing
        self.fits: list[Fit] = []

    def write(self) -> None:
        form, drawing = self.total.form, self.drawing
        for cell in drawing.cells:
            self._cell(cell)
        last = max(cell.row + cell.rows for cell in drawing.cells)
        style = self.paper.palette(style="提示", text_wrap=True)
        self.paper.put(self.sheet, last, 0, _REMARK, style, 1, drawing.width)
        self.fits.append(Fit(last, 1, _REMARK, merged_width(form.widths), 10))
        for row, height in fit(self.fits, LEAST_HEIGHT, drawing.least).items():
            self.sheet.set_row(row, height)
        for k, width in enumerate(form.widths):
            self.sheet.set_column(k, k, width)
        self.paper.page(self.sheet, form.orientation == "landscape")
        self.sheet.print_area(0, 0, last, drawing.width - 1)
        if drawing.repeat is not None:
            self.sheet.repeat_rows(drawing.repeat)

    def _cell(self, cell: Cell) -> None:
        value, types, extra = self._content(cell)
        role = "locked" if cell.role in ("points", "calculated", "input", "group") else cell.role
        if cell.role == "points":
            types = ("score",)
        format_ = self.paper.palette(role, *types, style=cell.style, **extra)
        self.paper.put(self.sheet, cell.row, cell.column, value, format_, cell.rows, cell.columns)
        if isinstance(value, str) and value:
            width = merged_width(self.total.form.widths[cell.column : cell.column + cell.columns])
            self.fits.append(Fit(cell.row, cell.rows, value, width, format_.font_size))

    def _content(self, cell: Cell) -> tuple[Any, tuple[str, ...], dict[str, Any]]:
        """What the cell shows, the types of its style, and what it needs besides."""
        field = cell.field
        if cell.sentence is not None:
            return None, (), {}
        if field is None:
            return cell.text, (), {}
        if field.textual:
            extra = {"align": "left", "indent": 1} if cell.spread else {}
            return self._stated(cell) or cell.text or None, (field.type,), extra
        # A sum may be longer than any figure that the column was made for.
        extra = {"num_format": _FORMATS.get(field.type, "General"), "shrink": True, "text_wrap": False}
        if kind(field) != "重算":
            return self._stated(cell), (field.type,), extra
        key = field.code if cell.line is None else (field.table, cell.record, field.code)
        return self._shown(self.total.rates.get(key, math.nan)), (field.type,), extra

    def _stated(self, cell: Cell) -> Any:
        assert cell.field is not None
        if cell.line is None:
            return self.total.sheet.fields.get(cell.field.code)
        if cell.record is None:
            return None
        return self.total.sheet.tables[cell.field.table or ""][cell.record].get(cell.field.code)

    def _shown(self, value: float) -> Any:
        return self.paper.shown(value) or (0.0 if value == 0 else None)
