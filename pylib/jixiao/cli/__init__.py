"""The command line (DESIGN §8). Messages are Chinese: one line for the cause, one for the remedy, never a traceback."""

from jixiao.cli.common import OK, OUTSTANDING, UNUSABLE
from jixiao.cli.running import main

__all__ = ["OK", "OUTSTANDING", "UNUSABLE", "main"]
