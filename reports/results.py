"""The format of a results file: pytest-benchmark's JSON, with three places for what it lacks.

    benchmarks[].extra_info     one `Timing` each
    machine_info.zeroloop       `Environment`
    zeroloop                    `Run`

The dataclasses below are the format, and `reports.reading` reads and checks it. Units are in the names; what
was not measured is null, never 0. A file may hold more fields than these: they are ignored. It may lack those
that have a default here: they came with a later version.
`python -m reports.results` prints the same as a JSON Schema.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from typing import Any

from impls.errors import UserError

SCHEMA = 5
FAULTS = ("failed", "crashed", "killed")  # the row gave wrong results, ended by itself, or had to be stopped
STATUSES = (*FAULTS, "skipped", "not installed", "does not load", "no CUDA device", "unsuited")
DEVICES = ("cpu", "cuda")
MOST_PROCESSES = 1000  # of each row in a run
JSON_NAMES: dict[Any, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    tuple: "array",
    dict: "object",
}


@dataclass(frozen=True)
class Timing:
    """One row, timed on one problem and verified before and after."""

    row: str
    problem: str
    dtype: str
    threads: int
    # For each process, in time order: the median seconds per call of each block. A process in which the row
    # was lost has no block.
    blocks_s: tuple[tuple[float, ...], ...]
    prepare_s: tuple[float, ...]  # one for each process
    first_call_s: tuple[float, ...]  # in processes with nothing compiled; empty if the row had run before
    warm_call_s: tuple[float, ...]  # the first call in processes that find compiled code on disk
    extra_bytes: int | None  # most memory that a step takes beyond what its process holds between steps
    error: float  # largest error, relative to the oracle's scale
    tolerance: float


@dataclass(frozen=True)
class Training:
    """One row, driven through gradient descent from w = 0 and b = 0, and verified where it ended."""

    row: str
    problem: str
    dtype: str
    threads: int
    alpha: float  # the learning rate
    costs: tuple[float, ...]  # J before each update, in the first process that trained
    wall_s: tuple[float, ...]  # time of all iterations, one for each process that trained


@dataclass(frozen=True)
class Unmeasured:
    """One row that has no time on one problem, or lost one process there, and why."""

    row: str
    problem: str
    dtype: str
    threads: int
    status: str  # one of `STATUSES`
    reason: str
    error: float | None
    process: int | None  # the process that lost the row, counted from 1; null if no process has a time


@dataclass(frozen=True)
class Row:
    """One implementation, with the code that ran."""

    name: str
    title: str
    origin: str
    source: str
    helpers: str | None  # code of this package in other files that a step runs; null without any
    prepare_helpers: str | None  # the same for `prepare`, beyond what a step runs
    side: str | None  # in the contest: "ours" or "peer"; null if it takes no part
    device: str  # what it computes on, one of `DEVICES`


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
    read_s: float  # seconds to read X once
    link_s: float  # seconds for one sigmoid and one softplus for each example


@dataclass(frozen=True)
class Plan:
    """What `zeroloop run` was asked to do: enough to resume it."""

    preset: str
    dtypes: tuple[str, ...]
    thread_counts: tuple[int, ...]
    baseline: str  # the row that others are compared with during the run; it runs twice, as an A/A pair
    processes: int  # number of processes of each row, one after the other
    cold: int  # how many of them, the first ones, start with nothing compiled
    rounds: int  # number of blocks in each process
    block_s: float  # seconds of calls in a block; a call that takes longer is a block by itself
    row_s: float  # a row predicted to need more on one problem, over all processes, is skipped
    budget_s: float | None  # limit for the whole run
    until: float | None  # half width of all intervals, relative, at which no more processes are added
    seed: int  # decides the order of the rows


@dataclass(frozen=True)
class Noise:
    """What else went on while `zeroloop run` measured; null where the system does not report it."""

    stolen: float | None  # share of the processors' time that the host gave to other machines
    others: float | None  # number of cores, on average, that other programs kept busy
    throttled: int | None  # how often the processor slowed down because of heat
    cores: int | None = None  # number of cores that were watched: those that the lanes may run on


@dataclass(frozen=True)
class Spent:
    """Where the wall time of `zeroloop run` went, in seconds."""

    timed_s: float  # in timed blocks
    total_s: float  # in the whole run


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
    twins: tuple[Timing, ...]  # the baseline in a second process beside the first: A/A pairs
    trainings: tuple[Training, ...]
    plan: Plan | None
    done: int | None  # how many pairs of process and problem are finished, in the order of the plan
    noise: Noise | None
    spent: Spent | None
    code: str | None  # hash of the code that measured and was measured


@dataclass(frozen=True)
class Pool:
    """One thread pool of a loaded library, as threadpoolctl sees it."""

    name: str
    version: str | None
    threads: int


@dataclass(frozen=True)
class Conditions:
    """What limits a run's processes, and how the machine runs them; null where the system does not say."""

    quota_cores: float | None  # cores' worth of processor time that the processes may use
    memory_limit_bytes: int | None  # least limit on the memory of the processes
    governor: str | None  # what sets the frequency of the processors, such as "performance"
    turbo: bool | None
    smt: bool | None  # whether two threads of hardware share a core
    aslr: bool | None  # whether the addresses of memory differ from process to process
    huge_pages: str | None  # transparent ones: "always", "madvise" or "never"
    hypervisor: bool | None  # whether the machine is a virtual one


@dataclass(frozen=True)
class Environment:
    """The machine and the libraries."""

    cpu: str
    gpu: str | None  # what rows of the device "cuda" compute on; null without one
    cores: int  # how many the process may use, within its quota
    memory_bytes: int
    system: str
    python: str
    versions: dict[str, str]
    pools: tuple[Pool, ...]
    threading_layer: str | None  # Numba's: tbb, omp or workqueue; null if no row used it
    load_before: float | None  # runnable processes, averaged over a minute
    load_after: float | None
    conditions: Conditions | None = None


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
    """The parts of pytest-benchmark's file that are used."""

    benchmarks: tuple[Benchmark, ...]
    machine_info: MachineInfo
    commit_info: CommitInfo
    datetime: str
    zeroloop: Run


@dataclass(frozen=True)
class Results:
    """A results file that was read and passed all checks."""

    run_id: str
    when: str
    commit: str | None
    run: Run
    environment: Environment
    timings: tuple[Timing, ...]
    document: dict[str, Any]


class BadResults(UserError, ValueError):
    """Not a results file of this suite, or an incomplete one; the message names the file and the reason."""


class Foreign(BadResults):
    """A complete file, but of another tool or another kind."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a results file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"zeroloop results, schema {SCHEMA}",
        **_schema_of(Document),
    }


def _schema_of(kind: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        needed = [name for name in names if not hasattr(kind, name)]  # it has an attribute for each default
        described = (kind.__doc__ or "").split("\n")[0]
        properties = {name: _schema_of(hints[name]) for name in names}
        return {"type": "object", "description": described, "required": needed, "properties": properties}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return {"anyOf": [_schema_of(arguments[0]), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    return {"type": JSON_NAMES[kind]}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
