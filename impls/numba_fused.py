"""One compiled pass over X, tile by tile, with SIMD for every formula.

X is read from memory once. In C order with more than about 2,000 features it is read twice, since then no
tile of it fits in a cache.
"""

import numpy as np

from impls.contract import Step
from impls.kernels.sweep import sweep, threads_for


def prepare(X, Y, threads):
    """Choose the number of threads; X is copied only if neither its rows nor its columns are in one piece."""
    n_x, m = X.shape
    if not X.flags.forc:
        X = np.ascontiguousarray(X)
    return _read_only(X), _read_only(np.ascontiguousarray(Y[0])), threads_for(n_x, m, threads)


def step(w, b, X, Y, threads):
    """Cost and gradients; formula and shapes in `impls.contract`, Y (m,)."""
    n_x = len(w)
    means = sweep(_read_only(w[:, 0]), b, X, Y, threads)
    return Step(means[n_x], means[:n_x].reshape(n_x, 1), means[n_x + 1])


def _read_only(array):
    """Return a read-only view: Numba would compile once more for arrays that can be written to."""
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
