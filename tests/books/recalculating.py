"""One LibreOffice that recalculates many workbooks, one after the other, with macros off.

Its work is done by this same file run as a script under the Python that has uno.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this file also runs as a script
import libreoffice

Values = dict[str, list[list[Any]]]
NEVER = 0  # com.sun.star.document.MacroExecMode.NEVER_EXECUTE


@contextmanager
def recalculator(locale: str = "zh-CN") -> Iterator[Callable[[Path], Values]]:
    """A function that calculates every formula of a workbook anew and returns the used cells of each sheet."""
    with tempfile.TemporaryDirectory(prefix="jixiao-lo-") as profile:
        libreoffice.set_locale(Path(profile), locale)
        process = subprocess.Popen(
            [libreoffice.PYTHON_WITH_UNO, __file__, profile],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

        def recalculate(book: Path) -> Values:
            assert process.stdin and process.stdout
            print(book, file=process.stdin, flush=True)
            answer = process.stdout.readline()
            assert answer, "LibreOffice has ended"
            return dict(json.loads(answer))

        try:
            yield recalculate
        finally:
            process.communicate()  # the end of its input ends it


def _serve(profile: str) -> None:
    with libreoffice.session(profile) as desktop:
        import uno

        for line in sys.stdin:
            url = uno.systemPathToFileUrl(line.rstrip("\n"))
            how = libreoffice.properties(Hidden=True, MacroExecutionMode=NEVER)
            document = desktop.loadComponentFromURL(url, "_blank", 0, how)
            document.calculateAll()
            sheets = {
                name: libreoffice._values(document.Sheets.getByName(name))
                for name in document.Sheets.ElementNames
            }
            document.close(True)
            print(json.dumps(sheets), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
