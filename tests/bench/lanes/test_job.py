"""`zeroloop run` and `zeroloop compare` as commands: what they refuse, plan and print."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bench.lanes import job as jobs
from bench.planning.plan import Asked
from bench.request import BadRequest
from impls.kernels import cuda_device
from reports.reading import read
from tests.bench.helpers import zeroloop

REFERENCE = Path(__file__).parents[3] / "reports" / "reference"
QUICK = ("run", "quick", "--impl", "numpy_zero_loop", "--problem", "5x7", "--threads", "1")


def message(result):
    _, found, said = result.output.partition("Error: ")
    assert found, result.output
    assert said.count("\n") == 1
    return said[:-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--budget", "5"), "'5' is no duration; write 90s, 5m or 2h"),
        (("--until", "2"), "'2' is no percentage; write 2% or 0.5%"),
        (("--until", "0%"), "'0%' is no percentage"),
        (("--threads", "99"), "threads: 99, but this process may use"),
        (("--baseline", "numba_fused"), "baseline 'numba_fused' is not among the rows"),
        (("--impl", "numpyzero"), "did you mean numpy_zero_loop"),
        (("--budget", "1s"), "budget: this takes"),
        (("--resume", "missing.json"), "does not exist"),
        (("--impl", "missing.py"), "missing.py: no such file"),
        (("-o", "/proc/run.json"), "cannot write to /proc"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_measured(tmp_path, options, words):
    result = zeroloop(*QUICK, *options)
    assert result.exit_code == 2
    assert words in result.output


def test_no_results_file_is_written_over(tmp_path):
    (tmp_path / "run.json").touch()
    result = zeroloop(*QUICK, "-o", str(tmp_path / "run.json"))
    assert result.exit_code == 2
    assert "is there already: continue it with --resume" in message(result)


def test_a_dry_run_shows_the_plan_and_measures_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = zeroloop("run", "quick", "--impl", "python_two_loop", "--problem", "large", "--dry-run")
    assert result.exit_code == 0
    assert "quick: 1 row on 1 problem, float64" in result.output
    assert "skipped: python_two_loop on large, float64: predicted to take" in result.output
    assert "this takes about" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_names_the_rows_that_will_not_run(monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: "none here")
    monkeypatch.setitem(sys.modules, "numexpr", None)
    absent = ("torch_gpu", "numexpr_zero_loop", "numba_cuda_fused")
    result = zeroloop(*QUICK, *(f"--impl={row}" for row in absent), "--dry-run")
    assert "1 row on 1 problem" in result.output
    assert "no CUDA device: torch_gpu, numba_cuda_fused\n" in result.output
    assert "not installed: numexpr_zero_loop\n" in result.output


@pytest.mark.parametrize(("problem", "trains"), [("breast_cancer", True), ("5x7", False)])
def test_a_plan_says_where_rows_train(tmp_path, monkeypatch, problem, trains):
    monkeypatch.chdir(tmp_path)
    result = zeroloop("run", "quick", "--impl", "numpy_zero_loop", "--problem", problem, "--dry-run")
    assert ("on breast_cancer also gradient descent, 100 iterations" in result.output) == trains


def test_a_quick_look_cannot_be_resumed():
    result = zeroloop("run", "--resume", str(REFERENCE / "contest.json"))
    assert result.exit_code == 2
    assert "of `pytest --benchmark-only`, which cannot be resumed" in message(result)


def test_a_broken_file_cannot_be_resumed(tmp_path):
    (tmp_path / "run.json").write_text("{")
    result = zeroloop("run", "--resume", str(tmp_path / "run.json"))
    assert result.exit_code == 2
    assert "not a JSON file, or a truncated one" in message(result)


def test_compare_needs_two_results_files(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    result = zeroloop("compare", str(tmp_path / "a.json"), str(REFERENCE / "contest.json"))
    assert result.exit_code == 2
    assert "a.json" in message(result)


def test_resuming_takes_no_other_options():
    path = str(REFERENCE / "contest.json")
    for option in (("--threads", "1"), ("--problem", "5x7"), ("--budget", "5m")):
        result = zeroloop("run", *option, "--resume", path)
        assert result.exit_code == 2
        assert f"leave out {option[0]}" in message(result)


@pytest.fixture(scope="module")
def document():
    """The contest, on one problem alone."""
    document = json.loads((REFERENCE / "contest.json").read_text())
    document["benchmarks"] = [
        entry for entry in document["benchmarks"] if entry["extra_info"]["problem"] == "square"
    ]
    document["zeroloop"]["unmeasured"] = []
    return document


def test_compare_fails_where_nothing_can_be_compared(tmp_path, document):
    path, other = tmp_path / "one.json", tmp_path / "other.json"
    path.write_text(json.dumps(document))
    other.write_text(json.dumps({**document, "benchmarks": []}))
    failed = zeroloop("compare", str(path), str(other))
    assert failed.exit_code == 2
    assert "have no row on the same problem in common: " in message(failed)
    assert message(failed).endswith("and no row on nothing")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["numpy_zero_loop"], "its rows are those of its plan; leave out --impl numpy_zero_loop"),
        (["mine.py"], "it did not time mine.py"),
    ],
)
def test_resume_takes_no_other_rows(tmp_path, rows, said):
    document = json.loads((REFERENCE / "results.json").read_text())
    document["zeroloop"]["interrupted"] = True
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document))
    failed = zeroloop("run", "--resume", str(path), *(f"--impl={row}" for row in rows))
    assert failed.exit_code == 2
    assert said in message(failed)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("done",), 10**6, "zeroloop.done is 1000000, but the plan has 36 parts"),
        (("plan", "processes"), 10**9, "zeroloop.plan.processes is 1000000000, which no run has"),
        (("plan", "preset"), "fast", "this zeroloop has no preset fast"),
        (("plan", "rounds"), 2, "python_two_loop on breast_cancer has more blocks than zeroloop.plan"),
    ],
)
def test_resume_takes_no_forged_plan(tmp_path, place, value, said):
    document = json.loads((REFERENCE / "results.json").read_text())
    document["zeroloop"]["interrupted"] = True
    holder = document["zeroloop"]
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document))
    failed = zeroloop("run", "--resume", str(path))
    assert failed.exit_code == 2
    assert message(failed) == f"{path}: {said}"


def test_a_file_that_came_while_a_run_was_planned_is_not_written_over(tmp_path):
    path = tmp_path / "run.json"
    job = jobs.new(Asked("quick", ("numpy_zero_loop",), ("5x7",), thread_counts=(1,)), path)
    path.write_text("theirs")
    with pytest.raises(BadRequest, match="is there already"):
        jobs.carry_out(job, Console())
    before = read(REFERENCE / "results.json")
    path.write_bytes((REFERENCE / "contest.json").read_bytes())
    with pytest.raises(BadRequest, match="another run has written to it meanwhile"):
        jobs.carry_out(dataclasses.replace(job, before=before), Console())
    assert path.read_bytes() == (REFERENCE / "contest.json").read_bytes()


@pytest.mark.slow
def test_a_run_ends_with_its_report(tmp_path):
    path = tmp_path / "run.json"
    result = zeroloop(*QUICK, "--processes", "2", "-o", str(path))
    assert result.exit_code == 0, result.output
    found = read(path)
    assert f"results: {path}" in result.output
    assert result.output.splitlines()[-1] == f"report: {tmp_path / found.run_id / 'index.html'}"
    assert "not citable: 2 processes, and 5 are the fewest" in result.output
    page = (tmp_path / found.run_id / "index.html").read_text("utf-8")
    assert 'id="noise"' in page
    again = zeroloop("run", "--resume", str(path))
    assert again.exit_code == 2
    assert "this run is complete" in message(again)
