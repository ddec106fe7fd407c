"""`zeroloop run`: what ends it early, and what is kept then; tests/bench/lanes tests the measuring."""

import pytest

from bench.lanes import job as jobs
from bench.lanes.conductor import Conductor
from reports import write
from reports.reading import read
from tests.bench.helpers import refused, written, zeroloop

RUN = ("run", "quick", "--impl=numpy_zero_loop", "--problem=5x7", "--threads=1")


@pytest.fixture
def ended_by(monkeypatch):
    """Let measuring end by an error, once it has begun."""

    def end(error):
        def run(conductor):
            raise error

        monkeypatch.setattr(Conductor, "run", run)

    return end


def test_a_fault_of_this_project_shows_its_traceback_and_leaves_results(tmp_path, ended_by):
    ended_by(ValueError("a fault of ours"))
    with pytest.raises(ValueError, match="a fault of ours"):
        zeroloop(*RUN, "-o", tmp_path / "run.json")
    assert read(tmp_path / "run.json").run.interrupted


def test_what_a_user_can_mend_is_one_line_that_says_what_is_kept(tmp_path, ended_by):
    file = tmp_path / "run.json"
    ended_by(OSError("cannot write: No space left on device"))
    result = zeroloop(*RUN, "-o", file)
    assert result.exit_code == 2
    said = f"cannot write: No space left on device; what was finished is in {file}"
    assert result.output.endswith(f"Error: {said}\n")


def test_a_lack_of_memory_is_one_line_that_says_what_is_kept(tmp_path, ended_by):
    file = tmp_path / "run.json"
    ended_by(MemoryError("no room"))
    result = zeroloop(*RUN, "-o", file)
    assert result.exit_code == 2
    last = result.output.splitlines()[-1]
    assert last.startswith("Error: out of memory: no room; free some or raise its limit, ")
    assert last.endswith(f"; what was finished is in {file}")


def test_an_interrupted_run_says_how_to_continue(tmp_path, ended_by):
    ended_by(KeyboardInterrupt())
    mine = written(tmp_path, "mine.py", "from impls.numpy_zero_loop import step as step")
    result = zeroloop(*RUN, "--impl", mine, "-o", tmp_path / "run.json")
    assert result.exit_code == 130
    said = f"interrupted; continue with: zeroloop run --resume {tmp_path / 'run.json'} --impl={mine}"
    assert said in result.output.splitlines()


def test_a_run_that_is_interrupted_before_its_file_is_there_names_no_file(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "alone_in", interrupted)
    result = zeroloop(*RUN, "-o", tmp_path / "run.json")
    assert result.exit_code == 130
    assert result.output.splitlines()[-1] == "interrupted"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError("cannot write x: full"), 2, "Error: cannot write x: full"),
    ],
    ids=["Ctrl-C", "full disk"],
)
def test_when_only_the_report_is_missing_the_command_that_makes_it_is_said(
    tmp_path, monkeypatch, error, code, said
):
    def ends_early(*_):
        raise error

    monkeypatch.setattr(Conductor, "run", lambda conductor: None)
    monkeypatch.setattr(write, "write_report", ends_early)
    file = tmp_path / "a run.json"
    result = zeroloop(*RUN, "-o", file)
    assert result.exit_code == code
    last = result.output.splitlines()[-1]
    assert last == f"{said}; all is measured; make the report with: zeroloop report '{file}'"
    assert file.exists()


def test_a_fault_while_a_run_is_planned_shows_its_traceback_too(tmp_path, monkeypatch):
    def broken(*_):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(jobs, "new", broken)
    with pytest.raises(ValueError, match="a fault of ours"):
        zeroloop(*RUN, "-o", tmp_path / "run.json")


def test_a_resumed_run_takes_no_other_options(tmp_path):
    file = tmp_path / "run.json"
    file.write_text("{}")
    for option, name in (("--problem=5x7", "--problem"), ("--budget=5m", "--budget"), ("full", "preset")):
        said = refused("run", "--resume", file, option)
        assert said == f"--resume continues with the plan in the file; leave out {name}"


def test_options_that_are_wrong():
    assert refused("run", "--until=2").startswith("Invalid value for '--until': '2' is no percentage; ")
    assert refused("run", "-o", f"{'a' * 300}.json") == f"{'a' * 300}.json: File name too long"
