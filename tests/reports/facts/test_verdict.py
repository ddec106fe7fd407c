"""The verdict in words: each sentence claims no more than its intervals allow."""

import pytest

from reports.facts.verdict import verdict
from tests.documents import compared, keep, timing, without

BOTH = (
    "Removing both Python loops (numpy_zero_loop) made one gradient step 100x [94.8, 106] to 400x [377, 424] "
    "as fast as pure Python, least on breast_cancer and most on square of 2 sets of data."
)


SMALL = (
    "Removing both Python loops (numpy_zero_loop) made one gradient step 100x [94.8, 106] as fast as "
    "pure Python on breast_cancer, 30 × 569, float64, 2 threads."
)


NOTHING = "No row was both verified and timed in this run, so it shows nothing about speed."


def test_verdict_on_two_problems(document):
    without(document, "numpy_two_loop")
    assert verdict(compared(document)) == [
        BOTH,
        "Fastest, or not separated from the fastest, on all 2 sets of data: numba_two_loop, "
        "97.7x [92.5, 103] to 800x [754, 849] as fast as pure Python, least on breast_cancer and most on "
        "square.",
    ]


def test_verdict_on_one_problem(document):
    assert verdict(compared(document)[:1]) == [
        SMALL,
        "Fastest, or not separated from the fastest, on the one set of data: numpy_zero_loop, "
        "100x [94.8, 106] as fast as pure Python on breast_cancer, 30 × 569, float64, 2 threads.",
    ]


def test_verdict_names_the_row_that_wins_most_first(document):
    without(document, "numpy_two_loop", "numba_two_loop")
    small, square = compared(document)
    without(document, "numpy_zero_loop")
    assert verdict((compared(document)[1], small, square)) == [
        BOTH,
        "Fastest in this run, of 3 sets of data: numpy_zero_loop on 2; numpy_one_loop on 1.",
    ]


def test_verdict_says_where_none_is_alone(document):
    without(document, "numpy_zero_loop")
    timing(document, "numpy_one_loop", "breast_cancer")["blocks_s"] = [[9e-6, 1e-5, 1.1e-5]]
    timing(document, "python_two_loop", "breast_cancer")["blocks_s"] = [[9e-6, 1.1e-5, 1e-5]]
    without(document, "numpy_two_loop")
    assert verdict(compared(document)) == [
        "Fastest in this run, of 2 sets of data: numba_two_loop on 1; "
        "none alone on 1, where the first are not separated."
    ]


@pytest.mark.parametrize(
    ("other", "least"),
    [
        ({"threads": 1}, "square (1 thread)"),
        ({"dtype": "float32"}, "square (float32)"),
        ({"threads": 1, "dtype": "float32"}, "square (float32, 1 thread)"),
    ],
)
def test_verdict_names_what_tells_two_comparisons_of_a_problem_apart(document, other, least):
    keep(document, "python_two_loop", "numpy_zero_loop")
    held = [one["extra_info"] for one in document["benchmarks"] if one["extra_info"]["problem"] == "square"]
    document["benchmarks"] = [{"extra_info": one} for one in held]
    document["benchmarks"] += [{"extra_info": {**one, **other}} for one in held]
    timing(document, "numpy_zero_loop", "square")
    document["benchmarks"][-1]["extra_info"]["blocks_s"] = [[2e-3, 2e-3]]
    assert (
        f"200x [200, 200] to 400x [377, 424] as fast as pure Python, least on {least} and most on"
        in (verdict(compared(document))[0])
    )


def test_verdict_without_numpy(document):
    keep(document, "python_two_loop", "numpy_two_loop")
    assert verdict(compared(document)[:1]) == ["Fastest, on the one set of data: python_two_loop."]


def test_verdict_without_python(document):
    keep(document, "numpy_zero_loop", "numpy_one_loop")
    assert verdict(compared(document)) == ["Fastest, on all 2 sets of data: numpy_zero_loop."]


def test_verdict_where_nothing_was_timed(document):
    document["benchmarks"] = []
    assert verdict(compared(document)) == verdict(()) == [NOTHING]
