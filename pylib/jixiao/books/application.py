"""Excel as a program that somebody is using: what it refuses, and that it is left as it was."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

#: The errors a cell can hold, as xlwings writes them.
ERRORS = frozenset(
    {
        "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!",
        "#CONNECT!", "#BLOCKED!", "#UNKNOWN!", "#FIELD!", "#CALC!", "#EXTERNAL!", "#PYTHON!", "#BUSY!",
    }
)  # fmt: skip
#: VBA_E_IGNORE (0x800AC472: a cell is being edited) and RPC_E_CALL_REJECTED (a dialogue is open).
_BUSY = frozenset({-2146777998, -2147418111})
#: How often xlwings tries a call again that Excel rejects; by itself it never gives up.
_ATTEMPTS = 40


class ExcelError(Exception):
    """Excel cannot do now what is asked of it: why, and what the person can do."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}。{remedy}。")
        self.cause, self.remedy = cause, remedy


class BusyError(ExcelError):
    """A cell is being edited or a dialogue is open."""

    def __init__(self) -> None:
        super().__init__(
            "Excel 正忙：有单元格正在编辑，或有对话框没有关闭",
            "请按回车键或 Esc 键结束编辑、关闭对话框，再点一次按钮",
        )


class LockedError(ExcelError):
    """A sheet is protected with a password that only its owner knows."""

    def __init__(self, sheet: str) -> None:
        super().__init__(
            f"工作表“{sheet}”设置了保护密码，不能写入，没有改动任何内容",
            "请在“审阅—撤销工作表保护”中输入密码撤销保护后再试",
        )


def _codes(error: BaseException) -> set[Any]:
    """The result codes that a COM error carries: its own and that of the program that raised it."""
    details = getattr(error, "excepinfo", None)
    return {getattr(error, "hresult", None), details[5] if details and len(details) > 5 else None}


@contextlib.contextmanager
def raising_ours() -> Iterator[None]:
    """Turn Excel's refusal to be disturbed into :class:`BusyError`; other errors pass.

    xlwings repeats a rejected call for ever, and Excel would seem to hang: here it is told to give up.
    """
    if sys.platform == "win32":
        from xlwings import _xlwindows

        _xlwindows.N_COM_ATTEMPTS = _ATTEMPTS
    try:
        yield
    except ExcelError:
        raise
    except Exception as error:
        if _codes(error) & _BUSY or type(error).__name__ == "ExcelBusyError":
            raise BusyError from error
        raise
