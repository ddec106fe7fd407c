"""Real runs of `pytest --benchmark-only`: what they measure, what they refuse, what they leave behind."""

import csv
import json
import os
import platform
import re
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import pytest_benchmark.cli
from bench.selection import select

from bench.quick import plugin
from impls import pools
from impls.data.problems import DTYPES
from impls.truth.gate import TOLERANCE
from reports.reading import read

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
REFUSED = {
    "unknown row": "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop",
    "unknown problem": "no problem 'brest_cancer'; did you mean breast_cancer",
    "unknown dtype": "--dtype: invalid choice: 'float16'",
    "no such file": "nowhere.py: no such file",
    "no threads": "threads: 0, but a whole number from 1 to 1024 is needed",
    "threads without number": "--threads: invalid int value: 'many'",
    "too large": "problem 1000000x1000000000: X takes 8,000,000.0 GB, but only ",
    "twins": "2 rows are called mine.py: rename the file",
    "folder is a file": "below: Not a directory; choose another folder",
    "options alone": "--contest needs --benchmark-only",
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
    assert cold_s > warm_s > 0, "what is compiled already need only be loaded"


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
    assert all(one.read_s > 0 and one.link_s > 0 for one in lights)


def test_threading_layer_is_that_of_the_light(good):
    assert good.results.environment.threading_layer in ("tbb", "omp", "workqueue")


def test_first_call_is_timed_once_for_each_row_and_dtype(bare):
    for dtype in TOLERANCE:
        assert bare.timings["numpy_zero_loop", "5x7", dtype].first_call_s[0] > 0
        assert bare.timings["numpy_zero_loop", "3x50", dtype].first_call_s == ()


def test_slow_row_gets_few_rounds_of_one_call(good):
    for entry in good.results.document["benchmarks"]:
        stats = entry["stats"]
        if entry["extra_info"]["row"] == "slow.py":
            assert (stats["rounds"], stats["iterations"]) == (3, 1)
            assert len(entry["extra_info"]["blocks_s"][0]) == 3
        else:
            assert stats["rounds"] > 3


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


def test_wrong_run_fails(wrong):
    assert wrong.code == 1, wrong.out + wrong.err
    assert f"{len(WRONG) + len(FAULTY)} failed, 1 passed" in wrong.out
    assert "Traceback" not in wrong.out + wrong.err
    assert wrong.out.splitlines()[-1] == f"report: {wrong.folder / 'index.html'}"


def test_row_after_wrong_ones_is_measured(wrong):
    assert wrong.timings.keys() == {("numpy_zero_loop", "5x7", "float64")}
    assert wrong.unmeasured.keys() == WRONG.keys() | FAULTY.keys()
    assert csv_lines(wrong, "numpy_zero_loop")[0]["step_s"]
    assert any(map(shows_time, page_rows(wrong.page, "numpy_zero_loop")))


@pytest.mark.parametrize(("row", "reason"), (WRONG | FAULTY).items())
def test_wrong_row_says_why(wrong, row, reason):
    entry = wrong.unmeasured[row]
    assert entry.status == "failed"
    assert reason in entry.reason
    assert "\n" not in entry.reason
    assert reason in wrong.out
    assert reason in csv_lines(wrong, row)[0]["reason"]
    if " is off by " in reason:
        assert entry.error > TOLERANCE["float64"]


@pytest.mark.parametrize("row", WRONG | FAULTY)
def test_wrong_row_has_a_time_nowhere(wrong, row):
    assert table_of(wrong) == ["5x7-float64-1t-numpy_zero_loop"]
    for document in (wrong.results.document, json.loads(wrong.saved.read_text())):
        assert row not in json.dumps(document["benchmarks"])
    (line,) = csv_lines(wrong, row)
    assert line["status"] == "failed"
    times = {value for name, value in line.items() if name.endswith(("_s", "_low", "_high"))}
    assert times == {"", line["light_s"]}, "the light is no time of a row"
    found = page_rows(wrong.page, row)
    assert found
    assert not any(map(shows_time, found))


# A library that is not installed, and data that a row does not serve


def test_run_without_numba_is_no_failure(bare):
    assert bare.code == 0, bare.out + bare.err
    assert "4 passed, 12 skipped" in bare.out
    assert {row for row, _, _ in bare.timings} == {"numpy_zero_loop"}
    assert len(bare.timings) == 4
    assert bare.results.run.lights == ()
    assert re.search("^no speed of light: .*numba", bare.out, re.MULTILINE)
    assert bare.results.environment.threading_layer is None


def test_missing_library_is_said_with_its_remedy(bare):
    entry = bare.unmeasured["numba_two_loop"]
    assert (entry.status, entry.reason) == ("not installed", "pip install numba")
    for line in csv_lines(bare, "numba_two_loop"):
        assert (line["status"], line["reason"], line["step_s"]) == ("not installed", "pip install numba", "")
    assert any("not installed: pip install numba" in row for row in page_rows(bare.page, "numba_two_loop"))
    assert "not installed" in bare.out


def test_missing_gpu_is_said_everywhere(bare):
    entry = bare.unmeasured["torch_gpu"]
    assert (entry.status, entry.reason) == ("no CUDA device", "none here")
    for line in csv_lines(bare, "torch_gpu"):
        assert (line["status"], line["reason"], line["step_s"]) == ("no CUDA device", "none here", "")
    assert any("no CUDA device: none here" in row for row in page_rows(bare.page, "torch_gpu"))
    assert "torch_gpu no CUDA device: none here" in bare.out
    assert bare.results.environment.gpu is None


def test_unsuited_row_is_skipped_with_a_reason(bare):
    entry = bare.unmeasured["python_two_features"]
    assert entry.status == "unsuited"
    assert entry.reason.endswith("serves n_x = 2 only")


# Requests that cannot be met


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_anything_is_measured(unmeasured, name):
    code, said, folder = unmeasured[name]
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: " in said
    assert REFUSED[name] in said
    assert "Traceback" not in said
    assert not folder.exists() or not list(folder.iterdir())


def test_plain_pytest_has_no_benchmarks(unmeasured):
    _, said, _ = unmeasured["plain"]
    assert "tests/bench/quick/test_plugin.py::" in said
    assert not re.search(r"^bench/", said, re.MULTILINE)


def test_benchmarks_have_no_tests(unmeasured):
    code, said, _ = unmeasured["benchmarks"]
    assert code == 0
    count = pools.available()
    assert f"bench/quick/test_step.py::test_step[breast_cancer-float64-{count}t-numpy_zero_loop]" in said
    assert not re.search(r"^tests/", said, re.MULTILINE)


# The contest


def test_contest_fills_in_what_is_not_asked_for(unmeasured):
    code, said, _ = unmeasured["contest"]
    assert code == 0, said
    collected = re.findall(r"test_step\[(.+)\]", said)
    rows = select(None, ["5x7"], None, None, contest=True).rows
    assert collected == [f"5x7-{dtype}-2t-{row}" for dtype in DTYPES for row in rows]


@pytest.mark.parametrize(
    ("contest", "short", "printed"),
    [
        ("ours won", True, ["ours won"]),
        ("ours won", False, ["tables", "ours won"]),
        ("", True, ["tables"]),
        ("", False, ["tables"]),
    ],
)
def test_contest_is_printed_where_there_is_one(good, monkeypatch, contest, short, printed):
    monkeypatch.setattr(plugin, "as_text", lambda comparisons: "tables")
    monkeypatch.setattr(plugin, "contest_as_text", lambda found: contest)
    assert plugin._tables(good.results, short) == printed


@pytest.mark.parametrize(
    ("arguments", "in_environment", "seconds"),
    [
        (["--contest"], "", plugin.CONTEST_S),
        (["--contest", "--benchmark-max-time=3"], "", "3"),
        (["--contest"], "--benchmark-max-time=3", "3"),
    ],
)
def test_contest_is_short_unless_told_otherwise(monkeypatch, arguments, in_environment, seconds):
    monkeypatch.setenv("PYTEST_ADDOPTS", in_environment)
    option = SimpleNamespace(benchmark_max_time="3", benchmark_quiet=False)
    config = SimpleNamespace(option=option, invocation_params=SimpleNamespace(args=arguments))
    plugin._shorten(config)
    assert option.benchmark_max_time == seconds
    assert option.benchmark_quiet


# Cold first calls


@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_session_has_an_empty_cache_of_its_own(monkeypatch, before):
    numba = SimpleNamespace(config=SimpleNamespace(CACHE_DIR=before or ""))
    monkeypatch.setitem(sys.modules, "numba", numba)
    monkeypatch.setenv("NUMBA_CACHE_DIR", before or "")
    if before is None:
        monkeypatch.delenv("NUMBA_CACHE_DIR")
    cleanups = []
    plugin._start_cold(SimpleNamespace(add_cleanup=cleanups.append))
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert str(folder) == numba.config.CACHE_DIR
    assert list(folder.iterdir()) == []
    (folder / "compiled.nbc").touch()
    for cleanup in cleanups:
        cleanup()
    assert not folder.exists()
    assert os.environ.get("NUMBA_CACHE_DIR") == before
    assert (before or "") == numba.config.CACHE_DIR


# Ctrl-C

by_signal = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")


@by_signal
def test_interrupted_run_keeps_what_it_has(interrupted):
    assert interrupted.code == pytest.ExitCode.INTERRUPTED, interrupted.out + interrupted.err
    assert interrupted.timings.keys() == {("numpy_zero_loop", "5x7", "float64")}
    assert interrupted.unmeasured == {}


@by_signal
def test_interrupted_run_says_so(interrupted):
    assert interrupted.results.run.interrupted
    assert "This run was interrupted" in interrupted.page
    assert "Traceback" not in interrupted.out + interrupted.err
    assert interrupted.out.splitlines()[-1] == f"report: {interrupted.folder / 'index.html'}"


@by_signal
def test_file_of_pytest_benchmark_says_interrupted_too(interrupted):
    assert read(interrupted.saved).run.interrupted


def test_run_that_was_not_interrupted_does_not_say_so(good):
    assert "interrupted" not in good.page
