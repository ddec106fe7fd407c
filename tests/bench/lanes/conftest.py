"""The machine that ledgers describe, looked at once: that takes a sixth of a second, and runs git."""

import copy
import functools

import pytest

from bench import environment
from bench.lanes import ledger

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
