"""The figures of speedups: their dots and intervals, what is joined, and where their texts lie."""

import pytest
from matplotlib.text import Annotation

from reports.facts.comparison import NUMPY, PYTHON
from reports.facts.facts import Facts
from reports.figures import speedup
from reports.figures.row_looks import looks_of
from reports.figures.style import drawing
from reports.reading import parse
from reports.wording import speedup as worded
from tests.documents import keep, renamed, slowed
from tests.reports.figures.drawn import draw, faults_of_texts, marks, printed, texts

pytestmark = pytest.mark.slow

ROWS = ("python_two_loop", "numpy_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop")


@pytest.fixture(scope="module")
def one():
    """Draw the first comparison of a document."""

    def draw_first(document, base=PYTHON):
        results = parse(document)
        with drawing():
            return speedup.draw("speedup", Facts(results).comparisons[0], base, looks_of(results))

    return draw_first


def beside(axes):
    """The figures beside the dots, by the height at which they stand."""
    return {text.xy[1]: text for text in axes.texts if isinstance(text, Annotation)}


def brackets(axes):
    """The rows, from the top, that each bracket joins."""
    return [
        list(range(round(-max(line.get_ydata()) + 0.3), round(-min(line.get_ydata()) - 0.3) + 1))
        for line in axes.lines
        if not line.get_clip_on()
    ]


def assert_figures_fit(axes):
    """Hold the figures beside the dots to the axes, and to their brackets, when printed."""
    joined = {row for bracket in brackets(axes) for row in bracket}
    with printed(axes.figure):
        frame = axes.get_window_extent()
        for height, text in beside(axes).items():
            end = 0.985 if -height in joined else 1
            assert text.get_window_extent().x1 <= frame.x0 + end * frame.width, text.get_text()


def test_names_and_figures_stand_fastest_first(pictures):
    shown = texts(pictures["speedup-python-0"].svg)
    assert set(ROWS) < set(shown)
    assert "breast_cancer, 30 × 569, float64, 2 threads" in shown
    order = ["numpy_zero_loop", "numba_two_loop", "numpy_one_loop", "python_two_loop", "numpy_two_loop"]
    assert [text for text in shown if text in ROWS] == order
    (axes,) = pictures["speedup-python-0"].figure.axes
    assert [text.get_text() for _, text in sorted(beside(axes).items(), reverse=True)] == [
        *("100x", "97.7x", "10.0x", "1x", "0.250x")
    ]


@pytest.mark.parametrize(("short", "base"), [("python", PYTHON), ("numpy", NUMPY)])
def test_marks_say_the_figures_of_the_table(pictures, comparisons, short, base):
    for place, comparison in enumerate(comparisons):
        assert marks(pictures[f"speedup-{short}-{place}"]) == [
            (line.name, f"{line.name}: {worded(line.over(base))} as fast as {base}")
            for line in comparison.compared_with(base)
        ]


def test_dots_and_bars_lie_at_estimates_and_intervals(cited_pictures, cited_results):
    lines = Facts(cited_results).comparisons[0].compared_with(PYTHON)
    (axes,) = cited_pictures["speedup-python-0"].figure.axes
    dots = {-line.get_ydata()[0]: line.get_xdata()[0] for line in axes.lines if line.get_gid()}
    assert dots == {place: line.over_python.estimate for place, line in enumerate(lines)}
    bars = {-one.get_ydata()[0]: list(one.get_xdata()) for one in axes.lines if one.get_alpha()}
    assert bars == {place: [line.over_python.low, line.over_python.high] for place, line in enumerate(lines)}


def test_brackets_join_exactly_the_rows_that_are_not_separated(pictures, cited, one, comparisons):
    assert brackets(pictures["speedup-python-0"].figure.axes[0]) == [[0, 1]]
    # Rows 5 % apart, with processes that spread by 4 %: groups of several rows.
    for place, entry in enumerate(cited["benchmarks"]):
        spread = (0.96, 1.04, 1.0, 0.97, 1.03, 1.01)
        turned = spread[place:] + spread[:place]
        entry["extra_info"]["blocks_s"] = [[1e-3 * 1.05**place * once] for once in turned]
    (comparison, _) = Facts(parse(cited)).comparisons
    expected, first = [], 0
    for group in comparison.groups:
        expected += [list(range(first, first + len(group)))] if len(group) > 1 else []
        first += len(group)
    assert expected
    assert brackets(one(cited).figure.axes[0]) == expected


def test_only_the_fastest_are_tinted_and_bold(pictures, comparisons):
    for place, comparison in enumerate(comparisons):
        (axes,) = pictures[f"speedup-python-{place}"].figure.axes
        bold = [label.get_text() for label in axes.get_yticklabels() if label.get_fontweight() == "bold"]
        assert bold == [line.name for line in comparison.fastest]
        assert len(axes.patches) == len(bold)


def test_the_alternative_names_the_fastest_row_and_its_figure(pictures):
    assert pictures["speedup-python-0"].alternative == (
        "Speedup over python_two_loop on breast_cancer, 30 × 569, float64, 2 threads. "
        "Fastest: numpy_zero_loop, 100x [94.8, 106], not separated from 1 other row."
    )
    assert pictures["speedup-numpy-1"].alternative.endswith("Fastest: numba_two_loop, 2.00x [1.90, 2.11].")
    assert pictures["speedup"].alternative == "Speedup over python_two_loop on 2 sets of data."


def test_without_a_baseline_there_is_no_speedup_over_it(document):
    keep(document, "numpy_zero_loop", "numpy_one_loop")
    assert set(draw(document)) == {"speedup-numpy-0", "speedup-numpy-1", "roofline-float64-2"}


def test_one_row_has_no_speedup(document):
    keep(document, "numpy_zero_loop")
    assert set(draw(document)) == {"roofline-float64-2"}


def test_all_problems_share_one_figure_two_beside_each_other(pictures):
    figure = pictures["speedup"].figure
    headings = [
        text.get_text() for axes in figure.axes for text in axes.texts if not isinstance(text, Annotation)
    ]
    assert headings == [
        "breast_cancer, 30 × 569, float64, 2 threads",
        "square, 128 × 10,000, float64, 2 threads",
    ]
    assert pictures["speedup"].rows == (
        *pictures["speedup-python-0"].rows,
        *pictures["speedup-python-1"].rows,
    )


def test_figures_beside_the_dots_lie_inside_the_axes(pictures, cited_pictures):
    for picture in (*pictures.values(), *cited_pictures.values()):
        if picture.name.startswith("speedup"):
            for axes in picture.figure.axes:
                assert_figures_fit(axes)


@pytest.mark.parametrize("name", ["numba_two_loop", "my_own_vectorized_step_of_today.py"])
@pytest.mark.parametrize("factor", [1, 1e-3])
def test_figures_fit_however_far_rows_are_apart(cited, one, factor, name):
    picture = one(renamed(slowed(cited, "numba_two_loop", factor), "numba_two_loop", name))
    assert_figures_fit(picture.figure.axes[0])
    assert faults_of_texts(picture) == []


def test_forty_rows(cited, one):
    like = cited["benchmarks"][0]["extra_info"]
    row = cited["zeroloop"]["rows"][0]
    for n in range(35):
        cited["zeroloop"]["rows"].append({**row, "name": f"own_{n}.py"})
        blocks_s = [[(1 + n) * block for block in process] for process in like["blocks_s"]]
        cited["benchmarks"].append({"extra_info": {**like, "row": f"own_{n}.py", "blocks_s": blocks_s}})
    picture = one(cited)
    assert len(set(picture.rows)) == 40
    assert_figures_fit(picture.figure.axes[0])
    assert faults_of_texts(picture) == []
    assert picture.figure.get_size_inches()[1] < 9.5


@pytest.mark.parametrize("blocks_s", [[[1e-9], [1e9]], [[1e-3]], [[1e-3], [2e-3]]])
def test_intervals_without_ends_or_none_can_be_drawn(cited, one, blocks_s):
    for entry in cited["benchmarks"][:4]:
        entry["extra_info"]["blocks_s"] = [list(process) for process in blocks_s]
        entry["extra_info"].update(prepare_s=[], first_call_s=[], warm_call_s=[])
    cited["zeroloop"].update(twins=[], trainings=[])
    picture = one(cited)
    assert_figures_fit(picture.figure.axes[0])
    assert faults_of_texts(picture) == []
