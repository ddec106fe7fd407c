"""Checks of what a lane says, each at the edge between what passes and what does not."""

import math

import numpy as np
import pytest

from bench.lanes import checks
from bench.lanes.checks import Truths
from bench.lanes.harness import Lost
from bench.lanes.lane import encoded
from bench.planning.plan import ALPHA
from bench.request import Setting
from impls import numpy_zero_loop
from impls.contract import Step
from impls.data import problems
from impls.training import gradient_descent
from reports.results import Pool

PROBLEM = problems.load("5x7")
TRUTHS = Truths()
POINT, MIRRORED = TRUTHS.points(PROBLEM)


def right(point=POINT):
    return numpy_zero_loop.step(point.w, point.b, PROBLEM.X, PROBLEM.Y)


def block(**changes):
    return {"block_s": 1e-4, "timed_s": 0.06, "settled_s": 0.01, "cores": 1.0, **changes}


def test_the_oracle_is_asked_once_for_each_problem_and_dtype():
    setting = Setting(PROBLEM.shape, "float64", 1)
    assert Truths().knows(setting) is False
    assert TRUTHS.knows(setting)
    assert not TRUTHS.knows(Setting(PROBLEM.shape, "float32", 1))
    assert TRUTHS.points(PROBLEM)[0] is POINT
    assert np.array_equal(MIRRORED.w, -POINT.w)
    assert MIRRORED.b == -POINT.b


def test_right_results_have_their_largest_error():
    error = checks.largest_error([encoded(right()), encoded(right())], POINT, "float64")
    assert 0 <= error < 1e-11


@pytest.mark.parametrize("place", [0, 1])
def test_each_result_is_compared_with_the_oracle(place):
    found = [encoded(right()), encoded(right())]
    found[place]["J"] += 1
    with pytest.raises(Lost, match="J is off by") as lost:
        checks.largest_error(found, POINT, "float64")
    assert lost.value.why.status == "failed"
    assert lost.value.why.error > 0.1


def test_a_result_at_the_other_point_is_wrong():
    with pytest.raises(Lost, match="is off by"):
        checks.largest_error([encoded(right(MIRRORED))], POINT, "float64")


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"J": "x", "dw": "", "db": 0.0},
        {**encoded(right()), "dw": 3},
        {**encoded(right()), "dw": "no base64"},
        encoded(Step(0.5, np.zeros((4, 1)), 0.0)),
    ],
)
def test_what_no_step_returns_was_written_by_a_row(result):
    with pytest.raises(Lost, match="sent results that no step returns") as lost:
        checks.largest_error([result], POINT, "float64")
    assert lost.value.why.status == "crashed"


@pytest.mark.parametrize(
    ("reply", "wall_s", "words"),
    [
        (block(cores=1.26), 0.07, "kept 1.3 cores busy; 1 are allowed"),
        (block(block_s=0.9e-9), 0.07, "its clock reports"),
        (block(), 0.19, "its clock reports 0.07 s, but 0.19 s passed"),
    ],
)
def test_blocks_of_too_many_cores_or_another_clock(reply, wall_s, words):
    with pytest.raises(Lost, match=words):
        checks.check_block(reply, wall_s, POINT, 1)


@pytest.mark.parametrize(
    ("reply", "wall_s"),
    [
        (block(cores=1.25), 0.07),
        (block(timed_s=0.02, cores=9.0), 0.03),  # too short to tell
        (block(block_s=1e-9), 0.07),
        (block(), 0.17),
    ],
)
def test_blocks_that_may_be_as_they_are(reply, wall_s):
    checks.check_block(reply, wall_s, POINT, 1)


def test_a_lane_may_take_its_time_to_send_a_long_result():
    long = POINT._replace(w=np.zeros((1_000_000, 1)))
    checks.check_block(block(), 0.17 + 0.7, long, 1)
    with pytest.raises(Lost, match="its clock reports"):
        checks.check_block(block(), 0.17 + 0.9, long, 1)


def test_pools_have_as_many_threads_as_they_may():
    pools = [Pool("openblas", None, 2), Pool("numba", "0.61", 2)]
    checks.check_pools(pools, 2)
    with pytest.raises(Lost, match="openblas has 2 threads; 1 are allowed"):
        checks.check_pools(pools, 1)


def test_the_end_of_a_training_is_what_was_sent():
    w = np.arange(5.0).reshape(5, 1)
    sent = {"w": encoded(Step(0.0, w, 0.0))["dw"], "b": 0.5}
    point = checks.end_of_training(sent, PROBLEM.X, PROBLEM.Y)
    assert np.array_equal(point.w, w)
    assert point.b == 0.5
    assert checks.largest_error([encoded(right(point))], point, "float64") < 1e-11


@pytest.mark.parametrize("changes", [{"w": ""}, {"w": None}, {"b": "x"}, {"b": None}, {"b": math.nan}])
def test_a_training_that_ends_at_no_parameters(changes):
    w = encoded(Step(0.0, np.zeros((5, 1)), 0.0))["dw"]
    with pytest.raises(Lost, match="its training returned no valid w and b"):
        checks.end_of_training({"w": w, "b": 0.0, **changes}, PROBLEM.X, PROBLEM.Y)


@pytest.fixture
def costs(monkeypatch):
    """What the oracle's costs are, in a short training."""
    monkeypatch.setattr(checks, "ITERATIONS", 8)
    return Truths().costs(PROBLEM.X, PROBLEM.Y)


def test_costs_are_those_of_the_oracle(costs):
    def step(w, b):
        return numpy_zero_loop.step(w, b, PROBLEM.X, PROBLEM.Y)

    fit = gradient_descent(step, np.zeros((5, 1)), 0.0, ALPHA, 8)
    assert fit.costs == pytest.approx(costs, rel=1e-12)
    assert checks.checked_costs(fit.costs, costs, "float64") == fit.costs


@pytest.mark.parametrize(
    ("place", "cost", "words"),
    [
        (7, math.nan, "cost 7 is nan"),
        (0, -1.0, "cost 0 is -1.0"),
        (3, math.inf, "cost 3 is inf"),
        (3, "x", "cost 3 is 'x'"),
        (5, 1.0, "cost 5 is 1, where"),
        (slice(7, 8), [], "did not return 8 costs"),
    ],
)
def test_costs_that_no_right_training_has(costs, place, cost, words):
    found = list(costs)
    found[place] = cost
    with pytest.raises(Lost, match=words):
        checks.checked_costs(found, costs, "float64")
