"""Estimates with intervals, as pure functions on block times.

Times are compared on a log scale, where a speedup is a difference and its reciprocal its negative.

* Runs of several processes: per process the median of the paired log-ratios of its blocks, then Student's t
  over the processes, since only new processes remove the bias of one (T. Kalibera and R. Jones, Rigorous
  benchmarking in reasonable time, ISMM 2013).
* Runs of one process: the rounds of a row follow each other, so they are correlated. They were cut into
  consecutive blocks, and the medians of the blocks stand for independent observations (batch means;
  A. M. Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.5.3); two rows are compared by
  Welch's t. Such an interval says nothing about another process.

SciPy is loaded where it is used: most commands need no statistics, and it takes most of a second.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
Blocks = Sequence[Sequence[float]]  # per process, seconds per call; none of a process that lost the row


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; low and high are None where there is one observation only."""

    low: float | None
    estimate: float
    high: float | None

    @property
    def half_width(self) -> float | None:
        """How far the interval reaches from its estimate, relative: 0.02 for 2 %."""
        if self.low is None or self.high is None:
            return None
        return math.sqrt(self.high / self.low) - 1 if self.low > 0 else math.inf

    @property
    def contains_one(self) -> bool:
        """Whether a ratio cannot be told from 1: "not separated"."""
        return self.low is None or self.high is None or self.low <= 1 <= self.high

    def is_slower(self, limit: float) -> bool:
        """Return whether a speedup is shown to be below 1, and by more than a share as far as is known."""
        return not self.contains_one and self.estimate < 1 / (1 + limit)

    def may_be_slower(self, limit: float) -> bool:
        """Return whether the interval neither shows that, nor rules it out."""
        return not self.is_slower(limit) and (self.low is None or self.low < 1 / (1 + limit))

    def over(self, figure: float) -> "Interval":
        """Return the interval in units of a figure, to compare a ratio with a claimed one."""
        if self.low is None or self.high is None:
            return Interval(None, self.estimate / figure, None)
        return Interval(self.low / figure, self.estimate / figure, self.high / figure)


def time(blocks: Blocks) -> Interval:
    """Seconds per call: the geometric mean of the observations, with Student's t interval."""
    return _interval([_Sample(_observations(blocks))])


def ratio(slow: Blocks, fast: Blocks, comparisons: int = 1) -> Interval:
    """How many times faster `fast` is than `slow`, measured side by side.

    Bonferroni: all `comparisons` intervals hold jointly with 95 %.
    """
    return _interval(_ratio_samples(slow, fast), comparisons)


def ratio_of_runs(before: Blocks, after: Blocks, comparisons: int = 1) -> Interval:
    """How many times faster `after` is than `before`, measured apart from each other: Welch's t."""
    return _interval([_Sample(_observations(before)), _Sample(_observations(after), sign=-1)], comparisons)


def ratio_of_ratios(
    before: tuple[Blocks, Blocks], after: tuple[Blocks, Blocks], comparisons: int = 1
) -> Interval:
    """How many times larger the ratio of two rows is in another run: slow and fast, before and after.

    Within each run the two are paired, so what disturbs both alike shows in neither ratio.
    """
    minus = [_Sample(sample.observations, -sample.sign) for sample in _ratio_samples(*before)]
    return _interval([*_ratio_samples(*after), *minus], comparisons)


def pooled_ratio(pairs: Sequence[tuple[Blocks, Blocks]]) -> Interval | None:
    """The geometric mean of the ratios of all pairs, over the processes that have them; None without one."""
    means = _pooled(pairs)
    return _interval([_Sample(means)]) if means else None


def exponent(sizes: Sequence[float], blocks: Sequence[Blocks]) -> Interval | None:
    """The k of size^k along which a time grew: the slope of least squares on logarithms, in each process.

    `blocks` has one entry for each size, of two at least; processes that lack one are left out, and without
    any the answer is None. Low and high are None for one process.
    """
    logs = [math.log(size) for size in sizes]
    middle = statistics.fmean(logs)
    weights = [log - middle for log in logs]
    norm = sum(weight**2 for weight in weights)
    if norm == 0:
        return None  # sizes that differ by less than their logarithms tell
    slopes = [
        sum(w * math.log(statistics.median(times)) for w, times in zip(weights, process, strict=True)) / norm
        for process in zip(*blocks, strict=False)
        if all(process)
    ]
    return _mean(slopes) if slopes else None


def line(sizes: Sequence[float], blocks: Sequence[Blocks]) -> tuple[Interval, Interval] | None:
    """The a and b of a + b·size along which a time grew, neither negative, with Student's t intervals.

    In each process by least squares in which relative errors weigh equally. `blocks` has one entry for each
    size, of two at least; processes that lack one are left out, and without any the answer is None.
    """
    from scipy.optimize import nnls

    largest = max(sizes)
    columns = np.array([(1.0, size / largest) for size in sizes])
    fits = []
    for process in zip(*blocks, strict=False):
        if all(process):
            times = np.array([statistics.median(block) for block in process])
            (start, growth), _ = nnls(columns / times[:, None], np.ones(len(times)))
            fits.append((float(start), float(growth) / largest))
    if not fits:
        return None
    starts, growths = zip(*fits, strict=True)
    return _mean(starts), _mean(growths)


def mean_ratio_of_runs(pairs: Sequence[tuple[Blocks, Blocks]]) -> Interval | None:
    """How many times faster all rows are in another run, in the geometric mean; before and after of each.

    The rows of one process share what disturbs it, so their mean is one observation. None unless both runs
    have two processes with every row.
    """
    if not pairs:
        return None
    before, after = (_process_means(rows) for rows in zip(*pairs, strict=True))
    if min(len(before), len(after)) < 2:
        return None
    return _interval([_Sample(before), _Sample(after, sign=-1)])


def mean_ratio_of_ratios(
    before: Sequence[tuple[Blocks, Blocks]], after: Sequence[tuple[Blocks, Blocks]]
) -> Interval | None:
    """How many times larger the ratios of all pairs are in another run, in the geometric mean.

    None unless both runs have two processes with every row.
    """
    was, now = _pooled(before), _pooled(after)
    if min(len(was), len(now)) < 2:
        return None
    return _interval([_Sample(now), _Sample(was, sign=-1)])


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean of ratios, one at least, on a log scale."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def calls_to_pay(once_s: Sequence[float], own: Blocks, other: Blocks) -> Interval:
    """After how many calls a row that costs `once_s` at the start is ahead of another; infinite for never."""
    pairs = zip(own, other, strict=False)
    gains_s = [statistics.median(b) - statistics.median(a) for a, b in pairs if a and b]
    if not gains_s or statistics.median(gains_s) <= 0:
        return Interval(None, math.inf, None)
    if min(gains_s) <= 0 or min(once_s) <= 0:
        return Interval(None, max(1.0, statistics.median(once_s) / statistics.median(gains_s)), None)
    samples = [_Sample([math.log(one) for one in once_s]), _Sample([math.log(g) for g in gains_s], sign=-1)]
    return _interval(samples)


def spread_between(blocks: Blocks) -> float | None:
    """Standard deviation of the processes' medians, relative; None for fewer than two processes."""
    found = [math.log(statistics.median(process)) for process in blocks if process]
    return math.sqrt(_variance(found)) if len(found) > 1 else None


def spread_within(blocks: Blocks) -> float | None:
    """Standard deviation of the blocks inside a process, relative, the median of all; None without two."""
    found = [math.sqrt(_variance([*map(math.log, process)])) for process in blocks if len(process) > 1]
    return statistics.median(found) if found else None


class _Sample:
    """Mean of independent observations of a logarithm, with the variance of that mean."""

    def __init__(self, observations: Sequence[float], sign: int = 1):
        self.observations, self.sign = observations, sign
        count = len(observations)
        self.mean = sign * statistics.fmean(observations)
        self.freedom = count - 1
        self.variance = _variance(observations) / count if count > 1 else None


def _ratio_samples(slow: Blocks, fast: Blocks) -> list[_Sample]:
    """Return one sample of pairs where two rows share processes, and one of each row where they do not."""
    if len(slow) > 1 and len(fast) > 1:
        pairs = [_paired(a, b) for a, b in zip(slow, fast, strict=False) if a and b]
        if pairs:
            return [_Sample(pairs)]
    return [_Sample(_observations(slow)), _Sample(_observations(fast), sign=-1)]


def _interval(samples: Sequence[_Sample], comparisons: int = 1) -> Interval:
    mean = sum(sample.mean for sample in samples)
    variances = [sample.variance for sample in samples]
    if any(variance is None for variance in variances):
        return Interval(None, _exp(mean), None)
    total = sum(variance or 0.0 for variance in variances)
    if total == 0:
        return Interval(_exp(mean), _exp(mean), _exp(mean))
    # Welch-Satterthwaite; with one sample this is its own number of degrees of freedom.
    freedom = total**2 / sum((sample.variance or 0.0) ** 2 / sample.freedom for sample in samples)
    half = _student(freedom, comparisons) * math.sqrt(total)
    return Interval(_exp(mean - half), _exp(mean), _exp(mean + half))


def _mean(values: Sequence[float]) -> Interval:
    """The mean of independent observations; low and high are None for one."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(None, mean, None)
    half = _student(len(values) - 1) * math.sqrt(_variance(values) / len(values))
    return Interval(mean - half, mean, mean + half)


def _variance(values: Sequence[float]) -> float:
    """Return the sample variance; `statistics.variance` is exact, which takes twenty times as long."""
    mean = statistics.fmean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _student(freedom: float, comparisons: int = 1) -> float:
    """How many standard errors an interval reaches to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - (1 - CONFIDENCE) / (2 * comparisons)))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _observations(blocks: Blocks) -> list[float]:
    if len(blocks) == 1:
        return [math.log(block) for block in blocks[0]]
    return [math.log(statistics.median(process)) for process in blocks if process]


def _process_means(rows: Sequence[Blocks]) -> list[float]:
    return [
        statistics.fmean(math.log(statistics.median(blocks[n])) for blocks in rows)
        for n in range(min(map(len, rows)))
        if all(blocks[n] for blocks in rows)
    ]


def _pooled(pairs: Sequence[tuple[Blocks, Blocks]]) -> list[float]:
    """Return the mean log-ratio of all pairs in each process that has them."""
    processes = min((len(blocks) for pair in pairs for blocks in pair), default=0)
    return [
        statistics.fmean(_paired(slow[n], fast[n]) for slow, fast in pairs)
        for n in range(processes)
        if all(slow[n] and fast[n] for slow, fast in pairs)
    ]


def _paired(slow: Sequence[float], fast: Sequence[float]) -> float:
    if len(slow) == len(fast):
        return statistics.median(math.log(a / b) for a, b in zip(slow, fast, strict=True))
    return math.log(statistics.median(slow) / statistics.median(fast))
