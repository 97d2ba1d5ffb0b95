"""The summary (汇总) of a store: one workbook and one page of the same figures."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from jixiao.declarations import Adjustments, Catalogue
from jixiao.treasury.errors import DeskError
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.summary.book import write_book
from jixiao.treasury.summary.figures import Source, figures
from jixiao.treasury.summary.page import write_page
from jixiao.treasury.summary.reviews import matched, read_reviews
from jixiao.treasury.unitlist import Listed

SUFFIX, PAGE = ".xlsx", ".html"
SUMMARY_NAMES = {SUFFIX: "汇总表", PAGE: "汇总网页"}
_TITLE = "预算绩效自评汇总"
#: What Excel, WPS and LibreOffice put beside a file while it is open.
_OPEN = ("~${}", ".~lock.{}#")
_KEPT = "已审核的结果都在汇总库中，处理后再次运行同一命令即可，不会重新审核没有变化的文件"


def refuse(target: Path) -> None:
    """Say what speaks against writing a summary to ``target``, before any work is done.

    Raises:
        DeskError: no name of a workbook, no folder, open in Excel, or a workbook that is no summary.
    """
    if target.suffix.lower() != SUFFIX:
        raise DeskError(
            f"汇总表的文件名“{target.name}”不是 {SUFFIX}", f"请把 -o 后面的文件名改为以 {SUFFIX} 结尾"
        )
    if target.is_dir():
        raise DeskError(f"“{target}”是文件夹", "请在 -o 后面写文件名")
    if not target.parent.is_dir():
        raise DeskError(f"文件夹“{target.parent}”不存在", "请先建立文件夹，或换一个位置")
    _refuse_open(target)
    read_reviews(target)


def _refuse_open(target: Path) -> None:
    for name in _OPEN:
        mark = target.with_name(name.format(target.name))
        if mark.exists():
            raise DeskError(
                f"“{target.name}”正在 Excel 或 WPS 中打开，没有改动它",
                f"请保存并关闭它再运行同一命令；确实没有打开的，请先删除同一文件夹里的“{mark.name}”",
            )


def write_summary(
    store: Store,
    catalogue: Catalogue,
    target: Path,
    units: Sequence[Listed] = (),
    own: Adjustments | None = None,
) -> list[Path]:
    """Write the summary of a store, workbook and page.

    What reviewers typed into a workbook that is there is taken over into the new one.

    Args:
        store: what was collected.
        catalogue: the declarations.
        target: the workbook; the page stands beside it under the same name.
        units: the list of units that are to file, if there is one.
        own: what the treasury has set, as it was collected with.

    Returns:
        The files written.

    Raises:
        DeskError: a file cannot be written, is open, or is none of ours; what was there is unchanged.
    """
    _refuse_open(target)
    reviews = read_reviews(target)
    source = Source(store, catalogue, own)
    found = figures(source, units)
    page = target.with_suffix(PAGE)
    try:
        write_book(target, source, found, reviews, _TITLE)
    except OSError as error:
        raise _unwritten(target, error) from error
    try:
        write_page(page, found, _TITLE, target.name)
    except OSError as error:
        raise _unwritten(page, error) from error
    return [target, page]


def opinions(
    store: Store, catalogue: Catalogue, target: Path, units: Sequence[Listed] = ()
) -> dict[int, str]:
    """The 复核意见 of the summary that is there, by number of the filing.

    Raises:
        DeskError: it is no summary, or cannot be read.
    """
    reviews = read_reviews(target)
    if not reviews:
        return {}
    taken, _ = matched(reviews, figures(Source(store, catalogue), units).units)
    return {filing: text for filing, review in taken.items() if (text := str(review.opinion).strip())}


def _unwritten(path: Path, error: OSError) -> DeskError:
    if isinstance(error, PermissionError):
        cause = f"不能写入“{path}”（正在 Excel、WPS 或浏览器中打开，或没有写入的权限），原有文件没有改动"
        return DeskError(cause, f"请先关闭该文件，或在 -o 后换一个文件夹；{_KEPT}")
    if error.errno == errno.ENOSPC:
        return DeskError(f"磁盘空间不足，“{path}”没有写完，原有文件没有改动", f"请清理磁盘；{_KEPT}")
    return DeskError(f"“{path}”写入失败，原有文件没有改动", f"请检查磁盘和路径；{_KEPT}")
