"""Compiled code on disk, which is never out of date, and the layer that runs Numba's threads."""

import os
import platform
import shutil
import subprocess
import sys

import pytest
from numba import config

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


def test_where_numba_may_not_compile_its_rows_name_the_variable():
    code = "import impls\ntry: impls.load('numba_fused')\nexcept impls.Unavailable as error: print(error)"
    said = " ".join(run(code, NUMBA_DISABLE_JIT="1"))
    assert said.startswith(
        "does not load: NUMBA_DISABLE_JIT is set, so that Numba compiles nothing: unset it"
    )


@pytest.mark.slow
def test_measuring_compiles_whatever_the_environment_says():
    run("import bench.cli, impls.kernels.compiled", NUMBA_DISABLE_JIT="1")


@pytest.mark.slow
def test_cached_code_computes_the_same(tmp_path):
    cold = run(SERIAL, NUMBA_CACHE_DIR=str(tmp_path))
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert kept
    assert run(SERIAL, NUMBA_CACHE_DIR=str(tmp_path)) == cold
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == kept


@pytest.mark.slow
def test_an_edit_of_a_called_function_is_noticed(tmp_path):
    package = tmp_path / "impls" / "kernels"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    shutil.copy(compiled.__file__, package)
    head = "from impls.kernels.compiled import compiled\n"
    (package / "outer.py").write_text(
        f"{head}from impls.kernels.inner import inner\n\n\n@compiled\ndef outer():\n    return inner()\n"
    )
    for number in (1, 2):
        (package / "inner.py").write_text(f"{head}\n\n@compiled\ndef inner():\n    return {number}\n")
        call = "from impls.kernels.outer import outer; print(outer())"
        assert run(call, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == [str(number)]


@pytest.fixture
def one(tmp_path, monkeypatch):
    """Compile a function that lies in a file of its own, as a new process would."""
    path = tmp_path / "one.py"
    path.write_text("def one():\n    return 1\n")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))

    def compile_anew():
        namespace = {"__name__": "one"}
        exec(compile(path.read_text(), path, "exec"), namespace)
        function = compiled.compiled(namespace["one"])
        assert function() == 1
        return function

    return compile_anew


def test_code_on_disk_is_of_these_very_sources(one, monkeypatch):
    """Fails with a release of Numba that has no longer the private part that `compiled` uses."""
    assert not one().stats.cache_hits
    assert one().stats.cache_hits, "the same sources: from disk"
    monkeypatch.setattr(compiled, "digest_of_sources", lambda **_: "edited")
    assert not one().stats.cache_hits, "other sources: compiled again"


def test_without_numbas_private_part_no_code_is_kept(one, tmp_path, monkeypatch):
    def gone(dispatcher):
        raise AttributeError("_cache_file")

    monkeypatch.setattr(compiled, "_compile_again_after_any_edit", gone)
    assert one().stats.cache_path is None
    assert not list(tmp_path.rglob("*.nbc"))


@pytest.mark.slow
def test_runs_where_no_cache_can_be_written(tmp_path):
    a_file = tmp_path / "file"
    a_file.touch()  # no folder can be made below a file, not even by root
    assert run(SERIAL, NUMBA_CACHE_DIR=str(a_file / "cache")) == run(SERIAL)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="TBB is built for x86-64 only")
def test_tbb_runs_the_threads():
    assert run(CALL.format("numba_parallel") + ASK)[1] == "tbb"
