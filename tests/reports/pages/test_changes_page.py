"""The page of two runs: its words and numbers, its markup, and what hostile strings do to it."""

import copy
import re

import pytest

from reports.figures import Picture
from reports.pages.changes_page import render, verdict
from reports.reading import parse
from reports.runs.changes import changed
from tests.documents import HOSTILE, keep, renamed, slowed, spoilt
from tests.reports.pages_read import bare_page, golden, read_html


def changes_of(before, after):
    return changed(parse(before), parse(after))


def page_of(before, after):
    changes = changes_of(before, after)
    return render(
        changes,
        Picture("changes", "", '<svg viewBox="0 0 1 1"><path d="" /></svg>') if changes.rows else None,
    )


def structure(read):
    return [(tag, sorted(held)) for tag, held in read.tags]


def sections(text):
    return re.findall(r'<section id="([^"]*)">', text)


def words(text):
    return " ".join(re.sub("<[^>]*>", " ", text).split())


@pytest.fixture
def after(cited):
    """One row slower, one faster, another NumPy, one row lost and one that fails now."""
    other = slowed(slowed(cited, "numba_two_loop", 1.2), "numpy_one_loop", 0.5)
    other["machine_info"]["zeroloop"]["versions"]["numpy"] = "9.0.0"
    other["zeroloop"]["noise"]["others"] = 1.2
    lost = {"row": "numpy_two_loop", "problem": "square", "dtype": "float64", "threads": 2, "process": 1}
    other["zeroloop"]["unmeasured"].append({**lost, "status": "failed", "reason": "J is off", "error": 1.0})
    other["benchmarks"] = [
        one
        for one in other["benchmarks"]
        if (one["extra_info"]["row"], one["extra_info"]["problem"]) != ("python_two_loop", "breast_cancer")
    ]
    return other


def test_golden_page(cited, after):
    golden("comparison.html", bare_page(page_of(cited, after)))


def test_page_is_sound_and_needs_nothing_but_itself(cited, after):
    read = read_html(page_of(cited, after))
    assert read.faults == []
    assert all(link.startswith("#") for link in read.values("src", "href"))
    assert {link.removeprefix("#") for link in read.values("href")} <= set(read.values("id"))


def test_every_section_is_in_the_navigation_in_order(cited, after):
    text = page_of(cited, after)
    navigation = re.search("<nav.*?</nav>", text, re.DOTALL)[0]
    assert re.findall('href="#([^"]*)"', navigation) == sections(text)
    assert sections(text) == ["broken", "also", "changes", "rows", "alone", "reading"]


def test_sections_without_data_are_absent(cited):
    text = page_of(cited, cited)
    assert sections(text) == ["changes", "rows", "reading"]
    assert "Both files contain the same run," in text
    assert "speaks against" not in text


def test_a_run_in_which_every_row_fails_has_a_page(cited):
    broken = {**copy.deepcopy(cited), "benchmarks": []}
    lost = {"row": "numpy_two_loop", "problem": "square", "dtype": "float64", "threads": 2, "process": None}
    broken["zeroloop"]["unmeasured"] = [{**lost, "status": "failed", "reason": "J is off", "error": 1.0}]
    text = page_of(cited, broken)
    assert sections(text) == ["broken", "alone", "reading"]
    assert read_html(text).faults == []
    assert "No row has a time in both runs; 1 row that had a time before fails after." in text


def test_the_verdict_counts_and_gives_the_mean(cited, after):
    said = verdict(changes_of(cited, after))
    assert said.startswith("Of 6 rows compared 2 are faster after, 2 slower, and 2 not separated; ")
    assert (
        "; 1 row that had a time before fails after; in the geometric mean over 6 a step is, beside " in said
    )
    said = verdict(changes_of(cited, cited))
    assert said.startswith("Of 8 rows compared none is faster or slower after: ")
    assert said.endswith("as fast after as before, which is not separated from 1x.")
    keep(cited, "numba_two_loop")
    cited["zeroloop"].update(twins=[], trainings=[])
    said = verdict(changes_of(cited, slowed(cited, None, 2.0)))
    assert re.search(r"mean over 2 a step is 0\.500x \[0\.49\d, 0\.50\d\] as fast after as before\.$", said)


def test_no_mean_without_an_interval(cited, document):
    assert "mean" not in verdict(changes_of(document, document))
    assert "mean" not in verdict(changes_of(cited, document))
    keep(cited, "numba_two_loop")
    cited["benchmarks"] = cited["benchmarks"][:1]
    cited["zeroloop"].update(twins=[])
    assert "mean" not in verdict(changes_of(cited, cited)), "of one row it is that row"


def test_what_speaks_against_either_file_stands_before_the_table(cited, after, document):
    text = words(page_of(document, after))
    before = text.index("This speaks against citing the run before: one process, a quick look")
    later = text.index(
        "This speaks against citing the run after: the machine was busy: other programs kept 1.2"
    )
    assert before < later < text.index("All rows timed in both runs")
    assert "the run before is a quick look at one process" in text


def test_cells_can_be_sorted(cited, after):
    text = page_of(cited, after)
    (table,) = re.findall('<table class="sortable">.*?</table>', text, re.DOTALL)
    keys = re.findall('<th scope="col"[^>]* data-key="([^"]*)"', table)
    assert keys == ["row", "problem", "before_s", "after_s", "times", "ratio", "verdict"]
    for row in re.findall("<tr>.*?</tr>", table, re.DOTALL)[1:]:
        held = [tag for tag in read_html(row).tags if "data-key" in tag[1]]
        assert [tag[1]["data-key"] for tag in held] == keys
        assert all(float(tag[1]["data-value"]) > 0 for tag in held[2:6])


def test_hostile_strings_stay_text(cited, after):
    for document in (cited, after):  # six of the ten timings are enough
        document["benchmarks"] = document["benchmarks"][-6:]
        document["zeroloop"]["twins"] = []
    plain = structure(read_html(page_of(cited, after)))
    for hostile in HOSTILE.values():
        sides = []
        for document in (cited, after):
            document = spoilt(document, hostile)
            for old in ("square", "numba_two_loop"):
                document = renamed(document, old, f"{hostile}-{old}")
            sides.append(document)
        sides[1]["machine_info"]["zeroloop"]["versions"]["numpy"] = f"{hostile}!"
        read = read_html(page_of(*sides))
        assert read.faults == []
        assert structure(read) == plain
        assert " ".join(f"{hostile}-square".split()) in " ".join(read.text.split())
