"""What speaks against citing a run: how much the machine, and what else ran on it, disturbed the measurement.

Each sign is looked for in the results file alone. The limits are ours; `bench/METHODOLOGY.md` lists them.
"""

import math
import statistics
from collections.abc import Iterable

from reports import wording
from reports.facts.comparison import Comparison, Line
from reports.facts.intervals import Blocks, Interval, pooled_ratio
from reports.results import Environment, Results, Timing

FEWEST_PROCESSES = 5  # with fewer, Student's t makes intervals so wide that they say little
MOST_OTHERS = 0.1  # largest share of the cores that lanes may run on that other programs may keep busy
MOST_STOLEN = 0.01  # largest share of the processors' time that the host may give to others
MOST_DISTURBED = 0.1  # largest share of disturbed blocks
MOST_DRIFT = 0.1  # largest change of speed between the slowest and the fastest process, all rows together
WIDEST_TWIN = 0.03  # largest half width of the interval of the A/A pairs, over all problems
_DISTURBED = 1.25  # a block that takes longer than this many medians of its process was disturbed
_SLICES_S = (4e-3, 10e-3)  # ticks of schedulers at 250 and 100 Hz
_ON_TICK = 0.05  # largest distance to a multiple of a slice, in slices, that counts as a hit
_MOSTLY = 0.9  # share of blocks near a tick that proves slicing; 10 % is chance
_ENOUGH = 8  # fewest blocks that can prove it
_MOST_SLICES = 16  # longest wait of a call that is judged: in longer calls noise is as large as a slice
_MOST_SHARE = 1.05  # largest credible share of the speed of light, which is a measurement too


def not_citable(results: Results, comparisons: tuple[Comparison, ...]) -> list[str]:
    """Say what speaks against citing this run; empty if nothing was seen."""
    reasons = []
    if results.run.plan is None:
        reasons.append("one process, a quick look: `zeroloop run` measures over several")
    elif fewest_processes(results) < FEWEST_PROCESSES:
        found = wording.counted(fewest_processes(results), "process")
        reasons.append(f"{found}, and {FEWEST_PROCESSES} are the fewest")
    if results.run.interrupted:
        reasons.append("interrupted: what it had not reached is missing")
    conditions = results.environment.conditions
    if conditions and conditions.quota_cores is not None and conditions.quota_cores < 1:
        used = wording.cores(conditions.quota_cores)
        reasons.append(f"this process may use {used}: it is stopped for a part of the time")
    if disturbed := busy(results):
        reasons.append(f"the machine was busy: {disturbed}")
    if results.run.plan:
        reasons += _signs(results, comparisons)
    return reasons


def busy(results: Results) -> str | None:
    """Say which other work was running; None if none shows."""
    noise = results.run.noise
    if noise and noise.others is not None:
        cores = noise.cores or results.environment.cores
        if noise.others <= MOST_OTHERS * cores:
            return None
        return f"other programs kept {noise.others:.1f} of {wording.counted(cores, 'core')} busy"
    return _loaded(results.environment)


def fewest_processes(results: Results) -> int:
    """Return the number of processes behind the timing that has the fewest."""
    return min((sum(map(bool, timing.blocks_s)) for timing in results.timings), default=0)


def twins(results: Results) -> Interval | None:
    """Return how many times as fast a row is as itself in another process, over all problems: A/A."""
    timings = {(one.row, one.problem, one.dtype, one.threads): one.blocks_s for one in results.timings}
    pairs = []
    for twin in results.run.twins:
        own = timings.get((twin.row, twin.problem, twin.dtype, twin.threads))
        if own is not None:
            pairs.append((own, twin.blocks_s))
    return pooled_ratio(pairs)


def widest_twin(comparisons: tuple[Comparison, ...]) -> float | None:
    """Return the largest half width among several A/A pairs; None with fewer than two."""
    widths = [one.twin.half_width for one in comparisons if one.twin and one.twin.half_width is not None]
    return max(widths) if len(widths) > 1 else None


def too_fast(comparisons: tuple[Comparison, ...]) -> list[tuple[Comparison, Line]]:
    """Return the lines that beat the speed of light: a disturbed measurement, or a faster way."""
    return [
        (comparison, line)
        for comparison in comparisons
        for line in comparison.measured
        if line.share is not None and line.share > _MOST_SHARE
    ]


def disturbed_share(timings: Iterable[Timing]) -> float | None:
    """Return the share of blocks that took a quarter longer than their process' median."""
    processes = [process for timing in timings for process in timing.blocks_s if len(process) > 1]
    blocks = [block / statistics.median(process) for process in processes for block in process]
    return sum(block > _DISTURBED for block in blocks) / len(blocks) if blocks else None


def drift(timings: Iterable[Timing]) -> float | None:
    """Return by how much the machine's speed changed between processes: the slowest over the fastest, less 1.

    All rows together, by their median: what happens to some rows only is no drift.
    """
    logs: dict[int, list[float]] = {}
    for timing in timings:
        medians = {n: statistics.median(process) for n, process in enumerate(timing.blocks_s) if process}
        typical = statistics.median(medians.values())
        for n, median in medians.items():
            logs.setdefault(n, []).append(math.log(median / typical))
    speeds = [statistics.median(found) for found in logs.values()]
    return math.exp(max(speeds) - min(speeds)) - 1 if len(speeds) > 1 else None


def quantised(blocks: Blocks) -> bool:
    """Return whether times jump between multiples of a scheduler's slice: threads wait for their turn."""
    times_s = [block for process in blocks for block in process]
    return len(times_s) >= _ENOUGH and any(_jump_by(slice_s, times_s) for slice_s in _SLICES_S)


def _jump_by(slice_s: float, times_s: list[float]) -> bool:
    multiples = [round(time_s / slice_s) for time_s in times_s]
    if not 1 <= min(multiples) <= max(multiples) <= _MOST_SLICES:
        return False
    beside = [
        n for time_s, n in zip(times_s, multiples, strict=True) if abs(time_s / slice_s - n) <= _ON_TICK
    ]
    return len(set(beside)) > 1 and len(beside) >= _MOSTLY * len(times_s)


def _signs(results: Results, comparisons: tuple[Comparison, ...]) -> list[str]:
    signs = []
    noise = results.run.noise
    if noise and noise.stolen is not None and noise.stolen > MOST_STOLEN:
        signs.append(f"the host gave {noise.stolen:.0%} of the processors' time to other machines")
    if noise and noise.throttled:
        signs.append(f"the processor slowed down for heat, {noise.throttled} times")
    share = disturbed_share(results.timings)
    if share is not None and share > MOST_DISTURBED:
        signs.append(f"{share:.0%} of the blocks were disturbed")
    changed = drift(results.timings)
    if changed is not None and changed > MOST_DRIFT:
        signs.append(f"the machine's speed changed by {changed:.0%} between processes")
    slices = dict.fromkeys(timing.row for timing in results.timings if quantised(timing.blocks_s))
    if slices:
        signs.append(f"times of {', '.join(slices)} jump between multiples of a scheduler's slice")
    pair = twins(results)
    if pair is None:
        signs.append("no A/A pair: what is noise here is not known")
    if pair and pair.half_width is not None and pair.half_width > WIDEST_TWIN:
        signs.append(
            f"a row and its twin, the same code in another process, agree to "
            f"{wording.percent(pair.half_width)} only{_worst(comparisons)}; "
            "more processes or a quieter machine help"
        )
    if pair and not pair.contains_one:
        signs.append(f"a row and its twin differ: {wording.speedup(pair)}")
    signs += [
        f"on {comparison.title} a row and its twin differ: {wording.speedup(comparison.twin)}"
        for comparison in comparisons
        if comparison.twin and not comparison.twin.contains_one and len(comparisons) > 1
    ]
    return signs


def _worst(comparisons: tuple[Comparison, ...]) -> str:
    """Say on which problem a row and its twin agree least; empty with one problem."""
    widths = {one.title: one.twin.half_width or 0.0 for one in comparisons if one.twin}
    if len(widths) < 2:
        return ""
    worst = max(widths, key=lambda title: widths[title])
    return f", to {wording.percent(widths[worst])} on {worst}"


def _loaded(environment: Environment) -> str | None:
    """Say that the load was high; None if it was not. A run itself adds about one to it."""
    before, after, cores = environment.load_before, environment.load_after, environment.cores
    if before is None or after is None or (before <= cores and after <= cores + 1):
        return None
    return f"{before:.1f} processes wanted to run before and {after:.1f} after, on {cores} cores"
