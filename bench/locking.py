"""A folder, or a file, that one command at a time writes to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.request import BadRequest


@contextmanager
def alone_in(folder: Path, other: str) -> Iterator[None]:
    """Hold a folder while a command writes there; raises BadRequest, naming `other`, if another one does."""
    with _locked(folder, os.O_RDONLY, f"{folder}: {other} writes there; two at once disturb each other"):
        yield


@contextmanager
def alone_at(file: Path, other: str) -> Iterator[None]:
    """Hold a file, which need not exist, while a command replaces it now and then.

    What is locked is an empty file beside it, which is removed in the end: the file itself is another one
    each time. Raises BadRequest, naming `other`, if another command holds it.
    """
    lock, said = file.with_name(f".{file.name}.lock"), f"{file}: {other} saves there; name another file"
    with _locked(lock, os.O_RDWR | os.O_CREAT, said) as handle:
        if handle and not (lock.exists() and os.path.samefile(handle, lock)):
            raise BadRequest(said)  # who held it has just removed it, and a third may have made another
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, flags: int, said: str) -> Iterator[int | None]:
    try:
        import fcntl
    except ImportError:  # on Windows, which has no such locks
        yield None
        return
    handle = os.open(path, flags, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadRequest(said) from None
        yield handle
    finally:
        os.close(handle)
