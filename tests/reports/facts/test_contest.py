"""The contest: our fastest row against the fastest peer, in ten hand-written timings."""

import pytest

from reports.facts import intervals
from reports.facts.contest import contest
from tests.documents import compared, enter, keep, timing


@pytest.fixture
def entered(document):
    return enter(document, "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


def test_contest_of_the_fastest_on_either_side(entered):
    small, square = contest(compared(entered))
    assert [(match.problem.name, match.dtype) for match in (small, square)] == [
        ("breast_cancer", "float64"),
        ("square", "float64"),
    ]
    for match in (small, square):
        assert (match.ours.line.name, match.ours.threads) == ("numba_two_loop", 2)
        assert (match.rival.line.name, match.rival.threads) == ("numpy_zero_loop", 2)
    assert small.ratio.estimate == pytest.approx(1 / 1.024)
    assert small.ratio.contains_one
    # Three peers were there to be the best: numpy_zero_loop is one, and the intervals hold for all of them.
    blocks_s = ([[9.765625e-4, 1e-3, 1.024e-3]], [[4.8828125e-4, 5e-4, 5.12e-4]])
    assert square.ratio == intervals.ratio(*blocks_s, comparisons=2)
    assert square.ratio.estimate == pytest.approx(2)
    assert square.ours.line.share == pytest.approx(0.8)


def test_contest_against_one_rival(entered):
    (match,) = contest(compared(entered)[1:], "numpy_two_loop")
    assert match.rival.line.name == "numpy_two_loop"
    assert contest(compared(entered), "nobody") == ()


def test_each_side_of_a_contest_stands_at_its_best_number_of_threads(entered):
    keep(entered, "numba_two_loop", "numpy_zero_loop")
    # One thread: the peer gains a fifth, ours loses half; the light of one thread is not ours.
    for row, step_s in (("numpy_zero_loop", 8e-4), ("numba_two_loop", 1e-3)):
        other = {**timing(entered, row, "square"), "threads": 1, "blocks_s": [[step_s, step_s]]}
        entered["benchmarks"].append({"extra_info": other})
    entered["zeroloop"]["lights"].append({**entered["zeroloop"]["lights"][1], "threads": 1, "read_s": 7e-4})
    _, match = contest(compared(entered))
    assert (match.ours.line.name, match.ours.threads) == ("numba_two_loop", 2)
    assert (match.rival.line.name, match.rival.threads) == ("numpy_zero_loop", 1)
    assert match.ratio.estimate == pytest.approx(1.6)
    assert match.ours.line.share == pytest.approx(0.8)


@pytest.mark.parametrize(("factor", "named"), [(1.001, "numpy_one_loop"), (2, "numba_two_loop")])
def test_of_two_of_ours_that_are_not_separated_the_first_is_named(entered, factor, named):
    entered["zeroloop"]["rows"][3]["side"] = "ours"
    assert entered["zeroloop"]["rows"][3]["name"] == "numpy_one_loop"
    ours = timing(entered, "numba_two_loop", "square")
    timing(entered, "numpy_one_loop", "square")["blocks_s"] = [
        [factor * block for block in process] for process in ours["blocks_s"]
    ]
    assert contest(compared(entered))[-1].ours.line.name == named


def test_dtypes_are_contests_of_their_own(entered):
    held = [benchmark["extra_info"] for benchmark in entered["benchmarks"]]
    entered["benchmarks"] += [{"extra_info": {**one, "dtype": "float32"}} for one in held]
    assert [(match.problem.name, match.dtype) for match in contest(compared(entered))] == [
        ("breast_cancer", "float32"),
        ("breast_cancer", "float64"),
        ("square", "float32"),
        ("square", "float64"),
    ]


@pytest.mark.parametrize("sides", [("nobody", "numpy_zero_loop"), ("numba_two_loop", "mine.py")])
def test_a_contest_needs_both_sides(document, sides):
    assert contest(compared(enter(document, *sides))) == contest(()) == ()
