"""Where timed calls are: nowhere that could be known, and each depends on the one before."""

import numpy as np
import pytest

from impls.truth.course import drawn, fixed


def test_a_fixed_course_is_at_its_point(dtype):
    w = np.arange(3, dtype=dtype).reshape(3, 1)
    found_w, found_b = fixed(w, 0.5).first(dtype)
    assert np.array_equal(found_w, w)
    assert (found_w.dtype, found_w.flags.writeable, found_b) == (dtype, False, 0.5)


def test_no_course_is_like_another():
    starts = {drawn(2, 3).start.tobytes() for _ in range(50)}
    assert len(starts) == 50


@pytest.mark.parametrize("what", ["dw", "db"])
def test_a_call_depends_on_the_result_before(what):
    point, dw, db = drawn(4, 9).points("float64"), np.full((4, 1), 0.25), 0.5
    w, b = point(3, dw, db)
    changed_w, changed_b = point(3, dw + 1e-6 * (what == "dw"), db + 1e-6 * (what == "db"))
    assert (changed_w != w).all() == (what == "dw")
    assert (changed_b != b) == (what == "db")


def test_guesses_of_all_calls_cannot_be_improved_together():
    """An error of a rounding unit in the first result is as large as the sway some calls later."""
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((8, 200)), rng.integers(0, 2, (200, 1)).astype(float)
    point, after = drawn(8, 30).points("float64"), []
    for error in (0.0, 1e-16):
        dw, db = np.full((8, 1), 0.1 + error), 0.1
        for k in range(1, 30):
            w, b = point(k, dw, db)
            dZ = 1 / (1 + np.exp(-(X.T @ w + b))) - Y
            dw, db = X @ dZ / 200, float(dZ.mean())
        after.append(w)
    assert np.abs(after[0] - after[1]).max() > 1e-3


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e308])
def test_results_that_are_no_numbers_are_no_error(wrong):
    w, b = drawn(2, 3).point(1, np.full((2, 1), wrong), float(wrong), "float64")
    assert np.isnan(w).all() == np.isnan(b)


def test_calls_are_near_each_other():
    point = drawn(1000, 50).points("float64")
    points = [point(k, np.zeros((1000, 1)), 0.0)[0] for k in range(50)]
    assert all(np.linalg.norm(w - points[0]) < 0.2 * np.linalg.norm(points[0]) for w in points)
    assert all(np.linalg.norm(w - points[0]) > 0.1 * np.linalg.norm(points[0]) for w in points[1:])
