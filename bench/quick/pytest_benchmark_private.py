"""All that is used of pytest-benchmark beyond its public interface: the list of its timings.

It has no public way to take a timing back, or to ask for its document before it prints. If a later version
keeps the list elsewhere, these functions raise AttributeError: nothing is written that might be wrong.
"""

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


def drop(benchmark: BenchmarkFixture, config: pytest.Config) -> None:
    """Take a time that was measured before a failure out of tables and files."""
    timings = _session(config).benchmarks
    timings[:] = [timing for timing in timings if timing.fixture is not benchmark]


def document(config: pytest.Config) -> dict[str, Any]:
    """Return what --benchmark-json would write, changed by the plugins as that is."""
    session, hook = _session(config), config.hook
    made: dict[str, Any] = hook.pytest_benchmark_generate_json(
        config=config,
        benchmarks=session.benchmarks,
        include_data=False,
        machine_info=session.get_machine_info(),
        commit_info=hook.pytest_benchmark_generate_commit_info(config=config),
    )
    hook.pytest_benchmark_update_json(config=config, benchmarks=session.benchmarks, output_json=made)
    return made


def _session(config: pytest.Config) -> Any:
    return config._benchmarksession  # type: ignore[attr-defined]
