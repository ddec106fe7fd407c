"""numba_fused on data on disk, one chunk after the other.

X need not fit in memory. Here it does, since it is given as an array, and is first written to a folder of
temporary files. `zeroloop train DATA` uses the same code for a data set that never was in memory.
"""

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from impls.data import chunked
from impls.data.chunk_size import CHUNK_BYTES, chunk_for
from impls.data.dataset import opened
from impls.data.writing import Writer
from impls.errors import Unsuited

_FEWEST = 8  # chunks of any data, so that threads share small data too


def prepare(X, Y, threads):
    """Write X and Y to disk in chunks; the files are removed with the data set, or when this process ends."""
    return on_disk(X, Y), threads


def step(w, b, data, threads):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    return chunked.as_step(chunked.partial(data, 0, len(data), w, b, threads), data)


def on_disk(X, Y):
    """Return the arrays as a temporary data set; raises Unsuited if they cannot be written."""
    try:
        return _written(X, Y)
    except OSError as error:
        said = f"{tempfile.tempdir}: X cannot be written there: {error.strerror or error}"
        raise Unsuited(f"{said}; free {X.nbytes:,} bytes, or set TMPDIR to another folder") from None


def _written(X, Y):
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
    """Wait until all is on the disk: later writing by the system would slow down what is timed then."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
