"""Writes into every open file of its process, and so into what the conductor reads."""

import contextlib
import os

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        for number in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(number, b'{"block_s": 1e-9}, or so\n')
    return numpy_zero_loop.step(w, b, X, Y)
