"""Runs with real processes, for the tests that try what becomes of them."""

import contextlib
import dataclasses
import os
import time
from pathlib import Path

import psutil

from bench.lanes.conductor import Conductor
from bench.lanes.ledger import Ledger
from bench.planning import plan as plans
from bench.planning.forecast import Paces
from bench.planning.plan import Asked

FAULTY = Path(__file__).with_name("faulty")
PROBLEMS = ("8x100", "3x50")
NUMPY = "numpy_zero_loop"
DEADLINE_S = 600.0
MARK = "ZEROLOOP_TESTS"  # in the environment of all that these tests start
# The start of a row that is right, and knows whether it is in its second process.
RIGHT = """
import os
import sys
from pathlib import Path

from impls.numpy_zero_loop import step as right

starts = Path(__file__).with_suffix(".starts")
starts.touch()
is_second = starts.read_text() == "."
starts.write_text(starts.read_text() + ".")
"""


class Watch:
    """Shows nothing; calls a function at each sign of progress."""

    def __init__(self, function=lambda ledger: None):
        self.progress = function
        self.doings, self.widths = [], []

    def now(self, process, setting, doing):
        self.doings.append(doing)

    def known(self, widest):
        self.widths.append(widest.half_width)


def planned(rows, processes=3, cold=1, problems=PROBLEMS, threads=(1,), budget_s=None, **changes):
    """Return a plan of short blocks, without a budget unless one is given, and its rows and problems."""
    plan, selected = plans.make(Asked("quick", rows, problems, thread_counts=threads, processes=processes))
    short = {"cold": cold, "rounds": 2, "block_s": 0.005, "budget_s": budget_s}
    return dataclasses.replace(plan, **{**short, **changes}), selected


def measured(path, plan, selected, show=None, **limits):
    with contextlib.closing(Ledger(path, plan, selected)) as ledger:
        ledger.save()
        Conductor(selected, ledger, Paces(), show or Watch(), **limits).run()
        return ledger


def lanes():
    """Return the command lines of all processes that these tests have started, in whatever way."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(os.getpid()) and process.pid != os.getpid():
                found.append(process.cmdline())
    return found


def wait_for(condition):
    """Wait for a condition; the deadline only ends a test that hangs."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
