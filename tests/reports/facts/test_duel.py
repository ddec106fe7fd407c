"""Two versions in one run: the sentences, and intervals that hold together."""

import pytest

from reports.facts import duel
from reports.facts.facts import Facts
from reports.facts.intervals import ratio
from reports.reading import parse
from tests.documents import slowed, timing, without

OLD, NEW = "numpy_zero_loop", "numba_two_loop"


def outcomes(document):
    return duel.outcomes(Facts(parse(document)), OLD, NEW)


def test_each_problem_has_its_sentence_and_all_intervals_hold_together(cited):
    first, second = outcomes(cited)
    blocks = [timing(cited, row, "square")["blocks_s"] for row in (OLD, NEW)]
    assert second.ratio == ratio(*blocks, comparisons=2)
    assert second.said == (
        "numba_two_loop is 2.00 times [1.99, 2.01] as fast as numpy_zero_loop on square, 128 × 10,000, "
        "float64, 2 threads"
    )
    assert "on breast_cancer, 30 × 569, float64, 2 threads" in first.said


def test_what_is_not_separated_says_so(cited):
    _, second = outcomes(slowed(cited, NEW, timing(cited, OLD, "square")["blocks_s"][0][0] / 5e-4))
    assert second.ratio.contains_one
    assert second.said.endswith(", float64, 2 threads, which is not separated from 1")


@pytest.mark.parametrize("lost", [OLD, NEW])
def test_where_either_has_no_time_the_reason_is_said(cited, lost):
    without(cited, lost)
    cited["zeroloop"].update(twins=[], trainings=[])
    keys = {"row": lost, "dtype": "float64", "threads": 2, "error": None, "process": None}
    cited["zeroloop"]["unmeasured"] = [
        {**keys, "problem": problem, "status": "failed", "reason": "J is off"}
        for problem in ("breast_cancer", "square")
    ]
    _, second = outcomes(cited)
    assert second.ratio is None
    assert second.said == (
        f"nothing can be compared on square, 128 × 10,000, float64, 2 threads: {lost} failed: J is off"
    )
