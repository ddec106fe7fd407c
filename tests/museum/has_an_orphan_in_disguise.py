"""Leaves a process that spins, with the name of a lane that does not exist in its environment."""

import os
import subprocess
import sys

from impls.numpy_zero_loop import step

__all__ = ["step"]

SPIN = "import os, time; os.nice(19); end = time.time() + 60\nwhile time.time() < end: pass"
if "bench.lanes.lane" in sys.modules and os.fork() == 0:
    subprocess.Popen([sys.executable, "-c", SPIN], env={"ZEROLOOP_LANE": "x"})
    os._exit(0)
