"""Steps under pytest-benchmark: parameters that change from call to call, and results that are verified."""

import numpy as np
import pytest

import impls
from bench.quick.moving import Moving
from impls.contract import Step
from impls.data import problems
from impls.truth.course import drawn
from impls.truth.gate import Refused


def moved(change=lambda k, result: result, calls=40):
    """Return what has called a step so often, and at which parameters; `change` changes its results."""
    problem = problems.load("3x50")
    step, points = impls.load("numpy_zero_loop").bind(problem.X, problem.Y), []

    def changed(w, b):
        points.append((w.tobytes(), b))
        return change(len(points), step(w, b))

    moving = Moving(changed, problem)
    for _ in range(calls):
        arguments, _ = moving.arguments()
        moving.call(*arguments)
    return moving, points


def test_no_call_is_where_another_was_and_all_are_right():
    moving, points = moved()
    assert len(set(points)) == 40
    assert moving.largest_error() < 1e-13


def test_a_call_depends_on_the_result_before(monkeypatch):
    course = drawn(3, 1000)
    monkeypatch.setattr("bench.quick.moving.drawn", lambda *_: course)
    _, points = moved(calls=2)
    _, others = moved(lambda k, result: result._replace(dw=result.dw + 1e-9), calls=2)
    assert points[0] == others[0]
    assert points[1] != others[1]


def test_a_step_that_is_always_wrong_is_refused():
    moving, _ = moved(lambda k, result: result._replace(db=result.db * 1.001))
    with pytest.raises(Refused, match=r"^db is off by "):
        moving.largest_error()


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
def test_a_step_whose_results_are_no_numbers_is_refused_without_a_warning(wrong):
    moving, _ = moved(lambda k, result: Step(result.cost, np.full_like(result.dw, wrong), wrong), calls=3)
    with pytest.raises(Refused):
        moving.largest_error()
