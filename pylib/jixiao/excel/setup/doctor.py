"""Examines the add-in on this computer, in words for the person in front of it, and repairs what it can.

Each check is a function that yields what it found. They follow the way from Excel to Python, so the first 故障 is
mostly the one that explains the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path, PureWindowsPath
from typing import Literal

from jixiao import __version__
from jixiao.excel.setup import install as installing
from jixiao.excel.setup import office
from jixiao.excel.setup.machine import Machine, ThisMachine, pinned, program_file, same_path
from jixiao.excel.setup.registry import text

State = Literal["良好", "注意", "故障"]
GOOD: State = "良好"
NOTE: State = "注意"
FAULT: State = "故障"

LONGEST_PATH = 218
"""Excel opens no file whose whole path is longer (Microsoft, Excel specifications and limits)."""

SERVED = ("jixiao.excel.functions", "jixiao.excel.server")
"""What Excel calls."""

INSTALL = "请运行“jixiao install”；用离线安装包的，双击其中的 install.cmd。"
ASK_ADMIN = "请把这一行内容发给单位的电脑管理员。"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one check found."""

    name: str
    state: State
    cause: str
    """What is so; for a fault, what is wrong."""
    remedy: str = ""
    """What the person can do; "" when there is nothing to do."""
    repair: Callable[[], object] | None = field(default=None, compare=False)
    """Does it for the person, where the program can; raises Refusal or OSError."""

    def to_json(self) -> dict[str, str | bool]:
        return {
            "name": self.name,
            "state": self.state,
            "cause": self.cause,
            "remedy": self.remedy,
            "repairable": self.repair is not None,
        }


class _Patient:
    """The computer under examination, with what several checks ask."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.at = installing.places(machine)
        self.registry = machine.registry
        self.record = installing.read_record(machine)

    @cached_property
    def versions(self) -> list[str]:
        return office.versions(self.registry)

    @cached_property
    def excel(self) -> office.Excel | None:
        return office.excel(self.machine)

    @property
    def excel_bits(self) -> int:
        """32 or 64; 0 when nothing says it."""
        bits = self.excel.file.bits if self.excel else 0
        return bits or office.click_to_run_bits(self.registry)

    @cached_property
    def settings(self) -> dict[str, str]:
        """What the installed add-in was told about this computer; empty without a readable one."""
        from jixiao.books.ooxml.parts import Unreadable
        from jixiao.excel.addin import read_settings

        try:
            return read_settings(self.at.addin)
        except Unreadable:
            return {}

    def install(self) -> object:
        return installing.install(self.machine)


# --- the checks -----------------------------------------------------------------------------------


def _excel(p: _Patient) -> Iterator[Diagnosis]:
    name = "Excel"
    if not p.versions and p.excel is None:
        yield Diagnosis(
            name,
            FAULT,
            "没有找到 Excel 2010 或更新的版本",
            "请先安装 Excel 并打开一次。只有 WPS 的电脑直接用 .xlsx 工作簿，公式同样有效，不用装加载项。",
        )
        return
    if p.excel is None:
        yield Diagnosis(
            name,
            NOTE,
            "有 Excel 的使用记录，但找不到 Excel 程序",
            "如果 Excel 打不开，请重新安装或修复 Office。",
        )
        return
    bits = f"{p.excel_bits} 位" if p.excel_bits else "位数不明"
    version = ".".join(map(str, p.excel.file.version[:3]))
    if p.excel.from_store:
        yield Diagnosis(
            name,
            NOTE,
            f"Excel {version}，{bits}，是从微软应用商店装的",
            "这种 Excel 有时打不开加载项；按钮不出现时，请改装从 Office 官网下载的版本。",
        )
    else:
        yield Diagnosis(name, GOOD, f"Excel {version}，{bits}")


def _wps(p: _Patient) -> Iterator[Diagnosis]:
    name = "WPS 与 Excel"
    server = office.automation_server(p.registry)
    program = PureWindowsPath(server.partition(" /")[0].strip('" ')).name.casefold()
    if program in ("et.exe", "wps.exe", "ksolaunch.exe") or "kingsoft" in server.casefold():
        yield Diagnosis(
            name,
            NOTE,
            "WPS 把自己登记成了 Excel，双击工作簿会用 WPS 打开，按钮在 WPS 里不能用",
            "请打开“WPS Office 配置工具”，点“高级”，在“兼容设置”里取消“WPS Office 兼容第三方系统和软件”；"
            "再到 Windows“设置—应用”里找到 Office，点“修改—快速修复”。也可以先打开 Excel，再从 Excel 里打开工作簿。",
        )
    else:
        yield Diagnosis(name, GOOD, "Excel 没有被 WPS 顶替")


def _python(p: _Patient) -> Iterator[Diagnosis]:
    name = "Python"
    if installing.from_store(p.machine):
        yield Diagnosis(
            name,
            FAULT,
            "这个 Python 是从微软应用商店装的，Excel 不能使用它",
            "请改用离线安装包，或从 python.org 安装 Python，再重新安装 jixiao。",
        )
        return
    python = p.record.python if p.record else str(p.machine.python)
    if not Path(python).is_file():
        yield Diagnosis(
            name,
            FAULT,
            f"加载项要用的 Python 不在了：{python}",
            f"可能被移动、卸载或被杀毒软件删除了。{INSTALL}",
            p.install,
        )
        return
    if not same_path(python, p.machine.python):
        yield Diagnosis(
            name,
            NOTE,
            f"加载项用的是 {python}，正在检查的是另一个：{p.machine.python}",
            "下面几项程序库检查的是后一个。要检查前一个，请用它运行 jixiao doctor（离线安装包：双击 doctor.cmd）；"
            "要让加载项改用后一个，请关闭 Excel，运行 jixiao install。",
        )
        return
    yield Diagnosis(name, GOOD, f"{p.machine.bits} 位，{python}")


def _pywin32(p: _Patient) -> Iterator[Diagnosis]:
    name = "与 Excel 通信的组件（pywin32）"
    for module in ("pywintypes", "pythoncom", "win32com.client"):
        if error := p.machine.import_error(module):
            yield Diagnosis(
                name,
                FAULT,
                f"组件 {module} 不能使用（{error}）",
                f"可能被杀毒软件删除了一部分：{installing.REINSTALL}。"
                "自己装 Python 的，请运行 pip install --force-reinstall pywin32。",
            )
            return
    yield Diagnosis(name, GOOD, f"版本 {p.machine.version('pywin32')}")


def _program(p: _Patient) -> Iterator[Diagnosis]:
    name = "测算和审核程序"
    for module in SERVED:
        if error := p.machine.import_error(module):
            yield Diagnosis(
                name, FAULT, f"{module} 不能使用（{error}）", f"程序文件可能被删掉了一部分。{INSTALL}"
            )
            return
    yield Diagnosis(name, GOOD, f"版本 {__version__}")


def _xlwings(p: _Patient) -> Iterator[Diagnosis]:
    name = "连接 Excel 的程序库（xlwings）"
    wanted, present = pinned("xlwings"), p.machine.version("xlwings")
    if present != wanted:
        yield Diagnosis(
            name,
            FAULT,
            f"版本应为 {wanted}，现在是 {present}" if present else f"没有安装，应为版本 {wanted}",
            f"离线安装包请重新双击 install.cmd；自己装 Python 的，请运行 pip install xlwings=={wanted}，"
            "再运行 jixiao install。",
        )
    else:
        yield Diagnosis(name, GOOD, f"版本 {present}")


def _dll(p: _Patient) -> Iterator[Diagnosis]:
    name = "连接文件（DLL）"
    folder = Path(p.record.dll) if p.record else installing.dll_folder(p.machine)
    names = installing.dll_names(pinned("xlwings"))
    # Excel loads the one of its own bits, whatever Python's are: they are two programs
    needed = [names[p.excel_bits]] if p.excel_bits else list(names.values())
    for dll in needed:
        path = folder / dll if folder else None
        if path is None or not path.is_file():
            yield Diagnosis(
                name,
                FAULT,
                f"缺少 {dll}" + (f"，它应当在 {folder}" if folder else ""),
                f"多半是被杀毒软件删除了：{installing.REINSTALL}。",
                p.install,
            )
        elif program_file(path).bits != next(bits for bits, n in names.items() if n == dll):
            yield Diagnosis(name, FAULT, f"{path} 已损坏", f"{installing.REINSTALL}。", p.install)
        else:
            yield Diagnosis(name, GOOD, f"{dll} 在 {folder}")


def _addin(p: _Patient) -> Iterator[Diagnosis]:
    name = "加载项文件"
    addin = p.at.addin
    if p.record is None and not addin.exists():
        yield Diagnosis(name, FAULT, "加载项还没有安装", INSTALL, p.install)
        return
    if not addin.is_file():
        yield Diagnosis(
            name,
            FAULT,
            f"加载项文件不见了：{addin}",
            "多半是被杀毒软件删除了：请在杀毒软件的隔离区恢复它，并把所在的文件夹加入信任。",
            p.install,
        )
        return
    version = p.settings.get("version", "")
    if version != __version__:
        yield Diagnosis(
            name,
            FAULT,
            f"加载项是版本 {version}，程序是版本 {__version__}" if version else "加载项文件已损坏",
            f"请更新加载项。{INSTALL}",
            p.install,
        )
    elif p.settings.get("xlwings") != pinned("xlwings"):
        yield Diagnosis(
            name,
            FAULT,
            "加载项与程序库不是同一次发布的",
            f"请整套重新安装，不要单独替换文件。{INSTALL}",
            p.install,
        )
    elif p.record is None or not p.record.complete:
        yield Diagnosis(name, FAULT, "上一次安装没有做完", INSTALL, p.install)
    elif (p.settings.get("python"), p.settings.get("dll")) != (p.record.python, p.record.dll):
        yield Diagnosis(name, FAULT, "加载项里记的 Python 位置与安装时的不同", INSTALL, p.install)
    else:
        yield Diagnosis(name, GOOD, f"版本 {version}，{addin}")
    if installing.mark(addin).exists():
        yield Diagnosis(
            "加载项文件的来源标记",
            FAULT,
            "Windows 把加载项当作网上下载的文件，Excel 会阻止它",
            "请右键点加载项文件，点“属性”，勾选“解除锁定”，再点“确定”。",
            partial(installing.remove_mark, addin),
        )


def _registration(p: _Patient) -> Iterator[Diagnosis]:
    name = "在 Excel 中登记"
    for version in p.versions:
        ours = [e for e in office.opened(p.registry, version) if office.is_ours(e)]
        label = f"Office {version}"
        if ours == [office.entry(p.at.addin)]:
            yield Diagnosis(name, GOOD, f"{label}：Excel 启动时会打开加载项")
        elif not ours:
            yield Diagnosis(
                name,
                FAULT,
                f"{label}：Excel 启动时不会打开加载项",
                "可能在 Excel 的加载项列表中被取消了勾选：请点“文件—选项—加载项—转到”，勾选 jixiao；"
                f"列表中没有的，{INSTALL}",
                p.install,
            )
        else:
            others = "、".join(e for e in ours if e != office.entry(p.at.addin)) or ours[0]
            yield Diagnosis(
                name,
                FAULT,
                f"{label}：Excel 打开的是另一个位置的加载项，或登记了两次：{others}",
                INSTALL,
                p.install,
            )


def _trust(p: _Patient) -> Iterator[Diagnosis]:
    name = "受信任位置"
    for version in p.versions:
        label = f"Office {version}"
        if not office.trusted(p.registry, version, p.at.folder):
            yield Diagnosis(
                name, FAULT, f"{label}：Excel 不信任加载项所在的文件夹，会阻止它的宏", INSTALL, p.install
            )
        elif reason := office.trust_is_off(p.registry, version):
            yield Diagnosis(
                name,
                NOTE,
                f"{label}：{reason}",
                "打开 Excel 时如果提问，请点“启用宏”。没有提问而按钮不出现的，请点“文件—选项—信任中心—信任中心设置—"
                "受信任位置”，取消“禁用所有受信任位置”；灰色不能改的，"
                f"请电脑管理员把这个文件夹加入 Excel 的受信任位置：{p.at.folder}。",
            )
        else:
            yield Diagnosis(name, GOOD, f"{label}：{p.at.folder}")


def _disabled(p: _Patient) -> Iterator[Diagnosis]:
    name = "Excel 的禁用项目"
    found = [
        (version, key, value) for version in p.versions for key, value in office.disabled(p.registry, version)
    ]
    if not found:
        yield Diagnosis(name, GOOD, "加载项没有被禁用")
    for version, key, value in found:
        yield Diagnosis(
            name,
            FAULT,
            f"Office {version}：Excel 在一次异常退出后禁用了加载项",
            "请点“文件—选项—加载项”，在“管理”中选“禁用项目”，点“转到”，选中 jixiao 后点“启用”，再重新打开 Excel。"
            f"也可以关闭 Excel，重新安装一次：{INSTALL}",
            partial(_enable, p.machine, key, value),
        )


def _enable(machine: Machine, key: str, value: str) -> None:
    installing.require_closed(machine)
    machine.registry.delete(key, value)


def _macros(p: _Patient) -> Iterator[Diagnosis]:
    name = "宏的设置"
    for version in p.versions:
        label = f"Office {version}"
        sound = True
        if reason := office.addins_forbidden(p.registry, version):
            sound = False
            yield Diagnosis(
                name,
                FAULT,
                f"{label}：{reason}，绩效自评选项卡不会出现",
                "请点“文件—选项—信任中心—信任中心设置—加载项”，取消这些勾选；灰色不能改的，是单位统一设定的。"
                + ASK_ADMIN,
            )
        setting = office.macro_setting(p.registry, version)
        if setting >= 3:
            sound = False
            kind = "没有数字签名的宏都不运行" if setting == 3 else "所有宏都不运行"
            yield Diagnosis(
                name,
                NOTE,
                f"{label}：{kind}，.xlsm 工作簿表上的按钮不能用；功能区的按钮和计算不受影响",
                "请点“文件—选项—信任中心—信任中心设置—宏设置”，选“禁用所有宏，并发出通知”；"
                "不能改的，请用功能区“绩效自评”里的按钮。",
            )
        if office.internet_macros_blocked(p.registry, version):
            sound = False
            yield Diagnosis(
                name,
                NOTE,
                f"{label}：从网上或邮件收到的工作簿，其中的宏一律不运行",
                "收到 .xlsm 后，请右键点文件，点“属性”，勾选“解除锁定”，再打开。",
            )
        if sound:
            yield Diagnosis(name, GOOD, f"{label}：打开带宏的工作簿时点“启用内容”即可")


def _places(p: _Patient) -> Iterator[Diagnosis]:
    name = "文件夹"
    sound = True
    if p.machine.is_share(str(p.at.home)):
        trusted = all(office.network_trust(p.registry, version) for version in p.versions)
        sound = False
        yield Diagnosis(
            name,
            NOTE if trusted else FAULT,
            f"您的个人文件夹在另一台电脑上：{p.at.home}",
            "Excel 默认不信任网络上的文件夹。请电脑管理员允许受信任位置使用网络路径，"
            "或把 LOCALAPPDATA 设在本机。",
        )
    if len(str(p.at.addin)) >= LONGEST_PATH:
        sound = False
        yield Diagnosis(
            name,
            FAULT,
            f"加载项的路径有 {len(str(p.at.addin))} 个字，Excel 只能打开 {LONGEST_PATH} 个字以内的：{p.at.addin}",
            ASK_ADMIN,
        )
    clouds = [
        folder
        for variable in ("ONEDRIVE", "ONEDRIVECOMMERCIAL", "ONEDRIVECONSUMER")
        if (folder := p.machine.environment.get(variable))
    ]
    if any(_inside(p.at.home, cloud) for cloud in clouds):
        sound = False
        yield Diagnosis(
            name,
            FAULT,
            f"加载项所在的文件夹由 OneDrive 同步：{p.at.home}",
            f"同步会改动加载项的位置，Excel 打不开它。{ASK_ADMIN}",
        )
    documents = text(
        p.registry,
        r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders",
        "Personal",
    )
    if "%onedrive" in documents.casefold() or any(_inside(documents, cloud) for cloud in clouds):
        sound = False
        yield Diagnosis(
            name,
            NOTE,
            "您的“文档”文件夹由 OneDrive 同步",
            "放在那里的工作簿也能填写和审核；如果提示找不到文件或有两个副本，请把工作簿放到 D 盘等不同步的文件夹。",
        )
    if sound:
        yield Diagnosis(name, GOOD, str(p.at.home))


def _inside(path: str | Path, folder: str) -> bool:
    return PureWindowsPath(path).is_relative_to(PureWindowsPath(folder))


CHECKS: tuple[Callable[[_Patient], Iterator[Diagnosis]], ...] = (
    _excel,
    _wps,
    _python,
    _pywin32,
    _xlwings,
    _program,
    _dll,
    _addin,
    _registration,
    _trust,
    _disabled,
    _macros,
    _places,
)


# --- the whole ------------------------------------------------------------------------------------


def report(machine: Machine | None = None) -> list[Diagnosis]:
    """Examine this computer, or another one.

    Raises:
        Refusal: it is not Windows.
    """
    patient = _Patient(machine or ThisMachine())
    found: list[Diagnosis] = []
    for check in CHECKS:
        try:
            found += check(patient)
        except Exception as error:  # one check that fails must not keep the others from being seen
            found.append(
                Diagnosis(
                    "检查本身",
                    NOTE,
                    f"有一项没有查成（{check.__name__.strip('_')}，{type(error).__name__}：{error}）",
                    "请把这一行内容反馈给下发单位；其他各项照常有效。",
                )
            )
    return found


def repair(diagnoses: list[Diagnosis]) -> int:
    """Repair what can be; what has one cure is cured once.

    Returns:
        How many repairs were made.

    Raises:
        Refusal: Excel is open, or installing is not possible.
        OSError: a policy forbids it.
    """
    done: list[Callable[[], object]] = []
    for diagnosis in diagnoses:
        cure = diagnosis.repair
        if cure is not None and cure not in done:
            cure()
            done.append(cure)
    return len(done)
