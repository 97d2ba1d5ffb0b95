"""What the commands share: exit statuses, refusals, where a file may be written."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jixiao.declarations import Adjustments, Catalogue
from jixiao.strict import CatalogueError

if TYPE_CHECKING:
    from jixiao.filing import Filing
    from jixiao.findings import Finding


OK, OUTSTANDING, UNUSABLE = 0, 1, 2


class Unusable(Exception):  # noqa: N818 - not a fault of the program
    """Arguments or files that cannot be used: cause and remedy."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n{remedy}")


MAX_PROJECTS = 30
STORE = Path("汇总库")
YEARS = range(2000, 2100)


def package_of(code: str, catalogue: Catalogue) -> Any:
    if code not in catalogue.packages:
        raise Unusable(f"没有套表“{code}”。", f"可用的套表有：{'、'.join(catalogue.packages)}。")
    return catalogue.packages[code]


def year_of(year: int) -> int:
    if year not in YEARS:
        raise Unusable(f"年度 {year} 不对。", "请在 --year 后写四位数的年度，例如 2024。")
    return year


def write_file(
    path: Path,
    force: bool,
    write: Callable[[Path], None],
    suffixes: Sequence[str] | None = None,
    say: bool = True,
) -> None:
    """Write a file where none is, unless forced; ``suffixes`` are those it may have, of a workbook by default."""
    if suffixes is None:
        from jixiao.books.build import SUFFIXES

        suffixes = SUFFIXES
    if path.suffix.lower() not in suffixes:
        either = " 或 ".join(suffixes)
        raise Unusable(f"输出文件“{path.name}”不是 {either}。", f"请把 -o 后面的文件名改为以 {either} 结尾。")
    if path.exists() and not force:
        raise already_there(path)
    if not path.parent.is_dir():
        raise Unusable(f"文件夹“{path.parent}”不存在。", "请先建立文件夹，或换一个位置。")
    if path.is_dir():
        raise Unusable(f"“{path}”是文件夹。", "请在 -o 后面写文件名。")
    with writing(path):
        write(path)
    if say:
        print(path)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell of a file that could not be written; an error about another place goes on as it is."""
    try:
        yield
    except PermissionError as error:
        remedy = "请先在 Excel、Word 或 WPS 中关闭该文件；文件夹不能写入的，换一个文件夹。"
        raise Unusable(f"不能写入“{path}”，原有文件没有改动。", remedy) from error
    except OSError as error:
        if error.errno not in REASONS or (error.filename and Path(error.filename).parent != path.parent):
            raise
        cause = f"不能写入“{path}”（{REASONS[error.errno]}），原有文件没有改动。"
        raise Unusable(cause, "请检查磁盘空间和路径，或换一个位置。") from error


def already_there(path: Path) -> Unusable:
    return Unusable(f"文件“{path}”已经存在，没有改动它。", "请换一个文件名，或加 --force 覆盖。")


def filing_in(path: Path, catalogue: Catalogue) -> Filing:
    """A filing from a workbook, or from a case file with all its forms."""
    if path.suffix.lower() in (".yaml", ".yml"):
        from jixiao.books.build import completed
        from jixiao.case import read_case

        filing = read_case(path, catalogue)
        return completed(catalogue.packages[filing.package], filing, catalogue)
    from jixiao.books.read import read

    return read(path, catalogue)


def check_file(
    path: Path, catalogue: Catalogue, own: Adjustments | None = None
) -> tuple[Filing, list[Finding]]:
    """Read and check one workbook; ``own``: what the treasury has set, whatever the workbook carries."""
    from jixiao.adjustments import own_instead
    from jixiao.books.read import read
    from jixiao.check import check

    filing = read(path, catalogue)
    if own_instead(filing, own):
        print(f"注意：“{path.name}”带的下发参数与给出的不同，按给出的审核。", file=sys.stderr)
    return filing, check(filing, catalogue)


REASONS = {
    errno.ENOENT: "文件或文件夹不存在",
    errno.EEXIST: "已有同名的文件",
    errno.ENOTDIR: "路径中有一段是文件，不是文件夹",
    errno.EISDIR: "这是文件夹",
    errno.ENOSPC: "磁盘空间不足",
    errno.EROFS: "磁盘是只读的",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EFBIG: "文件超过了允许的大小",
    getattr(errno, "EDQUOT", errno.ENOSPC): "磁盘空间不足",
}


def explain(error: Exception) -> str:
    from jixiao.books.ooxml.parts import Unreadable
    from jixiao.excel.setup.machine import Refusal
    from jixiao.treasury.errors import DeskError, missing_library

    if isinstance(error, ImportError):
        error = missing_library(error) or error
    if isinstance(error, (Unusable, CatalogueError, Unreadable, Refusal, DeskError)):
        return str(error)
    if isinstance(error, PermissionError):
        return f"没有权限读写“{error.filename}”。\n请先在 Excel/WPS 中关闭该文件，或换一个文件夹。"
    if isinstance(error, OSError):
        reason = REASONS.get(error.errno or 0, error.strerror)
        where = f"“{error.filename}”" if error.filename else ""
        return f"读写文件{where}失败（{reason}）。\n请检查路径和磁盘空间。"
    return f"程序出错（{type(error).__name__}：{error}）。\n请加 --debug 重新运行，并把显示的内容反馈给下发单位。"
