"""Runs the lanes: which may run, on what, for how long; holds results to the oracle and keeps the times.

In each of a run's processes every row is started afresh, as a lane of its own, and goes through all settings
of a number of threads. On each setting the rows are prepared, verified and called for the first time, one by
one; then come the rounds of blocks, in an order that rotates, and on real data a training. Only one lane runs
at a time.

What a row does wrong costs it the setting in that process, and costs no other row anything.
"""

import dataclasses
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import psutil

from bench.lanes import plan as plans
from bench.lanes.field import MOST_LOSSES, Field, Lane
from bench.lanes.harness import Harness, Lost, guarded
from bench.lanes.lane import as_column, decoded
from bench.lanes.ledger import Ledger
from bench.lanes.listener import Listener
from bench.lanes.plan import ALPHA, ITERATIONS, LIGHT_S, SETTLE_S, SLOW_S, TRAINED_ON, Paces
from bench.lanes.shared import Shared, opened
from bench.outcome import EVERYWHERE, LeftOut, explain
from bench.request import Request, Setting
from impls.contract import Array, Step
from impls.data import problems
from impls.records import Record
from impls.training import gradient_descent
from impls.truth.gate import TOLERANCE, Gate, Point, Refused, judge
from impls.truth.oracle import reference
from reports.facts.facts import Facts
from reports.facts.noise import FEWEST_PROCESSES
from reports.results import Light, Pool, Spent

PATIENCE_S = 60.0  # for any reply, beyond ten times what it is predicted to take
_MOST_PROCESSES = 100  # that `until` adds up to
_MOST_CORES = 0.25  # above the number of threads, that a step may keep busy
_LONG_ENOUGH_S = 0.02  # of a block, to hold its cores and its clock to ours
_UNTOLD = 0.5  # of the time of a block that its lane's clock may miss
_SEND_S = 1e-7  # for each byte of dw, that a lane may take to send its results
_CHANGED = LeftOut("failed", "its file has changed since the run began")
_SHORTEST_S = 1e-9  # of a call, that a clock can tell
_PART_OF_MEMORY = 2  # of what is free at the start: what one lane may hold


class Show(Protocol):
    """Tells the user how the run goes; it is called while no lane runs."""

    def now(self, process: int, setting: Setting, doing: str) -> None:
        """Say what is being done."""

    def progress(self, ledger: Ledger) -> None:
        """Say what is known."""


class Conductor:
    """Runs what a plan says, from where the ledger says, and keeps the ledger."""

    def __init__(
        self,
        selected: Request,
        ledger: Ledger,
        paces: Paces,
        show: Show,
        patience_s: float = PATIENCE_S,
        memory_bytes: int | None = None,
    ):
        self._selected = selected
        self._ledger = ledger
        self._paces = paces
        self._show = show
        self._patience_s = patience_s
        self._memory_bytes = memory_bytes or psutil.virtual_memory().available // _PART_OF_MEMORY
        self._settings = plans.settings(ledger.plan, selected)
        self._field_of: tuple[int, int] | None = None  # process and threads that the field is started for
        self._truths: dict[tuple[str, str], tuple[Point, Point]] = {}
        self._costs: dict[str, list[float]] = {}  # of gradient descent, by dtype
        self._spent = defaultdict(float, dataclasses.asdict(ledger.spent))

    def run(self) -> None:
        """Measure until the plan is done; raises OSError where the file cannot be written."""
        start_s = perf_counter() - self._ledger.spent.total_s
        listener = Listener(self._ledger.noise, self._ledger.spent.total_s)
        twin_of = plans.baseline_row(self._ledger.plan, self._selected)
        with ExitStack() as stack:
            stack.callback(self._ledger.conclude)
            temporary = tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True)
            self._folder = Path(stack.enter_context(temporary))
            keeper = stack.enter_context(guarded(self._folder))
            self._field = Field(self._selected.rows, twin_of, self._folder, keeper, self._memory_bytes)
            stack.callback(self._field.end)
            self._leave_out_what_is_missing()
            while self._goes_on(perf_counter() - start_s):
                self._next()
                self._spent["total_s"] = perf_counter() - start_s
                self._ledger.spent = Spent(self._spent["timed_s"], self._spent["total_s"])
                self._ledger.noise = listener.heard(self._field.running_s)
                self._ledger.done += 1
                self._save()
            self._ledger.interrupted = False

    def _goes_on(self, used_s: float) -> bool:
        plan = self._ledger.plan
        if self._ledger.done < plan.processes * len(self._settings):
            return True
        if plan.until is None or plan.processes >= _MOST_PROCESSES or self._is_narrow(plan.until):
            return False
        if plan.budget_s is not None and used_s + used_s / plan.processes > plan.budget_s:
            return False
        self._ledger.plan = dataclasses.replace(plan, processes=plan.processes + 1)
        return True

    def _is_narrow(self, until: float) -> bool:
        """Tell whether all speedups over the baseline are known well enough."""
        if self._ledger.plan.processes < FEWEST_PROCESSES:
            return False
        base = self._ledger.plan.baseline
        ratios = [
            comparison.speedup(line.name, base)
            for comparison in Facts(self._ledger.results).comparisons
            for line in comparison.measured
            if line.name != base
        ]
        return all(ratio.half_width is not None and ratio.half_width <= until for ratio in ratios if ratio)

    def _leave_out_what_is_missing(self) -> None:
        for row in self._selected.rows:
            if missing := row.missing:
                self._leave_out(row, explain(missing, row), self._settings)

    def _leave_out(self, row: Record, why: LeftOut, settings: Sequence[Setting]) -> None:
        """Leave a row out for good where it has no time yet, and in this process where it has."""
        process = self._ledger.done // len(self._settings)
        for setting in settings:
            timed = self._ledger.is_timed(row, setting)
            self._ledger.lose(row, setting, why, process if timed else None)
            if timed:
                self._ledger.change(row, setting).lose(process)

    def _next(self) -> None:
        """Measure all rows on one setting in one process."""
        process, place = divmod(self._ledger.done, len(self._settings))
        setting = self._settings[place]
        if self._field_of != (process, setting.threads):
            with self._clock("started_s"):
                self._start_field(process, setting.threads)
        with self._clock("data_s"):
            problem = problems.made(setting.shape, setting.dtype)
            shared = Shared(problem, self._folder)
        with shared:
            with self._clock("verified_s"):
                points = self._points(problem)
            b = problem.b
            del problem  # the lanes map the shared bytes
            for lane in self._in_turn(process, place, 0):
                with self._or_lost(lane, setting, process):
                    self._prepare(lane, setting, process, shared.paths, b, points)
            plan = self._ledger.plan
            for round_ in range(plan.rounds):
                for lane in self._in_turn(process, place, round_):
                    if plans.has_block(plan, lane.blocks, round_):
                        with self._or_lost(lane, setting, process):
                            self._block(lane, setting, process, points[0])
            if setting.shape.name == TRAINED_ON:
                self._train_all(setting, process, place, shared.paths)
            with self._clock("memory_s"):
                self._measure_memory(setting, process)
            compiled = self._field.has_code(self._field.light, setting.dtype)
            with self._clock("light_s" if compiled else "compiled_s"):
                self._measure_light(setting, shared.paths)
        for lane in self._field.lanes:
            entry = self._ledger.change(lane.row, setting, lane.twin)
            entry.add_once(lane.prepare_s, lane.first_call_s, lane.warm_call_s)
            if lane.training:
                entry.add_training(process, *lane.training)
            if self._ledger.has_failed(lane.row, setting):
                entry.lose_trainings()

    def _prepare(
        self,
        lane: Lane,
        setting: Setting,
        process: int,
        paths: dict[str, str],
        b: float,
        points: tuple[Point, Point],
    ) -> None:
        """Prepare, verify and call for the first time; a row that will not be timed here gets no blocks."""
        lane.clear()
        if lane.is_out or self._ledger.is_left_out(lane.row, setting):
            return
        if self._gave_up(lane, setting, process):
            return
        known = self._ledger.is_timed(lane.row, setting)
        predicted_s = self._paces.predicted(lane.row, setting)
        if predicted_s and not known and self._skip(lane, setting, predicted_s):
            return
        self._show.now(process, setting, f"verifying {lane.row.name}")
        with self._clock("started_s"):
            harness = self._field.revived(lane, self._patience_s)
        limit_s = self._patience_s + 10 * (predicted_s or 0)

        def prepare(harness: Harness) -> float:
            arguments = {"paths": paths, "b": b, "threads": setting.threads}
            return float(harness.ask(limit_s, "prepare", "wall_s", **arguments)["wall_s"])

        with self._clock("compiled_s"):
            if self._should_find_code(lane, setting, process):
                prepare(harness)
                harness.ask(limit_s, "call", point=1)
                self._field.note_code(lane, setting.dtype)
                harness = self._field.restarted(lane, self._patience_s)
            lane.prepare_s = prepare(harness)
        if lane.row.is_interpreted and predicted_s and predicted_s > SLOW_S and known:
            lane.call_s = predicted_s  # it compiles nothing, and each of its timed calls is verified
        else:
            self._verify(lane, harness, setting, process, points, limit_s)
        if known or not self._skip(lane, setting, lane.call_s):
            lane.blocks = plans.blocks(self._ledger.plan, lane.call_s)

    def _verify(
        self,
        lane: Lane,
        harness: Harness,
        setting: Setting,
        process: int,
        points: tuple[Point, Point],
        limit_s: float,
    ) -> None:
        """Call at both points, and learn how long the first call takes and how long a later one."""
        first_s = lane.call_s = self._verified_call(lane, harness, setting, 1, points, limit_s)
        if first_s <= SLOW_S or not lane.row.is_interpreted:
            lane.call_s = self._verified_call(lane, harness, setting, 0, points, limit_s)
        self._check_pools(harness, setting)
        compiled_s = max(0.0, first_s - lane.call_s)
        self._spent["compiled_s"] += compiled_s
        self._spent["verified_s"] -= compiled_s
        self._paces.see(lane.row, setting, lane.call_s)
        if setting.dtype not in lane.called:
            lane.called.add(setting.dtype)
            if self._field.has_code(lane, setting.dtype):
                lane.warm_call_s = first_s
            else:
                lane.first_call_s = first_s
        self._field.note_code(lane, setting.dtype)

    def _verified_call(
        self,
        lane: Lane,
        harness: Harness,
        setting: Setting,
        point: int,
        points: tuple[Point, Point],
        limit_s: float,
    ) -> float:
        with self._clock("verified_s"):
            reply = harness.ask(limit_s, "call", "wall_s", "results", point=point)
            self._judge(reply["results"], points[point], setting, lane)
        return float(reply["wall_s"])

    def _should_find_code(self, lane: Lane, setting: Setting, process: int) -> bool:
        """Tell a lane whose code should lie on disk by now, and does not: the run was interrupted since."""
        warm = lane.keeps_code and process >= self._ledger.plan.cold
        return warm and setting.dtype not in lane.called and not self._field.has_code(lane, setting.dtype)

    def _block(self, lane: Lane, setting: Setting, process: int, point: Point) -> None:
        """Time one block; what it computed is verified before its time is kept."""
        self._show.now(process, setting, f"timing {lane.row.name}")
        assert lane.harness
        block_s = self._ledger.plan.block_s
        limit_s = self._patience_s + 10 * max(lane.call_s, block_s)
        needed = ("block_s", "timed_s", "settled_s", "cores", "results")
        start = perf_counter()
        if lane.call_s > SLOW_S:
            reply = lane.harness.ask(limit_s, "call_as_block", *needed)
        else:
            reply = lane.harness.ask(limit_s, "block", *needed, settle_s=SETTLE_S, block_s=block_s)
        wall_s = perf_counter() - start
        self._spent["timed_s"] += reply["timed_s"]
        self._spent["settled_s"] += reply["settled_s"]
        with self._clock("verified_s"):
            self._judge(reply["results"], point, setting, lane)
            _check_block(reply, wall_s - _SEND_S * point.w.nbytes, setting.threads)
        self._ledger.change(lane.row, setting, lane.twin).add_block(process, reply["block_s"])
        lane.losses = 0
        self._save()

    def _train_all(self, setting: Setting, process: int, place: int, paths: dict[str, str]) -> None:
        """Let each row train that is fast enough, in the order of the round that would be next."""
        X, Y, _ = opened(paths)
        for lane in self._in_turn(process, place, self._ledger.plan.rounds):
            if self._trains(lane, setting, process):
                with self._or_lost(lane, setting, process):
                    self._train(lane, setting, process, X, Y)

    def _trains(self, lane: Lane, setting: Setting, process: int) -> bool:
        """Tell whether a row trains: in all processes or in none, as the first that has timed it decides."""
        if lane.twin or not lane.blocks:
            return False
        entry = self._ledger.entries[lane.row, setting]
        if any(entry.blocks_s[:process]):
            return bool(entry.trained_s)
        return plans.training_s(setting, min(entry.blocks_s[process])) is not None

    def _train(self, lane: Lane, setting: Setting, process: int, X: Array, Y: Array) -> None:
        """Time gradient descent; the step where it ends is verified before that time is kept."""
        self._show.now(process, setting, f"training {lane.row.name}")
        assert lane.harness
        limit_s = self._patience_s + 10 * ITERATIONS * lane.call_s
        needed = ("wall_s", "costs", "w", "b", "results")
        arguments = {"alpha": ALPHA, "iterations": ITERATIONS}
        with self._clock("trained_s"):
            start = perf_counter()
            reply = lane.harness.ask(limit_s, "train", *needed, **arguments)
            wall_s = perf_counter() - start
        with self._clock("verified_s"):
            self._judge(reply["results"], _end(reply, X, Y), setting, lane)
            _check_clock(reply["wall_s"], reply["wall_s"], wall_s)
            costs = _checked_costs(reply["costs"], self._true_costs(setting, X, Y), setting.dtype)
        lane.training = reply["wall_s"], costs

    def _judge(self, found: Sequence[dict[str, Any]], point: Point, setting: Setting, lane: Lane) -> None:
        """Hold results to the oracle; raises Lost."""
        entry = self._ledger.change(lane.row, setting, lane.twin)
        try:
            for result in found:
                error = judge(_shaped(decoded(result), point), point.truth, TOLERANCE[setting.dtype])
                entry.error = max(entry.error, error)
        except Refused as refused:
            raise Lost(LeftOut("failed", str(refused), refused.error)) from None
        except (ValueError, KeyError, TypeError):
            raise Lost(LeftOut("crashed", "sent results that no step returns")) from None

    def _check_pools(self, harness: Harness, setting: Setting) -> None:
        """Raise Lost where a thread pool has more threads than it may, whatever it was told."""
        found = harness.ask(self._patience_s, "pools", "pools", "layer")
        pools = [Pool(*pool) for pool in found["pools"]]
        self._ledger.add_pools(pools, found["layer"])
        for pool in pools:
            if pool.threads > setting.threads:
                said = f"{pool.name} has {pool.threads} threads, where {setting.threads} may run"
                raise Lost(LeftOut("failed", said))

    def _measure_memory(self, setting: Setting, process: int) -> None:
        """Have each row call its step once more, for the memory that takes, where that is not known yet."""
        for lane in self._field.lanes:
            entry = self._ledger.change(lane.row, setting, lane.twin)
            if lane.blocks and lane.harness and entry.extra_bytes is None and not lane.twin:
                self._show.now(process, setting, f"measuring the memory of {lane.row.name}")
                with self._or_lost(lane, setting, process):
                    limit_s = self._patience_s + 10 * lane.call_s
                    entry.extra_bytes = lane.harness.ask(limit_s, "memory", "extra_bytes")["extra_bytes"]

    def _measure_light(self, setting: Setting, paths: dict[str, str]) -> None:
        """Measure the speed of light of each device that has a time here.

        Without Numba, or where it cannot run, the rows have their times.
        """
        light = self._field.light
        for device in sorted({lane.device for lane in self._field.lanes if lane.blocks}):
            if light.harness is None:
                return
            arguments = {"paths": paths, "threads": setting.threads, "device": device, "budget_s": LIGHT_S}
            try:
                found = light.harness.ask(self._patience_s, "light", "read_s", "link_s", **arguments)
                self._ledger.add_light(Light(*setting.key, device, found["read_s"], found["link_s"]))
                self._field.note_code(light, setting.dtype)
            except Lost as lost:
                if lost.ended:
                    self._field.drop(light)

    @contextmanager
    def _or_lost(self, lane: Lane, setting: Setting, process: int) -> Iterator[None]:
        """Turn what a lane does wrong into the loss of this setting in this process."""
        try:
            yield
        except Lost as lost:
            if lost.ended and lane.harness:
                self._field.drop(lane)
            lane.clear()
            self._ledger.change(lane.row, setting, lane.twin).lose(process)
            if lost.why.failed or not lane.twin:  # what is wrong with a twin is wrong with its row
                everywhere = lost.why.status in EVERYWHERE and not self._ledger.is_timed(lane.row, setting)
                self._ledger.lose(lane.row, setting, lost.why, None if everywhere else process)
            self._save()

    def _gave_up(self, lane: Lane, setting: Setting, process: int) -> bool:
        if lane.is_given_up:
            self._ledger.change(lane.row, setting, lane.twin).lose(process)
            if not lane.twin:
                said = f"not started again, lost {MOST_LOSSES} times in a row"
                self._ledger.lose(lane.row, setting, LeftOut("skipped", said), process)
        return lane.is_given_up

    def _skip(self, lane: Lane, setting: Setting, call_s: float) -> bool:
        said = plans.too_long(self._ledger.plan, call_s)
        if said:
            lane.clear()
        if said and not lane.twin:  # a twin that is a little slower takes no time from its row
            self._ledger.lose(lane.row, setting, LeftOut("skipped", said), None)
        return bool(said)

    def _start_field(self, process: int, threads: int) -> None:
        """Start every row afresh: nothing is timed meanwhile."""
        mine = [setting for setting in self._settings if setting.threads == threads]
        self._field_of = (process, threads)
        self._show.now(process, mine[0], "starting all rows")
        self._ledger.check_code()
        wanted = []
        for lane in self._field.lanes:
            lane.called = self._ledger.dtypes_called(lane.row, lane.twin, mine, process)
            if self._ledger.has_changed(lane.row):
                if not lane.twin:
                    self._leave_out(lane.row, _CHANGED, mine)
            elif not all(self._ledger.is_left_out(lane.row, setting) for setting in mine):
                wanted.append(lane)
        is_cold = process < self._ledger.plan.cold
        for row, why in self._field.start(wanted, threads, is_cold, self._patience_s).items():
            if row in self._selected.rows:
                self._leave_out(row, why, mine)

    def _points(self, problem: problems.Problem) -> tuple[Point, Point]:
        """Return the truth at both points, which the oracle computes once per problem and dtype."""
        key = (problem.name, problem.dtype)
        if key not in self._truths:
            gate = Gate(problem)
            self._truths[key] = (gate.start, gate.mirrored)
        return self._truths[key]

    def _true_costs(self, setting: Setting, X: Array, Y: Array) -> list[float]:
        """Return the costs on the way of gradient descent, which the oracle computes once per dtype."""
        if setting.dtype not in self._costs:
            start = np.zeros((X.shape[0], 1), X.dtype)
            fit = gradient_descent(lambda w, b: reference(w, b, X, Y).value, start, 0.0, ALPHA, ITERATIONS)
            self._costs[setting.dtype] = fit.costs
        return self._costs[setting.dtype]

    def _in_turn(self, process: int, place: int, round_: int) -> list[Lane]:
        lanes = self._field.lanes
        return [lanes[turn] for turn in plans.order(self._ledger.plan, process, place, len(lanes), round_)]

    def _save(self) -> None:
        with self._clock("saved_s"):
            self._ledger.save()
        self._show.progress(self._ledger)

    @contextmanager
    def _clock(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self._spent[name] += perf_counter() - start


def _check_block(reply: dict[str, Any], wall_s: float, threads: int) -> None:
    """Raise Lost for a block whose cores are too many, or whose clock is not ours."""
    _check_clock(reply["block_s"], reply["timed_s"] + reply["settled_s"], wall_s)
    if reply["timed_s"] > _LONG_ENOUGH_S and reply["cores"] > threads + _MOST_CORES:
        raise Lost(LeftOut("failed", f"kept {reply['cores']:.1f} cores busy, where {threads} may be"))


def _check_clock(shortest_s: float, told_s: float, wall_s: float) -> None:
    """Raise Lost where a lane's clock tells no time, or much less than ours."""
    if shortest_s < _SHORTEST_S or wall_s - told_s > _LONG_ENOUGH_S + _UNTOLD * wall_s:
        raise Lost(LeftOut("failed", f"its clock tells {told_s:.3g} s of {wall_s:.3g} s"))


def _end(reply: dict[str, Any], X: Array, Y: Array) -> Point:
    """Return what is true where a training ended; raises Lost."""
    try:
        w, b = as_column(reply["w"]).astype(X.dtype), float(reply["b"])
        if w.shape != (X.shape[0], 1):
            raise ValueError(f"w has shape {w.shape}")
        return Point(w, b, reference(w, b, X, Y))
    except (ValueError, TypeError, OverflowError) as error:
        raise Lost(LeftOut("failed", f"its training ended at no parameters: {error}")) from None


def _checked_costs(costs: Any, truth: list[float], dtype: str) -> list[float]:
    """Return the costs of a training, one of each iteration, that are those of the oracle's; raises Lost."""
    if not isinstance(costs, list) or len(costs) != ITERATIONS:
        raise Lost(LeftOut("failed", f"its training has not {ITERATIONS} costs"))
    for iteration, cost in enumerate(costs):
        if not isinstance(cost, float) or not 0 <= cost < math.inf:
            raise Lost(LeftOut("failed", f"its training's cost {iteration} is {cost!r:.40}"))
        error = abs(cost - truth[iteration]) / truth[iteration]
        if error > ITERATIONS * TOLERANCE[dtype]:  # each update may add the error of a step
            said = f"its training's cost {iteration} is {cost:.6g}, where {truth[iteration]:.6g} is right"
            raise Lost(LeftOut("failed", said, error))
    return costs


def _shaped(result: Step, point: Point) -> Step:
    """Return a result whose dw has the shape of w; raises ValueError for another."""
    if result.dw.shape != point.w.shape:
        raise ValueError(f"dw has shape {result.dw.shape}")
    return result
