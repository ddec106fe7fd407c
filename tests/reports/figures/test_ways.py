"""The figure of ways past one core and one memory: a line for each, told apart by marker and dashes."""

import pytest

from reports.facts.beyond import families
from reports.facts.facts import Facts
from reports.figures import ways as figure
from reports.figures.row_looks import looks_of
from reports.figures.style import drawing
from reports.reading import parse
from tests.documents import ways
from tests.reports.figures.drawn import draw, faults_of_texts, marks, texts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run():
    document = ways()
    other = [{**entry["extra_info"], "dtype": "float32"} for entry in document["benchmarks"]]
    document["benchmarks"] += [{"extra_info": one} for one in other if one["threads"] == 2]
    results = parse(document)
    return families(Facts(results).comparisons), looks_of(results)


@pytest.fixture(scope="module")
def picture(run):
    with drawing():
        return figure.draw("beyond", *run)


def test_each_way_is_a_line_through_its_times(run, picture):
    found, looks = run
    dashes = {}
    for axes, family in zip(picture.figure.axes, found, strict=True):
        assert axes.get_title("left") == family.title
        for line, way in zip(axes.lines, family.ways, strict=True):
            assert line.get_xydata().tolist() == [[m, one.step_s.estimate] for m, one in way.lines.items()]
            assert (line.get_color(), line.get_marker()) == (looks[way.row].colour, looks[way.row].marker)
            dashes.setdefault(way.threads, set()).add(str(line._dash_pattern))
    assert len(dashes) == 2
    assert not dashes[1] & dashes[2]
    assert marks(picture)[3] == (
        "numba_fused",
        "numba_fused, 1 thread, n_x = 4, float64: 9.99 µs and 600 µs for each million examples",
    )


def test_the_legend_names_rows_and_numbers(picture):
    shown = texts(picture.svg)
    rows = ["numba_fused", "numba_chunks", "dask_chunks"]
    assert shown[-5:] == [*rows, "1 thread or worker", "2 threads or workers"]


def test_the_alternative_says_what_is_fastest_and_slowest_on_the_largest_data(picture):
    assert picture.alternative == (
        "Time of one step against the number of examples m. On the largest data, n_x = 4, float32: from "
        "30.0 ms (numba_fused, 2 threads) to 48.0 ms (dask_chunks, 2 workers); n_x = 4, float64: from "
        "30.0 ms (numba_fused, 2 threads) to 85.9 ms (dask_chunks, 1 worker)."
    )


def test_no_text_is_cut_too_small_or_covered(picture):
    assert faults_of_texts(picture) == []
    assert picture.figure.get_size_inches()[0] == 3.45


def test_a_run_of_ways_has_this_figure():
    assert {"beyond", "scaling"} <= set(draw(ways()))
