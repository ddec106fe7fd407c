"""How rows and somebody's own files are found and loaded, and what is said where they cannot be."""

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

import impls
from impls import records

X, Y, W = np.ones((3, 4)), np.ones((1, 4)), np.ones((3, 1))


@pytest.mark.parametrize("name", impls.names())
def test_row_is_installed_and_so_among_those_that_are_tested(name):
    if missing := records.find(name).missing:
        pytest.skip(str(missing))
    assert impls.load(name).name == name


def test_missing_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "impls.numba_two_loop", raising=False)
    with pytest.raises(impls.Unavailable, match=r"^not installed: pip install numba$"):
        impls.load("numba_two_loop")
    assert str(records.find("numba_two_loop").missing) == "not installed: pip install numba"
    assert records.find("numpy_zero_loop").missing is None


def test_library_that_does_not_load(monkeypatch):
    def broken(name):
        raise ImportError("libLLVM.so:\n  wrong ELF class")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(impls.Unavailable, match=r"^does not load: libLLVM\.so: wrong ELF class$"):
        impls.load("numba_two_loop")


def test_importing_impls_loads_no_optional_library():
    optional = {library for record in records.RECORDS for library in record.needs} - {"numpy"}
    code = f"import sys, impls; print(({optional | {'scipy'}}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


SEVEN_LINES = """
import numpy as np

def step(w, b, X, Y):
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    A = 1 / (1 + np.exp(-Z))
    dZ = A - Y
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return J, np.dot(X, dZ.T) / m, np.sum(dZ) / m
"""


def test_own_file(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(SEVEN_LINES)
    monkeypatch.chdir(tmp_path)
    own = impls.load("mine.py")
    assert (own.name, own.record.title, own.record.path) == ("mine.py", "own file", tmp_path / "mine.py")
    step, row = own.bind(X, Y), impls.load("numpy_zero_loop").bind(X, Y)
    for mine, expected in zip(step(W, 0.25), row(W, 0.25), strict=True):
        assert mine == pytest.approx(expected, rel=1e-14)


def test_own_file_may_prepare(tmp_path):
    path = tmp_path / "prepared.py"
    path.write_text(
        "def prepare(X, Y, threads): return X.shape, threads\n"
        "def step(w, b, shape, threads): return shape[0], w, threads"
    )
    assert impls.load(str(path)).bind(X, Y, threads=2)(W, 0.0) == (3.0, W, 2.0)


def test_own_file_may_define_dataclasses(tmp_path):
    path = tmp_path / "modern.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Memory:\n"
        "    steps: int = 0\n" + SEVEN_LINES
    )
    assert impls.load(str(path)).name == "modern.py"


BROKEN = [
    ("x = 1", "own.py: has no function step(w, b, X, Y)"),
    ("step = 1", "own.py: has no function step(w, b, X, Y)"),
    ("import math\n\nx = undefined", "own.py, line 3: NameError: name 'undefined' is not defined"),
    ("def f():\n    return undefined\n\nf()", "own.py, line 2: NameError: name 'undefined' is not defined"),
    ("import json\njson.loads('{')", "own.py, line 2: JSONDecodeError: Expecting property name"),
    ("import no_such_library", "own.py, line 1: ModuleNotFoundError: No module named 'no_such_library'"),
    ("x = 1\ny = = 2", "own.py, line 2: SyntaxError: invalid syntax"),
    ("def step(w, b, X, Y):\nreturn 0", "own.py, line 2: IndentationError: expected an indented block"),
    ("import sys\nsys.exit()", "own.py, line 2: SystemExit"),
    ("raise SystemExit('done')", "own.py, line 1: SystemExit: done"),
    ("raise ValueError('two\\nlines')", "own.py, line 1: ValueError: two lines"),
]


@pytest.mark.parametrize(("source", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_broken_own_file(tmp_path, source, message):
    path = tmp_path / "own.py"
    path.write_text(source)
    with pytest.raises(impls.BrokenFile, match="^" + re.escape(message)) as caught:
        impls.load(str(path))
    assert "\n" not in str(caught.value)


def test_own_file_that_is_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    for name in ("folder.py", "absent.py"):
        with pytest.raises(impls.BrokenFile, match=rf"{name}: no such file$"):
            impls.load(str(tmp_path / name))


def test_own_file_that_is_not_python(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text(SEVEN_LINES)
    with pytest.raises(impls.BrokenFile, match=r"^own\.txt: not a Python file; its name must end in \.py$"):
        impls.load(str(path))


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", 1025])
def test_bad_threads(threads):
    said = rf"^threads: {threads!r}, but a whole number from 1 to 1024 is needed$"
    with pytest.raises(impls.errors.BadValue, match=said):
        impls.load("numpy_zero_loop").bind(X, Y, threads=threads)


def test_unsuited():
    row = impls.load("python_two_features")
    with pytest.raises(
        impls.Unsuited, match=r"^X: shape \(3, 4\), but python_two_features serves n_x = 2 only$"
    ):
        row.bind(X, Y)
    assert issubclass(impls.Unsuited, ValueError)
