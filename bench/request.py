"""What is asked for: rows, problems, dtypes and threads, checked before anything is loaded or measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from impls import pools, records
from impls.data import problems
from impls.data.problems import Shape
from impls.errors import UnknownName, UserError
from impls.records import RECORDS, Record
from reports import results

DEFAULT_PROBLEMS = ("breast_cancer", "128x100", "128x1000", "square", "cats", "two_features")


class BadRequest(UserError, ValueError):
    """Something asked for does not exist or cannot be had; the message says what, and what there is."""


@dataclass(frozen=True)
class Setting:
    """What is the same for all rows that are compared."""

    shape: Shape
    dtype: str
    threads: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Problem, dtype and number of threads, as the results file has them."""
        return self.shape.name, self.dtype, self.threads

    def suits(self, row: Record) -> bool:
        """Return whether a row serves data of this shape, as far as its record says."""
        return row.n_x in (None, self.shape.n_x)


@dataclass(frozen=True)
class Request:
    """Rows, problems, dtypes and numbers of threads; every row on every problem in every way."""

    rows: tuple[Record, ...]
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...]
    thread_counts: tuple[int, ...]

    @property
    def settings(self) -> list[Setting]:
        """All settings, problem by problem."""
        return [
            Setting(shape, dtype, threads)
            for shape in self.shapes
            for dtype in self.dtypes
            for threads in self.thread_counts
        ]


def request(
    rows: Sequence[str] = (),
    problem_names: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    thread_counts: Sequence[int] = (),
) -> Request:
    """Turn names into rows and problems, and fill in what was not asked for; raises BadRequest."""
    try:
        # Disks and workers are left out by default: what they cost only matters on large data.
        found = [records.find(row) for row in rows] or [row for row in RECORDS if not row.on_disk]
        shapes = [problems.find(name) for name in problem_names or DEFAULT_PROBLEMS]
        asked = Request(
            rows=tuple({row.path: row for row in found}.values()),
            shapes=tuple(dict.fromkeys(shapes)),
            dtypes=tuple(dict.fromkeys(dtypes)) or ("float64",),
            thread_counts=tuple(dict.fromkeys(thread_counts)) or (pools.available(),),
        )
        for count in asked.thread_counts:
            check_threads(count)
        for shape in asked.shapes:
            for dtype in asked.dtypes:
                problems.check_memory(shape, dtype)
    except UnknownName as error:
        raise BadRequest(str(error)) from None
    for row in asked.rows:
        if row.own_path and not row.path.is_file():
            raise BadRequest(f"{row.own_path}: no such file")
    for name, count in Counter(row.name for row in asked.rows).items():
        if count > 1:
            raise BadRequest(f"{count} rows are called {name}: rename the file, the report shows names only")
    return asked


def check_threads(count: int) -> None:
    """Raise BadValue or BadRequest for a number of threads that this process cannot have."""
    if pools.check(count) > pools.available():
        raise BadRequest(f"threads: {count}, but this process may use {pools.available()} cores")


def describe_row(row: Record) -> results.Row:
    """Describe a row with its source, also where its library is missing or the own file is broken."""
    compiled = "\n\n".join(records.source_of(name) for name in row.compiles) or None
    return results.Row(row.name, row.title, row.origin, row.source, compiled, row.side, row.device)


def describe_problem(shape: Shape) -> results.Problem:
    """Describe a problem."""
    return results.Problem(shape.name, shape.title, shape.n_x, shape.m)
