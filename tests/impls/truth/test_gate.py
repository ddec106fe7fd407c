"""What is wrong is refused, what is right passes, and the tolerance lies where it is said to lie."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import impls
from impls.data import problems
from impls.truth.gate import TOLERANCE, Gate, Refused, relative_errors
from impls.truth.oracle import reference
from tests.impls.checks import serves

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


@pytest.fixture(scope="module")
def shared(dtype):
    """A gate for all tests that leave its problem as it is."""
    return Gate(problems.load("17x1001", dtype))


def assert_refused(gate, wrong):
    step = impls.load(str(WRONG / f"{wrong}.py")).bind(gate.problem.X, gate.problem.Y)
    error, message = REFUSALS[wrong]
    with pytest.raises(error, match=message):
        gate.run(step)


@pytest.mark.parametrize("wrong", REFUSALS)
def test_wrong_file_is_refused(wrong, dtype, shared):
    spoils = wrong == "overwrites_input"
    assert_refused(Gate(problems.load("17x1001", dtype)) if spoils else shared, wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["breast_cancer", "17x4097"])
@pytest.mark.parametrize("wrong", REFUSALS)
def test_wrong_file_is_refused_on_other_data(name, wrong, dtype):
    assert_refused(Gate(problems.load(name, dtype)), wrong)


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
def test_right_row_passes(name, dtype, row):
    problem = problems.load(name, dtype)
    if serves(row, problem):
        assert 0 <= Gate(problem).run(row.bind(problem.X, problem.Y)) <= TOLERANCE[dtype]


def test_right_own_file_passes(shared, tmp_path):
    path, problem = tmp_path / "mine.py", shared.problem
    path.write_text(impls.load("numpy_zero_loop").record.path.read_text("utf-8"), "utf-8")
    step = impls.load(str(path)).bind(problem.X, problem.Y)
    assert 0 <= shared.run(step) <= TOLERANCE[problem.dtype]


def nudged(truth, name, times_scale):
    """The true step with one of its numbers moved, by a multiple of the oracle's scale."""
    step = truth.value._replace(dw=truth.value.dw.copy())
    if name == "dw":
        step.dw[-1] += times_scale * truth.scale.dw[-1]
        return step
    field = {"J": "cost", "db": "db"}[name]
    return step._replace(**{field: getattr(step, field) + times_scale * getattr(truth.scale, field)})


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("name", ["J", "dw", "db"])
def test_tolerance(shared, name, sign):
    tolerance, truth = shared.tolerance, shared.points[0].truth
    assert tolerance == TOLERANCE[shared.problem.dtype]
    right, wrong = (nudged(truth, name, factor * sign * tolerance) for factor in (0.9, 1.1))
    assert shared.check(right, shared.points[0]) == pytest.approx(0.9 * tolerance, rel=1e-3)
    with pytest.raises(Refused, match=f"^{name} is off by 1.1e-.., 1e-.. is allowed$") as caught:
        shared.check(wrong, shared.points[0])
    assert caught.value.error == pytest.approx(1.1 * tolerance, rel=1e-3)


def test_no_gate_has_the_points_of_another(dtype):
    problem = problems.load("3x20", dtype)
    points = [point for _ in range(20) for point in Gate(problem).points]
    assert len({point.w.tobytes() for point in points}) == len({point.b for point in points}) == 40


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["J", "dw", "db"])
def test_not_a_finite_number(shared, name, value):
    with pytest.raises(Refused, match=f"^{name} is (not a number$|off by inf, )"):
        shared.check(nudged(shared.points[0].truth, name, value), shared.points[0])


@pytest.mark.parametrize("name", ["X", "Y", "w"])
def test_every_array_is_watched(name, dtype):
    gate = Gate(problems.load("3x20", dtype))
    array = gate.points[1].w if name == "w" else getattr(gate.problem, name)
    array.setflags(write=True)
    array[-1, -1] += 1
    with pytest.raises(Refused, match=r"^step wrote to its inputs$"):
        gate.check(gate.points[0].truth.value, gate.points[0])


def test_feature_that_is_always_0():
    problem = problems.load("3x20")
    X = problem.X * [[1], [0], [1]]
    gate = Gate(replace(problem, X=X))
    truth = gate.points[0].truth.value
    assert gate.check(truth, gate.points[0]) == 0
    dw = truth.dw.copy()
    dw[1] = 1e-300
    with pytest.raises(Refused, match=r"^dw is off by inf"):
        gate.check(truth._replace(dw=dw), gate.points[0])


def test_worst_component_of_dw_counts():
    problem = problems.load("3x20")
    truth = reference(problem.w, problem.b, problem.X, problem.Y)
    dw = truth.value.dw + [[1e-3], [-2e-3], [0]] * truth.scale.dw
    errors = relative_errors(truth.value._replace(dw=dw), truth)
    assert errors == {"J": 0, "dw": pytest.approx(2e-3), "db": 0}
