"""The figures as files and inside a page. What they look like is for eyes; the rest is held here."""

import re
import xml.etree.ElementTree as ET

import pytest

from reports import figures
from reports.figures import INK, Picture
from reports.results import parse

ROWS = ("python_two_loop", "numpy_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop")
ODD = {
    "numpy_two_loop": r"$\frac{ $.py",
    "numpy_one_loop": "<b>&amp;\"'</b> \n.py",
    "numpy_zero_loop": "n" * 29,
    "numba_two_loop": 'a$b id="c" #1b1d21',
    "breast_cancer": r"\$^{$_$" + "x" * 10_000,
}


@pytest.fixture(scope="module")
def draw(compared):
    return lambda document: figures.draw(parse(document), compared(document))


@pytest.fixture(scope="module")
def odd(results, keep, renamed, draw):
    """One problem with names that look like something else, and its figures."""
    document = results.document
    for old, new in ODD.items():
        document = renamed(document, old, new)
    keep(document, "python_two_loop", *ODD.values())
    document["benchmarks"] = document["benchmarks"][:5]
    return document, draw(document)


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]


def test_one_figure_for_each_problem_one_of_all_and_one_of_sizes(pictures):
    assert list(pictures) == ["speedup-0", "speedup-1", "speedup", "roofline", "scaling"]
    assert all(picture.name == name for name, picture in pictures.items())


def test_figures_are_svg_and_pdf(pictures):
    for picture in pictures.values():
        assert ET.fromstring(picture.svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert picture.pdf.startswith(b"%PDF-")


def test_figures_show_the_names_and_numbers(pictures):
    shown = texts(pictures["speedup-0"].svg)
    assert set(ROWS) < set(shown)
    assert "breast_cancer, 30 × 569, float64, 2 threads" in shown
    assert [text for text in shown if text in ("1x", "0.250x", "10.0x", "100x", "97.7x")][-5:] == [
        "1x",
        "0.250x",
        "10.0x",
        "100x",
        "97.7x",
    ]
    assert set(ROWS) < set(texts(pictures["scaling"].svg))


def test_a_row_looks_the_same_wherever_it_appears(pictures):
    for name in ("speedup-0", "speedup-1", "roofline", "scaling"):
        assert {"#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"} <= set(
            re.findall("#[0-9a-f]{6}", pictures[name].svg)
        )


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes(odd, draw):
    document, drawn = odd
    assert draw(document) == drawn


def test_one_size_makes_no_figure_of_sizes(odd):
    assert list(odd[1]) == ["speedup-0", "speedup", "roofline"]


def test_without_pure_python_there_is_no_speedup_to_draw(document, keep, draw):
    keep(document, "numpy_zero_loop")
    assert list(draw(document)) == ["roofline", "scaling"]


def test_nothing_timed_makes_no_figure(document, draw):
    document["benchmarks"] = []
    assert draw(document) == {}


def test_alternatives_say_what_is_shown(pictures):
    assert pictures["speedup-0"].alternative == (
        "Speedup over pure Python on breast_cancer, 30 × 569, float64, 2 threads: "
        "fastest numpy_zero_loop and numba_two_loop, 100x [94.8, 106]."
    )


def test_roofline_says_which_row_is_closest_to_the_speed_of_light(pictures):
    assert pictures["roofline"].alternative.endswith(
        " Closest to it: numba_two_loop on square, 128 × 10,000, float64, 2 threads, at 80 %."
    )
    shown = texts(pictures["roofline"].svg)
    expected = {"float64, 2 threads", "breast_cancer", "square", "speed of light", "size of X", "1 MB"}
    assert set(ROWS) | expected <= set(shown)


def test_roofline_stands_at_bytes_and_gigabytes_per_second(document, monkeypatch, draw):
    plotted = []
    monkeypatch.setattr(figures, "_saved", lambda figure, kind: plotted.append(figure) or b"")
    draw(document)
    axes = plotted[-3].axes[0]  # as SVG; after it come its PDF and the figure of sizes
    drawn = [line.get_xydata().tolist() for line in axes.lines if line.get_linestyle() == "None"]
    small, square = 30 * 569 * 8, 128 * 10_000 * 8
    numba, light = drawn[-2:]
    assert numba == [pytest.approx([small, small / 20.48e3]), pytest.approx([square, square / 5e5])]
    assert light == [pytest.approx([small, small / 5e3]), pytest.approx([square, square / 4e5])]


def test_without_a_light_there_is_no_roofline(document, draw):
    document["zeroloop"]["lights"] = []
    assert "roofline" not in draw(document)


def test_roofline_has_a_panel_for_each_dtype_and_number_of_threads(document, draw, keep):
    keep(document, "numpy_zero_loop", "numba_two_loop")  # without speedups to draw
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    for other in ({"dtype": "float32"}, {"threads": 1}, {"dtype": "float16"}):
        document["benchmarks"] += [{"extra_info": {**one, **other}} for one in held]
        document["zeroloop"]["lights"] += [{**one, **other} for one in document["zeroloop"]["lights"][:2]]
    shown = texts(draw(document)["roofline"].svg)
    assert [text for text in shown if text.startswith("float")] == [
        "float32, 2 threads",
        "float64, 1 thread",
        "float64, 2 threads",
    ]
    assert shown.count("speed of light") == 1


def test_roofline_of_one_small_problem_has_its_size_below(document, draw, keep):
    keep(document, "numpy_zero_loop")
    document["benchmarks"] = document["benchmarks"][:1]
    document["zeroloop"]["problems"][0].update(n_x=8, m=8)
    held = document["benchmarks"][0]["extra_info"]
    light = document["zeroloop"]["lights"][0]
    document["benchmarks"].append({"extra_info": {**held, "threads": 1}})
    document["zeroloop"]["lights"].append({**light, "threads": 1})
    shown = texts(draw(document)["roofline"].svg)
    assert shown.count("1 kB") == 2, "512 bytes lie between powers of ten"


def test_sixteen_rows_have_markers_of_their_own_and_look_alike_nowhere(document):
    rows = document["zeroloop"]["rows"]
    rows += [{**rows[0], "name": f"row {place}"} for place in range(16 - len(rows))]
    looks = list(figures._looks(parse(document)).values())
    assert len({look.marker for look in looks}) == len(looks) == 16


def test_every_row_is_drawn_with_its_own_marker(document, monkeypatch, draw):
    # The ten rows before them leave those that were timed the last markers, which are no letters.
    more = [{**document["zeroloop"]["rows"][0], "name": f"row {place}"} for place in range(10)]
    document["zeroloop"]["rows"][:0] = more
    plotted = []
    monkeypatch.setattr(figures, "_saved", lambda figure, kind: plotted.append(figure) or b"")
    draw(document)
    looks = figures._looks(parse(document))
    expected = {looks[name].marker for name in ROWS}
    for figure in plotted:
        drawn = {line.get_marker() for line in figure.axes[0].lines}
        assert drawn - {"None", "_"} == expected


def test_ids_inside_a_page_are_unique_and_every_reference_finds_its_own(pictures, read_html):
    read = read_html("".join(picture.inline for picture in pictures.values()))
    assert read.faults == []
    ids = set(read.values("id"))
    assert len(ids) > 100
    values = [value for _, held in read.tags for value in held.values()]
    references = re.findall(r"url\(#([^)]*)\)|^#(.*)$", "\n".join(values), re.MULTILINE)
    assert len(references) > 100
    assert {name for pair in references for name in pair if name} <= ids


def test_inside_a_page_each_figure_is_well_formed_and_described(pictures, read_html):
    for picture in pictures.values():
        tag, attributes = read_html(picture.inline).tags[0]
        assert tag == "svg" == ET.fromstring(picture.inline).tag.rpartition("}")[2]
        assert attributes["role"] == "img"
        assert attributes["aria-label"] == picture.alternative
        assert re.fullmatch(r"max-width:\d+px", attributes["style"])
        assert not {"width", "height"} & set(attributes)


def test_inside_a_page_ink_is_the_pages_own(pictures):
    for picture in pictures.values():
        for variable, colour in INK.items():
            assert colour not in picture.inline
            assert (f"var({variable})" in picture.inline) == (colour in picture.svg)


def test_inside_a_page_there_is_nothing_to_fetch(pictures):
    for picture in pictures.values():
        assert set(re.findall(r"https?://[^\"']*", picture.inline)) == {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }


def test_alternative_is_escaped(hostile, read_html):
    picture = Picture(
        "name", hostile, '<svg width="3pt" height="2pt" viewBox="0 0 3 2"><g id="a"/></svg>', b""
    )
    read = read_html(picture.inline)
    assert read.faults == []
    assert [tag for tag, _ in read.tags] == ["svg", "g"]
    attributes = read.tags[0][1]
    assert set(attributes) == {"role", "aria-label", "style", "viewbox"}
    assert attributes["aria-label"] == hostile


def test_any_name_can_be_drawn(odd, read_html):
    picture = odd[1]["speedup-0"]
    assert set(texts(picture.svg)) > {
        r"$\frac{ $.py",
        "<b>&amp;\"'</b> .py",
        "n" * 27 + "…",
        'a$b id="c" #1b1d21',
        r"\$^{$_$" + "x" * 52 + "…",
    }
    read = read_html(picture.inline)
    assert read.faults == []
    assert "b" not in {tag for tag, _ in read.tags}
    assert {r"$\frac{ $.py", "n" * 27 + "…", r"\$^{$_$" + "x" * 8 + "…"} <= set(texts(odd[1]["roofline"].svg))


@pytest.mark.slow
def test_any_character_can_be_drawn(odd, renamed, draw):
    assert draw(renamed(odd[0], ODD["numba_two_loop"], "测试🙂\x1b.py"))


def test_alternative_has_the_name_as_it_is(odd):
    assert ODD["numba_two_loop"] in odd[1]["speedup-0"].alternative


def test_inside_a_page_texts_are_left_alone(odd):
    assert ODD["numba_two_loop"] in texts(odd[1]["speedup-0"].inline)


def test_cost_curve_has_the_same_bytes_each_time():
    curve = figures.cost_curve([0.7], r"mine $\frac{ $.py", "svg")
    assert r"mine $\frac{ $.py" in texts(curve)
    assert curve == figures.cost_curve([0.7], r"mine $\frac{ $.py", "svg")
