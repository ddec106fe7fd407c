"""The truth at many points, held to the oracle."""

import numpy as np
import pytest

from impls.data import problems
from impls.truth import points
from impls.truth.course import drawn_point
from impls.truth.gate import relative_errors
from impls.truth.oracle import reference


@pytest.mark.parametrize("name", ["1x1", "3x5", "17x1001", "300x3", "2x9000"])
@pytest.mark.parametrize("count", [1, 7])
def test_the_truth_at_many_points_is_the_oracle_s(name, count, dtype, monkeypatch):
    monkeypatch.setattr(points, "_ROOM", 1000 * count)  # so that several blocks are added
    problem = problems.load(name, dtype)
    at = [drawn_point(len(problem.X), dtype) for _ in range(count)]
    for (w, b), found in zip(at, points.references(at, problem.X, problem.Y), strict=True):
        truth = reference(w, b, problem.X, problem.Y)
        assert max(relative_errors(found.value, truth).values()) < 1e-14
        for one, other in zip(found.scale, truth.scale, strict=True):
            assert np.allclose(one, other, rtol=1e-12, atol=0)


def test_examples_that_are_certain_cost_no_digits():
    """Where exp underflows, as the oracle has it."""
    problem = problems.load("3x20")
    w, b = np.full((3, 1), 1e3), 0.0
    (found,) = points.references([(w, b)], problem.X, problem.Y)
    assert max(relative_errors(found.value, reference(w, b, problem.X, problem.Y)).values()) < 1e-14
