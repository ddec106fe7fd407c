"""Reads a results file and checks it: first its shape, against `reports.results`, then what it says."""

import dataclasses
import functools
import hashlib
import json
import math
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impls.data.regular import regular_size
from reports.results import (
    DEVICES,
    JSON_NAMES,
    MOST_PROCESSES,
    SCHEMA,
    STATUSES,
    BadResults,
    Document,
    Foreign,
    Light,
    Plan,
    Results,
    Row,
    Run,
    Timing,
    Training,
    Unmeasured,
)

_SHORTEST_S, _LONGEST_S = 1e-12, 1e12  # less than a cycle, more than a computer's life
_LARGEST_COST = 1e12
_MOST_ROUNDS, _LONGEST_BLOCK_S = 1000, 60.0  # beyond any preset's


def read(path: Path) -> Results:
    """Read a results file; raises BadResults, OSError."""
    regular_size(path)
    text = path.read_bytes()
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadResults(f"{path}: not a JSON file, or a truncated one: {error}") from None
    try:
        return parse(document)
    except BadResults as error:
        raise type(error)(f"{path}: {error}") from None


def parse(document: Any) -> Results:
    """Check a document that came from JSON; raises BadResults."""
    if not isinstance(document, dict) or "benchmarks" not in document:
        raise Foreign("not a benchmark's results file: it has no list of benchmarks")
    if not isinstance(document.get("zeroloop"), dict):
        raise Foreign("written by another tool: it has no section zeroloop")
    schema = document["zeroloop"].get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise BadResults(f"of schema {schema}, but this version reads up to {SCHEMA}: upgrade zeroloop")
    if type(schema) is int and schema < SCHEMA:
        raise BadResults(f"of schema {schema}, written by an older zeroloop: measure again with this one")
    whole = _build(Document, document, "")
    run = whole.zeroloop
    timings = tuple(benchmark.extra_info for benchmark in whole.benchmarks)
    _check_meaning(run, timings)
    return Results(
        run_id=run_id(document),
        when=whole.datetime,
        commit=whole.commit_info.id,
        run=run,
        environment=whole.machine_info.zeroloop,
        timings=timings,
        document=document,
    )


def run_id(document: dict[str, Any]) -> str:
    """Return the name of a run: a hash of its results in canonical form, so it stands for these numbers."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def check_resumable(found: Results) -> None:
    """Raise BadResults where a run with a plan holds less than it has finished, or what was not planned."""
    run, plan = found.run, found.run.plan
    assert plan
    settings = [
        (problem.name, dtype, threads)
        for threads in plan.thread_counts
        for problem in run.problems
        for dtype in plan.dtypes
    ]
    entries: list[_Named | Light] = [*found.timings, *run.twins, *run.trainings, *run.unmeasured, *run.lights]
    for entry in entries:
        if (entry.problem, entry.dtype, entry.threads) not in settings:
            raise BadResults(
                f"{entry.problem}, {entry.dtype}, {entry.threads} threads is not in zeroloop.plan"
            )
    for timing in (*found.timings, *run.twins):
        if len(timing.blocks_s) > plan.processes or max(map(len, timing.blocks_s)) > plan.rounds:
            raise BadResults(f"{timing.row} on {timing.problem} has more blocks than zeroloop.plan")
    timed = {(one.row, one.problem, one.dtype, one.threads): len(one.blocks_s) for one in found.timings}
    known = timed.keys() | {(one.row, one.problem, one.dtype, one.threads) for one in run.unmeasured}
    done = run.done or 0
    for place, setting in enumerate(settings):
        finished = (done + len(settings) - 1 - place) // len(settings)
        for key in ((row.name, *setting) for row in run.rows):
            # A budget skips the last processes of a row that has a time, without a word.
            least = finished if plan.budget_s is None else 0
            if finished and (key not in known or timed.get(key, finished) < least):
                raise BadResults(f"zeroloop.done is {done}, but {key[0]} on {key[1]} has fewer processes")


_Named = Timing | Unmeasured | Training


def _check_meaning(run: Run, timings: tuple[Timing, ...]) -> None:
    rows, problems = [row.name for row in run.rows], [problem.name for problem in run.problems]
    for kind, names in (("row", rows), ("problem", problems)):
        if len(set(names)) < len(names):
            raise BadResults(f"a {kind} is listed twice")
    for row in run.rows:
        if row.device not in DEVICES:
            raise BadResults(f"row {row.name!r} has a device that is not {' or '.join(DEVICES)}")
    for place, problem in enumerate(run.problems):
        if problem.n_x < 1 or problem.m < 1:
            raise BadResults(f"zeroloop.problems[{place}] has no features or no examples")
    whole = [entry for entry in run.unmeasured if entry.process is None]
    lost = [entry for entry in run.unmeasured if entry.process is not None]
    named: tuple[Sequence[_Named], ...] = ((*timings, *whole), lost, run.twins, run.trainings)
    for entries in named:
        _check_names(entries, rows, problems)
    for entry in run.unmeasured:
        if entry.status not in STATUSES:
            raise BadResults(f"{entry.row} on {entry.problem} has a status that is not {', '.join(STATUSES)}")
        if entry.process is not None and entry.process < 1:
            raise BadResults(f"{entry.row} on {entry.problem} was lost in process {entry.process}")
    for timing in (*timings, *run.twins):
        _check_times(timing)
    for training in run.trainings:
        _check_training(training)
    _check_lights(run.lights, problems)
    if run.plan:
        _check_plan(run, run.plan, rows)


def _check_plan(run: Run, plan: Plan, rows: list[str]) -> None:
    for name, count, least, most in (
        ("processes", plan.processes, 1, MOST_PROCESSES),
        ("rounds", plan.rounds, 1, _MOST_ROUNDS),
        ("cold", plan.cold, 0, MOST_PROCESSES),
        ("seed", plan.seed, 0, math.inf),
        *(("thread_counts", count, 1, math.inf) for count in plan.thread_counts),
    ):
        if not least <= count <= most:
            raise BadResults(f"zeroloop.plan.{name} is {count}, which no run has")
    for name, seconds, longest_s in (
        ("block_s", plan.block_s, _LONGEST_BLOCK_S),
        ("row_s", plan.row_s, _LONGEST_S),
        ("budget_s", plan.budget_s, _LONGEST_S),
        ("until", plan.until, math.inf),
    ):
        if seconds is not None and not 0 < seconds <= longest_s:
            raise BadResults(f"zeroloop.plan.{name} is {seconds:g}, which no run has")
    if not plan.thread_counts or not plan.dtypes or not set(plan.dtypes) <= {"float64", "float32"}:
        raise BadResults("zeroloop.plan has a dtype that no run has, or no dtype or no thread_counts")
    if len({*plan.dtypes, *plan.thread_counts}) < len(plan.dtypes) + len(plan.thread_counts):
        raise BadResults("zeroloop.plan has a dtype or a number of threads twice")
    parts = plan.processes * len(run.problems) * len(plan.dtypes) * len(plan.thread_counts)
    if not 0 <= (run.done or 0) <= parts:
        raise BadResults(f"zeroloop.done is {run.done}, but the plan has {parts} parts")
    if run.noise is None or run.spent is None:
        raise BadResults("zeroloop.plan is there without noise or spent")
    if not all(0 <= spent_s < _LONGEST_S for spent_s in (run.spent.timed_s, run.spent.total_s)):
        raise BadResults("zeroloop.spent has a time that no run takes")
    if plan.baseline not in rows:
        raise BadResults(f"the baseline {plan.baseline!r} is not in the list of rows")


def _check_names(entries: Sequence[_Named], rows: list[str], problems: list[str]) -> None:
    seen = set()
    for entry in entries:
        if entry.row not in rows:
            raise BadResults(f"row {entry.row!r} is not in the list of rows")
        if entry.problem not in problems:
            raise BadResults(f"problem {entry.problem!r} is not in the list of problems")
        process = entry.process if isinstance(entry, Unmeasured) else None
        key = (entry.row, entry.problem, entry.dtype, entry.threads, process)
        if key in seen:
            raise BadResults(f"{entry.row} on {entry.problem} is there twice")
        seen.add(key)


def _check_times(timing: Timing) -> None:
    where = f"{timing.row} on {timing.problem}"
    if not any(timing.blocks_s):
        raise BadResults(f"{where} has no blocks")
    if not all(block > 0 for process in timing.blocks_s for block in process):
        raise BadResults(f"{where} has a time that is not above 0")
    if not all(_SHORTEST_S < block < _LONGEST_S for process in timing.blocks_s for block in process):
        raise BadResults(f"{where} has a time that no machine takes")
    once_s = (*timing.prepare_s, *timing.first_call_s, *timing.warm_call_s)
    if not all(0 <= time_s < _LONGEST_S for time_s in once_s):
        raise BadResults(f"{where} has a prepare_s, first_call_s or warm_call_s that no machine takes")
    if not 0 <= timing.error <= timing.tolerance:
        raise BadResults(f"{where} has a time, but an error that is not within its tolerance")


def _check_training(training: Training) -> None:
    where = f"the training of {training.row} on {training.problem}"
    if not training.alpha > 0:
        raise BadResults(f"{where} has an alpha that is not above 0")
    if not training.costs or not training.wall_s:
        raise BadResults(f"{where} has no {'wall_s' if training.costs else 'costs'}")
    if not all(0 <= cost < _LARGEST_COST for cost in training.costs):
        raise BadResults(f"{where} has a cost that is below 0, or that no training has")
    if not all(_SHORTEST_S < wall_s < _LONGEST_S for wall_s in training.wall_s):
        raise BadResults(f"{where} has a wall_s that no machine takes")


def _check_lights(lights: tuple[Light, ...], problems: list[str]) -> None:
    seen = set()
    for place, light in enumerate(lights):
        where = f"zeroloop.lights[{place}]"
        if light.problem not in problems:
            raise BadResults(f"{where} has a problem {light.problem!r} that is not in the list of problems")
        if light.device not in DEVICES:
            raise BadResults(f"{where} has a device that is not {' or '.join(DEVICES)}")
        key = (light.problem, light.dtype, light.threads, light.device)
        if key in seen:
            raise BadResults(f"{where}: the light of {light.problem} is there twice")
        seen.add(key)
        if not all(_SHORTEST_S < time_s < _LONGEST_S for time_s in (light.read_s, light.link_s)):
            raise BadResults(f"{where} has a read_s or link_s that no machine takes")


def _build(kind: Any, value: Any, where: str) -> Any:
    """Turn a JSON value into `kind`, or raise BadResults that says where it does not fit."""
    fields = _fields(kind)
    if fields is not None:
        if not isinstance(value, dict):
            raise BadResults(f"{where or 'the file'} is not an object")
        if kind is Row and "compiles" in value:  # an older file: whole files
            value = {"helpers": value["compiles"], "prepare_helpers": None, **value}
        for name in fields:
            if name not in value and not hasattr(kind, name):  # it has an attribute for each default
                raise BadResults(f"{where}.{name} is missing".lstrip("."))
        told = {name: of for name, of in fields.items() if name in value}
        return kind(**{n: _build(of, value[n], f"{where}.{n}".lstrip(".")) for n, of in told.items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _build(arguments[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_build(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _build(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise BadResults(f"{where} is not a finite number")
        return number
    if kind is int and type(value) is int and not abs(value) < 2**63:
        raise BadResults(f"{where} is beyond 64 bits")
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise BadResults(f"{where} is {_shortened(value)}, but {JSON_NAMES[origin or kind]} is needed")


@functools.cache  # the types are text at first, and take a compiler to read
def _fields(kind: Any) -> dict[str, Any] | None:
    """Return the type of each field of a dataclass by its name, and None for any other type."""
    return typing.get_type_hints(kind) if dataclasses.is_dataclass(kind) else None


def _shortened(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond the range of floating point")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")
