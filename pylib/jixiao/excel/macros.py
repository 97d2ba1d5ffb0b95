"""What the buttons do: :func:`press` runs one action and says what the add-in is to show (docs/decisions/0015).

Every error becomes a message in Chinese with its remedy; what nobody foresaw is written into the person's record
file. Nothing is kept between two presses.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from jixiao import __version__
from jixiao.books.application import ExcelError, raising_ours
from jixiao.books.ooxml.parts import Unreadable
from jixiao.excel import personal
from jixiao.excel.actions import audit, files, info, issuing, projects, repair, rows, snapshot, walk
from jixiao.excel.actions.reply import Answers, Reply, Stop, refuse, warn
from jixiao.excel.light import xw
from jixiao.strict import CatalogueError
from jixiao.treasury.errors import DeskError, missing_library

Needs = Literal["any", "book", "form"]


class Action(NamedTuple):
    """One button: its name, what does it, and when it can be pressed.

    ``needs``: ``any`` always; ``book`` when an issued workbook is active; ``form`` when one of its forms is.
    """

    label: str
    run: Callable[[Any, Answers], Reply]
    needs: Needs


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "new": Action("新建套表", files.new, "any"),
        "rollover": Action("从上年结转", files.roll_over, "any"),
        "issue": Action("下发", issuing.issue, "any"),
        "check": Action("审核", audit.check, "book"),
        "previous": Action("上一条", walk.preceding, "book"),
        "next": Action("下一条", walk.following, "book"),
        "restore": Action("恢复上次审核前", snapshot.restore, "book"),
        "guide": Action("填写说明", info.guide, "book"),
        "add_project": Action("增加项目表", projects.add, "book"),
        "add_row": Action("增加指标行", rows.add, "form"),
        "delete_row": Action("删除指标行", rows.delete, "form"),
        "formulas": Action("恢复公式", repair.formulas, "form"),
        "heights": Action("调整行高", repair.heights, "form"),
        "hand_in": Action("生成上报件", files.hand_in, "book"),
        "report": Action("导出报告", files.report, "book"),
        "help": Action("帮助", info.manual, "any"),
        "doctor": Action("自检", info.doctor, "any"),
        "about": Action("关于", info.about, "any"),
    }
)
"""Every button there is."""


def press(action: str, *answers: str) -> tuple[str, str, str, str]:
    """Run an action of a button.

    Args:
        action: a key of :data:`ACTIONS`.
        answers: what the person answered so far, in the order of the questions.

    Returns:
        (kind, title, text, default) of a :class:`~jixiao.excel.actions.reply.Reply`; never an exception.
    """
    reply = _reply(action, answers)
    return reply.kind, reply.title, reply.text, reply.default


def _reply(action: str, answers: Sequence[str]) -> Reply:
    known = ACTIONS.get(action)
    if known is None:
        return warn(
            "绩效自评",
            f"这个程序没有“{action}”功能：加载项比程序新。",
            "请关闭 Excel，更新程序并重新安装（jixiao install）后再试。",
        )
    try:
        return _run(known, answers)
    except Stop as stop:
        return stop.reply
    except (ExcelError, Unreadable, DeskError) as error:
        return warn(known.label, f"{error.cause}。", f"{error.remedy}。")
    except CatalogueError as error:
        return warn(known.label, f"程序自带的表样或规则有误：{error}", "请重新安装程序。")
    except ImportError as error:
        missing = missing_library(error)
        if missing is None:
            return _unforeseen(known.label, error)
        return warn(known.label, f"{missing.cause}。", f"{missing.remedy}。")
    except Exception as error:
        return _unforeseen(known.label, error)


def _run(action: Action, answers: Sequence[str]) -> Reply:
    with raising_ours():
        book = active_book()
        if book is None and action.needs != "any":
            raise refuse(action.label, "没有打开的工作簿。", "请先打开下发的绩效自评工作簿，再点按钮。")
        if book is not None and action.needs != "any" and book.app.calculation == "manual":
            book.app.calculate()  # where everything stands is itself calculated
        return action.run(book, Answers(answers))


def active_book() -> xw.Book | None:
    """The workbook that the person has in front, as the add-in or a test says; ``None`` without one."""
    try:
        return xw.Book.caller()
    except Exception as error:
        if "Book.caller()" in str(error) or isinstance(error, AttributeError):
            return None  # nobody has named one: xlwings has no exception of its own for that
        raise


def handshake(addin_version: str, dll_version: str) -> str:
    """Whether add-in, program and DLL belong together.

    Args:
        addin_version: that of the program which built the add-in.
        dll_version: that of the xlwings whose DLL the add-in has loaded.

    Returns:
        "", or what is wrong and what to do about it.
    """
    if addin_version != __version__:
        return (
            f"加载项是 {addin_version} 版，程序是 {__version__} 版，两者不能一起使用。\n"
            "请关闭全部 Excel 窗口，运行“jixiao install”（离线安装包双击 install.cmd），再打开 Excel。"
        )
    installed = importlib.metadata.version("xlwings")
    if dll_version != installed:
        return (
            f"加载项使用的 xlwings 动态库是 {dll_version} 版，程序用的是 {installed} 版，两者不能一起使用。\n"
            "请关闭全部 Excel 窗口，运行“jixiao install”（离线安装包双击 install.cmd），再打开 Excel。"
        )
    return ""


def _unforeseen(label: str, error: Exception) -> Reply:
    path = personal.record(label, error)
    where = f"，并把“{path}”发给下发单位" if path else ""
    return warn(
        label,
        f"程序出错，“{label}”没有完成。",
        f"请保存并重新打开工作簿，再试一次；仍然这样的，请点“自检”{where}。",
    )
