"""What the rows of other libraries do besides what every row does: their dtypes, warnings and threads."""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

import impls
from impls import records
from impls.records import RECORDS
from tests.impls.checks import problem_of, run

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
    assert {library for name in PEERS for library in records.find(name).needs} >= LIBRARIES


def test_dtype_is_kept(peer, dtype):
    assert run(peer, problem_of("2x50", dtype)).dw.dtype == dtype


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


@pytest.mark.slow  # of starting libraries; in this process too, a warning fails the tests, but only the first
@pytest.mark.parametrize("name", PEERS)
def test_read_only_data_bring_no_warning(name):
    code = """
import warnings
warnings.simplefilter("error")
print(np.isfinite(row.bind(X, Y)(w, 0.5).dw).all())
"""
    assert in_a_fresh_process(name, code) == ["True"]


@pytest.mark.parametrize("name", ["numexpr_zero_loop", "torch_step", "torch_autograd"])
def test_library_has_the_number_of_threads_of_each_step(name):
    row, problem = installed(name), problem_of("2x50")
    library = sys.modules["torch" if name.startswith("torch") else "numexpr"]
    steps = {threads: row.bind(problem.X, problem.Y, threads) for threads in (1, 3)}
    for threads in (1, 3, 1):
        steps[threads](problem.w, problem.b)
        assert library.get_num_threads() == threads


@pytest.mark.slow
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


def test_numexpr_is_not_asked_for_more_threads_than_it_has(capfd):
    run(installed("numexpr_zero_loop"), problem_of("2x50"), threads=1024)
    assert sys.modules["numexpr"].get_num_threads() == sys.modules["numexpr"].MAX_THREADS
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted as Linux lists them")
@pytest.mark.parametrize("name", ["jax_step", "jax_autograd"])
@pytest.mark.parametrize("threads", [1, 3])
def test_jax_starts_as_many_threads_as_asked_for(name, threads):
    code = f"""
row.bind(X, Y, threads={threads})(w, 0.5)
names = [open(f"/proc/self/task/{{task}}/comm").read().strip() for task in os.listdir("/proc/self/task")]
print(names.count("tf_XLAEigen"), os.environ.get("NPROC"))
"""
    assert in_a_fresh_process(name, code) == [str(threads), str(os.environ.get("NPROC"))]


def test_jax_keeps_the_threads_that_it_started_with():
    row, problem = installed("jax_step"), problem_of("2x50")
    run(row, problem)
    started = sys.modules["impls.jax_step"]._started
    with pytest.raises(impls.Unsuited, match=rf"^JAX keeps .* it started with, {started} in"):
        row.bind(problem.X, problem.Y, threads=started + 1)


def test_jax_leaves_its_precision_as_it_was():
    run(installed("jax_step"), problem_of("2x50"))
    assert not sys.modules["jax"].config.jax_enable_x64


def test_tensors_share_the_memory_of_the_data():
    from_row, problem = installed("torch_step"), problem_of("2x50")
    X, Y, _ = from_row.prepare_data(problem.X, problem.Y, 1)
    assert X.data_ptr() == problem.X.ctypes.data
    assert Y.data_ptr() == problem.Y.ctypes.data


def test_private_parts_of_scikit_learn_are_as_the_row_needs_them():
    """A release that moves or changes them shows here by its name, and as a row that does not load."""
    installed("sklearn_loss")
    from sklearn._loss import HalfBinomialLoss
    from sklearn.linear_model._linear_loss import LinearModelLoss

    parameters = inspect.signature(LinearModelLoss.loss_gradient).parameters
    assert list(parameters)[1:4] == ["coef", "X", "y"]
    assert {"l2_reg_strength", "n_threads"} <= set(parameters)
    # By hand, of one feature: z = 2 x - 1.
    loss = LinearModelLoss(HalfBinomialLoss(), fit_intercept=True)
    examples, labels = np.array([[0.5], [1.0]]), np.array([0.0, 1.0])
    J, gradient = loss.loss_gradient(np.array([2.0, -1.0]), examples, labels)
    dz = np.array([0.5, -1 / (1 + np.e)])
    assert pytest.approx((np.log(2) + np.log1p(np.exp(-1))) / 2, rel=1e-14) == J
    assert gradient == pytest.approx([(0.5 * dz[0] + dz[1]) / 2, dz.sum() / 2], rel=1e-14)


def test_private_parts_of_scikit_learn_stand_in_one_file():
    root = records.find("sklearn_loss").path.parents[1]
    files = [path for folder in ("impls", "reports", "bench") for path in (root / folder).rglob("*.py")]
    assert [path.stem for path in files if "sklearn._" in path.read_text("utf-8")] == ["sklearn_loss"]
