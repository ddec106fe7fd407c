"""The right answer, after which X is not what it was."""

from impls import numpy_zero_loop


def step(w, b, X, Y):
    result = numpy_zero_loop.step(w, b, X, Y)
    X.setflags(write=True)
    X[0, 0] += 1
    return result
