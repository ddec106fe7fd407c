"""How many threads a step may use. The pools of BLAS and OpenMP are one per process, so the limit is too."""

import os

from threadpoolctl import threadpool_limits

_limit: int | None = None


def available() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
