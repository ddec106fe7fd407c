"""numba_fused on data on disk, shared out to worker processes.

dask.distributed runs the workers: one for each thread that a step may use, with one thread each. `zeroloop
train DATA --cluster ADDRESS` uses the same code with workers on other machines.
"""

from impls.data.cluster import Cluster
from impls.numba_chunks import on_disk

_cluster = None  # the one of this process, since to start another takes seconds


def prepare(X, Y, threads):
    """Write X and Y to disk in chunks, and start the workers unless they already run."""
    _started(threads)
    return on_disk(X, Y), threads


def step(w, b, data, threads):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    return _started(threads).step(data, w, b)


def _started(workers):
    """Return the cluster of this process; start another if the number of workers changes."""
    global _cluster
    address = f"local:{workers}"
    if _cluster and _cluster.address != address:
        _cluster.close()
        _cluster = None
    _cluster = _cluster or Cluster(address)
    return _cluster
