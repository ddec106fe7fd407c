"""How long a run will take, part by part; a visit is one setting in one process.

Times of calls are predicted to plan with, and to skip what would take too long. No prediction becomes a
result.
"""

from dataclasses import replace
from time import perf_counter

import numpy as np

import impls
from bench.planning import plan as plans
from bench.planning import turns
from bench.planning.presets import PRESETS
from bench.request import BadRequest, Request, Setting
from impls import pools, registry
from impls.data import problems
from impls.data.problems import Shape
from impls.records import Record
from reports import wording
from reports.results import Plan

# Costs in seconds, from runs on two cores of a recent processor.
_PYTHON_S = 0.25  # starting Python and loading NumPy, on one core
# Loading a library, on one core; for distributed, starting its workers too.
_START_S = {
    "numba": 0.4,
    "torch": 1.5,
    "jax": 0.8,
    "sklearn": 1.3,
    "cupy": 2.0,
    "zarr": 0.5,
    "distributed": 2.5,
}
_COMPILE_S = {"numba": 5.0, "jax": 0.4, "torch": 0.05}  # per dtype, with nothing compiled
_LIGHT_COMPILE_S = 5.0
_LIGHTS = 8  # functions of the speed of light, each with several timings
_DATA_S, _PREPARE_S = 3e-8, 4e-9  # per number in X
_ORACLE_S = (1.4e-7, 2.8e-6)  # per number in X and per example, at both points
_CALL_S, _BANDWIDTH = 2e-5, 4e9  # of a compiled row: seconds per call, and bytes per second
_BLOCK = 1.1  # time of a block over its fastest call's pace
_TALK_S = 0.004  # asking for a block, and judging its results
_MEMORY_S = 0.1  # measuring the memory of a row on a problem
_FILLED = 0.8  # share of the budget that the forecast may fill
_PROBES = ((2, 2000), (200, 20))  # n_x and m: a few milliseconds for two nested Python loops


class Paces:
    """Fits each row's seconds per call to what was seen of it: c + a·m + b·n_x·m, none negative."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Record, str, int], dict[tuple[int, int], float]] = {}

    def see(self, row: Record, setting: Setting, call_s: float) -> None:
        """Keep the time of a call."""
        shape = setting.shape
        self._seen.setdefault((row, setting.dtype, setting.threads), {})[shape.n_x, shape.m] = call_s

    def probe(self, selected: Request) -> None:
        """Time the rows that run in the interpreter, on data so small that it takes a moment."""
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
        """Predict the time of a call; None where the row was seen on too few sizes."""
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
    starts_s = plan.processes * len(plan.thread_counts) * start_s(selected)
    truths_s = len(plan.dtypes) * sum(map(truth_s, selected.shapes))
    if verified := PRESETS[plan.preset].verified:
        starts_s += start_s(selected)
        truths_s += len(plan.dtypes) * sum(truth_s(problems.find(name)) for name in verified)
    return (
        starts_s
        + truths_s
        + sum(
            visit_s(plan, selected, paces, setting, process)
            for process in range(plan.processes)
            for setting in plans.settings(plan, selected)
        )
    )


def fitted(plan: Plan, selected: Request, paces: Paces, asked_budget: bool) -> Plan:
    """Give a plan as many rounds as fit its budget, with room for what the forecast misses.

    A budget that the user asked for is a limit; raises BadRequest if nothing fits in it. A preset's budget
    only sets the rounds: on a slow machine the run takes longer, and no process is cut off. With `until`,
    there are few rounds, and either budget is the limit for more processes.
    """
    if plan.budget_s is None:
        return plan
    few, more = (
        forecast_s(replace(plan, rounds=n), selected, paces)
        for n in (plans.FEWEST_ROUNDS, plans.FEWEST_ROUNDS + 1)
    )
    if asked_budget:
        first = plans.settings(plan, selected)[0]
        first_s = start_s(selected) + truth_s(first.shape) + visit_s(plan, selected, paces, first, 0)
        if first_s > plan.budget_s:
            raise BadRequest(
                f"budget: this takes {wording.duration(few)}, the first problem alone "
                f"{wording.duration(first_s)}; {wording.duration(plan.budget_s)} were given; choose fewer "
                "rows, problems or processes, or a larger budget"
            )
    if plan.until:
        return plan
    # If `more` is no longer, all rows are skipped, or have one block whatever the rounds.
    extra = int(max(0.0, _FILLED * plan.budget_s - few) / (more - few)) if more > few else 0
    rounds = min(PRESETS[plan.preset].most_rounds, plans.FEWEST_ROUNDS + extra)
    return replace(plan, rounds=rounds, budget_s=plan.budget_s if asked_budget else None)


def start_s(selected: Request) -> float:
    """Predict how long it takes to start all rows."""
    rows = _rows(selected)
    needed_s = sum(_PYTHON_S + sum(_START_S.get(library, 0) for library in row.needs) for row in rows)
    return needed_s / min(pools.available(), len(rows))


def truth_s(shape: Shape) -> float:
    """Predict how long the oracle takes for a problem, once for all processes and numbers of threads."""
    return _ORACLE_S[0] * shape.n_x * shape.m + _ORACLE_S[1] * shape.m


def visit_s(plan: Plan, selected: Request, paces: Paces, setting: Setting, process: int) -> float:
    """Predict how long one process takes for all rows on a setting, without the oracle."""
    if plans.too_large(setting, selected):
        return 0.0
    rows, shape = _rows(selected), setting.shape
    size = shape.n_x * shape.m
    needed_s = size * _DATA_S + _LIGHTS * plans.LIGHT_S
    if shape == selected.shapes[0]:
        needed_s += _compile_s(plan, rows, setting, process)
        if process == 0:
            needed_s += _LIGHT_COMPILE_S
    twin = plans.baseline_row(plan, selected)
    for row, is_twin in (*((row, False) for row in rows), (twin, True)):
        if row not in rows or not setting.suits(row):
            continue
        call_s = paces.predicted(row, setting)
        if call_s is None:
            call_s = _CALL_S + size * np.dtype(setting.dtype).itemsize / _BANDWIDTH
        if not plans.too_long(plan, call_s):
            needed_s += _timed_s(plan, call_s, size)
            if process == 0:
                needed_s += 2 * call_s + _MEMORY_S
            trained_s = None if is_twin else plans.training_s(setting, call_s)
            if trained_s is not None:
                needed_s += trained_s + truth_s(shape)
    return needed_s


def _rows(selected: Request) -> list[Record]:
    return [row for row in selected.rows if not row.missing]


def _compile_s(plan: Plan, rows: list[Record], setting: Setting, process: int) -> float:
    """Predict how long rows compile that have not called with this dtype in a process."""
    anew = [row for row in rows if process < plan.cold or not row.keeps_code]
    if plan.cold == 0 and process == 0 and setting.threads == plan.thread_counts[0]:
        anew = list({row.kernels or row: row for row in rows}.values())  # they share their code
    return sum(_COMPILE_S.get(library, 0) for row in anew for library in row.needs)


def _timed_s(plan: Plan, call_s: float, size: int) -> float:
    """Predict how long a row is prepared and timed on one problem in one process."""
    number = turns.blocks(plan, call_s)
    if call_s > plans.SLOW_S:
        return size * _PREPARE_S + number * (_TALK_S + call_s)
    block_s = _BLOCK * max(plan.block_s, call_s) + max(plans.SETTLE_S, call_s)
    return size * _PREPARE_S + 2 * call_s + number * (_TALK_S + block_s)
