"""Which speedups of a run may be cited where the run as a whole may not.

What slows all rows alike, such as a processor that changes its speed, cancels in ratios of blocks that follow
each other within a second or two. So a ratio stands if its processes agree on it, and if nothing slowed one
of its rows more than the other.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reports import wording
from reports.facts import intervals
from reports.facts.citable import FEWEST_PROCESSES, quantised
from reports.facts.comparison import Comparison, Line

WIDEST = 0.5  # largest half width of an interval
MOST_UNEVEN = 0.05  # largest difference, outside its interval, between a ratio and that of fast blocks


class Judged(NamedTuple):
    """A speedup over a baseline, and what speaks against citing it; None if nothing was seen."""

    comparison: Comparison
    row: str
    doubt: str | None


def judged(comparisons: Sequence[Comparison], base: str) -> list[Judged]:
    """Judge all speedups over a row."""
    return [
        Judged(comparison, line.name, _doubt(line, over, comparison))
        for comparison in comparisons
        if (over := comparison.line(base))
        for line in comparison.measured
        if line is not over
    ]


def summary(found: Sequence[Judged], base: str) -> list[str]:
    """Say how many speedups may be cited, and why others may not; empty without any."""
    if not found:
        return []
    count, reasons = f"{wording.counted(len(found), 'speedup')} over {base}", {one.doubt for one in found}
    if len(reasons) == 1 and (reason := reasons.pop()):
        return [f"none of {count} may be cited: {reason}"]
    stand = sum(one.doubt is None for one in found)
    return [f"{stand} of {count} may be cited all the same", *_by_reason(found)]


def _by_reason(found: Sequence[Judged]) -> Iterator[str]:
    """Say each reason once, with the rows and problems that it concerns."""
    judged_there = Counter(one.comparison.title for one in found)
    for reason in dict.fromkeys(one.doubt for one in found if one.doubt):
        places: dict[str, list[str]] = {}
        for one in found:
            if one.doubt == reason:
                places.setdefault(one.comparison.title, []).append(one.row)
        said = "; ".join(
            f"{'any' if len(rows) == judged_there[title] else ', '.join(rows)} on {title}"
            for title, rows in places.items()
        )
        yield f"not {said}: {reason}"


def _doubt(line: Line, over: Line, comparison: Comparison) -> str | None:
    both = [(a, b) for a, b in zip(over.blocks_s, line.blocks_s, strict=False) if a and b]
    if len(both) < FEWEST_PROCESSES:
        return f"fewer than {FEWEST_PROCESSES} processes"
    for one in (over, line):
        if quantised(one.blocks_s):
            return f"{one.name} waited for the scheduler, slice by slice; --threads 1 avoids that"
    if comparison.twin and not comparison.twin.contains_one:
        return f"{comparison.twin_of} and its twin, the same code, differ there"
    ratio = intervals.ratio(over.blocks_s, line.blocks_s)
    if ratio.half_width is None or ratio.half_width > WIDEST:
        return f"known less well than to ± {wording.percent(WIDEST)}"
    of_fast = _of_fast_blocks(both)
    if not ratio.over(of_fast).contains_one and abs(math.log(of_fast / ratio.estimate)) > MOST_UNEVEN:
        return "other work slowed one of the two rows more than the other"
    return None


def _of_fast_blocks(both: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float:
    """Return the ratio of two rows' fast blocks, those that little else disturbed."""
    return intervals.geometric_mean([_fast(slow) / _fast(fast) for slow, fast in both])


def _fast(blocks_s: Sequence[float]) -> float:
    return float(np.quantile(blocks_s, 0.25, method="lower"))
