"""How many examples a chunk of a data set has."""

import numpy as np

CHUNK_BYTES = 2**25  # largest size of a chunk of X: milliseconds of work
_ODD_BYTES = 2**11  # the bytes of a feature in a chunk are an odd multiple of this, see `chunk_for`


def chunk_for(n_x: int, m: int, dtype: str, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return the number of examples in a chunk: as many as fit, less a few to keep features well apart.

    A cache puts bytes that lie a power of two apart in the same few places. With 28 features of 2^18 examples
    each, a tile of all features does not stay in the cache, and the sums take 1.5 times as long. So a feature
    takes an odd multiple of `_ODD_BYTES`.
    """
    itemsize = np.dtype(dtype).itemsize
    fits, unit = max(1, chunk_bytes // (n_x * itemsize)), _ODD_BYTES // itemsize
    return min(m, ((fits // unit - 1) | 1) * unit if fits >= unit else fits)
