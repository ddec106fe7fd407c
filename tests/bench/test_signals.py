"""Signals that wait for the end of a block, and what fails in such a block."""

import signal

import pytest

from bench.signals import ended_by_signals, signals_wait

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", ENDING)
def test_signals_wait_for_the_end_of_a_block(number):
    reached = []
    with ended_by_signals():
        before = [signal.getsignal(each) for each in ENDING]
        with pytest.raises(KeyboardInterrupt), signals_wait():  # noqa: PT012
            signal.raise_signal(number)
            reached.append("the end of the block")
        assert reached
        assert [signal.getsignal(each) for each in ENDING] == before
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_what_fails_in_a_block_is_what_is_said():
    with pytest.raises(OSError, match="full"), signals_wait():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        raise OSError("full")
