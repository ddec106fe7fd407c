"""A loop over m - 1 examples."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    return numpy_zero_loop.step(w, b, X[:, :-1], Y[:, :-1])
