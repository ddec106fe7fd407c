"""Data that other processes map: the same bytes, and nobody writes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from bench.lanes.shared import NAMES, Shared, opened
from impls.data import problems


@pytest.fixture
def shared():
    with Shared(problems.load("3x50")) as shared:
        yield shared


@pytest.mark.parametrize("dtype", problems.DTYPES)
def test_maps_hold_the_same_bytes(dtype):
    problem = problems.load("3x50", dtype)
    with Shared(problem) as shared:
        for name, array in zip(NAMES, opened(shared.paths), strict=True):
            own = getattr(problem, name)
            assert type(array) is np.ndarray
            assert (array.shape, array.dtype, array.tobytes()) == (own.shape, own.dtype, own.tobytes())
            assert array.flags.c_contiguous
            assert array.ctypes.data % 64 == 0


def test_maps_cannot_be_written_or_made_writable(shared):
    for array in opened(shared.paths):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux seals files")
def test_not_even_the_file_can_be_written_or_cut(shared):
    before = [array.tobytes() for array in opened(shared.paths)]
    for name, path in shared.paths.items():
        if name != "exchange":
            with open(path, "r+b") as file, pytest.raises(PermissionError):
                os.write(file.fileno(), b"x")
        with open(path, "r+b") as file, pytest.raises(PermissionError):
            os.truncate(file.fileno(), 0)
    assert [array.tobytes() for array in opened(shared.paths)] == before


def test_another_process_reads_them(shared):
    code = "import sys, numpy; print(float(numpy.load(sys.argv[1], mmap_mode='r').sum()))"
    said = subprocess.run([sys.executable, "-c", code, shared.paths["X"]], capture_output=True, text=True)
    assert float(said.stdout) == float(opened(shared.paths)[0].sum())


def test_nothing_is_left_after_closing(shared):
    shared.close()
    for path in shared.paths.values():
        assert not os.path.exists(path)
