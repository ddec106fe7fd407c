"""Two runs beside each other: what changed, and what did not."""

import copy
import dataclasses

import numpy as np
import pytest

from reports.facts.comparison import NUMPY
from reports.facts.facts import Facts
from reports.reading import parse
from reports.runs.changes import changed
from reports.tables import in_terminal
from tests.documents import keep, told
from tests.reports.pages_read import golden


def scaled(document, row, factor):
    """Return a document in which a row takes longer by a factor."""
    other = copy.deepcopy(document)
    for one in (entry["extra_info"] for entry in other["benchmarks"]):
        if row in (one["row"], None):
            one["blocks_s"] = [[factor * block_s for block_s in process] for process in one["blocks_s"]]
    return other


def held(before, after):
    return changed(parse(before), parse(after))


def test_a_run_is_not_separated_from_itself(cited):
    found = held(cited, cited)
    assert len(found.rows) == 10
    assert [(change.name, change.verdict) for change in found.rows] == [
        (change.name, "baseline" if change.name == NUMPY else "not separated") for change in found.rows
    ]
    assert found.only_before == found.only_after == ()
    assert found.differences == []
    assert "both are the same run" in in_terminal.of_changes(found)


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "slower"), (0.8, "faster"), (1.001, "not separated")])
def test_a_change_is_seen(cited, factor, verdict):
    found = held(cited, scaled(cited, "numba_two_loop", factor))
    verdicts = {change.verdict for change in found.rows if change.name == "numba_two_loop"}
    assert verdicts == {verdict}
    others = {change.verdict for change in found.judged if change.name != "numba_two_loop"}
    assert others == {"not separated"}


def test_another_machine_changes_times_and_no_speedups(cited):
    found = held(cited, scaled(cited, None, 3.0))
    assert {change.verdict for change in found.judged} == {"not separated"}
    assert all(change.times.estimate == pytest.approx(1 / 3) for change in found.rows)
    assert found.mean.estimate == pytest.approx(1)
    assert found.regressions(0.05) == []


def test_a_change_of_the_ratio_is_seen_where_times_show_nothing(cited):
    """The machine is 20 to 60 % faster from process to process; the row over NumPy is not."""
    after = scaled(cited, "numba_two_loop", 1.17)
    for one in (entry["extra_info"] for entry in after["benchmarks"]):
        one["blocks_s"] = [
            [block_s / (1.2 + 0.08 * p) for block_s in process] for p, process in enumerate(one["blocks_s"])
        ]
    found = held(cited, after)
    (change,) = [
        one for one in found.rows if (one.name, one.where) == ("numba_two_loop", "square-float64-2t")
    ]
    assert change.base == NUMPY
    assert change.times.estimate > 1
    assert change.ratio.estimate == pytest.approx(1 / 1.17)
    assert change.after.estimate == pytest.approx(change.before.estimate / 1.17)
    assert change.said in found.regressions(0.05)
    assert change.said.startswith("numba_two_loop on square-float64-2t, 0.855x [0.8")
    assert "over numpy_zero_loop; 500 µs → " in change.said


def planned_baseline(document, name):
    document = copy.deepcopy(document)
    document["zeroloop"]["plan"]["baseline"] = name
    return document


def bases(found):
    return {change.base for change in found.rows}


def test_the_base_is_the_baseline_of_a_plan(cited):
    other = planned_baseline(cited, "python_two_loop")
    assert bases(held(other, cited)) == {"python_two_loop"}
    assert bases(held(cited, other)) == {NUMPY}
    assert bases(held(other, other)) == {"python_two_loop"}


def test_a_baseline_that_one_run_has_not_timed_on_a_problem_is_no_base_there(cited):
    less = planned_baseline(cited, "numpy_two_loop")
    less["benchmarks"] = [
        entry
        for entry in less["benchmarks"]
        if (entry["extra_info"]["row"], entry["extra_info"]["problem"]) != ("numpy_two_loop", "square")
    ]
    found = held(less, cited)
    assert found.bases == {"numpy_two_loop": ["breast_cancer-float64-2t"], NUMPY: ["square-float64-2t"]}
    text = in_terminal.of_changes(found)
    assert "baseline: numpy_two_loop (on breast_cancer-float64-2t) and numpy_zero_loop (on\n" in text


def test_a_baseline_whose_code_has_changed_is_no_base(cited):
    other = copy.deepcopy(cited)
    (row,) = [row for row in other["zeroloop"]["rows"] if row["name"] == NUMPY]
    row["source"] += "\n\nfaster = True\n"
    found = held(cited, other)
    assert bases(found) == {None}
    assert found.by_times == found.judged == found.rows
    assert (
        "judged by times alone, which is weaker, for want of a baseline in both runs\n"
        in f"{in_terminal.of_changes(found)}\n"
    )


def test_a_row_that_is_alone_is_judged_by_its_times(cited):
    keep(cited, NUMPY)
    cited["zeroloop"].update(trainings=[])
    found = held(cited, scaled(cited, None, 1.2))
    assert {(change.base, change.verdict) for change in found.rows} == {(None, "slower")}
    assert all(change.ratio == change.times for change in found.rows)
    assert found.mean.estimate == pytest.approx(1 / 1.2)
    assert "numpy_zero_loop on square-float64-2t, 0.833x [" in found.regressions(0.05)[1]
    assert "as fast (by its times alone; 999 µs → 1.20 ms)" in found.regressions(0.05)[1]


def test_a_row_that_has_no_time_any_more_may_be_slower(cited):
    after = copy.deepcopy(cited)
    lost = {"row": "numba_two_loop", "problem": "square", "dtype": "float64", "threads": 2, "process": None}
    after["benchmarks"] = [
        entry
        for entry in after["benchmarks"]
        if (entry["extra_info"]["row"], entry["extra_info"]["problem"]) != ("numba_two_loop", "square")
    ]
    after["zeroloop"]["unmeasured"].append({**lost, "status": "skipped", "reason": "too slow", "error": None})
    found = held(cited, after)
    assert found.regressions(0.5) == []
    assert found.unsure(0.5) == ["numba_two_loop on square-float64-2t, skipped: too slow"]
    assert held(after, cited).unsure(0.5) == []


def test_a_row_that_fails_after_is_a_regression(cited):
    broken = copy.deepcopy(cited)
    lost = {"row": "numba_two_loop", "problem": "square", "dtype": "float64", "threads": 2, "process": 1}
    broken["zeroloop"]["unmeasured"].append({**lost, "status": "failed", "reason": "J is off", "error": 1.0})
    (said,) = held(cited, broken).regressions(0.05)
    assert said == "numba_two_loop on square-float64-2t, failed: J is off (process 1)"
    assert held(broken, cited).regressions(0.05) == []


def test_one_block_shows_nothing_and_rules_nothing_out(document):
    for entry in document["benchmarks"]:
        entry["extra_info"]["blocks_s"] = [entry["extra_info"]["blocks_s"][0][:1]]
    found = held(document, document)
    assert {change.verdict for change in found.judged} == {"not separated"}
    assert len(found.unsure(5.0)) == len(found.judged) == 8


@pytest.mark.parametrize(
    ("factor", "limit", "failed"),
    [(1.2, 0.05, True), (1.2, 0.25, False), (0.8, 0.05, False), (1.001, 0.0005, False)],
)
def test_regressions_are_larger_than_the_limit_and_than_chance(cited, factor, limit, failed):
    found = held(cited, scaled(cited, "numba_two_loop", factor))
    regressions = {change.name for change in found.rows if change.ratio.is_slower(limit)}
    assert regressions == ({"numba_two_loop"} if failed else set())


def test_what_neither_shows_nor_rules_out_a_regression_is_counted(cited):
    found = held(cited, scaled(cited, "numba_two_loop", 1.2))
    assert found.unsure(0.5) == []
    unsure = found.unsure(1e-6)
    assert len(unsure) == 6, "a tiny one may be anywhere; two are slower, and two are the base"
    lows = [change.ratio.low for change in found.judged if change.verdict == "not separated"]
    assert f"[{min(lows):.3f}, " in unsure[0], "the widest comes first"


def test_a_quick_look_is_said_to_be_one(cited, document):
    text = in_terminal.of_changes(held(cited, document))
    assert text.index("after: ") < text.index("not citable: one process, a quick look")


def test_what_else_changed_is_named(cited):
    other = copy.deepcopy(cited)
    other["machine_info"]["zeroloop"]["versions"]["numpy"] = "9.0.0"
    (said,) = held(cited, other).differences
    assert said.startswith("numpy ")
    assert said.endswith(" -> 9.0.0")
    other["machine_info"]["zeroloop"]["gpu"] = "Hand-Written GPU"
    assert held(cited, other).differences[0] == "GPU none -> Hand-Written GPU"


def test_conditions_that_changed_are_named_where_both_runs_know_theirs(cited):
    cited = told(cited)
    other = copy.deepcopy(cited)
    other["machine_info"]["zeroloop"]["conditions"].update(turbo=True, memory_limit_bytes=None, smt=None)
    said = ["Memory limit 8 GB -> none", "Turbo off -> on", "SMT on -> none"]
    assert held(cited, other).differences == said
    del other["machine_info"]["zeroloop"]["conditions"]
    assert held(cited, other).differences == held(other, cited).differences == []


def test_rows_of_one_run_only_are_counted(cited):
    less = copy.deepcopy(cited)
    dropped = less["benchmarks"].pop()["extra_info"]
    found = held(cited, less)
    assert len(found.rows) == 9
    assert [name for name, _ in found.only_before] == [dropped["row"]]
    assert found.only_after == held(less, cited).only_before == ()
    assert f"timed before only: {found.only_before[0][1]} (1 row)" in in_terminal.of_changes(found)


def test_a_quick_look_can_be_held_to_a_run(cited, document):
    found = held(document, cited)
    assert len(found.rows) == 10


def test_the_mean_of_all_rows_has_an_interval_over_processes(cited, document):
    found = held(cited, scaled(cited, "numba_two_loop", 1.5))
    assert found.averaged == 8
    assert found.mean.estimate == pytest.approx(1.5 ** (-2 / 8)), "two of eight rows beside NumPy"
    assert found.mean.low < found.mean.estimate < found.mean.high < 1
    assert held(cited, document).mean is None, "the blocks of one process are no processes"
    assert held(cited, {**cited, "benchmarks": []}).mean is None


def test_as_text(cited):
    text = in_terminal.of_changes(held(cited, scaled(cited, "numba_two_loop", 1.2)))
    assert max(map(len, text.splitlines())) <= 80
    golden("changes.txt", text)


def test_contents_name_rows_and_problems(cited):
    said = in_terminal.contents(Facts(parse(cited)))
    assert said.endswith("numba_two_loop on breast_cancer-float64-2t, square-float64-2t")
    assert in_terminal.contents(Facts(parse({**cited, "benchmarks": []}))) == "no row on nothing"


ROWS = (NUMPY, "python_two_loop", "numpy_one_loop", "numba_two_loop")


def simulated(rng, results, factors):
    """Return a run of rows that take longer by factors, on a machine whose speed is another each time.

    Of what disturbs a run, its speed and its drift hit all rows of a process alike. Each process has a bias
    of its own for each row, of 1.5 %, and each block noise of 1 %.
    """
    shared = rng.normal(0, 0.2) + np.cumsum(rng.normal(0, 0.03, (6, 1)), axis=0)
    timings = []
    for one, factor in zip(results.timings, factors, strict=True):
        blocks = factor * np.exp(shared + rng.normal(0, 0.015, (6, 1)) + rng.normal(0, 0.01, (6, 3)))
        timings.append(dataclasses.replace(one, blocks_s=tuple(map(tuple, blocks.tolist()))))
    return dataclasses.replace(results, timings=tuple(timings))


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_error_rates_of_a_comparison(cited, count):
    """Each rate may be 5 %, since all intervals of a comparison hold together with 95 %."""
    cited["zeroloop"].update(twins=[], trainings=[], unmeasured=[])
    entries = [entry for entry in cited["benchmarks"] if entry["extra_info"]["problem"] == "square"]
    cited["benchmarks"] = [entry for entry in entries if entry["extra_info"]["row"] in ROWS]
    results, rng = parse(cited), np.random.default_rng(6)

    def compared(factor):
        return [
            changed(*(simulated(rng, results, (4, 2, 1, last)) for last in (0.5, 0.5 * factor)))
            for _ in range(count)
        ]

    same, slower, at_limit = map(compared, (1.0, 1.1, 1.05))
    assert sum(found.count("slower") > 0 for found in same) <= 0.05 * count, "nothing changed"
    by_times = sum(any(not row.times.contains_one for row in found.rows) for found in same)
    assert by_times > 0.5 * count, "times alone tell the speed of the machine from that of another day"
    regressions = [[said.split()[0] for said in found.regressions(0.05)] for found in slower]
    assert sum("numba_two_loop" in rows for rows in regressions) >= 0.95 * count, "10 % are found"
    assert sum(set(rows) > {"numba_two_loop"} for rows in regressions) <= 0.05 * count
    ruled_out = [not found.regressions(0.05) and not found.unsure(0.05) for found in at_limit]
    assert sum(ruled_out) <= 0.05 * count, "it is slower by 5 %, so nobody may rule that out"
