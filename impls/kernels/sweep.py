"""One pass over X: each tile of examples goes forward, through the link and backward while in the cache.

There are two loops, for the two ways in which X can lie in memory. Both are made of the same two operations
on several rows of a matrix at once, so that what is loaded serves them all:

    add_rows    y += a_1 row_1 + a_2 row_2 + ...
    dot_rows    s_k += row_k . v

Where a feature is a row (the course's X), the examples of a tile are a short piece of every row. `add_rows`
goes forward, Z += w_j X_j, and `dot_rows` backward, dw_j += X_j . dZ. Where an example is a row (X.T), a
tile is one piece of memory. `dot_rows` goes forward, z_i += x_i . w, and `add_rows` backward, dw += dz_i
x_i; both run in one loop, `dot_and_add_rows`, backward on the last tile while the next arrives from memory.

A sum in the precision of X has a limited length, a few tiles of examples or a block of features; such sums
are added in float64 (over the tiles) or apart from each other (over the blocks). So float32 stays accurate
however many examples and features there are.
"""

import numpy as np
from numba import prange

from impls.kernels.compiled import SUMS, compiled, use_wide_registers
from impls.kernels.link import MOST_TILES, TILE, link, log_of_products

# Rows handled at once: what the functions at the end of this file are written out for, and no other numbers.
# Eight examples instead of four are a twentieth faster from memory, but up to a seventh slower from a cache.
FEATURES, EXAMPLES = 8, 4
_LINK = 8  # multiplications that take as long as one link
_WORTH_A_THREAD = 2**16  # multiplications: ten microseconds of work, what it takes to wake another thread
# The largest tile of X. When features are rows, half of a second-level cache of 2 MB, into which the
# processor also fetches ahead. When examples are rows, what it keeps while as much again arrives from memory.
_TILE_OF_FEATURES_BYTES, _TILE_OF_EXAMPLES_BYTES = 2**20, 2**18
# Terms of one sum, since float32 loses digits in a longer one: features, of which eight take one rounding,
# and examples, unless a single tile has more.
_MOST_FEATURES, _MOST_EXAMPLES = 2**10, 2**8
_SHORTEST_PIECE = 64  # examples; pieces of rows below a few cache lines cost more than reading X twice


def threads_for(n_x, m, threads):
    """Return how many threads pay for data of this size: a matter of the size alone, so that bits repeat."""
    return max(1, min(threads, m * (n_x + _LINK) // _WORTH_A_THREAD))


def sweep(w, b, X, Y, threads):
    """Return dw, J and db as one float64 array of n_x + 2 numbers.

    w (n_x,), X (n_x, m) in C or Fortran order, Y (m,), all of one dtype. There is one partial sum for each
    thread, added in the order of the threads: the same number of threads gives the same bits.
    """
    rows, one_thread, in_parallel = kernels(X, "C" if X.flags.c_contiguous else "F")
    if threads == 1:
        return one_thread(w, b, rows, Y, 0, len(Y))
    return in_parallel(w, b, rows, Y, threads).sum(axis=0)


def sums(w, b, X, Y, start, stop, order):
    """Return what the examples from start to stop add to dw, J and db before they are divided by m.

    Arguments and result are those of `sweep`, here in the thread of the caller. The order of X is said, since
    a single example lies in both.
    """
    rows, one_thread, _ = kernels(X, order)
    return one_thread(w, b, rows, Y, start, stop) * len(Y)


def kernels(X, order):
    """Return X with its pieces of memory as rows, and the functions for it in one thread and in several."""
    if order == "C":
        return X, _features_as_rows, _features_in_parallel
    return X.T, _examples_as_rows, _examples_in_parallel


# Two functions and not one that takes a function: Numba would not find that one's code on disk again.


@compiled(parallel=True)
def _features_in_parallel(w, b, X, Y, threads):
    m, parts = len(Y), np.empty((threads, len(w) + 2))
    for thread in prange(threads):
        parts[thread] = _features_as_rows(w, b, X, Y, thread * m // threads, (thread + 1) * m // threads)
    return parts


@compiled(parallel=True)
def _examples_in_parallel(w, b, X, Y, threads):
    m, parts = len(Y), np.empty((threads, len(w) + 2))
    for thread in prange(threads):
        parts[thread] = _examples_as_rows(w, b, X, Y, thread * m // threads, (thread + 1) * m // threads)
    return parts


@compiled
def _features_as_rows(w, b, X, Y, start, stop):
    """Return what the examples from start to stop, columns of X, add to dw, J and db: sums over m."""
    n_x = len(w)
    tile = _tile_of_features(n_x, X.itemsize)
    Z, dZ, Q = np.empty(tile, X.dtype), np.empty(tile, X.dtype), np.zeros(tile, X.dtype)
    part = np.zeros(tile, X.dtype)
    dw, J, db = np.zeros(n_x), 0.0, 0.0
    whole = n_x - n_x % FEATURES
    for tiles, i in enumerate(range(start, stop, tile)):
        end = min(i + tile, stop)
        z, dz = Z[: end - i], dZ[: end - i]
        z[:] = b
        for first in range(0, whole, _MOST_FEATURES):
            block = z if first == 0 else part[: end - i]
            for j in range(first, min(first + _MOST_FEATURES, whole), FEATURES):
                add_rows(block, w[j : j + FEATURES], X, j, i)
            if first > 0:
                z += block
                block[:] = 0
        for j in range(whole, n_x):
            add_row(z, w[j], X[j, i:end])
        costs, errors = link(z, Y[i:end], dz, Q[: end - i])
        J += costs
        db += errors
        for j in range(0, whole, FEATURES):
            dot_rows(dw[j : j + FEATURES], dz, X, j, i)
        for j in range(whole, n_x):
            dw[j] += dot_row(X[j, i:end], dz)
        if tiles % MOST_TILES == MOST_TILES - 1:
            J += log_of_products(Q)
    return _over_m(dw, J + log_of_products(Q), db, len(Y))


@compiled
def _examples_as_rows(w, b, X, Y, start, stop):
    """Return what the examples from start to stop, rows of X, add to dw, J and db: sums over m."""
    n_x = len(w)
    tile = max(EXAMPLES, min(TILE, _TILE_OF_EXAMPLES_BYTES // (n_x * X.itemsize) // EXAMPLES * EXAMPLES))
    Z, dZ, Q = np.empty(tile, X.dtype), np.empty(tile, X.dtype), np.zeros(tile, X.dtype)
    few = max(1, _MOST_EXAMPLES // tile)
    dw, dw_few = np.zeros(n_x), np.zeros(n_x, X.dtype)  # over all tiles, over the last few
    J = db = 0.0
    last = start  # the tile from `last` to `i` still has to go backward
    for tiles, i in enumerate(range(start, stop + tile, tile)):
        end = min(i + tile, stop)
        new, old = max(0, end - i), min(i, stop) - last
        Z[:new] = b
        both = min(new, old) // EXAMPLES * EXAMPLES
        for k in range(0, both, EXAMPLES):
            dot_and_add_rows(Z[k : k + EXAMPLES], w, X, i + k, dw_few, dZ[k : k + EXAMPLES], last + k)
        for k in range(both, new):
            Z[k] += dot_row(X[i + k], w)
        for k in range(both, old):
            add_row(dw_few, dZ[k], X[last + k])
        last = i
        if new:
            costs, errors = link(Z[:new], Y[i:end], dZ[:new], Q[:new])
            J += costs
            db += errors
        if tiles % MOST_TILES == MOST_TILES - 1:
            J += log_of_products(Q)
        if tiles % few == few - 1 or new < tile:
            dw += dw_few
            dw_few[:] = 0
    return _over_m(dw, J + log_of_products(Q), db, len(Y))


@compiled
def _tile_of_features(n_x, itemsize):
    whole = TILE * 8 // itemsize
    fits = _TILE_OF_FEATURES_BYTES // (n_x * itemsize) // 16 * 16
    return min(whole, fits) if fits >= _SHORTEST_PIECE else whole


@compiled
def _over_m(dw, J, db, m):
    part = np.empty(len(dw) + 2)
    part[:-2] = dw / m
    part[-2] = J / m
    part[-1] = db / m
    return part


@compiled(fastmath=SUMS)
def add_row(y, a, row):
    """Do y += a row."""
    for i in range(len(y)):
        y[i] += a * row[i]


@compiled(fastmath=SUMS)
def dot_row(row, v):
    """Return row . v."""
    s = v.dtype.type(0)
    for i in range(len(v)):
        s += row[i] * v[i]
    return s


@compiled(fastmath={"contract"})  # not SUMS: the eight products are added to each other first, then to y
def add_rows(y, a, X, first, start):
    """Do y += sum of a_k X[first + k, start : start + len(y)] over the eight k of a (8,)."""
    use_wide_registers()
    n = len(y)
    x0, x1 = X[first, start : start + n], X[first + 1, start : start + n]
    x2, x3 = X[first + 2, start : start + n], X[first + 3, start : start + n]
    x4, x5 = X[first + 4, start : start + n], X[first + 5, start : start + n]
    x6, x7 = X[first + 6, start : start + n], X[first + 7, start : start + n]
    a0, a1, a2, a3, a4, a5, a6, a7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    for i in range(n):
        y[i] += (a0 * x0[i] + a1 * x1[i] + a2 * x2[i] + a3 * x3[i]) + (
            a4 * x4[i] + a5 * x5[i] + a6 * x6[i] + a7 * x7[i]
        )


@compiled(fastmath=SUMS)
def dot_rows(s, v, X, first, start):
    """Do s_k += X[first + k, start : start + len(v)] . v for the eight k of s (8,)."""
    use_wide_registers()
    n = len(v)
    x0, x1 = X[first, start : start + n], X[first + 1, start : start + n]
    x2, x3 = X[first + 2, start : start + n], X[first + 3, start : start + n]
    x4, x5 = X[first + 4, start : start + n], X[first + 5, start : start + n]
    x6, x7 = X[first + 6, start : start + n], X[first + 7, start : start + n]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = v.dtype.type(0)
    for i in range(n):
        t = v[i]
        s0 += x0[i] * t
        s1 += x1[i] * t
        s2 += x2[i] * t
        s3 += x3[i] * t
        s4 += x4[i] * t
        s5 += x5[i] * t
        s6 += x6[i] * t
        s7 += x7[i] * t
    s[0] += s0
    s[1] += s1
    s[2] += s2
    s[3] += s3
    s[4] += s4
    s[5] += s5
    s[6] += s6
    s[7] += s7


@compiled(fastmath=SUMS)
def dot_and_add_rows(s, v, X, new, y, a, old):
    """Do s_k += X[new + k] . v and y += a_k X[old + k], for the four k of s and a (4,)."""
    use_wide_registers()
    n = len(v)
    x0, x1, x2, x3 = X[new, :n], X[new + 1, :n], X[new + 2, :n], X[new + 3, :n]
    o0, o1, o2, o3 = X[old, :n], X[old + 1, :n], X[old + 2, :n], X[old + 3, :n]
    a0, a1, a2, a3 = a[0], a[1], a[2], a[3]
    s0 = s1 = s2 = s3 = v.dtype.type(0)
    for i in range(n):
        t = v[i]
        s0 += x0[i] * t
        s1 += x1[i] * t
        s2 += x2[i] * t
        s3 += x3[i] * t
        y[i] += (a0 * o0[i] + a1 * o1[i]) + (a2 * o2[i] + a3 * o3[i])
    s[0] += s0
    s[1] += s1
    s[2] += s2
    s[3] += s3
