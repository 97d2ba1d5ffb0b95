"""Why the treasury's desk cannot do what is asked."""

from __future__ import annotations


class DeskError(Exception):
    """Something that a person can mend: why, and what to do, each without full stop."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}。\n{remedy}。")
        self.cause, self.remedy = cause, remedy


class StoreError(DeskError):
    """A store that cannot be used."""


class QueryError(DeskError):
    """A question that cannot be answered."""
