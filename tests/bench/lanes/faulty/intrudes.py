"""Writes into every open file of its process, and so into what the conductor reads: a reply, as it seems."""

import contextlib
import os

from faults import is_time

from impls import numpy_zero_loop

REPLY = b'{"number": %d, "block_s": 1e-9, "timed_s": 1.0, "settled_s": 1.0, "cores": 1, "results": []}\n'


def step(w, b, X, Y):
    if is_time(__file__):
        for number in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(number, REPLY % 99)
    return numpy_zero_loop.step(w, b, X, Y)
