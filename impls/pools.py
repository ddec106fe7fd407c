"""How many threads a step may use. The pools of BLAS and OpenMP are one per process, so the limit is too."""

import numbers
import os

from threadpoolctl import threadpool_limits

from impls.errors import BadValue

_MOST = 1024  # far above any machine here; each thread is memory, and a pool of millions ends the process
_limit: int | None = None


def available() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check(threads: int) -> int:
    """Return a number of threads as an int; raise BadValue for one that cannot be had."""
    if not isinstance(threads, numbers.Integral) or not 1 <= threads <= _MOST:
        raise BadValue(f"threads: {threads!r}, but a whole number from 1 to {_MOST} is needed")
    return int(threads)


def limit(threads: int) -> None:
    """Let the pools of this process use so many threads; costs nothing when they already do."""
    global _limit
    if threads != _limit:
        threadpool_limits(threads)
        _limit = threads


def forget() -> None:
    """Make the next `limit` set all pools anew: a library that was just loaded brings one of its own."""
    global _limit
    _limit = None
