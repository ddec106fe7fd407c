"""The speed of light on a processor: reading X, and the links of `impls.kernels.link`, with all threads.

Which way of reading is the fastest depends on the processor and on the size: several are tried.
"""
# mypy: disable-error-code="no-untyped-call, untyped-decorator, call-arg"

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import prange

from bench.light.clock import shortest_call_s
from impls import pools
from impls.contract import Array
from impls.kernels.compiled import SUMS, compiled, use_wide_registers
from impls.kernels.link import MOST_TILES, TILE, link

_TILES = 1024  # tiles that each thread links: about a millisecond, much longer than waking the threads


def shortest_s(X: Array, threads: int, budget_s: float) -> tuple[float, float]:
    """Return the seconds of reading X, and of one sigmoid and one softplus for each of its examples.

    The budget is for each of up to six functions, once they are compiled.
    """
    pools.limit(threads)
    x = X.reshape(-1)
    readers: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [(_sum, (x,)), (_sum_four_streams, (x,))]
    if threads > 1:  # beside the serial ones, which are faster where the data are few
        readers += [(_shared_sum, (x, threads)), (_shared_sum_four_streams, (x, threads))]
    read_s = min(shortest_call_s(reader, arguments, budget_s) for reader, arguments in readers)
    return read_s, _link_s(X.dtype, threads, budget_s) * X.shape[1]


def _link_s(dtype: Any, threads: int, budget_s: float) -> float:
    """Return the seconds of one sigmoid and one softplus, shared by the threads."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal(TILE).astype(dtype)
    Y = (rng.random(TILE) < 0.5).astype(dtype)
    alone_s = shortest_call_s(_links, (Z, Y, _TILES), budget_s) / (_TILES * TILE)
    if threads == 1:
        return alone_s
    return min(
        alone_s, shortest_call_s(_shared_links, (Z, Y, _TILES, threads), budget_s) / (threads * _TILES * TILE)
    )


# A loop over numbers is a function of its own: inside the body of a prange it would not be turned into SIMD.
# Each has a parallel twin, since Numba would not find on disk the code of one that takes a function.


@compiled(fastmath=SUMS)
def _sum(x: Array) -> Any:
    use_wide_registers()
    total = x.dtype.type(0)
    for i in range(len(x)):
        total += x[i]
    return total


@compiled(fastmath=SUMS)
def _sum_four_streams(x: Array) -> Any:
    """Read four pieces side by side: more requests to memory under way at once."""
    use_wide_registers()
    n = len(x) // 4
    A, B, C, D = x[:n], x[n : 2 * n], x[2 * n : 3 * n], x[3 * n :]
    total = x.dtype.type(0)
    for i in range(n):
        total += (A[i] + B[i]) + (C[i] + D[i])
    for i in range(n, len(D)):
        total += D[i]
    return total


@compiled(parallel=True)
def _shared_sum(x: Array, threads: int) -> Any:
    totals, n = np.zeros(threads), len(x)
    for thread in prange(threads):
        totals[thread] = _sum(x[thread * n // threads : (thread + 1) * n // threads])
    return totals


@compiled(parallel=True)
def _shared_sum_four_streams(x: Array, threads: int) -> Any:
    totals, n = np.zeros(threads), len(x)
    for thread in prange(threads):
        totals[thread] = _sum_four_streams(x[thread * n // threads : (thread + 1) * n // threads])
    return totals


@compiled
def _links(Z: Array, Y: Array, tiles: int) -> Any:
    """Link the same tile again and again: it stays in the first-level cache, as a row's does."""
    dZ, Q = np.zeros_like(Z), np.zeros_like(Z)
    total = 0.0
    for tile in range(tiles):
        if tile % MOST_TILES == 0:
            Q[:] = 0
        J, db = link(Z, Y, dZ, Q)
        total += J + db
    return total


@compiled(parallel=True)
def _shared_links(Z: Array, Y: Array, tiles: int, threads: int) -> Any:
    totals = np.zeros(threads)
    for thread in prange(threads):
        totals[thread] = _links(Z, Y, tiles)
    return totals
