"""A step whose parameters change from call to call, so that it must compute; some results are verified."""

import random

from impls.contract import Array, Step
from impls.data.problems import Problem
from impls.registry import BoundStep
from impls.truth.course import drawn
from impls.truth.gate import TOLERANCE, judge
from impls.truth.points import references

_CALLS = 1000  # that one course serves
_KEPT = 8  # results that are verified


class Moving:
    """Gives each round of pytest-benchmark its parameters, and keeps results that are chosen at random."""

    def __init__(self, step: BoundStep, problem: Problem):
        self._step, self._problem, self._n_x = step, problem, len(problem.X)
        self._done, self._random = 0, random.SystemRandom()
        self._at: tuple[Array, float] | None = None
        self._last: Step | None = None
        self._kept: list[tuple[Array, float, Step]] = []

    def call(self, w: Array, b: float) -> None:
        """Call the step: this is what is timed."""
        self._last = self._step(w, b)

    def arguments(self) -> tuple[tuple[Array, float], dict[str, object]]:
        """Return the arguments of the next call, before which the last result may be kept."""
        self._keep()
        k = self._done % _CALLS
        if k == 0:
            self._course = drawn(self._n_x, _CALLS)
        dtype = self._problem.dtype
        if self._last and k:
            self._at = self._course.point(k, self._last.dw, self._last.db, dtype)
        else:
            self._at = self._course.first(dtype)
        self._done += 1
        return self._at, {}

    def largest_error(self) -> float:
        """Return the largest error of the results that were kept; raises Refused."""
        self._keep()
        points = [(w, b) for w, b, _ in self._kept]
        truths = references(points, self._problem.X, self._problem.Y)
        return max(
            judge(result, truth, TOLERANCE[self._problem.dtype])
            for (_, _, result), truth in zip(self._kept, truths, strict=True)
        )

    def _keep(self) -> None:
        """Keep the last result, so that each of all has the same chance to be among those that are kept."""
        if self._at is None or self._last is None:
            return
        place = len(self._kept) if len(self._kept) < _KEPT else self._random.randrange(self._done)
        if place < _KEPT:
            copied = self._last._replace(dw=self._last.dw.copy())
            self._kept[place : place + 1] = [(*self._at, copied)]
