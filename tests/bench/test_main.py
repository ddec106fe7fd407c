"""Ctrl-C in real processes: while the program loads, and while it ends."""

import signal
import subprocess
import sys

import pytest

# Ctrl-C at the import of a number, counted from where the program begins to load its commands.
WHILE_LOADING = """\
import os, signal, sys
import bench.__main__

left = {place}

def count(event, arguments):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(count)
bench.__main__.main()
print("it was not interrupted")
"""
WHILE_ENDING = """\
import atexit, os, signal
import bench.__main__

atexit.register(lambda: (os.kill(os.getpid(), signal.SIGINT), sum(range(10**6))))
bench.__main__.main()
"""


def ended(code, handler=signal.default_int_handler):
    """Run `zeroloop list`, whatever the process that started the tests does at Ctrl-C."""
    code = f"import signal\nsignal.signal(signal.SIGINT, signal.{handler.__name__})\n{code}"
    done = subprocess.run([sys.executable, "-c", code, "list"], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("place", [1, 30, 300])
def test_ctrl_c_while_the_program_loads_is_one_line(place):
    assert ended(WHILE_LOADING.format(place=place)) == (130, "", "interrupted\n")


@pytest.mark.slow
def test_ctrl_c_while_the_program_ends_is_one_line():
    code, listed, said = ended(WHILE_ENDING)
    assert "numpy_zero_loop" in listed
    assert (code, said) == (130, "interrupted\n")
