"""dw is of shape (n_x,), not (n_x, 1)."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return J, dw[:, 0], db
