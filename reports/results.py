"""The results file: pytest-benchmark's JSON, with what it lacks in places of its own.

    benchmarks[].extra_info     one `Timing` each
    machine_info.zeroloop       `Environment`
    zeroloop                    `Run`

The dataclasses below are the format. `results.schema.json` is generated from them by

    python -m reports.results > reports/results.schema.json

Units are in the names; what was not measured is null, never 0.
"""

import dataclasses
import hashlib
import json
import math
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impls.errors import UserError

SCHEMA = 5
_SHORTEST_S, _LONGEST_S = 1e-12, 1e12  # less than a cycle, more than a computer's life
_LARGEST_COST = 1e12
FAULTS = ("failed", "crashed", "killed")  # of the row; it was wrong, ended, or was ended
STATUSES = (*FAULTS, "skipped", "not installed", "does not load", "no CUDA device", "unsuited")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Timing:
    """One row, timed on one problem and verified before and after."""

    row: str
    problem: str
    dtype: str
    threads: int
    blocks_s: tuple[
        tuple[float, ...], ...
    ]  # per process, in time order: seconds per call, median of a block;
    # a process that lost the row has none
    prepare_s: tuple[float, ...]  # one of each process
    first_call_s: tuple[float, ...]  # of processes with nothing compiled; none where the row had run before
    warm_call_s: tuple[float, ...]  # the first call of processes that find compiled code on disk
    extra_bytes: int | None  # most memory of a step, beyond what its process holds between steps
    error: float  # largest, relative to the oracle's scale
    tolerance: float


@dataclass(frozen=True)
class Training:
    """One row, driven through gradient descent from w = 0 and b = 0, and verified where it ended."""

    row: str
    problem: str
    dtype: str
    threads: int
    alpha: float  # the learning rate
    costs: tuple[float, ...]  # J before each update, of the first process that trained
    wall_s: tuple[float, ...]  # all iterations, one of each process that trained


@dataclass(frozen=True)
class Unmeasured:
    """One row that has no time on one problem, or none of one process, and why."""

    row: str
    problem: str
    dtype: str
    threads: int
    status: str  # one of `STATUSES`
    reason: str
    error: float | None
    process: int | None  # the one process that lost the row, counted from 1; null where none has a time


@dataclass(frozen=True)
class Row:
    """One implementation, with the source that ran."""

    name: str
    title: str
    origin: str
    source: str
    compiles: str | None  # source of the modules whose code this row compiles, where there are any
    side: str | None  # of the contest: "ours" or "peer"; null for a row that takes no part
    device: str  # one of `DEVICES`: what it computes on


@dataclass(frozen=True)
class Problem:
    """One set of data."""

    name: str
    title: str
    n_x: int
    m: int


@dataclass(frozen=True)
class Light:
    """The speed of light on one problem: the fastest way known here to do what every row must do."""

    problem: str
    dtype: str
    threads: int
    device: str  # one of `DEVICES`
    read_s: float  # reading X once
    link_s: float  # one sigmoid and one softplus for each example


@dataclass(frozen=True)
class Plan:
    """What `zeroloop run` was asked to do: enough to go on with it."""

    preset: str
    dtypes: tuple[str, ...]
    thread_counts: tuple[int, ...]
    baseline: str  # the row that the others are compared with while the run goes on, and that has a twin
    processes: int  # of each row, one after the other
    cold: int  # of them, the first, that start with nothing compiled
    rounds: int  # of blocks, in each process
    block_s: float  # of calls in a block; a call that takes longer is a block of its own
    row_s: float  # a row predicted to need more, on one problem in all processes, is skipped
    budget_s: float | None  # of the whole run
    until: float | None  # half width of the intervals, relative, at which no more processes are added
    seed: int  # of the order of the rows


@dataclass(frozen=True)
class Noise:
    """What else went on while `zeroloop run` measured; null where the system does not tell."""

    stolen: float | None  # share of the processors' time that the host gave to other machines
    others: float | None  # cores, on average, that other programs kept busy
    throttled: int | None  # times that the processor slowed down for heat


@dataclass(frozen=True)
class Spent:
    """Where the wall time of `zeroloop run` went, in seconds."""

    timed_s: float  # in timed blocks
    settled_s: float  # in the untimed calls before them
    trained_s: float  # in gradient descent
    compiled_s: float  # in first calls, beyond later ones, and in preparing data
    verified_s: float  # in the oracle, and in calls that were only verified
    light_s: float  # in the speed of light
    memory_s: float  # in calls whose memory was measured
    started_s: float  # in starting and ending processes
    data_s: float  # in making the data
    saved_s: float  # in writing the results file
    total_s: float


@dataclass(frozen=True)
class Run:
    """What was asked for, and what became of it."""

    schema: int
    version: str
    kind: str  # "pytest": one process, a quick look; "run": several processes, as `plan` says
    interrupted: bool
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    unmeasured: tuple[Unmeasured, ...]
    lights: tuple[Light, ...]
    twins: tuple[Timing, ...]  # of a second process of the baseline beside the first: A/A pairs
    trainings: tuple[Training, ...]
    plan: Plan | None
    done: int | None  # of the pairs of process and problem, in their order, that are finished
    noise: Noise | None
    spent: Spent | None
    code: str | None  # a hash of the code that measured and was measured


@dataclass(frozen=True)
class Pool:
    """One thread pool of a loaded library, as threadpoolctl sees it."""

    name: str
    version: str | None
    threads: int


@dataclass(frozen=True)
class Environment:
    """The machine and the libraries."""

    cpu: str
    gpu: str | None  # that rows of the device "cuda" compute on; null where there is none
    cores: int  # that the process may use
    memory_bytes: int
    system: str
    python: str
    versions: dict[str, str]
    pools: tuple[Pool, ...]
    threading_layer: str | None  # of Numba: tbb, omp, workqueue; null where no row used it
    load_before: float | None  # runnable processes, averaged over a minute
    load_after: float | None


@dataclass(frozen=True)
class Results:
    """A results file that was read and found whole."""

    run_id: str
    when: str
    commit: str | None
    run: Run
    environment: Environment
    timings: tuple[Timing, ...]
    document: dict[str, Any]


class BadResults(UserError, ValueError):
    """Not a results file of this suite, or not a whole one; the message names the file and the reason."""


class Foreign(BadResults):
    """A whole file, but of another tool or another kind."""


def read(path: Path) -> Results:
    """Read a results file; raises BadResults, OSError."""
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


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a results file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"zeroloop results, schema {SCHEMA}",
        **_schema_of(Document),
    }


@dataclass(frozen=True)
class Benchmark:
    """An entry of pytest-benchmark's list."""

    extra_info: Timing


@dataclass(frozen=True)
class MachineInfo:
    """pytest-benchmark's machine_info."""

    zeroloop: Environment


@dataclass(frozen=True)
class CommitInfo:
    """pytest-benchmark's commit_info."""

    id: str | None


@dataclass(frozen=True)
class Document:
    """The parts of pytest-benchmark's file that are relied on."""

    benchmarks: tuple[Benchmark, ...]
    machine_info: MachineInfo
    commit_info: CommitInfo
    datetime: str
    zeroloop: Run


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
    for timing in (*timings, *run.twins):
        _check_times(timing)
    for training in run.trainings:
        _check_training(training)
    _check_lights(run.lights, problems)
    if run.plan:
        _check_plan(run, run.plan, rows)


def _check_plan(run: Run, plan: Plan, rows: list[str]) -> None:
    counts = (plan.processes, plan.rounds, *plan.thread_counts)
    settings = len(run.problems) * len(plan.dtypes) * len(plan.thread_counts)
    if not settings or min(counts) < 1 or min(plan.cold, plan.seed) < 0:
        raise BadResults("zeroloop.plan has a count that no run has")
    if not 0 <= (run.done or 0) <= plan.processes * settings:
        raise BadResults("zeroloop.done is beyond what was planned")
    if not plan.block_s > 0 or not plan.row_s > 0 or not set(plan.dtypes) <= {"float64", "float32"}:
        raise BadResults("zeroloop.plan has a block_s, row_s or dtype that no run has")
    if run.noise is None or run.spent is None:
        raise BadResults("zeroloop.plan is there without noise or spent")
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
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise BadResults(f"{where or 'the file'} is not an object")
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            if field.name not in value:
                raise BadResults(f"{where}.{field.name} is missing".lstrip("."))
        return kind(
            **{  # type: ignore[operator]
                field.name: _build(hints[field.name], value[field.name], f"{where}.{field.name}".lstrip("."))
                for field in dataclasses.fields(kind)
            }
        )
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
    raise BadResults(f"{where} is {_shortened(value)}, but {_JSON_NAMES[origin or kind]} is needed")


_JSON_NAMES: dict[Any, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    tuple: "array",
    dict: "object",
}


def _schema_of(kind: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        described = (kind.__doc__ or "").split("\n")[0]
        properties = {name: _schema_of(hints[name]) for name in names}
        return {"type": "object", "description": described, "required": names, "properties": properties}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return {"anyOf": [_schema_of(arguments[0]), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    return {"type": _JSON_NAMES[kind]}


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


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
