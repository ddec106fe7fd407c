"""What becomes of each row on each problem, collected while a session runs."""

import dataclasses
import itertools
import statistics
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from bench.outcome import LeftOut
from bench.selection import Selection, describe_problem, describe_row, display_name
from reports.results import SCHEMA, Run, Timing, Unmeasured

MOST_BLOCKS = 10  # as few as give Student's t a narrow interval, each as long as the rounds allow


class Recorder:
    """Keeps what has no place in pytest-benchmark's own list: rows without a time, and why."""

    def __init__(self, selected: Selection, load_before: float | None):
        self.selection = selected
        self.load_before = load_before
        self.interrupted = False
        self.timed = 0
        self._unmeasured: list[Unmeasured] = []
        self._called: set[tuple[str, str]] = set()

    @property
    def has_results(self) -> bool:
        """Tell whether there is anything to report."""
        return bool(self.timed or self._unmeasured)

    def is_first_call(self, row: str, dtype: str) -> bool:
        """Tell, once, that a row is about to run for the first time in this process on this dtype."""
        first = (row, dtype) not in self._called
        self._called.add((row, dtype))
        return first

    def leave_out(self, row: str, problem: str, dtype: str, why: LeftOut) -> None:
        """Keep why a row has no time."""
        self._unmeasured.append(Unmeasured(display_name(row), problem, dtype, self.selection.threads, *why))

    def run(self) -> Run:
        """Return what was asked for and what became of it."""
        return Run(
            schema=SCHEMA,
            version=metadata.version("zeroloop"),
            kind="pytest",
            interrupted=self.interrupted,
            rows=tuple(map(describe_row, self.selection.rows)),
            problems=tuple(map(describe_problem, self.selection.problems)),
            unmeasured=tuple(self._unmeasured),
        )


def block_medians(rounds_s: Sequence[float]) -> tuple[float, ...]:
    """Cut rounds, in time order, into at most ten blocks of nearly equal length; return their medians."""
    count = min(MOST_BLOCKS, len(rounds_s))
    cuts = [len(rounds_s) * block // count for block in range(count + 1)]
    return tuple(statistics.median(rounds_s[a:b]) for a, b in itertools.pairwise(cuts))


def as_json(record: Timing | Run | Any) -> dict[str, Any]:
    """Return a record of the results file as JSON's objects and arrays."""
    return dataclasses.asdict(record)
