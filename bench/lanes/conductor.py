"""Runs a plan: process by process, setting by setting, within its budget.

In each process every row is started afresh, as a lane of its own, and goes through all settings of a number
of threads. `bench.lanes.visit` is what happens on one setting.
"""

import dataclasses
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.lanes.field import PATIENCE_S, Field
from bench.lanes.harness import guarded
from bench.lanes.ledger import Ledger
from bench.lanes.listener import Listener
from bench.lanes.visit import Means, OutOfTime, Show, Visit, truth_of
from bench.outcome import LeftOut, explain
from bench.planning import forecast
from bench.planning import plan as plans
from bench.planning.budget import Budget, Part
from bench.planning.forecast import Paces
from bench.planning.presets import PRESETS
from bench.request import Request, Setting
from impls.data import problems
from impls.records import Record
from reports import wording
from reports.facts.aim import Widest, is_reached
from reports.facts.facts import Facts

_MOST_UNTIL = 100  # limit of the processes that `until` adds
_CHANGED = LeftOut("failed", "its file has changed since the run began")


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
        self._memory_bytes = memory_bytes
        self._settings = plans.settings(ledger.plan, selected)
        self._budget = Budget(ledger.plan.budget_s, ledger.total_s)
        self._resumed_at = ledger.done
        self._field_of: tuple[int, int] | None = None  # process and threads that the field is started for

    def run(self) -> None:
        """Measure until the plan is done or the budget is spent.

        Raises OSError if the file cannot be written, and Stale if the code of zeroloop changes meanwhile.
        """
        listener = Listener(self._ledger.noise, self._ledger.total_s)
        twin_of = plans.baseline_row(self._ledger.plan, self._selected)
        with ExitStack() as stack:
            stack.callback(self._ledger.conclude)
            temporary = tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
            keeper = stack.enter_context(guarded(folder))
            shares_code = self._ledger.plan.cold == 0
            self._field = Field(self._selected.rows, twin_of, folder, keeper, self._memory_bytes, shares_code)
            self._means = Means(
                self._ledger, self._paces, self._show, self._field, self._budget, folder, self._patience_s
            )
            stack.callback(self._field.end)
            self._leave_out_what_cannot_run()
            if self._ledger.done == 0:
                self._verify_first()
            while self._goes_on():
                self._next()
                self._ledger.total_s = self._budget.used_s
                self._ledger.noise = listener.heard(self._field.running_s)
                self._ledger.done += 1
                self._ledger.save()
                self._show.progress(self._ledger)
            self._ledger.interrupted = False

    def _goes_on(self) -> bool:
        plan, widest = self._ledger.plan, self._widest()
        if self._ledger.done < plan.processes * len(self._settings):
            return True
        if plan.until is None or plan.processes >= _MOST_UNTIL or is_reached(plan, widest):
            return False
        if self._budget.used_s / plan.processes > self._budget.left_s:
            return False
        self._ledger.plan = dataclasses.replace(plan, processes=plan.processes + 1)
        return True

    def _widest(self) -> Widest | None:
        """Return and show the speedup that is known least well, whenever a process but the first is done."""
        process, place = divmod(self._ledger.done, len(self._settings))
        if self._ledger.plan.until is None or place or process < 2:
            return None
        found = Facts(self._ledger.results).widest
        if found:
            self._show.known(found)
        return found

    def _leave_out_what_cannot_run(self) -> None:
        for row in self._selected.rows:
            if missing := row.missing:
                self._leave_out(row, explain(missing, row), self._settings)
        for setting in self._settings:
            if said := plans.too_large(setting, self._selected):
                self._skip(setting, said)

    def _leave_out(self, row: Record, why: LeftOut, settings: Sequence[Setting]) -> None:
        """Drop untimed settings for the whole run, timed ones for this process only."""
        process = self._ledger.done // len(self._settings)
        for setting in settings:
            timed = self._ledger.is_timed(row, setting)
            self._ledger.lose(row, setting, why, process if timed else None)
            if timed:
                self._ledger.change(row, setting).lose(process)

    def _skip(self, setting: Setting, said: str) -> None:
        """Leave out all rows that have no time on a setting, for the whole run."""
        for row in self._wanted(setting):
            if not self._ledger.is_timed(row, setting):
                self._ledger.lose(row, setting, LeftOut("skipped", said), None)

    def _wanted(self, setting: Setting) -> list[Record]:
        """Return the rows that are not left out on a setting."""
        return [row for row in self._selected.rows if not self._ledger.is_left_out(row, setting)]

    def _verify_first(self) -> None:
        """Verify all rows on problems that are not timed; a row that is wrong there has no time at all."""
        shapes = [problems.find(name) for name in PRESETS[self._ledger.plan.preset].verified]
        threads = self._ledger.plan.thread_counts[0]
        if shapes:
            self._start_field(0, threads)
        for shape in shapes:
            for dtype in self._ledger.plan.dtypes:
                wrong = Visit(self._means, Setting(shape, dtype, threads), 0, 0).verify()
                for lane, why in wrong.items():
                    if why.status != "unsuited":
                        why = why._replace(reason=f"on {shape.name}, {dtype}: {why.reason}")
                        self._leave_out(lane.row, why, self._settings)
        self._field_of = None  # the first calls are those of lanes that are started anew

    def _next(self) -> None:
        """Measure all rows on one setting in one process, if that fits in the budget."""
        process, place = divmod(self._ledger.done, len(self._settings))
        setting, plan = self._settings[place], self._ledger.plan
        if not self._wanted(setting):
            return
        starts = self._field_of != (process, setting.threads)
        start = Part("start", "all rows", forecast.start_s(self._selected))
        predicted_s = forecast.visit_s(plan, self._selected, self._paces, setting, process)
        visit = Part("visit", (setting, min(process, max(1, plan.cold))), predicted_s)
        parts = [visit]
        if starts:
            parts.append(start)
        if not self._means.truths.knows(setting):
            parts.append(truth_of(setting))
        spent = f"the budget of {wording.duration(plan.budget_s or 0.0)} was spent before its turn"
        if not self._budget.has_room(parts):
            self._skip(setting, spent)
            return
        if starts:
            with self._budget.seen(start):
                self._start_field(process, setting.threads)
        try:
            with self._budget.seen(visit):
                Visit(self._means, setting, process, place).measure()
        except OutOfTime:
            for lane in self._field.lanes:
                self._ledger.change(lane.row, setting, lane.twin).lose(process)
            self._skip(setting, spent)

    def _start_field(self, process: int, threads: int) -> None:
        """Start every row afresh; nothing is timed meanwhile."""
        mine = [setting for setting in self._settings if setting.threads == threads]
        resumed = process * len(self._settings) + self._settings.index(mine[0]) < self._resumed_at
        self._field_of = (process, threads)
        self._show.now(process, mine[0], "starting all rows")
        self._ledger.check_code()
        wanted = []
        for lane in self._field.lanes:
            # First calls are not cold where rows share code, or had their calls before a resume.
            no_first_calls = resumed or self._ledger.plan.cold == 0
            lane.called = set(self._ledger.plan.dtypes) if no_first_calls else set()
            if self._ledger.has_changed(lane.row):
                if not lane.twin:
                    self._leave_out(lane.row, _CHANGED, mine)
            elif not all(self._ledger.is_left_out(lane.row, setting) for setting in mine):
                wanted.append(lane)
        is_cold = process < self._ledger.plan.cold
        for row, why in self._field.start(wanted, threads, is_cold, self._patience_s).items():
            if row in self._selected.rows:
                self._leave_out(row, why, mine)
