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

from typing import NamedTuple

import numpy as np

from impls.contract import Array

_GAIN = 2.0**16  # times sway and the curvature of J, at most 1/4, this is above 1 up to a million features
_SWAY = 0.1  # so large that no linear approximation is right to the tolerance, in float32 either


class Course(NamedTuple):
    """The random numbers that say where calls are: start (n_x + 1,) and sway (n_x + calls,)."""

    start: Array
    sway: Array

    def point(self, k: int, dw: Array, db: float, dtype: str) -> tuple[Array, float]:
        """Return w and b of call k, given dw, of shape (n_x,), and db of the call before."""
        n_x = len(dw)
        with np.errstate(invalid="ignore", over="ignore"):  # of a row that is wrong
            phase = _GAIN * dw
            w = self.start[:n_x] + self.sway[k : k + n_x] * (1 - (phase - np.floor(phase)))
        w = w.reshape(n_x, 1).astype(dtype, copy=False)
        w.setflags(write=False)
        return w, float(self.start[n_x]) + float(self.sway[k + n_x]) * (1 - _GAIN * db % 1.0)


def drawn(n_x: int, calls: int) -> Course:
    """Draw the numbers for some calls."""
    return Course(_noise(n_x, n_x + 1), _SWAY * _noise(n_x, n_x + calls))


def fixed(w: Array, b: float) -> Course:
    """Return the numbers for one call, at w and b."""
    return Course(np.append(w[:, 0].astype(np.float64), b), np.zeros(len(w) + 1))


def drawn_point(n_x: int, dtype: str) -> tuple[Array, float]:
    """Draw w and b that nobody can know beforehand."""
    return drawn(n_x, 1).point(0, np.zeros(n_x), 0.0, dtype)


def _noise(n_x: int, count: int) -> Array:
    """Draw numbers of which n_x make a w as large as a problem's own; the system's entropy is their seed."""
    return np.asarray(np.random.default_rng().uniform(-1, 1, count) * np.sqrt(3 / n_x))
