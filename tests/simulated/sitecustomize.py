"""A GPU to try `numba_cuda_fused` on: Numba's simulator of CUDA, in every Python that finds this.

Its folder goes into PYTHONPATH. The simulator runs a thread of CUDA as a thread of Python, so blocks are
small here, and with them tiles and sums: the boundaries between them come soon.
"""
# ruff: noqa: E402 - the variable comes before Numba

import os
import sys
import threading

sys.setswitchinterval(1e-5)  # threads that wait for each other at every barrier take turns sooner
os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

from contextlib import contextmanager

from numba import cuda
from numba.cuda.simulator import kernel, kernelapi

_jit = cuda.jit
# It has no registers to be limited.
cuda.jit = lambda *function, max_registers=None, **options: _jit(*function, **options)

from bench.light import gpu
from impls import numba_cuda_fused
from impls.kernels import cuda_device


class _Allocations(dict):
    """Shared arrays, by their line: of two threads that ask at once for a new one, one makes it for both.

    The simulator asks with `get`, and stores what it had to make.
    """

    def __init__(self):
        self._lock = threading.Lock()

    def get(self, line):
        self._lock.acquire()
        found = super().get(line)
        if found is not None:
            self._lock.release()
        return found

    def __setitem__(self, line, array):
        super().__setitem__(line, array)
        self._lock.release()


class _Swaps:
    """The simulated module in place of `numba.cuda`, in each module until the last thread is done with it.

    The simulator takes it away when the first one is, from others that run a function of the same module.
    """

    def __init__(self):
        self._lock, self._users, self._originals = threading.Lock(), {}, {}

    @contextmanager
    def __call__(self, function, simulated):
        names = function.__globals__
        with self._lock:
            if not self._users.get(id(names)):
                self._originals[id(names)] = [name for name, value in names.items() if value is cuda]
                names.update(dict.fromkeys(self._originals[id(names)], simulated))
            self._users[id(names)] = self._users.get(id(names), 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._users[id(names)] -= 1
                if not self._users[id(names)]:
                    names.update(dict.fromkeys(self._originals[id(names)], cuda))


kernel.swapped_cuda_module = _Swaps()
_init = kernelapi.FakeCUDAShared.__init__


def _init_for_threads(self, size):
    _init(self, size)
    self._allocations = _Allocations()


kernelapi.FakeCUDAShared.__init__ = _init_for_threads
cuda_device.why_none = lambda: None
cuda_device.name = lambda: "Simulated GPU"
cuda_device.multiprocessors = lambda: 3
cuda_device.check_room = lambda X: None
numba_cuda_fused._THREADS = 16
numba_cuda_fused._HELD_BYTES = 16
numba_cuda_fused._SHARED_BYTES = 300
numba_cuda_fused._MOST_TILES = 2
numba_cuda_fused._SIDE = 4
gpu._THREADS, gpu._BLOCKS, gpu._LINKS = 4, 1, 8
