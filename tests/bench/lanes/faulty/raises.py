"""Raises, once."""

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        raise RuntimeError("out of luck")
    return numpy_zero_loop.step(w, b, X, Y)
