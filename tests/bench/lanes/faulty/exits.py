"""Ends the process, past everything that could be caught."""

import os

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        os._exit(0)
    return numpy_zero_loop.step(w, b, X, Y)
