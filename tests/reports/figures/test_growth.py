"""The figures of sizes: what stands in each cell, the borders of what was reached, and the lines over m."""

import re

import pytest

from reports.facts import sizes
from reports.facts.comparison import NUMPY, PYTHON
from reports.facts.facts import Facts
from reports.figures import growth
from reports.figures.row_looks import looks_of
from reports.figures.style import drawing
from reports.reading import parse
from reports.wording import times
from tests.documents import sized
from tests.reports.figures.drawn import draw, faults_of_texts, marks

pytestmark = pytest.mark.slow

ROWS = (PYTHON, NUMPY, "numba_two_loop")
N_XS, MS = (2, 10, 100, 1000), (100, 1000, 10_000, 100_000)
MISSING = {(1000, 100_000), (2, 100)}
CELLS = [(n_x, m) for n_x in N_XS for m in MS if (n_x, m) not in MISSING]


def step_s(row, n_x, m):
    """Speedups from 3x to 1,500x, not all of them rising."""
    if row == PYTHON:
        return 3e-8 * n_x * m
    dip = 5 if (n_x, m) == (100, 10_000) else 1
    return dip * (5e-6 + 2e-11 * n_x * m) * (1 if row == NUMPY or n_x > 10 else 0.5)


@pytest.fixture(scope="module")
def run():
    results = parse(sized(CELLS, ROWS, step_s))
    return results, Facts(results).comparisons


@pytest.fixture(scope="module")
def grid(run):
    return sizes.grid(run[1])


@pytest.fixture(scope="module")
def drawn(run, grid):
    results, comparisons = run
    looks = looks_of(results)
    with drawing():
        return (
            growth.pays("pays", grid),
            growth.fastest("fastest", grid, looks),
            growth.scaling("scaling", sizes.series(comparisons), looks),
        )


def speedup(n_x, m):
    return step_s(PYTHON, n_x, m) / step_s(NUMPY, n_x, m)


def borders(level):
    """Each side, as its two ends, that a reached cell shares with one that was timed and not reached."""
    sides = set()
    for n_x, m in CELLS:
        column, row = MS.index(m), N_XS.index(n_x)
        around = {
            (column + 1, row): ((column + 1, row), (column + 1, row + 1)),
            (column - 1, row): ((column, row), (column, row + 1)),
            (column, row + 1): ((column, row + 1), (column + 1, row + 1)),
            (column, row - 1): ((column, row), (column + 1, row)),
        }
        for (x, y), side in around.items():
            beside = (N_XS[y], MS[x]) if 0 <= x < len(MS) and 0 <= y < len(N_XS) else None
            if beside in CELLS and speedup(n_x, m) >= level > speedup(*beside):
                sides.add(side)
    return sides


def drawn_sides(line):
    x, y = line.get_data()
    starts = range(0, len(x), 3)
    return sorted(((x[n], y[n]), (x[n + 1], y[n + 1])) for n in starts)


def test_each_cell_says_its_speedup(drawn):
    expected = [f"n_x = {n_x:,}, m = {m:,}: {times(speedup(n_x, m))} as fast" for n_x, m in CELLS]
    assert sorted(marks(drawn[0])) == sorted((NUMPY, said) for said in expected)
    (axes,) = drawn[0].figure.axes
    shown = {(N_XS[int(one.get_position()[1])], MS[int(one.get_position()[0])]): one for one in axes.texts}
    assert {place: one.get_text() for place, one in shown.items()} == {
        cell: times(speedup(*cell)) for cell in CELLS
    }


def test_contours_are_the_borders_of_what_reached_a_speedup(drawn):
    (axes,) = drawn[0].figure.axes
    assert len(axes.lines) == 2
    for level, line in zip(growth.CONTOURS, axes.lines, strict=True):
        assert drawn_sides(line) == sorted(borders(level)) != []
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()


@pytest.mark.parametrize(
    ("factor", "levels"), [(1, ["10x, as claimed", "300x, as claimed"]), (1e-4, []), (1e6, [])]
)
def test_without_a_border_there_is_no_contour(factor, levels):
    results = parse(
        sized(CELLS, ROWS[:2], lambda row, n_x, m: (factor if row == PYTHON else 1) * step_s(row, n_x, m))
    )
    with drawing():
        picture = growth.pays("pays", sizes.grid(Facts(results).comparisons))
    assert re.findall(r"\d+x, as claimed", picture.svg) == levels


def test_the_alternative_says_where_least_and_most_and_how_often_reached(drawn):
    reached = [sum(speedup(*cell) >= level for cell in CELLS) for level in growth.CONTOURS]
    ends = [choose(CELLS, key=lambda cell: speedup(*cell)) for choose in (min, max)]
    low, high = (f"{times(speedup(n_x, m))} (n_x = {n_x:,}, m = {m:,})" for n_x, m in ends)
    assert drawn[0].alternative == (
        "Speedup of numpy_zero_loop over python_two_loop for 14 sizes of data, float64, 2 threads: "
        f"from {low} to {high}. Reached: 10x on {reached[0]} and 300x on {reached[1]} of 14."
    )


def test_without_both_rows_it_is_not_known_where_it_pays():
    grid = sizes.grid(Facts(parse(sized(CELLS, [NUMPY], step_s))).comparisons)
    assert growth.pays("pays", grid) is None


def test_figures_in_cells_stand_out_from_them(drawn):
    (axes,) = drawn[0].figure.axes
    for cell, text in zip(axes.patches, axes.texts, strict=True):
        bright = [
            sum(
                weight * (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4)
                for weight, one in zip((0.2126, 0.7152, 0.0722), colour, strict=True)
            )
            for colour in (
                cell.get_facecolor()[:3],
                [int(text.get_color()[n : n + 2], 16) / 255 for n in (1, 3, 5)],
            )
        ]
        assert (max(bright) + 0.05) / (min(bright) + 0.05) >= 4.5


def test_each_cell_names_the_fastest_row_and_those_not_separated_from_it(drawn, grid):
    expected = []
    for (n_x, m), comparison in grid.cells.items():
        best, *beside = comparison.fastest
        tied = f", not separated from {' and '.join(line.name for line in beside)}" if beside else ""
        expected.append((best.name, f"n_x = {n_x:,}, m = {m:,}: {best.name}{tied}"))
    assert marks(drawn[1]) == expected
    counts = sum(len(comparison.fastest) > 1 for comparison in grid.cells.values())
    assert len(re.findall(r">\+\d+<", drawn[1].svg)) == counts > 0
    assert (
        "The fastest row for each of 14 sizes of data, float64, 2 threads: numba_two_loop for"
        in drawn[1].alternative
    )


def test_there_is_a_panel_for_each_n_x_and_a_line_for_each_row(drawn, run):
    series = sizes.series(run[1])
    shown = [axes for axes in drawn[2].figure.axes if axes.axison]
    assert [axes.get_title("left") for axes in shown] == [f"n_x = {n_x:,}" for n_x in N_XS]
    for axes, one in zip(shown, series, strict=True):
        for line, row in zip(axes.lines, ROWS, strict=True):
            points = [(a.problem.m, b.step_s.estimate) for a, b in one.of(row)]
            assert [tuple(point) for point in line.get_xydata()] == points
    (_, said) = marks(drawn[2])[0]
    assert said == "python_two_loop, n_x = 2, grows as m^1.00"
    assert drawn[2].alternative == (
        "Time of one step against the number of examples m, for n_x = 2, 10, 100 and 1,000; "
        "float64, 2 threads."
    )


def test_no_text_is_cut_too_small_or_covered(drawn):
    for picture in drawn:
        assert faults_of_texts(picture) == []
        assert picture.figure.get_size_inches()[0] == 3.45


def test_a_run_over_sizes_has_these_figures():
    found = draw(sized([(n_x, m) for n_x in (1, 2, 3) for m in (1, 2, 3)], [NUMPY], lambda *_: 1e-3))
    assert {"fastest", "scaling"} <= set(found)
    assert "pays" not in found
