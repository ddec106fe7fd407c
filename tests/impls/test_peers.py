"""What the rows of other libraries do besides what every row does: their dtypes, warnings and threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

import impls
from impls import records
from impls.records import RECORDS

LIBRARIES = {"numexpr", "sklearn", "torch", "jax"}
PEERS = [one.name for one in RECORDS if one.device == "cpu" and LIBRARIES & set(one.needs)]


@pytest.fixture(params=PEERS)
def peer(request):
    return installed(request.param)


def installed(name):
    if missing := records.find(name).missing:
        pytest.skip(str(missing))
    return impls.load(name)


def test_there_are_peers():
    assert len(PEERS) == 6


def test_dtype_is_kept(peer, dtype, load):
    problem = load("3x50", dtype)
    assert peer.bind(problem.X, problem.Y)(problem.w, problem.b).dw.dtype == dtype


def test_result_outlives_the_next_call(peer, load):
    problem = load("3x50")
    step = peer.bind(problem.X, problem.Y)
    first = step(problem.w, problem.b)
    kept = first.dw.copy()
    step(-problem.w, 1.0)
    np.testing.assert_array_equal(first.dw, kept)


def in_a_fresh_process(name, code):
    """Run code that starts a library anew: warnings that come once per process, threads that start once."""
    installed(name)
    setup = f"""
import os
import numpy as np, impls
rng = np.random.default_rng(1)
X, w = rng.normal(size=(64, 20_000)), rng.normal(size=(64, 1))
Y = (rng.random((1, 20_000)) < 0.5).astype(float)
for array in (X, Y, w):
    array.setflags(write=False)
row = impls.load({name!r})
"""

    done = subprocess.run(
        [sys.executable, "-c", setup + code], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("name", PEERS)
def test_read_only_data_bring_no_warning(name):
    code = """
import warnings
warnings.simplefilter("error")
print(np.isfinite(row.bind(X, Y)(w, 0.5).dw).all())
"""
    assert in_a_fresh_process(name, code) == ["True"]


@pytest.mark.parametrize("name", ["numexpr_zero_loop", "torch_step", "torch_autograd"])
@pytest.mark.parametrize("threads", [1, 3])
def test_library_says_it_has_so_many_threads(name, threads, load):
    row, problem = installed(name), load("3x50")
    step = row.bind(problem.X, problem.Y, threads=threads)
    row.bind(problem.X, problem.Y, threads=2)(problem.w, problem.b)  # another bound step changes the number
    step(problem.w, problem.b)
    library = sys.modules["torch" if name.startswith("torch") else "numexpr"]
    said = library.get_num_threads()
    assert said == threads


def test_numexpr_serves_callers_with_different_numbers_of_threads():
    code = """
import threading
steps = [row.bind(X, Y, threads=1 + caller % 2) for caller in range(4)]
callers = [threading.Thread(target=lambda step=step: [step(w, 0.5) for _ in range(50)]) for step in steps]
for caller in callers:
    caller.start()
for caller in callers:
    caller.join()
print("done")
"""
    assert in_a_fresh_process("numexpr_zero_loop", code) == ["done"]


def test_numexpr_is_not_asked_for_more_threads_than_it_has(load, capfd):
    row, problem = installed("numexpr_zero_loop"), load("3x50")
    row.bind(problem.X, problem.Y, threads=1024)(problem.w, problem.b)
    assert sys.modules["numexpr"].get_num_threads() == sys.modules["numexpr"].MAX_THREADS
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted as Linux lists them")
@pytest.mark.parametrize("name", ["jax_step", "jax_autograd"])
@pytest.mark.parametrize("threads", [1, 3])
def test_jax_starts_so_many_threads(name, threads):
    code = f"""
row.bind(X, Y, threads={threads})(w, 0.5)
names = [open(f"/proc/self/task/{{task}}/comm").read().strip() for task in os.listdir("/proc/self/task")]
print(names.count("tf_XLAEigen"), os.environ.get("NPROC"))
"""
    assert in_a_fresh_process(name, code) == [str(threads), str(os.environ.get("NPROC"))]


def test_jax_leaves_its_precision_as_it_was(load):
    row, problem = installed("jax_step"), load("3x50")
    row.bind(problem.X, problem.Y)(problem.w, problem.b)
    assert not sys.modules["jax"].config.jax_enable_x64


def test_tensors_share_the_memory_of_the_data(load):
    from_row = installed("torch_step")
    problem = load("3x50")
    X, Y, _ = from_row.prepare_data(problem.X, problem.Y, 1)
    assert X.data_ptr() == problem.X.ctypes.data
    assert Y.data_ptr() == problem.Y.ctypes.data
