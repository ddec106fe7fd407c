"""The figures of spread: a tick for each block, at its time over the row's median."""

import math
import statistics

import pytest

from reports.facts.facts import Facts
from reports.figures import spread
from reports.figures.row_looks import looks_of
from reports.figures.style import drawing
from reports.reading import parse
from reports.wording import percent
from tests.documents import keep
from tests.reports.figures.drawn import faults_of_texts, marks


def ticks(line):
    """Where each tick of a row stands."""
    return [x for x in line.get_xdata()[::3] if not math.isnan(x)]


@pytest.fixture(scope="module")
def picture(cited_results):
    with drawing():
        return spread.draw("spread-0", Facts(cited_results).comparisons[0], looks_of(cited_results))


def test_a_tick_for_each_block_of_each_process(picture, cited_results):
    (axes,) = picture.figure.axes
    drawn = [line for line in axes.lines if line.get_gid()]
    for line, row in zip(drawn, Facts(cited_results).comparisons[0].measured, strict=True):
        blocks_s = row.timing.blocks_s
        middle_s = statistics.median(map(statistics.median, blocks_s))
        assert ticks(line) == pytest.approx([one / middle_s for process in blocks_s for one in process])


def test_marks_and_alternative_say_the_spread_of_the_table(picture, cited_results):
    lines = Facts(cited_results).comparisons[0].measured
    assert marks(picture) == [
        (one.name, f"{one.name}: {percent(one.between)} between processes, {percent(one.within)} within")
        for one in lines
    ]
    worst = max(lines, key=lambda line: line.between)
    assert picture.alternative.endswith(f": {worst.name}, {percent(worst.between)}.")


def test_blocks_far_off_stand_at_the_edges_and_lost_processes_are_left_out(cited):
    cited["benchmarks"][0]["extra_info"]["blocks_s"] = [[1.0, 1.0, 5.0], [], [1.0, 0.1, 1.0]]
    results = parse(cited)
    with drawing():
        picture = spread.draw("spread", Facts(results).comparisons[0], looks_of(results))
    assert ticks(picture.figure.axes[0].lines[0]) == [1, 1, 1.3, 1, 0.7, 1]
    assert faults_of_texts(picture) == []


def test_a_run_of_one_process_has_no_such_figure(pictures):
    assert not [name for name in pictures if name.startswith("spread")]


def test_one_process_of_a_planned_run_can_be_drawn(cited):
    keep(cited, "numpy_zero_loop")
    for entry in cited["benchmarks"]:
        one = entry["extra_info"]
        one.update(blocks_s=one["blocks_s"][:1], prepare_s=one["prepare_s"][:1])
    results = parse(cited)
    with drawing():
        picture = spread.draw("spread", Facts(results).comparisons[0], looks_of(results))
    assert [said.split(": ")[1].split(",")[0] for _, said in marks(picture)] == ["– between processes"]
