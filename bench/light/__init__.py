"""The speed of light: the fastest known way to do what every step must do, measured beside the rows.

Every step must read X once, and must give each example a sigmoid and a softplus. A step that does more, or
does the one after the other, takes longer than either. A reader sums what it reads, since compilers leave
out code whose result nobody takes. The light is the shortest of all timings: a longer light would flatter the
rows.
"""

from impls.contract import Array
from impls.data.problems import Problem
from reports.results import Light

_BUDGET_S = 0.08  # seconds for each function, in a quick look


def measure(problem: Problem, threads: int, device: str) -> Light:
    """Measure the speed of light of a device on a problem, now and in this process."""
    times_s = shortest_s(problem.X, threads, device, _BUDGET_S)
    return Light(problem.name, problem.dtype, threads, device, *times_s)


def shortest_s(X: Array, threads: int, device: str, budget_s: float) -> tuple[float, float]:
    """Return the seconds of reading X, and of one sigmoid and one softplus for each of its examples.

    The budget is for each function that is timed. Raises Unsuited where X does not fit on the GPU.
    """
    if device == "cuda":
        from bench.light import gpu

        return gpu.shortest_s(X, budget_s)
    from bench.light import processor  # which compiles: not above

    return processor.shortest_s(X, threads, budget_s)
