"""Where the timed calls of a step are: at parameters that nobody can foresee, near each other.

A course has random numbers: `start`, the parameters of which all calls are near, and `sway`, which is a tenth
as large. Call k is at

    w_k = start[:n_x] + sway[k : k + n_x] (1 - frac(gain dw_(k-1))),
    b_k = start[n_x] + sway[k + n_x] (1 - frac(gain db_(k-1))),

number by number, with dw and db of 0 before the first call; frac(x) = x - floor(x). So nobody can know where
a call will be before the one before it was computed. The gain is so large that nobody can guess all of them
and improve the guesses together either: an error in dw grows from call to call. That successive calls are
near each other matters: where w jumps from call to call, processors mispredict branches of exp and log that
they predict in a training.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from impls.contract import Array

_GAIN = 2.0**16  # times sway and the curvature of J, at most 1/4, this is above 1 up to a million features
_SWAY = 0.1  # so large that no linear approximation is right to the tolerance, in float32 either


class Course(NamedTuple):
    """The random numbers that say where calls are: start (n_x + 1,) and sway (n_x + calls,), float64."""

    start: Array
    sway: Array

    def points(self, dtype: str) -> Callable[[int, Array, float], tuple[Array, float]]:
        """Return the function that gives w and b of call k, for dw (n_x, 1) and db of the call before.

        It does as little as it can: what is done between two calls displaces a step's code and data from
        caches, and the shortest steps then take longer.
        """
        n_x = len(self.start) - 1
        start, sway = self.start[:n_x].reshape(n_x, 1), self.sway.reshape(-1, 1)
        start_b, sway_b = float(self.start[n_x]), self.sway[n_x:]
        kind = np.dtype(dtype)  # here, since parsing its name takes a while

        def point(k: int, dw: Array, db: float) -> tuple[Array, float]:
            phase = _GAIN * dw
            w = start + sway[k : k + n_x] * (1 - (phase - np.floor(phase)))
            w = w.astype(kind, copy=False)
            w.setflags(write=False)
            return w, start_b + float(sway_b[k]) * (1 - _GAIN * db % 1.0)

        return point

    def point(self, k: int, dw: Array, db: float, dtype: str) -> tuple[Array, float]:
        """Return w and b of call k, as `points` does, without a warning where dw or db are no numbers."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.points(dtype)(k, dw, db)

    def first(self, dtype: str) -> tuple[Array, float]:
        """Return w and b of the first call, which has none before it."""
        return self.points(dtype)(0, np.zeros((len(self.start) - 1, 1)), 0.0)


def drawn(n_x: int, calls: int) -> Course:
    """Draw the numbers for some calls."""
    return Course(_noise(n_x, n_x + 1), _SWAY * _noise(n_x, n_x + calls))


def fixed(w: Array, b: float) -> Course:
    """Return the numbers for one call, at w and b."""
    return Course(np.append(w[:, 0].astype(np.float64), b), np.zeros(len(w) + 1))


def drawn_point(n_x: int, dtype: str) -> tuple[Array, float]:
    """Draw w and b that nobody can know beforehand."""
    return drawn(n_x, 1).first(dtype)


def _noise(n_x: int, count: int) -> Array:
    """Draw numbers of which n_x make a w as large as a problem's own; the system's entropy is their seed."""
    return np.asarray(np.random.default_rng().uniform(-1, 1, count) * np.sqrt(3 / n_x))
