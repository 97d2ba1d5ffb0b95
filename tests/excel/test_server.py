"""What the add-in sends to Python, and what comes back, is one line of text each, whatever happens."""

import importlib.metadata
import subprocess
import sys

import pytest

from jixiao import __version__
from jixiao.excel import macros
from jixiao.excel.server import SEPARATOR, press

XLWINGS = importlib.metadata.version("xlwings")


def test_words_reach_the_action_and_the_reply_comes_back_in_four_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(*words: str) -> tuple[str, str, str, str]:
        return "ask", "/".join(words), "几\n行", ""

    monkeypatch.setattr(macros, "press", said)
    reply = press(__version__, XLWINGS, SEPARATOR.join(["new", "hengshan_2023", ""]))
    assert reply.split(SEPARATOR) == ["ask", "new/hengshan_2023/", "几\n行", ""]


def test_nothing_is_done_for_an_add_in_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*words: str) -> tuple[str, str, str, str]:
        raise AssertionError(words)

    monkeypatch.setattr(macros, "press", never)
    kind, title, text, default = press("0.0.1", XLWINGS, "check").split(SEPARATOR)
    assert (kind, title, default) == ("warn", "绩效自评", "")
    assert "0.0.1" in text
    assert "jixiao install" in text
    assert press(__version__, "0.1.2", "check").startswith("warn")


def test_a_broken_installation_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(macros, "handshake")
    kind, _, text, _ = press(__version__, XLWINGS, "check").split(SEPARATOR)
    assert kind == "warn"
    assert "jixiao doctor" in text
    assert "Traceback" not in text


def test_one_press_a_process() -> None:
    """As macOS does it."""
    command = [
        sys.executable,
        "-E",
        "-P",
        "-m",
        "jixiao.excel.server",
        "press",
        __version__,
        XLWINGS,
        "无此功能",
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.decode().split(SEPARATOR)[0] == "warn"
    assert "无此功能" in done.stdout.decode()


def test_serving_needs_no_pandas() -> None:
    program = "import sys, jixiao.excel.server, jixiao.excel.functions; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
