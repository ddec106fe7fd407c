"""A folder that one command at a time writes to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.request import BadRequest


@contextmanager
def alone_in(folder: Path, other: str) -> Iterator[None]:
    """Hold a folder while a command writes there; raises BadRequest, naming `other`, if another one does."""
    try:
        import fcntl
    except ImportError:  # on Windows, which has no such locks
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"{folder}: {other} writes there; two at once disturb each other"
            raise BadRequest(said) from None
        yield
    finally:
        os.close(handle)
