"""Two Python loops over lists of numbers: the 1x of every speedup.

The outer loop runs over examples, the inner one over features.
"""

from math import exp, log1p


def step(w, b, X, Y):
    """Cost and gradients from lists w[j], X[j][i], Y[i]; formula and shapes in `impls.contract`."""
    n_x, m = len(X), len(Y)
    J, dw, db = 0.0, [0.0] * n_x, 0.0
    for i in range(m):
        z = b
        for j in range(n_x):
            z += w[j] * X[j][i]
        t = exp(-abs(z))
        a = 1 / (1 + t) if z >= 0 else t / (1 + t)
        dz = a - Y[i]
        J += max(z, 0.0) + log1p(t) - Y[i] * z
        for j in range(n_x):
            dw[j] += X[j][i] * dz
        db += dz
    return J / m, [dw_j / m for dw_j in dw], db / m
