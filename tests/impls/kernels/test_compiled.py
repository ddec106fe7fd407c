"""Compiled code on disk, and the layer that runs Numba's threads, each in a process of its own."""

import os
import platform
import shutil
import subprocess
import sys

import pytest

from impls.kernels import compiled

CALL = """
import impls
from impls.data import problems
problem = problems.load("9x20000")
print(impls.load({!r}).bind(problem.X, problem.Y, 2)(problem.w, problem.b).cost.hex())
"""
ASK = """
import numba
print(numba.threading_layer())
"""
SERIAL = CALL.format("numba_two_loop")  # compiles in a moment


def run(code, folder=None, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.slow
def test_cached_code_computes_the_same(tmp_path):
    cold = run(SERIAL, NUMBA_CACHE_DIR=str(tmp_path))
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert kept
    assert run(SERIAL, NUMBA_CACHE_DIR=str(tmp_path)) == cold
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == kept


@pytest.mark.slow
def test_an_edit_of_a_called_function_is_noticed(tmp_path):
    package = tmp_path / "impls"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(compiled.__file__, package)
    head = "from impls.kernels.compiled import compiled\n"
    (package / "outer.py").write_text(
        f"{head}from impls.inner import inner\n\n\n@compiled\ndef outer():\n    return inner()\n"
    )
    for number in (1, 2):
        (package / "inner.py").write_text(f"{head}\n\n@compiled\ndef inner():\n    return {number}\n")
        call = "from impls.outer import outer; print(outer())"
        assert run(call, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == [str(number)]


@pytest.mark.slow
def test_runs_where_no_cache_can_be_written(tmp_path):
    a_file = tmp_path / "file"
    a_file.touch()  # no folder can be made below a file, not even by root
    assert run(SERIAL, NUMBA_CACHE_DIR=str(a_file / "cache")) == run(SERIAL)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="TBB is built for x86-64 only")
def test_tbb_runs_the_threads():
    assert run(CALL.format("numba_parallel") + ASK)[1] == "tbb"
