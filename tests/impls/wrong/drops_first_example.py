"""A loop that starts at 1."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    return numpy_zero_loop.step(w, b, X[:, 1:], Y[:, 1:])
