"""Computes in float32."""

import numpy as np

from impls.numpy_zero_loop import step as honest


def prepare(X, Y, threads):
    return X.astype(np.float32), Y.astype(np.float32)


def step(w, b, X, Y):
    J, dw, db = honest(w.astype(np.float32), b, X, Y)
    return float(J), dw.astype(np.float64), float(db)
