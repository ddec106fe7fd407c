"""The loop of `numba_fused` on data laid out for it beforehand: wide data with each example in one piece."""

import numpy as np

from impls import numba_fused
from impls.numba_fused import step as step

_WIDE = 64  # features; below, an example is too short a piece of memory to gain anything


def prepare(X, Y, threads):
    """Copy wide data into Fortran order, an example in one piece."""
    return numba_fused.prepare(np.asfortranarray(X) if X.shape[0] >= _WIDE else X, Y, threads)
