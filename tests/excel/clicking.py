"""Opens a macro workbook in a window of LibreOffice, presses the button of each sheet with the mouse, tells what happened.

Runs under the Python that has uno, with DISPLAY set to a virtual screen. Where a button stands on the screen is asked
of the program's accessibility tree, not guessed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this file also runs as a script
import libreoffice

ALWAYS = 4  # com.sun.star.document.MacroExecMode.ALWAYS_EXECUTE_NO_WARN
SIZE = 15  # com.sun.star.awt.PosSize.POSSIZE
SECONDS = 10
ATTEMPTS = 3
STILL = 3  # looks at which a button that does not move any more is at the same place


def quiet(profile: Path) -> None:
    """No tips, no news: nothing must lie over the sheet."""
    settings = profile / "user" / "registrymodifications.xcu"
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value>'
        "</prop></item>"
        for path, name, value in (
            ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
            ("Setup/Product", "WhatsNew", "false"),
            ("Setup/Product", "LastTimeGetInvolvedShown", "99999999999"),
        )
    )
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("</oor:items>", f"{items}</oor:items>"), "utf-8")


def _press(document: Any, sheet: str, caption: str, screenshot: str) -> str:
    """Click the button of a sheet; what its macro has left in the workbook, "" when nothing came."""
    trace = document.Sheets.getByName("审核结果").getCellRangeByName("K4")  # an unlocked cell
    trace.String = ""
    document.CurrentController.setActiveSheet(document.Sheets.getByName(sheet))
    for _ in range(ATTEMPTS):  # a busy machine may not have drawn the button when it is pressed
        x, y = _settled(document, sheet, caption)
        # As long as a person presses: a click without duration is not taken for one.
        press = f"mousemove {x} {y} sleep 0.5 mousedown 1 sleep 0.1 mouseup 1"
        subprocess.run(["xdotool", *press.split()], check=True)
        deadline = time.monotonic() + SECONDS
        while not trace.String and time.monotonic() < deadline:
            time.sleep(0.05)
        if trace.String:
            break
    if screenshot:
        subprocess.run(["import", "-window", "root", screenshot], check=True)
    return str(trace.String)


def _settled(document: Any, sheet: str, caption: str) -> tuple[int, int]:
    """The middle of a button, once it has stopped moving."""
    deadline = time.monotonic() + SECONDS
    places: list[tuple[int, int]] = []
    while len(places) < STILL or len(set(places[-STILL:])) > 1:
        time.sleep(0.1)
        places.append(_centre(document, sheet, caption))
        if time.monotonic() > deadline:
            break
    return places[-1]


def _centre(document: Any, sheet: str, caption: str) -> tuple[int, int]:
    """The middle of a button on the screen."""
    page = document.Sheets.getByName(sheet).DrawPage
    shapes = [page.getByIndex(k) for k in range(page.Count)]
    shape = next(s for s in shapes if getattr(getattr(s, "Control", None), "Label", "") == caption)
    window = document.CurrentController.getControl(shape.Control).getPeer()
    place = window.getAccessibleContext().getLocationOnScreen()
    size = window.getAccessibleContext().getSize()
    return place.X + size.Width // 2, place.Y + size.Height // 2


def _serve(profile: str, order: dict[str, Any]) -> dict[str, str]:
    quiet(Path(profile))
    with libreoffice.session(profile, headless=False) as desktop:
        import uno

        how = libreoffice.properties(MacroExecutionMode=ALWAYS)
        document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(order["book"]), "_blank", 0, how)
        document.CurrentController.Frame.ContainerWindow.setPosSize(
            0, 0, order["width"], order["height"], SIZE
        )
        time.sleep(2)
        try:
            return {
                f"{sheet} {caption}": _press(document, sheet, caption, order.get("screenshot", ""))
                for sheet, caption in order["buttons"]
            }
        finally:  # a changed document that is left open would ask whether to save it, and nobody answers
            document.setModified(False)
            document.close(True)


if __name__ == "__main__":
    json.dump(_serve(sys.argv[1], json.load(sys.stdin)), sys.stdout)
