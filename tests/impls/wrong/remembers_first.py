"""The right result of the first call, at every call."""

from impls import numpy_zero_loop

results = []


def step(w, b, X, Y):
    results.append(numpy_zero_loop.step(w, b, X, Y))
    return results[0]
