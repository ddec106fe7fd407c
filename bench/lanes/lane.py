"""A lane: one row in a process of its own, which does what the conductor asks, one request at a time.

Requests and replies are lines of JSON on standard input and output; results of calls and their times are in
memory that the conductor reads too. What the row itself prints goes nowhere, so it can neither break the talk
nor fill a disk. A lane knows neither what is right nor where its calls will be: the conductor does.
"""

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, BinaryIO

import numpy as np
from threadpoolctl import threadpool_info

from bench.lanes.exchange import Exchange
from bench.lanes.memory import peak_extra
from bench.lanes.shared import opened
from bench.outcome import explain
from impls import records, registry
from impls.contract import Step
from impls.pools import limit
from impls.records import Record
from impls.registry import BoundStep
from impls.training import gradient_descent

# The lane that measures the speed of light has this in place of a row.
LIGHT = Record("light", None, "this project", needs=("numba",))
# A lane that was continued sleeps after its first call, since a thread that wakes up is put on an idle core.
# Without that, a row's threads shared one core for a whole block, in one block of seventy on two cores.
_NAP_S = 2e-3


class Lane:
    """Answers requests; an error of its row is an answer too."""

    def __init__(self, row: Record):
        self._impl = None if row is LIGHT else registry.loaded(row)
        _age_heap()
        self._step: BoundStep | None = None

    def open(self, paths: dict[str, str], threads: int) -> Iterator[dict[str, Any]]:
        """Map the data and the exchange; a lane that has no row gets a step that does nothing."""
        self._step = None  # before anything new is made of memory
        self._X, self._Y = opened(paths)
        self._exchange, self._threads = Exchange(paths["exchange"], len(self._X)), threads
        # As with a user's own data, pages are mapped and pools have their size before a row sees the data.
        self._X.max()
        limit(threads)
        if self._impl is None:
            nothing = Step(0.0, np.zeros((len(self._X), 1)), 0.0)
            self._step = lambda w, b: nothing
        yield {}

    def prepare(self) -> Iterator[dict[str, Any]]:
        """Let the row prepare the data."""
        assert self._impl
        start = perf_counter()
        self._step = self._impl.prepare(self._X, self._Y, self._threads)
        yield {"wall_s": perf_counter() - start}

    def calls(self, counts: Sequence[int], nap: bool = False) -> Iterator[dict[str, Any]]:
        """Call the step so many times, as `bench.lanes.exchange` says; reply after each of the counts.

        With a nap after the first call.
        """
        step, exchange = self._bound(), self._exchange
        point, kept = exchange.course.points(self._X.dtype.name), exchange.dw
        dw, db = np.zeros((exchange.n_x, 1)), 0.0
        begun = 0
        for count in counts:
            costs, dbs, times_s = list[float](), list[float](), list[float]()
            for k in range(begun, begun + count):
                w, b = point(k, dw, db)
                start = perf_counter()
                result = step(w, b)
                times_s.append(perf_counter() - start)
                dw, db = kept[k], result.db
                dw[:] = result.dw
                costs.append(result.cost)
                dbs.append(db)
                if nap and k == 0:
                    sleep(_NAP_S)
            part = slice(begun, begun + count)
            exchange.costs[part], exchange.db[part], exchange.times_s[part] = costs, dbs, times_s
            begun += count
            yield {}

    def train(self, alpha: float, iterations: int) -> Iterator[dict[str, Any]]:
        """Time gradient descent from w = 0 and b = 0, and call the step where it ends.

        In the exchange, w and b are then in the place of the first dw and db, the step there is the second.
        """
        step, w = self._bound(), np.zeros((len(self._X), 1), self._X.dtype)
        start = perf_counter()
        fit = gradient_descent(step, w, 0.0, alpha, iterations)
        wall_s = perf_counter() - start
        fit.w.setflags(write=False)  # as on the way: to Numba it would be of another type otherwise
        self._exchange.keep([Step(fit.costs[-1], fit.w, fit.b), step(fit.w, fit.b)])
        yield {"wall_s": wall_s, "costs": fit.costs}

    def memory(self) -> Iterator[dict[str, Any]]:
        """Call the step once and say how much memory that took."""
        exchange, step = self._exchange, self._bound()
        w, b = exchange.course.first(self._X.dtype.name)
        yield {"extra_bytes": peak_extra(lambda: step(w, b))}

    def light(self, device: str, budget_s: float) -> Iterator[dict[str, Any]]:
        """Measure the speed of light of a device on the data."""
        from bench import light

        read_s, link_s = light.shortest_s(self._X, self._threads, device, budget_s)
        yield {"read_s": read_s, "link_s": link_s}

    def pools(self) -> Iterator[dict[str, Any]]:
        """Say which thread pools are loaded here, and how many threads each uses."""
        found = [
            (pool["internal_api"], pool.get("version"), pool["num_threads"]) for pool in threadpool_info()
        ]
        layer = None
        if numba := sys.modules.get("numba"):
            found.append(("numba", numba.__version__, numba.get_num_threads()))
            with contextlib.suppress(ValueError):  # none of its threads has run
                layer = numba.threading_layer()
        yield {"pools": found, "layer": layer}

    def _bound(self) -> BoundStep:
        assert self._step
        return self._step


def _age_heap() -> None:
    """Allocate a large array and give it back, as every program has done that made its data by itself.

    GNU's allocator learns from the largest array that was ever given back. Without one, it is chance whether
    it returns the memory of a step's arrays to the system after each call: the same NumPy code then takes a
    third longer in one process of four (`bench/METHODOLOGY.md`). It learns from 32 MB at most.
    """
    np.empty((1 << 25) - (1 << 16), np.uint8)


def _serve(row: Record, asked: BinaryIO, said: BinaryIO) -> None:
    def say(number: int, reply: dict[str, Any]) -> None:
        said.write(json.dumps({"number": number, **reply}).encode() + b"\n")
        said.flush()

    def answer(number: int, request: Callable[[], Iterable[dict[str, Any]]]) -> None:
        try:
            for reply in request():
                say(number, reply)
        except BaseException as error:  # SystemExit in a file ends the request and not the lane
            say(number, {"left_out": explain(error, row)})

    lane: Lane | None = None

    def load() -> Iterator[dict[str, Any]]:
        nonlocal lane
        lane = Lane(row)
        yield {}

    answer(0, load)
    for line in asked if lane else ():
        request = json.loads(line)
        number, method = request.pop("number"), getattr(lane, request.pop("ask"))
        answer(number, functools.partial(method, **request))


def main(spelling: str) -> None:
    """Answer requests until there are no more; `bench.lanes.start` calls this."""
    asked, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    with contextlib.suppress(OSError):  # where memory runs out, a lane goes before anything else of the user
        Path("/proc/self/oom_score_adj").write_text("1000")
    _serve(LIGHT if spelling == LIGHT.name else records.find(spelling), asked, said)
