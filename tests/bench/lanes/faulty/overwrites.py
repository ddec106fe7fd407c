"""Writes to the data by their address."""

import ctypes

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        ctypes.memset(X.ctypes.data, 0, 8)
    return numpy_zero_loop.step(w, b, X, Y)
