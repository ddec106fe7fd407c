"""One Python loop; two features, written out as w1 and w2.

The first notes' example, n_x = 2.
"""

from math import exp, log1p


def step(w, b, X, Y):
    """Cost and gradients from lists w[j], X[j][i], Y[i]; formula and shapes in `impls.contract`."""
    (w1, w2), (x1, x2), m = w, X, len(Y)
    J = dw1 = dw2 = db = 0.0
    for i in range(m):
        z = w1 * x1[i] + w2 * x2[i] + b
        t = exp(-abs(z))
        a = 1 / (1 + t) if z >= 0 else t / (1 + t)
        dz = a - Y[i]
        J += max(z, 0.0) + log1p(t) - Y[i] * z
        dw1 += x1[i] * dz
        dw2 += x2[i] * dz
        db += dz
    return J / m, [dw1 / m, dw2 / m], db / m
