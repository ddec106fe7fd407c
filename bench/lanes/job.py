"""`zeroloop run`: from what was asked for to a results file and its report."""

import dataclasses
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from rich.console import Console

from bench.lanes.conductor import Conductor
from bench.lanes.ledger import Ledger, Stale
from bench.lanes.live import Clock, Lines, Screen
from bench.locking import alone_in
from bench.planning import forecast
from bench.planning import plan as plans
from bench.planning.forecast import Paces
from bench.planning.plan import Asked
from bench.planning.presets import AB, PRESETS
from bench.request import BadRequest, Request, check_system
from bench.signals import ended_by_signals
from impls import records
from impls.data import problems
from impls.records import Record
from reports import files, reading, wording
from reports.results import BadResults, Plan, Results


@dataclasses.dataclass
class Job:
    """A run before it starts: what it will do; `before` is what an interrupted run had measured."""

    plan: Plan
    selected: Request
    paces: Paces
    path: Path
    before: Results | None = None

    @property
    def forecast_s(self) -> float:
        """Predict how many seconds it takes, or what is left of it."""
        whole_s = forecast.forecast_s(self.plan, self.selected, self.paces)
        if self.before is None:
            return whole_s
        parts = self.plan.processes * len(plans.settings(self.plan, self.selected))
        return whole_s * max(0.0, 1 - (self.before.run.done or 0) / parts)


def new(asked: Asked, output: Path | None) -> Job:
    """Plan a run; raises BadRequest for what cannot be had."""
    check_system("a run")
    path = output or Path("reports/out") / f"run-{datetime.now():%Y-%m-%d-%H%M%S}.json"
    _check_free(path)
    plan, selected = plans.make(asked)
    paces = Paces()
    paces.probe(selected)
    return Job(forecast.fitted(plan, selected, paces, asked.budget_s is not None), selected, paces, path)


def resumed(path: Path, own_rows: Sequence[Record]) -> Job:
    """Plan to resume an interrupted run; raises BadRequest, BadResults, OSError."""
    check_system("a run")
    before = reading.read(path)
    plan = before.run.plan
    if plan is None:
        raise BadRequest(f"{path}: of `pytest --benchmark-only`, which cannot be resumed")
    if not before.run.interrupted:
        raise BadRequest(f"{path}: this run is complete; start another")
    if plan.preset not in PRESETS:
        raise BadRequest(f"{path}: this zeroloop has no preset {plan.preset}")
    try:
        reading.check_resumable(before)
    except BadResults as error:
        raise BadResults(f"{path}: {error}") from None
    own = {row.name: row for row in own_rows}
    for row in own.values():
        if not row.is_own:
            raise BadRequest(f"{path}: its rows are those of its plan; leave out --impl {row.name}")
    rows = []
    for name in (row.name for row in before.run.rows):
        if name not in own and name not in records.names():
            again = "continue with `zeroloop ab` and the same two"
            do = again if plan.preset == AB else "say where that file is, with --impl"
            raise BadRequest(f"{path}: it timed {name}; {do}")
        rows.append(own.pop(name) if name in own else records.find(name))
    for name in own:
        raise BadRequest(f"{path}: it did not time {name}")
    for problem in before.run.problems:
        shape = problems.find(problem.name)
        if (shape.n_x, shape.m) != (problem.n_x, problem.m):
            raise BadRequest(f"{path}: {problem.name} was of another size")
    names = [problem.name for problem in before.run.problems]
    selected = plans.select(rows, names, plan.dtypes, plan.thread_counts)
    paces = Paces()
    paces.probe(selected)
    return Job(plan, selected, paces, path, before)


def described(job: Job) -> str:
    """Say what a run will do, problem by problem, and how long it will take."""
    plan, selected = job.plan, job.selected
    rows = [row for row in selected.rows if not row.missing]
    cold, settings = min(plan.cold, plan.processes), plans.settings(plan, selected)
    count = wording.counted
    lines = [
        f"{plan.preset}: {count(len(rows), 'row')} on {count(len(selected.shapes), 'problem')}, "
        f"{' and '.join(plan.dtypes)}, {' and '.join(map(wording.threads, plan.thread_counts))}",
        f"{count(plan.processes, 'process')} of each row, "
        + (f"{cold} with nothing compiled" if cold else "which share their compiled code"),
        f"in each, on each problem, up to {plan.rounds} blocks of {wording.seconds(plan.block_s)}",
        f"baseline: {plan.baseline}, which runs twice side by side, to show the noise (A/A pair)",
    ]
    if any(shape.name == plans.TRAINED_ON for shape in selected.shapes):
        lines.append(f"on {plans.TRAINED_ON} also gradient descent, {plans.ITERATIONS} iterations")
    if plan.until is not None:
        lines.append(f"then more processes, until all intervals are within {wording.percent(plan.until)}")
    for setting in settings:
        if said := plans.too_large(setting, selected):
            lines.append(f"skipped: {setting.shape.name}, {setting.dtype}: {said}")
            continue
        for row in rows:
            call_s = job.paces.predicted(row, setting) if setting.suits(row) else None
            if call_s is not None and (said := plans.too_long(plan, call_s)):
                lines.append(f"skipped: {row.name} on {setting.shape.name}, {setting.dtype}: {said}")
    absent: dict[str, list[str]] = {}
    for row in selected.rows:
        if missing := row.missing:
            absent.setdefault(missing.status, []).append(row.name)
    lines += [f"{status}: {', '.join(names)}" for status, names in absent.items()]
    if verified := PRESETS[plan.preset].verified:
        lines.append(f"verified first, without timing: {', '.join(verified)}")
    if job.before:
        lines.append(f"resumed after {job.before.run.done} of {plan.processes * len(settings)} parts")
    lines.append(_time_of(job))
    return "\n".join(lines)


def _time_of(job: Job) -> str:
    plan = job.plan
    about = "at least" if plan.until is not None else "about"
    said = f"this takes {about} {wording.duration(job.forecast_s)}"
    if plan.budget_s is None:
        return said
    if job.forecast_s > plan.budget_s:
        return f"{said}; it ends after its budget of {wording.duration(plan.budget_s)}, and skips the rest"
    return f"{said}, and at most {wording.duration(plan.budget_s)}"


def carry_out(job: Job, console: Console) -> Results:
    """Measure; raises BadRequest if the run cannot be resumed here, OSError if the file cannot be written."""
    settings = plans.settings(job.plan, job.selected)
    files.check_writable(job.path.parent)
    with (
        alone_in(job.path.parent, "another run"),
        closing(Ledger(job.path, job.plan, job.selected)) as ledger,
    ):
        # Since the file was looked for or read, another run may have written it.
        if job.before is None:
            _check_free(job.path)
        elif reading.read(job.path).run_id != job.before.run_id:
            raise BadRequest(f"{job.path}: another run has written to it meanwhile; look at it again")
        else:
            try:
                ledger.resume(job.before, settings)
            except Stale as stale:
                raise BadRequest(f"{job.path}: this run cannot be resumed here: {stale}") from None
        ledger.save()  # which also keeps room on the disk for all that follows
        clock = Clock(job.forecast_s, ledger, len(settings))
        screen = Screen(console, clock, job.selected, ledger)
        with (
            screen if console.is_terminal else Lines(console, clock, job.selected) as show,
            ended_by_signals(),
        ):
            Conductor(job.selected, ledger, job.paces, show).run()
        return ledger.results


def _check_free(path: Path) -> None:
    if path.exists():
        raise BadRequest(f"{path} is there already: continue it with --resume, or name another file")
