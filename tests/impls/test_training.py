"""Gradient descent: its arithmetic and its ends. Each row drives one in `test_rows.py`."""

import numpy as np
import pytest

import impls
from impls.contract import Step
from impls.data import problems
from impls.training import Diverged, accuracy, gradient_descent
from tests.impls.checks import problem_of

W = np.zeros((1, 1))


def scripted(*costs):
    """A step that returns these costs one after the other, with gradients 1."""
    remaining = iter(costs)
    return lambda w, b: Step(next(remaining), np.ones_like(w), 1.0)


def test_two_iterations_by_hand():
    X, Y = np.array([[1.0, 3.0]]), np.array([[1.0, 0.0]])
    fit = gradient_descent(impls.load("numpy_zero_loop").bind(X, Y), W, 0.0, alpha=1, iterations=2)
    # w = b = 0: A = 1/2, so dw = (-1 + 3) / 4 and db = 0. Then w = -1/2, Z = (-1/2, -3/2).
    assert fit.costs == pytest.approx([np.log(2), 0.587745131081], rel=1e-11)
    assert fit.w == pytest.approx(-0.5 + 0.037591379892, rel=1e-11)
    assert fit.b == pytest.approx(0.220016903698, rel=1e-11)
    assert not fit.converged


def test_alpha_scales_both_updates():
    fit = gradient_descent(scripted(5.0, 4.0, 3.0), W, 1.0, alpha=0.25, iterations=3)
    assert (fit.w, fit.b, fit.costs) == (-0.75, 0.25, [5.0, 4.0, 3.0])


def test_costs_decrease_and_predictions_improve():
    problem = problems.load("breast_cancer")
    step = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)
    fit = gradient_descent(step, problem.w, problem.b, alpha=0.1, iterations=100)
    assert len(fit.costs) == 100
    assert (np.diff(fit.costs) < 0).all()
    start = accuracy(problem.w, problem.b, problem.X, problem.Y)
    assert start < 0.9 < 0.95 < accuracy(fit.w, fit.b, problem.X, problem.Y)


def test_accuracy():
    X, Y = np.array([[-1.0, 0.0, 1.0, 2.0]]), np.array([[0.0, 0.0, 0.0, 1.0]])
    assert accuracy(np.ones((1, 1)), 0.0, X, Y) == 0.75
    assert accuracy(np.ones((1, 1)), -1.5, X, Y) == 1


@pytest.mark.parametrize(
    ("costs", "tolerance", "used"),
    [
        ([3.0, 2.0, 1.5, 1.25, 1.0], 0.25, 4),
        ([3.0, 3.0, 1.0], 0.0, 2),
        ([3.0, 4.0, 3.75, 1.0], 0.5, 3),  # a rise is no convergence
    ],
)
def test_tolerance_stops_early(costs, tolerance, used):
    fit = gradient_descent(scripted(*costs), W, 0.0, alpha=1, iterations=len(costs), tolerance=tolerance)
    assert fit.costs == costs[:used]
    assert fit.converged
    assert fit.b == -used


def test_without_tolerance_nothing_stops_early():
    fit = gradient_descent(scripted(1.0, 1.0, 1.0), W, 0.0, alpha=1, iterations=3)
    assert fit.costs == [1.0, 1.0, 1.0]
    assert not fit.converged


def test_tolerance_may_never_be_reached():
    fit = gradient_descent(scripted(3.0, 2.0, 1.0), W, 0.0, alpha=1, iterations=3, tolerance=0.5)
    assert not fit.converged


def test_progress():
    seen = []
    gradient_descent(
        *(scripted(3.0, 2.0), W, 0.0, 1, 2), progress=lambda fit: seen.append((*fit[:2], list(fit.costs)))
    )
    assert seen == [(-1, -1, [3.0]), (-2, -2, [3.0, 2.0])]


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_a_continued_training_ends_as_if_it_had_never_stopped(stop):
    problem = problem_of("17x100")
    step = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)
    whole = gradient_descent(step, problem.w, problem.b, 0.5, 20)
    half = gradient_descent(step, problem.w, problem.b, 0.5, stop)
    rest = gradient_descent(step, half.w, half.b, 0.5, 20, before=half.costs)
    assert (rest.w.tobytes(), rest.b, rest.costs) == (whole.w.tobytes(), whole.b, whole.costs)


def test_a_continued_training_knows_the_cost_before_it_stopped():
    fit = gradient_descent(scripted(2.9), W, 0.0, 1, 5, tolerance=0.5, before=[4.0, 3.0])
    assert fit.converged
    assert fit.costs == [4.0, 3.0, 2.9]


def test_a_training_that_has_converged_is_not_continued():
    fit = gradient_descent(scripted(), W, 5.0, 1, 9, tolerance=0.5, before=[4.0, 3.0, 2.9])
    assert (fit.b, fit.costs, fit.converged) == (5.0, [4.0, 3.0, 2.9], True)


@pytest.mark.parametrize("alpha", [0, -0.1, np.inf, np.nan])
def test_bad_alpha(alpha):
    with pytest.raises(ValueError, match=rf"^alpha: {alpha}, but a finite number above 0 is needed$"):
        gradient_descent(scripted(1.0), W, 0.0, alpha=alpha, iterations=1)


@pytest.mark.parametrize("iterations", [0, -1])
def test_bad_iterations(iterations):
    with pytest.raises(ValueError, match=rf"^iterations: {iterations}, but at least 1 is needed$"):
        gradient_descent(scripted(1.0), W, 0.0, alpha=1, iterations=iterations)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Step(np.nan, W, 0.0), "the cost is nan"),
        (Step(np.inf, W, 0.0), "the cost is inf"),
        (Step(1.0, W + np.inf, 0.0), "w or b is not finite"),
        (Step(1.0, W, np.inf), "w or b is not finite"),
    ],
)
def test_numbers_that_are_not_finite(bad, said):
    steps = iter([Step(1.0, W, 0.0), bad])
    with pytest.raises(Diverged, match=f"^iteration 1: {said}; a smaller alpha than 0.1 may help$"):
        gradient_descent(lambda w, b: next(steps), W, 0.0, alpha=0.1, iterations=5)


def test_scikit_learn_finds_the_same_minimum():
    from sklearn.linear_model import LogisticRegression

    problem = problems.load("3x500")
    step = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)
    fit = gradient_descent(step, problem.w, problem.b, alpha=1, iterations=20_000, tolerance=0.0)
    # C = inf asks for no penalty in every release; penalty=None is going away.
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(problem.X.T, problem.Y[0])
    assert fit.converged
    np.testing.assert_allclose(fit.w[:, 0], model.coef_[0], rtol=0, atol=1e-6)
    assert fit.b == pytest.approx(model.intercept_[0], abs=1e-6)


@pytest.mark.parametrize("call", [1, 2])
def test_a_step_that_writes_to_its_parameters_raises(call):
    calls = []

    def step(w, b):
        calls.append(b)
        if len(calls) == call:
            w -= 0.01
        return Step(1.0, np.ones_like(w), b)

    with pytest.raises(ValueError, match="read-only"):
        gradient_descent(step, np.zeros((2, 1)), 0.0, alpha=0.1, iterations=3)
    assert len(calls) == call
