"""dZ = Y - A: both gradients point uphill."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return J, -dw, -db
