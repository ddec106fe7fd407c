"""One pass over X: each tile of examples goes forward, through the link and backward while in the cache.

There are two loops, one for each way in which X can lie in memory. Both consist of the same two operations,
which work on several rows of a matrix at once, so that each number they load is used several times:

    add_rows    y += a_1 row_1 + a_2 row_2 + ...
    dot_rows    s_k += row_k . v

If a feature is a row (the course's X), a tile is a short piece of every row. `add_rows` goes forward,
Z += w_j X_j, and `dot_rows` goes backward, dw_j += X_j . dZ. If an example is a row (X.T), a tile is one
piece of memory. Forward is z_i += x_i . w, backward is dw += dz_i x_i. One loop does both,
`dot_and_add_rows`: it goes backward on one tile while the next tile arrives from memory.

A sum in the precision of X never grows long: it covers a few tiles of examples or one block of features.
The sums of tiles are then added in float64, and the sums of blocks to each other. So float32 stays accurate
for any number of examples and features.
"""

import numpy as np
from numba import prange

from impls.kernels.compiled import SUMS, compiled, use_wide_registers
from impls.kernels.link import MOST_TILES, TILE, link, log_of_products

# Numbers of rows handled at once; the functions at the end of this file are written out for these numbers.
# Eight examples instead of four are 5 % faster from memory, but up to 14 % slower from a cache.
FEATURES, EXAMPLES = 8, 4
_LINK = 8  # cost of one link, in multiplications
_WORTH_A_THREAD = 2**16  # multiplications that take as long as waking another thread: ten microseconds
# The largest tile of X. If features are rows: half of a second-level cache of 2 MB, since the processor also
# fetches ahead into it. If examples are rows: what stays in that cache while the next tile arrives.
_TILE_OF_FEATURES_BYTES, _TILE_OF_EXAMPLES_BYTES = 2**20, 2**18
# Most terms of one sum, since float32 loses digits in longer sums. Eight features share one rounding. A tile
# may have more examples than this.
_MOST_FEATURES, _MOST_EXAMPLES = 2**10, 2**8
_SHORTEST_PIECE = 64  # examples; shorter pieces of rows, a few cache lines, cost more than reading X twice


def threads_for(n_x, m, threads):
    """Return how many threads are worth their cost; depends on the size alone, so that bits repeat."""
    return max(1, min(threads, m * (n_x + _LINK) // _WORTH_A_THREAD))


def sweep(w, b, X, Y, threads):
    """Return dw, J and db as one float64 array of n_x + 2 numbers.

    w (n_x,), X (n_x, m) in C or Fortran order, Y (m,), all of one dtype. Each thread makes one partial sum,
    and these are added in the order of the threads: the same number of threads gives the same bits.
    """
    rows, one_thread, in_parallel = kernels(X, "C" if X.flags.c_contiguous else "F")
    if threads == 1:
        return one_thread(w, b, rows, Y, 0, len(Y), len(Y))
    return in_parallel(w, b, rows, Y, threads).sum(axis=0)


def sums(w, b, X, Y, start, stop, order):
    """Return the sums over the examples from start to stop that `sweep` divides by m to get dw, J and db.

    Arguments and result are those of `sweep`; this runs in the thread of the caller. The caller states the
    order of X, "C" or "F", since a single example lies in both.
    """
    rows, one_thread, _ = kernels(X, order)
    return one_thread(w, b, rows, Y, start, stop, 1)


def kernels(X, order):
    """Return X with its pieces of memory as rows, and its functions for one thread and for several."""
    if order == "C":
        return X, _features_as_rows, _features_in_parallel
    return X.T, _examples_as_rows, _examples_in_parallel


# Two functions, not one that takes a function: Numba would not find the code of that one on disk again.
# Arrays are copied number by number. For `y[:] = x` Numba also compiles the text of the error that two shapes
# differ, which takes as long as all the rest.
# The kernels divide, not their callers: division of an array by NumPy takes a tenth of a step on small data.


@compiled(parallel=True)
def _features_in_parallel(w, b, X, Y, threads):
    m, parts = len(Y), np.empty((threads, len(w) + 2))
    for thread in prange(threads):
        part = _features_as_rows(w, b, X, Y, thread * m // threads, (thread + 1) * m // threads, m)
        for j in range(len(part)):
            parts[thread, j] = part[j]
    return parts


@compiled(parallel=True)
def _examples_in_parallel(w, b, X, Y, threads):
    m, parts = len(Y), np.empty((threads, len(w) + 2))
    for thread in prange(threads):
        part = _examples_as_rows(w, b, X, Y, thread * m // threads, (thread + 1) * m // threads, m)
        for j in range(len(part)):
            parts[thread, j] = part[j]
    return parts


@compiled
def _features_as_rows(w, b, X, Y, start, stop, divisor):
    """Return the sums over the examples from start to stop, columns of X, over the divisor."""
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
                for k in range(end - i):
                    z[k] += block[k]
                    block[k] = 0
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
    return _divided(dw, J + log_of_products(Q), db, divisor)


@compiled
def _examples_as_rows(w, b, X, Y, start, stop, divisor):
    """Return the sums over the examples from start to stop, rows of X, over the divisor."""
    n_x = len(w)
    tile = max(EXAMPLES, min(TILE, _TILE_OF_EXAMPLES_BYTES // (n_x * X.itemsize) // EXAMPLES * EXAMPLES))
    Z, dZ, Q = np.empty(tile, X.dtype), np.empty(tile, X.dtype), np.zeros(tile, X.dtype)
    few = max(1, _MOST_EXAMPLES // tile)
    dw, dw_few = np.zeros(n_x), np.zeros(n_x, X.dtype)  # sums over all tiles, and over the last few
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
            for j in range(n_x):
                dw[j] += dw_few[j]
                dw_few[j] = 0
    return _divided(dw, J + log_of_products(Q), db, divisor)


@compiled
def _tile_of_features(n_x, itemsize):
    whole = TILE * 8 // itemsize
    fits = _TILE_OF_FEATURES_BYTES // (n_x * itemsize) // 16 * 16
    return min(whole, fits) if fits >= _SHORTEST_PIECE else whole


@compiled
def _divided(dw, J, db, divisor):
    result = np.empty(len(dw) + 2)
    for j in range(len(dw)):
        result[j] = dw[j] / divisor
    result[-2] = J / divisor
    result[-1] = db / divisor
    return result


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


@compiled(fastmath={"contract"})  # not SUMS, which would not add the eight products before adding them to y
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
