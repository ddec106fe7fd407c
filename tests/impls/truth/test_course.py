"""Where timed calls are: nowhere that could be known, and each depends on the one before."""

import numpy as np
import pytest

from impls.truth.course import drawn, fixed


def test_a_fixed_course_is_at_its_point(dtype):
    w = np.arange(3, dtype=dtype).reshape(3, 1)
    found_w, found_b = fixed(w, 0.5).point(0, np.zeros(3), 0.0, dtype)
    assert np.array_equal(found_w, w)
    assert (found_w.dtype, found_w.flags.writeable, found_b) == (dtype, False, 0.5)


def test_no_course_is_like_another():
    starts = {drawn(2, 3).start.tobytes() for _ in range(50)}
    assert len(starts) == 50


@pytest.mark.parametrize("what", ["dw", "db"])
def test_a_call_depends_on_the_result_before(what):
    course, dw, db = drawn(4, 9), np.full(4, 0.25), 0.5
    w, b = course.point(3, dw, db, "float64")
    changed_w, changed_b = course.point(3, dw + 1e-6 * (what == "dw"), db + 1e-6 * (what == "db"), "float64")
    assert (changed_w != w).all() == (what == "dw")
    assert (changed_b != b) == (what == "db")


def test_calls_are_near_each_other():
    course = drawn(1000, 50)
    points = [course.point(k, np.zeros(1000), 0.0, "float64")[0] for k in range(50)]
    assert all(np.linalg.norm(w - points[0]) < 0.2 * np.linalg.norm(points[0]) for w in points)
    assert all(np.linalg.norm(w - points[0]) > 0.1 * np.linalg.norm(points[0]) for w in points[1:])
