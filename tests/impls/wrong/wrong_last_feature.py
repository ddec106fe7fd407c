"""A loop over n_x - 1 features: the last dw_j stays 0."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    dw[-1] = 0
    return J, dw, db
