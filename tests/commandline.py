"""The command line as tests call it: in the process of the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jixiao.cli import main

#: Takes the words of a command; returns its exit status, output and errors.
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; whatever it is given, nobody sees a traceback."""

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call
