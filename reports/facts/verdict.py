"""The verdict: what a run shows, in a few sentences that claim no more than their intervals allow."""

from collections import Counter

from reports import wording
from reports.facts.comparison import NUMPY, PYTHON, Comparison


def verdict(comparisons: tuple[Comparison, ...]) -> list[str]:
    """Say in a few sentences what the run shows; each claims no more than its intervals allow."""
    found = [sentence for sentence in (_removing_loops(comparisons), _fastest(comparisons)) if sentence]
    if found:
        return found
    if any(comparison.measured for comparison in comparisons):
        return ["No two rows were timed on the same data, so this run has times and no speedups."]
    return ["No row was both verified and timed in this run, so it shows nothing about speed."]


def _removing_loops(comparisons: tuple[Comparison, ...]) -> str | None:
    span = _span(comparisons, NUMPY)
    sets = sum(bool(line.over_python) for one in comparisons if (line := one.line(NUMPY)))
    of = f" of {sets} sets of data" if sets > 1 else ""
    return f"Removing both Python loops ({NUMPY}) made one gradient step {span}{of}." if span else None


def _span(comparisons: tuple[Comparison, ...], row: str) -> str | None:
    """Say how many times as fast as pure Python a row is, at least and at most, and where."""
    found = [
        (comparison, line.over_python)
        for comparison in comparisons
        if (line := comparison.line(row)) and line.over_python
    ]
    if not found or row == PYTHON:
        return None
    low, high = (choose(found, key=lambda pair: pair[1].estimate) for choose in (min, max))
    if len(found) == 1:
        return f"{wording.speedup(high[1])} as fast as pure Python on {high[0].title}"
    least, most = (_told_apart(comparison, comparisons) for comparison, _ in (low, high))
    return (
        f"{wording.speedup(low[1])} to {wording.speedup(high[1])} as fast as pure Python, "
        f"least on {least} and most on {most}"
    )


def _told_apart(comparison: Comparison, among: tuple[Comparison, ...]) -> str:
    """Name a problem, and what else its comparison differs in from others."""
    dtype = f", {comparison.dtype}" if len({one.dtype for one in among}) > 1 else ""
    count = f", {wording.threads(comparison.threads)}" if len({one.threads for one in among}) > 1 else ""
    return f"{comparison.problem.name}{f' ({(dtype + count)[2:]})' if dtype or count else ''}"


def _fastest(comparisons: tuple[Comparison, ...]) -> str | None:
    contests = [comparison for comparison in comparisons if len(comparison.measured) > 1]
    if not contests:
        return None
    where = "the one set of data" if len(contests) == 1 else f"all {len(contests)} sets of data"
    alone = Counter(one.fastest[0].name for one in contests if len(one.fastest) == 1)
    first = Counter(line.name for one in contests for line in one.fastest)
    for name, _ in sorted(first.items(), key=lambda pair: -alone[pair[0]]):
        if first[name] == len(contests):
            beside = "" if alone[name] == len(contests) else ", or not separated from the fastest"
            span = _span(comparisons, name)
            both = sum(bool(line.over_python) for one in contests if (line := one.line(name)))
            apart = f" of the {both} where that was timed" if both < len(contests) and both > 1 else ""
            return f"Fastest{beside}, on {where}: {name}{f', {span}{apart}' if span else ''}."
    said = [f"{name} on {count}" for name, count in alone.most_common()]
    if undecided := len(contests) - alone.total():
        said.append(f"none alone on {undecided}, where the first are not separated")
    return f"Fastest in this run, of {len(contests)} sets of data: {'; '.join(said)}."
