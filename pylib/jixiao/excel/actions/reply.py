"""What a button answers: one message or one question, in the form in which the add-in shows it.

A button is Python, boxes are Excel's (docs/decisions/0015): an action returns one :class:`Reply`. After a question the
add-in presses the same button again with all answers so far. What an action cannot do, or not before it has asked,
it raises as :class:`Stop`, from wherever it finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["", "say", "warn", "show", "ask", "confirm", "save", "open", "folder"]

YES, NO = "是", "否"
"""What a person answers to a confirmation."""


class Reply(NamedTuple):
    """What the add-in is to show.

    ``""`` nothing; ``say`` and ``warn`` a box; ``show`` the current finding, without a box; ``ask`` an input box;
    ``confirm`` yes or no; ``save``, ``open`` and ``folder`` the dialogs for files. ``default`` is what stands in
    the input box or the file's proposed name; with ``show`` what to do about the finding; with a ``say`` that also
    names one, the line for the ribbon's 当前问题.
    """

    kind: Kind
    title: str = ""
    text: str = ""
    default: str = ""


NOTHING = Reply("")


class Stop(Exception):  # noqa: N818 - an answer, not a fault
    """Ends an action with a reply; nothing was changed, or what was changed is complete."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def say(title: str, *lines: str, current: str = "") -> Reply:
    """A box with a message, paragraph by paragraph; ``current`` goes to the ribbon's 当前问题."""
    return Reply("say", title, "\n".join(line for line in lines if line), current)


def warn(title: str, cause: str, remedy: str) -> Reply:
    """A box that says why something cannot be done and what to do about it."""
    return Reply("warn", title, f"{cause}\n{remedy}")


def refuse(title: str, cause: str, remedy: str) -> Stop:
    """The same, to be raised."""
    return Stop(warn(title, cause, remedy))


class Answers:
    """The answers so far, taken one after another in the order of the questions."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = list(given)

    def ask(self, title: str, text: str, default: str = "") -> str:
        """A line that the person types."""
        return self._next(Reply("ask", title, text, default)).strip()

    def confirm(self, title: str, *lines: str) -> None:
        """Go on only with a yes.

        Raises:
            Stop: the answer is no.
        """
        if self._next(Reply("confirm", title, "\n".join(line for line in lines if line))) != YES:
            raise Stop(NOTHING)

    def save(self, title: str, text: str, proposed: str) -> str:
        """A file to write, by its path."""
        return self._next(Reply("save", title, text, proposed))

    def open(self, title: str, text: str) -> str:
        """A file to read, by its path."""
        return self._next(Reply("open", title, text))

    def folder(self, title: str, text: str) -> str:
        """A folder, by its path."""
        return self._next(Reply("folder", title, text))

    def fixed(self) -> str:
        """An answer that the button itself brings along; "" when it brings none."""
        return self._given.pop(0) if self._given else ""

    def _next(self, question: Reply) -> str:
        if not self._given:
            raise Stop(question)
        return self._given.pop(0)
