"""The two loops, compiled by Numba and shared out to all cores.

prange gives each thread its own examples and its own sums.
"""

from math import exp, log1p

import numpy as np
from numba import prange

from impls.contract import Step
from impls.kernels.compiled import SUMS, compiled


def prepare(X, Y, threads):
    """Lay each example out in one piece, so that the loops over features run along memory."""
    # A copy even where one feature lies so already: for a read-only array, Numba would compile once more.
    return np.array(X.T, order="C"), Y[0], threads


def step(w, b, examples, labels, threads):
    """Cost and gradients; formula and shapes in `impls.contract`, examples = X.T."""
    m, n_x = examples.shape
    J, dw, db = np.zeros(threads), np.zeros((threads, n_x)), np.zeros(threads)
    _loops(w[:, 0], b, examples, labels, J, dw, db)
    # Each thread makes one partial sum. Added in the order of the threads, they repeat their bits.
    return Step(J.sum() / m, dw.sum(axis=0).reshape(n_x, 1) / m, db.sum() / m)


@compiled(parallel=True, fastmath=SUMS)
def _loops(w, b, examples, labels, J, dw, db):
    m, n_x = examples.shape
    threads = len(J)
    for thread in prange(threads):
        # Its own sums: threads that write to one cache line slow each other down.
        J_t, dw_t, db_t = 0.0, np.zeros(n_x), 0.0
        for i in range(thread * m // threads, (thread + 1) * m // threads):
            x = examples[i]
            z = b
            for j in range(n_x):
                z += w[j] * x[j]
            t = exp(-abs(z))
            a = 1 / (1 + t) if z >= 0 else t / (1 + t)
            dz = a - labels[i]
            J_t += max(z, 0.0) + log1p(t) - labels[i] * z
            for j in range(n_x):
                dw_t[j] += x[j] * dz
            db_t += dz
        J[thread], db[thread] = J_t, db_t
        for j in range(n_x):
            dw[thread, j] = dw_t[j]
