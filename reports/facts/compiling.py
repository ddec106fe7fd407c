"""Rows whose first call in a process compiles."""

from reports.facts.comparison import NUMPY, Comparison, Line

_LEAST_S = 1e-2  # a first call that takes less compiles nothing


def compiling(comparisons: tuple[Comparison, ...]) -> list[Line]:
    """Return the rows whose first call compiles, most costly first, each where it was first measured."""
    found: dict[str, Line] = {}
    for comparison in comparisons:
        for line in comparison.measured:
            if _compiles(line):
                found.setdefault(line.name, line)
    return sorted(found.values(), key=lambda line: -(line.warmup_s or 0))


def compiling_beside_numpy(comparison: Comparison) -> list[Line]:
    """Return the rows of a comparison whose first call compiles; empty if NumPy has no time there."""
    numpy = comparison.line(NUMPY)
    return [line for line in comparison.measured if numpy and line is not numpy and _compiles(line)]


def _compiles(line: Line) -> bool:
    """Return whether a first call compiles: it takes long, and most of that no later call takes."""
    assert line.timing
    first_s = max(line.timing.first_call_s, default=0.0)
    return line.warmup_s is not None and line.warmup_s >= max(_LEAST_S, first_s / 2)
