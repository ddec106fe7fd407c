"""Answers what no lane answers, so that the conductor might stumble."""

import sys

from impls.numpy_zero_loop import step

__all__ = ["step"]

lane = sys.modules.get("bench.lanes.lane")
if lane:

    def pools(self):
        yield {"pools": 5, "layer": 7}

    lane.Lane.pools = pools
