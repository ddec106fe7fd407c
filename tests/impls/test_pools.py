"""How many threads there are, and that each bound step computes with the number it was bound to."""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import impls
from impls import pools


def test_available_are_the_cores_of_this_process(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert pools.available() == 3


def test_available_where_no_affinity_is_known(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert pools.available() == 6


@pytest.mark.skipif(not threadpool_info(), reason="this NumPy's BLAS cannot be asked for its threads")
def test_each_bound_step_has_its_own_number(tmp_path):
    path = tmp_path / "tells.py"
    path.write_text(
        "from threadpoolctl import threadpool_info\n"
        "def step(w, b, X, Y):\n"
        "    return max(pool['num_threads'] for pool in threadpool_info()), w, 0.0\n"
    )
    X, Y, w = np.ones((3, 4)), np.ones((1, 4)), np.ones((3, 1))
    one, two = (impls.load(str(path)).bind(X, Y, threads=count) for count in (1, 2))
    assert [step(w, 0.0).cost for step in (one, two, one, one)] == [1, 2, 1, 1]
