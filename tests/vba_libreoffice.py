"""Runs Subs of a workbook's VBA in LibreOffice and tells what its cells hold then.

Like tests/libreoffice.py this works under the system's Python, which has uno; it is run there as a script.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from libreoffice import run, session

ALWAYS_EXECUTE = 4  # com.sun.star.document.MacroExecMode


def macros(books: list[Path], project: str, subs: list[str], area: str) -> list[list[Any]]:
    """Run Subs, one after another.

    Args:
        books: workbooks to open; the Subs belong to the first.
        project: name of its VBA project.
        subs: "Module.Sub".
        area: cells of the first sheet to be read in the end, such as "A1:B9".

    Returns:
        Numbers and texts by row.
    """
    order = {"books": [str(book) for book in books], "project": project, "subs": subs, "area": area}
    return list(run(Path(__file__), order)["cells"])


def _serve(profile: str, order: dict[str, Any]) -> dict[str, Any]:
    with session(profile) as desktop:
        import uno
        from com.sun.star.beans import PropertyValue

        options = (
            PropertyValue(Name="Hidden", Value=True),
            PropertyValue(Name="MacroExecutionMode", Value=ALWAYS_EXECUTE),
        )
        opened = [
            desktop.loadComponentFromURL(uno.systemPathToFileUrl(book), "_blank", 0, options)
            for book in reversed(order["books"])
        ]
        provider = opened[-1].getScriptProvider()
        for sub in order["subs"]:
            address = f"vnd.sun.star.script:{order['project']}.{sub}?language=Basic&location=document"
            provider.getScript(address).invoke((), (), ())
        opened[-1].calculateAll()
        cells = opened[-1].Sheets.getByIndex(0).getCellRangeByName(order["area"]).getDataArray()
        for document in opened:
            document.close(True)
        return {"cells": [list(row) for row in cells]}


if __name__ == "__main__":
    json.dump(_serve(sys.argv[1], json.load(sys.stdin)), sys.stdout)
