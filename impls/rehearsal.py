"""Compiling in another process, so that this one and all later ones run the same code: that on disk.

Numba puts copies of the functions that a function calls beside it, and optimizes them once more. A process
that has compiled runs the originals, one that finds the code on disk runs the copies, and the two round a few
numbers differently. Where bits must repeat from process to process, and from machine to machine, none may
compile for itself.
"""
# mypy: disable-error-code="no-untyped-call"

import contextlib
import functools
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name

from impls import sweep
from impls.compiled import digest_of_sources
from impls.contract import Array


@functools.cache
def rehearse(dtype: str, order: str) -> None:
    """Load the code for X in "C" or "F" order, which another process compiles unless it is on disk.

    Raises OSError where no process can be started.
    """
    _, kernel, _ = sweep.kernels(_example(dtype, order), order)
    if folder := kernel.stats.cache_path:  # else Numba has no place for it
        what = (digest_of_sources()[:12], numba.__version__, get_host_cpu_name(), dtype, order)
        done = Path(folder) / f"zeroloop-{'-'.join(what)}.rehearsed"
        if not done.exists():
            code = f"from impls import rehearsal; rehearsal.play({dtype!r}, {order!r})"
            subprocess.run([sys.executable, "-P", "-c", code], check=False, stdin=subprocess.DEVNULL)
            with contextlib.suppress(OSError):  # the next process does it again
                done.touch()
    play(dtype, order)


def play(dtype: str, order: str) -> None:
    """Run the code once."""
    X, ones = _example(dtype, order), np.ones(2, dtype)
    ones.setflags(write=False)
    sweep.sums(ones, 0.0, X, ones, 0, 2, order)


def _example(dtype: str, order: str) -> Array:
    """Return X (2, 2), which cannot be written to: to Numba what can is of another type."""
    X = np.ones((2, 2), dtype).copy(order)  # type: ignore[arg-type]
    X.setflags(write=False)
    return X
