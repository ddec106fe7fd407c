"""The machine and the libraries, as the results file keeps them. Nothing here names a person or a host."""

import os
import platform
import sys
from importlib import metadata

import psutil
from threadpoolctl import threadpool_info

from impls import pools
from impls.kernels import cuda_device
from reports.results import Environment, Pool

_LIBRARIES = (
    *("zeroloop", "numpy", "scipy", "numba", "llvmlite", "tbb", "scikit-learn", "pytest-benchmark"),
    *("numexpr", "torch", "jax", "jaxlib", "zarr", "distributed"),
    *("numba-cuda", "cupy-cuda12x", "cupy-cuda13x", "jax-cuda12-plugin", "jax-cuda13-plugin"),
)


def describe(cpu: str | None, load_before: float | None) -> Environment:
    """Describe this process' machine now; `cpu` is its model name where that is known."""
    return Environment(
        cpu=cpu or platform.processor() or platform.machine(),
        gpu=cuda_device.name(),
        cores=pools.available(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={name: version for name in _LIBRARIES if (version := _version(name))},
        pools=tuple(
            Pool(pool["internal_api"], pool.get("version"), pool["num_threads"]) for pool in threadpool_info()
        ),
        threading_layer=_threading_layer(),
        load_before=load_before,
        load_after=load(),
    )


def load() -> float | None:
    """Return the number of runnable processes, averaged over the last minute; None where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _threading_layer() -> str | None:
    """Return the name of what runs Numba's threads; None where none have run, or Numba is not there."""
    numba = sys.modules.get("numba")  # it is not imported for this alone
    try:
        return str(numba.threading_layer()) if numba else None
    except ValueError:
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
