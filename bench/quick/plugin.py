"""The pytest plugin: options that say what is benchmarked; results file and report at the session's end."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bench import environment
from bench.quick import pytest_benchmark_private
from bench.quick.cache import start_cold
from bench.quick.recorder import Recorder
from bench.request import DEFAULT_PROBLEMS, Request, Setting, request
from impls.data import problems
from impls.errors import UserError
from impls.truth.gate import gate_for
from reports.facts.facts import Facts
from reports.files import check_writable
from reports.reading import read
from reports.results import BadResults
from reports.tables.in_terminal import of_run

RECORDER = pytest.StashKey[Recorder]()
_OPTIONS = ("impl", "problem", "dtype", "threads", "report_dir")
_SHARED_OUT = ("numprocesses", "tx")  # options of pytest-xdist, in whose processes nothing would be timed
_LAST_WORDS = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of zeroloop."""
    group = parser.getgroup("zeroloop", "zeroloop (with --benchmark-only)")
    group.addoption(
        "--impl",
        action="append",
        metavar="NAME|FILE.py",
        help="row to time, or your own file with step(w, b, X, Y); repeatable; default: all rows; "
        "write a file that is not in this folder as --impl=FILE.py",
    )
    group.addoption(
        "--problem",
        action="append",
        metavar="NAME|NxM",
        help=f"data to time on: {', '.join(problems.names())}, or a size n_x x m such as 128x10000; "
        f"repeatable; default: {', '.join(DEFAULT_PROBLEMS)}",
    )
    group.addoption(
        "--dtype",
        action="append",
        choices=problems.DTYPES,
        help="floating point type; repeatable; default: float64",
    )
    group.addoption(
        "--threads",
        action="append",
        type=int,
        metavar="N",
        help="threads that a step may use; repeatable; default: all cores",
    )
    group.addoption("--contest", action="store_true", help="replaced by: zeroloop run contest")
    group.addoption(
        "--report-dir",
        type=Path,
        metavar="DIR",
        help="where the report's folder is made; default: reports/out",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check what is asked for, and that it can be written, before anything is measured."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        # Benchmarks need none of the libraries of the tests, and a plain `pytest` has no use for benchmarks.
        config.args = ["bench/quick" if config.option.benchmark_only else "tests"]
    if config.option.contest:
        raise pytest.UsageError("--contest is replaced by a run in fresh processes: zeroloop run contest")
    if not config.option.benchmark_only:
        if asked := [name for name in _OPTIONS if getattr(config.option, name)]:
            raise pytest.UsageError(f"--{asked[0].replace('_', '-')} needs --benchmark-only")
        return
    if any(getattr(config.option, name, None) for name in _SHARED_OUT):
        raise pytest.UsageError("-n: rows are timed one after the other, in one process: leave out -n")
    try:
        chosen = asked_for(config)
        check_writable(_report_folder(config))
        if config.option.benchmark_json:
            check_writable(config.option.benchmark_json.parent)
    except (UserError, OSError) as error:
        raise pytest.UsageError(str(error)) from None
    import_module("reports.write")  # loads Matplotlib: if that fails, nothing was measured in vain
    config.stash[RECORDER] = Recorder(chosen, environment.load())
    config.add_cleanup(start_cold())
    os.environ.pop("NUMBA_NUM_THREADS", None)  # --threads says how many


def asked_for(config: pytest.Config) -> Request:
    """Return what the options ask for; raises BadRequest and BadValue."""
    option = config.option
    return request(option.impl or (), option.problem or (), option.dtype or (), option.threads or ())


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Measure the speed of light after the last row of each setting, for each device that has a time there.

    Measured earlier, it would compile code that the first call of a row then finds compiled.
    """
    recorder, setting = item.config.stash.get(RECORDER, None), _setting(item)
    if recorder and setting and setting != _setting(nextitem):
        for device in recorder.timed(setting):
            try:
                from bench import light

                problem = gate_for(setting.shape, setting.dtype).problem
                recorder.add_light(light.measure(problem, setting.threads, device))
            except Exception as error:  # such as no Numba: the rows have their times all the same
                recorder.no_light = f"{type(error).__name__}: {error}"


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Add what pytest-benchmark leaves out, and leave out what names a host rather than a kind of machine."""
    if RECORDER in config.stash:
        machine_info["node"] = machine_info["release"] = ""
        load_before = config.stash[RECORDER].load_before
        described = environment.describe(machine_info.get("cpu", {}).get("brand_raw"), load_before)
        machine_info["zeroloop"] = asdict(described)


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_compare_machine_info(benchmarksession: Any) -> Iterator[None]:
    """Let pytest-benchmark go on where it cannot name the store, since that lies outside this folder."""
    try:
        return (yield)
    except ValueError:
        benchmarksession.logger.warning("Benchmark machine_info is different.")


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Make every file that pytest-benchmark writes, also by its own options, a results file."""
    if RECORDER in config.stash:
        recorder = config.stash[RECORDER]
        output_json["zeroloop"] = asdict(recorder.run())
        for benchmark in output_json["benchmarks"]:
            benchmark["stats"].pop("data", None)  # the medians of blocks are a thousand times shorter
            about = benchmark["extra_info"]
            benchmark["params"] = {name: about[name] for name in ("problem", "dtype", "threads", "row")}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Write results and report, once pytest-benchmark has finished with its own."""
    config = session.config
    recorder = config.stash.get(RECORDER, None)
    if recorder:
        recorder.interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
    yield
    if recorder is None or not recorder.has_results:
        return
    from reports.write import write_report  # not above: a plain `pytest` does not wait for Matplotlib

    try:
        index = write_report(pytest_benchmark_private.document(config), _report_folder(config))
        facts = Facts(read(index.with_name("results.json")))
        said = [of_run(facts)]
        if recorder.no_light:
            said.append(f"no speed of light: {recorder.no_light}")
        if disturbed := facts.busy:
            said.append(f"the machine was busy: {disturbed}; run it again while nothing else runs")
        if recorder.interrupted:
            said.append("interrupted: what comes later is missing")
        config.stash[_LAST_WORDS] = "\n".join([*said, f"report: {index}"])
    except (OSError, BadResults) as error:
        config.stash[_LAST_WORDS] = f"no report: {error}"
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the speedups, and the report's path as the last line of the session."""
    if _LAST_WORDS in config.stash:
        writer = config.get_terminal_writer()  # which serves a terminal that lacks × and µ too, line by line
        for line in ("", *config.stash[_LAST_WORDS].splitlines()):
            writer.line(line)


def _setting(item: pytest.Item | None) -> Setting | None:
    """Return the setting of a benchmark; None for any other test."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("setting") if callspec else None
    return found if isinstance(found, Setting) else None


def _report_folder(config: pytest.Config) -> Path:
    return config.option.report_dir or config.rootpath / "reports" / "out"
