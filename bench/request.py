"""What a user asks for: rows, problems, dtypes and threads, checked before anything is loaded or measured."""

import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impls import pools, records
from impls.data import problems
from impls.data.problems import Shape
from impls.errors import UnknownName, UserError
from impls.records import RECORDS, Record
from reports import results, wording

DEFAULT_PROBLEMS = ("breast_cancer", "128x100", "128x1000", "square", "cats", "two_features")


class BadRequest(UserError, ValueError):
    """What was asked for does not exist or is not possible; the message says why, and what is."""


@dataclass(frozen=True)
class Setting:
    """The problem, dtype and number of threads on which rows are compared with each other."""

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
    rows: Sequence[str | Record] = (),
    problem_names: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    thread_counts: Sequence[int] = (),
) -> Request:
    """Turn names into rows and problems, and fill in what was not asked for; raises BadRequest, BadValue.

    A row may be its record too.
    """
    try:
        found = [row if isinstance(row, Record) else records.find(row) for row in rows]
        # Disks and workers are left out by default: their cost only matters on large data.
        found = found or [row for row in RECORDS if not row.on_disk]
        shapes = [problems.find(name) for name in problem_names or DEFAULT_PROBLEMS]
    except UnknownName as error:
        raise BadRequest(str(error)) from None
    asked = Request(
        rows=_distinct(found),
        shapes=tuple(dict.fromkeys(shapes)),
        dtypes=tuple(dict.fromkeys(dtypes)) or ("float64",),
        thread_counts=tuple(dict.fromkeys(thread_counts)) or (pools.available(),),
    )
    for count in asked.thread_counts:
        check_threads(count)
    for shape in asked.shapes:
        for dtype in asked.dtypes:
            problems.check_memory(shape, dtype)
    return asked


def _distinct(found: Sequence[Record]) -> tuple[Record, ...]:
    """Return each row once, also an own file that is named by several paths.

    Raises BadRequest for a file that does not exist, and for two files of one name.
    """
    by_path: dict[Path, Record] = {}
    for row in found:
        by_path.setdefault(row.path, row)
    rows = tuple(by_path.values())
    for row in rows:
        if row.own_path and not row.path.is_file():
            raise BadRequest(f"{row.own_path}: no such file")
    for name, count in Counter(row.name for row in rows).items():
        if count > 1:
            raise BadRequest(f"{count} rows are called {name}: rename the file, the report shows names only")
    return rows


def check_threads(count: int) -> None:
    """Raise BadValue or BadRequest for a number of threads that this process cannot have."""
    if pools.check(count) > pools.available():
        usable = wording.counted(pools.available(), "core")
        raise BadRequest(f"threads: {count}, but this process may use {usable}")


def check_system(what: str) -> None:
    """Raise BadRequest, for what needs lanes, where processes cannot be stopped and continued."""
    if not hasattr(signal, "SIGSTOP"):
        raise BadRequest(f"{what} needs Linux or macOS; `pytest --benchmark-only` runs here too")


def describe_row(row: Record) -> results.Row:
    """Describe a row with its source, also where its library is missing or the own file is broken."""
    return results.Row(row.name, row.title, row.origin, row.source, *row.helpers, row.side, row.device)


def describe_problem(shape: Shape) -> results.Problem:
    """Describe a problem."""
    return results.Problem(shape.name, shape.title, shape.n_x, shape.m)
