"""Own files outside of a run, in real processes: what they do wrong, and what they can no longer do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.lanes.apart import apart
from impls import records
from impls.data import problems
from impls.truth.gate import Gate
from tests.bench.helpers import line_of, message, written, zeroloop
from tests.bench.lanes.real_runs import lanes, wait_for

EXITS = Path(__file__).parents[2] / "museum" / "exits.py"
ON = ("--problem=5x70", "--threads=1")
RIGHT = "from impls.numpy_zero_loop import step as right\n"

pytestmark = pytest.mark.usefixtures("marked")


def verdict(tmp_path, source, *arguments):
    """Write a file, and return its line of `zeroloop verify` and the exit code."""
    mine = written(tmp_path, "mine.py", source)
    result = zeroloop("verify", f"--impl={mine}", *(arguments or ON), columns=200)
    return line_of(result, "mine.py"), result.exit_code


def test_a_file_that_ends_its_process_has_failed_and_another_has_not(tmp_path):
    mine = written(tmp_path, "mine.py", RIGHT.replace("as right", ""))
    result = zeroloop("verify", f"--impl={EXITS}", f"--impl={mine}", *ON)
    assert result.exit_code == 1
    assert line_of(result, "exits.py").endswith("crashed: ended with exit code 0")
    assert line_of(result, "mine.py").endswith("agrees")
    assert result.output.splitlines()[-1] == "1 failed"
    wait_for(lambda: not lanes())


def test_what_this_process_has_started_itself_is_left_alone(tmp_path):
    """Such as the workers of `dask_chunks`, which live as long as the command."""
    mine = records.find(str(written(tmp_path, "mine.py", RIGHT.replace("as right", ""))))
    gate = Gate(problems.load("5x70"))
    with apart([mine], 1) as lanes:
        lanes.verify(mine, gate)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        try:
            lanes.verify(mine, gate)
            assert child.poll() is None
        finally:
            child.kill()
            child.wait()


def test_a_result_that_is_wrong_now_and_then_is_found(tmp_path):
    source = f"""{RIGHT}
calls = 0


def step(w, b, X, Y):
    global calls
    calls += 1
    J, dw, db = right(w, b, X, Y)
    return J, dw, db * (1.5 if calls % 7 == 0 else 1)
"""
    line, code = verdict(tmp_path, source)
    assert code == 1
    # Fewer than 20 where the machine is busy: they are to take a second.
    assert re.search(r"is allowed, in [12] of \d+ calls$", line)


@pytest.mark.slow
def test_a_slow_file_is_called_a_few_times(tmp_path):
    source = f"""import time
from pathlib import Path
{RIGHT}

def step(w, b, X, Y):
    if X.shape[1] == 70:
        time.sleep(0.8)
        with Path(__file__).with_suffix(".calls").open("a") as calls:
            calls.write(".")
    return right(w, b, X, Y)
"""
    assert verdict(tmp_path, source)[1] == 0
    assert (tmp_path / "mine.calls").read_text() in ("..", "...")


def test_a_file_that_is_wrong_on_few_examples_is_found(tmp_path):
    source = f"""{RIGHT}

def step(w, b, X, Y):
    J, dw, db = right(w, b, X, Y)
    return J, dw, db if X.shape[1] == 70 else 0.0
"""
    line, code = verdict(tmp_path, source)
    assert code == 1
    assert "failed: db is off by" in line


@pytest.mark.slow
def test_numba_has_the_threads_that_were_asked_for(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    source = f"""import numba
{RIGHT}

def step(w, b, X, Y):
    assert numba.get_num_threads() == 1
    return right(w, b, X, Y)
"""
    assert verdict(tmp_path, source)[1] == 0
    mine = tmp_path / "mine.py"
    assert zeroloop("train", f"--impl={mine}", *ON, "--iterations=2").exit_code == 0


@pytest.mark.slow
def test_every_verdict_comes_from_code_that_was_compiled_for_it(tmp_path, monkeypatch):
    """Numba keeps code as long as its function's own file stays the same, whatever that calls elsewhere."""
    pytest.importorskip("numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    source = f"""import numba
from helper import of
{RIGHT}

@numba.njit(cache=True)
def changed(db):
    return of(db)


def step(w, b, X, Y):
    J, dw, db = right(w, b, X, Y)
    return J, dw, changed(db)
"""
    for factor, expected in (("1", 0), ("2", 1), ("1", 0)):
        written(
            tmp_path, "helper.py", f"import numba\n\n\n@numba.njit\ndef of(x):\n    return {factor} * x\n"
        )
        assert verdict(tmp_path, source)[1] == expected


def test_a_training_whose_file_ends_its_process_keeps_what_was_done(tmp_path):
    source = f"""import os
{RIGHT}
calls = 0


def step(w, b, X, Y):
    global calls
    calls += 1
    if calls == 5:
        os._exit(0)
    return right(w, b, X, Y)
"""
    mine, file = written(tmp_path, "mine.py", source), tmp_path / "fit.npz"
    result = zeroloop("train", f"--impl={mine}", *ON, f"--save={file}")
    assert result.exit_code == 1
    assert message(result) == (
        "mine.py crashed: ended with exit code 0; "
        f"4 iterations in {file}: with --resume the same command continues"
    )


@pytest.mark.slow
def test_a_training_of_an_own_file_ends_where_that_of_its_row_does(tmp_path):
    mine = written(tmp_path, "mine.py", RIGHT.replace("as right", ""))
    for dtype in ("float64", "float32"):
        curves = []
        for row in (mine, "numpy_zero_loop"):
            curve = tmp_path / f"{Path(row).stem}.csv"
            result = zeroloop("train", f"--impl={row}", *ON, f"--dtype={dtype}", f"--curve={curve}")
            assert result.exit_code == 0, result.output
            curves.append([float(line.split(",")[1]) for line in curve.read_text().splitlines()[1:]])
        assert curves[0] == (curves[1] if dtype == "float64" else pytest.approx(curves[1], rel=1e-5))
