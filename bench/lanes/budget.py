"""The time that a run may take: which of its parts still fit."""

import math
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from time import perf_counter

_REPORT_S = 12.0  # kept free to write the report, but at most a fifth of the budget


class Budget:
    """The time that is left, and predictions of parts, corrected by what earlier parts took.

    `limit_s` is None for a run without a budget, in which every part fits; `used_s` is what was used before
    the run was resumed.
    """

    def __init__(self, limit_s: float | None, used_s: float):
        self._start_s = perf_counter() - used_s
        self._limit_s = math.inf if limit_s is None else limit_s - min(_REPORT_S, limit_s / 5)
        self._taken_s: dict[Hashable, float] = {}
        self._predicted_s: dict[Hashable, float] = {}

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

    def has_room(self, *parts: tuple[Hashable, float]) -> bool:
        """Return whether parts fit, each given by its kind and its predicted seconds.

        A part of a kind that was seen takes as long as the last of that kind. For any other, the prediction
        is multiplied by the factor by which earlier parts took longer than predicted.
        """
        predicted_s = sum(self._predicted_s.values())
        factor = max(1.0, sum(self._taken_s.values()) / predicted_s) if predicted_s else 1.0
        needed_s = sum(self._taken_s.get(kind, factor * seconds) for kind, seconds in parts)
        return needed_s <= self.left_s

    @contextmanager
    def seen(self, kind: Hashable, predicted_s: float) -> Iterator[None]:
        """Keep how long a part took that was predicted to take so many seconds."""
        start_s = perf_counter()
        yield
        self._taken_s[kind] = perf_counter() - start_s
        self._predicted_s[kind] = predicted_s
