"""Compiling in another process, so that this process and all later ones run the same code, from disk.

Numba stores copies of the functions that a function calls beside it, and optimizes them once more. A process
that compiles runs the originals. A process that finds the code on disk runs the copies, which round a few
numbers differently. If bits must repeat in every process and on every machine, no process may run code that
it compiled itself.
"""
# mypy: disable-error-code="no-untyped-call"

import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name

from impls.contract import Array
from impls.kernels import sweep
from impls.kernels.compiled import digest_of_sources


@functools.cache
def rehearse(dtype: str, order: str) -> None:
    """Load the code for X in "C" or "F" order; another process compiles it unless it is on disk."""
    _, kernel, _ = sweep.kernels(_example(dtype, order), order)
    if folder := kernel.stats.cache_path:  # else Numba keeps no code on disk
        place = (get_host_cpu_name(), sys.implementation.cache_tag, dtype, order)
        done = Path(folder) / f"zeroloop-{'-'.join(place)}.rehearsed"
        what = f"{digest_of_sources(compiled_only=True)} {numba.__version__}"
        with contextlib.suppress(OSError, subprocess.SubprocessError):  # then the next process tries again
            if not done.exists() or done.read_text() != what:
                _play_elsewhere(dtype, order)
                done.write_text(what)
    play(dtype, order)


def play(dtype: str, order: str) -> None:
    """Run the code once."""
    X, ones = _example(dtype, order), np.ones(2, dtype)
    ones.setflags(write=False)
    sweep.sums(ones, 0.0, X, ones, 0, 2, order)


def _play_elsewhere(dtype: str, order: str) -> None:
    code = f"from impls.kernels import rehearsal; rehearsal.play({dtype!r}, {order!r})"
    paths = [str(Path(sweep.__file__).parents[2]), os.environ.get("PYTHONPATH")]  # the same modules as here
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-P", "-c", code]
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def _example(dtype: str, order: str) -> Array:
    """Return X (2, 2), read-only: to Numba, an array that can be written to has another type."""
    X = np.ones((2, 2), dtype).copy(order)  # type: ignore[arg-type]
    X.setflags(write=False)
    return X
