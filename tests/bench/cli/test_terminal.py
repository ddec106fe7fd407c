"""What all commands share: a lack of memory is one line, and a fault of this project keeps its traceback."""

import os
import subprocess
import sys

import pytest

from bench.cli.terminal import lack_of_memory

# What is loaded before does not count: the limit leaves room for the start of a command alone. The check of
# free memory before it sees nothing, as where another program takes that memory meanwhile.
LITTLE_MEMORY = """
import resource, sys
import psutil, zarr
from bench.cli import main
from impls import limits

limits.free_bytes = lambda: 2**60

most = psutil.Process().memory_info().vms + 2**27
resource.setrlimit(resource.RLIMIT_AS, (most, most))
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such limit")
@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--problem=40x1000000", "--iterations=1"],
        ["verify", "--impl=numpy_zero_loop", "--problem=40x1000000"],
        ["data", "make", "data.zarr", "--shape=40x1000000", "--chunk=160MB", "--threads=1"],
    ],
)
def test_a_lack_of_memory_is_one_line(tmp_path, arguments):
    pytest.importorskip("zarr")
    command = [sys.executable, "-c", LITTLE_MEMORY, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: out of memory: Unable to allocate ")
    assert line.endswith("; free some or raise its limit, or choose smaller data or chunks, or fewer threads")


def test_only_a_lack_of_memory_is_taken_for_one():
    said = "free some or raise its limit, or choose smaller data or chunks, or fewer threads"
    for error, expected in (
        (MemoryError(), f"out of memory; {said}"),
        (MemoryError("two\nlines"), f"out of memory: two lines; {said}"),
        (RuntimeError("can't start new thread"), f"out of memory: can't start new thread; {said}"),
    ):
        assert lack_of_memory(error) == expected
    assert lack_of_memory(RuntimeError("a fault of ours")) is None
