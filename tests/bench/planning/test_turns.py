"""The rounds: every lane in every place, none twice after the same one, slow ones in few of them."""

import dataclasses
import itertools

import pytest

from bench.planning import turns
from tests.bench.planning.planned import planned


@pytest.mark.parametrize("rounds", [3, 4, 12])
@pytest.mark.parametrize("lanes", [2, 3, 16])
def test_each_round_begins_elsewhere(lanes, rounds):
    plan = dataclasses.replace(planned()[0], rounds=rounds)
    orders = [turns.order(plan, 1, 2, lanes, round_) for round_ in range(rounds)]
    assert all(sorted(order) == list(range(lanes)) for order in orders)
    for lane in range(lanes):
        places = [order.index(lane) for order in orders]
        assert len(set(places)) == min(lanes, rounds), "no lane has a place twice before it had all"


@pytest.mark.parametrize("lanes", [2, 4, 16])
def test_no_lane_follows_the_same_lane_twice(lanes):
    plan = dataclasses.replace(planned()[0], rounds=lanes)
    orders = [turns.order(plan, 1, 2, lanes, round_) for round_ in range(lanes)]
    followed = [pair for order in orders for pair in itertools.pairwise(order)]
    assert len(set(followed)) == len(followed) == lanes * (lanes - 1)


def test_orders_differ_between_processes_and_problems_and_are_repeatable():
    plan = planned()[0]
    orders = {tuple(turns.order(plan, process, place, 16, 0)) for process in range(6) for place in range(6)}
    assert len(orders) == 36
    assert turns.order(plan, 1, 1, 16, 2) == turns.order(plan, 1, 1, 16, 2)


@pytest.mark.parametrize(("call_s", "blocks"), [(1e-6, 6), (0.05, 6), (0.1, 3), (0.29, 1), (100.0, 1)])
def test_slow_rows_get_fewer_blocks(call_s, blocks):
    plan = dataclasses.replace(planned()[0], rounds=6, block_s=0.05)
    assert turns.blocks(plan, call_s) == blocks


@pytest.mark.parametrize(
    ("blocks", "rounds"), [(6, [0, 1, 2, 3, 4, 5]), (3, [1, 3, 5]), (2, [2, 5]), (1, [5]), (0, [])]
)
def test_blocks_are_spread_over_the_rounds(blocks, rounds):
    plan = dataclasses.replace(planned()[0], rounds=6)
    assert [round_ for round_ in range(6) if turns.has_block(plan, blocks, round_)] == rounds
