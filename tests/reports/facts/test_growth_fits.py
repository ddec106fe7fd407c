"""How times grow with the size of the data: exponents and straight lines."""

import math
import statistics as stdlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import curve_fit

from reports.facts.intervals import (
    exponent,
    line,
)

T_2, T_4 = 4.302652729911275, 2.7764451051977987  # 97.5 % points of Student's t, from any printed table


def ends(interval):
    return interval.low, interval.estimate, interval.high


SIZES = (1e3, 1e4, 1e5)


@pytest.mark.parametrize("power", [0, 0.5, 1, 2.25])
@pytest.mark.parametrize("sizes", [SIZES, (3.0, 7.0), (10.0, 569.0, 12_000.0, 1e6)])
def test_exponent_of_a_power_is_that_power(sizes, power):
    interval = exponent(sizes, [[[2e-9 * size**power]] * 3 for size in sizes])
    assert ends(interval) == (pytest.approx(power, abs=1e-9),) * 3


def test_exponent_by_hand():
    # Slopes of three processes 1 + 0.1, 1 and 1 - 0.1 on two sizes ten apart: standard deviation 0.1.
    blocks = [[[1.0]] * 3, [[10**1.1], [10.0], [10**0.9]]]
    half = T_2 * 0.1 / math.sqrt(3)
    assert ends(exponent((10, 100), blocks)) == pytest.approx((1 - half, 1, 1 + half))


def test_exponent_is_the_slope_of_least_squares_in_each_process():
    times = [[1e-6, 2.5e-5, 1.5e-4], [1.1e-6, 2e-5, 1.7e-4]]
    slopes = [stats.linregress(np.log(SIZES), np.log(process)).slope for process in times]
    interval = exponent(SIZES, [[[process[n]] for process in times] for n in range(3)])
    assert interval.estimate == pytest.approx(stdlib.fmean(slopes))
    expected = stats.ttest_1samp(slopes, 0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_exponent_takes_the_median_of_a_process_and_leaves_out_one_that_lost_a_size():
    blocks = [[[size, size, 1000 * size], [size] if size > 1e3 else [], [size]] for size in SIZES]
    assert ends(exponent(SIZES, blocks)) == pytest.approx((1, 1, 1))


def test_a_speed_that_drifts_from_process_to_process_changes_no_exponent():
    blocks = [[[drift * size] for drift in (1, 3, 10)] for size in SIZES]
    assert ends(exponent(SIZES, blocks)) == pytest.approx((1, 1, 1))


def test_exponent_of_one_process_has_no_interval_and_of_none_is_none():
    assert ends(exponent(SIZES, [[[size]] for size in SIZES])) == (None, pytest.approx(1), None)
    assert exponent(SIZES, [[[]], [[1.0]], [[1.0]]]) is None


def test_the_interval_of_an_exponent_holds_it_nineteen_times_of_twenty():
    random = np.random.default_rng(1)
    runs, held = 1000, 0
    for noise in random.normal(0, 0.05, (runs, len(SIZES), 6)):
        blocks = [[[size * math.exp(one)] for one in row] for size, row in zip(SIZES, noise, strict=True)]
        interval = exponent(SIZES, blocks)
        held += interval.low <= 1 <= interval.high
    assert abs(held / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


def test_a_line_is_recovered():
    """In each process, whose speed is its own; the interval is Student's t over the processes."""
    drifts = (0.9, 1.0, 1.1)
    start, growth = line(SIZES, [[[drift * (8e-3 + 4e-10 * size)] for drift in drifts] for size in SIZES])
    half = T_2 * 0.1 / math.sqrt(3)
    assert ends(start) == pytest.approx([8e-3 * one for one in (1 - half, 1, 1 + half)])
    assert ends(growth) == pytest.approx([4e-10 * one for one in (1 - half, 1, 1 + half)])


def test_a_line_is_that_of_least_squares_of_relative_errors():
    times = np.array([2e-3, 2.4e-3, 9e-3])
    expected, _ = curve_fit(lambda size, a, b: a + b * size, SIZES, times, p0=(1e-3, 1e-9), sigma=times)
    start, growth = line(SIZES, [[[time_s]] for time_s in times])
    assert (start.estimate, growth.estimate) == pytest.approx(expected, rel=1e-4)
    assert ends(start)[::2] == ends(growth)[::2] == (None, None)


def test_neither_part_of_a_line_is_negative():
    for times in ([size**2 for size in SIZES], [1 / size for size in SIZES]):
        parts = line(SIZES, [[[time_s]] for time_s in times])
        assert min(part.estimate for part in parts) == 0 < max(part.estimate for part in parts)


def test_a_line_leaves_out_processes_that_lost_a_size():
    blocks = [[[1 + size, 1 + size, 9.0], [1.0 + size] if size > 1e3 else [], [1 + size]] for size in SIZES]
    assert [part.estimate for part in line(SIZES, blocks)] == pytest.approx([1, 1])
    assert line(SIZES, [[[]], [[1.0]], [[1.0]]]) is None


@given(
    st.lists(st.integers(1, 10**12), min_size=2, max_size=6, unique=True),
    st.lists(st.floats(1e-11, 1e11), min_size=6, max_size=6),
)
def test_any_times_have_a_line(sizes, times):
    parts = line(sizes, [[[time_s]] for _, time_s in zip(sizes, times, strict=False)])
    assert all(part.estimate >= 0 and math.isfinite(part.estimate) for part in parts)
