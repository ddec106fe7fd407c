"""Numba's cache of a session: empty at its start, so that the first calls compile whatever ran before."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def start_cold() -> Callable[[], None]:
    """Give Numba a cache of its own, empty; return what removes it again."""
    folder = tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True)
    before = os.environ.get("NUMBA_CACHE_DIR")
    _set(folder.name)

    def end() -> None:
        _set(before)
        folder.cleanup()

    return end


def kept_code() -> int:
    """Return how many files of compiled code there are: more after a call say that it compiled.

    A call that compiles in another process counts too.
    """
    return sum(1 for _ in Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbc"))


def _set(folder: str | None) -> None:
    if folder is None:
        os.environ.pop("NUMBA_CACHE_DIR", None)
    else:
        os.environ["NUMBA_CACHE_DIR"] = folder
    if numba := sys.modules.get("numba"):  # it has read the variable already
        numba.config.CACHE_DIR = folder or ""
