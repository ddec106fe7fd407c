"""Errors that a user can correct: each is one line that says what is wrong, where, and what to do.

Commands show these errors without a traceback. Any other error is a fault of this project, and keeps its own.
"""

import difflib


class UserError(Exception):
    """The base of all errors whose message is meant for a user."""


class BadValue(UserError, ValueError):
    """An argument has a bad value; the message names the argument, its value, and what is needed."""


class Unsuited(BadValue):
    """The row cannot compute on these data or settings, though other rows can."""


class UnknownName(UserError, KeyError):
    """No row or problem has this name; the message lists similar names."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]):
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        super().__init__(f"no {kind} {name!r}; {offer}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError's own text is a repr


class Unavailable(UserError, ImportError):
    """The row needs a library or a device that is missing here.

    `status` is "not installed", "does not load" or "no CUDA device"; `reason` says why, or what to install.
    """

    def __init__(self, status: str, reason: str):
        super().__init__(status, reason)
        self.status, self.reason = status, reason

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"


class BrokenFile(UserError, ImportError):
    """A user's own file cannot be used; the message names the file, the line and the reason."""


def not_installed(*libraries: str) -> Unavailable:
    """Return the error for libraries that are not installed, by their names for pip."""
    return Unavailable("not installed", f"pip install {' '.join(libraries)}")
