"""Two rows of one run that are two versions of the same thing: how many times as fast is the new one."""

from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import Comparison
from reports.facts.facts import Facts
from reports.facts.intervals import Interval


@dataclass(frozen=True)
class Outcome:
    """The two on one problem, in one dtype, with one number of threads."""

    said: str
    ratio: Interval | None  # how many times as fast the new one is; None if either has no time


def outcomes(facts: Facts, old: str, new: str) -> list[Outcome]:
    """Compare two rows wherever they ran; all intervals hold together, with 95 %."""
    return [_outcome(comparison, old, new, len(facts.comparisons)) for comparison in facts.comparisons]


def _outcome(comparison: Comparison, old: str, new: str, of: int) -> Outcome:
    before, after = comparison.line(old), comparison.line(new)
    if before is None or after is None:
        lost = [line for line in comparison.lines if line.name in (old, new) and not line.step_s]
        why = "; ".join(f"{line.name} {line.status}: {line.reason}" for line in lost)
        return Outcome(f"nothing can be compared on {comparison.title}: {why}", None)
    ratio = intervals.ratio(before.blocks_s, after.blocks_s, of)
    times = f"{wording.significant(ratio.estimate)} times{wording.bounds(ratio)}"
    apart = ", which is not separated from 1" if ratio.contains_one else ""
    return Outcome(f"{new} is {times} as fast as {old} on {comparison.title}{apart}", ratio)
