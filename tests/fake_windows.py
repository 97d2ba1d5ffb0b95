"""A Windows computer with Excel for tests: registry, folders and programs, in memory and under a temporary folder."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from jixiao.excel.setup.install import dll_names
from jixiao.excel.setup.machine import pinned
from jixiao.excel.setup.registry import Value, View, own

MACHINE_TYPES = {32: 0x14C, 64: 0x8664}
APP_PATHS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
OPTIONS = r"HKCU\Software\Microsoft\Office\16.0\Excel\Options"
MANAGER = r"HKCU\Software\Microsoft\Office\16.0\Excel\Add-in Manager"
TRUSTED = r"HKCU\Software\Microsoft\Office\16.0\Excel\Security\Trusted Locations"
DISABLED = r"HKCU\Software\Microsoft\Office\16.0\Excel\Resiliency\DisabledItems"
POLICIES = r"HKCU\Software\Policies\Microsoft\Office\16.0"


class FakeRegistry:
    """Keys by path; HKCU is one for 32- and 64-bit programs, the rest is two."""

    def __init__(self) -> None:
        self.keys: dict[tuple[int, str], tuple[str, dict[str, Value]]] = {}
        self.forbidden: set[str] = set()
        """Keys (in lower case) that a policy keeps from being written."""
        self.writes_left: int | None = None
        """After so many writes the computer is switched off."""

    def put(self, key: str, values: Mapping[str, Value], views: tuple[View, ...] = (64, 32)) -> None:
        """Set up any key, with the keys above it."""
        parts = key.split("\\")
        for view in views:
            for depth in range(1, len(parts) + 1):
                path = "\\".join(parts[:depth])
                self.keys.setdefault(self._place(path, view), (path, {}))
            self.keys[self._place(key, view)][1].update(values)

    def values(self, key: str, view: View = 64) -> dict[str, Value]:
        return dict(self.keys.get(self._place(key, view), ("", {}))[1])

    def subkeys(self, key: str, view: View = 64) -> list[str]:
        half, parent = self._place(key, view)
        return [
            path.rpartition("\\")[2]
            for (other, folded), (path, _) in self.keys.items()
            if other == half and folded.rpartition("\\")[0] == parent
        ]

    def write(self, key: str, name: str, value: Value) -> None:
        own(key)
        if key.casefold() in self.forbidden:
            raise PermissionError(13, "拒绝访问", key)
        if self.writes_left == 0:
            raise KeyboardInterrupt
        if self.writes_left is not None:
            self.writes_left -= 1
        self.put(key, {})
        values = self.keys[self._place(key, 64)][1]
        values.pop(next((n for n in values if n.casefold() == name.casefold()), name), None)
        values[name] = value

    def delete(self, key: str, name: str) -> None:
        own(key)
        values = self.keys.get(self._place(key, 64), ("", {}))[1]
        values.pop(next((n for n in values if n.casefold() == name.casefold()), name), None)

    def delete_key(self, key: str) -> None:
        own(key)
        half, folded = self._place(key, 64)
        for place in list(self.keys):
            if place[0] == half and (place[1] == folded or place[1].startswith(f"{folded}\\")):
                del self.keys[place]

    def content(self) -> dict[str, dict[str, Value]]:
        """All keys that hold something, to compare before and after."""
        return {path: dict(values) for path, values in self.keys.values() if values}

    @staticmethod
    def _place(key: str, view: View) -> tuple[int, str]:
        return (0 if key.upper().startswith("HKCU") else view), key.casefold()


class FakeMachine:
    """A person's computer with 64-bit Excel 2016, Python and xlwings; nothing of ours installed."""

    system = "Windows"
    bits = 64

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = FakeRegistry()
        self.local = folder / "用户 张三" / "AppData" / "Local"
        self.local.mkdir(parents=True)
        self.environment = {"LOCALAPPDATA": str(self.local), "USERNAME": "张三"}
        self.prefix = folder / "Python 311"
        self.prefix.mkdir()
        self.python = self.prefix / "pythonw.exe"
        self.python.write_bytes(program(64, (3, 11, 9, 0)))
        self.versions = {"xlwings": pinned("xlwings"), "pywin32": "312"}
        self.shares: set[str] = set()
        self.broken: dict[str, str] = {}
        self.excel_open = False
        self.removed_later: list[Path] = []
        for bits, name in dll_names(pinned("xlwings")).items():
            (self.prefix / name).write_bytes(program(bits, (0, 0, 0, 0)))
        self.excel = folder / "Office16" / "EXCEL.EXE"
        self.excel.parent.mkdir()
        self.excel.write_bytes(program(64, (16, 0, 17928, 20156)))
        self.registry.put(APP_PATHS, {"": str(self.excel)})
        self.registry.put(OPTIONS, {"Font": "宋体,11"})
        self.registry.put(rf"{TRUSTED}\Location0", {"Path": "C:\\Program Files\\Office16\\XLSTART\\"})
        clsid = "{00024500-0000-0000-C000-000000000046}"
        self.registry.put(r"HKCR\Excel.Application\CLSID", {"": clsid})
        self.registry.put(rf"HKCR\CLSID\{clsid}\LocalServer32", {"": f'"{self.excel}" /automation'})

    @property
    def home(self) -> Path:
        return self.local / "jixiao"

    @property
    def addin(self) -> Path:
        return self.home / "addin" / "jixiao.xlam"

    def excel_runs(self) -> bool:
        return self.excel_open

    def is_share(self, path: str) -> bool:
        return any(path.startswith(share) for share in self.shares)

    def import_error(self, module: str) -> str:
        return self.broken.get(module, "")

    def version(self, package: str) -> str:
        return self.versions.get(package, "")

    def files(self, package: str) -> list[Path]:
        return sorted(self.prefix.rglob(f"{package}*"))

    def remove_after_exit(self, folder: Path) -> None:
        self.removed_later.append(folder)


def built(folder: Path) -> Path:
    """A folder like addin/ with the add-in in it, as it is built from this checkout."""
    from jixiao.books.vba.wrappers import ADDIN_NAME
    from jixiao.catalogue import load_catalogue
    from jixiao.excel.addin import build_addin

    build_addin(load_catalogue(), folder / ADDIN_NAME)
    return folder


def program(bits: int, version: tuple[int, int, int, int]) -> bytes:
    """The head of a Windows program, and its file version where there is one (Microsoft, PE Format)."""
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    major, minor, build, patch = version
    fixed = struct.pack("<IIHHHH", 0xFEEF04BD, 0x00010000, minor, major, patch, build)
    return head + b"PE\0\0" + struct.pack("<H", MACHINE_TYPES[bits]) + (fixed if any(version) else b"")
