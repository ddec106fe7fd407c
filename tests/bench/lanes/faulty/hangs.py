"""Waits for ever inside compiled code that keeps the interpreter's lock."""

import ctypes

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        ctypes.PyDLL(None).pause()
    return numpy_zero_loop.step(w, b, X, Y)
