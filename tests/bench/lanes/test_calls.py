"""What bounds the time of a call: the conductor's clock, and processor time where that says too little."""

import pytest

from bench.lanes.calls import Caller, Seen

# Three blocks of ten parts and a hundred calls that take 1 ms by the conductor's clock.
QUIET = 3 * [Seen(0.1, 10, 100, span_s=0.1, worked_s=0.1, others_s=0.002)]


@pytest.fixture
def caller():
    return Caller(None, "float64")


def test_a_call_takes_what_the_clock_says_less_a_tenth(caller):
    assert caller.floor_s(QUIET, threads=1) == pytest.approx(1e-3 / 1.1)
    assert caller.floor_s(QUIET, threads=2) == pytest.approx(1e-3 / 1.1)


def test_blocks_that_were_disturbed_bound_nothing_unless_they_are_most(caller):
    slow = Seen(0.2, 10, 100, 0.2, 0.1, 0.002)
    assert caller.floor_s([slow, slow, *QUIET], threads=1) == pytest.approx(1e-3 / 1.1)
    assert caller.floor_s([*6 * [slow], QUIET[0]], threads=1) > 1.5e-3 / 1.1


def test_where_others_work_a_call_takes_its_processor_time(caller):
    """A lane that has half of a core needs twice the time, and its calls are no slower for that."""
    waited = 3 * [Seen(0.2, 10, 100, span_s=0.2, worked_s=0.1, others_s=0.3)]
    assert caller.floor_s(waited, threads=1) == pytest.approx(1e-3 / 1.1)
    assert caller.floor_s(waited, threads=2) == pytest.approx(0.5e-3 / 1.1)


def test_processor_time_never_raises_the_bound(caller):
    spins = 3 * [Seen(0.1, 10, 100, span_s=0.1, worked_s=0.2, others_s=0.05)]
    assert caller.floor_s(spins, threads=1) == pytest.approx(1e-3 / 1.1)


def test_what_asking_takes_is_no_call_s(caller):
    caller._talk_s, caller._around_s = 1e-3, 1e-4
    assert caller.floor_s(QUIET, threads=1) == pytest.approx((0.9e-3 - 1.5e-4) / 1.1)
    caller._talk_s = 1.0
    assert caller.floor_s(QUIET, threads=1) == 0
