"""The machine and the libraries, as the results file keeps them. Nothing here names a person or a host."""

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

import psutil
from threadpoolctl import threadpool_info

from impls import limits, pools
from impls.kernels import cuda_device
from reports.results import Conditions, Environment, Pool

_LIBRARIES = (
    *("zeroloop", "numpy", "scipy", "numba", "llvmlite", "tbb", "scikit-learn", "pytest-benchmark"),
    *("numexpr", "torch", "jax", "jaxlib", "zarr", "distributed"),
    *("numba-cuda", "cupy-cuda12x", "cupy-cuda13x", "jax-cuda12-plugin", "jax-cuda13-plugin"),
)

_ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)


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
        conditions=conditions(),
    )


def conditions(root: Path = Path("/")) -> Conditions:
    """Return what Linux tells of its limits and settings; `root` is the folder that holds /proc and /sys."""
    cpu, proc = root / "sys/devices/system/cpu", root / "proc"
    governors = {limits.text_of(path).strip() for path in cpu.glob("cpufreq/policy*/scaling_governor")}
    no_turbo = _switch(cpu / "intel_pstate/no_turbo")
    huge_pages = re.search(r"\[(\w+)\]", limits.text_of(root / "sys/kernel/mm/transparent_hugepage/enabled"))
    flags = re.search(r"^flags\s*:(.*)$", limits.text_of(proc / "cpuinfo"), re.MULTILINE)
    return Conditions(
        quota_cores=limits.cores(root),
        memory_limit_bytes=limits.memory_bytes(root),
        governor=", ".join(sorted(filter(None, governors))) or None,
        turbo=_switch(cpu / "cpufreq/boost") if no_turbo is None else not no_turbo,
        smt=_switch(cpu / "smt/active"),
        aslr=_randomizes(proc),
        huge_pages=huge_pages[1] if huge_pages else None,
        hypervisor="hypervisor" in flags[1].split() if flags else None,
    )


def _randomizes(proc: Path) -> bool | None:
    """Return whether addresses differ from process to process: `setarch -R` turns that off for one."""
    system = re.match(r"[012]$", limits.text_of(proc / "sys/kernel/randomize_va_space"))
    own = re.match(r"[0-9a-f]{8}$", limits.text_of(proc / "self/personality"))
    if system is None:
        return None
    return system[0] != "0" and not (own and int(own[0], 16) & _ADDR_NO_RANDOMIZE)


def _switch(path: Path) -> bool | None:
    return {"0": False, "1": True}.get(limits.text_of(path).strip())


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
