"""Starts a process that nobody knows any more, to disturb the others."""

import subprocess
import sys

from impls.numpy_zero_loop import step as honest

SPINS = "while True: pass"
STARTS = (
    f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SPINS!r}], start_new_session=True)"
)
if "bench.lanes.lane" in sys.modules:
    subprocess.run([sys.executable, "-c", STARTS], env={})
step = honest
