"""Calls of a lane's step, as the conductor asks for them and sees them: where they are, how long they take.

A lane's own clock tells the time of each call, and the conductor's clock bounds it: whatever a lane says, so
many calls cannot have been faster than the time from their request to their reply allows.
"""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

import numpy as np

from bench.lanes import listener
from bench.lanes.checks import check_clock
from bench.lanes.exchange import Exchange
from bench.lanes.harness import Harness
from bench.planning.plan import SETTLE_S, SLOW_S
from impls.contract import Array, Step
from impls.truth.course import Course, drawn, fixed

_PART_S = 0.01  # calls that are asked for at once, unless one takes longer
_BATCH_S = 1e-4  # shortest batch whose mean counts as one time: a thousand times what the clock can tell
_LOW = 0.25  # quantile of a lane's blocks that stands for undisturbed ones
_MOST_OTHERS = 0.1  # cores that other programs may keep busy where wall time is what calls take
_LENIENCE = 1.1  # what a lane's clock and the conductor's may differ by
_LATE_S = 0.02  # what a reply may be late if the system is busy
_REHEARSALS = 5


@dataclass(frozen=True)
class Calls:
    """What was heard of some calls, with the parameters and the result of one that was chosen at random."""

    wall_s: float  # by the conductor's clock
    times_s: Array  # of each call, by the lane's clock
    w: Array
    b: float
    result: Step

    @property
    def told_s(self) -> float:
        """Seconds of all calls, by the lane's clock."""
        return float(self.times_s.sum())


@dataclass
class Block:
    """A block of calls, asked for in parts."""

    parts: list[Calls] = field(default_factory=list)
    span_s: float = 0.0  # with the time between the parts
    worked_s: float = 0.0  # processor time of the lane, as the system counts
    others_s: float = 0.0  # and of all other programs meanwhile

    @property
    def wall_s(self) -> float:
        """Seconds of all its parts."""
        return sum(part.wall_s for part in self.parts)

    @property
    def cores(self) -> float:
        """How many cores the lane kept busy."""
        return self.worked_s / self.span_s

    @property
    def seen(self) -> "Seen":
        """What is kept of it."""
        calls = sum(len(part.times_s) for part in self.parts)
        return Seen(self.wall_s, len(self.parts), calls, self.span_s, self.worked_s, self.others_s)

    @property
    def call_s(self) -> float:
        """Seconds per call: the median of batches as long as the clock needs."""
        batches_s: list[float] = []
        for part in self.parts:
            size = max(1, round(_BATCH_S / part.times_s.mean()))
            count = max(1, len(part.times_s) // size)
            batches_s += [float(batch.mean()) for batch in np.array_split(part.times_s, count)]
        return statistics.median(batches_s)


class Seen(NamedTuple):
    """What is kept of a block, to bound its times."""

    wall_s: float
    parts: int
    calls: int
    span_s: float
    worked_s: float
    others_s: float


class Caller:
    """Asks lanes for calls, and knows how much time the asking takes, which it measures first."""

    def __init__(self, exchange: Exchange, dtype: str):
        self._exchange, self._dtype = exchange, dtype
        self._talk_s = self._around_s = 0.0  # of each request, and of each call

    def rehearse(self, idle: Harness, limit_s: float) -> None:
        """Measure what requests and calls take in a lane whose step does nothing; raises Lost."""
        most = min(100, self._exchange.most_calls)
        with idle.continued():
            one, many = (
                min(self._calls(idle, limit_s, [count])[0].wall_s for _ in range(_REHEARSALS))
                for count in (1, most)
            )
        self._around_s = max(0.0, (many - one) / (most - 1))
        self._talk_s = max(0.0, one - self._around_s)

    def at(self, harness: Harness, limit_s: float, w: Array, b: float) -> Calls:
        """Call a step once, at w and b; raises Lost."""
        with harness.continued():
            (calls,) = self._calls(harness, limit_s, [1], fixed(w, b))
        return calls

    def anywhere(self, harness: Harness, limit_s: float, count: int) -> list[Calls]:
        """Call a step so many times, at points that are drawn, and keep all results; raises Lost."""
        with harness.continued():
            return self._calls(harness, limit_s, count * [1])

    def block(self, harness: Harness, limit_s: float, call_s: float, block_s: float) -> Block:
        """Settle, then ask for calls until a block is full; `call_s` is what one is expected to take."""
        block, part_s = Block(), min(_PART_S, block_s)
        with harness.continued():
            if call_s <= SLOW_S:
                call_s = self._settle(harness, limit_s, call_s)
            worked_s, taken_s, begun = harness.processor_s(), listener.taken_s(), perf_counter()
            while (left_s := block_s - block.wall_s) > part_s / 2 or not block.parts:
                count = self._fitting(part_s / call_s)
                parts = min(max(1, round(left_s / max(part_s, call_s))), self._exchange.most_calls // count)
                block.parts += self._calls(harness, limit_s, parts * [count])
                call_s = block.parts[-1].wall_s / count
            block.span_s = perf_counter() - begun
            block.worked_s = harness.processor_s() - worked_s
            block.others_s = max(0.0, listener.taken_s() - taken_s - block.worked_s)
        return block

    def floor_s(self, seen: Sequence[Seen], threads: int) -> float:
        """Return the least time of a call that the conductor's clock allows, from all blocks of a lane.

        Where other programs worked, a lane waited for processors, and the clock says nothing of its calls:
        there, a call took at least its processor time, shared by all threads.
        """
        walls_s = [(one.wall_s - one.parts * self._talk_s) / one.calls for one in seen]
        call_s = float(np.quantile(walls_s, _LOW))
        if sum(one.others_s for one in seen) > _MOST_OTHERS * sum(one.span_s for one in seen):
            call_s = min(call_s, sum(one.worked_s for one in seen) / sum(one.calls for one in seen) / threads)
        return max(0.0, call_s - 1.5 * self._around_s) / _LENIENCE

    def bounded_s(self, told_s: float, wall_s: float) -> float:
        """Return what a lane says that something took, or the least that the conductor's clock allows."""
        return max(told_s, (wall_s - self._talk_s) / _LENIENCE - _LATE_S)

    def _settle(self, harness: Harness, limit_s: float, call_s: float) -> float:
        """Have a lane call untimed, and return how long a call takes then."""
        count, left_s, nap = self._fitting(SETTLE_S / call_s), SETTLE_S, True
        while left_s > call_s / 2:
            *_, calls = self._calls(harness, limit_s, [1, count] if nap else [count], nap=nap)
            left_s -= calls.wall_s
            call_s, nap = calls.wall_s / count, False
            count = self._fitting(left_s / call_s)
        return call_s

    def _fitting(self, count: float) -> int:
        return int(max(1, min(count, self._exchange.most_calls - 1)))

    def _calls(
        self,
        harness: Harness,
        limit_s: float,
        counts: Sequence[int],
        course: Course | None = None,
        nap: bool = False,
    ) -> list[Calls]:
        """Ask for calls, and look at the results of each part when it is done; raises Lost."""
        exchange, choose = self._exchange, random.SystemRandom()
        course = course or drawn(exchange.n_x, sum(counts))
        exchange.send(course)
        found, begun, before = list[Calls](), 0, perf_counter()
        replies = harness.replies(limit_s, len(counts), "calls", counts=counts, nap=nap)
        for count, _ in zip(counts, replies, strict=True):
            now = perf_counter()
            k = begun + choose.randrange(count)
            w, b = exchange.point(course, k, self._dtype)
            times_s = exchange.times_s[begun : begun + count].copy()
            found.append(Calls(now - before, times_s, w, b, exchange.result(k)))
            begun, before = begun + count, now
        check_clock(np.concatenate([calls.times_s for calls in found]), sum(calls.wall_s for calls in found))
        return found
