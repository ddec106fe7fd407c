"""What a lane answers, in this process; the harness' tests talk to real ones."""

import resource
from types import SimpleNamespace

import numpy as np
import pytest

from bench.lanes import lane
from bench.lanes.lane import Lane, as_column, decoded, encoded
from bench.lanes.shared import Shared
from impls import pools, records
from impls.contract import Step
from impls.data import problems
from impls.truth.gate import TOLERANCE, Gate, judge
from impls.truth.oracle import reference


@pytest.fixture(scope="module")
def problem():
    return problems.load("30x57")


@pytest.fixture
def prepared(problem):
    with Shared(problem) as shared:
        found = Lane(records.find("numpy_zero_loop"))
        found.prepare(shared.paths, problem.b, 1)
        yield found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_results_survive_to_the_last_bit(dtype):
    rng = np.random.default_rng(0)
    result = Step(0.1, rng.standard_normal((7, 1)).astype(dtype), -np.pi)
    found = decoded(encoded(result))
    assert (found.cost, found.db) == (result.cost, result.db)
    assert np.array_equal(found.dw, result.dw)


def test_results_that_are_no_numbers_survive():
    found = decoded(encoded(Step(float("nan"), np.array([[np.inf]]), float("-inf"))))
    assert np.isnan(found.cost)
    assert np.isposinf(found.dw).all()


@pytest.mark.parametrize("point", [0, 1])
def test_calls_are_at_the_points_of_the_gate(prepared, problem, point):
    gate = Gate(problem)
    truth = (gate.start, gate.mirrored)[point].truth
    reply = prepared.call(point)
    assert reply["wall_s"] > 0
    (result,) = reply["results"]
    assert judge(decoded(result), truth, gate.tolerance) < gate.tolerance


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
        prepared.prepare(shared.paths, data.b, 1)
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
    monkeypatch.setattr(lane, "process_time", lambda: times[0])
    monkeypatch.setattr(lane, "sleep", lambda seconds: None)
    prepared._step = step
    return times, takes


@pytest.mark.parametrize("call_s", [1e-6, 3e-5, 1e-3, 0.02, 0.2])
def test_blocks_settle_and_last_as_long_as_they_should(prepared, clock, call_s):
    clock[1][0] = call_s
    reply = prepared.block(settle_s=0.01, block_s=0.05)
    assert reply["block_s"] == pytest.approx(call_s)
    assert 0.01 <= reply["settled_s"] <= 0.01 + 2 * call_s
    assert reply["settled_s"] == pytest.approx(call_s) or call_s < 0.01, "one call is enough"
    assert reply["timed_s"] == pytest.approx(max(0.05, call_s), rel=0.25)
    assert reply["cores"] == pytest.approx(1)
    assert len(reply["results"]) == 2


def test_a_slow_call_is_timed_at_once(prepared, clock):
    clock[1][0] = 3.0
    reply = prepared.call_as_block()
    assert (reply["block_s"], reply["timed_s"], reply["settled_s"]) == (3.0, 3.0, 0.0)
    assert len(reply["results"]) == 1


@pytest.mark.parametrize("disturbed_call", [1, 2, 10_002, 11_000])
def test_a_disturbed_call_does_not_move_a_block(prepared, clock, disturbed_call):
    times, _ = clock
    step, calls = prepared._step, []

    def disturbed(w, b):
        calls.append(1)
        times[0] += 5.0 if len(calls) == disturbed_call else 0.0
        return step(w, b)

    prepared._step = disturbed
    assert prepared.block(settle_s=0.01, block_s=0.05)["block_s"] == pytest.approx(1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_training_is_gradient_descent_from_zero(dtype):
    """Held to the oracle, stepped by hand."""
    data = problems.load("30x57", dtype)
    found = Lane(records.find("numpy_zero_loop"))
    with Shared(data) as shared:
        found.prepare(shared.paths, data.b, 1)
        reply = found.train(alpha=0.25, iterations=4)
    w, b, costs = np.zeros((30, 1), dtype), 0.0, []
    for _ in range(4):
        J, dw, db = reference(w, b, data.X, data.Y).value
        costs.append(J)
        w, b = (w - 0.25 * dw).astype(dtype), b - 0.25 * db
    rel = {"float64": 1e-11, "float32": 1e-5}[dtype]
    assert costs[0] == pytest.approx(np.log(2))
    assert reply["costs"] == pytest.approx(costs, rel=rel)
    assert as_column(reply["w"]) == pytest.approx(w, rel=rel, abs=rel)
    assert reply["b"] == pytest.approx(b, rel=rel)
    assert reply["wall_s"] > 0
    # The step is that at the very parameters that were sent, which survive to the last bit.
    (result,) = reply["results"]
    end = as_column(reply["w"]).astype(dtype)
    assert np.array_equal(end, as_column(reply["w"]))
    judge(decoded(result), reference(end, reply["b"], data.X, data.Y), TOLERANCE[dtype])


def test_the_time_of_a_training_is_that_of_its_iterations(prepared, clock):
    clock[1][0] = 0.5
    assert prepared.train(alpha=0.5, iterations=10)["wall_s"] == 5.0, "and not of the step that is verified"


def test_a_training_has_parameters_like_those_of_a_block(prepared, clock):
    """To Numba, arrays that may be written to are of another type, for which it would compile anew."""
    step, seen = prepared._step, set()

    def watched(w, b):
        seen.add((type(w), w.dtype, w.flags.writeable, w.flags.c_contiguous, type(b)))
        return step(w, b)

    prepared._step = watched
    prepared.block(settle_s=0.0, block_s=1e-5)
    prepared.train(alpha=0.5, iterations=3)
    assert len(seen) == 1


def test_pools_are_counted(prepared):
    prepared.call(0)
    found = prepared.pools()["pools"]
    assert found, "NumPy's BLAS has one"
    assert all(threads >= 1 for _, _, threads in found)
