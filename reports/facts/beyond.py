"""When it pays to go past one core, one memory and one process.

A way is a row with a number of threads, or of worker processes of one thread each. A straight line,
overhead + m · (time of an example), is fitted to its times on m examples. The m from which it is faster than
one thread in memory is interpolated between the sizes that were timed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import Comparison, Line
from reports.facts.intervals import Interval

FUSED, CHUNKS, CLUSTER = _ROWS = "numba_fused", "numba_chunks", "dask_chunks"
_FEWEST = 3  # fewest sizes that a line is fitted to
_Lines = Mapping[int, Line]  # by m, rising
_Key = tuple[str, int]  # row and number of threads


@dataclass(frozen=True)
class Against:
    """How many times as fast a way is as another, at the largest m that both were timed on."""

    m: int
    ratio: Interval


@dataclass(frozen=True)
class Lead:
    """Between which m a way is faster than another, among those that both were timed on."""

    smallest: int
    largest: int
    since: float  # infinite if it is faster nowhere
    until: float | None  # None if it is faster up to the largest

    @property
    def is_somewhere(self) -> bool:
        """Whether there are such m."""
        return math.isfinite(self.since)

    @property
    def start(self) -> str:
        """Where the lead begins, in words; where it ends if it begins at the smallest m."""
        if not self.is_somewhere:
            return f"not up to {wording.power_of_ten(self.largest)}"
        if self.since == self.smallest:
            return self._end or "at every size"
        return f"from about {wording.about(self.since)}"

    @property
    def end(self) -> str:
        """Where the lead ends, in words, if `start` does not say so; empty if it does not end."""
        return self._end if self.is_somewhere and self.since != self.smallest else ""

    @property
    def said(self) -> str:
        """Where, in words."""
        return " ".join(filter(None, (self.start, self.end)))

    @property
    def _end(self) -> str:
        return f"up to about {wording.about(self.until)}" if self.until else ""


@dataclass(frozen=True)
class Way:
    """A row with a number of threads or workers, on all sizes that it was timed on."""

    row: str
    threads: int
    lines: _Lines
    example_bytes: int | None  # bytes of X for each example
    overhead_s: Interval | None  # time of a step that does not grow with m; None with too few sizes
    example_s: Interval | None  # time that each example adds
    over_fused: Against | None  # against as many threads of `FUSED`
    over_chunks: Against | None  # against as many threads of `CHUNKS`
    over_one: Against | None  # against one thread of `FUSED`
    lead: Lead | None  # over one thread of `FUSED`

    @property
    def many(self) -> str:
        """Threads or workers: 2 workers."""
        return wording.counted(self.threads, "worker" if self.row == CLUSTER else "thread")

    @property
    def name(self) -> str:
        """dask_chunks, 2 workers."""
        return f"{self.row}, {self.many}"

    @property
    def m(self) -> int:
        """The largest number of examples that it was timed on."""
        return max(self.lines)

    @property
    def step_s(self) -> Interval:
        """Time of a step, there."""
        return _step_s(self.lines[self.m])

    @property
    def million_s(self) -> Interval:
        """Time for each million examples, there."""
        return self.step_s.over(self.m / 1e6)

    @property
    def bytes_per_s(self) -> float | None:
        """Bytes of X in a second, there."""
        return self.example_bytes and self.example_bytes * self.m / self.step_s.estimate

    @property
    def predicted_s(self) -> dict[int, float]:
        """What the line says of each m; empty without one."""
        if self.overhead_s is None or self.example_s is None:
            return {}
        return {m: self.overhead_s.estimate + m * self.example_s.estimate for m in self.lines}

    @property
    def foretold_off(self) -> float | None:
        """How far a line through all other sizes lies from the largest, relative; None where they are few."""
        *others, last = self.lines
        if len(others) < _FEWEST:
            return None
        fit = intervals.line(others, [self.lines[m].blocks_s for m in others])
        if fit is None:
            return None
        start, growth = fit
        return abs((start.estimate + last * growth.estimate) / self.step_s.estimate - 1)

    @property
    def off(self) -> float | None:
        """How far the line lies from what was timed, relative, where that is most."""
        found = self.predicted_s
        apart = [abs(found[m] / _step_s(line).estimate - 1) for m, line in self.lines.items() if found]
        return max(apart, default=None)


@dataclass(frozen=True)
class Family:
    """All ways on data of one n_x and dtype."""

    n_x: int
    dtype: str
    ways: tuple[Way, ...]

    @property
    def title(self) -> str:
        """What all share: n_x = 4, float32."""
        return f"n_x = {wording.number(self.n_x)}, {self.dtype}"

    @property
    def ms(self) -> list[int]:
        """All m that some way was timed on."""
        return sorted({m for way in self.ways for m in way.lines})

    def of(self, row: str) -> list[Way]:
        """Return the ways of a row, by rising number of threads."""
        return [way for way in self.ways if way.row == row]

    def way(self, row: str, threads: int) -> Way | None:
        """Return one way, where it was timed."""
        return next((way for way in self.of(row) if way.threads == threads), None)


def families(comparisons: tuple[Comparison, ...]) -> list[Family]:
    """Return the ways for each n_x and dtype where one past memory has three m in common with `FUSED`."""
    found: dict[tuple[int, str], list[Comparison]] = {}
    for one in comparisons:
        found.setdefault((one.problem.n_x, one.dtype), []).append(one)
    made = (_family(*key, members) for key, members in sorted(found.items()))
    return [family for family in made if family]


def verdict(family: Family) -> list[str]:
    """Say for each of the three whether it pays; each sentence claims no more than its intervals allow."""
    return [said for said in (_cores(family), _memory(family), _cluster(family)) if said]


def _family(n_x: int, dtype: str, members: list[Comparison]) -> Family | None:
    timed: dict[_Key, dict[int, Line]] = {}
    for one in sorted(members, key=lambda one: one.problem.m):
        for line in one.measured:
            if line.name in _ROWS:
                timed.setdefault((line.name, one.threads), {})[one.problem.m] = line
    ms = {row: {m for key in timed if key[0] == row for m in timed[key]} for row in _ROWS}
    if max(len(ms[FUSED] & ms[row]) for row in (CHUNKS, CLUSTER)) < _FEWEST:
        return None
    size = members[0].x_bytes
    example_bytes = size and size // members[0].problem.m
    order = sorted(timed, key=lambda key: (_ROWS.index(key[0]), key[1]))
    return Family(n_x, dtype, tuple(_way(key, timed, example_bytes) for key in order))


def _way(key: _Key, timed: dict[_Key, dict[int, Line]], example_bytes: int | None) -> Way:
    row, threads = key
    lines, one = timed[key], timed.get((FUSED, 1), {})
    fit = intervals.line(list(lines), [line.blocks_s for line in lines.values()])
    overhead_s, example_s = fit if fit and len(lines) >= _FEWEST else (None, None)
    return Way(
        row=row,
        threads=threads,
        lines=lines,
        example_bytes=example_bytes,
        overhead_s=overhead_s,
        example_s=example_s,
        over_fused=_against(lines, timed.get((FUSED, threads), {})) if row != FUSED else None,
        over_chunks=_against(lines, timed.get((CHUNKS, threads), {})) if row == CLUSTER else None,
        over_one=_against(lines, one) if lines is not one else None,
        lead=_lead(lines, one) if lines is not one else None,
    )


def _against(own: _Lines, other: _Lines, comparisons: int = 1) -> Against | None:
    m = max(own.keys() & other.keys(), default=None)
    return None if m is None else Against(m, _ratio(own[m], other[m], comparisons))


def _lead(own: _Lines, other: _Lines) -> Lead | None:
    shared = sorted(own.keys() & other.keys())
    ratios = {m: _ratio(own[m], other[m], len(shared)) for m in shared}
    ms = [m for m in shared if ratios[m].low is not None]
    ahead = [n for n, m in enumerate(ms) if _is_above(ratios[m])]
    if not ahead:
        return Lead(ms[0], ms[-1], math.inf, None) if ms else None
    last = first = ahead[-1]
    while first - 1 in ahead:
        first -= 1
    since = float(ms[0]) if first == 0 else _crossing(ms[first], ms[first - 1], ratios)
    until = None if last == len(ms) - 1 else _crossing(ms[last], ms[last + 1], ratios)
    return Lead(ms[0], ms[-1], since, until)


def _crossing(ahead: int, beside: int, ratios: dict[int, Interval]) -> float:
    """Return the m at which the lead ends, by log-log interpolation between an m with a lead and one without.

    If the ratio at the second m is above 1 too, but not separated from it, the lead ends there.
    """
    gain, loss = math.log(ratios[ahead].estimate), max(0.0, -math.log(ratios[beside].estimate))
    return math.exp((loss * math.log(ahead) + gain * math.log(beside)) / (gain + loss))


def _cores(family: Family) -> str | None:
    one = family.way(FUSED, 1)
    found = _best([(way, one) for way in family.of(FUSED) if way.threads > 1])
    if not found:
        return None
    best, _, against = found
    lead = f", and faster {best.lead.said}" if best.lead and best.lead.is_somewhere else ""
    held = f"{_on(against)} {FUSED} is {_as_fast(against)} with {best.many} as with one"
    return f"Past one core {_pays(against)}: {held}{lead}."


def _memory(family: Family) -> str | None:
    ways = family.of(CHUNKS)
    held = max(way.m for way in family.of(FUSED))
    said = []
    if past := min((way for way in ways if way.m > held), key=_largest_first, default=None):
        took = f"{wording.seconds(past.step_s.estimate)} with {past.many}"
        said.append(f"on {_examples(past.m)} {FUSED} has no time, and {CHUNKS} takes {took}")
    if found := _best([(way, family.way(FUSED, way.threads)) for way in ways]):
        best, _, against = found
        judged = (
            "pays"
            if _is_above(against.ratio)
            else "costs nothing that this run can tell"
            if against.ratio.contains_one
            else "only costs"
        )
        said.append(
            f"where the data fit, streaming {judged}: {_on(against)} {CHUNKS} is {_as_fast(against)} as "
            f"{FUSED}, with {best.many} each"
        )
    return f"Past one memory: {'; '.join(said)}." if said else None


def _cluster(family: Family) -> str | None:
    ways = family.of(CLUSTER)
    pairs = ([(way, family.way(row, way.threads)) for way in ways] for row in (FUSED, CHUNKS))
    found = next(filter(None, map(_best, pairs)), None)
    if not found:
        return None
    best, other, against = found
    adds = f" adds {wording.time(best.overhead_s)} to every step, and" if is_seen(best.overhead_s) else ""
    lead = ""
    if best.lead:
        where = best.lead.said if best.lead.is_somewhere else f"nowhere up to {_examples(best.lead.largest)}"
        lead = f" Than one thread of {FUSED} it is faster {where}."
    return (
        f"Past one process, on one machine, {_pays(against)}: {CLUSTER} with {best.many}{adds} "
        f"{_on(against)} is {_as_fast(against)} as {other.row} with as many threads.{lead}"
    )


def _best(pairs: Sequence[tuple[Way, Way | None]]) -> tuple[Way, Way, Against] | None:
    """Return the fastest way on the largest data, the one that it is compared with, and how it does.

    The interval is corrected for choosing the fastest.
    """
    found = [
        (way, other, against)
        for way, other in pairs
        if other and (against := _against(way.lines, other.lines, len(pairs)))
    ]
    return min(found, key=lambda one: _largest_first(one[0]), default=None)


def _largest_first(way: Way) -> tuple[int, float]:
    return -way.m, way.step_s.estimate


def _pays(against: Against) -> str:
    if against.ratio.contains_one:
        return "this run cannot tell whether it pays"
    return "it pays" if _is_above(against.ratio) else "it does not pay"


def _as_fast(against: Against) -> str:
    return f"{wording.speedup(against.ratio)} as fast"


def _on(against: Against) -> str:
    return f"on {_examples(against.m)}"


def _examples(m: int) -> str:
    return f"{wording.power_of_ten(m)} examples"


def _is_above(ratio: Interval) -> bool:
    return ratio.low is not None and ratio.low > 1


def is_seen(overhead_s: Interval | None) -> bool:
    """Return whether an overhead is separated from 0."""
    if overhead_s is None:
        return False
    return overhead_s.estimate > 0 if overhead_s.low is None else overhead_s.low > 0


def _ratio(own: Line, other: Line, comparisons: int) -> Interval:
    return intervals.ratio(other.blocks_s, own.blocks_s, comparisons)


def _step_s(line: Line) -> Interval:
    assert line.step_s is not None  # since it was measured
    return line.step_s
