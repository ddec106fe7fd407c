"""The loop of `numba_fused` on data laid out for it beforehand: wide data with each example in one piece."""

import numpy as np

from impls import numba_fused
from impls.numba_fused import step as step

_LONG_BYTES = 2**11  # of an example; to read shorter pieces of memory is no faster than pieces of features


def prepare(X, Y, threads):
    """Copy wide data into Fortran order, an example in one piece."""
    if X.shape[0] * X.itemsize >= _LONG_BYTES:
        X = np.asfortranarray(X)
    return numba_fused.prepare(X, Y, threads)
