"""Two real runs of `pytest --benchmark-only`: what they measure and leave behind; and what is refused."""

import csv
import json
import os
import platform
import re
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import pytest_benchmark.cli
from pytest_benchmark.logger import PytestBenchmarkWarning

from bench.quick import plugin
from impls.truth.gate import TOLERANCE
from reports.reading import read
from tests.bench.helpers import written

pytest_plugins = ["pytester"]

GOOD = ("numpy_zero_loop", "python_two_loop", "numba_two_loop", "slow.py")
WRONG = {
    "drops_first_example.py": "J is off by ",
    "drops_last_example.py": "J is off by ",
    "forgets_db.py": "db is off by ",
    "missing_mean.py": "J is off by ",
    "overwrites_input.py": "step wrote to its inputs",
    "remembers_first.py": "J is off by ",
    "raises.py": "raises.py, line 5: RuntimeError: no gradient today",
    "returns_nan.py": "J is ",
    "wrong_last_feature.py": "dw is off by ",
    "wrong_shape.py": "step returned dw: shape (5,), but an array of shape (5, 1) is needed",
    "wrong_sign.py": "dw is off by ",
}
FAULTY = {
    "no_step.py": "no_step.py: has no function step(w, b, X, Y)",
    "undefined_name.py": "undefined_name.py, line 3: NameError: name 'unknown' is not defined",
    "not_python.py": "not_python.py, line 4: SyntaxError: expected ':'",
    "exits_on_import.py": "exits_on_import.py, line 3: SystemExit: bye",
    "returns_infinity.py": "J is ",
    "exits.py": "exits.py, line 5: SystemExit: 3",
    "skips.py": "skips.py, line 5: Skipped: today",
    "wrong_later.py": "dw is off by ",
}


def table_of(run):
    """Names in the terminal table of pytest-benchmark."""
    return re.findall(r"^test_step\[(\S+)\] ", run.out, re.MULTILINE)


def page_rows(page, name):
    """All table rows of the page with this heading."""
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    return [row for row in rows if re.search(f'<th scope="row"[^>]*>{name}<', row)]


def shows_time(html):
    return re.search(r"\d (?:s|ms|µs|ns)\b", html) is not None


def csv_lines(run, row):
    with (run.folder / "speedup.csv").open(newline="") as file:
        return [line for line in csv.DictReader(file) if line["row"] == row]


# A good run


def test_good_run_ends_with_the_path_of_its_page(good):
    assert good.code == 0, good.out + good.err
    assert good.out.splitlines()[-1] == f"report: {good.folder / 'index.html'}"
    assert good.page.startswith("<!doctype html>")


def test_every_row_is_timed(good):
    assert good.timings.keys() == {(row, "5x7", "float64") for row in GOOD}
    assert good.unmeasured == {}
    assert sorted(table_of(good)) == sorted(f"5x7-float64-{count}t-{row}" for row in GOOD for count in (1, 2))
    assert not good.results.run.interrupted
    assert good.results.run_id == good.folder.name


def test_timings_are_sound(good):
    for timing in good.timings.values():
        assert timing.error <= timing.tolerance == TOLERANCE["float64"]
        (blocks_s,) = timing.blocks_s
        assert 1 <= len(blocks_s) <= 10
        assert 0 < min(blocks_s) <= max(blocks_s) < 1
        (prepare_s,) = timing.prepare_s
        assert 0 <= prepare_s < 1
    assert all(block_s > 0.03 for block_s in good.timings["slow.py", "5x7", "float64"].blocks_s[0])


def test_first_call_holds_the_compiling(good):
    compiled = good.timings["numba_two_loop", "5x7", "float64"]
    (cold_s,), (warm_s,) = compiled.first_call_s, compiled.warm_call_s
    assert cold_s > 100 * np.median(compiled.blocks_s)
    assert warm_s > 0


def test_rows_that_compile_nothing_have_no_warm_call(good):
    assert {one.row for one in good.results.timings if one.warm_call_s} == {"numba_two_loop"}


def test_every_number_of_threads_is_timed_in_turn(good):
    timed = [(one.threads, one.row) for one in good.results.timings]
    assert timed == [(count, row) for count in (1, 2) for row in GOOD]
    for entry in good.results.document["benchmarks"]:
        count = entry["extra_info"]["threads"]
        assert entry["group"] == f"5x7 float64 {count}t"
        assert entry["params"]["threads"] == count


def test_first_call_is_that_of_the_first_number_of_threads(good):
    assert all(bool(one.first_call_s) == (one.threads == 1) for one in good.results.timings)
    assert all(one.warm_call_s == () for one in good.results.timings if one.threads == 2)


def test_each_setting_has_its_light(good):
    lights = good.results.run.lights
    assert [(one.problem, one.dtype, one.threads) for one in lights] == [
        ("5x7", "float64", 1),
        ("5x7", "float64", 2),
    ]
    assert {(one.read_s, one.link_s) for one in lights} == {(1e-7, 2e-7)}


@pytest.mark.slow
def test_first_call_is_timed_in_each_dtype(troubled):
    for dtype in TOLERANCE:
        assert troubled.timings["numpy_zero_loop", "5x7", dtype].first_call_s[0] > 0


def test_slow_row_gets_few_rounds_of_one_call(good):
    for entry in good.results.document["benchmarks"]:
        stats = entry["stats"]
        if entry["extra_info"]["row"] == "slow.py":
            assert (stats["rounds"], stats["iterations"]) == (3, 1)
            assert len(entry["extra_info"]["blocks_s"][0]) == 3


def test_statistics_of_pytest_benchmark_stay_without_their_data(good):
    for document in (good.results.document, json.loads(good.saved.read_text())):
        for entry in document["benchmarks"]:
            assert entry["stats"].keys() >= {"min", "max", "mean", "median", "iqr", "rounds", "iterations"}
            assert "data" not in entry["stats"]


def test_file_of_pytest_benchmark_is_a_results_file_too(good):
    saved = read(good.saved)
    assert saved.timings == good.results.timings
    assert saved.run == good.results.run


def test_pytest_benchmark_reads_the_results_file(good, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest-benchmark", "compare", str(good.folder / "results.json")])
    pytest_benchmark.cli.main()
    shown = capsys.readouterr().out
    for row in GOOD:
        assert f"5x7-float64-1t-{row}" in shown


def test_environment_is_complete(good):
    environment = good.results.environment
    assert environment.versions.keys() >= {"zeroloop", "numpy", "scipy", "numba", "llvmlite"}
    assert environment.versions["numpy"] == np.__version__
    assert environment.python == f"{platform.python_implementation()} {platform.python_version()}"
    assert environment.cores >= 1
    assert environment.pools
    assert asdict(environment).keys() == good.results.document["machine_info"]["zeroloop"].keys()


def test_nothing_tells_whose_machine_it_was(good):
    for text in (good.page, (good.folder / "results.json").read_text(), good.saved.read_text()):
        words = re.sub(r"[A-Za-z0-9+/=]{100,}", "", text)  # base64, where a short name can stand by chance
        assert not platform.node() or not re.search(rf"\b{re.escape(platform.node())}\b", words)
        assert str(good.reports.parent) not in text, "the folder of an own file is nobody's business"
        assert str(Path.home()) + os.sep not in text


# Wrong implementations and faulty own files


@pytest.mark.slow
def test_session_with_wrong_rows_fails_them_alone(troubled):
    failed = 2 * len(WRONG | FAULTY)
    assert f"{failed} failed, 3 passed, 6 skipped" in troubled.out, troubled.out + troubled.err
    assert "Traceback" not in troubled.out + troubled.err
    assert troubled.out.splitlines()[-1] == f"report: {troubled.folder / 'index.html'}"


@pytest.mark.slow
def test_row_after_wrong_ones_is_measured(troubled):
    assert {row for row, _, _ in troubled.timings} == {"numpy_zero_loop", "sleeper.py"}
    assert len([row for row, _, _ in troubled.timings if row == "numpy_zero_loop"]) == 2
    assert all(line["step_s"] for line in csv_lines(troubled, "numpy_zero_loop"))
    assert any(map(shows_time, page_rows(troubled.page, "numpy_zero_loop")))


@pytest.mark.slow
def test_wrong_rows_say_why(troubled):
    for row, reason in (WRONG | FAULTY).items():
        entry = troubled.unmeasured[row]
        assert entry.status == "failed"
        assert reason in entry.reason
        assert "\n" not in entry.reason
        assert reason in troubled.out
        assert reason in csv_lines(troubled, row)[0]["reason"]
        if " is off by " in reason:
            assert entry.error > TOLERANCE["float64"], row


@pytest.mark.slow
def test_wrong_rows_have_a_time_nowhere(troubled):
    timed = {f"{problem}-{dtype}-1t-{row}" for row, problem, dtype in troubled.timings}
    assert set(table_of(troubled)) == timed
    documents = [troubled.results.document, json.loads(troubled.saved.read_text())]
    benchmarks = "".join(json.dumps(document["benchmarks"]) for document in documents)
    page = troubled.page
    for row in WRONG | FAULTY:
        assert row not in benchmarks
        for line in csv_lines(troubled, row):
            assert line["status"] == "failed"
            times = {value for name, value in line.items() if name.endswith(("_s", "_low", "_high"))}
            assert times == {"", line["light_s"]}, "the light is no time of a row"
        found = page_rows(page, row)
        assert found, row
        assert not any(map(shows_time, found)), row


# A library that is not installed, and data that a row does not serve


@pytest.mark.slow
def test_session_without_numba_has_times_and_no_light(troubled):
    assert troubled.results.run.lights == ()
    assert re.search("^no speed of light: .*numba", troubled.out, re.MULTILINE)
    assert troubled.results.environment.threading_layer is None


@pytest.mark.slow
def test_missing_library_is_said_with_its_remedy(troubled):
    entry = troubled.unmeasured["numba_two_loop"]
    assert (entry.status, entry.reason) == ("not installed", "pip install numba")
    for line in csv_lines(troubled, "numba_two_loop"):
        assert (line["status"], line["reason"], line["step_s"]) == ("not installed", "pip install numba", "")
    assert any(
        "not installed: pip install numba" in row for row in page_rows(troubled.page, "numba_two_loop")
    )
    assert "not installed" in troubled.out


@pytest.mark.slow
def test_missing_gpu_is_said_everywhere(troubled):
    entry = troubled.unmeasured["torch_gpu"]
    assert (entry.status, entry.reason) == ("no CUDA device", "none here")
    for line in csv_lines(troubled, "torch_gpu"):
        assert (line["status"], line["reason"], line["step_s"]) == ("no CUDA device", "none here", "")
    assert any("no CUDA device: none here" in row for row in page_rows(troubled.page, "torch_gpu"))
    assert "torch_gpu no CUDA device: none here" in troubled.out
    assert troubled.results.environment.gpu is None


@pytest.mark.slow
def test_unsuited_row_is_skipped_with_a_reason(troubled):
    entry = troubled.unmeasured["python_two_features"]
    assert entry.status == "unsuited"
    assert entry.reason.endswith("serves n_x = 2 only")


# Requests that cannot be met


ONE_ROW = ("--benchmark-only", "--impl=numpy_zero_loop", "--problem=5x7", "--threads=1")


def test_refused_before_anything_is_measured(pytester):
    for name in ("first", "second"):
        written(pytester.path, f"{name}/mine.py", "")
    for arguments, said in (
        (["--impl=numpy_zero_lop"], "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop"),
        (["--problem=brest_cancer"], "no problem 'brest_cancer'; did you mean breast_cancer"),
        (["--dtype=float16"], "--dtype: invalid choice: 'float16'"),
        (["--impl=nowhere.py"], "nowhere.py: no such file"),
        (["--threads=0"], "threads: 0, but a whole number from 1 to 1024 is needed"),
        (["--threads=many"], "--threads: invalid int value: 'many'"),
        (
            ["--problem=1000000x1000000000"],
            "problem 1000000x1000000000: the data and the oracle take 8,000,128.0 GB of memory, but only ",
        ),
        (["--impl=first/mine.py", "--impl=second/mine.py"], "2 rows are called mine.py: rename the file"),
        (["--report-dir=first/mine.py/below"], "below: Not a directory; choose another folder"),
        (["--benchmark-json=first/mine.py/below/saved.json"], "cannot write to "),
    ):
        with pytest.raises(pytest.UsageError) as caught:
            configured(pytester, *ONE_ROW, "--report-dir=reports", *arguments)
        assert said in str(caught.value)
        assert not list(pytester.path.glob("reports/*"))


@pytest.mark.parametrize("option", [["-n2"], ["-nauto"], ["--dist=each", "--tx=popen"]], ids=" ".join)
def test_rows_are_not_shared_out_to_processes(pytester, option):
    pytest.importorskip("xdist")
    with pytest.raises(pytest.UsageError, match=r"^-n: rows are timed one after the other, "):
        configured(pytester, *ONE_ROW, "--report-dir=reports", *option)


def test_a_store_in_another_folder_is_compared_with(pytester, tmp_path_factory, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # beside others there are no benchmarks
    store = tmp_path_factory.mktemp("store")
    written(store, "0001_before.json", '{"machine_info": {}, "benchmarks": []}')
    where = f"--benchmark-storage={store.as_uri()}"
    with pytest.warns(PytestBenchmarkWarning, match=r"machine_info is different\.$"):
        config = configured(pytester, *ONE_ROW, "--report-dir=reports", where, "--benchmark-compare=0001")
    assert [*config._benchmarksession.compared_mapping] == [Path("0001_before.json")]


def test_options_of_benchmarks_need_benchmarks(pytester):
    for option in ("--impl=numpy_zero_loop", "--problem=5x7", "--threads=1", "--report-dir=reports"):
        with pytest.raises(pytest.UsageError, match=f"{option.partition('=')[0]} needs --benchmark-only"):
            configured(pytester, option)


def test_an_old_spelling_is_answered_with_the_new_one(pytester):
    for arguments in (["--contest"], ["--benchmark-only", "--contest", "--problem=5x7"]):
        with pytest.raises(pytest.UsageError, match=r"zeroloop run contest$"):
            configured(pytester, *arguments)


def test_plain_pytest_has_no_benchmarks_and_benchmarks_have_no_tests(pytester, monkeypatch):
    monkeypatch.setattr(plugin, "start_cold", lambda: lambda: None)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # beside others there are no benchmarks
    pytester.makeini("[pytest]\ntestpaths = tests bench/quick\n")
    for folder in ("tests", "bench/quick"):
        (pytester.path / folder).mkdir(parents=True)
    assert configured(pytester).args == ["tests"]
    assert configured(pytester, "--benchmark-only").args == ["bench/quick"]


def configured(pytester, *arguments):
    """Configure a session of the plugin as a process of its own would; raises UsageError."""
    return pytester.parseconfigure("-p", "bench.quick.plugin", *arguments)


# Ctrl-C


@pytest.mark.slow
def test_interrupted_session_keeps_what_it_has(troubled):
    assert troubled.code == pytest.ExitCode.INTERRUPTED, troubled.out + troubled.err
    sleeper = {(problem, dtype) for row, problem, dtype in troubled.timings if row == "sleeper.py"}
    assert sleeper == {("5x7", "float64")}
    assert "sleeper.py" not in troubled.unmeasured


@pytest.mark.slow
def test_interrupted_session_says_so(troubled):
    assert troubled.results.run.interrupted
    assert "This run was interrupted" in troubled.page
    assert "\ninterrupted: what comes later is missing\n" in troubled.out
    assert read(troubled.saved).run.interrupted, "the file of pytest-benchmark too"


def test_session_that_was_not_interrupted_does_not_say_so(good):
    assert "interrupted" not in good.page + good.out
