"""The Windows registry, as far as installing and examining the add-in needs it.

Keys are written whole, such as ``HKCU\\Software\\Microsoft\\Office``; upper and lower case are one. Everything may be
read, only the person's own part (HKCU) may be written: the program never needs an administrator. 32-bit and 64-bit
programs see different halves of HKLM and HKCR; ``view`` (32 or 64) says whose.
"""

from __future__ import annotations

import contextlib
from typing import Any, Literal, Protocol

Value = str | int | bytes
"""REG_SZ, REG_DWORD or REG_BINARY."""

View = Literal[32, 64]
OWN = "HKCU\\"


class Registry(Protocol):
    """What the installer asks of a registry."""

    def values(self, key: str, view: View = 64) -> dict[str, Value]:
        """Return the values of a key by name ("" is its default value); none when the key is not there."""

    def subkeys(self, key: str, view: View = 64) -> list[str]:
        """Return the names of the keys directly under a key; none when it is not there."""

    def write(self, key: str, name: str, value: Value) -> None:
        """Write one value; the keys above it are made as needed.

        Raises:
            OSError: a policy forbids it.
        """

    def delete(self, key: str, name: str) -> None:
        """Remove one value, if it is there."""

    def delete_key(self, key: str) -> None:
        """Remove a key with all that is under it, if it is there."""


def value(registry: Registry, key: str, name: str, view: View = 64) -> Value | None:
    """Return one value; its name may be spelled in upper or lower case."""
    wanted = name.casefold()
    return next((v for n, v in registry.values(key, view).items() if n.casefold() == wanted), None)


def text(registry: Registry, key: str, name: str, view: View = 64) -> str:
    """Return a value that is a text; "" when it is not there or no text."""
    found = value(registry, key, name, view)
    return found if isinstance(found, str) else ""


def number(registry: Registry, key: str, name: str, view: View = 64) -> int | None:
    """Return a value that is a number; policies are at times written as text."""
    found = value(registry, key, name, view)
    if isinstance(found, str) and found.strip().isdecimal():
        return int(found)
    return found if isinstance(found, int) else None


def exists(registry: Registry, key: str, view: View = 64) -> bool:
    """Return whether a key is there; one that holds nothing counts."""
    parent, _, name = key.rpartition("\\")
    return any(name.casefold() == other.casefold() for other in registry.subkeys(parent, view))


def own(key: str) -> str:
    """Return the key below HKCU.

    Raises:
        ValueError: it lies elsewhere: a mistake of the program, not of the person.
    """
    if not key.upper().startswith(OWN):
        raise ValueError(f"{key} is not the person's own part of the registry")
    return key[len(OWN) :]


class WindowsRegistry:
    """The registry of this computer."""

    def __init__(self) -> None:
        import winreg

        # winreg is there on Windows only; elsewhere mypy knows none of its names.
        self._winreg: Any = winreg
        self._roots = {
            "HKCU": self._winreg.HKEY_CURRENT_USER,
            "HKLM": self._winreg.HKEY_LOCAL_MACHINE,
            "HKCR": self._winreg.HKEY_CLASSES_ROOT,
        }

    def values(self, key: str, view: View = 64) -> dict[str, Value]:
        found: dict[str, Value] = {}
        with contextlib.suppress(OSError), self._open(key, view) as handle:
            for index in range(self._winreg.QueryInfoKey(handle)[1]):
                name, content, _kind = self._winreg.EnumValue(handle, index)
                if isinstance(content, str | int | bytes):
                    found[name] = content
        return found

    def subkeys(self, key: str, view: View = 64) -> list[str]:
        with contextlib.suppress(OSError), self._open(key, view) as handle:
            return [
                self._winreg.EnumKey(handle, index) for index in range(self._winreg.QueryInfoKey(handle)[0])
            ]
        return []

    def write(self, key: str, name: str, value: Value) -> None:
        winreg = self._winreg
        kind = {str: winreg.REG_SZ, int: winreg.REG_DWORD, bytes: winreg.REG_BINARY}[type(value)]
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, own(key), 0, winreg.KEY_SET_VALUE) as handle:
            winreg.SetValueEx(handle, name, 0, kind, value)

    def delete(self, key: str, name: str) -> None:
        winreg = self._winreg
        with (
            contextlib.suppress(FileNotFoundError),
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, own(key), 0, winreg.KEY_SET_VALUE) as handle,
        ):
            winreg.DeleteValue(handle, name)

    def delete_key(self, key: str) -> None:
        for name in self.subkeys(key):
            self.delete_key(f"{key}\\{name}")
        with contextlib.suppress(FileNotFoundError):
            self._winreg.DeleteKey(self._winreg.HKEY_CURRENT_USER, own(key))

    def _open(self, key: str, view: View) -> Any:
        winreg = self._winreg
        root, _, rest = key.partition("\\")
        half = winreg.KEY_WOW64_64KEY if view == 64 else winreg.KEY_WOW64_32KEY
        return winreg.OpenKey(self._roots[root], rest, 0, winreg.KEY_READ | half)
