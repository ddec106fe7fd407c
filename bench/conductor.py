"""Runs the lanes: which may run, on what, for how long; holds results to the oracle and keeps the times.

In each of a run's processes every row is started afresh, as a lane of its own, and goes through all settings
of a number of threads. On each setting the rows are prepared, verified and called for the first time, one by
one; then come the rounds of blocks, in an order that rotates. Only one lane runs at a time.

What a row does wrong costs it the setting in that process, and costs no other row anything.
"""

import dataclasses
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import psutil

from bench import plan as plans
from bench.harness import Harness, Lost, guarded
from bench.lane import LIGHT, decoded
from bench.ledger import Entry, Ledger
from bench.outcome import LeftOut
from bench.plan import LIGHT_S, SETTLE_S, SLOW_S, Paces
from bench.results import Setting
from bench.selection import Selection
from bench.shared import Shared
from impls import problems, registry
from impls.gate import TOLERANCE, Gate, Point, Refused, judge
from reports.findings import compare
from reports.results import Light, Noise, Pool, Spent

PATIENCE_S = 60.0  # for any reply, beyond ten times what it is predicted to take
_MOST_LOSSES = 3  # in a row, after which a row is not started again
_MOST_CORES = 0.25  # above the number of threads, that a step may keep busy
_LONG_ENOUGH_S = 0.02  # of a block, to count the cores by
_PART_OF_MEMORY = 2  # of what is free at the start: what one lane may hold


class Show(Protocol):
    """Tells the user how the run goes; it is called while no lane runs."""

    def now(self, process: int, setting: Setting, doing: str) -> None:
        """Say what is being done."""

    def progress(self, ledger: Ledger) -> None:
        """Say what is known."""


@dataclass
class _Lane:
    row: str
    twin: bool = False
    harness: Harness | None = None
    losses: int = 0  # in a row
    called: set[str] = field(default_factory=set)  # dtypes, in this process
    blocks: int = 0  # that it still gets on this setting
    call_s: float = 0.0
    once: dict[str, float] = field(default_factory=dict)  # of this process, on this setting


class Conductor:
    """Runs what a plan says, from where the ledger says, and keeps the ledger."""

    def __init__(
        self,
        selected: Selection,
        ledger: Ledger,
        paces: Paces,
        show: Show,
        patience_s: float = PATIENCE_S,
        memory_bytes: int | None = None,
    ):
        self._ledger = ledger
        self._paces = paces
        self._show = show
        self._patience_s = patience_s
        self._memory_bytes = memory_bytes or psutil.virtual_memory().available // _PART_OF_MEMORY
        self._settings = plans.settings(ledger.plan, selected)
        self._lanes = [_Lane(row) for row in selected.rows] + [_Lane(ledger.plan.baseline, twin=True)]
        self._light = _Lane(LIGHT)
        self._started: tuple[int, int] | None = None  # process and threads that the lanes are started for
        self._truths: dict[tuple[str, str], tuple[Point, Point]] = {}
        self._caches: dict[tuple[str, bool, int], Path] = {}
        self._spent = dataclasses.asdict(ledger.spent)

    def run(self) -> None:
        """Measure until the plan is done; raises OSError where the file cannot be written."""
        noise, start = _Listener(self._ledger.noise, self._ledger.spent.total_s), perf_counter()
        before_s = self._ledger.spent.total_s
        with tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True) as folder:
            self._folder = Path(folder)
            try:
                with guarded(self._folder) as self._keeper:
                    try:
                        self._leave_out_what_is_missing()
                        while self._goes_on():
                            self._next()
                        self._ledger.interrupted = False
                    finally:
                        self._end_lanes()
            finally:
                self._spent["total_s"] = before_s + perf_counter() - start
                self._ledger.spent = Spent(**self._spent)
                self._ledger.noise = noise.heard()
                self._commit()
                self._ledger.conclude()

    def _goes_on(self) -> bool:
        plan = self._ledger.plan
        if self._ledger.done < plan.processes * len(self._settings):
            return True
        if plan.until is None or self._is_narrow(plan.until):
            return False
        used_s = self._used_s()
        one_s = used_s / plan.processes
        if plan.budget_s is not None and used_s + one_s > plan.budget_s:
            return False
        self._ledger.plan = dataclasses.replace(plan, processes=plan.processes + 1)
        return True

    def _used_s(self) -> float:
        return float(sum(seconds for name, seconds in self._spent.items() if name != "total_s"))

    def _is_narrow(self, until: float) -> bool:
        """Tell whether all speedups over the baseline are known well enough."""
        for comparison in compare(self._ledger.results):
            for line in comparison.measured:
                ratio = comparison.speedup(line.name, self._ledger.plan.baseline)
                if ratio and line.name != self._ledger.plan.baseline and (ratio.half_width or until) > until:
                    return False
        return True

    def _leave_out_what_is_missing(self) -> None:
        for lane in self._rows():
            if not registry.is_own_file(lane.row) and (reason := registry.missing(registry.record(lane.row))):
                status, _, said = reason.partition(": ")
                self._leave_out(lane.row, LeftOut(status, said))

    def _leave_out(self, row: str, why: LeftOut) -> None:
        for setting in self._settings:
            self._ledger.lose(row, setting, why, None)

    def _next(self) -> None:
        """Measure all rows on one setting in one process, then count that as done."""
        process, place = divmod(self._ledger.done, len(self._settings))
        setting = self._settings[place]
        if self._started != (process, setting.threads):
            self._start_lanes(process, setting.threads)
        start = perf_counter()
        problem = problems.load(setting.problem, setting.dtype)
        with Shared(problem) as shared:
            self._spent["started_s"] += perf_counter() - start
            points = self._points(problem)
            b = problem.b
            del problem  # the lanes map the shared bytes, and so could this process
            for lane in self._shuffled(process, place, 0):
                with self._or_lost(lane, setting, process):
                    self._prepare(lane, setting, process, shared.paths, b, points)
            for round_ in range(self._ledger.plan.rounds):
                for lane in self._shuffled(process, place, round_):
                    if lane.blocks:
                        with self._or_lost(lane, setting, process):
                            self._block(lane, setting, process, points[0])
            if process == 0:
                self._remember(setting, process)
            self._measure_light(setting, shared.paths)
        self._commit()
        self._ledger.done += 1
        self._ledger.save()
        self._show.progress(self._ledger)

    def _prepare(
        self,
        lane: _Lane,
        setting: Setting,
        process: int,
        paths: dict[str, str],
        b: float,
        points: tuple[Point, Point],
    ) -> None:
        """Prepare, verify and call for the first time; a row that will not be timed here gets no blocks."""
        lane.blocks, lane.once = 0, {}
        if self._ledger.is_left_out(lane.row, setting) or self._gave_up(lane, setting, process):
            return
        first_sight = not self._ledger.is_timed(lane.row, setting)
        predicted_s = self._paces.predicted(lane.row, setting)
        if first_sight and predicted_s and self._skip(lane, setting, predicted_s):
            return
        self._show.now(process, setting, f"verifying {lane.row}")
        harness = self._revived(lane, process, setting.threads)
        limit_s = self._patience_s + 10 * (predicted_s or 0)
        prepared = harness.ask(limit_s, "prepare", paths=paths, b=b, threads=setting.threads)
        entry = self._entry(lane, setting)
        self._spent["compiled_s"] += prepared["wall_s"]
        lane.once["prepare_s"] = prepared["wall_s"]
        slow = bool(predicted_s and predicted_s > SLOW_S)
        if slow and not first_sight:
            lane.call_s = predicted_s or 0.0  # its timed call is verified, and its first
        else:
            first = harness.ask(limit_s, "call", point=1)
            self._judge(first["results"], points[1], setting, entry)
            lane.call_s = first["wall_s"]
            if not slow:
                second = harness.ask(limit_s, "call", point=0)
                self._judge(second["results"], points[0], setting, entry)
                lane.call_s = second["wall_s"]
                self._spent["verified_s"] += second["wall_s"]
            self._spent["compiled_s"] += max(0.0, first["wall_s"] - lane.call_s)
            self._spent["verified_s"] += min(first["wall_s"], lane.call_s)
            self._paces.see(lane.row, setting, lane.call_s)
            if first_sight and self._skip(lane, setting, lane.call_s):
                lane.once = {}
                return
            if setting.dtype not in lane.called:
                lane.called.add(setting.dtype)
                warm = process >= self._ledger.plan.cold and _keeps_code(lane.row)
                lane.once["warm_call_s" if warm else "first_call_s"] = first["wall_s"]
        self._check_pools(harness, setting)
        lane.blocks = plans.blocks(self._ledger.plan, lane.call_s)

    def _block(self, lane: _Lane, setting: Setting, process: int, point: Point) -> None:
        """Time one block; what it computed is verified before its time is kept."""
        self._show.now(process, setting, f"timing {lane.row}")
        assert lane.harness
        slow = lane.call_s > SLOW_S
        block_s = self._ledger.plan.block_s
        reply = lane.harness.ask(
            self._patience_s + 10 * max(lane.call_s, block_s),
            "block",
            settle_s=0.0 if slow else SETTLE_S,
            block_s=block_s,
        )
        self._spent["timed_s"] += reply["timed_s"]
        self._spent["settled_s"] += reply["settled_s"]
        start = perf_counter()
        entry = self._entry(lane, setting)
        self._judge(reply["results"], point, setting, entry)
        if reply["timed_s"] > _LONG_ENOUGH_S and reply["cores"] > setting.threads + _MOST_CORES:
            said = f"kept {reply['cores']:.1f} cores busy, where {setting.threads} may be"
            raise Lost(LeftOut("failed", said))
        entry.add_block(process, reply["block_s"])
        lane.blocks -= 1
        lane.losses = 0
        self._spent["verified_s"] += perf_counter() - start
        self._ledger.save()
        self._show.progress(self._ledger)

    def _judge(self, found: Sequence[dict[str, Any]], point: Point, setting: Setting, entry: Entry) -> None:
        """Hold results to the oracle; raises Lost."""
        tolerance = TOLERANCE[setting.dtype]
        try:
            for result in found:
                entry.error = max(entry.error, judge(decoded(result), point.truth, tolerance))
        except Refused as refused:
            raise Lost(LeftOut("failed", str(refused), refused.error)) from None
        except (ValueError, KeyError, TypeError):
            raise Lost(LeftOut("crashed", "wrote into the talk with the conductor")) from None

    def _check_pools(self, harness: Harness, setting: Setting) -> None:
        """Raise Lost where a thread pool has more threads than it may, whatever it was told."""
        found = harness.ask(self._patience_s, "pools")
        pools = [Pool(*pool) for pool in found["pools"]]
        self._ledger.add_pools(pools, found["layer"])
        for pool in pools:
            if pool.threads > setting.threads:
                said = f"{pool.name} runs {pool.threads} threads, where {setting.threads} may run"
                raise Lost(LeftOut("failed", said))

    def _remember(self, setting: Setting, process: int) -> None:
        """Have each row call its step once more, for the memory that takes."""
        start = perf_counter()
        for lane in self._rows():
            if self._ledger.is_timed(lane.row, setting) and lane.harness:
                self._show.now(process, setting, f"measuring the memory of {lane.row}")
                with self._or_lost(lane, setting, process):
                    limit_s = self._patience_s + 10 * lane.call_s
                    reply = lane.harness.ask(limit_s, "remember")
                    self._entry(lane, setting).extra_bytes = reply["extra_bytes"]
        self._spent["remembered_s"] += perf_counter() - start

    def _measure_light(self, setting: Setting, paths: dict[str, str]) -> None:
        """Measure the speed of light; without Numba, or where it cannot run, the rows have their times."""
        start = perf_counter()
        if self._light.harness:
            try:
                found = self._light.harness.ask(
                    self._patience_s,
                    "light",
                    problem="",
                    paths=paths,
                    threads=setting.threads,
                    budget_s=LIGHT_S,
                )
                self._ledger.add_light(Light(*setting, found["read_s"], found["link_s"]))
            except Lost as lost:
                if lost.ended:
                    self._light.harness = None
        self._spent["verified_s"] += perf_counter() - start

    @contextmanager
    def _or_lost(self, lane: _Lane, setting: Setting, process: int) -> Iterator[None]:
        """Turn what a lane does wrong into the loss of this setting in this process."""
        try:
            yield
        except Lost as lost:
            if lost.ended:
                lane.harness = None
                lane.losses += 1
            lane.blocks, lane.once = 0, {}
            entry = self._entry(lane, setting)
            if process < len(entry.blocks_s):
                entry.blocks_s[process].clear()
            everywhere = lost.why.status in ("unsuited", "not installed", "does not load")
            if not lane.twin:
                self._ledger.lose(lane.row, setting, lost.why, None if everywhere else process)
            self._ledger.save()

    def _gave_up(self, lane: _Lane, setting: Setting, process: int) -> bool:
        if lane.losses < _MOST_LOSSES:
            return False
        if not lane.twin:
            said = f"not started again, lost {_MOST_LOSSES} times in a row"
            self._ledger.lose(lane.row, setting, LeftOut("skipped", said), process)
        return True

    def _skip(self, lane: _Lane, setting: Setting, call_s: float) -> bool:
        said = plans.too_long(self._ledger.plan, call_s)
        if said and not lane.twin:
            self._ledger.lose(lane.row, setting, LeftOut("skipped", said), None)
        return bool(said)

    def _start_lanes(self, process: int, threads: int) -> None:
        """Start every row afresh, all at once: nothing is timed meanwhile."""
        self._end_lanes()
        start = perf_counter()
        self._started = (process, threads)
        mine = [setting for setting in self._settings if setting.threads == threads]
        for lane in self._lanes:
            lane.called = self._ledger.dtypes_called(lane.row, lane.twin, mine, process)
            if lane.losses < _MOST_LOSSES and not all(
                self._ledger.is_left_out(lane.row, one) for one in mine
            ):
                self._start(lane, process, threads)
        if _has_numba():
            self._start(self._light, process, threads)
        for lane in (*self._lanes, self._light):
            if lane.harness:
                self._show.now(process, mine[0], f"starting {lane.row}")
                self._wait(lane, mine, process)
        self._spent["started_s"] += perf_counter() - start

    def _start(self, lane: _Lane, process: int, threads: int) -> None:
        cache = self._cache(lane, process, threads)
        lane.harness = Harness(lane.row, threads, cache, self._memory_bytes, self._keeper)

    def _wait(self, lane: _Lane, mine: Sequence[Setting], process: int) -> None:
        """Wait until a lane is ready; one that cannot load its row loses it everywhere."""
        assert lane.harness
        try:
            lane.harness.ready(self._patience_s)
        except Lost as lost:
            lane.harness.end()
            lane.harness = None
            lane.losses += lost.ended
            if not lost.ended and lane is not self._light and not lane.twin:
                self._leave_out(lane.row, lost.why)

    def _revived(self, lane: _Lane, process: int, threads: int) -> Harness:
        """Return a lane's harness, started again if it was lost on an earlier setting; raises Lost."""
        if lane.harness is None:
            start = perf_counter()
            self._start(lane, process, threads)
            assert lane.harness
            lane.harness.ready(self._patience_s)
            self._spent["started_s"] += perf_counter() - start
        return lane.harness

    def _cache(self, lane: _Lane, process: int, threads: int) -> Path:
        """Return the folder in which Numba finds compiled code: an empty one, where a row starts cold."""
        key = (lane.row, lane.twin, threads)
        if process >= self._ledger.plan.cold and key in self._caches and _keeps_code(lane.row):
            return self._caches[key]
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        if lane is self._light:
            self._caches.setdefault(key, folder)
            return self._caches[key]
        self._caches[key] = folder
        return folder

    def _end_lanes(self) -> None:
        start = perf_counter()
        for lane in (*self._lanes, self._light):
            if lane.harness:
                lane.harness.end()
                lane.harness = None
        self._spent["started_s"] += perf_counter() - start

    def _points(self, problem: problems.Problem) -> tuple[Point, Point]:
        """Return the truth at both points, which the oracle computes once per problem and dtype."""
        key = (problem.name, problem.dtype)
        if key not in self._truths:
            start = perf_counter()
            gate = Gate(problem)
            self._truths[key] = (gate.start, gate.mirrored)
            self._spent["verified_s"] += perf_counter() - start
        return self._truths[key]

    def _commit(self) -> None:
        """Keep what is known once per process, now that it is done with a setting."""
        if self._started is None or self._ledger.done >= self._ledger.plan.processes * len(self._settings):
            return
        setting = self._settings[self._ledger.done % len(self._settings)]
        for lane in self._lanes:
            if lane.once:
                entry = self._entry(lane, setting)
                for name, seconds in lane.once.items():
                    getattr(entry, name).append(seconds)
                lane.once = {}

    def _entry(self, lane: _Lane, setting: Setting) -> Entry:
        return self._ledger.change(lane.row, setting, lane.twin)

    def _rows(self) -> list[_Lane]:
        return [lane for lane in self._lanes if not lane.twin]

    def _shuffled(self, process: int, place: int, round_: int) -> list[_Lane]:
        turns = plans.order(self._ledger.plan, process, place, len(self._lanes), round_)
        return [self._lanes[turn] for turn in turns]


class _Listener:
    """Hears what else the machine does, from now on, beside what was heard before."""

    def __init__(self, before: Noise, before_s: float):
        self._before, self._before_s = before, before_s
        self._start_s = perf_counter()
        self._times, self._own_s, self._throttled = psutil.cpu_times(), _own_s(), _throttled()

    def heard(self) -> Noise:
        """Return the mean over all that was measured, now and before."""
        wall_s = perf_counter() - self._start_s
        times = psutil.cpu_times()
        spent = {name: getattr(times, name) - getattr(self._times, name) for name in times._fields}
        busy_s = sum(spent.get(name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
        others = max(0.0, busy_s - (_own_s() - self._own_s)) / wall_s
        stolen = spent["steal"] / max(1e-9, sum(spent.values())) if "steal" in spent else None
        throttled = _throttled()
        return Noise(
            stolen=self._mean(self._before.stolen, stolen, wall_s),
            others=self._mean(self._before.others, others, wall_s),
            throttled=None
            if throttled is None or self._throttled is None
            else throttled - self._throttled + (self._before.throttled or 0),
        )

    def _mean(self, before: float | None, now: float | None, now_s: float) -> float | None:
        if before is None or now is None:
            return now
        total = before * self._before_s + now * now_s
        return total / (self._before_s + now_s)


def _own_s() -> float:
    """Return the processor time of this process and of the lanes that have ended."""
    usage = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _throttled() -> int | None:
    """Return how often the processor has slowed down for heat; None where nobody counts."""
    counts = list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))
    with suppress(OSError, ValueError):
        return sum(int(count.read_text()) for count in counts) if counts else None
    return None


def _keeps_code(row: str) -> bool:
    """Tell whether a row's compiled code is kept on disk."""
    if row == LIGHT:
        return True
    return not registry.is_own_file(row) and "numba" in registry.record(row).needs


def _has_numba() -> bool:
    return not registry.absent(registry.record("numba_fused"))
