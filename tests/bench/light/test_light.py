"""The speed of light: readers that read everything, a link that links, and times in the right relation."""

import itertools

import numpy as np
import pytest

from bench import light
from bench.light import clock as clocks
from bench.light import processor
from impls.data import problems
from impls.kernels.link import TILE


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(light, "_BUDGET_S", 0.01)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is moved."""
    times = [0.0]
    monkeypatch.setattr(clocks, "perf_counter", lambda: times[0])

    def move(seconds):
        times[0] += seconds

    return move


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_light_names_what_it_belongs_to(short, threads):
    found = light.measure(problems.load("5x7", "float32"), threads, "cpu")
    assert (found.problem, found.dtype, found.threads) == ("5x7", "float32", threads)
    assert found.read_s > 0
    assert found.link_s > 0


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_a_hundred_times_the_data_takes_longer_to_read(short, threads):
    sizes = ("10x1000", "1000x1000")
    few, many = (light.measure(problems.load(name), threads, "cpu").read_s for name in sizes)
    assert many > 4 * few


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_link_is_proportional_to_examples(monkeypatch, threads):
    monkeypatch.setattr(processor, "shortest_call_s", lambda function, arguments, budget_s: 1.0)
    few, many = (light.measure(problems.load(name), threads, "cpu").link_s for name in ("5x7", "5x700"))
    assert few == pytest.approx(7 / (threads * processor._TILES * TILE))
    assert many == pytest.approx(100 * few)


def test_light_is_the_fastest_reader(monkeypatch):
    asked = []

    def shortest_s(function, arguments, budget_s):
        asked.append(function)
        return {processor._shared_sum: 2.0}.get(function, 3.0)

    monkeypatch.setattr(processor, "shortest_call_s", shortest_s)
    problem = problems.load("5x7")
    assert light.measure(problem, 2, "cpu").read_s == 2.0
    assert light.measure(problem, 1, "cpu").read_s == 3.0, "threads that were not asked for do not read"
    assert len(asked) == 6 + 3


@pytest.mark.slow
@pytest.mark.parametrize("dtype", problems.DTYPES)
@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 127, 1030])
def test_readers_read_every_number_once(size, dtype):
    x = np.arange(1, size + 1, dtype=dtype)  # whose sums are exact in every order
    x.setflags(write=False)
    for reader in (processor._sum, processor._sum_four_streams):
        assert reader(x) == x.sum()
    for reader, threads in itertools.product(
        (processor._shared_sum, processor._shared_sum_four_streams), (1, 2, 5)
    ):
        assert reader(x, threads).sum() == x.sum()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", problems.DTYPES)
@pytest.mark.parametrize("threads", [1, 2])
def test_every_tile_is_linked(monkeypatch, dtype, threads):
    monkeypatch.setattr(processor, "_TILES", 20)  # past the number after which Q must be 0 again
    asked = []
    monkeypatch.setattr(processor, "shortest_call_s", lambda *call: asked.append(call) or 1.0)
    processor._link_s(np.dtype(dtype), threads, 0.01)
    function, arguments, _ = asked[-1]
    Z, Y = (array.astype(np.float64) for array in arguments[:2])
    of_one_tile = np.sum(np.maximum(Z, 0) - Y * Z) + np.sum(1 / (1 + np.exp(-Z)) - Y)
    found = np.atleast_1d(function(*arguments))
    assert found == pytest.approx([20 * of_one_tile] * threads, rel=1e-11 if dtype == "float64" else 1e-4)


def test_fast_calls_are_timed_in_long_blocks(clock):
    assert clocks.shortest_call_s(clock, (1e-6,), 0.01) == pytest.approx(1e-6)
    calls = []
    clocks.shortest_call_s(lambda: (calls.append(1), clock(1e-6)), (), 0.01)
    assert len(calls) > 0.01 / 1e-6 / 2


def test_slow_calls_are_few(clock):
    calls = []
    assert clocks.shortest_call_s(lambda: (calls.append(1), clock(10)), (), 0.01) == 10
    assert len(calls) == 1 + 3


def test_disturbed_timings_do_not_count(clock):
    seconds = iter([9, 3, 1, 5])
    assert clocks.shortest_call_s(lambda: clock(next(seconds)), (), 0.01) == 1
