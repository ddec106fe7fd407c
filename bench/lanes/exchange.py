"""What passes between the conductor and a lane while calls are timed, through memory that both map.

The conductor writes a course, which says where the calls are (`impls.truth.course`). The lane writes the
results of all calls, and how long each took.
"""

import mmap
from collections.abc import Sequence

import numpy as np

from impls.contract import Array, Step
from impls.truth.course import Course

_ROOM = 1 << 20  # numbers of dw that are kept: 8 MB
_MOST_CALLS = 1 << 14


def size_of(n_x: int) -> int:
    """Return the bytes of an exchange."""
    return 8 * sum(_sizes(n_x))


def _sizes(n_x: int) -> tuple[int, ...]:
    calls = max(2, min(_MOST_CALLS, _ROOM // n_x))
    return n_x + 1, n_x + calls, calls * n_x, calls, calls, calls


class Exchange:
    """Arrays in shared memory: a course, dw (calls, n_x, 1), and (calls,) for J, db and times; all float64.

    The lane can write to everything here: the conductor trusts its own copy of the course.
    """

    def __init__(self, path: str, n_x: int):
        with open(path, "r+b") as file:
            memory = mmap.mmap(file.fileno(), size_of(n_x))
        whole = np.frombuffer(memory, np.float64)
        start, sway, dw, *others = np.split(whole, np.cumsum(_sizes(n_x))[:-1])
        self.course, self.dw = Course(start, sway), dw.reshape(-1, n_x, 1)
        self.costs, self.db, self.times_s = others
        self.n_x, self.most_calls = n_x, len(self.times_s)

    def send(self, course: Course) -> None:
        """Write a course."""
        self.course.start[:] = course.start
        self.course.sway[: len(course.sway)] = course.sway

    def point(self, course: Course, k: int, dtype: str) -> tuple[Array, float]:
        """Return w and b of call k of a course, given the result of the call before."""
        if not k:
            return course.first(dtype)
        return course.point(k, self.dw[k - 1], float(self.db[k - 1]), dtype)

    def result(self, k: int) -> Step:
        """Return a copy of the result of call k."""
        return Step(float(self.costs[k]), self.dw[k].copy(), float(self.db[k]))

    def keep(self, results: Sequence[Step]) -> None:
        """Write the results of the first calls."""
        for k, result in enumerate(results):
            self.costs[k], self.dw[k], self.db[k] = result.cost, result.dw, result.db
