"""Is killed, as by the system where memory runs out."""

import os
import signal

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        os.kill(os.getpid(), signal.SIGKILL)
    return numpy_zero_loop.step(w, b, X, Y)
