"""What `zeroloop train` can train: a row on a problem, or a data set on disk."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.datasets.checkpoint import digest
from bench.lanes.apart import apart
from bench.request import check_threads, request
from impls import pools, registry
from impls.contract import Array
from impls.data import chunked, dataset, problems
from impls.data.cluster import Cluster
from impls.records import Record
from impls.registry import BoundStep
from impls.training import accuracy
from reports import wording


@dataclass(frozen=True)
class Subject:
    """What is trained: a row on a problem, or a data set."""

    title: str
    identity: str  # differs where the numbers may differ: a checkpoint of another is refused
    n_x: int
    m: int
    dtype: str
    bind: Callable[[ExitStack], BoundStep]  # what the step needs, such as workers, ends with the stack
    row: Record | None = None
    accuracy: Callable[[Array, float], float] | None = None

    @property
    def name(self) -> str:
        """The row's name, for messages."""
        return self.row.name if self.row else "training"


def row_on_problem(row: str, name: str, dtype: str, threads: int | None) -> Subject:
    """Load row and problem; raises what `request` and `impls.load` do.

    An own file is loaded in a process of its own, once it is bound.
    """
    found = request([row], [name], [dtype], [] if threads is None else [threads])
    (setting,), (record,) = found.settings, found.rows
    problem = problems.made(setting.shape, setting.dtype)
    if record.is_own:

        def bind(stack: ExitStack) -> BoundStep:
            lanes = stack.enter_context(apart([record], setting.threads))
            return stack.enter_context(lanes.bound(record, problem))
    else:
        impl = registry.loaded(record)

        def bind(stack: ExitStack) -> BoundStep:
            return impl.prepare(problem.X, problem.Y, setting.threads)

    title = f"{record.name} on {setting.shape.name}"
    source = f", source {digest(record.source)}" if record.is_own else ""
    return Subject(
        title=title,
        identity=f"{title} in {setting.dtype}{source}",
        n_x=setting.shape.n_x,
        m=setting.shape.m,
        dtype=setting.dtype,
        bind=bind,
        row=record,
        accuracy=lambda w, b: accuracy(w, b, problem.X, problem.Y),
    )


def data_set(path: Path, address: str | None, threads: int | None) -> Subject:
    """Open a data set; raises BadData, BadRequest, Unavailable."""
    if threads is not None:
        check_threads(threads)
    data = dataset.opened(path)

    def bind(stack: ExitStack) -> BoundStep:
        if address is None:
            number = threads or pools.available()
            return lambda w, b: chunked.as_step(chunked.partial(data, 0, len(data), w, b, number), data)
        cluster = stack.enter_context(Cluster(address))
        return lambda w, b: cluster.step(data, w, b)

    chunks = wording.counted(len(data), "chunk")
    return Subject(
        title=f"{path} in {chunks}{f' on {address}' if address else ''}",
        identity=f"data set {data.identity} in {chunks}",
        n_x=data.n_x,
        m=data.m,
        dtype=data.dtype,
        bind=bind,
    )
