"""How many threads there are, and that each bound step computes with the number it was bound to."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import impls
from impls import limits, pools
from impls.errors import BadValue


@pytest.fixture(autouse=True)
def no_quota(monkeypatch):
    monkeypatch.setattr(limits, "cores", lambda: None)


def test_available_are_the_cores_of_this_process(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert pools.available() == 3


@pytest.mark.parametrize(
    ("quota", "threads"), [(None, 4), (64.0, 4), (4.0, 4), (3.0, 3), (2.99, 2), (1.0, 1), (0.5, 1)]
)
def test_available_is_what_the_quota_pays_for(monkeypatch, quota, threads):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(limits, "cores", lambda: quota)
    assert pools.available() == threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_available_under_taskset():
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    code += "from impls import pools; print(pools.available())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


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


@pytest.fixture
def own_numba(monkeypatch):
    """Numba as far as pools ask it, since this process may have loaded it with another number of threads."""
    calls = []
    numba = SimpleNamespace(
        config=SimpleNamespace(NUMBA_NUM_THREADS=2), set_num_threads=calls.append, calls=calls
    )
    monkeypatch.setattr(pools, "_limit", None)
    monkeypatch.setattr(pools, "_numba_limit", None)
    monkeypatch.setitem(sys.modules, "numba", numba)
    return numba


def test_threads_of_numba_are_limited_and_not_started_for_nothing(own_numba):
    for count in (2, 1, 1, 2):
        pools.limit(count)
    assert own_numba.calls == [1, 2]


def test_more_threads_than_numba_may_have_are_refused(own_numba):
    own_numba.config.NUMBA_NUM_THREADS = 1
    pools.limit(1)
    with pytest.raises(BadValue, match=r"^threads: 2, but NUMBA_NUM_THREADS lets Numba have 1; unset it$"):
        pools.limit(2)
