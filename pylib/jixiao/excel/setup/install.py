"""Puts the add-in on this computer for the person who runs it, and takes it away without a trace.

Everything lies in one folder, ``%LOCALAPPDATA%\\jixiao``: it belongs to this person and this computer (the add-in names
this computer's Python, so it must not travel with a roaming profile), needs no administrator, and can be trusted and
removed as a whole, which Excel's common AddIns folder cannot. What is done in the registry can be found again by the
add-in's name and folder; so a halt half-way is mended by installing again, and uninstalling needs no record.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from jixiao import __version__, resources
from jixiao.books.vba.wrappers import ADDIN_NAME
from jixiao.excel.setup import office
from jixiao.excel.setup.machine import Machine, Refusal
from jixiao.excel.setup.registry import exists

TITLE = "绩效自评"
BUNDLED = "jixiao-bundle.txt"
"""Lies beside the Python of an offline folder: that Python is copied, since the folder may go away."""

APPS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\jixiao"
"""Where Windows lists programs under 应用."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything lies."""

    home: Path

    @property
    def folder(self) -> Path:
        """The only folder that Excel is told to trust."""
        return self.home / "addin"

    @property
    def addin(self) -> Path:
        return self.folder / ADDIN_NAME

    @property
    def python(self) -> Path:
        """The Python that came with an offline folder."""
        return self.home / "python"

    @property
    def record(self) -> Path:
        return self.home / "install.json"


@dataclass(frozen=True, slots=True)
class Record:
    """What was installed; written before anything is done, and again when all is done."""

    version: str
    python: str
    """``pythonw.exe``, whole path."""
    dll: str
    """The folder of xlwings' DLLs."""
    excel: tuple[str, ...]
    """The versions of Office it was registered with."""
    complete: bool


def places(machine: Machine) -> Places:
    """Return where the add-in is, or would be.

    Raises:
        Refusal: this is not Windows, or not a person's session.
    """
    if machine.system == "Darwin":
        raise Refusal(
            "“jixiao install”用于 Windows，这是苹果电脑。",
            "工作簿不装加载项也能填写和审核（jixiao check）；苹果电脑上的按钮尚未经过实机试用，办法见 docs/安装.md。",
        )
    if machine.system != "Windows":
        raise Refusal(
            "加载项只能装在 Windows 电脑的 Excel 里，这台电脑不是 Windows。",
            "工作簿不装加载项也能填写，审核请运行 jixiao check 文件名。",
        )
    local = machine.environment.get("LOCALAPPDATA")
    if not local:
        raise Refusal("找不到您的个人文件夹（LOCALAPPDATA）。", "请用自己的账号登录 Windows 后再安装。")
    return Places(Path(local) / "jixiao")


def read_record(machine: Machine) -> Record | None:
    """Return what was installed; ``None`` when nothing was, or nobody can tell."""
    try:
        data = json.loads(places(machine).record.read_text("utf-8"))
        return Record(
            str(data["version"]),
            str(data["python"]),
            str(data["dll"]),
            tuple(data["excel"]),
            data["complete"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def dll_names(version: str) -> dict[int, str]:
    """Return the names of xlwings' DLLs by bits: Excel loads the one of its own."""
    return {bits: f"xlwings{bits}-{version}.dll" for bits in (64, 32)}


def dll_folder(machine: Machine) -> Path | None:
    """Find xlwings' DLLs; pip puts them beside python.exe, or beside a person's own packages."""
    names = set(dll_names(machine.version("xlwings")).values())
    listed = [file.parent for file in machine.files("xlwings") if file.name in names]
    for folder in (machine.prefix, *listed):
        if any((folder / name).is_file() for name in names):
            return folder
    return None


# --- install --------------------------------------------------------------------------------------


def install(machine: Machine, *, force: bool = False) -> Record:
    """Put the add-in on this computer, or bring it up to this version.

    Args:
        force: even if Excel is open.

    Raises:
        Refusal: it cannot be done as things are; nothing has been changed.
        OSError: a file or a key could not be written; doing it again goes on from there.
    """
    at = places(machine)
    source = resources.ADDIN / ADDIN_NAME
    found = _ready(machine, source, force)
    folder = dll_folder(machine)
    if folder is None:
        raise Refusal(
            f"缺少连接文件 {dll_names(machine.version('xlwings'))[machine.bits]}，可能被杀毒软件删除了。",
            f"{REINSTALL}。",
        )
    python = machine.python
    copied = (machine.prefix / BUNDLED).is_file() and machine.prefix != at.python
    if copied:  # from the offline folder, which may lie on a stick or a share, to this computer
        python = at.python / python.relative_to(machine.prefix)
        folder = at.python / folder.relative_to(machine.prefix)
    record = Record(__version__, str(python), str(folder), tuple(found), False)
    _write_record(at, record)
    if copied:
        _settle(machine.prefix, at.python)

    from jixiao.excel.addin import configure  # brings what packs VBA, which uninstalling does without

    at.folder.mkdir(exist_ok=True)
    fresh = at.addin.with_suffix(".new")
    configure(source, fresh, {"python": str(python), "dll": str(folder), "version": __version__})
    fresh.replace(at.addin)
    remove_mark(at.addin)
    for version in found:
        office.trust(machine.registry, version, at.folder, f"{TITLE}加载项", str(datetime.date.today()))
        office.register(machine.registry, version, at.addin)
    _list_app(machine, at, python)
    record = Record(record.version, record.python, record.dll, record.excel, True)
    _write_record(at, record)
    return record


REINSTALL = "请在杀毒软件的隔离区恢复它并加入信任，再重新安装一次"


def _ready(machine: Machine, source: Path, force: bool) -> list[str]:
    """The versions of Excel to install for, once nothing stands against it."""
    if from_store(machine):
        raise Refusal(
            "这个 Python 是从微软应用商店装的，Excel 不能使用它。",
            "请改用离线安装包，或从 python.org 安装 Python 后再试。",
        )
    found = office.versions(machine.registry)
    if not found:
        raise Refusal(
            "这台电脑上没有找到 Excel 2010 或更新的版本。",
            "请先安装 Excel 并打开一次。只有 WPS 的电脑不用装加载项，直接用 .xlsx 工作簿，公式同样有效。",
        )
    if not source.is_file():
        raise Refusal("程序里缺少加载项文件 jixiao.xlam，可能被杀毒软件删除了。", f"{REINSTALL}。")
    require_closed(machine, force)
    return found


def require_closed(machine: Machine, force: bool = False) -> None:
    """Refuse while Excel is open: when it ends it would write its old list of add-ins over ours."""
    if not force and machine.excel_runs():
        raise Refusal(
            "Excel 正开着。",
            "请保存并关闭所有 Excel 窗口，再运行一次；看不到窗口的，请重新启动电脑后再运行。",
        )


def from_store(machine: Machine) -> bool:
    return "windowsapps" in str(machine.python).casefold()


def remove_mark(file: Path) -> None:
    """Take away Windows' mark that a file came from the internet: Excel blocks macros in a file that has it."""
    with contextlib.suppress(OSError):
        mark(file).unlink()


def mark(file: Path) -> Path:
    return file.with_name(f"{file.name}:Zone.Identifier")


def _write_record(at: Places, record: Record) -> None:
    at.home.mkdir(parents=True, exist_ok=True)
    content = {name: getattr(record, name) for name in Record.__dataclass_fields__}
    fresh = at.record.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(at.record)


def _settle(source: Path, target: Path) -> None:
    """Copy a whole Python; the old one stays until the new one is there."""
    fresh, old = target.with_name("python.new"), target.with_name("python.old")
    for left in (fresh, old):  # of a copy that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(source, fresh)
    try:
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    except PermissionError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise Refusal(
            "旧版本的程序还在使用中，不能替换。", "请关闭 Excel；仍不行的，请重新启动电脑后再安装。"
        ) from error
    shutil.rmtree(old, ignore_errors=True)


def _list_app(machine: Machine, at: Places, python: Path) -> None:
    """Show the add-in among the programs of Windows, from where it can be removed."""
    command = f'"{python.with_name("python.exe")}" -m jixiao uninstall'
    for name, content in (
        ("DisplayName", f"{TITLE}（Excel 加载项）"),
        ("DisplayVersion", __version__),
        ("InstallLocation", str(at.home)),
        ("UninstallString", command),
        ("NoModify", 1),
        ("NoRepair", 1),
    ):
        machine.registry.write(APPS, name, content)


# --- uninstall ------------------------------------------------------------------------------------


def uninstall(machine: Machine, *, force: bool = False) -> bool:
    """Take away all that installing brought, finished or not; other add-ins are not touched.

    Returns:
        Whether there was anything.

    Raises:
        Refusal: it cannot be done as things are; nothing has been changed.
    """
    at = places(machine)
    require_closed(machine, force)
    registry = machine.registry
    present = (
        at.home.exists()
        or exists(registry, APPS)
        or any(map(office.is_ours, (e for v in office.VERSIONS for e in office.opened(registry, v))))
    )
    for version in office.VERSIONS:
        office.unregister(registry, version)
        office.distrust(registry, version, at.folder)
    registry.delete_key(APPS)
    if at.python in machine.python.parents:  # a program cannot remove itself while it runs
        shutil.rmtree(at.folder, ignore_errors=True)
        at.record.unlink(missing_ok=True)
        machine.remove_after_exit(at.home)
    elif at.home.exists():
        try:
            shutil.rmtree(at.home)
        except PermissionError as error:
            raise Refusal(
                "加载项已从 Excel 中取消，但有文件还在使用中，没有删完。",
                "请重新启动电脑，再运行一次卸载。",
            ) from error
    return present
