"""What people do to a filled workbook of Yueyanglou, in LibreOffice: rows inserted, a project sheet copied and listed.

Runs under the Python that has uno, started by test_build_libreoffice.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this file also runs as a script
import libreoffice

EDITED = "附件3-3"


def edit(profile: str, order: dict[str, Any]) -> dict[str, Any]:
    """What people do: insert rows at both ends of a table, copy the sheet, put the copy on the 项目清单."""
    with libreoffice.session(profile) as desktop:
        book = libreoffice.load(desktop, order["book"])
        sheet = book.Sheets.getByName(EDITED)
        sheet.unprotect("")
        table, points = area(sheet, "指标"), area(sheet, "指标.得分").StartColumn
        sheet.Rows.insertByIndex(table.EndRow, 1)
        sheet.getCellByPosition(points, table.EndRow).Value = 8
        sheet.Rows.insertByIndex(table.StartRow + 1, 1)
        sheet.getCellByPosition(points, table.StartRow + 1).Value = 3
        book.Sheets.copyByName(EDITED, "附件3-4", 6)
        copy = book.Sheets.getByName("附件3-4")
        cell(copy, "当年财政拨款_全年执行数").Value = 50
        front = book.Sheets.getByName("首页")
        front.unprotect("")
        listed = book.NamedRanges.getByName("项目清单.项目名称").ReferredCells.RangeAddress
        for k, (name, tab) in enumerate((("新项目", "附件3-4"), ("错项目", "附件3-9")), listed.StartRow + 3):
            front.getCellByPosition(listed.StartColumn, k).String = name
            front.getCellByPosition(listed.StartColumn + 1, k).String = tab
            if k == listed.StartRow + 3:
                book.calculateAll()
                totals = [text(front, c, listed.EndRow + 1) for c in range(3, 6)]
        book.calculateAll()
        basic = book.Sheets.getByName("附件1")
        rows = area(basic, "项目支出")
        answer = {
            "total": cell(sheet, "总分").Value,
            "copy": [cell(copy, "总分").Value, cell(copy, "全年执行数").Value, cell(copy, "_sheet").String],
            "totals": totals,
            "missing": [text(front, c, listed.StartRow + 4) for c in range(3, 7)],
            "total with a missing sheet": text(front, 5, listed.EndRow + 1),
            "names": [text(basic, 0, k) for k in range(rows.StartRow + 1, rows.EndRow)],
            "spent": [text(basic, 6, k) for k in range(rows.StartRow + 1, rows.EndRow)],
        }
        book.close(True)
        return answer


def area(sheet: Any, name: str) -> Any:
    return sheet.NamedRanges.getByName(name).ReferredCells.RangeAddress


def cell(sheet: Any, name: str) -> Any:
    place = area(sheet, name)
    return sheet.getCellByPosition(place.StartColumn, place.StartRow)


def text(sheet: Any, column: int, row: int) -> str:
    return str(sheet.getCellByPosition(column, row).String)


if __name__ == "__main__":
    json.dump(edit(sys.argv[1], json.load(sys.stdin)), sys.stdout)
