"""The notes' claims, held to ten hand-written timings."""

import pytest

from reports.facts import claims
from reports.reading import parse
from tests.documents import compared, keep, sized

# By claim and problem: over python_two_loop, over numpy_two_loop; speedup and answer.
EXPECTED = {
    ("numpy_one_loop", "breast_cancer"): ((10, "not separated"), (40, "reached")),
    ("numpy_one_loop", "square"): ((8, "not reached"), (32, "no interval")),  # 32 from a single block
    ("numpy_zero_loop", "breast_cancer"): ((100, "not reached"), (400, "reached")),
    ("numpy_zero_loop", "square"): ((400, "reached"), (1600, "no interval")),
}


def found(answers):
    return {
        (answer.claim.row, comparison.problem.name): tuple(
            one and (pytest.approx(one.measured.estimate), one.answer) for one in findings
        )
        for answer in answers
        for comparison, findings in answer.findings
    }


def test_each_claim_is_held_to_both_originals(comparisons):
    answers = claims.answer_speed(comparisons)
    assert [answer.claim.figure for answer in answers] == [10, 300]
    assert found(answers) == EXPECTED
    assert [answer.summaries for answer in answers] == [
        ["reached on 0 of 2, not separated on 1", "reached on 1 of 2"],
        ["reached on 1 of 2", "reached on 1 of 2"],
    ]


def test_a_missing_original_has_no_answer(document):
    keep(document, "numpy_two_loop", "numpy_one_loop")
    (answer,) = claims.answer_speed(compared(document))
    assert found([answer]) == {key: (None, EXPECTED[key][1]) for key in list(EXPECTED)[:2]}
    assert answer.summaries == ["reached on 0 of 0", "reached on 1 of 2"]


@pytest.mark.parametrize(
    "rows", [("numpy_one_loop", "numpy_zero_loop"), ("python_two_loop", "numba_two_loop"), ()]
)
def test_without_originals_or_the_claimed_rows_there_is_no_answer(document, rows):
    keep(document, *rows)
    assert claims.answer_speed(compared(document)) == ()


def test_a_problem_without_the_row_is_left_out(document):
    document["benchmarks"] = document["benchmarks"][:5] + document["benchmarks"][5:7]
    for answer in claims.answer_speed(compared(document)):
        assert [comparison.problem.name for comparison, _ in answer.findings] == ["breast_cancer"]


def test_lines_and_loops_are_counted_in_the_sources_of_the_run(document):
    assert claims.answer_code(parse(document)) == (
        claims.CodeAnswer("python_two_loop", "~15", "1–2", lines=4, loops=2),
        claims.CodeAnswer("numpy_zero_loop", "7", "0", lines=1, loops=0),
    )
    rows = document["zeroloop"]["rows"]
    rows[1]["source"] = "def"
    assert [answer.row for answer in claims.answer_code(parse(document))] == ["numpy_zero_loop"]


def test_millions_of_examples_are_the_most_that_were_measured():
    rows, cells = ["python_two_loop", "numpy_zero_loop"], [(2, 10**6), (2, 10**7), (5, 10**5)]

    def step_s(row, n_x, m):
        if row == "python_two_loop":
            return 1e-7 * m if m < 10**7 else None
        return 1e-9 * m

    comparisons = compared(sized(cells, rows, step_s))
    found = claims.answer_size(comparisons)
    assert found.comparison.problem.m == 10**7
    assert found.vectorized_s.estimate == pytest.approx(1e-2, rel=1e-2)
    assert found.looped_s is None
    found = claims.answer_size(comparisons[:1])
    assert found.looped_s.estimate / found.vectorized_s.estimate == pytest.approx(100)


def test_less_than_a_million_examples_answer_nothing(comparisons):
    assert claims.answer_size(comparisons) is claims.answer_size(()) is None
    for cells, rows in (([(2, 999_999)], ["numpy_zero_loop"]), ([(2, 10**6)], ["python_two_loop"])):
        assert claims.answer_size(compared(sized(cells, rows, lambda *_: 1e-3))) is None
