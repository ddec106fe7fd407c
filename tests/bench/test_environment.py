"""The machine and the libraries: sensible, and nothing that names a person or a host."""

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from threadpoolctl import threadpool_limits

from bench import environment
from impls import pools


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
