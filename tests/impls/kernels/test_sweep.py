"""The fused rows at every boundary of their loops, and in the company of threads and processes."""

import multiprocessing
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from impls.data import problems
from impls.data.problems import Problem, Shape
from impls.kernels.link import MOST_TILES, TILE
from impls.kernels.sweep import EXAMPLES, FEATURES, threads_for
from impls.truth.gate import TOLERANCE, gate_for

CLEAR_REFS = Path("/proc/self/clear_refs")
FUSED = ("numba_fused", "numba_fused_packed")


@pytest.fixture(params=FUSED)
def fused(request):
    return impls.load(request.param)


@pytest.fixture(params=["C", "F"])
def order(request):
    return request.param


def around(*boundaries):
    return sorted({size + near for size in boundaries for near in (-1, 0, 1) if size + near > 0})


def holds(name, dtype, order, threads, load, error):
    """Either order has its own loop; the packed row runs the same two."""
    row = impls.load("numba_fused")
    problem = load(name, dtype)
    problem = replace(problem, X=np.array(problem.X, order=order))
    result = row.bind(problem.X, problem.Y, threads)(problem.w, problem.b)
    return error(result, problem) <= TOLERANCE[dtype]


@pytest.mark.parametrize("n_x", around(1, EXAMPLES, FEATURES, 64))
@pytest.mark.parametrize("m", [1, *around(EXAMPLES, FEATURES), 3 * FEATURES + 5])
def test_features_around_the_unrolled_rows(n_x, m, dtype, order, load, error):
    assert holds(f"{n_x}x{m}", dtype, order, 1, load, error)


@pytest.mark.parametrize("n_x", [1, 3, 70])
@pytest.mark.parametrize("m", around(TILE, 2 * TILE))
def test_examples_around_the_tile(n_x, m, dtype, order, load, error):
    assert holds(f"{n_x}x{m}", dtype, order, 1, load, error)


@pytest.mark.parametrize("m", around(MOST_TILES * TILE, 2 * MOST_TILES * TILE))
def test_examples_around_the_last_logarithm(m, dtype, order, load, error):
    assert holds(f"2x{m}", dtype, order, 1, load, error)


@pytest.mark.slow
@pytest.mark.parametrize("m", around(64, 128, 192))
def test_tiles_shortened_by_many_features(m, dtype, order, load, error):
    assert holds(f"1000x{m}", dtype, order, 2, load, error)


@pytest.mark.slow  # of compiling for thousands of features
@pytest.mark.parametrize("name", ["12288x25", "40000x9"])
def test_wide_data(name, dtype, order, load, error):
    assert holds(name, dtype, order, 2, load, error)


@pytest.mark.slow
def test_a_million_examples_in_float32():
    gate = gate_for(problems.find("2x1000000"), "float32")
    row, Y = impls.load("numba_fused"), gate.problem.Y
    for X in (gate.problem.X, np.asfortranarray(gate.problem.X)):
        errors = [gate.run(row.prepare(X, Y, threads)) for threads in (1, 2, 3, 64)]
        assert max(errors) <= TOLERANCE["float32"] / 10


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(20_000, 64), (2, 100_000), (64, 20_000)])
def test_float32_sums_whose_errors_all_point_one_way(shape, order, error):
    n_x, m = shape
    X, Y = np.full(shape, 1 / 3, np.float32, order=order), np.ones((1, m), np.float32)
    w = np.full((n_x, 1), -1 / 3 / n_x, np.float32)
    problem = Problem(Shape("constant", n_x, m, ""), X, Y, w, b=-7.7)
    result = impls.load("numba_fused").bind(X, Y, 2)(w, problem.b)
    assert error(result, problem) <= TOLERANCE["float32"]


@pytest.mark.parametrize("payload", [0, 1, 0x7A2])  # R's NA is the NaN with 0x7A2
def test_any_nan_makes_every_result_nan(payload, order):
    problem = problems.load("9x700")
    X, w = np.array(problem.X, order=order), problem.w.copy()
    w.view(np.uint64)[3, 0] = 0x7FF8000000000000 | payload
    J, dw, db = impls.load("numba_fused").bind(X, problem.Y, 2)(w, 0.0)
    assert np.isnan([J, *dw[:, 0], db]).all()


def test_large_and_vanishing_values(fused, dtype, order, error):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 1000)) * 10.0 ** rng.integers(-6, 4, (5, 1000))
    X[rng.random(X.shape) < 0.2] = -0.0
    X[0, :100] = np.finfo(dtype).smallest_subnormal
    problem = replace(
        problems.load("5x1000"),
        X=np.array(X, dtype, order=order),
        Y=(rng.random((1, 1000)) < 0.5).astype(dtype),
        w=rng.standard_normal((5, 1)).astype(dtype),
    )
    assert (
        error(fused.bind(problem.X, problem.Y)(problem.w, 0.0), replace(problem, b=0.0)) <= TOLERANCE[dtype]
    )


def bits(result):
    return result.cost.hex(), result.dw.tobytes(), result.db.hex()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_threads_same_bits(fused, threads, dtype):
    problem = problems.load("128x5000", dtype)
    found = {bits(fused.bind(problem.X, problem.Y, threads)(problem.w, problem.b)) for _ in range(20)}
    assert len(found) == 1


def test_small_data_take_one_thread():
    assert threads_for(30, 569, 64) == 1
    assert threads_for(128, 10_000, 64) == 20
    assert threads_for(128, 10_000, 2) == 2
    assert threads_for(1, 1, 1) == 1


def test_called_from_several_threads_at_once(fused):
    problem = problems.load("128x5000")
    step = fused.bind(problem.X, problem.Y, 2)
    expected = bits(step(problem.w, problem.b))
    found, start = [], threading.Barrier(4)

    def call():
        start.wait()
        found.extend(bits(step(problem.w, problem.b)) for _ in range(50))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [expected] * 200


def bits_of():
    problem = problems.load("128x5000")
    return bits(impls.load("numba_fused").bind(problem.X, problem.Y, 2)(problem.w, problem.b))


def in_child(queue):
    queue.put(bits_of())


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
# Python, and JAX once loaded, warn of forking a process that has threads: what is tried here.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_runs_in_a_child_of_a_process_that_ran_it(method):
    expected = bits_of()
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    found = queue.get(timeout=60)
    child.join()
    assert (found, child.exitcode) == (expected, 0)


@pytest.mark.slow
@pytest.mark.skipif(not CLEAR_REFS.exists(), reason="only Linux tells a process how much it used at most")
def test_takes_no_memory_of_the_size_of_the_data():
    problem = problems.load("2x5000000")  # an array of m numbers, 40 MB, comes and goes as a whole
    X = np.asfortranarray(problem.X)
    taken = most_memory(impls.load("numba_fused").bind(X, problem.Y, 2), problem)
    assert taken < 1_000_000 < most_memory(impls.load("numpy_zero_loop").bind(X, problem.Y, 2), problem)


def most_memory(step, problem):
    """Return the bytes that a second call has at most beyond what was there before it."""
    step(problem.w, problem.b)
    before = psutil.Process().memory_info().rss
    CLEAR_REFS.write_text("5")  # forgets the highest memory so far
    step(problem.w, problem.b)
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1]) - before
