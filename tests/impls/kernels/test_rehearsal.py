"""Bits that repeat from process to process: compiled by one that runs nothing else, once for each code."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("zarr")

from impls.data import problems
from impls.kernels import rehearsal, sweep
from tests.impls.checks import tabled, written

# Some gradient steps, since one shows a difference in few numbers, and chunks with remainders of every loop.
DESCENT = """
import sys
from pathlib import Path
from impls.data import chunked
from impls.data.dataset import opened
from impls.training import gradient_descent
import numpy as np
data = opened(Path(sys.argv[1]))
step = lambda w, b: chunked.as_step(chunked.partial(data, 0, len(data), w, b, 2), data)
w, b, costs, _ = gradient_descent(step, np.zeros((data.n_x, 1), data.dtype), 0.0, 0.5, 5)
print(w.tobytes().hex(), b.hex(), costs[-1].hex())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "suffix"), [("float32", "zarr"), ("float64", "npy")])
def test_the_first_process_computes_the_bits_of_all_others(tmp_path, dtype, suffix):
    problem, path = problems.load("28x20011", dtype), tmp_path / f"data.{suffix}"
    if suffix == "npy":
        tabled(path, problem.X, problem.Y)
    else:
        written(path, problem.X, problem.Y, 3001)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", DESCENT, path]
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert first.stdout.count("\n") == 1
    assert (first.stdout, first.stderr) == (second.stdout, "")


PLAY_ELSEWHERE = rehearsal._play_elsewhere  # for the tests of other files, `conftest.py` replaces it


@pytest.fixture
def rehearsed(tmp_path, monkeypatch):
    """Return a function that rehearses as a new process would, and tells whether it started another."""
    started, played = [], []
    kernel = SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path)))
    monkeypatch.setattr(sweep, "kernels", lambda X, order: (X, kernel, None))
    monkeypatch.setattr(rehearsal, "play", lambda *what: played.append(what))
    monkeypatch.setattr(rehearsal, "_play_elsewhere", PLAY_ELSEWHERE)

    def run(dtype="float32", order="C", command=("true",)):
        def other(arguments, **options):
            started.append((arguments, options))
            return subprocess_run(command, **options)

        rehearsal.rehearse.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "run", other)
            rehearsal.rehearse(dtype, order)
        assert played.pop() == (dtype, order)
        return started.pop() if started else None

    subprocess_run = subprocess.run
    yield run
    rehearsal.rehearse.cache_clear()


def test_once_is_enough(rehearsed):
    assert rehearsed()
    assert not rehearsed()
    assert rehearsed(order="F")
    assert rehearsed("float64")
    assert not rehearsed()


def test_other_code_is_rehearsed_and_then_the_first_again(rehearsed, monkeypatch):
    assert rehearsed()
    with monkeypatch.context() as patch:
        patch.setattr(rehearsal, "digest_of_sources", lambda **_: "edited")
        assert rehearsed()
        assert not rehearsed()
    assert rehearsed()  # Numba keeps no code but that of the last sources


@pytest.mark.parametrize(
    ("where", "what"),
    [(rehearsal.numba, "__version__"), (sys.implementation, "cache_tag"), (rehearsal, "get_host_cpu_name")],
)
def test_another_numba_python_or_processor_has_code_of_its_own(rehearsed, monkeypatch, where, what):
    assert rehearsed()
    monkeypatch.setattr(where, what, "other" if isinstance(getattr(where, what), str) else lambda: "other")
    assert rehearsed()


@pytest.mark.parametrize("command", [("false",), ("no such program",)])
def test_what_failed_is_done_again(rehearsed, command):
    assert rehearsed(command=command)
    assert rehearsed()


def test_no_place_for_a_note(rehearsed, tmp_path):
    tmp_path.rmdir()
    assert rehearsed()


@pytest.mark.slow
def test_the_other_process_runs_these_modules(rehearsed, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    command, options = rehearsed()
    monkeypatch.chdir("/")
    code = "import impls.kernels.rehearsal as it; print(it.__file__)"
    other = subprocess.Popen([*command[:-1], code], env=options["env"], stdout=subprocess.PIPE, text=True)
    assert Path(other.communicate()[0].strip()) == Path(rehearsal.__file__)
