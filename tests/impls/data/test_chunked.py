"""The tree of sums: the same bits however chunks are shared out, and the numbers of the oracle."""

import math
import multiprocessing
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("zarr")

from impls.data import problems
from impls.data.chunked import Node, as_step, merged, partial
from impls.data.dataset import BadData, opened
from impls.kernels import sweep
from impls.truth.gate import TOLERANCE, Gate, Refused
from tests.impls.checks import bits, on_disk, problem_of, tabled


class Sums:
    """A data set whose sums are given."""

    dtype, order, m = "float64", "C", 1.0

    def __init__(self, sums):
        self._sums = sums

    def __len__(self):
        return len(self._sums)

    def sums(self, k, w, b):
        return self._sums[k]


@st.composite
def shared_out(draw):
    """How many chunks, and where one worker's range ends and the next begins; some ranges may be empty."""
    chunks = draw(st.integers(1, 300))
    cuts = sorted(draw(st.lists(st.integers(0, chunks), max_size=12)))
    return chunks, [0, *cuts, chunks]


def sums_of(chunks):
    """Sums over many orders of magnitude, where each order of addition rounds to other bits."""
    rng = np.random.default_rng(chunks)
    return rng.standard_normal((chunks, 4)) * 10.0 ** rng.integers(-8, 8, (chunks, 1))


def step_of(data, ranges, threads=1):
    w = np.zeros((2, 1))
    parts = [partial(data, first, last, w, 0.0, threads) for first, last in ranges]
    return parts, as_step([node for part in parts for node in part], data)


@given(shared_out())
@settings(deadline=None, derandomize=True, max_examples=50)
def test_bits_are_those_of_one_worker(shared):
    chunks, cuts = shared
    data = Sums(sums_of(chunks))
    (whole,), expected = step_of(data, [(0, chunks)])
    parts, step = step_of(data, pairwise(cuts))
    assert bits(step) == bits(expected)
    rejoined = merged(node for part in parts for node in part)
    assert [(*node[:2], node.sums.tobytes()) for node in rejoined] == [
        (*node[:2], node.sums.tobytes()) for node in whole
    ]
    for (first, last), part in zip(pairwise(cuts), parts, strict=True):
        assert len(part) <= 2 * math.log2(max(1, last - first)) + 2
        # Whole subtrees, one beside the other.
        ends = [(node.number << node.level, (node.number + 1) << node.level) for node in part]
        assert [edge for pair in ends for edge in pair] == sorted(
            [first, *[end for _, end in ends[:-1]] * 2, last] if part else []
        )


@pytest.mark.parametrize("chunks", [1, 2, 3, 64, 255])
def test_sums_are_those_of_exact_addition(chunks):
    data = Sums(sums_of(chunks))
    _, step = step_of(data, [(0, chunks)])
    exact = [math.fsum(column) for column in data._sums.T]
    scale = [math.fsum(abs(column)) for column in data._sums.T]
    error = np.abs(np.array([*step.dw[:, 0], step.cost, step.db]) - exact) / scale
    assert error.max() <= (math.log2(chunks) + 2) * 2**-53


def test_the_tree_is_that_of_the_chunks_numbers():
    """A worked example: ((0 + 1) + (2 + 3)) + (4 + (5)), told by sums that say what was added to what."""

    class Said(str):
        def __add__(self, other):
            return Said(f"({super().__add__(other)})")

    nodes = merged(Node(0, k, Said(k)) for k in range(7))
    assert [node.sums for node in nodes] == ["((01)(23))", "(45)", "6"]
    assert [node[:2] for node in nodes] == [(2, 0), (1, 2), (0, 6)]


def test_ranges_that_begin_at_an_odd_chunk_wait_for_their_neighbour():
    one = np.ones(1)
    assert [node[:2] for node in merged(Node(0, k, one) for k in range(1, 6))] == [(0, 1), (1, 1), (1, 2)]


def test_no_warning_of_sums_that_overflow():
    data = Sums(np.array([[1e308, -np.inf, 1, 1], [1e308, np.inf, 1, 1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, step = step_of(data, [(0, 2)])
    assert np.isinf(step.dw[0, 0])
    assert np.isnan(step.dw[1, 0])


def on_disk_as(kind, path, problem, chunk, monkeypatch):
    if kind == "zarr":
        return on_disk(path, problem, chunk)
    monkeypatch.setattr("impls.data.dataset.chunk_for", lambda *_: chunk)
    return opened(tabled(path.with_suffix(".npy"), problem.X, problem.Y))


def stepping(data, threads=1):
    return lambda w, b: as_step(partial(data, 0, len(data), w, b, threads), data)


SIZES = [("1x1", 1), ("2x9", 1), ("28x200", 7), ("28x1001", 1000), ("9x2500", 1000), ("129x700", 1000)]


@pytest.mark.parametrize("kind", ["zarr", pytest.param("npy", marks=pytest.mark.slow)])
def test_gate(tmp_path, dtype, kind, monkeypatch):
    for name, chunk in SIZES:
        problem = problem_of(name, dtype)
        data = on_disk_as(kind, tmp_path / name, problem, chunk, monkeypatch)
        assert len(data) == -(-problem.X.shape[1] // chunk)
        assert Gate(problem).run(stepping(data)) <= TOLERANCE[dtype] / 10, name


@pytest.mark.parametrize("kind", ["zarr", "npy"])
def test_a_single_example_is_summed_by_the_code_that_was_rehearsed(tmp_path, kind, monkeypatch):
    """A chunk of one example lies in both orders; the code for the other one, this process would compile."""
    problem = problems.load("3x22")
    data = on_disk_as(kind, tmp_path / "data", problem, 7, monkeypatch)
    ours, other = sweep._features_as_rows, sweep._examples_as_rows
    if kind == "npy":
        ours, other = other, ours
    monkeypatch.setattr(sweep, other.__name__, None)
    (node,) = partial(data, 3, 4, problem.w, problem.b, 1)
    assert node.sums.shape == (5,)


def test_any_number_of_threads_gives_the_same_bits(tmp_path, dtype):
    problem = problem_of("28x1001", dtype)
    data = on_disk(tmp_path / "data", problem, 100)
    expected = bits(stepping(data)(problem.w, problem.b))
    for threads in (2, 3, 16):
        found = {bits(stepping(data, threads)(problem.w, problem.b)) for _ in range(10)}
        assert found == {expected}, threads


LAYOUTS = {
    "writable": np.array,
    "Fortran order": np.asfortranarray,
    "a column of two": lambda w: np.repeat(w, 2, axis=1)[:, :1],
}


def test_parameters_in_any_layout_take_the_same_code(tmp_path):
    problem = problem_of("28x100")
    data = on_disk(tmp_path / "data", problem, 30)
    expected = bits(stepping(data)(problem.w, problem.b))
    compiled = len(sweep._features_as_rows.signatures)
    for layout, lay_out in LAYOUTS.items():
        assert bits(stepping(data)(lay_out(problem.w), problem.b)) == expected, layout
        assert len(sweep._features_as_rows.signatures) == compiled, layout


def test_the_first_bad_chunk_is_named_whatever_the_threads(tmp_path):
    problem = problems.load("3x100")
    data = on_disk(tmp_path / "data", problem, 10)
    for k in (3, 7):
        (data.path / f"X/c/0/{k}").write_bytes(bytes(3 * 10 * 8 + 4))
    for threads in (1, 2, 3):
        with pytest.raises(BadData, match="/X/c/0/3 has changed"):
            partial(data, 0, 10, problem.w, 0.0, threads)
    assert len(partial(data, 4, 7, problem.w, 0.0, 2)) == 2  # the threads serve on


def in_child(data, w, queue):
    queue.put(bits(stepping(data, 2)(w, 0.0)))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing is forked here")
# Python, and JAX once loaded, warn of forking a process that has threads: what is tried here.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_threads_serve_a_forked_process_too(tmp_path):
    problem = problems.load("3x100")
    data = on_disk(tmp_path / "data", problem, 10)
    expected = bits(stepping(data, 2)(problem.w, 0.0))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_child, args=(data, problem.w, queue))
    child.start()
    try:
        assert queue.get(timeout=60) == expected
    finally:
        child.kill()
        child.join()


def test_one_example_that_is_left_out_is_refused(tmp_path):
    """The gate is strict enough to see that a last chunk lacks its last example."""
    problem = problems.load("2x1001")
    data = on_disk(tmp_path / "data", problem, 100)
    data.m = 1000
    with pytest.raises(Refused, match=" is off by "):
        Gate(problem).run(stepping(data))
