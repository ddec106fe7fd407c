"""The fused pass over chunks on disk, one after the other: X need not fit in memory.

Here X does, since it was given as an array, and is written to a folder of temporary files first. `zeroloop
train DATA` takes the same way over a data set that never was in memory.
"""

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from impls.data import chunked
from impls.data.dataset import CHUNK_BYTES, Writer, chunk_for, opened

_FEWEST = 8  # chunks, so that small data too are shared among threads


def prepare(X, Y, threads):
    """Write X and Y to disk in chunks, until nobody needs the data any more or this process ends."""
    return on_disk(X, Y), threads


def step(w, b, data, threads):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    return chunked.as_step(chunked.partial(data, 0, len(data), w, b, threads), data)


def on_disk(X, Y):
    """Return the arrays as a temporary data set."""
    n_x, m = X.shape
    folder = Path(tempfile.mkdtemp(prefix="zeroloop-"))
    try:
        chunk = chunk_for(n_x, m, X.dtype, min(CHUNK_BYTES, -(-X.nbytes // _FEWEST)))
        writer = Writer(folder / "data.zarr", n_x, m, str(X.dtype), chunk, {})
        for k, start in enumerate(range(0, m, chunk)):
            writer.write(k, X[:, start : start + chunk], Y[:, start : start + chunk])
        writer.finish()
        if X.nbytes > CHUNK_BYTES:
            _flush(folder)
        data = opened(folder / "data.zarr")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(data, shutil.rmtree, folder, ignore_errors=True)
    return data


def _flush(folder):
    """Wait for the disk: what the system writes later takes time from whatever is timed then."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
