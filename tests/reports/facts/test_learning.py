"""What gradient descent shows, from costs and times worked out by hand."""

import pytest

from reports.facts.learning import courses
from reports.reading import parse

COSTS = [0.6931471805599453, 0.234, 0.2, 0.1786, 0.163]


@pytest.fixture
def course(cited):
    (found,) = courses(parse(cited))
    return found


def test_a_course_holds_all_rows_slowest_first(course):
    assert [fit.row for fit in course.fits] == ["python_two_loop", "numpy_zero_loop"]
    assert [fit.wall_s.estimate for fit in course.fits] == pytest.approx([1e-2, 1.25e-4], rel=1e-3)
    assert course.fits[0].wall_s.low < course.fits[0].wall_s.estimate < course.fits[0].wall_s.high
    assert course.title == "breast_cancer, 30 × 569, float64, 2 threads"
    assert course.alpha == 0.5


@pytest.mark.parametrize(("cost", "steps"), [(0.7, 1), (0.234, 2), (0.2339, 3), (0.163, 5), (0.1, None)])
def test_a_cost_is_reached_at_the_first_iteration_that_is_as_low(course, cost, steps):
    fit = course.fits[0]
    expected = None if steps is None else pytest.approx(steps * fit.wall_s.estimate / 5)
    assert fit.reached_s(cost) == expected


def test_goals_are_shares_of_the_start_that_all_rows_reach(cited, course):
    assert course.goals == (COSTS[0] / 2, COSTS[0] / 4)  # an eighth, 0.087, is below 0.163
    cited["zeroloop"]["trainings"][1]["costs"] = [COSTS[0], 0.4, 0.38, 0.36, 0.35]
    assert courses(parse(cited))[0].goals == ()


def test_costs_that_are_equal_are_not_apart(cited, course):
    assert course.apart == 0
    cited["zeroloop"]["trainings"][1]["costs"] = [*COSTS[:2], 0.19, *COSTS[3:]]
    assert courses(parse(cited))[0].apart == pytest.approx(0.01 / 0.2)
    for one in cited["zeroloop"]["trainings"]:
        one["costs"] = [0.0] * 5
    assert courses(parse(cited))[0].apart == 0


def test_settings_are_courses_of_their_own(cited):
    first = cited["zeroloop"]["trainings"][0]
    cited["zeroloop"]["trainings"].append({**first, "problem": "square"})
    found = courses(parse(cited))
    assert [(one.problem.name, one.alpha, len(one.fits)) for one in found] == [
        ("breast_cancer", 0.5, 2),
        ("square", 0.5, 1),
    ]


def test_without_trainings_there_is_no_course(results):
    assert courses(results) == []
