"""Excel as a program that somebody is using: what it refuses, and that it is left as it was."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xlwings as xw

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


@contextlib.contextmanager
def settled(app: xw.App) -> Iterator[None]:
    """Let nothing flicker, recalculate or react to events, and leave everything as it was, whatever happens.

    Who calculates by hand gets one calculation before and one after: no figure that is read or shown may be stale.

    Raises:
        BusyError: Excel is editing a cell or showing a dialogue.
    """
    with raising_ours(), contextlib.ExitStack() as afterwards:
        # Undone in the reverse order: the screen last.
        _put_back(afterwards, _setter(app, "screen_updating"), app.screen_updating)
        app.screen_updating = False
        _put_back(afterwards, _setter(app, "enable_events"), app.enable_events)
        app.enable_events = False
        _put_back(afterwards, _setter(app, "status_bar"), app.status_bar or False)
        active, selection = app.books.active.sheets.active, app.selection
        if selection is not None:
            _put_back(afterwards, lambda cells: cells.select(), selection)
        _put_back(afterwards, lambda sheet: sheet.activate(), active)
        calculation = app.calculation
        if calculation == "manual":
            app.calculate()
            _put_back(afterwards, lambda _: app.calculate(), None)
        else:
            _put_back(afterwards, _setter(app, "calculation"), calculation)
            app.calculation = "manual"
        yield


def _setter(app: xw.App, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(app, name, value)


def _put_back(afterwards: contextlib.ExitStack, put: Callable[[Any], None], value: Any) -> None:
    """Put a setting back at the end; one that fails must not keep the others from it."""

    def attempt() -> None:
        with contextlib.suppress(Exception):
            put(value)

    afterwards.callback(attempt)


# ---------------------------------------------------------------------------------------------------------- protection

ISSUED_RIGHTS = ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows")
"""What every issued sheet allows although it is protected, as XlsxWriter names it."""
#: What a protected sheet may allow, in the order in which Worksheet.Protect takes it.
_ALLOWED = (
    "AllowFormattingCells",
    "AllowFormattingColumns",
    "AllowFormattingRows",
    "AllowInsertingColumns",
    "AllowInsertingRows",
    "AllowInsertingHyperlinks",
    "AllowDeletingColumns",
    "AllowDeletingRows",
    "AllowSorting",
    "AllowFiltering",
    "AllowUsingPivotTables",
)


@contextlib.contextmanager
def unlocked(sheets: Sequence[xw.Sheet]) -> Iterator[None]:
    """Take the protection from sheets and put it back exactly as it was, whatever happens.

    Raises:
        LockedError: one of them has a password; all of them are as they were.
        BusyError: Excel is editing a cell or showing a dialogue.
    """
    with raising_ours(), contextlib.ExitStack() as afterwards:
        for sheet in sheets:
            protect = _unprotect(sheet)
            if protect is not None:
                afterwards.callback(protect)
        yield


def _unprotect(sheet: xw.Sheet) -> Callable[[], None] | None:
    """Take the protection from a sheet; returns what puts it back, ``None`` when there was none."""
    if sys.platform == "darwin":
        return _unprotect_on_macos(sheet)
    own = sheet.api
    if not own.ProtectContents:
        return None
    allowed = own.Protection
    options = [own.ProtectDrawingObjects, True, own.ProtectScenarios, own.ProtectionMode]
    options += [getattr(allowed, name) for name in _ALLOWED]
    selectable = own.EnableSelection

    def protect() -> None:
        own.Protect("", *options)
        own.EnableSelection = selectable

    try:
        own.Unprotect("")  # without an argument Excel would ask the person for the password
    except Exception as error:
        if _codes(error) & _BUSY:
            raise
        raise LockedError(sheet.name) from error
    if own.ProtectContents:
        raise LockedError(sheet.name)
    return protect


def _unprotect_on_macos(sheet: xw.Sheet) -> Callable[[], None] | None:
    """The same through AppleScript, which does not tell what was allowed: as issued, rows and formats."""
    own = sheet.api
    if not own.protect_contents.get():
        return None
    own.unprotect(password="")
    if own.protect_contents.get():
        raise LockedError(sheet.name)

    def protect() -> None:
        own.protect_worksheet(**{_on_macos(right): True for right in ISSUED_RIGHTS})

    return protect


def _on_macos(right: str) -> str:
    """AppleScript's name of a right: ``allow_inserting_rows`` for ``insert_rows``."""
    verb, what = right.split("_")
    return f"allow_{ {'format': 'formatting', 'insert': 'inserting', 'delete': 'deleting'}[verb] }_{what}"
