"""Which parts of a run still fit, by a clock that the test moves."""

import math

import pytest

from bench.planning import budget
from bench.planning.budget import Budget, Part


@pytest.fixture
def clock(monkeypatch):
    times = [100.0]
    monkeypatch.setattr(budget, "perf_counter", lambda: times[0])
    return times


def visit(same, predicted_s):
    return Part("visit", same, predicted_s)


def take(clock, one, part, taken_s):
    with one.seen(part):
        clock[0] += taken_s


def test_time_for_the_report_is_kept_free(clock):
    one = Budget(108.0, used_s=0.0)
    assert one.left_s == 88
    assert one.has_room([visit("a", 88.0)])
    assert not one.has_room([visit("a", 88.1)])
    assert Budget(10.0, used_s=0.0).left_s == 8, "a fifth at most"


def test_time_before_an_interruption_counts(clock):
    one = Budget(108.0, used_s=60.0)
    clock[0] += 5
    assert (one.used_s, one.left_s, one.is_spent) == (65, 23, False)
    clock[0] += 24
    assert one.is_spent


def test_without_a_budget_everything_fits(clock):
    one = Budget(None, used_s=0.0)
    clock[0] += 1e9
    assert one.has_room([visit("a", 1e9)])
    assert (one.left_s, one.is_spent) == (math.inf, False)


def test_what_was_seen_takes_as_long_as_the_last_time(clock):
    one = Budget(108.0, used_s=0.0)
    take(clock, one, visit("a", 1.0), taken_s=30.0)
    take(clock, one, visit("a", 1.0), taken_s=20.0)
    assert one.left_s == 38
    assert one.has_room([visit("a", 1.0)])
    clock[0] += 19
    assert not one.has_room([visit("a", 1.0)])


def test_other_parts_take_longer_than_predicted_if_earlier_ones_did(clock):
    one = Budget(108.0, used_s=0.0)
    take(clock, one, visit("a", 10.0), taken_s=20.0)
    assert one.left_s == 68
    assert one.has_room([visit("b", 34.0)])
    assert not one.has_room([visit("b", 35.0)])
    assert not one.has_room([visit("b", 25.0), visit("a", 10.0)]), "25 twice, and the 20 that were seen"


def test_parts_that_were_faster_promise_nothing(clock):
    one = Budget(108.0, used_s=0.0)
    take(clock, one, visit("a", 20.0), taken_s=10.0)
    assert one.has_room([visit("b", 78.0)])
    assert not one.has_room([visit("b", 79.0)])


def test_parts_of_another_kind_have_their_own_factor(clock):
    one = Budget(108.0, used_s=0.0)
    take(clock, one, Part("truth", "a", 1.0), taken_s=8.0)
    assert one.has_room([visit("b", 80.0)])
    assert one.has_room([Part("truth", "b", 10.0)])
    assert not one.has_room([Part("truth", "b", 10.1)])


def test_a_part_inside_another_is_not_counted_twice(clock):
    one = Budget(108.0, used_s=0.0)
    with one.seen(visit("a", 5.0)):
        clock[0] += 2
        take(clock, one, Part("truth", "a", 1.0), taken_s=10.0)
        clock[0] += 3
    assert one.left_s == 73
    assert one.has_room([visit("b", 73.0)]), "a visit takes as long as predicted"
