"""The computer as the installer sees it: folders, programs, what runs. Tests put another one in its place."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
import platform
import re
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

from jixiao.excel.setup.registry import Registry, WindowsRegistry

NO_WINDOW = 0x08000000
"""CREATE_NO_WINDOW: a helper program of Windows shows no black box."""
REMOTE_DRIVE = 4
"""What GetDriveTypeW answers for a drive letter that stands for a share."""


class Refusal(Exception):  # noqa: N818 - the computer's state, not a fault of the program
    """It cannot be done on this computer as it is now: cause and remedy, in Chinese."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n{remedy}")


class Machine(Protocol):
    """What is asked of a computer beside its registry and its files."""

    @property
    def system(self) -> str:
        """``Windows``, ``Darwin`` (macOS) or ``Linux``."""

    @property
    def registry(self) -> Registry: ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables, such as ``LOCALAPPDATA``; names in upper case."""

    @property
    def python(self) -> Path:
        """The Python that runs, without a window of its own: ``pythonw.exe``."""

    @property
    def prefix(self) -> Path:
        """The folder of that Python."""

    @property
    def bits(self) -> int:
        """32 or 64: that Python's."""

    def excel_runs(self) -> bool:
        """Return whether this person has Excel open, with or without a window."""

    def is_share(self, path: str) -> bool:
        """Return whether a path lies on another computer."""

    def import_error(self, module: str) -> str:
        """Return why a module cannot be imported; "" when it can."""

    def version(self, package: str) -> str:
        """Return the version of an installed package; "" without it."""

    def files(self, package: str) -> list[Path]:
        """Return the files that an installed package brought."""

    def remove_after_exit(self, folder: Path) -> None:
        """Remove a folder that holds the running program, as soon as it has ended."""


class ThisMachine:
    """The computer the program runs on."""

    system = platform.system()
    bits = struct.calcsize("P") * 8

    @cached_property
    def registry(self) -> Registry:
        return WindowsRegistry()

    @property
    def environment(self) -> Mapping[str, str]:
        return {name.upper(): value for name, value in os.environ.items()}

    @property
    def python(self) -> Path:
        return Path(sys.executable).with_name("pythonw.exe")

    @property
    def prefix(self) -> Path:
        return Path(sys.prefix)

    def excel_runs(self) -> bool:
        try:
            listed = importlib.import_module("win32ts").WTSEnumerateProcesses()
        except Exception:  # pywin32 broken, or its error where it is forbidden: believe the person
            return False
        return excel_in(listed, os.getpid())

    def is_share(self, path: str) -> bool:
        if path.startswith(("\\\\", "//")):
            return True
        drive = PureWindowsPath(path).drive
        windll: Any = getattr(ctypes, "windll", None)
        return bool(drive and windll and windll.kernel32.GetDriveTypeW(f"{drive}\\") == REMOTE_DRIVE)

    def import_error(self, module: str) -> str:
        try:
            importlib.import_module(module)
        except Exception as error:  # a DLL that does not load raises what it likes
            return f"{type(error).__name__}: {error}"
        return ""

    def version(self, package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return ""

    def files(self, package: str) -> list[Path]:
        try:
            listed = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            return []
        return [Path(str(file.locate())).resolve() for file in listed]

    def remove_after_exit(self, folder: Path) -> None:
        # ping is the only thing every Windows has that waits without a console
        command = f'cmd /d /s /c "ping -n 4 127.0.0.1 >nul & rmdir /s /q "{folder}""'
        subprocess.Popen(command, creationflags=NO_WINDOW, cwd=self.environment.get("TEMP"))


def excel_in(processes: Iterable[tuple[Any, ...]], process: int) -> bool:
    """Return whether Excel is among the programs of the person who runs ``process``.

    Args:
        processes: session, number, name and more of each program on this computer; on a server others have theirs.
        process: the number of a program of this person.
    """
    listed = list(processes)
    sessions = {row[0] for row in listed if row[1] == process}
    return any(str(row[2]).upper() == "EXCEL.EXE" and row[0] in sessions for row in listed)


def pinned(package: str) -> str:
    """Return the version of a library that this program was made for, as the project declares it.

    >>> pinned("xlwings").count(".")
    2
    """
    for line in importlib.metadata.requires("jixiao") or []:
        match = re.match(rf"{re.escape(package)}\s*==\s*([^;\s]+)", line)
        if match:
            return match[1]
    raise LookupError(package)


# --- program files --------------------------------------------------------------------------------

_BITS = {0x14C: 32, 0x8664: 64}
_FIXED_INFO = b"\xbd\x04\xef\xfe\x00\x00\x01\x00"


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """What the head of an .exe or .dll says (Microsoft, PE Format)."""

    bits: int
    """32 or 64, of Intel and AMD; 0 for others and when it is no program."""
    version: tuple[int, int, int, int]
    """File version; zeros without one."""


def program_file(path: Path) -> ProgramFile:
    """Read an .exe or .dll; nothing is run.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    bits = 0
    if data[:2] == b"MZ" and len(data) >= 64:
        head = int.from_bytes(data[60:64], "little")
        if data[head : head + 4] == b"PE\0\0":
            bits = _BITS.get(int.from_bytes(data[head + 4 : head + 6], "little"), 0)
    at = data.find(_FIXED_INFO)
    if at < 0 or at + 16 > len(data):
        return ProgramFile(bits, (0, 0, 0, 0))
    minor, major, patch, build = struct.unpack_from("<HHHH", data, at + 8)
    return ProgramFile(bits, (major, minor, build, patch))


def same_path(left: str | Path, right: str | Path) -> bool:
    r"""Compare two paths as Windows does.

    >>> same_path(r"C:\Users\张三\jixiao.xlam", "c:/users/张三/JIXIAO.XLAM")
    True
    """
    return PureWindowsPath(left) == PureWindowsPath(right)
