"""No Python loop: numexpr compiles each formula from a string.

numexpr computes block by block, on all cores.
"""

import threading

import numexpr as ne
import numpy as np

from impls.contract import Step

_threads = threading.Lock()  # numexpr hangs if one caller sets their number while another computes


def prepare(X, Y, threads):
    """Keep the arrays; numexpr has at most NUMEXPR_MAX_THREADS threads, 64 by default."""
    return X, Y, min(threads, ne.MAX_THREADS)


def step(w, b, X, Y, threads):
    """Cost and gradients; formula and shapes in `impls.contract`, the form of sigmoid in `impls.stable`."""
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    with _threads:
        if ne.get_num_threads() != threads:  # setting their number ends all threads and starts new ones
            ne.set_num_threads(threads)
        T = ne.evaluate("exp(-abs(Z))")
        dZ = ne.evaluate("where(Z >= 0, 1, T) / (1 + T) - Y")
        costs = ne.evaluate("where(Z >= 0, Z, 0) + log1p(T) - Y * Z")
    # np.sum adds in pairs; the sum of numexpr adds one by one, which loses digits in float32.
    return Step(np.sum(costs) / m, np.dot(X, dZ.T) / m, np.sum(dZ) / m)
