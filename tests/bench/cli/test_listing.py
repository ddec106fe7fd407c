"""`zeroloop list`: every row and problem, and how to install what is missing."""

import re
import sys

from impls import records
from impls.data import problems
from impls.kernels import cuda_device
from impls.records import RECORDS
from tests.bench.helpers import line_of, zeroloop


def test_list_shows_every_row_and_problem():
    result = zeroloop("list")
    assert result.exit_code == 0
    for row in RECORDS:
        assert line_of(result, row.name).endswith(row.missing.status if row.missing else "ready")
    for shape in problems.SHAPES:
        assert f" {shape.n_x:,} {shape.m:,} " in line_of(result, shape.name)


def test_list_says_that_a_size_and_a_file_will_do_too():
    lines = zeroloop("list", columns=80).output.splitlines()
    assert "Your own file is a row too: --impl FILE.py" in lines
    assert "Any other size is a problem too: --problem 128x10000 (n_x x m)" in lines


def test_list_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    result = zeroloop("list")
    assert result.exit_code == 0
    assert line_of(result, "numba_two_loop").endswith("not installed")
    assert re.search(
        "^For the rows that are not installed:\n  pip install .*\\bnumba\\b", result.output, re.MULTILINE
    )
    assert line_of(result, "numpy_zero_loop").endswith("ready")
    assert max(map(len, zeroloop("list", columns=80).output.splitlines())) <= 80


def test_list_offers_no_library_of_a_gpu_where_there_is_none(monkeypatch):
    monkeypatch.setattr(records, "_is_installed", lambda library: library == "numpy")
    for why, status, offered in (("none here", "no CUDA device", False), (None, "not installed", True)):
        monkeypatch.setattr(cuda_device, "why_none", lambda why=why: why)
        result = zeroloop("list")
        assert line_of(result, "cupy_zero_loop").endswith(status)
        assert ("cupy" in re.search("^For the rows .*\n.*", result.output, re.MULTILINE)[0]) == offered
