"""Is right where b is 1/4 or -1/4."""

from impls.numpy_zero_loop import step as honest


def step(w, b, X, Y):
    J, dw, db = honest(w, b, X, Y)
    return J, dw if abs(b) == 0.25 else 0.99 * dw, db
