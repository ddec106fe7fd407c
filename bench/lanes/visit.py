"""A visit: one process measures all rows on one setting.

The rows are prepared, verified and called for the first time, one by one. Then come the rounds of blocks, in
an order that rotates, and on real data a training. Only one lane runs at a time. What a row does wrong costs
it this setting in this process, and costs no other row anything.
"""

import dataclasses
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Protocol

from bench.lanes import checks
from bench.lanes.calls import Calls
from bench.lanes.checks import Truths
from bench.lanes.entry import Entry
from bench.lanes.field import MOST_LOSSES, Field, Lane
from bench.lanes.harness import Harness, Lost
from bench.lanes.ledger import Ledger
from bench.lanes.stage import Stage
from bench.outcome import EVERYWHERE, LeftOut
from bench.planning import forecast, turns
from bench.planning import plan as plans
from bench.planning.budget import Budget, Part
from bench.planning.forecast import Paces
from bench.planning.plan import ALPHA, ITERATIONS, LIGHT_S, SLOW_S, TRAINED_ON
from bench.request import Setting
from impls.data import problems
from impls.truth.gate import Point
from impls.truth.points import references
from reports.facts.aim import Widest
from reports.results import Light, Pool

_JUDGE_S = (1e-9, 4e-8)  # what the truth of a call takes: seconds for each number in X, and for each example
_JUDGED = 0.03  # the part of a block's time that judging its results may take


class Show(Protocol):
    """Tells the user how the run goes; it is called while no lane runs."""

    def now(self, process: int, setting: Setting, doing: str) -> None:
        """Say what is being done."""

    def progress(self, ledger: Ledger) -> None:
        """Say what is measured."""

    def known(self, widest: Widest) -> None:
        """Say how well the speedups are known."""


class OutOfTime(Exception):
    """The budget was spent before each row had a block."""


@dataclasses.dataclass
class Means:
    """What all visits of a run share."""

    ledger: Ledger
    paces: Paces
    show: Show
    field: Field
    budget: Budget
    folder: Path  # for temporary files
    patience_s: float  # for any reply, beyond ten times what it is predicted to take
    truths: Truths = dataclasses.field(default_factory=Truths)


def truth_of(setting: Setting) -> Part:
    """Return the part of a run in which the oracle computes what is true of a setting's data."""
    return Part("truth", (setting.shape, setting.dtype), forecast.truth_s(setting.shape))


class Visit:
    """All rows on one setting, in one process; `place` is that of the setting among all."""

    def __init__(self, means: Means, setting: Setting, process: int, place: int):
        self._ledger, self._paces, self._field, self._budget = (
            means.ledger,
            means.paces,
            means.field,
            means.budget,
        )
        self._means, self._setting, self._process, self._place = means, setting, process, place
        self._plan = means.ledger.plan
        self._unjudged: list[tuple[Lane, Calls]] = []

    def measure(self) -> None:
        """Measure; raises OutOfTime, and OSError where the file cannot be written."""
        with self._data():
            self._rehearse()
            for lane in self._in_turn(0, dict.fromkeys(self._field.lanes, self._plan.rounds)):
                if self._budget.is_spent:
                    raise OutOfTime
                with self._or_lost(lane):
                    self._prepare(lane)
            self._time()
            self._bound_times()
            if self._setting.shape.name == TRAINED_ON:
                self._train_all()
            self._measure_memory()
            self._measure_light()
            self._verify_on_few()
        for lane in self._field.lanes:
            entry = self._entry(lane)
            entry.add_once(lane.prepare_s, lane.first_call_s, lane.warm_call_s)
            if lane.training:
                entry.add_training(self._process, *lane.training)
            if self._ledger.has_failed(lane.row, self._setting):
                entry.lose_trainings()

    def verify(self) -> dict[Lane, LeftOut]:
        """Verify all rows, and time none; return what was wrong with those that were not right."""
        wrong = {}
        with self._data():
            for lane in self._field.lanes:
                if lane.is_out or lane.twin:
                    continue
                self._say(f"verifying {lane.row.name}")
                try:
                    harness = self._field.revived(lane, self._means.patience_s)
                    self._stage.verify(harness, self._points, self._means.patience_s)
                except Lost as lost:
                    self._field.note(lane, lost)
                    wrong[lane] = lost.why
        return wrong

    @contextmanager
    def _data(self) -> Iterator[None]:
        """Share the data with the lanes, and know what is true of them."""
        truths, setting = self._means.truths, self._setting
        problems.check_memory(setting.shape, setting.dtype, copies=2)  # made, and then shared
        made = problems.made(setting.shape, setting.dtype)
        with nullcontext() if truths.knows(setting) else self._budget.seen(truth_of(setting)):
            self._points = truths.points(setting, made.X, made.Y)
        stage = Stage(made, setting.threads, self._means.folder, self._means.patience_s)
        del made  # the lanes map the shared bytes
        with closing(stage) as self._stage:
            yield
        del self._stage  # which maps the data

    def _prepare(self, lane: Lane) -> None:
        """Prepare, verify and call for the first time; a row that will not be timed here gets no blocks."""
        lane.clear()
        if lane.is_out or self._ledger.is_left_out(lane.row, self._setting) or self._gave_up(lane):
            return
        known = self._ledger.is_timed(lane.row, self._setting)
        predicted_s = self._paces.predicted(lane.row, self._setting)
        if predicted_s and not known and self._skip(lane, predicted_s):
            return
        self._say(f"verifying {lane.row.name}")
        harness = self._field.revived(lane, self._means.patience_s)
        limit_s = self._means.patience_s + 10 * (predicted_s or 0)
        lane.prepare_s = self._stage.prepare(harness, limit_s)
        if lane.row.is_interpreted and predicted_s and predicted_s > SLOW_S and known:
            lane.call_s = predicted_s  # it compiles nothing, and one of its timed calls at least is verified
        else:
            self._verify(lane, harness, limit_s)
        if known or not self._skip(lane, lane.call_s):
            lane.blocks = turns.blocks(self._plan, lane.call_s)
            lane.judged = self._judged(lane.blocks)

    def _rehearse(self) -> None:
        """Measure what asking takes, in the lane that has no row; without it, clocks are not compared."""
        light = self._field.light
        if light.harness:
            try:
                self._stage.open(light.harness)
                self._stage.caller.rehearse(light.harness, self._means.patience_s)
            except Lost as lost:
                self._field.note(light, lost)

    def _verify(self, lane: Lane, harness: Harness, limit_s: float) -> None:
        """Call at both points, and learn how long the first call takes and how long a later one."""
        first, second = self._points
        heard = self._verified_call(lane, harness, first, limit_s)
        first_s, lane.call_s = self._stage.caller.bounded_s(heard.told_s, heard.wall_s), heard.told_s
        if lane.call_s <= SLOW_S or not lane.row.is_interpreted:
            lane.call_s = self._verified_call(lane, harness, second, limit_s).told_s
        self._check_pools(harness)
        self._paces.see(lane.row, self._setting, lane.call_s)
        dtype = self._setting.dtype
        if dtype not in lane.called:
            lane.called.add(dtype)
            if self._field.has_code(lane, dtype):
                lane.warm_call_s = first_s
            else:
                lane.first_call_s = first_s
        self._field.note_code(lane, dtype)

    def _verified_call(self, lane: Lane, harness: Harness, point: Point, limit_s: float) -> Calls:
        """Call at a point; raises Lost if the result is wrong."""
        heard, error = self._stage.called(harness, point, limit_s)
        self._keep_error(lane, error)
        return heard

    def _time(self) -> None:
        """Time all rows, round by round; without time left, after the round in which each has a block."""
        for round_ in range(self._plan.rounds):
            for lane in self._in_turn(round_, {lane: lane.blocks for lane in self._field.lanes}):
                with self._or_lost(lane):
                    self._block(lane)
            self._judge_blocks()
            if self._budget.is_spent:
                for lane in self._field.lanes:
                    if lane.blocks and not lane.is_judged:
                        self._choose(lane)
                self._judge_blocks()
                lanes = [lane for lane in self._field.lanes if lane.blocks]
                if not all(any(self._entry(lane).blocks_s[self._process :]) for lane in lanes):
                    raise OutOfTime
                return

    def _block(self, lane: Lane) -> None:
        """Time one block; if it was chosen for that, one of its calls is judged at the end of the round."""
        self._say(f"timing {lane.row.name}")
        assert lane.harness
        limit_s = self._means.patience_s + 10 * max(lane.call_s, self._plan.block_s)
        block = self._stage.caller.block(lane.harness, limit_s, lane.call_s, self._plan.block_s)
        checks.check_cores(block.cores, block.wall_s, self._setting.threads, lane.row)
        lane.last = random.SystemRandom().choice(block.parts)
        if len(lane.seen) in lane.judged:
            self._choose(lane)
        lane.seen.append(block.seen)
        self._ledger.timed_s += block.wall_s
        self._entry(lane).add_block(self._process, block.call_s)
        lane.losses, lane.call_s = 0, block.call_s
        self._means.show.progress(self._ledger)

    def _choose(self, lane: Lane) -> None:
        """Have a call of a lane's last block compared with the truth."""
        if lane.last:
            self._unjudged.append((lane, lane.last))
            lane.is_judged = True

    def _judge_blocks(self) -> None:
        """Compare a call of each block that was chosen with the truth, which is computed in one pass."""
        unjudged, self._unjudged = self._unjudged, []
        if not unjudged:
            return
        truths = references([(calls.w, calls.b) for _, calls in unjudged], self._stage.X, self._stage.Y)
        for (lane, calls), truth in zip(unjudged, truths, strict=True):
            if lane.blocks:  # it has not been lost meanwhile
                with self._or_lost(lane):
                    self._keep_error(lane, checks.largest_error(calls.result, truth, self._setting.dtype))

    def _judged(self, blocks: int) -> set[int]:
        """Choose the blocks of a lane of which a call is judged: as many as take little time, but one."""
        shape = self._setting.shape
        judge_s = _JUDGE_S[0] * shape.n_x * shape.m + _JUDGE_S[1] * shape.m
        count = max(1, min(blocks, round(blocks * _JUDGED * self._plan.block_s / judge_s)))
        return set(random.SystemRandom().sample(range(blocks), count))

    def _bound_times(self) -> None:
        """Let no time be shorter than the conductor's clock allows."""
        for lane in self._field.lanes:
            if lane.blocks and lane.seen:
                lane.floor_s = self._stage.caller.floor_s(lane.seen, self._setting.threads)
                self._entry(lane).bound(self._process, lane.floor_s)

    def _train_all(self) -> None:
        """Let each row train that is fast enough, in the order of the round that would be next."""
        trained = dict.fromkeys(filter(self._trains, self._field.lanes), self._plan.rounds)
        for lane in self._in_turn(self._plan.rounds, trained):
            with self._or_lost(lane):
                self._train(lane)

    def _trains(self, lane: Lane) -> bool:
        """Return whether a row trains: in all processes or in none, as the first that times it decides."""
        if lane.twin or not lane.blocks:
            return False
        entry = self._entry(lane)
        if any(entry.blocks_s[: self._process]):
            return bool(entry.trained_s)
        return plans.training_s(self._setting, min(entry.blocks_s[self._process])) is not None

    def _train(self, lane: Lane) -> None:
        """Time gradient descent; the step where it ends is verified before that time is kept."""
        self._say(f"training {lane.row.name}")
        assert lane.harness
        limit_s = self._means.patience_s + 10 * ITERATIONS * lane.call_s
        start = perf_counter()
        reply = lane.harness.ask(limit_s, "train", "wall_s", "costs", alpha=ALPHA, iterations=ITERATIONS)
        wall_s = perf_counter() - start
        X, Y = self._stage.X, self._stage.Y
        last, beyond = (self._stage.exchange.result(k) for k in range(2))
        truth = checks.end_of_training(last, X, Y)
        self._keep_error(lane, checks.largest_error(beyond, truth, self._setting.dtype))
        costs = checks.checked_costs(reply["costs"], self._means.truths.costs(X, Y), self._setting.dtype)
        # Where a training begins is no secret: it takes as long as its steps, whatever it is said to take.
        trained_s = max(self._stage.caller.bounded_s(reply["wall_s"], wall_s), ITERATIONS * lane.floor_s)
        lane.training = trained_s, costs

    def _measure_memory(self) -> None:
        """Have each row call its step once more, for the memory that takes, where that is not known yet."""
        for lane in self._field.lanes:
            entry = self._entry(lane)
            if lane.blocks and lane.harness and entry.extra_bytes is None and not lane.twin:
                self._say(f"measuring the memory of {lane.row.name}")
                with self._or_lost(lane):
                    limit_s = self._means.patience_s + 10 * lane.call_s
                    entry.extra_bytes = lane.harness.ask(limit_s, "memory", "extra_bytes")["extra_bytes"]

    def _verify_on_few(self) -> None:
        """Verify own files that were timed once more, on few examples."""
        for lane in self._field.lanes:
            if lane.blocks and lane.harness and lane.row.is_own:
                with self._or_lost(lane):
                    self._stage.verify_on_few(lane.harness, self._means.patience_s)

    def _measure_light(self) -> None:
        """Measure the speed of light of each device that has a time here.

        Without Numba, or where it cannot run, the rows have their times.
        """
        light, setting = self._field.light, self._setting
        for device in sorted({lane.row.device for lane in self._field.lanes if lane.blocks}):
            if light.harness is None:
                return
            needed, limit_s = ("read_s", "link_s"), self._means.patience_s
            try:
                found = light.harness.ask(limit_s, "light", *needed, device=device, budget_s=LIGHT_S)
                self._ledger.add_light(Light(*setting.key, device, found["read_s"], found["link_s"]))
                self._field.note_code(light, setting.dtype)
            except Lost as lost:
                self._field.note(light, lost)

    def _keep_error(self, lane: Lane, error: float) -> None:
        entry = self._entry(lane)
        entry.error = max(entry.error, error)

    def _check_pools(self, harness: Harness) -> None:
        found = harness.ask(self._means.patience_s, "pools", "pools", "layer")
        pools = [Pool(*pool) for pool in found["pools"]]
        self._ledger.add_pools(pools, found["layer"])
        checks.check_pools(pools, self._setting.threads)

    @contextmanager
    def _or_lost(self, lane: Lane) -> Iterator[None]:
        """Turn what a lane does wrong into the loss of this setting in this process."""
        try:
            yield
        except Lost as lost:
            self._field.note(lane, lost)
            lane.clear()
            self._entry(lane).lose(self._process)
            if lost.why.failed or not lane.twin:  # what is wrong with a twin is wrong with its row
                timed = self._ledger.is_timed(lane.row, self._setting)
                everywhere = lost.why.status in EVERYWHERE and not timed
                process = None if everywhere else self._process
                self._ledger.lose(lane.row, self._setting, lost.why, process)

    def _gave_up(self, lane: Lane) -> bool:
        if lane.is_given_up:
            self._entry(lane).lose(self._process)
            if not lane.twin:
                said = f"not started again, lost {MOST_LOSSES} times in a row"
                self._ledger.lose(lane.row, self._setting, LeftOut("skipped", said), self._process)
        return lane.is_given_up

    def _skip(self, lane: Lane, call_s: float) -> bool:
        said = plans.too_long(self._plan, call_s)
        if said:
            lane.clear()
        if said and not lane.twin:  # a twin that is a little slower takes no time from its row
            self._ledger.lose(lane.row, self._setting, LeftOut("skipped", said), None)
        return bool(said)

    def _entry(self, lane: Lane) -> Entry:
        return self._ledger.change(lane.row, self._setting, lane.twin)

    def _in_turn(self, round_: int, blocks: dict[Lane, int]) -> list[Lane]:
        """Return the lanes that have a block in a round, in its order, given how many each has."""
        lanes, numbers = list(blocks), list(blocks.values())
        return [lanes[n] for n in turns.order(self._plan, self._process, self._place, numbers, round_)]

    def _say(self, doing: str) -> None:
        self._means.show.now(self._process, self._setting, doing)
