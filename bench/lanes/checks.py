"""Checks of what a lane says: its results against the oracle, its clock and cores against the conductor's.

Each check raises `Lost` with the reason that the report shows.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bench.lanes.harness import Lost
from bench.outcome import LeftOut
from bench.planning.plan import ALPHA, ITERATIONS
from bench.request import Setting
from impls.contract import Array, Step
from impls.records import Record
from impls.training import gradient_descent
from impls.truth.gate import TOLERANCE, Point, Refused, drawn_points, judge
from impls.truth.oracle import Reference, reference
from reports.results import Pool

_MOST_EXTRA_CORES = 0.25  # that a step may keep busy above its number of threads
_LONG_ENOUGH_S = 0.02  # shorter blocks say too little about cores and clocks
_MOST_UNREPORTED = 0.9  # largest share of the conductor's time that the lane's clock may not report
_SHORTEST_S = 1e-9  # a call that a clock can tell from none


class Truths:
    """What the oracle computes, once per problem and dtype."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], tuple[Point, ...]] = {}
        self._costs: dict[str, list[float]] = {}  # by dtype: there is one problem to train on

    def knows(self, setting: Setting) -> bool:
        """Return whether the oracle was asked about a setting's data before."""
        return (setting.shape.name, setting.dtype) in self._points

    def points(self, setting: Setting, X: Array, Y: Array) -> tuple[Point, ...]:
        """Return the truth on a setting's data at two points, drawn for this run."""
        key = (setting.shape.name, setting.dtype)
        if key not in self._points:
            self._points[key] = drawn_points(X, Y)
        return self._points[key]

    def costs(self, X: Array, Y: Array) -> list[float]:
        """Return the cost before each update of gradient descent."""
        dtype = str(X.dtype)
        if dtype not in self._costs:
            start = np.zeros((X.shape[0], 1), X.dtype)
            fit = gradient_descent(lambda w, b: reference(w, b, X, Y).value, start, 0.0, ALPHA, ITERATIONS)
            self._costs[dtype] = fit.costs
        return self._costs[dtype]


def largest_error(found: Step, truth: Reference, dtype: str) -> float:
    """Return the largest error of a result that is right; raises Lost."""
    return largest_of_all([found], [truth], dtype)


def largest_of_all(results: Sequence[Step], truths: Sequence[Reference], dtype: str) -> float:
    """Return the largest error of results that are right; raises Lost, which says how many are wrong."""
    errors, refusals = [], []
    for result, truth in zip(results, truths, strict=True):
        try:
            errors.append(judge(result, truth, TOLERANCE[dtype]))
        except Refused as refused:
            refusals.append(refused)
    if refusals:
        often = f", in {len(refusals)} of {len(results)} calls" if errors else ""
        raise Lost(LeftOut("failed", f"{refusals[0]}{often}", refusals[0].error))
    return max(errors)


def check_cores(cores: float, wall_s: float, threads: int, row: Record) -> None:
    """Raise Lost for a block of calls that kept more cores busy than the row may."""
    extra = _MOST_EXTRA_CORES + ("distributed" in row.needs)  # whose scheduler is a process too
    if wall_s > _LONG_ENOUGH_S and cores > threads + extra:
        raise Lost(LeftOut("failed", f"kept {cores:.1f} cores busy; {threads} are allowed"))


def check_clock(times_s: Array, wall_s: float) -> None:
    """Raise Lost if a lane reports a time that no clock can tell, or much less or more time than passed.

    `wall_s` is what the conductor's clock says, from the request to the reply.
    """
    told_s = float(times_s.sum())
    tellable = bool((times_s > _SHORTEST_S).all()) and told_s < 1.01 * wall_s
    if not tellable or wall_s - told_s > _LONG_ENOUGH_S + _MOST_UNREPORTED * wall_s:
        raise Lost(LeftOut("failed", f"its clock reports {told_s:.3g} s, but {wall_s:.3g} s passed"))


def check_pools(pools: Iterable[Pool], threads: int) -> None:
    """Raise Lost if a thread pool has more threads than it may."""
    for pool in pools:
        if pool.threads > threads:
            said = f"{pool.name} has {pool.threads} threads; {threads} are allowed"
            raise Lost(LeftOut("failed", said))


def end_of_training(end: Step, X: Array, Y: Array) -> Reference:
    """Return the truth where a training ended, at w and b in the place of dw and db; raises Lost."""
    try:
        return reference(end.dw.astype(X.dtype), end.db, X, Y)
    except ValueError as error:
        raise Lost(LeftOut("failed", f"its training returned no valid w and b: {error}")) from None


def checked_costs(costs: Any, truth: list[float], dtype: str) -> list[float]:
    """Return a training's costs, one per iteration, if they agree with the oracle's; raises Lost."""
    if not isinstance(costs, list) or len(costs) != ITERATIONS:
        raise Lost(LeftOut("failed", f"its training did not return {ITERATIONS} costs"))
    for iteration, cost in enumerate(costs):
        if not isinstance(cost, float) or not 0 <= cost < math.inf:
            raise Lost(LeftOut("failed", f"its training's cost {iteration} is {cost!r:.40}"))
        error = abs(cost - truth[iteration]) / truth[iteration]
        if error > ITERATIONS * TOLERANCE[dtype]:  # each update may add the error of a step
            said = f"its training's cost {iteration} is {cost:.6g}, where {truth[iteration]:.6g} is right"
            raise Lost(LeftOut("failed", said, error))
    return costs
