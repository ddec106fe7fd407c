"""The fused pass over chunks on disk, dealt to worker processes of dask.distributed.

As many workers with one thread each as a step may use threads. `zeroloop train DATA --cluster ADDRESS` takes
the same way to workers on other machines.
"""

from impls.cluster import Cluster
from impls.numba_chunks import on_disk

_cluster = None  # of this process; starting another takes seconds


def prepare(X, Y, threads):
    """Write X and Y to disk in chunks, and start the workers unless they run already."""
    return on_disk(X, Y), _started(threads)


def step(w, b, data, cluster):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    return cluster.step(data, w, b)


def _started(workers):
    global _cluster
    address = f"local:{workers}"
    if _cluster is None or _cluster.address != address:
        if _cluster is not None:
            _cluster.close()
        _cluster = Cluster(address)
    return _cluster
