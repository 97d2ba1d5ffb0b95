"""新建套表, 从上年结转, 生成上报件 and 导出报告: the buttons that write a file."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jixiao.books.annotate import verdict
from jixiao.books.ooxml.parts import Unreadable
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.reply import Answers, Reply, refuse, say
from jixiao.excel.light import xw
from jixiao.excel.personal import documents
from jixiao.findings import status

MACROS, PLAIN, DOCUMENT = ".xlsm", ".xlsx", ".docx"
#: Windows allows none of these in a file name.
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def new(book: xw.Book | None, answers: Answers) -> Reply:
    """A new blank workbook of the package that the button names; it is opened."""
    from jixiao.books.build import blank, build

    title = "新建套表"
    catalogue = load_catalogue()
    code = answers.fixed()
    package = catalogue.packages.get(code)
    if package is None:
        raise refuse(
            title,
            f"这个程序里没有套表“{code}”，程序和加载项不是同一个版本。",
            "请关闭 Excel，重新安装（jixiao install）后再试。",
        )
    name = package.title.format(year=package.year)
    unit = answers.ask(title, f"{name}\n请填写单位全称（与公章一致）：")
    if not unit:
        raise refuse(title, "没有填写单位名称，没有新建文件。", "请再点一次“新建套表”，填写单位全称。")
    proposed = documents() / (_FORBIDDEN.sub("", f"{unit}{package.year}年度绩效自评") + MACROS)
    path = _new_file(answers, title, f"{name}保存在哪里？", proposed)
    try:
        build(package, blank(package, unit), catalogue, path)
    except OSError as error:
        raise refuse(title, f"不能写入“{path}”。", "请换一个文件夹（例如“文档”），再试一次。") from error
    return _opened(book, title, path, "请先在首页核对填报单位、登记项目，再填各表的黄色单元格。")


def roll_over(book: xw.Book | None, answers: Answers) -> Reply:
    """Next year's workbook from last year's, which is chosen and only read, as it was saved; the new one is opened."""
    from jixiao.rollover import NotRolledError, rollover, summary

    title = "从上年结转"
    old = Path(answers.open(title, "请选择上年填好的工作簿"))
    catalogue = load_catalogue()
    filing = read(old, catalogue)
    name = _FORBIDDEN.sub("", f"{filing.unit or old.stem}{filing.year + 1}年度绩效自评") + MACROS
    path = _new_file(answers, title, f"{filing.year + 1} 年度的工作簿保存在哪里？", old.parent / name)
    try:
        rolled = rollover(old, path, catalogue)
    except NotRolledError as error:
        raise refuse(title, f"{error.cause}。", f"{error.remedy}。") from error
    except OSError as error:
        raise refuse(title, f"不能写入“{path}”。", "请换一个文件夹（例如“文档”），再试一次。") from error
    return _opened(book, title, path, f"{summary(rolled, catalogue)}\n请核对带入的内容，再逐项填报。")


def _new_file(answers: Answers, title: str, question: str, proposed: Path) -> Path:
    """Where a new workbook goes; asked again while a file of that name is there."""
    while True:
        path = _path(answers.save(title, question, str(proposed)), (MACROS, PLAIN))
        if not path.exists():
            return path
        question = f"“{path.name}”已经存在，没有改动它。请换一个文件名："
        proposed = path


def _opened(book: xw.Book | None, title: str, path: Path, next_step: str) -> Reply:
    """Open a workbook that was just made, where an Excel is running, and say so."""
    app = book.app if book is not None else xw.apps.active
    if app is None:
        return say(title, f"已新建：{path}", "请打开它开始填报。")
    app.books.open(str(path))
    return say(title, f"已新建并打开：{path}", next_step)


def _path(answer: str, suffixes: tuple[str, ...]) -> Path:
    """The file that the person chose, with one of the suffixes that it may have."""
    path = Path(answer)
    return path if path.suffix.lower() in suffixes else path.with_name(path.name + suffixes[0])


def hand_in(book: xw.Book, answers: Answers) -> Reply:
    """The workbook that is handed in: made from a copy, without macros; the open workbook stays as it is."""
    from jixiao.books import handin, live
    from jixiao.check import check

    title = "生成上报件"
    catalogue = load_catalogue()
    opened = live.LiveWorkbook(book)
    filing = opened.read(catalogue)
    findings = check(filing, catalogue)
    if status(findings) != "通过":
        answers.confirm(
            title,
            f"{verdict(findings)}。"
            + ("仍有强制性问题，财政部门会退回。" if status(findings) == "未通过" else ""),
            "仍要生成上报件吗？",
        )
    own = opened.path
    proposed = _beside(own, f"{filing.unit or own.stem}{filing.year}年度绩效自评（上报）{PLAIN}")
    target = _path(answers.save(title, "上报件保存在哪里？", str(proposed)), (PLAIN,))
    if target.name.lower() in {each.name.lower() for each in book.app.books}:
        raise refuse(
            title,
            f"“{target.name}”正在 Excel 中打开；上报件不能覆盖正在填报的工作簿。",
            "请换一个文件名；打开的是以前的上报件的，先关闭它再试。",
        )
    if target.exists():
        answers.confirm(title, f"“{target.name}”已经存在，替换它吗？")
    with (
        _telling(book, "绩效自评：正在生成上报件……"),
        tempfile.TemporaryDirectory(prefix="jixiao-") as temporary,
    ):
        copy = Path(temporary) / f"copy{own.suffix or MACROS}"
        _save_copy(book, copy, title)
        try:
            result = handin.hand_in(copy, target, catalogue)
        except Unreadable as error:
            raise refuse(title, f"没有生成上报件：{error.cause}。", f"{error.remedy}。") from error
        except OSError as error:
            raise refuse(title, f"不能写入“{target}”。", "请关闭同名文件，或换一个文件夹再试。") from error
    return say(
        title,
        f"已生成上报件：{target}",
        f"状态：{verdict(result.findings)}。",
        f"打印时隐藏了 {result.hidden} 个没有填写的行。" if result.hidden else "",
        f"自己写的函数公式改成了数值：{'、'.join(result.valued)}。" if result.valued else "",
        "上报件不带宏和按钮；要改，请改现在打开的这份工作簿，再重新生成。",
    )


def report(book: xw.Book, answers: Answers) -> Reply:
    """The Word report of the workbook as it stands, unsaved changes included."""
    from jixiao.books import live
    from jixiao.word.report import export

    title = "导出报告"
    catalogue = load_catalogue()
    opened = live.LiveWorkbook(book)
    filing = opened.read(catalogue)
    own = opened.path
    proposed = _beside(own, f"{filing.unit or own.stem}{filing.year}年度绩效自评报告{DOCUMENT}")
    target = _path(answers.save(title, "报告保存在哪里？", str(proposed)), (DOCUMENT,))
    if target.exists():
        answers.confirm(title, f"“{target.name}”已经存在，替换它吗？在 Word 里改过的内容会丢失。")
    with _telling(book, "绩效自评：正在导出报告……"):
        try:
            export(filing, catalogue, target)
        except OSError as error:
            raise refuse(
                title, f"不能写入“{target}”。", "请在 Word 中关闭同名文件，或换一个文件夹再试。"
            ) from error
    unread = sum(len(sheet.problems) for sheet in filing.sheets)
    return say(
        title,
        f"已导出报告：{target}",
        f"有 {unread} 处没有读出来，报告里空着；点“审核”查看是哪里。" if unread else "",
        "请用 Word 或 WPS 打开，核对后打印。要改内容，请改工作簿，再重新导出。",
    )


def _beside(own: Path, name: str) -> Path:
    """Where a file that is made from a workbook is proposed to be saved."""
    return (own.parent if own.is_absolute() else documents()) / _FORBIDDEN.sub("", name)


@contextlib.contextmanager
def _telling(book: xw.Book, text: str) -> Iterator[None]:
    """Say in the status bar what takes its time. Calculation stays as it is: a copy saves its mode too."""
    app = book.app
    before = app.status_bar
    app.status_bar = text
    try:
        yield
    finally:
        app.status_bar = before or False


def _save_copy(book: xw.Book, copy: Path, title: str) -> None:
    """Write the workbook as it stands now, unsaved changes included, beside what is saved of it."""
    if sys.platform != "darwin":
        book.api.SaveCopyAs(str(copy))
        return
    # Excel for Mac writes only where the person has allowed it to, so the workbook itself is saved and copied.
    if not Path(book.fullname).is_absolute():
        raise refuse(title, "这份工作簿还没有保存过。", "请先保存，再生成上报件。")
    book.save()
    shutil.copyfile(book.fullname, copy)
