"""The contest: our fastest row against the fastest peer, on each problem in each dtype."""

from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import Comparison, Line, is_tied
from reports.facts.intervals import Interval, geometric_mean
from reports.results import Problem

PLAIN = "numba_parallel"
_CHOSEN = (
    "The intervals are corrected for choosing the best of either side; if our rows cannot be told apart, the "
    "first in the tables is shown."
)


@dataclass(frozen=True)
class Entrant:
    """A measured row, and the number of threads at which it was the fastest of its side."""

    line: Line
    threads: int


@dataclass(frozen=True)
class Match:
    """Our fastest row and the fastest of its rivals on one problem in one dtype."""

    problem: Problem
    dtype: str
    ours: Entrant
    rival: Entrant
    ratio: Interval  # how many times as fast ours is, corrected for choosing the best of either side


def contest(comparisons: tuple[Comparison, ...], rival: str | None = None) -> tuple[Match, ...]:
    """Compare the fastest of our rows with one rival, or with the fastest of the peers, if measured."""
    settings = dict.fromkeys((comparison.problem, comparison.dtype) for comparison in comparisons)
    matches = (_match(comparisons, *setting, rival) for setting in settings)
    return tuple(match for match in matches if match)


def summary(against_peers: tuple[Match, ...], against_plain: tuple[Match, ...]) -> str:
    """Say how many times as fast ours are as the best peers and as plain Numba; empty without a match."""
    means = [
        f"{wording.times(geometric_mean([match.ratio.estimate for match in matches]))} as fast as {rival}"
        for rival, matches in (
            ("the best peer", against_peers),
            (f"{PLAIN}, plain Numba on all cores", against_plain),
        )
        if matches
    ]
    return f"In the geometric mean ours is {' and '.join(means)}. {_CHOSEN}" if means else ""


def _match(
    comparisons: tuple[Comparison, ...], problem: Problem, dtype: str, rival: str | None
) -> Match | None:
    entrants = [
        Entrant(line, comparison.threads)
        for comparison in comparisons
        if (comparison.problem, comparison.dtype) == (problem, dtype)
        for line in comparison.measured
    ]
    ours = [one for one in entrants if one.line.side == "ours"]
    rivals = [one for one in entrants if (one.line.name == rival if rival else one.line.side == "peer")]
    if not ours or not rivals:
        return None
    best, other = (min(side, key=lambda entrant: entrant.line.estimate_s) for side in (ours, rivals))
    # Of our rows that are not separated, as where they run the same code, only chance would name a winner.
    first = next(one for one in ours if one is best or is_tied(one.line, best.line, len(ours) - 1))
    pairs = len(ours) * len(rivals)  # these two are the best on either side
    return Match(
        problem, dtype, first, other, intervals.ratio(other.line.blocks_s, first.line.blocks_s, pairs)
    )
