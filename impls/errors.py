"""What a user can mend: each error is one line that says what is wrong, where, and what to do.

Commands show these without a traceback, and no others: any other error is a fault of this project.
"""

import difflib


class UserError(Exception):
    """The base of all errors whose message is meant for a user."""


class BadValue(UserError, ValueError):
    """An argument is not what every row takes; the message names it, what it was, and what is needed."""


class Unsuited(BadValue):
    """The row computes something narrower than these data ask for."""


class UnknownName(UserError, KeyError):
    """No row or problem has this name; the message lists near matches."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]):
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        super().__init__(f"no {kind} {name!r}; {offer}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError's own text is a repr


class Unavailable(UserError, ImportError):
    """The row needs what is not here.

    `status` is "not installed", "does not load" or "no CUDA device"; `reason` says why, or how to install it.
    """

    def __init__(self, status: str, reason: str):
        super().__init__(status, reason)
        self.status, self.reason = status, reason

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"


class BrokenFile(UserError, ImportError):
    """Somebody's own file cannot be used; the message names the file, the line and the reason."""


def not_installed(*libraries: str) -> Unavailable:
    """Return the error for libraries, by the names that pip knows, that this Python lacks."""
    return Unavailable("not installed", f"pip install {' '.join(libraries)}")
