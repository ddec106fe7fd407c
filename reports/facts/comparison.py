"""What a results file says: one comparison of all rows for each problem, and the verdict in words."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from reports import wording
from reports.facts import intervals, sources
from reports.facts.intervals import Interval
from reports.results import Light, Problem, Results, Row, Timing, Unmeasured

PYTHON = "python_two_loop"
NUMPY = "numpy_zero_loop"
PLAIN = "numba_parallel"
_ITEM_BYTES = {"float32": 4, "float64": 8}
_MOST_SHARE = 1.05  # of the speed of light, whose own time is measured too


@dataclass(frozen=True)
class Line:
    """One row in a comparison; what was not measured is None."""

    name: str
    title: str
    side: str | None
    device: str  # "cpu" or "cuda"
    loops: int | None
    lines: int | None
    status: str  # "measured", or that of `Unmeasured`
    reason: str | None = None
    lost: tuple[Unmeasured, ...] = ()  # processes of a measured row that have no time, and why
    timing: Timing | None = None
    step_s: Interval | None = None
    over_python: Interval | None = None
    over_numpy: Interval | None = None
    prepare_s: float | None = None
    light_s: float | None = None  # at the speed of light of the row's device
    share: float | None = None  # of the speed of light: its time over the step's
    warmup_s: float | None = None  # what the first call in a process costs on top of a later one
    warm_s: float | None = None  # the same with the compiled code on disk
    calls_to_pay: Interval | None = None  # prepare and warm-up, against NumPy; infinite for never
    extra_bytes: int | None = None  # most memory of a step, beyond what its process holds between steps
    between: float | None = None  # standard deviation of processes, relative
    within: float | None = None  # and of the blocks inside one
    error: float | None = None
    fastest: bool = (
        False  # of the measured rows, or not separated from the fastest, corrected for their number
    )

    def over(self, base: str) -> Interval | None:
        """How many times faster than one of the two baselines, `PYTHON` and `NUMPY`."""
        return {PYTHON: self.over_python, NUMPY: self.over_numpy}[base]


@dataclass(frozen=True)
class Comparison:
    """All rows on one problem, in one dtype, with one number of threads."""

    problem: Problem
    dtype: str
    threads: int
    tolerance: float | None
    lines: tuple[Line, ...]
    lights: tuple[Light, ...]  # one of each device that was measured
    twin: Interval | None = (
        None  # the A/A pair: a row over itself in another process, corrected for all pairs
    )
    twin_of: str | None = None

    @property
    def slug(self) -> str:
        """A name for files and anchors."""
        return f"{self.problem.name}-{self.dtype}-{self.threads}t"

    @property
    def title(self) -> str:
        """A heading: square, 128 × 10,000, float64, 2 threads."""
        return f"{named(self.problem)}, {self.dtype}, {wording.threads(self.threads)}"

    @property
    def x_bytes(self) -> int | None:
        """Bytes of X; None for numbers of a size that is not known here."""
        item = _ITEM_BYTES.get(self.dtype)
        return None if item is None else self.problem.n_x * self.problem.m * item

    def light_s(self, device: str) -> float | None:
        """Seconds at the speed of light of a device: a row must both read X and compute the links."""
        return _light_s(self._light(device))

    def bound_by(self, device: str) -> str | None:
        """What takes the speed of light its time."""
        light = self._light(device)
        if light is None:
            return None
        return "reading X" if light.read_s >= light.link_s else "sigmoid and softplus"

    @property
    def measured(self) -> list[Line]:
        """The lines that have a time, in teaching order."""
        return [line for line in self.lines if line.step_s]

    @property
    def groups(self) -> list[list[Line]]:
        """The measured lines, fastest first, in groups that are not separated from their first."""
        groups: list[list[Line]] = []
        rows = len(self.measured)
        pairs = rows * (rows - 1) // 2  # of which those are looked at that the order of the times suggests
        for line in sorted(self.measured, key=_step_s):
            if groups and _is_tied(_timing(line), _timing(groups[-1][0]), pairs):
                groups[-1].append(line)
            else:
                groups.append([line])
        return groups

    def compared_with(self, base: str) -> list[Line]:
        """Return the lines that have a speedup over a baseline, fastest first; none where only that has."""
        lines = sorted((line for line in self.measured if line.over(base)), key=_step_s)
        return lines if len(lines) > 1 else []

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

    def _light(self, device: str) -> Light | None:
        return next((light for light in self.lights if light.device == device), None)


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
    ratio: Interval  # how many times faster ours is, corrected for choosing the best of either side


@dataclass(frozen=True)
class Loss:
    """A row without a time, or without that of one process, and where that was so."""

    name: str
    status: str
    reason: str
    comparisons: list[Comparison]


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
    found = [sentence for sentence in (_removing_loops(comparisons), _fastest(comparisons)) if sentence]
    if found:
        return found
    if any(comparison.measured for comparison in comparisons):
        return ["No two rows were timed on the same data, so this run has times and no speedups."]
    return ["No row was both verified and timed in this run, so it shows nothing about speed."]


def contest(comparisons: tuple[Comparison, ...], rival: str | None = None) -> tuple[Match, ...]:
    """Hold the fastest of our rows to one rival, or else to the fastest of the peers, where measured."""
    settings = dict.fromkeys((comparison.problem, comparison.dtype) for comparison in comparisons)
    matches = (_match(comparisons, *setting, rival) for setting in settings)
    return tuple(match for match in matches if match)


def left_out(comparisons: tuple[Comparison, ...]) -> list[Loss]:
    """What was not measured, each reason once, with the comparisons it holds for."""
    found: dict[tuple[str, str, str], Loss] = {}
    for comparison in comparisons:
        for line in comparison.lines:
            losses = [(f"{entry.status} in process {entry.process}", entry.reason) for entry in line.lost]
            if line.reason is not None:
                losses = [(line.status, line.reason)]
            for status, reason in losses:
                loss = found.setdefault((line.name, status, reason), Loss(line.name, status, reason, []))
                loss.comparisons.append(comparison)
    return list(found.values())


def too_fast(comparisons: tuple[Comparison, ...]) -> list[tuple[Comparison, Line]]:
    """The lines that beat the speed of light: a disturbed measurement, or a faster way."""
    return [
        (comparison, line)
        for comparison in comparisons
        for line in comparison.measured
        if line.share is not None and line.share > _MOST_SHARE
    ]


def gpu_of(results: Results) -> str | None:
    """The GPU that rows were timed on; None where none was."""
    on_gpu = {row.name for row in results.run.rows if row.device == "cuda"}
    return results.environment.gpu if any(one.row in on_gpu for one in results.timings) else None


def named(problem: Problem) -> str:
    """A problem with its size: square, 128 × 10,000."""
    size = f"{wording.number(problem.n_x)} × {wording.number(problem.m)}"
    return size if problem.name == f"{problem.n_x}x{problem.m}" else f"{problem.name}, {size}"


def counted(row: Row) -> sources.Count | None:
    """Count the code that a row runs: its own, or that of the modules it compiles; None without any."""
    source = row.compiles or row.source
    return sources.count(source) if source else None


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


def _comparison(results: Results, problem: str, dtype: str, threads: int) -> Comparison:
    def here(entry: Timing | Unmeasured | Light) -> bool:
        return (entry.problem, entry.dtype, entry.threads) == (problem, dtype, threads)

    timings = {timing.row: timing for timing in results.timings if here(timing)}
    unmeasured: dict[str, list[Unmeasured]] = {}
    for entry in filter(here, results.run.unmeasured):
        unmeasured.setdefault(entry.row, []).append(entry)
    for name, entries in unmeasured.items():
        if any(entry.status == "failed" for entry in entries):
            timings.pop(name, None)  # what was wrong once has no time at all
    lights = {light.device: light for light in results.run.lights if here(light)}
    lines = []
    for row in results.run.rows:
        lost, light_s = unmeasured.get(row.name, []), _light_s(lights.get(row.device))
        if row.name in timings:
            lines.append(_measured(row, timings, lost, light_s, results))
        elif lost:
            lines.append(_left_out(row, lost, light_s))
    twin = next((twin for twin in results.run.twins if here(twin) and twin.row in timings), None)
    return Comparison(
        problem=next(candidate for candidate in results.run.problems if candidate.name == problem),
        dtype=dtype,
        threads=threads,
        tolerance=next((timing.tolerance for timing in timings.values()), None),
        lines=tuple(lines),
        lights=tuple(lights.values()),
        twin=intervals.ratio(timings[twin.row].blocks_s, twin.blocks_s, len(results.run.twins))
        if twin
        else None,
        twin_of=twin.row if twin else None,
    )


def _measured(
    row: Row, timings: dict[str, Timing], lost: list[Unmeasured], light_s: float | None, results: Results
) -> Line:
    timing = timings[row.name]
    count = counted(row)
    step_s = intervals.time(timing.blocks_s)
    warmups_s = _beyond_step_s("first_call_s", timing, results)
    warms_s = _beyond_step_s("warm_call_s", timing, results)
    best = min(timings.values(), key=lambda timing: intervals.time(timing.blocks_s).estimate)
    return Line(
        name=row.name,
        title=row.title,
        side=row.side,
        device=row.device,
        loops=count.loops if count else None,
        lines=count.lines if count else None,
        status="measured",
        lost=tuple(lost),
        timing=timing,
        step_s=step_s,
        over_python=_ratio(timings.get(PYTHON), timing),
        over_numpy=_ratio(timings.get(NUMPY), timing),
        light_s=light_s,
        share=None if light_s is None else light_s / step_s.estimate,
        prepare_s=_median(timing.prepare_s),
        warmup_s=_median(warmups_s),
        warm_s=_median(warms_s),
        calls_to_pay=_calls_to_pay(timing, timings.get(NUMPY), warmups_s),
        extra_bytes=timing.extra_bytes,
        between=intervals.spread_between(timing.blocks_s),
        within=intervals.spread_within(timing.blocks_s),
        error=timing.error,
        fastest=_is_tied(timing, best, len(timings) - 1),
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
    first = next(
        one for one in ours if one is best or _is_tied(_timing(one.line), _timing(best.line), len(ours) - 1)
    )
    pairs = len(ours) * len(rivals)  # of which these two are the best on either side
    ratio = intervals.ratio(_timing(other.line).blocks_s, _timing(first.line).blocks_s, pairs)
    return Match(problem, dtype, first, other, ratio)


def _timing(line: Line) -> Timing:
    assert line.timing is not None  # since it was measured
    return line.timing


def _is_tied(timing: Timing, best: Timing, others: int) -> bool:
    """Tell whether a row may be the fastest: held to the best with as many others."""
    # One observation has no interval, which separates it from nothing and makes it no winner either.
    if timing is best:
        return intervals.time(best.blocks_s).low is not None
    ratio = intervals.ratio(timing.blocks_s, best.blocks_s, others)
    return ratio.low is not None and ratio.contains_one


def _left_out(row: Row, lost: list[Unmeasured], light_s: float | None) -> Line:
    count = counted(row)
    worst = next((entry for entry in lost if entry.status == "failed"), lost[0])
    processes = [str(entry.process) for entry in lost if entry.reason == worst.reason and entry.process]
    where = f" (process {', '.join(processes)})" if processes else ""
    return Line(
        name=row.name,
        title=row.title,
        side=row.side,
        device=row.device,
        loops=count.loops if count else None,
        lines=count.lines if count else None,
        status=worst.status,
        reason=worst.reason + where,
        light_s=light_s,
        error=worst.error,
    )


def _ratio(base: Timing | None, timing: Timing) -> Interval | None:
    if base is None:
        return None
    return Interval(1, 1, 1) if base is timing else intervals.ratio(base.blocks_s, timing.blocks_s)


def _light_s(light: Light | None) -> float | None:
    return None if light is None else max(light.read_s, light.link_s)


def _beyond_step_s(call: str, timing: Timing, results: Results) -> list[float]:
    """What such calls of the row cost beyond a step, on the problem that it met first in its processes."""
    found = [one for one in results.timings if (one.row, one.dtype) == (timing.row, timing.dtype)]
    for other in sorted(found, key=lambda one: one.threads != timing.threads):
        calls_s: tuple[float, ...] = getattr(other, call)
        if calls_s:
            step_s = intervals.time(other.blocks_s).estimate
            return [max(0.0, call_s - step_s) for call_s in calls_s]
    return []


def _calls_to_pay(timing: Timing, numpy: Timing | None, warmups_s: list[float]) -> Interval | None:
    if numpy is None or numpy is timing or not warmups_s:
        return None
    if intervals.ratio(numpy.blocks_s, timing.blocks_s).contains_one:
        return None  # not separated: nobody knows whether it ever pays
    prepare_s = _median(timing.prepare_s) or 0.0
    return intervals.calls_to_pay([prepare_s + one for one in warmups_s], timing.blocks_s, numpy.blocks_s)


def _step_s(line: Line) -> float:
    return line.step_s.estimate if line.step_s else math.inf


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
