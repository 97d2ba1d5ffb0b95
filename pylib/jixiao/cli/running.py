"""Runs one command: its exit status, and one Chinese message for whatever goes wrong."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import traceback
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
        _let_go(error)
        return UNUSABLE


def _let_go(error: BaseException) -> None:
    """Drop what an error still holds: a zip file that a full disk cut short complains once more when it is dropped."""
    told, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        held: BaseException | None = error
        seen: set[int] = set()
        while held is not None and id(held) not in seen:
            seen.add(id(held))
            traceback.clear_frames(held.__traceback__)
            held = held.__cause__ or held.__context__
        gc.collect()
    finally:
        sys.unraisablehook = told
