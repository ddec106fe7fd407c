"""What a results file says: one comparison of all rows for each problem, and the verdict in words."""

import math
from dataclasses import dataclass

from reports import code, statistics, wording
from reports.results import Environment, Light, Problem, Results, Row, Timing, Unmeasured
from reports.statistics import Interval

PYTHON = "python_two_loop"
NUMPY = "numpy_zero_loop"
PLAIN = "numba_parallel"
_MOST_SHARE = 1.05  # of the speed of light, whose own time is measured too


@dataclass(frozen=True)
class Line:
    """One row in a comparison; what was not measured is None."""

    name: str
    title: str
    side: str | None
    loops: int | None
    lines: int | None
    status: str  # "measured", or that of `Unmeasured`
    reason: str | None = None
    timing: Timing | None = None
    step_s: Interval | None = None
    over_python: Interval | None = None
    over_numpy: Interval | None = None
    prepare_s: float | None = None
    share: float | None = None  # of the speed of light: its time over the step's
    warmup_s: float | None = None  # what the first call in a process costs on top of a later one
    warm_s: float | None = None  # the same with the compiled code on disk
    calls_to_pay: float | None = None  # prepare and warm-up, against NumPy; infinite for never
    error: float | None = None
    fastest: bool = False  # of the measured rows, or not separated from the fastest


@dataclass(frozen=True)
class Comparison:
    """All rows on one problem, in one dtype, with one number of threads."""

    problem: Problem
    dtype: str
    threads: int
    tolerance: float | None
    lines: tuple[Line, ...]
    light: Light | None

    @property
    def slug(self) -> str:
        """A name for files and anchors."""
        return f"{self.problem.name}-{self.dtype}-{self.threads}t"

    @property
    def title(self) -> str:
        """A heading: square, 128 × 10,000, float64, 2 threads."""
        return f"{named(self.problem)}, {self.dtype}, {wording.threads(self.threads)}"

    @property
    def light_s(self) -> float | None:
        """Seconds at the speed of light: a row must both read X and compute the links."""
        return _light_s(self.light)

    @property
    def bound_by(self) -> str | None:
        """What takes the speed of light its time."""
        if self.light is None:
            return None
        return "reading X" if self.light.read_s >= self.light.link_s else "sigmoid and softplus"

    @property
    def measured(self) -> list[Line]:
        """The lines that have a time, in teaching order."""
        return [line for line in self.lines if line.step_s]

    @property
    def has_speedups(self) -> bool:
        """Tell whether there is anything to draw: a row beside pure Python."""
        return any(line.over_python for line in self.measured)

    def line(self, name: str) -> Line | None:
        """Return a measured row's line."""
        return next((line for line in self.measured if line.name == name), None)

    def speedup(self, name: str, base: str) -> Interval | None:
        """How many times faster one row is than another; None where either has no time."""
        line, other = self.line(name), self.line(base)
        if line is None or other is None or line.timing is None or other.timing is None:
            return None
        return _ratio(other.timing, line.timing)

    @property
    def fastest(self) -> list[Line]:
        """The fastest row and those not separated from it, fastest first."""
        return sorted((line for line in self.lines if line.fastest), key=_step_s)


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
    ratio: Interval  # how many times faster ours is


def compare(results: Results) -> tuple[Comparison, ...]:
    """Compare all rows on each problem, in the order of the file."""
    entries: tuple[Timing | Unmeasured, ...] = (*results.timings, *results.run.unmeasured)
    settings = dict.fromkeys((entry.problem, entry.dtype, entry.threads) for entry in entries)
    order = {problem.name: place for place, problem in enumerate(results.run.problems)}
    return tuple(
        _comparison(results, *setting) for setting in sorted(settings, key=lambda s: (order[s[0]], s[1:]))
    )


def verdict(comparisons: tuple[Comparison, ...]) -> list[str]:
    """Say in a few sentences what the run shows; each claims no more than its intervals allow."""
    return [sentence for sentence in (_removing_loops(comparisons), _fastest(comparisons)) if sentence] or [
        "No row was both verified and timed in this run, so it shows nothing about speed."
    ]


def contest(comparisons: tuple[Comparison, ...], rival: str | None = None) -> tuple[Match, ...]:
    """Hold the fastest of our rows to one rival, or else to the fastest of the peers, where measured."""
    settings = dict.fromkeys((comparison.problem, comparison.dtype) for comparison in comparisons)
    matches = (_match(comparisons, *setting, rival) for setting in settings)
    return tuple(match for match in matches if match)


def left_out(comparisons: tuple[Comparison, ...]) -> list[tuple[Line, list[Comparison]]]:
    """The rows without a time, each reason once, with the comparisons it holds for."""
    found: dict[tuple[str, str, str | None], tuple[Line, list[Comparison]]] = {}
    for comparison in comparisons:
        for line in comparison.lines:
            if line.status != "measured":
                reason = (line.name, line.status, line.reason)
                found.setdefault(reason, (line, []))[1].append(comparison)
    return list(found.values())


def too_fast(comparisons: tuple[Comparison, ...]) -> list[tuple[Comparison, Line]]:
    """The lines that beat the speed of light: a disturbed measurement, or a faster way."""
    return [
        (comparison, line)
        for comparison in comparisons
        for line in comparison.measured
        if line.share is not None and line.share > _MOST_SHARE
    ]


def named(problem: Problem) -> str:
    """A problem with its size: square, 128 × 10,000."""
    size = f"{wording.number(problem.n_x)} × {wording.number(problem.m)}"
    return size if problem.name == f"{problem.n_x}x{problem.m}" else f"{problem.name}, {size}"


def counted(row: Row) -> code.Count | None:
    """Count the code that a row runs: its own, or that of the modules it compiles; None without any."""
    source = row.compiles or row.source
    return code.count(source) if source else None


def busy(environment: Environment) -> str | None:
    """Say that other work was running, where the load shows it; a run itself adds about one to it."""
    before, after, cores = environment.load_before, environment.load_after, environment.cores
    if before is None or after is None or (before <= cores and after <= cores + 1):
        return None
    return f"{before:.1f} processes wanted to run before and {after:.1f} after, on {cores} cores"


def _removing_loops(comparisons: tuple[Comparison, ...]) -> str | None:
    found = [
        (comparison, line.over_python)
        for comparison in comparisons
        if (line := comparison.line(NUMPY)) and line.over_python
    ]
    if not found:
        return None
    low, high = (choose(found, key=lambda pair: pair[1].estimate) for choose in (min, max))
    first = f"Removing both Python loops ({NUMPY}) made one gradient step "
    if len(found) == 1:
        return f"{first}{wording.speedup(high[1])} as fast as pure Python on {high[0].title}."
    return (
        f"{first}from {wording.speedup(low[1])} ({low[0].problem.name}, {low[0].dtype}) to "
        f"{wording.speedup(high[1])} ({high[0].problem.name}, {high[0].dtype}) "
        f"as fast as pure Python, over {len(found)} sets of data."
    )


def _fastest(comparisons: tuple[Comparison, ...]) -> str | None:
    wins: dict[str, int] = {}
    for comparison in comparisons:
        if len(comparison.fastest) == 1 and len(comparison.measured) > 1:
            name = comparison.fastest[0].name
            wins[name] = wins.get(name, 0) + 1
    contests = sum(len(comparison.measured) > 1 for comparison in comparisons)
    if not contests:
        return None
    where = "the one set of data" if contests == 1 else f"{contests} sets of data"
    if not wins:
        return f"No row is the fastest alone on {where}: the first are not separated."
    if contests in wins.values():
        return f"Fastest in this run{f', on all {where}' if contests > 1 else ''}: {next(iter(wins))}."
    said = [f"{name} on {count}" for name, count in sorted(wins.items(), key=lambda win: -win[1])]
    if undecided := contests - sum(wins.values()):
        said.append(f"none alone on {undecided}, where the first are not separated")
    return f"Fastest in this run, on {where}: {'; '.join(said)}."


def _comparison(results: Results, problem: str, dtype: str, threads: int) -> Comparison:
    def here(entry: Timing | Unmeasured | Light) -> bool:
        return (entry.problem, entry.dtype, entry.threads) == (problem, dtype, threads)

    timings = {timing.row: timing for timing in results.timings if here(timing)}
    unmeasured = {entry.row: entry for entry in results.run.unmeasured if here(entry)}
    light = next((light for light in results.run.lights if here(light)), None)
    best = min(timings.values(), key=lambda timing: statistics.time(timing.blocks_s).estimate, default=None)
    lines = []
    for row in results.run.rows:
        if row.name in timings:
            lines.append(_measured(row, timings, best, light, results))
        elif row.name in unmeasured:
            lines.append(_left_out(row, unmeasured[row.name]))
    return Comparison(
        problem=next(candidate for candidate in results.run.problems if candidate.name == problem),
        dtype=dtype,
        threads=threads,
        tolerance=next((timing.tolerance for timing in timings.values()), None),
        lines=tuple(lines),
        light=light,
    )


def _measured(
    row: Row, timings: dict[str, Timing], best: Timing | None, light: Light | None, results: Results
) -> Line:
    timing = timings[row.name]
    count = counted(row)
    step_s = statistics.time(timing.blocks_s)
    light_s = _light_s(light)
    warmup_s = _beyond_step_s("first_call_s", timing, results)
    return Line(
        name=row.name,
        title=row.title,
        side=row.side,
        loops=count.loops if count else None,
        lines=count.lines if count else None,
        status="measured",
        timing=timing,
        step_s=step_s,
        over_python=_ratio(timings.get(PYTHON), timing),
        over_numpy=_ratio(timings.get(NUMPY), timing),
        share=None if light_s is None else light_s / step_s.estimate,
        prepare_s=timing.prepare_s,
        warmup_s=warmup_s,
        warm_s=_beyond_step_s("warm_call_s", timing, results),
        calls_to_pay=_calls_to_pay(timing, timings.get(NUMPY), warmup_s),
        error=timing.error,
        fastest=best is not None and _is_tied(timing, best),
    )


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
    best, other = (min(side, key=lambda entrant: _step_s(entrant.line)) for side in (ours, rivals))
    # Where two of ours are not separated, as where they run the same code, chance names no winner: the first.
    first = next(one for one in ours if one is best or _is_tied(_timing(one), _timing(best)))
    return Match(
        problem, dtype, first, other, statistics.ratio(_timing(other).blocks_s, _timing(first).blocks_s)
    )


def _timing(entrant: Entrant) -> Timing:
    assert entrant.line.timing is not None  # since it was measured
    return entrant.line.timing


def _is_tied(timing: Timing, best: Timing) -> bool:
    # One observation has no interval, which separates it from nothing and makes it no winner either.
    if timing is best:
        return statistics.time(best.blocks_s).low is not None
    ratio = statistics.ratio(timing.blocks_s, best.blocks_s)
    return ratio.low is not None and ratio.contains_one


def _left_out(row: Row, entry: Unmeasured) -> Line:
    count = counted(row)
    return Line(
        name=row.name,
        title=row.title,
        side=row.side,
        loops=count.loops if count else None,
        lines=count.lines if count else None,
        status=entry.status,
        reason=entry.reason,
        error=entry.error,
    )


def _ratio(base: Timing | None, timing: Timing) -> Interval | None:
    if base is None:
        return None
    return Interval(1, 1, 1) if base is timing else statistics.ratio(base.blocks_s, timing.blocks_s)


def _light_s(light: Light | None) -> float | None:
    return None if light is None else max(light.read_s, light.link_s)


def _beyond_step_s(call: str, timing: Timing, results: Results) -> float | None:
    """What such a call of the row cost beyond a step, on the problem that it met first in that process."""
    for other in results.timings:
        call_s: float | None = getattr(other, call)
        if (other.row, other.dtype) == (timing.row, timing.dtype) and call_s is not None:
            return max(0.0, call_s - statistics.time(other.blocks_s).estimate)
    return None


def _calls_to_pay(timing: Timing, numpy: Timing | None, warmup_s: float | None) -> float | None:
    if numpy is None or numpy is timing or warmup_s is None:
        return None
    if statistics.ratio(numpy.blocks_s, timing.blocks_s).contains_one:
        return None  # not separated: nobody knows whether it ever pays
    own_s, numpy_s = (statistics.time(one.blocks_s).estimate for one in (timing, numpy))
    paid = statistics.calls_to_pay(timing.prepare_s + warmup_s, own_s, numpy_s)
    return math.inf if paid is None else paid


def _step_s(line: Line) -> float:
    return line.step_s.estimate if line.step_s else math.inf
