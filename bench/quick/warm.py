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
_MOST_NUMBERS = 4_000_000  # largest size of X: it is made in a moment, and rows still use all threads


def first_call_s(row: str, shape: problems.Shape, dtype: str, threads: int) -> float | None:
    """Time a row's first call in a new process, which inherits the cache's folder; None where that fails."""
    # -P: no modules from the user's folder.
    command = [sys.executable, "-P", "-m", "bench.quick.warm", row, _stand_in(shape), dtype, str(threads)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=True)
        return float(json.loads(ended.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def _stand_in(shape: problems.Shape) -> str:
    """Name a problem, no larger, that uses the same compiled functions: rows choose them by n_x and size.

    Its data are synthetic, since real data need a slow import.
    """
    return f"{shape.n_x}x{min(shape.m, max(1, _MOST_NUMBERS // shape.n_x))}"


def _print_first_call(row: str, name: str, dtype: str, threads: str) -> None:
    problem = problems.load(name, dtype)
    step = impls.load(row).prepare(problem.X, problem.Y, int(threads))
    start = perf_counter()
    step(problem.w, problem.b)
    print(json.dumps(perf_counter() - start))


if __name__ == "__main__":
    _print_first_call(*sys.argv[1:])
