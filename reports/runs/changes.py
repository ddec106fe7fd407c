"""What differs between two results files: before and after a change, or one machine beside another.

A row is judged by its speedup over a row that both runs have timed, its base: the two are paired in each
process, so what makes one run faster in everything shows in neither speedup. Times share nothing from one run
to the other; they decide where there is no base.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import NUMPY, Comparison
from reports.facts.facts import Facts
from reports.facts.intervals import Blocks, Interval
from reports.facts.machine import conditions
from reports.results import FAULTS, Results
from reports.runs.since import is_same_code


@dataclass(frozen=True)
class Change:
    """One row on one problem, in two runs; its intervals are corrected for the number of rows."""

    name: str
    where: str
    title: str  # the same place in words
    base: str | None  # the row that it is compared with in each run; None if its times alone decide
    before_s: Interval
    after_s: Interval
    times: Interval  # how many times as fast it is after, by its times alone
    before: Interval | None  # speedup over the base
    after: Interval | None
    ratio: Interval  # how many times as fast it is after, which decides: by the speedups if there is a base

    @property
    def is_base(self) -> bool:
        """Whether it is the row that others are compared with, and by which itself cannot be judged."""
        return self.name == self.base

    @property
    def verdict(self) -> str:
        """Say what the interval allows to say."""
        if self.is_base:
            return "baseline"
        if self.ratio.contains_one:
            return "not separated"
        return "faster" if self.ratio.estimate > 1 else "slower"

    @property
    def basis(self) -> str:
        """Say where times alone decide; empty elsewhere."""
        return "" if self.base else "by times"

    @property
    def said(self) -> str:
        """Say what changed: numba_fused on square-float64-2t, 0.855x [0.831, 0.880] as fast (by ...)."""
        by = "by its times alone"
        if self.before and self.after:
            ends = map(wording.speedup, (self.before, self.after))
            by = f"{' → '.join(ends)} over {self.base}"
        times = " → ".join(wording.seconds(one.estimate) for one in (self.before_s, self.after_s))
        return f"{self.name} on {self.where}, {wording.speedup(self.ratio)} as fast ({by}; {times})"


@dataclass(frozen=True)
class Changes:
    """All rows that two runs share."""

    before: Facts
    after: Facts
    rows: tuple[Change, ...]
    only_before: tuple[tuple[str, str], ...]  # row and problem
    only_after: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]  # rows that had a time before and fail after, and why
    lost: tuple[str, ...]  # rows that had a time before and none after although they were asked for, and why
    mean: Interval | None  # how many times as fast `averaged` rows are after, in the geometric mean

    @property
    def judged(self) -> tuple[Change, ...]:
        """All rows but the bases."""
        return tuple(change for change in self.rows if not change.is_base)

    @property
    def by_times(self) -> tuple[Change, ...]:
        """The rows that their times alone decide."""
        return tuple(change for change in self.rows if not change.base)

    @property
    def averaged(self) -> int:
        """The number of rows in the mean: those with a base, if there are any."""
        return len(self.judged) - len(self.by_times) or len(self.by_times)

    @property
    def bases(self) -> dict[str, list[str]]:
        """Where each base stands beside the other rows."""
        found: dict[str, list[str]] = {}
        for change in self.rows:
            if change.is_base:
                found.setdefault(change.name, []).append(change.where)
        return found

    def regressions(self, limit: float) -> list[str]:
        """Say which rows are slower by more than a share, or fail, since the run before."""
        return [*(change.said for change in self.rows if change.ratio.is_slower(limit)), *self.broken]

    def unsure(self, limit: float) -> list[str]:
        """Say which rows may be slower by more than a share without being shown to be, the widest first."""
        found = [change for change in self.rows if change.ratio.may_be_slower(limit)]
        found.sort(key=lambda change: change.ratio.low or 0.0)
        return [*(change.said for change in found), *self.lost]

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
        was, now = conditions(self.before.environment), conditions(self.after.environment)
        if was and now:  # older files do not say
            old, new = old | was, new | now
        return [
            (name, old.get(name, "none"), new.get(name, "none"))
            for name in dict.fromkeys([*old, *new])
            if old.get(name) != new.get(name)
        ]

    @property
    def differences(self) -> list[str]:
        """The same, a line for each."""
        return [f"{name} {old} -> {new}" for name, old, new in self.facts]


@dataclass(frozen=True)
class _Shared:
    """A row that two runs have timed on one problem, and the row that both compare it with."""

    name: str
    base: str | None
    before: Comparison
    after: Comparison

    def blocks(self, name: str) -> tuple[Blocks, Blocks]:
        """Return the block times of a row in both runs."""
        old, new = (run.line(name) for run in (self.before, self.after))
        assert old is not None
        assert new is not None
        return old.blocks_s, new.blocks_s

    @property
    def pairs(self) -> tuple[tuple[Blocks, Blocks], tuple[Blocks, Blocks]]:
        """The block times of base and row, before and after."""
        assert self.base
        before, after = zip(self.blocks(self.base), self.blocks(self.name), strict=True)
        return before, after


def changed(before: Results, after: Results) -> Changes:
    """Compare two runs, row by row, on the problems, dtypes and numbers of threads that both have."""
    was, now = Facts(before), Facts(after)
    shared = list(_shared(was, now))
    judged = sum(one.name != one.base for one in shared)
    old, new = _timed(was), _timed(now)
    gone = [
        (line.status in FAULTS, f"{line.name} on {comparison.slug}, {line.status}: {line.reason}")
        for comparison in now.comparisons
        for line in comparison.lines
        if not line.step_s and (line.name, comparison.slug) in old
    ]
    return Changes(
        was,
        now,
        rows=tuple(_change(one, judged) for one in shared),
        only_before=tuple(key for key in old if key not in new),
        only_after=tuple(key for key in new if key not in old),
        broken=tuple(said for is_fault, said in gone if is_fault),
        lost=tuple(said for is_fault, said in gone if not is_fault),
        mean=_mean(shared),
    )


def _facts(results: Results) -> dict[str, str]:
    machine = results.environment
    facts = {"processor": machine.cpu, "cores": str(machine.cores), "GPU": machine.gpu or "none"}
    facts |= {"system": machine.system, "Python": machine.python, "zeroloop": results.run.version}
    return {**facts, **machine.versions, "commit": (results.commit or "none")[:12]}


def _timed(facts: Facts) -> list[tuple[str, str]]:
    return [(line.name, comparison.slug) for comparison in facts.comparisons for line in comparison.measured]


def _shared(was: Facts, now: Facts) -> Iterator[_Shared]:
    """Find each row that both runs have timed on a problem, and its base: one that others stand beside."""
    bases, after = _bases(was, now), {comparison.slug: comparison for comparison in now.comparisons}
    for old in was.comparisons:
        if new := after.get(old.slug):
            names = [line.name for line in old.measured if new.line(line.name)]
            base = next((name for name in bases if name in names), None) if len(names) > 1 else None
            yield from (_Shared(name, base, old, new) for name in names)


def _bases(was: Facts, now: Facts) -> list[str]:
    """Name the rows that may be a base, the best first: each has the same code in both runs."""
    plans = [facts.run.plan.baseline for facts in (was, now) if facts.run.plan]
    before, after = ({row.name: row for row in facts.run.rows} for facts in (was, now))
    return [
        name
        for name in dict.fromkeys([*plans, NUMPY])
        if name in before and name in after and is_same_code(before[name], after[name])
    ]


def _change(one: _Shared, judged: int) -> Change:
    was, now = one.blocks(one.name)
    times = intervals.ratio_of_runs(was, now, judged)
    before, after = (run.speedup(one.name, one.base) if one.base else None for run in (one.before, one.after))
    ratio = times
    if one.base:
        itself = one.name == one.base
        ratio = Interval(1, 1, 1) if itself else intervals.ratio_of_ratios(*one.pairs, judged)
    return Change(
        name=one.name,
        where=one.after.slug,
        title=one.after.title,
        base=one.base,
        before_s=intervals.time(was),
        after_s=intervals.time(now),
        times=times,
        before=before,
        after=after,
        ratio=ratio,
    )


def _mean(shared: list[_Shared]) -> Interval | None:
    """Return the mean of all changes of speedups; without any, that of the times."""
    pairs = [one.pairs for one in shared if one.base and one.name != one.base]
    if pairs:
        before, after = zip(*pairs, strict=True)
        return intervals.mean_ratio_of_ratios(before, after)
    return intervals.mean_ratio_of_runs([one.blocks(one.name) for one in shared])
