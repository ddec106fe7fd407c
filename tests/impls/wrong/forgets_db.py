"""db stays at its start, 0."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    J, dw, _ = numpy_zero_loop.step(w, b, X, Y)
    return J, dw, 0.0
