"""What is asked for: rows, problems, dtypes and threads, checked before anything is loaded or measured."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import impls
from impls import pools, registry
from impls.data import problems
from reports import results

DEFAULT_PROBLEMS = ("breast_cancer", "128x100", "128x1000", "square", "cats", "two_features")


class BadSelection(ValueError):
    """Something asked for does not exist or cannot be had; the message says what, and what there is."""


class Setting(NamedTuple):
    """What is the same for all rows that are compared."""

    problem: str
    dtype: str
    threads: int


@dataclass(frozen=True)
class Selection:
    """Names of rows (or paths of own files), problems and dtypes, and numbers of threads."""

    rows: tuple[str, ...]
    problems: tuple[str, ...]
    dtypes: tuple[str, ...]
    thread_counts: tuple[int, ...]


def select(
    rows: Sequence[str] | None,
    problem_names: Sequence[str] | None,
    dtypes: Sequence[str] | None,
    thread_counts: Sequence[int] | None,
    contest: bool = False,
) -> Selection:
    """Fill in what was not asked for; raises BadSelection."""
    default = _contest() if contest else _quick_look()
    chosen = Selection(
        rows=tuple({path_of(row): row for row in rows or default.rows}.values()),
        problems=tuple(dict.fromkeys(problem_names or default.problems)),
        dtypes=tuple(dict.fromkeys(dtypes or default.dtypes)),
        thread_counts=tuple(dict.fromkeys(thread_counts or default.thread_counts)),
    )
    try:
        for count in chosen.thread_counts:
            check_threads(count)
        for row in chosen.rows:
            if not registry.is_own_file(row):
                registry.record(row)
            elif not Path(row).is_file():
                raise BadSelection(f"{row}: no such file")
        for name in chosen.problems:
            for dtype in chosen.dtypes:
                problems.check_memory(problems.find(name), dtype)
    except (impls.UnknownName, ValueError) as error:
        raise BadSelection(str(error)) from None
    for name, count in Counter(map(display_name, chosen.rows)).items():
        if count > 1:
            raise BadSelection(
                f"{count} rows are called {name}: rename the file, the report shows names only"
            )
    return chosen


def check_threads(count: int) -> None:
    """Raise ValueError for a number of threads that this process cannot have."""
    if pools.check(count) > pools.available():
        raise BadSelection(f"threads: {count}, but this process may use {pools.available()} cores")


def display_name(row: str) -> str:
    """Return the name of a row in every table: an own file's is its file name, without its folder."""
    return Path(row).name if registry.is_own_file(row) else row


def device_of(row: str) -> str:
    """Return what a row computes on: an own file on a processor, for all that is known."""
    return "cpu" if registry.is_own_file(row) else registry.record(row).device


def describe_row(row: str) -> results.Row:
    """Describe a row with its source, also where its library is missing or the own file is broken."""
    found = registry.own_record(Path(row)) if registry.is_own_file(row) else registry.record(row)
    compiled = "\n\n".join(_text(_row_path(name)) for name in found.compiles) or None
    return results.Row(
        found.name, found.title, found.origin, _text(path_of(row)), compiled, found.side, found.device
    )


def describe_problem(name: str) -> results.Problem:
    """Describe a problem that was found before."""
    shape = problems.find(name)
    return results.Problem(shape.name, shape.title, shape.n_x, shape.m)


def path_of(row: str) -> Path:
    """Return the path of a row's file, whether or not it exists."""
    return Path(os.path.realpath(row)) if registry.is_own_file(row) else _row_path(row)


def _row_path(name: str) -> Path:
    return Path(registry.__file__).parent / f"{name}.py"


def _quick_look() -> Selection:
    """Choose all rows in memory: what disks and workers cost shows on data that are no lesson's size."""
    rows = tuple(row.name for row in registry.RECORDS if not row.on_disk)
    return Selection(rows, DEFAULT_PROBLEMS, ("float64",), (pools.available(),))


def _contest() -> Selection:
    """Choose all rows without a Python loop, all named problems and dtypes, all cores and one thread.

    It is a contest of processors, and in memory.
    """
    here = (row for row in registry.RECORDS if row.device == "cpu" and not row.on_disk)
    rows = tuple(row.name for row in here if row.loops == 0 or "numba" in row.needs)
    # All cores first: XLA starts once per process, and what it has then is what JAX is shown with.
    return Selection(rows, problems.names(), problems.DTYPES, (pools.available(), 1))


def _text(path: Path) -> str:
    if not path.is_file():  # a pipe would never end
        return ""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
