"""What the tests of lanes share: the machine, looked at once, and a mark on the processes that they start."""

import copy
import functools
import os

import pytest

from bench import environment
from bench.lanes import ledger
from tests.bench.lanes.real_runs import MARK

# What a ledger asks of the machine: it takes a sixth of a second, and runs git.
_LOOKS = (
    (ledger, "pytest_benchmark_generate_machine_info"),
    (ledger, "get_commit_info"),
    (environment, "describe"),
)
_seen = {name: functools.cache(getattr(module, name)) for module, name in _LOOKS}


@pytest.fixture
def known_machine(monkeypatch):
    for module, name in _LOOKS:
        monkeypatch.setattr(module, name, lambda *about, name=name: copy.deepcopy(_seen[name](*about)))


@pytest.fixture(scope="module")
def marked():
    """Mark all processes that are started, so that a test finds what is left of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, str(os.getpid()))
        yield
