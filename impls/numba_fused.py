"""One pass over X, tile by tile, with SIMD for sigmoid and softplus.

X is read from memory once; in C order with more than some 2,000 features twice: no tile of it fits a cache.
"""

import numpy as np

from impls.contract import Step
from impls.kernels.sweep import sweep, threads_for


def prepare(X, Y, threads):
    """Decide how many threads pay; X stays as it is if its rows or its columns lie in one piece each."""
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
    """See an array as one that cannot be written to, since Numba compiles anew for each kind."""
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
