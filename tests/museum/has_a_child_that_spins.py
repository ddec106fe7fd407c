"""Has a child in a session of its own that never rests, to disturb the others."""

import os
import sys

from impls.numpy_zero_loop import step as honest

if "bench.lanes.lane" in sys.modules and os.fork() == 0:
    os.setsid()
    while True:
        pass
step = honest
