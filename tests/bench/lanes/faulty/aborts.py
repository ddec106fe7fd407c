"""Ends itself by abort(), as C libraries do."""

import os

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        os.abort()
    return numpy_zero_loop.step(w, b, X, Y)
