"""A private, headless LibreOffice for tests: recalculate a workbook and read it, or print it to PDF.

The `uno` module belongs to the system's Python, which need not be ours, so the work is done by this same file run
as a script there, which serves one order after the other until the tests end; other scripts may use its session in
the same way. Each program has its own profile, because a second soffice on one profile hands over and exits.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = "soffice"
PYTHON_WITH_UNO = "/usr/bin/python3"
REQUIRED = "JIXIAO_REQUIRE_LIBREOFFICE"
START_SECONDS = 120
RUN_SECONDS = 240
RESTART_ME = (79, 81)  # soffice asks for a second start after it has set up its profile
CLOSE_SECONDS = 15
NEVER = 0  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE
#: Sheet -> rows of what its used cells hold.
Values = dict[str, list[list[Any]]]
FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xlsm": "Calc MS Excel 2007 VBA XML",
    ".ods": "calc8",
    ".xls": "MS Excel 97",
    ".pdf": "calc_pdf_Export",
}


@functools.cache
def missing() -> str:
    """Why LibreOffice cannot be used here; empty when it can. Fails instead when the environment requires it."""
    if not shutil.which(PROGRAM):
        reason = "LibreOffice (soffice) is not installed"
    elif subprocess.run([PYTHON_WITH_UNO, "-c", "import uno"], capture_output=True, check=False).returncode:
        reason = f"{PYTHON_WITH_UNO} has no uno module (package python3-uno)"
    else:
        return ""
    if os.environ.get(REQUIRED) == "1":
        raise RuntimeError(f"{reason}, but {REQUIRED}=1")
    return reason


def recalculate(book: Path, locale: str = "zh-CN", save: Path | None = None) -> Values:
    """Load a workbook, calculate every formula anew and return the used cells of each sheet.

    Args:
        book: an .xlsx or .xlsm file.
        locale: the locale of the program, "zh-CN" or "en-US".
        save: where to store the recalculated workbook, if anywhere.

    Returns:
        Sheet name -> rows of numbers, texts ("" for empty cells) and, for errors, {"error": code}.
    """
    order = {"task": "recalculate", "book": str(book), "save": str(save) if save else None}
    return dict(_program(locale).ask(order)["sheets"])


def convert_to_pdf(book: Path, pdf: Path, locale: str = "zh-CN") -> None:
    """Recalculate a workbook and print it to `pdf`."""
    _program(locale).ask({"task": "pdf", "book": str(book), "save": str(pdf)})
    if not pdf.exists():  # the export can fail without saying so
        raise RuntimeError(f"LibreOffice wrote no {pdf.name}")


def change(book: Path, target: Path, script: Path | None = None, edit: str = "") -> None:
    """Open a workbook, do one of the `EDITS` of a script to it, recalculate it and store it as `target`."""
    order = {"task": "change", "book": str(book), "save": str(target), "edit": edit}
    _program("zh-CN").ask(order | ({"script": str(script)} if script else {}))


class _Program:
    """A LibreOffice that stays: it takes an order a line, and answers each with a line."""

    def __init__(self, locale: str) -> None:
        self._profile = profile_folder()
        set_locale(Path(self._profile.name), locale)
        self._process = subprocess.Popen(
            [PYTHON_WITH_UNO, __file__, self._profile.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        overdue = threading.Timer(RUN_SECONDS, self._process.kill)
        overdue.start()
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        finally:
            overdue.cancel()
        if not line:
            _program.cache_clear()  # the next test gets another
            raise RuntimeError("LibreOffice has ended")
        answer = dict(json.loads(line))
        if failure := answer.get("failure"):
            raise RuntimeError(f"LibreOffice failed: {failure[-2000:]}")
        return answer

    def close(self) -> None:
        self._process.communicate()  # the end of its input ends it
        self._profile.cleanup()


@functools.cache
def _program(locale: str) -> _Program:
    program = _Program(locale)
    atexit.register(program.close)
    return program


def run(script: Path, order: dict[str, Any], locale: str = "zh-CN") -> dict[str, Any]:
    """Run a script under the Python that has uno, with a profile of its own.

    The script gets the folder of the profile as its argument and the order as JSON on its input; it opens a
    `session` and answers in JSON on its output.
    """
    with profile_folder() as profile:
        set_locale(Path(profile), locale)
        done = subprocess.run(
            [PYTHON_WITH_UNO, str(script), profile],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"LibreOffice failed: {done.stderr.strip()[-2000:]}")
    return dict(json.loads(done.stdout))


def profile_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for a profile; a program that had to be killed may still be writing into it when it goes."""
    return tempfile.TemporaryDirectory(prefix="jixiao-lo-", ignore_cleanup_errors=True)


def set_locale(profile: Path, locale: str) -> None:
    path = "/org.openoffice.Setup/L10N"
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir()
    settings.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        f'<item oor:path="{path}"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
        f"<value>{locale}</value></prop></item></oor:items>\n",
        encoding="utf-8",
    )


# --- below runs under the Python that has uno ----------------------------------------------------------------


def _start(profile: str, headless: bool) -> tuple[Any, subprocess.Popen[bytes]]:
    import uno
    from com.sun.star.connection import NoConnectException

    pipe = "jixiao" + uuid.uuid4().hex
    command = [
        PROGRAM,
        f"-env:UserInstallation={Path(profile).as_uri()}",
        *(["--headless"] if headless else []),
        *("--norestore", "--nologo", "--nodefault", "--nofirststartwizard", "--nolockcheck"),
        f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext",
    ]

    def spawn() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    process = spawn()
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            return desktop, process
        except NoConnectException:
            if process.poll() in RESTART_ME:
                process = spawn()
            elif process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise
            time.sleep(0.05)


def _values(sheet: Any) -> list[list[Any]]:
    from com.sun.star.sheet.FormulaResult import ERROR as FORMULA_ERROR

    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)
    last = cursor.RangeAddress
    area = sheet.getCellRangeByPosition(0, 0, last.EndColumn, last.EndRow)
    rows = [list(row) for row in area.getDataArray()]
    for part in area.queryFormulaCells(FORMULA_ERROR).RangeAddresses:
        for row in range(part.StartRow, part.EndRow + 1):
            for column in range(part.StartColumn, part.EndColumn + 1):
                rows[row][column] = {"error": sheet.getCellByPosition(column, row).getError()}
    return rows


@contextmanager
def session(profile: str, headless: bool = True) -> Iterator[Any]:
    """The desktop of a LibreOffice of our own, which ends with the block; without ``headless`` it has windows."""
    import uno  # noqa: F401 - makes com.sun.star importable
    from com.sun.star.lang import DisposedException

    desktop, process = _start(profile, headless)
    try:
        yield desktop
    finally:
        try:
            desktop.terminate()
            process.wait(CLOSE_SECONDS)
        except (DisposedException, subprocess.TimeoutExpired):
            process.kill()
            process.wait()


def properties(**named: Any) -> tuple[Any, ...]:
    import uno  # noqa: F401 - makes com.sun.star importable
    from com.sun.star.beans import PropertyValue

    return tuple(PropertyValue(Name=name, Value=value) for name, value in named.items())


def load(desktop: Any, book: str) -> Any:
    """Open a workbook without a window, with macros off."""
    import uno

    how = properties(Hidden=True, MacroExecutionMode=NEVER)
    return desktop.loadComponentFromURL(uno.systemPathToFileUrl(book), "_blank", 0, how)


def store(document: Any, path: str) -> None:
    """Write an open workbook in the format that the name ends with."""
    import uno

    kind = FILTERS[Path(path).suffix]
    document.storeToURL(uno.systemPathToFileUrl(path), properties(FilterName=kind, Overwrite=True))


@functools.cache
def _edits(script: str) -> dict[str, Any]:
    return dict(runpy.run_path(script)["EDITS"])


def _obey(desktop: Any, order: dict[str, Any]) -> dict[str, Any]:
    document = load(desktop, order["book"])
    try:
        if "script" in order:
            _edits(order["script"])[order["edit"]](document)
        document.calculateAll()
        sheets = {}
        if order["task"] == "recalculate":
            sheets = {name: _values(document.Sheets.getByName(name)) for name in document.Sheets.ElementNames}
        if order["save"]:
            store(document, order["save"])
        return {"sheets": sheets}
    finally:
        document.close(True)


def _serve(profile: str) -> None:
    with session(profile) as desktop:
        for line in sys.stdin:
            try:
                answer = _obey(desktop, json.loads(line))
            except Exception:
                answer = {"failure": traceback.format_exc()}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
