"""Runs one command: its exit status, and one Chinese message for whatever goes wrong."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from jixiao.cli.common import UNUSABLE, explain
from jixiao.cli.parser import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 nothing outstanding, 1 findings outstanding, 2 unusable arguments or unreadable file.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parsed = parser().parse_args(arguments)
    try:
        result: int = parsed.run(parsed)
        sys.stdout.flush()
        return result
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # whoever reads our output has had enough of it, like head
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except Exception as error:
        if parsed.debug:
            raise
        print(explain(error), file=sys.stderr)
        return UNUSABLE
