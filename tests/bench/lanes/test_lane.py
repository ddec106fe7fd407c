"""What a lane answers, in this process; the harness' tests talk to real ones."""

import resource
from types import SimpleNamespace

import numpy as np
import pytest

from bench.lanes import lane
from bench.lanes.exchange import Exchange
from bench.lanes.lane import LIGHT, Lane
from bench.lanes.shared import Shared
from impls import pools, records
from impls.contract import Step
from impls.data import problems
from impls.truth import course
from impls.truth.gate import TOLERANCE, judge
from impls.truth.oracle import reference


@pytest.fixture(scope="module")
def problem():
    return problems.load("30x57")


@pytest.fixture
def prepared(problem):
    with Shared(problem) as shared:
        found = Lane(records.find("numpy_zero_loop"))
        answer(found.open(shared.paths, 1))
        answer(found.prepare())
        yield found


def answer(replies):
    """Return the one reply to a request."""
    (reply,) = replies
    return reply


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("counts", [[1], [3, 4], [1, 1, 1]])
def test_each_call_is_where_its_course_and_the_call_before_say(counts, dtype):
    """Held to the oracle, in another process' view of the exchange."""
    data = problems.load("30x57", dtype)
    found = Lane(records.find("numpy_zero_loop"))
    with Shared(data) as shared:
        answer(found.open(shared.paths, 1))
        answer(found.prepare())
        here, going = Exchange(shared.paths["exchange"], 30), course.drawn(30, sum(counts))
        here.send(going)
        assert len(list(found.calls(counts))) == len(counts)
    points = [here.point(going, k, dtype) for k in range(sum(counts))]
    for k, (w, b) in enumerate(points):
        assert w.dtype == dtype
        judge(here.result(k), reference(w, b, data.X, data.Y), TOLERANCE[dtype])
    assert len({w.tobytes() for w, _ in points}) == sum(counts)
    assert (here.times_s[: sum(counts)] > 0).all()


def test_results_are_there_when_their_part_is_done(prepared):
    exchange = prepared._exchange
    exchange.send(course.drawn(30, 5))
    exchange.costs[:] = exchange.times_s[:] = 0
    replies = prepared.calls([2, 3])
    for done in (2, 5):
        next(replies)
        assert np.count_nonzero(exchange.costs) == np.count_nonzero(exchange.times_s) == done


def test_a_lane_that_has_no_row_calls_nothing(problem):
    with Shared(problem) as shared:
        idle = Lane(LIGHT)
        answer(idle.open(shared.paths, 1))
        assert len(list(idle.calls([2, 2]))) == 2


def test_prepare_pays_for_nothing_that_a_user_has_already(prepared, monkeypatch):
    """Data in memory, and pools of the number of threads that is asked for."""
    data = problems.load("128x10000", "float64")
    found = {}

    def prepare(X, Y, threads):
        found["limit"] = pools._limit
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        X[:, ::512].sum()
        found["faults"] = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        return lambda w, b: None

    monkeypatch.setattr(prepared, "_impl", SimpleNamespace(prepare=prepare))
    pools.forget()
    with Shared(data) as shared:
        answer(prepared.open(shared.paths, 1))
        answer(prepared.prepare())
    assert found["limit"] == 1
    assert found["faults"] < 20, "of 2,500 pages, mapped sixteen at a time"


@pytest.fixture
def clock(monkeypatch, prepared):
    """A clock that each call moves by what it is said to take."""
    times, takes = [0.0], [1e-6]

    def step(w, b):
        times[0] += takes[0]
        return Step(0.0, np.zeros((30, 1)), 0.0)

    monkeypatch.setattr(lane, "perf_counter", lambda: times[0])
    monkeypatch.setattr(lane, "sleep", lambda seconds: None)
    prepared._step = step
    return times, takes


def test_the_time_of_a_call_is_its_own(prepared, clock):
    times, takes = clock
    replies = prepared.calls([1, 1])
    for takes[0] in (3.0, 5.0):
        next(replies)
        times[0] += 100.0
    assert prepared._exchange.times_s[:2].tolist() == [3.0, 5.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_training_is_gradient_descent_from_zero(dtype):
    """Held to the oracle, stepped by hand."""
    data = problems.load("30x57", dtype)
    found = Lane(records.find("numpy_zero_loop"))
    with Shared(data) as shared:
        answer(found.open(shared.paths, 1))
        answer(found.prepare())
        reply = answer(found.train(alpha=0.25, iterations=4))
        end, there = (Exchange(shared.paths["exchange"], 30).result(k) for k in (0, 1))
    w, b, costs = np.zeros((30, 1), dtype), 0.0, []
    for _ in range(4):
        J, dw, db = reference(w, b, data.X, data.Y).value
        costs.append(J)
        w, b = (w - 0.25 * dw).astype(dtype), b - 0.25 * db
    rel = {"float64": 1e-11, "float32": 1e-5}[dtype]
    assert costs[0] == pytest.approx(np.log(2))
    assert reply["costs"] == pytest.approx(costs, rel=rel)
    assert end.dw == pytest.approx(w, rel=rel, abs=rel)
    assert end.db == pytest.approx(b, rel=rel)
    assert reply["wall_s"] > 0
    # The step is that at the very parameters that were kept, which survive to the last bit.
    w = end.dw.astype(dtype)
    assert np.array_equal(w, end.dw)
    judge(there, reference(w, end.db, data.X, data.Y), TOLERANCE[dtype])


def test_the_time_of_a_training_is_that_of_its_iterations(prepared, clock):
    clock[1][0] = 0.5
    assert answer(prepared.train(alpha=0.5, iterations=10))["wall_s"] == 5.0, (
        "and not of the step that is verified"
    )


def test_a_training_has_parameters_like_those_of_a_block(prepared, clock):
    """To Numba, arrays that may be written to are of another type, for which it would compile anew."""
    step, seen = prepared._step, set()

    def watched(w, b):
        seen.add((type(w), w.dtype, w.flags.writeable, w.flags.c_contiguous, type(b)))
        return step(w, b)

    prepared._step = watched
    list(prepared.calls([2]))
    list(prepared.train(alpha=0.5, iterations=3))
    assert len(seen) == 1


def test_pools_are_counted(prepared):
    list(prepared.calls([1]))
    found = answer(prepared.pools())["pools"]
    assert found, "NumPy's BLAS has one"
    assert all(threads >= 1 for _, _, threads in found)
