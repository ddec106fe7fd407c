"""Own files outside of a run: each in a lane, so that none sits beside what judges it, or can end it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.lanes import checks
from bench.lanes.field import PATIENCE_S, Field
from bench.lanes.harness import Harness, Lost, guarded
from bench.lanes.stage import Stage
from bench.request import check_system
from impls.contract import Array, Step
from impls.data.problems import Problem, check_memory
from impls.records import Record
from impls.registry import BoundStep
from impls.truth.gate import Gate
from impls.truth.points import references

_CALLS, _CALLS_S = 20, 1.0  # calls of a verdict, so that a race shows: at most so many, in about so much time


@contextmanager
def apart(rows: Sequence[Record], threads: int) -> Iterator["Apart"]:
    """Give own files a process each, with nothing compiled, while this is open; raises BadRequest."""
    check_system("an own file")
    with (
        tempfile.TemporaryDirectory(prefix="zeroloop-", ignore_cleanup_errors=True) as name,
        guarded(folder := Path(name)) as keeper,
    ):
        field = Field(rows, None, folder, keeper, threads=threads)
        lanes = Apart(field, threads, folder)
        try:
            yield lanes
        finally:
            lanes.end()


class Apart:
    """Own files, each in its lane; the methods raise Lost for what a file does wrong."""

    def __init__(self, field: Field, threads: int, folder: Path):
        self._field, self._threads, self._folder = field, threads, folder
        self._on: tuple[Problem, Stage] | None = None

    def end(self) -> None:
        """End all lanes."""
        self._field.end()
        if self._on:
            self._on[1].close()

    def verify(self, row: Record, gate: Gate) -> float:
        """Call a file's step at points that are drawn, and return its largest error."""
        stage, problem = self._stage(gate.problem), gate.problem
        with self._lane(row) as harness:
            stage.prepare(harness, PATIENCE_S)
            heard = [stage.caller.at(harness, PATIENCE_S, point.w, point.b) for point in gate.points]
            truths = [point.truth for point in gate.points]
            call_s = heard[-1].wall_s
            if count := min(round(_CALLS_S / call_s), _CALLS - len(heard), stage.exchange.most_calls):
                more = stage.caller.anywhere(harness, PATIENCE_S + 10 * call_s, count)
                truths += references([(calls.w, calls.b) for calls in more], problem.X, problem.Y)
                heard += more
            error = checks.largest_of_all([calls.result for calls in heard], truths, problem.dtype)
            return max(error, stage.verify_on_few(harness, PATIENCE_S))

    @contextmanager
    def bound(self, row: Record, problem: Problem) -> Iterator[BoundStep]:
        """Bind a file to a problem's data, and let its lane run meanwhile."""
        stage, limit_s = self._stage(problem), PATIENCE_S
        with self._lane(row) as harness, harness.continued():
            stage.prepare(harness, limit_s)

            def step(w: Array, b: float) -> Step:
                nonlocal limit_s
                calls = stage.caller.at(harness, limit_s, w, b)
                limit_s = PATIENCE_S + 10 * calls.wall_s
                return calls.result

            yield step

    @contextmanager
    def _lane(self, row: Record) -> Iterator[Harness]:
        (lane,) = (lane for lane in self._field.lanes if lane.row == row)
        try:
            yield self._field.revived(lane, PATIENCE_S)
        except Lost as lost:
            self._field.note(lane, lost)
            raise

    def _stage(self, problem: Problem) -> Stage:
        """Return the stage of a problem; one is open at a time, since rows run problem by problem."""
        if self._on is None or self._on[0] is not problem:
            if self._on:
                self._on[1].close()
            check_memory(problem.shape, problem.dtype)  # of the copy that is shared
            self._on = problem, Stage(problem, self._threads, self._folder, PATIENCE_S)
        return self._on[1]
