"""The step over a data set in chunks: the sums of each chunk, added along a fixed binary tree.

A sum of floating point numbers depends on the order of its additions. Here the order is that of a tree over
the numbers of the chunks: 0 and 1, 2 and 3, then those pairs. It is the same for one thread or many, one
machine or many. A worker that has a range of chunks adds up whole subtrees, and sends on no more than
2 log2(chunks) of them.
"""

import functools
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from impls.contract import Array, Step
from impls.data.dataset import DataSet


class Node(NamedTuple):
    """The sum of a subtree: of 2^level chunks, from chunk number 2^level on."""

    level: int
    number: int
    sums: Array  # (n_x + 2,), float64: dw, J and db before they are divided by m


def partial(data: DataSet, first: int, last: int, w: Array, b: float, threads: int) -> list[Node]:
    """Return the sums over the chunks from first up to last, in as few subtrees as possible; w is (n_x, 1).

    Each chunk takes one thread. Raises what `DataSet.sums` does.
    """
    from impls.kernels.rehearsal import rehearse  # imported here, since it loads Numba

    rehearse(data.dtype, data.order)
    column = np.ascontiguousarray(w[:, 0]).view()
    column.setflags(write=False)  # to Numba, a writable array, or one with gaps, has another type

    def leaf(k: int) -> Node:
        return Node(0, k, data.sums(k, column, b))

    chunks = range(first, last)
    if threads == 1 or len(chunks) <= 1:
        return merged(map(leaf, chunks))
    return merged(_pool(threads).map(leaf, chunks))


@np.errstate(over="ignore", invalid="ignore")  # as in a training; a worker does not know of that
def merged(nodes: Iterable[Node]) -> list[Node]:
    """Add neighbours that form a larger subtree; nodes and result are in order."""
    left: list[Node] = []
    for node in nodes:
        while node.number % 2 == 1 and left and left[-1][:2] == (node.level, node.number - 1):
            node = Node(node.level + 1, node.number // 2, left.pop().sums + node.sums)
        left.append(node)
    return left


def as_step(nodes: Iterable[Node], data: DataSet) -> Step:
    """Return cost and gradients, given the sums of all chunks in order."""
    *others, last = merged(nodes)
    total = last.sums
    for node in reversed(others):
        total = node.sums + total
    means = total / data.m
    return Step(float(means[-2]), means[:-2].reshape(-1, 1), float(means[-1]))


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="chunks")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of the threads
