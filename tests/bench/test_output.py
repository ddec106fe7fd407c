"""Real processes whose standard output or error cannot be written, or is read by nobody any more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.reading import read

pytestmark = pytest.mark.slow

PROGRAM = (sys.executable, "-m", "bench")
VERIFY = ("verify", "--impl", "numpy_zero_loop", "--problem", "5x7")
WRONG = Path(__file__).parents[1] / "impls" / "wrong" / "wrong_sign.py"
# A run that measures nothing: what matters is what becomes of it before and after.
RUN = """\
from bench.__main__ import main
from bench.lanes.conductor import Conductor
from reports import figures

def run(conductor):
    conductor._show._console.print("a line of progress")
    conductor._ledger.interrupted = False
    conductor._ledger.conclude()

Conductor.run = run
figures.draw = lambda facts: {}
figures.as_pdf = lambda pictures: b""
main()
"""
MEASURE = ("run", "quick", "--impl=numpy_zero_loop", "--problem=5x7", "--threads=1", "-o")


@pytest.fixture
def full():
    with open("/dev/full", "w") as file:
        yield file


@pytest.fixture
def left():
    """A pipe that nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    yield writes
    os.close(writes)


def ended(command, **where):
    done = subprocess.run(command, text=True, **{"stderr": subprocess.PIPE, **where})
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", [["--help"], VERIFY], ids=lambda one: one[0])
def test_output_that_cannot_be_written_is_one_line_and_no_success(full, command):
    said = "Error: cannot write to standard output: No space left on device\n"
    assert ended([*PROGRAM, *command], stdout=full) == (2, said)


def test_a_reader_that_has_left_changes_no_verdict(left):
    assert ended([*PROGRAM, "list"], stdout=left) == (0, "")
    assert ended([*PROGRAM, *VERIFY, "--impl", WRONG], stdout=left) == (1, "")


def test_output_that_is_closed_from_the_start_is_no_error():
    assert ended(["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "--version"]) == (0, "")


def test_errors_that_cannot_be_written_keep_their_exit_code(full):
    assert ended([*PROGRAM, "lst"], stderr=full) == (2, None)


def test_a_run_whose_output_nobody_reads_writes_results_and_report(tmp_path, left):
    command = [sys.executable, "-c", RUN, *MEASURE, str(tmp_path / "run.json")]
    assert ended(command, stdout=left, stderr=left) == (0, None)
    assert not read(tmp_path / "run.json").run.interrupted
    assert len(list(tmp_path.glob("*/index.html"))) == 1


def test_a_terminal_that_lacks_a_character_shows_a_question_mark():
    code = "from bench.output import sheltered\nwith sheltered():\n    print('5 µs × 2')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment) == b"5 ?s ? 2\n"
