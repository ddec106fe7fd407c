"""Sums over the examples, never divided by m."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    m = X.shape[1]
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return m * J, m * dw, m * db
