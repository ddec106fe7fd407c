"""The rounds: who follows whom and has which place, counted; slow lanes in few of them."""

import dataclasses

import numpy as np
import pytest

from bench.planning import turns
from tests.bench.planning.planned import planned

PLAN = dataclasses.replace(planned()[0], seed=1)
NUMBERS = range(2, 26)


def orders(blocks, processes, rounds, place=2):
    """Return the orders of all rounds of a run, process by process."""
    plan = dataclasses.replace(PLAN, rounds=rounds)
    return [
        turns.order(plan, process, place, blocks, round_)
        for process in range(processes)
        for round_ in range(rounds)
    ]


def counts(some_orders):
    """Count how often each lane has followed each other, and had each place, after each round."""
    size = 1 + max(map(max, some_orders))
    follows, places = np.zeros((2, len(some_orders), size, size), int)
    for number, order in enumerate(some_orders):
        np.add.at(follows[number], (order[:-1], order[1:]), 1)
        np.add.at(places[number], (order, range(len(order))), 1)
    lanes = sorted(some_orders[0])
    pairs = np.nonzero(~np.eye(len(lanes), dtype=bool))
    follows = follows.cumsum(axis=0)[:, lanes][:, :, lanes][:, *pairs]
    return follows, places.cumsum(axis=0)[:, lanes, : len(lanes)]


@pytest.mark.parametrize("rounds", [5, 12])
@pytest.mark.parametrize("lanes", NUMBERS)
def test_a_run_is_balanced_however_its_rounds_are_cut_into_processes(lanes, rounds):
    """After whole designs exactly; meanwhile no place is two ahead, and no pair more than its two squares."""
    design, pair = (lanes, 1) if lanes % 2 == 0 else (2 * lanes, 2)
    some = orders([rounds] * lanes, -(-2 * design // rounds), rounds)
    assert all(sorted(order) == list(range(lanes)) for order in some)
    follows, places = counts(some)
    assert np.all(np.ptp(places, axis=(1, 2)) <= 1)
    assert np.all(np.ptp(places[lanes - 1 :: lanes], axis=(1, 2)) == 0)
    assert np.all(np.ptp(follows, axis=1) <= pair)
    assert np.all(follows[design - 1] == pair)
    assert np.all(follows[2 * design - 1] == 2 * pair)


@pytest.mark.parametrize("lanes", NUMBERS)
def test_lanes_without_a_block_hold_no_place(lanes):
    """Some have none at all, and a slow one has a third: rounds with it and without it are balanced apart."""
    rng = np.random.default_rng(lanes)
    blocks = np.zeros(25, int)
    fast = np.sort(rng.permutation(25)[:lanes])
    slow, *fast_only = fast
    blocks[fast_only], blocks[slow] = 6, 2
    some = orders(list(blocks), 2 * lanes, 6)
    for present in (fast, fast_only):
        alike = [order for order in some if sorted(order) == list(present)]
        assert len(alike) == (4 if slow in present else 8) * lanes
        follows, _ = counts(alike[: 4 * len(present)])
        assert np.all(follows[-1] == 4)
    assert sum(slow in order for order in some) == 2 * 2 * lanes


def test_of_twenty_lanes_eleven_are_present_and_no_pair_comes_more_than_twice():
    follows, _ = counts(orders([0, 12] * 9 + [12] * 2, 1, 12)[:11])
    assert np.max(follows[-1]) == 2


@pytest.mark.parametrize("lanes", [8, 13, 20])
def test_fewer_rounds_than_lanes_are_spread_over_the_places(lanes):
    """In each process, the mean place of each lane is nearer to the middle than that of lanes by chance."""
    some = orders([4] * lanes, 5, 4)
    means = [
        np.mean([order.index(lane) for order in some[n : n + 4]])
        for n in range(0, 20, 4)
        for lane in range(lanes)
    ]
    by_chance = (lanes**2 - 1) / 12 / 4
    assert np.mean((np.array(means) - (lanes - 1) / 2) ** 2) < by_chance / 2


@pytest.mark.parametrize(("blocks", "order"), [([], []), ([0, 0], []), ([0, 3], [1])])
def test_a_round_may_have_one_lane_or_none(blocks, order):
    assert orders(blocks, 2, 3) == [order] * 6


def test_designs_differ_between_problems_and_sets_of_lanes_and_are_repeatable():
    some = [orders([12] * 16, 4, 12, place) for place in range(6)]
    assert len({tuple(order) for run in some for order in run}) == 6 * 4 * 12
    assert orders([12] * 16, 4, 12, 1) == some[1]
    first, last = orders([0] + [12] * 15, 1, 12), orders([12] * 15 + [0], 1, 12)
    assert not any([lane - 1 for lane in order] in last for order in first)


@pytest.mark.parametrize(("call_s", "blocks"), [(1e-6, 6), (0.05, 6), (0.1, 3), (0.29, 1), (100.0, 1)])
def test_slow_rows_get_fewer_blocks(call_s, blocks):
    plan = dataclasses.replace(PLAN, rounds=6, block_s=0.05)
    assert turns.blocks(plan, call_s) == blocks


@pytest.mark.parametrize(
    ("blocks", "rounds"), [(6, [0, 1, 2, 3, 4, 5]), (3, [1, 3, 5]), (2, [2, 5]), (1, [5]), (0, [])]
)
def test_blocks_are_spread_over_the_rounds(blocks, rounds):
    plan = dataclasses.replace(PLAN, rounds=6)
    assert [round_ for round_ in range(6) if turns.has_block(plan, blocks, round_)] == rounds
