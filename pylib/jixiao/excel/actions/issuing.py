"""下发: the treasury's button, which issues one prefilled workbook to every unit of a list."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from jixiao.catalogue import load_catalogue
from jixiao.excel.actions.files import asked_package
from jixiao.excel.actions.reply import Answers, Reply, refuse, say, warn
from jixiao.excel.light import xw

_TITLE = "下发"
OWN = "参数.xlsx"
"""The 参数 workbook that counts when it lies beside the list of units."""
_YEARS = range(2000, 2100)
#: Remarks in one box; the list of what was issued has all of them.
_SHOWN = 5


def issue(book: xw.Book | None, answers: Answers) -> Reply:
    """Issue the package that the button names; what is asked is the list of units, the year and the folder."""
    from jixiao.treasury.issuing.issue import FILE, summary
    from jixiao.treasury.issuing.issue import issue as issue_all
    from jixiao.treasury.parameters import read_parameters

    catalogue = load_catalogue()
    package = asked_package(_TITLE, answers, catalogue)
    units = Path(answers.open(f"{_TITLE}：请选择单位名单（.xlsx）", "请选择单位名单"))
    beside = units.parent / OWN
    own = read_parameters(beside, package.code, catalogue) if beside.is_file() else None
    year = _year(answers.ask(_TITLE, "下发哪个年度的？", str(own.year if own else package.year)))
    if own is not None and own.year != year:
        raise refuse(
            _TITLE,
            f"名单旁边的“{OWN}”是 {own.year} 年度的，不能用来下发 {year} 年度的套表。",
            f"请改正“{OWN}”里的年度，或把它移到别处，再试一次。",
        )
    folder = Path(answers.folder(f"{_TITLE}：工作簿保存到哪个文件夹？", "工作簿保存到哪个文件夹？"))
    app = book.app if book is not None else xw.apps.active

    done = issue_all(
        package.code,
        units,
        folder,
        catalogue,
        year=year,
        adjustments=own,
        jobs=0,  # Excel has started this process, and it must not start others in its name
        show=partial(_counting, app),
    )
    title = package.title.format(year=year)
    remarks = [f"注意：{remark}。" for remark in done.remarks[:_SHOWN]]
    said = summary(done, title)
    if done.failed or done.stopped or done.unlisted:
        failed = "、".join(unit.file for unit in done.failed[:_SHOWN])
        return warn(
            _TITLE,
            f"{said}\n没有做完：{failed or FILE}。",
            "请清理磁盘，或关闭正在打开的文件，再点一次“下发”，接着生成其余的；已生成的保留。",
        )
    return say(
        _TITLE,
        said,
        f"用了名单旁边的“{OWN}”。" if own else "",
        f"保存在：{folder}",
        f"清单：{FILE}，收集时据此催报，请留好。",
        *remarks,
    )


def _year(written: str) -> int:
    year = int(written) if written.isascii() and written.isdigit() else 0
    if year not in _YEARS:
        raise refuse(_TITLE, f"年度“{written}”不对。", "请再点一次“下发”，写四位数的年度，例如 2024。")
    return year


@contextlib.contextmanager
def _counting(app: xw.App | None, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Say in the status bar how far it is; files that are done stay, whatever happens to the others."""
    done = 0
    before = app.status_bar if app is not None else False

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if app is not None:
            app.status_bar = f"绩效自评：{what} {done}/{total}"

    try:
        advance(0)
        yield advance
    finally:
        if app is not None:
            app.status_bar = before or False
