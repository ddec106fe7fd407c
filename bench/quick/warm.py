"""The first call of a process that finds a row's compiled code on disk, timed in a process of its own.

    python -m bench.quick.warm ROW PROBLEM DTYPE THREADS

prints the seconds as JSON.
"""

import json
import subprocess
import sys
from time import perf_counter

import impls
from impls.data import problems

_LONGEST_S = 60
_MOST_NUMBERS = 4_000_000  # in X, that are made in a moment


def first_call_s(row: str, shape: problems.Shape, dtype: str, threads: int) -> float | None:
    """Time a row's first call in a new process, which inherits the cache's folder; None where that fails."""
    command = [sys.executable, "-m", "bench.quick.warm", row, _stand_in(shape), dtype, str(threads)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=True)
        return float(json.loads(ended.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def _stand_in(shape: problems.Shape) -> str:
    """Name data for which a row runs the same compiled functions: its choice depends on the size at most.

    They are synthetic: the values make no difference, and real data come with a slow import.
    """
    small = shape.n_x * shape.m <= _MOST_NUMBERS
    return f"{shape.n_x}x{shape.m}" if small else "64x20000"


def _print_first_call(row: str, name: str, dtype: str, threads: str) -> None:
    problem = problems.load(name, dtype)
    step = impls.load(row).prepare(problem.X, problem.Y, int(threads))
    start = perf_counter()
    step(problem.w, problem.b)
    print(json.dumps(perf_counter() - start))


if __name__ == "__main__":
    _print_first_call(*sys.argv[1:])
