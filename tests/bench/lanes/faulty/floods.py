"""Prints megabytes, to everywhere; it does nothing wrong otherwise, and is timed like any other."""

import os
import sys

from impls import numpy_zero_loop


def step(w, b, X, Y):
    print("x" * 100_000)
    print("x" * 100_000, file=sys.stderr)
    os.write(1, b"x" * 100_000)
    return numpy_zero_loop.step(w, b, X, Y)
