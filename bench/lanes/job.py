"""`zeroloop run`: from what was asked for to a results file and its report."""

import dataclasses
import signal
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from rich.console import Console

from bench.cli.terminal import alone_in, ended_by_signals
from bench.lanes import plan as plans
from bench.lanes.conductor import Conductor
from bench.lanes.ledger import Ledger, Stale
from bench.lanes.live import Clock, Lines, Screen
from bench.lanes.plan import Asked, Paces
from bench.selection import BadSelection, Selection, display_name, select
from impls import registry
from impls.data import problems
from reports import files, results, wording
from reports.results import Plan, Results


@dataclasses.dataclass
class Job:
    """A run before it starts: what it will do, and what it goes on with."""

    plan: Plan
    selected: Selection
    paces: Paces
    path: Path
    before: Results | None = None

    @property
    def forecast_s(self) -> float:
        """Predict how many seconds it takes, or what is left of it."""
        whole_s = plans.forecast_s(self.plan, self.selected, self.paces)
        if self.before is None:
            return whole_s
        parts = self.plan.processes * len(plans.settings(self.plan, self.selected))
        return whole_s * max(0.0, 1 - (self.before.run.done or 0) / parts)


def new(asked: Asked, output: Path | None) -> Job:
    """Plan a run; raises BadSelection for what cannot be had."""
    check_system()
    path = output or Path("reports/out") / f"run-{datetime.now():%Y-%m-%d-%H%M%S}.json"
    if path.exists():
        raise BadSelection(f"{path} is there already: go on with it by --resume, or name another file")
    plan, selected = plans.make(asked)
    paces = Paces()
    paces.probe(selected)
    return Job(plans.fitted(plan, selected, paces, asked.budget_s is not None), selected, paces, path)


def resumed(path: Path, own_files: Sequence[str]) -> Job:
    """Plan to go on with an interrupted run; raises BadSelection, BadResults, OSError."""
    check_system()
    before = results.read(path)
    plan = before.run.plan
    if plan is None:
        raise BadSelection(f"{path}: of `pytest --benchmark-only`, which cannot be gone on with")
    if not before.run.interrupted:
        raise BadSelection(f"{path}: this run is complete; start another")
    if named := [row for row in own_files if not registry.is_own_file(row)]:
        raise BadSelection(f"{path}: its rows are those of its plan; leave out --impl {named[0]}")
    own = {display_name(file): file for file in own_files}
    rows = []
    for row in before.run.rows:
        if registry.is_own_file(row.name) and row.name not in own:
            raise BadSelection(f"{path}: it timed {row.name}; say where that file is, with --impl")
        rows.append(own.pop(row.name, row.name))
    if own:
        raise BadSelection(f"{path}: it did not time {', '.join(own)}; leave out that --impl")
    for problem in before.run.problems:
        shape = problems.find(problem.name)
        if (shape.n_x, shape.m) != (problem.n_x, problem.m):
            raise BadSelection(f"{path}: {problem.name} was of another size")
    names = [problem.name for problem in before.run.problems]
    selected = select(rows, names, plan.dtypes, plan.thread_counts)
    paces = Paces()
    paces.probe(selected)
    return Job(plan, selected, paces, path, before)


def described(job: Job) -> str:
    """Say what a run will do, problem by problem, and how long it will take."""
    plan, selected = job.plan, job.selected
    rows = [row for row in selected.rows if plans.is_installed(row)]
    missing = [row for row in selected.rows if row not in rows]
    cold, settings = min(plan.cold, plan.processes), plans.settings(plan, selected)
    count = wording.counted
    lines = [
        f"{plan.preset}: {count(len(rows), 'row')} on {count(len(selected.problems), 'problem')}, "
        f"{' and '.join(plan.dtypes)}, {' and '.join(map(wording.threads, plan.thread_counts))}",
        f"{count(plan.processes, 'process')} of each row, {cold} with nothing compiled",
        f"in each, on each problem, up to {plan.rounds} blocks of {wording.seconds(plan.block_s)}",
        f"baseline: {plan.baseline}, which runs twice side by side, to show the noise (A/A pair)",
    ]
    if plans.TRAINED_ON in selected.problems:
        lines.append(f"on {plans.TRAINED_ON} also gradient descent, {plans.ITERATIONS} iterations")
    if plan.until is not None:
        lines.append(f"then more processes, until all intervals are within {wording.percent(plan.until)}")
    for setting in settings:
        for row in rows:
            call_s = job.paces.predicted(row, setting) if plans.suits(row, setting) else None
            if call_s is not None and (said := plans.too_long(plan, call_s)):
                lines.append(f"skipped: {display_name(row)} on {setting.problem}, {setting.dtype}: {said}")
    reasons = {row: (registry.missing(registry.record(row)) or "").partition(": ")[0] for row in missing}
    for status in dict.fromkeys(reasons.values()):
        lines.append(f"{status}: {', '.join(row for row in missing if reasons[row] == status)}")
    if job.before:
        lines.append(f"going on after {job.before.run.done} of {plan.processes * len(settings)} parts")
    about = "at least" if plan.until is not None else "about"
    lines.append(f"this takes {about} {wording.duration(job.forecast_s)}")
    return "\n".join(lines)


def carry_out(job: Job, console: Console) -> Results:
    """Measure; raises BadSelection where it cannot go on, and OSError where the file cannot be written."""
    settings = plans.settings(job.plan, job.selected)
    files.check_writable(job.path.parent)
    with (
        alone_in(job.path.parent, "another run"),
        closing(Ledger(job.path, job.plan, job.selected.rows, job.selected.problems)) as ledger,
    ):
        if job.before:
            try:
                ledger.go_on_with(job.before, settings)
            except Stale as stale:
                raise BadSelection(f"{job.path}: cannot go on with this run here: {stale}") from None
        ledger.save()
        clock = Clock(job.forecast_s, ledger, len(settings))
        screen = Screen(console, clock, job.selected, ledger)
        with (
            screen if console.is_terminal else Lines(console, clock, job.selected) as show,
            ended_by_signals(),
        ):
            Conductor(job.selected, ledger, job.paces, show).run()
        return ledger.results


def check_system() -> None:
    """Raise BadSelection where processes cannot be stopped and continued."""
    if not hasattr(signal, "SIGSTOP"):
        raise BadSelection("zeroloop run needs Linux or macOS; `pytest --benchmark-only` runs here too")
