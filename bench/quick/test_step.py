"""The benchmarks: every chosen row on every chosen problem. Run them with `pytest --benchmark-only`.

The gate sits inside the timed test, since --benchmark-only skips every other: a row is verified on the very
problem it is timed on, before and after, and a row that fails leaves no time anywhere.
"""

from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import impls
from bench.outcome import LeftOut, explain
from bench.quick import warm
from bench.quick.cache import kept_code
from bench.quick.moving import Moving
from bench.quick.plugin import RECORDER, asked_for
from bench.quick.pytest_benchmark_private import drop
from bench.quick.recorder import Recorder, block_medians
from bench.request import Setting
from impls import pools, registry
from impls.records import Record
from impls.truth.gate import Gate, gate_for
from reports.results import Timing

_ROUND_S = 2e-5  # what a round takes beside its call
SLOW_ROUNDS = 3  # rounds of a row whose single call takes longer than --benchmark-max-time


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each row on each problem, problem by problem, so that tables compare rows."""
    config = metafunc.config
    chosen = config.stash[RECORDER].request if RECORDER in config.stash else asked_for(config)
    cases = []
    for setting in chosen.settings:
        problem, dtype, threads = setting.key
        group = pytest.mark.benchmark(group=f"{problem} {dtype} {threads}t")
        name = f"{problem}-{dtype}-{threads}t"
        cases += [pytest.param(setting, row, id=f"{name}-{row.name}", marks=group) for row in chosen.rows]
    metafunc.parametrize(("setting", "row"), cases)


# A warning is not a wrong number, here as in `zeroloop verify`; pytest-benchmark warns of rows without time.
@pytest.mark.filterwarnings("default", "ignore::pytest_benchmark.logger.PytestBenchmarkWarning")
def test_step(
    benchmark: BenchmarkFixture, pytestconfig: pytest.Config, setting: Setting, row: Record
) -> None:
    """Time one row on one problem."""
    recorder = pytestconfig.stash[RECORDER]
    try:
        gate = gate_for(setting.shape, setting.dtype)
    except MemoryError as error:
        said = f"not enough memory for {setting.shape.name}; choose a smaller problem: {error}"
        recorder.leave_out(row, setting, LeftOut("skipped", said))
        raise pytest.fail.Exception(said, pytrace=False) from None
    try:
        impl = registry.loaded(row)
        most_s = float(pytestconfig.getoption("benchmark_max_time"))
        least_rounds = int(pytestconfig.getoption("benchmark_min_rounds"))
        timing = _measure(benchmark, impl, gate, setting.threads, recorder, most_s, least_rounds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        why = explain(error, row)  # SystemExit, or pytest's outcomes raised in a file, end the row alone
    else:
        benchmark.extra_info.update(asdict(timing))
        recorder.add_time(setting, impl.record.device)
        return
    recorder.leave_out(row, setting, why)
    drop(benchmark, pytestconfig)
    if why.failed:
        gate_for.cache_clear()
        pytest.fail(why.reason, pytrace=False)
    pytest.skip(f"{row.name} {why.status}: {why.reason}")


def _measure(
    benchmark: BenchmarkFixture,
    impl: impls.Implementation,
    gate: Gate,
    threads: int,
    recorder: Recorder,
    most_s: float,
    least_rounds: int,
) -> Timing:
    """Verify, compile, time and verify again; raises what the row raises, and Refused."""
    problem = gate.problem
    pools.limit(threads)  # setting the pools' size is no row's work
    step, prepare_s = _timed(impl.prepare, problem.X, problem.Y, threads)
    code_before = kept_code()
    first_point, second_point = gate.points
    result, first_call_s = _timed(step, first_point.w, first_point.b)
    # A row may find compiled what another row has compiled before: that was no first call.
    found_code = bool(impl.record.kernels) and kept_code() == code_before
    first = not found_code and recorder.is_first_call(impl.name, problem.dtype)
    errors = [gate.check(result, first_point)]
    # The second call compiles nothing: it shows how many rounds fit.
    result, call_s = _timed(step, second_point.w, second_point.b)
    errors.append(gate.check(result, second_point))
    # Not later: a process beside the rounds would disturb them, and Ctrl-C in it would lose them.
    compiles = first and impl.record.keeps_code
    warm_call_s = warm.first_call_s(impl.name, problem.shape, problem.dtype, threads) if compiles else None
    rounds = max(least_rounds, round(most_s / (call_s + _ROUND_S))) if call_s <= most_s else SLOW_ROUNDS
    moving = Moving(step, problem)
    benchmark.pedantic(moving.call, setup=moving.arguments, rounds=rounds)  # type: ignore[no-untyped-call]
    errors.append(moving.largest_error())
    errors.append(gate.check(step(first_point.w, first_point.b), first_point))  # which watches the data too
    assert benchmark.stats
    return Timing(
        row=impl.name,
        problem=problem.name,
        dtype=problem.dtype,
        threads=threads,
        blocks_s=(block_medians(benchmark.stats.stats.data),),
        prepare_s=(prepare_s,),
        first_call_s=(first_call_s,) if first else (),
        warm_call_s=() if warm_call_s is None else (warm_call_s,),
        extra_bytes=None,
        error=max(errors),
        tolerance=gate.tolerance,
    )


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    start = perf_counter()
    result = function(*arguments)
    return result, perf_counter() - start
