"""xlwings' real Windows code on any system: its COM server answers as it would answer VBA.

pywin32 is replaced by stubs, and only it: argument conversion, the calls and the generated wrappers are xlwings' own.
The work is done by this same file run as a script, because xlwings decides at its import what system it is on and
the tests' own xlwings must stay as it is.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

#: How COM hands over an argument that was left out, and what VBA makes of CVErr(2007), CVErr(2042), ….
MISSING = -2147352572
ERRORS = {
    "#NULL!": -2146826288,
    "#DIV/0!": -2146826281,
    "#VALUE!": -2146826273,
    "#REF!": -2146826265,
    "#NAME?": -2146826259,
    "#NUM!": -2146826252,
    "#N/A": -2146826246,
    "#SPILL!": -2146826243,
}


class Desktop:
    """xlwings as VBA sees it, for one module of worksheet functions."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def call(self, name: str, *arguments: Any) -> Any:
        """The answer of `Py.CallUDF(module, name, arguments, Nothing, Nothing)`.

        Raises:
            RuntimeError: the COM server raised; VBA would run into On Error.
        """
        return self.calls([(name, arguments)])[0]

    def calls(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many answers at once."""
        return list(self._ask("calls", list(calls)))

    def metadata(self) -> dict[str, dict[str, Any]]:
        """What xlwings knows of every function of the module, by name."""
        return dict(self._ask("metadata"))

    def wrappers(self) -> str:
        """The VBA that xlwings' Import Functions would write for the module."""
        return str(self._ask("wrappers"))

    def run(self, source: str) -> Any:
        """Execute Python over there; the value of its variable `result`."""
        return self._ask("run", source)

    def _ask(self, verb: str, *operands: Any) -> Any:
        out, back = self._process.stdin, self._process.stdout
        assert out and back
        pickle.dump((verb, operands), out)
        out.flush()
        ok, value = pickle.load(back)
        if not ok:
            raise RuntimeError(value)
        return value


@contextmanager
def desktop(module: str) -> Iterator[Desktop]:
    """xlwings' COM server with `module` as its module of functions."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Desktop(process)
    finally:
        process.communicate()  # the end of its input ends it


# --- below runs in the process of its own --------------------------------------------------------------------


def _install_stubs() -> None:
    """What xlwings imports of pywin32 and ctypes on Windows."""
    import ctypes
    import datetime
    import types
    from unittest.mock import MagicMock

    class Stub(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            setattr(self, name, MagicMock(name=f"{self.__name__}.{name}"))
            return vars(self)[name]

    def stub(name: str, **members: Any) -> Stub:
        made = Stub(name)
        vars(made).update(members)
        sys.modules[name] = made
        if "." in name:
            parent, child = name.rsplit(".", 1)
            setattr(sys.modules[parent], child, made)
        return made

    class ComError(Exception):
        hresult = -1

    def unwrap(value: Any) -> Any:
        raise ComError(f"{value!r} is no wrapped object")

    def new_class(name: str) -> type:
        return type(name, (), {})

    vars(ctypes).update(windll=MagicMock(), oledll=MagicMock(), PyDLL=MagicMock())
    stub("pywintypes", com_error=ComError, TimeType=datetime.datetime)
    for name in ("win32api", "win32con", "win32gui", "win32process", "win32event"):
        stub(name)
    stub("win32timezone", TimeZoneInfo=new_class("TimeZoneInfo"))
    stub("pythoncom", com_error=ComError, __file__="pythoncom.dll")
    stub("win32com", __path__=[])
    dispatch = {"Dispatch": lambda value: value, "DispatchEx": lambda value: value}
    classes = {name: new_class(name) for name in ("CDispatch", "CoClassBaseClass", "DispatchBaseClass")}
    stub("win32com.client", **classes, **dispatch)
    stub("win32com.server", __path__=[])
    stub("win32com.server.dispatcher")
    stub("win32com.server.policy", DesignatedWrapPolicy=object)
    stub("win32com.server.util", ListEnumeratorGateway=object, unwrap=unwrap)


def _serve(module: str, requests: IO[bytes], replies: IO[bytes]) -> None:
    import importlib
    import io

    import jixiao.measures  # noqa: F401 - NumPy is imported as on this system

    _install_stubs()
    system, sys.platform = sys.platform, "win32"
    functions = importlib.import_module(module)  # and xlwings with it
    sys.platform = system

    import xlwings
    from xlwings import com_server, udfs

    assert xlwings.has_pywin32, "xlwings did not take this for Windows"
    server = com_server.XLPython()

    def calls(wanted: list[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [server.CallUDF(module, name, tuple(arguments), None, None) for name, arguments in wanted]

    def metadata() -> dict[str, Any]:
        members = vars(functions).values()
        return {member.__name__: member.__xlfunc__ for member in members if hasattr(member, "__xlfunc__")}

    def wrappers() -> str:
        class Book:
            Name = "jixiao.xlam"

        text = io.StringIO()
        udfs.generate_vba_wrapper(module, functions, text, Book())
        return text.getvalue()

    def run(source: str) -> Any:
        names: dict[str, Any] = {"functions": functions}
        exec(source, names)
        return names["result"]

    verbs: dict[str, Any] = {"calls": calls, "metadata": metadata, "wrappers": wrappers, "run": run}
    while True:
        try:
            verb, operands = pickle.load(requests)
        except EOFError:
            return
        try:
            reply = True, verbs[verb](*operands)
        except Exception as error:  # the caller raises it
            reply = False, f"{type(error).__name__}: {error}"
        pickle.dump(reply, replies)
        replies.flush()


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what is printed must not get between the answers
    _serve(sys.argv[1], sys.stdin.buffer, answers)
