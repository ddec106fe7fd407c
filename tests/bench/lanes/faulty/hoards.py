"""Takes more and more memory."""

import time

import numpy as np
from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    if is_time(__file__):
        hoard = []
        for _ in range(100):
            hoard.append(np.ones(2_000_000))
            time.sleep(0.05)
    return numpy_zero_loop.step(w, b, X, Y)
