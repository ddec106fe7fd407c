"""Grids and series of sizes, from runs whose times follow known powers."""

import pytest

from reports.facts import sizes
from tests.documents import compared, sized, threaded

NUMPY, PYTHON = "numpy_zero_loop", "python_two_loop"
ROWS = (PYTHON, NUMPY)
ALL = [(n_x, m) for n_x in (2, 10, 100) for m in (100, 1000, 10_000, 100_000)]


def grows(row, n_x, m):
    return 1e-8 * n_x * m if row == PYTHON else 1e-9 * n_x * m**0.5


@pytest.fixture(scope="session")
def of():
    return lambda cells, rows=ROWS, step_s=grows: compared(sized(cells, rows, step_s))


def test_a_grid_has_its_sides_in_order_and_a_comparison_in_each_cell(of):
    grid = sizes.grid(of(ALL[::-1]))
    assert (grid.n_xs, grid.ms) == ((2, 10, 100), (100, 1000, 10_000, 100_000))
    assert set(grid.cells) == set(ALL)
    for (n_x, m), comparison in grid.cells.items():
        assert (comparison.problem.n_x, comparison.problem.m) == (n_x, m)


def test_cells_may_be_missing(of):
    cells = [*ALL, *((1000, m) for m in (100, 1000, 10_000))]
    cells.remove((2, 100))
    assert set(sizes.grid(of(cells)).cells) == set(cells)


def test_what_shares_too_few_sizes_is_left_out(of):
    assert set(sizes.grid(of([*ALL, (30, 569), (7, 1000), (7, 100), (2, 7)])).cells) == set(ALL)


@pytest.mark.parametrize(
    "cells",
    [ALL[:8], [(n, n) for n in range(1, 9)], [(n_x, m) for n_x, m in ALL if m < 10_000 or n_x > 90][:7]],
)
def test_less_than_three_by_three_is_no_grid(of, cells):
    assert sizes.grid(of(cells)) is sizes.grid(()) is None


def test_leaving_out_one_side_can_leave_too_little_of_the_other(of):
    # Each n_x has three m, but once those of a single n_x are gone, nothing is left.
    assert sizes.grid(of([(n_x, 10 * n_x + k) for n_x in range(3) if n_x for k in range(3)])) is None


def test_of_two_settings_the_larger_grid_is_taken():
    document = sized(ALL, ROWS, grows)
    fewer = [one["extra_info"] for one in document["benchmarks"] if one["extra_info"]["problem"] != "2x100"]
    document["benchmarks"] += [{"extra_info": {**one, "threads": 1}} for one in fewer]
    grid = sizes.grid(compared(document))
    assert {one.threads for one in grid.cells.values()} == {2}
    assert len(grid.cells) == len(ALL)
    assert {one.threads for series in sizes.series(compared(document)) for one in series.members} == {2}


def test_series_are_of_the_number_of_threads_with_the_most_sizes_in_a_line():
    """One thread was timed on more data, but two on more that differ in m alone."""
    lined = [(2, m) for m in (100, 1000, 10_000, 100_000)]
    scattered = [(n_x, 7) for n_x in range(3, 12)]

    def step_s(row, threads, n_x, m):
        is_missing = m == 100_000 if threads == 1 else n_x > 2
        return None if is_missing else threads * 1e-9 * m

    (series,) = sizes.series(compared(threaded([*lined, *scattered], ROWS, (1, 2), step_s)))
    assert series.setting == "float64, 2 threads"
    assert [one.problem.m for one in series.members] == [m for _, m in lined]
    timed = [line.step_s.estimate for _, line in series.of(NUMPY)]
    assert timed == pytest.approx([2e-9 * m for _, m in lined], rel=1e-2)


def test_a_cell_where_nothing_was_timed_is_missing(of):
    found = of(ALL, step_s=lambda row, n_x, m: None if (n_x, m) == (2, 100) else 1e-3)
    assert (2, 100) not in sizes.grid(found).cells


def test_series_rise_in_m_for_each_n_x(of):
    found = sizes.series(of([*ALL[::-1], (7, 1), (7, 2)]))
    assert [(one.n_x, [member.problem.m for member in one.members]) for one in found] == [
        (n_x, [100, 1000, 10_000, 100_000]) for n_x in (2, 10, 100)
    ]
    assert sizes.series(()) == []


def test_exponents_are_those_of_the_times(of):
    (series, *_) = sizes.series(of(ALL))
    assert series.exponent(PYTHON).estimate == pytest.approx(1)
    assert series.exponent(NUMPY).estimate == pytest.approx(0.5)
    assert series.exponent(PYTHON).low == pytest.approx(1)


def test_an_exponent_is_fitted_to_the_three_largest_sizes(of):
    (series,) = sizes.series(of(ALL[:4], step_s=lambda row, n_x, m: 1.0 if m == 100 else 1e-9 * m))
    assert series.exponent(NUMPY).estimate == pytest.approx(1)


def test_a_row_timed_on_two_sizes_has_no_exponent_and_its_own_points(of):
    found = of(ALL[:4], step_s=lambda row, n_x, m: None if row == PYTHON and m > 1000 else 1e-9 * m)
    (series,) = sizes.series(found)
    assert series.exponent(PYTHON) is None
    assert series.exponent("nobody") is None
    assert [comparison.problem.m for comparison, _ in series.of(PYTHON)] == [100, 1000]
