"""What is wrong is refused, what is right passes, and the tolerance lies where it is said to lie."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import impls
from impls.data import problems
from impls.truth.gate import TOLERANCE, Gate, Refused, relative_errors
from impls.truth.oracle import reference

WRONG = Path(__file__).parents[1] / "wrong"

REFUSALS = {
    "wrong_sign": (Refused, "^dw is off by "),
    "missing_mean": (Refused, "^J is off by "),
    "drops_first_example": (Refused, " is off by "),
    "drops_last_example": (Refused, " is off by "),
    "remembers_first": (Refused, " is off by "),
    "wrong_last_feature": (Refused, "^dw is off by "),
    "forgets_db": (Refused, "^db is off by "),
    "returns_nan": (Refused, "^J is not a number$"),
    "overwrites_input": (Refused, "^step wrote to its inputs$"),
    "wrong_shape": (
        ValueError,
        r"^step returned dw: shape \(\d+,\), but an array of shape \(\d+, 1\) is needed$",
    ),
    "raises": (RuntimeError, "^no gradient today$"),
}


@pytest.fixture(params=["breast_cancer", "17x4097"])
def problem(request, dtype):
    return problems.load(request.param, dtype)  # anew for each test: some steps spoil it


@pytest.mark.parametrize("wrong", REFUSALS)
def test_wrong_file_is_refused(problem, wrong):
    step = impls.load(str(WRONG / f"{wrong}.py")).bind(problem.X, problem.Y)
    error, message = REFUSALS[wrong]
    with pytest.raises(error, match=message):
        Gate(problem).run(step)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["drops_first_example", "drops_last_example"])
@pytest.mark.parametrize(
    ("name", "dtype"), [("square", "float32"), ("square", "float64"), ("2x200000", "float64")]
)
def test_one_example_of_many_is_missed(name, dtype, wrong):
    gate = Gate(problems.load(name, dtype))
    with pytest.raises(Refused, match=" is off by "):
        gate.run(impls.load(str(WRONG / f"{wrong}.py")).bind(gate.problem.X, gate.problem.Y))


def test_every_wrong_file_is_tried():
    assert {path.stem for path in WRONG.glob("*.py")} == set(REFUSALS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["breast_cancer", "17x1000"])
def test_right_row_passes(name, dtype, row, load, bind):
    problem = load(name, dtype)
    assert 0 <= Gate(problem).run(bind(row, problem)) <= TOLERANCE[problem.dtype]


def test_right_own_file_passes(problem, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(impls.load("numpy_zero_loop").record.path.read_text("utf-8"), "utf-8")
    assert (
        0 <= Gate(problem).run(impls.load(str(path)).bind(problem.X, problem.Y)) <= TOLERANCE[problem.dtype]
    )


def nudged(problem, name, times_scale):
    """The true step with one of its numbers moved, by so many times the oracle's scale."""
    truth = reference(problem.w, problem.b, problem.X, problem.Y)
    step = truth.value._replace(dw=truth.value.dw.copy())
    if name == "dw":
        step.dw[-1] += times_scale * truth.scale.dw[-1]
        return step
    field = {"J": "cost", "db": "db"}[name]
    return step._replace(**{field: getattr(step, field) + times_scale * getattr(truth.scale, field)})


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("name", ["J", "dw", "db"])
def test_tolerance(problem, name, sign):
    tolerance = TOLERANCE[problem.dtype]
    gate = Gate(problem)
    assert gate.check(nudged(problem, name, 0.9 * sign * tolerance), gate.start) == pytest.approx(
        0.9 * tolerance, rel=1e-3
    )
    with pytest.raises(Refused, match=f"^{name} is off by 1.1e-.., 1e-.. is allowed$") as caught:
        gate.check(nudged(problem, name, 1.1 * sign * tolerance), gate.start)
    assert caught.value.error == pytest.approx(1.1 * tolerance, rel=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["J", "dw", "db"])
def test_not_a_finite_number(problem, name, value):
    gate = Gate(problem)
    with pytest.raises(Refused, match=f"^{name} is (not a number$|off by inf, )"):
        gate.check(nudged(problem, name, value), gate.start)


@pytest.mark.parametrize("name", ["X", "Y", "w"])
def test_every_array_is_watched(problem, name):
    gate, right = Gate(problem), nudged(problem, "J", 0)
    array = getattr(problem, name)
    array.setflags(write=True)
    array[-1, -1] += 1
    with pytest.raises(Refused, match=r"^step wrote to its inputs$"):
        gate.check(right, gate.start)


def test_feature_that_is_always_0():
    problem = problems.load("3x20")
    X = problem.X * [[1], [0], [1]]
    truth = reference(problem.w, problem.b, X, problem.Y)
    gate = Gate(replace(problem, X=X))
    assert gate.check(truth.value, gate.start) == 0
    truth.value.dw[1] = 1e-300
    with pytest.raises(Refused, match=r"^dw is off by inf"):
        gate.check(truth.value, gate.start)


def test_worst_component_of_dw_counts():
    problem = problems.load("3x20")
    truth = reference(problem.w, problem.b, problem.X, problem.Y)
    dw = truth.value.dw + [[1e-3], [-2e-3], [0]] * truth.scale.dw
    errors = relative_errors(truth.value._replace(dw=dw), truth)
    assert errors == {"J": 0, "dw": pytest.approx(2e-3), "db": 0}
