"""What differs between two results files: before and after a change, or one machine beside another."""

from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import NUMPY, Comparison, Line
from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.results import FAULTS, Results


@dataclass(frozen=True)
class Change:
    """One row on one problem, in two runs."""

    name: str
    where: str
    title: str  # the same place in words
    before_s: Interval
    after_s: Interval
    ratio: Interval  # how many times as fast it is after, corrected for the number of rows
    agrees: bool | None  # whether its speedups over NumPy are not separated; None for NumPy, or without it

    @property
    def verdict(self) -> str:
        """Say what the interval allows to say."""
        if self.ratio.contains_one:
            return "not separated"
        return "faster" if self.ratio.estimate > 1 else "slower"

    def is_regression(self, limit: float) -> bool:
        """Return whether the row is shown to take longer by more than a share."""
        return self.verdict == "slower" and self.ratio.estimate < 1 / (1 + limit)

    def may_be_regression(self, limit: float) -> bool:
        """Return whether the interval does not rule one out."""
        return self.ratio.low is None or self.ratio.low < 1 / (1 + limit)


@dataclass(frozen=True)
class Changes:
    """All rows that two runs share."""

    before: Facts
    after: Facts
    rows: tuple[Change, ...]
    only_before: tuple[tuple[str, str], ...]  # row and problem
    only_after: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]  # rows that had a time before and fail after, and why
    mean: Interval | None  # how many times as fast all rows are after, in the geometric mean

    def regressions(self, limit: float) -> list[str]:
        """Say which rows take longer by more than a share, or fail, since the run before."""
        slower = [
            f"{change.name} on {change.where}, {wording.speedup(change.ratio)} as fast"
            for change in self.rows
            if change.is_regression(limit)
        ]
        return [*slower, *self.broken]

    def unsure(self, limit: float) -> int:
        """Count the rows whose intervals neither show nor rule out a regression."""
        return sum(
            change.may_be_regression(limit) and not change.is_regression(limit) for change in self.rows
        )

    def count(self, verdict: str) -> int:
        """Count the rows of this verdict."""
        return sum(change.verdict == verdict for change in self.rows)

    @property
    def is_same_run(self) -> bool:
        """Whether both files hold the same run."""
        return self.before.run_id == self.after.run_id

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        """What else differs between the two, before and after: machine, versions, commit."""
        old, new = _facts(self.before.results), _facts(self.after.results)
        return [
            (name, old.get(name, "none"), new.get(name, "none"))
            for name in dict.fromkeys([*old, *new])
            if old.get(name) != new.get(name)
        ]

    @property
    def differences(self) -> list[str]:
        """The same, a line for each."""
        return [f"{name} {old} -> {new}" for name, old, new in self.facts]


def changed(before: Results, after: Results) -> Changes:
    """Compare two runs, row by row, on the problems, dtypes and numbers of threads that both have."""
    was, now = Facts(before), Facts(after)
    old, new = _lines(was.comparisons), _lines(now.comparisons)
    shared = [key for key in old if key in new]
    titles = {comparison.slug: comparison.title for comparison in now.comparisons}
    rows = [_change(*key, titles[key[1]], old[key], new[key], len(shared)) for key in shared]
    blocks = [(old[key][0].blocks_s, new[key][0].blocks_s) for key in shared]
    broken = [
        f"{line.name} on {comparison.slug}, {line.status}: {line.reason}"
        for comparison in now.comparisons
        for line in comparison.lines
        if line.status in FAULTS and (line.name, comparison.slug) in old
    ]
    only_before = tuple(key for key in old if key not in new)
    only_after = tuple(key for key in new if key not in old)
    mean = intervals.mean_ratio_of_runs(blocks)
    return Changes(was, now, tuple(rows), only_before, only_after, tuple(broken), mean)


def _facts(results: Results) -> dict[str, str]:
    machine = results.environment
    facts = {"processor": machine.cpu, "cores": str(machine.cores), "GPU": machine.gpu or "none"}
    facts |= {"system": machine.system, "Python": machine.python, "zeroloop": results.run.version}
    return {**facts, **machine.versions, "commit": (results.commit or "none")[:12]}


def _lines(comparisons: tuple[Comparison, ...]) -> dict[tuple[str, str], tuple[Line, Line | None]]:
    """Return each measured row's line, and that of NumPy beside it."""
    found: dict[tuple[str, str], tuple[Line, Line | None]] = {}
    for comparison in comparisons:
        for line in comparison.measured:
            found[line.name, comparison.slug] = (line, _numpy(comparison, line))
    return found


def _numpy(comparison: Comparison, line: Line) -> Line | None:
    return None if line.name == NUMPY else comparison.line(NUMPY)


def _change(
    name: str, where: str, title: str, old: tuple[Line, Line | None], new: tuple[Line, Line | None], rows: int
) -> Change:
    (before, base_before), (after, base_after) = old, new
    was, now = before.blocks_s, after.blocks_s
    agrees = None
    if base_before and base_after:
        bases = base_before.blocks_s, base_after.blocks_s
        interval = intervals.ratio_of_ratios((bases[0], was), (bases[1], now))
        agrees = interval.contains_one if interval.low is not None else None
    return Change(
        name=name,
        where=where,
        title=title,
        before_s=intervals.time(was),
        after_s=intervals.time(now),
        ratio=intervals.ratio_of_runs(was, now, rows),
        agrees=agrees,
    )
