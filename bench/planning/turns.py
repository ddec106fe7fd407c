"""The rounds of a process on one setting: which lanes have a turn in each, and in what order."""

import numpy as np

from reports.results import Plan


def order(plan: Plan, process: int, place: int, lanes: int, round_: int) -> list[int]:
    """Return the order of the lanes in a round, for the setting at some place among all.

    The rounds are rows of a Latin square in which no lane follows the same lane twice (E. J. Williams,
    Experimental designs balanced for the estimation of residual effects of treatments, 1949): a zigzag,
    shifted. Fewer rounds than lanes are spread over the square, so that a lane's places are far apart. Each
    process and setting has its own permutation of the lanes.
    """
    names = np.random.default_rng([plan.seed, process, place]).permutation(lanes)
    shift = round_ * max(lanes, plan.rounds) // plan.rounds
    zigzag = [turn // 2 if turn % 2 == 0 else lanes - (turn + 1) // 2 for turn in range(lanes)]
    return [int(names[(turn + shift) % lanes]) for turn in zigzag]


def blocks(plan: Plan, call_s: float) -> int:
    """Return how many blocks a row gets in a process: fewer if a call is longer than a block."""
    return max(1, min(plan.rounds, round(plan.rounds * plan.block_s / max(call_s, plan.block_s))))


def has_block(plan: Plan, blocks: int, round_: int) -> bool:
    """Return whether a row with this number of blocks has one in a round; they are spread over all rounds."""
    return (round_ + 1) * blocks // plan.rounds > round_ * blocks // plan.rounds
