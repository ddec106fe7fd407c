"""The rounds of a process on one setting: which lanes have a turn in each, and in what order."""

from collections.abc import Sequence

import numpy as np

from reports.results import Plan

_GOLDEN = (5**0.5 - 1) / 2  # its multiples, without their whole parts, are spread however many there are


def order(plan: Plan, process: int, place: int, blocks: Sequence[int], round_: int) -> list[int]:
    """Return the order of the lanes that have a block in a round, for the setting at some place among all.

    `blocks` is how many each lane has there; a lane without a block in this round holds no place in it. The
    rounds of all processes in which the same n lanes have a block go row by row through designs that are
    balanced for carry-over (E. J. Williams, Experimental designs balanced for the estimation of residual
    effects of treatments, 1949): a zigzag and its shifts, and for odd n their mirror images after them. If
    each process has the same blocks, this holds among such rounds:

    - In each n of them, counted from the first, each lane has each place once.
    - If n is even, no lane follows the same lane twice in these, and each follows each other once.
    - If n is odd, this happens at most twice in these, and exactly twice in each 2 n.

    Each design has its own permutation of the lanes. Fewer rounds than lanes are spread over the shifts, so
    that a lane's places are far apart.
    """
    lanes = _present(plan, blocks, round_)
    if not lanes:
        return []
    alike = [other for other in range(plan.rounds) if _present(plan, blocks, other) == lanes]
    number = process * len(alike) + sum(other < round_ for other in alike)
    n = len(lanes)
    design, row = divmod(number, n if n % 2 == 0 else 2 * n)
    names = np.random.default_rng([plan.seed, place, design, *lanes]).permutation(lanes)
    shift = np.argsort(np.argsort(np.arange(n) * _GOLDEN % 1))[row % n]
    zigzag = [turn // 2 if turn % 2 == 0 else n - (turn + 1) // 2 for turn in range(n)]
    shifted = [int(names[(turn + shift) % n]) for turn in zigzag]
    return shifted if row < n else shifted[::-1]


def _present(plan: Plan, blocks: Sequence[int], round_: int) -> list[int]:
    return [lane for lane, number in enumerate(blocks) if has_block(plan, number, round_)]


def blocks(plan: Plan, call_s: float) -> int:
    """Return how many blocks a row gets in a process: fewer if a call is longer than a block."""
    return max(1, min(plan.rounds, round(plan.rounds * plan.block_s / max(call_s, plan.block_s))))


def has_block(plan: Plan, blocks: int, round_: int) -> bool:
    """Return whether a row with this number of blocks has one in a round; they are spread over all rounds."""
    return (round_ + 1) * blocks // plan.rounds > round_ * blocks // plan.rounds
