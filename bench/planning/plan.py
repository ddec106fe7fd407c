"""What a run will do, known before it starts: rows, problems, processes, rounds and blocks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.planning.presets import PRESETS
from bench.request import BadRequest, Request, Setting, request
from impls import limits, pools
from impls.data import problems
from impls.kernels import cuda_device
from impls.records import Record
from reports import wording
from reports.facts.comparison import NUMPY
from reports.results import Plan

SETTLE_S = 0.01  # time for untimed calls before a block, which settle caches, clock and threads
SLOW_S = 0.25  # a longer call is a block of its own, and has no untimed calls before it
LIGHT_S = 0.01  # time for each function of the speed of light, in each process
# Rows train on the one set of real data. There the curvature of J is at most a quarter of the largest
# eigenvalue of X X.T / m, 13.3 / 4, so each update lowers the cost if alpha is below 2 / 3.32 = 0.6. After
# 100 updates the cost is a tenth of what it was.
TRAINED_ON, ALPHA, ITERATIONS = "breast_cancer", 0.5, 100
_LONGEST_TRAINING_S = 3.0  # a row that needs more, in a process, is not trained
FEWEST_ROUNDS = 3  # rounds in each process
_ROW_SHARE = 8  # one row may take this part of the budget on one problem: an eighth
_LONGEST_ROW_S = 60.0  # what one row may take on one problem, without a budget
_UNTIL = 4  # with `until`, the preset's budget is multiplied by this, to leave time for more processes


@dataclass(frozen=True)
class Asked:
    """What the user asks for; what is empty or None is the preset's."""

    preset: str = "course"
    rows: tuple[str | Record, ...] = ()
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
    if preset.needs_gpu and (why := cuda_device.why_none()):
        raise BadRequest(f"{asked.preset}: no CUDA device: {why}")
    selected = select(
        asked.rows or preset.rows,
        asked.problems or preset.problems,
        asked.dtypes or preset.dtypes,
        asked.thread_counts or preset.threads(pools.available()),
    )
    if all(row.missing for row in selected.rows):
        raise BadRequest(f"no row can run: {selected.rows[0].missing}")
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
        rounds=FEWEST_ROUNDS,
        block_s=preset.block_s,
        row_s=budget_s / _ROW_SHARE if budget_s else _LONGEST_ROW_S,
        budget_s=budget_s,
        until=asked.until,
        seed=int(np.random.default_rng().integers(2**31)),
    )
    return plan, selected


def select(
    rows: Sequence[str | Record], names: Sequence[str], dtypes: Sequence[str], thread_counts: Sequence[int]
) -> Request:
    """Turn names into rows and problems; raises BadRequest and BadValue.

    Each problem must fit in memory in the smallest dtype. Where it does not in a larger one, `too_large` says
    so, and that setting is skipped.
    """
    smallest = min(dtypes, key=lambda dtype: np.dtype(dtype).itemsize)
    selected = request(rows, names, (smallest,), thread_counts)
    for shape in selected.shapes:
        if said := too_large(Setting(shape, smallest, 1), selected):
            raise BadRequest(f"problem {shape.name}: {said}; choose fewer rows (--impl) or smaller data")
    return replace(selected, dtypes=tuple(dict.fromkeys(dtypes)))


def too_large(setting: Setting, selected: Request) -> str | None:
    """Say that the data and a copy for each row do not fit in the memory that is free now; None if they do.

    The baseline's twin has a copy too. Rows on a GPU have theirs there.
    """
    rows = sum(row.device == "cpu" for row in selected.rows)
    needed, free = problems.bytes_of(setting.shape, setting.dtype, 2 + rows), limits.free_bytes()
    if needed <= free:
        return None
    return (
        f"the data and a copy for {wording.counted(rows, 'row')} take {needed / 1e9:,.1f} GB; "
        f"{free / 1e9:,.1f} GB are free"
    )


def _baseline(asked: str | None, selected: Request) -> str:
    """Return the name of the baseline; raises BadRequest for one that is not among the rows."""
    names = [row.name for row in selected.rows]
    if asked is None:
        return NUMPY if NUMPY in names else names[0]
    name = asked if asked in names else Path(asked).name
    if name not in names:
        raise BadRequest(f"baseline {asked!r} is not among the rows: {', '.join(names)}")
    return name


def baseline_row(plan: Plan, selected: Request) -> Record:
    """Return the row that the plan knows by its name."""
    return next(row for row in selected.rows if row.name == plan.baseline)


def settings(plan: Plan, selected: Request) -> list[Setting]:
    """Return all settings in the order of each process; those of one number of threads come together."""
    return [
        Setting(shape, dtype, count)
        for count in plan.thread_counts
        for shape in selected.shapes
        for dtype in plan.dtypes
    ]


def training_s(setting: Setting, call_s: float) -> float | None:
    """Predict how long a row trains in a process; None if it does not."""
    predicted_s = ITERATIONS * call_s
    return predicted_s if setting.shape.name == TRAINED_ON and predicted_s <= _LONGEST_TRAINING_S else None


def too_long(plan: Plan, call_s: float) -> str | None:
    """Say that a row would take too long on one problem, given the time of a call; None if not."""
    needed_s = (plan.processes + 2) * call_s  # one is timed in each process, one verified, one for its memory
    if needed_s <= plan.row_s:
        return None
    return (
        f"predicted to take {needed_s:.0f} s in {plan.processes} processes, with {call_s:.1f} s for a call; "
        f"{plan.row_s:.0f} s are its share of the budget"
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
