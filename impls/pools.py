"""The number of threads that a step may use: one limit per process, as BLAS and OpenMP have one pool each."""

import math
import numbers
import os
import sys

from threadpoolctl import threadpool_limits

from impls import limits
from impls.errors import BadValue

_MOST = 1024  # far above any machine; each thread takes memory, and millions of them would end the process
_limit: int | None = None
_numba_limit: int | None = None  # None: never set


def available() -> int:
    """Return the number of cores that this process may use, and whose time it has, rounded down: at least 1.

    A thread beyond its quota would not compute more: all would be stopped for a part of the time.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, math.floor(limits.cores() or cores)))


def check(threads: int) -> int:
    """Return a number of threads as an int; raises BadValue if it is not from 1 to the largest allowed."""
    if not isinstance(threads, numbers.Integral) or not 1 <= threads <= _MOST:
        raise BadValue(f"threads: {threads!r}, but a whole number from 1 to {_MOST} is needed")
    return int(threads)


def limit(threads: int) -> None:
    """Limit the pools of this process to this number of threads; costs nothing if they already have it.

    Raises BadValue where Numba is loaded, and NUMBA_NUM_THREADS keeps it from using the cores that there are.
    """
    global _limit
    if threads != _limit:
        threadpool_limits(threads)
        _limit_numba(threads)
        _limit = threads


def _limit_numba(threads: int) -> None:
    """Limit the threads of `prange` too, which are in no pool that threadpoolctl knows."""
    global _numba_limit
    if numba := sys.modules.get("numba"):
        most = numba.config.NUMBA_NUM_THREADS
        if most < min(threads, available()):
            raise BadValue(f"threads: {threads}, but NUMBA_NUM_THREADS lets Numba have {most}; unset it")
        if (count := min(threads, most)) != (_numba_limit or most):
            numba.set_num_threads(count)  # which starts all of them: not for nothing
            _numba_limit = count


def forget() -> None:
    """Make the next `limit` set all pools again, since a library that was just loaded may have a new one."""
    global _limit
    _limit = None
