"""The figure of two runs beside each other."""

import copy
import xml.etree.ElementTree as ET

import pytest

from reports.facts.comparison import NUMPY
from reports.figures import as_pdf, of_changes
from reports.reading import parse
from reports.runs.changes import changed
from reports.wording import speedup
from tests.documents import HOSTILE, keep, renamed, slowed
from tests.reports.figures.drawn import faults_of_texts, marks

pytestmark = pytest.mark.slow


def draw(before, after):
    return of_changes(changed(parse(before), parse(after)))


def texts(picture):
    return [element.text for element in ET.fromstring(picture.svg).iter() if element.tag.endswith("text")]


def many(document, count):
    """Return a document of so many problems, each with the rows of one."""
    document = copy.deepcopy(document)
    (problem,) = [one for one in document["zeroloop"]["problems"] if one["name"] == "square"]
    entries = [one for one in document["benchmarks"] if one["extra_info"]["problem"] == "square"]
    document["zeroloop"].update(problems=[], unmeasured=[], lights=[], twins=[], trainings=[])
    document["benchmarks"] = []
    for n in range(count):
        document["zeroloop"]["problems"].append({**problem, "name": f"p{n}"})
        document["benchmarks"] += [
            {**one, "extra_info": {**one["extra_info"], "problem": f"p{n}"}} for one in entries
        ]
    return document


def test_every_row_has_its_line_below_its_problem(cited):
    picture = draw(cited, slowed(cited, "numba_two_loop", 1.2))
    shown = texts(picture)
    assert shown.count("numba_two_loop") == shown.count("0.833x") == 2
    assert "square, 128 × 10,000, float64, 2 threads" in shown
    assert picture.alternative.endswith(": 0 faster, 2 slower, 6 not separated.")
    assert as_pdf([picture]).startswith(b"%PDF-")


@pytest.mark.parametrize("factor", [1.0, 1.01, 1e6])
def test_one_row(cited, factor):
    keep(cited, "numpy_zero_loop")
    cited["benchmarks"] = cited["benchmarks"][:1]
    cited["zeroloop"].update(twins=[])
    picture = draw(cited, slowed(cited, None, factor))
    assert "numpy_zero_loop" in texts(picture)
    assert faults_of_texts(picture) == []


def test_forty_rows(cited):
    document = many(cited, 8)
    picture = draw(document, document)
    assert texts(picture).count("numba_two_loop") == 8
    assert faults_of_texts(picture) == []


def test_marks_say_the_ratio_of_the_table(cited):
    after = slowed(cited, "numba_two_loop", 1.2)
    changes = changed(parse(cited), parse(after))
    assert marks(of_changes(changes)) == [
        (change.name, f"{change.name}, {change.title}: {speedup(change.ratio)} as fast")
        for change in changes.judged
    ]


def test_no_row(cited):
    assert draw(cited, {**cited, "benchmarks": []}) is None


def test_a_baseline_is_in_no_figure(cited):
    assert NUMPY not in texts(draw(cited, cited))


def test_rows_without_an_interval_and_with_one_that_has_no_end(cited, document):
    for entry in document["benchmarks"]:
        entry["extra_info"]["blocks_s"] = [entry["extra_info"]["blocks_s"][0][:1]]
    assert draw(document, document)
    for entry in cited["benchmarks"][:2]:
        entry["extra_info"]["blocks_s"] = [[1e-9], [1e9]]
        entry["extra_info"]["prepare_s"] = []
    cited["zeroloop"].update(twins=[])
    assert draw(cited, cited)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names(cited, hostile):
    for old in ("square", "numba_two_loop"):
        cited = renamed(cited, old, f"{hostile}-{old}")
    picture = draw(cited, cited)
    assert all(row.endswith(("square", "numba_two_loop", "_loop")) for row in picture.rows)
    assert all(said.split() for _, said in marks(picture))


def test_the_same_runs_give_the_same_bytes(cited):
    after = slowed(cited, "numba_two_loop", 1.2)
    assert draw(cited, after) == draw(cited, after)
