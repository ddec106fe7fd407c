"""What a run will do, and how long that will take: known before it starts.

Times of calls are predicted to plan with, and to skip what would take too long. No prediction becomes a
result.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

import impls
from bench.request import DEFAULT_PROBLEMS, BadRequest, Request, Setting, request
from impls import pools, registry
from impls.data import problems
from impls.data.problems import Shape
from impls.records import Record
from reports.facts.comparison import NUMPY
from reports.results import Plan

SETTLE_S = 0.01  # of untimed calls before a block: caches, clock and threads are as they will be
SLOW_S = 0.25  # of a call: it is a block of its own, and is not called only to settle
LIGHT_S = 0.01  # for each function of the speed of light, in each process
# What rows train on: the one set of real data. The curvature of J is a quarter of the largest eigenvalue of
# X X.T / m at most, 13.3 / 4 there: each update lowers the cost if alpha is below 2 / 3.32 = 0.6. After 100
# updates it is a tenth of what it was.
TRAINED_ON, ALPHA, ITERATIONS = "breast_cancer", 0.5, 100
_LONGEST_TRAINING_S = 3.0  # in each process; a row that needs more is not trained
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 12
_ROW_SHARE = 8  # of the budget, that one row may take on one problem
_LONGEST_ROW_S = 60.0  # the same without a budget
_UNTIL = 4  # times the preset's budget, to add processes in, where the user sets none
# What a plan reckons with, in seconds, from runs on two cores of a recent processor.
_PYTHON_S = 0.25  # of one core, to start Python and load NumPy
# Of one core, to load a library; of distributed, to start workers too.
_START_S = {"numba": 0.7, "torch": 2.0, "jax": 1.2, "sklearn": 1.2, "zarr": 0.5, "distributed": 2.5}
_COMPILE_S = {"numba": 4.5, "jax": 0.4, "torch": 0.05}  # for each dtype, with nothing compiled
_LIGHT_COMPILE_S = 5.0
_LIGHTS = 8  # functions and timings of the speed of light
_DATA_S, _PREPARE_S = 3e-8, 1e-8  # for each number in X
_ORACLE_S = (1.4e-7, 2.8e-6)  # for each number in X and for each example, at both points
_CALL_S, _BANDWIDTH = 2e-5, 4e9  # of a compiled row: seconds a call, and bytes a second
_BLOCK, _SAVE_S = 1.1, 0.004  # of each block: its calls over the fastest of them, and writing it down
_MEMORY_S = 0.1  # to measure the memory of a row on a problem
_PROBES = ((2, 2000), (200, 20))  # n_x and m: a few milliseconds for two nested Python loops


@dataclass(frozen=True)
class Preset:
    """What is run where the user does not choose."""

    problems: tuple[str, ...]
    processes: int
    cold: int
    block_s: float
    budget_s: float | None


def _grid() -> tuple[str, ...]:
    """Name sizes in steps of ten, up to 10⁸ elements: wide, square and tall; less those of named problems."""
    named = {(shape.n_x, shape.m) for shape in problems.SHAPES}
    sizes = [(n_x, 10**k) for n_x in (2, 10, 100, 1000, 10_000) for k in range(2, 8)]
    return tuple(f"{n_x}x{m}" for n_x, m in sizes if n_x * m <= 10**8 and (n_x, m) not in named)


PRESETS = {
    "quick": Preset(("breast_cancer", "square", "cats"), 3, 1, 0.03, 60.0),
    "course": Preset(DEFAULT_PROBLEMS, 6, 3, 0.06, 300.0),
    "full": Preset((*problems.names(), *_grid()), 5, 3, 0.05, None),
}


@dataclass(frozen=True)
class Asked:
    """What the user asks for; what is empty or None is the preset's."""

    preset: str = "course"
    rows: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    thread_counts: tuple[int, ...] = ()
    baseline: str | None = None
    processes: int | None = None
    budget_s: float | None = None
    until: float | None = None


def make(asked: Asked) -> tuple[Plan, Request]:
    """Turn what was asked for into a plan; raises BadRequest for what cannot be had."""
    preset = PRESETS[asked.preset]
    selected = request(asked.rows, asked.problems or preset.problems, asked.dtypes, asked.thread_counts)
    if all(row.missing for row in selected.rows):
        raise BadRequest(f"no row can run: {selected.rows[0].missing}")
    for shape in selected.shapes:
        _check_memory(shape, selected)
    budget_s = asked.budget_s or preset.budget_s
    if budget_s and asked.until and not asked.budget_s:
        budget_s *= _UNTIL
    plan = Plan(
        preset=asked.preset,
        dtypes=selected.dtypes,
        thread_counts=selected.thread_counts,
        baseline=_baseline(asked.baseline, selected),
        processes=asked.processes or preset.processes,
        cold=preset.cold,
        rounds=_FEWEST_ROUNDS,
        block_s=preset.block_s,
        row_s=budget_s / _ROW_SHARE if budget_s else _LONGEST_ROW_S,
        budget_s=budget_s,
        until=asked.until,
        seed=int(np.random.default_rng().integers(2**31)),
    )
    return plan, selected


def _baseline(asked: str | None, selected: Request) -> str:
    """Return the name of the baseline; raises BadRequest for one that is not among the rows."""
    names = [row.name for row in selected.rows]
    if asked is None:
        return NUMPY if NUMPY in names else names[0]
    name = Path(asked).name
    if name not in names:
        raise BadRequest(f"baseline {asked!r} is not among the rows: {', '.join(names)}")
    return name


def baseline_row(plan: Plan, selected: Request) -> Record:
    """Return the row that the plan knows by its name."""
    return next(row for row in selected.rows if row.name == plan.baseline)


def fitted(plan: Plan, selected: Request, paces: "Paces", binding: bool) -> Plan:
    """Give a plan as many rounds as fit its budget; raises BadRequest where a binding one has no room.

    With `until`, what is left of the budget is for more processes.
    """
    if plan.budget_s is None:
        return plan
    few, more = (
        forecast_s(replace(plan, rounds=n), selected, paces) for n in (_FEWEST_ROUNDS, _FEWEST_ROUNDS + 1)
    )
    if few > plan.budget_s and binding:
        raise BadRequest(
            f"budget: this takes {few / 60:.1f} minutes at least, and {plan.budget_s / 60:.1f} were given; "
            "choose fewer rows, problems or processes, or a larger budget"
        )
    if plan.until or more <= few:  # all rows are skipped, or have one block whatever the rounds
        return plan
    extra = round(max(0.0, plan.budget_s - few) / (more - few))
    return replace(plan, rounds=min(_MOST_ROUNDS, _FEWEST_ROUNDS + extra))


def settings(plan: Plan, selected: Request) -> list[Setting]:
    """Return what each process goes through, in order; those of one thread count belong together."""
    return [
        Setting(shape, dtype, count)
        for count in plan.thread_counts
        for shape in selected.shapes
        for dtype in plan.dtypes
    ]


def order(plan: Plan, process: int, place: int, lanes: int, round_: int) -> list[int]:
    """Return the order of the lanes in a round, for the setting at some place among all.

    The rounds are rows of a Latin square in which no lane follows the same lane twice (E. J. Williams,
    Experimental designs balanced for the estimation of residual effects of treatments, 1949): a zigzag,
    shifted. Fewer rounds than lanes are spread over the square, so that a lane's places are far apart. Each
    process and setting has its own permutation of the lanes.
    """
    names = np.random.default_rng([plan.seed, process, place]).permutation(lanes)
    shift = round_ * max(lanes, plan.rounds) // plan.rounds
    zigzag = [turn // 2 if turn % 2 == 0 else lanes - (turn + 1) // 2 for turn in range(lanes)]
    return [int(names[(turn + shift) % lanes]) for turn in zigzag]


def blocks(plan: Plan, call_s: float) -> int:
    """Return how many blocks a row gets in a process: fewer where a call is longer than a block."""
    return max(1, min(plan.rounds, round(plan.rounds * plan.block_s / max(call_s, plan.block_s))))


def has_block(plan: Plan, blocks: int, round_: int) -> bool:
    """Tell whether a row with so many blocks has one in a round: they are spread over all rounds."""
    return (round_ + 1) * blocks // plan.rounds > round_ * blocks // plan.rounds


def training_s(setting: Setting, call_s: float) -> float | None:
    """Predict how long a row trains in a process; None where it does not."""
    predicted_s = ITERATIONS * call_s
    return predicted_s if setting.shape.name == TRAINED_ON and predicted_s <= _LONGEST_TRAINING_S else None


def too_long(plan: Plan, call_s: float) -> str | None:
    """Say so where a row would exceed what it may take on one problem, given the time of a call."""
    needed_s = (plan.processes + 2) * call_s  # one is timed in each process, one verified, one for its memory
    if needed_s <= plan.row_s:
        return None
    return (
        f"predicted to take {needed_s:.0f} s in {plan.processes} processes, with {call_s:.1f} s for a call; "
        f"{plan.row_s:.0f} s are its share of the budget"
    )


class Paces:
    """How long a call of each row takes, as far as it was seen: c + a·m + b·n_x·m, none negative."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Record, str, int], dict[tuple[int, int], float]] = {}

    def see(self, row: Record, setting: Setting, call_s: float) -> None:
        """Keep the time of a call."""
        shape = setting.shape
        self._seen.setdefault((row, setting.dtype, setting.threads), {})[shape.n_x, shape.m] = call_s

    def probe(self, selected: Request) -> None:
        """Time the rows that run in the interpreter on data so small that it takes a moment."""
        for row in (row for row in selected.rows if row.is_interpreted):
            for n_x, m in _PROBES:
                problem = problems.load(f"{n_x}x{m}")
                try:
                    step = registry.loaded(row).prepare(problem.X, problem.Y, 1)
                except impls.Unsuited:
                    continue
                start = perf_counter()
                step(problem.w, problem.b)
                call_s = perf_counter() - start
                for dtype in selected.dtypes:
                    for count in selected.thread_counts:
                        self.see(row, Setting(problem.shape, dtype, count), call_s)

    def predicted(self, row: Record, setting: Setting) -> float | None:
        """Predict the time of a call; None where it was seen on too few sizes to tell."""
        seen = self._seen.get((row, setting.dtype, setting.threads), {})
        shape = setting.shape
        if (shape.n_x, shape.m) in seen:
            return seen[shape.n_x, shape.m]
        if len(seen) < 2 and not (seen and row.is_interpreted):
            return None
        from scipy.optimize import nnls  # not above: see `reports.facts.intervals`

        sizes = np.array([(1.0, m, n_x * m) for n_x, m in seen])
        times_s = np.array(list(seen.values()))
        factors, _ = nnls(sizes / times_s[:, None], np.ones(len(seen)))  # relative errors count
        return float(factors @ (1.0, shape.m, shape.n_x * shape.m))


def forecast_s(plan: Plan, selected: Request, paces: Paces) -> float:
    """Predict how long a run takes."""
    return sum(_parts_s(plan, selected, paces))


def _parts_s(plan: Plan, selected: Request, paces: Paces) -> Iterator[float]:
    rows = [row for row in selected.rows if not row.missing]
    start_s = sum(_PYTHON_S + sum(_START_S.get(library, 0) for library in row.needs) for row in rows)
    compile_s = sum(_COMPILE_S.get(library, 0) for row in rows for library in row.needs)
    counts = len(plan.thread_counts)
    yield plan.processes * counts * start_s / min(pools.available(), len(rows))
    yield counts * len(plan.dtypes) * (plan.cold * compile_s + _LIGHT_COMPILE_S)
    twin = baseline_row(plan, selected)
    for setting in settings(plan, selected):
        shape = setting.shape
        size = shape.n_x * shape.m
        truth_s = _ORACLE_S[0] * size + _ORACLE_S[1] * shape.m
        if setting.threads == plan.thread_counts[0]:
            yield truth_s  # which the other numbers of threads are held to as well
        yield plan.processes * (size * _DATA_S + _LIGHTS * LIGHT_S)
        for row, is_twin in (*((row, False) for row in rows), (twin, True)):
            if row not in rows or not setting.suits(row):
                continue
            call_s = paces.predicted(row, setting)
            if call_s is None:
                call_s = _CALL_S + size * np.dtype(setting.dtype).itemsize / _BANDWIDTH
            if not too_long(plan, call_s):
                yield 2 * call_s + _MEMORY_S + plan.processes * _process_s(plan, call_s, size)
                trained_s = None if is_twin else training_s(setting, call_s)
                if trained_s is not None:
                    yield plan.processes * (trained_s + truth_s)


def _process_s(plan: Plan, call_s: float, size: int) -> float:
    """Predict what a row takes on one problem in one process."""
    number = blocks(plan, call_s)
    if call_s > SLOW_S:
        return size * _PREPARE_S + number * (_SAVE_S + call_s)
    block_s = _BLOCK * max(plan.block_s, call_s) + max(SETTLE_S, call_s)
    return size * _PREPARE_S + 2 * call_s + number * (_SAVE_S + block_s)


def _check_memory(shape: Shape, selected: Request) -> None:
    """Raise BadRequest where the data and a copy for each row do not fit in the memory that is free now.

    Rows on a GPU have their copies there.
    """
    rows = sum(row.device == "cpu" for row in selected.rows)
    size = shape.n_x * shape.m * max(np.dtype(dtype).itemsize for dtype in selected.dtypes)
    needed, free = size * (2 + rows), psutil.virtual_memory().available
    if needed > free:
        raise BadRequest(
            f"problem {shape.name}: X and a copy for {rows} rows take {needed / 1e9:,.1f} GB; "
            f"{free / 1e9:,.1f} GB are free; choose fewer rows (--impl) or smaller data"
        )


def parse_duration(text: str) -> float:
    """Return the seconds in a text such as 90s, 5m or 2h; raises ValueError."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1:]) if text[-1:] in units else (text, "")
    try:
        seconds = float(number) * units[unit]
    except (ValueError, KeyError):
        raise ValueError(f"{text!r} is no duration; write 90s, 5m or 2h") from None
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text!r} is no duration above 0")
    return seconds
