"""The Python that the add-in talks to: started once by xlwings' DLL on Windows, for each press on macOS.

The DLL runs ``pythonw -m jixiao.excel.server {CLSID}`` and expects xlwings' COM object under that CLSID. It is served
from here and not by xlwings' own command line, so that the first formula of the day does not wait for pandas
(:mod:`jixiao.excel.light`) and no path of a workbook becomes part of a program text.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from jixiao.excel.light import xw

SEPARATOR = "\x1f"
"""Between the parts of what goes to and fro: no answer and no message holds it."""


def press(addin: str, dll: str, words: str) -> str:
    """Run one press of a button.

    Args:
        addin: version of the add-in.
        dll: version of xlwings' DLL that the add-in was built for.
        words: the action and all answers so far, joined by :data:`SEPARATOR`.

    Returns:
        Kind, title, text and default of the reply, joined in the same way; never an exception.
    """
    try:
        from jixiao.excel import macros

        problem = macros.handshake(addin, dll)
        reply = ("warn", "绩效自评", problem, "") if problem else macros.press(*words.split(SEPARATOR))
    except Exception as error:  # a damaged installation: the person learns it here or nowhere
        text = (
            f"程序不完整，这一步没有做（{type(error).__name__}）。\n请运行 jixiao doctor 检查，或重新安装。"
        )
        reply = ("warn", "绩效自评", text, "")
    finally:
        _let_go()
    return SEPARATOR.join(part.replace(SEPARATOR, " ") for part in reply)


def _let_go() -> None:
    """Forget the workbook that the add-in passed: a closed one that someone holds stays in Excel as a ghost."""
    desktop: Any = getattr(xw, "_xlwindows", None)
    if desktop is not None:
        desktop.BOOK_CALLER = None


def main(arguments: Sequence[str]) -> None:
    """Serve under a CLSID until Excel ends, or answer one press on the output.

    Args:
        arguments: the CLSID; or, on macOS, ``press``, both versions and the words, behind what xlwings reads for
            itself (``--wb=``, ``--from_xl=``).
    """
    own = [argument for argument in arguments if not argument.startswith("--")]
    if own[:1] == ["press"]:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        print(press(*own[1:4]), end="")
    else:
        import jixiao.excel.functions  # noqa: F401 - so that the first formula waits for one import, not two

        serve: Any = xw.serve
        serve(own[0])


if __name__ == "__main__":
    main(sys.argv[1:])
