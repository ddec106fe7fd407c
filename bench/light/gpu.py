"""The speed of light on a GPU: reading X once from its memory, and the links.

A timing ends when the GPU is done, as a step does. What a call costs before anything runs there is in it: no
step does without. X is on the GPU already, since `prepare` puts it there.
"""
# mypy: disable-error-code="no-untyped-call, untyped-decorator, attr-defined"

from typing import Any

import numpy as np
from numba import cuda, types

from bench.light.clock import shortest_call_s
from impls.contract import Array
from impls.kernels import cuda_device
from impls.numba_cuda_fused import add_lanes, link

_THREADS = 512  # threads of a block
_BLOCKS = 16  # blocks for each multiprocessor, which has room for four at once
_LINKS = 256  # links of each thread: they take much longer than starting the kernel
_STEP = 1 / 64  # distance from one z to the next


def shortest_s(X: Array, budget_s: float) -> tuple[float, float]:
    """Return the seconds of reading X, and of one sigmoid and one softplus for each of its examples.

    Raises Unsuited where X does not fit on the GPU. The budget is for each of two kernels.
    """
    cuda_device.check_room(X)
    blocks = _BLOCKS * cuda_device.multiprocessors()
    x = cuda.to_device(np.ascontiguousarray(X).reshape(-1))
    totals = cuda.device_array(blocks, np.float64)
    read_s = shortest_call_s(_done, (_read[blocks, _THREADS], x, totals), budget_s)
    link_s = shortest_call_s(_done, (_link[blocks, _THREADS], x, totals), budget_s)
    return read_s, link_s * X.shape[1] / (blocks * _THREADS * _LINKS)


def _done(kernel: Any, x: Any, totals: Any) -> None:
    kernel(x, totals)
    cuda.synchronize()


@cuda.jit
def _read(x: Any, totals: Any) -> None:
    """Add up x: neighbouring threads read neighbouring numbers, and each has eight requests under way."""
    sums = cuda.shared.array(_THREADS, types.float64)
    thread, threads, n = cuda.threadIdx.x, cuda.gridsize(1), len(x)
    a = b = c = d = e = f = g = h = x.dtype.type(0)
    i = cuda.grid(1)
    while i + 7 * threads < n:
        a += x[np.uint64(i)]
        b += x[np.uint64(i + threads)]
        c += x[np.uint64(i + 2 * threads)]
        d += x[np.uint64(i + 3 * threads)]
        e += x[np.uint64(i + 4 * threads)]
        f += x[np.uint64(i + 5 * threads)]
        g += x[np.uint64(i + 6 * threads)]
        h += x[np.uint64(i + 7 * threads)]
        i += 8 * threads
    while i < n:
        a += x[np.uint64(i)]
        i += threads
    add_lanes(((a + b) + (c + d)) + ((e + f) + (g + h)), sums, thread, thread, _THREADS)
    if thread == 0:
        totals[cuda.blockIdx.x] = sums[0]


@cuda.jit
def _link(x: Any, totals: Any) -> None:
    """Link in every thread, in the precision of x, again and again."""
    sums = cuda.shared.array(_THREADS, types.float64)
    thread = cuda.threadIdx.x
    zero, one, step = x.dtype.type(0), x.dtype.type(1), x.dtype.type(_STEP)
    z, total = step * x.dtype.type(thread % 32), zero
    for _ in range(_LINKS):
        dz, cost = link(z, zero, zero, one)
        total += dz + cost
        z -= step
    add_lanes(total, sums, thread, thread, _THREADS)
    if thread == 0:
        totals[cuda.blockIdx.x] = sums[0]
