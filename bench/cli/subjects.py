"""What `zeroloop train` can train: a row on a problem, or a data set on disk."""

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.datasets.checkpoint import digest
from bench.request import check_threads, request
from impls import pools, registry
from impls.contract import Array
from impls.data import chunked, dataset, problems
from impls.data.cluster import Cluster
from impls.errors import UserError
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
    impl: registry.Implementation | None = None
    accuracy: Callable[[Array, float], float] | None = None

    @property
    def name(self) -> str:
        """The row's name, for messages."""
        return self.impl.name if self.impl else "training"

    def own_fault(self, error: BaseException) -> str | None:
        """Return in a line what somebody's own file did wrong; None where the fault is not the file's."""
        if self.impl is None or not self.impl.record.is_own:
            return None
        if isinstance(error, UserError):  # what the file returned is no step
            return f"{self.name}: {error}"
        path = self.impl.record.path
        frames = traceback.extract_tb(error.__traceback__)
        is_there = any(Path(frame.filename) == path for frame in frames)
        return registry.where_it_failed(error, path) if is_there else None


def row_on_problem(row: str, name: str, dtype: str, threads: int | None) -> Subject:
    """Load row and problem; raises what `request` and `impls.load` do."""
    found = request([row], [name], [dtype], [] if threads is None else [threads])
    (setting,), (record,) = found.settings, found.rows
    problem, impl = problems.made(setting.shape, setting.dtype), registry.loaded(record)
    title = f"{record.name} on {setting.shape.name}"
    source = f", source {digest(record.source)}" if record.is_own else ""
    return Subject(
        title=title,
        identity=f"{title} in {setting.dtype}{source}",
        n_x=setting.shape.n_x,
        m=setting.shape.m,
        dtype=setting.dtype,
        bind=lambda _: impl.prepare(problem.X, problem.Y, setting.threads),
        impl=impl,
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
