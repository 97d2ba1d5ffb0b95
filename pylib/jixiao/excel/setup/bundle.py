"""Makes an offline folder: Python, this program, the add-in and the workbooks, for computers on a closed network.

The folder is given python.org's embeddable Python for 64-bit Windows, which needs no installing and no administrator.
Excel's own bits do not matter: Python is a program beside it, and xlwings brings a DLL for either.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from jixiao import __version__
from jixiao.books.vba.wrappers import ADDIN_NAME
from jixiao.excel import manual
from jixiao.excel.setup import wheels
from jixiao.excel.setup.install import BUNDLED
from jixiao.excel.setup.machine import Refusal, program_file

LOWEST = (3, 11)
LIST = "清单.txt"
GET = "请从 python.org 下载“Windows embeddable package (64-bit)”，例如 python-3.11.9-embed-amd64.zip。"

# Pure ASCII: Windows reads these files in whatever code page the computer has; what is said in Chinese, Python says.
# No blocks in brackets: a folder named like "a (1)" would end them early. -B: the folder may be on a read-only share.
SCRIPT = """\
@echo off
chcp 65001 >nul
setlocal
set "PY=%~dp0python\\python.exe"
{prefer}"%PY%" -B -X utf8 -m jixiao{command} %*
set "CODE=%ERRORLEVEL%"
if "%~1"=="" pause
exit /b %CODE%
"""
INSTALLED = 'if exist "%LOCALAPPDATA%\\jixiao\\python\\python.exe" set "PY=%LOCALAPPDATA%\\jixiao\\python\\python.exe"\n'
SCRIPTS = {"install": "", "uninstall": "", "doctor": INSTALLED}
"""By command: the examination runs in what is installed, the others in the folder itself."""
DESK = "jixiao"
"""Name of the script by which the treasury runs any command: the folder needs no installing for that."""
TREASURY = "treasury"
"""The extra of this program that holds the libraries of the treasury's desk."""
HELD = {False: "填报、审核", True: "填报、审核和财政汇总（收集、汇总、查询）"}
"""What a folder is for, without and with the libraries of the treasury's desk."""

READ_ME = f"""\
绩效自评 {__version__} 离线安装包（{{held}}）

安装：先关闭 Excel，再双击 install.cmd，看到“已装好”后按任意键。不需要管理员，不需要网络。
     可以放在 U 盘或共享文件夹里，给每台电脑装一次；装好以后这个文件夹可以拿走。
检查：按钮没有出现或不能用时，双击 doctor.cmd，按提示处理。
卸载：双击 uninstall.cmd。填好的工作簿不受影响。
{{more}}
工作簿在“工作簿”文件夹里，说明在“说明”文件夹里。{LIST} 列出每个文件的 SHA-256，供核对。
"""
MORE = {
    False: "这个安装包里没有财政部门收集、汇总要用的程序库；要用的，请向制作的人要“财政汇总”的一份。\n",
    True: "收集和汇总：打开“命令提示符”，进入这个文件夹，运行 jixiao.cmd collect 收回的文件夹 -o 汇总.xlsx，不用先安装。\n",
}


def bundle(
    target: Path, python: Path, source: Path | None, *, treasury: bool = False, say: Callable[[str], object]
) -> int:
    """Make an offline folder.

    Args:
        target: the folder to make; it may exist, empty.
        python: the embeddable Python, zipped or unpacked.
        source: a folder of wheels to use without the net; ``None`` to download them.
        treasury: whether the libraries of the treasury's desk go in, which make it more than twice as large.
        say: told what is being done, in Chinese.

    Returns:
        The number of its files.

    Raises:
        Refusal: something given is not what it should be, or the net is missing; nothing is left behind.
        OSError: a file could not be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refusal(f"“{target}”已经存在，没有改动它。", "请在 -o 后面写一个新的文件夹。")
    if source is not None and not source.is_dir():
        raise Refusal(f"文件夹“{source}”不存在。", "请在 --wheels 后面写存放 .whl 文件的文件夹。")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jixiao-", dir=target.parent) as temporary:
        work = (
            Path(temporary) / "bundle"
        )  # renamed when all is done, so that half a folder is never handed out
        prefix, packages = work / "python", work / "wheels"
        packages.mkdir(parents=True)
        say(f"离线安装包的内容：{HELD[treasury]}。")
        say("正在展开 Python……")
        _python(python, prefix)
        version = _version(prefix)
        say(f"正在{'收集' if source else '下载'}程序库（Windows 64 位，Python {version}）……")
        collected = wheels.collect(packages, version, source, TREASURY if treasury else "")
        say(f"正在展开 {len(collected)} 个程序库……")
        for wheel in collected:
            wheels.unpack(wheel, prefix)
        _let_packages_in(prefix)
        _complete(work, prefix, treasury)
        count = _list(work)
        if target.exists():
            target.rmdir()
        work.rename(target)
    return count


# --- Python ---------------------------------------------------------------------------------------


def _python(given: Path, prefix: Path) -> None:
    """Unpack, or copy, the embeddable Python, and see that it is one."""
    if given.is_dir():
        shutil.copytree(given, prefix)
    elif not given.is_file():
        raise Refusal(f"没有找到“{given}”。", GET)
    elif not zipfile.is_zipfile(given):
        raise Refusal(f"“{given.name}”不是压缩包，或没有下载完整。", GET)
    else:
        with zipfile.ZipFile(given) as file:
            if len({entry.partition("/")[0] for entry in file.namelist()} & {"python.exe"}) == 0:
                raise Refusal(f"“{given.name}”不是免安装的 Python。", GET)
            file.extractall(prefix)
    program = prefix / "python.exe"
    if not program.is_file() or not (prefix / "pythonw.exe").is_file() or len(_paths(prefix)) != 1:
        raise Refusal(f"“{given.name}”不是免安装的 Python。", GET)
    if program_file(program).bits != 64:
        raise Refusal(
            f"“{given.name}”不是 64 位（amd64）的 Python。", f"32 位的 Excel 也用 64 位的 Python。{GET}"
        )
    if tuple(map(int, _version(prefix).split("."))) < LOWEST:
        raise Refusal(f"“{given.name}”的版本 {_version(prefix)} 太低，需要 3.11 或更新的。", GET)


def _paths(prefix: Path) -> list[Path]:
    """The file in which an embeddable Python is told where to look for modules: ``python311._pth``."""
    return [path for path in prefix.glob("python*._pth") if re.fullmatch(r"python3\d+", path.stem)]


def _version(prefix: Path) -> str:
    """``3.11`` of ``python311._pth``."""
    [path] = _paths(prefix)
    return f"3.{path.stem.removeprefix('python3')}"


def _let_packages_in(prefix: Path) -> None:
    r"""Let Python see the packages: as delivered it sees only its own modules.

    ``import site`` also runs pywin32.pth, by which Windows finds pythoncom's DLL without anything being copied.
    """
    [path] = _paths(prefix)
    lines = [line for line in path.read_text("utf-8").splitlines() if "import site" not in line]
    packages = str(wheels.SITE).replace("/", "\\")
    lines = [line for line in lines if line.strip().casefold() != packages.casefold()]
    path.write_text("\n".join([*lines, packages, "import site", ""]), "utf-8", newline="\r\n")


# --- the rest -------------------------------------------------------------------------------------


def _complete(work: Path, prefix: Path, treasury: bool) -> None:
    """Add what people see: commands, workbooks, pages to read."""
    package = prefix / wheels.SITE / "jixiao"
    if not (package / "addin" / ADDIN_NAME).is_file():
        raise Refusal(f"程序里没有加载项 {ADDIN_NAME}。", "请先在项目文件夹运行 jixiao build，再运行本命令。")
    (prefix / BUNDLED).write_text(f"jixiao {__version__}\n", "utf-8")
    for command, prefer in SCRIPTS.items():
        text = SCRIPT.format(command=f" {command}", prefer=prefer)
        (work / f"{command}.cmd").write_text(text, "ascii", newline="\r\n")
    if treasury:
        text = SCRIPT.format(command="", prefer="")
        (work / f"{DESK}.cmd").write_text(text, "ascii", newline="\r\n")
    shutil.copytree(package / "workbook_templates" / "issued", work / "工作簿")
    manual.write(work / "说明")
    _write(work / "先读我.txt", READ_ME.format(held=HELD[treasury], more=MORE[treasury]))


def _list(work: Path) -> int:
    """Write the list of all files with their SHA-256; the number of files, it included."""
    lines = [f"{digest}  {path}" for path, digest in _digests(work)]
    _write(work / LIST, "\n".join([*lines, ""]))
    return len(lines) + 1


def _digests(work: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(work.rglob("*")):
        if path.is_file():
            yield path.relative_to(work).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, text: str) -> None:
    """As Windows' own editor writes Chinese, so that it reads it."""
    path.write_text(text, "utf-8-sig", newline="\r\n")
