"""The benchmarks: every chosen row on every chosen problem. Run them with `pytest --benchmark-only`.

The gate sits inside the timed test, since --benchmark-only skips every other: a row is verified on the very
problem it is timed on, before and after, and a row that fails leaves no time anywhere.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import impls
from bench.outcome import explain
from bench.plugin import RECORDER
from bench.results import Recorder, as_json, block_medians
from bench.selection import display_name, select
from impls import threads as pools
from impls.gate import Gate, gate_for
from reports.results import Timing

SLOW_ROUNDS = 3  # of a row whose single call takes longer than --benchmark-max-time


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for each row on each problem, problem by problem, so that tables compare rows."""
    option = metafunc.config.option
    chosen = (
        metafunc.config.stash[RECORDER].selection
        if RECORDER in metafunc.config.stash
        else select(option.impl, option.problem, option.dtype, option.threads)
    )
    cases = [
        pytest.param(
            problem,
            dtype,
            row,
            id=f"{problem}-{dtype}-{display_name(row)}",
            marks=pytest.mark.benchmark(group=f"{problem} {dtype}"),
        )
        for problem in chosen.problems
        for dtype in chosen.dtypes
        for row in chosen.rows
    ]
    metafunc.parametrize(("problem", "dtype", "row"), cases)


# A warning is not a wrong number, here as in `zeroloop verify`; that a failed row was not timed is no news.
@pytest.mark.filterwarnings("default", "ignore::pytest_benchmark.logger.PytestBenchmarkWarning")
def test_step(
    benchmark: BenchmarkFixture, pytestconfig: pytest.Config, problem: str, dtype: str, row: str
) -> None:
    """Time one row on one problem."""
    recorder = pytestconfig.stash[RECORDER]
    gate = gate_for(problem, dtype)
    try:
        timing = _measure(benchmark, impls.load(row), gate, recorder)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        why = explain(error, row)  # SystemExit, or pytest's outcomes raised in a file, end the row alone
    else:
        benchmark.extra_info.update(as_json(timing))
        recorder.timed += 1
        return
    recorder.leave_out(row, problem, dtype, why)
    _drop(benchmark, pytestconfig)
    if why.failed:
        gate_for.cache_clear()
        pytest.fail(why.reason, pytrace=False)
    pytest.skip(f"{display_name(row)} {why.status}: {why.reason}")


def _measure(
    benchmark: BenchmarkFixture, impl: impls.Implementation, gate: Gate, recorder: Recorder
) -> Timing:
    """Verify, compile, time and verify again; raises what the row raises, and Refused."""
    problem, threads = gate.problem, recorder.selection.threads
    pools.limit(threads)  # setting the pools' size is no row's work
    step, prepare_s = _timed(impl.prepare, problem.X, problem.Y, threads)
    first = recorder.is_first_call(impl.name, problem.dtype)
    result, first_call_s = _timed(step, gate.start.w, gate.start.b)
    errors = [gate.check(result, gate.start)]
    # The second call is compiled and warm: it tells the slow rows, which get few rounds of one call.
    result, call_s = _timed(step, gate.mirrored.w, gate.mirrored.b)
    errors.append(gate.check(result, gate.mirrored))
    if call_s > benchmark._max_time:
        result = benchmark.pedantic(step, (gate.start.w, gate.start.b), rounds=SLOW_ROUNDS)  # type: ignore[no-untyped-call]
    else:
        result = benchmark(step, gate.start.w, gate.start.b)
    errors.append(gate.check(result, gate.start))
    assert benchmark.stats
    return Timing(
        row=impl.name,
        problem=problem.name,
        dtype=problem.dtype,
        threads=threads,
        blocks_s=(block_medians(benchmark.stats.stats.data),),
        prepare_s=prepare_s,
        first_call_s=first_call_s if first else None,
        error=max(errors),
        tolerance=gate.tolerance,
    )


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    start = perf_counter()
    result = function(*arguments)
    return result, perf_counter() - start


def _drop(benchmark: BenchmarkFixture, pytestconfig: pytest.Config) -> None:
    """Take a time that was measured before the failure out of tables and files."""
    session = pytestconfig._benchmarksession  # type: ignore[attr-defined]
    session.benchmarks[:] = [entry for entry in session.benchmarks if entry.fixture is not benchmark]
