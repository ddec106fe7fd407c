"""A lane: one row in a process of its own, which does what the conductor asks, one request at a time.

    python -m bench.lanes.lane ROW

Requests and replies are lines of JSON on standard input and output. What the row itself prints goes nowhere,
so it can neither break the talk nor fill a disk. A lane does not know what is right: it sends its results,
and the conductor compares them with the oracle.
"""

import base64
import contextlib
import functools
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any, BinaryIO

import numpy as np
from threadpoolctl import threadpool_info

from bench.lanes.memory import peak_extra
from bench.lanes.shared import opened
from bench.outcome import explain
from impls import records, registry
from impls.contract import Array, Step
from impls.pools import limit
from impls.records import Record
from impls.registry import BoundStep
from impls.training import gradient_descent

# The lane that measures the speed of light has this in place of a row.
LIGHT = Record("light", None, "this project", needs=("numba",))
# A lane that was continued sleeps after its first call, since a thread that wakes up is put on an idle core.
# Without that, a row's threads shared one core for a whole block, in one block of seventy on two cores.
_NAP_S = 2e-3
_BATCH_S = 1e-4  # length of a batch of calls; reading the clock takes a thousandth of that


class Lane:
    """Answers requests; an error of its row is an answer too."""

    def __init__(self, row: Record):
        self._impl = None if row is LIGHT else registry.loaded(row)
        _age_heap()
        self._step: BoundStep | None = None
        self._points: list[tuple[Array, float]] = []

    def prepare(self, paths: dict[str, str], b: float, threads: int) -> dict[str, Any]:
        """Map the data and let the row prepare them."""
        self._step = None  # before anything new is made of memory
        X, Y, w = opened(paths)
        mirrored = -w
        mirrored.setflags(write=False)
        self._points = [(w, b), (mirrored, -b)]
        # As with a user's own data, pages are mapped and pools have their size before a row sees the data.
        X.max()
        limit(threads)
        assert self._impl
        start = perf_counter()
        self._step = self._impl.prepare(X, Y, threads)
        return {"wall_s": perf_counter() - start}

    def call(self, point: int) -> dict[str, Any]:
        """Call the step once, at the problem's parameters (0) or at their negative (1)."""
        step, (w, b) = self._bound(), self._points[point]
        start = perf_counter()
        result = step(w, b)
        wall_s = perf_counter() - start
        return {"wall_s": wall_s, "results": [encoded(result)]}

    def block(self, settle_s: float, block_s: float) -> dict[str, Any]:
        """Settle, then time a block of calls: in batches as long as the clock needs, and their median."""
        step, (w, b) = self._bound(), self._points[0]
        began = perf_counter()
        settled = step(w, b)
        call_s = perf_counter() - began
        sleep(_NAP_S)
        start, done = perf_counter(), 0
        while call_s < settle_s and perf_counter() - start < settle_s:
            settled = step(w, b)
            done += 1
            call_s = (perf_counter() - start) / done
        settled_s = perf_counter() - began
        calls = max(1, round(_BATCH_S / call_s))
        times_s: list[float] = []
        fastest_s = timed_s = 0.0
        worked_s = process_time()
        # The fastest batch so far tells how many fill the block: a single one may have been disturbed.
        while (len(times_s) + 0.5) * calls * fastest_s < block_s:
            start = perf_counter()
            for _ in range(calls):
                result = step(w, b)
            batch_s = perf_counter() - start
            timed_s += batch_s
            times_s.append(batch_s / calls)
            fastest_s = min(fastest_s or times_s[0], times_s[-1])
        worked_s = process_time() - worked_s
        return {
            "block_s": statistics.median(times_s),
            "timed_s": timed_s,
            "settled_s": settled_s,
            "cores": worked_s / timed_s,
            "results": [encoded(settled), encoded(result)],
        }

    def call_as_block(self) -> dict[str, Any]:
        """Time one call, without untimed ones: a block of a row with long calls."""
        step, (w, b) = self._bound(), self._points[0]
        worked_s, start = process_time(), perf_counter()
        result = step(w, b)
        timed_s, worked_s = perf_counter() - start, process_time() - worked_s
        cores = worked_s / timed_s
        reply = {"block_s": timed_s, "timed_s": timed_s, "settled_s": 0.0, "cores": cores}
        return {**reply, "results": [encoded(result)]}

    def train(self, alpha: float, iterations: int) -> dict[str, Any]:
        """Time gradient descent from w = 0 and b = 0, and call the step where it ends."""
        step, w = self._bound(), np.zeros_like(self._points[0][0])
        start = perf_counter()
        fit = gradient_descent(step, w, 0.0, alpha, iterations)
        wall_s = perf_counter() - start
        fit.w.setflags(write=False)  # as on the way: to Numba it would be of another type otherwise
        reply = {"wall_s": wall_s, "costs": fit.costs, "w": _as_text(fit.w), "b": fit.b}
        return {**reply, "results": [encoded(step(fit.w, fit.b))]}

    def memory(self) -> dict[str, Any]:
        """Call the step once and say how much memory that took."""
        step, (w, b) = self._bound(), self._points[0]
        return {"extra_bytes": peak_extra(lambda: step(w, b))}

    def light(self, paths: dict[str, str], threads: int, device: str, budget_s: float) -> dict[str, Any]:
        """Measure the speed of light of a device on shared data."""
        from bench import light

        read_s, link_s = light.shortest_s(opened(paths)[0], threads, device, budget_s)
        return {"read_s": read_s, "link_s": link_s}

    def pools(self) -> dict[str, Any]:
        """Say which thread pools are loaded here, and how many threads each uses."""
        found = [
            (pool["internal_api"], pool.get("version"), pool["num_threads"]) for pool in threadpool_info()
        ]
        layer = None
        if numba := sys.modules.get("numba"):
            found.append(("numba", numba.__version__, numba.get_num_threads()))
            with contextlib.suppress(ValueError):  # none of its threads has run
                layer = numba.threading_layer()
        return {"pools": found, "layer": layer}

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


def encoded(result: Step) -> dict[str, Any]:
    """Return a result as JSON, to the last bit."""
    return {"J": result.cost, "dw": _as_text(result.dw), "db": result.db}


def decoded(result: dict[str, Any]) -> Step:
    """Return what `encoded` was given; raises ValueError, KeyError or TypeError for anything else."""
    return Step(float(result["J"]), as_column(result["dw"]), float(result["db"]))


def as_column(text: str) -> Array:
    """Return the array of shape (n, 1) that a lane has sent; raises ValueError or TypeError."""
    return np.frombuffer(base64.b64decode(text), np.float64).reshape(-1, 1)


def _as_text(column: Array) -> str:
    return base64.b64encode(np.asarray(column, np.float64).tobytes()).decode()


def _serve(row: Record, asked: BinaryIO, said: BinaryIO) -> None:
    def answer(number: int, request: Callable[[], dict[str, Any]]) -> None:
        try:
            reply = request()
        except BaseException as error:  # SystemExit in a file ends the request and not the lane
            reply = {"left_out": explain(error, row)}
        said.write(json.dumps({"number": number, **reply}).encode() + b"\n")
        said.flush()

    lane: Lane | None = None

    def load() -> dict[str, Any]:
        nonlocal lane
        lane = Lane(row)
        return {}

    answer(0, load)
    for line in asked if lane else ():
        request = json.loads(line)
        number, method = request.pop("number"), getattr(lane, request.pop("ask"))
        answer(number, functools.partial(method, **request))


def _main(spelling: str) -> None:
    asked, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    with contextlib.suppress(OSError):  # where memory runs out, a lane goes before anything else of the user
        Path("/proc/self/oom_score_adj").write_text("1000")
    _serve(LIGHT if spelling == LIGHT.name else records.find(spelling), asked, said)


if __name__ == "__main__":
    _main(sys.argv[1])
