"""Where Excel keeps what concerns an add-in: which Excel there is, the add-ins it opens, the folders it trusts.

Excel opens at its start what stands in ``OPEN``, ``OPEN1``, ``OPEN2``… of its Options, in this order and without gaps;
it writes that list anew when it ends, so nothing may be changed while it runs. ``Add-in Manager`` holds the add-ins
that are known but not ticked. Both as described by bettersolutions.com/excel/add-ins/registry-keys.htm; policies as
in Microsoft's administrative templates (office16.admx, excel16.admx).
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from jixiao.books.vba.wrappers import ADDIN_NAME
from jixiao.excel.setup.machine import Machine, ProgramFile, program_file, same_path
from jixiao.excel.setup.registry import Registry, View, exists, number, text, value

VERSIONS = ("16.0", "15.0", "14.0")
"""Excel 2016 and later (all call themselves 16.0), 2013, 2010: those whose VBA knows 64 bits."""

VIEWS: tuple[View, View] = (64, 32)
NETWORK = "AllowNetworkLocations"


def excel_key(version: str, rest: str = "") -> str:
    return rf"HKCU\Software\Microsoft\Office\{version}\Excel" + (f"\\{rest}" if rest else "")


def policy_key(version: str, rest: str) -> str:
    return rf"HKCU\Software\Policies\Microsoft\Office\{version}\{rest}"


# --- which Excel ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Excel:
    """The Excel of a computer."""

    program: Path
    file: ProgramFile

    @property
    def from_store(self) -> bool:
        return "windowsapps" in str(self.program).casefold()


def versions(registry: Registry) -> list[str]:
    """Return the versions of Office whose Excel is, or was, used here; the newest first."""
    return [
        version
        for version in VERSIONS
        if exists(registry, excel_key(version))
        or any(
            text(registry, rf"HKLM\SOFTWARE\Microsoft\Office\{version}\Excel\InstallRoot", "Path", view)
            for view in VIEWS
        )
    ]


def excel(machine: Machine) -> Excel | None:
    """Find Excel's program; ``None`` when there is none."""
    registry = machine.registry
    named = []
    for view in VIEWS:
        app = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
        named.append(text(registry, app, "", view))
        for version in VERSIONS:
            root = text(
                registry, rf"HKLM\SOFTWARE\Microsoft\Office\{version}\Excel\InstallRoot", "Path", view
            )
            named.append(str(Path(root) / "EXCEL.EXE") if root else "")
    for name in named:
        path = Path(name.strip('"'))
        if path.name.casefold() != "excel.exe":  # WPS enters its own program here
            continue
        with contextlib.suppress(OSError):
            return Excel(path, program_file(path))
    return None


def click_to_run_bits(registry: Registry) -> int:
    """Return 32 or 64 as Office's own installer noted; 0 when it noted nothing."""
    key = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
    platforms = {text(registry, key, "Platform", view).casefold() for view in VIEWS}
    return 32 if "x86" in platforms else 64 if "x64" in platforms else 0


def automation_server(registry: Registry) -> str:
    """Return the program that answers to ``Excel.Application``, with its arguments; "" when none does."""
    identifier = text(registry, r"HKCR\Excel.Application\CLSID", "")
    if not identifier:
        return ""
    for view in VIEWS:
        if found := text(registry, rf"HKCR\CLSID\{identifier}\LocalServer32", "", view):
            return found
    return ""


# --- add-ins that Excel opens ---------------------------------------------------------------------

_OPEN = re.compile(r"OPEN([0-9]*)", re.IGNORECASE)


def opened(registry: Registry, version: str) -> list[str]:
    """Return what Excel opens at its start, as written (``"C:\\…\\x.xlam"``, ``/R "C:\\…\\y.xll"``), in its order."""
    found = []
    for name, content in registry.values(excel_key(version, "Options")).items():
        match = _OPEN.fullmatch(name)
        if match and isinstance(content, str):
            found.append((int(match[1] or 0), content))
    return [content for _, content in sorted(found)]


def is_ours(entry: str) -> bool:
    r"""Return whether an entry opens this add-in, wherever it lies.

    >>> is_ours('/R "C:\\old place\\Jixiao.xlam"'), is_ours('"C:\\other.xlam"')
    (True, False)
    """
    quoted = re.search(r'"([^"]*)"', entry)
    path = quoted[1] if quoted else entry.strip()
    return PureWindowsPath(path).name.casefold() == ADDIN_NAME


def entry(path: Path) -> str:
    return f'"{path}"'


def _write_opened(registry: Registry, version: str, entries: list[str]) -> None:
    """Write the list anew: first what comes, then what goes, so that a halt in between loses no add-in."""
    key = excel_key(version, "Options")
    wanted = {f"OPEN{index or ''}": content for index, content in enumerate(entries)}
    present = {name: c for name, c in registry.values(key).items() if _OPEN.fullmatch(name)}
    for name, content in wanted.items():
        if value(registry, key, name) != content:
            registry.write(key, name, content)
    for name in present:
        if name.upper() not in wanted:
            registry.delete(key, name)


def register(registry: Registry, version: str, path: Path) -> None:
    """Let Excel open the add-in: one entry, where an older one of it stood or last; the others stay in order.

    What Excel remembers against it, a tick taken away or a crash, is forgotten.
    """
    entries: list[str] = []
    done = False
    for old in opened(registry, version):
        if not is_ours(old):
            entries.append(old)
        elif not done:
            entries.append(entry(path))
            done = True
    _write_opened(registry, version, entries if done else [*entries, entry(path)])
    _forgive(registry, version)


def unregister(registry: Registry, version: str) -> None:
    """Take the add-in out of all of Excel's lists; every other add-in stays."""
    before = opened(registry, version)
    if any(is_ours(old) for old in before):
        _write_opened(registry, version, [old for old in before if not is_ours(old)])
        _drop_empty(registry, excel_key(version, "Options"))
    _forgive(registry, version)
    _forget(registry, excel_key(version, "AddInLoadTimes"))


def _forgive(registry: Registry, version: str) -> None:
    _forget(registry, excel_key(version, "Add-in Manager"))
    for key, name in disabled(registry, version):
        registry.delete(key, name)


def _forget(registry: Registry, key: str) -> None:
    for name in registry.values(key):
        if is_ours(name):
            registry.delete(key, name)


def disabled(registry: Registry, version: str) -> list[tuple[str, str]]:
    """Return the entries (key, name) by which Excel keeps the add-in from opening after a crash.

    Each is a value of Resiliency whose bytes hold the file's path in UTF-16, in lower case.
    """
    found = []
    for list_name in ("DisabledItems", "CrashingAddinList"):
        key = excel_key(version, rf"Resiliency\{list_name}")
        for name, content in registry.values(key).items():
            if isinstance(content, bytes):
                # the path starts at an even byte, a stray one at the end says nothing
                held = content[: len(content) // 2 * 2].decode("utf-16-le", "replace")
            else:
                held = str(content)
            if ADDIN_NAME in held.casefold() or is_ours(name):
                found.append((key, name))
    return found


# --- trusted folders ------------------------------------------------------------------------------


def _locations(version: str) -> str:
    return excel_key(version, r"Security\Trusted Locations")


def trusted(registry: Registry, version: str, folder: Path) -> list[str]:
    """Return the keys by which Excel trusts exactly this folder."""
    root = _locations(version)
    return [
        f"{root}\\{name}"
        for name in registry.subkeys(root)
        if same_path(text(registry, f"{root}\\{name}", "Path"), folder)
    ]


def trust(registry: Registry, version: str, folder: Path, note: str, date: str) -> None:
    """Let Excel trust the macros of a folder, not of the folders in it.

    Args:
        note: shown in Excel's list of trusted locations.
        date: likewise, as text.
    """
    root = _locations(version)
    known = trusted(registry, version, folder)
    taken = {name.casefold() for name in registry.subkeys(root)}
    free = next(f"Location{n}" for n in range(len(taken) + 1) if f"location{n}" not in taken)
    key = known[0] if known else f"{root}\\{free}"
    for surplus in known[1:]:
        registry.delete_key(surplus)
    registry.write(key, "Path", f"{folder}\\")
    registry.write(key, "Description", note)
    registry.write(key, "Date", date)
    registry.write(key, "AllowSubFolders", 0)


def distrust(registry: Registry, version: str, folder: Path) -> None:
    """Let Excel trust a folder no longer; of Excel's own keys none stays behind that holds nothing."""
    for key in trusted(registry, version, folder):
        registry.delete_key(key)
    _drop_empty(registry, _locations(version))
    _drop_empty(registry, excel_key(version, "Security"))


def _drop_empty(registry: Registry, key: str) -> None:
    """Remove a key that holds nothing: installing may have made it."""
    if exists(registry, key) and not registry.subkeys(key) and not registry.values(key):
        registry.delete_key(key)


def _rule(registry: Registry, version: str, product: str, rest: str, name: str) -> int | None:
    """A number that a policy sets, or else the person; the policy's word counts."""
    ruled = number(registry, policy_key(version, rf"{product}\{rest}"), name)
    if ruled is not None or product != "Excel":
        return ruled
    return number(registry, excel_key(version, rest), name)


def trust_is_off(registry: Registry, version: str) -> str:
    """Return why Excel heeds no folder that the person trusts; "" when it does."""
    places = r"Security\Trusted Locations"
    if _rule(registry, version, "Common", places, "Allow User Locations") == 0:
        return "单位的电脑管理策略只认管理员设定的受信任位置"
    if _rule(registry, version, "Excel", places, "AllLocationsDisabled") == 1:
        return "Excel 的受信任位置全部被停用了"
    return ""


def network_trust(registry: Registry, version: str) -> bool:
    """Return whether Excel heeds trusted folders on other computers."""
    return _rule(registry, version, "Excel", r"Security\Trusted Locations", NETWORK) == 1


def macro_setting(registry: Registry, version: str) -> int:
    """Return 1 all macros run, 2 Excel asks (as delivered), 3 only signed ones, 4 none."""
    return _rule(registry, version, "Excel", "Security", "VBAWarnings") or 2


def addins_forbidden(registry: Registry, version: str) -> str:
    """Return why Excel opens no add-in of ours at all; "" when it does."""
    if _rule(registry, version, "Excel", "Security", "DisableAllAddins") == 1:
        return "Excel 被设置为停用所有加载项"
    if _rule(registry, version, "Excel", "Security", "RequireAddinSig") == 1:
        return "Excel 被设置为只打开有数字签名的加载项"
    return ""


def internet_macros_blocked(registry: Registry, version: str) -> bool:
    return _rule(registry, version, "Excel", "Security", "BlockContentExecutionFromInternet") == 1
