"""What the add-in's VBA says, taken from its text, and what it does, step by step, in a program that stands for Excel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jixiao import __version__, resources
from jixiao.excel.server import SEPARATOR
from jixiao.excel.setup.machine import pinned
from wine.windows import FOLDER, Windows

CALLER = Path(__file__).with_name("caller.py")
SERVER = "jixiao.excel.server"
PYTHONW = rf"{FOLDER}\pythonw.exe"
NOTHING, NA = {"nothing": 0}, {"error": 2042}
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


def started(python: str, second: int = 36000) -> str:
    """The command that the add-in hands to the DLL at a second of the day, from its own text."""
    return Module("JixiaoPython").joined(
        "StartCommand", {'Narrow(Setting("python"))': python, "CLng(Timer)": str(second)}
    )


def excel(windows: Windows, folder: Path, *steps: list[Any], dlls: str = FOLDER) -> list[dict[str, Any]]:
    """Do what VBA does, step by step (caller.py), in a program of its own.

    Args:
        folder: for the order and the answers.
        dlls: the folder of xlwings' DLL.

    Returns:
        One answer a step.
    """
    order, answers = folder / "order.json", folder / "answers.json"
    order.write_text(json.dumps({"dll": rf"{dlls}\{dll(Path(), 64).name}", "steps": steps}), "utf-8")
    done = windows.run(windows.there(CALLER), windows.there(order), windows.there(answers))
    assert done.status == 0, done.output
    return list(json.loads(answers.read_text("utf-8")))


SAYS = (
    'held.CallUDF("jixiao.excel.functions", name, given, Nothing, Nothing)',
    'held.SetAttr held.Module("xlwings._xlwindows"), "BOOK_CALLER", ActiveWorkbook',
    'Set given = held.Tuple(Setting("version"), Setting("xlwings"), words)',
    'held.Str(held.Call(held.Module(SERVER), "press", given))',
    "XLPyDLLActivateAuto(result, startedBy, 1)",
)
"""What the steps below do, in the add-in's own words."""


def call(method: str, *arguments: Any) -> list[Any]:
    return ["call", method, list(arguments)]


def function(name: str, *arguments: Any) -> list[Any]:
    """A worksheet function, as JixiaoCall calls it."""
    return call("CallUDF", "jixiao.excel.functions", name, {"array": list(arguments)}, NOTHING, NOTHING)


def pressed(at: int, *words: str, addin: str = __version__, xlwings: str = "") -> list[list[Any]]:
    """A press of a button with no workbook open, as JixiaoPy does it; the reply is the answer of the last step.

    Args:
        at: the number of the first of these steps.
    """
    return [
        call("Module", "xlwings._xlwindows"),
        call("SetAttr", {"step": at}, "BOOK_CALLER", NOTHING),
        call("Tuple", addin, xlwings or pinned("xlwings"), SEPARATOR.join(words)),
        call("Module", SERVER),
        call("Call", {"step": at + 3}, "press", {"step": at + 2}),
        call("Str", {"step": at + 4}),
    ]


def process(at: int) -> list[list[Any]]:
    """The number of Python's process is the answer of the last step."""
    return [call("Module", "os"), call("Call", {"step": at}, "getpid"), call("Str", {"step": at + 1})]
