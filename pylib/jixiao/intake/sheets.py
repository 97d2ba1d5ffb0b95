"""Workbooks that are none of ours, .xlsx and .xls, as grids: one per sheet, numbers as their cells show them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from jixiao.books.making.front import NAME as COVER
from jixiao.books.ooxml.addresses import split_a1
from jixiao.books.ooxml.formats import display
from jixiao.books.ooxml.markup import column_letter
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.places import PREFIX
from jixiao.books.results import RESULTS
from jixiao.intake.blocks import Block, Cell, Document, Grid, Paragraph, Unread

#: Cells with content in one sheet; a filing has some hundreds.
CELL_LIMIT = 50_000
_NAME = "_form"
#: Sheets that the program itself adds to the forms.
_ADDED = (COVER, RESULTS)

#: A cell as a format gives it: row and column from 0, text, number.
_Found = tuple[int, int, str, float | None]
_Merge = tuple[int, int, int, int]


def read_xlsx(path: Path) -> Document:
    """Read a workbook in the format of today.

    Raises:
        Unreadable: it is damaged, or it is one of ours.
    """
    workbook = Workbook(Parts.open(path))
    if any(_NAME in names for names in workbook.names.values()):
        raise Unreadable(
            path,
            "这已经是下发的套表，不用导入",
            "请直接打开它填报，用 jixiao check 审核；要做下一年度的，用 jixiao rollover",
        )
    document = Document(path.name)
    for sheet in workbook.sheets:
        cells = workbook.cells(sheet)

        def found(
            sheet_cells: Iterable[tuple[str, object]] = cells.items(), name: str = sheet.name
        ) -> Iterator[_Found]:
            for address, cell in sheet_cells:
                place = split_a1(address)
                content = getattr(cell, "value", None)
                if place is None:
                    continue
                row, column = place[0] - 1, place[1] - 1
                if isinstance(content, bool):
                    yield row, column, "TRUE" if content else "FALSE", None
                elif isinstance(content, float):
                    yield row, column, workbook.display_text(content, getattr(cell, "style", 0)), content
                elif content is not None:
                    yield row, column, str(content), None
                elif getattr(cell, "formula", None) is not None:
                    reason = "公式没有算出结果，请用 Excel 或 WPS 打开并保存后再导入"
                    document.lost.append(Unread(document.name, f"{name}!{address}", "", reason))

        merges = [(first - 1, left - 1, last - 1, right - 1) for first, left, last, right in cells.merges]
        _add(document, sheet.name, sheet.state == "visible", found, merges)
    if any(name.startswith("xl/media/") for name in workbook.parts.names):
        document.lost.append(Unread(document.name, "", "", "工作簿里有图片，图片中的文字没有读"))
    return document


def read_xls(path: Path) -> Document:
    """Read a workbook in the format of Excel 97 to 2003.

    Raises:
        Unreadable: it is damaged or encrypted.
    """
    import xlrd

    document = Document(path.name)
    try:
        book = xlrd.open_workbook(
            file_contents=path.read_bytes(), formatting_info=True, logfile=io.StringIO()
        )
        for sheet in book.sheets():

            def found(sheet: xlrd.sheet.Sheet = sheet) -> Iterator[_Found]:
                for row in range(sheet.nrows):
                    for column in range(sheet.row_len(row)):
                        cell = sheet.cell(row, column)
                        if cell.ctype == xlrd.XL_CELL_TEXT:
                            yield row, column, str(cell.value), None
                        elif cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                            number = float(cell.value)
                            code = book.format_map[book.xf_list[cell.xf_index or 0].format_key].format_str
                            yield row, column, display(number, code or "General", book.datemode == 1), number
                        elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                            yield row, column, "TRUE" if cell.value else "FALSE", None
                        elif cell.ctype == xlrd.XL_CELL_ERROR:
                            yield row, column, xlrd.error_text_from_code.get(int(cell.value), "#N/A"), None

            merges = [(first, left, last - 1, right - 1) for first, last, left, right in sheet.merged_cells]
            _add(document, sheet.name, sheet.visibility == 0, found, merges)
    except Unreadable:
        raise
    except Exception as error:  # whatever the library stumbles over in a damaged file
        if "encrypted" in str(error):
            raise Unreadable(
                path, "文件设有打开密码", "请用 Excel 或 WPS 打开，取消打开密码后保存，再导入"
            ) from error
        remedy = "请用 Excel 或 WPS 打开，能打开就另存为 .xlsx 再导入；打不开就重新索取一份完整的文件"
        raise Unreadable(path, "旧的 .xls 文件已损坏，读不出来", remedy) from error
    return document


def _add(
    document: Document,
    name: str,
    visible: bool,
    found: Callable[[], Iterator[_Found]],
    merges: Iterable[_Merge],
) -> None:
    """Add one sheet: a sheet with one text a row is a text, any other a grid."""
    filled = [each for each in found() if each[2].strip()]
    if not filled:
        return
    if name in _ADDED:
        _tell(document)
        return
    if not visible:
        document.remarks.append(f"工作表“{name}”是隐藏的，没有读。需要的，请取消隐藏后再导入。")
        return
    if len(filled) > CELL_LIMIT:
        reason = f"这张工作表有 {len(filled)} 个单元格，不像自评表，没有读"
        document.lost.append(Unread(document.name, f"工作表“{name}”", "", reason))
        return
    edge = _edge(filled)
    if edge is not None:  # one of ours that lost its names
        filled = [each for each in filled if each[1] < edge]
        _tell(document)
    document.blocks += _blocks(name, filled, list(merges))


def _tell(document: Document) -> None:
    """Say once that what this program wrote itself was not read."""
    remark = f"{'、'.join(_ADDED)}和各表右侧的表内检查是程序生成的，没有读。"
    if remark not in document.remarks:
        document.remarks.append(remark)


def _edge(filled: list[_Found]) -> int | None:
    """The column from which on a sheet holds what this program wrote beside the form; ``None`` for other sheets."""
    first = [(column, text) for row, column, text, _ in filled if row == 0 and column > 0]
    return min(first)[0] if any(text.startswith(PREFIX) for _, text in first) else None


def _blocks(name: str, filled: list[_Found], merges: list[_Merge]) -> list[Block]:
    rows: dict[int, list[_Found]] = {}
    for each in filled:
        rows.setdefault(each[0], []).append(each)
    if all(len(row) == 1 for row in rows.values()):
        return [
            Paragraph(line.strip(), f"{name}!{column_letter(column + 1)}{row + 1}")
            for row, column, text, _ in filled
            for line in text.splitlines()
            if line.strip()
        ]
    texts = {(row, column): (text, number) for row, column, text, number in filled}
    last = max(row for row, _ in texts)
    width = max(column for _, column in texts)
    spans = {(first, left): (end - first + 1, right - left + 1) for first, left, end, right in merges}
    covered = {
        (row, column)
        for (first, left), (height, across) in spans.items()
        for row in range(first, min(first + height, last + 1))
        for column in range(left, min(left + across, width + 1))
        if (row, column) != (first, left)
    }
    cells = []
    for row in range(last + 1):
        for column in range(width + 1):
            if (row, column) in covered:
                continue
            text, number = texts.get((row, column), ("", None))
            height, across = spans.get((row, column), (1, 1))
            place = f"{name}!{column_letter(column + 1)}{row + 1}"
            cells.append(
                Cell(
                    row,
                    column,
                    min(height, last + 1 - row),
                    min(across, width + 1 - column),
                    text.strip(),
                    number,
                    place,
                )
            )
    return [Grid(cells, f"工作表“{name}”", name)]
