"""Two runs beside each other: what changed, and what did not."""

import copy

import pytest

from reports.facts.facts import Facts
from reports.reading import parse
from reports.runs.changes import changed
from reports.tables import in_terminal
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
    assert {change.verdict for change in found.rows} == {"not separated"}
    assert all(change.agrees in (True, None) for change in found.rows)
    assert found.only_before == found.only_after == ()
    assert found.differences == []
    assert "both are the same run" in in_terminal.of_changes(found)


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "slower"), (0.8, "faster"), (1.001, "not separated")])
def test_a_change_is_seen(cited, factor, verdict):
    found = held(cited, scaled(cited, "numba_two_loop", factor))
    verdicts = {change.verdict for change in found.rows if change.name == "numba_two_loop"}
    assert verdicts == {verdict}
    assert {change.verdict for change in found.rows if change.name != "numba_two_loop"} == {"not separated"}


def test_another_machine_changes_times_and_no_speedups(cited):
    found = held(cited, scaled(cited, None, 3.0))
    assert {change.verdict for change in found.rows} == {"slower"}
    assert all(change.agrees for change in found.rows if change.agrees is not None)
    assert sum(change.agrees is None for change in found.rows) == 2, "NumPy itself, on two problems"


def test_speedups_that_changed_do_not_agree(cited):
    found = held(cited, scaled(cited, "numba_two_loop", 1.5))
    assert {change.name for change in found.rows if change.agrees is False} == {"numba_two_loop"}


def test_a_row_that_fails_after_is_a_regression(cited):
    broken = copy.deepcopy(cited)
    lost = {"row": "numba_two_loop", "problem": "square", "dtype": "float64", "threads": 2, "process": 1}
    broken["zeroloop"]["unmeasured"].append({**lost, "status": "failed", "reason": "J is off", "error": 1.0})
    (said,) = held(cited, broken).regressions(0.05)
    assert said == "numba_two_loop on square-float64-2t, failed: J is off (process 1)"
    assert held(broken, cited).regressions(0.05) == []


def test_one_block_agrees_with_nothing(document):
    for entry in document["benchmarks"]:
        entry["extra_info"]["blocks_s"] = [entry["extra_info"]["blocks_s"][0][:1]]
    assert {change.agrees for change in held(document, document).rows} == {None}


@pytest.mark.parametrize(
    ("factor", "limit", "failed"),
    [(1.2, 0.05, True), (1.2, 0.25, False), (0.8, 0.05, False), (1.001, 0.0005, False)],
)
def test_regressions_are_larger_than_the_limit_and_than_chance(cited, factor, limit, failed):
    found = held(cited, scaled(cited, "numba_two_loop", factor))
    regressions = {change.name for change in found.rows if change.is_regression(limit)}
    assert regressions == ({"numba_two_loop"} if failed else set())


def test_what_neither_shows_nor_rules_out_a_regression_is_counted(cited):
    found = held(cited, scaled(cited, "numba_two_loop", 1.2))
    assert found.unsure(0.5) == 0
    assert found.unsure(1e-6) == 8, "a tiny one may be anywhere; the two that are slower are regressions"


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
    mean = held(cited, scaled(cited, None, 1.5)).mean
    assert mean.estimate == pytest.approx(1 / 1.5)
    assert mean.low < mean.estimate < mean.high < 1
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
