"""The machine and the libraries: sensible, and nothing that names a person or a host."""

import os
import platform
import re
import subprocess
import sys
from dataclasses import fields, replace
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from threadpoolctl import threadpool_limits

from bench import environment
from impls import pools
from reports.results import Conditions


@pytest.fixture
def described():
    return environment.describe("Analytical Engine", 0.5)


def test_machine(described):
    assert described.cpu == "Analytical Engine"
    assert described.cores == pools.available() >= 1
    assert described.memory_bytes == psutil.virtual_memory().total
    assert described.system == f"{platform.system()} {platform.machine()}"
    assert described.python == f"{platform.python_implementation()} {platform.python_version()}"


def test_processor_has_a_name_where_its_model_is_unknown():
    assert environment.describe(None, None).cpu


def test_versions_are_those_installed(described):
    assert described.versions.keys() >= {"zeroloop", "numpy", "scipy", "pytest-benchmark"}
    assert all(metadata.version(name) == version for name, version in described.versions.items())


def test_library_that_is_not_installed_is_left_out(monkeypatch):
    version = metadata.version

    def without_numba(name):
        if name == "numba":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_numba)
    assert "numba" not in environment.describe(None, None).versions


def test_thread_pools_are_as_wide_as_they_are_now():
    with threadpool_limits(1):
        assert {pool.threads for pool in environment.describe(None, None).pools} == {1}


def not_started():
    raise ValueError("Threading layer is not initialized.")


@pytest.mark.parametrize(
    ("numba", "layer"),
    [
        (None, None),  # where Numba cannot be imported
        (SimpleNamespace(threading_layer=not_started), None),
        (SimpleNamespace(threading_layer=lambda: "workqueue"), "workqueue"),
    ],
    ids=["no Numba", "no thread yet", "threads"],
)
def test_threading_layer_of_numba(monkeypatch, numba, layer):
    monkeypatch.setitem(sys.modules, "numba", numba)
    assert environment.describe(None, None).threading_layer == layer


def test_numba_is_not_loaded_to_be_described(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    assert environment.describe(None, None).threading_layer is None
    assert "numba" not in sys.modules


def test_load(described, monkeypatch):
    assert described.load_before == 0.5
    assert described.load_after is None or described.load_after >= 0
    monkeypatch.delattr(os, "getloadavg", raising=False)
    assert environment.load() is None
    assert environment.describe(None, None).load_after is None


def test_no_host_and_no_path(described):
    said = repr(described)
    assert not platform.node() or not re.search(rf"\b{re.escape(platform.node())}\b", said)
    assert str(Path.home()) not in said
    assert str(Path.cwd()) not in said


NO_TURBO = "sys/devices/system/cpu/intel_pstate/no_turbo"
SYSTEM = {
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu sse2 hypervisor avx2\n",
    "proc/self/personality": "00000000\n",
    "proc/sys/kernel/randomize_va_space": "2\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/devices/system/cpu/smt/active": "1\n",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "powersave\n",
    "sys/devices/system/cpu/cpufreq/policy1/scaling_governor": "performance\n",
    "sys/devices/system/cpu/cpufreq/policy2/scaling_governor": "powersave\n",
    NO_TURBO: "0\n",
    "proc/self/cgroup": "0::/job\n",
    "proc/self/mountinfo": "30 1 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/job/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/job/memory.max": "1000000\n",
    "sys/fs/cgroup/job/memory.current": "1000\n",
}
TOLD = Conditions(
    quota_cores=1.5,
    memory_limit_bytes=1_000_000,
    governor="performance, powersave",
    turbo=True,
    smt=True,
    aslr=True,
    huge_pages="madvise",
    hypervisor=True,
)


def conditions(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return environment.conditions(root)


def test_conditions_are_what_the_system_tells(tmp_path):
    assert conditions(tmp_path, SYSTEM) == TOLD


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({NO_TURBO: "1\n"}, {"turbo": False}),
        ({NO_TURBO: "", "sys/devices/system/cpu/cpufreq/boost": "0\n"}, {"turbo": False}),
        ({NO_TURBO: "", "sys/devices/system/cpu/cpufreq/boost": "1\n"}, {"turbo": True}),
        ({"sys/devices/system/cpu/smt/active": "0\n"}, {"smt": False}),
        ({"sys/devices/system/cpu/cpufreq/policy1/scaling_governor": ""}, {"governor": "powersave"}),
        ({"proc/sys/kernel/randomize_va_space": "0\n"}, {"aslr": False}),
        ({"proc/sys/kernel/randomize_va_space": "1\n"}, {"aslr": True}),
        ({"proc/self/personality": "00040000\n"}, {"aslr": False}),
        ({"proc/self/personality": ""}, {"aslr": True}),
        ({"proc/cpuinfo": "flags\t\t: fpu sse2\n"}, {"hypervisor": False}),
        ({"proc/cpuinfo": "Features\t: asimd\n"}, {"hypervisor": None}),
    ],
)
def test_each_condition(tmp_path, changes, told):
    assert conditions(tmp_path, {**SYSTEM, **changes}) == replace(TOLD, **told)


@pytest.mark.parametrize("text", [None, "", "\n", "none of all this", "[", "\0", "9" * 99])
def test_of_what_the_system_does_not_tell_nothing_is_known(tmp_path, text):
    files = {} if text is None else dict.fromkeys(SYSTEM, text)
    found = conditions(tmp_path, files)
    found = replace(found, governor=None)  # which may be any word
    assert found == Conditions(*[None] * len(fields(Conditions)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells this")
def test_addresses_that_this_process_does_not_randomize():
    code = "import ctypes; ctypes.CDLL(None).personality(0x0040000)\n"
    code += "from bench.environment import conditions; print(conditions().aslr)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
