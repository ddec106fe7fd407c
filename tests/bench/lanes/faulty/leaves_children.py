"""Starts a process that would outlive it."""

import subprocess
import sys

from impls import numpy_zero_loop

CHILD = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)  # of leaves_children"])


def step(w, b, X, Y):
    return numpy_zero_loop.step(w, b, X, Y)
