"""What is found in ten hand-written timings, round enough to be checked in the head."""

import math
from itertools import pairwise

import pytest

from reports.facts import intervals
from reports.facts.citable import too_fast
from reports.facts.citation import gpu_of
from reports.facts.contest import contest
from reports.facts.verdict import verdict
from reports.reading import parse
from tests.documents import compared, enter, keep, renamed, timing, without

TEN = {  # seconds, over python_two_loop, over numpy_zero_loop, by (row, problem)
    ("python_two_loop", "breast_cancer"): (2e-3, 1, 0.01),
    ("numpy_two_loop", "breast_cancer"): (8e-3, 0.25, 0.0025),
    ("numpy_one_loop", "breast_cancer"): (2e-4, 10, 0.1),
    ("numpy_zero_loop", "breast_cancer"): (2e-5, 100, 1),
    ("numba_two_loop", "breast_cancer"): (2.048e-5, 97.65625, 1 / 1.024),
    ("python_two_loop", "square"): (0.4, 1, 0.0025),
    ("numpy_two_loop", "square"): (1.6, 0.25, 0.000625),
    ("numpy_one_loop", "square"): (0.05, 8, 0.02),
    ("numpy_zero_loop", "square"): (1e-3, 400, 1),
    ("numba_two_loop", "square"): (5e-4, 800, 2),
}


def names(lines):
    return [line.name for line in lines]


@pytest.mark.parametrize(("row", "problem"), TEN)
def test_times_and_speedups(comparisons, row, problem):
    line = comparisons[problem == "square"].line(row)
    step_s, over_python, over_numpy = TEN[row, problem]
    assert line.step_s.estimate == pytest.approx(step_s)
    assert line.over_python.estimate == pytest.approx(over_python)
    assert line.over_numpy.estimate == pytest.approx(over_numpy)


def test_every_row_that_was_tried_has_a_line_in_teaching_order(comparisons):
    timed = ["python_two_loop", "numpy_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop"]
    small, square = comparisons
    assert names(small.lines) == ["python_two_features", *timed]
    assert names(square.lines) == [*timed, "jax_zero_loop", "mine.py"]
    assert names(square.measured) == timed


def test_a_line_without_a_time_says_why_and_has_no_number(comparisons):
    failed = comparisons[1].lines[-1]
    assert (failed.status, failed.reason, failed.error) == ("failed", "dw[3] is off by 0.25", 0.25)
    assert (failed.loops, failed.lines) == (None, None)  # its source is not Python
    assert {failed.step_s, failed.over_python, failed.over_numpy, failed.prepare_s} == {None}
    assert {failed.warmup_s, failed.warm_s, failed.share, failed.calls_to_pay, failed.timing} == {None}
    assert not failed.fastest
    assert comparisons[1].line("mine.py") is None


def test_a_compiling_row_has_the_lines_and_loops_of_what_it_compiles(comparisons):
    line = comparisons[0].line("numba_two_loop")
    assert (line.lines, line.loops) == (4, 2)


def test_a_source_that_is_missing_has_no_count(document):
    document["zeroloop"]["rows"][-1]["source"] = ""
    failed = compared(document)[1].lines[-1]
    assert (failed.lines, failed.loops) == (None, None)


def test_headings(document):
    small, square = compared(document)
    assert square.title == "square, 128 × 10,000, float64, 2 threads"
    assert square.slug == "square-float64-2t"
    for benchmark in document["benchmarks"]:
        benchmark["extra_info"]["threads"] = 1
    shaped = compared(renamed(document, "square", "128x10000"))[-2]
    assert shaped.title == "128 × 10,000, float64, 1 thread"
    assert small.tolerance == 1e-12


def test_comparisons_are_sorted_by_problem_then_dtype_then_threads(document):
    keep(document, "numpy_zero_loop")
    one = document["benchmarks"].pop(0)["extra_info"]
    document["benchmarks"] += [
        {"extra_info": {**one, "dtype": dtype, "threads": threads}}
        for dtype, threads in (("float64", 2), ("float32", 8), ("float32", 1))
    ]
    assert [comparison.slug for comparison in compared(document)] == [
        "breast_cancer-float32-1t",
        "breast_cancer-float32-8t",
        "breast_cancer-float64-2t",
        "square-float64-2t",
    ]


def test_the_fastest_and_those_not_separated_from_it(comparisons):
    assert names(comparisons[0].fastest) == ["numpy_zero_loop", "numba_two_loop"]
    assert [line.fastest for line in comparisons[0].lines] == [False, False, False, False, True, True]


def test_the_fastest_alone(document):
    without(document, "numpy_two_loop")
    assert names(compared(document)[1].fastest) == ["numba_two_loop"]


def test_a_single_block_does_not_make_a_slow_row_one_of_the_fastest(comparisons):
    assert names(comparisons[1].fastest) == ["numba_two_loop"]


def test_a_single_block_wins_nothing(document):
    without(document, "numpy_two_loop")
    timing(document, "numba_two_loop", "square")["blocks_s"] = [[5e-4]]
    assert "numba_two_loop" not in "".join(verdict(compared(document)))


def test_the_only_row_is_the_fastest(document):
    keep(document, "numpy_one_loop")
    assert names(compared(document)[0].fastest) == ["numpy_one_loop"]


def test_a_speedup_over_any_row(comparisons):
    square = comparisons[1]
    assert square.speedup("numpy_zero_loop", "numpy_one_loop").estimate == pytest.approx(50)
    assert square.speedup("numpy_zero_loop", "mine.py") is None
    assert square.speedup("nobody", "numpy_zero_loop") is None


def test_the_baseline_is_exactly_itself(comparisons):
    one = comparisons[0].line("python_two_loop").over_python
    assert (one.low, one.estimate, one.high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("absent", "empty"), [("python_two_loop", "over_python"), ("numpy_zero_loop", "over_numpy")]
)
def test_without_its_baseline_a_speedup_is_none(document, absent, empty):
    without(document, absent)
    for comparison in compared(document):
        assert [getattr(line, empty) for line in comparison.measured] == [None] * 4


def test_the_first_call_is_that_of_the_problem_where_the_row_was_fresh(document):
    small, square = compared(document)
    assert small.line("numba_two_loop").warmup_s == square.line("numba_two_loop").warmup_s
    # The first call of 300 ms less a step of 20.5 µs, on the problem that the row met first.
    assert small.line("numba_two_loop").warmup_s == pytest.approx(0.3 - 20.5e-6, abs=1e-7)
    timing(document, "numba_two_loop", "breast_cancer")["first_call_s"] = []
    assert compared(document)[1].line("numba_two_loop").warmup_s is None


def test_the_first_call_in_another_dtype_is_another(document):
    other = {**timing(document, "numba_two_loop", "breast_cancer"), "dtype": "float32", "first_call_s": [0.7]}
    document["benchmarks"].append({"extra_info": other})
    assert [comparison.line("numba_two_loop").warmup_s for comparison in compared(document)] == pytest.approx(
        [0.7, 0.3, 0.3], abs=1e-4
    )


def test_the_warm_call_is_what_it_costs_beyond_a_step(document):
    small, square = compared(document)
    # 30 ms less a step of 20.5 µs, on the problem that the row met first.
    assert small.line("numba_two_loop").warm_s == pytest.approx(0.03 - 20.48e-6)
    assert square.line("numba_two_loop").warm_s == small.line("numba_two_loop").warm_s
    assert small.line("numpy_zero_loop").warm_s is None
    timing(document, "numba_two_loop", "breast_cancer")["warm_call_s"] = [1e-6]
    assert compared(document)[0].line("numba_two_loop").warm_s == 0


def test_light_is_the_slower_of_reading_and_the_links(comparisons):
    small, square = comparisons
    assert (small.light_s("cpu"), small.bound_by("cpu")) == (5e-6, "sigmoid and softplus")
    assert (square.light_s("cpu"), square.bound_by("cpu")) == (4e-4, "reading X")


def test_share_of_the_speed_of_light(comparisons):
    small, square = comparisons
    assert small.line("numpy_zero_loop").share == pytest.approx(0.25)  # 5 µs of 20
    assert small.line("python_two_loop").share == pytest.approx(0.0025)  # 5 µs of 2,000
    assert square.line("numba_two_loop").share == pytest.approx(0.8)  # 400 µs of 500
    assert square.lines[-1].share is None


@pytest.mark.parametrize("other", [{"threads": 1}, {"dtype": "float32"}, {"problem": "breast_cancer"}])
def test_a_light_holds_for_its_own_setting_alone(document, other):
    document["zeroloop"]["lights"] = [{**document["zeroloop"]["lights"][1], **other}]
    square = compared(document)[1]
    assert square.light_s("cpu") is square.bound_by("cpu") is square.line("numba_two_loop").share is None


def test_a_row_on_a_gpu_has_its_share_of_the_light_there(on_gpu):
    small, square = compared(on_gpu)
    assert square.line("numba_two_loop").share == pytest.approx(0.5)  # 250 µs of 500
    assert square.line("numpy_zero_loop").share == pytest.approx(0.4)  # 400 µs of 1,000, as without a GPU
    assert (square.light_s("cuda"), square.bound_by("cuda")) == (2.5e-4, "sigmoid and softplus")
    assert (square.light_s("cpu"), square.bound_by("cpu")) == (4e-4, "reading X")
    assert small.line("numba_two_loop").share is None, "the processor's light is none of a GPU"
    assert small.line("numba_two_loop").light_s is None


def test_what_beats_the_light_of_a_gpu_is_found(on_gpu):
    assert too_fast(compared(on_gpu)) == []
    on_gpu["zeroloop"]["lights"][2]["read_s"] = 1.06 * 5e-4
    ((_, line),) = too_fast(compared(on_gpu))
    assert line.name == "numba_two_loop"


def test_the_gpu_is_named_where_rows_were_timed_on_it(on_gpu):
    assert gpu_of(parse(on_gpu)) == "Hand-Written GPU"
    keep(on_gpu, "numpy_zero_loop")
    assert gpu_of(parse(on_gpu)) is None


def test_what_beats_the_speed_of_light_is_found(document):
    assert too_fast(compared(document)) == []
    document["zeroloop"]["lights"][1]["link_s"] = 1.04 * 5e-4
    assert too_fast(compared(document)) == []
    document["zeroloop"]["lights"][1]["link_s"] = 1.06 * 5e-4
    square = compared(document)[1]
    assert too_fast(compared(document)) == [(square, square.line("numba_two_loop"))]


def test_a_single_block_has_a_ratio_without_an_interval(document):
    (match,) = contest(compared(enter(document, "numpy_one_loop", "numpy_two_loop"))[1:])
    assert match.ratio.estimate == pytest.approx(32)
    assert match.ratio.low is None


def test_calls_until_a_row_pays(document):
    small, square = compared(document)
    # (0.3 s first call + 0.0101 s prepare) / (1 ms - 0.5 ms) = 620.2
    assert square.line("numba_two_loop").calls_to_pay.estimate == pytest.approx(620.2, abs=0.1)
    assert small.line("numpy_one_loop").calls_to_pay.estimate == math.inf
    assert small.line("numba_two_loop").calls_to_pay is None  # not separated from NumPy
    assert square.line("numpy_zero_loop").calls_to_pay is None  # against itself
    timing(document, "numba_two_loop", "breast_cancer")["first_call_s"] = []
    assert compared(document)[1].line("numba_two_loop").calls_to_pay is None
    without(document, "numpy_zero_loop")
    assert compared(document)[1].line("python_two_loop").calls_to_pay is None


def test_groups_hold_all_measured_rows_once_fastest_first(comparisons):
    for comparison in comparisons:
        found = [line for group in comparison.groups for line in group]
        assert found == sorted(comparison.measured, key=lambda line: line.step_s.estimate)
        assert comparison.groups[0] == comparison.fastest
    # Of square, the row of a single block is separated from none, and stands with the one before it.
    assert [names(group) for group in comparisons[0].groups] == [
        ["numpy_zero_loop", "numba_two_loop"],
        ["numpy_one_loop"],
        ["python_two_loop"],
        ["numpy_two_loop"],
    ]


def test_groups_are_not_separated_from_their_first_and_their_firsts_are_from_each_other(cited):
    # Rows 5 % apart, each with processes that spread by 4 %: only neighbours are not separated.
    for place, entry in enumerate(cited["benchmarks"]):
        spread = (0.96, 1.04, 1.0, 0.97, 1.03, 1.01)
        turned = spread[place:] + spread[:place]
        entry["extra_info"]["blocks_s"] = [[1e-3 * 1.05**place * one] for one in turned]
    (comparison, _) = compared(cited)
    pairs = len(comparison.measured) * (len(comparison.measured) - 1) // 2
    firsts = [group[0] for group in comparison.groups]
    assert 1 < len(firsts) < len(comparison.measured)
    for group in comparison.groups:
        for line in group[1:]:
            ratio = intervals.ratio(line.timing.blocks_s, group[0].timing.blocks_s, pairs)
            assert ratio.contains_one
    for one, other in pairwise(firsts):
        assert not intervals.ratio(other.timing.blocks_s, one.timing.blocks_s, pairs).contains_one


@pytest.mark.parametrize("base", ["python_two_loop", "numpy_zero_loop"])
def test_rows_with_a_speedup_over_a_baseline_fastest_first(document, base):
    for comparison in compared(document):
        lines = comparison.compared_with(base)
        speedups = [line.over(base).estimate for line in lines]
        assert speedups == sorted(speedups, reverse=True)
        assert set(names(lines)) == set(names(comparison.measured))
        for line in lines:
            assert line.over(base) == comparison.speedup(line.name, base)
    without(document, base)
    assert [comparison.compared_with(base) for comparison in compared(document)] == [[], []]


def test_a_baseline_alone_is_compared_with_nothing(document):
    keep(document, "numpy_zero_loop")
    assert compared(document)[0].compared_with("numpy_zero_loop") == []


def test_one_row_alone_wins_nothing(document):
    keep(document, "python_two_loop")
    (said,) = verdict(compared(document))
    assert said.startswith("No two rows were timed on the same data")
