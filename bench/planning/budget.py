"""The time that a run may take, and whether its next part still fits."""

import math
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import NamedTuple

_REPORT_S = 20.0  # kept free to write the report, but at most a fifth of the budget


class Part(NamedTuple):
    """A part of a run, such as a setting in a process, before it is done.

    Parts of one kind, such as all starts, take longer than predicted by much the same factor. A part that is
    the `same` as an earlier one takes as long as that.
    """

    kind: str
    same: Hashable
    predicted_s: float


class Budget:
    """The time that is left, and predictions that learn from the parts that are done.

    `limit_s` is None for a run without a budget, in which every part fits; `used_s` is what was used before
    the run was resumed.
    """

    def __init__(self, limit_s: float | None, used_s: float):
        self._start_s = perf_counter() - used_s
        self._limit_s = math.inf if limit_s is None else limit_s - min(_REPORT_S, limit_s / 5)
        self._taken_s: dict[tuple[str, Hashable], float] = {}
        self._sums_s: dict[str, tuple[float, float]] = {}  # predicted and taken, by kind
        self._inner_s = 0.0  # taken by all parts, to leave out of a part what a part inside it took

    @property
    def used_s(self) -> float:
        """The seconds since the run began."""
        return perf_counter() - self._start_s

    @property
    def left_s(self) -> float:
        """The seconds until the end, below 0 after it; infinite without a budget."""
        return self._limit_s - self.used_s

    @property
    def is_spent(self) -> bool:
        """Whether no time is left."""
        return self.left_s < 0

    def has_room(self, parts: list[Part]) -> bool:
        """Return whether parts fit, as far as can be predicted."""
        return sum(map(self._needed_s, parts)) <= self.left_s

    def _needed_s(self, part: Part) -> float:
        if part[:2] in self._taken_s:
            return self._taken_s[part[:2]]
        predicted_s, taken_s = self._sums_s.get(part.kind, (0.0, 0.0))
        return part.predicted_s * (max(1.0, taken_s / predicted_s) if predicted_s else 1.0)

    @contextmanager
    def seen(self, part: Part) -> Iterator[None]:
        """Keep how long a part takes."""
        start_s, inner_s = perf_counter(), self._inner_s
        yield
        part_s = perf_counter() - start_s - (self._inner_s - inner_s)
        self._inner_s += part_s
        self._taken_s[part[:2]] = part_s
        predicted_s, taken_s = self._sums_s.get(part.kind, (0.0, 0.0))
        self._sums_s[part.kind] = predicted_s + part.predicted_s, taken_s + part_s
