"""Gradient descent: a loop that cannot be vectorized, since each step needs w and b of the one before."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np

from impls.contract import Array
from impls.errors import BadValue, UserError
from impls.registry import BoundStep


class Fit(NamedTuple):
    """Parameters after the last update, and the cost before each update."""

    w: Array
    b: float
    costs: list[float]
    converged: bool


class Diverged(UserError, ArithmeticError):
    """The cost or the parameters left the range of floating point; the message says at which iteration."""


def gradient_descent(
    step: BoundStep,
    w: Array,
    b: float,
    alpha: float,
    iterations: int,
    tolerance: float | None = None,
    progress: Callable[[Fit], None] | None = None,
    before: Sequence[float] = (),
) -> Fit:
    """Repeat w -= alpha dw, b -= alpha db; w is (n_x, 1), and a new array is returned.

    Stops after `iterations` updates, or earlier, once an update lowers the cost by no more than `tolerance`.
    `progress` is called after each update with the state so far; its list of costs is not a copy. `before`
    holds the costs of earlier updates, which led to w and b and count as iterations: a training that is
    interrupted and continued ends as if it had never stopped.

    The step gets read-only parameters, so one that changes its inputs raises. Raises what `check_settings`
    does, and Diverged if numbers are no longer finite.
    """
    check_settings(alpha, iterations, tolerance)
    costs = list(before)
    w = _read_only(w)
    if _converged(costs, tolerance):
        return Fit(w.copy(), b, costs, converged=True)
    for iteration in range(len(costs), iterations):
        with np.errstate(over="ignore", invalid="ignore"):  # Diverged says more than NumPy's warnings
            J, dw, db = step(w, b)
            new_w, new_b = (w - alpha * dw).astype(w.dtype), b - alpha * db  # some rows' dw is wider than w
        if not (isfinite(J) and isfinite(new_b) and np.isfinite(new_w).all()):
            said = "w or b is not finite" if isfinite(J) else f"the cost is {J}"
            raise Diverged(f"iteration {iteration}: {said}; a smaller alpha than {alpha:g} may help")
        costs.append(J)
        w, b = _read_only(new_w), new_b
        if progress:
            progress(Fit(w, b, costs, converged=False))
        if _converged(costs, tolerance):
            return Fit(w.copy(), b, costs, converged=True)
    return Fit(w.copy(), b, costs, converged=False)


def _converged(costs: list[float], tolerance: float | None) -> bool:
    return tolerance is not None and len(costs) > 1 and 0 <= costs[-2] - costs[-1] <= tolerance


def check_settings(alpha: float, iterations: int, tolerance: float | None) -> None:
    """Raise BadValue, naming the setting, unless gradient descent can run with these."""
    if not 0 < alpha < np.inf:
        raise BadValue(f"alpha: {alpha}, but a finite number above 0 is needed")
    if iterations < 1:
        raise BadValue(f"iterations: {iterations}, but at least 1 is needed")
    if tolerance is not None and not tolerance >= 0:
        raise BadValue(f"tolerance: {tolerance}, but a number from 0 is needed")


def _read_only(w: Array) -> Array:
    view = w.view()
    view.setflags(write=False)
    return view


def accuracy(w: Array, b: float, X: Array, Y: Array) -> float:
    """Return the share of examples whose predicted label, 1 if w.T X + b > 0, is right."""
    return float(np.mean((np.dot(w.T, X) + b > 0) == (Y == 1)))
