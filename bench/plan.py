"""What a run will do, and how long that will take: known before it starts.

Times of calls are predicted to plan with, and to skip what would take too long. No prediction becomes a
result.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import psutil
from scipy.optimize import nnls

import impls
from bench.results import Setting
from bench.selection import BadSelection, Selection, select
from impls import problems, registry, threads
from reports.findings import NUMPY
from reports.results import Plan

SETTLE_S = 0.01  # of untimed calls before a block: caches, clock and threads are as they will be
SLOW_S = 0.25  # of a call: it is a block of its own, and is not called only to settle
LIGHT_S = 0.02  # for each function of the speed of light, in each process
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 12
_ROW_SHARE = 8  # of the budget, that one row may take on one problem
_LONGEST_ROW_S = 60.0  # the same without a budget
_START_S = {"numba": 0.7, "torch": 2.0, "jax": 1.2, "sklearn": 1.2}  # of one core, to load a library
_COMPILE_S = {"numba": 2.5, "jax": 0.4, "torch": 0.05}  # for each dtype, with nothing compiled
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
    """Name sizes in steps of ten, up to 10⁸ elements: wide, square and tall."""
    sizes = [(n_x, 10**k) for n_x in (2, 10, 100, 1000, 10_000) for k in range(2, 8)]
    return tuple(f"{n_x}x{m}" for n_x, m in sizes if n_x * m <= 10**8)


PRESETS = {
    "quick": Preset(("breast_cancer", "square", "cats"), 3, 1, 0.03, 60.0),
    "course": Preset(
        ("breast_cancer", "128x100", "128x1000", "square", "cats", "two_features"), 6, 3, 0.05, 300.0
    ),
    "full": Preset((*problems.names(), *_grid()), 5, 3, 0.05, None),
}


def make(
    preset: str,
    rows: Sequence[str],
    names: Sequence[str],
    dtypes: Sequence[str],
    thread_counts: Sequence[int],
    baseline: str | None,
    processes: int | None,
    budget_s: float | None,
    until: float | None,
) -> tuple[Plan, Selection]:
    """Turn what was asked for into a plan that fits the budget; raises BadSelection."""
    chosen = PRESETS[preset]
    selected = select(rows or None, names or chosen.problems, dtypes or None, thread_counts or None)
    cores = threads.available()
    for count in selected.thread_counts:
        if count > cores:
            raise BadSelection(f"threads: {count}, but this process may use {cores} cores")
    if baseline is not None and baseline not in selected.rows:
        raise BadSelection(f"baseline {baseline!r} is not among the rows: {', '.join(selected.rows)}")
    default = NUMPY if NUMPY in selected.rows else selected.rows[0]
    plan = Plan(
        preset=preset,
        dtypes=selected.dtypes,
        thread_counts=selected.thread_counts,
        baseline=baseline or default,
        processes=processes or chosen.processes,
        cold=chosen.cold,
        rounds=_MOST_ROUNDS,
        block_s=chosen.block_s,
        row_s=(budget_s or chosen.budget_s or _ROW_SHARE * _LONGEST_ROW_S) / _ROW_SHARE,
        budget_s=budget_s or chosen.budget_s,
        until=until,
        seed=int(np.random.default_rng().integers(2**31)),
    )
    for name in selected.problems:
        _check_memory(name, selected)
    return plan, selected


def fitted(plan: Plan, selected: Selection, paces: "Paces", binding: bool) -> Plan:
    """Give a plan as many rounds as fit its budget; raises BadSelection where a binding one has no room."""
    if plan.budget_s is None:
        return replace(plan, rounds=_FEWEST_ROUNDS)
    few, more = (
        forecast_s(replace(plan, rounds=n), selected, paces) for n in (_FEWEST_ROUNDS, _FEWEST_ROUNDS + 1)
    )
    if few > plan.budget_s and binding:
        raise BadSelection(
            f"budget: this takes {few / 60:.1f} minutes at least, and {plan.budget_s / 60:.1f} were given; "
            "choose fewer rows, problems or processes, or a larger budget"
        )
    left_s = max(0.0, plan.budget_s - few)
    extra = int(left_s / (more - few)) if more > few else 0  # where all rows are skipped
    return replace(plan, rounds=min(_MOST_ROUNDS, _FEWEST_ROUNDS + extra))


def settings(plan: Plan, selected: Selection) -> list[Setting]:
    """Return what each process goes through, in order; those of one thread count belong together."""
    return [
        Setting(problem, dtype, count)
        for count in plan.thread_counts
        for problem in selected.problems
        for dtype in plan.dtypes
    ]


def order(plan: Plan, process: int, setting: int, lanes: int, round_: int) -> list[int]:
    """Return the order of the lanes in a round: each round of a process begins at another (a Latin square).

    Rounds that are fewer than the lanes are spread over the square's rows, so that a lane's places are far
    apart; each process and setting has its own permutation, so that neighbours change.
    """
    first = np.random.default_rng([plan.seed, process, setting]).permutation(lanes)
    shift = round_ * max(1, round(lanes / plan.rounds))
    return [int(first[(place + shift) % lanes]) for place in range(lanes)]


def blocks(plan: Plan, call_s: float) -> int:
    """Return how many blocks a row gets in a process: fewer where a call is longer than a block."""
    return max(1, min(plan.rounds, round(plan.rounds * plan.block_s / call_s)))


def too_long(plan: Plan, call_s: float) -> str | None:
    """Say so where a row would exceed what it may take on one problem, given the time of a call."""
    needed_s = (plan.processes + 2) * call_s  # one timed in each process, one verified, one for its memory
    if needed_s <= plan.row_s:
        return None
    return (
        f"a call is predicted to take {call_s:.1f} s, and the row {needed_s:.0f} s in {plan.processes} "
        f"processes; {plan.row_s:.0f} s are its share of the budget"
    )


class Paces:
    """How long a call of each row takes, as far as it was seen: c + a·m + b·n_x·m, none negative."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, int], dict[tuple[int, int], float]] = {}

    def see(self, row: str, setting: Setting, call_s: float) -> None:
        """Keep the time of a call."""
        shape = problems.find(setting.problem)
        self._seen.setdefault((row, setting.dtype, setting.threads), {})[shape.n_x, shape.m] = call_s

    def probe(self, selected: Selection) -> None:
        """Time the rows that run in the interpreter on data so small that it takes a moment."""
        for row in selected.rows:
            if not _is_interpreted(row):
                continue
            for n_x, m in _PROBES:
                problem = problems.load(f"{n_x}x{m}")
                try:
                    step = impls.load(row).prepare(problem.X, problem.Y, 1)
                except impls.Unsuited:
                    continue
                start = perf_counter()
                step(problem.w, problem.b)
                for dtype in selected.dtypes:
                    for count in selected.thread_counts:
                        self.see(row, Setting(problem.name, dtype, count), perf_counter() - start)

    def known(self, row: str, setting: Setting) -> float | None:
        """Return the time of a call that was seen on this very problem."""
        shape = problems.find(setting.problem)
        return self._seen.get((row, setting.dtype, setting.threads), {}).get((shape.n_x, shape.m))

    def predicted(self, row: str, setting: Setting) -> float | None:
        """Predict the time of a call; None where nothing like it was seen."""
        if (call_s := self.known(row, setting)) is not None:
            return call_s
        seen = self._seen.get((row, setting.dtype, setting.threads), {})
        if not seen:
            return None
        sizes = np.array([(1.0, m, n_x * m) for n_x, m in seen])
        times_s = np.array(list(seen.values()))
        factors, _ = nnls(sizes / times_s[:, None], np.ones(len(seen)))  # relative errors count
        shape = problems.find(setting.problem)
        return float(factors @ (1.0, shape.m, shape.n_x * shape.m))


def forecast_s(plan: Plan, selected: Selection, paces: Paces) -> float:
    """Predict how long a run takes."""
    return sum(_parts_s(plan, selected, paces))


def _parts_s(plan: Plan, selected: Selection, paces: Paces) -> Iterator[float]:
    rows = [row for row in selected.rows if _is_installed(row)]
    cores = threads.available()
    needs = {row: () if registry.is_own_file(row) else registry.record(row).needs for row in rows}
    start_s = sum(0.25 + sum(_START_S.get(library, 0) for library in needs[row]) for row in rows)
    compile_s = sum(_COMPILE_S.get(library, 0) for row in rows for library in needs[row])
    counts = len(plan.thread_counts)
    yield plan.processes * counts * start_s / min(cores, len(rows))
    yield plan.cold * counts * len(plan.dtypes) * compile_s + 5 * counts * len(plan.dtypes)
    for setting in settings(plan, selected):
        shape = problems.find(setting.problem)
        size = shape.n_x * shape.m
        yield size * 3e-7 + plan.processes * size * 3e-8  # the oracle, once, and the data
        yield plan.processes * 8 * LIGHT_S
        for row in (*rows, plan.baseline):
            if row in needs and not _suits(row, shape):
                continue
            call_s = paces.predicted(row, setting)
            if call_s is None:
                call_s = 2e-5 + size * np.dtype(setting.dtype).itemsize / 4e9
            if not too_long(plan, call_s):
                timed_s = blocks(plan, call_s) * max(plan.block_s, call_s)
                settled_s = 0.0 if call_s > SLOW_S else blocks(plan, call_s) * max(SETTLE_S, call_s)
                called_s = (0.0 if call_s > SLOW_S else 2 * call_s) + size * 1e-8
                yield plan.processes * (timed_s + settled_s + called_s) + 2 * call_s


def _suits(row: str, shape: problems.Shape) -> bool:
    return registry.is_own_file(row) or registry.record(row).n_x in (None, shape.n_x)


def _is_installed(row: str) -> bool:
    return registry.is_own_file(row) or not registry.absent(registry.record(row))


def _is_interpreted(row: str) -> bool:
    if registry.is_own_file(row):
        return False  # its first call would not be its first any more
    found = registry.record(row)
    return bool(found.loops) and set(found.needs) <= {"numpy"}


def _check_memory(name: str, selected: Selection) -> None:
    """Raise BadSelection where the data and a copy for each row do not fit in the memory that is free now."""
    shape = problems.find(name)
    size = shape.n_x * shape.m * max(np.dtype(dtype).itemsize for dtype in selected.dtypes)
    needed, free = size * (2 + len(selected.rows)), psutil.virtual_memory().available
    if needed > free:
        raise BadSelection(
            f"problem {name}: X and a copy for {len(selected.rows)} rows take {needed / 1e9:,.1f} GB; "
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
