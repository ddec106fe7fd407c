"""The figure of many runs; which runs and problems it holds is tested with their page."""

import json

import pytest

from reports.figures import of_gallery
from reports.runs.gathered import gather
from reports.wording import speedup
from tests.reports.figures.drawn import faults_of_texts, marks

pytestmark = pytest.mark.slow


@pytest.fixture
def put(tmp_path, cited):
    """Write so many runs, each of a machine of its own, and draw them."""

    def of(count, name="m{}"):
        for n in range(count):
            one = json.loads(json.dumps(cited))
            one["machine_info"]["zeroloop"]["cores"] = n + 1
            (tmp_path / f"{name.format(n)}.json").write_text(json.dumps(one), "utf-8")
        found = gather(tmp_path)
        return found, of_gallery(found)

    return of


@pytest.mark.parametrize("count", [1, 3, 16, 30])
def test_marks_say_each_runs_speedup_and_no_text_is_cut(put, count):
    found, picture = put(count)
    assert marks(picture) == [
        (place.entry.who, f"{place.entry.who}: {speedup(place.over_python)}")
        for board in found.boards
        for place in board.places
    ]
    assert len(picture.rows) == 2 * count
    assert faults_of_texts(picture) == []
    assert picture.figure.get_size_inches()[0] == 3.45


def test_named_runs_differ_in_their_marker(put):
    _, picture = put(16)
    (axes,) = picture.figure.axes
    drawn = {line.get_gid(): line.get_marker() for line in axes.lines if line.get_gid()}
    assert len({drawn[f"mark-{n}"] for n in range(16)}) == 16


def test_names_that_look_like_something_else_are_names(put):
    _, picture = put(2, r"_$\frac{ $<b>&amp;{}".replace("{ ", "{{ "))
    assert all(row.endswith(("&amp;0", "&amp;1")) for row, _ in marks(picture))
    assert faults_of_texts(picture) == []
