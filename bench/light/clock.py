"""The shortest time of a call: a disturbance can only make one longer."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

_SHORTEST_S = 1e-3  # shortest timing: far longer than reading the clock takes
_FEWEST = 3  # fewest timings, also of a call that takes longer than the budget


def shortest_call_s(function: Callable[..., Any], arguments: tuple[Any, ...], budget_s: float) -> float:
    """Return the shortest time of a call, each timing being of as many calls as the clock needs."""
    function(*arguments)  # compiles, and fills the caches
    calls, timings = 1, [_calls_s(function, arguments, 1)]
    while timings[-1] * calls < _SHORTEST_S:
        calls = max(2 * calls, int(_SHORTEST_S / timings[-1]))
        timings = [_calls_s(function, arguments, calls)]
    end = perf_counter() + budget_s
    while len(timings) < _FEWEST or perf_counter() < end:
        timings.append(_calls_s(function, arguments, calls))
    return min(timings)


def _calls_s(function: Callable[..., Any], arguments: tuple[Any, ...], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        function(*arguments)
    return (perf_counter() - start) / calls
