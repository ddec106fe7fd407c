"""Estimates with intervals, as pure functions on block times.

Times are compared on a log scale, where a speedup is a difference and its reciprocal its negative.

* Runs of several processes: per process the median of the paired log-ratios of its blocks, then Student's t
  over the processes, since only new processes remove the bias of one (T. Kalibera and R. Jones, Rigorous
  benchmarking in reasonable time, ISMM 2013).
* Runs of one process: the rounds of a row follow each other, so they are correlated. They were cut into
  consecutive blocks, and the medians of the blocks stand for independent observations (batch means;
  A. M. Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.5.3); two rows are compared by
  Welch's t. Such an interval does not hold what another process would have shown.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

CONFIDENCE = 0.95
Blocks = Sequence[Sequence[float]]  # per process, seconds per call


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; low and high are None where there is one observation only."""

    low: float | None
    estimate: float
    high: float | None

    @property
    def contains_one(self) -> bool:
        """Tell whether a ratio cannot be told from 1: "not separated"."""
        return self.low is None or self.high is None or self.low <= 1 <= self.high

    def over(self, figure: float) -> "Interval":
        """Return the interval in units of a figure, to hold a ratio to a claimed one."""
        if self.low is None or self.high is None:
            return Interval(None, self.estimate / figure, None)
        return Interval(self.low / figure, self.estimate / figure, self.high / figure)


def time(blocks: Blocks) -> Interval:
    """Seconds per call: the geometric mean of the observations, with Student's t interval."""
    return _interval([_Sample(_observations(blocks))])


def ratio(slow: Blocks, fast: Blocks) -> Interval:
    """How many times faster `fast` is than `slow`."""
    if len(slow) == len(fast) > 1:
        return _interval([_Sample([_paired(a, b) for a, b in zip(slow, fast, strict=True)])])
    return _interval([_Sample(_observations(slow)), _Sample(_observations(fast), sign=-1)])


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean of ratios, one at least, on a log scale."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def calls_to_pay(once_s: float, own_s: float, other_s: float) -> int | None:
    """After how many calls a row that costs `once_s` at the start is ahead of the other; None for never."""
    if own_s >= other_s:
        return None
    return max(1, math.ceil(once_s / (other_s - own_s)))


class _Sample:
    """Mean of independent observations of a logarithm, with the variance of that mean."""

    def __init__(self, observations: Sequence[float], sign: int = 1):
        count = len(observations)
        self.mean = sign * statistics.fmean(observations)
        self.freedom = count - 1
        self.variance = statistics.variance(observations) / count if count > 1 else None


def _interval(samples: Sequence[_Sample]) -> Interval:
    mean = sum(sample.mean for sample in samples)
    variances = [sample.variance for sample in samples]
    if any(variance is None for variance in variances):
        return Interval(None, math.exp(mean), None)
    total = sum(variance or 0.0 for variance in variances)
    if total == 0:
        return Interval(math.exp(mean), math.exp(mean), math.exp(mean))
    # Welch-Satterthwaite; with one sample this is its own number of degrees of freedom.
    freedom = total**2 / sum((sample.variance or 0.0) ** 2 / sample.freedom for sample in samples)
    half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * math.sqrt(total)
    return Interval(_exp(mean - half), _exp(mean), _exp(mean + half))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _observations(blocks: Blocks) -> list[float]:
    if len(blocks) == 1:
        return [math.log(block) for block in blocks[0]]
    return [math.log(statistics.median(process)) for process in blocks]


def _paired(slow: Sequence[float], fast: Sequence[float]) -> float:
    if len(slow) == len(fast):
        return statistics.median(math.log(a / b) for a, b in zip(slow, fast, strict=True))
    return math.log(statistics.median(slow) / statistics.median(fast))
