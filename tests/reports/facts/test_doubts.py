"""Speedups that may be cited though their run may not: each doubt alone, none where rows are slowed alike."""

import pytest

from reports.facts.doubts import judged
from reports.facts.facts import Facts
from reports.reading import parse
from tests.reports.facts.test_citable import change_blocks, change_twins, keep_processes, spoil_noise

NUMPY = "numpy_zero_loop"


def doubts(document):
    """Return the doubt of each speedup over NumPy, by row and problem."""
    found = judged(Facts(parse(document)).comparisons, NUMPY)
    return {(one.row, one.comparison.problem.name): one.doubt for one in found}


def test_no_speedup_of_a_quiet_run_is_in_doubt(cited):
    found = doubts(cited)
    assert len(found) > 2
    assert set(found.values()) == {None}
    assert NUMPY not in {row for row, _ in found}
    assert Facts(parse(cited)).citable_ratios == []


def test_what_slows_all_rows_alike_leaves_no_doubt(cited):
    change_blocks(None, lambda block_s, p, n: block_s * (1.63 if p % 2 else 1))(cited)
    change_twins(lambda block_s, p: block_s * (1.63 if p % 2 else 1))(cited)
    facts, found = Facts(parse(cited)), doubts(cited)
    assert facts.not_citable == ["the machine's speed changed by 63% between processes"]
    assert facts.citable_ratios == [
        f"{len(found)} of {len(found)} speedups over {NUMPY} may be cited all the same"
    ]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            change_blocks("numba_two_loop", lambda block_s, p, n: 0.004 * (1 + (p + n) % 4)),
            "numba_two_loop waited for the scheduler, slice by slice; --threads 1 avoids that",
        ),
        (
            change_blocks("numba_two_loop", lambda block_s, p, n: block_s * (1 + 2 * (p % 2))),
            "known less well than to ± 50 %",
        ),
        (
            change_blocks("numba_two_loop", lambda block_s, p, n: block_s * (1 if n == 0 else 1.3)),
            "other work slowed one of the two rows more than the other",
        ),
    ],
)
def test_a_row_that_was_disturbed_is_named_and_no_other(cited, spoil, words):
    spoil(cited)
    spoil_noise(others=1.0)(cited)
    found = doubts(cited)
    assert {doubt for (row, _), doubt in found.items() if row == "numba_two_loop"} == {words}
    assert {doubt for (row, _), doubt in found.items() if row != "numba_two_loop"} == {None}
    first, *others = Facts(parse(cited)).citable_ratios
    right = sum(doubt is None for doubt in found.values())
    assert first == f"{right} of {len(found)} speedups over {NUMPY} may be cited all the same"
    assert len(others) == 1
    assert others[0].startswith("not numba_two_loop on ")
    assert others[0].endswith(words)


def test_a_baseline_that_waited_leaves_no_speedup_over_it(cited):
    change_blocks(NUMPY, lambda block_s, p, n: 0.004 * (1 + (p + n) % 4))(cited)
    assert all(doubt.startswith(f"{NUMPY} waited") for doubt in doubts(cited).values())


def test_too_few_processes_and_twins_that_differ(cited):
    change_twins(lambda block_s, p: block_s * 1.2)(cited)
    assert set(doubts(cited).values()) == {f"{NUMPY} and its twin, the same code, differ there"}
    keep_processes(4)(cited)
    assert set(doubts(cited).values()) == {"fewer than 5 processes"}


def test_what_concerns_all_is_said_in_short(cited):
    keep_processes(4)(cited)
    count = len(doubts(cited))
    said = f"none of {count} speedups over {NUMPY} may be cited: fewer than 5 processes"
    assert Facts(parse(cited)).citable_ratios == [said]


def test_what_concerns_all_of_a_problem_names_no_rows(cited):
    change_blocks(NUMPY, lambda block_s, p, n: 0.004 * (1 + (p + n) % 4), problem="square")(cited)
    *_, said = Facts(parse(cited)).citable_ratios
    assert said.startswith("not any on square, ")


def test_a_run_that_was_interrupted_has_no_word_on_speedups(cited):
    cited["zeroloop"]["interrupted"] = True
    assert Facts(parse(cited)).citable_ratios == []
