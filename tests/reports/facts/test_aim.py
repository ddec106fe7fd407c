"""What `--until` asked for, and what became of it."""

import math

import pytest

from reports.facts.aim import Widest, is_reached, widest
from reports.facts.facts import Facts
from reports.reading import parse
from reports.tables import in_terminal
from tests.documents import timing, without


def facts_of(document, until=0.02, processes=6):
    document["zeroloop"]["plan"].update(until=until, processes=processes)
    for one in (entry["extra_info"] for entry in document["benchmarks"]):
        one["blocks_s"] = one["blocks_s"][:processes]
    document["zeroloop"]["done"] = processes * len(document["zeroloop"]["problems"])
    return Facts(parse(document))


def spread(document, row, problem, factor):
    """Let the processes of a row differ, in turn, by a factor."""
    one = timing(document, row, problem)
    one["blocks_s"] = [
        [block_s * factor ** (-1) ** p for block_s in process] for p, process in enumerate(one["blocks_s"])
    ]


def test_the_widest_is_that_of_the_row_that_varies_most(cited):
    spread(cited, "numba_two_loop", "square", 1.1)
    spread(cited, "python_two_loop", "breast_cancer", 1.05)
    facts = facts_of(cited)
    found = widest(facts.comparisons, "numpy_zero_loop")
    (square,) = [one for one in facts.comparisons if one.problem.name == "square"]
    assert found == Widest(
        "numba_two_loop",
        "square-float64-2t",
        square.speedup("numba_two_loop", "numpy_zero_loop").half_width,
    )
    assert found.half_width == pytest.approx(
        math.expm1(2.5706 * math.log(1.1) * math.sqrt(1.2 / 6)), rel=0.02
    )


def test_a_row_without_an_interval_is_the_widest(cited):
    spread(cited, "numba_two_loop", "square", 1.1)
    one = timing(cited, "python_two_loop", "square")
    one["blocks_s"][1:] = [[] for _ in one["blocks_s"][1:]]
    found = facts_of(cited).widest
    assert (found.row, found.half_width) == ("python_two_loop", math.inf)
    assert found.said == "python_two_loop on square-float64-2t has no interval yet"


@pytest.mark.parametrize(
    ("until", "processes", "half_width", "reached"),
    [(0.02, 5, 0.02, True), (0.02, 5, 0.0201, False), (0.02, 4, 0.001, False), (9.0, 9, math.inf, False)],
)
def test_an_aim_is_reached_by_narrow_intervals_over_enough_processes(
    cited, until, processes, half_width, reached
):
    plan = facts_of(cited, until, processes).run.plan
    assert is_reached(plan, Widest("row", "square", half_width)) is reached


def test_a_run_says_whether_it_reached_its_aim_and_what_held_it_up(cited):
    spread(cited, "numba_two_loop", "square", 1.1)
    assert facts_of(cited, until=None).aim is None
    known = "numba_two_loop on square-float64-2t is known to ± 12 %"
    assert facts_of(cited, until=0.2).aim == f"reached after 6 processes; {known}, and no other row less well"
    said = facts_of(cited, until=0.02).aim
    assert said == (
        f"not reached after 6 processes: {known}; it would take about 200 processes, or a quieter machine"
    )
    assert facts_of(cited, until=1e-4).aim.endswith(
        "would take more than 10,000 processes, or a quieter machine"
    )
    few = facts_of(cited, until=0.9, processes=3).aim
    assert few.startswith("not reached after 3 processes: numba_two_loop on ")
    assert few.endswith(" %; 5 processes are the fewest that show it")


def test_without_another_row_there_is_nothing_to_know(cited):
    without(cited, *{row["name"] for row in cited["zeroloop"]["rows"]} - {"numpy_zero_loop"})
    facts = facts_of(cited)
    assert facts.widest is None
    assert facts.aim == "no row has a speedup over numpy_zero_loop"


def test_a_terminal_shows_it_last(cited):
    spread(cited, "numba_two_loop", "square", 1.1)
    *_, before, last = in_terminal.of_run(facts_of(cited, until=0.02)).splitlines()
    assert before.startswith("aim of ± 2 %: not reached after 6 processes: numba_two_loop on square")
    assert last.startswith("  ")
