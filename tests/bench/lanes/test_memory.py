"""The most memory that a call takes, against calls that take a known amount."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from bench.lanes import memory
from bench.lanes.memory import peak_extra

MEGABYTE = 1 << 20
NOISE = 3  # megabytes: a huge page counts as a whole, and what each processor counted only now and then
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="nobody counts here")


def use_native():
    """Take 32 MB where Python does not see it."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    block = libc.malloc(ctypes.c_size_t(32 * MEGABYTE))
    ctypes.memset(block, 1, 32 * MEGABYTE)
    libc.free(ctypes.c_void_p(block))


@pytest.mark.parametrize(
    ("call", "megabytes"),
    [
        (lambda: None, 0),
        (lambda: np.ones(4 * MEGABYTE).sum(), 32),
        (lambda: (np.ones(4 * MEGABYTE).sum(), np.ones(4 * MEGABYTE).sum()), 32),
        (lambda: np.ones(4 * MEGABYTE) + np.ones(4 * MEGABYTE), 64),
        (use_native, 32),
        (lambda: [np.ones(MEGABYTE // 64).sum() for _ in range(64)], 1 / 8),
    ],
    ids=["nothing", "one array", "one after the other", "two, added in place", "native", "small ones"],
)
def test_peaks(call, megabytes):
    call()  # what it imports or keeps is not its step's
    assert peak_extra(call) / MEGABYTE == pytest.approx(megabytes, abs=NOISE)


def test_what_the_allocator_kept_is_counted_again():
    def step():
        return [np.ones(8000) for _ in range(800)]  # 51 MB in pieces that stay in the heap

    for _ in range(3):
        step()
    assert peak_extra(step) / MEGABYTE == pytest.approx(800 * 8000 * 8 / MEGABYTE, abs=NOISE)


def test_none_where_nobody_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "missing" / "clear_refs")
    assert peak_extra(lambda: None) is None
