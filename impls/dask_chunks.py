"""The fused pass over chunks on disk, dealt to worker processes of dask.distributed.

As many workers with one thread each as a step may use threads. `zeroloop train DATA --cluster ADDRESS` takes
the same way to workers on other machines.
"""

from impls.data.cluster import Cluster
from impls.numba_chunks import on_disk

_cluster = None  # of this process; starting another takes seconds


def prepare(X, Y, threads):
    """Write X and Y to disk in chunks, and start the workers unless they run already."""
    _started(threads)
    return on_disk(X, Y), threads


def step(w, b, data, threads):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    return _started(threads).step(data, w, b)


def _started(workers):
    """Return the cluster of this process, another one where it was asked for another number of workers."""
    global _cluster
    address = f"local:{workers}"
    if _cluster and _cluster.address != address:
        _cluster.close()
        _cluster = None
    _cluster = _cluster or Cluster(address)
    return _cluster
