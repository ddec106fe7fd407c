"""Two Python loops over NumPy arrays, one number at a time.

The common mistake: it is slower than plain lists, since each access makes a NumPy object of a number.
"""

from math import exp, log1p

import numpy as np

from impls.contract import Step


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    n_x, m = X.shape
    J, dw, db = 0.0, np.zeros((n_x, 1)), 0.0
    for i in range(m):
        z = b
        for j in range(n_x):
            z += w[j, 0] * X[j, i]
        t = exp(-abs(z))
        a = 1 / (1 + t) if z >= 0 else t / (1 + t)
        dz = a - Y[0, i]
        J += max(z, 0.0) + log1p(t) - Y[0, i] * z
        for j in range(n_x):
            dw[j, 0] += X[j, i] * dz
        db += dz
    return Step(J / m, dw / m, db / m)
