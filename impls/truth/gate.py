"""The gate: a row is timed, and its times are shown, only if its results on the same data are right."""

import functools
import zlib
from typing import NamedTuple

import numpy as np

from impls.contract import Array, Step
from impls.data.problems import Problem, Shape, made
from impls.registry import BoundStep
from impls.truth.course import drawn_point
from impls.truth.oracle import Reference, reference

# Larger than the rounding errors of any sound order of summation: 3e-6 for float32 rows that add a million
# examples one by one. Smaller than the effect of one missing example, which shows among ten thousand examples
# in float32, and among ten billion in float64.
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}


class Refused(Exception):
    """The row's numbers are wrong; the message says which, and by how much; `error` is None if infinite."""

    def __init__(self, reason: str, error: float | None = None):
        super().__init__(reason)
        self.error = error


class Point(NamedTuple):
    """Parameters at which steps are evaluated, and what is true there."""

    w: Array
    b: float
    truth: Reference


class Gate:
    """Compares steps with the oracle on one problem; references and checksum are computed once.

    Its two points are drawn anew for each gate: a step that remembers its result at one is wrong at the
    other, and no step can know either beforehand.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        self.tolerance = TOLERANCE[problem.dtype]
        self.points = drawn_points(problem.X, problem.Y)
        self._checksum = self._sum()

    def run(self, step: BoundStep) -> float:
        """Call a bound step at both points and return its larger error; raises Refused.

        Exceptions of the step pass through, since only the caller knows whose file they come from.
        """
        return max(self.check(step(point.w, point.b), point) for point in self.points)

    def check(self, result: Step, point: Point) -> float:
        """Return the largest error of a result, relative to the oracle's scale; raises Refused."""
        error = judge(result, point.truth, self.tolerance)
        if self._sum() != self._checksum:
            raise Refused("step wrote to its inputs")
        return error

    def _sum(self) -> int:
        """Return a checksum of all that steps are given."""
        total = 0
        for array in (self.problem.X, self.problem.Y, *(point.w for point in self.points)):
            total = zlib.crc32(np.ascontiguousarray(array).data, total)
        return total


def drawn_points(X: Array, Y: Array) -> tuple[Point, Point]:
    """Draw two points, and ask the oracle what is true there; shapes as in `impls.contract`."""
    (w, b), (v, c) = (drawn_point(len(X), X.dtype.name) for _ in range(2))
    return Point(w, b, reference(w, b, X, Y)), Point(v, c, reference(v, c, X, Y))


@functools.lru_cache(maxsize=1)  # one problem in memory at a time: rows run problem by problem
def gate_for(shape: Shape, dtype: str) -> Gate:
    """Make a problem and its gate; clear the cache after a row failed, which may have damaged the data."""
    return Gate(made(shape, dtype))


def judge(result: Step, truth: Reference, tolerance: float) -> float:
    """Return the largest error of a result, relative to the oracle's scale; raises Refused."""
    errors = relative_errors(result, truth)
    for name, error in errors.items():
        if np.isnan(error):
            raise Refused(f"{name} is not a number")
        if error > tolerance:
            reason = f"{name} is off by {error:.1e}, {tolerance:.0e} is allowed"
            raise Refused(reason, error if np.isfinite(error) else None)
    return max(errors.values())


def relative_errors(result: Step, truth: Reference) -> dict[str, float]:
    """Errors of J, dw (its worst component) and db, relative to the oracle's scale."""
    return {
        "J": _relative(result.cost, truth.value.cost, truth.scale.cost),
        "dw": _relative(result.dw, truth.value.dw, truth.scale.dw),
        "db": _relative(result.db, truth.value.db, truth.scale.db),
    }


def _relative(computed: Array | float, true: Array | float, scale: Array | float) -> float:
    difference = np.abs(np.asarray(computed, np.float64) - true)
    # A feature that is 0 in every example has scale 0: its dw must be 0 too.
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(difference == 0, 0.0, difference / scale)
    return float(np.max(error))
