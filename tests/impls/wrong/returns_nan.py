"""The cost is NaN, as 0 log 0 makes it."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    _, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return float("nan"), dw, db
