"""The fused rows at every boundary of their loops, and in the company of threads and processes."""

import multiprocessing
import re
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from impls.contract import Step
from impls.data import problems
from impls.data.problems import Problem, Shape
from impls.kernels import sweep
from impls.kernels.link import MOST_TILES, TILE
from impls.kernels.sweep import EXAMPLES, FEATURES, threads_for
from impls.truth.gate import TOLERANCE, gate_for
from tests.impls.checks import bits, changed, error, problem_of, read_only, run, truth_of

CLEAR_REFS = Path("/proc/self/clear_refs")


@pytest.fixture(params=["C", "F"])
def order(request):
    return request.param


def around(*boundaries):
    return sorted({size + near for size in boundaries for near in (-1, 0, 1) if size + near > 0})


def assert_right(sizes, dtype, order, threads=1):
    """Either order has its own loop; the packed row runs the same two."""
    row = impls.load("numba_fused")
    for n_x, m in sizes:
        problem = problem_of(f"{n_x}x{m}", dtype)
        ordered = changed(problem, X=np.array(problem.X, order=order))
        found = error(run(row, ordered, threads), problem, truth_of(problem.name, dtype))
        assert found <= TOLERANCE[dtype], f"{n_x}x{m}"


# Features around the rows that are written out, examples around those and the tile.
FEW_FEATURES = around(1, EXAMPLES, FEATURES, 64)
FEW_EXAMPLES = [1, *around(EXAMPLES, FEATURES), 3 * FEATURES + 5]
TILES = around(TILE, 2 * TILE)


def covering(features, examples):
    """Return pairs in which each number of features has two numbers of examples, and each of these two."""
    count = max(len(features), len(examples))
    pairs = [
        (features[k % len(features)], examples[(k + shift) % len(examples)])
        for k in range(count)
        for shift in (0, len(examples) // 2)
    ]
    return sorted(set(pairs))


def test_boundaries(dtype, order):
    assert_right(covering(FEW_FEATURES, FEW_EXAMPLES), dtype, order)
    assert_right([(3, m) for m in TILES] + [(1, TILE + 1), (70, TILE + 1), (70, 2 * TILE - 1)], dtype, order)
    # With 600 features a tile is shorter, and in Fortran order a few tiles share the sums of one precision.
    assert_right([(600, m) for m in (53, 108, 109, 209, 417)], dtype, order)


def test_examples_around_the_last_logarithm(dtype, order):
    last = MOST_TILES * TILE
    assert_right([(2, last), (2, last + 1), (2, 2 * last + 1)], dtype, order)


def test_products_do_not_overflow_over_many_tiles(dtype, order):
    """At w = 0 every factor is 2, as large as it gets, and J is log 2."""
    m = 140 * TILE
    X, Y = np.ones((1, m), dtype, order), (np.arange(m) % 2).astype(dtype).reshape(1, m)
    J, dw, db = impls.load("numba_fused").bind(X, Y, 1)(np.zeros((1, 1), dtype), 0.0)
    assert (J, dw[0, 0], db) == pytest.approx((np.log(2), 0, 0), rel=TOLERANCE[dtype], abs=TOLERANCE[dtype])


@pytest.mark.slow
def test_all_boundaries(dtype, order):
    assert_right([(n_x, m) for n_x in FEW_FEATURES for m in FEW_EXAMPLES], dtype, order)
    assert_right([(n_x, m) for n_x in (1, 3, 70) for m in TILES], dtype, order)
    assert_right([(2, m) for m in around(MOST_TILES * TILE, 2 * MOST_TILES * TILE)], dtype, order)


@pytest.mark.slow
def test_tiles_shortened_by_many_features(dtype, order):
    assert_right([(1000, m) for m in around(64, 128, 192)], dtype, order, threads=2)


def test_more_features_than_one_sum_has():
    assert_right([(2100, 9)], "float32", "C")


@pytest.mark.slow  # of compiling for thousands of features
def test_wide_data(dtype, order):
    assert_right([(12288, 25), (40000, 9)], dtype, order, threads=2)


@pytest.mark.slow
def test_a_million_examples_in_float32():
    gate = gate_for(problems.find("2x1000000"), "float32")
    row, Y = impls.load("numba_fused"), gate.problem.Y
    for X in (gate.problem.X, np.asfortranarray(gate.problem.X)):
        errors = [gate.run(row.prepare(X, Y, threads)) for threads in (1, 2, 3, 64)]
        assert max(errors) <= TOLERANCE["float32"] / 10


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(20_000, 64), (2, 100_000), (64, 20_000)])
def test_float32_sums_whose_errors_all_point_one_way(shape, order):
    n_x, m = shape
    X, Y = np.full(shape, 1 / 3, np.float32, order=order), np.ones((1, m), np.float32)
    w = np.full((n_x, 1), -1 / 3 / n_x, np.float32)
    problem = Problem(Shape("constant", n_x, m, ""), X, Y, w, b=-7.7)
    assert error(run(impls.load("numba_fused"), problem, 2), problem) <= TOLERANCE["float32"]


def test_any_nan_makes_every_result_nan(order):
    problem = problem_of("9x700")
    for payload in (0, 1, 0x7A2):  # R's NA is the NaN with 0x7A2
        X, w = np.array(problem.X, order=order), problem.w.copy()
        w.view(np.uint64)[3, 0] = 0x7FF8000000000000 | payload
        J, dw, db = impls.load("numba_fused").bind(X, problem.Y, 1)(w, 0.0)
        assert np.isnan([J, *dw[:, 0], db]).all(), payload


def test_large_and_vanishing_values(dtype, order):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 1000)) * 10.0 ** rng.integers(-6, 4, (5, 1000))
    X[rng.random(X.shape) < 0.2] = -0.0
    X[0, :100] = np.finfo(dtype).smallest_subnormal
    problem = changed(
        problem_of("5x1000"),
        X=np.array(X, dtype, order=order),
        Y=(rng.random((1, 1000)) < 0.5).astype(dtype),
        w=rng.standard_normal((5, 1)).astype(dtype),
        b=0.0,
    )
    assert error(run(impls.load("numba_fused"), problem, 1), problem) <= TOLERANCE[dtype]


def test_threads_leave_no_example_out(dtype, order):
    """The loop over threads by the interpreter, since it takes seconds to compile; the parts are compiled."""
    problem = problem_of("9x1003", dtype)
    rows, _, in_parallel = sweep.kernels(read_only(np.array(problem.X, order=order)), order)
    for threads in (1, 2, 3, 7):
        parts = in_parallel.py_func(problem.w[:, 0], problem.b, rows, problem.Y[0], threads)
        assert len(parts) == threads
        *dw, J, db = parts.sum(axis=0)
        result = Step(J, np.reshape(dw, (-1, 1)), db)
        assert error(result, problem, truth_of("9x1003", dtype)) <= TOLERANCE[dtype], threads


@pytest.mark.slow  # of compiling the parallel loop for each
def test_threads_compute_the_same_every_time(dtype, order):
    row, problem = impls.load("numba_fused"), problem_of("128x5003", dtype)
    problem, truth = changed(problem, X=np.array(problem.X, order=order)), truth_of("128x5003", dtype)
    for threads in (1, 2, 3):
        assert error(run(row, problem, threads), problem, truth) <= TOLERANCE[dtype], threads
        assert len({bits(run(row, problem, threads)) for _ in range(20)}) == 1, threads


def test_packed_copies_wide_data_alone():
    row = impls.load("numba_fused_packed")
    for name, order in (("255x9", "C"), ("256x9", "F")):
        X, _, _ = row.prepare_data(problem_of(name).X, problem_of(name).Y, 1)
        assert X.flags.f_contiguous == (order == "F")
        assert error(run(row, problem_of(name), 1), problem_of(name), truth_of(name)) <= TOLERANCE["float64"]


def test_small_data_take_one_thread():
    assert threads_for(30, 569, 64) == 1
    assert threads_for(128, 10_000, 64) == 20
    assert threads_for(128, 10_000, 2) == 2
    assert threads_for(1, 1, 1) == 1


@pytest.mark.slow
def test_called_from_several_threads_at_once():
    problem = problem_of("128x5003")
    step = impls.load("numba_fused").bind(problem.X, problem.Y, 2)
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
    return bits(run(impls.load("numba_fused"), problems.load("128x5003"), 2))


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
