"""Uses memory that is not its own, in its second process, while it is timed."""

import ctypes

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        ctypes.string_at(0)
    return numpy_zero_loop.step(w, b, X, Y)
