"""Estimates and intervals against values worked out by hand, SciPy, and what must not change them."""

import math
import statistics as stdlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reports.facts.intervals import (
    Interval,
    calls_to_pay,
    mean_ratio_of_ratios,
    mean_ratio_of_runs,
    pooled_ratio,
    ratio,
    ratio_of_ratios,
    ratio_of_runs,
    spread_between,
    spread_within,
    time,
)

# Three blocks around 1, in steps of 1.024: mean of the logarithms 0, standard deviation ln 1.024.
SPREAD = (1 / 1.024, 1.0, 1.024)
T_2, T_4 = 4.302652729911275, 2.7764451051977987  # 97.5 % points of Student's t, from any printed table

seconds = st.floats(1e-9, 1e3)
processes = st.lists(st.lists(seconds, min_size=1, max_size=6), min_size=1, max_size=4)


def ends(interval):
    return interval.low, interval.estimate, interval.high


def around(estimate, t, error):
    return tuple(pytest.approx(estimate * math.exp(sign * t * error), rel=1e-9) for sign in (-1, 0, 1))


def scaled(blocks, factor):
    return [[factor * block for block in process] for process in blocks]


def logs(blocks):
    return [math.log(block) for block in blocks]


def test_time_of_one_process_by_hand():
    assert ends(time(scaled([SPREAD], 2e-3))) == around(2e-3, T_2, math.log(1.024) / math.sqrt(3))


def test_time_of_three_processes_is_that_of_their_medians():
    blocks = [[level, level, 1000 * level] for level in SPREAD]
    assert ends(time(blocks)) == around(1, T_2, math.log(1.024) / math.sqrt(3))


def test_ratio_in_one_process_by_hand():
    interval = ratio(scaled([SPREAD], 2e-3), scaled([SPREAD], 2e-5))
    assert ends(interval) == around(100, T_4, math.log(1.024) * math.sqrt(2 / 3))


def test_ratio_over_processes_is_that_of_their_paired_blocks():
    # Each process drifts by factors of ten, and one block in each is disturbed: neither shows.
    drift = (1, 10, 100)
    slow = [[2 * level * now for now in drift] for level in SPREAD]
    fast = [[1, 10, 3], [1, 10, 300], [9, 10, 100]]
    assert ends(ratio(slow, fast)) == around(2, T_2, math.log(1.024) / math.sqrt(3))


def test_ratio_over_processes_with_unequal_blocks_is_that_of_their_medians():
    slow = [[6, 6, 6000], [6, 6, 6000]]
    fast = [[3, 3], [3, 3]]
    assert ends(ratio(slow, fast)) == (pytest.approx(2), pytest.approx(2), pytest.approx(2))


@pytest.mark.parametrize(
    ("slow", "fast"), [([3.0, 3.5, 4.0], [1.0, 1.1]), ([1.0, 9.0], [2.0, 2.1, 2.2, 2.3, 2.4])]
)
def test_intervals_are_scipys(slow, fast):
    welch = stats.ttest_ind(logs(slow), logs(fast), equal_var=False).confidence_interval(0.95)
    assert ends(ratio([slow], [fast]))[::2] == pytest.approx((math.exp(welch.low), math.exp(welch.high)))
    student = stats.ttest_1samp(logs(slow), 0).confidence_interval(0.95)
    assert ends(time([slow]))[::2] == pytest.approx((math.exp(student.low), math.exp(student.high)))
    pairs = [math.log(a / b) for a, b in zip(slow, fast, strict=False)]
    paired = stats.ttest_1samp(pairs, 0).confidence_interval(0.95)
    several = ratio([[block] for block in slow[: len(pairs)]], [[block] for block in fast[: len(pairs)]])
    assert ends(several)[::2] == pytest.approx((math.exp(paired.low), math.exp(paired.high)))


@given(processes, processes)
def test_ratio_the_other_way_round_is_the_reciprocal(slow, fast):
    one, other = ratio(slow, fast), ratio(fast, slow)
    assert one.estimate == pytest.approx(1 / other.estimate)
    if one.low is None:
        assert other.low is None
    else:
        assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low))


@given(processes, processes, st.floats(1e-3, 1e3))
def test_ratio_does_not_depend_on_the_unit(slow, fast, factor):
    one, other = ratio(slow, fast), ratio(scaled(slow, factor), scaled(fast, factor))
    for a, b in zip(ends(one), ends(other), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert a == pytest.approx(b, rel=1e-6)


@given(processes)
def test_a_row_is_not_separated_from_itself(blocks):
    interval = ratio(blocks, blocks)
    assert interval.estimate == 1
    assert interval.contains_one


@given(processes)
def test_estimate_lies_within_the_interval_and_the_blocks(blocks):
    interval = time(blocks)
    medians = [stdlib.median(process) for process in blocks] if len(blocks) > 1 else blocks[0]
    assert min(medians) * 0.999999 <= interval.estimate <= max(medians) * 1.000001
    if interval.low is not None:
        assert interval.low <= interval.estimate <= interval.high


@pytest.mark.parametrize(
    ("slow", "fast"), [([[2.0]], [[1.0, 1.1]]), ([[2.0, 2.1]], [[1.0]]), ([[2.0], [2.1]], [[1.0]])]
)
def test_one_observation_has_no_interval(slow, fast):
    interval = ratio(slow, fast)
    assert (interval.low, interval.high) == (None, None)
    assert interval.estimate > 1
    assert interval.contains_one  # a single number tells nothing from anything


def test_an_interval_beyond_floats_has_no_end():
    assert time([[1e-300, 1.0]]).high == math.inf


def test_blocks_that_are_all_the_same_have_an_interval_of_no_width():
    assert ends(ratio([[0.4, 0.4]], [[0.05, 0.05]])) == pytest.approx((8, 8, 8))
    assert not ratio([[0.4, 0.4]], [[0.05, 0.05]]).contains_one


def test_blocks_of_which_one_row_are_all_the_same_leave_the_other_rows_degrees_of_freedom():
    interval = ratio([[0.4, 0.4]], scaled([SPREAD], 1e-3))
    assert ends(interval) == around(400, T_2, math.log(1.024) / math.sqrt(3))


@pytest.mark.parametrize(
    ("low", "high", "within"),
    [
        (0.9, 1.1, True),
        (1, 1.1, True),
        (0.9, 1, True),
        (1.01, 1.1, False),
        (0.9, 0.99, False),
        (None, None, True),
    ],
)
def test_contains_one(low, high, within):
    assert Interval(low, 1.05, high).contains_one is within


def test_over_a_figure():
    assert Interval(8, 10, 12).over(4) == Interval(2, 2.5, 3)
    assert Interval(None, 10, None).over(4) == Interval(None, 2.5, None)


@pytest.mark.parametrize(
    ("once", "own", "other", "calls"),
    [
        (10, 1, 2, 10),  # after ten calls 10 + 10 against 20
        (10.5, 1, 2, 10.5),
        (10, 2, 2, math.inf),
        (10, 2, 1, math.inf),
    ],
)
def test_calls_to_pay(once, own, other, calls):
    found = calls_to_pay([once], [[own]], [[other]])
    assert (found.low, found.high) == (None, None)
    assert found.estimate == pytest.approx(calls)


def test_calls_to_pay_have_an_interval_over_processes():
    found = calls_to_pay([9.9, 10.1], [[1], [1.01], [0.99]], [[2, 2], [2.01, 2], [2, 2]])
    assert 8 < found.low < found.estimate < found.high < 12
    assert found.estimate == pytest.approx(10, rel=0.02)


def test_no_interval_where_a_process_gains_nothing():
    assert calls_to_pay([10, 10], [[1], [1], [2]], [[2], [2], [1.5]]) == Interval(None, 10, None)


def test_a_process_that_lost_a_row_is_in_no_pair():
    slow, fast = [[4, 4], [], [2, 2], [8, 8]], [[2, 2], [7, 7], [1, 1], [4.4, 4.4]]
    assert ratio(slow, fast) == ratio([slow[n] for n in (0, 2, 3)], [fast[n] for n in (0, 2, 3)])
    assert time(slow) == time([slow[n] for n in (0, 2, 3)])


def test_losing_the_last_process_leaves_the_pairs_of_the_others():
    slow, fast = [[4], [8], [2]], [[2], [4], []]
    assert ratio(slow, fast) == Interval(2, 2, 2) == ratio(slow, fast[:2])


def test_one_process_of_several_has_no_interval():
    assert time([[1, 1.01, 1.02], []]).low is None
    assert ratio([[2, 2.02], []], [[1, 1], []]).low is None


def test_rows_without_a_common_process_are_compared_apart():
    slow, fast = [[4], [4.1], [], []], [[], [], [2], [2.1]]
    assert ratio(slow, fast) == ratio_of_runs(slow, fast)
    assert ratio(slow, fast).low < 2 < ratio(slow, fast).high


def test_more_comparisons_ask_for_wider_intervals():
    slow, fast = [[4], [4.2], [3.9]], [[2], [2], [2.1]]
    half = [ratio(slow, fast, comparisons).half_width for comparisons in (1, 2, 14)]
    assert half == sorted(set(half))
    # Bonferroni's: with fourteen, each at 1 - 0.05 / 14.
    logs = [math.log(a[0] / b[0]) for a, b in zip(slow, fast, strict=True)]
    standard = stdlib.stdev(logs) / math.sqrt(3)
    t = stats.t.ppf(1 - 0.05 / 28, df=2)
    assert ratio(slow, fast, 14).high == pytest.approx(math.exp(stdlib.fmean(logs) + t * standard))


def test_ratio_of_ratios_is_that_of_the_speedups():
    before = ([[4], [4.2], [3.9]], [[2], [2], [2.1]])
    after = ([[8], [8.1], [8]], [[2], [2.1], [2]])
    found = ratio_of_ratios(before, after)
    assert found.estimate == pytest.approx(ratio(*after).estimate / ratio(*before).estimate)
    assert not found.contains_one
    assert ratio_of_ratios(before, before).contains_one


def test_a_change_of_ratios_is_that_of_independent_means_by_welch():
    before = ([[4], [4.2], [3.9]], [[2], [2], [2.1]])
    after = ([[8], [8.1], [8], [7.9]], [[2], [2.1], [2], [2]])
    logs = [[math.log(a[0] / b[0]) for a, b in zip(*run, strict=True)] for run in (after, before)]
    for comparisons in (1, 7):
        level = 1 - 0.05 / comparisons  # Bonferroni's
        welch = stats.ttest_ind(*logs, equal_var=False).confidence_interval(level)
        found = ratio_of_ratios(before, after, comparisons)
        assert ends(found)[::2] == pytest.approx((math.exp(welch.low), math.exp(welch.high)))
    pooled = mean_ratio_of_ratios([before], [after])
    assert ends(pooled) == pytest.approx(ends(ratio_of_ratios(before, after)))


def test_the_mean_change_of_ratios_is_over_all_pairs_in_processes_that_have_them():
    one, two = ([[2], [2.2], [2]], [[1], [1], [1]]), ([[8], [8.4], []], [[1], [1], [1]])
    doubled = [(scaled(slow, 2), fast) for slow, fast in (one, two)]
    found = mean_ratio_of_ratios([one, two], doubled)
    assert found.estimate == pytest.approx(2)
    assert found.low < 2 < found.high
    assert mean_ratio_of_ratios([one], [([[2], []], [[1], [1]])]) is None


def test_pooled_ratio_is_the_mean_over_all_pairs():
    pairs = [([[2], [2.2]], [[1], [1]]), ([[8], [8]], [[1], [1]])]
    assert pooled_ratio(pairs).estimate == pytest.approx(4 * 1.1**0.25)
    assert pooled_ratio([([[2], []], [[1], [1]])]) == Interval(None, 2, None)
    assert pooled_ratio([]) is None


def test_spreads():
    blocks = [[1, math.e, math.e**2], [math.e, math.e**2, math.e**3]]
    assert spread_within(blocks) == pytest.approx(1)
    assert spread_between(blocks) == pytest.approx(stdlib.stdev([1, 2]))
    assert spread_between([[1], []]) is None
    assert spread_within([[1], [2]]) is None


def repeated(few, many):
    """Repeat a simulation a few times in the default suite, and many times behind `slow`."""
    return pytest.mark.parametrize("runs", [few, pytest.param(many, marks=pytest.mark.slow)])


def chance(share, runs):
    """Return how far a share that is seen in so many runs lies from the true one: three standard errors."""
    return 3 * math.sqrt(share * (1 - share) / runs)


def simulated(rng, processes=6, rounds=4):
    """Return the blocks of two rows, one twice as fast, measured side by side.

    Each process has its own bias for each row, of 3 %. The machine drifts, for both rows alike: from process
    to process, in steps within one, and by a neighbour that comes and goes. Blocks have noise of their own,
    and one in fifty is disturbed.
    """
    drift = np.cumsum(rng.normal(0, 0.03, (processes, 1)), axis=0) + np.cumsum(
        rng.normal(0, 0.02, (processes, rounds)), axis=1
    )
    drift = drift + 0.2 * (rng.random((processes, rounds)) < 0.1)
    rows = []
    for true_s in (2.0, 1.0):
        bias = rng.normal(0, 0.03, (processes, 1))
        noise = rng.normal(0, 0.02, (processes, rounds))
        noise += np.abs(rng.standard_t(2, (processes, rounds))) * (rng.random((processes, rounds)) < 0.02)
        rows.append(true_s * np.exp(drift + bias + noise))
    return [row.tolist() for row in rows]


@repeated(800, 4000)
def test_intervals_cover_what_they_claim(runs):
    """Of the simulated runs, 95 % of the intervals contain the true ratio."""
    rng = np.random.default_rng(1)
    found = [ratio(*simulated(rng)) for _ in range(runs)]
    covered = sum(interval.low <= 2 <= interval.high for interval in found) / runs
    assert abs(covered - 0.95) <= chance(0.95, runs), covered
    # Student's t over the ratios of all blocks, as if they were independent, claims far more than it knows.
    pooled = [time([np.divide(*simulated(rng, rounds=12)).ravel().tolist()]) for _ in range(runs // 4)]
    assert sum(interval.low <= 2 <= interval.high for interval in pooled) / len(pooled) < 0.9


def on_two_speeds(rng, dwell_s, processes=6, rounds=12, lanes=20, block_s=0.075):
    """Return the blocks of two rows, one twice as fast, on a machine that jumps between two speeds.

    It stays at each for a random time, `dwell_s` in the mean; the slow one takes 1.4 times as long. The two
    rows have random turns among all lanes of a round, bias, noise and disturbances.
    """
    jumps = 2 + int(4 * rounds * lanes * block_s / dwell_s)
    slow, fast = [], []
    for _ in range(processes):
        ends_s = np.cumsum(rng.exponential(dwell_s, jumps))
        bias = rng.normal(0, 0.03, 2)
        places = (
            np.array([rng.permutation(lanes)[:2] for _ in range(rounds)]) + lanes * np.arange(rounds)[:, None]
        )
        calls_s = (places[:, :, None] + np.linspace(0, 1, 25)) * block_s
        is_slow = (np.searchsorted(ends_s, calls_s) + rng.integers(2)) % 2
        blocks_s = np.median(np.where(is_slow, 1.4, 1.0), axis=2) * [2.0, 1.0]
        noise = rng.normal(0, 0.01, (rounds, 2))
        noise += np.abs(rng.standard_t(2, (rounds, 2))) * (rng.random((rounds, 2)) < 0.02)
        blocks_s *= np.exp(bias + noise)
        slow.append(blocks_s[:, 0].tolist())
        fast.append(blocks_s[:, 1].tolist())
    return slow, fast


@pytest.mark.parametrize("dwell_s", [0.05, 0.3, 1, 5, 60])
@repeated(60, 1000)
def test_intervals_cover_what_they_claim_on_a_machine_with_two_speeds(dwell_s, runs):
    """Between 93 and 97 % of the intervals contain the true ratio, whatever the time between two jumps."""
    rng = np.random.default_rng(5)
    found = [ratio(*on_two_speeds(rng, dwell_s)) for _ in range(runs)]
    covered = sum(interval.low <= 2 <= interval.high for interval in found) / runs
    assert 0.93 - chance(0.93, runs) <= covered <= 0.97 + chance(0.97, runs), covered


def test_mean_of_two_runs_is_that_of_their_processes():
    first, second = ([[2], [2.2], [2.1]], [[1], [1.2], [1.1]]), ([[8], [9], []], [[4], [4.4], [4]])
    before, after = (
        [math.log(2 * 8) / 2, math.log(2.2 * 9) / 2],
        [math.log(1 * 4) / 2, math.log(1.2 * 4.4) / 2],
    )
    after.append(math.log(1.1 * 4) / 2)
    welch = stats.ttest_ind(before, after, equal_var=False).confidence_interval(0.95)
    found = mean_ratio_of_runs([first, second])
    assert ends(found)[::2] == pytest.approx((math.exp(welch.low), math.exp(welch.high)))


@pytest.mark.parametrize("pairs", [[], [([[1, 2]], [[1], [2]])], [([[1], []], [[1], [2]])]])
def test_mean_of_two_runs_needs_two_processes_of_either(pairs):
    assert mean_ratio_of_runs(pairs) is None


@repeated(300, 1000)
def test_mean_of_two_runs_covers_what_it_claims(runs):
    """What disturbs a process disturbs all ten rows in it, so that they are one observation."""
    rng = np.random.default_rng(4)

    def run():
        shared, own = rng.normal(0, 0.02, (1, 6, 1)), rng.normal(0, 0.01, (10, 6, 1))
        return np.exp(shared + own + rng.normal(0, 0.01, (10, 6, 3))).tolist()

    found = [mean_ratio_of_runs(list(zip(run(), run(), strict=True))) for _ in range(runs)]
    covered = sum(interval.contains_one for interval in found) / runs
    assert abs(covered - 0.95) <= chance(0.95, runs), covered


@repeated(250, 1000)
def test_corrected_intervals_hold_together(runs):
    """Of ten rows that are equally fast, a given one is ruled out in 5 % of the runs at most."""
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(runs):
        logs = rng.normal(0, 0.03, (10, 6, 1))
        rows = np.exp(logs + rng.normal(0, 0.01, (10, 6, 3))).tolist()
        best = min(rows, key=lambda row: time(row).estimate)
        others = [row for row in rows if row is not best]
        wrong += any(not ratio(row, best, len(others)).contains_one for row in others[:1])
    assert wrong / runs <= 0.05, "the row that is truly the fastest, here any of them, is ruled out too often"


@pytest.mark.slow
def test_adding_processes_until_intervals_are_narrow_costs_little_coverage():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        slow, fast = simulated(rng, processes=30)
        for processes in range(6, 31):
            found = ratio(slow[:processes], fast[:processes])
            if found.half_width <= 0.03:
                break
        covered += found.low <= 2 <= found.high
    assert covered / 2000 >= 0.93
