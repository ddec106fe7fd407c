"""Checks of what a lane says, each at the edge between what passes and what does not."""

import math
from contextlib import nullcontext

import numpy as np
import pytest

from bench.lanes import checks
from bench.lanes.checks import Truths
from bench.lanes.harness import Lost
from bench.planning.plan import ALPHA
from bench.request import Setting
from impls import numpy_zero_loop, records
from impls.contract import Step
from impls.data import problems
from impls.training import gradient_descent
from reports.results import Pool

PROBLEM = problems.load("5x7")
SETTING = Setting(PROBLEM.shape, "float64", 1)
TRUTHS = Truths()
POINT, OTHER = TRUTHS.points(SETTING, PROBLEM.X, PROBLEM.Y)


def right(point=POINT):
    return numpy_zero_loop.step(point.w, point.b, PROBLEM.X, PROBLEM.Y)


def test_the_oracle_is_asked_once_for_each_problem_and_dtype():
    assert Truths().knows(SETTING) is False
    assert TRUTHS.knows(SETTING)
    assert not TRUTHS.knows(Setting(PROBLEM.shape, "float32", 1))
    assert TRUTHS.points(SETTING, PROBLEM.X, PROBLEM.Y)[0] is POINT


def test_a_right_result_has_its_largest_error():
    assert 0 <= checks.largest_error(right(), POINT.truth, "float64") < 1e-11


def test_a_wrong_result_has_failed():
    with pytest.raises(Lost, match="J is off by") as lost:
        checks.largest_error(right()._replace(cost=right().cost + 1), POINT.truth, "float64")
    assert lost.value.why.status == "failed"
    assert lost.value.why.error > 0.1


def test_a_result_at_the_other_point_is_wrong():
    with pytest.raises(Lost, match="is off by"):
        checks.largest_error(right(OTHER), POINT.truth, "float64")


def test_the_results_that_are_wrong_are_counted():
    truths = 3 * [POINT.truth]
    wrong = right()._replace(db=1.0)
    with pytest.raises(Lost, match=r"^db is off by \S+, 1e-11 is allowed, in 1 of 3 calls$"):
        checks.largest_of_all([right(), wrong, right()], truths, "float64")
    with pytest.raises(Lost, match=r"is allowed$"):
        checks.largest_of_all(3 * [wrong], truths, "float64")


@pytest.mark.parametrize(
    ("cores", "wall_s", "row", "passes"),
    [
        (1.25, 0.03, "numpy_zero_loop", True),
        (1.26, 0.03, "numpy_zero_loop", False),
        (9.0, 0.02, "numpy_zero_loop", True),  # too short to tell
        (2.25, 0.03, "dask_chunks", True),  # a scheduler needs a core too
        (2.26, 0.03, "dask_chunks", False),
    ],
)
def test_a_row_keeps_as_many_cores_busy_as_it_may(cores, wall_s, row, passes):
    expected = nullcontext() if passes else pytest.raises(Lost, match="cores busy; 1 are allowed")
    with expected:
        checks.check_cores(cores, wall_s, 1, records.find(row))


@pytest.mark.parametrize(
    ("times_s", "wall_s", "passes"),
    [
        ([0.03, 0.04], 0.07, True),
        ([0.03, 0.04], 0.85, True),
        ([0.03, 0.04], 0.95, False),  # too much time is missing
        ([0.03, 0.05], 0.07, False),  # more than passed
        ([2e-9, 0.04], 0.05, True),
        ([0.9e-9, 0.04], 0.05, False),  # no clock can tell
        ([0.0, 0.04], 0.05, False),
        ([-1.0, 1.04], 0.05, False),
        ([math.nan, 0.04], 0.05, False),
        ([math.inf, 0.04], 0.05, False),
    ],
)
def test_a_lane_s_clock_agrees_with_the_conductor_s(times_s, wall_s, passes):
    with nullcontext() if passes else pytest.raises(Lost, match="its clock reports"):
        checks.check_clock(np.array(times_s), wall_s)


def test_pools_have_as_many_threads_as_they_may():
    pools = [Pool("openblas", None, 2), Pool("numba", "0.61", 2)]
    checks.check_pools(pools, 2)
    with pytest.raises(Lost, match="openblas has 2 threads; 1 are allowed"):
        checks.check_pools(pools, 1)


def test_the_end_of_a_training_is_what_was_kept():
    w = np.arange(5.0).reshape(5, 1)
    truth = checks.end_of_training(Step(0.5, w, 0.5), PROBLEM.X, PROBLEM.Y)
    assert checks.largest_error(right(POINT._replace(w=w, b=0.5)), truth, "float64") < 1e-11


@pytest.mark.parametrize(("w", "b"), [(math.nan, 0.0), (math.inf, 0.0), (1.0, math.nan), (1.0, 1e200)])
def test_a_training_that_ends_at_no_parameters(w, b):
    with pytest.raises(Lost, match="its training returned no valid w and b"):
        checks.end_of_training(Step(0.5, np.full((5, 1), w), b), PROBLEM.X, PROBLEM.Y)


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
