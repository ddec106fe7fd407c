"""Returns a wrong cost, once."""

from faults import is_time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return (J + 1 if is_time(__file__, lasts=True) else J), dw, db
