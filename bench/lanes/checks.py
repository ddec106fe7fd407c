"""Checks of what a lane says: its results against the oracle, its clock and cores against the conductor's.

Each check raises `Lost` with the reason that the report shows.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bench.lanes.harness import Lost
from bench.lanes.lane import as_column, decoded
from bench.outcome import LeftOut
from bench.planning.plan import ALPHA, ITERATIONS
from bench.request import Setting
from impls.contract import Array, Step
from impls.data.problems import Problem
from impls.training import gradient_descent
from impls.truth.gate import TOLERANCE, Gate, Point, Refused, judge
from impls.truth.oracle import reference
from reports.results import Pool

_MOST_EXTRA_CORES = 0.25  # that a step may keep busy above its number of threads
_LONG_ENOUGH_S = 0.02  # shorter blocks say too little about cores and clocks
_MOST_UNREPORTED = 0.5  # largest share of a block's wall time that a lane may fail to report
_SEND_S = 1e-7  # time that a lane may need to send each byte of dw
_SHORTEST_S = 1e-9  # a call that a clock can tell from none


class Truths:
    """What the oracle computes, once per problem and dtype."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], tuple[Point, Point]] = {}
        self._costs: dict[str, list[float]] = {}  # by dtype: there is one problem to train on

    def knows(self, setting: Setting) -> bool:
        """Return whether the oracle was asked about a setting's data before."""
        return (setting.shape.name, setting.dtype) in self._points

    def points(self, problem: Problem) -> tuple[Point, Point]:
        """Return the truth at the problem's parameters and at their negative."""
        key = (problem.name, problem.dtype)
        if key not in self._points:
            gate = Gate(problem)
            self._points[key] = (gate.start, gate.mirrored)
        return self._points[key]

    def costs(self, X: Array, Y: Array) -> list[float]:
        """Return the cost before each update of gradient descent."""
        dtype = str(X.dtype)
        if dtype not in self._costs:
            start = np.zeros((X.shape[0], 1), X.dtype)
            fit = gradient_descent(lambda w, b: reference(w, b, X, Y).value, start, 0.0, ALPHA, ITERATIONS)
            self._costs[dtype] = fit.costs
        return self._costs[dtype]


def largest_error(found: Sequence[dict[str, Any]], point: Point, dtype: str) -> float:
    """Return the largest error of results that are right; raises Lost."""
    try:
        return max(judge(_shaped(decoded(result), point), point.truth, TOLERANCE[dtype]) for result in found)
    except Refused as refused:
        raise Lost(LeftOut("failed", str(refused), refused.error)) from None
    except (ValueError, KeyError, TypeError):
        raise Lost(LeftOut("crashed", "sent results that no step returns")) from None


def check_block(reply: dict[str, Any], wall_s: float, point: Point, threads: int) -> None:
    """Raise Lost for a block that kept too many cores busy, or whose clock is not the conductor's.

    `wall_s` is what the conductor's clock says, from the request to the reply.
    """
    told_s = reply["timed_s"] + reply["settled_s"]
    check_clock(reply["block_s"], told_s, wall_s - _SEND_S * point.w.nbytes)
    if reply["timed_s"] > _LONG_ENOUGH_S and reply["cores"] > threads + _MOST_EXTRA_CORES:
        raise Lost(LeftOut("failed", f"kept {reply['cores']:.1f} cores busy; {threads} are allowed"))


def check_clock(shortest_s: float, told_s: float, wall_s: float) -> None:
    """Raise Lost if a lane reports a time that no clock can tell, or much less time than passed."""
    if shortest_s < _SHORTEST_S or wall_s - told_s > _LONG_ENOUGH_S + _MOST_UNREPORTED * wall_s:
        raise Lost(LeftOut("failed", f"its clock reports {told_s:.3g} s, but {wall_s:.3g} s passed"))


def check_pools(pools: Iterable[Pool], threads: int) -> None:
    """Raise Lost if a thread pool has more threads than it may."""
    for pool in pools:
        if pool.threads > threads:
            said = f"{pool.name} has {pool.threads} threads; {threads} are allowed"
            raise Lost(LeftOut("failed", said))


def end_of_training(reply: dict[str, Any], X: Array, Y: Array) -> Point:
    """Return the parameters at which a training ended, and the truth there; raises Lost."""
    try:
        w, b = as_column(reply["w"]).astype(X.dtype), float(reply["b"])
        if w.shape != (X.shape[0], 1):
            raise ValueError(f"w has shape {w.shape}")
        return Point(w, b, reference(w, b, X, Y))
    except (ValueError, TypeError, OverflowError) as error:
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


def _shaped(result: Step, point: Point) -> Step:
    """Return a result whose dw has the shape of w; raises ValueError for another."""
    if result.dw.shape != point.w.shape:
        raise ValueError(f"dw has shape {result.dw.shape}")
    return result
