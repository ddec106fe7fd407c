"""One pass over X on a GPU, in a CUDA kernel of this project.

Each tile of examples goes forward and backward while the next tile arrives. X lies in the GPU's memory as in
the course, (n_x, m) in C order. A step takes as long as reading X once from there, provided that the
computing hides behind the reading, and that the way back finds the numbers nearer than the way forward did. A
processor finds them in its cache; here the threads that read them keep them.

    tile      some examples with all their features: n_x short pieces of rows. A block of threads handles one
              tile after the other. Each multiprocessor has one block, which uses all of its registers.
    lanes     neighbouring threads, for the neighbouring examples of a tile: they read a piece of a row at
              once.
    groups    the lanes exist many times, and each group of them has a few rows to itself. Forward, its sum is
              a part of Z, and the parts of all groups make Z.

So a thread has one example of each tile, and the same few features of all of them. Its part of dw stays in
its registers from the first tile to the last and costs one multiplication for each number of X; no thread
waits for another's. Before it goes backward, it requests its numbers of the next tile, so that many requests
to memory are under way while Z is added up and dZ is made. Shared memory keeps as much of the tile as it can
for the way back. The rest is read again, from the first-level cache, or from the second if the first has lost
it.

A thread holds 64 bytes of X, which allows up to 16,384 features in float32. So the more features there are,
the fewer examples a tile has: 16 for about 1000 features in float32, where a row's piece is 64 bytes long.
Above 2048 features it is shorter than the 32 bytes that memory delivers at once, and the remainder, which
belongs to the next tiles, comes later from the second-level cache.

A thread's sums, in the precision of X, have at most `_MOST_TILES` terms; over lanes and blocks, these sums
are added in float64. Each order of addition is fixed, so on one GPU a call repeats its bits.
"""

import functools
import math
import threading
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda, types

from impls.contract import Step
from impls.errors import Unsuited
from impls.kernels import cuda_device

# A block has the most threads that it may have; they share the 65,536 registers of a multiprocessor.
_THREADS, _REGISTERS = 1024, 64
_HELD_BYTES = 64  # bytes of X in each thread: 16 registers for the next tile, beside 16 for dw
_SHARED_BYTES = 48 * 1024  # shared memory of a block; Numba has no way to ask for more
_MOST_TILES = 1024  # most tiles of a block, since float32 loses digits in longer sums
_SIDE = 32  # threads along each side of a block of `_add_blocks`


@dataclass(frozen=True)
class Tiling:
    """How the work is divided: into tiles for blocks, and in a block among lanes and groups."""

    lanes: int  # examples of a tile
    rows: int  # features of each group
    kept: int  # how many of these rows shared memory keeps
    blocks: int

    @property
    def groups(self):
        """Number of groups in a block."""
        return _THREADS // self.lanes

    def places(self, n_x):
        """Return where each feature stands among the groups' rows.

        A group's rows start at n_x - rows at most, so the last group may share rows with the one before it.
        Forward, its copies have weight 0; backward, their dw is ignored.
        """
        places = np.arange(n_x)
        rest = n_x % self.rows
        places[n_x - rest :] += self.rows - rest
        return places


def tiling(n_x, m, itemsize, multiprocessors):
    """Return the tiling for data of this size; GPUs with as many multiprocessors give the same bits."""
    lanes = _THREADS
    while lanes > 1 and n_x * lanes * itemsize > _HELD_BYTES * _THREADS:
        lanes //= 2
    rows = -(-n_x * lanes // _THREADS)
    shared_bytes = _SHARED_BYTES - (_THREADS + lanes) * itemsize
    kept = min(rows, shared_bytes // (_THREADS * itemsize))
    tiles = -(-m // lanes)
    waves = -(-tiles // (multiprocessors * _MOST_TILES))
    return Tiling(lanes, rows, kept, blocks=min(tiles, waves * multiprocessors))


@dataclass(frozen=True)
class Launch:
    """The two kernels for data of one size, and memory on the GPU for a step's inputs and results."""

    sweep: Any
    add_blocks: Any
    places: Any  # (n_x,)
    weights: Any  # (groups * rows,)
    parts: Any  # (blocks, groups * rows + 2): of dw, J and db
    means: Any  # (groups * rows + 2,)
    lock: Any  # held by a call while it uses that memory


def prepare(X, Y, threads):
    """Copy X and Y to the GPU."""
    if not cuda.is_available():
        raise Unsuited("Numba finds no CUDA toolkit; pip install 'numba-cuda[cu13]'")
    cuda_device.check_room(X)
    x, labels = (
        cuda.to_device(np.ascontiguousarray(X).reshape(-1)),
        cuda.to_device(np.ascontiguousarray(Y[0])),
    )
    return x, labels, _launch(*X.shape, X.dtype)


def step(w, b, x, Y, launch):
    """Cost and gradients; formula and shapes in `impls.contract`, x = X by rows, Y (m,), both on the GPU."""
    weights = np.zeros(len(launch.weights), w.dtype)
    weights[launch.places] = w[:, 0]
    with launch.lock:
        launch.weights.copy_to_device(weights)
        launch.sweep(launch.weights, b, x, Y, len(w), launch.parts)
        launch.add_blocks(launch.parts, len(Y), launch.means)
        means = launch.means.copy_to_host()  # waits for both kernels
    return Step(means[-2], means[launch.places].reshape(-1, 1), means[-1])


def _launch(n_x, m, dtype):
    found = tiling(n_x, m, dtype.itemsize, cuda_device.multiprocessors())
    block, columns = (found.lanes, found.groups), found.groups * found.rows + 2
    # At the end, the memory of the tile holds one sum of each thread.
    shared_bytes = _THREADS * max(found.kept * dtype.itemsize, 8)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Grid size")  # Numba warns that it is small; so are the data
        sweep = _sweep(found.lanes, found.rows, found.kept)[found.blocks, block, 0, shared_bytes]
        add_blocks = _add_blocks[-(-columns // _SIDE), (_SIDE, _SIDE)]
    return Launch(
        sweep,
        add_blocks,
        found.places(n_x),
        weights=cuda.device_array(columns - 2, dtype),
        parts=cuda.device_array((found.blocks, columns), np.float64),
        means=cuda.device_array(columns, np.float64),
        lock=threading.Lock(),
    )


# Indices into memory are unsigned: Numba compares a signed index with 0 at each access, since negative ones
# count from the end.


@functools.cache
def _sweep(lanes, rows, kept):
    """Compile for one tiling: the compiler knows these numbers and unrolls all loops over rows."""
    groups = _THREADS // lanes
    helpers = 1 << groups.bit_length() // 2  # about their root: Z takes two short sums

    @cuda.jit(max_registers=_REGISTERS)
    def sweep(w, b, x, Y, n_x, parts):
        m = len(Y)
        zero, one = x.dtype.type(0), x.dtype.type(1)
        lane, group = cuda.threadIdx.x, cuda.threadIdx.y
        thread = lane + lanes * group
        part_of_z = cuda.shared.array(_THREADS, x.dtype)
        dZ = cuda.shared.array(lanes, x.dtype)
        tile = cuda.shared.array(0, x.dtype)[thread:]  # a thread owns every _THREADSth number
        dw = cuda.local.array(rows, x.dtype)
        ahead = cuda.local.array(rows, x.dtype)  # the thread's numbers of the next tile
        J = db = 0.0
        w = w[rows * group :]
        first = min(rows * group, n_x - rows) * m
        a_row = np.uint64(m)
        # Lanes beyond the last example read that one, and their dZ is 0.
        i = min(cuda.blockIdx.x * lanes + lane, m - 1)
        place = np.uint64(first + i)
        for k in range(rows):
            dw[k] = zero
            ahead[k] = x[place]
            place += a_row
        for t in range(cuda.blockIdx.x, -(-m // lanes), cuda.gridDim.x):
            y = Y[np.uint64(i)]
            again = np.uint64(first + i) + np.uint64(kept) * a_row
            i = min((t + cuda.gridDim.x) * lanes + lane, m - 1)
            place = np.uint64(first + i)
            z = zero
            for k in range(rows):
                here = ahead[k]
                ahead[k] = x[place]
                place += a_row
                if k < kept:
                    tile[np.uint32(k * _THREADS)] = here
                z += w[np.uint32(k)] * here
            part_of_z[np.uint32(thread)] = z
            cuda.syncthreads()
            if group < helpers:
                for g in range(helpers, groups, helpers):
                    z += part_of_z[np.uint32(thread + g * lanes)]
                part_of_z[np.uint32(thread)] = z
            cuda.syncthreads()
            if group == 0:
                for g in range(1, helpers):
                    z += part_of_z[np.uint32(thread + g * lanes)]
                dz, cost = link(z + x.dtype.type(b), y, zero, one)
                if t * lanes + lane < m:
                    J += cost
                    db += dz
                else:
                    dz = zero
                dZ[np.uint32(lane)] = dz
            cuda.syncthreads()
            dz = dZ[np.uint32(lane)]
            for k in range(kept):
                dw[k] += tile[np.uint32(k * _THREADS)] * dz
            for k in range(kept, rows):
                dw[k] += x[again] * dz
                again += a_row
        sums = cuda.shared.array(0, types.float64)  # where the last tile was
        last = parts.shape[1] - 1
        for k in range(rows):
            add_lanes(dw[k], sums, lane, thread, lanes)
            if lane == 0:
                parts[cuda.blockIdx.x, rows * group + k] = sums[thread]
        add_lanes(J, sums, lane, thread, lanes)
        if thread == 0:
            parts[cuda.blockIdx.x, last - 1] = sums[0]
        add_lanes(db, sums, lane, thread, lanes)
        if thread == 0:
            parts[cuda.blockIdx.x, last] = sums[0]

    return sweep


@cuda.jit(device=True)
def link(z, y, zero, one):
    """Return sigmoid(z) - y and softplus(z) - y z; exp only ever sees numbers below 0."""
    e = math.exp(-abs(z))
    a = one / (one + e)
    return (a if z >= zero else e * a) - y, (z if z > zero else zero) + math.log1p(e) - y * z


@cuda.jit(device=True)
def add_lanes(value, sums, lane, thread, lanes):
    """Add one value of each lane of a group, as a tree; the sum is then in the place of lane 0."""
    cuda.syncthreads()  # all threads have read what was there
    sums[thread] = value
    half = lanes // 2
    while half > 0:
        cuda.syncthreads()
        if lane < half:
            sums[thread] += sums[thread + half]
        half //= 2


@cuda.jit
def _add_blocks(parts, m, means):
    """Write the sums of the columns of parts, divided by m; _SIDE threads share the rows of a column."""
    sums = cuda.shared.array((_SIDE, _SIDE), types.float64)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    column = cuda.blockIdx.x * _SIDE + x
    total = 0.0
    if column < parts.shape[1]:
        for row in range(y, parts.shape[0], _SIDE):
            total += parts[row, column]
    sums[y, x] = total
    cuda.syncthreads()
    if y == 0 and column < parts.shape[1]:
        total = 0.0
        for row in range(_SIDE):
            total += sums[row, x]
        means[column] = total / m
