"""What all figures share: colours and markers, marks that say what they are, and how figures enter a page."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations, filterfalse
from pathlib import Path

import pytest

import reports
from impls.records import RECORDS
from reports import figures
from reports.figures import Picture, inlined, row_looks
from reports.figures.row_looks import FAMILIES, MARKERS, NEUTRAL, looks_of
from reports.figures.style import INK, WIDTH, clipped
from reports.reading import parse
from tests.documents import HOSTILE, keep, renamed
from tests.reports.figures.drawn import draw, faults_of_texts, marks, texts
from tests.reports.pages_read import read_html

pytestmark = pytest.mark.slow

ROOT = Path(reports.__file__).parent.parent
WHITE, DARK = "#ffffff", "#14161a"  # pages
# How linear red, green and blue are seen without the cones for long or medium waves: G. M. Machado,
# M. M. Oliveira and L. A. F. Fernandes, IEEE TVCG 15 (2009), severity 1.
SEEN = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
ELSEWHERE = """
import sys
from pathlib import Path
from reports import figures
from reports.facts.facts import Facts
from reports.reading import read
results = read(Path(sys.argv[1]))
for picture in figures.draw(Facts(results)).values():
    print(picture.name, picture.alternative, picture.rows, picture.svg)
"""


def linear(colour):
    """Red, green and blue as amounts of light, after WCAG 2."""
    levels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]


def contrast(one, other):
    bright = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other))]
    return (max(bright) + 0.05) / (min(bright) + 0.05)


def seen_by(vision, colour):
    mixed = [sum(w * level for w, level in zip(row, linear(colour), strict=True)) for row in SEEN[vision]]
    return [max(0.0, min(1.0, level)) ** (1 / 2.2) for level in mixed]


def of_rows(document, *names):
    row = document["zeroloop"]["rows"][0]
    document["zeroloop"].update(rows=[{**row, "name": name} for name in names], unmeasured=[])
    document["benchmarks"] = []
    return parse(document)


@pytest.mark.parametrize("colour", sorted({*FAMILIES.values(), INK["--ink"], INK["--muted"]}))
def test_colours_stand_out_from_white(colour):
    assert contrast(colour, WHITE) >= 3


@pytest.mark.parametrize("colour", sorted(set(FAMILIES.values())))
def test_colours_of_rows_stand_out_from_a_dark_page(colour):
    assert contrast(colour, DARK) >= 3


@pytest.mark.parametrize("vision", SEEN)
def test_rows_are_told_apart_with_any_colour_vision(results, vision):
    drawn = [looks_of(results)[record.name] for record in RECORDS]
    for one, other in combinations(drawn, 2):
        pairs = zip(seen_by(vision, one.colour), seen_by(vision, other.colour), strict=True)
        assert one.marker != other.marker or sum((a - b) ** 2 for a, b in pairs) > 0.1**2


def test_every_row_of_the_suite_has_a_look_of_its_own(results):
    looks = [looks_of(results)[record.name] for record in RECORDS]
    assert len(set(looks)) == len(looks) > 10


@pytest.mark.parametrize("names", [(), ("jax_step",), ("mine.py", "numpy_zero_loop"), ("b.py", "a.py")])
def test_a_row_looks_the_same_whatever_rows_a_run_has(document, results, names):
    all_looks, looks = looks_of(results), looks_of(of_rows(document, *names))
    for record in RECORDS:
        assert looks[record.name] == all_looks[record.name]
    assert {looks[name].colour for name in names if name.endswith(".py")} <= {NEUTRAL}


def test_a_row_of_a_new_family_has_a_look_of_its_own(results, monkeypatch):
    before = looks_of(results)
    new = [replace(RECORDS[0], name=f"family{n}_step") for n in range(9)]
    monkeypatch.setattr(row_looks, "RECORDS", (*RECORDS, *new))
    found = looks_of(results)
    assert {name: found[name] for name in before} == before
    assert all(found[one.name].colour in FAMILIES.values() for one in new)
    assert len({found[record.name] for record in (*RECORDS, *new)}) == len(RECORDS) + len(new)


def test_more_own_files_than_markers_can_be_drawn(document):
    names = [f"{n}.py" for n in range(40)]
    looks = looks_of(of_rows(document, *names))
    assert len({looks[name] for name in names}) == len(MARKERS)


def test_a_row_is_drawn_alike_in_every_figure(pictures, cited_pictures, cited_results):
    looks = looks_of(cited_results)
    seen = set()
    for picture in (*pictures.values(), *cited_pictures.values()):
        drawn = {line.get_gid(): line for line in picture.figure.findobj() if line.get_gid()}
        for place, row in enumerate(picture.rows):
            mark = drawn[f"mark-{place}"]
            assert mark.get_color() == looks[row].colour, (picture.name, row)
            assert mark.get_marker() in (looks[row].marker, "None")
            seen.add((row, mark.get_marker()))
    assert {(row, looks[row].marker) for row, _ in seen} <= seen


def test_every_mark_says_what_it_stands_for(pictures, cited_pictures):
    for picture in (*pictures.values(), *cited_pictures.values()):
        assert picture.rows, picture.name
        for row, said in marks(picture):
            assert said.startswith(row), picture.name
            assert re.search(r"\d|never|not separated|code on disk", said), picture.name


def test_every_figure_of_a_document_has_its_name_and_is_as_wide_as_a_column(pictures, cited_pictures):
    assert list(pictures) == [
        *("speedup-python-0", "speedup-numpy-0", "break-even-0"),
        *("speedup-python-1", "speedup-numpy-1", "break-even-1"),
        *("speedup", "roofline-float64-2", "first-calls"),
    ]
    assert set(cited_pictures) - set(pictures) == {"spread-0", "spread-1", "training-0"}
    for name, picture in {**pictures, **cited_pictures}.items():
        assert picture.name == name
        width, height = picture.figure.get_size_inches()
        assert width == WIDTH or (name == "speedup" and WIDTH < width <= 7.2)
        assert height < 9.5


def test_no_text_is_cut_too_small_or_covered(pictures, cited_pictures):
    for picture in (*pictures.values(), *cited_pictures.values()):
        assert faults_of_texts(picture) == []


def test_what_is_cut_small_or_covered_is_found(pictures):
    figure = pictures["first-calls"].figure
    texts = [figure.text(0.9, 0.5, "too long for its place"), figure.text(0.5, 0.5, "tiny", fontsize=4)]
    texts += [figure.text(0.5, 0.5, "tiny too", fontsize=4)]
    try:
        said = "\n".join(faults_of_texts(pictures["first-calls"]))
    finally:
        for text in texts:
            text.remove()
    assert {"too long for its place runs out", "tiny has 4", "tiny too covers tiny"} <= {
        found
        for line in said.splitlines()
        for found in re.findall(r": (.*? (?:out|has 4|covers tiny))", line)
    }


def test_figures_are_svg_and_one_pdf(pictures):
    for picture in pictures.values():
        assert ET.fromstring(picture.svg).tag == "{http://www.w3.org/2000/svg}svg"
    printed = figures.as_pdf(pictures.values())
    assert printed.startswith(b"%PDF-")
    sizes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", printed)
    assert [float(width) for width, _ in sizes] == pytest.approx(
        [72 * picture.figure.get_size_inches()[0] for picture in pictures.values()]
    )


def test_nothing_timed_makes_no_figure(document):
    document["benchmarks"] = []
    assert draw(document) == {}


def test_the_pdf_of_the_same_figures_has_the_same_bytes(document):
    keep(document, "numpy_zero_loop", "numba_two_loop")
    drawn = draw(document).values()
    assert figures.as_pdf(drawn) == figures.as_pdf(drawn)


def test_another_process_with_another_order_of_hashes_gives_the_same_bytes(ten_timings):
    said = {
        subprocess.run(
            [sys.executable, "-c", ELSEWHERE, str(ten_timings)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert len(*said) > 10_000


def test_ids_inside_a_page_are_unique_and_every_reference_finds_its_own(pictures):
    found, _ = inlined(pictures.values())
    read = read_html("".join(found.values()))
    assert read.faults == []
    ids = set(read.values("id"))
    values = [value for _, held in read.tags for value in held.values()]
    references = re.findall(r"url\(#([^)]*)\)|^#(.*)$", "\n".join(values), re.MULTILINE)
    assert len(references) > 100
    assert {name for pair in references for name in pair if name} == ids


def test_inside_a_page_each_figure_is_well_formed_and_described(pictures):
    found, _ = inlined(pictures.values())
    assert list(found) == list(pictures)
    for name, svg in found.items():
        tag, attributes = read_html(svg).tags[0]
        assert tag == "svg" == ET.fromstring(svg).tag
        assert attributes["role"] == "img"
        assert attributes["aria-labelledby"] == f"{name}-says"
        assert not {"width", "height", "style"} & set(attributes)


def test_inside_a_page_marks_name_their_rows_and_keep_their_titles(pictures):
    found, _ = inlined(pictures.values())
    for name, picture in pictures.items():
        held = [one for one in ET.fromstring(found[name]).iter() if "data-row" in one.attrib]
        assert sorted((one.get("data-row"), one.findtext("title")) for one in held) == sorted(marks(picture))


def test_inside_a_page_ink_is_the_pages_own(pictures):
    found, style = inlined(pictures.values())
    for variable, colour in INK.items():
        assert colour not in "".join(found.values()) + style
        assert f"var({variable})" in style
    used = {name for svg in found.values() for name in re.findall(r'class="([^"]*)"', svg)}
    assert used == set(re.findall(r"\.(\w+)\{", style))


def test_inside_a_page_there_is_nothing_to_fetch(pictures):
    found, style = inlined(pictures.values())
    assert not re.search("https?:|@import", "".join(found.values()) + style)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_rows_are_texts_in_titles_and_attributes(hostile):
    mark = '<g id="mark-0"><title>said</title><path d="M0 0" style="fill: #1b1d21" /></g>'
    svg = f'<svg viewBox="0 0 1 1">{mark}</svg>'
    found, style = inlined([Picture("one", hostile, svg, (hostile,))])
    read = read_html(found["one"])
    assert read.faults == []
    assert [tag for tag, _ in read.tags] == ["svg", "g", "title", "path"]
    assert read.values("data-row") == [hostile]
    assert style == ".f0{fill: var(--ink)}"


def test_hostile_names_are_drawn_and_said(results):
    document, names = results.document, []
    chosen = (HOSTILE["html"], HOSTILE["mathematics"], HOSTILE["control"])
    for old, hostile in zip(("numpy_two_loop", "numpy_one_loop", "numba_two_loop"), chosen, strict=True):
        names.append(f"{hostile}-{old}")
        document = renamed(document, old, names[-1])
    keep(document, "python_two_loop", *names)
    found = draw(document)
    assert set(found) == {
        "speedup-python-0",
        "speedup-python-1",
        "speedup",
        "roofline-float64-2",
        "first-calls",
    }
    for picture in found.values():
        assert set(picture.rows) <= {"python_two_loop", *names}
        for row, said in marks(picture):
            assert " ".join("".join(one if one.isprintable() else " " for one in row).split()) in said
    shown = texts(found["speedup-python-0"].svg)
    assert {clipped(name).replace(r"\$", "$") for name in names} <= set(shown)
    assert read_html("".join(inlined(found.values())[0].values())).faults == []


def is_shown_whole(name):
    return name.isprintable() and len(name) < 100


def three_at_once(names):
    names = list(names)
    return [names[start : start + 3] for start in range(0, len(names), 3)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        *three_at_once(filter(is_shown_whole, HOSTILE.values())),
        *three_at_once(filterfalse(is_shown_whole, HOSTILE.values())),
    ],
)
def test_any_name_can_be_drawn(document, names):
    for old, name in zip(("numpy_one_loop", "numba_two_loop", "square"), names, strict=False):
        document = renamed(document, old, f"{name}-{old}")
    for picture in draw(document).values():
        assert marks(picture)
        if is_shown_whole(names[0]):
            assert faults_of_texts(picture) == []


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("numpy_zero_loop", 28, "numpy_zero_loop"),
        ("n" * 28, 28, "n" * 28),
        ("n" * 29, 28, "n" * 27 + "…"),
        (r"$\frac{ $", 28, r"\$\frac{ \$"),
        ("one\ntwo\t\x1b three", 28, "one two three"),
    ],
)
def test_names_are_one_short_line_without_mathematics(text, most, expected):
    assert clipped(text, most) == expected
