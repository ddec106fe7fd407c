"""The oracle against the textbook's formulas in mpmath, and against the rows that it judges."""

import mpmath
import numpy as np
import pytest

import impls
from impls.contract import Step
from impls.data import problems
from impls.records import RECORDS
from impls.truth import oracle
from impls.truth.oracle import reference
from tests.impls.checks import read_only

mp = mpmath.MPContext()
mp.prec = 400


@pytest.mark.parametrize("labels", ["random", "consistent", "mistaken", "all 0", "all 1"])
@pytest.mark.parametrize("largest_z", [0, 1, 40, 1e4])
def test_is_the_textbook_to_the_last_bit(largest_z, labels):
    for name in ("1x1", "3x8"):
        w, b, X, Y = data(name, largest_z, labels)
        found, true = reference(w, b, X, Y), textbook(w, b, X, Y)
        assert_exact(found, true)


@pytest.mark.parametrize("dtype", problems.DTYPES)
def test_where_exp_underflows_the_scale_leaves_room_for_the_dtype(dtype):
    """Every label is 0 and every z is -720: J and db are below what either dtype has all digits for."""
    w, X, Y = np.full((2, 1), -360, dtype), np.ones((2, 3), dtype), np.zeros((1, 3), dtype)
    found = reference(w, 0.0, X, Y)
    assert_exact(found, textbook(w, 0.0, X, Y))
    limits = np.finfo(dtype)
    floor = float(limits.tiny) / float(limits.eps)
    assert numbers(found.scale) == pytest.approx([floor] * 4, rel=1e-3 if dtype == "float64" else 1e-12)


def assert_exact(found, true):
    for value, expected, scale in zip(numbers(found.value), numbers(true), numbers(found.scale), strict=True):
        assert abs(mp.mpf(value) - expected) <= np.spacing(abs(value))
        assert abs(mp.mpf(value) - expected) <= 1e-15 * scale


def test_gradients_are_the_slopes_of_the_cost():
    w, b, X, Y = data("3x8", largest_z=5, labels="random")
    found, h = reference(w, b, X, Y).value, mp.mpf(2) ** -100
    w = mp.matrix(w.tolist())
    for j in range(3):
        nudge = h * mp.matrix([int(i == j) for i in range(3)])
        rise = textbook(w + nudge, b, X, Y).cost - textbook(w - nudge, b, X, Y).cost
        assert abs(found.dw[j, 0] - rise / (2 * h)) < 1e-16
    rise = textbook(w, b + h, X, Y).cost - textbook(w, b - h, X, Y).cost
    assert abs(found.db - rise / (2 * h)) < 1e-16


@pytest.mark.parametrize("largest_z", [1, 30, 1e4])
def test_no_row_is_more_accurate(largest_z):
    w, b, X, Y = data("2x50", largest_z, labels="random")
    w, X, Y = map(read_only, (w, X, Y))
    true, oracles = numbers(textbook(w, b, X, Y)), numbers(reference(w, b, X, Y).value)
    for name in [record.name for record in RECORDS if not record.missing and "zarr" not in record.needs]:
        rows = numbers(impls.load(name).bind(X, Y)(w, b))
        for expected, from_oracle, from_row in zip(true, oracles, rows, strict=True):
            least = abs(mp.mpf(from_row) - expected) * (1 + 1e-15)  # a tie of two floats, but for far digits
            assert abs(mp.mpf(from_oracle) - expected) <= least, name


def test_scale_is_what_the_docstring_says():
    problem = problems.load("5x40")
    w, b, X, Y = problem.w, problem.b, problem.X, problem.Y
    Z, zeta = w.T @ X + b, abs(b) + abs(w).T @ abs(X)
    A = 1 / (1 + np.exp(-Z))
    g = A + Y + A * (1 - A) * zeta
    costs = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    scale = reference(w, b, X, Y).scale
    assert scale.cost == pytest.approx(np.mean(costs + A + Y + abs(A - Y) * zeta), rel=1e-12)
    np.testing.assert_allclose(scale.dw, abs(X) @ g.T / 40, rtol=1e-12)
    assert scale.db == pytest.approx(np.mean(g), rel=1e-12)


def test_float32_data_are_taken_exactly():
    problem = problems.load("5x40", "float32")
    wide = [array.astype("float64") for array in (problem.w, problem.X, problem.Y)]
    found = reference(problem.w, problem.b, problem.X, problem.Y).value
    assert numbers(found) == numbers(reference(wide[0], problem.b, *wide[1:]).value)


def test_blocks_do_not_show(monkeypatch):
    problem = problems.load("70x50")
    whole = reference(problem.w, problem.b, problem.X, problem.Y)
    monkeypatch.setattr(oracle, "_BLOCK", 8)
    blocks = reference(problem.w, problem.b, problem.X, problem.Y)
    assert numbers(blocks.value) == numbers(whole.value)
    np.testing.assert_allclose(numbers(blocks.scale), numbers(whole.scale), rtol=1e-14)


def test_needs_no_long_double(monkeypatch):
    problem = problems.load("5x40")
    before = reference(problem.w, problem.b, problem.X, problem.Y)
    for name in ("longdouble", "clongdouble", "float128", "complex256"):
        monkeypatch.delattr(np, name, raising=False)
    after = reference(problem.w, problem.b, problem.X, problem.Y)
    assert numbers(after.value) == numbers(before.value)
    assert numbers(after.scale) == numbers(before.scale)


@pytest.mark.parametrize("value", [2.0**450, -(2.0**450), np.inf, np.nan])
@pytest.mark.parametrize("argument", ["X", "w", "b"])
def test_refuses_what_would_leave_the_range(argument, value):
    arguments = {"w": np.ones((2, 1)), "b": 0.0, "X": np.ones((2, 3)), "Y": np.ones((1, 3))}
    arguments[argument] = np.full(np.shape(arguments[argument]), value)
    with pytest.raises(ValueError, match=f"^{argument}: holds a value that is not below 2"):
        reference(**arguments)


def data(name, largest_z, labels):
    """Arrays of a synthetic problem, with parameters stretched to the largest |z| and labels as named."""
    problem = problems.load(name)
    Z = np.dot(problem.w.T, problem.X) + problem.b
    factor = largest_z / np.abs(Z).max()
    Y = {
        "random": problem.Y,
        "consistent": Z > 0,
        "mistaken": Z <= 0,
        "all 0": np.zeros_like(Z),
        "all 1": np.ones_like(Z),
    }[labels]
    return problem.w * factor, float(problem.b * factor), problem.X, Y.astype("float64")


def textbook(w, b, X, Y):
    """The formulas of the contract as they stand in its table, one example at a time."""
    n_x, m = X.shape
    w = mp.matrix(w)
    J, dw, db = mp.mpf(0), mp.zeros(n_x, 1), mp.mpf(0)
    for x, y in zip(X.T.tolist(), Y[0].tolist(), strict=True):
        z = sum(w[j] * x[j] for j in range(n_x)) + b
        with mp.extraprec(int(1.5 * abs(z))):  # which 1 - a begins with
            a = 1 / (1 + mp.exp(-z))
            J -= mp.log(a) if y == 1 else mp.log(1 - a)
            dw += mp.matrix(x) * (a - y)
            db += a - y
    return Step(J / m, dw / m, db / m)


def numbers(step):
    return [step.cost, *np.ravel(step.dw), step.db]
