"""How narrow the intervals of a run are, beside what `--until` asked for."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports import wording
from reports.facts.citable import FEWEST_PROCESSES, fewest_processes
from reports.facts.comparison import Comparison
from reports.results import Plan, Results

_MANY = 10_000  # of more processes than that nobody wants to know the number


@dataclass(frozen=True)
class Widest:
    """The speedup over the baseline that is known least well."""

    row: str
    where: str
    half_width: float  # relative, 0.02 for ± 2 %; infinite without an interval

    @property
    def said(self) -> str:
        """Say how well it is known: numba_fused on square-float64-2t is known to ± 22 %."""
        known = math.isfinite(self.half_width)
        end = f"is known to ± {wording.percent(self.half_width)}" if known else "has no interval yet"
        return f"{self.row} on {self.where} {end}"


def widest(comparisons: Iterable[Comparison], baseline: str) -> Widest | None:
    """Return the speedup over a baseline that has the widest interval; None without a speedup."""
    found = [
        Widest(line.name, comparison.slug, math.inf if ratio.half_width is None else ratio.half_width)
        for comparison in comparisons
        for line in comparison.measured
        if line.name != baseline and (ratio := comparison.speedup(line.name, baseline))
    ]
    return max(found, key=lambda one: one.half_width, default=None)


def is_reached(plan: Plan, found: Widest | None) -> bool:
    """Return whether all intervals are as narrow as `until` asks, over enough processes to believe it."""
    assert plan.until is not None
    return plan.processes >= FEWEST_PROCESSES and (found is None or found.half_width <= plan.until)


def outcome(results: Results, plan: Plan, found: Widest | None) -> str:
    """Say whether a run has reached the width that it was asked for, and which row held it up."""
    assert plan.until is not None
    processes = fewest_processes(results)
    after = wording.counted(processes, "process")
    if found is None:
        return f"no row has a speedup over {plan.baseline}"
    if is_reached(plan, found):
        return f"reached after {after}; {found.said}, and no other row less well"
    said = f"not reached after {after}: {found.said}"
    needed = processes * (found.half_width / plan.until) ** 2
    if processes < FEWEST_PROCESSES or needed == math.inf:
        return f"{said}; {FEWEST_PROCESSES} processes are the fewest that show it"
    number = f"about {wording.about(needed)}" if needed < _MANY else f"more than {_MANY:,}"
    return f"{said}; it would take {number} processes, or a quieter machine"
