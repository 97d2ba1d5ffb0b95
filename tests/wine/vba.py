"""What the add-in's VBA says, taken from its text, so that the tests here run what Excel will run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jixiao import resources
from jixiao.excel.machine import pinned

TEXT = r'"(?:[^"]|"")*"'


@dataclass(frozen=True)
class Declared:
    """A function of a DLL as VBA declares it."""

    name: str
    dll: str


class Module:
    """One .bas file of the add-in, with the version of xlwings filled in as at its build."""

    def __init__(self, name: str) -> None:
        text = (resources.ADDIN / "vba" / f"{name}.bas").read_text("utf-8")
        self.text = re.sub(r" _\n\s*", " ", text).replace("{xlwings}", pinned("xlwings"))

    def declared(self) -> list[Declared]:
        """Every function of a DLL that it declares."""
        found = re.findall(
            rf"Declare PtrSafe (?:Function|Sub) (\w+) Lib ({TEXT})(?: Alias ({TEXT}))?", self.text
        )
        return [Declared(_unquoted(alias) or name, _unquoted(lib)) for name, lib, alias in found]

    def joined(self, target: str, given: dict[str, str]) -> str:
        """Compute the one statement ``target = part & part & …``.

        Args:
            target: what is assigned to; it must be assigned in one statement only.
            given: what stands for parts that are neither texts nor constants of the module.
        """
        (expression,) = re.findall(rf"^\s*{target} = (.*)$", self.text, re.MULTILINE)
        parts = re.findall(rf"{TEXT}|[^&\s\"][^&\"]*(?:{TEXT}[^&\"]*)*", expression)
        return "".join(self._part(part.strip(), given) for part in parts)

    def _part(self, part: str, given: dict[str, str]) -> str:
        if part.startswith('"'):
            return _unquoted(part)
        if part in given:
            return given[part]
        (constant,) = re.findall(rf"Const {part} As String = ({TEXT})", self.text)
        return _unquoted(constant)


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"')


def dll(folder: Path, bits: int) -> Path:
    """Return xlwings' DLL that the add-in names."""
    (found,) = {
        each.dll for each in Module("JixiaoPython").declared() if each.dll.startswith(f"xlwings{bits}-")
    }
    return folder / found
