"""The data of a setting, shared with lanes; a lane's row is bound to them, called, and held to the truth."""

import secrets
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from bench.lanes import checks
from bench.lanes.calls import Caller, Calls
from bench.lanes.exchange import Exchange
from bench.lanes.harness import Harness
from bench.lanes.shared import Shared, opened
from impls.data.problems import Problem, Shape, made
from impls.truth.gate import Point, drawn_points

_SMALL = range(2, 33)  # examples of a small problem


class Stage:
    """X of shape (n_x, m) and Y (1, m), which lanes map; raises OSError if there is no room for them."""

    def __init__(self, problem: Problem, threads: int, folder: Path, patience_s: float):
        self._dtype, self._threads = problem.dtype, threads
        self._folder, self._patience_s = folder, patience_s
        self._shared = Shared(problem, folder)
        self.X, self.Y = opened(self._shared.paths)
        self.exchange = Exchange(self._shared.paths["exchange"], problem.shape.n_x)
        self.caller = Caller(self.exchange, problem.dtype)

    def close(self) -> None:
        """Give the memory back, once the lanes do not map it either."""
        self._shared.close()

    def open(self, harness: Harness) -> None:
        """Have a lane map the data; raises Lost."""
        harness.ask(self._patience_s, "open", paths=self._shared.paths, threads=self._threads)

    def prepare(self, harness: Harness, limit_s: float) -> float:
        """Have a lane map the data and its row prepare them; return how long that took; raises Lost."""
        self.open(harness)
        start = perf_counter()
        told_s = float(harness.ask(limit_s, "prepare", "wall_s")["wall_s"])
        return self.caller.bounded_s(told_s, perf_counter() - start)

    def called(self, harness: Harness, point: Point, limit_s: float) -> tuple[Calls, float]:
        """Return what was heard of a call and its error; raises Lost if it is wrong."""
        heard = self.caller.at(harness, limit_s, point.w, point.b)
        return heard, checks.largest_error(heard.result, point.truth, self._dtype)

    def verify(self, harness: Harness, points: Sequence[Point], limit_s: float) -> float:
        """Bind a row to the data, call it at all points and return the largest error; raises Lost."""
        self.prepare(harness, limit_s)
        return max(self.called(harness, point, limit_s)[1] for point in points)

    def verify_on_few(self, harness: Harness, limit_s: float) -> float:
        """Verify a row on as many features but few examples, where no rounding error averages out."""
        n_x, m = len(self.X), secrets.choice(_SMALL)
        few = made(Shape(f"{n_x}x{m}", n_x, m, "synthetic"), self._dtype)
        with closing(Stage(few, self._threads, self._folder, self._patience_s)) as stage:
            return stage.verify(harness, drawn_points(few.X, few.Y), limit_s)
