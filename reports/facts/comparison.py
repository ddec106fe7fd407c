"""One comparison of all rows for each problem, dtype and number of threads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from reports import wording
from reports.facts import intervals, sources
from reports.facts.intervals import Blocks, Interval
from reports.results import Light, Problem, Results, Row, Timing, Unmeasured

PYTHON = "python_two_loop"
NUMPY = "numpy_zero_loop"
_ITEM_BYTES = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class Line:
    """One row in a comparison; what was not measured is None."""

    name: str
    title: str
    side: str | None
    device: str  # "cpu" or "cuda"
    loops: int | None
    lines: int | None
    prepare_lines: int | None
    status: str = "measured"  # or that of `Unmeasured`
    reason: str | None = None
    lost: tuple[Unmeasured, ...] = ()  # processes in which a measured row has no time, and why
    timing: Timing | None = None
    step_s: Interval | None = None
    over_python: Interval | None = None
    over_numpy: Interval | None = None
    prepare_s: float | None = None
    light_s: float | None = None  # time of a step at the speed of light of the row's device
    share: float | None = None  # the speed of light that was reached: its time over the step's time
    warmup_s: float | None = None  # what the first call in a process costs more than a later one
    warm_s: float | None = None  # the same with the compiled code on disk
    calls_to_pay: Interval | None = None  # calls that win back prepare and warm-up against NumPy; may be inf
    extra_bytes: int | None = None  # most memory of a step, beyond what its process holds between steps
    between: float | None = None  # standard deviation between processes, relative
    within: float | None = None  # standard deviation between the blocks of one process, relative
    error: float | None = None
    fastest: bool = False  # whether it is the fastest, or not separated from it (Bonferroni over the others)

    def over(self, base: str) -> Interval | None:
        """Return how many times as fast it is as a baseline, `PYTHON` or `NUMPY`."""
        return {PYTHON: self.over_python, NUMPY: self.over_numpy}[base]

    @property
    def blocks_s(self) -> Blocks:
        """The block times of a measured row, seconds per call."""
        assert self.timing is not None  # since it was measured
        return self.timing.blocks_s

    @property
    def estimate_s(self) -> float:
        """Seconds of a step; infinite without a time, so that such a row comes last in any order."""
        return self.step_s.estimate if self.step_s else math.inf


@dataclass(frozen=True)
class Comparison:
    """All rows on one problem, in one dtype, with one number of threads."""

    problem: Problem
    dtype: str
    threads: int
    tolerance: float | None
    lines: tuple[Line, ...]
    lights: tuple[Light, ...]  # one for each device that was measured
    twin: Interval | None = None  # A/A pair: a row over itself in another process (Bonferroni over the pairs)
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
        """Bytes of X; None for a dtype whose size is not known here."""
        item = _ITEM_BYTES.get(self.dtype)
        return None if item is None else self.problem.n_x * self.problem.m * item

    def light_s(self, device: str) -> float | None:
        """Return the seconds of a step at the speed of light of a device."""
        return _light_s(self._light(device))

    def bound_by(self, device: str) -> str | None:
        """Return what takes most of the time at the speed of light."""
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
        pairs = rows * (rows - 1) // 2  # correct for all pairs: sorting chose which are compared
        for line in sorted(self.measured, key=_estimate_s):
            if groups and is_tied(line, groups[-1][0], pairs):
                groups[-1].append(line)
            else:
                groups.append([line])
        return groups

    def compared_with(self, base: str) -> list[Line]:
        """Return the lines that have a speedup over a baseline, fastest first; empty if it is alone."""
        lines = sorted((line for line in self.measured if line.over(base)), key=_estimate_s)
        return lines if len(lines) > 1 else []

    def line(self, name: str) -> Line | None:
        """Return a measured row's line."""
        return next((line for line in self.measured if line.name == name), None)

    def speedup(self, name: str, base: str) -> Interval | None:
        """Return how many times as fast one row is as another; None if either has no time."""
        line, other = self.line(name), self.line(base)
        if line is None or other is None:
            return None
        return _ratio(other.timing, line.timing)

    @property
    def fastest(self) -> list[Line]:
        """The fastest row and those not separated from it, fastest first."""
        return sorted((line for line in self.lines if line.fastest), key=_estimate_s)

    def _light(self, device: str) -> Light | None:
        return next((light for light in self.lights if light.device == device), None)


def compare(results: Results) -> tuple[Comparison, ...]:
    """Compare all rows on each problem, in the order of the file."""
    entries: tuple[Timing | Unmeasured, ...] = (*results.timings, *results.run.unmeasured)
    settings = dict.fromkeys((entry.problem, entry.dtype, entry.threads) for entry in entries)
    order = {problem.name: place for place, problem in enumerate(results.run.problems)}
    return tuple(
        _comparison(results, *setting) for setting in sorted(settings, key=lambda s: (order[s[0]], s[1:]))
    )


def is_tied(line: Line, best: Line, comparisons: int) -> bool:
    """Return whether two measured rows are not separated, corrected for a number of comparisons."""
    return _is_tied(line.blocks_s, best.blocks_s, comparisons)


def named(problem: Problem) -> str:
    """Return a problem's name with its size: square, 128 × 10,000."""
    size = f"{wording.number(problem.n_x)} × {wording.number(problem.m)}"
    return size if problem.name == f"{problem.n_x}x{problem.m}" else f"{problem.name}, {size}"


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
    best = min(timings.values(), key=lambda one: intervals.time(one.blocks_s).estimate, default=None)
    lines = []
    for row in results.run.rows:
        lost, light_s = unmeasured.get(row.name, []), _light_s(lights.get(row.device))
        if row.name in timings and best:
            lines.append(_measured(row, timings, best, lost, light_s, results))
        elif lost:
            lines.append(_left_out(row, lost, light_s))
    twin = next((twin for twin in results.run.twins if here(twin) and twin.row in timings), None)
    pairs = len(results.run.twins)
    return Comparison(
        problem=next(candidate for candidate in results.run.problems if candidate.name == problem),
        dtype=dtype,
        threads=threads,
        tolerance=next((timing.tolerance for timing in timings.values()), None),
        lines=tuple(lines),
        lights=tuple(lights.values()),
        twin=intervals.ratio(timings[twin.row].blocks_s, twin.blocks_s, pairs) if twin else None,
        twin_of=twin.row if twin else None,
    )


def _measured(
    row: Row,
    timings: dict[str, Timing],
    best: Timing,
    lost: list[Unmeasured],
    light_s: float | None,
    results: Results,
) -> Line:
    timing = timings[row.name]
    step_s = intervals.time(timing.blocks_s)
    warmups_s = _beyond_step_s("first_call_s", timing, results)
    warms_s = _beyond_step_s("warm_call_s", timing, results)
    return replace(
        _untimed(row, light_s),
        lost=tuple(lost),
        timing=timing,
        step_s=step_s,
        over_python=_ratio(timings.get(PYTHON), timing),
        over_numpy=_ratio(timings.get(NUMPY), timing),
        share=None if light_s is None else light_s / step_s.estimate,
        prepare_s=_median(timing.prepare_s),
        warmup_s=_median(warmups_s),
        warm_s=_median(warms_s),
        calls_to_pay=_calls_to_pay(timing, timings.get(NUMPY), warmups_s),
        extra_bytes=timing.extra_bytes,
        between=intervals.spread_between(timing.blocks_s),
        within=intervals.spread_within(timing.blocks_s),
        error=timing.error,
        fastest=_is_tied(timing.blocks_s, best.blocks_s, len(timings) - 1),
    )


def _left_out(row: Row, lost: list[Unmeasured], light_s: float | None) -> Line:
    worst = next((entry for entry in lost if entry.status == "failed"), lost[0])
    processes = [str(entry.process) for entry in lost if entry.reason == worst.reason and entry.process]
    where = f" (process {', '.join(processes)})" if processes else ""
    said = worst.reason + where
    return replace(_untimed(row, light_s), status=worst.status, reason=said, error=worst.error)


def _untimed(row: Row, light_s: float | None) -> Line:
    """Return what is known of a row without its times."""
    step, prepare = sources.counted(row) or (None, None)
    return Line(
        name=row.name,
        title=row.title,
        side=row.side,
        device=row.device,
        loops=step.loops if step else None,
        lines=step.lines if step else None,
        prepare_lines=prepare.lines if prepare else None,
        light_s=light_s,
    )


def _is_tied(blocks_s: Blocks, best_s: Blocks, comparisons: int) -> bool:
    # One observation has no interval, which separates it from nothing and makes it no winner either.
    if blocks_s is best_s:
        return intervals.time(best_s).low is not None
    ratio = intervals.ratio(blocks_s, best_s, comparisons)
    return ratio.low is not None and ratio.contains_one


def _ratio(base: Timing | None, timing: Timing | None) -> Interval | None:
    if base is None or timing is None:
        return None
    return Interval(1, 1, 1) if base is timing else intervals.ratio(base.blocks_s, timing.blocks_s)


def _light_s(light: Light | None) -> float | None:
    """Return the slower of the two things that every row must do."""
    return None if light is None else max(light.read_s, light.link_s)


def _beyond_step_s(call: str, timing: Timing, results: Results) -> list[float]:
    """Return what such calls of the row cost beyond a step, on the first problem in its processes."""
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


def _estimate_s(line: Line) -> float:
    return line.estimate_s


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
